/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Knot's key and signature policy as it behaves (docs/knot-behaviour.rst, "Keys by key timers"): a new KSK is
 * published, signs from then on, and is ready by itself after propagation-delay plus the DNSKEY TTL in force. CDS names
 * the keys that are ready, under the policies that publish it. Keys that are ready or active stay so until somebody
 * sets them (sim_orders.c: the module) or says that the DS is there (zone-ksk-submitted), which drops another key at
 * once. A frozen zone takes a new policy only when thawed. Nothing happens while knotd is down.
 *
 * Single-type keys sign the data as well: those that are active, or, if none is, those that are ready or aside. What is
 * submitted takes the data over at once. The other one stays in the DNSKEY RRset without a signature of it, and goes by
 * itself after propagation-delay plus the largest TTL of the zone.
 */

#include <string.h>

#include "sim_orders.h"

const zone_version_t *knot_version(const world_t *w)
{
	return &w->knot.version[w->knot.version_count - 1];
}

world_keys_t knot_keys(const world_t *w)
{
	world_keys_t set = 0;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		set |= algorithm_published(w->knot.key[k].state) ? 1U << k : 0;
	}
	return set;
}

static world_keys_t keys_in(const world_t *w, ksk_state_t state)
{
	world_keys_t set = 0;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		set |= w->knot.key[k].state == state ? 1U << k : 0;
	}
	return set;
}

world_keys_t knot_signers(const world_t *w)
{
	return knot_keys(w) & ~keys_in(w, KSK_RETIRED);
}

uint32_t knot_zone_ttl(const world_t *w)
{
	return w->engine.config.zone_ttl != 0 ? w->engine.config.zone_ttl : ROLLOVER_UNKNOWN_ZONE_TTL;
}

void knot_make(world_t *w, const sim_key_t *key)
{
	unsigned i = 0;

	while (i < w->algorithm_count && w->algorithm[i].number != key->algorithm) {
		i++;
	}
	if (i == ALGORITHMS_MAX) {
		w->overflow = true;
		return;
	}
	w->algorithm_count = i < w->algorithm_count ? w->algorithm_count : i + 1;
	w->algorithm[i].number = key->algorithm;
	w->algorithm[i].keys |= 1U << w->knot.key_count;
	w->knot.key[w->knot.key_count++] = *key;
}

void knot_states_by(world_t *w, cause_t cause, time_t decided)
{
	w->knot.states_cause = cause;
	w->knot.states_decided = decided;
}

uint32_t knot_ttl(const world_t *w)
{
	const knot_t *knot = &w->knot;

	if (knot->policy == POLICY_FORMER) {
		return w->engine.config.ttl + knot->former;
	}
	return knot->policy == POLICY_BASE ? knot->base_ttl : rollover_policy_ttl(knot->policy, w->engine.config.ttl);
}

static time_t ready_at(const world_t *w, const sim_key_t *key)
{
	/* BIND: zone-propagation-delay 300, publish-safety 3600. */
	uint32_t delay = w->driver == DRIVER_BIND ? 300 + HOUR : w->knot.propagation_delay;
	return key->published + delay + knot_ttl(w);
}

/*! When a retired key goes: caches have lost the data that it has signed. */
static time_t gone_at(const world_t *w, const sim_key_t *key)
{
	/* BIND: zone-propagation-delay 300, retire-safety 3600. */
	uint32_t delay = w->driver == DRIVER_BIND ? 300 + HOUR : w->knot.propagation_delay;
	return key->retired + delay + knot_zone_ttl(w);
}

/*! Both keys are ours to signal. That of them one alone is left is the doing of who removed the other. */
static bool by_hand_alone(const world_t *w, time_t decided, cause_t *cause)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		const sim_key_t *key = &w->knot.key[k];
		if (key->removed_cause == CAUSE_OPERATOR && key->removed_decided >= decided) {
			*cause = CAUSE_OPERATOR;
			return true;
		}
	}
	return false;
}

/*! The keys that are ready, and who made them so. */
static world_keys_t ready_keys(const world_t *w, cause_t *cause, time_t *decided)
{
	const knot_t *knot = &w->knot;
	world_keys_t set = 0;

	*decided = 0;
	for (unsigned k = 0; k < knot->key_count; k++) {
		const sim_key_t *key = &knot->key[k];
		if (key->state != KSK_READY) {
			continue;
		}
		set |= 1U << k;
		*cause = key->ready_cause != CAUSE_OURS ? key->ready_cause : *cause;
		*decided = key->ready_decided > *decided ? key->ready_decided : *decided;
	}
	if (knot->ordered == KEYS_SIGNAL_BOTH && *cause == CAUSE_OURS) {
		(void)by_hand_alone(w, *decided, cause);
	}
	return set;
}

