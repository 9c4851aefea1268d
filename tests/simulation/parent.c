/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parent: how it learns of a CDS, what it makes of it, and when. Everything that comes from a
 * CDS we published is charged to that step of ours, however late the parent acts on it.
 */

#include <string.h>

#include "sim_world.h"

static ds_version_t *current(world_t *w)
{
	return &w->up.version[w->up.version_count - 1];
}

world_keys_t parent_ds(const world_t *w)
{
	return w->up.version[w->up.version_count - 1].ds;
}

static void change(world_t *w, const ds_version_t *fresh, bool irregular)
{
	parent_t *up = &w->up;

	if (up->version_count == VERSION_MAX) {
		w->overflow = true;
		return;
	}
	ds_version_t *v = &up->version[up->version_count];
	*v = *fresh;
	v->fault = -1;
	if (irregular) {
		if (w->fault_count == FAULT_MAX) {
			return;
		}
		v->fault = w->fault_count;
		w->fault[w->fault_count++] = (fault_t){
			.kind = FAULT_DS_CHANGE,
			.parent = true,
			.from = w->now,
		};
	}
	up->version_count++;
	submit_others(w, irregular);
	if (w->agent.on && irregular) {
		agent_by_hand(w, v->ds != v[-1].ds, v->ds != 0 ? v->ttl : 0);
	}
	if (w->agent.on) {
		agent_way_published(w, irregular);
	}
	trace(w, "parent      DS becomes %s, TTL %u", keys_text(v->ds), v->ttl);
	servers_publish(w, true);
}

void parent_change(world_t *w, world_keys_t ds, uint32_t ttl, cause_t cause, time_t decided, bool irregular)
{
	change(w, &(ds_version_t){ .ds = ds, .ttl = ttl, .cause = cause, .decided = decided }, irregular);
}

void parent_step(world_t *w, world_keys_t ds, uint32_t ttl, cause_t cause, time_t decided, time_t asked)
{
	ds_version_t v = { .ds = ds, .ttl = ttl, .cause = cause, .decided = decided, .put = w->now, .asked = asked };

	if (ds == parent_ds(w)) {
		v.put = current(w)->put;
		v.asked = current(w)->asked;
	}
	change(w, &v, false);
}

/*! A nameserver of the child as the parent's scanner meets it. */
static bool scan_server(const world_t *w, unsigned i, zone_version_t *v)
{
	int fault;
	return child_serves(w, &w->child[i], v, &fault);
}

static bool acceptable(world_t *w, const zone_version_t *v)
{
	const parent_t *up = &w->up;
	world_keys_t ds = parent_ds(w);

	if (ds == 0 && v->cds != KEY_FOREIGN) {
		/* Bootstrapping (RFC 9615): what the nameservers say elsewhere vouches for it. */
		ds = v->cds;
	}
	if (v->cds == 0 || v->number < up->last_number || !(v->signers & v->dnskey & ds)) {
		return false; /* RFC 7344 4.1: signed by a key that the DS names. */
	}
	if (up->strict && (v->dnskey_signed < up->taken_signed || v->cds_signed < up->taken_signed)) {
		return false; /* BIND's dnssec-cds. */
	}
	return up->naive || v->cds == KEY_FOREIGN || (v->cds & ~(v->dnskey & v->signers)) == 0;
}

static bool read_cds(world_t *w, zone_version_t *out)
{
	unsigned first = rng_below(&w->rng, w->child_count);
	bool found = false;

	for (unsigned n = 0; n < w->child_count; n++) {
		zone_version_t v;
		if (!scan_server(w, (first + n) % w->child_count, &v)) {
			continue;
		}
		if (!acceptable(w, &v)) {
			return false;
		}
		if (w->up.naive) {
			*out = v;
			return true;
		}
		if (found && v.cds != out->cds) {
			return false; /* RFC 9975. */
		}
		*out = v;
		found = true;
	}
	return found;
}

