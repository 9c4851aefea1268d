/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waits last as long as they have to, whatever the wall clock says: set, wrong from the start, slewed, and set right
 * later.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

/*! A machine with clocks. */
typedef struct {
	time_t real;   /*!< What has really passed since T0. */
	time_t off;    /*!< Of that the machine was off before this boot. */
	int64_t wrong; /*!< Seconds by which the wall clock is ahead. */
	int64_t boot;
} box_t;

static rollover_clock_t clock_of(const box_t *b)
{
	const time_t wall = T0 + b->real + b->wrong;
	return (rollover_clock_t){ .wall = wall, .ahead = (wall - (b->real - b->off)) * 1000, .boot = b->boot };
}

static void check(machine_t *m, const box_t *b)
{
	const rollover_clock_t clock = clock_of(b);
	m->now = rollover_follow_clock(&m->row, &clock);
	machine_step(m);
}

/*! What happens to a machine in the middle of a wait. */
typedef struct {
	time_t down; /*!< The process does not run for so long. */
	bool reboot;
	int64_t set;        /*!< The clock shows so much more than before, in addition. */
	time_t right_after; /*!< Seconds until it is set right; 0: never. */
	int slew;           /*!< Percent that it is too fast from then on, or too slow. */
} event_t;

/*! How long the state lasts, really. */
static time_t lasts(rollover_state_t state, const event_t *event)
{
	machine_t m;
	box_t b = { .boot = 7 };
	bool done = event == NULL;
	time_t at = 0;

	machine_at(&m, state);
	m.facts.asked |= SURVEY_WATCH;
	m.facts.watch = (watch_facts_t){ .answered = 1, .parent_ok = true };
	check(&m, &b);
	while (m.row.state == state && b.real < 100 * DAY) {
		b.real += 300;
		if (!done && b.real >= 1800) {
			done = true;
			b.real += event->down;
			b.boot += event->reboot;
			b.off = event->reboot ? b.real : 0;
			b.wrong += event->set;
			at = b.real;
		}
		if (done && event != NULL) {
			b.wrong += event->slew * 300 / 100;
			if (event->right_after != 0 && b.real >= at + event->right_after) {
				b.wrong = 0;
			}
		}
		check(&m, &b);
	}
	return b.real;
}

static const rollover_state_t WAITING[] = {
	ROLLOVER_PREPARE,
	ROLLOVER_INTRODUCE,
	ROLLOVER_OBSERVE,
	ROLLOVER_SETTLE,
};
#define WAITING_COUNT (sizeof(WAITING) / sizeof(WAITING[0]))

/*!
 * \a more: how much longer than undisturbed. Where the wall clock calls an outage long, the observation begins again:
 * half an hour is lost, and the check before the outage.
 */
static void check_lasts(const event_t *event, time_t more)
{
	const time_t shown = event->down + 300 + event->set;
	const bool again = event->reboot && (shown < 0 || shown > 10 * 300 + 60);

	for (size_t i = 0; i < WAITING_COUNT; i++) {
		const time_t wait = lasts(WAITING[i], NULL);
		if (wait <= 1800) {
			continue;
		}
		assert_true(wait < 30 * DAY);
		assert_int_equal(lasts(WAITING[i], event),
		                 wait + more + (again && WAITING[i] == ROLLOVER_OBSERVE ? 1500 : 0));
	}
	assert_true(lasts(ROLLOVER_OBSERVE, NULL) > 1800);
}

static const int64_t STEPS[] = { 3, -3, HOUR, -HOUR, 3 * DAY, -3 * DAY, 40 * DAY, -40 * DAY, -(int64_t)T0 };
#define STEPS_COUNT (sizeof(STEPS) / sizeof(STEPS[0]))

static void waits_last_as_long_when_the_clock_is_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < STEPS_COUNT - 1; i++) {
		check_lasts(&(event_t){ .set = STEPS[i] }, 0);
		check_lasts(&(event_t){ .set = STEPS[i], .right_after = 2 * HOUR }, 0);
	}
}

static void a_restart_counts_what_the_machine_has_counted(void **state)
{
	(void)state;
	check_lasts(&(event_t){ .down = 600 }, 0);
	for (size_t i = 0; i < STEPS_COUNT - 1; i++) {
		check_lasts(&(event_t){ .down = 600, .set = STEPS[i] }, 0);
		check_lasts(&(event_t){ .down = 600, .set = STEPS[i], .right_after = 2 * HOUR }, 0);
	}
}

