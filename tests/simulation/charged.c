/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose fault it is that a resolver finds something bogus (docs/simulation.rst). Two steps of the module can make one
 * worse off than if it had done nothing: signalling a key (the DS of it came from our CDS), and an order after which a
 * key no longer signs. Without both, DS, DNSKEY and data would be what they were, or what others made of them.
 */

#include "sim_world.h"

/*! An irregular answer that no check of the module had seen when it took the step. */
static bool unknowable(const world_t *w, const exposure_t *e, time_t decided)
{
	return e->fault >= 0 && !fault_known(w, e, decided);
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
 * The step that took a key away is ours, and nobody has undone it: one that a backup has brought back is not gone, and
 * of several keys the one that the operator removed last was the last.
 */
static bool taken_by_us(const world_t *w, unsigned k, world_keys_t removed)
{
	const sim_key_t *key = &w->knot.key[k];

	return (removed & (1U << k)) && (knot_gone(w) & (1U << k)) && key->removed_cause == CAUSE_OURS &&
	       !taken_later(w, removed, key->removed_decided);
}

/*!
 * A rollback names both keys. For a validator that wants a path of each that is no worse than the DS set that it
 * replaces, if that was bogus as well.
 */
static bool broken_by_former(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                             const exposure_t *data)
{
	for (unsigned i = 0; i < w->ds.count && validator == VALIDATOR_STRICT_DS && (ds->keys & (ds->keys - 1)); i++) {
		const exposure_t *x = &w->ds.list[i];
		if (x->keys != 0 && x->keys != ds->keys && (x->active > 0 || x->left > ds->decided) &&
		    x->since <= ds->decided &&
		    (!view_chain(w, validator, x, dnskey) ||
		     (data != NULL && !view_data(w, validator, x, dnskey, data)))) {
			return true;
		}
	}
	return false;
}

/* A DS that comes from CDS of a key that the operator set ready could not be seen before a server had it. */
const char *charged_chain(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey)
{
	if (dnskey->keys == 0 && (broken_before(w, ds->decided) || !insecure_before(w, ds->decided))) {
		return NULL;
	}
	/* Without DNSKEY since its keys were removed: not when we signalled. */
	if (dnskey->keys == 0 && !(ds->keys & dnskey->removed) && ds->cause == CAUSE_OURS && !ds->excused &&
	    !dnskey->excused && !unknowable(w, dnskey, ds->decided)) {
		return "a KSK was signalled while records of the unsigned zone could be had";
	}
	if (!(dnskey->keys & dnskey->signers) || ds->excused || dnskey->excused) {
		return NULL; /* No DS could make this answer valid; or nobody waits for it any more. */
	}
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		const sim_key_t *key = &w->knot.key[k];
		world_keys_t bit = 1U << k;
		if (taken_by_us(w, k, ds->keys & dnskey->removed) && !unknowable(w, ds, key->removed_decided) &&
		    !parent_hidden(w, key->removed_decided) &&
		    !(ds->cause == CAUSE_OPERATOR && ds->since > key->removed_decided)) {
			return "a KSK was let go while its DS could be had";
		}
		if ((ds->keys & bit & ~(dnskey->keys & dnskey->signers)) && ds->cause == CAUSE_OURS &&
		    !(dnskey->removed & bit) && !broken_by_former(w, validator, ds, dnskey, NULL) &&
		    key->published <= ds->decided && of_use_before(w, ds, dnskey) &&
		    !unknowable(w, dnskey, ds->decided)) {
			return "a KSK was signalled while a DNSKEY RRset without it could be had";
		}
	}
	return NULL;
}

/*! Data signed as before the step were valid: if these are not, it is because of the step. */
static bool good_before(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                        const exposure_t *data)
{
	const exposure_t before = { .keys = data->signers };

	return view_data(w, validator, ds, dnskey, &before);
}

/*! The same with DNSKEY of before, or with some DS set that could be had when we signalled. */
static bool good_without(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                         const exposure_t *data, world_keys_t fresh)
{
	const exposure_t before = { .keys = dnskey->keys & ~fresh, .signers = dnskey->signers & ~fresh };

	return view_chain(w, validator, ds, &before) && view_data(w, validator, ds, &before, data);
}

static bool good_with_former(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                             const exposure_t *data)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *x = &w->ds.list[i];
		if (x != ds && exposure_reachable(x, ds->decided) &&
		    (x->keys == 0 ||
		     (view_chain(w, validator, x, dnskey) && view_data(w, validator, x, dnskey, data)))) {
			return true;
		}
	}
	return false;
}

