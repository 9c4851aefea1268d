/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stops a zone: hold, dry run, validation that fails, trouble in idle; and what needs no second check. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine_changes.h"

static void a_held_zone_asks_nobody_for_anything(void **state)
{
	(void)state;
	for (int s = ROLLOVER_PREPARE; s <= ROLLOVER_SETTLE; s++) {
		machine_t m;
		machine_at(&m, s);
		m.config.hold = true;
		m.now += 30 * DAY;
		m.row.parent_seen = m.now;
		machine_decide(&m);
		assert_int_equal(m.out.row.state, s);
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_true(m.out.driven);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		assert_int_equal(m.out.set_keys, m.row.keys == KEYS_SIGNAL_NEW);
		assert_int_equal(m.out.policy, POLICY_LOW_TTL);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, m.now), 0);
		/* But that its chain holds is seen to once a day. */
		m.now += DAY;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, m.now), SURVEY_PARENT);
	}
}

static void observing_and_dry_run_change_nothing(void **state)
{
	(void)state;
	for (int s = ROLLOVER_IDLE; s <= ROLLOVER_ROLLED_BACK; s++) {
		machine_t m;
		machine_at(&m, s);
		m.config.observe_only = true;
		m.now += 30 * DAY;
		machine_decide(&m);
		assert_false(m.out.driven);
		assert_false(m.out.set_keys);
		assert_false(m.out.transition);
		assert_int_equal(m.out.action, ACTION_NONE);
	}
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	lifetime_dry_run(&m);
	machine_decide(&m);
	assert_false(m.out.driven);
}

static void three_failing_checks_roll_back_and_two_do_not(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			watched(&m, 1, 1);
			machine_step(&m);
			assert_int_equal(m.row.gate, GATE_VALIDATION_FAILS);
			assert_int_equal(m.row.next_check, m.now + m.config.check_interval);
			m.now = m.row.next_check;
		}
		watched(&m, 0, 1);
		machine_step(&m);
		assert_int_equal(m.row.bad_watches, 0);
	}
	/* Time alone does not end an observation while validation fails. */
	m.now += 30 * DAY;
	for (int i = 0; i < 3; i++) {
		watched(&m, 1, 1);
		snprintf(m.facts.watch.detail, sizeof(m.facts.watch.detail), "own resolver, SOA: no keys");
		machine_step(&m);
	}
	assert_int_equal(m.row.state, ROLLOVER_ROLLBACK);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_BOTH);
	assert_true(m.out.set_keys);
	assert_true(m.out.sign_first);
	assert_non_null(strstr(m.row.gate_detail, "no keys"));
	/* The parent ignores CDS: the exact record to be given to the registrar. */
	machine_obey(&m);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	assert_non_null(strstr(m.row.gate_detail, "DS 1001 13 2 0101010101"));
	assert_int_equal(strlen(strstr(m.row.gate_detail, "0101")), 64);
	machine_ds(&m, OLD | NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_ROLLED_BACK);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	/* The operator switches hold on and off: everything is checked anew. */
	machine_obey(&m);
	watched(&m, 0, 1);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_AWAITING_DECISION);
	m.config.hold = true;
	machine_step(&m);
	m.config.hold = false;
	m.now += HOUR;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

static void silence(machine_t *m)
{
	for (size_t i = 0; i < m->facts.parent_count; i++) {
		m->parent[i].status = ANSWER_UNREACHABLE;
		m->parent[i].unreachable_since = m->now;
	}
}

/* Seen to be removed, and then no server of the parent answers: a rollback would ask for it (GATE_DS_REMOVED). */
static void a_ds_that_was_removed_is_not_asked_back_by_a_rollback(void **state)
{
	static const rollover_state_t states[] = { ROLLOVER_AWAIT_DS, ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE,
		                                   ROLLOVER_RETIRE };
	(void)state;
	for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++) {
		machine_t m;
		machine_at(&m, states[s]);
		machine_ds(&m, 0, 300);
		machine_step(&m);
		assert_int_equal(m.row.gate, states[s] == ROLLOVER_AWAIT_DS ? GATE_DS_MISSING : GATE_DS_REMOVED);
		silence(&m);
		for (int i = 0; i < 5; i++) {
			m.now = m.row.next_check;
			watched(&m, 1, 1);
			machine_step(&m);
			assert_int_equal(m.row.gate, GATE_VALIDATION_FAILS);
		}
		assert_int_equal(m.row.state, states[s]);
		/* It is there again, somewhere. */
		machine_ds(&m, OLD, 300);
		m.parent[0].status = ANSWER_OK;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_ROLLBACK);
	}
	/* Seen everywhere, and not to be removed: nobody has to answer for that. */
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	silence(&m);
	validation_broken(&m);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_ROLLBACK);
}

static void signals_go_while_validation_is_broken(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_SIGNAL);
	validation_broken(&m);
	machine_decide(&m);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	machine_ds(&m, OLD | NEW, 300);
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_ROLLBACK);
}

static void a_failing_watch_brings_no_signal_back(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	validation_fails_once(&m);
	machine_decide(&m);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	assert_false(m.out.set_keys);
	child_without_new(&m);
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_INTRODUCE);
	/* However they were lost. */
	void (*const lost[])(machine_t *m) = { own_without_cds, keys_silent, policy_lost_with_cds };
	for (int i = 0; i < 3; i++) {
		machine_at(&m, ROLLOVER_AWAIT_DS);
		validation_fails_once(&m);
		lost[i](&m);
		machine_decide(&m);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		assert_int_equal(m.out.row.gate, GATE_VALIDATION_FAILS);
	}
}

