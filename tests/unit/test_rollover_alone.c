/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Another server signs the zone with the same keys, and nobody has said so: it is named, and nothing begins. What may
 * be a secondary that lags, a key that Knot has just made, or an answer of which nothing is proven, is not.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define OURS          100
#define THEIRS        107

/*! A nameserver has the zone of the other signer: with the old key, which both have, and a KSK of its own. */
static void serve_theirs(machine_t *m, unsigned i)
{
	child_answer_t *a = &m->child[i];

	a->dnskey = a->dnskey_signed_by = m->facts.own.dnskey & OLD ? OLD : NEW;
	a->dnskey_foreign = true;
	a->dnskey_equal = false;
	a->serial_known = true;
	a->serial = THEIRS;
}

static void theirs_at(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	m->facts.own.serial_known = true;
	m->facts.own.serial = OURS;
	serve_theirs(m, 1);
}

/*! A rollover is due. */
static void theirs_at_start(machine_t *m)
{
	theirs_at(m, ROLLOVER_IDLE);
	m->config.ksk_lifetime = DAY;
	m->now = T0 + DAY;
}

static void next(machine_t *m)
{
	m->now = m->row.next_check > m->now ? m->row.next_check : m->now + 1;
	machine_step(m);
}

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->row.gate)->name, rollover_gate_info(gate)->name);
}

/* It is named. */

static void it_is_named_at_the_second_check(void **state)
{
	(void)state;
	static const rollover_state_t AT[] = { ROLLOVER_PREPARE, ROLLOVER_INTRODUCE, ROLLOVER_PRESIGN };

	for (size_t i = 0; i < LENGTH(AT); i++) {
		machine_t m;
		theirs_at(&m, AT[i]);
		m.now += 10 * DAY;
		machine_step(&m);
		expect(&m, AT[i], GATE_DNSKEY_DIFFERS);
		next(&m);
		expect(&m, AT[i], GATE_ANOTHER_SIGNER);
		assert_string_equal(m.row.gate_about, m.child[1].server);
		assert_string_equal(m.row.gate_detail, "a KSK that this server does not have, serial 107, here 100");
		assert_int_equal(m.row.gate_since, m.now);
		for (int checks = 0; checks < 5; checks++) {
			next(&m);
			expect(&m, AT[i], GATE_ANOTHER_SIGNER);
			assert_int_equal(m.out.action, ACTION_NONE);
			assert_int_equal(m.row.all_since, 0);
			assert_false(m.out.gate_changed);
		}
		assert_true(rollover_gate_info(m.row.gate)->danger);
	}
}

static void no_key_is_made_beside_it(void **state)
{
	(void)state;
	machine_t m;
	theirs_at(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	machine_serve(&m, OLD, 300);
	serve_theirs(&m, 1);
	for (int checks = 0; checks < 5; checks++) {
		next(&m);
		expect(&m, ROLLOVER_INTRODUCE, checks == 0 ? GATE_DNSKEY_DIFFERS : GATE_ANOTHER_SIGNER);
		assert_int_equal(m.out.action, ACTION_NONE);
	}
	/* The other one is switched off, and the nameserver has our zone. */
	m.child[1] = m.child[0];
	next(&m);
	assert_int_equal(m.out.action, ACTION_START);
}

static void nothing_starts_beside_it(void **state)
{
	(void)state;
	machine_t m;
	theirs_at_start(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DNSKEY_DIFFERS);
	assert_int_equal(m.out.policy, POLICY_BASE);
	for (int checks = 0; checks < 5; checks++) {
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now),
		                 SURVEY_PARENT | SURVEY_CHILD);
		next(&m);
		expect(&m, ROLLOVER_IDLE, GATE_ANOTHER_SIGNER);
		assert_int_equal(m.out.policy, POLICY_BASE);
	}
	m.child[1] = m.child[0];
	next(&m);
	expect(&m, ROLLOVER_PREPARE, GATE_NONE);
}

static void nameservers_are_asked_before_a_start_alone(void **state)
{
	(void)state;
	machine_t m;
	theirs_at_start(&m);
	m.now = T0 + DAY - 10;
	m.facts.asked = SURVEY_PARENT;
	machine_step(&m);
	assert_int_equal(m.row.next_check, T0 + DAY);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), 0);
	m.now = T0 + DAY;
	m.facts.asked = 0;
	m.facts.child_count = m.facts.parent_count = 0;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	assert_int_equal(m.row.next_check, m.now + 1);
	assert_false(m.out.gate_changed);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_CHILD);
	/* A KSK has come since: which of them has the DS? */
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, m.now), SURVEY_PARENT);
	/* The server was off since. */
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now + 30 * DAY),
	                 SURVEY_PARENT | SURVEY_CHILD);
	/* Asked, and nothing is due any more. */
	m.config.ksk_lifetime = 0;
	m.facts.asked = SURVEY_CHILD;
	m.facts.child_count = 2;
	machine_step(&m);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), 0);
}

