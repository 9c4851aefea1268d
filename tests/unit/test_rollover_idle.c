/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A zone in which nothing rolls: which keys are in use, what begins a rollover, and what is asked of whom.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kskroll/start.h"
#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Details of the states: the bounds of their conditions, and what a row remembers after them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void an_idle_zone_is_checked_when_its_key_is_due(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = DAY;
	m.now = T0 + DAY - 10;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.next_check, T0 + DAY);
	m.now = T0 + HOUR;
	machine_step(&m);
	assert_int_equal(m.row.next_check, T0 + HOUR + 300);
	m.config.ksk_lifetime = 1;
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_PREPARE);
	/* Without a lifetime nothing is due, however old the key is. */
	m.config.ksk_lifetime = 0;
	m.now = T0 + 9999 * DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
}

static void a_rollover_begins_without_what_is_left_of_the_last_one(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = DAY;
	m.now += DAY;
	m.row.ds_all_since = T0;
	m.row.ds_expire = DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	assert_int_equal(m.row.ds_all_since, 0);
	assert_int_equal(m.row.ds_expire, 0);
	assert_int_equal(m.row.old_count, 1);
	assert_false(m.row.has_new);
}

/*! An idle zone of which nothing is known, with so many KSKs; the parent names \a ds. */
static void unknown_zone(machine_t *m, unsigned keys, keyset_t ds)
{
	machine_init(m);
	m->facts.key_count = keys;
	for (unsigned i = 0; i < keys; i++) {
		m->facts.keys[i] = machine_key(i + 1);
	}
	machine_serve(m, (1U << keys) - 1, HOUR);
	machine_ds(m, ds, DAY);
}

static void the_keys_that_the_ds_names_are_in_use(void **state)
{
	(void)state;
	machine_t m;
	unknown_zone(&m, 1, OLD);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
	assert_int_equal(m.row.settled_at, T0);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
	/* All four that fit. */
	unknown_zone(&m, ROLLOVER_OLD_MAX, 0xf);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, ROLLOVER_OLD_MAX);
	assert_true(key_id_equal(&m.row.old[3], &m.facts.keys[3]));
	unknown_zone(&m, ROLLOVER_OLD_MAX + 1, 0x1f);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_UNKNOWN_KEY);
	assert_int_equal(m.row.old_count, 0);
	/* Three in use and one more that has no DS. */
	unknown_zone(&m, 4, 0xb);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.old_count, 3);
	assert_true(key_id_equal(&m.row.old[2], &m.facts.keys[3]));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[2]));
	unknown_zone(&m, 4, 0x3);
	m.row.old[0] = m.facts.keys[0];
	m.row.old_count = 1;
	machine_step(&m);
	assert_int_equal(m.row.old_count, 0);
	assert_int_equal(m.row.gate, GATE_UNKNOWN_KEY);
	assert_string_equal(m.row.gate_detail, "more than one KSK has no DS");
}

static void a_dry_run_remembers_nothing(void **state)
{
	(void)state;
	machine_t m;
	unknown_zone(&m, 2, OLD);
	m.config.dry_run = true;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DRY_RUN);
	assert_int_equal(m.row.old_count, 0);
	assert_false(m.row.has_new);
	assert_false(m.out.driven);
	/* It is found at each check, and is no news. */
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DRY_RUN);
	assert_int_equal(m.row.checks, 1);
}

