/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Worlds whose parent is the agent: its settings, its troubles, the end of its process. All of it comes from a stream
 * of its own, so that worlds with another parent stay as they are.
 */

#include "sim_world.h"

/*! Agents of a hundred that have the server of their child. */
#define SHARED 40
/*! Worlds of a hundred. */
#define WITH_AGENT 25

static void settings(world_t *w, rng_t *rng)
{
	static const uint32_t SCAN[] = { 600, HOUR, 12 * HOUR, DAY, DAY };
	static const uint32_t NOTIFYING[] = { HOUR, DAY, 7 * DAY };
	static const uint32_t CHECK[] = { 60, 60, 300 };
	static const uint32_t AFTER[] = { 12 * HOUR, 3 * DAY };
	static const uint32_t LOW[] = { 300, 600, 600, 900 };
	static const uint32_t HELD[] = { HOUR, DAY, 3 * DAY };
	static const uint32_t VERIFY[] = { 0, 600, HOUR, HOUR };
	static const uint32_t DOWN[] = { 0, 0, 0, HOUR };
	delegation_config_t *c = &w->agent.config;

	*c = DELEGATION_CONFIG_DEFAULT;
	c->bootstrap = true;
	c->remove = true;
	c->undo = rng_chance(rng, 90);
	c->hold_down = RNG_PICK(rng, DOWN);
	c->scan_interval = RNG_PICK(rng, SCAN);
	c->scan_interval_notifying = RNG_PICK(rng, NOTIFYING);
	c->check_interval = RNG_PICK(rng, CHECK);
	c->unreachable_after = RNG_PICK(rng, AFTER);
	c->ds_ttl = RNG_PICK(rng, LOW);
	c->ds_ttl_hold = RNG_PICK(rng, HELD);
	c->ds_ttl_base = rng_chance(rng, 50) ? w->up.version[0].ttl : 0;
	c->verify = RNG_PICK(rng, VERIFY);
	c->bogus_limit = rng_between(rng, 1, 3);
	w->agent.lossy = rng_chance(rng, 30) ? rng_between(rng, 5, 60) : 0;
	if (w->profile == PROFILE_DEAD && c->scan_interval < DAY) {
		c->scan_interval = DAY; /* 400 days pass more quickly. */
	}
}

void agent_add_trouble(world_t *w, trouble_kind_t kind, time_t from, time_t to)
{
	agent_t *a = &w->agent;

	if (a->trouble_count < AGENT_TROUBLES) {
		a->trouble[a->trouble_count++] = (trouble_t){ .kind = kind, .from = from, .to = to };
	}
}

static void plan_troubles(world_t *w, rng_t *rng, unsigned count, uint32_t span)
{
	static const uint32_t LASTS[] = { 2, 60, 600, HOUR, 5 * HOUR, DAY, 3 * DAY, 5 * DAY };

	while (count-- > 0) {
		const time_t from = T0 + rng_below(rng, span);
		agent_add_trouble(w, rng_below(rng, TROUBLE__ANY), from, from + RNG_PICK(rng, LASTS));
	}
}

static void plan_hands(world_t *w, rng_t *rng, unsigned count, uint32_t span)
{
	w->agent.meddled_with = true;
	while (count-- > 0) {
		const time_t at = T0 + rng_below(rng, span);
		w->agent.hands_until = at > w->agent.hands_until ? at : w->agent.hands_until;
		event_add(w, at, EV_AGENT_HAND, rng_below(rng, HAND_NOTIFY + 1), 0);
	}
}

static void plan_ends(world_t *w, rng_t *rng, uint32_t span)
{
	agent_t *a = &w->agent;

	a->crash_chance = rng_between(rng, 20, 400);
	a->crashes_left = rng_between(rng, 1, 6);
	if (rng_chance(rng, 25)) {
		event_add(w, T0 + rng_below(rng, span), EV_AGENT_STORE, 0, 0);
	}
	a->may_boot = rng_chance(rng, 50);
	for (unsigned n = a->may_boot ? rng_below(rng, 3) : 0; n > 0; n--) {
		event_add(w, T0 + rng_below(rng, span), EV_AGENT_CLOCK, false, 0);
	}
}

