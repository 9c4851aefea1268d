/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Steps of the parent's program: each DS set that it puts in, and what that does to resolvers. Judged alike for every
 * child and every parent, by what the servers and caches really had (docs/simulation.rst, "Baselines").
 */

#include "sim_world.h"

/*! The step that has put this DS set in; NULL: it was another hand, or it is from before. */
static const ds_version_t *step_of(const world_t *w, const exposure_t *ds)
{
	for (unsigned i = w->up.version_count; i-- > 0;) {
		const ds_version_t *v = &w->up.version[i];
		if (v->ds == ds->keys && v->cause == ds->cause && v->decided == ds->decided) {
			return v->put != 0 && ds->fault < 0 ? v : NULL;
		}
	}
	return NULL;
}

/*! Resolvers could get it, or had it in a cache, when the parent asked. */
static bool was_there(const exposure_t *e, time_t asked)
{
	return e->since <= asked && (e->active > 0 || e->until > asked);
}

/*! A nameserver has given it to resolvers from the question until the step. */
static bool was_served(const exposure_t *e, const ds_version_t *step)
{
	return e->served_since <= step->asked && (e->active > 0 || e->left > step->put);
}

static bool validates(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                      const exposure_t *data)
{
	return ds->keys == 0 ||
	       (view_chain(w, validator, ds, dnskey) && (data == NULL || view_data(w, validator, ds, dnskey, data)));
}

/*! With another DS set that could be had then it was valid. */
static bool was_valid(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                      const exposure_t *data, time_t asked)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *x = &w->ds.list[i];
		if (x->keys != ds->keys && was_there(x, asked) && validates(w, validator, x, dnskey, data)) {
			return true;
		}
	}
	return false;
}

/*! Only by servers that the parent's host has not reached for so long that they do not count. */
static bool is_left_out(const world_t *w, const exposure_t *e, time_t asked)
{
	const exposures_t *set = e->data ? &w->data : &w->dnskey;
	unsigned silent = 0;

	for (unsigned i = 0; i < w->child_count; i++) {
		const sim_server_t *s = &w->child[i];
		const int16_t served = e->data ? s->data.exposure : s->served.exposure;
		if (served < 0 || &set->list[served] != e) {
			continue;
		}
		if (agent_silent_for(w, s) - (w->now - asked) < (time_t)w->agent.config.unreachable_after) {
			return false;
		}
		silent++;
	}
	return silent > 0;
}

/*! Of DNSKEY and data, what is there and what was served when the step was made. */
static bool all(const exposure_t *dnskey, const exposure_t *data, const ds_version_t *step, bool served)
{
	const bool first = served ? was_served(dnskey, step) : was_there(dnskey, step->asked);

	return first && (data == NULL || (served ? was_served(data, step) : was_there(data, step->asked)));
}

/*!
 * An algorithm of the DNSKEY RRset has not signed the data (RFC 4035 2.2): bogus whichever DS there is, and hidden
 * while there is none.
 */
static bool lacks_algorithm(const world_t *w, validator_t validator, const exposure_t *dnskey, const exposure_t *data)
{
	return validator == VALIDATOR_STRICT_KEY && data != NULL &&
	       (algorithm_set(w, dnskey->keys) & ~algorithm_set(w, data->keys)) != 0;
}

void steps_judge(world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                 const exposure_t *data)
{
	const ds_version_t *step = step_of(w, ds);

	if (step == NULL || !all(dnskey, data, step, false) ||
	    !was_valid(w, validator, ds, dnskey, data, step->asked) || is_left_out(w, dnskey, step->asked) ||
	    (data != NULL && is_left_out(w, data, step->asked))) {
		return;
	}
	if (!all(dnskey, data, step, true)) {
		w->steps.broke_caches = true;
		return;
	}
	w->steps.broke_served = true;
	if (child_is_by_hand(w) && validator == VALIDATOR_STRICT_KEY) {
		return; /* An algorithm of its DNSKEY RRset signs nothing (RFC 4035 2.2), whichever DS it gets. */
	}
	if (lacks_algorithm(w, validator, dnskey, data)) {
		return; /* One nameserver has the DNSKEY RRset, another one the data, and each is well by itself. */
	}
	if (data != NULL && data->fault >= 0) {
		return; /* A nameserver strips signatures of the data alone: the agent asks for none. */
	}
	if (w->agent.on) {
		violate(w, "step", "bogus%s: DS %s, put in while a nameserver gave DNSKEY %s signed by %s",
		        validator_names[validator], keys_text(ds->keys), keys_text(dnskey->keys),
		        keys_text(dnskey->signers));
	} else if (w->scanner.kind != PARENTS_SOME) {
		trace(w, "resolvers   broken by the parent's step%s: DS %s, DNSKEY %s signed by %s",
		      validator_names[validator], keys_text(ds->keys), keys_text(dnskey->keys),
		      keys_text(dnskey->signers));
	}
}

/* How long it takes. */

static bool any_child(const world_t *w, world_keys_t cds, bool all)
{
	unsigned count = 0;

	for (unsigned i = 0; i < w->child_count; i++) {
		count += w->knot.version[w->child[i].version].cds == cds;
	}
	return all ? count == w->child_count : count > 0;
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

void steps_follow(world_t *w)
{
	steps_t *s = &w->steps;
	const world_keys_t cds = knot_version(w)->cds;

	if (s->ds_all != 0 || (w->why & WHY_DS_BY_HAND)) {
		return;
	}
	if (cds != 0 && cds != KEY_FOREIGN && cds != s->cds && cds != w->up.version[0].ds) {
		s->cds = cds;
		s->cds_first = s->cds_all = 0;
	}
	if (s->cds == 0) {
		return;
	}
	if (s->cds_first == 0 && any_child(w, s->cds, false)) {
		s->cds_first = w->now;
	}
	if (s->cds_all == 0 && any_child(w, s->cds, true)) {
		s->cds_all = w->now;
	}
	if (s->cds_first != 0 && all_parents(w, s->cds)) {
		s->ds_all = w->now;
	}
}
