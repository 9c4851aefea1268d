/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A change of algorithm as Knot makes it (docs/knot-behaviour.rst, "CSK and algorithms by key timers"): the new keys
 * sign the data before they are published, and the old ones do so after they have gone from the DNSKEY RRset. Each step
 * is a clock. A key that is hidden, or nothing, is left alone.
 */

#include "sim_world.h"

bool data_matters(const world_t *w)
{
	return w->csk || w->changes_algorithm;
}

bool algorithm_published(ksk_state_t state)
{
	switch (state) {
	case KSK_PUBLISHED:
	case KSK_READY:
	case KSK_ACTIVE:
	case KSK_ASIDE:
	case KSK_RETIRED:
	case KSK_RETIRING:
		return true;
	default:
		return false;
	}
}

/*! Number of the key after this one, of both kinds; -1 before the first one. */
static int next_key(const world_t *w, int k)
{
	k++;
	if (k >= (int)w->knot.key_count && k < ZSK_FIRST) {
		k = ZSK_FIRST;
	}
	return k < ZSK_FIRST + (int)w->knot.zsk_count ? k : -1;
}

#define EACH_KEY(w, k)                                                                                                 \
	int k = next_key(w, -1);                                                                                       \
	k >= 0;                                                                                                        \
	k = next_key(w, k)

static bool is_zsk(int k)
{
	return k >= ZSK_FIRST;
}

world_keys_t knot_zsks(const world_t *w)
{
	world_keys_t set = 0;
	for (EACH_KEY(w, k)) {
		set |= is_zsk(k) && algorithm_published(w->knot.key[k].state) ? 1U << k : 0;
	}
	return set;
}

world_keys_t knot_gone(const world_t *w)
{
	world_keys_t set = 0;
	for (EACH_KEY(w, k)) {
		const sim_key_t *key = &w->knot.key[k];
		const bool left = !algorithm_published(key->state) && key->published != 0;
		set |= key->state == KSK_REMOVED || key->state == KSK_RETIRED || left ? 1U << k : 0;
	}
	return set;
}

algset_t algorithm_set(const world_t *w, world_keys_t keys)
{
	algset_t set = 0;
	for (unsigned i = 0; i < w->algorithm_count; i++) {
		set |= keys & w->algorithm[i].keys ? ALGSET_OF(w->algorithm[i].number) : 0;
	}
	return set;
}

world_keys_t algorithm_keys(const world_t *w, uint8_t algorithm)
{
	for (unsigned i = 0; i < w->algorithm_count; i++) {
		if (w->algorithm[i].number == algorithm) {
			return w->algorithm[i].keys;
		}
	}
	return 0;
}

/*! Of each algorithm those that are active, or else those that are ready or aside; and all that are not published. */
world_keys_t algorithm_signers(const world_t *w)
{
	world_keys_t active = 0, others = 0, set = 0;

	for (EACH_KEY(w, k)) {
		const sim_key_t *key = &w->knot.key[k];
		if (!w->csk && !is_zsk(k)) {
			continue;
		}
		switch (key->state) {
		case KSK_PRE_ACTIVE:
		case KSK_HIDDEN:
		case KSK_POST_ACTIVE:
			set |= 1U << k;
			break;
		case KSK_PUBLISHED:
			set |= key->pre_active ? 1U << k : 0;
			break;
		case KSK_ACTIVE:
			active |= 1U << k;
			break;
		case KSK_READY:
		case KSK_ASIDE:
		case KSK_RETIRING:
			others |= 1U << k;
			break;
		default:
			break;
		}
	}
	for (unsigned i = 0; i < w->algorithm_count; i++) {
		const world_keys_t keys = w->algorithm[i].keys;
		set |= keys & active ? keys & active : keys & others;
	}
	return set;
}

world_keys_t algorithm_stand_ins(const world_t *w)
{
	world_keys_t set = 0;
	for (EACH_KEY(w, k)) {
		const sim_key_t *key = &w->knot.key[k];
		set |= is_zsk(k) && key->flipped && algorithm_published(key->state) ? 1U << k : 0;
	}
	return set;
}

static void make_zsk(world_t *w, ksk_state_t state, uint8_t algorithm)
{
	knot_t *knot = &w->knot;
	const unsigned k = ZSK_FIRST + knot->zsk_count;

	if (knot->zsk_count == ZSKS_MAX) {
		w->overflow = true;
		return;
	}
	for (unsigned i = 0; i < w->algorithm_count; i++) {
		w->algorithm[i].keys |= w->algorithm[i].number == algorithm ? 1U << k : 0;
	}
	knot->key[k] = (sim_key_t){
		.state = state,
		.algorithm = algorithm,
		.since = w->now,
		.published = algorithm_published(state) ? w->now - 100 * DAY : 0,
		.made = CAUSE_KNOT,
		.epoch = w->engine.epoch,
	};
	knot->zsk_count++;
}

void algorithm_start(world_t *w)
{
	if (w->changes_algorithm && !w->csk) {
		make_zsk(w, KSK_ACTIVE, w->knot.key[0].algorithm);
	}
}

