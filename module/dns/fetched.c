/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "denial.h"
#include "fetched.h"

void fetched_keys_add(fetched_keys_t *keys, const knot_rdataset_t *dnskey)
{
	const knot_rdata_t *rr = dnskey->rdata;
	for (uint16_t i = 0; i < dnskey->count && keys->count < VERIFY_KEYS_MAX; i++) {
		keys->key[keys->count++] = (verify_key_t){ rr->data, rr->len };
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
}

/*! Says why an answer is not usable, or returns false if it claims to be authoritative and without error. */
static bool unusable(const knot_pkt_t *pkt, char *why, size_t size)
{
	const uint16_t rcode = knot_pkt_ext_rcode(pkt);
	if (rcode != KNOT_RCODE_NOERROR) {
		const char *text = knot_pkt_ext_rcode_name(pkt);
		if (*text != '\0') {
			snprintf(why, size, "%s", text);
		} else {
			snprintf(why, size, "RCODE %u", rcode);
		}
		return true;
	}
	if (!knot_wire_get_aa(pkt->wire)) {
		snprintf(why, size, "not authoritative");
		return true;
	}
	return false;
}

void fetched_read(fetched_t *out, const uint8_t *wire, size_t len, const knot_dname_t *name, uint16_t type)
{
	assert(out && name);

	memset(out, 0, sizeof(*out));
	out->said = FETCHED_UNUSABLE;
	out->name = name;
	out->type = type;
	const char *error = packet_open(wire, len, name, type, &out->pkt);
	if (error != NULL) {
		snprintf(out->why, sizeof(out->why), "%s", error);
		return;
	}
	if (unusable(out->pkt, out->why, sizeof(out->why))) {
		return;
	}

	int ret = packet_rrset(out->pkt, KNOT_ANSWER, name, type, &out->set);
	if (ret != KNOT_EOK) {
		out->said = ret == KNOT_ESPACE ? FETCHED_TOO_MANY : FETCHED_NO_MEMORY;
		snprintf(out->why, sizeof(out->why), "%s", packet_error(ret));
	} else {
		out->said = out->set.rrset.rrs.count > 0 ? FETCHED_RRSET : FETCHED_NONE;
	}
}

void fetched_clear(fetched_t *fetched)
{
	packet_rrset_clear(&fetched->set);
	knot_pkt_free(fetched->pkt);
	fetched->pkt = NULL;
}

verify_result_t fetched_signers(const fetched_t *fetched, const knot_dname_t *zone, const verify_key_t *keys,
                                unsigned count, const fetched_clock_t *clock)
{
	assert(fetched->said == FETCHED_RRSET);

	return verify_rrset(zone, &fetched->set.rrset, &fetched->set.rrsigs, keys, count, clock->now, clock->work);
}

int fetched_soa_count(const fetched_t *fetched, const knot_dname_t *zone)
{
	packet_rrset_t soa;
	int ret = packet_rrset(fetched->pkt, KNOT_AUTHORITY, zone, KNOT_RRTYPE_SOA, &soa);
	int count = ret == KNOT_EOK ? soa.rrset.rrs.count : ret == KNOT_ESPACE ? -1 : -2;
	packet_rrset_clear(&soa);
	return count;
}

bool fetched_is_empty(const fetched_t *fetched)
{
	const knot_pktsection_t *answer = knot_pkt_section(fetched->pkt, KNOT_ANSWER);
	for (uint16_t i = 0; i < answer->count; i++) {
		if (knot_pkt_rr(answer, i)->type != KNOT_RRTYPE_RRSIG) {
			return false;
		}
	}
	return true;
}

uint32_t fetched_ttl(uint32_t original, uint32_t received)
{
	/* A TTL with the highest bit set is 0 (RFC 2181 8). If the signed one has it, the received one is all that
	 * bounds a cache. */
	return original <= INT32_MAX ? original : received <= INT32_MAX ? received : 0;
}

/*!
 * RFC 2308 5: SOA TTL and MINIMUM. A cache that makes use of NSEC (RFC 8198) holds the proof itself: its TTL should be
 * the same (RFC 9077), but may be larger.
 */
static uint32_t denial_ttl(const packet_rrset_t *soa, uint32_t signed_ttl, const denial_proof_t *proof)
{
	const uint32_t held = fetched_ttl(signed_ttl, soa->rrset.ttl), proof_held = fetched_ttl(proof->ttl, 0);
	const uint32_t minimum = knot_soa_minimum(soa->rrset.rrs.rdata);
	const uint32_t longest = held > proof_held ? held : proof_held;

	return longest < minimum ? longest : minimum;
}

/*! What the SOA of the answer adds to the proof. */
static fetched_denial_t soa_adds(const fetched_t *fetched, const knot_dname_t *zone, const fetched_keys_t *keys,
                                 const fetched_clock_t *clock, const denial_proof_t *proof)
{
	fetched_denial_t denial = { 0 };
	packet_rrset_t soa;
	int ret = packet_rrset(fetched->pkt, KNOT_AUTHORITY, zone, KNOT_RRTYPE_SOA, &soa);

	if (ret != KNOT_EOK || soa.rrset.rrs.count != 1) {
		denial.unsigned_soa = ret != KNOT_EOK ? packet_error(ret) : "no SOA";
	} else {
		const verify_result_t result =
			verify_rrset(zone, &soa.rrset, &soa.rrsigs, keys->key, keys->count, clock->now, clock->work);
		if (result.keys == 0) {
			denial.unsigned_soa = "unproven NODATA";
		} else {
			denial.ttl = denial_ttl(&soa, result.original_ttl, proof);
			denial.serial = knot_soa_serial(soa.rrset.rrs.rdata);
			denial.signers = result.keys & proof->signers;
			denial.algorithms = result.algorithms & proof->algorithms;
			denial.named = result.named == proof->named ? result.named : 0;
		}
	}
	packet_rrset_clear(&soa);
	return denial;
}

const char *fetched_denied(const fetched_t *fetched, const knot_dname_t *zone, const fetched_keys_t *keys,
                           const fetched_clock_t *clock, fetched_denial_t *denial)
{
	assert(fetched->said == FETCHED_NONE);

	denial_proof_t proof;
	const char *error = denial_check(fetched->pkt, zone, fetched->name, fetched->type, keys->key, keys->count,
	                                 clock->now, clock->work, &proof);
	if (error == NULL && denial != NULL) {
		*denial = soa_adds(fetched, zone, keys, clock, &proof);
	}
	return error == NULL && clock->work->exhausted ? "too much to verify" : error;
}
