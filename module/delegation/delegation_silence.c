/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Since when a server has not answered. As rollover_silence() does: only what was checked again and again counts, and
 * not while this host may be cut off.
 */

#include <assert.h>

#include "kskroll/delegation.h"

bool delegation_has_asked(const delegation_row_t *row)
{
	assert(row);

	const unsigned servers = DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS;

	return (delegation_state_info(row->state)->asks & servers) && row->clock.wall > row->since;
}

/*! By how much the wall clock was set since a survey. A survey waits for its turn. */
static time_t gained_since(time_t surveyed, time_t before, time_t passed)
{
	const time_t gained = surveyed - before - passed;

	return gained > DELEGATION_FRESH || gained < -DELEGATION_FRESH ? gained : 0;
}

void delegation_surveyed(delegation_survey_t *asked, bool resumed, bool heard, time_t surveyed, uint64_t now_ms)
{
	assert(asked);

	delegation_survey_t next = { .surveyed = surveyed, .at_ms = now_ms, .alone = !heard };

	if (asked->surveyed == 0) {
		next.unknown = !resumed || !heard;
	} else {
		const time_t passed = (now_ms - asked->at_ms) / 1000;
		next.unknown = passed > DELEGATION_SURVEY_GAP;
		next.gained = gained_since(surveyed, asked->surveyed, passed);
		next.gained += heard && !asked->alone ? 0 : passed;
	}
	*asked = next;
}

time_t delegation_silent_since(const delegation_survey_t *asked, time_t before)
{
	assert(asked);

	const time_t since = before == 0 || asked->unknown ? asked->surveyed : before + asked->gained;

	return since > 0 && since < asked->surveyed ? since : asked->surveyed;
}
