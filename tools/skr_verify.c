/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sets of a Signed Key Response as a validator would take them: who has signed, and until when.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "skr.h"

/*! RRSIG RDATA before the signer's name (RFC 4034 3.1). */
#define RRSIG_FIXED 18
/*! DNSKEY RDATA before the key itself. */
#define DNSKEY_FIXED 4

/*! The KSKs of one set, and which of the file they are. */
typedef struct {
	dns_key_t key[ROLLOVER_KEYS_MAX];
	unsigned number[ROLLOVER_KEYS_MAX];
	unsigned count;
} local_t;

static int wrong(skr_t *skr, const char *error)
{
	snprintf(skr->error, sizeof(skr->error), "%s", error);
	return KNOT_EMALF;
}

static skr_keys_t global(const local_t *l, keyset_t keys)
{
	skr_keys_t out = 0;
	for (unsigned i = 0; i < l->count; i++) {
		out |= keys & (1U << i) ? (skr_keys_t)1 << l->number[i] : 0;
	}
	return out;
}

static int number_of(skr_t *skr, const key_id_t *id)
{
	int found = key_id_find(skr->ksk, skr->ksk_count, id);
	if (found < 0 && skr->ksk_count < SKR_KSKS_MAX) {
		skr->ksk[skr->ksk_count] = *id;
		found = skr->ksk_count++;
	}
	return found;
}

/*! KSKs have the SEP flag. A revoked key is none any more (RFC 5011). */
static int find_keys(skr_t *skr, skr_set_t *set, local_t *l)
{
	const knot_rdata_t *rr = set->dnskey.rdata;

	for (uint16_t i = 0; i < set->dnskey.count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		if (rr->len <= DNSKEY_FIXED || (knot_dnskey_flags(rr) & KNOT_DNSKEY_FLAG_REVOKE) ||
		    !(knot_dnskey_flags(rr) & KNOT_DNSKEY_FLAG_ZONE)) {
			continue;
		}
		if (!(knot_dnskey_flags(rr) & KNOT_DNSKEY_FLAG_SEP)) {
			set->zsk_count++;
			continue;
		}
		if (l->count == ROLLOVER_KEYS_MAX) {
			return wrong(skr, "a set has too many KSKs");
		}
		dns_key_t *key = &l->key[l->count];
		*key = (dns_key_t){ .rdata = rr->data, .rdata_len = rr->len };
		if (dns_key_id(skr->zone, rr->data, rr->len, &key->id) != KNOT_EOK) {
			return wrong(skr, "a DNSKEY is malformed, or of an algorithm that is not supported");
		}
		const int number = number_of(skr, &key->id);
		if (number < 0) {
			return wrong(skr, "too many KSKs");
		}
		l->number[l->count++] = number;
		set->ksks |= (skr_keys_t)1 << number;
	}
	return KNOT_EOK;
}

/*! Times of signatures are serial numbers (RFC 4034 3.1.5). */
static time_t end_of(const knot_rdata_t *rrsig, time_t from)
{
	return from + (int32_t)(knot_rrsig_sig_expiration(rrsig) - (uint32_t)from);
}

/*!
 * Each signature alone, so that each has its own budget of work. The last one of a key counts, and of all keys the
 * first to end: any of them may be the only one that the DS names.
 */
static void verify_dnskey(const skr_t *skr, skr_set_t *set, const local_t *l)
{
	time_t end[ROLLOVER_KEYS_MAX] = { 0 };
	keyset_t signers = 0;

	knot_rdata_t *rr = set->rrsig.rdata;
	for (uint16_t i = 0; i < set->rrsig.count; i++, rr = knot_rdataset_next(rr)) {
		if (rr->len <= RRSIG_FIXED || knot_rrsig_type_covered(rr) != KNOT_RRTYPE_DNSKEY) {
			continue;
		}
		const knot_rdataset_t one = { .count = 1, .size = knot_rdata_size(rr->len), .rdata = rr };
		const keyset_t keys = dns_signers(skr->zone, &set->dnskey, &one, l->key, l->count, set->from);
		for (unsigned k = 0; k < l->count; k++) {
			if ((keys & (1U << k)) && end_of(rr, set->from) > end[k]) {
				end[k] = end_of(rr, set->from);
			}
		}
		signers |= keys;
	}
	for (unsigned k = 0; k < l->count; k++) {
		if ((signers & (1U << k)) && (set->until == 0 || end[k] < set->until)) {
			set->until = end[k];
		}
	}
	set->signers = global(l, signers);
}

static bool is_signed(const skr_t *skr, const skr_set_t *set, const local_t *l, const knot_rdataset_t *rrs,
                      uint16_t type)
{
	knot_rrset_t rrset;
	knot_rrset_init(&rrset, (knot_dname_t *)skr->zone, type, KNOT_CLASS_IN, 0);
	rrset.rrs = *rrs;
	return rrs->count == 0 || dns_rrset_signers(skr->zone, &rrset, &set->rrsig, l->key, l->count, set->from) != 0;
}

static void read_signals(const skr_t *skr, skr_set_t *set, const local_t *l)
{
	const bool cds_removes = dns_cds_removes(&set->cds), cdnskey_removes = dns_cdnskey_removes(&set->cdnskey);
	dns_ds_t ds = { 0 };
	bool foreign = false;

	dns_ds_match(skr->zone, &set->cds, l->key, l->count, &ds);
	set->cds_keys = global(l, ds.keys | ds.sha1);
	set->cdnskey_keys = global(l, dns_cdnskey_match(skr->zone, &set->cdnskey, l->key, l->count, &foreign));
	set->cds_removes = cds_removes || cdnskey_removes;
	set->cds_foreign = (!cds_removes && (ds.foreign || ds.ignored > 0)) || (!cdnskey_removes && foreign);
	set->cds_signed = is_signed(skr, set, l, &set->cds, KNOT_RRTYPE_CDS) &&
	                  is_signed(skr, set, l, &set->cdnskey, KNOT_RRTYPE_CDNSKEY);
}

/*! Fills in which KSKs the DS records name. \return Bit i: record i names none of the set. */
static uint32_t match_ds(const skr_t *skr, skr_set_t *set, const local_t *l, const knot_rdataset_t *ds)
{
	uint32_t strangers = 0;

	knot_rdata_t *rr = ds->rdata;
	for (uint16_t i = 0; i < ds->count; i++, rr = knot_rdataset_next(rr)) {
		const knot_rdataset_t one = { .count = 1, .size = knot_rdata_size(rr->len), .rdata = rr };
		dns_ds_t named;
		dns_ds_match(skr->zone, &one, l->key, l->count, &named);
		set->ds_keys |= global(l, named.keys | named.sha1);
		strangers |= named.foreign ? (uint32_t)1 << i : 0;
	}
	return strangers;
}

int skr_verify(skr_t *skr, const knot_rdataset_t *ds)
{
	uint32_t strangers = UINT32_MAX;

	assert(ds->count <= SKR_DS_MAX);
	for (size_t i = 0; i < skr->count; i++) {
		skr_set_t *set = &skr->set[i];
		local_t l = { .count = 0 };
		int ret = find_keys(skr, set, &l);
		if (ret != KNOT_EOK) {
			return ret;
		}
		verify_dnskey(skr, set, &l);
		read_signals(skr, set, &l);
		strangers &= match_ds(skr, set, &l, ds);
	}
	skr->ds_foreign = strangers != 0;
	return KNOT_EOK;
}
