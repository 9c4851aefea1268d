/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of algorithm that come, go or come back while something else is under way. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine_time.h"

/*! Knot signs the data with a new algorithm as well, and has published none of its keys. */
static void presign_at(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	m->row.has_new = false;
	machine_serve(m, OLD, 300);
	machine_algorithm(m);
	machine_sign(m, OLD_ALGORITHM | NEW_ALGORITHM);
	m->row.data_algorithms = OLD_ALGORITHM;
	m->row.data_serial = 3;
	m->row.data_since = m->row.data_last = 0;
	m->row.new_key = (key_id_t){ 0 };
}

/*! The algorithm changes, and the parent has the new DS. */
static void algorithm_at(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	machine_algorithm(m);
	m->config.zone_ttl = HOUR;
}

static void an_algorithm_that_begins_is_held_wherever_no_new_key_is(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_PREPARE, ROLLOVER_INTRODUCE, ROLLOVER_SETTLE };

	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		machine_t m;
		presign_at(&m, STATES[i]);
		machine_step(&m);
		expect(&m, ROLLOVER_PRESIGN, GATE_NONE);
		machine_step(&m);
		assert_true(m.out.set_keys && m.out.keys == KEYS_PRESIGN);
		assert_int_equal(m.out.action, ACTION_NONE);
	}
}

/*! Other zones need the derived policies as they are, or the policy cannot be used: nothing starts, Knot goes on. */
static void an_algorithm_that_may_not_begin_is_held_as_well(void **state)
{
	(void)state;
	machine_t m;
	presign_at(&m, ROLLOVER_IDLE);
	m.facts.own.policy = POLICY_BASE;
	m.facts.own.conf = CONF_NO_DERIVED;
	m.facts.own.conf_gate = GATE_POLICY_DIFFERS;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_POLICY_DIFFERS);
	assert_true(m.out.set_keys && m.out.keys == KEYS_PRESIGN);
	machine_obey(&m);
	machine_step(&m);
	assert_false(m.out.set_keys);

	/* Not where the module changes nothing. */
	presign_at(&m, ROLLOVER_IDLE);
	m.config.dry_run = true;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DRY_RUN);
	assert_false(m.out.set_keys);
}

/*! A backup brings back what had gone: the zone would stay in clean for ever. */
static void what_comes_back_goes_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_CLEAN);
		if (i == 0) { /* The old KSK and its ZSK. */
			machine_serve(&m, OLD | NEW, 300);
		}
		if (i <= 1) { /* The ZSK. */
			m.facts.own.algorithms |= OLD_ALGORITHM;
		}
		machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
		m.facts.own.serial++;
		m.child[0].serial = m.child[1].serial = m.facts.own.serial;
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, GATE_NONE);
		machine_step(&m);
		if (i == 0) {
			expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
		} else if (i == 1) { /* Meanwhile data without signatures of the new algorithm may have been served. */
			expect(&m, ROLLOVER_RETIRE, GATE_WAITING_ZONE_TTL);
			assert_int_equal(m.out.action, ACTION_NONE);
			check_until(&m, m.row.gate_until);
			expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);
			assert_int_equal(m.out.action, ACTION_RETIRE);
		} else {
			expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
		}
	}
}

/*! The order was carried out by half: the ZSK is left. A nameserver serves an older version since. */
static void a_zsk_stays_while_data_has_its_signatures_alone(void **state)
{
	(void)state;
	machine_t m;
	algorithm_at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	m.facts.own.algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
	m.child[1].data_algorithms = OLD_ALGORITHM;
	m.child[1].serial--;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_SIGNATURES_MISSING);
	assert_int_equal(m.out.action, ACTION_NONE);

	/* Nobody knows who signs the data of this server. */
	const own_facts_t own = m.facts.own;
	m.facts.own.data_algorithms = 0;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_SIGNATURES_MISSING);
	assert_int_equal(m.out.action, ACTION_NONE);
	m.facts.own = own;

	/* Caches have that data still. */
	m.child[1].data_algorithms |= NEW_ALGORITHM;
	m.child[1].serial = m.facts.own.serial;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_WAITING_ZONE_TTL);
	assert_int_equal(m.row.gate_until, ttl_expires(m.now, m.row.zone_ttl));
	const time_t until = m.row.gate_until;
	check_until(&m, until - 1);
	assert_int_equal(m.out.action, ACTION_NONE);
	check_until(&m, until);
	expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.out.action, ACTION_RETIRE);
}

