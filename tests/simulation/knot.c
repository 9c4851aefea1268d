/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Knot's key and signature policy as it behaves (docs/internals.rst, "Keys by key timers"): a new KSK is published,
 * signs from then on, and is ready by itself after propagation-delay plus the DNSKEY TTL in force. CDS names the keys
 * that are ready, under the policies that publish it. Keys that are ready or active stay so until somebody sets them
 * (sim_orders.c: the module) or says that the DS is there (zone-ksk-submitted), which drops another key at once. A
 * frozen zone takes a new policy only when thawed. Nothing happens while knotd is down.
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
		ksk_state_t s = w->knot.key[k].state;
		set |= (s != KSK_NONE && s != KSK_REMOVED) ? 1U << k : 0;
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

/*! Keys that sign the data: of each algorithm those that are active, or else those that are ready or aside. */
static world_keys_t data_signers(const world_t *w)
{
	const world_keys_t active = keys_in(w, KSK_ACTIVE), others = keys_in(w, KSK_READY) | keys_in(w, KSK_ASIDE);
	world_keys_t set = 0;

	for (unsigned i = 0; w->csk && i < w->algorithm_count; i++) {
		const world_keys_t keys = w->algorithm[i].keys;
		set |= keys & active ? keys & active : keys & others;
	}
	return set;
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

/*! Whoever changes the state of a key changes what it signs. */
static void states_by(world_t *w, cause_t cause, time_t decided)
{
	w->knot.states_cause = cause;
	w->knot.states_decided = decided;
}

static uint32_t ttl_in_force(const world_t *w)
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
	return key->published + delay + ttl_in_force(w);
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
	v.dnskey = knot_keys(w);
	v.signers = knot_signers(w);
	v.data = data_signers(w);
	v.data_ttl = knot_zone_ttl(w);
	v.removed = keys_in(w, KSK_REMOVED) | keys_in(w, KSK_RETIRED);
	v.ttl = ttl_in_force(w);
	v.cds = cds_now(w, &v.cds_cause, &v.cds_decided);

	const zone_version_t *last = knot->version_count > 0 ? knot_version(w) : NULL;
	if (!renew && last != NULL && last->dnskey == v.dnskey && last->ttl == v.ttl && last->cds == v.cds &&
	    (v.cds == 0 || last->cds_cause == v.cds_cause) && last->signers == v.signers && last->data == v.data &&
	    (!w->csk || last->data_ttl == v.data_ttl)) {
		return;
	}
	if (knot->version_count == VERSION_MAX) {
		w->overflow = true;
		return;
	}
	world_keys_t cds_before = last != NULL ? last->cds : 0;
	v.serial = knot->version_count;
	/* A signature stays while its RRset, with its TTL, does. */
	const bool same_keys = !renew && last != NULL && last->dnskey == v.dnskey && last->ttl == v.ttl;
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
	trace(w, "knot        signs: DNSKEY %s, TTL %u, CDS %s (policy %s)", keys_text(v.dnskey), v.ttl,
	      keys_text(v.cds), w->driver == DRIVER_MODULE ? rollover_policy_name(knot->policy) : "native");
	if (w->csk) {
		trace(w, "            DNSKEY signed by %s, data by %s", keys_text(v.signers), keys_text(v.data));
	}
	if (v.cds & ~cds_before) {
		check_signal(w, knot_version(w));
	}
	servers_publish(w, false);
}

/*!
 * Whether the module has had the time to set the key. It checks an idle zone, and what it has begun; a further KSK
 * waits until a rollover has settled, and Knot's timer is all that holds it until then.
 */
static bool had_time(const world_t *w, unsigned k, time_t published)
{
	const rollover_row_t *row = &w->engine.row;
	const rollover_config_t *c = &w->engine.config;
	uint32_t interval = c->check_interval;
	time_t from = published;

	if (row->state == ROLLOVER_IDLE) {
		interval = c->ds_check_interval > interval ? c->ds_check_interval : interval;
	} else if (!row->has_new || row->new_key.digest[0] != k + 1) {
		return false;
	}
	if (row->since > from) {
		from = row->since;
	}
	return w->now - from > interval * 9 / 8 + 120;
}

/*! Nobody but the module has set the key, and its row says that this was done. */
static bool believed_active(const world_t *w, unsigned k)
{
	const rollover_row_t *row = &w->engine.row;

	return rollover_are_silent(row->keys) && row->has_new && row->new_key.digest[0] == k + 1 &&
	       !w->knot.key[k].by_hand && !(w->why & WHY_RESTORED);
}

/*!
 * A published key gets ready by itself: nobody has set it. Who is to blame? Knot, if it could have done so without the
 * module as well: another one made the key, or the process that made it ended before it could go on.
 */