static void consider(world_t *w, const zone_version_t *v)
{
	parent_t *up = &w->up;
	world_keys_t ds = parent_ds(w) & ~KEY_FOREIGN;
	bool remove = v->cds == KEY_FOREIGN;
	world_keys_t wanted = remove ? 0 : up->habit == HABIT_ADD ? ds | v->cds : v->cds;

	up->last_read = v->cds;
	up->last_number = v->number;

	if (up->habit == HABIT_ADD && !remove && wanted == ds && v->cds != ds && up->stale_after != 0 &&
	    !up->cleaning) {
		/* Nothing to add; what is no longer asked for goes in its own time. */
		up->cleaning = true;
		event_add(w, w->now + up->stale_after, EV_STALE, 0, v->cds);
	}
	if (wanted == ds || up->accepting) {
		return;
	}
	up->accepting = true;
	up->accepted = (ds_version_t){
		.ds = remove ? 0 : v->cds,
		.cause = v->cds_cause,
		.decided = v->cds_decided,
		.fault = -1,
	};
	up->accepted_signed = v->cds_signed;
	up->taken_misdated |= v->cds_misdated;
	trace(w, "parent      reads CDS %s", keys_text(v->cds));
	event_add(w, w->now + up->delay, EV_ACCEPT, 0, 0);
}

/*! A notification is acknowledged by who receives it; it may come late, or not at all. */
static void notify(world_t *w)
{
	agent_t *a = &w->agent;

	if (rng_chance(&a->rng, a->lossy)) {
		return;
	}
	event_add(w, w->now + (rng_chance(&a->rng, 80) ? 0 : rng_below(&a->rng, 600)), EV_AGENT_NOTIFY, 0, 0);
	if ((a->alive || !a->on) && w->engine.alive && w->engine.row.notified != 0) {
		w->engine.facts.acknowledged = clock_wall(w);
		engine_poke(w);
	}
}

void parent_scan(world_t *w, bool notified)
{
	parent_t *up = &w->up;
	zone_version_t v;

	if (w->agent.on || (notified && w->scanner.kind != PARENTS_SOME && up->notified)) {
		notify(w);
		return;
	}
	if (!notified) {
		/* Nobody waits for it any more: 400 days pass more quickly. */
		const bool alone = w->engine.dead && w->dies.afterwards != 0 && w->now - w->engine.died > 2 * DAY;
		const uint32_t interval = w->scanner.kind != PARENTS_SOME ? w->scanner.interval : up->interval;
		event_add(w, w->now + (alone && interval < 6 * HOUR ? 6 * HOUR : interval), EV_SCAN, 0, 0);
	} else if (up->notified && w->engine.alive && w->engine.row.notified != 0) {
		w->engine.facts.acknowledged = clock_wall(w); /* Whether anything comes of it or not. */
		engine_poke(w);
	}
	if (w->scanner.kind != PARENTS_SOME) {
		scanner_scan(w, notified);
	} else if (up->human) {
		/* Copies what the own server publishes; no scanner checks. */
		v = *knot_version(w);
		if (!notified && v.cds != 0) {
			consider(w, &v);
		}
	} else if (!up->deaf && (!notified || up->notified) && read_cds(w, &v)) {
		consider(w, &v);
	}
}

void parent_accept(world_t *w)
{
	parent_t *up = &w->up;
	ds_version_t v = up->accepted;
	world_keys_t ds = parent_ds(w);

	up->accepting = false;
	if (up->habit == HABIT_ADD && v.ds != 0) {
		world_keys_t fresh = v.ds;
		v.ds |= ds;
		if (up->stale_after != 0) {
			event_add(w, w->now + up->stale_after, EV_STALE, 0, fresh);
		}
	}
	if (up->foreign && v.ds != 0) {
		up->foreign = false;
		v.ds |= KEY_FOREIGN;
		event_add(w, w->now + 6 * HOUR, EV_STALE, 0, KEYS_OWN);
	}
	if (v.ds != ds) {
		up->taken_signed = up->accepted_signed;
		parent_change(w, v.ds, up->swap_ttl != 0 ? up->swap_ttl : current(w)->ttl, v.cause, v.decided, false);
	}
}

void parent_keep(world_t *w, world_keys_t keep)
{
	ds_version_t *v = current(w);
	world_keys_t left = v->ds & keep;

	if (keep != KEYS_OWN && keep != w->up.last_read) {
		w->up.cleaning = false;
		return; /* Another CDS has been read since. */
	}
	w->up.cleaning = false;
	if (left != 0 && left != v->ds) {
		parent_change(w, left, v->ttl, v->cause, v->decided, false);
	}
}
