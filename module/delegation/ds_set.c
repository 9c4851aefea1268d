/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets of DS records: equal, found, added, and the number of one.
 */

#include <assert.h>
#include <string.h>

#include "usable.h"

#define HASH_START UINT64_C(14695981039346656037)
#define HASH_PRIME UINT64_C(1099511628211)
/*! What the delete signal asks for: it has no record that counts. */
#define CONTENT_DELETE 1

/*! All of a record but its digest. */
typedef struct {
	uint8_t octet[5];
} head_t;

static head_t head_of(const ds_record_t *r)
{
	return (head_t){ { r->tag >> 8, r->tag & 0xff, r->algorithm, r->digest_type, r->digest_len } };
}

static int compare(const ds_record_t *a, const ds_record_t *b)
{
	const head_t x = head_of(a), y = head_of(b);
	const int heads = memcmp(&x, &y, sizeof(x));

	return heads != 0 ? heads : memcmp(a->digest, b->digest, a->digest_len);
}

bool ds_set_has(const ds_set_t *set, const ds_record_t *record)
{
	assert(set && record);

	for (unsigned i = 0; i < set->count; i++) {
		if (compare(&set->record[i], record) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_within(const ds_set_t *a, const ds_set_t *b)
{
	for (unsigned i = 0; i < a->count; i++) {
		if (!ds_set_has(b, &a->record[i])) {
			return false;
		}
	}
	return true;
}

bool ds_set_equal(const ds_set_t *a, const ds_set_t *b)
{
	assert(a && b);

	return !a->excess && !b->excess && is_within(a, b) && is_within(b, a);
}

bool ds_set_add(ds_set_t *set, const ds_record_t *record)
{
	assert(set && record && record->digest_len <= DELEGATION_DIGEST_MAX);

	if (ds_set_has(set, record)) {
		return true;
	}
	if (set->count == DELEGATION_DS_MAX) {
		set->excess = true;
		return false;
	}
	set->record[set->count++] = *record;
	return true;
}

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ p[i]) * HASH_PRIME;
	}
	return h;
}

static uint64_t hash_record(uint64_t h, const ds_record_t *r)
{
	const head_t head = head_of(r);

	return hash(hash(h, &head, sizeof(head)), r->digest, r->digest_len);
}

uint64_t ds_set_id(const ds_set_t *set)
{
	assert(set && set->count <= DELEGATION_DS_MAX);

	const ds_record_t *sorted[DELEGATION_DS_MAX];
	uint64_t h = HASH_START;

	for (unsigned i = 0; i < set->count; i++) {
		unsigned at = i;
		for (; at > 0 && compare(sorted[at - 1], &set->record[i]) > 0; at--) {
			sorted[at] = sorted[at - 1];
		}
		sorted[at] = &set->record[i];
	}
	for (unsigned i = 0; i < set->count; i++) {
		if (i == 0 || compare(sorted[i - 1], sorted[i]) != 0) {
			h = hash_record(h, sorted[i]);
		}
	}
	if (set->count == 0 && !set->excess) {
		return 0;
	}
	/* 0 is the empty set. */
	return h != 0 ? h : HASH_START;
}

bool ds_set_deletes(const ds_set_t *set)
{
	const ds_record_t *r = &set->record[0];

	return set->count == 1 && !set->excess && r->tag == 0 && r->algorithm == 0 && r->digest_type == 0 &&
	       r->digest_len == 1 && r->digest[0] == 0;
}

/*! The records that count. */
static ds_set_t eligible(const ds_set_t *cds)
{
	ds_set_t counts = { .excess = cds->excess };

	for (unsigned i = 0; i < cds->count; i++) {
		if (usable_is_eligible(&cds->record[i])) {
			ds_set_add(&counts, &cds->record[i]);
		}
	}
	return counts;
}

uint64_t delegation_content(const ds_set_t *cds)
{
	assert(cds);

	const ds_set_t counts = eligible(cds);

	if (ds_set_deletes(cds)) {
		return CONTENT_DELETE;
	}
	return cds->count > 0 && counts.count == 0 ? HASH_START : ds_set_id(&counts);
}

bool delegation_differs(const ds_set_t *ds, const ds_set_t *cds)
{
	assert(ds && cds);

	const ds_set_t counts = eligible(cds);

	if (cds->count == 0 && !cds->excess) {
		return false;
	}
	if (ds_set_deletes(cds)) {
		return ds->count > 0 || ds->excess;
	}
	return !ds_set_equal(ds, cds) && !ds_set_equal(ds, &counts);
}

/*! delegation_differs() of numbers: equal sets have the same. */
static bool number_differs(uint64_t ds, const ds_set_t *cds)
{
	const ds_set_t counts = eligible(cds);

	if (ds_set_deletes(cds)) {
		return ds != 0;
	}
	return cds->excess || (ds != ds_set_id(cds) && ds != ds_set_id(&counts));
}

bool delegation_zone_differs(const delegation_zone_t *zone, const ds_set_t *cds)
{
	assert(zone && cds);

	if (!zone->ds_listed) {
		return delegation_differs(&zone->ds, cds);
	}
	if (cds->count == 0 && !cds->excess) {
		return false;
	}
	return (zone->ds_excess && !ds_set_deletes(cds)) || number_differs(zone->ds_number, cds);
}
