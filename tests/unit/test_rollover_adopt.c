/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals that nobody has asked for: of a KSK that Knot or the operator has made, of a first key that is ready at
 * birth, of a rollover that has ended half-way.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->out.row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->out.row.gate)->name, rollover_gate_info(gate)->name);
}

/*! What is to be set; KEYS_UNKNOWN: nothing. */
static void expect_order(const machine_t *m, key_states_t keys)
{
	assert_int_equal(m->out.set_keys, keys != KEYS_UNKNOWN);
	if (keys != KEYS_UNKNOWN) {
		assert_int_equal(m->out.keys, keys);
	}
}

/* A KSK of somebody else. */

/*! It is only published, and gets ready by itself: it is set in use before anything else is done. */
static void a_ksk_of_somebody_else_is_set_before_anything_else(void **state)
{
	(void)state;
	static const rollover_state_t AT[] = { ROLLOVER_IDLE, ROLLOVER_PREPARE, ROLLOVER_SETTLE, ROLLOVER_INTRODUCE };

	for (size_t i = 0; i < LENGTH(AT); i++) {
		for (key_states_t were = KEYS_UNKNOWN; were <= KEYS_SILENT; were++) {
			machine_t m;
			machine_at(&m, AT[i]);
			m.row.has_new = false;
			m.row.keys = were;
			m.row.signalled = 0; /* The last rollover is over. */
			if (AT[i] == ROLLOVER_INTRODUCE) {
				m.row.keys = KEYS_UNKNOWN; /* Its own order was not carried out. */
				m.row.signalled = 0;
			}
			machine_serve(&m, OLD | NEW, 300);
			machine_step(&m);
			assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
			assert_true(m.row.has_new);
			assert_int_equal(m.row.keys, KEYS_UNKNOWN);
			assert_int_equal(m.row.signalled, 0);
			expect_order(&m, KEYS_SILENT);
			assert_false(m.out.sign_first);
			assert_false(rollover_goes_on(&m.config, &m.facts, 2, m.now, &m.out));

			machine_step(&m);
			expect(&m, ROLLOVER_INTRODUCE, GATE_KEYS_PENDING);
			assert_int_equal(m.row.all_since, 0);
			machine_obey(&m);
			machine_step(&m);
			expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
			expect_order(&m, KEYS_UNKNOWN);
		}
	}
}

static void the_own_new_ksk_was_set_when_it_was_made(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	m.row.keys = KEYS_UNKNOWN;
	machine_serve(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_START);
	machine_obey(&m);
	machine_serve(&m, OLD | NEW, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
	expect_order(&m, KEYS_UNKNOWN);
}

/*! Knot refuses to make one by order. Once it is there it is driven as any other. */
static void a_new_ksk_is_left_to_the_operator_where_he_makes_the_keys(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.config.manual = true;
	m.row.has_new = false;
	machine_serve(&m, OLD, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_KEY_WANTED);
	assert_int_equal(m.out.action, ACTION_NONE);
	assert_int_equal(m.row.ordered, 0);
	machine_serve(&m, OLD | NEW, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_KEYS_PENDING);
	expect_order(&m, KEYS_SILENT);
	machine_obey(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);

	/* The old one goes by order: that is a state, too. */
	machine_at(&m, ROLLOVER_RETIRE);
	m.config.manual = true;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.out.action, ACTION_RETIRE);
}

static void parent_down(machine_t *m)
{
	m->parent[0].status = m->parent[1].status = ANSWER_UNREACHABLE;
	m->parent[0].unreachable_since = m->parent[1].unreachable_since = m->now;
}
static void no_start(machine_t *m)
{
	m->facts.own.conf = CONF_NO_START;
	m->facts.own.conf_gate = GATE_OBSERVE_ONLY;
}
static void two_new(machine_t *m)
{
	m->facts.own.dnskey |= THIRD;
}

