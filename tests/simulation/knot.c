/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Knot's key and signature policy as it behaves (knot.md 0 and 9; 3.3, 3.4):
 * a new KSK signs from publication on, is ready after propagation-delay plus the DNSKEY TTL in
 * force, CDS follows READY under the policies that signal, and zone-ksk-submitted drops the old KSK
 * at once, or, since 3.5.3, after the time that comes with it; until then Knot begins no rollover. A frozen zone takes
 * a new policy only when thawed. Nothing happens while knotd is down.
 */

#include <string.h>

#include "sim_world.h"

const zone_version_t *knot_version(const world_t *w)
{
	return &w->knot.version[w->knot.version_count - 1];
}

world_keys_t knot_keys(const world_t *w)
{
	world_keys_t set = 0;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		key_state_t s = w->knot.key[k].state;
		set |= (s != KEY_NONE && s != KEY_REMOVED) ? 1U << k : 0;
	}
	return set;
}

static world_keys_t keys_in(const world_t *w, key_state_t state)
{
	world_keys_t set = 0;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		set |= w->knot.key[k].state == state ? 1U << k : 0;
	}
	return set;
}

static uint32_t ttl_in_force(const world_t *w)
{
	const knot_t *knot = &w->knot;
	return knot->policy == POLICY_BASE ? knot->base_ttl : rollover_policy_ttl(knot->policy, w->engine.config.ttl);
}

static time_t ready_at(const world_t *w, const sim_key_t *key)
{
	/* BIND: zone-propagation-delay 300, publish-safety 3600. */
	uint32_t delay = w->driver == DRIVER_BIND ? 300 + HOUR : w->knot.propagation_delay;
	return key->published + delay + ttl_in_force(w);
}

static world_keys_t cds_now(const world_t *w, cause_t *cause, time_t *decided)
{
	const knot_t *knot = &w->knot;

	*cause = CAUSE_OURS;
	*decided = knot->policy_decided;
	if (w->driver != DRIVER_MODULE) {
		*decided = w->now;
		return keys_in(w, KEY_READY);
	}
	switch (knot->policy) {
	case POLICY_BASE:
		*cause = CAUSE_KNOT;
		return knot->base_signals ? keys_in(w, KEY_READY) : 0;
	case POLICY_SIGNAL:
		return keys_in(w, KEY_READY);
	case POLICY_DELETE:
		return KEY_FOREIGN;
	case POLICY_ROLLBACK:
		/*
		 * Both keys are ours to signal. That of them one alone is left is the doing of who removed the other.
		 */
		for (unsigned k = 0; k < knot->key_count; k++) {
			const sim_key_t *key = &knot->key[k];
			if (key->removed_cause == CAUSE_OPERATOR && key->removed_decided >= knot->policy_decided) {
				*cause = CAUSE_OPERATOR;
			}
		}
		return keys_in(w, KEY_READY) | keys_in(w, KEY_ACTIVE);
	default:
		return 0;
	}
}

static void sign(world_t *w)
{
	knot_t *knot = &w->knot;
	zone_version_t v;

	memset(&v, 0, sizeof(v));
	v.dnskey = v.signers = knot_keys(w);
	v.removed = keys_in(w, KEY_REMOVED);
	v.ttl = ttl_in_force(w);
	v.cds = cds_now(w, &v.cds_cause, &v.cds_decided);

	const zone_version_t *last = knot->version_count > 0 ? knot_version(w) : NULL;
	if (last != NULL && last->dnskey == v.dnskey && last->ttl == v.ttl && last->cds == v.cds &&
	    (v.cds == 0 || last->cds_cause == v.cds_cause)) {
		return;
	}
	if (knot->version_count == VERSION_MAX) {
		w->overflow = true;
		return;
	}
	world_keys_t cds_before = last != NULL ? last->cds : 0;
	v.serial = knot->version_count;
	/* A signature stays while its RRset, with its TTL, does. */
	v.dnskey_signed =
		last != NULL && last->dnskey == v.dnskey && last->ttl == v.ttl ? last->dnskey_signed : v.serial;
	v.cds_signed = last != NULL && last->cds == v.cds ? last->cds_signed : v.serial;
	knot->version[knot->version_count++] = v;
	trace(w, "knot        signs: DNSKEY %s, TTL %u, CDS %s (policy %s)", keys_text(v.dnskey), v.ttl,
	      keys_text(v.cds), w->driver == DRIVER_MODULE ? rollover_policy_name(knot->policy) : "native");
	if (v.cds & ~cds_before) {
		check_signal(w, knot_version(w));
	}
	servers_publish(w, false);
}