static world_keys_t cds_now(const world_t *w, cause_t *cause, time_t *decided)
{
	const knot_t *knot = &w->knot;

	*cause = CAUSE_OURS;
	*decided = knot->policy_decided;
	if (w->driver != DRIVER_MODULE) {
		*decided = w->now;
		return keys_in(w, KSK_READY);
	}
	switch (knot->policy) {
	case POLICY_BASE:
		return knot->base_signals ? ready_keys(w, cause, decided) : 0;
	case POLICY_LOW_TTL:
		return ready_keys(w, cause, decided);
	case POLICY_DELETE:
		return KEY_FOREIGN;
	case POLICY_FORMER:
		if (knot->former == FORMER_ROLLBACK) {
			(void)by_hand_alone(w, knot->policy_decided, cause);
			return keys_in(w, KSK_READY) | keys_in(w, KSK_ACTIVE);
		}
		return knot->former == FORMER_SIGNAL ? keys_in(w, KSK_READY) : 0;
	default:
		return 0;
	}
}

/*! \a renew: as zone-sign, also if nothing has changed. */
static void sign(world_t *w, bool renew)
{
	knot_t *knot = &w->knot;
	zone_version_t v;

	memset(&v, 0, sizeof(v));
	if (!algorithm_complete(w)) {
		trace(w, "knot        does not sign: an algorithm has no KSK or no ZSK in use");
		return;
	}
	v.dnskey = knot_keys(w);
	v.zsks = knot_zsks(w);
	v.signers = knot_signers(w) | algorithm_stand_ins(w);
	v.data = data_matters(w) ? algorithm_signers(w) : 0;
	v.data_ttl = knot_zone_ttl(w);
	v.removed = knot_gone(w);
	v.ttl = knot_ttl(w);
	v.cds = v.cdnskey = cds_now(w, &v.cds_cause, &v.cds_decided);

	const zone_version_t *last = knot->version_count > 0 ? knot_version(w) : NULL;
	if (!renew && last != NULL && last->dnskey == v.dnskey && last->zsks == v.zsks && last->ttl == v.ttl &&
	    last->cds == v.cds && (v.cds == 0 || last->cds_cause == v.cds_cause) && last->signers == v.signers &&
	    last->data == v.data && (!data_matters(w) || last->data_ttl == v.data_ttl)) {
		return;
	}
	if (knot->version_count == VERSION_MAX) {
		w->overflow = true;
		return;
	}
	world_keys_t cds_before = last != NULL ? last->cds : 0;
	v.number = knot->version_count;
	v.serial = knot->serial + v.number;
	/* A signature stays while its RRset, with its TTL, does. */
	const bool same_keys =
		!renew && last != NULL && last->dnskey == v.dnskey && last->zsks == v.zsks && last->ttl == v.ttl;
	const bool same_cds = !renew && last != NULL && last->cds == v.cds;
	v.dnskey_signed = same_keys ? last->dnskey_signed : clock_wall(w);
	v.cds_signed = same_cds ? last->cds_signed : clock_wall(w);
	v.dnskey_misdated = same_keys ? last->dnskey_misdated : w->clock.wrong != 0;
	v.cds_misdated = same_cds ? last->cds_misdated : w->clock.wrong != 0;
	const bool same_data = last != NULL && last->data == v.data;
	v.data_before = same_data ? last->data_before : last != NULL ? last->data : 0;
	v.data_cause = same_data ? last->data_cause : knot->states_cause;
	v.data_decided = same_data ? last->data_decided : knot->states_decided;
	knot->version[knot->version_count++] = v;
	trace(w, "knot        signs: DNSKEY %s, TTL %u, CDS %s (policy %s)", keys_text(v.dnskey | v.zsks), v.ttl,
	      keys_text(v.cds), w->driver == DRIVER_MODULE ? rollover_policy_name(knot->policy) : "native");
	if (data_matters(w)) {
		trace(w, "            DNSKEY signed by %s, data by %s", keys_text(v.signers), keys_text(v.data));
	}
	if (v.cds & ~cds_before) {
		check_signal(w, knot_version(w));
	}
	servers_publish(w, false);
}

/*! Knot's submit_key(): one key at most is READY, the newest; what waited before it counts as confirmed. */
static void be_ready(world_t *w, sim_key_t *fresh)
{
	blame_ready(w, fresh);
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		sim_key_t *key = &w->knot.key[k];
		if (key->state == KSK_READY) {
			trace(w, "knot        KSK %s is active, %s comes after it", keys_text(1U << k),
			      keys_text(1U << (fresh - w->knot.key)));
			key->state = KSK_ACTIVE;
		}
	}
	fresh->state = KSK_READY;
	knot_states_by(w, fresh->ready_cause, fresh->ready_decided);
}

