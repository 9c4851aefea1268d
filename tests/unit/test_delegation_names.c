/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and traits of states and gates: all are there, and agree. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "kskroll/delegation_names.h"

static void every_name_is_there_and_unique(void **state)
{
	(void)state;
	for (int i = 0; i < DELEGATION_GATE__COUNT; i++) {
		const delegation_gate_info_t *gate = delegation_gate_info(i);
		print_message("%s\n", gate->name);
		assert_true(gate->name[0] && gate->meaning[0] && gate->advice[0]);
		assert_string_not_equal(delegation_gate_name(i), "unknown");
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(gate->name, delegation_gate_name(j));
			assert_string_not_equal(gate->meaning, delegation_gate_info(j)->meaning);
		}
	}
	for (int i = 0; i < DELEGATION_STATE__COUNT; i++) {
		assert_string_not_equal(delegation_state_name(i), "unknown");
		assert_true(delegation_state_info(i)->meaning[0]);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(delegation_state_name(i), delegation_state_name(j));
		}
	}
	for (int i = 0; i < DELEGATION_ACTOR__COUNT; i++) {
		assert_string_not_equal(delegation_actor_name(i), "unknown");
	}
	for (int i = 0; i < DELEGATION_SEVERITY__COUNT; i++) {
		assert_string_not_equal(delegation_severity_name(i), "unknown");
	}
}

static void what_there_is_not_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(delegation_state_name(DELEGATION_STATE__COUNT), "unknown");
	assert_string_equal(delegation_state_name((delegation_state_t)-1), "unknown");
	assert_string_equal(delegation_gate_name(DELEGATION_GATE__COUNT), "unknown");
	assert_ptr_equal(delegation_gate_info(DELEGATION_GATE__COUNT), delegation_gate_info(DELEGATION_GATE_NONE));
	assert_string_equal(delegation_actor_name(DELEGATION_ACTOR__COUNT), "unknown");
	assert_string_equal(delegation_severity_name(DELEGATION_SEVERITY__COUNT), "unknown");
}

static void the_traits_of_a_gate_agree(void **state)
{
	(void)state;
	for (int i = 1; i < DELEGATION_GATE__COUNT; i++) {
		const delegation_gate_info_t *gate = delegation_gate_info(i);
		const bool at = strlen(gate->name) > 3 && strcmp(gate->name + strlen(gate->name) - 3, "-at") == 0;
		print_message("%s\n", gate->name);
		/* What is reported to the child's operator has something to act on; nobody else gets a report. */
		assert_true(gate->ede == 0 || gate->actor == DELEGATION_ACTOR_CHILD || gate->ede == 15 /* Blocked */);
		assert_true(gate->ede <= 24);
		/* A server can only be named where somebody runs it. */
		assert_true(!at || gate->actor != DELEGATION_ACTOR_NOBODY);
		/* What ends only when the child changes is not surveyed every few minutes. */
		assert_true((gate->after != DELEGATION_FINAL && gate->after != DELEGATION_KEPT) ||
		            gate->pace == DELEGATION_PACE_SCAN);
		assert_true(gate->after != DELEGATION_AGAIN || gate->pace != DELEGATION_PACE_SCAN);
		/* Where only time is missing there is no fault. */
		assert_true(gate->actor != DELEGATION_ACTOR_NOBODY || gate->severity <= DELEGATION_NOTICE);
		assert_true(gate->severity != DELEGATION_ALARM || gate->actor != DELEGATION_ACTOR_NOBODY);
	}
}

static void the_traits_of_a_state_agree(void **state)
{
	(void)state;
	for (int i = 0; i < DELEGATION_STATE__COUNT; i++) {
		const delegation_state_info_t *info = delegation_state_info(i);
		print_message("%s\n", info->name);
		/* A change that can be undone is not finished: its TTL stays. */
		assert_true(!info->watched || !info->restores);
		assert_true(!info->watched || (info->asks & DELEGATION_ASK_WATCH));
		assert_true(!info->watched || (info->asks & DELEGATION_ASK_PARENTS));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_there_and_unique),
		cmocka_unit_test(what_there_is_not_has_a_name),
		cmocka_unit_test(the_traits_of_a_gate_agree),
		cmocka_unit_test(the_traits_of_a_state_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