static void time_without_power_does_not_count(void **state)
{
	(void)state;
	/* From the last check to the first one after the start. */
	check_lasts(&(event_t){ .reboot = true, .down = 600 }, 900);
	for (size_t i = 0; i < STEPS_COUNT - 1; i++) {
		check_lasts(&(event_t){ .reboot = true, .down = 600, .set = STEPS[i] }, 900);
		check_lasts(&(event_t){ .reboot = true, .down = 600, .set = STEPS[i], .right_after = 2 * HOUR }, 900);
	}
}

/*! There is no time before 1970, so it may be longer, by what has passed already. */
static void a_machine_without_a_battery_makes_no_wait_shorter(void **state)
{
	(void)state;
	const event_t event = { .reboot = true, .down = 600, .set = -(int64_t)T0 - 2400, .right_after = 60 };
	const time_t wait = lasts(ROLLOVER_OBSERVE, NULL), longer = lasts(ROLLOVER_OBSERVE, &event);
	assert_true(longer >= wait + 900 && longer <= wait + 900 + 2 * DAY);
}

static void a_clock_that_is_slewed_makes_no_wait_shorter(void **state)
{
	(void)state;
	check_lasts(&(event_t){ .slew = 8 }, 0);
	check_lasts(&(event_t){ .slew = -8 }, 0);
}

static void what_is_no_step_adds_up(void **state)
{
	(void)state;
	rollover_row_t row;
	box_t b = { .boot = 7 };
	rollover_clock_t clock = clock_of(&b);
	rollover_init(&row, T0);
	rollover_follow_clock(&row, &clock);
	for (int i = 0; i < 1000; i++) {
		/* A tenth of a second in each second. */
		b.real++;
		clock = clock_of(&b);
		clock.ahead += 100 * (i + 1);
		clock.wall += (100 * (i + 1)) / 1000;
		rollover_follow_clock(&row, &clock);
	}
	assert_true(clock.wall - row.since >= 1000 && clock.wall - row.since <= 1002);
}

/*! After a boot the clock of which was behind, what the next days bring is no part of an observation. */
static void a_check_that_is_to_come_is_none(void **state)
{
	(void)state;
	machine_t m;
	box_t b = { .boot = 7 };
	machine_at(&m, ROLLOVER_OBSERVE);
	m.row.ds_expire = 0;
	b.wrong = 3 * DAY;
	check(&m, &b);
	const time_t last = m.row.observed_last;
	/* The machine boots with the right time, and is off again before a check. */
	b.boot++;
	b.off = b.real;
	b.wrong = 0;
	const rollover_clock_t now = clock_of(&b);
	rollover_follow_clock(&m.row, &now);
	assert_true(m.row.observed_last < last);
	b.real += 3 * DAY + 60;
	check(&m, &b);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	assert_int_equal(m.row.observed_since, m.now);
}

/*! The machine has been up for three days since the last check, and the clock was three days ahead at that. */
static void a_boot_ago_is_no_moment_ago(void **state)
{
	(void)state;
	machine_t m;
	box_t b = { .boot = 7, .wrong = 3 * DAY };
	machine_at(&m, ROLLOVER_OBSERVE);
	m.row.ds_expire = 0;
	check(&m, &b);
	b.boot++;
	b.off = b.real;
	b.real += 3 * DAY + 60;
	b.wrong = 0;
	m.config.observe = 30;
	check(&m, &b);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	assert_int_equal(m.row.observed_since, m.now);
}

/* A day of DNSKEY TTL, restart after a minute with a clock three days ahead. */
static void a_drain_of_a_day_is_not_over_after_a_minute(void **state)
{
	(void)state;
	for (int64_t reboot = 0; reboot <= 1; reboot++) {
		machine_t m;
		box_t b = { .boot = 7 };
		machine_at(&m, ROLLOVER_INTRODUCE);
		m.row.dnskey_ttl.count = 0;
		ttl_window_add(&m.row.dnskey_ttl, DAY, T0);
		check(&m, &b);
		assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
		b.real += 60;
		b.boot += reboot;
		b.off = reboot ? b.real : 0;
		b.wrong = 3 * DAY;
		check(&m, &b);
		assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
		assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
		assert_int_equal(m.row.gate_until, m.now + 1 + DAY - (reboot ? 0 : 60));
		b.real += DAY - 60;
		m.row.observed_last = m.now + DAY - 120; /* There were checks all the time. */
		check(&m, &b);
		assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
		b.real += 61;
		check(&m, &b);
		assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	}
}

