/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nameservers of the zone and of its parent: they take new versions after a lag, and fail.
 */

#include "sim_world.h"

static fault_kind_t fault_of(const world_t *w, const sim_server_t *s)
{
	return s->fault >= 0 ? w->fault[s->fault].kind : FAULT__COUNT;
}

bool fault_active(const world_t *w, fault_kind_t kind)
{
	return w->active[kind] > 0;
}

/*! Of several keys. */
static world_keys_t without_newest(world_keys_t keys)
{
	return keys & (keys - 1) ? keys & ~(1U << (31 - __builtin_clz((unsigned)keys))) : keys;
}

/*! Of the DNSKEY RRset, of the data, or of both. */
static void strip_newest(const fault_t *f, zone_version_t *v)
{
	const unsigned some = f->from % 3;

	if (v->data == 0 || some != 1) {
		v->signers = without_newest(v->signers);
	}
	if (some != 0) {
		v->data = without_newest(v->data);
	}
}

bool child_serves(const world_t *w, const sim_server_t *s, zone_version_t *out, int *fault)
{
	*out = *child_version(w, s);
	*fault = -1;
	if (s->primary && !w->knot.up) {
		return false;
	}
	switch (fault_of(w, s)) {
	case FAULT_DOWN:
	case FAULT_ERROR:
		return false;
	case FAULT_REGRESS:
		*out = w->knot.version[s->regress];
		*fault = s->fault;
		break;
	case FAULT_STRIP:
		out->signers = out->data = 0;
		*fault = s->fault;
		break;
	case FAULT_STRIP_NEW:
		strip_newest(&w->fault[s->fault], out);
		*fault = s->fault;
		break;
	case FAULT_MARKED:
		break;
	case FAULT_FOREIGN:
		out->dnskey |= KEY_FOREIGN;
		*fault = s->fault;
		break;
	case FAULT_TTL:
		/* Not of the unsigned zone: a TTL that nobody signed is not believed (docs/simulation.rst). */
		out->ttl += out->dnskey != 0 ? s->ttl_extra : 0;
		*fault = s->fault;
		break;
	default:
		break;
	}
	return true;
}

bool parent_serves(const world_t *w, const sim_server_t *s, ds_version_t *out, int *fault)
{
	*out = w->up.version[s->version];
	*fault = out->fault;
	switch (fault_of(w, s)) {
	case FAULT_DOWN:
	case FAULT_ERROR:
	case FAULT_STRIP: /* Without a signature there is no DS for a resolver. */
		return false;
	case FAULT_REGRESS:
		*out = w->up.version[s->regress];
		*fault = s->fault;
		break;
	case FAULT_TTL:
		out->ttl += s->ttl_extra;
		*fault = s->fault;
		break;
	default:
		break;
	}
	if (out->ds == 0) {
		out->ttl = w->up.negative_ttl;
	}
	return true;
}

static sim_server_t *servers(world_t *w, bool parent, unsigned *count)
{
	*count = parent ? w->parent_count : w->child_count;
	return parent ? w->parent : w->child;
}

static uint32_t lag_of(world_t *w, const sim_server_t *s)
{
	return rng_between(&w->rng, s->lag_min, s->lag_max) + s->slow;
}

void servers_publish(world_t *w, bool parent)
{
	unsigned count;
	sim_server_t *list = servers(w, parent, &count);

	for (unsigned i = 0; i < count; i++) {
		uint32_t lag = lag_of(w, &list[i]);
		if (lag == 0) {
			servers_sync(w, parent, i);
		} else {
			event_add(w, w->now + lag, EV_SYNC, parent, i);
		}
	}
}

static bool takes_versions(const world_t *w, const sim_server_t *s, bool parent)
{
	if (!parent && !w->knot.up) {
		return s->primary;
	}
	switch (fault_of(w, s)) {
	case FAULT_DOWN:
	case FAULT_PARTITION:
	case FAULT_STUCK:
	case FAULT_MARKED:
	case FAULT_REGRESS:
		return false;
	default:
		return true;
	}
}

void servers_sync(world_t *w, bool parent, unsigned index)
{
	sim_server_t *s = parent ? &w->parent[index] : &w->child[index];
	unsigned newest = (parent ? w->up.version_count : w->knot.version_count) - 1;

	if (!takes_versions(w, s, parent)) {
		if (!parent && !w->knot.up) {
			event_add(w, w->now + HOUR, EV_SYNC, parent, index);
		}
		return;
	}
	bool fresh = s->version != newest;
	if (fresh) {
		s->version = newest;
		trace(w, "%-11s has the current version", s->name);
	}
	if (s->excused && s->fault < 0) {
		s->excused = false;
		fresh = true;
	}
	if (fresh) {
		server_serves(w, s, parent);
		duration_follow(w);
		steps_follow(w);
	}
}

void server_excuse(world_t *w, sim_server_t *s, bool parent)
{
	if (!s->excused) {
		s->excused = true;
		trace(w, "%-11s counts as out of service", s->name);
		server_serves(w, s, parent);
	}
}

static void set_active(world_t *w, fault_t *f, bool active)
{
	w->active[f->kind] += active - f->active;
	f->active = active;
}

void fault_begin(world_t *w, unsigned index)
{
	fault_t *f = &w->fault[index];

	if (f->kind < FAULT_CONTROL) {
		sim_server_t *s = f->parent ? &w->parent[f->server] : &w->child[f->server];
		if (s->fault >= 0 || (s->primary && f->kind != FAULT_PARTITION && f->kind != FAULT_FORGED)) {
			return; /* One at a time; the primary has no faults besides those of knotd. */
		}
		if (f->kind == FAULT_REGRESS) {
			unsigned back = rng_between(&w->rng, 1, 4);
			s->regress = s->version > back ? s->version - back : 0;
			/* A server that is behind anyway would be indistinguishable from a slow one. */
			if (s->regress == s->version) {
				return;
			}
		}
		s->fault = index;
		set_active(w, f, true);
		trace(w, "%-11s fails: %s", s->name, fault_names[f->kind]);
		server_serves(w, s, f->parent);
		if ((f->kind == FAULT_DOWN || f->kind == FAULT_PARTITION) && w->driver != DRIVER_MODULE) {
			event_add(w, w->now + w->engine.config.unreachable_after, EV_EXCUSE, index, 0);
		}
	} else {
		set_active(w, f, true);
		trace(w, "world       %s begins", fault_names[f->kind]);
	}
	if (f->to != 0) {
		event_add(w, f->to, EV_HEAL, index, 0);
	}
}

void fault_end(world_t *w, unsigned index)
{
	fault_t *f = &w->fault[index];

	if (f->kind == FAULT_REGRESS && !f->parent && !w->knot.up) {
		event_add(w, w->now + HOUR, EV_HEAL, index, 0);
		return;
	}
	set_active(w, f, false);
	if (f->kind >= FAULT_CONTROL) {
		trace(w, "world       %s ends", fault_names[f->kind]);
		return;
	}
	sim_server_t *s = f->parent ? &w->parent[f->server] : &w->child[f->server];
	s->fault = -1;
	if (f->kind == FAULT_REGRESS) {
		/* It catches up in one step, not by way of what it had before. */
		s->version = (f->parent ? w->up.version_count : w->knot.version_count) - 1;
	}
	trace(w, "%-11s works again (was: %s)", s->name, fault_names[f->kind]);
	server_serves(w, s, f->parent);
	uint32_t lag = lag_of(w, s);
	event_add(w, w->now + lag, EV_SYNC, f->parent, f->server);
}
