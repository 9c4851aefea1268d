/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A zone in the middle of a rollover that 0.1.0 has begun: its derived policies published and withdrew the signals,
 * the states of the keys are those that Knot's timers gave them, and its row knows neither these nor the signals.
 */

#include "sim_orders.h"

/*! Whether the new KSK has been there for long in the state. */
static bool has_new(rollover_state_t state)
{
	return state != ROLLOVER_PREPARE && state != ROLLOVER_INTRODUCE;
}

void upgrade_start(world_t *w)
{
	knot_t *knot = &w->knot;
	const rollover_state_t state = w->former;

	if (!w->upgraded) {
		return;
	}
	if (has_new(state)) {
		knot_make(w, &(sim_key_t){ .state = KSK_READY,
		                           .algorithm = 13,
		                           .published = w->now - 10 * DAY,
		                           .made = CAUSE_KNOT,
		                           .ready_cause = CAUSE_OURS,
		                           .ready_decided = w->now - 1 });
		knot->policy = POLICY_FORMER;
		knot->policy_decided = w->now - 1;
	}
	knot->former = state == ROLLOVER_SIGNAL || state == ROLLOVER_AWAIT_DS ? FORMER_SIGNAL :
	               state == ROLLOVER_ROLLBACK                             ? FORMER_ROLLBACK :
	                                                                        FORMER_QUIET;
	if (state == ROLLOVER_RETIRE || state == ROLLOVER_ROLLBACK) {
		w->up.version[0].ds = 2;
	}
}

/*! What 0.1.0 did last, now that servers and caches have what was before. */
static void last_step(world_t *w)
{
	knot_t *knot = &w->knot;

	knot->policy = POLICY_FORMER;
	knot->policy_decided = w->now;
	switch (w->former) {
	case ROLLOVER_INTRODUCE:
		(void)knot_roll(w, 13, false, CAUSE_OPERATOR, w->now);
		break;
	case ROLLOVER_WITHDRAW:
		parent_change(w, 2, w->up.version[0].ttl, CAUSE_OURS, w->now, false);
		break;
	case ROLLOVER_RETIRE:
		knot->key[0].state = KSK_REMOVED;
		knot->key[0].removed_cause = CAUSE_OURS;
		knot->key[0].removed_decided = w->now;
		knot->key[1].state = KSK_ACTIVE;
		break;
	default:
		break;
	}
	knot_update(w);
}

void upgrade_row(world_t *w)
{
	engine_t *e = &w->engine;
	rollover_row_t *row = &e->stored;

	if (!w->upgraded) {
		return;
	}
	trace(w, "module      upgraded from 0.1.0 in state %s", rollover_state_name(w->former));
	rollover_init(row, w->now);
	row->state = w->former;
	row->old_count = 1;
	facts_key_id(w, 0, &row->old[0]);
	row->has_new = w->former != ROLLOVER_PREPARE;
	row->settled_at = w->now - 30 * DAY;
	row->parent_seen = w->now;
	ttl_window_add(&row->dnskey_ttl, knot_version(w)->ttl, w->now);
	ttl_window_add(&row->ds_ttl, w->up.version[0].ttl, w->now);
	last_step(w);
	if (row->has_new) {
		facts_key_id(w, 1, &row->new_key);
	}
	rollover_clock_t now;
	clock_now(w, &now);
	row->clock = now;
	e->has_stored = true;
	e->saved = e->saved_wall = w->now;
}
