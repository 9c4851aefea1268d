/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "deleg_rest.h"
#include "kskroll/child_survey.h"
#include "util/hash.h"

/*!
 * Children choose their names and their nameservers: which of them have the same hash nobody outside must know. Else
 * one could make each search as long as its list of names, or fill the crowd of another hoster.
 */
static uint32_t hash_start(void)
{
	static uint32_t start;

	if (start == 0 && getrandom(&start, sizeof(start), GRND_NONBLOCK) != (ssize_t)sizeof(start)) {
		start = HASH_START;
	}
	return start;
}

/* Names: the labels below the zone. */

typedef struct {
	const uint8_t *octets;
	size_t len;
} below_t;

/*! \return False: it is not below the zone. */
static bool below(const delegations_t *all, const knot_dname_t *name, below_t *out)
{
	if (knot_dname_in_bailiwick(name, all->apex) <= 0) {
		return false;
	}
	*out = (below_t){ .octets = name, .len = knot_dname_size(name) - knot_dname_size(all->apex) };
	return true;
}

static below_t below_of(const delegations_t *all, const delegation_t *d)
{
	below_t name;

	name.octets = octets_at(&all->names, d->name, &name.len);
	return name;
}

static uint32_t hash_below(const below_t *name)
{
	return hash_bytes(hash_start(), name->octets, name->len);
}

static uint32_t hash_entry(const void *thing, const void *arg)
{
	const below_t name = below_of(arg, thing);

	return hash_below(&name);
}

static bool has_name(const void *thing, const void *key, const void *arg)
{
	const below_t *sought = key, name = below_of(arg, thing);

	return name.len == sought->len && memcmp(name.octets, sought->octets, name.len) == 0;
}

static uint32_t find(const delegations_t *all, const below_t *name)
{
	return numbered_find(&all->entries, hash_below(name), has_name, name);
}

void delegation_name(const delegations_t *all, const delegation_t *d, knot_dname_storage_t out)
{
	const below_t name = below_of(all, d);

	memcpy(out, name.octets, name.len);
	memcpy(out + name.len, all->apex, knot_dname_size(all->apex));
}

/* NS RRsets. */

static uint32_t hash_ns(const void *thing, const void *arg)
{
	(void)arg;
	return ((const ns_set_t *)thing)->hash;
}

static bool has_set(const void *thing, const void *key, const void *arg)
{
	(void)arg;
	return knot_rdataset_eq(&((const ns_set_t *)thing)->set, key);
}

static ns_set_t *ns_at(const delegations_t *all, uint32_t number)
{
	return numbered_at(&all->ns, number);
}

/*! \return The shared copy, with one reference more; 0 without memory. */
static uint32_t ns_take(delegations_t *all, const knot_rdataset_t *set)
{
	const uint32_t hash = hash_bytes(hash_start(), set->rdata, set->size);
	uint32_t number = numbered_find(&all->ns, hash, has_set, set);

	if (number == 0) {
		number = numbered_new(&all->ns);
		if (number == 0) {
			return 0;
		}
		ns_set_t *ns = ns_at(all, number);
		if (knot_rdataset_copy(&ns->set, set, NULL) != KNOT_EOK) {
			numbered_free(&all->ns, number);
			return 0;
		}
		ns->hash = hash;
		numbered_add(&all->ns, number);
	}
	ns_at(all, number)->refs++;
	return number;
}

static void ns_put(delegations_t *all, uint32_t number)
{
	ns_set_t *ns = number != 0 ? ns_at(all, number) : NULL;

	if (ns != NULL && --ns->refs == 0) {
		numbered_remove(&all->ns, number);
		knot_rdataset_clear(&ns->set, NULL);
		numbered_free(&all->ns, number);
	}
}