/*! The operator has changed his mind before anything was published. */
static void a_policy_that_was_set_back_publishes_nothing(void **state)
{
	(void)state;
	static const uint8_t WANTED[] = { 13, 14 };

	for (size_t i = 0; i < sizeof(WANTED); i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_PRESIGN);
		m.config.lead = 0;
		m.facts.own.algorithm_wanted = WANTED[i];
		machine_step(&m);
		expect(&m, ROLLOVER_PRESIGN, GATE_ALGORITHM_ROLLOVER);
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_int_equal(m.row.all_since, 0);
		assert_int_equal(m.out.keys, KEYS_PRESIGN);
		m.facts.own.algorithm_wanted = i == 0 ? 15 : 0; /* Nobody knows. */
		machine_step(&m);
		assert_int_equal(m.out.action, ACTION_PUBLISH);
	}
}

/*! Nobody knows which is the one that stays: no DS, a store that was lost, a policy that cannot be used. */
static void two_algorithms_of_which_nothing_is_known_are_silent(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		machine_t m;
		machine_init(&m);
		m.facts.keys[1].algorithm = 15;
		machine_serve(&m, OLD | NEW, HOUR);
		m.facts.own.algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
		if (i == 0) {
			machine_ds(&m, 0, DAY);
		} else {
			m.facts.own.conf = CONF_NO_DERIVED;
			m.facts.own.conf_gate = GATE_POLICY_DIFFERS;
		}
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, i == 0 ? GATE_UNKNOWN_KEY : GATE_POLICY_DIFFERS);
		assert_true(m.out.set_keys && m.out.keys == KEYS_SILENT);
	}
}

/*! A step that a new algorithm cuts short proves nothing: a nameserver may have data with a former, larger TTL. */
static void a_step_that_is_cut_short_proves_no_ttl(void **state)
{
	(void)state;
	for (int begun = 0; begun < 2; begun++) {
		machine_t m;
		machine_at(&m, ROLLOVER_RETIRE);
		machine_serve(&m, NEW, 300);
		machine_algorithm(&m);
		m.facts.keys[1].algorithm = m.row.new_key.algorithm = 13;
		m.facts.own.algorithms = OLD_ALGORITHM;
		machine_sign(&m, begun ? OLD_ALGORITHM | NEW_ALGORITHM : OLD_ALGORITHM);
		m.config.zone_ttl = HOUR;
		m.row.zone_ttl = 7 * DAY;
		m.row.zone_ttl_seen = m.row.since - DAY;
		m.row.all_since = m.row.observed_last = m.now - 400;
		m.row.all_expired = m.now;
		if (begun) { /* It lags. */
			m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
		}
		machine_step(&m);
		expect(&m, ROLLOVER_SETTLE, GATE_NONE);
		assert_int_equal(m.row.zone_ttl_until, begun ? 0 : ttl_expires(m.now, 7 * DAY));
	}
}

/*! The operator has deleted the new keys, and none is left that the order could be about. */
static void what_was_given_up_is_not_hidden_any_more(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PRESIGN);
	m.row.keys = KEYS_UNKNOWN;
	m.facts.own.keys_refused = true;
	snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "all keys are of algorithm 13");
	machine_sign(&m, OLD_ALGORITHM);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
}

static void the_policy_says_which_key_is_new(void **state)
{
	(void)state;
	for (int back = 0; back < 2; back++) {
		machine_t m;
		presign_at(&m, ROLLOVER_IDLE);
		if (back) {
			m.row.old_count = 0; /* The store was lost, and the DS was replaced before. */
		} else {
			m.row.old[0] = m.facts.keys[1]; /* A backup has brought the other one back. */
		}
		machine_serve(&m, OLD | NEW, HOUR);
		m.facts.own.algorithms |= NEW_ALGORITHM;
		m.facts.own.algorithm_wanted = back ? 13 : 15;
		machine_ds(&m, NEW, DAY);
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_int_equal(m.row.new_key.algorithm, back ? 13 : 15);
		assert_int_equal(m.row.old[0].algorithm, back ? 15 : 13);
	}
}

/*! Nothing rolls, so Knot does not wait for the end of the rollover before. */
static void another_change_ends_this_one(void **state)
{
	(void)state;
	for (int begun_anew = 0; begun_anew < 2; begun_anew++) {
		machine_t m;
		machine_at(&m, ROLLOVER_RETIRE);
		machine_serve(&m, NEW, 300);
		m.facts.own.algorithm_wanted = 15;
		m.facts.own.algorithms = OLD_ALGORITHM;
		machine_sign(&m, begun_anew ? OLD_ALGORITHM | NEW_ALGORITHM : OLD_ALGORITHM);
		machine_step(&m);
		expect(&m, begun_anew ? ROLLOVER_SETTLE : ROLLOVER_RETIRE,
		       begun_anew ? GATE_NONE : GATE_WAITING_DNSKEY_TTL);
		m.now++;
		machine_step(&m);
		assert_int_equal(m.row.state, begun_anew ? ROLLOVER_PRESIGN : ROLLOVER_RETIRE);
	}
}

