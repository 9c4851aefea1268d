/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "answer.h"
#include "denial.h"
#include "dns_signer.h"

typedef struct {
	knot_dname_storage_t zone, parent;
	test_key_t ksk, next_ksk, zsk, stranger, parent_zsk;
	dns_key_t keys[2];		/*!< ksk, next_ksk */
	knot_rrset_t dnskey;		/*!< ksk, next_ksk, zsk */
	knot_rdataset_t dnskey_sigs;
	knot_rdataset_t trusted;	/*!< Keys of the parent. */
	answer_zone_t known;
	test_answer_t reply;
	child_answer_t child;
	parent_answer_t up;
	knot_rdataset_t served;
} world_t;

static int setup(void **state)
{
	world_t *w = calloc(1, sizeof(*w));
	knot_dname_from_str(w->zone, "child.example.", sizeof(w->zone));
	knot_dname_from_str(w->parent, "example.", sizeof(w->parent));
	w->ksk = signer_key(w->zone, 257);
	w->next_ksk = signer_key(w->zone, 257);
	w->zsk = signer_key(w->zone, 256);
	w->stranger = signer_key(w->zone, 257);
	w->parent_zsk = signer_key(w->parent, 256);
	w->keys[0] = signer_dns_key(w->zone, &w->ksk, true);
	w->keys[1] = signer_dns_key(w->zone, &w->next_ksk, true);

	knot_rrset_init(&w->dnskey, w->zone, KNOT_RRTYPE_DNSKEY, KNOT_CLASS_IN, TEST_TTL);
	signer_add(&w->dnskey.rrs, w->ksk.rdata, w->ksk.len);
	signer_add(&w->dnskey.rrs, w->next_ksk.rdata, w->next_ksk.len);
	signer_add(&w->dnskey.rrs, w->zsk.rdata, w->zsk.len);
	signer_sign(&w->dnskey_sigs, &w->dnskey, &w->ksk, w->zone);
	signer_add(&w->trusted, w->parent_zsk.rdata, w->parent_zsk.len);

	w->known = (answer_zone_t){
		.zone = w->zone, .keys = w->keys, .key_count = 2,
		.dnskey = &w->dnskey.rrs, .now = TEST_NOW,
	};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_t *w = *state;
	signer_key_free(&w->ksk);
	signer_key_free(&w->next_ksk);
	signer_key_free(&w->zsk);
	signer_key_free(&w->stranger);
	signer_key_free(&w->parent_zsk);
	knot_rdataset_clear(&w->dnskey.rrs, NULL);
	knot_rdataset_clear(&w->dnskey_sigs, NULL);
	knot_rdataset_clear(&w->trusted, NULL);
	knot_rdataset_clear(&w->served, NULL);
	free(w);
	return 0;
}

/* -- helpers ---------------------------------------------------------------- */

static void see_dnskey(world_t *w, const knot_rrset_t *dnskey, const knot_rdataset_t *sigs)
{
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DNSKEY, true, 0);
	reply_put(&w->reply, dnskey, sigs);
	knot_rdataset_clear(&w->served, NULL);
	memset(&w->child, 0, sizeof(w->child));
	size_t len = reply_end(&w->reply);
	answer_dnskey(&w->known, w->reply.wire, len, &w->child, &w->served);
}

/*! Records of a type at a name, with signatures of up to two keys. */
static void see_signal(world_t *w, uint16_t type, const knot_rdataset_t *rrs,
                       const test_key_t *signer, const test_key_t *signer2)
{
	knot_rrset_t rrset;
	knot_rdataset_t sigs = { 0 };
	knot_rrset_init(&rrset, w->zone, type, KNOT_CLASS_IN, 0);
	rrset.rrs = *rrs;
	if (signer != NULL) {
		signer_sign(&sigs, &rrset, signer, w->zone);
	}
	if (signer2 != NULL) {
		signer_sign(&sigs, &rrset, signer2, w->zone);
	}
	reply_begin(&w->reply, w->zone, type, true, 0);
	reply_put(&w->reply, &rrset, &sigs);
	size_t len = reply_end(&w->reply);
	answer_signal(&w->known, &w->served, type, w->reply.wire, len, &w->child);
	knot_rdataset_clear(&sigs, NULL);
}

