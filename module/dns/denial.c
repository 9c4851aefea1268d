/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "denial.h"
#include "util/knot.h"

/*! SHA-1, the only hash of NSEC3. */
#define HASH_LEN 20
/*! Its base32hex text. */
#define HASH_TEXT_LEN 32
/*! NSEC3 RDATA before the salt. */
#define NSEC3_FIXED_LEN 5
/*! Owners of NSEC3 in one answer; three are the most a proof needs. */
#define NSEC3_MAX 8

static const char *const UNPROVEN = "unproven NODATA";

/*! A verified NSEC3 with its bounds checked. */
typedef struct {
	uint8_t hash[HASH_LEN];
	const uint8_t *next;
	const uint8_t *bitmap;
	uint16_t bitmap_len;
	bool opt_out;
	dnssec_nsec3_params_t params; /*!< The salt is borrowed. */
} nsec3_t;

typedef struct {
	const knot_dname_t *zone;
	const verify_key_t *keys;
	unsigned key_count;
	time_t now;
	work_t *work;
	denial_proof_t proof; /*!< Of what has verified. */
	unsigned verified;    /*!< RRsets. */
} judge_t;

static bool verified(judge_t *judge, const packet_rrset_t *set)
{
	verify_result_t result = verify_rrset(judge->zone, &set->rrset, &set->rrsigs, judge->keys, judge->key_count,
	                                      judge->now, judge->work);
	if (result.original_ttl > judge->proof.ttl) {
		judge->proof.ttl = result.original_ttl;
	}
	if (result.keys != 0) {
		judge->proof.signers &= result.keys;
		judge->proof.algorithms &= result.algorithms;
		judge->proof.named = judge->verified == 0 || judge->proof.named == result.named ? result.named : 0;
		judge->verified++;
	}
	return result.keys != 0;
}

/*! What the type bitmap of a matching record must say. */
static bool bitmap_denies(const uint8_t *bitmap, uint16_t len, uint16_t type)
{
	if (dnssec_nsec_bitmap_contains(bitmap, len, type) ||
	    dnssec_nsec_bitmap_contains(bitmap, len, KNOT_RRTYPE_CNAME)) {
		return false;
	}
	/* RFC 6840 4.4: no DS is proven only from the parent's side of the zone cut. */
	return type != KNOT_RRTYPE_DS || (dnssec_nsec_bitmap_contains(bitmap, len, KNOT_RRTYPE_NS) &&
	                                  !dnssec_nsec_bitmap_contains(bitmap, len, KNOT_RRTYPE_SOA));
}

static bool nsec_proves(judge_t *judge, const knot_pkt_t *pkt, const knot_dname_t *name, uint16_t type)
{
	packet_rrset_t set;
	bool proven = false;
	if (packet_rrset(pkt, KNOT_AUTHORITY, name, KNOT_RRTYPE_NSEC, &set) == KNOT_EOK && set.rrset.rrs.count == 1) {
		const knot_rdata_t *rr = set.rrset.rrs.rdata;
		int next_len = knot_dname_wire_check(rr->data, rr->data + rr->len, NULL);
		proven = next_len > 0 && bitmap_denies(rr->data + next_len, rr->len - next_len, type) &&
		         verified(judge, &set);
	}
	packet_rrset_clear(&set);
	return proven;
}

/*! Reads the first label of an NSEC3 owner (RFC 5155 3: base32hex without padding), in lower case. */
static bool owner_hash(const knot_dname_t *owner, uint8_t hash[HASH_LEN])
{
	if (owner[0] != HASH_TEXT_LEN) {
		return false;
	}

	/* 8 characters of 5 bits are 5 bytes; 32 characters end even. */
	uint64_t bits = 0;
	for (unsigned i = 0; i < HASH_TEXT_LEN; i++) {
		uint8_t c = owner[1 + i];
		if (c >= '0' && c <= '9') {
			c -= '0';
		} else if (c >= 'a' && c <= 'v') {
			c = c - 'a' + 10;
		} else {
			return false;
		}
		bits = bits << 5 | c;
		if (i % 8 == 7) {
			for (unsigned b = 0; b < 5; b++) {
				hash[i / 8 * 5 + b] = bits >> (32 - 8 * b);
			}
			bits = 0;
		}
	}
	return true;
}

