/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One world from beginning to end.
 */

#include "sim_orders.h"

static void begin(world_t *w)
{
	engine_t *e = &w->engine;

	w->mile.ds_ttl = w->up.version[0].ttl;
	if (child_is_by_hand(w)) {
		child_start(w);
	} else {
		knot_start(w);
	}
	for (unsigned i = 0; i < w->child_count; i++) {
		server_serves(w, &w->child[i], false);
	}
	for (unsigned i = 0; i < w->parent_count; i++) {
		server_serves(w, &w->parent[i], true);
	}
	knot_update(w); /* A zone that is signed only now. */
	upgrade_row(w);
	if (w->agent.on) {
		agent_start(w);
	}
	if (w->driver == DRIVER_MODULE) {
		e->alive = true;
		engine_poke(w);
	} else if (!child_is_by_hand(w)) {
		event_add(w, w->now + HOUR, EV_NATIVE, 0, 0);
	}
}

/*! Those of its process end with that. */
static void run_agent_event(world_t *w, const event_t *ev)
{
	agent_t *a = &w->agent;

	if (ev->kind <= EV_AGENT_RESTART && ev->epoch != a->epoch) {
		return;
	}
	switch (ev->kind) {
	case EV_AGENT_WAKE:
		if (a->alive && ev->b == (uint16_t)a->timer) {
			agent_wake(w);
		}
		break;
	case EV_AGENT_ASK:
		agent_ask(w);
		break;
	case EV_AGENT_ANSWER:
		agent_answer(w);
		break;
	case EV_AGENT_BATCH:
		agent_batch(w);
		break;
	case EV_AGENT_COMMIT:
		agent_commit(w);
		break;
	case EV_AGENT_RECOVER:
		agent_recover(w);
		break;
	case EV_AGENT_REPLY:
		agent_update_reply(w, ev->a, ev->b);
		break;
	case EV_AGENT_RESTART:
		agent_restart(w);
		break;
	case EV_AGENT_NOTIFY:
		agent_notified(w);
		break;
	case EV_AGENT_MEDDLED:
		agent_meddled(w);
		break;
	case EV_AGENT_STORE:
		agent_lose_store(w);
		break;
	case EV_AGENT_CLOCK:
		agent_clock(w, ev->a);
		break;
	case EV_AGENT_LAND:
		agent_land(w);
		break;
	case EV_AGENT_HAND:
		agent_hand(w, ev->a);
		break;
	case EV_AGENT_PRIMARY:
		agent_update_handle(w);
		break;
	case EV_AGENT_TRANSFER:
		agent_update_transferred(w);
		break;
	}
}

static void run_event(world_t *w, const event_t *ev)
{
	engine_t *e = &w->engine;
	command_t command = { .kind = ev->a, .at = ev->at };

	switch (ev->kind) {
	case EV_WAKE:
		if (e->alive && ev->epoch == e->epoch && ev->b == (uint16_t)e->timer) {
			engine_wake(w);
		}
		break;
	case EV_ANSWER:
		if (ev->epoch == e->epoch) {
			engine_answer(w);
		}
		break;
	case EV_ORDER:
		if (ev->epoch == e->epoch) {
			engine_order(w);
		}
		break;
	case EV_RESTART:
		if (ev->epoch == e->epoch) {
			engine_restart(w);
		}
		break;
	case EV_KASP:
		knot_update(w);
		break;
	case EV_SYNC:
		servers_sync(w, ev->a, ev->b);
		break;
	case EV_FAULT:
		fault_begin(w, ev->a);
		break;
	case EV_HEAL:
		fault_end(w, ev->a);
		break;
	case EV_EXCUSE:
		if (w->fault[ev->a].active) {
			const fault_t *f = &w->fault[ev->a];
			server_excuse(w, f->parent ? &w->parent[f->server] : &w->child[f->server], f->parent);
		}
		break;
	case EV_SCAN:
		parent_scan(w, ev->a);
		break;
	case EV_ACCEPT:
		parent_accept(w);
		break;
	case EV_STALE:
		parent_keep(w, ev->b);
		break;
	case EV_COMMAND:
		command_run(w, &command);
		break;
	case EV_CLOCK:
		clock_event(w, ev->a);
		break;
	case EV_SUBMIT:
		submit_lands(w, ev->b);
		break;
	case EV_SUBMIT_ANSWER:
		if (ev->epoch == e->epoch) {
			submit_answer(w, ev->b);
		}
		break;
	case EV_CHILD:
		child_step(w, ev->a);
		break;
	case EV_NATIVE:
		native_check(w);
		break;
	default:
		run_agent_event(w, ev);
	}
}

/*!
 * What is left is done, by both sides. If the zone rolls by itself the next rollover may begin before an agent has come
 * to rest after the last one: then it counts that the goal was reached before. An agent that has not read the current
 * DS may still act on it.
 */
static bool is_over(world_t *w)
{
	if (w->now <= w->quiet_from) {
		return false;
	}
	const bool reached = goal_reached(w);
	w->reached = w->reached || (reached && w->engine.config.ksk_lifetime != 0);
	return (reached || w->reached) && agent_rests(w) && agent_is_current(w);
}

void world_run(world_t *w)
{
	event_t ev;

	begin(w);
	while (!w->failed && !w->overflow && event_next(w, &ev)) {
		if (ev.at > w->end) {
			break;
		}
		w->now = ev.at;
		run_event(w, &ev);
		if (is_over(w)) {
			w->done = true;
			break;
		}
	}
	if (w->overflow) {
		violate(w, "size", "a table of the simulator is too small for this world");
	}
	check_end(w);
	child_check_end(w);
	agent_check_end(w);
}