static void put_signed(world_t *w, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                       knot_rdataset_t *rrs, const test_key_t *signer, const knot_dname_t *zone)
{
	knot_rrset_t rrset;
	knot_rdataset_t sigs = { 0 };
	knot_rrset_init(&rrset, (knot_dname_t *)owner, type, KNOT_CLASS_IN, ttl);
	rrset.rrs = *rrs;
	if (signer != NULL) {
		signer_sign(&sigs, &rrset, signer, zone);
	}
	reply_put(&w->reply, &rrset, &sigs);
	knot_rdataset_clear(&sigs, NULL);
	knot_rdataset_clear(rrs, NULL);
}

static void put_soa(world_t *w, const knot_dname_t *zone, uint32_t ttl, uint32_t minimum,
                    const test_key_t *signer)
{
	uint8_t rdata[64] = { 0 };
	size_t len = knot_dname_to_wire(rdata, N("ns."), sizeof(rdata));
	len += knot_dname_to_wire(rdata + len, N("mail."), sizeof(rdata) - len);
	knot_wire_write_u32(rdata + len + 16, minimum);
	knot_rdataset_t rrs = { 0 };
	signer_add(&rrs, rdata, len + 20);
	put_signed(w, zone, KNOT_RRTYPE_SOA, ttl, &rrs, signer, zone);
}

static void put_nsec(world_t *w, const knot_dname_t *owner, const uint16_t *types,
                     const test_key_t *signer, const knot_dname_t *zone)
{
	knot_rdataset_t rrs = { 0 };
	signer_add_nsec(&rrs, N("z.example."), types);
	put_signed(w, owner, KNOT_RRTYPE_NSEC, 300, &rrs, signer, zone);
}

static void see_ds(world_t *w)
{
	size_t len = reply_end(&w->reply);
	memset(&w->up, 0, sizeof(w->up));
	answer_ds(&w->known, w->parent, &w->trusted, w->reply.wire, len, &w->up);
}

/* -- DNSKEY ----------------------------------------------------------------- */

static void good_dnskey_is_read(void **state)
{
	world_t *w = *state;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_string_equal(w->child.detail, "");
	assert_int_equal(w->child.dnskey, 3);
	assert_int_equal(w->child.dnskey_signed_by, 1);
	assert_true(w->child.dnskey_equal);
	assert_false(w->child.dnskey_foreign);
	assert_int_equal(w->child.dnskey_ttl, TEST_TTL);
}

static void both_ksks_are_seen_signing(void **state)
{
	world_t *w = *state;
	signer_sign(&w->dnskey_sigs, &w->dnskey, &w->next_ksk, w->zone);
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.dnskey_signed_by, 3);
}

static void key_remembered_by_digest_is_seen_but_cannot_verify(void **state)
{
	world_t *w = *state;
	w->keys[0].rdata = NULL;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(w->child.dnskey, 3);
	assert_int_equal(w->child.dnskey_signed_by, 0);
}