static bool nsec3_open(const knot_dname_t *owner, const knot_rdata_t *rr, nsec3_t *out)
{
	if (rr->len < NSEC3_FIXED_LEN + 1 || !owner_hash(owner, out->hash)) {
		return false;
	}

	size_t salt_len = knot_nsec3_salt_len(rr);
	size_t hash_at = NSEC3_FIXED_LEN + salt_len;
	if (rr->len < hash_at + 1 + HASH_LEN || rr->data[hash_at] != HASH_LEN) {
		return false;
	}

	out->next = rr->data + hash_at + 1;
	out->bitmap = out->next + HASH_LEN;
	out->bitmap_len = rr->len - (hash_at + 1 + HASH_LEN);
	out->opt_out = (knot_nsec3_flags(rr) & KNOT_NSEC3_FLAG_OPT_OUT) != 0;
	out->params.algorithm = knot_nsec3_alg(rr);
	out->params.iterations = knot_nsec3_iters(rr);
	out->params.salt.size = salt_len;
	out->params.salt.data = (uint8_t *)rr->data + NSEC3_FIXED_LEN;

	return knot_nsec3_alg(rr) == KNOT_NSEC3_ALGORITHM_SHA1 &&
	       (knot_nsec3_flags(rr) & ~KNOT_NSEC3_FLAG_OPT_OUT) == 0;
}

/*! RFC 5155 7.2, 8.2: all NSEC3 of an answer have the same parameters. So each name is hashed once. */
static bool same_params(const nsec3_t *a, const nsec3_t *b)
{
	return a->params.iterations == b->params.iterations && a->params.salt.size == b->params.salt.size &&
	       memcmp(a->params.salt.data, b->params.salt.data, a->params.salt.size) == 0;
}

static bool hash_name(judge_t *judge, const nsec3_t *record, const knot_dname_t *name, uint8_t hash[HASH_LEN])
{
	if (!work_hash(judge->work, record->params.iterations)) {
		return false;
	}
	const dnssec_binary_t data = { .data = (uint8_t *)name, .size = knot_dname_size(name) };
	dnssec_binary_t out = { 0 };
	bool ok = dnssec_nsec3_hash(&data, &record->params, &out) == DNSSEC_EOK && out.size == HASH_LEN;
	if (ok) {
		memcpy(hash, out.data, HASH_LEN);
	}
	dnssec_binary_free(&out);
	return ok;
}

static bool matches(const nsec3_t *record, const uint8_t hash[HASH_LEN])
{
	return memcmp(hash, record->hash, HASH_LEN) == 0;
}

static bool covers(const nsec3_t *record, const uint8_t hash[HASH_LEN])
{
	bool after = memcmp(hash, record->hash, HASH_LEN) > 0;
	bool ahead = memcmp(hash, record->next, HASH_LEN) < 0;
	/* The last record of the chain points back to the first. */
	bool last = memcmp(record->hash, record->next, HASH_LEN) >= 0;
	return last ? (after || ahead) : (after && ahead);
}

/*! Opt-out: walks up to the closest encloser; the name just below it must be covered. */
static bool opt_out_proves(judge_t *judge, const knot_dname_t *name, uint8_t hash[HASH_LEN], const nsec3_t *records,
                           unsigned count)
{
	const knot_dname_t *below = name;
	while (!knot_dname_is_equal(below, judge->zone) && *below != '\0') {
		bool enclosed = false, skipped = false;
		for (unsigned i = 0; i < count; i++) {
			skipped = skipped || (records[i].opt_out && covers(&records[i], hash));
		}
		below = knot_dname_next_label(below);
		if (!hash_name(judge, &records[0], below, hash)) {
			return false;
		}
		for (unsigned i = 0; i < count; i++) {
			enclosed = enclosed || matches(&records[i], hash);
		}
		if (enclosed) {
			return skipped;
		}
	}
	return false;
}

