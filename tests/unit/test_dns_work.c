/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a hostile answer costs. Not time is measured but work, at the calls that do it: the linker
 * leads those of libdnssec through the functions below (--wrap).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <libdnssec/nsec.h>
#include <libdnssec/sign.h>

#include "dns_world.h"
#include "packet.h"
#include "replies.h"

/*! Octets of the largest message over TCP. */
#define WIRE_MAX 65535

static struct {
	unsigned signatures, hashes, keys;
} cost;

int __real_dnssec_sign_verify(dnssec_sign_ctx_t *ctx, bool sign_cmp, const dnssec_binary_t *signature);
int __wrap_dnssec_sign_verify(dnssec_sign_ctx_t *ctx, bool sign_cmp, const dnssec_binary_t *signature);
int __real_dnssec_nsec3_hash(const dnssec_binary_t *data, const dnssec_nsec3_params_t *params, dnssec_binary_t *hash);
int __wrap_dnssec_nsec3_hash(const dnssec_binary_t *data, const dnssec_nsec3_params_t *params, dnssec_binary_t *hash);
int __real_dnssec_key_set_rdata(dnssec_key_t *key, const dnssec_binary_t *rdata);
int __wrap_dnssec_key_set_rdata(dnssec_key_t *key, const dnssec_binary_t *rdata);

int __wrap_dnssec_sign_verify(dnssec_sign_ctx_t *ctx, bool sign_cmp, const dnssec_binary_t *signature)
{
	cost.signatures++;
	return __real_dnssec_sign_verify(ctx, sign_cmp, signature);
}

int __wrap_dnssec_nsec3_hash(const dnssec_binary_t *data, const dnssec_nsec3_params_t *params, dnssec_binary_t *hash)
{
	cost.hashes += params->iterations + 1;
	return __real_dnssec_nsec3_hash(data, params, hash);
}

int __wrap_dnssec_key_set_rdata(dnssec_key_t *key, const dnssec_binary_t *rdata)
{
	cost.keys++;
	return __real_dnssec_key_set_rdata(key, rdata);
}

static void assert_bounded(void)
{
	assert_true(cost.signatures <= WORK_SIGNATURES_MAX);
	assert_true(cost.hashes <= WORK_HASHES_MAX);
	/* Each check loads a key; besides that each record of an RRset may name one. */
	assert_true(cost.keys <= WORK_SIGNATURES_MAX + PACKET_RRS_MAX);
}

/*! RRSIGs that do not verify, with the fields of a good one; they come before it in canonical order. */
static unsigned add_broken(knot_rdataset_t *sigs, const knot_rrset_t *rrset, const test_key_t *key,
                           const knot_dname_t *zone, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		rrsig_fields_t fields = signer_defaults(key, zone, rrset);
		fields.expiration -= 1 + i;
		knot_rrset_t other = *rrset;
		other.type = KNOT_RRTYPE_TXT;
		knot_rdataset_t one = { 0 };
		signer_sign_fields(&one, &other, key, &fields);
		knot_wire_write_u16(one.rdata->data, rrset->type);
		signer_add(sigs, one.rdata->data, one.rdata->len);
		knot_rdataset_clear(&one, NULL);
	}
	return count;
}

static void put_copies(world_t *w, const knot_rrset_t *rrset, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int ret = knot_pkt_put(w->reply.pkt, KNOT_COMPR_HINT_NONE, rrset, 0);
		if (ret == KNOT_ESPACE) {
			return;
		}
		assert_int_equal(ret, KNOT_EOK);
	}
}

static const uint16_t APEX[] = { KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, 0 };

/*! A hash that is the only one of the apex of the child, with its NSEC3. */
static void make_nsec3(const world_t *w, knot_rrset_t *rrset, knot_dname_storage_t owner, unsigned number)
{
	char text[KNOT_DNAME_TXT_MAXLEN];
	snprintf(text, sizeof(text), "%032x.child.example.", number);
	assert_non_null(knot_dname_from_str(owner, text, sizeof(knot_dname_storage_t)));
	knot_rdataset_t nsec = { 0 };
	signer_add_nsec(&nsec, N("."), APEX);
	uint8_t rdata[128] = { 1, 0, w->iterations >> 8, w->iterations & 0xff, 0, 20 };
	memcpy(rdata + 26, nsec.rdata->data + 1, nsec.rdata->len - 1);
	knot_rrset_init(rrset, owner, KNOT_RRTYPE_NSEC3, KNOT_CLASS_IN, 300);
	signer_add(&rrset->rrs, rdata, 26 + nsec.rdata->len - 1);
	knot_rdataset_clear(&nsec, NULL);
}