/*! Knot's submit_key(): one key at most is READY, the newest; what waited before it counts as confirmed. */
static void be_ready(world_t *w, sim_key_t *fresh)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		sim_key_t *key = &w->knot.key[k];
		if (key->state == KEY_READY) {
			trace(w, "knot        KSK %s is active, %s comes after it", keys_text(1U << k),
			      keys_text(1U << (fresh - w->knot.key)));
			key->state = KEY_ACTIVE;
		}
	}
	fresh->state = KEY_READY;
}

void knot_update(world_t *w)
{
	knot_t *knot = &w->knot;
	time_t next = 0;

	if (!knot->up || knot->frozen) {
		return;
	}
	for (unsigned k = 0; k < knot->key_count; k++) {
		sim_key_t *key = &knot->key[k];
		if (key->state != KEY_PUBLISHED && key->state != KEY_RETIRING) {
			continue;
		}
		time_t at = key->state == KEY_PUBLISHED ? ready_at(w, key) : key->remove_at;
		if (at <= w->now) {
			trace(w, "knot        KSK %s is %s", keys_text(1U << k),
			      key->state == KEY_PUBLISHED ? "ready" : "removed");
			if (key->state == KEY_PUBLISHED) {
				be_ready(w, key);
			} else {
				key->state = KEY_REMOVED;
			}
		} else if (next == 0 || at < next) {
			next = at;
		}
	}
	if (next != 0 && next != knot->alarm) {
		event_add(w, next, EV_KASP, 0, 0);
	}
	knot->alarm = next;
	sign(w);
}

void knot_start(world_t *w)
{
	knot_t *knot = &w->knot;

	knot->up = true;
	knot->policy = POLICY_BASE;
	/* The first key waits for a confirmation, unless somebody has given that beforehand. */
	knot->key[0] = (sim_key_t){ .state = w->first && rng_chance(&w->rng, 70) ? KEY_READY : KEY_ACTIVE,
		                    .algorithm = 13,
		                    .published = w->now - 100 * DAY };
	knot->key_count = 1;
	knot->backup = -1;
	if (w->first) {
		/* Until now it was not signed: caches have what has no signature. */
		zone_version_t *v = &knot->version[knot->version_count++];
		memset(v, 0, sizeof(*v));
		v->ttl = w->engine.config.zone_ttl != 0 ? w->engine.config.zone_ttl : DAY;
	} else {
		sign(w);
	}
}

void knot_switch(world_t *w, policy_role_t role, time_t decided)
{
	knot_t *knot = &w->knot;

	if (knot->frozen) {
		knot->pending = role;
		knot->policy_decided = decided;
		return;
	}
	if (knot->policy != role || role == POLICY_BASE) {
		knot->policy_decided = decided;
	}
	knot->policy = role;
	knot_update(w);
}

void knot_freeze(world_t *w, bool frozen)
{
	knot_t *knot = &w->knot;

	if (frozen && !knot->frozen) {
		knot->pending = knot->policy;
	}
	if (!frozen && !knot->frozen) {
		return; /* A restart has thawed it. */
	}
	knot->frozen = frozen;
	if (!frozen) {
		knot->policy = knot->pending;
		knot_update(w);
	}
}

void knot_down(world_t *w)
{
	w->knot.up = false;
	w->knot.alarm = 0;
	for (unsigned i = 0; i < w->child_count; i++) {
		if (w->child[i].primary) {
			server_serves(w, &w->child[i], false);
		}
	}
}

