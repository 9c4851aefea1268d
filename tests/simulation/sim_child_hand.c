/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Somebody rolls keys by hand: he writes DNSKEY, CDS and CDNSKEY himself, and forgets what a program does not forget.
 */

#include "sim_world.h"

static bool everywhere(const world_t *w, world_keys_t keys)
{
	for (unsigned i = 0; i < w->child_count; i++) {
		const zone_version_t *v = child_version(w, &w->child[i]);
		if (keys & ~(v->dnskey & v->signers)) {
			return false;
		}
	}
	return true;
}

/*! As it should be done, as far as one can see. */
void child_careful_step(world_t *w)
{
	sim_child_t *c = &w->by_hand;
	const world_keys_t ds = parent_ds(w), keys = child_keys(w), fresh = keys & ~ds;

	if (fresh == 0 && c->draft.cds == 0) {
		if (child_make_key(w, true) != 0) {
			child_publish(w, false, "gets a new key");
		}
	} else if (fresh != 0 && (ds & keys) != 0 && c->draft.cds == 0) {
		const world_keys_t newest = 1U << (31 - __builtin_clz(fresh));
		if (everywhere(w, newest)) {
			child_signal(w, newest);
			child_publish(w, false, "asks for its DS");
			child_notify(w);
		}
	} else if (c->draft.cds != 0 && ds == c->draft.cds) {
		c->swapped = c->swapped != 0 ? c->swapped : w->now;
		if (w->now - c->swapped > 2 * DAY + HOUR && (keys & ds)) {
			c->draft.dnskey &= ds;
			c->draft.signers &= ds;
			child_signal(w, 0);
			child_publish(w, false, "loses the old key and the signals");
			c->swapped = 0;
		}
	} else if (c->draft.cds != 0) {
		c->swapped = 0;
		child_notify(w);
	}
}

/* Mistakes. */

static void asks_too_early(world_t *w)
{
	const world_keys_t key = child_make_key(w, true);

	if (key != 0) {
		child_signal(w, key);
		child_publish(w, false, "asks for DS before the key is everywhere");
	}
}

static void asks_for_unpublished(world_t *w)
{
	const world_keys_t key = w->by_hand.secret != 0 ? child_pick(w, w->by_hand.secret) : child_make_key(w, false);

	if (key != 0) {
		child_signal(w, key | (rng_chance(&w->by_hand.rng, 30) ? child_pick(w, child_keys(w)) : 0));
		child_publish(w, false, "asks for DS of a key that is not published");
	}
}

static void asks_twice(world_t *w)
{
	zone_version_t *draft = &w->by_hand.draft;
	const world_keys_t one = child_pick(w, child_keys(w)), other = child_pick(w, child_keys(w));

	child_signal(w, one);
	draft->cdnskey = rng_chance(&w->by_hand.rng, 40) ? 0 : other;
	if (rng_chance(&w->by_hand.rng, 30)) {
		draft->cdnskey = other;
		draft->cds = 0;
	}
	child_publish(w, false, "has CDS and CDNSKEY that are not alike");
}

static void switches(world_t *w)
{
	const world_keys_t one = child_pick(w, child_keys(w));

	child_signal(w, one | (rng_chance(&w->by_hand.rng, 30) ? child_pick(w, child_keys(w)) : 0));
	child_publish(w, false, "asks for another DS");
}

static void edits_one(world_t *w)
{
	rng_t *rng = &w->by_hand.rng;
	zone_version_t v = w->by_hand.draft;

	v.cds = v.cdnskey = rng_chance(rng, 30) ? 0 : child_pick(w, child_keys(w));
	v.cds_not_by = rng_chance(rng, 50) ? v.signers : 0;
	v.cds_signed = clock_wall(w);
	v.cds_misdated = w->clock.wrong != 0;
	child_fork(w, rng_below(rng, w->child_count), &v, "is edited alone");
}

