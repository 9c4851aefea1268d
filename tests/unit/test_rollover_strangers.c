/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * KSKs that turn up whose states nobody has read, and signals that others brought about. The simulator found most
 * cases.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "machine.h"

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->out.row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->out.row.gate)->name, rollover_gate_info(gate)->name);
}

/*! The process ended between zone-key-rollover and keymgr; before that the old key was set active. */
static void a_key_whose_order_ended_half_way_is_set(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	m.row.keys = KEYS_SILENT;
	machine_serve(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_START);
	assert_int_equal(m.row.keys, KEYS_UNKNOWN);

	machine_serve(&m, OLD | NEW, 300);
	m.now++;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
}

/*! Knot was quicker than the order. */
static void a_key_that_was_not_ordered_is_set(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	m.row.keys = KEYS_SILENT;
	machine_serve(&m, OLD | NEW, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
}

/*! What was read in the last rollover says nothing of a key that Knot makes in the next year. */
static void an_idle_zone_forgets_what_was_read(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	assert_false(m.out.set_keys);

	/* It turns up while a server of the parent does not answer. */
	machine_serve(&m, OLD | NEW, HOUR);
	m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[1].unreachable_since = m.now;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_PARENT_UNREACHABLE);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
}

/*! Nor does what was read of two and three say anything of the next one. */
static void each_further_key_is_set_once(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.facts.key_count = 4;
	m.facts.keys[2] = machine_key(3);
	m.facts.keys[3] = machine_key(4);
	machine_serve(&m, OLD | NEW | THIRD, HOUR);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_UNKNOWN_KEY);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
	machine_obey(&m);
	machine_step(&m);
	assert_false(m.out.set_keys);
	machine_serve(&m, OLD | NEW | THIRD | (THIRD << 1), HOUR);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_UNKNOWN_KEY);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
	machine_obey(&m);
	machine_step(&m);
	assert_false(m.out.set_keys);
	/* After a restart nobody knows of which keys it was read. */
	m.row.keys_of = 0;
	machine_step(&m);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
}

/*! A server of the parent names both keys, another one only the first: that may last. */
static void a_key_that_some_servers_of_the_parent_name_is_set_once(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	m.parent[1].ds = OLD | NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
	machine_obey(&m);
	for (unsigned check = 0; check < 3; check++) {
		m.now = m.row.next_check;
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_NONE);
		assert_false(m.out.set_keys);
	}
}

/*! The order that went before the survey need not be repeated when the rollover begins. */
static void what_was_read_of_the_same_keys_counts_from_the_start(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_false(m.out.set_keys);

	machine_at(&m, ROLLOVER_IDLE);
	rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
}

/*! The parent's turn comes late: a key that gets ready by itself does not wait for it. */
static void a_key_that_turns_up_is_silent_before_the_parent_is_asked(void **state)
{
	(void)state;
	machine_t m;
	rollover_decision_t d;
	machine_at(&m, ROLLOVER_IDLE);
	m.row.keys = KEYS_UNKNOWN;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));

	machine_serve(&m, OLD | NEW, HOUR);
	assert_true(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	assert_true(d.set_keys && d.keys == KEYS_SILENT);
	/* Once: what fails is repeated by the decision, and what was done needs no order. */
	m.facts.own.keys_refused = true;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.facts.own.keys_refused = false;
	snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "busy");
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.facts.own.conf_detail[0] = '\0';
	rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.row.keys_of--;
	assert_true(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.row.keys = KEYS_UNKNOWN;

	/* Nor where nothing may be done, or where it is not ours. */
	m.config.hold = true;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.config.hold = false;
	m.config.dry_run = true;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.config.dry_run = false;
	m.config.go_insecure = true;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.config.go_insecure = false;
	m.facts.own.frozen = true;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.facts.own.frozen = false;
	m.facts.own.foreign = NEW;
	m.facts.own.dnskey = OLD;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.facts.own.foreign = 0;
	m.facts.own.dnskey = OLD | NEW;
	/* One of another algorithm is silenced as well, several are not. */
	m.facts.keys[1].algorithm++;
	assert_true(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	machine_serve(&m, OLD | NEW | THIRD, HOUR);
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	machine_serve(&m, OLD | NEW, HOUR);
	m.facts.keys[1].algorithm--;
	m.row.state = ROLLOVER_OBSERVE;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	m.row.state = ROLLOVER_IDLE;
	assert_true(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
}

/*! It was deleted and came back from a backup, perhaps published only, while the rollover could not start. */
static void a_key_that_comes_back_is_set_again(void **state)
{
	(void)state;
	machine_t m;
	rollover_decision_t d;
	machine_at(&m, ROLLOVER_IDLE);
	m.parent[1].status = ANSWER_ERROR;
	machine_serve(&m, OLD | NEW, HOUR);
	m.row.old_count = 0;
	machine_step(&m);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
	machine_obey(&m);
	machine_serve(&m, OLD, HOUR);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, m.row.gate);
	machine_serve(&m, OLD | NEW, HOUR);
	assert_true(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &d));
	machine_step(&m);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
}

