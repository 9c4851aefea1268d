/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zones that another server signs as well, with its own keys (RFC 8901): a rollover of ours never drops its DS or keys.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*! The other signer's KSK. Its servers have its signatures alone. */
#define THEIRS THIRD

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->out.row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->out.row.gate)->name, rollover_gate_info(gate)->name);
}

/*! CDS and CDNSKEY of both signers' servers. */
static void signal_all(machine_t *m, keyset_t keys)
{
	machine_signal(m, keys);
	m->child[1].cds.signed_by = m->child[1].cdnskey.signed_by = THEIRS;
}

/*! Both signers' servers have our keys \a own and theirs. */
static void serve(machine_t *m, keyset_t own)
{
	machine_serve(m, own, 300);
	m->facts.own.foreign = THEIRS;
	m->child[0].dnskey = m->child[1].dnskey = own | THEIRS;
	m->child[1].dnskey_signed_by = THEIRS;
}

/*! The keys of ours that CDS names where the KSKs have these states. */
static keyset_t standing(key_states_t keys)
{
	return keys == KEYS_SIGNAL_NEW || keys == KEYS_MOVED ? NEW : keys == KEYS_SIGNAL_BOTH ? OLD | NEW : OLD;
}

/*! As machine_at(), of a zone with two signers. */
static void signers_at(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	m->row.signers = true;
	m->facts.own.base_publishes = false;
	m->facts.own.base_always = true;
	m->facts.own.policy = POLICY_BASE;
	serve(m, m->facts.own.dnskey);
	if (state >= ROLLOVER_WITHDRAW && state <= ROLLOVER_RETIRE) {
		m->row.keys = KEYS_MOVED;
	}
	signal_all(m, THEIRS | standing(m->row.keys));
	machine_ds(m, m->parent[0].ds | THEIRS, m->parent[0].ds_ttl);
}

/*! kskrolld and Knot do what was decided, and all servers have it at once. */
static void obey(machine_t *m)
{
	const rollover_decision_t *d = &m->out;

	assert_false(rollover_must_switch(&m->facts.own, d));
	if (d->set_keys) {
		rollover_keys_are(&m->row, d->keys, &m->facts, m->now);
		signal_all(m, THEIRS | standing(d->keys));
	} else if (d->action == ACTION_START) {
		serve(m, OLD | NEW);
		rollover_keys_are(&m->row, KEYS_SILENT, &m->facts, m->now);
	} else if (d->action == ACTION_RETIRE) {
		serve(m, NEW);
		signal_all(m, THEIRS | NEW);
		m->row.keys = KEYS_MOVED;
	}
}

/*! The parent obeys CDS: whatever it names has a DS, and nothing else. */
static void parent_obeys(machine_t *m)
{
	if (m->child[0].cds.present) {
		assert_true(m->child[0].cds.keys & THEIRS);
		assert_true(m->child[0].cds.keys & (OLD | NEW));
		machine_ds(m, m->child[0].cds.keys, 300);
	}
}

/*! Steps until the state is entered. */
static void go_to(machine_t *m, rollover_state_t state)
{
	for (int i = 0; i < 2000 && m->row.state != state; i++) {
		machine_step(m);
		obey(m);
		parent_obeys(m);
		m->now = m->row.next_check > m->now ? m->row.next_check : m->now + 1;
	}
	assert_string_equal(rollover_state_name(m->row.state), rollover_state_name(state));
}

/*! It has a new KSK, which reaches our server later, and ours has signed the set before: gate another-signer-at is
 * about others. */
static void a_signer_that_is_known_is_not_named(void **state)
{
	(void)state;
	machine_t m;
	signers_at(&m, ROLLOVER_INTRODUCE);
	m.facts.own.serial_known = m.child[1].serial_known = true;
	m.facts.own.serial = 100;
	m.child[1].serial = 107;
	m.child[1].dnskey_foreign = true;
	m.child[1].dnskey_signed_by = OLD | THEIRS;
	for (int checks = 0; checks < 4; checks++) {
		m.now = m.row.next_check > m.now ? m.row.next_check : m.now + 1;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_DNSKEY_DIFFERS);
	}
}