const ns_set_t *delegation_ns(const delegations_t *all, const delegation_t *d)
{
	return ns_at(all, d->ns);
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

bool delegations_init(delegations_t *all, parent_t *parent, uint32_t number, const knot_dname_t *apex)
{
	*all = (delegations_t){ .parent = parent, .number = number, .apex = apex };
	if (!numbered_init(&all->entries, sizeof(delegation_t), hash_entry, all) ||
	    !numbered_init(&all->ns, sizeof(ns_set_t), hash_ns, NULL) || !rest_init(all)) {
		delegations_clear(all);
		return false;
	}
	return true;
}

void delegations_clear(delegations_t *all)
{
	for (uint32_t i = 1; i <= all->entries.top; i++) {
		delegation_t *d = numbered_at(&all->entries, i);
		if (d->is_awake) {
			assert(!delegation_is_busy(d));
			free(d->of.awake);
		}
	}
	for (uint32_t i = 1; i <= all->ns.top; i++) {
		knot_rdataset_clear(&ns_at(all, i)->set, NULL);
	}
	numbered_clear(&all->entries);
	octets_clear(&all->names);
	numbered_clear(&all->ns);
	rest_free(all);
}

delegation_t *delegations_find(const delegations_t *all, const knot_dname_t *name)
{
	below_t key;
	const uint32_t number = below(all, name, &key) ? find(all, &key) : 0;

	return number != 0 ? numbered_at(&all->entries, number) : NULL;
}

size_t delegations_count(const delegations_t *all)
{
	return all->entries.count;
}

static void free_entry(delegations_t *all, delegation_t *d, uint32_t number)
{
	ns_put(all, d->ns);
	if (d->is_awake) {
		free(d->of.awake);
	} else {
		rest_clear(all, d);
	}
	octets_free(&all->names, d->name);
	numbered_free(&all->entries, number);
}

delegation_t *delegations_add(delegations_t *all, const knot_dname_t *name, time_t now, time_t floor)
{
	delegation_row_t row;
	below_t key;
	const uint32_t number = below(all, name, &key) ? numbered_new(&all->entries) : 0;

	if (number == 0) {
		return NULL;
	}
	delegation_t *d = numbered_at(&all->entries, number);
	d->name = octets_put(&all->names, key.octets, key.len);
	d->parent = all->number;
	delegation_init(&row, now, floor);
	if (d->name == 0 || !delegation_take_row(all, d, &row)) {
		if (d->name != 0) {
			octets_free(&all->names, d->name);
		}
		numbered_free(&all->entries, number);
		return NULL;
	}
	numbered_add(&all->entries, number);
	return d;
}

int delegations_update(delegations_t *all, delegation_t *d, const knot_rdataset_t *ns, const knot_rdataset_t *ds,
                       uint32_t ds_ttl)
{
	ds_set_t set;

	ds_set_read(ds, &set);
	const uint64_t id = ds_set_id(&set);
	const bool same_ds = id == d->ds && set.excess == d->ds_excess;
	const uint32_t shared = ns_take(all, ns);
	if (shared == 0 || (!same_ds && !rest_keep_ds(all, d))) {
		ns_put(all, shared);
		return KNOT_ENOMEM;
	}
	ns_put(all, d->ns);
	d->ns = shared;
	d->ds_ttl = ds_ttl;
	if (same_ds) {
		return KNOT_EOK;
	}
	all->secure += (id != 0) - (d->ds != 0);
	d->ds = id;
	d->ds_excess = set.excess;
	return 1;
}

void delegations_remove(delegations_t *all, delegation_t *d)
{
	const below_t name = below_of(all, d);
	const uint32_t number = find(all, &name);

	assert(!d->gone && number != 0);
	numbered_remove(&all->entries, number);
	all->secure -= d->ds != 0;
	if (delegation_is_busy(d)) {
		d->gone = true;
		d->of.awake->number = number;
	} else {
		free_entry(all, d, number);
	}
}

void delegation_free(delegations_t *all, delegation_t *d)
{
	assert(d->gone && !delegation_is_busy(d));
	free_entry(all, d, d->of.awake->number);
}

void delegations_each(delegations_t *all, void (*each)(delegation_t *d, void *arg), void *arg)
{
	for (uint32_t i = 1; i <= all->entries.top; i++) {
		delegation_t *d = numbered_at(&all->entries, i);
		if (d->name != 0 && !d->gone) {
			each(d, arg);
		}
	}
}

bool delegation_is_busy(const delegation_t *d)
{
	return d->is_awake && (d->of.awake->turn != NULL || d->of.awake->order != NULL);
}

/* Its row. */

void delegation_row(const delegations_t *all, const delegation_t *d, delegation_row_t *out)
{
	if (d->is_awake) {
		*out = d->of.awake->row;
	} else {
		rest_get(all, d, out);
	}
}

/*! \return Zeroed but for whose it is, resting as counted; NULL without memory. */
static awake_t *new_awake(const delegations_t *all, const delegation_t *d)
{
	const below_t name = below_of(all, d);
	awake_t *awake = calloc(1, sizeof(*awake) + name.len + knot_dname_size(all->apex));

	if (awake != NULL) {
		awake->parent = all->parent;
		awake->state = DELEGATION_REST;
		awake->gate = DELEGATION_GATE_NONE;
		memcpy(awake->name, name.octets, name.len);
		memcpy(awake->name + name.len, all->apex, knot_dname_size(all->apex));
	}
	return awake;
}

static void set_awake(delegations_t *all, delegation_t *d, awake_t *awake)
{
	rest_clear(all, d);
	d->of.awake = awake;
	d->is_awake = true;
}

awake_t *delegation_wake(delegations_t *all, delegation_t *d)
{
	if (d->is_awake) {
		return d->of.awake;
	}
	awake_t *awake = new_awake(all, d);
	if (awake != NULL) {
		rest_get(all, d, &awake->row);
		set_awake(all, d, awake);
	}
	return awake;
}

void delegation_sleep(delegations_t *all, delegation_t *d)
{
	awake_t *awake = d->is_awake ? d->of.awake : NULL;

	/* A notification that the last turn knew of is done with: nobody is kept awake by one that nothing follows
	 * from. */
	if (awake == NULL || delegation_is_busy(d) || awake->unwritten) {
		return;
	}
	if (rest_put(all, d, &awake->row)) {
		assert(awake->state == DELEGATION_REST && awake->gate == DELEGATION_GATE_NONE);
		free(awake);
		d->is_awake = false;
	}
}

bool delegation_take_row(delegations_t *all, delegation_t *d, const delegation_row_t *row)
{
	if (!d->is_awake && rest_put(all, d, row)) {
		return true;
	}
	/* Also where it does not rest. */
	awake_t *awake = d->is_awake ? d->of.awake : new_awake(all, d);
	if (awake == NULL) {
		return false;
	}
	awake->row = *row;
	awake->state = row->state;
	awake->gate = row->gate;
	awake->resumed = delegation_has_asked(row);
	set_awake(all, d, awake);
	return true;
}