/*! As Knot's algorithm_present(): a key that was only published does not count. */
static bool is_present(const world_t *w, uint8_t algorithm)
{
	for (EACH_KEY(w, k)) {
		const sim_key_t *key = &w->knot.key[k];
		const bool used = key->state != KSK_REMOVED && key->state != KSK_NOTHING &&
		                  (key->state != KSK_PUBLISHED || key->pre_active);
		if (key->algorithm == algorithm && used) {
			return true;
		}
	}
	return false;
}

bool algorithm_rolls(const world_t *w)
{
	unsigned ksks = 0, zsks = 0;

	for (EACH_KEY(w, k)) {
		const bool ksk = !is_zsk(k) || w->knot.key[k].flipped;
		switch (w->knot.key[k].state) {
		case KSK_PRE_ACTIVE:
		case KSK_PUBLISHED:
		case KSK_ASIDE:
		case KSK_RETIRING:
		case KSK_POST_ACTIVE:
			return true;
		case KSK_READY:
			ksks += ksk;
			break;
		case KSK_ACTIVE:
			ksks += ksk;
			zsks += is_zsk(k);
			break;
		default:
			break;
		}
	}
	return ksks > 1 || zsks > 1;
}

void algorithm_begin(world_t *w)
{
	knot_t *knot = &w->knot;

	if (!w->changes_algorithm || w->now < knot->begins || is_present(w, knot->algorithm) || algorithm_rolls(w) ||
	    knot->key_count == KEYS_MAX) {
		return;
	}
	trace(w, "knot        begins with algorithm %u", knot->algorithm);
	w->told_pending = false;
	knot_backup(w);
	knot_make(w, &(sim_key_t){
			     .state = KSK_PRE_ACTIVE,
			     .algorithm = knot->algorithm,
			     .since = w->now,
			     .made = CAUSE_KNOT,
			     .epoch = w->engine.epoch,
		     });
	if (!w->csk) {
		make_zsk(w, KSK_PRE_ACTIVE, knot->algorithm);
	}
	knot_states_by(w, CAUSE_KNOT, w->now);
}

bool algorithm_complete(const world_t *w)
{
	const world_keys_t others = algorithm_stand_ins(w), ksks = knot_keys(w) | others;
	const world_keys_t zsks = w->csk ? ksks : knot_zsks(w);
	const world_keys_t signing = knot_signers(w) | others, data = algorithm_signers(w);

	for (unsigned i = 0; w->changes_algorithm && i < w->algorithm_count; i++) {
		const world_keys_t keys = w->algorithm[i].keys;
		if ((keys & (ksks | zsks)) &&
		    (!(keys & ksks) || !(keys & zsks) || !(keys & signing) || !(keys & data))) {
			return false;
		}
	}
	return true;
}

time_t algorithm_timer(const world_t *w, const sim_key_t *key)
{
	const uint32_t delay = w->knot.propagation_delay;

	switch (key->state) {
	case KSK_PRE_ACTIVE: /* It forgets: the zone's TTL of now. */
		return key->since + delay + knot_zone_ttl(w);
	case KSK_POST_ACTIVE:
		return key->since + delay + knot_ttl(w);
	case KSK_PUBLISHED:
		return is_zsk(key - w->knot.key) ? key->published + delay + knot_ttl(w) : 0;
	default:
		return 0;
	}
}

/*! A ZSK that takes over lets one of another algorithm go on until the DS is there. */
static void activate_zsk(world_t *w, unsigned fresh)
{
	knot_t *knot = &w->knot;

	for (EACH_KEY(w, k)) {
		if (is_zsk(k) && knot->key[k].state == KSK_ACTIVE &&
		    knot->key[k].algorithm != knot->key[fresh].algorithm) {
			knot->key[k].state = KSK_RETIRING;
			break;
		}
	}
	knot->key[fresh].state = KSK_ACTIVE;
	knot_states_by(w, CAUSE_KNOT, w->now);
}

bool algorithm_timer_ends(world_t *w, unsigned k)
{
	sim_key_t *key = &w->knot.key[k];

	switch (key->state) {
	case KSK_PRE_ACTIVE:
		trace(w, "knot        publishes %s", keys_text(1U << k));
		blame_published(w, k);
		key->state = KSK_PUBLISHED;
		key->pre_active = true;
		key->published = w->now;
		key->published_cause = w->driver == DRIVER_MODULE ? CAUSE_KNOT : CAUSE_OURS;
		key->published_decided = w->now;
		return true;
	case KSK_POST_ACTIVE:
		trace(w, "knot        %s has been post-active for long enough", keys_text(1U << k));
		knot_remove(w, 1U << k, key->removed_cause, key->removed_decided);
		return true;
	case KSK_PUBLISHED:
		if (is_zsk(k)) {
			trace(w, "knot        %s is active", keys_text(1U << k));
			activate_zsk(w, k);
			return true;
		}
		return false;
	default:
		return false;
	}
}

void algorithm_submit(world_t *w, unsigned old, cause_t cause, time_t decided)
{
	const uint8_t algorithm = w->knot.key[old].algorithm;

	knot_unpublish(w, old, KSK_POST_ACTIVE, cause, decided);
	for (EACH_KEY(w, k)) {
		const ksk_state_t state = w->knot.key[k].state;
		if (is_zsk(k) && w->knot.key[k].algorithm == algorithm &&
		    (state == KSK_ACTIVE || state == KSK_RETIRING)) {
			knot_unpublish(w, k, KSK_POST_ACTIVE, cause, decided);
			break;
		}
	}
}
