/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The checksum of a world: the same for the same world, another one for whatever goes another way.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "summary.h"

#define SEED 3

static world_t *run(uint64_t seed, parents_t parents)
{
	world_t *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_generate(w, seed, 0, PROFILE_COOPERATIVE, DRIVER_MODULE, parents);
	world_run(w);
	return w;
}

static void test_the_same_world_has_the_same_sum(void **state)
{
	world_t *one = run(SEED, PARENTS_AGENT), *two = run(SEED, PARENTS_AGENT), *other = run(SEED + 1, PARENTS_AGENT);
	world_t *plain = run(SEED, PARENTS_PLAIN);

	(void)state;
	assert_true(summary_checksum(one) == summary_checksum(two));
	assert_false(summary_checksum(one) == summary_checksum(other));
	assert_false(summary_checksum(one) == summary_checksum(plain));
	free(one);
	free(two);
	free(other);
	free(plain);
}

/*! Each line of the timeline is in it, printed or not. */
static void test_what_the_agent_does_is_in_the_timeline(void **state)
{
	char *text = NULL;
	size_t size = 0;
	world_t *w = calloc(1, sizeof(*w)), *silent = run(SEED, PARENTS_AGENT);

	(void)state;
	assert_non_null(w);
	w->trace = open_memstream(&text, &size);
	assert_non_null(w->trace);
	world_generate(w, SEED, 0, PROFILE_COOPERATIVE, DRIVER_MODULE, PARENTS_AGENT);
	world_run(w);
	fclose(w->trace);
	w->trace = NULL;
	assert_non_null(strstr(text, "agent       rest -> "));
	assert_non_null(strstr(text, "agent       changes DS"));
	assert_non_null(strstr(text, "agent       restores the TTL"));
	assert_true(w->trace_sum == silent->trace_sum);
	const uint64_t before = w->trace_sum;
	trace(w, "agent       one line more");
	assert_false(w->trace_sum == before);
	free(text);
	free(w);
	free(silent);
}

static void test_every_turn_of_the_agent_counts(void **state)
{
	world_t *w = run(SEED, PARENTS_AGENT);
	const uint64_t sum = summary_checksum(w);

	(void)state;
#define DIFFERS(field)                                                                                                 \
	do {                                                                                                           \
		(field)++;                                                                                             \
		assert_false(summary_checksum(w) == sum);                                                              \
		(field)--;                                                                                             \
	} while (0)
	DIFFERS(w->agent.decisions);
	DIFFERS(w->agent.surveys);
	DIFFERS(w->agent.changes_made);
	DIFFERS(w->agent.undos_made);
	DIFFERS(w->agent.restores_made);
	DIFFERS(w->agent.rng.state);
	DIFFERS(w->agent.row.state);
	DIFFERS(w->agent.row.next_check);
	assert_true(summary_checksum(w) == sum);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_world_has_the_same_sum),
		cmocka_unit_test(test_what_the_agent_does_is_in_the_timeline),
		cmocka_unit_test(test_every_turn_of_the_agent_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
