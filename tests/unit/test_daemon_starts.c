/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of a set of settings, and the time zones of this host. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/starts.h"

#define DAY 86400
/*! 2026-11-30 16:00 UTC, a Monday. */
#define MONDAY ((time_t)1796054400)

static void without_values_there_are_no_rules(void **state)
{
	(void)state;
	starts_t *starts = (starts_t *)1;
	start_facts_t facts = { .from = 5 };

	assert_true(starts_new(&starts, NULL, NULL));
	assert_null(starts);
	starts_facts(starts, MONDAY, &facts);
	assert_int_equal(facts.from, 0);
	starts_free(starts);
}

static void the_first_moment_is_by_the_time_zone(void **state)
{
	(void)state;
	starts_t *starts;
	start_facts_t facts = { 0 };

	assert_true(starts_new(&starts, "Mon 09:00-18:00 America/New_York", "2026-12-01"));
	starts_facts(starts, MONDAY, &facts);
	assert_int_equal(facts.from, MONDAY);
	assert_string_equal(facts.why, "");
	/* 14:00 UTC in winter, a week later; 13:00 in summer, years later. */
	starts_facts(starts, MONDAY + DAY, &facts);
	assert_int_equal(facts.from, MONDAY + 7 * DAY - 2 * 3600);
	starts_facts(starts, MONDAY + 5 * 364 * DAY + 210 * DAY + DAY, &facts);
	assert_int_equal((facts.from % DAY) / 3600, 13);
	/* Back again: a clock may be set. */
	starts_facts(starts, MONDAY + DAY, &facts);
	assert_int_equal(facts.from, MONDAY + 7 * DAY - 2 * 3600);
	starts_free(starts);
}

static void nothing_starts_by_what_is_not_known(void **state)
{
	(void)state;
	static const struct {
		const char *window, *no_start, *why;
	} cases[] = {
		{ "Mon 09:00-18:00 Europe/Bonn", NULL, "the time zone Europe/Bonn is not in /usr/share/zoneinfo" },
		{ NULL, "12-24 Europe/Bonn", "the time zone Europe/Bonn is not in /usr/share/zoneinfo" },
		{ "someday", NULL, "start-window 'someday' must be" },
		{ NULL, "01-01..12-31", "no moment of the next two years" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		starts_t *starts;
		start_facts_t facts = { 0 };
		assert_true(starts_new(&starts, cases[i].window, cases[i].no_start));
		for (int again = 0; again < 2; again++) {
			starts_facts(starts, MONDAY + again, &facts);
			assert_true(facts.from == START_NEVER);
			assert_int_equal(strncmp(facts.why, cases[i].why, strlen(cases[i].why)), 0);
		}
		starts_free(starts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_values_there_are_no_rules),
		cmocka_unit_test(the_first_moment_is_by_the_time_zone),
		cmocka_unit_test(nothing_starts_by_what_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
