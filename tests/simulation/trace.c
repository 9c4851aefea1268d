/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The timeline of a world: printed where it is replayed, folded into the world's checksum everywhere.
 */

#include <stdarg.h>

#include "sim_world.h"

const char *keys_text(world_keys_t keys)
{
	static _Thread_local char ring[8][96];
	static _Thread_local unsigned next;
	char *text = ring[next++ % 8];
	int len = 0;

	text[0] = '\0';
	for (unsigned k = 0; k < KEYS_MAX; k++) {
		if (keys & (1U << k)) {
			len += snprintf(text + len, 96 - len, "%sK%u", len > 0 ? "+" : "", k);
		}
	}
	for (unsigned k = ZSK_FIRST; k < ZSK_FIRST + ZSKS_MAX; k++) {
		if (keys & (1U << k)) {
			len += snprintf(text + len, 96 - len, "%sZ%u", len > 0 ? "+" : "", k - ZSK_FIRST);
		}
	}
	if (keys & KEYS_STRANGE) {
		len += snprintf(text + len, 96 - len, "%s%d of nobody", len > 0 ? "+" : "",
		                __builtin_popcount(keys & KEYS_STRANGE));
	}
	if (keys & KEY_FOREIGN) {
		len += snprintf(text + len, 96 - len, "%sforeign", len > 0 ? "+" : "");
	}
	return len > 0 ? text : "none";
}

/*! FNV-1a: equal timelines have equal sums, and no other one has by chance. */
static uint64_t fold(uint64_t sum, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		sum = (sum ^ (uint8_t)*p) * 0x100000001b3ULL;
	}
	return sum;
}

void trace(world_t *w, const char *format, ...)
{
	char line[1024];
	va_list args;
	long t = w->now - T0;
	int len = snprintf(line, sizeof(line), "  day %2ld %02ld:%02ld:%02ld  ", t / DAY, t % DAY / HOUR, t % HOUR / 60,
	                   t % 60);

	va_start(args, format);
	vsnprintf(line + len, sizeof(line) - len, format, args);
	va_end(args);
	w->trace_sum = fold(w->trace_sum, line);
	if (w->trace != NULL) {
		fprintf(w->trace, "%s\n", line);
	}
}