void knot_restart(world_t *w)
{
	knot_t *knot = &w->knot;

	knot->up = true;
	/* A freeze does not outlive the process; a policy switch does if the configuration is a database. */
	if (knot->frozen) {
		knot->policy = knot->pending;
		knot->frozen = false;
	}
	if (knot->text_config) {
		knot->policy = POLICY_BASE;
	}
	for (unsigned i = 0; i < w->child_count; i++) {
		if (w->child[i].primary) {
			server_serves(w, &w->child[i], false);
		}
	}
	knot_update(w);
}

void knot_reload(world_t *w)
{
	if (w->knot.text_config) {
		w->knot.pending = POLICY_BASE;
		if (!w->knot.frozen) {
			w->knot.policy = POLICY_BASE;
		}
	}
	knot_update(w);
}

bool knot_roll(world_t *w, uint8_t algorithm, bool extra)
{
	knot_t *knot = &w->knot;

	if (!knot->up || knot->key_count == KEYS_MAX) {
		return false;
	}
	/*
	 * Knot's running_rollover(): one is under way, or there are two already. A lone key that is ready is no reason.
	 */
	world_keys_t in_use = keys_in(w, KEY_READY) | keys_in(w, KEY_ACTIVE);
	if (!extra && ((keys_in(w, KEY_PUBLISHED) | keys_in(w, KEY_RETIRING)) || (in_use & (in_use - 1)))) {
		return false;
	}
	if (!extra && in_use == knot_keys(w) && keys_in(w, KEY_ACTIVE) == in_use) {
		knot->backup = __builtin_ctz(in_use);
	}
	knot->key[knot->key_count++] = (sim_key_t){
		.state = KEY_PUBLISHED,
		.algorithm = algorithm,
		.published = w->now,
		.extra = extra,
		.by_hand = extra,
	};
	knot_update(w);
	return true;
}

static void remove_keys(world_t *w, world_keys_t set, cause_t cause, time_t decided, uint32_t ttl)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if (set & (1U << k)) {
			w->knot.key[k].state = ttl > 0 ? KEY_RETIRING : KEY_REMOVED;
			w->knot.key[k].removed_cause = cause;
			w->knot.key[k].removed_decided = decided;
			w->knot.key[k].remove_at = w->now + ttl;
		}
	}
	/* From now on nobody can stop it: it has to be right at once. */
	check_removal(w, set, cause, decided);
	knot_update(w);
}

/*! Knot's key2retire(): of several active keys one goes, the first by its random identifier. */
static world_keys_t retires(world_t *w)
{
	world_keys_t active = keys_in(w, KEY_ACTIVE);

	for (unsigned skip = active & (active - 1) ? rng_below(&w->rng, __builtin_popcount(active)) : 0; skip > 0;
	     skip--) {
		active &= active - 1;
	}
	return active & -active;
}

bool knot_submit(world_t *w, cause_t cause, time_t decided, uint32_t ttl)
{
	world_keys_t ready = keys_in(w, KEY_READY);

	if (!w->knot.up || ready == 0) {
		return false;
	}
	world_keys_t old = retires(w);
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if (ready & (1U << k)) {
			w->knot.key[k].state = KEY_ACTIVE;
			w->knot.key[k].extra = false;
		}
	}
	remove_keys(w, old, cause, decided, w->knot.keeps ? ttl : 0);
	return true;
}

void knot_delete(world_t *w, unsigned key, cause_t cause)
{
	if (w->knot.up && key < w->knot.key_count) {
		remove_keys(w, 1U << key, cause, w->now, 0);
	}
}

bool knot_restore(world_t *w)
{
	knot_t *knot = &w->knot;

	if (!knot->up || knot->frozen || knot->backup < 0 || knot_keys(w) == (world_keys_t)(1U << knot->backup)) {
		return false;
	}
	for (unsigned k = 0; k < knot->key_count; k++) {
		sim_key_t *key = &knot->key[k];
		if (k == (unsigned)knot->backup) {
			key->state = KEY_ACTIVE;
		} else if (key->state != KEY_REMOVED) {
			key->state = KEY_REMOVED;
			key->removed_cause = CAUSE_OPERATOR;
			key->removed_decided = w->now;
		}
	}
	knot_update(w);
	return true;
}
