/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file that the zone file includes: module/server/parent_include.c in virtual time, and whoever else loads the
 * zone. What is written, and what is taken back, is the production's rule (include_item.c).
 */

#include "include_item.h"
#include "sim_world.h"

static const ds_version_t *current(const world_t *w)
{
	return &w->up.version[w->up.version_count - 1];
}

/*! One that is cut off can be loaded: it has no DS of the child. */
static bool is_cut(const world_t *w)
{
	for (unsigned i = 0; i < w->agent.trouble_count; i++) {
		const trouble_t *t = &w->agent.trouble[i];
		if (t->kind == TROUBLE_FILE && t->from <= w->now && (t->to == 0 || w->now < t->to)) {
			return w->agent.meddled_with && t->from % 2 != 0;
		}
	}
	return false;
}

/*! DS comes from the file, and nobody has wished for that just now. */
static void revert(world_t *w, world_keys_t ds, uint32_t ttl, const char *how)
{
	const time_t wished = w->agent.deeds.wished;

	trace(w, "operator    %s", how);
	w->why |= WHY_DS_BY_HAND;
	parent_change(w, ds, ttl, CAUSE_OPERATOR, 0, true);
	w->agent.deeds.wished = wished != 0 ? wished : w->now;
}

/*! Another client has changed DS between the file and its load: this undoes it, as each load of such a zone does. */
static void override(world_t *w)
{
	agent_t *a = &w->agent;
	const agent_order_t *order = &a->include.order;

	if (a->deeds.touched < order->at) {
		violate(w, "P7", "the included file has DS %s, but DS was %s when it was written",
		        keys_text(a->include.has.ds), keys_text(parent_ds(w)));
		return;
	}
	a->deeds.changed = true;
	a->deeds.before = agent_ds_keys(&order->what.base);
	a->deeds.put = a->include.has.ds;
}

void agent_include_load(world_t *w)
{
	agent_t *a = &w->agent;
	agent_include_t *inc = &a->include;
	const bool ordered = inc->ordered;

	if (a->config.apply != DELEGATION_BY_INCLUDE) {
		return;
	}
	if (agent_trouble(w, TROUBLE_FILE)) {
		if (is_cut(w) && parent_ds(w) != 0) {
			revert(w, 0, 0, "the zone is loaded, and the included file has no DS of the child");
		}
		return; /* Else the load fails, and the zone stays as it is. */
	}
	inc->ordered = false;
	if (inc->has.ds == current(w)->ds && (inc->has.ds == 0 || inc->has.ttl == current(w)->ttl)) {
		return;
	}
	if (ordered && agent_order_compares(w, &inc->order, false)) {
		agent_carry_out(w, &inc->order);
	} else {
		if (ordered) {
			override(w);
		}
		revert(w, inc->has.ds, inc->has.ttl, "the zone is loaded with DS of the included file");
	}
	inc->has = *current(w);
	a->file = w->up.version_count - 1;
	a->listed_at = 0;
}

void agent_include_edit(world_t *w, const ds_version_t *has)
{
	if (w->agent.config.apply == DELEGATION_BY_INCLUDE) {
		w->agent.include.has = *has;
		w->agent.include.ordered = false;
	}
}

/* Orders. */

static void over(world_t *w, delegation_outcome_t outcome, const char *detail)
{
	agent_batch_end(w);
	agent_order_end(w, outcome, detail);
}

static bool has_wanted(const world_t *w, const agent_order_t *order)
{
	const world_keys_t put = agent_ds_keys(&order->what.put);

	return parent_ds(w) == put && (put == 0 || current(w)->ttl == order->what.ttl);
}

