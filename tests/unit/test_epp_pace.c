/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "epp_limits.h"

/*! Gives as many commands as it can until then. \return Their number. */
static unsigned give_until(epp_pace_t *pace, uint64_t *now, uint64_t until)
{
	unsigned given = 0;

	for (;;) {
		const unsigned wait = epp_pace_wait(pace, *now);
		if (*now + wait >= until) {
			*now = until;
			return given;
		}
		*now += wait;
		assert_int_equal(epp_pace_wait(pace, *now), 0);
		epp_pace_take(pace, *now);
		given++;
	}
}

/*! By the clock of the server: it counts a command as late as it can, and the next ones as soon as it can. */
static void test_no_more_than_that_in_any_minute(void **state)
{
	(void)state;
	enum {
		MAX = 60,
		ALL = 600
	};
	epp_pace_t pace;
	uint64_t given[ALL], answered[ALL], now = 1000;

	assert_true(epp_pace_init(&pace, MAX));
	for (unsigned i = 0; i < ALL; i++) {
		/* Pauses of all lengths, and none. */
		now += i % 7 == 0 ? i * 13 % 9000 : 0;
		now += epp_pace_wait(&pace, now);
		epp_pace_take(&pace, now);
		given[i] = now;
		now += i % 11 == 0 ? 3000 : i % 5;
		epp_pace_done(&pace, now);
		answered[i] = now;
		if (i >= MAX) {
			assert_true(given[i] - answered[i - MAX] > 60000);
		}
	}
	epp_pace_free(&pace);
}

static void test_none_waits_without_need(void **state)
{
	(void)state;
	epp_pace_t pace;
	uint64_t now = 5000;

	assert_true(epp_pace_init(&pace, 60));
	assert_int_equal(give_until(&pace, &now, 10000), 60);
	const unsigned wait = epp_pace_wait(&pace, now);
	assert_true(wait >= 55000 && wait <= 56000);
	assert_int_equal(give_until(&pace, &now, 10 * 60000), 9 * 60);
	epp_pace_free(&pace);

	now = 0;
	assert_true(epp_pace_init(&pace, 1));
	assert_int_equal(give_until(&pace, &now, 60000), 1);
	assert_int_equal(give_until(&pace, &now, 120000), 1);
	epp_pace_free(&pace);
}

/*! What is foretold is what comes, whatever was given before. */
static void test_the_wait_of_one_that_is_not_the_first(void **state)
{
	(void)state;
	enum {
		MAX = 5
	};

	for (unsigned given = 0; given < 3 * MAX; given++) {
		for (unsigned before = 0; before < 4 * MAX; before++) {
			epp_pace_t pace;
			uint64_t now = 7000;
			assert_true(epp_pace_init(&pace, MAX));
			for (unsigned i = 0; i < given; i++) {
				now += epp_pace_wait(&pace, now) + i * 700;
				epp_pace_take(&pace, now);
			}
			const uint64_t from = now, foretold = epp_pace_wait_behind(&pace, before, now);
			for (unsigned i = 0; i < before; i++) {
				now += epp_pace_wait(&pace, now);
				epp_pace_take(&pace, now);
			}
			assert_int_equal(now + epp_pace_wait(&pace, now) - from, foretold);
			epp_pace_free(&pace);
		}
	}
}

/*! Those of the last minute count by the other limit as well. */
static void test_another_limit_forgets_nothing(void **state)
{
	(void)state;
	static const struct {
		unsigned given, to, at_once;
	} cases[] = { { 5, 5, 0 }, { 5, 8, 3 }, { 2, 8, 6 }, { 5, 3, 0 }, { 2, 3, 1 }, { 7, 3, 0 }, { 0, 3, 3 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		epp_pace_t pace;
		uint64_t now = 100000;
		assert_true(epp_pace_init(&pace, 5));
		for (unsigned k = 0; k < cases[i].given; k++) {
			now += epp_pace_wait(&pace, now) + 1000;
			epp_pace_take(&pace, now);
		}
		const uint64_t last = now;
		assert_true(epp_pace_resize(&pace, cases[i].to));
		unsigned given = 0;
		while (epp_pace_wait(&pace, now) == 0 && given < 10) {
			epp_pace_take(&pace, now);
			given++;
		}
		assert_int_equal(given, cases[i].at_once);
		/* One after the oldest that is left. */
		if (cases[i].given >= cases[i].to && cases[i].given <= 5) {
			assert_int_equal(now + epp_pace_wait(&pace, now), last - (cases[i].to - 1) * 1000 + 60500);
		}
		epp_pace_free(&pace);
	}
}

static void test_logins_without_an_answer_come_to_an_end(void **state)
{
	(void)state;
	epp_limits_t *limits = epp_limits_new();

	assert_true(epp_limits_fit(limits, 60));
	assert_int_equal(epp_limits_open_at(limits, 7), 7);
	assert_false(epp_limits_failed(limits, false, 1000));
	assert_int_equal(epp_limits_open_at(limits, 1000), 3000);
	assert_false(epp_limits_failed(limits, true, 1000));
	assert_int_equal(epp_limits_open_at(limits, 1000), 301000);
	/* Failures of other kinds in between end nothing. */
	assert_false(epp_limits_failed(limits, false, 1000));
	assert_int_equal(epp_limits_open_at(limits, 1000), 301000);
	assert_false(epp_limits_failed(limits, true, 1000));
	assert_int_equal(epp_limits_open_at(limits, 1000), 3601000);
	assert_true(epp_limits_failed(limits, true, 1000));
	epp_limits_forgive(limits);
	assert_int_equal(epp_limits_open_at(limits, 1000), 1000);
	assert_false(epp_limits_failed(limits, true, 1000));
	assert_int_equal(epp_limits_open_at(limits, 1000), 301000);
	epp_limits_free(limits);
}

static void test_back_off(void **state)
{
	(void)state;

	assert_int_equal(epp_back_off(0), 0);
	assert_int_equal(epp_back_off(1), 2000);
	assert_int_equal(epp_back_off(2), 4000);
	assert_int_equal(epp_back_off(9), 512000);
	for (unsigned failures = 10; failures < 100; failures++) {
		assert_int_equal(epp_back_off(failures), 900000);
	}
	assert_int_equal(epp_back_off(UINT32_MAX), 900000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_more_than_that_in_any_minute),
		cmocka_unit_test(test_none_waits_without_need),
		cmocka_unit_test(test_the_wait_of_one_that_is_not_the_first),
		cmocka_unit_test(test_another_limit_forgets_nothing),
		cmocka_unit_test(test_logins_without_an_answer_come_to_an_end),
		cmocka_unit_test(test_back_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