static void foreign_ksk_is_noticed(void **state)
{
	world_t *w = *state;
	knot_rrset_t more = w->dnskey;
	knot_rdataset_t sigs = { 0 };
	knot_rdataset_copy(&more.rrs, &w->dnskey.rrs, NULL);
	signer_add(&more.rrs, w->stranger.rdata, w->stranger.len);
	signer_sign(&sigs, &more, &w->ksk, w->zone);
	see_dnskey(w, &more, &sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_true(w->child.dnskey_foreign);
	assert_false(w->child.dnskey_equal);
	assert_int_equal(w->child.dnskey, 3);
	knot_rdataset_clear(&more.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

static void ksk_of_an_unknown_algorithm_is_foreign(void **state)
{
	world_t *w = *state;
	static const uint8_t odd[] = { 1, 1, 3, 200, 1, 2, 3, 4 };
	knot_rrset_t more = w->dnskey;
	knot_rdataset_copy(&more.rrs, &w->dnskey.rrs, NULL);
	signer_add(&more.rrs, odd, sizeof(odd));
	see_dnskey(w, &more, NULL);
	assert_true(w->child.dnskey_foreign);
	knot_rdataset_clear(&more.rrs, NULL);
}

static void missing_ksk_is_noticed(void **state)
{
	world_t *w = *state;
	knot_rrset_t less = w->dnskey;
	knot_rdataset_t sigs = { 0 };
	knot_rdataset_init(&less.rrs);
	signer_add(&less.rrs, w->ksk.rdata, w->ksk.len);
	signer_add(&less.rrs, w->zsk.rdata, w->zsk.len);
	signer_sign(&sigs, &less, &w->ksk, w->zone);
	/* An absent key that signs is not a signer: nobody could verify with it. */
	signer_sign(&sigs, &less, &w->next_ksk, w->zone);
	see_dnskey(w, &less, &sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(w->child.dnskey, 1);
	assert_int_equal(w->child.dnskey_signed_by, 1);
	assert_false(w->child.dnskey_equal);
	knot_rdataset_clear(&less.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

static void unsigned_dnskey_is_bogus_but_read(void **state)
{
	world_t *w = *state;
	see_dnskey(w, &w->dnskey, NULL);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, "DNSKEY: no RRSIG");
	assert_int_equal(w->child.dnskey, 3);
	assert_int_equal(w->child.dnskey_ttl, TEST_TTL);
}

static void expired_dnskey_is_bogus(void **state)
{
	world_t *w = *state;
	w->known.now = TEST_NOW + 10 * 86400;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, "DNSKEY: RRSIG expired");
}

static void lowered_ttl_does_not_hide_the_signed_one(void **state)
{
	world_t *w = *state;
	w->dnskey.ttl = 5;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.dnskey_ttl, TEST_TTL);
	w->dnskey.ttl = 2 * TEST_TTL;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.dnskey_ttl, 2 * TEST_TTL);
}

static void errors_of_a_server_are_named(void **state)
{
	world_t *w = *state;
	static const struct {
		int rcode;
		bool aa;
		const char *detail;
	} CASES[] = {
		{ KNOT_RCODE_REFUSED, false, "REFUSED" },
		{ KNOT_RCODE_SERVFAIL, false, "SERVFAIL" },
		{ KNOT_RCODE_NXDOMAIN, true, "NXDOMAIN" },
		{ KNOT_RCODE_NOERROR, false, "not authoritative" },
		{ KNOT_RCODE_NOERROR, true, "no DNSKEY" },
	};
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DNSKEY, CASES[i].aa, CASES[i].rcode);
		size_t len = reply_end(&w->reply);
		knot_rdataset_clear(&w->served, NULL);
		answer_dnskey(&w->known, w->reply.wire, len, &w->child, &w->served);
		assert_int_equal(w->child.status, ANSWER_ERROR);
		assert_string_equal(w->child.detail, CASES[i].detail);
	}
}

static void answer_to_another_question_is_refused(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->parent, KNOT_RRTYPE_DNSKEY, true, 0);
	size_t len = reply_end(&w->reply);
	answer_dnskey(&w->known, w->reply.wire, len, &w->child, &w->served);
	assert_int_equal(w->child.status, ANSWER_ERROR);
	assert_string_equal(w->child.detail, "answer to another question");
}

/* -- CDS, CDNSKEY ----------------------------------------------------------- */

static void signed_cds_is_read(void **state)
{
	world_t *w = *state;
	knot_rdataset_t cds = { 0 };
	signer_add_ds(&cds, &w->next_ksk, 2);
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	see_signal(w, KNOT_RRTYPE_CDS, &cds, &w->ksk, &w->next_ksk);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_true(w->child.cds.present);
	assert_false(w->child.cds.unwanted);
	assert_int_equal(w->child.cds.keys, 2);
	assert_int_equal(w->child.cds.signed_by, 3);
	knot_rdataset_clear(&cds, NULL);
}