/*! A parent that adds before it removes may have served both between two checks, with the TTL of now. */
static void both_ds_may_have_been_in_one_set(void **state)
{
	(void)state;
	for (int changes = 0; changes < 2; changes++) {
		machine_t m;
		machine_at(&m, ROLLOVER_AWAIT_DS);
		if (changes) {
			machine_algorithm(&m);
		}
		machine_ds(&m, NEW, 2 * DAY);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
		assert_int_equal(m.row.ds_expire, (changes ? 2 * DAY : DAY) + 1);
	}
}

/*! No signals are out, so the data tell what they have lost. */
static void signatures_lost_in_rolled_back_are_noticed(void **state)
{
	(void)state;
	machine_t m;
	algorithm_at(&m, ROLLOVER_ROLLED_BACK);
	machine_ds(&m, OLD, DAY);
	machine_step(&m);
	expect(&m, ROLLOVER_ROLLED_BACK, GATE_AWAITING_DECISION);
	assert_int_not_equal(m.row.data_since, 0);
	m.child[1].data_algorithms = OLD_ALGORITHM;
	step_at(&m, m.now + 300);
	assert_int_equal(m.row.data_since, 0);
	m.child[1].data_algorithms |= NEW_ALGORITHM;
	step_at(&m, m.now + 300);
	assert_int_equal(m.row.data_since, m.now);
}

/*! A crash between the decision to signal and the order, or a backup: nothing is out, so the data tell. */
static void signals_come_out_only_where_the_data_have_both_algorithms(void **state)
{
	(void)state;
	enum {
		GOOD,
		LOST,
		HIDDEN
	};
	for (int what = GOOD; what <= HIDDEN; what++) {
		machine_t m;
		algorithm_at(&m, ROLLOVER_SIGNAL);
		machine_signal(&m, 0);
		machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
		rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
		if (what == LOST) {
			m.child[1].data_algorithms = OLD_ALGORITHM;
		} else if (what == HIDDEN) { /* It has CDS still, which tells nothing of its data. */
			m.child[1].cds = m.child[1].cdnskey =
				(signal_rrset_t){ .present = true, .keys = NEW, .signed_by = OLD | NEW };
			m.child[1].data_algorithms = 0;
			m.child[1].serial_known = false;
		}
		machine_step(&m);
		expect(&m, what == LOST ? ROLLOVER_INTRODUCE : ROLLOVER_SIGNAL,
		       what == LOST ? GATE_NONE : GATE_KEYS_PENDING);
		assert_int_equal(m.out.set_keys && m.out.keys == KEYS_SIGNAL_NEW, what != LOST);
	}
}

/*! Both keys in the DS set want both algorithms of the data. */
static void nothing_is_asked_back_before_the_data_have_both_algorithms(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		machine_t m;
		algorithm_at(&m, ROLLOVER_INTRODUCE);
		machine_ds(&m, NEW, DAY);
		m.facts.watch.failing = 1;
		m.config.bogus_limit = 1;
		m.row.data_since = lost ? m.now - 60 : m.now - DAY;
		machine_step(&m);
		expect(&m, lost ? ROLLOVER_INTRODUCE : ROLLOVER_ROLLBACK, lost ? GATE_VALIDATION_FAILS : GATE_NONE);
		if (lost) {
			check_until(&m, m.now + HOUR);
			expect(&m, ROLLOVER_ROLLBACK, GATE_NONE);
		}
	}
}

/*! Knot has begun to change back: what is in DNSKEY is no left-over. */
static void keys_that_the_policy_wants_again_are_not_removed(void **state)
{
	(void)state;
	for (int again = 0; again < 2; again++) {
		machine_t m;
		algorithm_at(&m, ROLLOVER_RETIRE);
		machine_serve(&m, NEW, 300);
		m.facts.own.algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
		m.facts.own.algorithm_wanted = again ? 13 : 15;
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, again ? GATE_ALGORITHM_ROLLOVER : GATE_KNOT_KEEPS_KEY);
		assert_int_equal(m.out.action, again ? ACTION_NONE : ACTION_RETIRE);
	}
}

