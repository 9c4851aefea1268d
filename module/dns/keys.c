/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/dns.h"
#include "verify.h"
#include "util/knot.h"

/*! DNSKEY RDATA before the key itself: flags, protocol, algorithm. */
#define DNSKEY_FIXED_LEN 4
/*! DS RDATA before the digest: tag, algorithm, digest type. */
#define DS_FIXED_LEN 4

static dnssec_key_t *key_load(const knot_dname_t *zone, const uint8_t *rdata, uint16_t len)
{
	dnssec_key_t *key = NULL;
	if (len <= DNSKEY_FIXED_LEN || dnssec_key_new(&key) != DNSSEC_EOK) {
		return NULL;
	}

	const dnssec_binary_t bin = { .data = (uint8_t *)rdata, .size = len };
	if (dnssec_key_set_dname(key, zone) != DNSSEC_EOK || dnssec_key_set_rdata(key, &bin) != DNSSEC_EOK) {
		dnssec_key_free(key);
		return NULL;
	}
	return key;
}

int dns_key_id(const knot_dname_t *zone, const uint8_t *rdata, uint16_t rdata_len, key_id_t *id)
{
	assert(zone && rdata && id);

	dnssec_key_t *key = key_load(zone, rdata, rdata_len);
	if (key == NULL) {
		return KNOT_EMALF;
	}

	dnssec_binary_t ds = { 0 };
	int ret = dnssec_key_create_ds(key, DNSSEC_KEY_DIGEST_SHA256, &ds);
	if (ret == DNSSEC_EOK && ds.size == DS_FIXED_LEN + sizeof(id->digest)) {
		id->tag = dnssec_key_get_keytag(key);
		id->algorithm = dnssec_key_get_algorithm(key);
		memcpy(id->digest, ds.data + DS_FIXED_LEN, sizeof(id->digest));
	} else {
		ret = KNOT_EMALF;
	}

	dnssec_binary_free(&ds);
	dnssec_key_free(key);
	return ret;
}

void dns_keyid(const knot_dname_t *zone, const dns_key_t *key, char *keyid, size_t keyid_len)
{
	assert(zone && key && keyid && keyid_len > 0);

	char *hex = NULL;
	keyid[0] = '\0';
	dnssec_key_t *loaded = key->rdata != NULL ? key_load(zone, key->rdata, key->rdata_len) : NULL;
	if (loaded != NULL && dnssec_key_get_keyid(loaded, &hex) == DNSSEC_EOK && strlen(hex) < keyid_len) {
		strcpy(keyid, hex);
	}
	free(hex);
	dnssec_key_free(loaded);
}

keyset_t dns_rrset_signers(const knot_dname_t *zone, const knot_rrset_t *rrset, const knot_rdataset_t *rrsigs,
                           const dns_key_t *keys, unsigned key_count, time_t now)
{
	assert(zone && rrset && rrsigs && (keys || key_count == 0));
	assert(key_count <= ROLLOVER_KEYS_MAX);

	verify_key_t candidates[ROLLOVER_KEYS_MAX];
	for (unsigned i = 0; i < key_count; i++) {
		candidates[i] = (verify_key_t){ .rdata = keys[i].rdata, .len = keys[i].rdata_len };
	}
	work_t work = { 0 };
	return verify_rrset(zone, rrset, rrsigs, candidates, key_count, now, &work).keys;
}

keyset_t dns_signers(const knot_dname_t *zone, const knot_rdataset_t *dnskey, const knot_rdataset_t *rrsigs,
                     const dns_key_t *keys, unsigned key_count, time_t now)
{
	knot_rrset_t rrset;
	knot_rrset_init(&rrset, (knot_dname_t *)zone, KNOT_RRTYPE_DNSKEY, KNOT_CLASS_IN, 0);
	rrset.rrs = *dnskey;
	return dns_rrset_signers(zone, &rrset, rrsigs, keys, key_count, now);
}

