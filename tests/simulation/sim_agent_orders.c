/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Orders of the agent, and the knotd that carries them out: module/agent/orders.c in virtual time. What a batch changes
 * is stored before zone-begin; inside the transaction NS and DS are compared; a process that ends leaves it open.
 */

#include "order_fate.h"
#include "sim_world.h"

/*! Until the next try where another client, or knotd itself, is at work. */
#define BUSY 1
/*! Between two tries to end a transaction that was left behind. */
#define RECOVER 30
/*! An open transaction without changes is ours after so long. */
#define EMPTY 600

static const ds_version_t *current(const world_t *w)
{
	return &w->up.version[w->up.version_count - 1];
}

static void later(world_t *w, event_kind_t kind, uint32_t wait)
{
	event_add(w, w->now + wait, kind, 0, 0);
}

void agent_order(world_t *w, const delegation_order_t *what)
{
	static const uint32_t JOINED[] = { 0, 0, 1, 1, 9, 30, 70 };
	agent_t *a = &w->agent;

	/* One that waits still is dropped. */
	if (a->config.apply == DELEGATION_BY_UPDATE ? !agent_update_drop(w) : a->order.running) {
		a->outcome = DELEGATION_OUTCOME_FAILED;
		a->order.former = true;
		return;
	}
	a->order = (agent_order_t){
		.there = true,
		.what = *what,
		.latest = w->now + (what->until - agent_wall(w)),
		.proof = a->proof,
		.lasts = what->action == DELEGATION_DO_CHANGE && a->known.load == DELEGATION_LOAD_KEEPS,
	};
	later(w, EV_AGENT_BATCH, RNG_PICK(&a->rng, JOINED));
	if (a->meddled_with && w->now < w->quiet_from && rng_chance(&a->rng, 8)) {
		event_add(w, w->now + rng_below(&a->rng, DELEGATION_FRESH), EV_AGENT_HAND, HAND_BACKUP, 0);
	}
}

void agent_order_end(world_t *w, delegation_outcome_t outcome, const char *detail)
{
	agent_t *a = &w->agent;

	a->order.there = a->order.running = false;
	if (a->order.former) {
		trace(w, "agent       a former order is over: %s", detail);
		return;
	}
	a->outcome = outcome;
	a->update.words = detail[0] != '\0';
	if (outcome != DELEGATION_OUTCOME_DONE) {
		trace(w, "agent       the order is over: %s", detail);
	}
	agent_poke(w);
}

/*! The transaction is over; what the batch has is stored no more. */
void agent_batch_end(world_t *w)
{
	agent_t *a = &w->agent;

	a->open = a->changes = a->order.running = false;
	a->batch_stored = a->batch_stored && agent_trouble(w, TROUBLE_STORE);
}

bool agent_order_is_old(const world_t *w)
{
	const agent_order_t *order = &w->agent.order;

	return agent_wall(w) >= order->what.until || w->now >= order->latest;
}

static bool is_forbidden(const world_t *w)
{
	const agent_t *a = &w->agent;
	const bool change = a->order.what.action == DELEGATION_DO_CHANGE;

	return !order_is_awaited(&a->row, a->order.what.action) || a->config.report_only ||
	       (a->config.locked && change) ||
	       (a->config.apply == DELEGATION_BY_TRANSACTION && a->order.lasts && a->load != DELEGATION_LOAD_KEEPS);
}

void agent_batch(world_t *w)
{
	static const uint32_t WAITS[] = { 0, 0, 0, 0, 1, 2, 17, 50 };
	agent_t *a = &w->agent;

	if (!a->order.there || a->order.running) {
		return;
	}
	if (a->recovering) {
		later(w, EV_AGENT_BATCH, 2);
		return;
	}
	a->known.load = a->load; /* It is read before each batch. */
	a->known.at = w->now;
	if (!a->update.doubt && (agent_order_is_old(w) || is_forbidden(w))) {
		agent_order_end(w, DELEGATION_OUTCOME_FAILED, "too old, or not wanted any more");
		return;
	}
	if (a->config.apply == DELEGATION_BY_UPDATE) {
		agent_update_send(w);
		return;
	}
	if (agent_trouble(w, TROUBLE_CONTROL) || agent_trouble(w, TROUBLE_STORE) ||
	    agent_trouble(w, TROUBLE_TRANSACTION) || agent_trouble(w, TROUBLE_SIGNING)) {
		later(w, EV_AGENT_BATCH, BUSY);
		return;
	}
	if (agent_trouble(w, TROUBLE_FROZEN)) {
		agent_order_end(w, DELEGATION_OUTCOME_FAILED, "the zone is frozen");
		return;
	}
	a->batch_stored = true;
	if (agent_may_crash(w, true)) {
		return;
	}
	if (a->config.apply == DELEGATION_BY_INCLUDE) {
		agent_include_begin(w);
		return;
	}
	if (a->open) {
		violate(w, "P9", "a transaction is begun while one of ours is open");
		return;
	}
	a->order.running = a->open = true;
	a->changes = false;
	later(w, EV_AGENT_COMMIT, RNG_PICK(&a->rng, WAITS));
}

bool agent_order_compares(const world_t *w, const agent_order_t *order, bool ttl)
{
	const delegation_order_t *what = &order->what;
	ds_set_t ds;

	agent_ds_set(w, current(w)->ds, &ds);
	return what->ns == 1 && ds_set_equal(&ds, &what->base) &&
	       (!ttl || ds.count == 0 || what->base_ttl == current(w)->ttl);
}

