/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Hash values and a table of things that contain their own links.
 *
 * The table never allocates when something is added, so adding cannot fail. It does not grow.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! Where hash_bytes() begins. */
#define HASH_START 2166136261U

/*! The hash of what came before and of these bytes (FNV-1a). For keys that nobody gains from choosing badly. */
uint32_t hash_bytes(uint32_t hash, const void *data, size_t len);

/*! Part of what is in a table. */
typedef struct hash_node {
	struct hash_node *next;
	uint32_t hash;
} hash_node_t;

/*! Zeroed: to be set up by hash_init(). */
typedef struct {
	hash_node_t **bucket;
	size_t buckets;
	size_t count; /*!< Nodes. */
} hash_t;

/*! The struct of the given type whose member a node is; NULL for NULL. */
#define hash_item(node, type, member)                                                                                  \
	((node) != NULL ? (type *)((char *)(node) - offsetof(type, member)) : (type *)NULL)

/*! \return False without memory. */
bool hash_init(hash_t *table, size_t buckets);

/*! Frees the table, not what is in it. */
void hash_clear(hash_t *table);

void hash_add(hash_t *table, hash_node_t *node, uint32_t hash);

/*! The node must be in the table. */
void hash_remove(hash_t *table, hash_node_t *node);

/*!
 * \brief Finds a node.
 *
 * \param table  Table.
 * \param hash   Hash of the key.
 * \param is     Whether a node with this hash has the key.
 * \param key    Key.
 *
 * \return NULL if there is none. Constant time as long as there are not many more nodes than buckets.
 */
hash_node_t *hash_find(const hash_t *table, uint32_t hash, bool (*is)(const hash_node_t *node, const void *key),
                       const void *key);

/*! Any node, in the order of the buckets; NULL if there is none. */
hash_node_t *hash_any(const hash_t *table);

/*! Calls a function for every node, which it may remove and free. It must not add any. */
void hash_each(hash_t *table, void (*each)(hash_node_t *node, void *arg), void *arg);
