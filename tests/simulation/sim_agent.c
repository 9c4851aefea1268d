/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Turns of the agent: module/agent/deleg_turn.c and conclude.c in virtual time. The zone is read, the child asked, the
 * decision stored, then carried out; the process may end between any two of them.
 */

#include <string.h>

#include "sim_world.h"

/*! module/agent/deleg_turn.c */
#define AGAIN 10
/*! module/agent/parent_life.c */
#define DATED_BACK (15 * DAY)
/*! module/dns/child_survey.c: the questions end then. */
#define ASKING_MAX 55

time_t agent_wall(const world_t *w)
{
	return w->now + w->agent.clock.wrong;
}

time_t agent_now(world_t *w)
{
	agent_t *a = &w->agent;
	const time_t wall = agent_wall(w);
	const rollover_clock_t clock = {
		.wall = wall,
		.ahead = (wall - (w->now - a->clock.booted)) * 1000,
		.boot = a->clock.boot,
	};

	return delegation_follow_clock(&a->row, &clock);
}

bool agent_trouble(const world_t *w, trouble_kind_t kind)
{
	const agent_t *a = &w->agent;

	for (unsigned i = 0; i < a->trouble_count; i++) {
		const trouble_t *t = &a->trouble[i];
		if (t->kind == kind && t->from <= w->now && (t->to == 0 || w->now < t->to)) {
			return true;
		}
	}
	return false;
}

/* Life and death. */

static void sleep_until(world_t *w, time_t at)
{
	event_add(w, at, EV_AGENT_WAKE, 0, ++w->agent.timer);
}

void agent_poke(world_t *w)
{
	agent_t *a = &w->agent;

	if (!a->alive) {
		return;
	}
	if (a->busy) {
		a->again = true;
	} else {
		sleep_until(w, w->now);
	}
}

void agent_start(world_t *w)
{
	agent_t *a = &w->agent;

	a->alive = true;
	a->deeds.alive_since = w->now;
	agent_count_start(w);
	a->epoch++;
	sleep_until(w, w->now + rng_below(&a->rng, HOUR));
}

/*! kskrolld alone, or knotd with it: then no transaction is left open. */
void agent_crash(world_t *w)
{
	static const uint32_t GONE[] = { 2, 2, 20, 300, HOUR, 5 * HOUR, DAY };
	agent_t *a = &w->agent;
	const bool knotd = rng_chance(&a->rng, 50);

	trace(w, "agent       %s dies%s", knotd ? "knotd" : "kskrolld", a->open ? ", a transaction is open" : "");
	a->alive = a->busy = a->again = a->loaded = a->unwritten = a->silences_lost = false;
	a->notified = 0;
	memset(a->asked, 0, sizeof(a->asked));
	a->outcome = DELEGATION_OUTCOME_NONE;
	a->left = a->order;
	a->left.sent = false; /* That of a transaction is sent below. */
	a->order.there = a->order.running = false;
	a->update.awaited = 0;
	a->update.doubt = a->update.made = a->update.words = false;
	a->open = a->open && !knotd;
	if (knotd && !a->update.remote) {
		agent_reload(w);
	} else if (a->open && a->changes && rng_chance(&a->rng, 50)) {
		a->left.sent = true;
		event_add(w, w->now + rng_below(&a->rng, 40), EV_AGENT_LAND, 0, 0);
	}
	a->epoch++;
	event_add(w, w->now + RNG_PICK(&a->rng, GONE), EV_AGENT_RESTART, knotd, 0);
}

bool agent_may_crash(world_t *w, bool does_something)
{
	agent_t *a = &w->agent;
	const uint32_t chance = does_something ? a->crash_chance : a->crash_chance / 100;

	if (a->crashes_left == 0 || w->now > w->quiet_from || rng_below(&a->rng, 1000) >= chance) {
		return false;
	}
	a->crashes_left--;
	agent_crash(w);
	return true;
}

void agent_clock(world_t *w, bool right)
{
	static const uint32_t AFTER[] = { 2, 30, 600, HOUR, DAY };
	agent_t *a = &w->agent;

	a->clock.wrong = right ? 0 : clock_error(w, &a->rng);
	trace(w, "agent       the clock is set: %lld s", (long long)a->clock.wrong);
	if (!right && rng_chance(&a->rng, 90)) {
		event_add(w, w->now + RNG_PICK(&a->rng, AFTER), EV_AGENT_CLOCK, true, 0);
	}
}

