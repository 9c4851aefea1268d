/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The timeline of a world that is replayed.
 */

#include <stdarg.h>

#include "world.h"

const char *keys_text(world_keys_t keys)
{
	static _Thread_local char ring[8][64];
	static _Thread_local unsigned next;
	char *text = ring[next++ % 8];
	int len = 0;

	text[0] = '\0';
	for (unsigned k = 0; k < KEYS_MAX; k++) {
		if (keys & (1U << k)) {
			len += snprintf(text + len, 64 - len, "%sK%u", len > 0 ? "+" : "", k);
		}
	}
	if (keys & KEY_FOREIGN) {
		len += snprintf(text + len, 64 - len, "%sforeign", len > 0 ? "+" : "");
	}
	return len > 0 ? text : "none";
}

void trace(world_t *w, const char *format, ...)
{
	if (w->trace == NULL) {
		return;
	}
	va_list args;
	long t = w->now - T0;
	fprintf(w->trace, "  day %2ld %02ld:%02ld:%02ld  ", t / DAY, t % DAY / HOUR, t % HOUR / 60, t % 60);
	va_start(args, format);
	vfprintf(w->trace, format, args);
	va_end(args);
	fputc('\n', w->trace);
}
