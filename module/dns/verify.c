/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "verify.h"
#include "util/knot.h"
#include "util/rrsig_key.h"

/*! RRSIG RDATA before the signer's name (RFC 4034 3.1). */
#define RRSIG_FIXED_LEN 18
/*! DNSKEY RDATA before the key itself. */
#define DNSKEY_FIXED_LEN 4

/*! Reasons, the later ones say more: the signature got further. */
typedef enum {
	REASON_NONE = 0,
	REASON_NO_RRSIG,
	REASON_MALFORMED,
	REASON_SIGNER,
	REASON_LABELS,
	REASON_NO_KEY,
	REASON_ALGORITHM,
	REASON_KEY_SIZE,
	REASON_SIGNATURE,
	REASON_EARLY,
	REASON_EXPIRED,
	REASON_TOO_MANY,
} reason_t;

/* clang-format off */
static const char *const REASONS[] = {
	[REASON_NONE]      = NULL,
	[REASON_NO_RRSIG]  = "no RRSIG",
	[REASON_MALFORMED] = "malformed RRSIG",
	[REASON_SIGNER]    = "RRSIG by another zone",
	[REASON_LABELS]    = "RRSIG label count differs",
	[REASON_NO_KEY]    = "no RRSIG by a known key",
	[REASON_ALGORITHM] = "algorithm not supported",
	[REASON_KEY_SIZE]  = "RSA key too large",
	[REASON_SIGNATURE] = "signature does not match",
	[REASON_EARLY]     = "RRSIG not yet valid",
	[REASON_EXPIRED]   = "RRSIG expired",
	[REASON_TOO_MANY]  = "too many signatures to check",
};
/* clang-format on */

/*! An RRSIG with its bounds checked. */
typedef struct {
	const knot_rdata_t *rdata;
	const uint8_t *signature;
	size_t signature_len;
	size_t signer_len;
} rrsig_t;

static bool rrsig_open(const knot_rdata_t *rdata, rrsig_t *sig)
{
	if (rdata->len <= RRSIG_FIXED_LEN) {
		return false;
	}

	const uint8_t *signer = rdata->data + RRSIG_FIXED_LEN;
	int signer_len = knot_dname_wire_check(signer, rdata->data + rdata->len, NULL);
	if (signer_len <= 0 || RRSIG_FIXED_LEN + signer_len >= rdata->len) {
		return false;
	}

	sig->rdata = rdata;
	sig->signer_len = signer_len;
	sig->signature = signer + signer_len;
	sig->signature_len = rdata->len - RRSIG_FIXED_LEN - signer_len;
	return true;
}

/*! RFC 4034 3.1.5: the times are serial numbers. */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/*! What can be told without any key. */
static reason_t rrsig_check(const rrsig_t *sig, const knot_dname_t *zone, const knot_rrset_t *rrset, time_t now)
{
	if (!knot_dname_is_case_equal(knot_rrsig_signer_name(sig->rdata), zone)) {
		return REASON_SIGNER;
	}
	if (knot_rrsig_labels(sig->rdata) != knot_dname_labels(rrset->owner, NULL)) {
		return REASON_LABELS;
	}
	if (before((uint32_t)now, knot_rrsig_sig_inception(sig->rdata))) {
		return REASON_EARLY;
	}
	if (before(knot_rrsig_sig_expiration(sig->rdata), (uint32_t)now)) {
		return REASON_EXPIRED;
	}
	return REASON_NONE;
}

/*! Algorithms above 31 have no meaning in the public DNS. */
static uint32_t algorithm_bit(const rrsig_t *sig)
{
	const uint8_t algorithm = knot_rrsig_alg(sig->rdata);

	return algorithm < 32 ? UINT32_C(1) << algorithm : 0;
}