/*! The order may be put off. Nor was a KSK set that was there when the operator asked for it. */
static void all_keys_of_a_zone_that_is_insecure_are_set_until_that_is_done(void **state)
{
	(void)state;
	for (unsigned before = 0; before < 2; before++) {
		machine_t m;
		machine_at(&m, ROLLOVER_EXPIRE_DS);
		m.config.go_insecure = true;
		machine_ds(&m, 0, 300);
		machine_serve(&m, OLD | NEW, 300);
		if (before) {
			m.row.old[1] = m.facts.keys[1];
			m.row.old_count = 2;
		}
		for (unsigned order = 0; order < 2; order++) {
			machine_step(&m);
			assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
			m.now = m.row.next_check;
		}
		/* The policy is switched all the same. */
		snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "busy");
		m.facts.own.policy = POLICY_DELETE;
		machine_step(&m);
		assert_false(m.out.set_keys);
		assert_true(rollover_must_switch(&m.facts.own, &m.out));
		m.facts.own.policy = m.out.policy;
		machine_step(&m);
		assert_true(m.out.set_keys);
		m.facts.own.keys_refused = true;
		machine_step(&m);
		assert_false(m.out.set_keys);
		m.facts.own.keys_refused = false;
		m.facts.own.conf_detail[0] = '\0';
		machine_step(&m);
		assert_true(m.out.set_keys);
		machine_obey(&m);
		machine_step(&m);
		assert_false(m.out.set_keys);
	}
}

static void one_more_key_is_set_once(void **state)
{
	static const rollover_state_t STATES[] = { ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE, ROLLOVER_RETIRE,
		                                   ROLLOVER_ROLLED_BACK };
	(void)state;
	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		machine_t m;
		machine_at(&m, STATES[i]);
		m.facts.own.dnskey |= THIRD;
		machine_step(&m);
		expect(&m, STATES[i], GATE_UNKNOWN_KEY);
		assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
		machine_obey(&m);
		m.now = m.row.next_check;
		machine_step(&m);
		expect(&m, STATES[i], GATE_UNKNOWN_KEY);
		assert_false(m.out.set_keys);
	}
}

/*! keymgr is busy, or the process ends before it is asked. */
static void one_more_key_is_set_until_that_is_done(void **state)
{
	static const rollover_state_t STATES[] = { ROLLOVER_INTRODUCE, ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE,
		                                   ROLLOVER_RETIRE, ROLLOVER_ROLLED_BACK };
	(void)state;
	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		machine_t m;
		machine_at(&m, STATES[i]);
		m.facts.own.dnskey |= THIRD;
		for (unsigned order = 0; order < 3; order++) {
			machine_step(&m);
			expect(&m, STATES[i], GATE_UNKNOWN_KEY);
			assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
			m.now = m.row.next_check;
		}
		machine_obey(&m);
		machine_step(&m);
		expect(&m, STATES[i], GATE_UNKNOWN_KEY);
		assert_false(m.out.set_keys);
	}
}