/*! A window that is closed asks nobody. */
static void a_start_that_must_wait_asks_nobody(void **state)
{
	(void)state;
	machine_t m;
	theirs_at_start(&m);
	m.facts.asked = 0;
	m.facts.start.from = T0 + 9 * DAY;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_START_WINDOW);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now) & SURVEY_CHILD, 0);
}

static void the_server_that_was_named_is_named_again(void **state)
{
	(void)state;
	machine_t m;
	theirs_at(&m, ROLLOVER_INTRODUCE);
	next(&m);
	next(&m);
	/* Now the first one has it as well. */
	serve_theirs(&m, 0);
	next(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_ANOTHER_SIGNER);
	assert_string_equal(m.row.gate_about, m.child[1].server);
	/* The named one gets our zone: of the other one it has to be seen twice. */
	m.child[1] = m.child[0];
	strcpy(m.child[1].server, "ns2.example. 192.0.2.2@53");
	m.child[1].dnskey_foreign = false;
	next(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_DNSKEY_DIFFERS);
	assert_string_equal(m.row.gate_about, m.child[0].server);
	next(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_ANOTHER_SIGNER);
}

/*! The other signer has come to its signals. */
static void it_stays_named_while_cds_hides_the_serial(void **state)
{
	(void)state;
	machine_t m;
	theirs_at(&m, ROLLOVER_INTRODUCE);
	next(&m);
	next(&m);
	m.child[1].serial_known = false;
	m.child[1].serial = 0;
	for (int checks = 0; checks < 3; checks++) {
		next(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_ANOTHER_SIGNER);
		assert_string_equal(m.row.gate_detail, "a KSK that this server does not have");
	}
	m.child[1].serial_known = true;
	m.child[1].serial = OURS - 1;
	next(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_DNSKEY_MISSING);
}

/* Under way it changes no more than what a nameserver without the keys does. */

static void signals_are_taken_back(void **state)
{
	(void)state;
	static const rollover_state_t AT[] = { ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS };

	for (size_t i = 0; i < LENGTH(AT); i++) {
		machine_t m;
		theirs_at(&m, AT[i]);
		m.child[1].cds.present = m.child[1].cdnskey.present = false;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		machine_obey(&m);
		m.child[1].serial_known = true;
		next(&m);
		next(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_ANOTHER_SIGNER);
	}
}

static void a_swap_that_is_done_is_followed(void **state)
{
	(void)state;
	machine_t m;
	theirs_at(&m, ROLLOVER_AWAIT_DS);
	m.row.gate = GATE_ANOTHER_SIGNER;
	strcpy(m.row.gate_about, m.child[1].server);
	machine_ds(&m, NEW, DAY);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
}

static void after_the_swap_it_is_an_alarm(void **state)
{
	(void)state;
	static const rollover_state_t AT[] = { ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE, ROLLOVER_RETIRE };

	for (size_t i = 0; i < LENGTH(AT); i++) {
		machine_t m, without;
		theirs_at(&m, AT[i]);
		without = m;
		without.facts.child = without.child;
		without.facts.parent = without.parent;
		without.facts.own.serial_known = false;
		for (int checks = 0; checks < 4; checks++) {
			next(&m);
			next(&without);
			/* But for its name everything is as without it. */
			assert_int_equal(m.row.state, without.row.state);
			assert_int_equal(m.out.action, without.out.action);
			assert_int_equal(m.out.keys, without.out.keys);
			assert_int_equal(m.out.policy, without.out.policy);
			assert_int_equal(m.row.all_since, without.row.all_since);
		}
		assert_int_equal(m.row.state, AT[i]);
		assert_int_equal(m.row.gate, GATE_ANOTHER_SIGNER);
		assert_int_not_equal(without.row.gate, GATE_ANOTHER_SIGNER);
	}
}

/* What it is not. */

static void lags(machine_t *m)
{
	m->child[1].serial = OURS - 1;
}
static void hides_its_serial(machine_t *m)
{
	m->child[1].serial_known = false;
}
static void own_serial_is_not_known(machine_t *m)
{
	m->facts.own.serial_known = false;
}
/*! Of a signer of before, of a provider that signs again, or of nobody: it has no key of ours. */
static void is_signed_by_none_of_ours(machine_t *m)
{
	m->child[1].dnskey = m->child[1].dnskey_signed_by = 0;
}
static void is_forged(machine_t *m)
{
	m->child[1].dnskey_signed_by = 0;
	m->child[1].status = ANSWER_BOGUS;
}
/*! Only another ZSK, or only a newer version: this server's zone may have changed meanwhile. */
static void has_no_other_ksk(machine_t *m)
{
	m->child[1].dnskey_foreign = false;
}
static void serial_went_round(machine_t *m)
{
	m->facts.own.serial = 5;
	m->child[1].serial = UINT32_MAX;
}
static void is_half_the_way_round(machine_t *m)
{
	m->child[1].serial = OURS + (UINT32_C(1) << 31);
}
static void is_signed_by_known_signers(machine_t *m)
{
	m->child[1].dnskey = m->child[1].dnskey_signed_by = THIRD;
	m->facts.own.foreign = THIRD;
}