static bool key_fits(const verify_key_t *key, const rrsig_t *sig)
{
	if (key->rdata == NULL || key->len <= DNSKEY_FIXED_LEN) {
		return false;
	}

	uint16_t flags = knot_wire_read_u16(key->rdata);
	uint8_t protocol = key->rdata[2];
	uint8_t algorithm = key->rdata[3];
	if ((flags & KNOT_DNSKEY_FLAG_ZONE) == 0 || (flags & KNOT_DNSKEY_FLAG_REVOKE) != 0 || protocol != 3 ||
	    algorithm != knot_rrsig_alg(sig->rdata)) {
		return false;
	}

	const dnssec_binary_t bin = { .data = (uint8_t *)key->rdata, .size = key->len };
	uint16_t tag = 0;
	return dnssec_keytag(&bin, &tag) == DNSSEC_EOK && tag == knot_rrsig_key_tag(sig->rdata);
}

static int add(dnssec_sign_ctx_t *ctx, const uint8_t *data, size_t len)
{
	const dnssec_binary_t bin = { .data = (uint8_t *)data, .size = len };
	return dnssec_sign_add(ctx, &bin);
}

/*! The signed data of RFC 4034 3.1.8.1. */
static int add_signed_data(dnssec_sign_ctx_t *ctx, const rrsig_t *sig, const knot_rrset_t *rrset)
{
	knot_dname_storage_t signer;
	knot_dname_copy_lower(signer, knot_rrsig_signer_name(sig->rdata));

	int ret = add(ctx, sig->rdata->data, RRSIG_FIXED_LEN);
	if (ret == DNSSEC_EOK) {
		ret = add(ctx, signer, sig->signer_len);
	}

	/* Owner, type, class and TTL are the same for all records of the RRset. */
	uint8_t head[KNOT_DNAME_MAXLEN + 8];
	size_t owner_len = knot_dname_size(rrset->owner);
	knot_dname_copy_lower(head, rrset->owner);
	knot_wire_write_u16(head + owner_len, rrset->type);
	knot_wire_write_u16(head + owner_len + 2, rrset->rclass);
	knot_wire_write_u32(head + owner_len + 4, knot_rrsig_original_ttl(sig->rdata));

	knot_rdata_t *rr = rrset->rrs.rdata;
	for (uint16_t i = 0; ret == DNSSEC_EOK && i < rrset->rrs.count; i++) {
		uint8_t rdlength[2];
		knot_wire_write_u16(rdlength, rr->len);
		ret = add(ctx, head, owner_len + 8);
		if (ret == DNSSEC_EOK) {
			ret = add(ctx, rdlength, sizeof(rdlength));
		}
		if (ret == DNSSEC_EOK && rr->len > 0) {
			ret = add(ctx, rr->data, rr->len);
		}
		rr = knot_rdataset_next(rr);
	}
	return ret;
}

/*! Whether a check with this key takes no longer than with keys in use; RSA: RFC 3110 2. */
static bool size_is_usual(const verify_key_t *key)
{
	switch (key->rdata[3]) {
	case DNSSEC_KEY_ALGORITHM_RSA_SHA1:
	case DNSSEC_KEY_ALGORITHM_RSA_SHA1_NSEC3:
	case DNSSEC_KEY_ALGORITHM_RSA_SHA256:
	case DNSSEC_KEY_ALGORITHM_RSA_SHA512:
		break;
	default:
		return true; /* All keys of the algorithm have the same size. */
	}

	size_t exponent_at = DNSKEY_FIXED_LEN + 1, exponent = key->rdata[DNSKEY_FIXED_LEN];
	if (exponent == 0) {
		if (key->len < DNSKEY_FIXED_LEN + 3) {
			return false;
		}
		exponent = knot_wire_read_u16(key->rdata + DNSKEY_FIXED_LEN + 1);
		exponent_at += 2;
	}
	return exponent <= VERIFY_RSA_EXPONENT_MAX && key->len >= exponent_at + exponent &&
	       key->len - exponent_at - exponent <= VERIFY_RSA_MODULUS_MAX;
}

