/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What time is known to have passed between two readings of the clocks. docs/internals.rst, "When the clock is set".
 */

#include "kskroll/clock.h"

/*! By less than this a wall clock is not behind yet: it adds up. What it is ahead counts at once. */
#define STEP_MS 2000
/*! Seconds by which a clock may be slewed meanwhile. */
#define SET_MOST 60

bool clock_same_boot(const rollover_clock_t *a, const rollover_clock_t *b)
{
	return a->boot != 0 && a->boot == b->boot;
}

int64_t clock_uptime(const rollover_clock_t *now)
{
	const int64_t up = now->wall - now->ahead / 1000;

	return now->boot != 0 && up > 0 ? up : 0;
}

int64_t clock_gained(const rollover_clock_t *then, const rollover_clock_t *now)
{
	const int64_t apart = now->wall - then->wall;

	if (!clock_same_boot(then, now)) {
		return apart; /* Nothing is known to have passed. */
	}
	const int64_t ms = now->ahead - then->ahead;
	if (ms > -STEP_MS && ms <= 0) {
		return 0;
	}
	/* Up to whole seconds: an age may be less than the truth, never more. */
	const int64_t seconds = ms / 1000 + (ms > 0 && ms % 1000 != 0);
	/* No time passes backward, whatever a clock says. */
	return seconds < apart ? seconds : apart;
}

bool clock_goes_on(const rollover_clock_t *then, const rollover_clock_t *now)
{
	const int64_t by = clock_gained(then, now);

	return clock_same_boot(then, now) && by <= SET_MOST && by >= -SET_MOST;
}

void clock_move(time_t *t, int64_t by)
{
	if (*t != 0) {
		*t = *t + by > 0 ? *t + by : 1; /* 0 is not yet; a clock of 1970 has no time before that. */
	}
}

time_t clock_follow(rollover_clock_t *clock, const rollover_clock_t *now, int64_t by)
{
	if (!clock_same_boot(clock, now)) {
		*clock = *now;
		return now->wall;
	}
	/* What is no step yet stays. */
	const int64_t rest = now->ahead - clock->ahead - by * 1000;
	clock->ahead = rest > -STEP_MS && rest < STEP_MS ? clock->ahead + by * 1000 : now->ahead;
	clock->wall = now->wall;
	/* To the nearest second. A clock that is slewed stays near a whole one, since what it is ahead counts as one.
	 */
	const int64_t behind = clock->ahead - now->ahead;
	return now->wall + (behind > 0 ? (behind + 500) / 1000 : 0);
}
