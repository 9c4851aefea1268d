/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as people read and write them. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kskroll.h"

static const struct {
	char unit;
	uint32_t seconds;
	/* clang-format off */
} units[] = {
	{ 'w', 7 * 86400 },
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};
/* clang-format on */

const char *text_time(char out[TEXT_TIME], time_t at)
{
	struct tm tm;
	if (at == 0 || gmtime_r(&at, &tm) == NULL || strftime(out, TEXT_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		snprintf(out, TEXT_TIME, "-");
	}
	return out;
}

const char *text_span(char out[TEXT_SPAN], int64_t s)
{
	s = s < 0 ? 0 : s;
	if (s < 120) {
		snprintf(out, TEXT_SPAN, "%" PRId64 " s", s);
	} else if (s < 3600) {
		snprintf(out, TEXT_SPAN, "%" PRId64 " min", s / 60);
	} else if (s < 86400) {
		snprintf(out, TEXT_SPAN, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
	} else {
		snprintf(out, TEXT_SPAN, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
	}
	return out;
}

const char *text_conf_span(char out[TEXT_SPAN], uint32_t seconds)
{
	/* Knot has no w before 3.3. */
	for (size_t i = 1; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds != 0 && seconds % units[i].seconds == 0) {
			snprintf(out, TEXT_SPAN, "%u%c", seconds / units[i].seconds, units[i].unit);
			return out;
		}
	}
	snprintf(out, TEXT_SPAN, "0");
	return out;
}

bool text_parse_span(const char *text, uint32_t *seconds)
{
	char *end;
	uint64_t unit = 1;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (end == text || text[0] < '0' || text[0] > '9' || errno != 0) {
		return false;
	}
	if (*end != '\0') {
		size_t i = 0;
		while (i < sizeof(units) / sizeof(units[0]) && units[i].unit != *end) {
			i++;
		}
		if (i == sizeof(units) / sizeof(units[0]) || end[1] != '\0') {
			return false;
		}
		unit = units[i].seconds;
	}
	if (value > INT32_MAX / unit) {
		return false;
	}
	*seconds = value * unit;
	return true;
}