static void write_file(world_t *w)
{
	static const uint32_t LOADS[] = { 0, 0, 0, 0, 1, 2, 17, 50 };
	agent_t *a = &w->agent;
	agent_include_t *inc = &a->include;

	if (a->order.proof.begun != 0 && w->now - a->order.proof.begun > DELEGATION_FRESH &&
	    a->order.what.action != DELEGATION_DO_RESTORE) {
		violate(w, "P2", "the included file is written on facts of %ld s before",
		        (long)(w->now - a->order.proof.begun));
		return;
	}
	a->order.sent = true;
	a->order.at = w->now;
	inc->order = a->order;
	inc->ordered = true;
	inc->has = (ds_version_t){ .ds = agent_ds_keys(&a->order.what.put), .ttl = a->order.what.ttl, .fault = -1 };
	trace(w, "agent       writes the included file");
	if (agent_may_crash(w, true)) {
		return;
	}
	a->order.running = true;
	event_add(w, w->now + RNG_PICK(&a->rng, LOADS), EV_AGENT_COMMIT, 0, 0);
}

void agent_include_begin(world_t *w)
{
	agent_t *a = &w->agent;

	if (agent_trouble(w, TROUBLE_FILE)) {
		over(w, DELEGATION_OUTCOME_FAILED, "the included file is missing");
		return;
	}
	const bool differs = a->include.has.ds != parent_ds(w);
	if (differs) {
		agent_include_load(w);
	}
	const include_seen_t seen = {
		.below = a->order.what.ns == 1,
		.expected = agent_order_compares(w, &a->order, true),
		.wanted = has_wanted(w, &a->order),
		.caught_up = differs,
		.has_ds = parent_ds(w) != 0,
		.agrees = a->include.has.ds == parent_ds(w),
	};
	switch (include_item(&seen)) {
	case PARENT_ITEM_SAME:
		over(w, DELEGATION_OUTCOME_DONE, "");
		break;
	case PARENT_ITEM_DONE:
		if (!agent_may_crash(w, true)) {
			write_file(w);
		}
		break;
	default:
		over(w, DELEGATION_OUTCOME_FAILED, "the zone has another DS RRset than was judged");
		break;
	}
}

/*! Nobody knows whether the zone was loaded: what is in the file is settled first. */
static void lose(world_t *w)
{
	agent_t *a = &w->agent;

	if (rng_chance(&a->rng, 50)) {
		agent_include_load(w);
	}
	a->left = a->order;
	a->left.sent = false;
	a->recovering = true;
	event_add(w, w->now + 2, EV_AGENT_RECOVER, 0, 0);
	agent_order_end(w, DELEGATION_OUTCOME_NONE, "the connection ended while the zone was loaded");
}

void agent_include_end(world_t *w)
{
	agent_t *a = &w->agent;

	if (agent_trouble(w, TROUBLE_DROPPED) || agent_trouble(w, TROUBLE_CONTROL)) {
		lose(w);
		return;
	}
	agent_include_load(w);
	if (agent_may_crash(w, true)) {
		return;
	}
	a->listed_at = 0;
	if (has_wanted(w, &a->order)) {
		over(w, DELEGATION_OUTCOME_DONE, "");
		return;
	}
	agent_include_edit(w, current(w)); /* The former file is back. */
	over(w, DELEGATION_OUTCOME_FAILED, "the zone takes no DS from the file");
}

bool agent_include_settle(world_t *w)
{
	agent_t *a = &w->agent;
	agent_include_t *inc = &a->include;
	const bool ordered = inc->has.ds == agent_ds_keys(&a->left.what.put);
	const bool same = inc->has.ds == parent_ds(w) && (inc->has.ds == 0 || inc->has.ttl == current(w)->ttl);

	if (agent_trouble(w, TROUBLE_FILE) || agent_trouble(w, TROUBLE_TRANSACTION) ||
	    agent_trouble(w, TROUBLE_SIGNING) || agent_trouble(w, TROUBLE_FROZEN)) {
		return false;
	}
	if (include_takes_back(ordered, same)) {
		trace(w, "agent       takes back what it has left in the included file");
		agent_include_edit(w, current(w));
	}
	return true;
}