/*! Something is in its way for good, and its gate has to say so. */
static void plan_stuck(world_t *w, rng_t *rng)
{
	static const trouble_kind_t LASTING[] = {
		TROUBLE_STORE,   TROUBLE_CONTROL,   TROUBLE_FROZEN,  TROUBLE_TRANSACTION,
		TROUBLE_SIGNING, TROUBLE_DISCOVERY, TROUBLE_CUT_OFF,
	};
	agent_t *a = &w->agent;
	const bool parent = w->up.deaf || (w->up.habit == HABIT_ADD && w->up.stale_after == 0);

	if (!parent) {
		return;
	}
	switch (rng_below(rng, 4)) {
	case 0:
		a->config.locked = true;
		break;
	case 1:
		a->config.report_only = true;
		break;
	case 2:
		a->load = DELEGATION_LOAD_REVERTS;
		break;
	default:
		agent_add_trouble(w, RNG_PICK(rng, LASTING), T0 + rng_below(rng, 3 * DAY), 0);
		break;
	}
}

bool agent_is_wanted(uint64_t seed, unsigned zone)
{
	rng_t rng;

	rng_seed(&rng, seed, 10000 + zone);
	return rng_chance(&rng, WITH_AGENT);
}

void agent_make(world_t *w, unsigned zone)
{
	const uint32_t span = 12 * DAY;
	agent_t *a = &w->agent;
	parent_t *up = &w->up;
	rng_t rng;

	rng_seed(&rng, w->seed, 10000 + zone);
	const parents_t parents = w->parents;
	const bool some = rng_chance(&rng, WITH_AGENT);
	if (parents == PARENTS_PLAIN || parents == PARENTS_UPDATE ||
	    (parents == PARENTS_SOME && (w->driver != DRIVER_MODULE || !some))) {
		return;
	}
	a->on = parents == PARENTS_SOME || parents == PARENTS_AGENT;
	rng_seed(&a->rng, w->seed, 11000 + zone);
	a->clock.boot = 1;
	a->clock.booted = T0 - DAY;
	a->load = DELEGATION_LOAD_KEEPS;
	a->deeds.met = a->deeds.put = up->version[0].ds;
	settings(w, &rng);
	agent_way_make(w, zone);
	if (w->profile == PROFILE_STUCK) {
		plan_stuck(w, &rng);
	}
	if (w->profile == PROFILE_FAULTY || w->profile == PROFILE_MIXED) {
		plan_troubles(w, &rng, rng_below(&rng, 5), span);
		a->unlucky = rng_chance(&rng, 30);
	}
	if (w->profile == PROFILE_OPERATOR || w->profile == PROFILE_MIXED) {
		plan_hands(w, &rng, rng_below(&rng, 5), span);
	}
	if (a->on && (w->profile == PROFILE_CRASH || w->profile == PROFILE_MIXED)) {
		plan_ends(w, &rng, span);
	}
	/* What the parent of parent.c does otherwise, this one does not. */
	up->deaf = up->human = up->naive = up->strict = up->foreign = false;
	up->habit = HABIT_REPLACE;
	up->stale_after = 0;
	up->notified = a->lossy < 100;
	up->interval = agent_bound(w);
	up->delay = 0;
	if (!a->on) {
		scanner_make(w, parents, zone);
	}
	rng_t own;
	rng_seed(&own, w->seed, 14000 + zone);
	a->shared = a->on && w->driver == DRIVER_MODULE && rng_chance(&own, SHARED);
	if (a->shared) {
		w->engine.facts.ds_ttl = (ds_ttl_facts_t){ .low = a->config.ds_ttl, .by_agent = true, .returns = true };
	}
}

time_t agent_quiet_from(const world_t *w)
{
	time_t last = w->agent.hands_until;

	for (unsigned i = 0; i < w->agent.trouble_count; i++) {
		const trouble_t *t = &w->agent.trouble[i];
		const time_t end = t->to != 0 ? t->to : t->from;
		last = end > last ? end : last;
	}
	return last;
}

uint32_t agent_bound(const world_t *w)
{
	const delegation_config_t *c = &w->agent.config;
	const uint32_t scan =
		c->scan_interval > c->scan_interval_notifying ? c->scan_interval : c->scan_interval_notifying;

	return scan + 2 * (DELEGATION_RETRY_MAX + 2 * HOUR) + c->hold_down + c->verify + c->unreachable_after +
	       w->agent.update.lag_max;
}

uint32_t agent_bound_ttl(const world_t *w)
{
	const delegation_config_t *c = &w->agent.config;

	return agent_bound(w) + (c->ds_ttl_hold > 2 * DAY ? c->ds_ttl_hold : 2 * DAY) + DAY;
}