/*! \return When something happens to the key by itself; 0: never. */
static time_t timer_of(const world_t *w, const sim_key_t *key)
{
	const time_t at = algorithm_timer(w, key);

	return at != 0                     ? at :
	       key->state == KSK_PUBLISHED ? ready_at(w, key) :
	       key->state == KSK_RETIRED   ? gone_at(w, key) :
	                                     0;
}

static void timer_ends(world_t *w, sim_key_t *key)
{
	const unsigned k = key - w->knot.key;

	if (algorithm_timer_ends(w, k)) {
		return;
	}
	if (key->state == KSK_RETIRED) {
		trace(w, "knot        KSK %s has been retired for long enough", keys_text(1U << k));
		knot_remove(w, 1U << k, key->removed_cause, key->removed_decided);
	} else {
		trace(w, "knot        KSK %s is ready", keys_text(1U << k));
		be_ready(w, key);
	}
}

void knot_update(world_t *w)
{
	knot_t *knot = &w->knot;
	time_t next = 0;

	if (!knot->up || knot->frozen || child_is_by_hand(w)) {
		return;
	}
	algorithm_begin(w);
	for (unsigned k = 0; k < ZSK_FIRST + knot->zsk_count; k++) {
		time_t at = k < knot->key_count || k >= ZSK_FIRST ? timer_of(w, &knot->key[k]) : 0;
		if (at != 0 && at <= w->now) {
			timer_ends(w, &knot->key[k]);
			at = timer_of(w, &knot->key[k]);
		}
		if (at == 0) {
			continue;
		}
		if (next == 0 || at < next) {
			next = at;
		}
	}
	if (next != 0 && next != knot->alarm) {
		event_add(w, next, EV_KASP, 0, 0);
	}
	knot->alarm = next;
	sign(w, false);
}

void knot_sign(world_t *w)
{
	if (w->knot.up && !w->knot.frozen) {
		sign(w, true);
	}
}

void knot_start(world_t *w)
{
	knot_t *knot = &w->knot;

	knot->up = true;
	knot->policy = POLICY_BASE;
	/* The first key waits for a confirmation, unless somebody has given that beforehand. */
	knot_make(w, &(sim_key_t){ .state = w->first && rng_chance(&w->rng, 70) ? KSK_READY : KSK_ACTIVE,
	                           .algorithm = 13,
	                           .published = w->now - 100 * DAY,
	                           .made = CAUSE_KNOT,
	                           .ready_cause = CAUSE_KNOT });
	knot->algorithm = 13;
	algorithm_start(w);
	if (w->first) {
		/* Until now it was not signed: caches have what has no signature. */
		zone_version_t *v = &knot->version[knot->version_count++];
		memset(v, 0, sizeof(*v));
		v->ttl = knot_zone_ttl(w);
	} else {
		upgrade_start(w);
		sign(w, false);
	}
}

static void keep_backup(knot_t *knot)
{
	knot->backup_count = knot->key_count;
	knot->backup_zsks = knot->zsk_count;
	knot->backup_flipped = 0;
	for (unsigned k = 0; k < ZSK_FIRST + knot->zsk_count; k++) {
		knot->backup[k] = knot->key[k].state;
		knot->backup_flipped |= knot->key[k].flipped ? 1U << k : 0;
	}
}

void knot_backup(world_t *w)
{
	keep_backup(&w->knot);
}

bool knot_roll(world_t *w, uint8_t algorithm, bool extra, cause_t cause, time_t decided)
{
	knot_t *knot = &w->knot;

	if (!knot->up || knot->key_count == KEYS_MAX) {
		return false;
	}
	/* Knot's running_rollover(). A lone key that is ready is none. */
	if (!extra && algorithm_rolls(w)) {
		return false;
	}
	if (!extra && keys_in(w, KSK_ACTIVE) == knot_keys(w)) {
		keep_backup(knot);
	}
	knot_make(w, &(sim_key_t){
			     .state = KSK_PUBLISHED,
			     .algorithm = algorithm,
			     .published = w->now,
			     .published_cause = cause,
			     .published_decided = cause == CAUSE_OURS ? decided : w->now,
			     .extra = extra,
			     .by_hand = extra,
			     .made = cause,
			     .made_decided = decided,
			     .epoch = w->engine.epoch,
		     });
	knot_update(w);
	return true;
}

/*! The first step that takes a key out of the DNSKEY RRset counts. */
static void forget(world_t *w, unsigned k, ksk_state_t state, cause_t cause, time_t decided)
{
	sim_key_t *key = &w->knot.key[k];

	if (algorithm_published(key->state) || key->published == 0) {
		key->removed_cause = cause;
		key->removed_decided = decided;
		key->met = w->engine.shown.by_hand;
	}
	key->state = state;
}