/*! A step that is not of whole seconds makes no wait shorter. */
static void a_step_is_rounded_to_the_safe_side(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		time_t by;
	} steps[] = { { 0, 0 },           { 1, 1 },          { 1000, 1 },       { 1001, 2 },       { -1999, 0 },
		      { -2000, -2 },      { 3599001, 3600 }, { 3600000, 3600 }, { 3600001, 3601 }, { -3599999, -3599 },
		      { -3600000, -3600 } };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		rollover_row_t row = { .all_since = T0, .clock = { .wall = T0, .boot = 7 } };
		const rollover_clock_t now = { .wall = T0 + 10 + steps[i].ms / 1000, .ahead = steps[i].ms, .boot = 7 };
		rollover_follow_clock(&row, &now);
		assert_int_equal(row.all_since, T0 + steps[i].by);
		/* What was rounded is not counted a second time. */
		rollover_follow_clock(&row, &now);
		assert_int_equal(row.all_since, T0 + steps[i].by);
	}
}

/*! A time that is put into the row while the clock is behind, by too little to be counted, is not older once it is
 * right. */
static void a_step_that_is_not_counted_yet_makes_no_wait_shorter(void **state)
{
	(void)state;

	for (int64_t ms = -1999; ms <= 0; ms += 37) {
		rollover_row_t row = { .clock = { .wall = T0, .boot = 7 } };
		const time_t behind = (ms - 999) / 1000;
		row.all_since = rollover_follow_clock(
			&row, &(rollover_clock_t){ .wall = T0 + 10 + behind, .ahead = ms, .boot = 7 });
		const time_t now = rollover_follow_clock(&row, &(rollover_clock_t){ .wall = T0 + 110, .boot = 7 });
		/* Parts of a second: ttl_expires() counts one more. */
		assert_true(now - row.all_since == 100 || now - row.all_since == 101);
		assert_int_equal(now, T0 + 110);
	}
}

/*! A clock that is slewed by some milliseconds, back and forth, counts on without a jump. */
static void now_is_steady_while_the_clock_is_slewed(void **state)
{
	(void)state;
	static const int64_t slewed[] = { 0, -1, 0, 1, -1, 2, 1, -2, 0, -3, 3, 0, -1, 1 };
	rollover_row_t row = { .clock = { .wall = T0, .boot = 7 } };
	time_t since = 0;

	for (size_t i = 0; i < sizeof(slewed) / sizeof(slewed[0]); i++) {
		const time_t wall = T0 + 10 * (time_t)(i + 1);
		const time_t now =
			rollover_follow_clock(&row, &(rollover_clock_t){ .wall = wall, .ahead = slewed[i], .boot = 7 });
		if (i == 0) {
			row.all_since = since = now;
		}
		since = row.all_since;
		assert_int_equal(now - since, 10 * (time_t)i);
	}
}

static void every_time_of_a_row_moves(void **state)
{
	(void)state;
	rollover_row_t row;
	memset(&row, 0, sizeof(row));
	row.clock = (rollover_clock_t){ .wall = T0, .ahead = 0, .boot = 7 };
	const rollover_clock_t set = { .wall = T0 + HOUR, .ahead = HOUR * 1000, .boot = 7 };
	time_t *const times[] = {
		&row.since,
		&row.gate_since,
		&row.gate_until,
		&row.settled_at,
		&row.all_since,
		&row.all_expired,
		&row.ds_all_since,
		&row.observed_since,
		&row.observed_last,
		&row.dnskey_ttl.step[0].seen,
		&row.ds_ttl.step[0].seen,
		&row.parent_seen,
		&row.signalled,
		&row.ordered,
		&row.notified,
		&row.submitted,
		&row.next_check,
	};
	row.dnskey_ttl.count = row.ds_ttl.count = 1;
	/* What is not set stays so. */
	rollover_follow_clock(&row, &set);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(*times[i], 0);
		*times[i] = T0 + i;
	}
	row.clock = (rollover_clock_t){ .wall = T0, .ahead = 0, .boot = 7 };
	rollover_follow_clock(&row, &set);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(*times[i], T0 + HOUR + i);
	}
	assert_int_equal(row.clock.ahead, HOUR * 1000);
	assert_int_equal(row.clock.wall, T0 + HOUR);
	/* After another boot nobody knows how long it was not checked. */
	const rollover_clock_t boot = { .wall = T0 + 2 * HOUR, .ahead = 5, .boot = 8 };
	rollover_follow_clock(&row, &boot);
	assert_int_equal(row.since, T0 + 2 * HOUR);
	assert_int_equal(row.next_check, 0);
	assert_memory_equal(&row.clock, &boot, sizeof(boot));
	/* Time does not pass backward: the counter of this boot did. */
	const rollover_clock_t back = { .wall = T0 + 2 * HOUR + 60, .ahead = 1000 * DAY, .boot = 8 };
	rollover_follow_clock(&row, &back);
	assert_int_equal(row.since, T0 + 2 * HOUR + 60);
	assert_memory_equal(&row.clock, &back, sizeof(back));
}

