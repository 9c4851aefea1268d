/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Children of an agent that are not ours: which worlds have them, and how a zone without Knot gets its versions.
 */

#include <string.h>

#include "sim_world.h"

/*! Agents of a hundred whose child is not ours. */
#define NOT_OURS 30

int generate_children = -1;

const char *const child_names[DRIVER__COUNT] = {
	[DRIVER_MODULE] = "module", [DRIVER_KNOT_TIMER] = "knot", [DRIVER_KNOT_CONFIRM] = "knot-confirm",
	[DRIVER_BIND] = "bind",     [DRIVER_HAND] = "hand",       [DRIVER_HOSTILE] = "hostile",
};

void child_choose(uint64_t seed, unsigned zone, driver_t *driver, parents_t *parents)
{
	static const driver_t KINDS[] = {
		DRIVER_KNOT_TIMER, DRIVER_KNOT_CONFIRM, DRIVER_BIND,    DRIVER_HAND,    DRIVER_HAND,
		DRIVER_HAND,       DRIVER_HOSTILE,      DRIVER_HOSTILE, DRIVER_HOSTILE,
	};
	rng_t rng;

	if (*driver != DRIVER_MODULE ||
	    (*parents != PARENTS_AGENT && (*parents != PARENTS_SOME || !agent_is_wanted(seed, zone)))) {
		return;
	}
	rng_seed(&rng, seed, 12000 + zone);
	const bool some = rng_chance(&rng, NOT_OURS);
	*driver = generate_children >= 0 ? (driver_t)generate_children : some ? RNG_PICK(&rng, KINDS) : DRIVER_MODULE;
	*parents = *driver != DRIVER_MODULE ? PARENTS_AGENT : *parents;
}

bool child_is_by_hand(const world_t *w)
{
	return w->driver >= DRIVER_HAND;
}

bool child_is_done(const world_t *w)
{
	const sim_child_t *c = &w->by_hand;

	return w->now > c->before && (c->settled == 0 || parent_ds(w) == c->draft.cds);
}

void child_plan(world_t *w, unsigned zone)
{
	static const uint32_t PACE[] = { 600, HOUR, 6 * HOUR, DAY, 2 * DAY };
	static const uint8_t CARE[] = { 10, 40, 70, 95 };
	sim_child_t *c = &w->by_hand;
	rng_t *rng = &c->rng;

	if (!child_is_by_hand(w)) {
		return;
	}
	rng_seed(rng, w->seed, 13000 + zone);
	w->csk = w->changes_algorithm = false;
	w->first = rng_chance(rng, 15);
	w->up.version[0].ds = w->first ? 0 : 1;
	w->agent.deeds.met = w->agent.deeds.put = w->up.version[0].ds;
	c->steps = rng_between(rng, 3, 40);
	c->pace = RNG_PICK(rng, PACE);
	c->care = RNG_PICK(rng, CARE);
	c->settles = rng_chance(rng, 60);
	c->pauses = rng_below(rng, 6);
	if (w->driver == DRIVER_HOSTILE) {
		const unsigned all = (1U << w->child_count) - 1;
		c->keyed = rng_chance(rng, 60);
		c->hostile = c->keyed && rng_chance(rng, 60) ? all : 1U << rng_below(rng, w->child_count);
		c->care = c->hostile == all ? c->care : 95;
	}
}

time_t child_quiet_from(world_t *w, time_t quiet)
{
	sim_child_t *c = &w->by_hand;

	if (!child_is_by_hand(w)) {
		return quiet;
	}
	c->before = quiet > T0 + 12 * DAY ? quiet : T0 + 12 * DAY;
	event_add(w, c->before, EV_CHILD, CHILD_SETTLE, 0);
	return c->before + 1;
}

/* Versions. */

world_keys_t child_keys(const world_t *w)
{
	const zone_version_t *draft = &w->by_hand.draft;

	return draft->dnskey & draft->signers & KEYS_OWN;
}

world_keys_t child_pick(world_t *w, world_keys_t keys)
{
	const unsigned count = __builtin_popcount(keys);

	for (unsigned skip = count > 0 ? rng_below(&w->by_hand.rng, count) : 0; skip > 0; skip--) {
		keys &= keys - 1;
	}
	return keys & -keys;
}

world_keys_t child_make_key(world_t *w, bool published)
{
	static const uint8_t ALGORITHMS[] = { 13, 13, 13, 13, 8, 15 };
	sim_child_t *c = &w->by_hand;

	if (w->knot.key_count == KEYS_MAX) {
		return 0;
	}
	const world_keys_t key = 1U << w->knot.key_count;
	knot_make(w, &(sim_key_t){ .state = published ? KSK_ACTIVE : KSK_NOTHING,
	                           .algorithm = w->knot.key_count == 0 ? 13 : RNG_PICK(&c->rng, ALGORITHMS),
	                           .published = w->now,
	                           .made = CAUSE_OPERATOR,
	                           .ready_cause = CAUSE_OPERATOR });
	if (published) {
		c->draft.dnskey |= key;
		c->draft.signers |= key;
	} else {
		c->secret |= key;
	}
	return key;
}

void child_signal(world_t *w, world_keys_t keys)
{
	zone_version_t *draft = &w->by_hand.draft;

	draft->cds = draft->cdnskey = keys;
	draft->cds_not_by = 0;
	draft->cds_excess = false;
}

static void set_states(world_t *w, world_keys_t published)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		w->knot.key[k].state = (published & (1U << k)) ? KSK_ACTIVE : KSK_REMOVED;
	}
}

