/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of version 0.1.0, which signalled by policies and knew nothing of the states of keys: each goes on from where it
 * is, first with the keys, then with the policy.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->out.row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->out.row.gate)->name, rollover_gate_info(gate)->name);
}

/*! As 0.1.0 has left it: a policy of its own in force, signals out by that policy. */
static void former(machine_t *m, rollover_state_t state, rollover_gate_t gate, bool first)
{
	machine_at(m, state);
	m->row.keys = KEYS_UNKNOWN;
	m->row.signalled = 0;
	m->row.gate = gate;
	m->row.gate_since = T0 - HOUR;
	m->facts.own.policy = state == ROLLOVER_REMOVE_DS ? POLICY_DELETE : POLICY_FORMER;
	m->facts.own.base_publishes = false; /* As it asked for. */
	m->config.go_insecure = state == ROLLOVER_REMOVE_DS || state == ROLLOVER_EXPIRE_DS;
	if (state == ROLLOVER_ROLLBACK) {
		machine_ds(m, NEW, 300);
	}
	if (state == ROLLOVER_EXPIRE_DS) {
		machine_ds(m, 0, 300);
	}
	if (first) {
		m->row.old_count = 0;
		m->row.new_key = m->facts.keys[0];
		m->row.settled_at = state >= ROLLOVER_WITHDRAW ? T0 : 0;
		machine_serve(m, OLD, 300);
		machine_signal(m, state == ROLLOVER_SIGNAL || state == ROLLOVER_AWAIT_DS ? OLD : 0);
		machine_ds(m, state >= ROLLOVER_WITHDRAW ? OLD : 0, 300);
	}
}

/*! From the first check of this version on. */
static void goes_on(rollover_state_t state, rollover_gate_t gate, bool first, bool out)
{
	machine_t m;
	former(&m, state, gate, first);
	const bool has_new = m.row.has_new;
	if (!out) {
		machine_signal(&m, 0);
	}
	const signal_rrset_t signals = m.facts.own.cds;

	machine_step(&m);
	if (has_new) {
		expect(&m, state, GATE_KEYS_PENDING);
		assert_true(m.out.set_keys);
		assert_int_equal(m.out.keys, machine_keys(state));
		assert_false(m.out.sign_first);
		assert_int_equal(m.out.action, ACTION_NONE);
		machine_obey(&m);
		assert_int_equal(m.facts.own.policy, POLICY_FORMER); /* One thing after the other. */
		if (out && signals.present) {
			assert_true(m.facts.own.cds.present && m.facts.own.cds.keys == signals.keys);
		}
		m.now++;
		machine_step(&m);
	}
	assert_false(m.out.set_keys);
	if (state == ROLLOVER_REMOVE_DS) {
		assert_false(rollover_must_switch(&m.facts.own, &m.out));
		return;
	}
	expect(&m, state, GATE_POLICY_PENDING);
	assert_int_equal(m.out.policy, state == ROLLOVER_IDLE ? POLICY_BASE : POLICY_LOW_TTL);
	assert_true(rollover_must_switch(&m.facts.own, &m.out));
	machine_obey(&m);
	assert_int_equal(m.facts.own.cds.present, machine_named(machine_keys(state)) != 0);

	m.now++;
	machine_step(&m);
	assert_int_not_equal(m.row.gate, GATE_KEYS_PENDING);
	assert_int_not_equal(m.row.gate, GATE_POLICY_PENDING);
	assert_true(m.row.gate != gate || gate == GATE_NONE);
	assert_false(rollover_must_switch(&m.facts.own, &m.out));
	/* Not one step back. */
	assert_true(m.row.state >= state || (state == ROLLOVER_SETTLE && m.row.state == ROLLOVER_IDLE));
}

static void a_row_of_each_state_goes_on(void **state)
{
	(void)state;
	for (rollover_state_t s = 0; s <= ROLLOVER_EXPIRE_DS; s++) { /* All that it had. */
		goes_on(s, GATE_NONE, false, true);
		goes_on(s, GATE_HOLD, false, true);
	}
	for (rollover_state_t s = ROLLOVER_INTRODUCE; s <= ROLLOVER_RETIRE; s++) {
		goes_on(s, GATE_NONE, true, true);
	}
}

/*! The gates that only 0.1.0 had: Knot's timer does not have to run out any more. */
static void what_waited_for_knot_does_not_wait(void **state)
{
	(void)state;
	static const rollover_gate_t GATES[] = { GATE_KNOT_NOT_READY, GATE_KSK_UNCONFIRMED };

	for (int i = 0; i < 8; i++) {
		const rollover_state_t s = i & 1 ? ROLLOVER_AWAIT_DS : ROLLOVER_SIGNAL;
		goes_on(s, GATES[i / 2 & 1], i & 4, false);
	}
}

/*! CDS that names the key of the DS: the states of the keys decide now, and they are set. */
static void an_unconfirmed_ksk_is_set_in_use(void **state)
{
	(void)state;
	machine_t m;
	former(&m, ROLLOVER_SIGNAL, GATE_KSK_UNCONFIRMED, false);
	machine_signal(&m, OLD);
	machine_step(&m);
	expect(&m, ROLLOVER_SIGNAL, GATE_KEYS_PENDING);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.action, ACTION_NONE);
	machine_obey(&m);
	assert_int_equal(m.facts.own.cds.keys, NEW);
}

/*! A rollover whose old key has gone, by the order of 0.1.0, a moment before. */
static void a_row_that_waits_for_the_old_key_to_expire_goes_on(void **state)
{
	(void)state;
	machine_t m;
	former(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL, false);
	machine_serve(&m, NEW, 300);
	machine_step(&m);
	/* No order can name a key that is gone. What the zone shows under the new policy tells the states. */
	expect(&m, ROLLOVER_RETIRE, GATE_POLICY_PENDING);
	assert_false(m.out.set_keys);
	machine_obey(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
	machine_pass(&m, 301);
	machine_step(&m);
	expect(&m, ROLLOVER_SETTLE, GATE_NONE);
}

/*! Signals that are out stay out while validation fails; states that nobody has read are not set then. */
static void a_failing_watch_at_the_first_check_takes_no_signal_back(void **state)
{
	(void)state;
	machine_t m;
	former(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE, false);
	m.facts.watch.failing = 1;
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_VALIDATION_FAILS);
	assert_false(m.out.set_keys);
	m.facts.watch.failing = 0;
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_KEYS_PENDING);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	assert_true(m.out.set_keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_of_each_state_goes_on),
		cmocka_unit_test(what_waited_for_knot_does_not_wait),
		cmocka_unit_test(an_unconfirmed_ksk_is_set_in_use),
		cmocka_unit_test(a_row_that_waits_for_the_old_key_to_expire_goes_on),
		cmocka_unit_test(a_failing_watch_at_the_first_check_takes_no_signal_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
