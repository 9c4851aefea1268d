/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The times of a row are those of the wall clock, which anybody may set, and which may be wrong from the start. How old
 * they are is only what a clock that nobody can set has counted. docs/internals.rst, "When the clock is set".
 */

#include <assert.h>

#include "kskroll/rollover.h"

/*! By less than this a wall clock is not behind yet: it adds up. What it is ahead counts at once. */
#define STEP_MS 2000

static bool same_boot(const rollover_clock_t *a, const rollover_clock_t *b)
{
	return a->boot != 0 && a->boot == b->boot;
}

/*! A boot ago is at least this long ago, whatever the wall clock of then was. */
static int64_t uptime(const rollover_clock_t *now)
{
	const int64_t up = now->wall - now->ahead / 1000;

	return now->boot != 0 && up > 0 ? up : 0;
}

/*! By how many seconds the wall clock went on more than time is known to have passed; negative: less. */
static int64_t gained(const rollover_clock_t *then, const rollover_clock_t *now)
{
	const int64_t apart = now->wall - then->wall;

	if (!same_boot(then, now)) {
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

static void move(time_t *t, int64_t by)
{
	if (*t != 0) {
		*t = *t + by > 0 ? *t + by : 1; /* 0 is not yet; a clock of 1970 has no time before that. */
	}
}

static void move_window(ttl_window_t *window, int64_t by)
{
	for (unsigned i = 0; i < window->count; i++) {
		move(&window->step[i].seen, by);
	}
}

static void move_all(rollover_row_t *row, int64_t by)
{
	move(&row->since, by);
	move(&row->gate_since, by);
	move(&row->gate_until, by);
	move(&row->settled_at, by);
	move(&row->all_since, by);
	move(&row->all_expired, by);
	move(&row->ds_all_since, by);
	move(&row->observed_since, by);
	move(&row->observed_last, by);
	move(&row->zone_ttl_seen, by);
	move(&row->zone_ttl_until, by);
	move_window(&row->dnskey_ttl, by);
	move_window(&row->ds_ttl, by);
	move(&row->parent_seen, by);
	move(&row->signalled, by);
	move(&row->ordered, by);
	move(&row->notified, by);
	move(&row->next_check, by);
}

void rollover_follow_clock(rollover_row_t *row, const rollover_clock_t *now)
{
	assert(row && now);

	rollover_clock_t *clock = &row->clock;
	const bool fresh = clock->wall == 0, same = same_boot(clock, now);
	const int64_t by = fresh ? 0 : gained(clock, now);

	const time_t observed = row->observed_last;

	if (by != 0) {
		move_all(row, by);
	}
	if (!fresh && !same) {
		row->next_check = 0; /* How long nobody checked is not known: no state may take it for short. */
		/* If the wall clock says that it was long, it is a gap; and if it says what cannot be. */
		const time_t booted = now->wall - uptime(now);
		row->observed_last = observed > now->wall ? 0 : observed > booted ? booted : observed;
	}
	if (same) {
		/* What is no step yet stays. */
		const int64_t rest = now->ahead - clock->ahead - by * 1000;
		clock->ahead = rest > -STEP_MS && rest < STEP_MS ? clock->ahead + by * 1000 : now->ahead;
		clock->wall = now->wall;
	} else {
		*clock = *now;
	}
}

time_t rollover_unreachable_since(const rollover_config_t *config, time_t since, const rollover_clock_t *seen,
                                  const rollover_clock_t *now)
{
	assert(config && seen && now);

	const uint32_t apart =
		config->check_interval > config->ds_check_interval ? config->check_interval : config->ds_check_interval;
	/* The longest back-off is eightfold (RFC 9975 3), with some delay besides. */
	const time_t longest = 10 * (time_t)apart + 60;
	const int64_t by = gained(seen, now);
	/* Here a long time must be assumed where the clock may be right, a short one where it must be proven. */
	const time_t apart_by_wall = now->wall - seen->wall;
	const time_t unseen = same_boot(seen, now)                              ? apart_by_wall - by :
	                      apart_by_wall >= 0 && apart_by_wall < uptime(now) ? uptime(now) :
	                                                                          apart_by_wall;

	if (since == 0 || since > seen->wall || unseen < 0 || unseen > longest) {
		return now->wall;
	}
	move(&since, by);
	return since;
}

void rollover_silence(const rollover_config_t *config, rollover_silence_t *silence, bool heard,
                      const rollover_clock_t *now)
{
	assert(config && silence && now);

	const time_t before = silence->seen.wall - silence->since;
	time_t since = rollover_unreachable_since(config, silence->since, &silence->seen, now);

	if (silence->since != 0 && before >= 0 && (!heard || silence->alone) && now->wall - since > before) {
		since = now->wall - before;
	}
	*silence = (rollover_silence_t){ .since = since, .seen = *now, .alone = !heard };
}
