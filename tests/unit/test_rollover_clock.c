/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A clock that is set moves the times of a row: each of them, and only those that it should.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

/*! Times at which something was seen or done. */
static const size_t SEEN[] = {
	offsetof(rollover_row_t, since), offsetof(rollover_row_t, gate_since), offsetof(rollover_row_t, settled_at),
	offsetof(rollover_row_t, all_since), offsetof(rollover_row_t, ds_all_since),
	offsetof(rollover_row_t, observed_since), offsetof(rollover_row_t, observed_last),
	offsetof(rollover_row_t, parent_seen), offsetof(rollover_row_t, acted), offsetof(rollover_row_t, notified),
};

static time_t *time_of(rollover_row_t *row, size_t offset)
{
	return (time_t *)((char *)row + offset);
}

/*! A row with this time everywhere, and full TTL windows. */
static rollover_row_t row_of(time_t t)
{
	rollover_row_t row;

	rollover_init(&row, t);
	for (size_t i = 0; i < LENGTH(SEEN); i++) {
		*time_of(&row, SEEN[i]) = t;
	}
	row.all_drained = row.gate_until = row.wake = T0 + 10 * DAY;
	row.dnskey_ttl.count = row.ds_ttl.count = TTL_WINDOW_MAX;
	for (unsigned i = 0; i < TTL_WINDOW_MAX; i++) {
		row.dnskey_ttl.step[i].seen = row.ds_ttl.step[i].seen = t;
	}
	return row;
}

/*! Asserts that every time seen of a row at \a t has moved by \a moved, and the ends of waits with them. */
static void assert_moved(time_t t, const clock_step_t *step, int64_t moved)
{
	rollover_row_t row = row_of(t);

	rollover_clock_set(&row, step);
	for (size_t i = 0; i < LENGTH(SEEN); i++) {
		assert_int_equal(*time_of(&row, SEEN[i]), t + moved);
	}
	for (unsigned i = 0; i < TTL_WINDOW_MAX; i++) {
		assert_int_equal(row.dnskey_ttl.step[i].seen, t + moved);
		assert_int_equal(row.ds_ttl.step[i].seen, t + moved);
	}
	assert_int_equal(row.dnskey_ttl.count, TTL_WINDOW_MAX);
	assert_int_equal(row.ds_ttl.count, TTL_WINDOW_MAX);
	assert_int_equal(row.all_drained, T0 + 10 * DAY + moved);
	assert_int_equal(row.gate_until, T0 + 10 * DAY + moved);
	assert_int_equal(row.wake, T0 + 10 * DAY + step->seconds);
}

static void forward_moves_all_that_has_passed(void **state)
{
	(void)state;
	const clock_step_t hour = { .seconds = HOUR, .before = T0, .running_since = T0 };
	const clock_step_t second = { .seconds = 1, .before = T0, .running_since = T0 };

	assert_moved(T0 - DAY, &hour, HOUR);
	assert_moved(T0, &hour, HOUR);
	assert_moved(T0 + 1, &hour, 0);
	assert_moved(T0 - DAY, &second, 1);
}

static void backward_moves_what_this_process_was_told(void **state)
{
	(void)state;
	const clock_step_t hour = { .seconds = -HOUR, .before = T0 + DAY, .running_since = T0 };

	assert_moved(T0 - 1, &hour, 0);
	assert_moved(T0, &hour, -HOUR);
	assert_moved(T0 + 2 * DAY, &hour, -HOUR);
}

static void a_time_that_is_not_set_stays_so(void **state)
{
	(void)state;
	const clock_step_t hour = { .seconds = HOUR, .before = T0, .running_since = T0 };
	rollover_row_t row = row_of(0);

	row.gate_since = T0 - 60;
	row.gate_until = 0;
	row.dnskey_ttl.count = 1;
	row.dnskey_ttl.step[0].seen = row.dnskey_ttl.step[1].seen = T0;
	rollover_clock_set(&row, &hour);
	for (size_t i = 0; i < LENGTH(SEEN); i++) {
		assert_int_equal(*time_of(&row, SEEN[i]), SEEN[i] == offsetof(rollover_row_t, gate_since) ?
		                 T0 - 60 + HOUR : 0);
	}
	assert_int_equal(row.gate_until, 0);
	assert_int_equal(row.all_drained, T0 + 10 * DAY);
	assert_int_equal(row.dnskey_ttl.step[0].seen, T0 + HOUR);
	assert_int_equal(row.dnskey_ttl.step[1].seen, T0);	/* Not a step of the window. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forward_moves_all_that_has_passed),
		cmocka_unit_test(backward_moves_what_this_process_was_told),
		cmocka_unit_test(a_time_that_is_not_set_stays_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
