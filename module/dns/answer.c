/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/addr.h"
#include "answer.h"
#include "denial.h"
#include "packet.h"
#include "verify.h"

typedef struct {
	verify_key_t key[VERIFY_KEYS_MAX];
	unsigned count;
} key_list_t;

static void say(char *detail, size_t size, const char *text)
{
	snprintf(detail, size, "%s", text);
}

/*!
 * \brief Opens an answer that claims to be authoritative and without error.
 *
 * \return Packet, or NULL with the reason in \a detail.
 */
static knot_pkt_t *open_authoritative(const uint8_t *wire, size_t len, const knot_dname_t *name, uint16_t type,
                                      char *detail, size_t detail_size)
{
	knot_pkt_t *pkt = NULL;
	const char *error = packet_open(wire, len, name, type, &pkt);
	if (error != NULL) {
		say(detail, detail_size, error);
		return NULL;
	}

	uint16_t rcode = knot_pkt_ext_rcode(pkt);
	if (rcode != KNOT_RCODE_NOERROR) {
		const char *text = knot_pkt_ext_rcode_name(pkt);
		if (*text != '\0') {
			say(detail, detail_size, text);
		} else {
			snprintf(detail, detail_size, "RCODE %u", rcode);
		}
	} else if (!knot_wire_get_aa(wire)) {
		say(detail, detail_size, "not authoritative");
	} else {
		return pkt;
	}
	knot_pkt_free(pkt);
	return NULL;
}

