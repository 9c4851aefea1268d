/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Staying in a state: when the next check comes, and what a row remembers of its gate.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decision.h"
#include "guards.h"
#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*! Only time, the operator or the next event of the zone opens these: no reason to hurry. */
static const rollover_gate_t UNHURRIED[] = {
	GATE_NONE,
	GATE_OBSERVE_ONLY,
	GATE_DRY_RUN,
	GATE_HOLD,
	GATE_DS_REMOVED,
	GATE_ALGORITHM_ROLLOVER,
	GATE_ALGORITHM_PENDING,
	GATE_SCHEME_CHANGE,
	GATE_UNKNOWN_KEY,
	GATE_TOO_MANY_KEYS,
	GATE_WAITING_DNSKEY_TTL,
	GATE_WAITING_LEAD,
	GATE_WAITING_DS_TTL,
	GATE_WAITING_OBSERVE,
	GATE_WAITING_UNSIGNED,
	GATE_VALIDATION_FAILS,
};
/*! The same at the parent, which is asked every `ds-check-interval`. */
static const rollover_gate_t UNHURRIED_PARENT[] = { GATE_MAY_UNSIGN, GATE_WAITING_SETTLE };
/*! Somebody may act at any moment: 1, 2, 4, 8 s, up to the interval. */
static const rollover_gate_t HURRIED[] = {
	GATE_DNSKEY_MISSING, GATE_CDS_MISSING,    GATE_CDS_REMAINS,    GATE_BOGUS,
	GATE_CHILD_ERROR,    GATE_KNOT_NOT_READY, GATE_POLICY_PENDING, GATE_FROZEN,
};
static const rollover_gate_t HURRIED_PARENT[] = {
	GATE_DS_MISSING, GATE_DS_STALE, GATE_DS_FOREIGN, GATE_DS_REMAINS, GATE_PARENT_ERROR, GATE_PARENT_INSECURE,
};

typedef struct {
	machine_t m;
	dec_t c;
} stage_t;

/*! A decision about to be made in a row that has been at this gate for so many checks. */
static dec_t *stage(stage_t *s, rollover_gate_t gate, unsigned checks)
{
	machine_at(&s->m, ROLLOVER_AWAIT_DS);
	s->m.row.gate = gate;
	s->m.row.checks = checks;
	s->m.row.gate_since = T0 - HOUR;
	s->m.out = (rollover_decision_t){ .row = s->m.row };
	s->c = (dec_t){
		.config = &s->m.config, .before = &s->m.row, .facts = &s->m.facts, .now = T0, .out = &s->m.out
	};
	s->c.plan = plans_of(&s->m.row);
	s->c.step = plans_step(s->c.plan, &s->m.row, true);
	return &s->c;
}

/*! Seconds until the next check when this one finds the row at the gate after so many checks. */
static time_t next_after(rollover_gate_t gate, unsigned checks, time_t acknowledged)
{
	stage_t s;
	dec_t *c = stage(&s, gate, checks > 0 ? checks - 1 : 0);

	if (checks == 0) {
		s.m.row.gate = gate == GATE_NONE ? GATE_HOLD : GATE_NONE;
	}
	s.m.facts.acknowledged = acknowledged;
	dec_wait(c, gate, "", "", 0);
	assert_int_equal(s.m.out.row.checks, checks);
	return s.m.out.row.next_check - T0;
}

static void where_nobody_can_hurry_checks_are_an_interval_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(UNHURRIED); i++) {
		assert_int_equal(next_after(UNHURRIED[i], 0, 0), 300);
		assert_int_equal(next_after(UNHURRIED[i], 30, 0), 300);
	}
	for (size_t i = 0; i < LENGTH(UNHURRIED_PARENT); i++) {
		assert_int_equal(next_after(UNHURRIED_PARENT[i], 0, 0), HOUR);
		assert_int_equal(next_after(UNHURRIED_PARENT[i], 30, 0), HOUR);
	}
}

static void where_somebody_acts_checks_begin_fast(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(HURRIED); i++) {
		assert_int_equal(next_after(HURRIED[i], 0, 0), 1);
		assert_int_equal(next_after(HURRIED[i], 1, 0), 2);
		assert_int_equal(next_after(HURRIED[i], 8, 0), 256);
		assert_int_equal(next_after(HURRIED[i], 9, 0), 300);
		assert_int_equal(next_after(HURRIED[i], UINT8_MAX, 0), 300);
	}
	for (size_t i = 0; i < LENGTH(HURRIED_PARENT); i++) {
		assert_int_equal(next_after(HURRIED_PARENT[i], 0, 0), 1);
		assert_int_equal(next_after(HURRIED_PARENT[i], 11, 0), 2048);
		assert_int_equal(next_after(HURRIED_PARENT[i], 12, 0), HOUR);
		assert_int_equal(next_after(HURRIED_PARENT[i], UINT8_MAX, 0), HOUR);
	}
}

