/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How an agent changes DS: by a transaction, by DNS UPDATE at the primary, or by a file that the zone file includes. A
 * stream of its own says so: worlds with transactions stay as they are.
 */

#include "sim_world.h"

/*! Of a hundred. */
#define BY_UPDATE  25
#define BY_INCLUDE 20

int generate_way = -1;

const char *const agent_way_names[DELEGATION_BY_UPDATE + 1] = {
	[DELEGATION_BY_TRANSACTION] = "transaction",
	[DELEGATION_BY_INCLUDE] = "include",
	[DELEGATION_BY_UPDATE] = "update",
};

static delegation_apply_t pick_way(rng_t *rng)
{
	const unsigned n = rng_below(rng, 100);

	if (generate_way >= 0) {
		return (delegation_apply_t)generate_way;
	}
	return n < BY_UPDATE              ? DELEGATION_BY_UPDATE :
	       n < BY_UPDATE + BY_INCLUDE ? DELEGATION_BY_INCLUDE :
	                                    DELEGATION_BY_TRANSACTION;
}

/*! What gets in the way of an order, and of nothing else. */
static void plan(world_t *w, rng_t *rng)
{
	static const trouble_kind_t OF_UPDATE[] = {
		TROUBLE_PRIMARY,  TROUBLE_ANSWERS, TROUBLE_ANSWERS,     TROUBLE_REFUSES,
		TROUBLE_TRANSFER, TROUBLE_FROZEN,  TROUBLE_TRANSACTION,
	};
	static const trouble_kind_t OF_INCLUDE[] = { TROUBLE_FILE, TROUBLE_DROPPED, TROUBLE_CONTROL };
	static const uint32_t LASTS[] = { 60, 600, HOUR, 5 * HOUR, DAY, 3 * DAY };
	const bool update = w->agent.config.apply == DELEGATION_BY_UPDATE;
	const bool stuck = w->profile == PROFILE_STUCK && rng_chance(rng, 40);
	const bool fails = w->profile == PROFILE_FAULTY || w->profile == PROFILE_MIXED || w->profile == PROFILE_CRASH;

	for (unsigned n = stuck ? 1 : fails ? rng_below(rng, 5) : 0; n > 0; n--) {
		const trouble_kind_t kind = update ? RNG_PICK(rng, OF_UPDATE) : RNG_PICK(rng, OF_INCLUDE);
		const time_t from = T0 + rng_below(rng, stuck ? 3 * DAY : 12 * DAY), to = from + RNG_PICK(rng, LASTS);
		agent_add_trouble(w, kind, from, stuck ? 0 : to);
		if (kind == TROUBLE_FILE && !stuck) {
			/* Who puts it back loads it. */
			event_add(w, to, EV_AGENT_HAND, HAND_RELOAD, 0);
		}
	}
}

void agent_way_make(world_t *w, unsigned zone)
{
	static const uint32_t LAGS[] = { 1, 5, 60, 600, HOUR, 5 * HOUR };
	agent_t *a = &w->agent;
	rng_t rng;

	rng_seed(&rng, w->seed, 12000 + zone);
	a->config.apply = pick_way(&rng);
	if (a->config.apply == DELEGATION_BY_UPDATE) {
		a->update.remote = rng_chance(&rng, 60);
		a->update.lag_max = a->update.remote ? RNG_PICK(&rng, LAGS) : 0;
		a->update.lag_min = rng_chance(&rng, 50) ? a->update.lag_max : 0;
	}
	if (a->config.apply == DELEGATION_BY_INCLUDE) {
		a->load = DELEGATION_LOAD_REVERTS;
		a->include.has = w->up.version[0];
	}
	if (a->config.apply != DELEGATION_BY_TRANSACTION) {
		plan(w, &rng);
	}
}

void agent_way_published(world_t *w, bool irregular)
{
	agent_t *a = &w->agent;
	const unsigned newest = w->up.version_count - 1;

	if (a->update.remote) {
		const uint32_t lag = rng_between(&a->rng, a->update.lag_min, a->update.lag_max);
		event_add(w, w->now + lag, EV_AGENT_TRANSFER, 0, 0);
	}
	/* Other clients edit the file, or know nothing of it: then the next load brings back what it has. */
	if (a->config.apply == DELEGATION_BY_INCLUDE && irregular && rng_chance(&a->rng, 50)) {
		agent_include_edit(w, &w->up.version[newest]);
	}
}

unsigned agent_way_version(const world_t *w)
{
	return w->agent.update.remote ? w->agent.update.own : w->up.version_count - 1;
}
