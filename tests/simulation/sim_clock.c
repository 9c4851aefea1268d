/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clocks of the server's machine: the wall clock is set, starts wrong after a reboot, and is set right in a step or
 * slewed; the one that only counts begins anew with each boot. True time is w->now.
 */

#include <stdlib.h>

#include "sim_world.h"

/*! What a clock that is slewed gains or loses in SLEW_EVERY: a twelfth, the most that chrony does. */
#define SLEW_EVERY 60
#define SLEW       5
/*! One that is further off is stepped. */
#define SLEW_MOST (2 * HOUR)

time_t clock_wall(const world_t *w)
{
	return w->now + w->clock.wrong;
}

void clock_now(const world_t *w, rollover_clock_t *out)
{
	out->wall = clock_wall(w);
	out->ahead = (out->wall - (w->now - w->clock.booted)) * 1000;
	out->boot = w->clock.boot;
}

static void show(world_t *w, int64_t wrong, const char *how)
{
	w->clock.wrong = wrong;
	trace(w, "clock       %s: %lld s %s", how, (long long)llabs((long long)wrong), wrong < 0 ? "behind" : "ahead");
}

int64_t clock_error(const world_t *w, rng_t *rng)
{
	static const int64_t WRONG[] = {
		0,     0,        1,         -1,      40,      -40,      600,      -600,      HOUR,
		-HOUR, 9 * HOUR, -9 * HOUR, 3 * DAY, 3 * DAY, -3 * DAY, 40 * DAY, -40 * DAY,
	};
	return rng_chance(rng, 10) ? -w->now + (int64_t)rng_below(rng, DAY) : RNG_PICK(rng, WRONG);
}

/*! It is set right some time after it went wrong, if ever. */
static void plan_correction(world_t *w)
{
	static const uint32_t AFTER[] = { 2, 30, 30, 600, HOUR, 5 * HOUR, DAY, 3 * DAY };

	if (!rng_chance(&w->clock.rng, 10)) {
		event_add(w, w->now + RNG_PICK(&w->clock.rng, AFTER), EV_CLOCK, CLOCK_RIGHT, 0);
	}
}

void clock_plan(world_t *w, uint32_t span)
{
	for (unsigned n = rng_below(&w->clock.rng, 3); n > 0; n--) {
		event_add(w, T0 + rng_below(&w->clock.rng, span), EV_CLOCK, CLOCK_WRONG, 0);
	}
}

void clock_start(world_t *w)
{
	if (w->profile != PROFILE_CRASH && w->profile != PROFILE_MIXED) {
		return;
	}
	const bool boots = rng_chance(&w->clock.rng, 50);
	if (boots) {
		/* The machine was off. Its clock may have been, too. */
		w->clock.boot++;
		w->clock.booted = w->now;
		trace(w, "clock       the machine boots");
	} else if (!rng_chance(&w->clock.rng, 20)) {
		return;
	}
	show(w, clock_error(w, &w->clock.rng), "after the start");
	if (boots) {
		shown_boot(w);
	}
	plan_correction(w);
}

void clock_event(world_t *w, clock_event_t kind)
{
	const int64_t wrong = w->clock.wrong;

	switch (kind) {
	case CLOCK_WRONG:
		show(w, clock_error(w, &w->clock.rng), "is set");
		plan_correction(w);
		break;
	case CLOCK_RIGHT:
		if (llabs((long long)wrong) > SLEW_MOST || rng_chance(&w->clock.rng, 50)) {
			show(w, 0, "is set right");
			break;
		}
		trace(w, "clock       is slewed, %lld s", (long long)-wrong);
		/* FALLTHROUGH */
	case CLOCK_SLEW:
		w->clock.wrong = llabs((long long)wrong) <= SLEW ? 0 : wrong < 0 ? wrong + SLEW : wrong - SLEW;
		if (w->clock.wrong != 0) {
			event_add(w, w->now + SLEW_EVERY, EV_CLOCK, CLOCK_SLEW, 0);
		}
		break;
	}
}