/*! That of the DS often. The last one stays. */
static void removes_early(world_t *w)
{
	zone_version_t *draft = &w->by_hand.draft;
	const world_keys_t of_ds = child_keys(w) & parent_ds(w);
	const world_keys_t key =
		of_ds != 0 && rng_chance(&w->by_hand.rng, 60) ? of_ds & -of_ds : child_pick(w, child_keys(w));

	if (key != 0 && (child_keys(w) & ~key)) {
		draft->dnskey &= ~key;
		draft->signers &= ~key;
		child_publish(w, false, "loses a key too early");
	}
}

static void brings_back(world_t *w)
{
	zone_version_t *draft = &w->by_hand.draft;
	const world_keys_t gone = ((1U << w->knot.key_count) - 1) & ~child_keys(w);
	const world_keys_t key = (gone & parent_ds(w)) != 0 ? gone & parent_ds(w) : child_pick(w, gone);

	draft->dnskey |= key;
	draft->signers |= key;
	child_publish(w, false, "has a key again");
}

static void deletes(world_t *w)
{
	child_signal(w, KEY_FOREIGN);
	child_publish(w, false, "has the delete signal");
}

static void withdraws(world_t *w)
{
	child_signal(w, 0);
	child_publish(w, false, "loses the signals");
}

/*! A backup of the zone with its signatures. Who compares serials stays at what he has. */
static void lowers_serial(world_t *w)
{
	rng_t *rng = &w->by_hand.rng;
	const zone_version_t old = w->knot.version[rng_below(rng, w->knot.version_count)];
	const unsigned stays = rng_below(rng, 1U << w->child_count);

	if (old.dnskey == 0) {
		return;
	}
	for (unsigned i = 0; i < w->child_count; i++) {
		if ((stays & (1U << i)) && !w->by_hand.fork[i].on) {
			const zone_version_t v = *child_version(w, &w->child[i]);
			child_fork(w, i, &v, "keeps its higher serial");
		}
	}
	child_bring(w, &old, "is what it was, with a lower serial");
	w->by_hand.draft = rng_chance(rng, 50) ? w->by_hand.draft : old;
}

static void lets_expire(world_t *w)
{
	zone_version_t *draft = &w->by_hand.draft;
	const world_keys_t signers = draft->signers;

	draft->cds_not_by = signers;
	draft->signers = rng_chance(&w->by_hand.rng, 30) ? 0 : signers;
	child_publish(w, false, "has signatures that have expired");
	draft->signers = signers;
}

/*! By the ZSK, or by the new key alone. */
static void signs_wrongly(world_t *w)
{
	zone_version_t *draft = &w->by_hand.draft;

	if (draft->cds == 0) {
		child_signal(w, child_pick(w, child_keys(w)));
	}
	draft->cds_not_by = rng_chance(&w->by_hand.rng, 30) ? draft->signers : parent_ds(w) & draft->signers;
	child_publish(w, false, "has CDS that the key of DS has not signed");
}

static void renews(world_t *w)
{
	w->by_hand.draft.cds_not_by = 0;
	child_publish(w, true, "is signed again");
}

static void adds_key(world_t *w)
{
	if (child_make_key(w, true) != 0) {
		w->by_hand.draft.signers &= rng_chance(&w->by_hand.rng, 20) ? ~(1U << (w->knot.key_count - 1)) : ~0U;
		child_publish(w, false, "gets another key");
	}
}

void child_hand_step(world_t *w)
{
	static void (*const MISTAKES[])(world_t *) = {
		asks_too_early, asks_for_unpublished, asks_twice,    switches, switches,   switches,      edits_one,
		edits_one,      removes_early,        brings_back,   deletes,  withdraws,  lowers_serial, renews,
		renews,         lets_expire,          signs_wrongly, adds_key, child_join, child_notify,
	};
	rng_t *rng = &w->by_hand.rng;

	if (rng_chance(rng, w->by_hand.care)) {
		child_careful_step(w);
		return;
	}
	RNG_PICK(rng, MISTAKES)(w);
	if (rng_chance(rng, 40)) {
		child_notify(w);
	}
}
