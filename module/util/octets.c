/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The number is a position: block after block, each string as its length and its octets. A place that is free has the
 * number of the next one instead of octets.
 */

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "octets.h"

#define BLOCK 16384

static uint8_t *at(const octets_t *octets, uint32_t number)
{
	assert(number > 0 && number < octets->used);
	return &octets->block[number / BLOCK][number % BLOCK];
}

/*! A place with room for a number. */
static size_t place_len(size_t len)
{
	return len > sizeof(uint32_t) ? len : sizeof(uint32_t);
}

/*! \return False without memory, or numbers. */
static bool add_block(octets_t *octets, uint32_t blocks)
{
	if (blocks >= UINT32_MAX / BLOCK) {
		return false;
	}
	if (blocks == octets->blocks) {
		const uint32_t more = octets->blocks + octets->blocks / 2 + 4;
		uint8_t **block = realloc(octets->block, more * sizeof(*block));
		if (block == NULL) {
			return false;
		}
		octets->block = block;
		octets->blocks = more;
	}
	octets->block[blocks] = malloc(BLOCK);
	return octets->block[blocks] != NULL;
}

/*! A place that was never used. No string is in two blocks. */
static uint32_t take_new(octets_t *octets, size_t size)
{
	const uint32_t left = (BLOCK - octets->used % BLOCK) % BLOCK;

	if (size > left) {
		const uint32_t blocks = (octets->used + BLOCK - 1) / BLOCK;
		if (!add_block(octets, blocks)) {
			return 0;
		}
		octets->used = blocks * BLOCK + (blocks == 0); /* 0 is no number. */
	}
	const uint32_t number = octets->used;
	octets->used += size;
	return number;
}

uint32_t octets_put(octets_t *octets, const uint8_t *data, size_t len)
{
	assert(len <= OCTETS_MAX);

	uint32_t number = octets->free[place_len(len)];
	if (number != 0) {
		memcpy(&octets->free[place_len(len)], at(octets, number) + 1, sizeof(uint32_t));
	} else if ((number = take_new(octets, 1 + place_len(len))) == 0) {
		return 0;
	}
	uint8_t *place = at(octets, number);
	place[0] = len;
	memcpy(place + 1, data, len);
	return number;
}

const uint8_t *octets_at(const octets_t *octets, uint32_t number, size_t *len)
{
	const uint8_t *place = at(octets, number);

	*len = place[0];
	return place + 1;
}

void octets_free(octets_t *octets, uint32_t number)
{
	uint8_t *place = at(octets, number);
	uint32_t *first = &octets->free[place_len(place[0])];

	memcpy(place + 1, first, sizeof(*first));
	*first = number;
}

void octets_clear(octets_t *octets)
{
	const uint32_t blocks = (octets->used + BLOCK - 1) / BLOCK;

	for (uint32_t i = 0; i < blocks; i++) {
		free(octets->block[i]);
	}
	free(octets->block);
	*octets = (octets_t){ .used = 0 };
}