static void what_is_not_clear_is_not_remembered(void **state)
{
	(void)state;
	machine_t m;
	unknown_zone(&m, 2, OLD | NEW);
	m.row.old_count = 1;
	m.row.old[0] = m.facts.keys[0];
	m.facts.keys[1].algorithm = 15;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_ALGORITHM_ROLLOVER);
	assert_int_equal(m.row.old_count, 0);
	/* The parents do not name the same keys. */
	unknown_zone(&m, 2, OLD);
	m.parent[1].ds = NEW;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	assert_string_equal(m.row.gate_detail, "DS of other keys than at p2.test. 192.0.2.12@53");
	assert_int_equal(m.row.old_count, 0);
	/* The one that differs from most is named. */
	parent_answer_t three[] = { m.parent[1], m.parent[0], m.parent[1] };
	unknown_zone(&m, 2, OLD);
	snprintf(three[2].server, sizeof(three[2].server), "p3.test. 192.0.2.13@53");
	m.facts.parent = three;
	m.facts.parent_count = 3;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
	assert_string_equal(m.row.gate_about, "p1.test. 192.0.2.11@53");
	assert_string_equal(m.row.gate_detail, "DS of other keys than at p2.test. 192.0.2.12@53");
	/* One of them has both. */
	unknown_zone(&m, 2, OLD);
	m.parent[1].ds = OLD | NEW;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
	assert_false(m.row.has_new);
	/* One has lost the DS of the old algorithm, the other has both: nothing is over. */
	unknown_zone(&m, 2, NEW);
	m.parent[0].ds = OLD | NEW;
	m.facts.keys[1].algorithm = 15;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	assert_int_equal(m.row.old_count, 0);
}

static void a_known_key_whose_ds_went_is_not_known_any_more(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	/* One server is silent: not yet. */
	machine_ds(&m, 0, 900);
	m.parent[0].status = ANSWER_UNREACHABLE;
	m.parent[0].unreachable_since = T0;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	assert_int_equal(m.row.old_count, 1);
	/* Nobody was asked. */
	machine_at(&m, ROLLOVER_IDLE);
	m.facts.parent_count = 0;
	m.facts.asked = 0;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	/* Two in use, and one of them lost its DS: it is the new key of a rollover now. */
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	m.row.old[1] = m.facts.keys[1];
	m.row.old_count = 2;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.old_count, 1);
}

static void all_keys_of_a_zone_that_leaves_are_old(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	m.row.has_new = true;
	m.config.go_insecure = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	assert_int_equal(m.row.old_count, 2);
	assert_false(m.row.has_new);
}

static void only_what_may_have_changed_is_asked(void **state)
{
	(void)state;
	machine_t m;
	const unsigned all = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	/* clang-format off */
	static const unsigned NEEDS[ROLLOVER_STATE__COUNT] = {
		[ROLLOVER_IDLE] = 0,
		[ROLLOVER_PREPARE] = SURVEY_CHILD | SURVEY_PARENT,
		[ROLLOVER_INTRODUCE] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_SIGNAL] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_AWAIT_DS] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_WITHDRAW] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_OBSERVE] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_RETIRE] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_SETTLE] = SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_ROLLBACK] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_ROLLED_BACK] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_REMOVE_DS] = SURVEY_CHILD | SURVEY_PARENT,
		[ROLLOVER_EXPIRE_DS] = SURVEY_CHILD | SURVEY_PARENT,
		[ROLLOVER_PRESIGN] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
		[ROLLOVER_CLEAN] = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH,
	};
	/* clang-format on */

	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		machine_at(&m, i);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), NEEDS[i]);
	}
	/* A first DS: insecure until it is there. */
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.row.old_count = 0;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), SURVEY_CHILD | SURVEY_PARENT);
	machine_at(&m, ROLLOVER_WITHDRAW);
	m.row.old_count = 0;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), all);
}