/* The whole. */

static void a_rollover_keeps_the_ds_and_the_keys_of_the_other_signer(void **state)
{
	(void)state;
	machine_t m;
	signers_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = DAY;
	m.now = T0 + 2 * DAY;

	go_to(&m, ROLLOVER_INTRODUCE);
	go_to(&m, ROLLOVER_SIGNAL);
	assert_int_equal(m.facts.own.dnskey, OLD | NEW);
	go_to(&m, ROLLOVER_AWAIT_DS);
	assert_int_equal(m.row.keys, KEYS_SIGNAL_NEW);
	go_to(&m, ROLLOVER_OBSERVE);
	assert_int_equal(m.row.keys, KEYS_MOVED);
	assert_int_equal(m.parent[0].ds, NEW | THEIRS);
	go_to(&m, ROLLOVER_SETTLE);
	assert_int_equal(m.facts.own.dnskey, NEW);
	m.config.ksk_lifetime = 0;
	go_to(&m, ROLLOVER_IDLE);
	assert_true(m.row.signers);
	assert_int_equal(m.row.old_count, 1);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[1]));
	assert_int_equal(m.parent[0].ds, NEW | THEIRS);
}

/*! The other signer rolls as well: what has a DS of its keys, and what its servers sign with, is for it to say. */
static void the_other_signer_may_roll_at_the_same_time(void **state)
{
	(void)state;
	const keyset_t next = 8;
	machine_t m;
	signers_at(&m, ROLLOVER_AWAIT_DS);
	m.facts.keys[3] = machine_key(4);
	m.facts.key_count = 4;
	m.facts.own.foreign = THEIRS | next;
	m.child[0].dnskey = m.child[1].dnskey = OLD | NEW | THEIRS | next;
	m.child[1].dnskey_signed_by = THEIRS | next;
	signal_all(&m, NEW | next);
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
	machine_ds(&m, NEW | next, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	obey(&m);
	signal_all(&m, NEW | next);
	machine_step(&m);
	obey(&m);
	signal_all(&m, NEW | next);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	/* Its old key has no DS, and signs alone: its servers have lost their chain. */
	m.child[1].dnskey_signed_by = THEIRS;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_SIGNERS);
}

/* What is missing. */

static void publishes_by_the_states(machine_t *m)
{
	m->facts.own.base_always = false;
	m->facts.own.base_publishes = true;
}
static void publishes_nothing(machine_t *m)
{
	m->facts.own.base_always = false;
}
static void other_policy(machine_t *m)
{
	m->facts.own.policy = POLICY_LOW_TTL;
}
static void keys_gone(machine_t *m)
{
	m->facts.own.foreign = 0;
	m->parent[0].ds &= ~THEIRS;
	m->parent[1].ds &= ~THEIRS;
	m->parent[1].ds_foreign = true;
}
static void cds_of_ours_alone(machine_t *m)
{
	signal_all(m, m->facts.own.cds.keys & ~THEIRS);
}
static void no_cds(machine_t *m)
{
	signal_all(m, 0);
}
static void cds_of_ours_alone_and_nobody_tells(machine_t *m)
{
	cds_of_ours_alone(m);
	m->child[1].status = ANSWER_UNREACHABLE; /* For longer than is waited for. */
	m->child[1].unreachable_since = T0 - 30 * DAY;
	m->child[1].dnskey_signed_by = 0;
}
static void cdnskey_of_ours_alone(machine_t *m)
{
	m->facts.own.cdnskey.keys &= ~THEIRS;
}
static void cds_of_a_key_that_signs_nothing(machine_t *m)
{
	m->facts.keys[3] = machine_key(4);
	m->facts.key_count = 4;
	m->facts.own.foreign |= 8;
	signal_all(m, (m->facts.own.cds.keys & ~THEIRS) | 8);
}
static void ds_gone(machine_t *m)
{
	machine_ds(m, m->parent[0].ds & ~THEIRS, 300);
}
static void ds_gone_at_one(machine_t *m)
{
	m->parent[1].ds &= ~THEIRS;
}
static void single_type(machine_t *m)
{
	m->row.csk = m->row.csk_new = m->facts.own.csk = m->facts.own.csk_wanted = true;
}
static void their_algorithm(machine_t *m)
{
	m->facts.keys[2].algorithm = 15;
}
static void new_algorithm_wanted(machine_t *m)
{
	m->facts.own.algorithm_wanted = 15;
}
static void insecure(machine_t *m)
{
	m->config.go_insecure = true;
}

