/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Days of the Gregorian calendar.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline bool calendar_is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline bool calendar_is_date(int year, int month, int day)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && calendar_is_leap(year) ? 1 : 0);
}

/*! Days since 1970-01-01. Years are counted from March: the day of a leap year is its last one. */
static inline int64_t calendar_days(int64_t year, int month, int day)
{
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return 365 * y + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

/*! 100 * month + day of a day since 1970-01-01; not before year 0. */
static inline int32_t calendar_month_day(int64_t days)
{
	const int64_t shifted = days + 719468, era = shifted / 146097;
	const int64_t in_era = shifted - era * 146097;
	const int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	const int64_t m = (5 * in_year + 2) / 153;

	return 100 * (int32_t)(m < 10 ? m + 3 : m - 9) + (int32_t)(in_year - (153 * m + 2) / 5 + 1);
}