/*! The parent has followed what Knot signalled while it changed back, and the policy was changed once more. */
static void keys_of_the_old_algorithm_that_ds_names_are_not_removed(void **state)
{
	(void)state;
	static const struct {
		keyset_t ds;
		answer_status_t status;
		rollover_gate_t gate;
	} cases[] = {
		{ NEW, ANSWER_OK, GATE_KNOT_KEEPS_KEY },
		{ THIRD, ANSWER_OK, GATE_DS_STALE },
		{ THIRD | NEW, ANSWER_OK, GATE_DS_STALE },
		{ THIRD | OLD | NEW, ANSWER_OK, GATE_DS_STALE },
		/* It may be so. */
		{ NEW, ANSWER_UNREACHABLE, GATE_PARENT_UNREACHABLE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		machine_t m;
		algorithm_at(&m, ROLLOVER_RETIRE);
		machine_serve(&m, NEW | THIRD, 300);
		m.facts.own.algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
		m.facts.own.algorithm_wanted = 15;
		machine_ds(&m, cases[i].ds, DAY);
		m.parent[0].status = m.parent[1].status = cases[i].status;
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, cases[i].gate);
		assert_int_equal(m.out.action, i == 0 ? ACTION_RETIRE : ACTION_NONE);
	}
}

/*! The operator has removed the old KSK, and ZSKs are left. Nothing that is out asks the parent to remove its DS. */
static void what_is_left_goes_while_the_parent_has_the_ds_of_a_key_that_is_gone(void **state)
{
	(void)state;
	static const struct {
		keyset_t ds[2];
		rollover_gate_t gate;
	} cases[] = {
		{ { OLD | NEW, OLD | NEW }, GATE_KNOT_KEEPS_KEY },
		{ { OLD | NEW, NEW }, GATE_KNOT_KEEPS_KEY },
		/* It may come back. */
		{ { OLD, OLD }, GATE_CHAIN_BROKEN },
		{ { OLD, NEW }, GATE_CHAIN_BROKEN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		machine_t m;
		algorithm_at(&m, ROLLOVER_RETIRE);
		machine_serve(&m, NEW, 300);
		m.facts.own.algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
		m.facts.own.algorithm_wanted = 15;
		m.parent[0].ds = cases[i].ds[0];
		m.parent[1].ds = cases[i].ds[1];
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, cases[i].gate);
		assert_int_equal(m.out.action, cases[i].gate == GATE_CHAIN_BROKEN ? ACTION_NONE : ACTION_RETIRE);
	}
}

static void a_refused_order_is_for_the_operator(void **state)
{
	(void)state;
	machine_t m;
	algorithm_at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	m.facts.own.algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
	m.facts.own.keys_refused = true;
	strcpy(m.facts.own.conf_detail, "the KSK of key tag 1003 belongs to neither end of the rollover");
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_KEYS_REFUSED);
	assert_string_equal(m.row.gate_detail, m.facts.own.conf_detail);
	assert_int_equal(rollover_gate_info(m.row.gate)->actor, ACTOR_OPERATOR);
}

/*! The keys are silent, and CDS stays: an algorithm may lack a key. */
static void a_zone_that_knot_does_not_sign_comes_to_the_operators_notice(void **state)
{
	(void)state;
	machine_t m;
	unsigned orders = 0;

	algorithm_at(&m, ROLLOVER_WITHDRAW);
	machine_signal(&m, NEW);
	const time_t start = m.now;
	while (m.row.gate != GATE_KEYS_REFUSED) {
		machine_step(&m);
		assert_true(m.out.set_keys);
		rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
		rollover_carried_out(&m.row, m.out.again, m.now);
		/* Repeated ever more seldom. */
		assert_true(m.row.next_check - m.now >= (orders < 2 ? 1 : 1L << (orders < 8 ? orders - 1 : 7)));
		m.now = m.row.next_check;
		assert_true(++orders < 20);
	}
	assert_true(m.now - start >= 300 && m.now - start <= 1800);
	assert_non_null(strstr(m.row.gate_detail, "does not sign"));

	machine_signal(&m, 0);
	step_at(&m, m.now + 300);
	assert_int_not_equal(m.row.gate, GATE_KEYS_REFUSED);
}

