/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "denial.h"
#include "fetched.h"
#include "interpret.h"
#include "interpret_common.h"

_Static_assert(DENIAL_ITERATIONS_MAX == DNS_NSEC3_ITERATIONS_MAX, "what is a proof here is configured so");

static void say(char *detail, size_t size, const char *text)
{
	snprintf(detail, size, "%s", text);
}

answer_status_t interpret_status(fetched_said_t said)
{
	return said == FETCHED_TOO_MANY ? ANSWER_BOGUS : ANSWER_ERROR;
}

void interpret_why(const fetched_t *fetched, const char *about, char *detail, size_t size)
{
	if (fetched->said == FETCHED_UNUSABLE) {
		say(detail, size, fetched->why);
	} else {
		snprintf(detail, size, "%s: %.100s", about, fetched->why);
	}
}

fetched_clock_t interpret_clock(const interpret_zone_t *zone)
{
	return (fetched_clock_t){ .now = zone->now, .work = zone->work };
}

/*! The RDATA of a known key; of one that is remembered by its digest only, if \a served has it. */
static verify_key_t rdata_of(const interpret_zone_t *zone, const dns_key_t *key, const knot_rdataset_t *served)
{
	if (key->rdata != NULL) {
		return (verify_key_t){ key->rdata, key->rdata_len };
	}
	const knot_rdata_t *rr = served->rdata;
	for (uint16_t i = 0; i < served->count; i++, rr = knot_rdataset_next((knot_rdata_t *)rr)) {
		const knot_rdataset_t one = { 1, knot_rdata_size(rr->len), (knot_rdata_t *)rr };
		if (dns_cdnskey_match(zone->zone, &one, key, 1, NULL) != 0) {
			return (verify_key_t){ rr->data, rr->len };
		}
	}
	return (verify_key_t){ 0 };
}

/*!
 * \brief KSKs that have validly signed an RRset.
 *
 * \param among   Only these.
 * \param served  DNSKEY RRset of the server.
 */
static keyset_t signers(const interpret_zone_t *zone, const fetched_t *fetched, keyset_t among,
                        const knot_rdataset_t *served, verify_result_t *result)
{
	/* Indexes of the list and of the keys are the same; an empty entry never verifies. */
	verify_key_t keys[ROLLOVER_KEYS_MAX] = { 0 };
	for (unsigned i = 0; i < zone->key_count; i++) {
		if ((among & (1U << i)) != 0) {
			keys[i] = rdata_of(zone, &zone->keys[i], served);
		}
	}
	const fetched_clock_t clock = interpret_clock(zone);
	*result = fetched_signers(fetched, zone->zone, keys, zone->key_count, &clock);
	return result->keys;
}

/*! A revoked key is none: it signs nothing but its own revocation (RFC 5011 2.1). */
static bool is_ksk(const knot_rdata_t *rr)
{
	const uint16_t mask = KNOT_DNSKEY_FLAG_ZONE | KNOT_DNSKEY_FLAG_SEP | KNOT_DNSKEY_FLAG_REVOKE;
	return rr->len >= sizeof(uint16_t) &&
	       (knot_dnskey_flags(rr) & mask) == (KNOT_DNSKEY_FLAG_ZONE | KNOT_DNSKEY_FLAG_SEP);
}

/*! Which of the known keys are there, and is there a KSK that the own zone does not have? */
static keyset_t present(const interpret_zone_t *zone, const knot_rdataset_t *dnskey, bool *foreign)
{
	keyset_t set = 0;
	*foreign = false;

	knot_rdata_t *rr = dnskey->rdata;
	for (uint16_t i = 0; i < dnskey->count; i++, rr = knot_rdataset_next(rr)) {
		if (!is_ksk(rr)) {
			continue;
		}
		const knot_rdataset_t one = { 1, knot_rdata_size(rr->len), rr };
		bool unknown = false;
		set |= dns_cdnskey_match(zone->zone, &one, zone->keys, zone->key_count, &unknown);
		/* The own zone may have KSKs that are not known: of an algorithm that libdnssec does not support. */
		*foreign = *foreign || (unknown && (zone->dnskey == NULL || !knot_rdataset_member(zone->dnskey, rr)));
	}
	return set;
}

