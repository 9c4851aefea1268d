/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The window of TTLs that caches may hold, step by step.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine.h"

static void expect(const ttl_window_t *w, unsigned i, uint32_t ttl, time_t seen)
{
	assert_true(i < w->count);
	assert_int_equal(w->step[i].ttl, ttl);
	assert_int_equal(w->step[i].seen, seen);
}

static void an_empty_window_takes_every_ttl(void **state)
{
	(void)state;
	static const uint32_t TTLS[] = { 0, 1, 300, ROLLOVER_TTL_COUNTS };

	for (int i = 0; i < 4; i++) {
		ttl_window_t w = { 0 };
		assert_int_equal(ttl_window_max(&w, T0), 0);
		assert_int_equal(ttl_window_expired(&w, 0), 0);
		ttl_window_add(&w, TTLS[i], T0);
		assert_int_equal(w.count, 1);
		expect(&w, 0, TTLS[i], T0);
		assert_int_equal(ttl_window_max(&w, T0 + 30 * DAY), TTLS[i]);
	}
}

static void a_ttl_that_is_served_on_was_served_until_now(void **state)
{
	(void)state;
	ttl_window_t w = { 0 };
	ttl_window_add(&w, 300, T0);
	ttl_window_add(&w, 300, T0 + 50);
	assert_int_equal(w.count, 1);
	expect(&w, 0, 300, T0 + 50);
	/* The clock went back: what was told before may have been right. */
	ttl_window_add(&w, 300, T0 + 10);
	assert_int_equal(w.count, 1);
	expect(&w, 0, 300, T0 + 50);
	ttl_window_add(&w, 200, T0 + 20);
	expect(&w, 0, 200, T0 + 20);
	expect(&w, 1, 300, T0 + 50);
	/* The other one is older, and this one was seen later than now. */
	w.step[0].seen = T0 + 100;
	ttl_window_add(&w, 200, T0 + 60);
	expect(&w, 0, 200, T0 + 100);
}

static void a_lower_ttl_is_kept_beside_the_higher_one(void **state)
{
	(void)state;
	ttl_window_t w = { 0 };
	ttl_window_add(&w, HOUR, T0);
	ttl_window_add(&w, 300, T0 + 50);
	assert_int_equal(w.count, 2);
	expect(&w, 0, 300, T0 + 50);
	expect(&w, 1, HOUR, T0 + 50);
	/* The same high one again: it covers both. */
	ttl_window_add(&w, HOUR, T0 + 60);
	assert_int_equal(w.count, 1);
	expect(&w, 0, HOUR, T0 + 60);
}

static void a_step_that_has_run_out_is_dropped(void **state)
{
	(void)state;
	ttl_window_t w = { 0 };
	ttl_window_add(&w, HOUR, T0);
	ttl_window_add(&w, 300, T0);
	ttl_window_add(&w, 200, T0 + HOUR);
	assert_int_equal(w.count, 3);
	w.count = 0;
	ttl_window_add(&w, HOUR, T0);
	ttl_window_add(&w, 300, T0);
	ttl_window_add(&w, 200, T0 + HOUR + 1);
	assert_int_equal(w.count, 2);
	expect(&w, 1, 300, T0 + HOUR + 1);
}

static void a_full_window_joins_its_oldest_steps(void **state)
{
	(void)state;
	ttl_window_t w = {
		.step = { { 400, T0 + 30 }, { 500, T0 + 20 }, { 600, T0 + 10 }, { 700, T0 } },
		.count = TTL_WINDOW_MAX,
	};
	ttl_window_add(&w, 300, T0 + 40);
	assert_int_equal(w.count, TTL_WINDOW_MAX);
	expect(&w, 0, 300, T0 + 40);
	expect(&w, 1, 400, T0 + 40);
	expect(&w, 2, 500, T0 + 20);
	expect(&w, 3, 700, T0 + 10); /* The higher TTL, and the later time. */

	w = (ttl_window_t){
		.step = { { 400, T0 + 30 }, { 500, T0 + 20 }, { 600, T0 }, { 700, T0 + 10 } },
		.count = TTL_WINDOW_MAX,
	};
	ttl_window_add(&w, 300, T0 + 40);
	expect(&w, 3, 700, T0 + 10);
	/* One that has run out makes room: nothing is joined. */
	w = (ttl_window_t){
		.step = { { 400, T0 + 30 }, { 500, T0 + 20 }, { 600, T0 + 10 }, { 700, T0 - 661 } },
		.count = TTL_WINDOW_MAX,
	};
	ttl_window_add(&w, 300, T0 + 40);
	assert_int_equal(w.count, TTL_WINDOW_MAX);
	expect(&w, 3, 600, T0 + 10);
}