static void an_idle_zone_asks_the_parent_when_something_is_odd(void **state)
{
	(void)state;
	machine_t m;
	static const rollover_gate_t ODD[] = {
		GATE_CHAIN_BROKEN, GATE_DISCOVERY_FAILED, GATE_BOGUS, GATE_DS_REMOVED,
		GATE_PARENT_ERROR, GATE_DS_STALE,         GATE_HOLD,
	};

	for (size_t i = 0; i < LENGTH(ODD); i++) {
		machine_at(&m, ROLLOVER_IDLE);
		m.row.gate = ODD[i];
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), SURVEY_PARENT);
	}
	machine_at(&m, ROLLOVER_IDLE);
	m.row.gate = GATE_OBSERVE_ONLY;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), 0);
	m.row.ordered = T0 - 1;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), SURVEY_PARENT);
	/* Other keys, more of them, or a new one that was remembered. */
	machine_at(&m, ROLLOVER_IDLE);
	assert_int_equal(rollover_needs(&m.config, &m.row, &m.facts.keys[1], 1, T0), SURVEY_PARENT);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, T0), SURVEY_PARENT);
	m.row.has_new = true;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), SURVEY_PARENT);
	m.row.has_new = false;
	m.row.old_count = 0;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 0, T0), SURVEY_PARENT);
	/* The last of several keys. */
	machine_at(&m, ROLLOVER_IDLE);
	m.row.old[1] = m.facts.keys[1];
	m.row.old_count = 2;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, T0), 0);
	m.row.old[1] = m.facts.keys[2];
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, T0), SURVEY_PARENT);
}

static void the_parent_is_asked_at_least_so_often(void **state)
{
	(void)state;
	machine_t m;
	for (int hold = 0; hold < 3; hold++) {
		machine_at(&m, ROLLOVER_IDLE);
		m.config.hold = hold == 1;
		m.config.observe_only = hold == 2;
		m.row.old[0].digest[0] = m.facts.keys[0].digest[0] = 0;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0 + ROLLOVER_DS_CHECK - 1), 0);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0 + ROLLOVER_DS_CHECK),
		                 SURVEY_PARENT);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0 - 1), SURVEY_PARENT);
		m.row.old[0].digest[0] = m.facts.keys[0].digest[0] = UINT8_MAX;
		const time_t soon = T0 + ROLLOVER_DS_CHECK - ROLLOVER_DS_CHECK / 8;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, soon - 1), 0);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, soon), SURVEY_PARENT);
		m.row.gate = GATE_CHAIN_BROKEN;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), SURVEY_PARENT);
	}
}

/* When a rollover that is due may start. */

/*! Due since \a T0 + DAY. */
static void due_zone(machine_t *m)
{
	machine_at(m, ROLLOVER_IDLE);
	m->config.ksk_lifetime = DAY;
	m->now = T0 + DAY;
}

static void a_rollover_that_is_due_waits_for_its_window(void **state)
{
	(void)state;
	machine_t m;
	due_zone(&m);
	m.facts.start.from = T0 + DAY + 100;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_START_WINDOW);
	assert_int_equal(m.row.gate_until, T0 + DAY + 100);
	assert_int_equal(m.row.next_check, T0 + DAY + 100);
	/* It is checked as a zone at rest until then. */
	m.facts.start.from = T0 + 9 * DAY;
	machine_step(&m);
	assert_int_equal(m.row.next_check, m.now + m.config.check_interval);
	m.now = T0 + 9 * DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
}

static void a_window_holds_nothing_that_is_not_due(void **state)
{
	(void)state;
	machine_t m;
	due_zone(&m);
	m.now = T0 + DAY - 1;
	m.facts.start.from = START_NEVER;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.next_check, T0 + DAY);
}

static void a_window_that_never_opens_is_for_the_operator(void **state)
{
	(void)state;
	machine_t m;
	due_zone(&m);
	m.facts.start.from = START_NEVER;
	strcpy(m.facts.start.why, "no such time zone");
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_START_NEVER);
	assert_int_equal(m.row.gate_until, 0);
	assert_string_equal(m.row.gate_detail, "no such time zone");
	assert_int_equal(rollover_gate_info(m.row.gate)->actor, ACTOR_OPERATOR);
}

