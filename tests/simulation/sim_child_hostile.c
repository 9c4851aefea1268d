/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A child that means harm: all of its nameservers, or one beside an owner who is careful. Who has a key of the zone
 * signs what he likes; who has none replays what was signed once.
 */

#include "sim_world.h"

#define FLAPS_MAX 60

static bool is_owner(const world_t *w)
{
	return w->by_hand.hostile == (1U << w->child_count) - 1;
}

static unsigned one_of_them(world_t *w)
{
	return __builtin_ctz(child_pick(w, w->by_hand.hostile));
}

/*! Any signals that one can think of. */
static world_keys_t any_signals(world_t *w)
{
	rng_t *rng = &w->by_hand.rng;
	const world_keys_t keys = child_keys(w), strange = 1U << (STRANGER_FIRST + rng_below(rng, STRANGERS_MAX));

	switch (rng_below(rng, 8)) {
	case 0:
		return strange;
	case 1:
		return KEYS_STRANGE;
	case 2:
		return child_pick(w, keys) | strange;
	case 3:
		return keys | KEYS_STRANGE;
	case 4:
		return KEY_FOREIGN;
	case 5:
		return 0;
	default:
		return child_pick(w, keys);
	}
}

static zone_version_t signed_now(world_t *w, world_keys_t signals)
{
	zone_version_t v = w->by_hand.draft;

	v.cds = v.cdnskey = signals;
	v.cds_not_by = 0;
	v.cds_excess = rng_chance(&w->by_hand.rng, 5);
	v.cds_signed = clock_wall(w);
	v.cds_misdated = w->clock.wrong != 0;
	return v;
}

static zone_version_t old_version(world_t *w)
{
	const zone_version_t v = w->knot.version[rng_below(&w->by_hand.rng, w->knot.version_count)];

	return v.dnskey != 0 ? v : *knot_version(w);
}

/*! Signals and DNSKEY of different times, each signed then. */
static zone_version_t mixed_version(world_t *w)
{
	const zone_version_t old = old_version(w);
	zone_version_t v = *knot_version(w);

	v.cds = old.cds;
	v.cdnskey = old.cdnskey;
	v.cds_not_by = ~old.signers | old.cds_not_by;
	v.cds_excess = old.cds_excess;
	v.cds_signed = old.cds_signed;
	v.cds_misdated = old.cds_misdated;
	return v;
}

/*! The owner has it everywhere, or at one nameserver. */
static void bring_out(world_t *w, const zone_version_t *v, const char *how)
{
	if (is_owner(w) && rng_chance(&w->by_hand.rng, 60)) {
		child_bring(w, v, how);
	} else {
		child_fork(w, one_of_them(w), v, how);
	}
}

static void replays(world_t *w)
{
	const zone_version_t v = rng_chance(&w->by_hand.rng, 50) ? old_version(w) : mixed_version(w);

	bring_out(w, &v, "replays");
}

static void signs(world_t *w)
{
	zone_version_t v = signed_now(w, any_signals(w));

	if (rng_chance(&w->by_hand.rng, 20)) {
		v.cds_signed -= rng_below(&w->by_hand.rng, 10 * DAY);
	}
	bring_out(w, &v, "signs what it likes");
}

/*! Each nameserver says something else, and has it signed. */
static void forks_all(world_t *w)
{
	for (unsigned left = w->by_hand.hostile; left != 0; left &= left - 1) {
		const zone_version_t v = signed_now(w, any_signals(w));
		child_fork(w, __builtin_ctz(left), &v, "says something of its own");
	}
}

static void begins_to_flap(world_t *w)
{
	static const uint32_t APART[] = { 1, 5, 20, 60, 300, HOUR };
	sim_child_t *c = &w->by_hand;

	if (c->flaps > 0) {
		return;
	}
	c->flaps = rng_between(&c->rng, 4, FLAPS_MAX);
	c->apart = RNG_PICK(&c->rng, APART);
	for (unsigned i = 0; i < 2; i++) {
		c->flap[i] = rng_chance(&c->rng, 70) ? child_pick(w, child_keys(w)) : any_signals(w);
	}
	event_add(w, w->now + 1, EV_CHILD, CHILD_FLAP, 0);
}

void child_hostile_flap(world_t *w)
{
	sim_child_t *c = &w->by_hand;

	if (c->flaps == 0) {
		return;
	}
	c->flaps--;
	const zone_version_t v = signed_now(w, c->flap[c->flaps % 2]);
	bring_out(w, &v, "flaps");
	if (rng_chance(&c->rng, 50)) {
		event_add(w, w->now, EV_AGENT_NOTIFY, 0, 0);
	}
	event_add(w, w->now + c->apart, EV_CHILD, CHILD_FLAP, 0);
}

static void splits(world_t *w)
{
	w->by_hand.splits = !w->by_hand.splits;
	trace(w, "child       %s", w->by_hand.splits ? "answers each question as it likes" : "answers all alike again");
}

static void floods(world_t *w)
{
	for (unsigned n = rng_between(&w->by_hand.rng, 1, 60); n > 0; n--) {
		event_add(w, w->now + rng_below(&w->by_hand.rng, HOUR), EV_AGENT_NOTIFY, 0, 0);
	}
}

static void adds_key(world_t *w)
{
	if (is_owner(w) && child_make_key(w, true) != 0) {
		child_publish(w, false, "gets another key");
	}
}

static void removes_key(world_t *w)
{
	zone_version_t *draft = &w->by_hand.draft;
	const world_keys_t key = child_pick(w, child_keys(w));

	if (is_owner(w) && (child_keys(w) & ~key)) {
		draft->dnskey &= ~key;
		draft->signers &= ~key;
		child_publish(w, false, "loses a key");
	}
}

void child_between(world_t *w, const sim_server_t *s, zone_version_t *v)
{
	sim_child_t *c = &w->by_hand;

	if (!c->splits || !(c->hostile & (1U << (s - w->child))) || s->fault >= 0 || v->dnskey == 0) {
		return;
	}
	const zone_version_t other = c->keyed ? signed_now(w, any_signals(w)) : mixed_version(w);
	switch (rng_below(&c->rng, 4)) {
	case 0: /* CDNSKEY is asked for last. */
		v->cdnskey = other.cdnskey;
		break;
	case 1: /* DNSKEY first. */
		v->cds = other.cds;
		v->cdnskey = other.cdnskey;
		v->cds_not_by = other.cds_not_by;
		v->cds_excess = other.cds_excess;
		v->cds_signed = other.cds_signed;
		v->cds_misdated = other.cds_misdated;
		break;
	default:
		break;
	}
}

void child_hostile_step(world_t *w)
{
	static void (*const WITHOUT_KEY[])(world_t *) = { replays, replays, replays, splits, floods, child_join };
	static void (*const WITH_KEY[])(world_t *) = {
		replays, replays, signs,    signs,    signs,       forks_all,  begins_to_flap,
		splits,  floods,  adds_key, adds_key, removes_key, child_join,
	};
	rng_t *rng = &w->by_hand.rng;

	if (!is_owner(w) || rng_chance(rng, 30)) {
		child_careful_step(w);
	}
	if (rng_chance(rng, 70)) {
		(w->by_hand.keyed ? RNG_PICK(rng, WITH_KEY) : RNG_PICK(rng, WITHOUT_KEY))(w);
	}
}
