/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "numbered.h"

/*! Things in a block. */
#define BLOCK 256
/*! Buckets of a table that is new. */
#define BUCKETS_FIRST 64

bool numbered_init(numbered_t *table, size_t size, numbered_hash_f hash, const void *arg)
{
	assert(size >= sizeof(numbered_link_t));

	*table = (numbered_t){ .size = size, .hash = hash, .arg = arg };
	if (hash == NULL) {
		return true;
	}
	table->bucket = calloc(BUCKETS_FIRST, sizeof(*table->bucket));
	table->buckets = table->bucket != NULL ? BUCKETS_FIRST : 0;
	return table->bucket != NULL;
}

void numbered_clear(numbered_t *table)
{
	for (size_t i = 0; i * BLOCK < table->top; i++) {
		free(table->block[i]);
	}
	free(table->block);
	free(table->bucket);
	*table = (numbered_t){ .size = 0 };
}

void *numbered_at(const numbered_t *table, uint32_t number)
{
	assert(number > 0 && number <= table->top);

	const uint32_t i = number - 1;
	return (char *)table->block[i / BLOCK] + i % BLOCK * table->size;
}

/* The link is the first member, whatever the thing is. */
static uint32_t next_of(const numbered_t *table, uint32_t number)
{
	return ((const numbered_link_t *)numbered_at(table, number))->next;
}

static void set_next(const numbered_t *table, uint32_t number, uint32_t next)
{
	((numbered_link_t *)numbered_at(table, number))->next = next;
}

/*! The last block is full. \return False without memory, or numbers. */
static bool add_block(numbered_t *table)
{
	const uint32_t blocks = table->top / BLOCK;

	if (table->top > UINT32_MAX - BLOCK) {
		return false;
	}
	if (blocks == table->blocks) {
		const uint32_t more = table->blocks + table->blocks / 2 + 4;
		void **block = realloc(table->block, more * sizeof(*block));
		if (block == NULL) {
			return false;
		}
		table->block = block;
		table->blocks = more;
	}
	table->block[blocks] = malloc(BLOCK * table->size);
	return table->block[blocks] != NULL;
}

uint32_t numbered_new(numbered_t *table)
{
	uint32_t number = table->free;

	if (number != 0) {
		table->free = next_of(table, number);
	} else if (table->top % BLOCK != 0 || add_block(table)) {
		number = ++table->top;
	} else {
		return 0;
	}
	memset(numbered_at(table, number), 0, table->size);
	return number;
}

void numbered_free(numbered_t *table, uint32_t number)
{
	memset(numbered_at(table, number), 0, table->size);
	set_next(table, number, table->free);
	table->free = number;
}

/* Buckets. */

static uint32_t *bucket_of(const numbered_t *table, uint32_t hash)
{
	return &table->bucket[hash % table->buckets];
}

static void link_into(numbered_t *table, uint32_t number)
{
	uint32_t *first = bucket_of(table, table->hash(numbered_at(table, number), table->arg));

	set_next(table, number, *first);
	*first = number;
}

static void grow(numbered_t *table)
{
	uint32_t *const before = table->bucket;
	const uint32_t buckets = table->buckets;

	if (table->count < buckets || buckets > UINT32_MAX / 2) {
		return;
	}
	uint32_t *more = calloc(2 * (size_t)buckets, sizeof(*more));
	if (more == NULL) {
		return;
	}
	table->bucket = more;
	table->buckets = 2 * buckets;
	for (uint32_t i = 0; i < buckets; i++) {
		uint32_t next;
		for (uint32_t number = before[i]; number != 0; number = next) {
			next = next_of(table, number);
			link_into(table, number);
		}
	}
	free(before);
}

void numbered_add(numbered_t *table, uint32_t number)
{
	link_into(table, number);
	table->count++;
	grow(table);
}

void numbered_remove(numbered_t *table, uint32_t number)
{
	uint32_t *const first = bucket_of(table, table->hash(numbered_at(table, number), table->arg));

	if (*first == number) {
		*first = next_of(table, number);
	} else {
		uint32_t before = *first;
		while (next_of(table, before) != number) {
			before = next_of(table, before);
		}
		set_next(table, before, next_of(table, number));
	}
	set_next(table, number, 0);
	table->count--;
}

uint32_t numbered_find(const numbered_t *table, uint32_t hash,
                       bool (*is)(const void *thing, const void *key, const void *arg), const void *key)
{
	uint32_t number = *bucket_of(table, hash);

	while (number != 0 && !is(numbered_at(table, number), key, table->arg)) {
		number = next_of(table, number);
	}
	return number;
}