static bool compares(const world_t *w, const agent_order_t *order)
{
	return agent_order_compares(w, order, true);
}

/*! The signals that the change follows, for what becomes of it at resolvers (charged.c). */
static void change(world_t *w, const agent_order_t *order)
{
	const ds_version_t was = *current(w);
	const world_keys_t keys = agent_ds_keys(&order->what.put);
	const zone_version_t *v = NULL;
	cause_t cause = was.cause;
	time_t decided = was.decided;

	for (unsigned i = 0; i < order->proof.count && order->what.action == DELEGATION_DO_CHANGE; i++) {
		if (order->proof.of[i].answered && (v == NULL || order->proof.of[i].version.number > v->number)) {
			v = &order->proof.of[i].version;
		}
	}
	if (v != NULL) {
		cause = v->cds_cause;
		decided = v->cds_decided;
	} else if (order->what.action == DELEGATION_DO_UNDO && w->up.version_count > 1) {
		/* What is back is what it was. */
		for (unsigned i = w->up.version_count; i-- > 0;) {
			if (w->up.version[i].ds == keys) {
				cause = w->up.version[i].cause;
				decided = w->up.version[i].decided;
				break;
			}
		}
	}
	parent_step(w, keys, keys != 0 ? order->what.ttl : was.ttl, cause, decided, order->proof.begun);
}

void agent_carry_out(world_t *w, const agent_order_t *order)
{
	static const char *const WORDS[DELEGATION_ACTION__COUNT] = {
		[DELEGATION_DO_CHANGE] = "changes DS",
		[DELEGATION_DO_RESTORE] = "restores the TTL",
		[DELEGATION_DO_UNDO] = "undoes the change",
	};
	agent_t *a = &w->agent;

	agent_check_commit(w, order);
	trace(w, "agent       %s", WORDS[order->what.action]);
	change(w, order);
	a->changes_made += order->what.action == DELEGATION_DO_CHANGE;
	a->undos_made += order->what.action == DELEGATION_DO_UNDO;
	a->restores_made += order->what.action == DELEGATION_DO_RESTORE;
	a->open = a->changes = false;
	if (a->unlucky && order->what.action == DELEGATION_DO_CHANGE && w->now < w->quiet_from &&
	    rng_chance(&a->rng, 40)) {
		const time_t from = w->now + rng_below(&a->rng, HOUR);
		agent_add_trouble(w, TROUBLE_RESOLVERS, from, from + 600 + rng_below(&a->rng, HOUR));
	}
}

void agent_land(world_t *w)
{
	agent_t *a = &w->agent;

	if (!a->left.sent) {
		return;
	}
	if (a->open && compares(w, &a->left)) {
		agent_carry_out(w, &a->left);
		a->listed_at = 0;
	}
	a->left.sent = false;
	a->open = a->changes = false;
}

void agent_commit(world_t *w)
{
	agent_t *a = &w->agent;

	if (!a->order.running || agent_may_crash(w, true)) {
		return;
	}
	if (a->config.apply == DELEGATION_BY_INCLUDE) {
		agent_include_end(w);
		return;
	}
	if (!compares(w, &a->order)) {
		agent_batch_end(w);
		agent_order_end(w, DELEGATION_OUTCOME_FAILED, "the zone has another DS RRset than was judged");
		return;
	}
	a->changes = true;
	if (agent_may_crash(w, true)) {
		return;
	}
	if (agent_order_is_old(w)) {
		agent_batch_end(w);
		agent_order_end(w, DELEGATION_OUTCOME_FAILED,
		                "the facts were too old before the zone could be changed");
		return;
	}
	agent_carry_out(w, &a->order);
	if (agent_may_crash(w, true)) {
		return;
	}
	agent_batch_end(w);
	a->listed_at = 0;
	if (rng_chance(&a->rng, a->lossy)) {
		agent_order_end(w, DELEGATION_OUTCOME_NONE, "no answer to zone-commit");
	} else {
		agent_order_end(w, DELEGATION_OUTCOME_DONE, "");
	}
}

void agent_recover(world_t *w)
{
	agent_t *a = &w->agent;

	if (!a->alive || !a->recovering) {
		return;
	}
	if (agent_trouble(w, TROUBLE_STORE) || (a->batch_stored && agent_trouble(w, TROUBLE_CONTROL))) {
		later(w, EV_AGENT_RECOVER, RECOVER);
		return;
	}
	if (a->batch_stored && a->config.apply == DELEGATION_BY_INCLUDE && !agent_include_settle(w)) {
		later(w, EV_AGENT_RECOVER, RECOVER);
		return;
	}
	if (a->batch_stored && a->open && !a->changes) {
		a->empty_since = a->empty_since != 0 ? a->empty_since : w->now;
		if (w->now - a->empty_since < EMPTY) {
			later(w, EV_AGENT_RECOVER, RECOVER);
			return;
		}
	}
	if (a->left.sent) {
		later(w, EV_AGENT_RECOVER, 2); /* It is answered when knotd is done. */
		return;
	}
	if (a->open && a->batch_stored) {
		trace(w, "agent       a transaction that was left open is aborted");
	} else if (a->open) {
		trace(w, "operator    aborts a transaction of the agent that nobody remembers");
	}
	a->open = a->changes = a->batch_stored = a->recovering = false;
}