/*! The zone is not signed, and a gate that outweighs that one is there for days: keymgr does not run each second. */
static void an_order_in_vain_keeps_the_pace_of_every_gate(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		machine_t m;
		unsigned orders = 0;

		algorithm_at(&m, ROLLOVER_RETIRE);
		machine_serve(&m, NEW, 300);
		machine_signal(&m, NEW);
		if (i == 0) {
			m.facts.watch.failing = 1;
		} else {
			machine_ds(&m, 0, DAY);
			m.parent[0].ds_foreign = m.parent[1].ds_foreign = true;
		}
		const time_t start = m.now;
		while (m.now < start + DAY) {
			machine_step(&m);
			expect(&m, ROLLOVER_RETIRE, i == 0 ? GATE_VALIDATION_FAILS : GATE_CHAIN_BROKEN);
			assert_true(m.out.set_keys);
			rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
			rollover_carried_out(&m.row, m.out.again, m.now);
			m.now = m.row.next_check;
			orders++;
		}
		assert_true(orders <= 2 * DAY / m.config.check_interval);
	}
}

/*!
 * A nameserver had an old version while the policy was switched: the data that it served may need the old DNSKEY for as
 * long as the zone TTL.
 */
static void the_zone_ttl_is_proven_before_the_old_key_goes(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	machine_algorithm(&m);
	m.config.zone_ttl = 2 * DAY;
	m.facts.own.base_publishes = false;
	m.facts.own.policy = POLICY_BASE; /* A reload has lost the switch. */
	m.child[1].data_algorithms = OLD_ALGORITHM;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_POLICY_PENDING);
	assert_int_equal(m.row.data_since, 0);
	m.facts.own.policy = POLICY_LOW_TTL;
	m.child[1].data_algorithms |= NEW_ALGORITHM;
	step_at(&m, m.now + 1);
	expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
	assert_int_equal(m.out.action, ACTION_NONE);
	assert_int_equal(m.row.data_since, m.now);
	assert_int_equal(m.row.observed_since, T0);
	step_at(&m, m.now + 1);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_ZONE_TTL);
	check_until(&m, m.row.gate_until);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);
	step_at(&m, m.now + 1);
	assert_int_equal(m.out.action, ACTION_RETIRE);
}

/*! While CDS is out no answer tells who signs the data. But a version without the new DNSKEY may be an old one. */
static void a_version_without_the_new_key_may_lack_signatures(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS, ROLLOVER_ROLLBACK };

	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		machine_t m;
		machine_at(&m, STATES[i]);
		machine_algorithm(&m);
		m.config.zone_ttl = HOUR;
		machine_step(&m);
		assert_int_equal(m.row.data_since, T0 - 8 * DAY);
		m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
		step_at(&m, m.now + 1);
		assert_int_equal(m.row.data_since, 0);
		m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD | NEW;
		machine_signal(&m, 0);
		machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
		step_at(&m, m.now + 1);
		assert_true(m.row.data_since == 0 || m.row.data_since == m.now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_zone_ttl_is_proven_before_the_old_key_goes),
		cmocka_unit_test(a_version_without_the_new_key_may_lack_signatures),
		cmocka_unit_test(both_ds_may_have_been_in_one_set),
		cmocka_unit_test(signatures_lost_in_rolled_back_are_noticed),
		cmocka_unit_test(signals_come_out_only_where_the_data_have_both_algorithms),
		cmocka_unit_test(nothing_is_asked_back_before_the_data_have_both_algorithms),
		cmocka_unit_test(keys_that_the_policy_wants_again_are_not_removed),
		cmocka_unit_test(keys_of_the_old_algorithm_that_ds_names_are_not_removed),
		cmocka_unit_test(what_is_left_goes_while_the_parent_has_the_ds_of_a_key_that_is_gone),
		cmocka_unit_test(a_refused_order_is_for_the_operator),
		cmocka_unit_test(a_zone_that_knot_does_not_sign_comes_to_the_operators_notice),
		cmocka_unit_test(an_order_in_vain_keeps_the_pace_of_every_gate),
		cmocka_unit_test(an_algorithm_that_begins_is_held_wherever_no_new_key_is),
		cmocka_unit_test(an_algorithm_that_may_not_begin_is_held_as_well),
		cmocka_unit_test(what_comes_back_goes_again),
		cmocka_unit_test(a_zsk_stays_while_data_has_its_signatures_alone),
		cmocka_unit_test(a_policy_that_was_set_back_publishes_nothing),
		cmocka_unit_test(a_step_that_is_cut_short_proves_no_ttl),
		cmocka_unit_test(what_was_given_up_is_not_hidden_any_more),
		cmocka_unit_test(two_algorithms_of_which_nothing_is_known_are_silent),
		cmocka_unit_test(the_policy_says_which_key_is_new),
		cmocka_unit_test(another_change_ends_this_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