static void judge_dnskey(const interpret_zone_t *zone, const fetched_t *fetched, child_answer_t *out,
                         knot_rdataset_t *served)
{
	static const knot_rdataset_t none = { 0 };
	const knot_rdataset_t *dnskey = &fetched->set.rrset.rrs;
	const knot_rdataset_t *own = zone->dnskey != NULL ? zone->dnskey : &none;

	out->dnskey = present(zone, dnskey, &out->dnskey_foreign);
	out->dnskey_equal = knot_rdataset_eq(dnskey, own);

	verify_result_t known;
	out->dnskey_signed_by = signers(zone, fetched, out->dnskey, dnskey, &known);

	verify_result_t any = known;
	if (known.keys == 0) {
		/* Somebody else's, or broken? Keys out of the answer itself prove nothing more, and no TTL. */
		fetched_keys_t all = { 0 };
		const fetched_clock_t clock = interpret_clock(zone);
		fetched_keys_add(&all, dnskey);
		any = fetched_signers(fetched, zone->zone, all.key, all.count, &clock);
	} else {
		out->dnskey_ttl = fetched_ttl(known.original_ttl, fetched->set.rrset.ttl);
	}

	if (any.keys == 0) {
		out->status = ANSWER_BOGUS;
		snprintf(out->detail, sizeof(out->detail), "DNSKEY: %s", any.reason);
	}

	if (knot_rdataset_merge(served, own, NULL) != KNOT_EOK ||
	    (known.keys != 0 && knot_rdataset_merge(served, dnskey, NULL) != KNOT_EOK)) {
		out->status = ANSWER_ERROR;
		say(out->detail, sizeof(out->detail), "out of memory");
	}
}

/*! What is known, with the budget of the reply or, if there is none, one of this answer. */
interpret_zone_t interpret_with_work(const interpret_zone_t *zone, work_t *own)
{
	interpret_zone_t known = *zone;
	if (known.work == NULL) {
		*own = (work_t){ 0 };
		known.work = own;
	}
	return known;
}

void interpret_dnskey(const interpret_zone_t *zone, const uint8_t *wire, size_t len, child_answer_t *out,
                      knot_rdataset_t *served)
{
	assert(zone && out && served);
	assert(zone->key_count <= ROLLOVER_KEYS_MAX);

	work_t own;
	const interpret_zone_t known = interpret_with_work(zone, &own);

	knot_rdataset_init(served);
	out->status = ANSWER_ERROR;

	fetched_t fetched;
	fetched_read(&fetched, wire, len, zone->zone, KNOT_RRTYPE_DNSKEY);
	switch (fetched.said) {
	case FETCHED_RRSET:
		out->status = ANSWER_OK;
		judge_dnskey(&known, &fetched, out, served);
		break;
	case FETCHED_NONE:
		say(out->detail, sizeof(out->detail), "no DNSKEY");
		break;
	default:
		out->status = interpret_status(fetched.said);
		interpret_why(&fetched, "DNSKEY", out->detail, sizeof(out->detail));
	}
	fetched_clear(&fetched);
}

/*! Sets a worse status, or keeps what is there already. */
static void worsen(child_answer_t *out, answer_status_t status, const char *about, const char *detail)
{
	/* An error says that the server is not usable at all; bogus data is the next worse. */
	if (out->status == ANSWER_OK || (out->status == ANSWER_BOGUS && status == ANSWER_ERROR)) {
		out->signals_wrong = out->signals_wrong || out->status == ANSWER_OK;
		out->status = status;
		snprintf(out->detail, sizeof(out->detail), "%s: %.100s", about, detail);
	}
}

/*! Whether the KSKs sign the data: the own zone has no other key. */
static bool is_csk(const interpret_zone_t *zone)
{
	if (zone->dnskey == NULL) {
		return false;
	}
	knot_rdata_t *rr = zone->dnskey->rdata;
	for (uint16_t i = 0; i < zone->dnskey->count; i++, rr = knot_rdataset_next(rr)) {
		if (rr->len >= sizeof(uint16_t) && (knot_dnskey_flags(rr) & KNOT_DNSKEY_FLAG_ZONE) && !is_ksk(rr) &&
		    !(knot_dnskey_flags(rr) & KNOT_DNSKEY_FLAG_REVOKE)) {
			return false;
		}
	}
	return true;
}

