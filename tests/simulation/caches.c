/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every resolver at once. For each distinct RRset that was ever served: is it served now, and until
 * when may a cache have it. DS and DNSKEY are fetched independently, from any server, at any
 * time, so every pair of a reachable DS and a reachable DNSKEY RRset is somebody's view of the zone.
 *
 * A pair is broken if no key of the DS set is in the DNSKEY RRset and signs it (RFC 6840 5.11: one
 * good path is enough). It is our fault only if a step of ours made it so, see charged().
 */

#include <string.h>

#include "sim_world.h"

bool exposure_reachable(const exposure_t *e, time_t now)
{
	return e->active > 0 || e->until > now;
}

bool fault_known(const world_t *w, int fault, world_keys_t keys, uint32_t ttl, time_t decided)
{
	for (unsigned i = 0; fault >= 0 && i < w->fault[fault].known_count; i++) {
		if (w->fault[fault].known[i].keys == keys && w->fault[fault].known[i].ttl >= ttl) {
			return w->fault[fault].known[i].at <= decided;
		}
	}
	return false;
}

/*! An irregular answer that no check of the module had seen when it took the step. */
static bool unknowable(const world_t *w, const exposure_t *e, time_t decided)
{
	return e->fault >= 0 && !fault_known(w, e->fault, e->keys, e->ttl, decided);
}

/*!
 * Records of the unsigned zone for which the operator's own DS, set too early (or his base policy's), was what
 * resolvers got before the step of ours, or one of ours that had replaced that: what replaces it makes nothing worse.
 */
static bool broken_before(const world_t *w, time_t decided)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *e = &w->ds.list[i];
		if (e->keys == 0 || (e->active == 0 && e->left <= decided)) {
			continue;
		}
		if (e->cause == CAUSE_OPERATOR || e->cause == CAUSE_KNOT ||
		    (e->cause == CAUSE_OURS && e->decided < decided && broken_before(w, e->decided))) {
			return true;
		}
	}
	return false;
}

/*! Whether somebody had the zone for insecure at the step: else records without signatures were bogus already. */
static bool insecure_before(const world_t *w, time_t decided)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *e = &w->ds.list[i];
		if (e->keys == 0 && (e->active > 0 || e->until > decided)) {
			return true;
		}
	}
	return false;
}

/*! When our order removed a key, another one of the DS set was there, and the operator removed that later. */
static bool taken_later(const world_t *w, world_keys_t removed, time_t decided)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		const sim_key_t *key = &w->knot.key[k];
		if ((removed & (1U << k)) && key->removed_cause == CAUSE_OPERATOR && key->removed_decided > decided) {
			return true;
		}
	}
	return false;
}

bool parent_hidden(const world_t *w, time_t decided)
{
	uint32_t old = 0;

	for (unsigned i = 0; i < w->fault_count; i++) {
		const fault_t *f = &w->fault[i];
		if (f->kind == FAULT_REGRESS && f->parent && f->from <= decided && (f->to == 0 || decided < f->to)) {
			old |= 1U << f->server;
		}
	}
	return old == (1U << w->parent_count) - 1;
}

/*!
 * Whether the DNSKEY RRset validated with a DS set that could be had when we signalled: else the signal made nothing
 * worse.
 */
static bool of_use_before(const world_t *w, const exposure_t *ds, const exposure_t *dnskey)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *x = &w->ds.list[i];
		if (x != ds && exposure_reachable(x, ds->decided) &&
		    (x->keys == 0 || (x->keys & dnskey->keys & dnskey->signers))) {
			return true;
		}
	}
	return false;
}

/*!
 * The pair has no valid path. Is it because of a step of ours?
 *
 * There are two steps after which a resolver can be worse off than if we had done nothing:
 * signalling a key (the DS of it came from our CDS), and letting a key go. Without
 * both, DS and DNSKEY would be what they were, or what somebody else made of them.
 *
 * A DS that comes from CDS of a key that the operator set ready could not be seen before a server had it.
 */
static const char *charged(const world_t *w, const exposure_t *ds, const exposure_t *dnskey)
{
	if (ds->keys == 0 || (ds->keys & dnskey->keys & dnskey->signers)) {
		return NULL; /* Insecure, or secure. */
	}
	if (dnskey->keys == 0 && (broken_before(w, ds->decided) || !insecure_before(w, ds->decided))) {
		return NULL;
	}
	if (dnskey->keys == 0 && ds->cause == CAUSE_OURS && !ds->excused && !dnskey->excused &&
	    !unknowable(w, dnskey, ds->decided)) {
		return "a KSK was signalled while records of the unsigned zone could be had";
	}
	if (!(dnskey->keys & dnskey->signers) || ds->excused || dnskey->excused) {
		return NULL; /* No DS could make this answer valid; or nobody waits for it any more. */
	}
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		const sim_key_t *key = &w->knot.key[k];
		world_keys_t bit = 1U << k;
		/* One that a backup has brought back is not gone. */
		if ((ds->keys & dnskey->removed & bit) && key->state == KSK_REMOVED &&
		    key->removed_cause == CAUSE_OURS &&
		    !taken_later(w, ds->keys & dnskey->removed, key->removed_decided) &&
		    !unknowable(w, ds, key->removed_decided) && !parent_hidden(w, key->removed_decided) &&
		    !(ds->cause == CAUSE_OPERATOR && ds->since > key->removed_decided)) {
			return "a KSK was let go while its DS could be had";
		}
		if ((ds->keys & bit) && ds->cause == CAUSE_OURS && !(dnskey->removed & bit) &&
		    key->published <= ds->decided && of_use_before(w, ds, dnskey) &&
		    !unknowable(w, dnskey, ds->decided)) {
			return "a KSK was signalled while a DNSKEY RRset without it could be had";
		}
	}
	return NULL;
}

