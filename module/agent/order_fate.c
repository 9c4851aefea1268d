/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "order_fate.h"

static order_fate_t over(delegation_outcome_t *to, delegation_outcome_t outcome)
{
	*to = outcome;
	return ORDER_OVER;
}

order_fate_t order_fate(update_status_t status, const order_sent_t *sent, delegation_outcome_t *outcome)
{
	switch (status) {
	case UPDATE_DONE:
	case UPDATE_SAME:
		return over(outcome, DELEGATION_OUTCOME_DONE);
	case UPDATE_BASE:
	case UPDATE_DIFFERS:
		return over(outcome, DELEGATION_OUTCOME_FAILED);
	case UPDATE_REFUSED:
	case UPDATE_REFUSED_UNSIGNED:
		if (sent->doubt && !sent->gone) {
			/* The question: what came of the message before is not said. */
			return ORDER_DOUBT;
		}
		/* Should one without a signature have been carried out all the same, the zone says so. */
		return over(outcome, status == UPDATE_REFUSED ? DELEGATION_OUTCOME_FAILED : DELEGATION_OUTCOME_NONE);
	case UPDATE_UNSENT:
		return sent->gone || sent->late ? over(outcome, DELEGATION_OUTCOME_FAILED) : ORDER_AGAIN;
	case UPDATE_CANCELLED:
		if (sent->stopped) {
			return over(outcome, DELEGATION_OUTCOME_NONE);
		}
		/* Fall through. */
	case UPDATE_LOST:
	default:
		return sent->gone ? over(outcome, DELEGATION_OUTCOME_NONE) : ORDER_DOUBT;
	}
}

unsigned order_doubt_ms(unsigned ms)
{
	return ms == 0 ? ORDER_DOUBT_MIN_MS : ms < ORDER_DOUBT_MAX_MS / 2 ? 2 * ms : ORDER_DOUBT_MAX_MS;
}

delegation_action_t order_action(delegation_state_t state)
{
	static const delegation_action_t actions[DELEGATION_STATE__COUNT] = {
		[DELEGATION_CHANGE] = DELEGATION_DO_CHANGE,
		[DELEGATION_RESTORE] = DELEGATION_DO_RESTORE,
		[DELEGATION_UNDO] = DELEGATION_DO_UNDO,
	};
	return actions[state];
}

bool order_is_awaited(const delegation_row_t *row, delegation_action_t action)
{
	return row->ordering && order_action(row->state) == action;
}

order_doubt_t order_in_doubt(const delegation_config_t *config, const delegation_row_t *row, const ds_set_t *ds,
                             delegation_outcome_t outcome, bool words, time_t now)
{
	const delegation_action_t action = order_action(row->state);
	const bool unknown = outcome == DELEGATION_OUTCOME_NONE && !words;
	const bool made = outcome == DELEGATION_OUTCOME_DONE && action != DELEGATION_DO_RESTORE &&
	                  now >= row->next_check && now - row->since >= DELEGATION_FRESH;

	if (config->apply != DELEGATION_BY_UPDATE || action == DELEGATION_DO_NOTHING || !row->ordering ||
	    (!unknown && !made) || ds_set_equal(&row->put, ds)) {
		return ORDER_KNOWN;
	}
	return made ? ORDER_MADE : ORDER_UNKNOWN;
}