static time_t silent_since(const rollover_config_t *c, time_t since, rollover_clock_t seen, rollover_clock_t now)
{
	return rollover_unreachable_since(c, since, &seen, &now);
}

static void silence_counts_only_while_it_is_checked(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	const rollover_config_t *c = &m.config;
	const rollover_clock_t now = { .wall = T0, .boot = 7 };
#define SEEN(ago) ((rollover_clock_t){ .wall = T0 - (ago), .boot = 7 })
	assert_int_equal(silent_since(c, 0, (rollover_clock_t){ 0 }, now), T0);
	assert_int_equal(silent_since(c, T0 - DAY, SEEN(HOUR), now), T0 - DAY);
	assert_int_equal(silent_since(c, T0 - DAY, SEEN(8 * c->ds_check_interval), now), T0 - DAY);
	/* Last seen silent in the rollover before this one. */
	assert_int_equal(silent_since(c, T0 - 365 * DAY, SEEN(364 * DAY), now), T0);
	assert_int_equal(silent_since(c, T0 + 1, SEEN(HOUR), now), T0);
	assert_int_equal(silent_since(c, T0 - DAY, SEEN(-1), now), T0);
#undef SEEN
}

static void silence_is_not_longer_because_the_clock_was_set(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	const rollover_config_t *c = &m.config;
	const rollover_clock_t seen = { .wall = T0, .boot = 7 };
	/* Two hours until then, 5 minutes after, and nine hours that are none; or three days, or back. */
	static const int64_t SET[] = { 9 * HOUR, 3 * DAY, -3 * DAY };
	for (int i = 0; i < 3; i++) {
		const rollover_clock_t now = { .wall = T0 + 300 + SET[i], .ahead = SET[i] * 1000, .boot = 7 };
		assert_int_equal(now.wall - silent_since(c, T0 - 2 * HOUR, seen, now), 2 * HOUR + 300);
	}
	/* Another boot: what nobody has counted does not count, and after a long time it begins anew. */
#define BOOTED(at, up) { .wall = (at), .ahead = ((at) - (up)) * 1000, .boot = 8 }
	const rollover_clock_t soon = BOOTED(T0 + 9 * HOUR, 60), late = BOOTED(T0 + 3 * DAY, 60);
	assert_int_equal(soon.wall - silent_since(c, T0 - 2 * HOUR, seen, soon), 2 * HOUR);
	assert_int_equal(late.wall - silent_since(c, T0 - 2 * HOUR, seen, late), 0);
	const rollover_clock_t before = BOOTED(T0 - HOUR, 60);
	assert_int_equal(before.wall - silent_since(c, T0 - 2 * HOUR, seen, before), 0);
	/* Nor has anybody counted while this boot lasts longer than a clock of before makes it. */
	const rollover_clock_t long_up = BOOTED(T0 + 300, 3 * DAY);
	assert_int_equal(long_up.wall - silent_since(c, T0 - 2 * HOUR, seen, long_up), 0);
	const rollover_clock_t same_time = BOOTED(T0, 3 * DAY);
	assert_int_equal(same_time.wall - silent_since(c, T0 - 2 * HOUR, seen, same_time), 0);
#undef BOOTED
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_last_as_long_when_the_clock_is_set),
		cmocka_unit_test(a_restart_counts_what_the_machine_has_counted),
		cmocka_unit_test(time_without_power_does_not_count),
		cmocka_unit_test(a_machine_without_a_battery_makes_no_wait_shorter),
		cmocka_unit_test(a_clock_that_is_slewed_makes_no_wait_shorter),
		cmocka_unit_test(what_is_no_step_adds_up),
		cmocka_unit_test(a_check_that_is_to_come_is_none),
		cmocka_unit_test(a_boot_ago_is_no_moment_ago),
		cmocka_unit_test(a_drain_of_a_day_is_not_over_after_a_minute),
		cmocka_unit_test(a_step_is_rounded_to_the_safe_side),
		cmocka_unit_test(a_step_that_is_not_counted_yet_makes_no_wait_shorter),
		cmocka_unit_test(now_is_steady_while_the_clock_is_slewed),
		cmocka_unit_test(every_time_of_a_row_moves),
		cmocka_unit_test(silence_counts_only_while_it_is_checked),
		cmocka_unit_test(silence_is_not_longer_because_the_clock_was_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