static void a_ksk_whose_rollover_cannot_start_is_kept_silent(void **state)
{
	(void)state;
	static void (*const changes[])(machine_t *m) = { parent_down, no_start, two_new };
	static const rollover_gate_t GATES[] = { GATE_PARENT_UNREACHABLE, GATE_OBSERVE_ONLY, GATE_UNKNOWN_KEY };

	for (size_t i = 0; i < LENGTH(changes); i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		machine_step(&m); /* Silent since the last rollover: of which the new KSK knows nothing. */
		machine_serve(&m, OLD | NEW, HOUR);
		changes[i](&m);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATES[i]);
		expect_order(&m, KEYS_SILENT);
		machine_obey(&m);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATES[i]);
		expect_order(&m, KEYS_UNKNOWN);
		/* It got ready in spite of that. */
		m.facts.own.cds = m.facts.own.cdnskey = (signal_rrset_t){ .present = true, .keys = NEW };
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATES[i]);
		expect_order(&m, KEYS_SILENT);
		/* Not where nothing may be done. */
		m.config.dry_run = true;
		machine_step(&m);
		expect_order(&m, KEYS_UNKNOWN);
		m.config.dry_run = false;
		m.config.hold = true;
		machine_step(&m);
		expect_order(&m, KEYS_UNKNOWN);
	}
}

static void keys_that_are_not_the_modules_are_left_alone(void **state)
{
	(void)state;
	/* Both in use, and both have a DS: Knot may be in the middle of something. */
	machine_t two;
	machine_at(&two, ROLLOVER_IDLE);
	machine_serve(&two, OLD | NEW, HOUR);
	machine_ds(&two, OLD | NEW, DAY);
	two.row.old[1] = two.facts.keys[1];
	two.row.old_count = 2;
	two.facts.own.cds = two.facts.own.cdnskey = (signal_rrset_t){ .present = true, .keys = NEW };
	machine_step(&two);
	expect(&two, ROLLOVER_IDLE, GATE_NONE);
	expect_order(&two, KEYS_UNKNOWN);

	for (int i = 0; i < 2; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		machine_serve(&m, OLD | NEW, HOUR);
		if (i == 0) {
			m.facts.own.foreign = NEW;
			m.facts.own.dnskey = OLD;
		} else {
			m.facts.own.csk = true; /* And the policy has KSK and ZSK. */
		}
		m.facts.own.cds = m.facts.own.cdnskey = (signal_rrset_t){ .present = true, .keys = NEW };
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		assert_int_not_equal(m.row.gate, GATE_NONE);
		expect_order(&m, KEYS_UNKNOWN);
	}
}

/* The first key. */

static void a_first_key_that_is_ready_at_birth_is_withdrawn_until_its_time(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	machine_ds(&m, 0, 900);
	machine_signal(&m, OLD); /* Knot's default: the first key is ready, and its CDS is out. */
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(rollover_is_first(&m.row));
	expect_order(&m, KEYS_SILENT);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_KEYS_PENDING);
	machine_obey(&m);
	assert_false(m.facts.own.cds.present);

	/* A nameserver has them still: that is waited for as well. */
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_serve(&m, OLD, 300);
	m.child[1].cds = (signal_rrset_t){ .present = true, .keys = OLD, .signed_by = OLD };
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_CDS_REMAINS);
	machine_signal(&m, 0);
	const time_t since = m.now;
	while (m.row.state == ROLLOVER_INTRODUCE) {
		machine_step(&m);
		assert_true(m.out.keys != KEYS_SIGNAL_NEW || m.out.transition);
		if (!m.out.transition) {
			m.now = m.row.next_check;
		}
	}
	assert_int_equal(m.now, since + 1 + ROLLOVER_UNKNOWN_ZONE_TTL);
	expect(&m, ROLLOVER_SIGNAL, GATE_NONE);
	expect_order(&m, KEYS_SIGNAL_NEW);
	/* What Knot had out was never waited for: for this rollover it is the first time. */
	assert_false(m.out.sign_first);
	machine_obey(&m);
	assert_int_equal(m.facts.own.cds.keys, OLD);
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_NONE);
}