/*! What a digest type of a DS is worth; all that depends on digest types is decided by this. */
typedef enum {
	DIGEST_IGNORED, /*!< No validator that we know of reads it: GOST, private, future types. */
	DIGEST_WEAK,    /*!< SHA-1: some validators take it, others do not (RFC 9905 3). */
	DIGEST_GOOD,    /*!< RFC 4509, RFC 6605: every validator takes it. */
} digest_use_t;

static digest_use_t digest_use(uint8_t type)
{
	switch (type) {
	case DNSSEC_KEY_DIGEST_SHA256:
	case DNSSEC_KEY_DIGEST_SHA384:
		return DIGEST_GOOD;
	case DNSSEC_KEY_DIGEST_SHA1:
		return DIGEST_WEAK;
	default:
		return DIGEST_IGNORED;
	}
}

/*! Digests of one key, made when a DS asks for them, each once. */
typedef struct {
	bool made[DNSSEC_KEY_DIGEST_SHA384 + 1];
	dnssec_binary_t ds[DNSSEC_KEY_DIGEST_SHA384 + 1]; /*!< DS RDATA; empty if there is none. */
} digests_t;

static const dnssec_binary_t *digest_of(const knot_dname_t *zone, const dns_key_t *key, digests_t *digests,
                                        uint8_t type)
{
	if (!digests->made[type]) {
		digests->made[type] = true;
		dnssec_key_t *loaded = key_load(zone, key->rdata, key->rdata_len);
		if (loaded != NULL) {
			(void)dnssec_key_create_ds(loaded, type, &digests->ds[type]);
		}
		dnssec_key_free(loaded);
	}
	return &digests->ds[type];
}

/*! Tag, algorithm and digest; of a known digest type. */
static bool ds_names_key(const knot_dname_t *zone, const knot_rdata_t *ds, const dns_key_t *key, digests_t *digests)
{
	/* The tag alone proves nothing (RFC 4034 B), it only saves hashing. */
	if (knot_ds_key_tag(ds) != key->id.tag || knot_ds_alg(ds) != key->id.algorithm) {
		return false;
	}

	if (knot_ds_digest_type(ds) == DNSSEC_KEY_DIGEST_SHA256) {
		return ds->len == DS_FIXED_LEN + sizeof(key->id.digest) &&
		       memcmp(knot_ds_digest(ds), key->id.digest, sizeof(key->id.digest)) == 0;
	}
	if (key->rdata == NULL) {
		return false;
	}
	const dnssec_binary_t *own = digest_of(zone, key, digests, knot_ds_digest_type(ds));
	return own->size == ds->len && memcmp(own->data, ds->data, ds->len) == 0;
}

static keyset_t named_by(const knot_dname_t *zone, const knot_rdata_t *ds, const dns_key_t *keys, unsigned key_count,
                         digests_t *digests)
{
	keyset_t named = 0;
	for (unsigned k = 0; k < key_count; k++) {
		if (ds_names_key(zone, ds, &keys[k], digests != NULL ? &digests[k] : NULL)) {
			named |= 1U << k;
		}
	}
	return named;
}

void dns_ds_match(const knot_dname_t *zone, const knot_rdataset_t *ds, const dns_key_t *keys, unsigned key_count,
                  dns_ds_t *out)
{
	assert(zone && ds && out && (keys || key_count == 0));
	assert(key_count <= ROLLOVER_KEYS_MAX);

	digests_t digests[ROLLOVER_KEYS_MAX] = { 0 };
	*out = (dns_ds_t){ 0 };

	const knot_rdata_t *rr = ds->rdata;
	for (uint16_t i = 0; i < ds->count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		if (rr->len <= DS_FIXED_LEN) {
			out->foreign = true;
			continue;
		}
		digest_use_t use = digest_use(knot_ds_digest_type(rr));
		if (use == DIGEST_IGNORED || !dnssec_algorithm_key_support(knot_ds_alg(rr))) {
			if (out->ignored++ == 0) {
				out->ignored_tag = knot_ds_key_tag(rr);
				out->ignored_algorithm = knot_ds_alg(rr);
				out->ignored_digest = knot_ds_digest_type(rr);
			}
			continue;
		}
		keyset_t named = named_by(zone, rr, keys, key_count, digests);
		out->foreign = out->foreign || named == 0;
		if (use == DIGEST_GOOD) {
			out->keys |= named;
		} else {
			out->sha1 |= named;
		}
	}
	out->sha1 &= ~out->keys;

	for (unsigned k = 0; k < key_count; k++) {
		for (unsigned type = 0; type <= DNSSEC_KEY_DIGEST_SHA384; type++) {
			dnssec_binary_free(&digests[k].ds[type]);
		}
	}
}

