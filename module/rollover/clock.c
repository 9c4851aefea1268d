/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of a row when the wall clock is set. Waits have to last as long as before.
 */

#include <assert.h>

#include "kskroll/rollover.h"

/*! Whether the time moves with the clock. */
static bool moves(time_t t, const clock_step_t *step)
{
	/*
	 * Forward, all that has passed: left behind it would end waits early. What is still ahead was
	 * written by a right clock before this one was set right. Backward, only what this clock has
	 * told: what it was told before may have been right, and moved back it would end waits early.
	 */
	return t != 0 && (step->seconds > 0 ? t <= step->before : t >= step->running_since);
}

static void move(time_t *t, const clock_step_t *step)
{
	if (moves(*t, step)) {
		*t += step->seconds;
	}
}

static void move_window(ttl_window_t *window, const clock_step_t *step)
{
	for (unsigned i = 0; i < window->count; i++) {
		move(&window->step[i].seen, step);
	}
}

void rollover_clock_set(rollover_row_t *row, const clock_step_t *step)
{
	assert(row && step);

	/* Ends of waits go with the beginnings. */
	if (moves(row->all_since, step)) {
		row->all_drained += step->seconds;
	}
	if (row->gate_until != 0 && moves(row->gate_since, step)) {
		row->gate_until += step->seconds;
	}
	row->wake += step->seconds;

	move(&row->since, step);
	move(&row->gate_since, step);
	move(&row->settled_at, step);
	move(&row->all_since, step);
	move(&row->ds_all_since, step);
	move(&row->observed_since, step);
	move(&row->observed_last, step);
	move(&row->parent_seen, step);
	move(&row->acted, step);
	move(&row->notified, step);
	move_window(&row->dnskey_ttl, step);
	move_window(&row->ds_ttl, step);
}