void agent_restart(world_t *w)
{
	agent_t *a = &w->agent;

	trace(w, "agent       starts again");
	if (a->may_boot && !a->open && rng_chance(&a->rng, 50)) {
		a->clock.boot++;
		a->clock.booted = w->now;
		agent_clock(w, rng_chance(&a->rng, 50));
	}
	a->alive = true;
	a->deeds.alive_since = w->now;
	agent_count_start(w);
	a->listed_at = a->known.at = 0;
	a->recovering = true;
	a->empty_since = 0;
	event_add(w, w->now, EV_AGENT_RECOVER, 0, 0);
	sleep_until(w, w->now + 1);
}

void agent_lose_store(world_t *w)
{
	agent_t *a = &w->agent;

	trace(w, "agent       loses its store");
	a->has_stored = a->batch_stored = false;
	memset(a->silence, 0, sizeof(a->silence));
	a->deeds.lost = w->now;
	a->deeds.looked = false;
	if (a->alive) {
		agent_crash(w);
	}
}

/*! The row as a new process has it. \return False: it is not due yet. */
static bool load(world_t *w)
{
	agent_t *a = &w->agent;

	if (a->loaded) {
		return true;
	}
	a->loaded = true;
	a->resumed = false;
	if (!a->has_stored) {
		delegation_init(&a->row, agent_wall(w), parent_ds(w) != 0 ? agent_wall(w) - DATED_BACK : 0);
		return true;
	}
	a->row = a->stored;
	(void)agent_now(w);
	const time_t unchecked = agent_wall(w) - a->stored.clock.wall;
	a->resumed = delegation_has_asked(&a->stored) && clock_goes_on(&a->stored.clock, &a->row.clock) &&
	             unchecked >= 0 && unchecked <= DELEGATION_SURVEY_GAP;
	if (a->row.state == DELEGATION_REST && a->row.next_check > agent_wall(w)) {
		sleep_until(w, w->now + (a->row.next_check - agent_wall(w)));
		return false;
	}
	return true;
}

/* The end of a turn. */

/*! What rests is small, and spreads. */
static void rest(world_t *w)
{
	agent_t *a = &w->agent;
	delegation_idle_t idle;

	a->busy = false;
	if (a->again) {
		a->again = false;
		sleep_until(w, w->now);
		return;
	}
	if (a->unwritten) {
		sleep_until(w,
		            w->now + (w->now > w->quiet_from ? HOUR : AGAIN)); /* In between it would only cost time. */
		return;
	}
	const time_t now = agent_now(w), next = a->row.next_check;
	time_t wait = next > now ? next - now : 0;
	if (a->row.state == DELEGATION_REST) {
		wait -= rng_below(&a->rng, wait / 8 + 1);
		/* Nobody waits for it any more: 400 days pass more quickly. */
		wait = w->engine.dead && w->dies.afterwards != 0 && wait < 6 * HOUR ? 6 * HOUR : wait;
	}
	if (delegation_pack(&a->row, &idle)) {
		delegation_unpack(&idle, &a->row);
		a->notified = a->asked[0].surveyed = 0;
		a->outcome = DELEGATION_OUTCOME_NONE;
		a->resumed = false;
	}
	sleep_until(w, w->now + wait);
}

static void say(world_t *w, delegation_state_t before, const delegation_decision_t *d)
{
	const delegation_row_t *row = &d->row;

	if (d->transition || d->gate_changed) {
		trace(w, "agent       %s%s%s%s%s %s %s", d->transition ? delegation_state_name(before) : "",
		      d->transition ? " -> " : "", delegation_state_name(row->state),
		      row->gate != DELEGATION_GATE_NONE ? " waits: " : "",
		      row->gate != DELEGATION_GATE_NONE ? delegation_gate_name(row->gate) : "", row->gate_about,
		      row->gate_detail);
	}
}

/*! \return Whether the turn goes on with another decision; \a ended: its process has ended. */
static bool decide_once(world_t *w, bool *ended)
{
	agent_t *a = &w->agent;
	delegation_decision_t d;
	const delegation_state_t before = a->row.state;
	const time_t now = agent_now(w);

	a->decisions++;
	delegation_decide(&a->config, &a->row, &a->facts, now, &d);
	agent_check_decision(w, &a->row, &d);
	const bool orders = d.order.action != DELEGATION_DO_NOTHING;
	if ((*ended = agent_may_crash(w, d.transition || orders))) {
		return false;
	}
	if (!agent_store_ready(w)) {
		a->unwritten = true;
		return false;
	}
	a->unwritten = false;
	a->stored = a->row = d.row;
	a->has_stored = true;
	agent_check_kept(w);
	say(w, before, &d);
	if ((*ended = agent_may_crash(w, d.transition || orders))) {
		return false;
	}
	if (orders) {
		a->outcome = DELEGATION_OUTCOME_RUNNING;
		a->update.words = false;
		agent_order(w, &d.order);
	}
	return delegation_goes_on(&a->facts, now, &d);
}

