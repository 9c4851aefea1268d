/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every cache at once. For each distinct RRset that was ever served: is it served now, and until when may a cache have
 * it. Data of a zone are one RRset here: Knot signs them all alike. They are kept where they matter: KSKs sign
 * them, or the algorithm changes.
 */

#include <string.h>

#include "sim_world.h"

bool exposure_reachable(const exposure_t *e, time_t now)
{
	return e->active > 0 || e->until > now;
}

bool fault_known(const world_t *w, const exposure_t *e, time_t decided)
{
	const fault_t *f = e->fault >= 0 ? &w->fault[e->fault] : NULL;

	for (unsigned i = 0; f != NULL && i < f->known_count; i++) {
		const bool counts = f->known[i].at <= decided && (f->known[i].lost == 0 || decided < f->known[i].lost);
		if (counts && f->known[i].keys == e->keys && f->known[i].ttl >= e->ttl && f->known[i].data == e->data) {
			return true;
		}
	}
	return false;
}

static bool same(const exposure_t *a, const exposure_t *b)
{
	return a->keys == b->keys && a->signers == b->signers && a->removed == b->removed && a->cause == b->cause &&
	       a->decided == b->decided && a->fault == b->fault && a->excused == b->excused;
}

static void leave(world_t *w, exposures_t *set, served_t *served)
{
	if (served->exposure < 0) {
		return;
	}
	exposure_t *e = &set->list[served->exposure];
	e->active--;
	e->left = w->now;
	/* Times are whole seconds: it may have been served until the end of this one. */
	const time_t until = w->now + 1 + (time_t)served->ttl;
	e->until = until > e->until ? until : e->until;
	served->exposure = -1;
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

static void enter(world_t *w, exposures_t *set, served_t *served, const exposure_t *fresh, uint32_t ttl)
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
	e->served_since = e->active > 0 ? e->served_since : w->now;
	e->active++;
	*served = (served_t){ .exposure = at, .ttl = ttl };
	if (!known) {
		views_check(w, e);
	}
}

static void serve(world_t *w, exposures_t *set, served_t *served, const exposure_t *fresh, uint32_t ttl)
{
	if (served->exposure >= 0 && served->ttl == ttl && same(&set->list[served->exposure], fresh)) {
		return;
	}
	leave(w, set, served);
	enter(w, set, served, fresh, ttl);
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
	const exposure_t *data = data_matters(w) ? pick(w, &w->data, warm) : NULL;

	if (ds == NULL || dnskey == NULL || ds->keys == 0) {
		return false;
	}
	return !view_chain(w, VALIDATOR_LIBERAL, ds, dnskey) ||
	       (data != NULL && !view_data(w, VALIDATOR_LIBERAL, ds, dnskey, data));
}

/*!
 * Another client lowers the TTL of a DS RRset again that no check of the module has met, or replaces the RRset: which
 * TTL caches have, nobody can tell. It is as if it had never been higher.
 */
static void lower_unseen(const world_t *w, const ds_version_t *v, served_t *served)
{
	const unsigned number = v - w->up.version;
	const ds_version_t *unseen = number > 0 ? v - 1 : NULL;
	/* With the same set: its TTL now, or the one before that was met. */
	const ds_version_t *other = unseen == NULL || v->ds == unseen->ds ? v : number > 1 ? v - 2 : NULL;

	if (unseen == NULL || other == NULL || v->fault < 0 || unseen->met || served->ttl != unseen->ttl) {
		return;
	}
	if (other->ds == unseen->ds && other->ttl < unseen->ttl && (other == v || other->met)) {
		served->ttl = other->ttl;
	}
}

static void parent_server_serves(world_t *w, sim_server_t *server)
{
	exposure_t fresh;
	ds_version_t v;
	int fault;

	if (!parent_serves(w, server, &v, &fault)) {
		leave(w, &w->ds, &server->served);
		return;
	}
	memset(&fresh, 0, sizeof(fresh));
	fresh.keys = v.ds;
	fresh.cause = v.cause;
	fresh.decided = v.decided;
	fresh.fault = fault;
	fresh.excused = server->excused;
	lower_unseen(w, &w->up.version[server->version], &server->served);
	serve(w, &w->ds, &server->served, &fresh, v.ds != 0 ? v.ttl : w->up.negative_ttl);
	if (server->fault < 0 || w->fault[server->fault].kind != FAULT_REGRESS) {
		agent_served(w, server, v.ds);
	}
}

static void child_server_serves(world_t *w, sim_server_t *server)
{
	exposure_t fresh;
	zone_version_t v;
	int fault;

	if (!child_serves(w, server, &v, &fault)) {
		leave(w, &w->dnskey, &server->served);
		leave(w, &w->data, &server->data);
		return;
	}
	memset(&fresh, 0, sizeof(fresh));
	fresh.keys = v.dnskey | v.zsks;
	fresh.signers = v.signers;
	fresh.removed = v.removed;
	fresh.fault = fault;
	fresh.excused = server->excused;
	serve(w, &w->dnskey, &server->served, &fresh, v.ttl);
	if (data_matters(w)) {
		fresh.data = true;
		fresh.keys = v.data;
		fresh.signers = v.data_before;
		fresh.cause = v.data_cause;
		fresh.decided = v.data_decided;
		fresh.fault = v.data != w->knot.version[server->version].data ? fault : -1;
		serve(w, &w->data, &server->data, &fresh, v.data_ttl);
	}
}

void server_serves(world_t *w, sim_server_t *server, bool parent)
{
	if (parent) {
		parent_server_serves(w, server);
	} else {
		child_server_serves(w, server);
	}
}
