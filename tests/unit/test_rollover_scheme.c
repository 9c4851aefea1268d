/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rollovers between a single-type key and a pair of KSK and ZSK. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine_time.h"

/*! KSKs with a signature over the data, everywhere; none: ZSKs sign it. */
static void sign(machine_t *m, keyset_t keys)
{
	m->facts.own.data_algorithms = OLD_ALGORITHM;
	m->facts.own.data_signed_by = keys;
	for (int i = 0; i < 2; i++) {
		m->child[i].data_signed_by = m->child[i].cds.present ? 0 : keys;
		m->child[i].data_by_zsk = keys == 0;
	}
}

/*! The zone between two schemes. Its ZSKs are there, old ones or new ones. \a moved: the new end signs the data. */
static void at(machine_t *m, rollover_state_t state, bool to_csk)
{
	machine_at(m, state);
	m->row.csk = !to_csk;
	m->row.csk_new = m->facts.own.csk_wanted = to_csk;
	const bool moved = state >= ROLLOVER_WITHDRAW && state <= ROLLOVER_RETIRE;
	if (moved) {
		m->row.keys = KEYS_MOVED;
	}
	sign(m, moved == to_csk ? (moved ? NEW : OLD) : 0);
}

static void a_key_of_the_other_scheme_begins_a_rollover(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.row.csk = m.facts.own.csk = !to_csk;
		m.facts.own.csk_wanted = to_csk;
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_SCHEME_CHANGE);
		assert_false(m.out.driven);

		m.facts.own.csk = false;
		machine_serve(&m, OLD | NEW, HOUR);
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_true(rollover_changes_scheme(&m.row) && rollover_moves(&m.row));
		assert_int_equal(m.row.csk, !to_csk);
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_KEYS_PENDING);
		assert_int_equal(m.out.keys, KEYS_SILENT);
	}
}

static void another_algorithm_has_its_turn_later(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.facts.own.csk_wanted = true;
		m.facts.own.algorithms = OLD_ALGORITHM;
		m.facts.own.algorithm_wanted = 15;
		if (i == 1) { /* Knot has made the keys, and published them. */
			m.facts.keys[1].algorithm = 15;
			machine_serve(&m, OLD | NEW, HOUR);
		}
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_SCHEME_CHANGE);
		assert_non_null(strstr(m.row.gate_detail, "one after the other"));
	}
}

/*! One of the two is set back; who signs the data tells that the keys are none of what the policy says by then. */
static void keys_of_another_algorithm_and_scheme_begin_nothing(void **state)
{
	(void)state;
	static const rollover_state_t states[] = { ROLLOVER_IDLE, ROLLOVER_PRESIGN };

	for (int i = 0; i < 8; i++) {
		const bool to_csk = i & 1, scheme_back = i & 2;
		machine_t m;
		machine_at(&m, states[i / 4]);
		machine_serve(&m, OLD | NEW, HOUR);
		machine_algorithm(&m);
		m.facts.own.data_signed_by = to_csk ? NEW : OLD;
		m.facts.own.csk = false;
		m.row.csk = !to_csk;
		m.facts.own.csk_wanted = to_csk != scheme_back;
		m.facts.own.algorithm_wanted = scheme_back ? 15 : 13;
		m.row.gate = GATE_SCHEME_CHANGE;
		for (int again = 0; again < 2; again++) {
			machine_step(&m);
			expect(&m, states[i / 4], GATE_SCHEME_CHANGE);
			assert_non_null(strstr(m.row.gate_detail, "at once"));
			assert_int_equal(m.out.gate_changed, again == 0);
		}
		assert_false(m.out.set_keys || m.row.has_new);

		/* Of the same kind: both sign the data, or ZSKs do. */
		m.facts.own.data_signed_by = to_csk ? 0 : OLD | NEW;
		m.facts.own.csk = m.facts.own.csk_wanted = !to_csk;
		m.facts.own.algorithm_wanted = 15;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	}
}

/*! A KSK was ordered, and what came is not that. */
static void keys_of_another_algorithm_and_scheme_are_not_what_was_ordered(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		machine_t m;
		machine_at(&m, ROLLOVER_INTRODUCE);
		machine_algorithm(&m);
		m.row.has_new = false;
		m.row.ordered = m.now - 1;
		m.row.csk = m.row.csk_new = !to_csk;
		m.facts.own.csk_wanted = to_csk;
		m.facts.own.data_signed_by = to_csk ? NEW : OLD;
		for (int i = 0; i < 3; i++) {
			machine_step(&m);
			assert_false(m.row.has_new);
		}
		expect(&m, ROLLOVER_IDLE, GATE_SCHEME_CHANGE);
	}
}