/*! Data that a new algorithm has not signed could be had when we published or signalled it. Later ones are a step of
 * their own. */
static const char *algorithm_early(const world_t *w, validator_t validator, const exposure_t *ds,
                                   const exposure_t *dnskey, const exposure_t *data)
{
	const algset_t signing = algorithm_set(w, data->keys);

	for (unsigned k = 0; k < ZSK_FIRST + ZSKS_MAX; k++) {
		const sim_key_t *key = &w->knot.key[k];
		const world_keys_t bit = 1U << k;
		if (bit == KEY_FOREIGN || !((ds->keys | dnskey->keys) & bit) || (signing & ALGSET_OF(key->algorithm))) {
			continue;
		}
		if ((dnskey->keys & bit) && key->published_cause == CAUSE_OURS &&
		    data->decided <= key->published_decided && !unknowable(w, data, key->published_decided) &&
		    good_without(w, validator, ds, dnskey, data, algorithm_keys(w, key->algorithm))) {
			return "a new algorithm was published while data without its signatures could be had";
		}
		if ((ds->keys & bit) && ds->cause == CAUSE_OURS && data->decided <= ds->decided &&
		    !unknowable(w, data, ds->decided) && !unknowable(w, dnskey, ds->decided) &&
		    !broken_by_former(w, validator, ds, dnskey, data) &&
		    good_with_former(w, validator, ds, dnskey, data)) {
			return "a KSK was signalled while data without signatures of its algorithm could be had";
		}
	}
	return NULL;
}

/*! Knot by itself, or the operator, has published such an algorithm after our step. */
static bool came_later(const world_t *w, const exposure_t *dnskey, time_t decided, algset_t algorithms)
{
	for (unsigned k = 0; k < ZSK_FIRST + ZSKS_MAX && w->changes_algorithm; k++) {
		const sim_key_t *key = &w->knot.key[k];
		if ((dnskey->keys & (1U << k)) && (algorithms & ALGSET_OF(key->algorithm)) &&
		    key->published_cause != CAUSE_OURS && key->published_decided > decided) {
			return true;
		}
	}
	return false;
}

/*!
 * Whether the operator has given the parent the DS after the step, and no DS set that could be had at the step
 * validated the DNSKEY RRset: then it was bogus, whoever signed the data.
 */
static bool revived_by_hand(const world_t *w, const exposure_t *ds, const exposure_t *dnskey, time_t decided)
{
	if (ds->cause != CAUSE_OPERATOR || ds->since <= decided) {
		return false;
	}
	for (unsigned i = 0; i < w->ds.count; i++) {
		const exposure_t *x = &w->ds.list[i];
		if (x->since <= decided && exposure_reachable(x, decided) &&
		    (x->keys == 0 || (x->keys & dnskey->keys & dnskey->signers))) {
			return false;
		}
	}
	return true;
}

/*! The words for what has changed since the data were signed as before. */
static const char *signed_otherwise(validator_t validator)
{
	return validator == VALIDATOR_STRICT_KEY ?
	               "signatures were removed while a DNSKEY RRset that wants them could be had" :
	               "data were signed by another KSK while a DNSKEY RRset without it could be had";
}

const char *charged_data(const world_t *w, validator_t validator, const exposure_t *ds, const exposure_t *dnskey,
                         const exposure_t *data)
{
	if (data->keys == 0 || data->excused || dnskey->excused) {
		return NULL; /* No DNSKEY RRset could make these data valid; or nobody waits for them any more. */
	}
	for (unsigned k = 0; k < ZSK_FIRST + ZSKS_MAX; k++) {
		if (taken_by_us(w, k, data->keys & dnskey->removed) &&
		    !came_later(w, dnskey, w->knot.key[k].removed_decided, ALGSET_OF(w->knot.key[k].algorithm)) &&
		    !shown_nothing(data, w->knot.key[k].met) && !unknowable(w, data, w->knot.key[k].removed_decided)) {
			return "a KSK was removed while data that it alone has signed could be had";
		}
	}
	const char *why = algorithm_early(w, validator, ds, dnskey, data);
	if (why != NULL) {
		return why;
	}
	if (data->cause == CAUSE_OURS && !(data->keys & dnskey->removed) &&
	    !came_later(w, dnskey, data->decided, ~algorithm_set(w, data->keys)) &&
	    !unknowable(w, dnskey, data->decided) && !unknowable(w, data, data->decided) &&
	    !revived_by_hand(w, ds, dnskey, data->decided) && good_before(w, validator, ds, dnskey, data)) {
		return signed_otherwise(validator);
	}
	return NULL;
}