keyset_t dns_cds_match(const knot_dname_t *zone, const knot_rdataset_t *cds, const dns_key_t *keys, unsigned key_count,
                       bool *unwanted)
{
	assert(zone && cds && unwanted && (keys || key_count == 0));
	assert(key_count <= ROLLOVER_KEYS_MAX);

	keyset_t set = 0;
	*unwanted = false;

	const knot_rdata_t *rr = cds->rdata;
	for (uint16_t i = 0; i < cds->count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		keyset_t named = 0;
		if (rr->len > DS_FIXED_LEN && knot_ds_digest_type(rr) == DNSSEC_KEY_DIGEST_SHA256) {
			named = named_by(zone, rr, keys, key_count, NULL);
		}
		set |= named;
		*unwanted = *unwanted || named == 0;
	}
	return set;
}

static bool dnskey_is(const knot_dname_t *zone, const knot_rdata_t *rr, const dns_key_t *key)
{
	if (key->rdata != NULL) {
		return rr->len == key->rdata_len && memcmp(rr->data, key->rdata, rr->len) == 0;
	}
	const dnssec_binary_t bin = { .data = (uint8_t *)rr->data, .size = rr->len };
	uint16_t tag = 0;
	if (rr->len <= DNSKEY_FIXED_LEN || knot_dnskey_alg(rr) != key->id.algorithm ||
	    dnssec_keytag(&bin, &tag) != DNSSEC_EOK || tag != key->id.tag) {
		return false;
	}

	key_id_t id;
	return dns_key_id(zone, rr->data, rr->len, &id) == KNOT_EOK &&
	       memcmp(id.digest, key->id.digest, sizeof(id.digest)) == 0;
}

keyset_t dns_cdnskey_match(const knot_dname_t *zone, const knot_rdataset_t *cdnskey, const dns_key_t *keys,
                           unsigned key_count, bool *foreign)
{
	assert(zone && cdnskey && (keys || key_count == 0));
	assert(key_count <= ROLLOVER_KEYS_MAX);

	keyset_t set = 0;
	bool unknown = false;

	const knot_rdata_t *rr = cdnskey->rdata;
	for (uint16_t i = 0; i < cdnskey->count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		keyset_t named = 0;
		for (unsigned k = 0; k < key_count; k++) {
			if (dnskey_is(zone, rr, &keys[k])) {
				named |= 1U << k;
			}
		}
		set |= named;
		unknown = unknown || named == 0;
	}

	if (foreign != NULL) {
		*foreign = unknown;
	}
	return set;
}

static bool is_only(const knot_rdataset_t *set, const uint8_t rdata[static 5])
{
	return set->count == 1 && set->rdata->len == 5 && memcmp(set->rdata->data, rdata, 5) == 0;
}

bool dns_cds_removes(const knot_rdataset_t *cds)
{
	return is_only(cds, (const uint8_t[]){ 0, 0, 0, 0, 0 });
}

bool dns_cdnskey_removes(const knot_rdataset_t *cdnskey)
{
	return is_only(cdnskey, (const uint8_t[]){ 0, 0, 3, 0, 0 });
}