static const struct {
	void (*change)(machine_t *m);
	const char *why;
} MISSING[] = {
	{ publishes_by_the_states, "cds-cdnskey-publish" },
	{ publishes_nothing, "cds-cdnskey-publish" },
	{ other_policy, "cds-cdnskey-publish" },
	{ keys_gone, "DNSKEY has no key of another signer any more" },
	{ cds_of_ours_alone, "CDS of this server names no key of its signer" },
	{ cds_of_ours_alone_and_nobody_tells, "CDS of this server names no key of its signer" },
	{ no_cds, "CDS of this server names no key of its signer" },
	{ cdnskey_of_ours_alone, "CDNSKEY of this server names no key" },
	{ cds_of_a_key_that_signs_nothing, "CDS of this server names no key of its signer" },
	{ ds_gone, "no DS of its signer" },
	{ ds_gone_at_one, "no DS of its signer" },
	{ single_type, "single-type" },
	{ their_algorithm, "the algorithm" },
	{ new_algorithm_wanted, "the algorithm" },
	{ insecure, "key 1003 is another signer's: go-insecure would remove its DS" },
};

/*! In every state: no order, no policy, no state is entered, and the text says why. */
static void nothing_is_ordered_where_the_other_signer_would_lose_something(void **state)
{
	(void)state;
	for (rollover_state_t at = ROLLOVER_IDLE; at <= ROLLOVER_ROLLED_BACK; at++) {
		if (at == ROLLOVER_REMOVE_DS || at == ROLLOVER_EXPIRE_DS) {
			continue;
		}
		for (size_t i = 0; i < LENGTH(MISSING); i++) {
			machine_t m;
			signers_at(&m, at);
			if (at >= ROLLOVER_ROLLBACK && strncmp(MISSING[i].why, "no DS", 5) == 0) {
				continue; /* There the DS is being asked back. */
			}
			m.now += 10 * DAY; /* Nothing else is waited for. */
			MISSING[i].change(&m);
			if (at == ROLLOVER_SIGNAL) {
				m.row.keys = KEYS_SILENT; /* Its order is still to come. */
			}
			const key_states_t before = m.row.keys;
			machine_step(&m);
			expect(&m, at, GATE_SIGNERS);
			if (strstr(m.row.gate_detail, MISSING[i].why) == NULL) {
				fail_msg("%s: %s", MISSING[i].why, m.row.gate_detail);
			}
			assert_int_equal(m.out.action, ACTION_NONE);
			assert_int_equal(m.out.policy, POLICY_BASE);
			assert_false(m.out.notify);
			assert_false(m.out.set_keys);
			assert_true(m.row.keys == before || m.row.keys == KEYS_UNKNOWN);
		}
	}
}

/*! Knot's default: once its new key is ready CDS would name that alone. */
static void a_rollover_by_hand_stays_silent_by_the_default_policy(void **state)
{
	(void)state;
	for (int by_dns = 0; by_dns < 2; by_dns++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		serve(&m, OLD | NEW);
		machine_ds(&m, OLD | THEIRS, DAY);
		machine_signal(&m, by_dns ? NEW : 0);
		rollover_decision_t first;
		assert_true(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &first));
		assert_int_equal(first.keys, KEYS_SILENT);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_SIGNERS);
		assert_true(m.row.signers);
		assert_true(m.out.set_keys);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
		machine_signal(&m, 0);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_SIGNERS);
		assert_false(m.out.set_keys);
	}
	/* CDS has the other signer's key, by an update: silence would leave that alone. */
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	serve(&m, OLD | NEW);
	machine_ds(&m, OLD | THEIRS, DAY);
	machine_signal(&m, NEW | THEIRS);
	rollover_decision_t first;
	assert_false(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &first));
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_SIGNERS);
	assert_false(m.out.set_keys);
}

