/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The zones of the loop thread, by name, and their numbers.
 */

#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "pack.h"

static size_t bucket_of(const loop_t *loop, const char *name)
{
	size_t hash = 5381;
	for (; *name != '\0'; name++) {
		hash = hash * 33 + (unsigned char)*name;
	}
	return hash % loop->bucket_count;
}

entry_t *zones_find(const loop_t *loop, const char *name)
{
	entry_t *entry = loop->buckets[bucket_of(loop, name)];
	while (entry != NULL && strcmp(entry->name, name) != 0) {
		entry = entry->next;
	}
	return entry;
}

/*! Without memory for more buckets it only gets slower. */
static void grow(loop_t *loop)
{
	size_t old_count = loop->bucket_count;
	entry_t **old = loop->buckets;
	entry_t **buckets = calloc(old_count * 2, sizeof(*buckets));
	if (buckets == NULL) {
		return;
	}
	loop->buckets = buckets;
	loop->bucket_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		for (entry_t *e = old[i], *next; e != NULL; e = next) {
			next = e->next;
			entry_t **bucket = &buckets[bucket_of(loop, e->name)];
			e->next = *bucket;
			*bucket = e;
		}
	}
	free(old);
}

entry_t *zones_add(loop_t *loop, const char *name)
{
	const size_t name_size = strlen(name) + 1;
	if (!queue_reserve(&loop->queue, loop->totals.zones + 1)) {
		return NULL;
	}
	entry_t *entry = calloc(1, sizeof(*entry) + name_size);
	if (entry == NULL) {
		return NULL;
	}
	if (loop->totals.zones >= loop->bucket_count) {
		grow(loop);
	}
	memcpy(entry->name, name, name_size);
	entry_t **bucket = &loop->buckets[bucket_of(loop, name)];
	entry->next = *bucket;
	*bucket = entry;
	loop->totals.zones++;
	loop->totals.state[entry->state]++;
	loop->totals.gate[entry->gate]++;
	return entry;
}

void zones_remove(loop_t *loop, entry_t *entry)
{
	entry_t **at = &loop->buckets[bucket_of(loop, entry->name)];
	while (*at != entry) {
		at = &(*at)->next;
	}
	*at = entry->next;
	queue_remove(&loop->queue, entry);
	loop->totals.zones--;
	loop->totals.state[entry->state]--;
	loop->totals.gate[entry->gate]--;
	if (entry->zone != NULL) {
		zone_drop(entry->zone);
	} else {
		free(entry->kept);
		free(entry);
	}
}

void zones_each(loop_t *loop, void (*each)(loop_t *loop, entry_t *entry))
{
	for (size_t i = 0; i < loop->bucket_count; i++) {
		for (entry_t *e = loop->buckets[i]; e != NULL; e = e->next) {
			each(loop, e);
		}
	}
}

/*! What the totals say of the zone's state and gate. */
static void count(loop_t *loop, entry_t *entry, const rollover_row_t *row)
{
	engine_totals_t *t = &loop->totals;

	t->state[entry->state]--;
	t->gate[entry->gate]--;
	entry->state = row->state;
	entry->gate = row->gate;
	t->state[entry->state]++;
	t->gate[entry->gate]++;
}

static void publish(loop_t *loop, entry_t *entry, const kept_t *kept)
{
	const rollover_row_t *row = &kept->row;
	time_t now = time(NULL);
	engine_numbers_t n = {
		.state = row->state,
		.gate = row->gate,
		.state_seconds = now > row->since ? now - row->since : 0,
		.next_check_seconds = row->next_check > now ? row->next_check - now : 0,
		.dnskey_ttl = ttl_window_max(&row->dnskey_ttl, now),
		.ds_ttl = ttl_window_max(&row->ds_ttl, now),
		.counts = kept->counts,
	};
	count(loop, entry, row);
	engine_publish(loop->engine, entry, &n);
}

void zone_publish(loop_t *loop, entry_t *entry)
{
	if (entry->zone != NULL) {
		publish(loop, entry, &entry->zone->kept);
	} else if (entry->kept != NULL) {
		kept_t kept;
		unpack(entry->kept, &kept, sizeof(kept));
		publish(loop, entry, &kept);
	}
}
