/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS UPDATE: module/agent/orders_update.c and module/dns/update.c in virtual time, and the primary. What follows from
 * an answer, and from none, is the production's (order_fate.c, update_phase.c).
 */

#include <string.h>

#include "order_fate.h"
#include "sim_world.h"

/*! module/dns/update.c: an answer is waited for so long. */
#define ANSWER 60
/*! module/agent/orders_update.c: until the next try where the primary cannot be reached. */
#define UNSENT 2
/*! The primary looks again after so long, while it can change nothing. */
#define LOOKS 30

typedef enum {
	REPLY_HOLDS = 0, /*!< The prerequisites do, and a change is made. */
	REPLY_FAILS,
	REPLY_REFUSED,
	REPLY_REFUSED_UNSIGNED,
	REPLY_LOST,
	REPLY_UNSENT,
} agent_reply_t;

/* The agent. */

/*! Another message of ours, which the primary could still take instead of this one. */
static bool may_still_come(const world_t *w, const agent_order_t *order)
{
	const agent_update_t *u = &w->agent.update;

	for (unsigned i = 0; i < u->queued; i++) {
		const agent_message_t *m = &u->queue[i];
		/* No question asks for a TTL: who starts again restores it once more. */
		const bool same = m->order.what.action == DELEGATION_DO_RESTORE &&
		                  order->what.action == DELEGATION_DO_RESTORE && m->order.what.ttl == order->what.ttl;
		if (m->phase == UPDATE_ASKS_CHANGE && !same && ds_set_equal(&m->order.what.base, &order->what.base) &&
		    w->agent.deeds.lost < m->order.at && w->agent.deeds.touched < m->order.at) {
			return true;
		}
	}
	return false;
}

static void check_sent(world_t *w, const agent_order_t *order)
{
	if (order->proof.begun != 0 && w->now - order->proof.begun > DELEGATION_FRESH &&
	    order->what.action != DELEGATION_DO_RESTORE) {
		violate(w, "P2", "a DNS UPDATE is sent on facts of %ld s before", (long)(w->now - order->proof.begun));
	}
	if (may_still_come(w, order)) {
		violate(w, "P9", "a DNS UPDATE is sent, and an earlier one may still be carried out");
	}
}

/*! Nobody waits for answers to questions that were asked before. */
static void forget_questions(agent_update_t *u)
{
	unsigned left = 0;

	for (unsigned i = 0; i < u->queued; i++) {
		if (u->queue[i].phase == UPDATE_ASKS_CHANGE) {
			u->queue[left++] = u->queue[i];
		}
	}
	u->queued = left;
}

static void look_soon(world_t *w, uint32_t in)
{
	if (!w->agent.update.handling) {
		w->agent.update.handling = true;
		event_add(w, w->now + in, EV_AGENT_PRIMARY, 0, 0);
	}
}

static void ask(world_t *w, update_phase_t phase)
{
	static const uint32_t TRAVELS[] = { 0, 0, 0, 0, 1, 5, 40 };
	agent_t *a = &w->agent;
	agent_update_t *u = &a->update;

	u->phase = phase;
	u->number = u->number % UINT16_MAX + 1;
	u->awaited = u->number;
	if (agent_trouble(w, TROUBLE_CUT_OFF) || agent_trouble(w, TROUBLE_PRIMARY)) {
		event_add(w, w->now + rng_below(&a->rng, 6), EV_AGENT_REPLY, REPLY_UNSENT, u->number);
		return;
	}
	event_add(w, w->now + ANSWER, EV_AGENT_REPLY, REPLY_LOST, u->number);
	forget_questions(u);
	if (phase == UPDATE_ASKS_CHANGE) {
		a->order.sent = true;
		a->order.at = w->now;
		check_sent(w, &a->order);
	}
	if (u->queued == AGENT_MESSAGES) {
		w->overflow = true;
		return;
	}
	u->queue[u->queued++] = (agent_message_t){ .order = a->order, .phase = phase, .number = u->number };
	look_soon(w, RNG_PICK(&a->rng, TRAVELS));
}

void agent_update_send(world_t *w)
{
	agent_t *a = &w->agent;

	if (w->now < a->update.not_before || agent_may_crash(w, true)) {
		return;
	}
	a->order.running = true;
	ask(w, update_phase_first(a->update.doubt));
	(void)agent_may_crash(w, true);
}

static void again(world_t *w, uint32_t in)
{
	w->agent.update.not_before = w->now + in;
	event_add(w, w->now + in, EV_AGENT_BATCH, 0, 0);
}

static void forget(agent_update_t *u)
{
	u->doubt = u->made = false;
	u->doubt_ms = 0;
	u->not_before = 0;
}

static void conclude(world_t *w, update_status_t status)
{
	static const char *const WORDS[] = {
		[UPDATE_DONE] = "the primary has said that it is made",
		[UPDATE_SAME] = "the primary has said that it is made",
		[UPDATE_BASE] = "the primary has not carried out the DNS UPDATE",
		[UPDATE_DIFFERS] = "the primary has another NS or DS RRset than was judged",
		[UPDATE_REFUSED] = "the primary refuses",
		[UPDATE_REFUSED_UNSIGNED] = "the primary refuses",
		[UPDATE_UNSENT] = "no connection",
		[UPDATE_LOST] = "",
		[UPDATE_CANCELLED] = "",
	};
	agent_t *a = &w->agent;
	agent_update_t *u = &a->update;
	const order_sent_t sent = { .doubt = u->doubt, .late = agent_order_is_old(w) };
	const bool made = u->made;
	delegation_outcome_t outcome;

	a->order.running = false;
	switch (order_fate(status, &sent, &outcome)) {
	case ORDER_OVER:
		forget(u);
		if (made && outcome == DELEGATION_OUTCOME_DONE) {
			a->order.there = false; /* As it was known. */
		} else {
			agent_order_end(w, outcome, WORDS[status]);
		}
		break;
	case ORDER_DOUBT:
		if (!u->doubt) {
			trace(w, "agent       the order is in doubt");
		}
		u->doubt = true;
		u->doubt_ms = order_doubt_ms(u->doubt_ms);
		again(w, u->doubt_ms / 1000);
		break;
	case ORDER_AGAIN:
		again(w, UNSENT);
		break;
	}
}

