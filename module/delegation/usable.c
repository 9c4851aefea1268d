/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "usable.h"

enum {
	DIGEST_SHA1 = 1,
	DIGEST_SHA256 = 2,
	DIGEST_SHA384 = 4,
};

/*! RSASHA1 and RSASHA1-NSEC3-SHA1. */
#define SIGNS_SHA1 (ALGSET_OF(5) | ALGSET_OF(7))
/*! RSASHA256, RSASHA512, ECDSAP256SHA256, ECDSAP384SHA384, ED25519, ED448: RECOMMENDED for validation (RFC 9904). */
#define SIGNS_WELL (ALGSET_OF(8) | ALGSET_OF(10) | ALGSET_OF(13) | ALGSET_OF(14) | ALGSET_OF(15) | ALGSET_OF(16))

/*! Length of a digest; 0: not a type that is known here. */
static unsigned digest_len(uint8_t type)
{
	switch (type) {
	case DIGEST_SHA1:
		return 20;
	case DIGEST_SHA256:
		return 32;
	case DIGEST_SHA384:
		return 48;
	default:
		return 0;
	}
}

bool usable_is_eligible(const ds_record_t *record)
{
	return record->digest_type == DIGEST_SHA256 && !usable_is_malformed(record);
}

bool usable_is_malformed(const ds_record_t *record)
{
	const unsigned len = digest_len(record->digest_type);

	return record->algorithm == 0 || record->digest_type == 0 || (len != 0 && record->digest_len != len);
}

static bool is_known(const ds_record_t *record)
{
	return digest_len(record->digest_type) != 0 && !usable_is_malformed(record) &&
	       (ALGSET_OF(record->algorithm) & (SIGNS_WELL | SIGNS_SHA1));
}

bool usable_is_read(const ds_set_t *set, const ds_record_t *record)
{
	for (unsigned i = 0; i < set->count && record->digest_type == DIGEST_SHA1; i++) {
		if (is_known(&set->record[i]) && set->record[i].digest_type != DIGEST_SHA1) {
			return false;
		}
	}
	return is_known(record);
}

bool usable_for_new(uint8_t algorithm, const ds_set_t *present)
{
	if (ALGSET_OF(algorithm) & SIGNS_WELL) {
		return true;
	}
	for (unsigned i = 0; i < present->count; i++) {
		if (present->record[i].algorithm == algorithm && (ALGSET_OF(algorithm) & SIGNS_SHA1)) {
			return true;
		}
	}
	return false;
}

bool usable_names(const ds_record_t *record, const delegation_key_t *key)
{
	if (record->tag != key->id.tag || record->algorithm != key->id.algorithm ||
	    record->digest_len != digest_len(record->digest_type)) {
		return false;
	}
	switch (record->digest_type) {
	case DIGEST_SHA256:
		return memcmp(record->digest, key->id.digest, sizeof(key->id.digest)) == 0;
	case DIGEST_SHA384:
		return key->whole && memcmp(record->digest, key->sha384, sizeof(key->sha384)) == 0;
	case DIGEST_SHA1:
		return key->whole && memcmp(record->digest, key->sha1, sizeof(key->sha1)) == 0;
	default:
		return false;
	}
}

delegation_keys_t usable_named(const delegation_facts_t *facts, const ds_set_t *set)
{
	delegation_keys_t named = 0;

	for (unsigned i = 0; i < set->count; i++) {
		for (unsigned k = 0; k < facts->key_count && usable_is_read(set, &set->record[i]); k++) {
			if (usable_names(&set->record[i], &facts->key[k])) {
				named |= UINT32_C(1) << k;
			}
		}
	}
	return named;
}