static void before_first_ds(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	m->row.old_count = 0;
	m->row.new_key = m->facts.keys[0];
	m->row.ds_ttl.count = 0;
	m->row.settled_at = 0;
	machine_serve(m, OLD, 300);
	rollover_keys_are(&m->row, m->row.keys, &m->facts, T0);
	machine_signal(m, state == ROLLOVER_INTRODUCE ? 0 : OLD);
	machine_ds(m, 0, 900);
}

/*! Which of them shall have the DS is for the operator to say. Until then no parent is asked for any. */
static void one_more_ksk_ends_the_way_to_a_first_ds(void **state)
{
	(void)state;
	static const rollover_state_t AT[] = { ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS };

	for (size_t i = 0; i < LENGTH(AT); i++) {
		machine_t m;
		before_first_ds(&m, AT[i]);
		machine_serve(&m, OLD | NEW, 300);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_NONE);
		machine_obey(&m);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_UNKNOWN_KEY);
		expect_order(&m, KEYS_SILENT);
		machine_obey(&m);
		assert_false(m.facts.own.cds.present);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_UNKNOWN_KEY);
		expect_order(&m, KEYS_UNKNOWN);
		/* The operator has removed the second one. */
		machine_serve(&m, OLD, HOUR);
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		expect_order(&m, KEYS_SILENT);
	}
}

/* Half-way. */

/*! CDS that stays out asks for the DS that somebody has removed (RFC 10026 7.1). */
static void a_removed_ds_is_not_asked_back_by_what_is_left_out(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		machine_t m;
		if (i == 0) {
			/* The old key was removed by hand, and so was the DS. */
			machine_at(&m, ROLLOVER_AWAIT_DS);
			machine_serve(&m, NEW, 300);
		} else if (i == 1) {
			/* A first DS that was everywhere, and goes before the signals do. */
			before_first_ds(&m, ROLLOVER_AWAIT_DS);
			machine_ds(&m, OLD, 300);
			machine_step(&m);
			expect(&m, ROLLOVER_WITHDRAW, GATE_NONE);
		} else {
			/* Knot has the key in use ready, and was never asked to change that. */
			machine_at(&m, ROLLOVER_IDLE);
			machine_signal(&m, OLD);
		}
		machine_ds(&m, 0, 900);
		m.row.keys = i == 3 ? KEYS_SILENT : i == 4 ? KEYS_UNKNOWN : m.row.keys;
		for (int check = 0; check < 6; check++) {
			machine_step(&m);
			assert_true(m.out.keys == KEYS_SILENT || m.out.keys == KEYS_UNKNOWN);
			machine_obey(&m);
			m.now += 300;
		}
		expect(&m, i == 1 ? ROLLOVER_WITHDRAW : ROLLOVER_IDLE, GATE_DS_REMOVED);
		assert_false(m.facts.own.cds.present);
		expect_order(&m, KEYS_UNKNOWN);
		if (i == 1) {
			continue;
		}
		/* One parent server is silent: that changes nothing. */
		m.parent[1].status = ANSWER_UNREACHABLE;
		m.parent[1].unreachable_since = m.now;
		machine_signal(&m, m.facts.own.dnskey);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_DS_REMOVED);
		expect_order(&m, KEYS_SILENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ksk_of_somebody_else_is_set_before_anything_else),
		cmocka_unit_test(the_own_new_ksk_was_set_when_it_was_made),
		cmocka_unit_test(a_new_ksk_is_left_to_the_operator_where_he_makes_the_keys),
		cmocka_unit_test(a_ksk_whose_rollover_cannot_start_is_kept_silent),
		cmocka_unit_test(keys_that_are_not_the_modules_are_left_alone),
		cmocka_unit_test(a_first_key_that_is_ready_at_birth_is_withdrawn_until_its_time),
		cmocka_unit_test(one_more_ksk_ends_the_way_to_a_first_ds),
		cmocka_unit_test(a_removed_ds_is_not_asked_back_by_what_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
