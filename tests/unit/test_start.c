/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-window, no-start and spread: against the C library, asked minute by minute. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kskroll/start.h"
#include "util/time_zone.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

static start_rules_t rules_of(const char *windows, const char *dates, int64_t from)
{
	start_rules_t rules;
	char err[256] = "";

	if (!start_parse(&rules, windows, dates, err, sizeof(err))) {
		fail_msg("%s", err);
	}
	for (unsigned i = 0; i < rules.zone_count; i++) {
		rules.zone[i].count = 0;
		assert_true(time_zone_offsets(rules.zone[i].name, from - 2 * DAY, from + 3 * 366 * DAY,
		                              start_zone_offset, &rules.zone[i]));
	}
	return rules;
}

static int64_t at(int year, int month, int day, int hour, int minute)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute
	};
	return timegm(&tm);
}

/* The same by hand. */

typedef struct {
	const char *windows; /*!< %s stands for the time zone. */
	const char *dates;
	bool (*allowed)(const struct tm *tm);
} rule_t;

static int minute_of(const struct tm *tm)
{
	return tm->tm_hour * 60 + tm->tm_min;
}

static int date_of(const struct tm *tm)
{
	return 100 * (tm->tm_mon + 1) + tm->tm_mday;
}

static bool on_weekdays(const struct tm *tm)
{
	return tm->tm_wday >= 1 && tm->tm_wday <= 4 && minute_of(tm) >= 9 * 60 && minute_of(tm) < 15 * 60;
}

static bool in_the_night(const struct tm *tm)
{
	const bool begins = tm->tm_wday == 6 || tm->tm_wday == 0;
	const bool began = tm->tm_wday == 0 || tm->tm_wday == 1;
	return (begins && minute_of(tm) >= 22 * 60 + 15) || (began && minute_of(tm) < 3 * 60);
}

/*! The hours that come twice, or not at all. */
static bool at_the_change(const struct tm *tm)
{
	return (minute_of(tm) >= 2 * 60 && minute_of(tm) < 2 * 60 + 30) || minute_of(tm) == 23 * 60 + 59;
}

static bool not_in_holidays(const struct tm *tm)
{
	return !(date_of(tm) >= 1220 || date_of(tm) <= 106) && date_of(tm) != 501 && on_weekdays(tm);
}

static bool on_any_other_day(const struct tm *tm)
{
	return !(date_of(tm) >= 310 && date_of(tm) <= 402) && date_of(tm) != 1229;
}

static const rule_t rules[] = {
	{ "Mon-Thu 09:00-15:00 %s", "", on_weekdays },
	{ "Sat-Sun 22:15-03:00 %s", "", in_the_night },
	{ "02:00-02:30 %s; Sun-Sat 23:59-24:00 %s", "", at_the_change },
	{ "Mon,Tue,Wed-Thu 09:00-15:00 %s", "12-20..01-06 %s; 05-01 %s", not_in_holidays },
	{ "", "03-10..04-02 %s; 12-29 %s", on_any_other_day },
};

static const struct {
	const char *zone;
	int year; /*!< From its first day on, for 400 days. */
} zones[] = {
	{ "Europe/Berlin", 2026 },       { "America/New_York", 2027 },
	{ "Australia/Lord_Howe", 2026 }, { "Pacific/Apia", 2011 },
	{ "Asia/Kathmandu", 2028 },      { "Africa/Casablanca", 2026 },
	{ "America/St_Johns", 2026 },    { "UTC", 2028 },
};

#define MINUTES (400 * 24 * 60)

static void compare(const rule_t *rule, const char *zone, int64_t from)
{
	static bool allowed[MINUTES];
	char windows[256], dates[256], tz[64];

	snprintf(tz, sizeof(tz), ":%s", zone);
	setenv("TZ", tz, 1);
	tzset();
	for (int i = 0; i < MINUTES; i++) {
		const time_t t = from + (int64_t)i * MINUTE;
		struct tm tm;
		allowed[i] = rule->allowed(localtime_r(&t, &tm));
	}
	snprintf(windows, sizeof(windows), rule->windows, zone, zone);
	snprintf(dates, sizeof(dates), rule->dates, zone, zone);
	const start_rules_t r = rules_of(windows, dates, from);
	int64_t next = -1;
	for (int i = MINUTES - 1; i >= 0; i--) {
		const int64_t t = from + (int64_t)i * MINUTE;
		next = allowed[i] ? t : next;
		/* Every boundary, and the minutes around it; of the others some. */
		if (next >= 0 &&
		    (i % 7 == 0 || allowed[i] != allowed[i + 1] || (i > 0 && allowed[i] != allowed[i - 1]))) {
			if (start_next(&r, t) != next) {
				fail_msg("%s, %s, %s: from %lld on %lld, not %lld", zone, windows, dates, (long long)t,
				         (long long)next, (long long)start_next(&r, t));
			}
		}
	}
}

