/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When kskrolld counts as one that hangs. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "silence.h"

#define BOUND 120000

static void silence_is_noticed_after_its_bound(void **state)
{
	(void)state;
	silence_t silence;
	uint64_t now = 5000000;

	silence_end(&silence, now);
	for (unsigned i = 0; i < 119; i++) {
		assert_false(silence_lasts(&silence, now += 1000, BOUND));
	}
	/* Steps that come more often count for what they are. */
	for (unsigned i = 0; i < 99; i++) {
		assert_false(silence_lasts(&silence, now += 10, BOUND));
	}
	assert_true(silence_lasts(&silence, now += 10, BOUND));
	assert_true(silence_lasts(&silence, now += 1000, BOUND));
}

static void any_frame_ends_it(void **state)
{
	(void)state;
	silence_t silence;
	uint64_t now = 0;

	silence_end(&silence, now);
	for (unsigned i = 0; i < 1000; i++) {
		assert_false(silence_lasts(&silence, now += 1000, BOUND));
		if (i % 100 == 99) {
			silence_end(&silence, now);
		}
	}
}

/*! Whoever wakes first of two processes that slept together must not take the other for dead. */
static void time_in_which_nobody_ran_is_no_silence(void **state)
{
	(void)state;
	silence_t silence;
	uint64_t now = 0;

	silence_end(&silence, now);
	assert_false(silence_lasts(&silence, now += 3600000, BOUND));
	assert_false(silence_lasts(&silence, now += 3600000, BOUND));
	for (unsigned i = 0; i < 115; i++) {
		assert_false(silence_lasts(&silence, now += 1000, BOUND));
	}
	assert_true(silence_lasts(&silence, now += 1000, BOUND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_noticed_after_its_bound),
		cmocka_unit_test(any_frame_ends_it),
		cmocka_unit_test(time_in_which_nobody_ran_is_no_silence),
	};
	return cmocka_run_group_tests_name("silence", tests, NULL, NULL);
}