/*! The next KSK, of Knot or of an operator, comes while a nameserver has the old one. Nothing waits for it. */
static void the_next_key_is_set_before_it_signals(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		for (unsigned late = 0; late < 2; late++) {
			machine_t m;
			machine_at(&m, ROLLOVER_RETIRE);
			m.row.old_count = first ? 0 : 1;
			m.row.gate = first ? GATE_NONE : GATE_KNOT_KEEPS_KEY;
			machine_serve(&m, NEW, 300);
			if (late) {
				machine_step(&m);
				expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
				assert_false(m.out.set_keys);
			}
			machine_serve(&m, NEW | THIRD, 300);
			for (unsigned order = 0; order < 2; order++) {
				machine_step(&m);
				expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
				assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
			}
			machine_obey(&m);
			machine_step(&m);
			expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
			assert_false(m.out.set_keys);
		}
	}
}

/*! Its signals would ask for the DS that the operator wants to be gone. Nothing waits for it. */
static void a_zone_that_is_insecure_asks_for_no_ds(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_EXPIRE_DS);
	m.config.go_insecure = true;
	machine_ds(&m, 0, 300);
	machine_step(&m);
	assert_false(m.out.set_keys);
	machine_serve(&m, OLD | NEW, 300);
	machine_step(&m);
	assert_int_not_equal(m.row.gate, GATE_KEYS_PENDING);
	assert_int_equal(m.row.old_count, 2);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
	machine_obey(&m);
	machine_step(&m);
	assert_false(m.out.set_keys);
	/* Nor more of them than a row can name. */
	m.facts.key_count = ROLLOVER_OLD_MAX + 1;
	for (unsigned i = 2; i < m.facts.key_count; i++) {
		m.facts.keys[i] = machine_key(i + 1);
	}
	machine_serve(&m, (1U << m.facts.key_count) - 1, 300);
	machine_step(&m);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
	machine_obey(&m);
	machine_step(&m);
	assert_false(m.out.set_keys);
}

/*! Knot has signalled the key, or the operator. The parent may have taken that, and takes no older signature. */
static void signals_of_others_count(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.signalled = 0;
	m.row.since = m.now;
	machine_signal(&m, NEW);
	machine_step(&m);
	assert_int_equal(m.row.signalled, m.now);
	assert_false(m.out.sign_first);

	machine_at(&m, ROLLOVER_SIGNAL);
	m.row.keys = KEYS_SILENT;
	m.row.signalled = m.now;
	m.facts.own.dnskey_signed = m.now - 5;
	machine_signal(&m, 0);
	machine_decide(&m);
	assert_true(m.out.set_keys && m.out.sign_first);

	/* With the next key the RRset is signed again anyway. */
	machine_at(&m, ROLLOVER_IDLE);
	m.row.signalled = T0 - DAY;
	machine_step(&m);
	assert_int_equal(m.row.signalled, 0);
}

/*! keymgr was killed when it had set the states, or zone-keys-load had no answer: Knot reads them when it signs. */
static void an_order_that_came_to_nothing_may_have_done_something(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_SIGNAL);
	rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
	machine_signal(&m, 0);
	machine_step(&m);
	expect(&m, ROLLOVER_SIGNAL, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SIGNAL_NEW);
	rollover_keys_unsure(&m.row, m.out.keys);

	/* A nameserver has lost the key: nobody may see its signals. */
	m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
	m.now++;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);

	machine_at(&m, ROLLOVER_ROLLBACK);
	rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
	machine_signal(&m, 0);
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_ROLLBACK, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SIGNAL_BOTH);
	rollover_keys_unsure(&m.row, m.out.keys);
	machine_ds(&m, 0, 300);
	m.now++;
	machine_step(&m);
	expect(&m, ROLLOVER_ROLLED_BACK, GATE_NONE);
	assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);

	/* What is read to be as it was ordered stays so: a repeated removal does not wait for silence. */
	machine_at(&m, ROLLOVER_RETIRE);
	rollover_keys_unsure(&m.row, KEYS_SILENT);
	assert_int_equal(m.row.keys, KEYS_SILENT);
}

