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

	delegation_survey_t next = { .surveyed = surveyed,
		                     .at_ms = now_ms,
		                     .alone = !heard,
		                     .alone_before = asked->alone,
		                     .before = asked->surveyed };

	if (asked->surveyed == 0) {
		next.unknown = !resumed || !heard;
	} else {
		const time_t passed = (now_ms - asked->at_ms) / 1000;
		next.unknown = passed > DELEGATION_SURVEY_GAP;
		next.set = gained_since(surveyed, asked->surveyed, passed);
		next.gained = next.set + (heard && !asked->alone ? 0 : passed);
	}
	*asked = next;
}

/*!
 * Whether the server itself was asked not long ago. If it was left out of the survey before, only what this host heard
 * tells that it was not cut off since.
 */
static bool was_asked(const delegation_survey_t *asked, const delegation_silence_t *before)
{
	const time_t apart = asked->surveyed - asked->set - before->seen;

	return before->seen != 0 && apart >= -DELEGATION_FRESH && apart <= DELEGATION_SURVEY_GAP &&
	       (before->seen == asked->before || (!before->alone && !asked->alone_before));
}

delegation_silence_t delegation_silent(const delegation_survey_t *asked, const delegation_silence_t *before)
{
	assert(asked && before);

	const bool goes_on = before->since != 0 && !asked->unknown && was_asked(asked, before);
	const time_t since = goes_on ? before->since + asked->gained : asked->surveyed;

	return (delegation_silence_t){
		.since = since > 0 && since < asked->surveyed ? since : asked->surveyed,
		.seen = asked->surveyed,
		.alone = asked->alone,
	};
}
