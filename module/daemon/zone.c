/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "env.h"
#include "pack.h"
#include "zone.h"

zone_t *zone_get(env_t *env, entry_t *entry)
{
	knot_dname_storage_t dname;
	if (entry->zone != NULL) {
		return entry->zone;
	}
	if (knot_dname_from_str(dname, entry->name, sizeof(dname)) == NULL) {
		return NULL;
	}
	const size_t dname_size = knot_dname_size(dname);
	zone_t *zone = calloc(1, sizeof(*zone) + dname_size);
	if (zone == NULL) {
		return NULL;
	}
	zone->env = env;
	zone->entry = entry;
	zone->name = entry->name;
	zone->dname = memcpy(zone + 1, dname, dname_size);
	zone->settings = instances_settings(&env->instances, entry);
	zone->refs = 1;
	if (entry->kept != NULL) {
		unpack(entry->kept, &zone->kept, sizeof(zone->kept));
		free(entry->kept);
		entry->kept = NULL;
		record_loaded(zone);
	} else {
		rollover_init(&zone->kept.row, time(NULL));
	}
	zone->next = env->awake;
	if (zone->next != NULL) {
		zone->next->prev = zone;
	}
	env->awake = zone;
	entry->zone = zone;
	return zone;
}

/*! Takes it out of the list of those that are not at rest. */
static void leave_list(zone_t *zone)
{
	if (zone->prev != NULL) {
		zone->prev->next = zone->next;
	} else {
		zone->env->awake = zone->next;
	}
	if (zone->next != NULL) {
		zone->next->prev = zone->prev;
	}
}

static void zone_free(zone_t *zone)
{
	facts_free(zone->gathered);
	fit_free(zone);
	signaling_free(zone);
	record_free(zone);
	free(zone);
}

/*! All that is known is in the store, or kept. */
static bool has_nothing_to_do(const zone_t *zone)
{
	const rollover_row_t *row = &zone->kept.row;

	return zone->refs == 1 && !zone->gone && !zone->busy && row->state == ROLLOVER_IDLE && row->notified == 0 &&
	       !announce_is_busy(zone) && signaling_is_plain(zone) && record_is_plain(zone) && fit_is_plain(zone);
}

/*! What is left behind the end of a text that was longer once. */
static void clear_tail(char *text, size_t size)
{
	size_t len = strnlen(text, size);
	memset(text + len, 0, size - len);
}

/*! Sends it to rest if nothing is under way and nothing but what is kept has to be remembered. */
static void fold(zone_t *zone)
{
	entry_t *entry = zone->entry;
	rollover_row_t *row = &zone->kept.row;

	if (!has_nothing_to_do(zone)) {
		return;
	}
	clear_tail(row->gate_about, sizeof(row->gate_about));
	clear_tail(row->gate_detail, sizeof(row->gate_detail));
	entry->kept = pack(&zone->kept, sizeof(zone->kept));
	if (entry->kept != NULL) {
		entry->zone = NULL;
		leave_list(zone);
		zone_free(zone);
	}
}

void zone_ref(zone_t *zone)
{
	zone->refs++;
}

void zone_unref(zone_t *zone)
{
	assert(zone->refs > 0);
	if (--zone->refs == 0) {
		free(zone->entry);
		zone_free(zone);
	} else if (zone->refs == 1) {
		fold(zone);
	}
}

void zone_end(entry_t *entry)
{
	zone_t *zone = entry->zone;

	if (zone == NULL) {
		free(entry->kept);
		free(entry);
		return;
	}
	leave_list(zone);
	zone->gone = true;
	zone->settings = NULL;
	world_cancel(zone);
	announce_cancel(zone);
	signaling_end(zone);
	zone_unref(zone);
}

void zone_each(const env_t *env, void (*each)(zone_t *zone))
{
	for (zone_t *z = env->awake, *next; z != NULL; z = next) {
		next = z->next;
		each(z);
	}
}

void zone_wake(env_t *env, entry_t *entry)
{
	if (entry->zone != NULL && entry->zone->busy) {
		entry->zone->again = true;
	} else {
		schedule_in(&env->schedule, entry, 0);
	}
}

bool zone_instance_changed(env_t *env, entry_t *entry, const zone_settings_t *before)
{
	const bool others = before != instances_settings(&env->instances, entry);

	entry->other_settings |= others;
	if (entry->zone != NULL) {
		entry->zone->settings = instances_settings(&env->instances, entry);
		fit_forget(entry->zone);
		announce_review(entry->zone); /* It may go to rest by that. */
	}
	return others;
}
