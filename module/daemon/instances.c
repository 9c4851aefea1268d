/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <libknot/libknot.h>

#include "instances.h"
#include "zones.h"

/*! No table gets larger, whatever number is asked for. */
#define TABLE_MAX (1 << 26)

/*! \return The table with room for that place, zeroed; NULL if there is no memory, and the table is as before. */
static void *room_for(void *table, uint32_t *count, size_t size, uint32_t place)
{
	if (place < *count) {
		return table;
	}
	if (place >= TABLE_MAX) {
		return NULL;
	}
	const uint32_t wanted = place + place / 4 + 64;
	char *larger = realloc(table, wanted * size);
	if (larger != NULL) {
		memset(larger + *count * size, 0, (wanted - *count) * size);
		*count = wanted;
	}
	return larger;
}

int instances_settings_add(instances_t *in, uint32_t number, const instance_settings_t *from)
{
	void *table = room_for(in->numbered, &in->numbered_count, sizeof(*in->numbered), number);
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	in->numbered = table;
	if (in->numbered[number] != NULL) {
		return KNOT_EINVAL;
	}
	in->numbered[number] = settings_zone_copy(from);
	return in->numbered[number] != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

void instances_settings_remove(instances_t *in, uint32_t number)
{
	if (number < in->numbered_count) {
		settings_zone_put(in->numbered[number]);
		in->numbered[number] = NULL;
	}
}

int instances_reserve(instances_t *in, wire_id_t id, uint32_t settings)
{
	if (settings >= in->numbered_count || in->numbered[settings] == NULL) {
		return KNOT_EINVAL;
	}
	void *table = room_for(in->table, &in->count, sizeof(*in->table), id.slot);
	if (table == NULL) {
		return KNOT_ENOMEM;
	}
	in->table = table;
	return in->table[id.slot].entry == NULL ? KNOT_EOK : KNOT_EINVAL;
}

/*!
 * Puts a new instance into its zone's list. The order is that in which they were loaded, whatever order they come in.
 */
static void list_add(instances_t *in, entry_t *entry, uint32_t slot)
{
	uint32_t *at = &entry->instance;
	while (*at != 0 && (int32_t)((in->table[*at - 1].serial - in->table[slot].serial) << 1) > 0) {
		at = &in->table[*at - 1].next;
	}
	in->table[slot].next = *at;
	*at = slot + 1;
}

void instances_add(instances_t *in, wire_id_t id, entry_t *entry, uint32_t settings)
{
	assert(id.slot < in->count && in->table[id.slot].entry == NULL);

	instance_t *instance = &in->table[id.slot];
	*instance = (instance_t){ .entry = entry, .settings = in->numbered[settings], .serial = id.serial };
	instance->settings->refs++;
	list_add(in, entry, id.slot);
}

entry_t *instances_find(const instances_t *in, wire_id_t id)
{
	const instance_t *instance = id.slot < in->count ? &in->table[id.slot] : NULL;
	return instance != NULL && instance->serial == id.serial ? instance->entry : NULL;
}

void instances_remove(instances_t *in, wire_id_t id)
{
	assert(instances_find(in, id) != NULL);

	instance_t *instance = &in->table[id.slot];
	uint32_t *at = &instance->entry->instance;
	while (*at != id.slot + 1) {
		at = &in->table[*at - 1].next;
	}
	*at = instance->next;
	settings_zone_put(instance->settings);
	*instance = (instance_t){ .entry = NULL };
}

const zone_settings_t *instances_settings(const instances_t *in, const entry_t *entry)
{
	return entry->instance != 0 ? in->table[entry->instance - 1].settings : NULL;
}

bool instances_next(const instances_t *in, uint32_t *at, wire_id_t *id)
{
	if (*at == 0) {
		return false;
	}
	*id = (wire_id_t){ .slot = *at - 1, .serial = in->table[*at - 1].serial };
	*at = in->table[*at - 1].next;
	return true;
}

bool instances_first(const instances_t *in, uint32_t slot, wire_id_t *id)
{
	for (; slot < in->count; slot++) {
		if (in->table[slot].entry != NULL) {
			*id = (wire_id_t){ .slot = slot, .serial = in->table[slot].serial };
			return true;
		}
	}
	return false;
}

void instances_free(instances_t *in)
{
	for (uint32_t i = 0; i < in->numbered_count; i++) {
		settings_zone_put(in->numbered[i]);
	}
	free(in->table);
	free(in->numbered);
}