/*! Where the TTL of the policy is low enough, Knot need not wait for the end of settle. */
static void a_change_begins_before_the_last_rollover_has_settled(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool to_csk = i & 1, both = i & 2;
		machine_t m;
		machine_at(&m, ROLLOVER_SETTLE);
		machine_serve(&m, OLD | NEW, 300);
		if (both) {
			machine_algorithm(&m);
			machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
			m.facts.own.data_signed_by = to_csk ? NEW : OLD;
		} else {
			sign(&m, to_csk ? 0 : OLD);
		}
		m.facts.own.policy = POLICY_BASE;
		m.row.csk = !to_csk;
		m.facts.own.csk_wanted = to_csk;
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_NONE);
		machine_step(&m);
		if (both) {
			expect(&m, ROLLOVER_IDLE, GATE_SCHEME_CHANGE);
			continue;
		}
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_true(rollover_changes_scheme(&m.row));
		assert_int_equal(m.row.csk, !to_csk);
	}
}

/*! A backup has taken away the key in use, and Knot has made one of another algorithm: they are of the same scheme. */
static void keys_that_replace_all_others_are_of_no_other_scheme(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_algorithm(&m);
	m.row.has_new = false;
	m.row.old[0] = m.facts.keys[2];
	machine_serve(&m, OLD | NEW, 300);
	machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
	m.row.csk = m.facts.own.csk = m.facts.own.csk_wanted = true;
	m.facts.own.data_signed_by = OLD | NEW;
	machine_step(&m);
	assert_int_not_equal(m.row.gate, GATE_SCHEME_CHANGE);
}

/*! A derived policy is in force, and Knot makes keys by that one. */
static void a_ksk_of_settle_is_of_the_scheme_of_before(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_SETTLE);
	machine_serve(&m, OLD | NEW, 300);
	sign(&m, 0);
	m.facts.own.csk_wanted = true;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_false(rollover_changes_scheme(&m.row));
}

static void what_is_being_prepared_gives_way(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PREPARE);
	m.facts.own.csk_wanted = true;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
}

static void the_data_move_when_the_ds_has(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		machine_t m;
		at(&m, ROLLOVER_WITHDRAW, to_csk);
		m.row.keys = KEYS_SILENT;
		sign(&m, to_csk ? 0 : OLD);
		m.row.all_since = m.now - 400;
		m.row.all_expired = m.now;
		m.row.observed_last = m.now - 1;
		machine_step(&m);
		expect(&m, ROLLOVER_WITHDRAW, GATE_KEYS_PENDING);
		assert_true(m.out.set_keys && m.out.keys == KEYS_MOVED);

		/* Until they have, everywhere, nobody observes. */
		rollover_keys_are(&m.row, KEYS_MOVED, &m.facts, m.now);
		sign(&m, to_csk ? NEW : 0);
		m.child[1].data_signed_by = to_csk ? 0 : OLD;
		machine_step(&m);
		expect(&m, ROLLOVER_WITHDRAW, GATE_SIGNATURES_MISSING);
		assert_string_equal(m.row.gate_about, m.child[1].server);
		m.child[1].data_signed_by = to_csk ? NEW : 0;
		machine_step(&m);
		expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
	}
}

static void data_that_moved_back_are_seen(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_OBSERVE, ROLLOVER_RETIRE };
	for (int i = 0; i < 4; i++) {
		const bool to_csk = i & 1;
		machine_t m;
		at(&m, STATES[i / 2], to_csk);
		m.child[0].data_signed_by = to_csk ? 0 : OLD;
		machine_step(&m);
		expect(&m, STATES[i / 2], GATE_SIGNATURES_MISSING);
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_int_equal(m.row.observed_since, 0);

		/* The own zone. */
		at(&m, STATES[i / 2], to_csk);
		m.facts.own.data_signed_by = to_csk ? 0 : OLD;
		machine_step(&m);
		expect(&m, ROLLOVER_WITHDRAW, GATE_NONE);
	}
}

/*! A KSK that does not sign is not enough. */
static void zsks_have_to_sign(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_OBSERVE, false);
	m.child[0].data_by_zsk = false;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_SIGNATURES_MISSING);
}

static void caches_lose_the_data_of_the_old_end_first(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		machine_t m;
		at(&m, ROLLOVER_OBSERVE, to_csk);
		m.config.zone_ttl = 3 * DAY;
		m.config.observe = DAY;
		machine_step(&m);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
		while (m.now + 300 < T0 + 3 * DAY) {
			m.now += 300;
			machine_step(&m);
			assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
		}
		m.now = T0 + 3 * DAY + 1;
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, GATE_NONE);
		machine_step(&m);
		assert_int_equal(m.out.action, ACTION_RETIRE);
		assert_int_equal(m.out.keys, KEYS_MOVED);
	}
}

static void the_scheme_is_the_new_one_at_the_end(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		machine_t m;
		at(&m, ROLLOVER_RETIRE, to_csk);
		machine_serve(&m, NEW, 300);
		m.facts.own.csk = to_csk;
		sign(&m, to_csk ? NEW : 0);
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
		while (m.row.state == ROLLOVER_RETIRE && m.now < T0 + 2 * DAY) {
			m.now += 100;
			machine_step(&m);
		}
		expect(&m, ROLLOVER_SETTLE, GATE_NONE);
		assert_int_equal(m.row.csk, to_csk);
		assert_false(rollover_changes_scheme(&m.row));
		machine_step(&m);
		assert_int_not_equal(m.row.gate, GATE_SCHEME_CHANGE);
	}
}

