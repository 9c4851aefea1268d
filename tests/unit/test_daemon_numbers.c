/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many rollovers are under way, also of zones that had no turn since the process began. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env.h"
#include "pack.h"
#include "zone.h"

/* What the numbers are sent by. */

bool instances_next(const instances_t *in, uint32_t *at, wire_id_t *id)
{
	(void)in, (void)at, (void)id;
	return false;
}

void outbox_numbers(outbox_t *out, wire_id_t id, const zone_numbers_t *numbers)
{
	(void)out, (void)id, (void)numbers;
}

void outbox_totals(outbox_t *out, const process_totals_t *totals)
{
	(void)out, (void)totals;
}

uint64_t notify_listen_ignored(const notify_listen_t *listen)
{
	(void)listen;
	return 0;
}

static env_t env;

/*! A zone after its turn, in that state. */
static void turn(entry_t *entry, rollover_state_t state)
{
	zone_t zone = { .env = &env, .entry = entry };

	zone.kept.row.state = state;
	entry->zone = &zone;
	numbers_resumed(&env.numbers, entry);
	numbers_publish(&env, entry);
	entry->zone = NULL;
}

static void a_zone_that_rolls_counts_before_its_first_turn(void **state)
{
	(void)state;
	entry_t *entry[3];

	memset(&env, 0, sizeof(env));
	for (int i = 0; i < 3; i++) {
		entry[i] = calloc(1, sizeof(entry_t) + 1);
		assert_non_null(entry[i]);
		numbers_enter(&env.numbers, entry[i]);
	}
	assert_int_equal(numbers_under_way(&env.numbers), 0);
	/* By the store two of them roll; it may say so twice. */
	numbers_resume(&env.numbers, entry[0]);
	numbers_resume(&env.numbers, entry[1]);
	numbers_resume(&env.numbers, entry[1]);
	assert_int_equal(numbers_under_way(&env.numbers), 2);
	/* So does the first one, and goes on; a third one starts. */
	turn(entry[0], ROLLOVER_AWAIT_DS);
	assert_int_equal(numbers_under_way(&env.numbers), 2);
	turn(entry[2], ROLLOVER_PREPARE);
	assert_int_equal(numbers_under_way(&env.numbers), 3);
	/* The first one ends; the second one is unloaded before it had a turn. */
	turn(entry[0], ROLLOVER_IDLE);
	assert_int_equal(numbers_under_way(&env.numbers), 2);
	numbers_resumed(&env.numbers, entry[1]);
	numbers_leave(&env.numbers, entry[1]);
	assert_int_equal(numbers_under_way(&env.numbers), 1);
	for (int i = 0; i < 3; i++) {
		free(entry[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_that_rolls_counts_before_its_first_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
