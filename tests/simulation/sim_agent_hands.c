/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Other hands at the parent zone of an agent: its configuration, which says what a reload does to DS; reloads, its
 * file, a backup; and whoever sends notifications without a reason.
 */

#include "sim_world.h"

/*! DS as another client leaves it: none of its signals, and no check of the child has seen it. */
static void put_back(world_t *w, unsigned version, const char *how)
{
	const ds_version_t was = w->up.version[version], *now = &w->up.version[w->up.version_count - 1];

	if (was.ds == now->ds && was.ttl == now->ttl) {
		return;
	}
	trace(w, "operator    %s", how);
	w->why |= WHY_DS_BY_HAND;
	parent_change(w, was.ds, was.ttl, CAUSE_OPERATOR, 0, true);
}

void agent_reload(world_t *w)
{
	agent_t *a = &w->agent;

	if (a->config.apply == DELEGATION_BY_INCLUDE) {
		agent_include_load(w);
	} else if (a->load == DELEGATION_LOAD_REVERTS) {
		/* Nobody wanted that. Who has a secondary cannot tell. */
		const time_t wished = a->deeds.wished;
		put_back(w, a->file, "a reload of the parent zone brings DS of the zone file back");
		a->deeds.wished = a->update.remote ? a->deeds.wished : wished;
	}
}

void agent_hand(world_t *w, agent_hand_t hand)
{
	agent_t *a = &w->agent;

	switch (hand) {
	case HAND_RELOAD:
		trace(w, "operator    reloads the parent zone");
		agent_reload(w);
		break;
	case HAND_CLASS:
		if (a->config.apply == DELEGATION_BY_INCLUDE) {
			break; /* Such a zone is loaded from its file. */
		}
		a->load = a->load == DELEGATION_LOAD_KEEPS ? DELEGATION_LOAD_REVERTS : DELEGATION_LOAD_KEEPS;
		trace(w, "operator    configures the parent zone: a reload %s DS",
		      a->load == DELEGATION_LOAD_KEEPS ? "keeps" : "reverts");
		a->known.at = 0; /* kskrolld has a message of each reload of the configuration. */
		/* The zone is loaded for that. Then the file is what the zone has, or the other way round. */
		agent_reload(w);
		a->file = w->up.version_count - 1;
		break;
	case HAND_EDIT:
		agent_include_edit(w, &w->up.version[a->file]);
		put_back(w, a->file, "edits the zone file, which has the DS of before");
		a->file = w->up.version_count - 1;
		break;
	case HAND_BACKUP: {
		const unsigned version = rng_below(&a->rng, w->up.version_count);
		agent_include_edit(w, &w->up.version[version]);
		put_back(w, version, "restores a backup of the parent zone");
		break;
	}
	case HAND_NOTIFY:
		for (unsigned n = rng_between(&a->rng, 1, 20); n > 0; n--) {
			event_add(w, w->now + rng_below(&a->rng, 600), EV_AGENT_NOTIFY, 0, 0);
		}
		break;
	}
}