static void left_published(world_t *w, sim_key_t *key)
{
	const engine_t *e = &w->engine;
	const unsigned k = key - w->knot.key;
	const bool at_work = w->driver == DRIVER_MODULE && e->alive && key->epoch == e->epoch &&
	                     !fault_active(w, FAULT_CONTROL) && !fault_active(w, FAULT_KEYS) &&
	                     !fault_active(w, FAULT_STORE) && !fault_active(w, FAULT_ZONE_TXN) && !e->config.dry_run;

	key->ready_cause = key->made == CAUSE_OURS && at_work ? CAUSE_OURS : CAUSE_KNOT;
	key->ready_decided = key->ready_cause == CAUSE_OURS ? key->made_decided : w->now;
	w->low_ttl_signals |= e->alive && !w->knot.base_signals && w->knot.policy == POLICY_LOW_TTL;
	if (key->made == CAUSE_OURS && key->ready_cause == CAUSE_KNOT) {
		w->left_published = w->now - key->published;
		trace(w, "knot        KSK %s was left published by a process that has ended", keys_text(1U << k));
	}
	if (at_work && believed_active(w, k)) {
		violate(w, "published", "KSK %s was published, but the module takes it for active", keys_text(1U << k));
	}
	if (w->profile == PROFILE_COOPERATIVE && at_work && !w->first && !w->knot.busy_often &&
	    had_time(w, k, key->published) && (knot_keys(w) & (knot_keys(w) - 1))) {
		violate(w, "published", "KSK %s was published for %ld s, and the module has left it so",
		        keys_text(1U << k), (long)(w->now - key->published));
	}
}

/*! Knot's submit_key(): one key at most is READY, the newest; what waited before it counts as confirmed. */
static void be_ready(world_t *w, sim_key_t *fresh)
{
	left_published(w, fresh);
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		sim_key_t *key = &w->knot.key[k];
		if (key->state == KSK_READY) {
			trace(w, "knot        KSK %s is active, %s comes after it", keys_text(1U << k),
			      keys_text(1U << (fresh - w->knot.key)));
			key->state = KSK_ACTIVE;
		}
	}
	fresh->state = KSK_READY;
	states_by(w, fresh->ready_cause, fresh->ready_decided);
}

/*! \return When something happens to the key by itself; 0: never. */
static time_t timer_of(const world_t *w, const sim_key_t *key)
{
	return key->state == KSK_PUBLISHED ? ready_at(w, key) : key->state == KSK_RETIRED ? gone_at(w, key) : 0;
}

static void timer_ends(world_t *w, sim_key_t *key)
{
	const unsigned k = key - w->knot.key;

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

	if (!knot->up || knot->frozen) {
		return;
	}
	for (unsigned k = 0; k < knot->key_count; k++) {
		time_t at = timer_of(w, &knot->key[k]);
		if (at == 0) {
			continue;
		}
		if (at <= w->now) {
			timer_ends(w, &knot->key[k]);
		} else if (next == 0 || at < next) {
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
	for (unsigned k = 0; k < knot->key_count; k++) {
		knot->backup[k] = knot->key[k].state;
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
	/*
	 * Knot's running_rollover(): one is under way, or there are two already. A lone key that is ready is no reason.
	 */
	world_keys_t in_use = keys_in(w, KSK_READY) | keys_in(w, KSK_ACTIVE);
	if (!extra && (keys_in(w, KSK_PUBLISHED) || keys_in(w, KSK_ASIDE) || (in_use & (in_use - 1)))) {
		return false;
	}
	if (!extra && in_use == knot_keys(w) && keys_in(w, KSK_ACTIVE) == in_use) {
		keep_backup(knot);
	}
	knot_make(w, &(sim_key_t){
			     .state = KSK_PUBLISHED,
			     .algorithm = algorithm,
			     .published = w->now,
			     .extra = extra,
			     .by_hand = extra,
			     .made = cause,
			     .made_decided = decided,
			     .epoch = w->engine.epoch,
		     });
	knot_update(w);
	return true;
}

void knot_remove(world_t *w, world_keys_t set, cause_t cause, time_t decided)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if (set & (1U << k)) {
			w->knot.key[k].state = KSK_REMOVED;
			w->knot.key[k].removed_cause = cause;
			w->knot.key[k].removed_decided = decided;
			w->knot.key[k].met = w->engine.shown.by_hand;
		}
	}
	states_by(w, cause, decided);
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
	states_by(w, cause, decided);
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
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if (ready & (1U << k)) {
			w->knot.key[k].state = KSK_ACTIVE;
			w->knot.key[k].extra = false;
		}
	}
	if (w->csk && old != 0) {
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

void knot_set(world_t *w, unsigned key, ksk_state_t state, cause_t cause, time_t decided)
{
	sim_key_t *k = &w->knot.key[key];

	if (state == KSK_READY && (k->state != KSK_READY || k->ready_cause != cause)) {
		k->ready_cause = cause;
		k->ready_decided = decided;
	}
	if (k->state != state) {
		states_by(w, cause, decided);
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
	for (unsigned k = 0; k < knot->key_count; k++) {
		sim_key_t *key = &knot->key[k];
		const ksk_state_t state = k < knot->backup_count ? knot->backup[k] : KSK_REMOVED;
		differs |= (key->state == KSK_REMOVED) != (state == KSK_REMOVED);
		if (key->state == state) {
			continue;
		}
		if (state == KSK_REMOVED) {
			key->removed_cause = CAUSE_OPERATOR;
			key->removed_decided = w->now;
		}
		knot_set(w, k, state, CAUSE_OPERATOR, w->now);
	}
	knot_update(w);
	return differs;
}
