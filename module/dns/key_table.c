/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "key_table.h"
#include "util/knot.h"

/*! DNSKEY RDATA before the key itself: flags, protocol, algorithm. */
#define DNSKEY_FIXED_LEN 4
/*! DS RDATA before the digest: tag, algorithm, digest type. */
#define DS_FIXED_LEN 4

static bool digest(const dnssec_key_t *key, dnssec_key_digest_t type, uint8_t *out, size_t len)
{
	dnssec_binary_t ds = { 0 };
	const bool made = dnssec_key_create_ds(key, type, &ds) == DNSSEC_EOK && ds.size == DS_FIXED_LEN + len;
	if (made) {
		memcpy(out, ds.data + DS_FIXED_LEN, len);
	}
	dnssec_binary_free(&ds);
	return made;
}

bool key_table_read(const knot_dname_t *child, const uint8_t *rdata, uint16_t len, delegation_key_t *key)
{
	assert(child && rdata && key);

	memset(key, 0, sizeof(*key));
	dnssec_key_t *loaded = NULL;
	const dnssec_binary_t bin = { .data = (uint8_t *)rdata, .size = len };
	if (len <= DNSKEY_FIXED_LEN || dnssec_key_new(&loaded) != DNSSEC_EOK) {
		return false;
	}
	key->whole = dnssec_key_set_dname(loaded, child) == DNSSEC_EOK &&
	             dnssec_key_set_rdata(loaded, &bin) == DNSSEC_EOK &&
	             digest(loaded, DNSSEC_KEY_DIGEST_SHA256, key->id.digest, sizeof(key->id.digest)) &&
	             digest(loaded, DNSSEC_KEY_DIGEST_SHA1, key->sha1, sizeof(key->sha1)) &&
	             digest(loaded, DNSSEC_KEY_DIGEST_SHA384, key->sha384, sizeof(key->sha384));
	if (key->whole) {
		key->id.tag = dnssec_key_get_keytag(loaded);
		key->id.algorithm = dnssec_key_get_algorithm(loaded);
		key->flags = knot_wire_read_u16(rdata);
	}
	dnssec_key_free(loaded);
	return key->whole;
}

unsigned key_table_find(const key_table_t *table, const key_id_t *id)
{
	for (unsigned i = 0; i < table->count; i++) {
		const key_id_t *known = &table->key[i].id;
		if (known->tag == id->tag && known->algorithm == id->algorithm &&
		    memcmp(known->digest, id->digest, sizeof(id->digest)) == 0) {
			return i;
		}
	}
	return KEY_TABLE_NONE;
}

unsigned key_table_add(key_table_t *table, const delegation_key_t *key)
{
	assert(table && key);

	unsigned at = key_table_find(table, &key->id);
	if (at != KEY_TABLE_NONE) {
		if (key->whole) {
			table->key[at] = *key;
		}
		return at;
	}
	if (table->count == DELEGATION_KEYS_MAX) {
		table->excess = true;
		return KEY_TABLE_NONE;
	}
	table->key[table->count] = *key;
	return table->count++;
}

unsigned key_table_add_unnamed(key_table_t *table, const delegation_key_t *key)
{
	const bool known = key_table_find(table, &key->id) != KEY_TABLE_NONE;
	if (!known && (table->unnamed == KEY_TABLE_UNNAMED_MAX || table->count == DELEGATION_KEYS_MAX)) {
		return KEY_TABLE_NONE;
	}
	table->unnamed += !known;
	return key_table_add(table, key);
}

void key_table_add_named(key_table_t *table, const ds_set_t *ds)
{
	assert(table && ds);

	for (unsigned i = 0; i < ds->count; i++) {
		const ds_record_t *r = &ds->record[i];
		delegation_key_t key = { .id = { .tag = r->tag, .algorithm = r->algorithm } };
		if (r->digest_type == DNSSEC_KEY_DIGEST_SHA256 && r->digest_len == sizeof(key.id.digest) &&
		    r->algorithm != 0) {
			memcpy(key.id.digest, r->digest, sizeof(key.id.digest));
			(void)key_table_add(table, &key);
		}
	}
}

bool key_table_may_name(const ds_set_t *ds, uint16_t tag, uint8_t algorithm)
{
	for (unsigned i = 0; i < ds->count; i++) {
		if (ds->record[i].tag == tag && ds->record[i].algorithm == algorithm) {
			return true;
		}
	}
	return false;
}

static bool has_digest(const ds_record_t *record, const uint8_t *digest, size_t len)
{
	return record->digest_len == len && memcmp(record->digest, digest, len) == 0;
}

bool key_table_names(const ds_set_t *ds, const delegation_key_t *key)
{
	assert(ds && key && key->whole);

	for (unsigned i = 0; i < ds->count; i++) {
		const ds_record_t *r = &ds->record[i];
		if (r->tag != key->id.tag || r->algorithm != key->id.algorithm) {
			continue;
		}
		if ((r->digest_type == DNSSEC_KEY_DIGEST_SHA256 &&
		     has_digest(r, key->id.digest, sizeof(key->id.digest))) ||
		    (r->digest_type == DNSSEC_KEY_DIGEST_SHA384 && has_digest(r, key->sha384, sizeof(key->sha384))) ||
		    (r->digest_type == DNSSEC_KEY_DIGEST_SHA1 && has_digest(r, key->sha1, sizeof(key->sha1)))) {
			return true;
		}
	}
	return false;
}