static reason_t check_signature(const rrsig_t *sig, const knot_rrset_t *rrset, const verify_key_t *key)
{
	const dnssec_binary_t rdata = { .data = (uint8_t *)key->rdata, .size = key->len };
	const dnssec_binary_t signature = { .data = (uint8_t *)sig->signature, .size = sig->signature_len };

	if (!dnssec_algorithm_key_support(knot_rrsig_alg(sig->rdata))) {
		return REASON_ALGORITHM;
	}

	reason_t reason = REASON_ALGORITHM;
	dnssec_key_t *loaded = NULL;
	dnssec_sign_ctx_t *ctx = NULL;
	if (dnssec_key_new(&loaded) == DNSSEC_EOK && dnssec_key_set_rdata(loaded, &rdata) == DNSSEC_EOK &&
	    dnssec_sign_new(&ctx, loaded) == DNSSEC_EOK) {
		reason = REASON_SIGNATURE;
		if (add_signed_data(ctx, sig, rrset) == DNSSEC_EOK &&
		    dnssec_sign_verify(ctx, false, &signature) == DNSSEC_EOK) {
			reason = REASON_NONE;
		}
	}
	dnssec_sign_free(ctx);
	dnssec_key_free(loaded);
	return reason;
}

/*! Tries all keys on one signature that is valid as far as can be told without a key. */
static reason_t check_keys(const rrsig_t *sig, const knot_rrset_t *rrset, const verify_key_t *keys, unsigned key_count,
                           work_t *work, verify_result_t *result)
{
	reason_t reason = REASON_NO_KEY;
	for (unsigned k = 0; k < key_count; k++) {
		if ((result->keys & (1ULL << k)) != 0 || !key_fits(&keys[k], sig)) {
			continue;
		}
		reason_t seen = REASON_KEY_SIZE;
		if (size_is_usual(&keys[k])) {
			if (!work_signature(work)) {
				return REASON_TOO_MANY;
			}
			seen = check_signature(sig, rrset, &keys[k]);
		}
		if (seen == REASON_NONE) {
			const uint32_t ttl = knot_rrsig_original_ttl(sig->rdata);
			const uint32_t inception = knot_rrsig_sig_inception(sig->rdata);
			if (result->keys == 0 || (int32_t)(inception - result->inception) < 0) {
				result->inception = inception;
			}
			result->keys |= 1ULL << k;
			if (ttl > result->original_ttl) {
				result->original_ttl = ttl;
			}
		} else if (seen > reason) {
			reason = seen;
		}
	}
	return reason;
}

verify_result_t verify_rrset(const knot_dname_t *zone, const knot_rrset_t *rrset, const knot_rdataset_t *rrsigs,
                             const verify_key_t *keys, unsigned key_count, time_t now, work_t *work)
{
	assert(zone && rrset && rrsigs && work && (keys || key_count == 0));

	verify_result_t result = { 0 };
	if (rrset->owner == NULL || knot_rrset_empty(rrset)) {
		result.reason = "no records";
		return result;
	}
	if (key_count > VERIFY_KEYS_MAX) {
		key_count = VERIFY_KEYS_MAX;
	}

	reason_t reason = REASON_NO_RRSIG;
	knot_rdata_t *rr = rrsigs->rdata;
	for (uint16_t i = 0; i < rrsigs->count && !work->exhausted; i++, rr = knot_rdataset_next(rr)) {
		reason_t why = REASON_MALFORMED;
		rrsig_t sig;
		if (rrsig_open(rr, &sig)) {
			if (knot_rrsig_type_covered(rr) != rrset->type) {
				continue;
			}
			why = rrsig_check(&sig, zone, rrset, now);
			if (why != REASON_SIGNER && why != REASON_LABELS) {
				result.algorithms |= algorithm_bit(&sig);
				result.named += rrsig_key(rr);
			}
			if (why == REASON_NONE) {
				why = check_keys(&sig, rrset, keys, key_count, work, &result);
			}
		}
		if (why > reason) {
			reason = why;
		}
	}

	if (work->exhausted) {
		/* Which signatures came first is the server's choice: a part of them proves nothing. */
		result.keys = 0;
		result.original_ttl = result.inception = 0;
		result.algorithms = result.named = 0;
		reason = REASON_TOO_MANY;
	}
	if (result.keys == 0) {
		result.reason = REASONS[reason];
	}
	return result;
}