static void cds_signed_by_the_zsk_only_has_no_signer(void **state)
{
	world_t *w = *state;
	knot_rdataset_t cds = { 0 };
	signer_add_ds(&cds, &w->ksk, 2);
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	see_signal(w, KNOT_RRTYPE_CDS, &cds, &w->zsk, NULL);
	assert_true(w->child.cds.present);
	assert_int_equal(w->child.cds.signed_by, 0);
	knot_rdataset_clear(&cds, NULL);
}

static void unwanted_cds_are_noticed(void **state)
{
	world_t *w = *state;
	static const uint8_t delete[] = { 0, 0, 0, 0, 0 };
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);

	knot_rdataset_t foreign = { 0 }, digest = { 0 }, gone = { 0 };
	signer_add_ds(&foreign, &w->ksk, 2);
	signer_add_ds(&foreign, &w->stranger, 2);
	see_signal(w, KNOT_RRTYPE_CDS, &foreign, &w->ksk, NULL);
	assert_int_equal(w->child.cds.keys, 1);
	assert_true(w->child.cds.unwanted);

	signer_add_ds(&digest, &w->ksk, 4);
	see_signal(w, KNOT_RRTYPE_CDS, &digest, &w->ksk, NULL);
	assert_int_equal(w->child.cds.keys, 0);
	assert_true(w->child.cds.unwanted);

	signer_add(&gone, delete, sizeof(delete));
	see_signal(w, KNOT_RRTYPE_CDS, &gone, &w->ksk, NULL);
	assert_int_equal(w->child.cds.keys, 0);
	assert_true(w->child.cds.unwanted);
	assert_int_equal(w->child.status, ANSWER_OK);

	knot_rdataset_clear(&foreign, NULL);
	knot_rdataset_clear(&digest, NULL);
	knot_rdataset_clear(&gone, NULL);
}

static void cdnskey_is_read(void **state)
{
	world_t *w = *state;
	knot_rdataset_t cdnskey = { 0 };
	signer_add(&cdnskey, w->next_ksk.rdata, w->next_ksk.len);
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	see_signal(w, KNOT_RRTYPE_CDNSKEY, &cdnskey, &w->ksk, NULL);
	assert_true(w->child.cdnskey.present);
	assert_int_equal(w->child.cdnskey.keys, 2);
	assert_int_equal(w->child.cdnskey.signed_by, 1);
	assert_false(w->child.cdnskey.unwanted);
	knot_rdataset_clear(&cdnskey, NULL);
}

static const uint16_t APEX[] = {
	KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_RRSIG, KNOT_RRTYPE_DNSKEY, 0
};
static const uint16_t APEX_CDS[] = {
	KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, 0
};

static void see_no_cds(world_t *w, const uint16_t *types, const test_key_t *signer)
{
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->zone, 300, 300, signer);
	if (types != NULL) {
		put_nsec(w, w->zone, types, signer, w->zone);
	}
	size_t len = reply_end(&w->reply);
	answer_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	assert_false(w->child.cds.present);
}

static void proven_nodata_means_no_cds(void **state)
{
	world_t *w = *state;
	see_no_cds(w, APEX, &w->zsk);
	assert_int_equal(w->child.status, ANSWER_OK);
}

static void forged_nodata_is_bogus(void **state)
{
	world_t *w = *state;
	see_no_cds(w, APEX, &w->stranger);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, "CDS: unproven NODATA");
	see_no_cds(w, NULL, &w->zsk);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	see_no_cds(w, APEX_CDS, &w->zsk);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
}

static void empty_answer_without_soa_is_an_error(void **state)
{
	world_t *w = *state;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	size_t len = reply_end(&w->reply);
	answer_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	assert_int_equal(w->child.status, ANSWER_ERROR);
	assert_string_equal(w->child.detail, "CDS: neither records nor NODATA");
}

/* -- DS --------------------------------------------------------------------- */

static void put_ds(world_t *w, const test_key_t *named, uint32_t ttl, const test_key_t *signer,
                   const knot_dname_t *zone)
{
	knot_rdataset_t ds = { 0 };
	signer_add_ds(&ds, named, 2);
	put_signed(w, w->zone, KNOT_RRTYPE_DS, ttl, &ds, signer, zone);
}

