/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How bad findings are: words, colours, exit codes.
 */

#include "kskroll.h"

static const char *const names[LEVEL__COUNT] = { "note", "warning", "critical" };
static const color_t colors[LEVEL__COUNT] = { COLOR_NONE, COLOR_YELLOW, COLOR_RED };

const char *level_name(level_t level)
{
	return names[level];
}

color_t level_color(level_t level)
{
	return colors[level];
}

int level_result(const level_counts_t counts, bool complete)
{
	if (counts[LEVEL_CRITICAL] > 0) {
		return AUDIT_CRITICAL;
	}
	if (!complete) {
		return AUDIT_UNKNOWN;
	}
	return counts[LEVEL_WARNING] > 0 ? AUDIT_WARNING : AUDIT_OK;
}

void level_print_result(const options_t *o, int code)
{
	static const char *const results[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

	color_print(o,
	            code == AUDIT_OK      ? COLOR_GREEN :
	            code == AUDIT_WARNING ? COLOR_YELLOW :
	                                    COLOR_RED,
	            results[code]);
}

void level_json(const level_counts_t counts, int code)
{
	static const char *const results[] = { "ok", "warning", "critical", "unknown" };

	json_string(json, "result", results[code]);
	for (int i = LEVEL__COUNT - 1; i >= 0; i--) {
		json_number(json, names[i], counts[i]);
	}
}