static void a_ttl_above_what_counts_is_that(void **state)
{
	(void)state;
	ttl_window_t w = { 0 };
	ttl_window_add(&w, ROLLOVER_TTL_COUNTS + 1, T0);
	expect(&w, 0, ROLLOVER_TTL_COUNTS, T0);
	ttl_window_add(&w, ROLLOVER_TTL_COUNTS - 1, T0);
	expect(&w, 0, ROLLOVER_TTL_COUNTS - 1, T0);
}

static void the_end_is_that_of_the_last_step_above_the_limit(void **state)
{
	(void)state;
	const ttl_window_t w = { .step = { { 300, T0 + 50 }, { 400, T0 }, { 1000, T0 - 650 } }, .count = 3 };
	assert_int_equal(ttl_window_expired(&w, 0), T0 + 401);
	assert_int_equal(ttl_window_expired(&w, 399), T0 + 401);
	assert_int_equal(ttl_window_expired(&w, 400), T0 + 351);
	assert_int_equal(ttl_window_expired(&w, 1000), 0);
	assert_int_equal(ttl_window_max(&w, T0 + 350), 1000);
	assert_int_equal(ttl_window_max(&w, T0 + 351), 400);
	assert_int_equal(ttl_window_max(&w, T0 + 401), 300);
	assert_int_equal(ttl_window_max(&w, T0 + DAY), 300);
}

static void a_lowered_ttl_counts_until_it_has_drained(void **state)
{
	(void)state;
	ttl_window_t w = { 0 };
	ttl_window_add(&w, 3600, 1000);
	ttl_window_add(&w, 300, 1600);
	/* The high TTL may have been served until 1600. */
	assert_int_equal(ttl_window_max(&w, 1600), 3600);
	assert_int_equal(ttl_window_max(&w, 5200), 3600);
	assert_int_equal(ttl_window_max(&w, 5201), 300);
	assert_int_equal(ttl_window_expired(&w, 300), 5201);
	assert_int_equal(ttl_window_expired(&w, 3600), 0);
}

static void a_full_window_never_forgets_too_early(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		ttl_window_t w = { 0 };
		struct {
			uint32_t ttl;
			time_t seen;
		} all[40];
		time_t now = 1000;
		int n = 0;
		for (; n < 40; n++) {
			now += rand() % 500;
			if (n > 0) {
				all[n - 1].seen = now;
			}
			all[n].ttl = rand() % 4000 + 1;
			all[n].seen = now;
			ttl_window_add(&w, all[n].ttl, now);
			time_t drained = 0;
			for (int i = 0; i <= n; i++) {
				time_t end = all[i].seen + all[i].ttl;
				drained = end > drained ? end : drained;
			}
			assert_true(ttl_window_expired(&w, 0) >= drained);
			assert_true(w.count <= TTL_WINDOW_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_window_takes_every_ttl),
		cmocka_unit_test(a_ttl_that_is_served_on_was_served_until_now),
		cmocka_unit_test(a_lower_ttl_is_kept_beside_the_higher_one),
		cmocka_unit_test(a_step_that_has_run_out_is_dropped),
		cmocka_unit_test(a_full_window_joins_its_oldest_steps),
		cmocka_unit_test(a_ttl_above_what_counts_is_that),
		cmocka_unit_test(the_end_is_that_of_the_last_step_above_the_limit),
		cmocka_unit_test(a_lowered_ttl_counts_until_it_has_drained),
		cmocka_unit_test(a_full_window_never_forgets_too_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
