/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>

#include "hash.h"

uint32_t hash_bytes(uint32_t hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ bytes[i]) * 16777619U;
	}
	return hash;
}

bool hash_init(hash_t *table, size_t buckets)
{
	assert(table && buckets > 0);

	*table = (hash_t){ .bucket = calloc(buckets, sizeof(*table->bucket)), .buckets = buckets };
	return table->bucket != NULL;
}

void hash_clear(hash_t *table)
{
	free(table->bucket);
	*table = (hash_t){ 0 };
}

void hash_add(hash_t *table, hash_node_t *node, uint32_t hash)
{
	hash_node_t **bucket = &table->bucket[hash % table->buckets];
	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	table->count++;
}

void hash_remove(hash_t *table, hash_node_t *node)
{
	hash_node_t **at = &table->bucket[node->hash % table->buckets];
	while (*at != node) {
		assert(*at != NULL);
		at = &(*at)->next;
	}
	*at = node->next;
	table->count--;
}

hash_node_t *hash_find(const hash_t *table, uint32_t hash, bool (*is)(const hash_node_t *node, const void *key),
                       const void *key)
{
	hash_node_t *node = table->bucket[hash % table->buckets];
	while (node != NULL && (node->hash != hash || !is(node, key))) {
		node = node->next;
	}
	return node;
}

hash_node_t *hash_any(const hash_t *table)
{
	for (size_t i = 0; table->count > 0 && i < table->buckets; i++) {
		if (table->bucket[i] != NULL) {
			return table->bucket[i];
		}
	}
	return NULL;
}

void hash_each(hash_t *table, void (*each)(hash_node_t *node, void *arg), void *arg)
{
	for (size_t i = 0; table->count > 0 && i < table->buckets; i++) {
		hash_node_t *next;
		for (hash_node_t *node = table->bucket[i]; node != NULL; node = next) {
			next = node->next;
			each(node, arg);
		}
	}
}
