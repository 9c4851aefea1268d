/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The times of a row are those of the wall clock, which anybody may set. docs/internals.rst, "When the clock is set".
 */

#include <assert.h>

#include "kskroll/delegation.h"

time_t delegation_follow_clock(delegation_row_t *row, const rollover_clock_t *now)
{
	assert(row && now);

	const bool fresh = row->clock.wall == 0, same = clock_same_boot(&row->clock, now);
	const int64_t by = fresh ? 0 : clock_gained(&row->clock, now);
	/* Not the times of signatures: those are the signer's. */
	time_t *const times[] = {
		&row->since,      &row->gate_since, &row->gate_until,   &row->accepted_since, &row->undone_at,
		&row->manual,     &row->all_since,  &row->secure_since, &row->secure_last,    &row->notified,
		&row->next_check, &row->back_since, &row->back_last,
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]) && by != 0; i++) {
		clock_move(times[i], by);
	}
	/* Here a time is too old rather than too young: the machine may have been suspended. */
	if (by < 0) {
		clock_move(&row->before_until, by);
	}
	if (!fresh && !same) {
		row->before_until = 0;
		row->next_check = 0;   /* How long nobody checked is not known, */
		row->secure_since = 0; /* nor whether the child has validated meanwhile, */
		row->secure_last = 0;
		row->back_since = 0; /* nor which keys it had, */
		row->back_last = 0;
		row->accepted_since = 0; /* nor whether its signals were the same. */
	}
	return clock_follow(&row->clock, now, by);
}