static void signed_ds_is_read(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_ds(w, &w->next_ksk, 900, &w->parent_zsk, w->parent);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
	assert_int_equal(w->up.ds, 2);
	assert_false(w->up.ds_foreign);
	assert_int_equal(w->up.ds_ttl, 900);
}

static void foreign_ds_is_noticed(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_ds(w, &w->stranger, 900, &w->parent_zsk, w->parent);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
	assert_int_equal(w->up.ds, 0);
	assert_true(w->up.ds_foreign);
}

static void ds_signed_by_the_child_is_bogus(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_ds(w, &w->ksk, 900, &w->ksk, w->zone);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	assert_string_equal(w->up.detail, "DS: RRSIG by another zone");
	assert_int_equal(w->up.ds, 0);
}

static void unsigned_ds_is_bogus(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_ds(w, &w->ksk, 900, NULL, NULL);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	assert_string_equal(w->up.detail, "DS: no RRSIG");
	assert_int_equal(w->up.ds, 0);
}

static const uint16_t DELEGATION[] = { KNOT_RRTYPE_NS, KNOT_RRTYPE_RRSIG, KNOT_RRTYPE_NSEC, 0 };
static const uint16_t DELEGATION_DS[] = { KNOT_RRTYPE_NS, KNOT_RRTYPE_DS, 0 };
static const uint16_t NOT_DELEGATED[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_NSEC, 0 };

static void see_no_ds(world_t *w, const knot_dname_t *owner, const uint16_t *types,
                      const test_key_t *signer)
{
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->parent, 900, 300, signer);
	put_nsec(w, owner, types, signer, w->parent);
	see_ds(w);
}

static void proven_nodata_means_no_ds_with_the_negative_ttl(void **state)
{
	world_t *w = *state;
	see_no_ds(w, w->zone, DELEGATION, &w->parent_zsk);
	assert_int_equal(w->up.status, ANSWER_OK);
	assert_int_equal(w->up.ds, 0);
	assert_false(w->up.ds_foreign);
	assert_int_equal(w->up.ds_ttl, 300);
}

static void nodata_of_ds_without_proof_is_bogus(void **state)
{
	world_t *w = *state;
	static const char *const UNPROVEN = "unproven NODATA";
	see_no_ds(w, w->zone, DELEGATION, &w->zsk);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	assert_string_equal(w->up.detail, UNPROVEN);
	see_no_ds(w, w->zone, DELEGATION, NULL);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	see_no_ds(w, w->zone, DELEGATION_DS, &w->parent_zsk);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	see_no_ds(w, w->zone, NOT_DELEGATED, &w->parent_zsk);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	see_no_ds(w, w->zone, APEX, &w->parent_zsk);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
	see_no_ds(w, N("other.example."), DELEGATION, &w->parent_zsk);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
}

static void server_that_answers_from_the_child_is_an_error(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->zone, 900, 300, &w->zsk);
	put_nsec(w, w->zone, APEX, &w->zsk, w->zone);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_ERROR);
	assert_string_equal(w->up.detail, "answers from the child zone");
}

/* -- NSEC3 ------------------------------------------------------------------ */

/* RFC 5155 Appendix B: salt aabbccdd, 12 iterations, SHA-1. */
#define HASH_EXAMPLE	"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define HASH_A_EXAMPLE	"35mthgpgcu1qg68fab165klnsnk3dpvl"
#define HASH_C_EXAMPLE	"4g6p9u5gvfshp30pqecj98b3maqbn1ck"	/* c.example. */
static const uint8_t SALT[] = { 0xaa, 0xbb, 0xcc, 0xdd };

static void unbase32(const char *text, uint8_t *out)
{
	static const char set[] = "0123456789abcdefghijklmnopqrstuv";
	uint64_t bits = 0;
	for (unsigned i = 0; i < 32; i++) {
		bits = bits << 5 | (uint64_t)(strchr(set, text[i]) - set);
		if (i % 8 == 7) {
			for (unsigned b = 0; b < 5; b++) {
				*out++ = bits >> (32 - 8 * b);
			}
			bits = 0;
		}
	}
}