static void no_more_zones_roll_than_may(void **state)
{
	(void)state;
	machine_t m;
	due_zone(&m);
	m.facts.start.rolling = m.facts.start.rolling_max = 3;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_MAX_ROLLING);
	assert_string_equal(m.row.gate_detail, "3 zones roll, max-rolling is 3");
	assert_int_equal(m.row.next_check, m.now + m.config.check_interval);
	m.facts.start.rolling = 2;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	/* The same of those below one parent. */
	due_zone(&m);
	m.facts.start.siblings = m.facts.start.siblings_max = 2;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_MAX_ROLLING);
	assert_string_equal(m.row.gate_detail, "2 zones of the same parent roll, max-rolling-parent is 2");
	m.facts.start.siblings = 1;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	/* Any number, without the item. */
	due_zone(&m);
	m.facts.start.rolling = m.facts.start.siblings = 1000;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
}

static void what_forbids_a_start_comes_before_its_window(void **state)
{
	(void)state;
	machine_t m;
	due_zone(&m);
	m.config.dry_run = true;
	m.facts.start.from = T0 + 9 * DAY;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DRY_RUN);
}

static void a_zone_is_due_earlier_by_its_share_of_the_spread(void **state)
{
	(void)state;
	machine_t m;
	due_zone(&m);
	m.facts.start.early = HOUR;
	m.now = T0 + DAY - HOUR - 10;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.next_check, T0 + DAY - HOUR);
	m.now += 10;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
}

/*! A new KSK is the operator's order, or that of Knot's policy. */
static void no_window_holds_a_rollover_that_others_begin(void **state)
{
	(void)state;
	machine_t m;
	due_zone(&m);
	m.facts.start.from = START_NEVER;
	m.facts.start.rolling = m.facts.start.rolling_max = 1;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_START_NEVER);
	m.facts.key_count = 2;
	m.facts.keys[1] = machine_key(2);
	machine_serve(&m, 3, HOUR);
	machine_ds(&m, OLD, DAY);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

/*! As the parental agent of the same server does. */
static void no_ds_ttl_is_asked_back_of_a_parent_that_restores_it_by_itself(void **state)
{
	(void)state;
	machine_t m;

	machine_at(&m, ROLLOVER_IDLE);
	m.facts.ds_ttl = (ds_ttl_facts_t){ .low = 300, .by_agent = true, .returns = true };
	m.row.ds_ttl_before = DAY;
	m.row.ds_ttl_low = 300;
	m.row.ds_ttl_asked = m.row.ds_ttl_sent = m.row.ds_ttl_since = T0 - DAY;
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.ds_ttl_before, 0);
	assert_int_equal(m.row.gate, GATE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_ds_ttl_is_asked_back_of_a_parent_that_restores_it_by_itself),
		cmocka_unit_test(an_idle_zone_is_checked_when_its_key_is_due),
		cmocka_unit_test(a_rollover_begins_without_what_is_left_of_the_last_one),
		cmocka_unit_test(the_keys_that_the_ds_names_are_in_use),
		cmocka_unit_test(a_dry_run_remembers_nothing),
		cmocka_unit_test(what_is_not_clear_is_not_remembered),
		cmocka_unit_test(a_known_key_whose_ds_went_is_not_known_any_more),
		cmocka_unit_test(all_keys_of_a_zone_that_leaves_are_old),
		cmocka_unit_test(only_what_may_have_changed_is_asked),
		cmocka_unit_test(an_idle_zone_asks_the_parent_when_something_is_odd),
		cmocka_unit_test(the_parent_is_asked_at_least_so_often),
		cmocka_unit_test(a_rollover_that_is_due_waits_for_its_window),
		cmocka_unit_test(a_window_holds_nothing_that_is_not_due),
		cmocka_unit_test(a_window_that_never_opens_is_for_the_operator),
		cmocka_unit_test(no_more_zones_roll_than_may),
		cmocka_unit_test(what_forbids_a_start_comes_before_its_window),
		cmocka_unit_test(a_zone_is_due_earlier_by_its_share_of_the_spread),
		cmocka_unit_test(no_window_holds_a_rollover_that_others_begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
