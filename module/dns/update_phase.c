/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "update_phase.h"

update_phase_t update_phase_first(bool check_only)
{
	return check_only ? UPDATE_ASKS_WANTED : UPDATE_ASKS_EXPECTED;
}

bool update_phase_next(update_phase_t *phase, bool check_only, bool holds, update_status_t *status)
{
	switch (*phase) {
	case UPDATE_ASKS_CHANGE:
		*status = UPDATE_DONE;
		*phase = UPDATE_ASKS_WANTED;
		return !holds;
	case UPDATE_ASKS_WANTED:
		*status = holds ? UPDATE_SAME : UPDATE_DIFFERS;
		*phase = UPDATE_ASKS_EXPECTED;
		return check_only && !holds;
	case UPDATE_ASKS_EXPECTED:
	default:
		*status = holds ? UPDATE_BASE : UPDATE_DIFFERS;
		*phase = holds ? UPDATE_ASKS_CHANGE : UPDATE_ASKS_WANTED;
		return !check_only;
	}
}

update_status_t update_phase_lost(update_phase_t phase, bool check_only, bool sent)
{
	/* A question that changes nothing is lost without harm; but one about a change leaves it open. */
	return check_only || phase == UPDATE_ASKS_WANTED || (sent && phase == UPDATE_ASKS_CHANGE) ? UPDATE_LOST :
	                                                                                            UPDATE_UNSENT;
}