/*! Which of the known keys are among those that have signed, bit i: \a keys[i]. */
static keyset_t known_among(const interpret_zone_t *zone, const fetched_keys_t *keys, uint64_t signed_by,
                            const knot_rdataset_t *served)
{
	keyset_t set = 0;
	for (unsigned i = 0; i < zone->key_count; i++) {
		const verify_key_t key = rdata_of(zone, &zone->keys[i], served);
		for (unsigned k = 0; k < keys->count && key.len > 0; k++) {
			if ((signed_by & (UINT64_C(1) << k)) && keys->key[k].len == key.len &&
			    memcmp(keys->key[k].rdata, key.rdata, key.len) == 0) {
				set |= 1U << i;
			}
		}
	}
	return set;
}

/*! Whether a key without SEP is among them. */
static bool has_zsk(const fetched_keys_t *keys, uint64_t signed_by)
{
	for (unsigned k = 0; k < keys->count; k++) {
		/* The flags are the first field (RFC 4034 2.1). */
		if ((signed_by & (UINT64_C(1) << k)) && keys->key[k].len >= sizeof(uint16_t) &&
		    !(knot_wire_read_u16(keys->key[k].rdata) & KNOT_DNSKEY_FLAG_SEP)) {
			return true;
		}
	}
	return false;
}

static void judge_nodata(const interpret_zone_t *zone, const knot_rdataset_t *served, const fetched_t *fetched,
                         const char *about, child_answer_t *out)
{
	if (!fetched_is_empty(fetched) || fetched_soa_count(fetched, zone->zone) <= 0) {
		worsen(out, ANSWER_ERROR, about, "neither records nor NODATA");
		return;
	}

	/* "CDS is gone" moves a rollover on: it needs a proof like everything that does. */
	fetched_keys_t keys = { 0 };
	const fetched_clock_t clock = interpret_clock(zone);
	fetched_keys_add(&keys, served);
	fetched_denial_t denial = { 0 };
	const bool data = fetched->type == KNOT_RRTYPE_CDS, csk = data && is_csk(zone);
	const char *error = fetched_denied(fetched, zone->zone, &keys, &clock, data ? &denial : NULL);
	if (error == NULL && csk) {
		error = denial.unsigned_soa;
	}
	if (error != NULL) {
		worsen(out, ANSWER_BOGUS, about, error);
	} else if (data && denial.unsigned_soa == NULL) {
		out->serial_known = true;
		out->serial = denial.serial;
		out->data_algorithms = denial.algorithms;
		out->data_keys = denial.named;
		out->data_signed_by = known_among(zone, &keys, denial.signers, served);
		out->data_by_zsk = has_zsk(&keys, denial.signers);
	}
}

static void judge_signal(const interpret_zone_t *zone, const knot_rdataset_t *served, const fetched_t *fetched,
                         const char *about, signal_rrset_t *signal, child_answer_t *out)
{
	const knot_rdataset_t *rrs = &fetched->set.rrset.rrs;
	const bool cds = fetched->type == KNOT_RRTYPE_CDS;
	verify_result_t result;
	signal->present = true;
	signal->keys = (cds ? dns_cds_match : dns_cdnskey_match)(zone->zone, rrs, zone->keys, zone->key_count,
	                                                         &signal->unwanted);
	signal->remove = cds ? dns_cds_removes(rrs) : dns_cdnskey_removes(rrs);
	signal->signed_by = signers(zone, fetched, UINT16_MAX, served, &result);
	if (zone->work->exhausted) {
		worsen(out, ANSWER_BOGUS, about, result.reason);
	}
}

void interpret_signal(const interpret_zone_t *zone, const knot_rdataset_t *served, uint16_t type, const uint8_t *wire,
                      size_t len, child_answer_t *out)
{
	assert(zone && served && out);
	assert(type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY);

	const char *about = type == KNOT_RRTYPE_CDS ? "CDS" : "CDNSKEY";
	signal_rrset_t *signal = type == KNOT_RRTYPE_CDS ? &out->cds : &out->cdnskey;
	memset(signal, 0, sizeof(*signal));
	work_t own;
	const interpret_zone_t known = interpret_with_work(zone, &own);

	fetched_t fetched;
	fetched_read(&fetched, wire, len, zone->zone, type);
	switch (fetched.said) {
	case FETCHED_RRSET:
		judge_signal(&known, served, &fetched, about, signal, out);
		break;
	case FETCHED_NONE:
		judge_nodata(&known, served, &fetched, about, out);
		break;
	default:
		worsen(out, interpret_status(fetched.said), about, fetched.why);
	}
	fetched_clear(&fetched);
}