static void key_list_add(key_list_t *list, const knot_rdataset_t *rrs)
{
	const knot_rdata_t *rr = rrs->rdata;
	for (uint16_t i = 0; i < rrs->count && list->count < VERIFY_KEYS_MAX; i++) {
		list->key[list->count++] = (verify_key_t){ rr->data, rr->len };
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
}

/*!
 * \brief What a validating cache can hold of an RRset (RFC 4035 5.3.3), whatever a packet says.
 *
 * A TTL with the highest bit set is 0 (RFC 2181 8). If the signed one has it, the received one is all
 * that bounds a cache.
 */
static uint32_t signed_ttl(uint32_t original, uint32_t received)
{
	return original <= INT32_MAX ? original : received <= INT32_MAX ? received : 0;
}

/*! Of an RRset that packet_rrset() could not gather: too many records are the server's doing. */
static answer_status_t status_of(int ret)
{
	return ret == KNOT_ESPACE ? ANSWER_BOGUS : ANSWER_ERROR;
}

/*! Is there any record in the answer section that is not an RRSIG? */
static bool answer_empty(const knot_pkt_t *pkt)
{
	const knot_pktsection_t *answer = knot_pkt_section(pkt, KNOT_ANSWER);
	for (uint16_t i = 0; i < answer->count; i++) {
		if (knot_pkt_rr(answer, i)->type != KNOT_RRTYPE_RRSIG) {
			return false;
		}
	}
	return true;
}

/*! The RDATA of a known key; of one that is remembered by its digest only, if \a served has it. */
static verify_key_t rdata_of(const answer_zone_t *zone, const dns_key_t *key, const knot_rdataset_t *served)
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
static keyset_t signers(const answer_zone_t *zone, const packet_rrset_t *set, keyset_t among,
                        const knot_rdataset_t *served, verify_result_t *result)
{
	/* Indexes of the list and of the keys are the same; an empty entry never verifies. */
	verify_key_t keys[ROLLOVER_KEYS_MAX] = { 0 };
	for (unsigned i = 0; i < zone->key_count; i++) {
		if ((among & (1U << i)) != 0) {
			keys[i] = rdata_of(zone, &zone->keys[i], served);
		}
	}
	*result = verify_rrset(zone->zone, &set->rrset, &set->rrsigs, keys, zone->key_count, zone->now, zone->work);
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
static keyset_t present(const answer_zone_t *zone, const knot_rdataset_t *dnskey, bool *foreign)
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

static void judge_dnskey(const answer_zone_t *zone, const packet_rrset_t *set, child_answer_t *out,
                         knot_rdataset_t *served)
{
	static const knot_rdataset_t none = { 0 };
	const knot_rdataset_t *dnskey = &set->rrset.rrs;
	const knot_rdataset_t *own = zone->dnskey != NULL ? zone->dnskey : &none;

	out->dnskey = present(zone, dnskey, &out->dnskey_foreign);
	out->dnskey_equal = knot_rdataset_eq(dnskey, own);

	verify_result_t known;
	out->dnskey_signed_by = signers(zone, set, out->dnskey, dnskey, &known);

	verify_result_t any = known;
	if (known.keys == 0) {
		/* Somebody else's, or broken? Keys out of the answer itself prove nothing more, and no TTL. */
		key_list_t all = { 0 };
		key_list_add(&all, dnskey);
		any = verify_rrset(zone->zone, &set->rrset, &set->rrsigs, all.key, all.count, zone->now, zone->work);
	} else {
		out->dnskey_ttl = signed_ttl(known.original_ttl, set->rrset.ttl);
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
static answer_zone_t with_work(const answer_zone_t *zone, work_t *own)
{
	answer_zone_t known = *zone;
	if (known.work == NULL) {
		*own = (work_t){ 0 };
		known.work = own;
	}
	return known;
}

void answer_dnskey(const answer_zone_t *zone, const uint8_t *wire, size_t len, child_answer_t *out,
                   knot_rdataset_t *served)
{
	assert(zone && out && served);
	assert(zone->key_count <= ROLLOVER_KEYS_MAX);

	work_t own;
	const answer_zone_t known = with_work(zone, &own);

	knot_rdataset_init(served);
	out->status = ANSWER_ERROR;

	knot_pkt_t *pkt =
		open_authoritative(wire, len, zone->zone, KNOT_RRTYPE_DNSKEY, out->detail, sizeof(out->detail));
	if (pkt == NULL) {
		return;
	}

	packet_rrset_t set;
	int ret = packet_rrset(pkt, KNOT_ANSWER, zone->zone, KNOT_RRTYPE_DNSKEY, &set);
	if (ret != KNOT_EOK) {
		out->status = status_of(ret);
		snprintf(out->detail, sizeof(out->detail), "DNSKEY: %s", packet_error(ret));
	} else if (set.rrset.rrs.count == 0) {
		say(out->detail, sizeof(out->detail), "no DNSKEY");
	} else {
		out->status = ANSWER_OK;
		judge_dnskey(&known, &set, out, served);
	}

	packet_rrset_clear(&set);
	knot_pkt_free(pkt);
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

static void judge_nodata(const answer_zone_t *zone, const knot_rdataset_t *served, const knot_pkt_t *pkt, uint16_t type,
                         const char *about, child_answer_t *out)
{
	packet_rrset_t soa;
	int ret = packet_rrset(pkt, KNOT_AUTHORITY, zone->zone, KNOT_RRTYPE_SOA, &soa);
	bool has_soa = ret == KNOT_EOK && soa.rrset.rrs.count > 0;
	packet_rrset_clear(&soa);

	if (!answer_empty(pkt) || !has_soa) {
		worsen(out, ANSWER_ERROR, about, "neither records nor NODATA");
		return;
	}

	/* "CDS is gone" moves a rollover on: it needs a proof like everything that does. */
	key_list_t keys = { 0 };
	key_list_add(&keys, served);
	const char *error =
		denial_check(pkt, zone->zone, zone->zone, type, keys.key, keys.count, zone->now, zone->work, NULL);
	if (error != NULL) {
		worsen(out, ANSWER_BOGUS, about, error);
	}
}

void answer_signal(const answer_zone_t *zone, const knot_rdataset_t *served, uint16_t type, const uint8_t *wire,
                   size_t len, child_answer_t *out)
{
	assert(zone && served && out);
	assert(type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY);

	const char *about = type == KNOT_RRTYPE_CDS ? "CDS" : "CDNSKEY";
	signal_rrset_t *signal = type == KNOT_RRTYPE_CDS ? &out->cds : &out->cdnskey;
	memset(signal, 0, sizeof(*signal));
	work_t own;
	const answer_zone_t known = with_work(zone, &own);

	char detail[sizeof(out->detail)];
	knot_pkt_t *pkt = open_authoritative(wire, len, zone->zone, type, detail, sizeof(detail));
	if (pkt == NULL) {
		worsen(out, ANSWER_ERROR, about, detail);
		return;
	}

	packet_rrset_t set;
	int ret = packet_rrset(pkt, KNOT_ANSWER, zone->zone, type, &set);
	if (ret != KNOT_EOK) {
		worsen(out, status_of(ret), about, packet_error(ret));
	} else if (set.rrset.rrs.count == 0) {
		judge_nodata(&known, served, pkt, type, about, out);
	} else {
		verify_result_t result;
		signal->present = true;
		signal->keys = type == KNOT_RRTYPE_CDS ? dns_cds_match(zone->zone, &set.rrset.rrs, zone->keys,
		                                                       zone->key_count, &signal->unwanted) :
		                                         dns_cdnskey_match(zone->zone, &set.rrset.rrs, zone->keys,
		                                                           zone->key_count, &signal->unwanted);
		signal->remove =
			type == KNOT_RRTYPE_CDS ? dns_cds_removes(&set.rrset.rrs) : dns_cdnskey_removes(&set.rrset.rrs);
		signal->signed_by = signers(&known, &set, UINT16_MAX, served, &result);
		if (known.work->exhausted) {
			worsen(out, ANSWER_BOGUS, about, result.reason);
		}
	}

	packet_rrset_clear(&set);
	knot_pkt_free(pkt);
}

static void judge_no_ds(const answer_zone_t *zone, const knot_dname_t *parent, const key_list_t *keys,
                        const knot_pkt_t *pkt, parent_answer_t *out)
{
	packet_rrset_t soa, child;
	int ret = packet_rrset(pkt, KNOT_AUTHORITY, parent, KNOT_RRTYPE_SOA, &soa);
	int ret_child = packet_rrset(pkt, KNOT_AUTHORITY, zone->zone, KNOT_RRTYPE_SOA, &child);

	if (ret != KNOT_EOK || ret_child != KNOT_EOK) {
		out->status = status_of(ret != KNOT_EOK ? ret : ret_child);
		say(out->detail, sizeof(out->detail), packet_error(ret != KNOT_EOK ? ret : ret_child));
	} else if (child.rrset.rrs.count > 0) {
		/* A server of both zones that forgets which side DS is on (RFC 4035 3.1.4.1). */
		say(out->detail, sizeof(out->detail), "answers from the child zone");
	} else if (!answer_empty(pkt) || soa.rrset.rrs.count != 1) {
		say(out->detail, sizeof(out->detail), "neither DS nor NODATA");
	} else {
		uint32_t proof_ttl = 0;
		verify_result_t result =
			verify_rrset(parent, &soa.rrset, &soa.rrsigs, keys->key, keys->count, zone->now, zone->work);
		const char *error = result.keys == 0 ? "unproven NODATA" :
		                                       denial_check(pkt, parent, zone->zone, KNOT_RRTYPE_DS, keys->key,
		                                                    keys->count, zone->now, zone->work, &proof_ttl);
		if (zone->work->exhausted) {
			error = "too much to verify";
		}
		if (error != NULL) {
			out->status = ANSWER_BOGUS;
			say(out->detail, sizeof(out->detail), error);
		} else {
			/*
			 * RFC 2308 5: SOA TTL and MINIMUM. A cache that makes use of NSEC (RFC 8198) holds
			 * the proof itself: its TTL should be the same (RFC 9077), but may be larger.
			 */
			uint32_t ttl = signed_ttl(result.original_ttl, soa.rrset.ttl);
			uint32_t minimum = knot_soa_minimum(soa.rrset.rrs.rdata);
			proof_ttl = signed_ttl(proof_ttl, 0);
			ttl = ttl > proof_ttl ? ttl : proof_ttl;
			out->ds_ttl = ttl < minimum ? ttl : minimum;
			out->status = ANSWER_OK;
			out->detail[0] = '\0';
		}
	}

	packet_rrset_clear(&soa);
	packet_rrset_clear(&child);
}

static void judge_ds(const answer_zone_t *zone, const packet_rrset_t *set, uint32_t original_ttl, parent_answer_t *out)
{
	dns_ds_t ds;
	dns_ds_match(zone->zone, &set->rrset.rrs, zone->keys, zone->key_count, &ds);

	out->status = ANSWER_OK;
	out->detail[0] = '\0';
	out->ds = ds.keys;
	out->ds_sha1 = ds.sha1;
	out->ds_foreign = ds.foreign;
	out->ds_ttl = signed_ttl(original_ttl, set->rrset.ttl);
	out->ds_ignored = ds.ignored > 0;
	if (ds.ignored > 0) {
		/* Shown, since whoever checks the DS set wonders about it. */
		snprintf(out->detail, sizeof(out->detail),
		         "%u DS that validators ignore: tag %u, algorithm %u, digest type %u%s", ds.ignored,
		         ds.ignored_tag, ds.ignored_algorithm, ds.ignored_digest, ds.ignored > 1 ? ", ..." : "");
	} else if (ds.sha1 != 0) {
		say(out->detail, sizeof(out->detail), "SHA-1 is the only digest of a DS");
	}
}

void answer_ds(const answer_zone_t *zone, const knot_dname_t *parent, const knot_rdataset_t *trusted,
               const uint8_t *wire, size_t len, parent_answer_t *out)
{
	assert(zone && parent && trusted && out);
	assert(zone->key_count <= ROLLOVER_KEYS_MAX);

	work_t own;
	const answer_zone_t known = with_work(zone, &own);
	out->status = ANSWER_ERROR;
	knot_pkt_t *pkt = open_authoritative(wire, len, zone->zone, KNOT_RRTYPE_DS, out->detail, sizeof(out->detail));
	if (pkt == NULL) {
		return;
	}

	key_list_t keys = { 0 };
	key_list_add(&keys, trusted);

	packet_rrset_t set;
	int ret = packet_rrset(pkt, KNOT_ANSWER, zone->zone, KNOT_RRTYPE_DS, &set);
	if (ret != KNOT_EOK) {
		out->status = status_of(ret);
		snprintf(out->detail, sizeof(out->detail), "DS: %s", packet_error(ret));
	} else if (set.rrset.rrs.count == 0) {
		judge_no_ds(&known, parent, &keys, pkt, out);
	} else {
		verify_result_t result =
			verify_rrset(parent, &set.rrset, &set.rrsigs, keys.key, keys.count, zone->now, known.work);
		if (result.keys == 0) {
			out->status = ANSWER_BOGUS;
			snprintf(out->detail, sizeof(out->detail), "DS: %s", result.reason);
		} else {
			judge_ds(&known, &set, result.original_ttl, out);
		}
	}

	packet_rrset_clear(&set);
	knot_pkt_free(pkt);
}