static void put_nsec3(world_t *w, const char *hash, const char *next, uint8_t flags,
                      const uint16_t *types, const test_key_t *signer)
{
	char owner[64];
	snprintf(owner, sizeof(owner), "%s.example.", hash);

	/* The bitmap of an NSEC with a root "next" is what follows its single byte. */
	knot_rdataset_t nsec = { 0 }, rrs = { 0 };
	signer_add_nsec(&nsec, N("."), types);
	uint8_t rdata[256] = { 1, flags, 0, 12, sizeof(SALT) };
	size_t len = 5;
	memcpy(rdata + len, SALT, sizeof(SALT));
	len += sizeof(SALT);
	rdata[len++] = 20;
	unbase32(next, rdata + len);
	len += 20;
	memcpy(rdata + len, nsec.rdata->data + 1, nsec.rdata->len - 1);
	len += nsec.rdata->len - 1;
	signer_add(&rrs, rdata, len);
	put_signed(w, N(owner), KNOT_RRTYPE_NSEC3, 300, &rrs, signer, w->parent);
	knot_rdataset_clear(&nsec, NULL);
}

/*! The child is a.example. here, as in the RFC; the proof is put by the caller. */
static void begin_nsec3(world_t *w, const char *zone)
{
	knot_dname_from_str(w->zone, zone, sizeof(w->zone));
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->parent, 900, 300, &w->parent_zsk);
}

static void nsec3_that_matches_proves(void **state)
{
	world_t *w = *state;
	begin_nsec3(w, "a.example.");
	put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);

	begin_nsec3(w, "a.example.");
	put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION_DS, &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_BOGUS);

	begin_nsec3(w, "a.example.");
	put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_BOGUS);
}

static void opt_out_nsec3_that_covers_proves(void **state)
{
	world_t *w = *state;
	/* c.example. lies between a.example.'s hash and the next one. */
	for (int flags = 0; flags < 2; flags++) {
		begin_nsec3(w, "c.example.");
		put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, flags, APEX, &w->parent_zsk);
		put_nsec3(w, HASH_A_EXAMPLE, "b4um86eghhds6nea196smvmlo4ors995", flags,
		          DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, flags == 1 ? ANSWER_OK : ANSWER_BOGUS);
	}

	/* Without the closest encloser it could be any name's cover. */
	begin_nsec3(w, "c.example.");
	put_nsec3(w, HASH_A_EXAMPLE, "b4um86eghhds6nea196smvmlo4ors995", 1, DELEGATION,
	          &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_BOGUS);

	/* The last record of a chain wraps around. */
	begin_nsec3(w, "c.example.");
	put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, 1, APEX, &w->parent_zsk);
	put_nsec3(w, HASH_A_EXAMPLE, HASH_EXAMPLE, 1, DELEGATION, &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
}

/* -- delegation ------------------------------------------------------------- */

static void put_name(world_t *w, const knot_dname_t *owner, uint16_t type, const void *data,
                     size_t len)
{
	knot_rdataset_t rrs = { 0 };
	signer_add(&rrs, data, len);
	put_signed(w, owner, type, 300, &rrs, NULL, NULL);
}

static void referral_gives_names_and_glue(void **state)
{
	world_t *w = *state;
	static const uint8_t V4[] = { 192, 0, 2, 1 }, V6[16] = { 0x20, 1, 0x0d, 0xb8 };
	const knot_dname_t *ns1 = N("NS1.Child.example."), *ns2 = N("ns.elsewhere.");
	answer_delegation_t found;

	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, false, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_name(w, w->zone, KNOT_RRTYPE_NS, ns1, knot_dname_size(ns1));
	put_name(w, w->zone, KNOT_RRTYPE_NS, ns2, knot_dname_size(ns2));
	reply_section(&w->reply, KNOT_ADDITIONAL);
	put_name(w, ns1, KNOT_RRTYPE_A, V4, 4);
	put_name(w, ns1, KNOT_RRTYPE_AAAA, V6, 16);
	put_name(w, N("stray.example."), KNOT_RRTYPE_A, V4, 4);
	size_t len = reply_end(&w->reply);
	assert_int_equal(answer_delegation(w->zone, w->reply.wire, len, &found), KNOT_EOK);
	assert_int_equal(found.ns.count, 2);
	assert_int_equal(found.glue_count, 2);
	answer_delegation_clear(&found);
}