static void the_longest_interval_is_reached_by_doubling(void **state)
{
	(void)state;
	static const rollover_gate_t GATES[] = { GATE_DS_MISSING, GATE_PARENT_ERROR };

	for (size_t i = 0; i < LENGTH(GATES); i++) {
		stage_t s;
		dec_t *c = stage(&s, GATES[i], 14);
		s.m.config.ds_check_interval = 7 * DAY;
		dec_wait(c, GATES[i], "", "", 0);
		assert_int_equal(s.m.out.row.next_check - T0, 1 << 15);
		c = stage(&s, GATES[i], 15);
		s.m.config.ds_check_interval = 7 * DAY;
		dec_wait(c, GATES[i], "", "", 0);
		assert_int_equal(s.m.out.row.next_check - T0, 7 * DAY);
	}
}

/* RFC 9975 3. */
static void a_silent_server_is_asked_ever_more_rarely(void **state)
{
	(void)state;
	static const rollover_gate_t SILENT[] = { GATE_CHILD_UNREACHABLE, GATE_PARENT_UNREACHABLE };

	for (size_t i = 0; i < LENGTH(SILENT); i++) {
		assert_int_equal(next_after(SILENT[i], 0, 0), 300);
		assert_int_equal(next_after(SILENT[i], 1, 0), 600);
		assert_int_equal(next_after(SILENT[i], 2, 0), 1200);
		assert_int_equal(next_after(SILENT[i], 3, 0), 2400);
		assert_int_equal(next_after(SILENT[i], 4, 0), 2400);
	}
}

static void checks_after_an_acknowledgement_are_as_far_apart_as_it_is_ago(void **state)
{
	(void)state;
	assert_int_equal(next_after(GATE_DS_MISSING, 30, T0), 1);
	assert_int_equal(next_after(GATE_DS_MISSING, 30, T0 - 1), 1);
	assert_int_equal(next_after(GATE_DS_MISSING, 30, T0 - 2), 2);
	assert_int_equal(next_after(GATE_DS_STALE, 30, T0 - 100), 100);
	assert_int_equal(next_after(GATE_DS_REMAINS, 30, T0 - DAY), HOUR);
	assert_int_equal(next_after(GATE_DS_FOREIGN, 30, T0 + 1), HOUR); /* By a clock that was ahead. */
	assert_int_equal(next_after(GATE_DS_MISSING, 3, T0 - 100), 8);   /* Sooner anyway. */
	assert_int_equal(next_after(GATE_CDS_MISSING, 30, T0), 300);
}

static void a_check_is_never_later_than_the_end_of_the_wait(void **state)
{
	(void)state;
	stage_t s;
	dec_wait(stage(&s, GATE_NONE, 0), GATE_WAITING_DNSKEY_TTL, "", "", T0 + 10);
	assert_int_equal(s.m.out.row.next_check, T0 + 10);
	assert_int_equal(s.m.out.row.gate_until, T0 + 10);
	dec_wait(stage(&s, GATE_NONE, 0), GATE_WAITING_DNSKEY_TTL, "", "", T0 + DAY);
	assert_int_equal(s.m.out.row.next_check, T0 + 300);
	assert_int_equal(s.m.out.row.gate_until, T0 + DAY);
	/* An end that is over opens nothing: the check comes when it would have come. */
	dec_wait(stage(&s, GATE_NONE, 0), GATE_WAITING_DNSKEY_TTL, "", "", T0);
	assert_int_equal(s.m.out.row.next_check, T0 + 300);
}

static void an_interval_of_nothing_is_a_second(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, GATE_NONE, 0);

	s.m.config.check_interval = 0;
	dec_wait(c, GATE_WAITING_DNSKEY_TTL, "", "", 0);
	assert_int_equal(s.m.out.row.next_check, T0 + 1);
}

