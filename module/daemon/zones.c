/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "zones.h"

bool zones_init(zones_t *zones)
{
	zones->bucket_count = 64;
	zones->buckets = calloc(zones->bucket_count, sizeof(*zones->buckets));
	return zones->buckets != NULL;
}

void zones_free(zones_t *zones)
{
	assert(zones->count == 0);
	free(zones->buckets);
}

static size_t bucket_of(const zones_t *zones, const char *name)
{
	size_t hash = 5381;
	for (; *name != '\0'; name++) {
		hash = hash * 33 + (unsigned char)*name;
	}
	return hash % zones->bucket_count;
}

entry_t *zones_find(const zones_t *zones, const char *name)
{
	entry_t *entry = zones->buckets[bucket_of(zones, name)];
	while (entry != NULL && strcmp(entry->name, name) != 0) {
		entry = entry->next;
	}
	return entry;
}

/*! Without memory for more buckets it only gets slower. */
static void grow(zones_t *zones)
{
	size_t old_count = zones->bucket_count;
	entry_t **old = zones->buckets;
	entry_t **buckets = calloc(old_count * 2, sizeof(*buckets));
	if (buckets == NULL) {
		return;
	}
	zones->buckets = buckets;
	zones->bucket_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		for (entry_t *e = old[i], *next; e != NULL; e = next) {
			next = e->next;
			entry_t **bucket = &buckets[bucket_of(zones, e->name)];
			e->next = *bucket;
			*bucket = e;
		}
	}
	free(old);
}

entry_t *zones_add(zones_t *zones, const char *name)
{
	const size_t name_size = strlen(name) + 1;
	entry_t *entry = calloc(1, sizeof(*entry) + name_size);
	if (entry == NULL) {
		return NULL;
	}
	if (zones->count >= zones->bucket_count) {
		grow(zones);
	}
	memcpy(entry->name, name, name_size);
	entry_t **bucket = &zones->buckets[bucket_of(zones, name)];
	entry->next = *bucket;
	*bucket = entry;
	zones->count++;
	return entry;
}

void zones_remove(zones_t *zones, entry_t *entry)
{
	entry_t **at = &zones->buckets[bucket_of(zones, entry->name)];
	while (*at != entry) {
		at = &(*at)->next;
	}
	*at = entry->next;
	zones->count--;
}

void zones_each(const zones_t *zones, void (*each)(entry_t *entry, void *arg), void *arg)
{
	for (size_t i = 0; i < zones->bucket_count; i++) {
		for (entry_t *e = zones->buckets[i]; e != NULL; e = e->next) {
			each(e, arg);
		}
	}
}
