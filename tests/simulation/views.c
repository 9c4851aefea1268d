/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What resolvers make of what they get. DS, DNSKEY and data are fetched independently, from any server, at any time, so
 * every combination of RRsets that can be had is what some resolver sees. It is our fault only if a step of ours
 * made one bogus (charged.c).
 */

#include "sim_world.h"

/*! With one algorithm all validators agree. */
static validator_t last_validator(const world_t *w)
{
	return w->algorithm_count > 1 ? VALIDATOR__COUNT : VALIDATOR_STRICT_DS;
}

/*! \return The first validator for which the chain is broken; VALIDATOR__COUNT: for none. */
static validator_t broken_chain(const world_t *w, const exposure_t *ds, const exposure_t *dnskey)
{
	for (validator_t v = VALIDATOR_LIBERAL; v < last_validator(w); v++) {
		if (!view_chain(w, v, ds, dnskey)) {
			return v;
		}
	}
	return VALIDATOR__COUNT;
}

/*! The same for data, and for those for which the chain is not broken. */
static validator_t broken_data(const world_t *w, const exposure_t *ds, const exposure_t *dnskey, const exposure_t *data)
{
	for (validator_t v = VALIDATOR_LIBERAL; v < last_validator(w); v++) {
		if (view_chain(w, v, ds, dnskey) && !view_data(w, v, ds, dnskey, data)) {
			return v;
		}
	}
	return VALIDATOR__COUNT;
}

/*! "Kn (cached)" */
static const char *state_of(const exposure_t *e)
{
	return e->active ? "" : " (cached)";
}

static bool judge_chain(world_t *w, const exposure_t *ds, const exposure_t *dnskey)
{
	const validator_t broken = broken_chain(w, ds, dnskey);

	if (broken == VALIDATOR__COUNT) {
		return true;
	}
	steps_judge(w, broken, ds, dnskey, NULL);
	const char *why = charged_chain(w, broken, ds, dnskey);
	if (why != NULL) {
		violate(w, "I4", "bogus%s: DS %s%s, DNSKEY %s signed by %s%s: %s", validator_names[broken],
		        keys_text(ds->keys), state_of(ds), keys_text(dnskey->keys), keys_text(dnskey->signers),
		        state_of(dnskey), why);
		return !w->failed;
	}
	w->excused_pairs++;
	trace(w, "resolvers   broken, not by us%s: DS %s%s, DNSKEY %s signed by %s%s", validator_names[broken],
	      keys_text(ds->keys), state_of(ds), keys_text(dnskey->keys), keys_text(dnskey->signers), state_of(dnskey));
	return true;
}

static bool judge_data(world_t *w, const exposure_t *ds, const exposure_t *dnskey, const exposure_t *data)
{
	const validator_t broken = broken_data(w, ds, dnskey, data);

	if (broken == VALIDATOR__COUNT) {
		return true;
	}
	steps_judge(w, broken, ds, dnskey, data);
	const char *why = charged_data(w, broken, ds, dnskey, data);
	if (why != NULL) {
		violate(w, "I4", "bogus%s: DS %s%s, DNSKEY %s%s, data signed by %s%s: %s", validator_names[broken],
		        keys_text(ds->keys), state_of(ds), keys_text(dnskey->keys), state_of(dnskey),
		        keys_text(data->keys), state_of(data), why);
		return !w->failed;
	}
	w->excused_pairs++;
	trace(w, "resolvers   broken, not by us%s: DS %s%s, DNSKEY %s%s, data signed by %s%s", validator_names[broken],
	      keys_text(ds->keys), state_of(ds), keys_text(dnskey->keys), state_of(dnskey), keys_text(data->keys),
	      state_of(data));
	return true;
}

/*! What of a kind of RRset can be had. */
typedef struct {
	const exposure_t *list[EXPOSURE_MAX];
	unsigned count;
} reachable_t;

/*! \a fresh: of these only that, if it is one of them. */
static void find_reachable(const world_t *w, const exposures_t *set, const exposure_t *fresh, reachable_t *out)
{
	out->count = 0;
	if (fresh >= set->list && fresh < set->list + set->count) {
		out->list[out->count++] = fresh;
		return;
	}
	for (unsigned i = 0; i < set->count; i++) {
		if (exposure_reachable(&set->list[i], w->now)) {
			out->list[out->count++] = &set->list[i];
		}
	}
}

static void check_chains(world_t *w, const reachable_t *ds, const reachable_t *dnskey)
{
	for (unsigned i = 0; i < ds->count; i++) {
		for (unsigned j = 0; j < dnskey->count; j++) {
			if (ds->list[i]->keys != 0 && !judge_chain(w, ds->list[i], dnskey->list[j])) {
				return;
			}
		}
	}
}

/*! Whether some validator is not content with the data. Most are all right whatever the DS set is. */
static bool may_be_broken(const world_t *w, const exposure_t *dnskey, const exposure_t *data)
{
	const world_keys_t signers = dnskey->keys & data->keys;

	for (unsigned i = 0; i < w->algorithm_count; i++) {
		if (!(signers & w->algorithm[i].keys)) {
			return true;
		}
	}
	return false;
}

static void check_data(world_t *w, const reachable_t *ds, const reachable_t *dnskey, const reachable_t *data)
{
	for (unsigned j = 0; j < dnskey->count; j++) {
		for (unsigned k = 0; k < data->count; k++) {
			if (!may_be_broken(w, dnskey->list[j], data->list[k])) {
				continue;
			}
			for (unsigned i = 0; i < ds->count; i++) {
				if (ds->list[i]->keys != 0 &&
				    !judge_data(w, ds->list[i], dnskey->list[j], data->list[k])) {
					return;
				}
			}
		}
	}
}

void views_check(world_t *w, const exposure_t *fresh)
{
	reachable_t ds, dnskey, data;

	find_reachable(w, &w->ds, fresh, &ds);
	find_reachable(w, &w->dnskey, fresh, &dnskey);
	if (!fresh->data) {
		check_chains(w, &ds, &dnskey);
	}
	if (data_matters(w)) {
		find_reachable(w, &w->data, fresh, &data);
		check_data(w, &ds, &dnskey, &data);
	}
}