void knot_unpublish(world_t *w, unsigned k, ksk_state_t state, cause_t cause, time_t decided)
{
	forget(w, k, state, cause, decided);
	w->knot.key[k].since = w->now;
	knot_states_by(w, cause, decided);
	check_removal(w, 1U << k, cause, decided);
}

void knot_remove(world_t *w, world_keys_t set, cause_t cause, time_t decided)
{
	for (unsigned k = 0; k < ZSK_FIRST + ZSKS_MAX; k++) {
		if (set & (1U << k)) {
			forget(w, k, KSK_REMOVED, cause, decided);
		}
	}
	knot_states_by(w, cause, decided);
	/* From now on nobody can stop it: it has to be right at once. */
	check_removal(w, set, cause, decided);
}

/*! A single-type key whose DNSKEY stays for a while. */
static void retire(world_t *w, unsigned k, cause_t cause, time_t decided)
{
	sim_key_t *key = &w->knot.key[k];

	key->state = KSK_RETIRED;
	key->retired = w->now;
	key->removed_cause = cause;
	key->removed_decided = decided;
	knot_states_by(w, cause, decided);
}

/*! Knot's key2retire(): of several active keys one goes, the first by its random identifier. */
static world_keys_t retires(world_t *w)
{
	world_keys_t active = keys_in(w, KSK_ACTIVE);

	for (unsigned skip = active & (active - 1) ? rng_below(&w->rng, __builtin_popcount(active)) : 0; skip > 0;
	     skip--) {
		active &= active - 1;
	}
	return active & -active;
}

bool knot_submit(world_t *w, cause_t cause, time_t decided)
{
	world_keys_t ready = keys_in(w, KSK_READY);

	if (!w->knot.up || ready == 0) {
		return false;
	}
	world_keys_t old = retires(w);
	const uint8_t algorithm = w->knot.key[__builtin_ctz(ready)].algorithm;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if (ready & (1U << k)) {
			w->knot.key[k].state = KSK_ACTIVE;
			w->knot.key[k].extra = false;
		}
	}
	if (old != 0 && w->changes_algorithm && w->knot.key[__builtin_ctz(old)].algorithm != algorithm) {
		algorithm_submit(w, __builtin_ctz(old), cause, decided);
	} else if (w->csk && old != 0) {
		retire(w, __builtin_ctz(old), cause, decided);
	} else {
		knot_remove(w, old, cause, decided);
	}
	knot_update(w);
	return true;
}

void knot_delete(world_t *w, unsigned key, cause_t cause)
{
	if (w->knot.up && key < w->knot.key_count) {
		knot_remove(w, 1U << key, cause, w->now);
		knot_update(w);
	}
}

/*! The zone has its DNSKEY: half of an order has hidden it, and Knot has not signed the zone without it. */
static bool is_shown(const world_t *w, unsigned k)
{
	return w->knot.version_count > 0 && ((knot_version(w)->dnskey | knot_version(w)->zsks) & (1U << k));
}

void knot_set(world_t *w, unsigned key, ksk_state_t state, cause_t cause, time_t decided)
{
	sim_key_t *k = &w->knot.key[key];

	if (state == KSK_READY && (k->state != KSK_READY || k->ready_cause != cause)) {
		k->ready_cause = cause;
		k->ready_decided = decided;
	}
	if (k->state != state) {
		knot_states_by(w, cause, decided);
	}
	if (algorithm_published(state) && !algorithm_published(k->state)) {
		k->published = k->published != 0 ? k->published : w->now;
		if (!is_shown(w, key)) {
			k->published_cause = cause;
			k->published_decided = decided;
		}
	}
	k->state = state;
	k->by_hand |= cause == CAUSE_OPERATOR;
}

bool knot_restore(world_t *w)
{
	knot_t *knot = &w->knot;
	bool differs = false;

	if (!knot->up || knot->frozen || knot->backup_count == 0) {
		return false;
	}
	for (unsigned k = 0; k < ZSK_FIRST + knot->zsk_count; k++) {
		sim_key_t *key = &knot->key[k];
		const bool had = k < ZSK_FIRST ? k < knot->backup_count : k < ZSK_FIRST + knot->backup_zsks;
		const ksk_state_t state = had ? knot->backup[k] : KSK_REMOVED;
		if (k >= knot->key_count && k < ZSK_FIRST) {
			continue;
		}
		key->flipped = had && (knot->backup_flipped & (1U << k));
		const bool unpublished = algorithm_published(key->state) && !algorithm_published(state);
		differs |= unpublished || (key->state == KSK_REMOVED) != (state == KSK_REMOVED);
		if (key->state == state) {
			continue;
		}
		if (state == KSK_REMOVED || unpublished) {
			key->removed_cause = CAUSE_OPERATOR;
			key->removed_decided = w->now;
		}
		knot_set(w, k, state, CAUSE_OPERATOR, w->now);
	}
	knot_update(w);
	return differs;
}