void child_bring(world_t *w, const zone_version_t *what, const char *how)
{
	knot_t *knot = &w->knot;
	zone_version_t *v = &knot->version[knot->version_count];

	if (knot->version_count == VERSION_MAX) {
		w->overflow = true;
		return;
	}
	*v = *what;
	v->number = knot->version_count++;
	v->serial = knot->serial + v->number;
	v->ttl = knot->base_ttl;
	v->cds_cause = CAUSE_OPERATOR;
	v->cds_decided = w->now;
	set_states(w, v->dnskey);
	trace(w, "child       %s: DNSKEY %s signed by %s, CDS %s%s, CDNSKEY %s%s", how, keys_text(v->dnskey),
	      keys_text(v->signers), keys_text(v->cds), v->cds_excess ? " and many more" : "", keys_text(v->cdnskey),
	      (v->cds_not_by & v->signers) != 0 ? ", not signed by all" : "");
	servers_publish(w, false);
}

static bool same_signals(const zone_version_t *a, const zone_version_t *b)
{
	return a->cds == b->cds && a->cdnskey == b->cdnskey && a->cds_not_by == b->cds_not_by &&
	       a->cds_excess == b->cds_excess;
}

void child_publish(world_t *w, bool renew, const char *how)
{
	zone_version_t *v = &w->by_hand.draft;
	const zone_version_t *last = w->knot.version_count > 0 ? knot_version(w) : NULL;

	if (renew || last == NULL || last->dnskey != v->dnskey || last->signers != v->signers) {
		v->dnskey_signed = clock_wall(w);
		v->dnskey_misdated = w->clock.wrong != 0;
	}
	if (renew || last == NULL || !same_signals(last, v)) {
		v->cds_signed = clock_wall(w);
		v->cds_misdated = w->clock.wrong != 0;
	}
	child_bring(w, v, how);
}

void child_fork(world_t *w, unsigned server, const zone_version_t *v, const char *how)
{
	sim_server_t *s = &w->child[server];
	fork_t *fork = &w->by_hand.fork[server];

	*fork = (fork_t){ .on = true, .version = *v };
	trace(w, "%-11s %s: DNSKEY %s signed by %s, CDS %s%s, CDNSKEY %s", s->name, how, keys_text(v->dnskey),
	      keys_text(v->signers), keys_text(v->cds), v->cds_excess ? " and many more" : "", keys_text(v->cdnskey));
	server_serves(w, s, false);
}

void child_join(world_t *w)
{
	w->by_hand.splits = false;
	for (unsigned i = 0; i < w->child_count; i++) {
		if (w->by_hand.fork[i].on) {
			w->by_hand.fork[i].on = false;
			trace(w, "%-11s has what its primary has", w->child[i].name);
			server_serves(w, &w->child[i], false);
		}
	}
}

const zone_version_t *child_version(const world_t *w, const sim_server_t *s)
{
	const unsigned i = s - w->child;

	return i < CHILD_MAX && w->by_hand.fork[i].on ? &w->by_hand.fork[i].version : &w->knot.version[s->version];
}

void child_notify(world_t *w)
{
	if (w->by_hand.settled == 0 || rng_chance(&w->by_hand.rng, 50)) {
		event_add(w, w->now + rng_below(&w->by_hand.rng, 60), EV_AGENT_NOTIFY, 0, 0);
	}
}

uint32_t child_pause(world_t *w)
{
	static const uint32_t PAUSES[] = { 30, 70, 600, HOUR };
	sim_child_t *c = &w->by_hand;

	if (c->pauses == 0 || w->now >= w->quiet_from || !rng_chance(&c->rng, 5)) {
		return 0;
	}
	c->pauses--;
	const uint32_t pause = RNG_PICK(&c->rng, PAUSES);
	trace(w, "agent       its host stands still for %u s", pause);
	return pause;
}

/* Its course. */

void child_start(world_t *w)
{
	knot_t *knot = &w->knot;
	sim_child_t *c = &w->by_hand;

	knot->up = true;
	c->draft.ttl = knot->base_ttl;
	if (w->first) {
		/* Until now it was not signed: caches have what has no signature. */
		memset(&knot->version[knot->version_count++], 0, sizeof(zone_version_t));
		knot->version[0].ttl = knot->base_ttl;
	}
	const world_keys_t key = child_make_key(w, true);
	w->algorithm[0].keys |= KEYS_STRANGE | KEY_FOREIGN; /* Theirs is the same. */
	if (w->first) {
		child_signal(w, key);
	}
	child_publish(w, true, "is signed");
	event_add(w, w->now + rng_below(&c->rng, DAY), EV_CHILD, CHILD_STEP, 0);
}

static void next_step(world_t *w)
{
	sim_child_t *c = &w->by_hand;

	if (c->steps > 0 && --c->steps > 0) {
		event_add(w, w->now + 1 + rng_below(&c->rng, c->pace), EV_CHILD, CHILD_STEP, 0);
	}
}

/*! All that is there is in DNSKEY and signs it, everywhere; signals name one key of it. */
static void settle(world_t *w)
{
	sim_child_t *c = &w->by_hand;

	c->steps = c->flaps = 0;
	if (!c->settles) {
		return;
	}
	child_join(w);
	c->draft.dnskey = c->draft.signers = (1U << w->knot.key_count) - 1;
	child_signal(w, child_pick(w, child_keys(w)));
	c->settled = w->now;
	child_publish(w, true, "is as it should be");
	child_notify(w);
}

void child_step(world_t *w, child_event_t kind)
{
	if (kind == CHILD_SETTLE) {
		settle(w);
	} else if (w->now >= w->by_hand.before) {
		return;
	} else if (kind == CHILD_FLAP) {
		child_hostile_flap(w);
	} else if (w->driver == DRIVER_HOSTILE) {
		child_hostile_step(w);
		next_step(w);
	} else {
		child_hand_step(w);
		next_step(w);
	}
}