static void a_gate_is_the_same_while_it_is_about_the_same_server(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, GATE_CDS_MISSING, 3);
	snprintf(s.m.row.gate_about, sizeof(s.m.row.gate_about), "ns1");
	dec_wait(c, GATE_CDS_MISSING, "ns1", "no CDS", 0);
	assert_false(s.m.out.gate_changed);
	assert_int_equal(s.m.out.row.gate_since, T0 - HOUR);
	assert_int_equal(s.m.out.row.checks, 4);
	assert_string_equal(s.m.out.row.gate_detail, "no CDS");

	/* Another server: the gate begins again, its checks go on. */
	c = stage(&s, GATE_CDS_MISSING, 3);
	dec_wait(c, GATE_CDS_MISSING, "ns2", "", 0);
	assert_true(s.m.out.gate_changed);
	assert_int_equal(s.m.out.row.gate_since, T0);
	assert_int_equal(s.m.out.row.checks, 4);
	assert_string_equal(s.m.out.row.gate_about, "ns2");

	c = stage(&s, GATE_CDS_MISSING, 3);
	dec_wait(c, GATE_CDS_REMAINS, "", "", 0);
	assert_true(s.m.out.gate_changed);
	assert_int_equal(s.m.out.row.gate_since, T0);
	assert_int_equal(s.m.out.row.checks, 0);

	/* The same gate of another state. */
	c = stage(&s, GATE_CDS_MISSING, 3);
	s.m.out.row.state = ROLLOVER_SIGNAL;
	dec_wait(c, GATE_CDS_MISSING, "", "", 0);
	assert_true(s.m.out.gate_changed);
	assert_int_equal(s.m.out.row.checks, 0);
}

static void a_name_that_was_cut_is_still_the_same(void **state)
{
	(void)state;
	char name[2 * SERVER_NAME_MAX];
	stage_t s;
	dec_t *c = stage(&s, GATE_CDS_MISSING, 3);

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	dec_wait(c, GATE_CDS_MISSING, name, "", 0);
	s.m.row = s.m.out.row;
	s.m.out.gate_changed = false;
	dec_wait(c, GATE_CDS_MISSING, name, "", 0);
	assert_false(s.m.out.gate_changed);
	/* The last letter that fits counts. */
	name[SERVER_NAME_MAX - 2] = 'x';
	dec_wait(c, GATE_CDS_MISSING, name, "", 0);
	assert_true(s.m.out.gate_changed);
}

static void checks_are_counted_up_to_what_fits(void **state)
{
	(void)state;
	stage_t s;
	dec_wait(stage(&s, GATE_HOLD, UINT8_MAX - 1), GATE_HOLD, "", "", 0);
	assert_int_equal(s.m.out.row.checks, UINT8_MAX);
	dec_wait(stage(&s, GATE_HOLD, UINT8_MAX), GATE_HOLD, "", "", 0);
	assert_int_equal(s.m.out.row.checks, UINT8_MAX);
}

static void what_was_told_is_told_again_after_a_gate_that_silences(void **state)
{
	(void)state;
	static const rollover_gate_t SILENCING[] = {
		GATE_OBSERVE_ONLY, GATE_DRY_RUN, GATE_HOLD, GATE_FROZEN, GATE_POLICY_PENDING,
	};
	stage_t s;

	for (size_t i = 0; i < LENGTH(SILENCING); i++) {
		dec_t *c = stage(&s, GATE_NONE, 0);
		s.m.out.row.notified = T0;
		dec_wait(c, SILENCING[i], "", "", 0);
		assert_int_equal(s.m.out.row.notified, 0);
	}
	dec_t *c = stage(&s, GATE_NONE, 0);
	s.m.out.row.notified = T0;
	dec_wait(c, GATE_DS_MISSING, "", "", 0);
	assert_int_equal(s.m.out.row.notified, T0);
}

static void a_wrong_answer_voids_what_held_before_and_a_missing_one_does_not(void **state)
{
	(void)state;
	judge_verdict_t v = { .gate = GATE_CDS_MISSING, .about = "ns1", .red = true };
	stage_t s;
	dec_t *c = stage(&s, GATE_NONE, 0);

	s.m.out.row.all_since = s.m.out.row.observed_since = s.m.out.row.observed_last = T0;
	assert_true(dec_gate(c, &v));
	assert_int_equal(s.m.out.row.all_since, 0);
	assert_int_equal(s.m.out.row.observed_since, 0);
	assert_int_equal(s.m.out.row.observed_last, 0);
	assert_int_equal(s.m.out.row.gate_until, 0);

	c = stage(&s, GATE_NONE, 0);
	s.m.out.row.all_since = s.m.out.row.observed_since = s.m.out.row.observed_last = T0;
	v.red = false;
	assert_true(dec_gate(c, &v));
	assert_int_equal(s.m.out.row.all_since, T0);
	assert_int_equal(s.m.out.row.observed_since, T0);
	assert_int_equal(s.m.out.row.observed_last, T0);

	v.gate = GATE_NONE;
	c = stage(&s, GATE_HOLD, 0);
	assert_false(dec_gate(c, &v));
	assert_int_equal(s.m.out.row.gate, GATE_HOLD);
}

