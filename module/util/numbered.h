/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Very many things of one size. Each has a number of 32 bits, half a pointer, and stays where it is.
 *
 * They are kept in blocks, so none has an allocation of its own. Those of a table with a hash can be found by it.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! First member of each thing. */
typedef struct {
	uint32_t next; /*!< In the bucket of the same hash, or among those that are free. */
} numbered_link_t;

/*! Hash of a thing; \a arg: of the table. */
typedef uint32_t (*numbered_hash_f)(const void *thing, const void *arg);

/*! Zeroed: empty, to be set up by numbered_init(). Other files read \a count and \a top alone. */
typedef struct {
	size_t size;
	void **block;
	uint32_t blocks; /*!< Room for so many pointers. */
	uint32_t top;    /*!< The highest number that was ever in use. */
	uint32_t free;   /*!< The first of the numbers below that are free; 0: none. */
	uint32_t count;  /*!< Things that can be found. */
	uint32_t *bucket;
	uint32_t buckets;
	numbered_hash_f hash;
	const void *arg;
} numbered_t;

/*! \param[in] hash  NULL: they are not looked for. \return False without memory. */
bool numbered_init(numbered_t *table, size_t size, numbered_hash_f hash, const void *arg);
/*! Frees all of it. What a thing points to is the caller's. */
void numbered_clear(numbered_t *table);

/*! \return Number of a new thing, zeroed, that is not found yet; 0 without memory. */
uint32_t numbered_new(numbered_t *table);
/*! The number may be that of another thing from here on. It is not found any more. */
void numbered_free(numbered_t *table, uint32_t number);
/*! The thing with a number. */
void *numbered_at(const numbered_t *table, uint32_t number);

/*! It can be found. Cannot fail: without memory for more buckets it only gets slower. */
void numbered_add(numbered_t *table, uint32_t number);
/*! It is not found any more. Its hash is what it was. */
void numbered_remove(numbered_t *table, uint32_t number);
/*! \return Number of the one with this hash that \a is; 0: there is none. */
uint32_t numbered_find(const numbered_t *table, uint32_t hash,
                       bool (*is)(const void *thing, const void *key, const void *arg), const void *key);