static void begin_nodata(world_t *w)
{
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->zone, 300, 300, &w->zsk);
}

static void see_nodata(world_t *w, const char *detail)
{
	memset(&cost, 0, sizeof(cost));
	size_t len = reply_end(&w->reply);
	assert_true(len <= WIRE_MAX);
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, detail);
	assert_bounded();
}

static void copies_of_one_nsec3_are_verified_once(void **state)
{
	world_t *w = *state;
	knot_dname_storage_t owner;
	knot_rrset_t nsec3;
	knot_rdataset_t sigs = { 0 };
	make_nsec3(w, &nsec3, owner, 1);
	add_broken(&sigs, &nsec3, &w->zsk, w->zone, 10);

	begin_nodata(w);
	put_copies(w, &nsec3, 1000);
	reply_put(&w->reply, &nsec3, &sigs);
	see_nodata(w, "CDS: unproven NODATA");
	assert_int_equal(cost.signatures, 10);

	/* One 65 kB answer cost 17 s: a thousand copies times five hundred RRSIGs. */
	begin_nodata(w);
	put_copies(w, &nsec3, 500);
	add_broken(&sigs, &nsec3, &w->zsk, w->zone, 100);
	reply_put(&w->reply, &nsec3, &sigs);
	see_nodata(w, "CDS: too much to verify");
	assert_int_equal(cost.signatures, WORK_SIGNATURES_MAX);

	begin_nodata(w);
	add_broken(&sigs, &nsec3, &w->zsk, w->zone, 250);
	reply_put(&w->reply, &nsec3, &sigs);
	see_nodata(w, "CDS: unproven NODATA");
	assert_int_equal(cost.signatures, 0);
	knot_rdataset_clear(&nsec3.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

/*! A proof, and a SOA with so many RRSIGs that do not verify before its good one. */
static void see_soa(world_t *w, unsigned broken)
{
	static const uint8_t rdata[] = { 0, 0, 0, 0, 0, 9, [21] = 60 };
	knot_rrset_t soa;
	knot_rdataset_t sigs = { 0 };
	knot_rrset_init(&soa, w->zone, KNOT_RRTYPE_SOA, KNOT_CLASS_IN, 300);
	signer_add(&soa.rrs, rdata, sizeof(rdata));
	signer_sign(&sigs, &soa, &w->zsk, w->zone);
	add_broken(&sigs, &soa, &w->zsk, w->zone, broken);

	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	reply_put(&w->reply, &soa, &sigs);
	put_nsec(w, w->zone, APEX, &w->zsk, w->zone);
	const size_t len = reply_end(&w->reply);
	memset(&cost, 0, sizeof(cost));
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	assert_bounded();
	knot_rdataset_clear(&soa.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

static void the_serial_costs_the_signatures_of_the_soa(void **state)
{
	world_t *w = *state;
	see_soa(w, 0);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_true(w->child.serial_known);
	assert_int_equal(w->child.serial, 9);
	assert_int_equal(cost.signatures, 2);

	see_soa(w, WORK_SIGNATURES_MAX - 2);
	assert_true(w->child.serial_known);
	assert_int_equal(cost.signatures, WORK_SIGNATURES_MAX);

	see_soa(w, WORK_SIGNATURES_MAX - 1);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, "CDS: too much to verify");
	assert_false(w->child.serial_known);
	assert_int_equal(w->child.data_algorithms, 0);
	assert_int_equal(w->child.data_keys, 0);

	/* With more than an RRset may have it is no answer. */
	see_soa(w, PACKET_RRS_MAX);
	assert_int_equal(w->child.status, ANSWER_ERROR);
	assert_false(w->child.serial_known);
	assert_int_equal(cost.signatures, 0);
}

static void many_nsec3_owners_are_not_checked(void **state)
{
	world_t *w = *state;
	begin_nodata(w);
	for (unsigned i = 0; i < 200; i++) {
		knot_dname_storage_t owner;
		knot_rrset_t nsec3;
		knot_rdataset_t sigs = { 0 };
		make_nsec3(w, &nsec3, owner, i);
		signer_sign(&sigs, &nsec3, &w->zsk, w->zone);
		reply_put(&w->reply, &nsec3, &sigs);
		knot_rdataset_clear(&nsec3.rrs, NULL);
		knot_rdataset_clear(&sigs, NULL);
	}
	see_nodata(w, "CDS: too many NSEC3");
	assert_int_equal(cost.signatures, 0);
	assert_int_equal(cost.hashes, 0);
}

static void iterations_are_bounded_before_anything_is_hashed(void **state)
{
	world_t *w = *state;
	w->iterations = 65535;
	knot_dname_storage_t owner;
	knot_rrset_t nsec3;
	knot_rdataset_t sigs = { 0 };
	make_nsec3(w, &nsec3, owner, 1);
	signer_sign(&sigs, &nsec3, &w->zsk, w->zone);
	begin_nodata(w);
	reply_put(&w->reply, &nsec3, &sigs);
	see_nodata(w, "CDS: NSEC3 with more iterations than resolvers accept");
	assert_int_equal(cost.hashes, 0);
	knot_rdataset_clear(&nsec3.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

static void name_is_hashed_once_whatever_the_records(void **state)
{
	world_t *w = *state;
	/* Seven verified NSEC3 that match and cover nothing, a zone 60 labels below its parent. */
	char zone[160] = "";
	for (unsigned i = 0; i < 60; i++) {
		strcat(zone, "a.");
	}
	strcat(zone, "example.");
	static const char *const HASHES[] = { HASH_A_EXAMPLE, HASH_C_EXAMPLE, "b4um86eghhds6nea196smvmlo4ors995" };
	begin_nsec3(w, zone);
	w->iterations = 150;
	for (size_t i = 0; i < sizeof(HASHES) / sizeof(HASHES[0]); i++) {
		put_nsec3(w, HASHES[i], HASH_EXAMPLE, 1, APEX, &w->parent_zsk);
	}
	memset(&cost, 0, sizeof(cost));
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	assert_string_equal(w->up.detail, "too much to verify");
	assert_bounded();
	assert_int_equal(cost.hashes, WORK_HASHES_MAX / 151 * 151);
}

static void keys_of_one_tag_times_many_rrsigs_are_bounded(void **state)
{
	world_t *w = *state;
	knot_rrset_t many = w->dnskey;
	knot_rdataset_t sigs = { 0 };
	knot_rdataset_init(&many.rrs);
	/* Swapping two words of a key keeps its tag (CVE-2023-50387). */
	uint8_t twin[512];
	for (unsigned i = 1; i < 32; i++) {
		memcpy(twin, w->stranger.rdata, w->stranger.len);
		memcpy(twin + 4, w->stranger.rdata + 4 + 2 * i, 2);
		memcpy(twin + 4 + 2 * i, w->stranger.rdata + 4, 2);
		signer_add(&many.rrs, twin, w->stranger.len);
	}
	add_broken(&sigs, &many, &w->stranger, w->zone, 100);
	memset(&cost, 0, sizeof(cost));
	see_dnskey(w, &many, &sigs);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, "DNSKEY: too many signatures to check");
	assert_bounded();
	assert_int_equal(w->child.dnskey_signed_by, 0);
	assert_int_equal(w->child.dnskey_ttl, 0);
	knot_rdataset_clear(&many.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

/*! The answer to a question, with good and with broken RRSIGs. */
static void answer_with(world_t *w, ask_reply_t *reply, unsigned at, const knot_rrset_t *rrset, unsigned broken)
{
	knot_rdataset_t sigs = { 0 };
	signer_sign(&sigs, rrset, &w->ksk, w->zone);
	add_broken(&sigs, rrset, &w->ksk, w->zone, broken);
	reply_begin(&w->reply, w->zone, rrset->type, true, 0);
	reply_put(&w->reply, rrset, &sigs);
	reply->answer[at].len = reply_end(&w->reply);
	reply->answer[at].wire = malloc(reply->answer[at].len);
	assert_non_null(reply->answer[at].wire);
	memcpy(reply->answer[at].wire, w->reply.wire, reply->answer[at].len);
	knot_rdataset_clear(&sigs, NULL);
}

static void all_answers_of_a_reply_have_one_budget(void **state)
{
	world_t *w = *state;
	knot_rrset_t cds, cdnskey;
	knot_rrset_init(&cds, w->zone, KNOT_RRTYPE_CDS, KNOT_CLASS_IN, 0);
	knot_rrset_init(&cdnskey, w->zone, KNOT_RRTYPE_CDNSKEY, KNOT_CLASS_IN, 0);
	signer_add_ds(&cds.rrs, &w->ksk, 2);
	signer_add(&cdnskey.rrs, w->ksk.rdata, w->ksk.len);

	/* Each with one good RRSIG, after the broken ones. */
	static const unsigned BROKEN[][3] = { { 20, 20, 21 }, { 20, 20, 22 }, { 0, 0, 62 }, { 64, 0, 0 } };
	static const char *const DETAIL[] = {
		"",
		"CDNSKEY: too many signatures to check",
		"CDNSKEY: too many signatures to check",
		"DNSKEY: too many signatures to check",
	};
	for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
		ask_reply_t reply = { .answered = 3 };
		replies_t replies = { 0 };
		answer_with(w, &reply, 0, &w->dnskey, BROKEN[i][0]);
		answer_with(w, &reply, 1, &cds, BROKEN[i][1]);
		answer_with(w, &reply, 2, &cdnskey, BROKEN[i][2]);
		memset(&cost, 0, sizeof(cost));
		memset(&w->child, 0, sizeof(w->child));
		replies_child(&replies, &w->known, &reply, &w->child, 0);
		assert_bounded();
		assert_string_equal(w->child.detail, DETAIL[i]);
		assert_int_equal(w->child.status, i == 0 ? ANSWER_OK : ANSWER_BOGUS);
		assert_int_equal(w->child.cdnskey.signed_by, i == 0);
		for (unsigned k = 0; k < 3; k++) {
			free(reply.answer[k].wire);
		}
		replies_clear(&replies);
	}
	knot_rdataset_clear(&cds.rrs, NULL);
	knot_rdataset_clear(&cdnskey.rrs, NULL);
}

static void rrset_of_too_many_records_is_refused(void **state)
{
	world_t *w = *state;
	knot_rrset_t many = w->dnskey;
	knot_rdataset_init(&many.rrs);
	for (unsigned i = 0; i <= PACKET_RRS_MAX; i++) {
		uint8_t rdata[] = { 1, 1, 3, 13, i >> 8, i & 0xff };
		signer_add(&many.rrs, rdata, sizeof(rdata));
	}
	memset(&cost, 0, sizeof(cost));
	see_dnskey(w, &many, NULL);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, "DNSKEY: too many records");
	assert_int_equal(cost.keys, 0);
	knot_rdataset_clear(&many.rrs, NULL);
}

static void ds_digests_of_a_key_are_made_once(void **state)
{
	world_t *w = *state;
	knot_rdataset_t ds = { 0 };
	for (unsigned i = 0; i < 100; i++) {
		uint8_t rdata[4 + 48] = { 0, 0, w->keys[0].id.algorithm, i % 2 == 0 ? 1 : 4, i };
		knot_wire_write_u16(rdata, w->keys[0].id.tag);
		signer_add(&ds, rdata, i % 2 == 0 ? 4 + 20 : 4 + 48);
	}
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_signed(w, w->zone, KNOT_RRTYPE_DS, 900, &ds, &w->parent_zsk, w->parent);
	memset(&cost, 0, sizeof(cost));
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
	assert_true(w->up.ds_foreign);
	assert_int_equal(cost.keys, 1 + 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(copies_of_one_nsec3_are_verified_once),    T(the_serial_costs_the_signatures_of_the_soa),
		T(many_nsec3_owners_are_not_checked),        T(iterations_are_bounded_before_anything_is_hashed),
		T(name_is_hashed_once_whatever_the_records), T(keys_of_one_tag_times_many_rrsigs_are_bounded),
		T(all_answers_of_a_reply_have_one_budget),   T(rrset_of_too_many_records_is_refused),
		T(ds_digests_of_a_key_are_made_once),
	};
	return cmocka_run_group_tests_name("dns work", tests, NULL, NULL);
}