static void another_state_begins_with_nothing(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, GATE_DS_MISSING, 7);
	rollover_row_t *row = &s.m.out.row;

	snprintf(row->gate_about, sizeof(row->gate_about), "p1");
	snprintf(row->gate_detail, sizeof(row->gate_detail), "no DS");
	row->gate_until = row->all_since = row->observed_since = row->observed_last = row->ordered = row->notified =
		T0 - 5;
	row->since = row->next_check = T0 - 5;
	dec_enter(c, ROLLOVER_WITHDRAW);
	assert_int_equal(row->state, ROLLOVER_WITHDRAW);
	assert_int_equal(row->since, T0);
	assert_int_equal(row->gate, GATE_NONE);
	assert_string_equal(row->gate_about, "");
	assert_string_equal(row->gate_detail, "");
	assert_int_equal(row->gate_since, T0);
	assert_int_equal(row->gate_until, 0);
	assert_int_equal(row->all_since, 0);
	assert_int_equal(row->observed_since, 0);
	assert_int_equal(row->observed_last, 0);
	assert_int_equal(row->ordered, 0);
	assert_int_equal(row->notified, 0);
	assert_int_equal(row->checks, 0);
	assert_int_equal(row->next_check, T0);
	assert_true(s.m.out.transition);
	assert_int_equal(s.m.out.policy, POLICY_LOW_TTL);
	assert_int_equal(s.m.out.keys, KEYS_SILENT);
}

static void a_wait_ends_at_its_second(void **state)
{
	(void)state;
	stage_t s;
	assert_false(dec_wait_until(stage(&s, GATE_NONE, 0), GATE_WAITING_LEAD, T0));
	assert_int_equal(s.m.out.row.gate, GATE_NONE);
	assert_true(dec_wait_until(stage(&s, GATE_NONE, 0), GATE_WAITING_LEAD, T0 + 1));
	assert_int_equal(s.m.out.row.gate, GATE_WAITING_LEAD);
	assert_int_equal(s.m.out.row.gate_until, T0 + 1);
}

static void an_order_is_repeated_after_an_interval_or_a_minute(void **state)
{
	(void)state;
	static const struct {
		uint32_t interval;
		time_t ago;
		bool again;
		/* clang-format off */
	} CASES[] = {
		{ 300, 59, false }, { 300, 60, true }, { 60, 59, false }, { 60, 60, true }, { 59, 59, true },
		{ 10, 9, false }, { 10, 10, true }, { 300, 0, false }, { 300, -1, true },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		stage_t s;
		dec_t *c = stage(&s, GATE_NONE, 0);
		s.m.config.check_interval = CASES[i].interval;
		s.m.out.row.ordered = T0 - CASES[i].ago;
		dec_order(c, ACTION_RETIRE);
		assert_int_equal(s.m.out.action, CASES[i].again ? ACTION_RETIRE : ACTION_NONE);
		assert_int_equal(s.m.out.row.ordered, CASES[i].again ? T0 : T0 - CASES[i].ago);
	}
	stage_t s;
	dec_order(stage(&s, GATE_NONE, 0), ACTION_START);
	assert_int_equal(s.m.out.action, ACTION_START);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_nobody_can_hurry_checks_are_an_interval_apart),
		cmocka_unit_test(where_somebody_acts_checks_begin_fast),
		cmocka_unit_test(the_longest_interval_is_reached_by_doubling),
		cmocka_unit_test(a_silent_server_is_asked_ever_more_rarely),
		cmocka_unit_test(checks_after_an_acknowledgement_are_as_far_apart_as_it_is_ago),
		cmocka_unit_test(a_check_is_never_later_than_the_end_of_the_wait),
		cmocka_unit_test(an_interval_of_nothing_is_a_second),
		cmocka_unit_test(a_gate_is_the_same_while_it_is_about_the_same_server),
		cmocka_unit_test(a_name_that_was_cut_is_still_the_same),
		cmocka_unit_test(checks_are_counted_up_to_what_fits),
		cmocka_unit_test(what_was_told_is_told_again_after_a_gate_that_silences),
		cmocka_unit_test(a_wrong_answer_voids_what_held_before_and_a_missing_one_does_not),
		cmocka_unit_test(another_state_begins_with_nothing),
		cmocka_unit_test(a_wait_ends_at_its_second),
		cmocka_unit_test(an_order_is_repeated_after_an_interval_or_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
