/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long Knot DNS is told to keep the old key. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "module/engine/belt.h"

#define NOW	((time_t)1000000000)

/*! A rollover of one key that waited for a DS TTL of an hour, a day ago. */
static rollover_row_t row_of_a_rollover(void)
{
	return (rollover_row_t){
		.state = ROLLOVER_RETIRE, .old_count = 1, .has_new = true,
		.ds_all_since = NOW - 86400, .ds_drain = 3600,
	};
}

static void what_this_process_has_measured_is_not_waited_for_again(void **state)
{
	(void)state;
	rollover_row_t row = row_of_a_rollover();

	assert_int_equal(belt_ttl(&row, NOW - 100000, NOW), 0);
	assert_int_equal(belt_ttl(&row, NOW - 3600, NOW), 0);
	assert_int_equal(belt_ttl(&row, NOW - 3599, NOW), 1);
}

static void after_a_start_the_whole_ttl_is_waited_for(void **state)
{
	(void)state;
	rollover_row_t row = row_of_a_rollover();

	assert_int_equal(belt_ttl(&row, NOW, NOW), 3600);
	assert_int_equal(belt_ttl(&row, NOW - 600, NOW), 3000);
}

static void a_ds_that_came_after_the_start_counts_from_then(void **state)
{
	(void)state;
	rollover_row_t row = row_of_a_rollover();

	row.ds_all_since = NOW - 600;
	assert_int_equal(belt_ttl(&row, NOW - 100000, NOW), 3000);
}

static void times_ahead_make_it_no_shorter_and_no_longer(void **state)
{
	(void)state;
	rollover_row_t row = row_of_a_rollover();

	assert_int_equal(belt_ttl(&row, NOW + 50, NOW), 3600);
	row.ds_all_since = NOW + 50;
	assert_int_equal(belt_ttl(&row, NOW - 100000, NOW), 3600);
}

static void a_key_that_goes_by_mistake_stays_long(void **state)
{
	(void)state;
	rollover_row_t row = row_of_a_rollover();

	row.old_count = 0;	// A first DS: no key is meant to go.
	assert_int_equal(belt_ttl(&row, NOW - 100000, NOW), ROLLOVER_UNKNOWN_DS_TTL);
	row = row_of_a_rollover();
	row.state = ROLLOVER_INTRODUCE;	// The only key is confirmed, so that Knot makes another one.
	row.has_new = false;
	row.ds_all_since = 0;
	assert_int_equal(belt_ttl(&row, NOW - 100000, NOW), ROLLOVER_UNKNOWN_DS_TTL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_this_process_has_measured_is_not_waited_for_again),
		cmocka_unit_test(after_a_start_the_whole_ttl_is_waited_for),
		cmocka_unit_test(a_ds_that_came_after_the_start_counts_from_then),
		cmocka_unit_test(times_ahead_make_it_no_shorter_and_no_longer),
		cmocka_unit_test(a_key_that_goes_by_mistake_stays_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
