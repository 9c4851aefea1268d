/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "deleg_table.h"
#include "kskroll/child_survey.h"

/*! Buckets of a table that is new. */
#define BUCKETS_FIRST 64

static uint32_t hash_name(const knot_dname_t *name)
{
	return hash_bytes(HASH_START, name, knot_dname_size(name));
}

static bool has_name(const hash_node_t *node, const void *name)
{
	return knot_dname_is_equal(hash_item((hash_node_t *)node, delegation_t, hashed)->name, name);
}

/* A table that grows. */

typedef struct {
	hash_t *from, *to;
} moving_t;

static void move_node(hash_node_t *node, void *arg)
{
	const moving_t *moving = arg;
	const uint32_t hash = node->hash;

	hash_remove(moving->from, node);
	hash_add(moving->to, node, hash);
}

/*! Without memory it only gets slower. */
static void grow(hash_t *table)
{
	hash_t larger = { 0 };

	if (table->count < table->buckets || !hash_init(&larger, table->buckets * 2)) {
		return;
	}
	hash_each(table, move_node, &(moving_t){ .from = table, .to = &larger });
	hash_clear(table);
	*table = larger;
}

bool delegations_init(delegations_t *all)
{
	memset(all, 0, sizeof(*all));
	return hash_init(&all->by_name, BUCKETS_FIRST) && hash_init(&all->ns, BUCKETS_FIRST);
}

/* NS RRsets. */

static uint32_t hash_set(const knot_rdataset_t *set)
{
	return hash_bytes(HASH_START, set->rdata, set->size);
}

static bool has_set(const hash_node_t *node, const void *set)
{
	return knot_rdataset_eq(&hash_item((hash_node_t *)node, ns_set_t, hashed)->set, set);
}

/*! \return The shared copy, with one reference more; NULL without memory. */
static ns_set_t *ns_take(delegations_t *all, const knot_rdataset_t *set)
{
	const uint32_t hash = hash_set(set);
	ns_set_t *ns = hash_item(hash_find(&all->ns, hash, has_set, set), ns_set_t, hashed);

	if (ns == NULL) {
		ns = calloc(1, sizeof(*ns));
		if (ns == NULL || knot_rdataset_copy(&ns->set, set, NULL) != KNOT_EOK) {
			free(ns);
			return NULL;
		}
		hash_add(&all->ns, &ns->hashed, hash);
		grow(&all->ns);
	}
	ns->refs++;
	return ns;
}

static void ns_put(delegations_t *all, ns_set_t *ns)
{
	if (ns != NULL && --ns->refs == 0) {
		hash_remove(&all->ns, &ns->hashed);
		knot_rdataset_clear(&ns->set, NULL);
		free(ns);
	}
}

uint64_t ns_number(const knot_rdataset_t *ns)
{
	const uint8_t *p = (const uint8_t *)ns->rdata;
	uint64_t h = UINT64_C(14695981039346656037);

	/* Records are sorted, and lengths are part of them. */
	for (size_t i = 0; i < ns->size; i++) {
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	}
	return h;
}

/* Delegations. */

delegation_t *delegations_find(const delegations_t *all, const knot_dname_t *name)
{
	return hash_item(hash_find(&all->by_name, hash_name(name), has_name, name), delegation_t, hashed);
}

delegation_t *delegations_add(delegations_t *all, parent_t *parent, const knot_dname_t *name, time_t now, time_t floor)
{
	const size_t len = knot_dname_size(name);
	delegation_t *d = calloc(1, sizeof(*d) + len);
	delegation_row_t row;

	if (d == NULL) {
		return NULL;
	}
	memcpy(d->name, name, len);
	d->parent = parent;
	delegation_init(&row, now, floor);
	if (!delegation_take_row(d, &row)) {
		free(d);
		return NULL;
	}
	hash_add(&all->by_name, &d->hashed, hash_name(name));
	grow(&all->by_name);
	return d;
}