static void check_pairs(world_t *w, const exposure_t *fresh, bool parent)
{
	const exposures_t *others = parent ? &w->dnskey : &w->ds;

	for (unsigned i = 0; i < others->count; i++) {
		const exposure_t *other = &others->list[i];
		const exposure_t *ds = parent ? fresh : other;
		const exposure_t *dnskey = parent ? other : fresh;
		if (!exposure_reachable(other, w->now) || ds->keys == 0 ||
		    (ds->keys & dnskey->keys & dnskey->signers)) {
			continue;
		}
		const char *why = charged(w, ds, dnskey);
		if (why != NULL) {
			violate(w, "I4", "bogus: DS %s%s, DNSKEY %s signed by %s%s: %s", keys_text(ds->keys),
			        ds->active ? "" : " (cached)", keys_text(dnskey->keys), keys_text(dnskey->signers),
			        dnskey->active ? "" : " (cached)", why);
			return;
		}
		w->excused_pairs++;
		trace(w, "resolvers   broken, not by us: DS %s%s, DNSKEY %s signed by %s%s", keys_text(ds->keys),
		      ds->active ? "" : " (cached)", keys_text(dnskey->keys), keys_text(dnskey->signers),
		      dnskey->active ? "" : " (cached)");
	}
}

static bool same(const exposure_t *a, const exposure_t *b)
{
	return a->keys == b->keys && a->signers == b->signers && a->removed == b->removed && a->cause == b->cause &&
	       a->decided == b->decided && a->fault == b->fault && a->excused == b->excused;
}

static void leave(world_t *w, exposures_t *set, sim_server_t *server)
{
	if (server->exposure < 0) {
		return;
	}
	exposure_t *e = &set->list[server->exposure];
	e->active--;
	e->left = w->now;
	if (w->now + (time_t)server->exposure_ttl > e->until) {
		e->until = w->now + server->exposure_ttl;
	}
	server->exposure = -1;
}

static int room(world_t *w, exposures_t *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (!exposure_reachable(&set->list[i], w->now - 30 * DAY)) {
			return i;
		}
	}
	if (set->count == EXPOSURE_MAX) {
		w->overflow = true;
		return -1;
	}
	return set->count++;
}

static void enter(world_t *w, exposures_t *set, sim_server_t *server, const exposure_t *fresh, uint32_t ttl,
                  bool parent)
{
	int at = -1;
	for (unsigned i = 0; i < set->count && at < 0; i++) {
		if (same(&set->list[i], fresh)) {
			at = i;
		}
	}
	bool known = at >= 0 && exposure_reachable(&set->list[at], w->now);
	if (at < 0) {
		at = room(w, set);
		if (at < 0) {
			return;
		}
		set->list[at] = *fresh;
	}
	exposure_t *e = &set->list[at];
	if (!known) {
		e->ttl = 0; /* What it once was served with has run out. */
		e->since = w->now;
	}
	e->ttl = ttl > e->ttl ? ttl : e->ttl;
	e->active++;
	server->exposure = at;
	server->exposure_ttl = ttl;
	if (!known) {
		check_pairs(w, e, parent);
	}
}

static const exposure_t *pick(world_t *w, const exposures_t *set, bool warm)
{
	const exposure_t *found = NULL;
	unsigned seen = 0;

	for (unsigned i = 0; i < set->count; i++) {
		const exposure_t *e = &set->list[i];
		if (warm ? exposure_reachable(e, w->now) : e->active > 0) {
			found = rng_below(&w->watch_rng, ++seen) == 0 ? e : found;
		}
	}
	return found;
}

bool resolver_fails(world_t *w, bool warm)
{
	const exposure_t *ds = pick(w, &w->ds, warm), *dnskey = pick(w, &w->dnskey, warm);

	return ds != NULL && dnskey != NULL && ds->keys != 0 && !(ds->keys & dnskey->keys & dnskey->signers);
}

void server_serves(world_t *w, sim_server_t *server, bool parent)
{
	exposures_t *set = parent ? &w->ds : &w->dnskey;
	exposure_t fresh;
	uint32_t ttl;
	int fault;

	memset(&fresh, 0, sizeof(fresh));
	if (parent) {
		ds_version_t v;
		if (!parent_serves(w, server, &v, &fault)) {
			leave(w, set, server);
			return;
		}
		fresh.keys = v.ds;
		fresh.cause = v.cause;
		fresh.decided = v.decided;
		ttl = v.ds != 0 ? v.ttl : w->up.negative_ttl;
	} else {
		zone_version_t v;
		if (!child_serves(w, server, &v, &fault)) {
			leave(w, set, server);
			return;
		}
		fresh.keys = v.dnskey;
		fresh.signers = v.signers;
		fresh.removed = v.removed;
		ttl = v.ttl;
	}
	fresh.fault = fault;
	fresh.excused = server->excused;

	if (server->exposure >= 0 && server->exposure_ttl == ttl && same(&set->list[server->exposure], &fresh)) {
		return;
	}
	leave(w, set, server);
	enter(w, set, server, &fresh, ttl, parent);
}
