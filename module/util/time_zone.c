/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "time_zone.h"

/*! No time zone has changed its clocks twice within that time. */
#define STEP 43200
#define NAME "TZ="

static bool path_of(const char *name, char *out, size_t len)
{
	return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL &&
	       (size_t)snprintf(out, len, "%s/%s", TIME_ZONES, name) < len;
}

static bool is_utc(const char *name)
{
	return strcmp(name, "UTC") == 0;
}

bool time_zone_exists(const char *name)
{
	char path[256];
	struct stat st;

	return is_utc(name) || (path_of(name, path, sizeof(path)) && stat(path, &st) == 0 && S_ISREG(st.st_mode));
}

static int32_t offset_at(int64_t t)
{
	const time_t time = t;
	struct tm tm;

	return localtime_r(&time, &tm) != NULL ? tm.tm_gmtoff : 0;
}

/*! The first second after \a a that has the offset of \a b. */
static int64_t change_between(int64_t a, int64_t b)
{
	const int32_t after = offset_at(b);

	while (b - a > 1) {
		const int64_t middle = a + (b - a) / 2;
		if (offset_at(middle) == after) {
			b = middle;
		} else {
			a = middle;
		}
	}
	return b;
}

/*!
 * Another thread may be in getenv(): the environment has TZ once and for all, and its value alone is another one.
 * setenv() of before glibc 2.41 moves the whole list.
 */
static void set_tz(const char *value)
{
	static char tz[sizeof(NAME) + 256] = NAME;

	snprintf(tz + strlen(NAME), sizeof(tz) - strlen(NAME), "%s", value);
	if (getenv("TZ") != tz + strlen(NAME)) {
		(void)putenv(tz);
	}
	tzset();
}

bool time_zone_offsets(const char *name, int64_t from, int64_t until, time_zone_f each, void *arg)
{
	char value[1 + 256] = ":", before[256];

	if (!time_zone_exists(name)) {
		return false;
	}
	if (is_utc(name)) {
		each(from, 0, arg);
		return true;
	}
	(void)path_of(name, value + 1, sizeof(value) - 1);
	/* Without a TZ the C library reads this one. */
	const char *tz = getenv("TZ");
	snprintf(before, sizeof(before), "%s", tz != NULL ? tz : ":/etc/localtime");
	set_tz(value);
	int32_t last = offset_at(from);
	each(from, last, arg);
	for (int64_t t = from; t < until; t += STEP) {
		const int32_t next = offset_at(t + STEP);
		if (next != last) {
			each(change_between(t, t + STEP), next, arg);
			last = next;
		}
	}
	set_tz(before);
	return true;
}