static void the_next_moment_is_that_of_the_clock_on_the_wall(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		for (size_t j = 0; j < sizeof(rules) / sizeof(rules[0]); j++) {
			compare(&rules[j], zones[i].zone, at(zones[i].year, 1, 1, 0, 0));
		}
	}
}

static void an_hour_that_comes_twice_counts_twice(void **state)
{
	(void)state;
	/* On 2026-10-25 Berlin has 02:00 to 03:00 twice, from 00:00 and from 01:00 UTC. */
	const start_rules_t r = rules_of("02:00-02:30 Europe/Berlin", "", at(2026, 1, 1, 0, 0));
	assert_int_equal(start_next(&r, at(2026, 10, 24, 12, 0)), at(2026, 10, 25, 0, 0));
	assert_int_equal(start_next(&r, at(2026, 10, 25, 0, 30)), at(2026, 10, 25, 1, 0));
	assert_int_equal(start_next(&r, at(2026, 10, 25, 1, 29)), at(2026, 10, 25, 1, 29));
	/* On 2026-03-29 it has none. */
	assert_int_equal(start_next(&r, at(2026, 3, 28, 12, 0)), at(2026, 3, 30, 0, 0));
}

static void windows_may_be_of_several_time_zones(void **state)
{
	(void)state;
	const start_rules_t r =
		rules_of("Tue 09:00-10:00 Asia/Kathmandu; Tue 09:00-10:00 Europe/Berlin; Tue 20:00-21:00",
	                 "2026-06-02 America/New_York", at(2026, 1, 1, 0, 0));
	assert_int_equal(start_next(&r, at(2026, 5, 26, 0, 0)), at(2026, 5, 26, 3, 15));
	assert_int_equal(start_next(&r, at(2026, 5, 26, 4, 15)), at(2026, 5, 26, 7, 0));
	assert_int_equal(start_next(&r, at(2026, 5, 26, 8, 0)), at(2026, 5, 26, 20, 0));
	/* In New York it is still Monday when Nepal begins. */
	assert_int_equal(start_next(&r, at(2026, 6, 2, 0, 0)), at(2026, 6, 2, 3, 15));
	assert_int_equal(start_next(&r, at(2026, 6, 2, 4, 15)), at(2026, 6, 9, 3, 15));
}

static void without_rules_any_moment_is_allowed(void **state)
{
	(void)state;
	start_rules_t r;
	char err[256];

	assert_int_equal(start_next(NULL, 12345), 12345);
	assert_true(start_parse(&r, NULL, "", err, sizeof(err)));
	assert_int_equal(start_next(&r, 12345), 12345);
}

static void a_window_that_never_opens_is_never(void **state)
{
	(void)state;
	const int64_t from = at(2026, 1, 1, 0, 0);
	const start_rules_t all = rules_of("Mon 09:00-10:00", "01-01..12-31", from);
	const start_rules_t years = rules_of("Mon 09:00-10:00", "2026-01-01..2027-12-20", from);
	const start_rules_t more = rules_of("Mon 09:00-10:00", "2026-01-01..2028-12-31", from);

	assert_true(start_next(&all, from) == START_NEVER);
	assert_int_equal(start_next(&years, from), at(2027, 12, 27, 9, 0));
	assert_true(start_next(&more, from) == START_NEVER);
}

static void seconds_count(void **state)
{
	(void)state;
	const start_rules_t r = rules_of("10:00-10:01", "", at(2026, 1, 1, 0, 0));

	assert_int_equal(start_next(&r, at(2026, 1, 1, 9, 59) + 59), at(2026, 1, 1, 10, 0));
	assert_int_equal(start_next(&r, at(2026, 1, 1, 10, 0) + 59), at(2026, 1, 1, 10, 0) + 59);
	assert_int_equal(start_next(&r, at(2026, 1, 1, 10, 1)), at(2026, 1, 2, 10, 0));
}

