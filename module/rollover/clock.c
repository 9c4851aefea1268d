/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The times of a row are those of the wall clock, which anybody may set, and which may be wrong from the start. How old
 * they are is only what a clock that nobody can set has counted. docs/internals.rst, "When the clock is set".
 */

#include <assert.h>

#include "kskroll/clock.h"
#include "kskroll/rollover.h"

static void move_window(ttl_window_t *window, int64_t by)
{
	for (unsigned i = 0; i < window->count; i++) {
		clock_move(&window->step[i].seen, by);
	}
}

static void move_all(rollover_row_t *row, int64_t by)
{
	clock_move(&row->since, by);
	clock_move(&row->gate_since, by);
	clock_move(&row->gate_until, by);
	clock_move(&row->settled_at, by);
	clock_move(&row->all_since, by);
	clock_move(&row->all_expired, by);
	clock_move(&row->ds_all_since, by);
	clock_move(&row->observed_since, by);
	clock_move(&row->observed_last, by);
	clock_move(&row->zone_ttl_seen, by);
	clock_move(&row->zone_ttl_until, by);
	clock_move(&row->data_since, by);
	clock_move(&row->data_last, by);
	move_window(&row->dnskey_ttl, by);
	move_window(&row->ds_ttl, by);
	clock_move(&row->parent_seen, by);
	clock_move(&row->ds_ttl_asked, by);
	clock_move(&row->ds_ttl_since, by);
	clock_move(&row->ds_ttl_sent, by);
	clock_move(&row->signalled, by);
	clock_move(&row->ordered, by);
	clock_move(&row->notified, by);
	clock_move(&row->submitted, by);
	clock_move(&row->next_check, by);
	/* By a clock of 1970 all times of before are the same one. Which message was the first is not known any more.
	 */
	row->ds_ttl_sent += row->ds_ttl_sent == 1;
}

time_t rollover_follow_clock(rollover_row_t *row, const rollover_clock_t *now)
{
	assert(row && now);

	rollover_clock_t *clock = &row->clock;
	const bool fresh = clock->wall == 0, same = clock_same_boot(clock, now);
	const int64_t by = fresh ? 0 : clock_gained(clock, now);

	const time_t observed = row->observed_last;

	if (by != 0) {
		move_all(row, by);
	}
	if (!fresh && !same) {
		row->next_check = 0; /* How long nobody checked is not known: no state may take it for short. */
		/* If the wall clock says that it was long, it is a gap; and if it says what cannot be. */
		const time_t booted = now->wall - clock_uptime(now);
		row->observed_last = observed > now->wall ? 0 : observed > booted ? booted : observed;
	}
	return clock_follow(clock, now, by);
}

time_t rollover_unreachable_since(const rollover_config_t *config, time_t since, const rollover_clock_t *seen,
                                  const rollover_clock_t *now)
{
	assert(config && seen && now);

	const uint32_t apart =
		config->check_interval > config->ds_check_interval ? config->check_interval : config->ds_check_interval;
	/* The longest back-off is eightfold (RFC 9975 3), with some delay besides. */
	const time_t longest = 10 * (time_t)apart + 60;
	const int64_t by = clock_gained(seen, now);
	/* Here a long time must be assumed where the clock may be right, a short one where it must be proven. */
	const time_t apart_by_wall = now->wall - seen->wall;
	const time_t unseen = clock_same_boot(seen, now)                              ? apart_by_wall - by :
	                      apart_by_wall >= 0 && apart_by_wall < clock_uptime(now) ? clock_uptime(now) :
	                                                                                apart_by_wall;

	if (since == 0 || since > seen->wall || unseen < 0 || unseen > longest) {
		return now->wall;
	}
	clock_move(&since, by);
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