static void referral_elsewhere_is_no_delegation(void **state)
{
	world_t *w = *state;
	const knot_dname_t *ns = N("ns.elsewhere.");
	answer_delegation_t found;

	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, false, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_name(w, w->parent, KNOT_RRTYPE_NS, ns, knot_dname_size(ns));
	size_t len = reply_end(&w->reply);
	assert_int_equal(answer_delegation(w->zone, w->reply.wire, len, &found), KNOT_ENOENT);
	assert_int_equal(answer_delegation(w->zone, w->reply.wire, 11, &found), KNOT_EMALF);
	assert_int_equal(answer_delegation(w->zone, NULL, 0, &found), KNOT_EMALF);
}

/* -- hostile bytes ---------------------------------------------------------- */

static void no_cut_and_no_flip_of_an_answer_breaks_or_upgrades_it(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_ds(w, &w->next_ksk, 900, &w->parent_zsk, w->parent);
	size_t len = reply_end(&w->reply);

	uint8_t *copy = malloc(len);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = malloc(cut > 0 ? cut : 1);
		memcpy(exact, w->reply.wire, cut);
		memset(&w->up, 0, sizeof(w->up));
		answer_ds(&w->known, w->parent, &w->trusted, exact, cut, &w->up);
		assert_int_not_equal(w->up.status, ANSWER_OK);
		free(exact);
	}
	for (size_t i = 0; i < 8 * len; i++) {
		memcpy(copy, w->reply.wire, len);
		copy[i / 8] ^= 1 << (i % 8);
		memset(&w->up, 0, sizeof(w->up));
		answer_ds(&w->known, w->parent, &w->trusted, copy, len, &w->up);
		/* Header bits without meaning and TTLs may differ; what is named may not. */
		if (w->up.status == ANSWER_OK) {
			assert_int_equal(w->up.ds, 2);
			assert_false(w->up.ds_foreign);
			assert_true(w->up.ds_ttl >= 900);
		}
	}
	free(copy);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(good_dnskey_is_read),
		T(both_ksks_are_seen_signing),
		T(key_remembered_by_digest_is_seen_but_cannot_verify),
		T(foreign_ksk_is_noticed),
		T(ksk_of_an_unknown_algorithm_is_foreign),
		T(missing_ksk_is_noticed),
		T(unsigned_dnskey_is_bogus_but_read),
		T(expired_dnskey_is_bogus),
		T(lowered_ttl_does_not_hide_the_signed_one),
		T(errors_of_a_server_are_named),
		T(answer_to_another_question_is_refused),
		T(signed_cds_is_read),
		T(cds_signed_by_the_zsk_only_has_no_signer),
		T(unwanted_cds_are_noticed),
		T(cdnskey_is_read),
		T(proven_nodata_means_no_cds),
		T(forged_nodata_is_bogus),
		T(empty_answer_without_soa_is_an_error),
		T(signed_ds_is_read),
		T(foreign_ds_is_noticed),
		T(ds_signed_by_the_child_is_bogus),
		T(unsigned_ds_is_bogus),
		T(proven_nodata_means_no_ds_with_the_negative_ttl),
		T(nodata_of_ds_without_proof_is_bogus),
		T(server_that_answers_from_the_child_is_an_error),
		T(nsec3_that_matches_proves),
		T(opt_out_nsec3_that_covers_proves),
		T(referral_gives_names_and_glue),
		T(referral_elsewhere_is_no_delegation),
		T(no_cut_and_no_flip_of_an_answer_breaks_or_upgrades_it),
	};
	return cmocka_run_group_tests_name("dns answer", tests, NULL, NULL);
}
