/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A delegation that rests is one of very many: what is kept of it is small.
 */

#include <assert.h>
#include <string.h>

#include "kskroll/delegation.h"

/*! Whether a time fits, as times of signatures do (RFC 4034 3.1.5). */
static bool fits(time_t t)
{
	return t >= 0 && t <= (time_t)UINT32_MAX;
}

bool delegation_pack(const delegation_row_t *row, delegation_idle_t *idle)
{
	assert(row && idle);

	if (row->state != DELEGATION_REST || row->gate != DELEGATION_GATE_NONE || row->ordering || row->content != 0 ||
	    row->refused != 0 || row->undos != 0 || (row->manual != 0 && !row->manual_judged) || row->reverted ||
	    row->ttl_normal != 0 || row->may_undo || row->put_ttl != 0) {
		return false;
	}
	if (!fits(row->since) || !fits(row->applied_inception) || !fits(row->notified) || !fits(row->next_check) ||
	    !fits(row->manual) || !fits(row->all_since) || !fits(row->clock.wall)) {
		return false;
	}
	memset(idle, 0, sizeof(*idle));
	idle->ds = row->ds;
	idle->former = row->former;
	idle->applied = row->applied;
	idle->clock_ahead = row->clock.ahead;
	idle->clock_boot = row->clock.boot;
	idle->clock_wall = row->clock.wall;
	idle->since = row->since;
	idle->applied_inception = row->applied_inception;
	idle->notified = row->notified;
	idle->next_check = row->next_check;
	idle->manual = row->manual;
	idle->all_since = row->all_since;
	idle->known = row->known;
	idle->notifies = row->notifies;
	return true;
}

void delegation_unpack(const delegation_idle_t *idle, delegation_row_t *row)
{
	assert(idle && row);

	delegation_init(row, idle->since, idle->applied_inception);
	row->ds = idle->ds;
	row->former = idle->former;
	row->applied = idle->applied;
	row->clock =
		(rollover_clock_t){ .wall = idle->clock_wall, .ahead = idle->clock_ahead, .boot = idle->clock_boot };
	row->notified = idle->notified;
	row->next_check = idle->next_check;
	row->manual = idle->manual;
	row->manual_judged = idle->manual != 0;
	row->all_since = idle->all_since;
	row->known = idle->known;
	row->notifies = idle->notifies;
}
