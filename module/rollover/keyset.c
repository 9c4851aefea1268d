/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "keyset.h"

bool key_id_equal(const key_id_t *a, const key_id_t *b)
{
	return a->algorithm == b->algorithm && a->tag == b->tag && memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

int key_id_find(const key_id_t *keys, unsigned count, const key_id_t *id)
{
	for (unsigned i = 0; i < count; i++) {
		if (key_id_equal(&keys[i], id)) {
			return i;
		}
	}
	return -1;
}

keyset_t keyset_of(const rollover_facts_t *facts, const key_id_t *ids, unsigned count)
{
	keyset_t set = 0;
	for (unsigned i = 0; i < count; i++) {
		int at = key_id_find(facts->keys, facts->key_count, &ids[i]);
		if (at >= 0) {
			set |= 1U << at;
		}
	}
	return set;
}

unsigned keyset_size(keyset_t set)
{
	return __builtin_popcount(set);
}

const key_id_t *keyset_first(const rollover_facts_t *facts, keyset_t set)
{
	assert(set != 0);
	return &facts->keys[__builtin_ctz(set)];
}

bool keyset_one_algorithm(const rollover_facts_t *facts, keyset_t set)
{
	for (unsigned i = 0; i < facts->key_count; i++) {
		if ((set & (1U << i)) && facts->keys[i].algorithm != keyset_first(facts, set)->algorithm) {
			return false;
		}
	}
	return true;
}

uint32_t keyset_own_sum(const rollover_facts_t *facts)
{
	uint32_t sum = 0, word;

	for (unsigned i = 0; i < facts->key_count; i++) {
		if (facts->own.dnskey & (1U << i)) {
			memcpy(&word, facts->keys[i].digest, sizeof(word));
			sum += word + facts->keys[i].tag;
		}
	}
	return sum != 0 ? sum : 1;
}

bool rollover_are_silent(key_states_t keys)
{
	return keys == KEYS_SILENT || keys == KEYS_MOVED || keys == KEYS_PRESIGN;
}

algset_t keyset_unpublished(const rollover_facts_t *facts)
{
	algset_t published = 0;

	for (unsigned i = 0; i < facts->key_count; i++) {
		published |= facts->own.dnskey & (1U << i) ? ALGSET_OF(facts->keys[i].algorithm) : 0;
	}
	return facts->own.data_algorithms & ~published;
}