void agent_update_reply(world_t *w, unsigned answer, unsigned number)
{
	agent_update_t *u = &w->agent.update;
	update_phase_t next = u->phase;
	update_status_t status = UPDATE_LOST;

	if (number != u->awaited) {
		return; /* It comes too late. */
	}
	u->awaited = 0;
	switch ((agent_reply_t)answer) {
	case REPLY_HOLDS:
	case REPLY_FAILS:
		if (!update_phase_next(&next, u->doubt, answer == REPLY_HOLDS, &status)) {
			break;
		}
		if (next != UPDATE_ASKS_CHANGE || !agent_order_is_old(w)) {
			ask(w, next);
			return;
		}
		status = UPDATE_UNSENT;
		break;
	case REPLY_REFUSED:
		status = UPDATE_REFUSED;
		break;
	case REPLY_REFUSED_UNSIGNED:
		status = UPDATE_REFUSED_UNSIGNED;
		break;
	case REPLY_LOST:
		status = update_phase_lost(u->phase, u->doubt, true);
		break;
	case REPLY_UNSENT:
		status = update_phase_lost(u->phase, u->doubt, false);
		break;
	}
	conclude(w, status);
}

void agent_update_settle(world_t *w)
{
	agent_t *a = &w->agent;
	agent_update_t *u = &a->update;
	const delegation_row_t *row = &a->row;
	const delegation_zone_t *zone = &a->facts.zone;

	if (a->config.apply != DELEGATION_BY_UPDATE || a->order.there || !zone->known) {
		return;
	}
	const order_doubt_t doubt = order_in_doubt(&a->config, row, &zone->ds, a->outcome, u->words, agent_now(w));
	if (doubt == ORDER_KNOWN) {
		return;
	}
	a->order = (agent_order_t){
		.there = true,
		.what = { .action = order_action(row->state),
		          .put = row->put,
		          .ttl = row->put_ttl,
		          .ns = zone->ns,
		          .base = zone->ds },
	};
	forget(u);
	u->doubt = true;
	u->made = doubt == ORDER_MADE;
	a->outcome = a->facts.outcome = u->made ? DELEGATION_OUTCOME_DONE : DELEGATION_OUTCOME_RUNNING;
	again(w, 0);
}

bool agent_update_drop(world_t *w)
{
	agent_t *a = &w->agent;

	if (a->order.there && a->order.running) {
		return false;
	}
	forget(&a->update);
	return true;
}

/* The primary. */

static agent_reply_t handle(world_t *w, const agent_message_t *m)
{
	const delegation_order_t *what = &m->order.what;
	ds_set_t ds;

	if (agent_trouble(w, TROUBLE_REFUSES)) {
		return m->number % 2 ? REPLY_REFUSED : REPLY_REFUSED_UNSIGNED;
	}
	agent_ds_set(w, parent_ds(w), &ds);
	switch (m->phase) {
	case UPDATE_ASKS_CHANGE:
		if (!agent_order_compares(w, &m->order, false)) {
			return REPLY_FAILS;
		}
		if (ds_set_equal(&ds, &what->put) && w->up.version[w->up.version_count - 1].ttl == what->ttl) {
			return REPLY_HOLDS; /* An earlier message has done it, and the agent's server does not have it
			                       yet. */
		}
		agent_carry_out(w, &m->order);
		return REPLY_HOLDS;
	case UPDATE_ASKS_WANTED:
		return ds_set_equal(&ds, &what->put) ? REPLY_HOLDS : REPLY_FAILS;
	case UPDATE_ASKS_EXPECTED:
	default:
		return ds_set_equal(&ds, &what->base) ? REPLY_HOLDS : REPLY_FAILS;
	}
}

void agent_update_handle(world_t *w)
{
	agent_t *a = &w->agent;
	agent_update_t *u = &a->update;

	u->handling = false;
	if (u->queued == 0) {
		return;
	}
	if (agent_trouble(w, TROUBLE_FROZEN) || agent_trouble(w, TROUBLE_TRANSACTION)) {
		look_soon(w, LOOKS);
		return;
	}
	const agent_message_t m = u->queue[0];
	memmove(u->queue, u->queue + 1, --u->queued * sizeof(m));
	const agent_reply_t reply = handle(w, &m);
	if (!agent_trouble(w, TROUBLE_ANSWERS) && !rng_chance(&a->rng, a->lossy)) {
		event_add(w, w->now + rng_below(&a->rng, 3), EV_AGENT_REPLY, reply, m.number);
	}
	if (u->queued > 0) {
		look_soon(w, 0);
	}
}

void agent_update_transferred(world_t *w)
{
	agent_t *a = &w->agent;
	const unsigned version = w->up.version_count - 1; /* A transfer has the version of then. */

	if (agent_trouble(w, TROUBLE_TRANSFER)) {
		event_add(w, w->now + 10 * LOOKS, EV_AGENT_TRANSFER, 0, 0);
		return;
	}
	if (version > a->update.own) {
		a->update.own = version;
		a->update.transferred = w->now;
		trace(w, "agent       its server has the current version");
		event_add(w, w->now + rng_below(&a->rng, 60), EV_AGENT_MEDDLED, 0, 0);
	}
}
