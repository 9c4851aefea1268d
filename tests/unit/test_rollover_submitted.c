/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long Knot DNS is told to keep the old key. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kskroll/rollover.h"

#define NOW ((time_t)1000000000)

/*! A rollover of one key that waited for a DS TTL of an hour, a day ago. */
static rollover_row_t row_of_a_rollover(void)
{
	return (rollover_row_t){
		.state = ROLLOVER_RETIRE,
		.old_count = 1,
		.has_new = true,
		.ds_all_since = NOW - 86400,
		.ds_expire = 3600,
	};
}

static void what_is_left_of_the_old_ds_is_waited_for(void **state)
{
	(void)state;
	rollover_row_t row = row_of_a_rollover();

	assert_int_equal(rollover_submitted_ttl(&row, NOW), 0);
	row.ds_all_since = NOW - 3600;
	assert_int_equal(rollover_submitted_ttl(&row, NOW), 0);
	row.ds_all_since = NOW - 3599;
	assert_int_equal(rollover_submitted_ttl(&row, NOW), 1);
	row.ds_all_since = NOW + 50;
	assert_int_equal(rollover_submitted_ttl(&row, NOW), 3600);
}

static void a_key_that_goes_by_mistake_stays_long(void **state)
{
	(void)state;
	rollover_row_t row = row_of_a_rollover();

	row.old_count = 0; // A first DS: no key is meant to go.
	assert_int_equal(rollover_submitted_ttl(&row, NOW), ROLLOVER_UNKNOWN_DS_TTL);
	row = row_of_a_rollover();
	row.state = ROLLOVER_INTRODUCE; // The only key is confirmed, so that Knot makes another one.
	row.has_new = false;
	row.ds_all_since = 0;
	assert_int_equal(rollover_submitted_ttl(&row, NOW), ROLLOVER_UNKNOWN_DS_TTL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_of_the_old_ds_is_waited_for),
		cmocka_unit_test(a_key_that_goes_by_mistake_stays_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
