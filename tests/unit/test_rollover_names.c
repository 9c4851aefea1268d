/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names: of everything that there is, and of what there is not. Keys: which are equal, and where one is.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine.h"

static void what_there_is_not_has_a_name(void **state)
{
	(void)state;
	static const int BEYOND[] = { 0, 1, 1000 };

	for (int i = 0; i < 3; i++) {
		assert_string_equal(rollover_state_name(ROLLOVER_STATE__COUNT + BEYOND[i]), "unknown");
		assert_string_equal(rollover_state_meaning(ROLLOVER_STATE__COUNT + BEYOND[i]), "unknown");
		assert_string_equal(rollover_policy_name(POLICY__COUNT + BEYOND[i]), "unknown");
		assert_string_equal(rollover_actor_name(ACTOR__COUNT + BEYOND[i]), "unknown");
		assert_string_equal(rollover_answer_name(ANSWER__COUNT + BEYOND[i]), "unknown");
		assert_ptr_equal(rollover_gate_info(GATE__COUNT + BEYOND[i]), rollover_gate_info(GATE_NONE));
	}
	assert_string_equal(rollover_state_name((rollover_state_t)-1), "unknown");
}

static void what_there_is_has_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		assert_string_not_equal(rollover_state_name(i), "unknown");
		assert_string_not_equal(rollover_state_meaning(i), "unknown");
	}
	for (int i = 0; i < POLICY__COUNT; i++) {
		assert_string_not_equal(rollover_policy_name(i), "unknown");
	}
	for (int i = 0; i < ACTOR__COUNT; i++) {
		assert_string_not_equal(rollover_actor_name(i), "unknown");
	}
	for (int i = 0; i < ANSWER__COUNT; i++) {
		assert_string_not_equal(rollover_answer_name(i), "unknown");
	}
	for (int i = 1; i < GATE__COUNT; i++) {
		assert_ptr_not_equal(rollover_gate_info(i), rollover_gate_info(GATE_NONE));
	}
}

/*! Who checks after a side acts there, and has a command for it. */
static void the_traits_of_a_gate_agree(void **state)
{
	(void)state;
	bool used[HELP__COUNT] = { false };

	for (int i = 1; i < GATE__COUNT; i++) {
		const rollover_gate_info_t *gate = rollover_gate_info(i);
		const bool transfer = gate->opener == OPENER_TRANSFER;
		print_message("%s\n", gate->name);
		assert_true(gate->actor != ACTOR_SECONDARY || gate->side == SIDE_CHILD);
		assert_true(gate->actor != ACTOR_PARENT || gate->side == SIDE_PARENT);
		assert_true(!transfer || gate->actor == (gate->side == SIDE_PARENT ? ACTOR_PARENT : ACTOR_SECONDARY));
		assert_true(gate->opener != OPENER_SCAN || (gate->ds_wrong && gate->actor == ACTOR_PARENT));
		assert_true(!gate->ds_wrong || (gate->pace == PACE_NOTIFIED && gate->help != HELP_NONE));
		assert_true(gate->pace != PACE_NOTIFIED || gate->ds_interval);
		assert_true(!gate->chosen || (gate->silences && gate->actor == ACTOR_OPERATOR));
		assert_true(gate->actor != ACTOR_SECONDARY || gate->help != HELP_NONE);
		/* No command makes the parent secure. */
		assert_true(gate->actor != ACTOR_PARENT || gate->help != HELP_NONE || i == GATE_PARENT_INSECURE);
		used[gate->help] = true;
	}
	for (int i = 1; i < HELP__COUNT; i++) {
		assert_true(used[i]);
	}
}

static void keys_are_equal_if_all_of_them_is(void **state)
{
	(void)state;
	key_id_t a = machine_key(1), b = machine_key(1);
	assert_true(key_id_equal(&a, &b));
	b.digest[sizeof(b.digest) - 1]++;
	assert_false(key_id_equal(&a, &b));
	b = a;
	b.tag++;
	assert_false(key_id_equal(&a, &b));
	b = a;
	b.algorithm++;
	assert_false(key_id_equal(&a, &b));
}

static void a_key_is_found_among_those_that_count(void **state)
{
	(void)state;
	const key_id_t keys[] = { machine_key(1), machine_key(2), machine_key(3) };
	assert_int_equal(key_id_find(keys, 3, &keys[0]), 0);
	assert_int_equal(key_id_find(keys, 3, &keys[2]), 2);
	assert_int_equal(key_id_find(keys, 2, &keys[2]), -1);
	assert_int_equal(key_id_find(keys, 0, &keys[0]), -1);
}

static void a_new_row_is_idle_and_due(void **state)
{
	(void)state;
	rollover_row_t row;
	memset(&row, 0xff, sizeof(row));
	rollover_init(&row, T0);
	assert_int_equal(row.state, ROLLOVER_IDLE);
	assert_int_equal(row.since, T0);
	assert_int_equal(row.gate_since, T0);
	assert_int_equal(row.next_check, T0);
	assert_int_equal(row.old_count, 0);
	assert_int_equal(row.settled_at, 0);
	assert_false(row.has_new);
}

/* RFC 10026 4.1: at most 900 s, so from 900 s on the TTL of the delete signal is lower and not higher. */
static void the_ttl_of_a_policy_stays_in_the_window(void **state)
{
	(void)state;
	assert_int_equal(rollover_policy_ttl(POLICY_LOW_TTL, 900), 900);
	assert_int_equal(rollover_policy_ttl(POLICY_DELETE, 898), 899);
	assert_int_equal(rollover_policy_ttl(POLICY_DELETE, 899), 900);
	assert_int_equal(rollover_policy_ttl(POLICY_DELETE, 900), 899);
}

static void every_word_is_there_and_unique(void **state)
{
	(void)state;
	for (int i = 0; i < GATE__COUNT; i++) {
		const rollover_gate_info_t *g = rollover_gate_info(i);
		assert_true(g->name && g->meaning && g->advice && g->name[0] && g->advice[0]);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(g->name, rollover_gate_info(j)->name);
		}
	}
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		assert_string_not_equal(rollover_state_name(i), "unknown");
		assert_string_not_equal(rollover_state_meaning(i), "unknown");
	}
	assert_string_equal(rollover_state_name(99), "unknown");
}

static void the_ttl_of_each_derived_policy_is_its_own_and_in_the_window(void **state)
{
	(void)state;
	static const uint32_t ttls[] = { 1, 2, 5, 300, 301, 600, 897, 898, 899, 900, HOUR, UINT32_MAX };

	for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
		const uint32_t low = rollover_policy_ttl(POLICY_LOW_TTL, ttls[i]);
		const uint32_t other = rollover_policy_ttl(POLICY_DELETE, ttls[i]);
		assert_int_equal(low, ttls[i]);
		assert_true(other > 0 && labs((long)other - (long)low) == 1);
		if (low >= 300 && low <= 900) {
			assert_true(other >= 300 && other <= 900);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_there_is_not_has_a_name),
		cmocka_unit_test(what_there_is_has_its_own),
		cmocka_unit_test(the_traits_of_a_gate_agree),
		cmocka_unit_test(keys_are_equal_if_all_of_them_is),
		cmocka_unit_test(a_key_is_found_among_those_that_count),
		cmocka_unit_test(the_ttl_of_a_policy_stays_in_the_window),
		cmocka_unit_test(a_new_row_is_idle_and_due),
		cmocka_unit_test(every_word_is_there_and_unique),
		cmocka_unit_test(the_ttl_of_each_derived_policy_is_its_own_and_in_the_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
