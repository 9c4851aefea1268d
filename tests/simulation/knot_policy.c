/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The policy of the zone, and what becomes of it while the zone is frozen, at a reload, and at a restart of knotd.
 */

#include "sim_world.h"

void knot_switch(world_t *w, policy_role_t role, time_t decided)
{
	knot_t *knot = &w->knot;

	if (knot->frozen) {
		knot->pending = role;
		knot->policy_decided = decided;
		return;
	}
	if (knot->policy != role || role == POLICY_BASE) {
		knot->policy_decided = decided;
	}
	knot->policy = role;
	knot_update(w);
}

void knot_freeze(world_t *w, bool frozen)
{
	knot_t *knot = &w->knot;

	if (frozen && !knot->frozen) {
		knot->pending = knot->policy;
	}
	if (!frozen && !knot->frozen) {
		return; /* A restart has thawed it. */
	}
	knot->frozen = frozen;
	if (!frozen) {
		knot->policy = knot->pending;
		knot_update(w);
	}
}

void knot_down(world_t *w)
{
	w->knot.up = false;
	w->knot.alarm = 0;
	for (unsigned i = 0; i < w->child_count; i++) {
		if (w->child[i].primary) {
			server_serves(w, &w->child[i], false);
		}
	}
}

void knot_restart(world_t *w)
{
	knot_t *knot = &w->knot;

	knot->up = true;
	/* A freeze does not outlive the process; a policy switch does if the configuration is a database. */
	if (knot->frozen) {
		knot->policy = knot->pending;
		knot->frozen = false;
	}
	if (knot->text_config) {
		knot->policy = POLICY_BASE;
	}
	for (unsigned i = 0; i < w->child_count; i++) {
		if (w->child[i].primary) {
			server_serves(w, &w->child[i], false);
		}
	}
	knot_update(w);
}

void knot_reload(world_t *w)
{
	if (w->knot.text_config) {
		w->knot.pending = POLICY_BASE;
		if (!w->knot.frozen) {
			w->knot.policy = POLICY_BASE;
		}
	}
	knot_update(w);
}
