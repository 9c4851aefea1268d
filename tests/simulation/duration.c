/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long the first rollover of a world takes, against what the TTLs and the parent alone demand.
 *
 * Lower bound: the DNSKEY TTL before the start and the old DS TTL have to expire whoever drives,
 * and the lags of the servers and the parent's own time are nobody's choice. The second bound adds the
 * waits that are configured: lead, observe. Knot's propagation-delay is none of them.
 */

#include "sim_world.h"

static bool all_children(const world_t *w, world_keys_t with, world_keys_t without, bool cds)
{
	for (unsigned i = 0; i < w->child_count; i++) {
		const zone_version_t *v = &w->knot.version[w->child[i].version];
		if ((v->dnskey & with) != with || (v->dnskey & without) || (cds && v->cds == 0)) {
			return false;
		}
	}
	return true;
}

static bool all_parents(const world_t *w, world_keys_t ds)
{
	for (unsigned i = 0; i < w->parent_count; i++) {
		if (w->up.version[w->parent[i].version].ds != ds) {
			return false;
		}
	}
	return true;
}

static void mark(const world_t *w, time_t *when, bool reached)
{
	if (*when == 0 && reached) {
		*when = w->now;
	}
}

static double max(double a, double b)
{
	return a > b ? a : b;
}

void duration_follow(world_t *w)
{
	milestones_t *m = &w->mile;
	const zone_version_t *v = knot_version(w);

	if (w->profile != PROFILE_COOPERATIVE || w->driver != DRIVER_MODULE || w->upgraded || m->gone_all != 0) {
		return;
	}
	mark(w, &m->started, (v->dnskey & 2) || w->engine.row.state != ROLLOVER_IDLE);
	mark(w, &m->published, v->dnskey & 2);
	mark(w, &m->published_all, m->published && all_children(w, 2, 0, false));
	mark(w, &m->signalled, v->cds != 0);
	mark(w, &m->signalled_all, m->signalled && all_children(w, 2, 0, true));
	mark(w, &m->ds_all, all_parents(w, 2));
	mark(w, &m->gone_all, !(v->dnskey & 1) && all_children(w, 2, 1, false));
	if (m->gone_all == 0 || m->signalled_all == 0 || m->ds_all == 0) {
		return;
	}
	/* A parent that reads one nameserver may be done before all have the CDS. */
	double parent = max(0, m->ds_all - m->signalled_all);
	double lags = (m->published_all - m->published) + (m->signalled_all - m->signalled);
	double bound = lags + w->knot.base_ttl + parent + m->ds_ttl;
	double took = m->gone_all - m->started;
	const rollover_config_t *c = &w->engine.config;
	/* A member of a catalog has its own TTL all the time, as has a zone whose policy has the low one. */
	const bool lowers = !w->knot.member && (w->knot.base_ttl > c->ttl || !w->knot.base_signals);
	const bool ours = c->ksk_lifetime > 0 && lowers;
	double prepare = ours ? max(w->knot.base_ttl > c->ttl ? w->knot.base_ttl : 0, c->lead) : 0;
	double introduce = ours ? c->ttl : w->knot.base_ttl;
	double data_ttl = w->csk ? knot_zone_ttl(w) : 0;
	double waits = lags + prepare + introduce + parent + max(max(m->ds_ttl, c->observe), data_ttl);
	w->took = took;
	w->ratio = took / bound;
	w->ratio_waits = took / waits;
}