/*! With cds-cdnskey-publish: always the rollover goes on as any other; the new key is aside at first. */
static void a_rollover_by_hand_is_driven_where_cds_always_has_all(void **state)
{
	(void)state;
	machine_t m;
	signers_at(&m, ROLLOVER_IDLE);
	serve(&m, OLD | NEW);
	signal_all(&m, OLD | THEIRS);
	rollover_decision_t first;
	assert_true(rollover_silence_first(&m.config, &m.row, &m.facts, m.now, &first));
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	go_to(&m, ROLLOVER_SETTLE);
	assert_int_equal(m.parent[0].ds, NEW | THEIRS);
}

/* Signers that come and go. */

static void other_signers_are_remembered_until_the_parent_has_no_ds_of_theirs(void **state)
{
	(void)state;
	machine_t m;
	signers_at(&m, ROLLOVER_IDLE);
	keys_gone(&m);
	signal_all(&m, OLD);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_SIGNERS);
	assert_true(m.row.signers);
	m.parent[1].ds_foreign = false;
	m.parent[0].status = ANSWER_UNREACHABLE;
	machine_step(&m);
	assert_true(m.row.signers);
	m.parent[0].status = ANSWER_OK;
	m.facts.discovery_failed = true;
	machine_step(&m);
	assert_true(m.row.signers);
	m.facts.discovery_failed = false;
	machine_decide(&m);
	assert_false(m.out.row.signers);
	assert_true(rollover_worth_saving(&m.row, &m.out, m.now, m.now));
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
}

/*! In the middle of a rollover: its signals would drop the DS that comes with the key. */
static void a_signer_that_joins_stops_a_rollover(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t at;
		rollover_state_t to;
	} CASES[] = {
		{ ROLLOVER_PREPARE, ROLLOVER_IDLE },      { ROLLOVER_INTRODUCE, ROLLOVER_INTRODUCE },
		{ ROLLOVER_SIGNAL, ROLLOVER_INTRODUCE },  { ROLLOVER_AWAIT_DS, ROLLOVER_INTRODUCE },
		{ ROLLOVER_WITHDRAW, ROLLOVER_WITHDRAW }, { ROLLOVER_OBSERVE, ROLLOVER_OBSERVE },
		{ ROLLOVER_RETIRE, ROLLOVER_RETIRE },     { ROLLOVER_SETTLE, ROLLOVER_IDLE },
		{ ROLLOVER_REMOVE_DS, ROLLOVER_IDLE },
	};

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		machine_t m;
		machine_at(&m, CASES[i].at);
		m.config.go_insecure = CASES[i].at == ROLLOVER_REMOVE_DS;
		m.facts.own.foreign = THEIRS;
		machine_step(&m);
		assert_string_equal(rollover_state_name(m.row.state), rollover_state_name(CASES[i].to));
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_true(m.out.keys == KEYS_SILENT || m.out.keys == KEYS_UNKNOWN);
		m.out = (rollover_decision_t){ 0 };
		machine_step(&m);
		assert_int_equal(m.row.gate, m.row.state == ROLLOVER_IDLE ? GATE_SIGNERS : GATE_UNKNOWN_KEY);
		assert_int_not_equal(m.out.policy, POLICY_DELETE);
	}
}

static void obey_alone(machine_t *m)
{
	if (m->out.set_keys) {
		rollover_keys_are(&m->row, m->out.keys, &m->facts, m->now);
		machine_signal(m, machine_named(m->out.keys));
	}
}

