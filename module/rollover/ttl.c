/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "kskroll/rollover.h"

time_t ttl_expires(time_t seen, uint32_t ttl)
{
	return seen + 1 + ttl;
}

static time_t end_of(const ttl_window_t *window, unsigned i)
{
	return ttl_expires(window->step[i].seen, window->step[i].ttl);
}

static void drop(ttl_window_t *window, unsigned i)
{
	memmove(&window->step[i], &window->step[i + 1], (window->count - i - 1) * sizeof(window->step[0]));
	window->count--;
}

void ttl_window_add(ttl_window_t *window, uint32_t ttl, time_t now)
{
	if (ttl > ROLLOVER_TTL_COUNTS) {
		ttl = ROLLOVER_TTL_COUNTS;
	}
	if (window->count > 0) {
		/* What the last check saw may have been served until this check. */
		if (window->step[0].seen < now) {
			window->step[0].seen = now;
		}
		if (window->step[0].ttl == ttl) {
			return;
		}
	}

	/* A step counts only while it is larger than what comes later and not run out. */
	for (unsigned i = window->count; i-- > 0;) {
		if (window->step[i].ttl <= ttl || end_of(window, i) <= now) {
			drop(window, i);
		}
	}

	/* Full: two steps become one that covers both. A wait may grow, never shrink. */
	if (window->count == TTL_WINDOW_MAX) {
		unsigned last = window->count - 1;
		if (window->step[last - 1].seen > window->step[last].seen) {
			window->step[last].seen = window->step[last - 1].seen;
		}
		drop(window, last - 1);
	}

	memmove(&window->step[1], &window->step[0], window->count * sizeof(window->step[0]));
	window->step[0].ttl = ttl;
	window->step[0].seen = now;
	window->count++;
}

uint32_t ttl_window_max(const ttl_window_t *window, time_t now)
{
	uint32_t max = 0;
	for (unsigned i = 0; i < window->count; i++) {
		if ((i == 0 || end_of(window, i) > now) && window->step[i].ttl > max) {
			max = window->step[i].ttl;
		}
	}
	return max;
}

time_t ttl_window_expired(const ttl_window_t *window, uint32_t limit)
{
	time_t expired = 0;
	for (unsigned i = 0; i < window->count; i++) {
		if (window->step[i].ttl > limit && end_of(window, i) > expired) {
			expired = end_of(window, i);
		}
	}
	return expired;
}

void ttl_window_bound(ttl_window_t *window)
{
	for (unsigned i = 0; i < window->count; i++) {
		if (window->step[i].ttl > ROLLOVER_TTL_COUNTS) {
			window->step[i].ttl = ROLLOVER_TTL_COUNTS;
		}
	}
}

void ttl_window_forget(ttl_window_t *window, time_t expired)
{
	for (unsigned i = window->count; i-- > 1;) {
		if (window->step[i].seen <= expired) {
			drop(window, i);
		}
	}
}
