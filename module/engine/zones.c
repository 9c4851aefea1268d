/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The zones of the loop thread, by name.
 */

#include <stdlib.h>
#include <string.h>

#include "engine.h"

static size_t bucket_of(const loop_t *loop, const char *name)
{
	size_t hash = 5381;
	for (; *name != '\0'; name++) {
		hash = hash * 33 + (unsigned char)*name;
	}
	return hash % loop->bucket_count;
}

zone_t *zones_find(loop_t *loop, const char *name)
{
	zone_t *zone = loop->buckets[bucket_of(loop, name)];
	while (zone != NULL && strcmp(zone->name, name) != 0) {
		zone = zone->next;
	}
	return zone;
}

static bool grow(loop_t *loop)
{
	if (loop->zone_count < loop->bucket_count) {
		return true;
	}
	size_t old_count = loop->bucket_count;
	zone_t **old = loop->buckets;
	zone_t **buckets = calloc(old_count * 4, sizeof(*buckets));
	if (buckets == NULL) {
		return loop->zone_count < old_count * 16;
	}
	loop->buckets = buckets;
	loop->bucket_count = old_count * 4;
	for (size_t i = 0; i < old_count; i++) {
		for (zone_t *z = old[i], *next; z != NULL; z = next) {
			next = z->next;
			zone_t **bucket = &buckets[bucket_of(loop, z->name)];
			z->next = *bucket;
			*bucket = z;
		}
	}
	free(old);
	return true;
}

bool zones_add(loop_t *loop, zone_t *zone)
{
	if (!grow(loop)) {
		return false;
	}
	zone_t **bucket = &loop->buckets[bucket_of(loop, zone->name)];
	zone->next = *bucket;
	*bucket = zone;
	loop->zone_count++;
	return true;
}

void zones_remove(loop_t *loop, zone_t *zone)
{
	zone_t **at = &loop->buckets[bucket_of(loop, zone->name)];
	while (*at != zone) {
		at = &(*at)->next;
	}
	*at = zone->next;
	loop->zone_count--;
}

void zones_each(loop_t *loop, void (*each)(zone_t *zone))
{
	for (size_t i = 0; i < loop->bucket_count; i++) {
		for (zone_t *z = loop->buckets[i]; z != NULL; z = z->next) {
			each(z);
		}
	}
}