/*! Its DS may come first. */
static void a_ds_that_matches_no_key_keeps_signals_away(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t at;
		rollover_state_t to;
	} CASES[] = {
		{ ROLLOVER_PREPARE, ROLLOVER_PREPARE },
		{ ROLLOVER_INTRODUCE, ROLLOVER_INTRODUCE },
		{ ROLLOVER_SIGNAL, ROLLOVER_INTRODUCE },
		{ ROLLOVER_AWAIT_DS, ROLLOVER_INTRODUCE },
	};

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		machine_t m;
		machine_at(&m, CASES[i].at);
		m.now += 10 * DAY;
		m.parent[1].ds_foreign = true;
		for (int checks = 0; checks < 3; checks++) {
			machine_step(&m);
			obey_alone(&m);
			assert_string_equal(rollover_state_name(m.row.state), rollover_state_name(CASES[i].to));
			assert_int_equal(m.out.keys, KEYS_SILENT);
		}
		expect(&m, CASES[i].to, GATE_DS_FOREIGN);
	}
}

/* The servers. */

static void each_server_is_judged_by_its_own_signer(void **state)
{
	(void)state;
	machine_t m;

	/* Neither our keys nor theirs have signed it. */
	signers_at(&m, ROLLOVER_OBSERVE);
	m.child[1].dnskey_signed_by = 0;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_RRSIG_MISSING);

	/* Theirs has not our new key. */
	signers_at(&m, ROLLOVER_OBSERVE);
	m.child[1].dnskey = OLD | THEIRS;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_DNSKEY_MISSING);

	/* It names our old key still: a parent that asks it would bring the old DS back. */
	signers_at(&m, ROLLOVER_OBSERVE);
	m.child[1].cds.keys = OLD | THEIRS;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_CDS_DIFFERS);

	/* It names our key alone. */
	signers_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, OLD | THEIRS, 300);
	m.child[1].cds.keys = NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_CDS_DIFFERS);
	m.config.via = PARENT_VIA_AUTO;
	machine_step(&m);
	assert_false(m.out.notify);
	m.child[1].cds.keys = NEW | THEIRS;
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
	assert_true(m.out.notify);

	/* It has our old key still. */
	signers_at(&m, ROLLOVER_RETIRE);
	serve(&m, NEW);
	m.child[1].dnskey = OLD | NEW | THEIRS;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_DNSKEY_REMAINS);
}

static void what_has_to_go_or_come_back_says_so(void **state)
{
	(void)state;
	machine_t m;

	/* The DS of our old key is what is stale, not theirs. */
	signers_at(&m, ROLLOVER_OBSERVE);
	m.parent[0].ds = OLD | NEW | THEIRS;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_non_null(strstr(m.row.gate_detail, "1001"));
	assert_null(strstr(m.row.gate_detail, "1003"));
	/* CDS of the states that are wanted is there, beside that of the other signer; else it is ordered. */
	signers_at(&m, ROLLOVER_OBSERVE);
	signal_all(&m, OLD | NEW | THEIRS);
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_MOVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_that_is_known_is_not_named),
		cmocka_unit_test(a_rollover_keeps_the_ds_and_the_keys_of_the_other_signer),
		cmocka_unit_test(the_other_signer_may_roll_at_the_same_time),
		cmocka_unit_test(nothing_is_ordered_where_the_other_signer_would_lose_something),
		cmocka_unit_test(a_rollover_by_hand_stays_silent_by_the_default_policy),
		cmocka_unit_test(a_rollover_by_hand_is_driven_where_cds_always_has_all),
		cmocka_unit_test(other_signers_are_remembered_until_the_parent_has_no_ds_of_theirs),
		cmocka_unit_test(a_signer_that_joins_stops_a_rollover),
		cmocka_unit_test(a_ds_that_matches_no_key_keeps_signals_away),
		cmocka_unit_test(each_server_is_judged_by_its_own_signer),
		cmocka_unit_test(what_has_to_go_or_come_back_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