static bool nsec3_judge(judge_t *judge, const knot_dname_t *name, uint16_t type, const nsec3_t *records, unsigned count)
{
	uint8_t hash[HASH_LEN];
	if (count == 0 || !hash_name(judge, &records[0], name, hash)) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		if (matches(&records[i], hash)) {
			return bitmap_denies(records[i].bitmap, records[i].bitmap_len, type);
		}
	}
	return type == KNOT_RRTYPE_DS && opt_out_proves(judge, name, hash, records, count);
}

/*! Owners of NSEC3 of the zone, each once. False: there are more than any proof has. */
static bool nsec3_owners(const judge_t *judge, const knot_pkt_t *pkt, const knot_dname_t *owners[NSEC3_MAX],
                         unsigned *count)
{
	*count = 0;
	const knot_pktsection_t *authority = knot_pkt_section(pkt, KNOT_AUTHORITY);
	for (uint16_t i = 0; i < authority->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(authority, i);
		if (rr->type != KNOT_RRTYPE_NSEC3 || !packet_rr_usable(rr) || *rr->owner == '\0' ||
		    !knot_dname_is_equal(knot_dname_next_label(rr->owner), judge->zone)) {
			continue;
		}
		unsigned known = 0;
		while (known < *count && !knot_dname_is_equal(owners[known], rr->owner)) {
			known++;
		}
		if (known == NSEC3_MAX) {
			return false;
		}
		if (known == *count) {
			owners[(*count)++] = rr->owner;
		}
	}
	return true;
}

static const char *nsec3_check(judge_t *judge, const knot_pkt_t *pkt, const knot_dname_t *name, uint16_t type)
{
	const knot_dname_t *owners[NSEC3_MAX];
	packet_rrset_t sets[NSEC3_MAX];
	nsec3_t records[NSEC3_MAX];
	unsigned owner_count, count = 0;
	const char *error = NULL;

	if (!nsec3_owners(judge, pkt, owners, &owner_count)) {
		return "too many NSEC3";
	}
	for (unsigned i = 0; i < owner_count && error == NULL; i++) {
		packet_rrset_t *set = &sets[count];
		if (packet_rrset(pkt, KNOT_AUTHORITY, owners[i], KNOT_RRTYPE_NSEC3, set) != KNOT_EOK ||
		    set->rrset.rrs.count != 1 || !nsec3_open(owners[i], set->rrset.rrs.rdata, &records[count])) {
			packet_rrset_clear(set);
		} else if (records[count].params.iterations > DENIAL_ITERATIONS_MAX) {
			error = "NSEC3 with more iterations than resolvers accept";
			packet_rrset_clear(set);
		} else if ((count > 0 && !same_params(&records[0], &records[count])) || !verified(judge, set)) {
			packet_rrset_clear(set);
		} else {
			count++;
		}
	}
	if (error == NULL && !nsec3_judge(judge, name, type, records, count)) {
		error = UNPROVEN;
	}
	for (unsigned i = 0; i < count; i++) {
		packet_rrset_clear(&sets[i]);
	}
	return error;
}

const char *denial_check(const knot_pkt_t *pkt, const knot_dname_t *zone, const knot_dname_t *name, uint16_t type,
                         const verify_key_t *keys, unsigned key_count, time_t now, work_t *work, denial_proof_t *proof)
{
	assert(pkt && zone && name && work && (keys || key_count == 0));

	judge_t judge = {
		.zone = zone,
		.keys = keys,
		.key_count = key_count,
		.now = now,
		.work = work,
		.proof = { .signers = UINT64_MAX, .algorithms = UINT32_MAX },
	};
	const char *error = nsec_proves(&judge, pkt, name, type) ? NULL : nsec3_check(&judge, pkt, name, type);
	if (work->exhausted) {
		error = "too much to verify";
	}
	if (proof != NULL) {
		*proof = error == NULL ? judge.proof : (denial_proof_t){ 0 };
	}
	return error;
}