static void what_proves_nothing_is_not_named(void **state)
{
	(void)state;
	static void (*const CASES[])(machine_t *) = {
		lags,
		hides_its_serial,
		own_serial_is_not_known,
		is_signed_by_none_of_ours,
		is_forged,
		has_no_other_ksk,
		serial_went_round,
		is_half_the_way_round,
		is_signed_by_known_signers,
	};

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		machine_t m;
		theirs_at(&m, ROLLOVER_INTRODUCE);
		CASES[i](&m);
		for (int checks = 0; checks < 4; checks++) {
			next(&m);
			assert_int_not_equal(m.row.gate, GATE_ANOTHER_SIGNER);
			assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
		}
		/* Nor does it hold up a start, which judges no nameserver. */
		theirs_at_start(&m);
		CASES[i](&m);
		if (m.facts.own.foreign == 0) {
			machine_step(&m);
			expect(&m, ROLLOVER_PREPARE, GATE_NONE);
		}
	}
}

/*! Serial numbers of time, and of a zone that has come round, are compared as all others (RFC 1982). */
static void serials_come_round(void **state)
{
	(void)state;
	static const struct {
		uint32_t ours, theirs;
	} CASES[] = { { UINT32_MAX, 0 },
		      { UINT32_MAX - 5, 5 },
		      { 1700000000, 1700000001 },
		      { 0, INT32_MAX },
		      /* Of one signer a version has one serial. */ { 7, 7 } };

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		machine_t m;
		theirs_at(&m, ROLLOVER_INTRODUCE);
		m.facts.own.serial = CASES[i].ours;
		m.child[1].serial = CASES[i].theirs;
		next(&m);
		next(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_ANOTHER_SIGNER);
	}
}

/*! Knot has made a key between the check of the own zone and that of the nameservers. */
static void a_key_that_was_just_made_is_not_named(void **state)
{
	(void)state;
	machine_t m;
	theirs_at_start(&m);
	serve_theirs(&m, 0);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DNSKEY_DIFFERS);
	m.facts.own.serial = THEIRS;
	machine_serve(&m, OLD | NEW, HOUR);
	m.child[0].dnskey_foreign = m.child[1].dnskey_foreign = false;
	m.child[0].dnskey_equal = m.child[1].dnskey_equal = true;
	next(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
}

/*! A gate that has another reason is not the first of two checks. */
static void a_nameserver_that_lagged_is_seen_twice_as_well(void **state)
{
	(void)state;
	machine_t m;
	theirs_at(&m, ROLLOVER_INTRODUCE);
	m.child[1].dnskey_foreign = false;
	next(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_DNSKEY_MISSING);
	m.child[1].dnskey_foreign = true;
	next(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_DNSKEY_DIFFERS);
}

/*! This server was restored from a backup: until its zone is the newest one, nameservers keep what they have. */
static void a_backup_is_named_until_its_serial_is_the_highest(void **state)
{
	(void)state;
	machine_t m;
	theirs_at(&m, ROLLOVER_PREPARE);
	serve_theirs(&m, 0);
	next(&m);
	next(&m);
	expect(&m, ROLLOVER_PREPARE, GATE_ANOTHER_SIGNER);
	m.facts.own.serial = THEIRS + 1;
	next(&m);
	expect(&m, ROLLOVER_PREPARE, GATE_DNSKEY_DIFFERS);
	for (int i = 0; i < 2; i++) {
		m.child[i].dnskey_foreign = false;
		m.child[i].dnskey_equal = true;
		m.child[i].serial = THEIRS + 1;
	}
	next(&m);
	expect(&m, ROLLOVER_PREPARE, GATE_WAITING_LEAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_named_at_the_second_check),
		cmocka_unit_test(no_key_is_made_beside_it),
		cmocka_unit_test(nothing_starts_beside_it),
		cmocka_unit_test(nameservers_are_asked_before_a_start_alone),
		cmocka_unit_test(a_start_that_must_wait_asks_nobody),
		cmocka_unit_test(the_server_that_was_named_is_named_again),
		cmocka_unit_test(it_stays_named_while_cds_hides_the_serial),
		cmocka_unit_test(signals_are_taken_back),
		cmocka_unit_test(a_swap_that_is_done_is_followed),
		cmocka_unit_test(after_the_swap_it_is_an_alarm),
		cmocka_unit_test(what_proves_nothing_is_not_named),
		cmocka_unit_test(serials_come_round),
		cmocka_unit_test(a_key_that_was_just_made_is_not_named),
		cmocka_unit_test(a_nameserver_that_lagged_is_seen_twice_as_well),
		cmocka_unit_test(a_backup_is_named_until_its_serial_is_the_highest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