static void between_two_watches_the_last_one_counts(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	watched(&m, 1, 1);
	snprintf(m.facts.watch.detail, sizeof(m.facts.watch.detail), "own resolver, SOA: no keys");
	machine_step(&m);
	m.facts.asked &= ~SURVEY_WATCH;
	memset(&m.facts.watch, 0, sizeof(m.facts.watch));
	for (int i = 0; i < 5; i++) {
		m.now += 30 * DAY;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
		assert_int_equal(m.row.gate, GATE_VALIDATION_FAILS);
		assert_string_equal(m.row.gate_detail, "own resolver, SOA: no keys");
		assert_int_equal(m.row.bad_watches, 1);
	}
	watched(&m, 0, 1);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	assert_int_equal(m.row.gate, GATE_WAITING_OBSERVE);
	assert_int_equal(m.row.bad_watches, 0);
	/* No rollover, no watch: nothing is left of it. */
	machine_at(&m, ROLLOVER_IDLE);
	m.row.bad_watches = 3;
	machine_step(&m);
	assert_int_equal(m.row.bad_watches, 0);
	assert_int_not_equal(m.row.gate, GATE_VALIDATION_FAILS);
}

/* Both had a DS, the next rollover is under way, and one of the two is deleted by hand: nobody waits for that. */
static void one_of_two_old_keys_is_let_go_by_hand(void **state)
{
	(void)state;
	const rollover_state_t states[] = { ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS, ROLLOVER_OBSERVE };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		machine_t m;
		machine_at(&m, states[i]);
		m.row.old[m.row.old_count++] = m.facts.keys[2];
		machine_step(&m);
		assert_int_equal(m.row.old_count, 1);
		assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
		assert_int_not_equal(m.row.gate, GATE_DNSKEY_MISSING);
	}
}

static void trouble_at_the_parent_stays_in_sight_in_idle(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.parent[1].ds = 0;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now + 1), SURVEY_PARENT);
	machine_ds(&m, OLD, DAY);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now + 1), 0);
}

static void keys_that_lost_their_ds_stay_in_sight_in_idle(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW | THIRD, HOUR);
	machine_ds(&m, OLD | NEW | THIRD, DAY);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 3);
	machine_ds(&m, THIRD, DAY);
	for (int i = 0; i < 3; i++) {
		machine_step(&m);
		assert_int_equal(m.row.gate, GATE_UNKNOWN_KEY);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 3, m.now + 1), SURVEY_PARENT);
	}
	machine_serve(&m, THIRD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
}

/*! The state's machine, decided on what lets it leave its state. */
static rollover_decision_t decided(machine_t *m, rollover_state_t state)
{
	rollover_decision_t d;
	machine_at(m, state);
	if (state == ROLLOVER_WITHDRAW) {
		machine_signal(m, 0);
	} else if (state == ROLLOVER_OBSERVE) {
		day_observed(m);
	}
	m->facts.asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	rollover_decide(&m->config, &m->row, &m->facts, m->now, &d);
	assert_true(d.transition);
	return d;
}

static void the_same_facts_do_for_the_next_state(void **state)
{
	(void)state;
	machine_t m;
	const rollover_decision_t d = decided(&m, ROLLOVER_WITHDRAW);
	rollover_decision_t changed;

	assert_int_equal(d.row.state, ROLLOVER_OBSERVE);
	assert_true(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));

	/* Not if something has to be done first, or told, */
	m.facts.own.policy = POLICY_DELETE;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	m.facts.own.policy = d.policy;
	changed = d;
	changed.set_keys = true;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
	changed = d;
	changed.action = ACTION_RETIRE;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
	changed = d;
	changed.notify = true;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
	/* nor if not all was asked; the watch need not be, it has its own times. */
	m.facts.asked = SURVEY_CHILD | SURVEY_PARENT;
	assert_true(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	m.facts.asked = SURVEY_PARENT | SURVEY_WATCH;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	m.facts.asked = 0;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
	/* Without a change of state the next check is when the row says. */
	m.facts.asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	changed = d;
	changed.transition = false;
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &changed));
}

static void the_step_that_cannot_be_taken_back_has_a_check_of_its_own(void **state)
{
	(void)state;
	machine_t m;
	const rollover_decision_t d = decided(&m, ROLLOVER_OBSERVE);

	assert_int_equal(d.row.state, ROLLOVER_RETIRE);
	assert_int_equal(m.facts.own.policy, d.policy);
	assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_held_zone_asks_nobody_for_anything),
		cmocka_unit_test(observing_and_dry_run_change_nothing),
		cmocka_unit_test(three_failing_checks_roll_back_and_two_do_not),
		cmocka_unit_test(a_ds_that_was_removed_is_not_asked_back_by_a_rollback),
		cmocka_unit_test(signals_go_while_validation_is_broken),
		cmocka_unit_test(a_failing_watch_brings_no_signal_back),
		cmocka_unit_test(between_two_watches_the_last_one_counts),
		cmocka_unit_test(one_of_two_old_keys_is_let_go_by_hand),
		cmocka_unit_test(trouble_at_the_parent_stays_in_sight_in_idle),
		cmocka_unit_test(keys_that_lost_their_ds_stay_in_sight_in_idle),
		cmocka_unit_test(the_same_facts_do_for_the_next_state),
		cmocka_unit_test(the_step_that_cannot_be_taken_back_has_a_check_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