static void what_is_wrong_is_refused_by_name(void **state)
{
	(void)state;
	static const char *const windows[] = {
		"Mon",
		"Mon 9:00-15:00",
		"Mon 09:00",
		"Mon-Thu09:00-15:00",
		"mon 09:00-15:00",
		"Mon, Tue 09:00-15:00",
		"Mon 09:00-24:01",
		"Mon 24:00-01:00",
		"Mon 09:60-10:00",
		"Mon 09:00-15:00 ",
		"Mon 09:00-15:00 ../etc/passwd",
		"Mon 09:00-15:00 /etc/passwd",
		"Mon 09:00-15:00 a/../../b",
		"Mon 09:00-15:00 Europe/Berlin x",
		"Mon 09:00-15:00 Europe/Berlin;Tue 09:00-10:00",
		" ",
		"Mon 09:00-15:00 Abcdefghijklmnopqrstuvwxyz/Abcdefghijklmnopqrstuvwxyz",
		"1:00-2:00",
		"01:00-02:00 A; 01:00-02:00 B; 01:00-02:00 C; 01:00-02:00 D; 01:00-02:00 E",
	};
	static const char *const dates[] = {
		"2026",
		"2026-13-01",
		"2026-02-29",
		"2026-1-1",
		"02-30",
		"00-10",
		"12-24..",
		"12-24..2027-01-06",
		"2026-12-24..12-26",
		"2027-01-06..2026-12-18",
		"2026-12-24 ",
		"12-24 -",
		"Mon",
	};
	start_rules_t r;
	char err[256];

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		assert_false(start_parse(&r, windows[i], NULL, err, sizeof(err)));
		assert_non_null(strstr(err, "start-window '"));
	}
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		assert_false(start_parse(&r, NULL, dates[i], err, sizeof(err)));
		assert_non_null(strstr(err, "no-start '"));
	}
	assert_true(start_parse(&r, "00:00-24:00; Fri-Mon 23:00-01:00 Etc/GMT+12", "02-29; 12-31..01-01; 2028-02-29",
	                        err, sizeof(err)));
	assert_int_equal(r.window[1].days, 0x63);
}

static void there_are_not_too_many(void **state)
{
	(void)state;
	char list[START_TEXT] = "01:00-02:00", err[256];
	start_rules_t r;

	for (unsigned i = 1; i < START_WINDOWS_MAX; i++) {
		strcat(list, "; 01:00-02:00");
	}
	assert_true(start_parse(&r, list, NULL, err, sizeof(err)));
	strcat(list, "; 01:00-02:00");
	assert_false(start_parse(&r, list, NULL, err, sizeof(err)));
	assert_string_equal(err, "start-window has more than 16 values: it must have fewer");
}

static void zones_are_spread_evenly(void **state)
{
	(void)state;
	enum {
		ZONES = 10000,
		PARTS = 100
	};
	unsigned part[PARTS] = { 0 };
	char name[64];

	for (unsigned i = 0; i < ZONES; i++) {
		snprintf(name, sizeof(name), "customer%u.example.", i);
		const uint32_t early = start_early(name, 30 * DAY);
		assert_true(early < 30 * DAY);
		part[early / (30 * DAY / PARTS)]++;
	}
	/* 100 in each; six standard deviations. */
	for (unsigned i = 0; i < PARTS; i++) {
		assert_true(part[i] >= 40 && part[i] <= 160);
	}
	assert_int_equal(start_early("example.com.", 0), 0);
}

/*! It is in no store, and the command line computes it as well: it may never be another one. */
static void the_share_of_a_zone_stays_what_it_is(void **state)
{
	(void)state;
	assert_int_equal(start_early("example.com.", UINT32_MAX), 0x83c2d4c6);
}

static void time_zones_are_those_of_the_system(void **state)
{
	(void)state;
	assert_true(time_zone_exists("Europe/Berlin"));
	assert_true(time_zone_exists("UTC"));
	assert_false(time_zone_exists("Europe/Bonn"));
	assert_false(time_zone_exists("Europe"));
	assert_false(time_zone_exists("../zoneinfo/Europe/Berlin"));
	assert_false(time_zone_exists("/usr/share/zoneinfo/Europe/Berlin"));
	assert_false(time_zone_exists(""));
	assert_false(time_zone_offsets("Europe/Bonn", 0, DAY, start_zone_offset, NULL));
}

static void the_own_time_zone_is_as_before(void **state)
{
	(void)state;
	start_zone_t zone = { 0 };
	const time_t t = at(2026, 7, 1, 12, 0);
	struct tm tm;

	setenv("TZ", ":America/New_York", 1);
	assert_true(time_zone_offsets("Asia/Kathmandu", t, t + 366 * DAY, start_zone_offset, &zone));
	assert_int_equal(zone.count, 1);
	assert_int_equal(zone.offset[0].seconds, 5 * HOUR + 45 * MINUTE);
	assert_string_equal(getenv("TZ"), ":America/New_York");
	assert_int_equal(localtime_r(&t, &tm)->tm_hour, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_moment_is_that_of_the_clock_on_the_wall),
		cmocka_unit_test(an_hour_that_comes_twice_counts_twice),
		cmocka_unit_test(windows_may_be_of_several_time_zones),
		cmocka_unit_test(without_rules_any_moment_is_allowed),
		cmocka_unit_test(a_window_that_never_opens_is_never),
		cmocka_unit_test(seconds_count),
		cmocka_unit_test(what_is_wrong_is_refused_by_name),
		cmocka_unit_test(there_are_not_too_many),
		cmocka_unit_test(zones_are_spread_evenly),
		cmocka_unit_test(the_share_of_a_zone_stays_what_it_is),
		cmocka_unit_test(time_zones_are_those_of_the_system),
		cmocka_unit_test(the_own_time_zone_is_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