/*! A zone with two KSKs of which nothing is known: the store was lost. */
static void a_newcomer_may_have_been_signalled(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_int_equal(m.row.signalled, m.now);
}

/*! keymgr is missing, and the registrar has done what the signals would have asked for. */
static void a_ds_that_is_there_needs_no_signals(void **state)
{
	static const rollover_state_t STATES[][2] = {
		{ ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS },
		{ ROLLOVER_AWAIT_DS, ROLLOVER_WITHDRAW },
		{ ROLLOVER_ROLLBACK, ROLLOVER_ROLLED_BACK },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		const bool back = STATES[i][0] == ROLLOVER_ROLLBACK;
		machine_t m;
		machine_at(&m, STATES[i][0]);
		m.row.keys = KEYS_SILENT;
		machine_signal(&m, 0);
		m.facts.own.keys_refused = true;
		machine_ds(&m, back ? NEW : OLD, 300);
		machine_step(&m);
		expect(&m, STATES[i][0], GATE_KEYS_REFUSED);
		machine_ds(&m, back ? OLD : NEW, 300);
		machine_step(&m);
		expect(&m, STATES[i][1], GATE_NONE);
	}
}

/*! keymgr refuses, and Knot is about to sign whenever it does not: the checks get rarer all the same. */
static void an_order_refused_and_put_off_by_turns_is_repeated_ever_later(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_SIGNAL);
	m.row.keys = KEYS_SILENT;
	machine_signal(&m, 0);
	for (int i = 0; i < 12; i++) {
		m.facts.own.keys_refused = i % 2 != 0;
		machine_step(&m);
		expect(&m, ROLLOVER_SIGNAL, i % 2 != 0 ? GATE_KEYS_REFUSED : GATE_KEYS_PENDING);
		if (i > 0 && i < 8) {
			assert_int_equal(m.row.next_check - m.now, 1 << i);
		}
		m.now = m.row.next_check;
	}
	assert_int_equal(m.row.checks, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_whose_order_ended_half_way_is_set),
		cmocka_unit_test(a_key_that_was_not_ordered_is_set),
		cmocka_unit_test(an_idle_zone_forgets_what_was_read),
		cmocka_unit_test(each_further_key_is_set_once),
		cmocka_unit_test(a_key_that_some_servers_of_the_parent_name_is_set_once),
		cmocka_unit_test(what_was_read_of_the_same_keys_counts_from_the_start),
		cmocka_unit_test(a_key_that_turns_up_is_silent_before_the_parent_is_asked),
		cmocka_unit_test(a_key_that_comes_back_is_set_again),
		cmocka_unit_test(all_keys_of_a_zone_that_is_insecure_are_set_until_that_is_done),
		cmocka_unit_test(one_more_key_is_set_once),
		cmocka_unit_test(one_more_key_is_set_until_that_is_done),
		cmocka_unit_test(the_next_key_is_set_before_it_signals),
		cmocka_unit_test(a_zone_that_is_insecure_asks_for_no_ds),
		cmocka_unit_test(signals_of_others_count),
		cmocka_unit_test(an_order_that_came_to_nothing_may_have_done_something),
		cmocka_unit_test(a_newcomer_may_have_been_signalled),
		cmocka_unit_test(a_ds_that_is_there_needs_no_signals),
		cmocka_unit_test(an_order_refused_and_put_off_by_turns_is_repeated_ever_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