static void conclude(world_t *w)
{
	bool ended = false;

	agent_update_settle(w);
	for (unsigned i = 0; i < DELEGATION_DECISIONS_MAX && decide_once(w, &ended); i++) {
	}
	if (!ended) {
		rest(w);
	}
}

/* The survey. */

void agent_answer(world_t *w)
{
	agent_t *a = &w->agent;
	const unsigned child = (a->asks & DELEGATION_ASK_SURVEY) ? w->child_count : 0;
	const unsigned total = child + ((a->asks & DELEGATION_ASK_PARENTS) ? w->parent_count : 0);

	while (a->next_answer < total) {
		const unsigned i = a->next_answer++;
		if (i < child) {
			agent_see_child(w, i);
		} else {
			agent_see_parent(w, i - child);
		}
		const uint32_t next = rng_below(&a->rng, 20);
		if (next < 3 && a->next_answer < total && w->now + 8 < a->proof.begun + ASKING_MAX) {
			event_add(w, w->now + (next == 0 ? 8 : 1), EV_AGENT_ANSWER, 0, 0);
			return;
		}
	}
	const uint32_t pause = child_pause(w);
	if (pause != 0) {
		event_add(w, w->now + pause, EV_AGENT_ANSWER, 0, 0);
		return;
	}
	agent_see_rest(w);
	a->surveys++;
	conclude(w);
}

void agent_ask(world_t *w)
{
	agent_t *a = &w->agent;

	a->facts.surveyed = a->requested_wall + (w->now - a->requested);
	a->proof.begun = w->now;
	a->next_answer = 0;
	agent_count_survey(w);
	agent_answer(w);
}

static void ask_all(world_t *w)
{
	static const uint32_t DISCOVERY[] = { 0, 0, 0, 1, 1, 5, 20 };
	agent_t *a = &w->agent;

	if ((a->asks & (DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH)) == 0) {
		conclude(w);
		return;
	}
	a->requested = w->now;
	a->requested_wall = agent_wall(w);
	memset(&a->proof, 0, sizeof(a->proof));
	event_add(w, w->now + RNG_PICK(&a->rng, DISCOVERY), EV_AGENT_ASK, 0, 0);
}

/*! module/agent/deleg_turn.c */
static bool suffices_list(const delegation_row_t *row)
{
	return row->state == DELEGATION_REST && !row->ordering && row->put_ttl == 0 && row->ttl_normal == 0;
}

void agent_wake(world_t *w)
{
	agent_t *a = &w->agent;

	if (a->busy) {
		a->again = true;
		return;
	}
	a->timer++;
	if (!load(w)) {
		return;
	}
	a->busy = true;
	(void)agent_now(w);
	a->asks = !a->row.known && a->row.state == DELEGATION_REST && parent_ds(w) == 0 && !a->config.bootstrap ?
	                  0 :
	                  delegation_asks(&a->config, &a->row);
	memset(&a->facts, 0, sizeof(a->facts));
	a->facts.notified = a->notified;
	a->facts.outcome = a->outcome;
	a->facts.ttl = agent_ttl_wanted(w);
	agent_see_zone(w, suffices_list(&a->row));
	if (a->facts.zone.known && (a->asks & DELEGATION_ASK_SCAN)) {
		agent_see_scan(w);
	}
	ask_all(w);
}

/* What reaches it from outside. */

void agent_notified(world_t *w)
{
	agent_t *a = &w->agent;

	if ((a->on && !a->alive) || agent_trouble(w, TROUBLE_DEAF) || agent_trouble(w, TROUBLE_CUT_OFF)) {
		return;
	}
	if (!a->on) {
		scanner_scan(w, true);
		return;
	}
	trace(w, "agent       is notified");
	agent_count_notification(w);
	if (a->loaded) {
		const time_t now = agent_now(w);
		a->notified = now > a->row.notified ? now : a->row.notified + 1;
		agent_poke(w);
	}
}

void agent_by_hand(world_t *w, bool another, uint32_t ttl)
{
	agent_deeds_t *deeds = &w->agent.deeds;

	deeds->touched = another ? w->now : deeds->touched;
	deeds->changed_at = another ? 0 : deeds->changed_at;
	deeds->wished = another ? w->now : deeds->wished;
	if (ttl != deeds->low_ttl) {
		/* The agent knows of that when it meets the TTL. */
		deeds->unmet_ttl = deeds->normal_ttl != 0 ? deeds->judged_ttl : deeds->unmet_ttl;
		deeds->normal_ttl = 0;
	}
	event_add(w, w->now + rng_below(&w->agent.rng, 60), EV_AGENT_MEDDLED, 0, 0);
}

/*! The next list shows it, and wakes the delegation. */
void agent_meddled(world_t *w)
{
	if (w->agent.alive) {
		w->agent.listed_at = 0;
		agent_poke(w);
	}
}