int delegations_update(delegations_t *all, delegation_t *d, const knot_rdataset_t *ns, uint32_t ns_ttl,
                       const knot_rdataset_t *ds, uint32_t ds_ttl)
{
	const bool same_ds = d->ds.count == ds->count && (ds->count == 0 || knot_rdataset_eq(&d->ds, ds));
	ns_set_t *shared = ns_take(all, ns);
	knot_rdataset_t copy = { 0 };

	if (shared == NULL || (!same_ds && knot_rdataset_copy(&copy, ds, NULL) != KNOT_EOK)) {
		ns_put(all, shared);
		return KNOT_ENOMEM;
	}
	ns_put(all, d->ns);
	d->ns = shared;
	d->ns_ttl = ns_ttl;
	d->ds_ttl = ds_ttl;
	if (same_ds) {
		return KNOT_EOK;
	}
	all->secure += (ds->count > 0) - (d->ds.count > 0);
	knot_rdataset_clear(&d->ds, NULL);
	d->ds = copy;
	return 1;
}

void delegations_remove(delegations_t *all, delegation_t *d)
{
	assert(!d->gone);
	hash_remove(&all->by_name, &d->hashed);
	all->secure -= d->ds.count > 0;
	d->gone = true;
}

void delegation_free(delegations_t *all, delegation_t *d)
{
	assert(d->gone && d->turn == NULL && d->order == NULL);
	ns_put(all, d->ns);
	knot_rdataset_clear(&d->ds, NULL);
	if (d->is_awake) {
		free(d->of.awake);
	}
	free(d);
}

typedef struct {
	void (*each)(delegation_t *d, void *arg);
	void *arg;
} calls_t;

static void call(hash_node_t *node, void *arg)
{
	const calls_t *calls = arg;
	calls->each(hash_item(node, delegation_t, hashed), calls->arg);
}

void delegations_each(delegations_t *all, void (*each)(delegation_t *d, void *arg), void *arg)
{
	hash_each(&all->by_name, call, &(calls_t){ .each = each, .arg = arg });
}

static void end(delegation_t *d, void *arg)
{
	delegations_t *all = arg;
	delegations_remove(all, d);
	delegation_free(all, d);
}

void delegations_clear(delegations_t *all)
{
	if (all->by_name.bucket != NULL) {
		delegations_each(all, end, all);
	}
	hash_clear(&all->by_name);
	hash_clear(&all->ns);
}

/* Its row. */

awake_t *delegation_wake(delegation_t *d)
{
	if (d->is_awake) {
		return d->of.awake;
	}
	awake_t *awake = calloc(1, sizeof(*awake));
	if (awake != NULL) {
		delegation_unpack(&d->of.idle, &awake->row);
		d->of.awake = awake;
		d->is_awake = true;
	}
	return awake;
}

void delegation_sleep(delegation_t *d)
{
	awake_t *awake = d->is_awake ? d->of.awake : NULL;
	delegation_idle_t idle;

	/* A notification that the last turn knew of is done with: nobody is kept awake by one that nothing follows
	 * from. */
	if (awake == NULL || d->turn != NULL || d->order != NULL || awake->again || awake->unwritten ||
	    !delegation_pack(&awake->row, &idle)) {
		return;
	}
	free(awake);
	d->of.idle = idle;
	d->is_awake = false;
}

bool delegation_take_row(delegation_t *d, const delegation_row_t *row)
{
	delegation_idle_t idle;

	if (!d->is_awake && delegation_pack(row, &idle)) {
		d->of.idle = idle;
	} else {
		/* Also where it does not rest. */
		awake_t *awake = d->is_awake ? d->of.awake : calloc(1, sizeof(*awake));
		if (awake == NULL) {
			return false;
		}
		awake->row = *row;
		awake->resumed = row->state != DELEGATION_REST;
		d->of.awake = awake;
		d->is_awake = true;
	}
	return true;
}
