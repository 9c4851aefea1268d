/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A free place holds the number of the next free one, doubled and odd. Pointers are even.
 */

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "slots.h"

#define SIZE_MIN 64

static bool is_free(uintptr_t value)
{
	return value & 1;
}

/*! A quarter at a time: half of a table of a hundred thousand would lie idle else. */
static bool grow(slots_t *slots)
{
	const uint32_t size = slots->size == 0 ? SIZE_MIN : slots->size + slots->size / 4;
	uintptr_t *at = size < SLOT_NONE / 2 ? realloc(slots->at, size * sizeof(*at)) : NULL;
	if (at == NULL) {
		return false;
	}
	slots->at = at;
	slots->size = size;
	return true;
}

uint32_t slots_put(slots_t *slots, void *pointer)
{
	assert(pointer != NULL && !is_free((uintptr_t)pointer));

	uint32_t slot = slots->free - 1;
	if (slots->free != 0) {
		slots->free = slots->at[slot] >> 1;
	} else if (slots->count < slots->size || grow(slots)) {
		slot = slots->count++;
	} else {
		return SLOT_NONE;
	}
	slots->at[slot] = (uintptr_t)pointer;
	slots->used++;
	return slot;
}

void *slots_get(const slots_t *slots, uint32_t slot)
{
	return slot < slots->count && !is_free(slots->at[slot]) ? (void *)slots->at[slot] : NULL;
}

void slots_drop(slots_t *slots, uint32_t slot)
{
	assert(slots_get(slots, slot) != NULL);

	slots->at[slot] = (uintptr_t)slots->free << 1 | 1;
	slots->free = slot + 1;
	slots->used--;
	if (slots->used == 0) {
		free(slots->at);
		*slots = (slots_t){ 0 };
	}
}