/*! The operator has removed the old KSK, and its ZSK signs what caches have. */
static void a_zsk_that_is_left_goes_after_its_data(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE, true);
	m.config.zone_ttl = HOUR;
	machine_serve(&m, NEW, 300);
	machine_step(&m);
	const time_t since = m.row.all_since;
	assert_int_equal(since, m.now);
	while (m.now + 100 <= ttl_expires(since, HOUR)) {
		m.now += 100;
		machine_step(&m);
		assert_int_equal(m.out.action, m.now < ttl_expires(since, HOUR) ? ACTION_NONE : ACTION_RETIRE);
	}
	m.now = ttl_expires(since, HOUR);
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	m.facts.own.csk = true;
	machine_step(&m);
	expect(&m, ROLLOVER_SETTLE, GATE_NONE);
}

static void a_rollback_waits_for_the_data_of_the_old_end(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		machine_t m;
		at(&m, ROLLOVER_ROLLED_BACK, to_csk);
		sign(&m, to_csk ? 0 : OLD);
		m.child[0].data_signed_by = to_csk ? NEW : 0;
		machine_step(&m);
		expect(&m, ROLLOVER_ROLLED_BACK, GATE_AWAITING_DECISION);
		assert_non_null(strstr(m.row.gate_detail, "the new key must stay"));
		assert_int_equal(m.row.all_since, 0);
		m.child[0].data_signed_by = to_csk ? 0 : OLD;
		machine_step(&m);
		assert_int_equal(m.row.all_since, m.now);
	}
}

static void the_base_policy_returns_before_the_scheme_is_waited_for(void **state)
{
	(void)state;
	for (int prepared = 0; prepared < 2; prepared++) {
		machine_t m;
		machine_at(&m, prepared ? ROLLOVER_PREPARE : ROLLOVER_IDLE);
		m.facts.own.policy = POLICY_LOW_TTL;
		m.facts.own.csk_wanted = true;
		if (prepared) {
			machine_step(&m);
			expect(&m, ROLLOVER_IDLE, GATE_NONE);
		}
		/* The switch has failed: Knot makes no key of the other scheme with the former policy. */
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_SCHEME_CHANGE);
		assert_true(rollover_must_switch(&m.facts.own, &m.out));
		assert_int_equal(m.out.policy, POLICY_BASE);
		assert_false(m.out.set_keys);
		m.facts.own.policy = POLICY_BASE;
		machine_step(&m);
		assert_false(m.out.driven);

		/* Now it has made one. */
		machine_serve(&m, OLD | NEW, HOUR);
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_true(rollover_changes_scheme(&m.row));
	}
}

/*! A store that was lost while the scheme changes. */
static void a_scheme_that_changes_is_found_out_again(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		machine_t m;
		machine_init(&m);
		machine_serve(&m, OLD | NEW, 300);
		m.facts.own.csk_wanted = to_csk;
		m.facts.own.data_algorithms = OLD_ALGORITHM;
		m.facts.own.data_signed_by = to_csk ? 0 : OLD;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_true(rollover_changes_scheme(&m.row));
		assert_int_equal(m.row.csk, !to_csk);
		machine_step(&m);
		assert_int_not_equal(m.row.gate, GATE_SCHEME_CHANGE);
	}
}

/*! ZSKs beside a single key that signs: whatever the policy says by now, the new key is none. */
static void a_new_key_beside_zsks_is_no_single_key(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.row.csk = true;
	machine_serve(&m, OLD | NEW, HOUR);
	m.facts.own.data_algorithms = OLD_ALGORITHM;
	m.facts.own.data_signed_by = OLD;
	m.facts.own.csk_wanted = true;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(m.row.csk);
	assert_false(m.row.csk_new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_of_the_other_scheme_begins_a_rollover),
		cmocka_unit_test(another_algorithm_has_its_turn_later),
		cmocka_unit_test(keys_of_another_algorithm_and_scheme_begin_nothing),
		cmocka_unit_test(keys_of_another_algorithm_and_scheme_are_not_what_was_ordered),
		cmocka_unit_test(a_change_begins_before_the_last_rollover_has_settled),
		cmocka_unit_test(keys_that_replace_all_others_are_of_no_other_scheme),
		cmocka_unit_test(a_ksk_of_settle_is_of_the_scheme_of_before),
		cmocka_unit_test(what_is_being_prepared_gives_way),
		cmocka_unit_test(the_data_move_when_the_ds_has),
		cmocka_unit_test(data_that_moved_back_are_seen),
		cmocka_unit_test(zsks_have_to_sign),
		cmocka_unit_test(caches_lose_the_data_of_the_old_end_first),
		cmocka_unit_test(the_scheme_is_the_new_one_at_the_end),
		cmocka_unit_test(a_zsk_that_is_left_goes_after_its_data),
		cmocka_unit_test(a_rollback_waits_for_the_data_of_the_old_end),
		cmocka_unit_test(the_base_policy_returns_before_the_scheme_is_waited_for),
		cmocka_unit_test(a_scheme_that_changes_is_found_out_again),
		cmocka_unit_test(a_new_key_beside_zsks_is_no_single_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
