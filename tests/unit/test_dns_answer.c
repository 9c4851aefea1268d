/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cut.h"
#include "dns_world.h"
#include "replies.h"
#include "util/rrsig_key.h"

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

static void key_remembered_by_digest_verifies_where_it_is_served(void **state)
{
	world_t *w = *state;
	/* The own zone no longer has it, a secondary that lags has. */
	w->keys[0].rdata = NULL;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(w->child.dnskey, 3);
	assert_int_equal(w->child.dnskey_signed_by, 1);
	assert_int_equal(w->child.dnskey_ttl, TEST_TTL);

	knot_rdataset_t cds = { 0 };
	signer_add_ds(&cds, &w->ksk, 2);
	see_signal(w, KNOT_RRTYPE_CDS, &cds, &w->ksk, NULL);
	assert_int_equal(w->child.cds.signed_by, 1);
	knot_rdataset_clear(&cds, NULL);

	/* Who does not serve it cannot use it. */
	w->keys[0].id.digest[0] ^= 1;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.dnskey, 2);
	assert_int_equal(w->child.dnskey_signed_by, 0);
	signer_add_ds(&cds, &w->next_ksk, 2);
	see_signal(w, KNOT_RRTYPE_CDS, &cds, &w->ksk, NULL);
	assert_int_equal(w->child.cds.signed_by, 0);
	knot_rdataset_clear(&cds, NULL);
}

static void revoked_ksk_is_neither_known_nor_foreign(void **state)
{
	world_t *w = *state;
	uint8_t revoked[512];
	assert_true(w->stranger.len <= sizeof(revoked));
	memcpy(revoked, w->stranger.rdata, w->stranger.len);
	knot_wire_write_u16(revoked, 257 | KNOT_DNSKEY_FLAG_REVOKE);

	knot_rrset_t more = w->dnskey;
	knot_rdataset_t sigs = { 0 };
	knot_rdataset_copy(&more.rrs, &w->dnskey.rrs, NULL);
	signer_add(&more.rrs, revoked, w->stranger.len);
	signer_sign(&sigs, &more, &w->ksk, w->zone);
	see_dnskey(w, &more, &sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(w->child.dnskey, 3);
	assert_false(w->child.dnskey_foreign);
	assert_false(w->child.dnskey_equal);

	/* In the own zone as well: nothing is wrong. */
	w->known.dnskey = &more.rrs;
	see_dnskey(w, &more, &sigs);
	assert_false(w->child.dnskey_foreign);
	assert_true(w->child.dnskey_equal);
	knot_rdataset_clear(&more.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
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

	/* Unless the own zone has it too: then every server is right to serve it. */
	w->known.dnskey = &more.rrs;
	see_dnskey(w, &more, NULL);
	assert_false(w->child.dnskey_foreign);
	assert_true(w->child.dnskey_equal);
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
	assert_false(w->child.signals_wrong);
	assert_int_equal(w->child.dnskey, 3);
	assert_int_equal(w->child.dnskey_ttl, 0);
}

static void expired_dnskey_is_bogus(void **state)
{
	world_t *w = *state;
	w->known.now = TEST_NOW + 10 * 86400;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_string_equal(w->child.detail, "DNSKEY: RRSIG expired");
}

static void only_the_signed_ttl_counts(void **state)
{
	world_t *w = *state;
	static const uint32_t RECEIVED[] = { 0, 5, 2 * TEST_TTL, INT32_MAX, 1U << 31, UINT32_MAX };
	for (size_t i = 0; i < sizeof(RECEIVED) / sizeof(RECEIVED[0]); i++) {
		w->dnskey.ttl = RECEIVED[i];
		see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
		assert_int_equal(w->child.status, ANSWER_OK);
		assert_int_equal(w->child.dnskey_ttl, TEST_TTL);
		see_dnskey(w, &w->dnskey, NULL);
		assert_int_equal(w->child.status, ANSWER_BOGUS);
		assert_int_equal(w->child.dnskey_ttl, 0);
	}

	/* Signed by nobody that is known: whoever made it chose both TTLs. */
	knot_rrset_t theirs = w->dnskey;
	knot_rdataset_t sigs = { 0 };
	knot_rdataset_init(&theirs.rrs);
	theirs.ttl = INT32_MAX;
	signer_add(&theirs.rrs, w->stranger.rdata, w->stranger.len);
	signer_sign(&sigs, &theirs, &w->stranger, w->zone);
	see_dnskey(w, &theirs, &sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(w->child.dnskey_signed_by, 0);
	assert_int_equal(w->child.dnskey_ttl, 0);
	knot_rdataset_clear(&theirs.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

static void signed_ttl_with_the_highest_bit_is_none(void **state)
{
	world_t *w = *state;
	/* RFC 2181 8: then the received TTL bounds caches, unless it has that bit as well. */
	static const struct {
		uint32_t original, received, counts;
		/* clang-format off */
	} CASES[] = {
		{ INT32_MAX, 300, INT32_MAX },
		{ 1U << 31, 300, 300 },
		{ UINT32_MAX, 1U << 31, 0 },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		knot_rdataset_t sigs = { 0 };
		w->dnskey.ttl = CASES[i].original;
		signer_sign(&sigs, &w->dnskey, &w->ksk, w->zone);
		w->dnskey.ttl = CASES[i].received;
		see_dnskey(w, &w->dnskey, &sigs);
		assert_int_equal(w->child.status, ANSWER_OK);
		assert_int_equal(w->child.dnskey_ttl, CASES[i].counts);
		knot_rdataset_clear(&sigs, NULL);
	}
}

static void errors_of_a_server_are_named(void **state)
{
	world_t *w = *state;
	static const struct {
		int rcode;
		bool aa;
		const char *detail;
		/* clang-format off */
	} CASES[] = {
		{ KNOT_RCODE_REFUSED, false, "REFUSED" },
		{ KNOT_RCODE_SERVFAIL, false, "SERVFAIL" },
		{ KNOT_RCODE_NXDOMAIN, true, "NXDOMAIN" },
		{ KNOT_RCODE_NOERROR, false, "not authoritative" },
		{ KNOT_RCODE_NOERROR, true, "no DNSKEY" },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DNSKEY, CASES[i].aa, CASES[i].rcode);
		size_t len = reply_end(&w->reply);
		knot_rdataset_clear(&w->served, NULL);
		interpret_dnskey(&w->known, w->reply.wire, len, &w->child, &w->served);
		assert_int_equal(w->child.status, ANSWER_ERROR);
		assert_string_equal(w->child.detail, CASES[i].detail);
	}
}

/*! DNSKEY is answered, the others are not. */
static void only_a_whole_reply_is_kept(void **state)
{
	world_t *w = *state;
	replies_t replies = { 0 };
	child_answer_t answers[1] = { 0 };
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DNSKEY, true, 0);
	reply_put(&w->reply, &w->dnskey, &w->dnskey_sigs);
	size_t len = reply_end(&w->reply);
	ask_reply_t reply = {
		.answer = { { .wire = w->reply.wire, .len = len }, { .error = "timeout" }, { .error = "timeout" } },
		.answered = 1,
		.error = "timeout",
		.alive = true,
	};
	replies_child(&replies, &w->known, &reply, answers, 0);
	assert_int_equal(answers[0].status, ANSWER_OK);
	assert_int_equal(replies.child.answered, 0);
	replies_clear(&replies);
}

static void answer_to_another_question_is_refused(void **state)
{
	world_t *w = *state;
	reply_begin(&w->reply, w->parent, KNOT_RRTYPE_DNSKEY, true, 0);
	size_t len = reply_end(&w->reply);
	interpret_dnskey(&w->known, w->reply.wire, len, &w->child, &w->served);
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

static void refused_cds_is_an_error(void **state)
{
	world_t *w = *state;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, false, KNOT_RCODE_REFUSED);
	size_t len = reply_end(&w->reply);
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	assert_int_equal(w->child.status, ANSWER_ERROR);
	assert_string_equal(w->child.detail, "CDS: REFUSED");
	assert_false(w->child.cds.present);
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

static const uint16_t APEX[] = { KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_RRSIG, KNOT_RRTYPE_DNSKEY, 0 };
static const uint16_t APEX_CDS[] = { KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, 0 };

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
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
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
	assert_true(w->child.signals_wrong);
	see_no_cds(w, NULL, &w->zsk);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	see_no_cds(w, APEX_CDS, &w->zsk);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
}

/*! NODATA of CDS in a zone without ZSK; SOA and NSEC signed by these keys. \return Who has signed the data. */
static keyset_t data_signers(world_t *w, const test_key_t *const soa[2], const test_key_t *const nsec[2])
{
	knot_rrset_t single = w->dnskey;
	knot_rdataset_t sigs = { 0 };
	knot_rdataset_init(&single.rrs);
	signer_add(&single.rrs, w->ksk.rdata, w->ksk.len);
	signer_add(&single.rrs, w->next_ksk.rdata, w->next_ksk.len);
	signer_sign(&sigs, &single, &w->ksk, w->zone);
	w->known.dnskey = &single.rrs;
	see_dnskey(w, &single, &sigs);

	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	for (int i = 0; i < 2; i++) {
		put_soa(w, w->zone, 300, 300, soa[i]);
		put_nsec(w, w->zone, APEX, nsec[i], w->zone);
	}
	const size_t len = reply_end(&w->reply);
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	w->known.dnskey = &w->dnskey.rrs;
	knot_rdataset_clear(&single.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
	return w->child.data_signed_by;
}

static void single_type_keys_are_seen_signing_the_data(void **state)
{
	world_t *w = *state;
	const test_key_t *const old[] = { &w->ksk, &w->ksk }, *const both[] = { &w->ksk, &w->next_ksk };
	const test_key_t *const fresh[] = { &w->next_ksk, &w->next_ksk }, *const none[] = { NULL, NULL };
	const test_key_t *const other[] = { &w->stranger, &w->next_ksk };

	assert_int_equal(data_signers(w, both, both), 3);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(data_signers(w, old, old), 1);
	assert_int_equal(data_signers(w, fresh, fresh), 2);
	assert_int_equal(data_signers(w, other, both), 2);

	/* The SOA and the proof count alike. */
	assert_int_equal(data_signers(w, both, old), 1);
	assert_int_equal(data_signers(w, fresh, both), 2);
	assert_int_equal(data_signers(w, old, fresh), 0);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(data_signers(w, none, both), 0);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_int_equal(data_signers(w, both, none), 0);
	assert_int_equal(w->child.status, ANSWER_BOGUS);

	/* Where there is a ZSK as well. */
	see_no_cds(w, APEX, &w->ksk);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(w->child.data_signed_by, 1);
	assert_false(w->child.data_by_zsk);
	see_no_cds(w, APEX, &w->zsk);
	assert_int_equal(w->child.data_signed_by, 0);
	assert_true(w->child.data_by_zsk);
}

/* RRSIGs that do not verify. */
static const uint8_t NO_OTHER[] = { 0 }, RSA[] = { 8, 0 }, RSA_ED[] = { 8, 15, 0 }, UNKNOWN[] = { 200, 0 };

/*! NODATA of CDS in a zone with ZSK, which has signed the NSEC, with a serial. */
static void see_data(world_t *w, const test_key_t *soa_signer, const uint8_t *also_soa, const uint8_t *also_nsec)
{
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	w->serial = 2026112903;
	w->also = also_soa;
	put_soa(w, w->zone, 300, 300, soa_signer);
	w->also = also_nsec;
	put_nsec(w, w->zone, APEX, &w->zsk, w->zone);
	w->also = NULL;
	const size_t len = reply_end(&w->reply);
	w->child.serial_known = false;
	w->child.serial = w->child.data_algorithms = w->child.data_keys = 0;
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
}

static void assert_no_data(const world_t *w)
{
	assert_false(w->child.serial_known);
	assert_int_equal(w->child.serial, 0);
	assert_int_equal(w->child.data_algorithms, 0);
	assert_int_equal(w->child.data_keys, 0);
}

/*! The number that facts have for a key. */
static uint32_t number_of(world_t *w, const test_key_t *key)
{
	knot_rdataset_t sigs = { 0 };

	signer_sign(&sigs, &w->dnskey, key, w->zone);
	const uint32_t number = rrsig_key(sigs.rdata);
	knot_rdataset_clear(&sigs, NULL);
	return number;
}

#define ECDSA ALGSET_OF(13)

static void nodata_tells_serial_and_algorithms_of_the_data(void **state)
{
	world_t *w = *state;
	static const struct {
		const uint8_t *soa, *nsec;
		algset_t both;
		/* clang-format off */
	} CASES[] = {
		{ NO_OTHER, NO_OTHER, ECDSA },
		{ RSA, RSA, ECDSA | ALGSET_OF(8) },
		{ RSA_ED, RSA_ED, ECDSA | ALGSET_OF(8) | ALGSET_OF(15) },
		/* A version of the zone is signed as a whole: what only one of them has is no algorithm of the data. */
		{ RSA_ED, RSA, ECDSA | ALGSET_OF(8) },
		{ RSA, RSA_ED, ECDSA | ALGSET_OF(8) },
		{ RSA, NO_OTHER, ECDSA },
		{ NO_OTHER, RSA, ECDSA },
		{ UNKNOWN, UNKNOWN, ECDSA },
	};
	/* clang-format on */

	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		see_data(w, &w->zsk, CASES[i].soa, CASES[i].nsec);
		assert_int_equal(w->child.status, ANSWER_OK);
		assert_true(w->child.serial_known);
		assert_int_equal(w->child.serial, 2026112903);
		assert_int_equal(w->child.data_algorithms, CASES[i].both);
		assert_int_equal(w->child.data_signed_by, 0);
		assert_true(w->child.data_by_zsk);
		/* Nor are keys those of the data that only one of them has an RRSIG of. */
		assert_int_equal(w->child.data_keys != 0, CASES[i].soa == CASES[i].nsec);
		assert_int_equal(w->child.data_keys == number_of(w, &w->zsk),
		                 CASES[i].soa == NO_OTHER && CASES[i].nsec == NO_OTHER);
	}
}

/*! The proof holds all the same, as far as the rest is concerned. */
static void a_soa_that_does_not_verify_tells_no_serial(void **state)
{
	world_t *w = *state;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	see_data(w, NULL, NO_OTHER, RSA);
	assert_no_data(w);
	see_data(w, NULL, RSA, RSA);
	assert_no_data(w);
	see_data(w, &w->stranger, RSA, RSA);
	assert_no_data(w);
	assert_int_equal(w->child.status, ANSWER_OK);

	/* Nor does one of two. */
	see_data(w, &w->zsk, RSA, RSA);
	assert_true(w->child.serial_known);
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	for (w->serial = 1; w->serial <= 2; w->serial++) {
		put_soa(w, w->zone, 300, 300, &w->zsk);
	}
	put_nsec(w, w->zone, APEX, &w->zsk, w->zone);
	const size_t len = reply_end(&w->reply);
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_no_data(w);
}

/*! A ZSK that this server does not have any more, or not yet, counts if a known KSK has signed it. */
static void the_soa_is_verified_by_signed_keys_only(void **state)
{
	world_t *w = *state;
	knot_rrset_t theirs = w->dnskey;
	test_key_t other = signer_key(w->zone, 256);
	knot_rdataset_t sigs = { 0 }, forged = { 0 };
	knot_rdataset_init(&theirs.rrs);
	knot_rdataset_copy(&theirs.rrs, &w->dnskey.rrs, NULL);
	signer_add(&theirs.rrs, other.rdata, other.len);
	signer_sign(&sigs, &theirs, &w->ksk, w->zone);
	signer_sign(&forged, &theirs, &w->stranger, w->zone);

	see_dnskey(w, &theirs, &sigs);
	see_data(w, &other, NO_OTHER, NO_OTHER);
	assert_true(w->child.serial_known);
	assert_int_equal(w->child.data_algorithms, ECDSA);
	assert_int_equal(w->child.data_keys, 0); /* The same algorithm, and two keys. */
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->zone, 300, 300, &other);
	put_nsec(w, w->zone, APEX, &other, w->zone);
	const size_t len = reply_end(&w->reply);
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
	assert_int_equal(w->child.data_algorithms, ECDSA);
	assert_int_equal(w->child.data_keys, number_of(w, &other));
	assert_int_not_equal(w->child.data_keys, number_of(w, &w->zsk));
	see_dnskey(w, &theirs, &forged);
	see_data(w, &other, NO_OTHER, NO_OTHER);
	assert_no_data(w);
	/* The own keys count in any case. */
	see_data(w, &w->zsk, NO_OTHER, NO_OTHER);
	assert_true(w->child.serial_known);
	knot_rdataset_clear(&theirs.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
	knot_rdataset_clear(&forged, NULL);
	signer_key_free(&other);
}

static void only_proven_nodata_of_cds_tells_of_the_data(void **state)
{
	world_t *w = *state;
	knot_rdataset_t cds = { 0 };
	signer_add_ds(&cds, &w->ksk, 2);
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	see_signal(w, KNOT_RRTYPE_CDS, &cds, &w->ksk, NULL);
	assert_no_data(w);
	knot_rdataset_clear(&cds, NULL);

	see_no_cds(w, APEX_CDS, &w->zsk);
	assert_int_equal(w->child.status, ANSWER_BOGUS);
	assert_no_data(w);

	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDNSKEY, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->zone, 300, 300, &w->zsk);
	put_nsec(w, w->zone, APEX, &w->zsk, w->zone);
	const size_t len = reply_end(&w->reply);
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDNSKEY, w->reply.wire, len, &w->child);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_no_data(w);
}

/*! Every NSEC3 of the proof counts; one that does not verify is none of it. */
static void all_nsec3_of_the_proof_tell_the_algorithms(void **state)
{
	world_t *w = *state;
	static const struct {
		const uint8_t *match, *other;
		bool verifies;
		algset_t all;
		/* clang-format off */
	} CASES[] = {
		{ RSA, RSA, true, ECDSA | ALGSET_OF(8) },
		{ RSA, NO_OTHER, true, ECDSA },
		{ NO_OTHER, RSA, true, ECDSA },
		{ RSA, NO_OTHER, false, ECDSA | ALGSET_OF(8) },
	};
	/* clang-format on */

	/* The hashes are those of this zone. */
	memcpy(w->zone, w->parent, sizeof(w->zone));
	knot_rdataset_copy(&w->served, &w->dnskey.rrs, NULL);
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
		reply_section(&w->reply, KNOT_AUTHORITY);
		w->also = RSA;
		put_soa(w, w->zone, 300, 300, &w->zsk);
		w->also = CASES[i].match;
		put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, 0, APEX, &w->zsk);
		w->also = CASES[i].other;
		put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, APEX, CASES[i].verifies ? &w->zsk : &w->stranger);
		w->also = NULL;
		const size_t len = reply_end(&w->reply);
		memset(&w->child, 0, sizeof(w->child));
		interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
		assert_string_equal(w->child.detail, "");
		assert_true(w->child.serial_known);
		assert_int_equal(w->child.data_algorithms, CASES[i].all);
	}
}

static void empty_answer_without_soa_is_an_error(void **state)
{
	world_t *w = *state;
	see_dnskey(w, &w->dnskey, &w->dnskey_sigs);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_CDS, true, 0);
	size_t len = reply_end(&w->reply);
	interpret_signal(&w->known, &w->served, KNOT_RRTYPE_CDS, w->reply.wire, len, &w->child);
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

static void only_the_signed_ttl_of_a_ds_counts(void **state)
{
	world_t *w = *state;
	static const uint32_t RECEIVED[] = { 0, 900, INT32_MAX, UINT32_MAX };
	for (size_t i = 0; i < sizeof(RECEIVED) / sizeof(RECEIVED[0]); i++) {
		knot_rrset_t ds;
		knot_rdataset_t sigs = { 0 };
		knot_rrset_init(&ds, w->zone, KNOT_RRTYPE_DS, KNOT_CLASS_IN, 900);
		signer_add_ds(&ds.rrs, &w->ksk, 2);
		signer_sign(&sigs, &ds, &w->parent_zsk, w->parent);
		ds.ttl = RECEIVED[i];
		reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
		reply_put(&w->reply, &ds, &sigs);
		see_ds(w);
		assert_int_equal(w->up.status, ANSWER_OK);
		assert_int_equal(w->up.ds_ttl, 900);
		knot_rdataset_clear(&ds.rrs, NULL);
		knot_rdataset_clear(&sigs, NULL);
	}
}

static void put_ds_of_types(world_t *w, const int *digests, unsigned count)
{
	knot_rdataset_t ds = { 0 };
	for (unsigned i = 0; i < count; i++) {
		if (digests[i] != 3) {
			signer_add_ds(&ds, &w->next_ksk, digests[i]);
			continue;
		}
		uint8_t gost[4 + 32];
		memset(gost, 0xab, sizeof(gost));
		knot_wire_write_u16(gost, w->keys[1].id.tag);
		gost[2] = w->keys[1].id.algorithm;
		gost[3] = 3;
		signer_add(&ds, gost, sizeof(gost));
	}
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_signed(w, w->zone, KNOT_RRTYPE_DS, 900, &ds, &w->parent_zsk, w->parent);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
	assert_false(w->up.ds_foreign);
}

static void digest_types_of_a_ds_are_told_apart(void **state)
{
	world_t *w = *state;
	put_ds_of_types(w, (int[]){ 1, 2, 3 }, 3);
	assert_int_equal(w->up.ds, 2);
	assert_int_equal(w->up.ds_sha1, 0);
	assert_true(w->up.ds_ignored);
	assert_non_null(strstr(w->up.detail, "1 DS that validators ignore: tag "));
	assert_non_null(strstr(w->up.detail, "algorithm 13, digest type 3"));

	put_ds_of_types(w, (int[]){ 1 }, 1);
	assert_int_equal(w->up.ds, 0);
	assert_int_equal(w->up.ds_sha1, 2);
	assert_false(w->up.ds_ignored);
	assert_string_equal(w->up.detail, "SHA-1 is the only digest of a DS");

	put_ds_of_types(w, (int[]){ 3 }, 1);
	assert_int_equal(w->up.ds | w->up.ds_sha1, 0);
	assert_true(w->up.ds_ignored);

	put_ds_of_types(w, (int[]){ 2, 4 }, 2);
	assert_int_equal(w->up.ds, 2);
	assert_false(w->up.ds_ignored);
	assert_string_equal(w->up.detail, "");
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

static void see_no_ds(world_t *w, const knot_dname_t *owner, const uint16_t *types, const test_key_t *signer)
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

	/* RFC 9077: a cache that makes use of NSEC holds it as long as its own TTL, at most MINIMUM. */
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->parent, 60, 900, &w->parent_zsk);
	put_nsec(w, w->zone, DELEGATION, &w->parent_zsk, w->parent);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
	assert_int_equal(w->up.ds_ttl, 300);
}

static void nsec3_with_more_iterations_than_resolvers_accept_is_no_proof(void **state)
{
	world_t *w = *state;
	for (unsigned iterations = 150; iterations <= 151; iterations++) {
		w->iterations = iterations;
		begin_nsec3(w, "a.example.");
		put_nsec3(w, hash_of(w, w->zone), HASH_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, iterations == 150 ? ANSWER_OK : ANSWER_BOGUS);
		assert_string_equal(w->up.detail,
		                    iterations == 150 ? "" : "NSEC3 with more iterations than resolvers accept");
	}
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

static void put_name(world_t *w, const knot_dname_t *owner, uint16_t type, const void *data, size_t len)
{
	knot_rdataset_t rrs = { 0 };
	signer_add(&rrs, data, len);
	put_signed(w, owner, type, 300, &rrs, NULL, NULL);
}

/*! Ends the answer that was begun and reads it. */
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

static void nsec3_that_is_cut_is_no_proof(void **state)
{
	world_t *w = *state;
	/* Fixed fields, salt, hash length, hash, and a bitmap of NS and RRSIG alone are 5 + 4 + 1 + 20 + 8. */
	for (w->nsec3_cut = 0; w->nsec3_cut < 38; w->nsec3_cut++) {
		begin_nsec3(w, "a.example.");
		put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, w->nsec3_cut == 0 ? ANSWER_OK :
		                               w->reply.refused  ? ANSWER_ERROR :
		                                                   ANSWER_BOGUS);
	}

	for (uint16_t cut = 1; cut < 38; cut++) {
		/* What covers needs its next hash, and not its bitmap. */
		begin_nsec3(w, "c.example.");
		w->nsec3_cut = cut;
		put_nsec3(w, HASH_A_EXAMPLE, "b4um86eghhds6nea196smvmlo4ors995", 1, DELEGATION, &w->parent_zsk);
		w->nsec3_cut = 0;
		put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, 1, APEX, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, w->reply.refused ? ANSWER_ERROR : cut <= 8 ? ANSWER_OK : ANSWER_BOGUS);

		/* Beside a proof it does not matter. */
		begin_nsec3(w, "a.example.");
		w->nsec3_cut = cut;
		put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, 0, APEX, &w->parent_zsk);
		w->nsec3_cut = 0;
		put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, w->reply.refused ? ANSWER_ERROR : ANSWER_OK);
	}
}

static void nsec3_at_an_owner_that_is_no_hash_does_not_matter(void **state)
{
	world_t *w = *state;
	static const char *const OWNERS[] = {
		"35mthgpgcu1qg68fab165klnsnk3dpvw",
		"35mthgpgcu1qg68fab165klnsnk3dp",
		"x",
	};
	for (size_t i = 0; i < sizeof(OWNERS) / sizeof(OWNERS[0]); i++) {
		begin_nsec3(w, "a.example.");
		put_nsec3(w, OWNERS[i], HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
		put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, ANSWER_OK);
	}

	/* At the root, and in another zone. */
	static const uint8_t rdata[] = { 1, 0, 0, 0, 0, 1, 7, 0, 1, 0x20 };
	begin_nsec3(w, "a.example.");
	put_name(w, N("."), KNOT_RRTYPE_NSEC3, rdata, sizeof(rdata));
	put_name(w, N(HASH_A_EXAMPLE ".other."), KNOT_RRTYPE_NSEC3, rdata, sizeof(rdata));
	put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
}

/*! Its first characters alone would cover c.example. */
static void nsec3_at_an_owner_that_is_no_hash_proves_nothing(void **state)
{
	world_t *w = *state;
	static const char *const OWNERS[] = {
		HASH_A_EXAMPLE,
		"35mthgpgcu1qg68fab165klnsnk3dpvw",
		"35mthgpgcu1qg68fab165klnsnk3dp-l",
	};
	for (size_t i = 0; i < sizeof(OWNERS) / sizeof(OWNERS[0]); i++) {
		begin_nsec3(w, "c.example.");
		put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, 1, APEX, &w->parent_zsk);
		put_nsec3(w, OWNERS[i], "b4um86eghhds6nea196smvmlo4ors995", 1, DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, i == 0 ? ANSWER_OK : ANSWER_BOGUS);
	}
}

static void nsec3_of_upper_case_proves(void **state)
{
	world_t *w = *state;
	/* RFC 4343: the case of an owner means nothing. */
	begin_nsec3(w, "a.example.");
	put_nsec3(w, "35MTHGPGCU1QG68FAB165KLNSNK3DPVL", HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
}

static void opt_out_nsec3_that_covers_proves(void **state)
{
	world_t *w = *state;
	/* c.example. lies between a.example.'s hash and the next one. */
	for (int flags = 0; flags < 2; flags++) {
		begin_nsec3(w, "c.example.");
		put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, flags, APEX, &w->parent_zsk);
		put_nsec3(w, HASH_A_EXAMPLE, "b4um86eghhds6nea196smvmlo4ors995", flags, DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, flags == 1 ? ANSWER_OK : ANSWER_BOGUS);
	}

	/* Without the closest encloser it could be any name's cover. */
	begin_nsec3(w, "c.example.");
	put_nsec3(w, HASH_A_EXAMPLE, "b4um86eghhds6nea196smvmlo4ors995", 1, DELEGATION, &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_BOGUS);

	/* RFC 5155 7.2: records of two chains prove nothing together. */
	begin_nsec3(w, "c.example.");
	put_nsec3(w, HASH_EXAMPLE, HASH_A_EXAMPLE, 1, APEX, &w->parent_zsk);
	w->iterations++;
	put_nsec3(w, HASH_A_EXAMPLE, "b4um86eghhds6nea196smvmlo4ors995", 1, DELEGATION, &w->parent_zsk);
	w->iterations--;
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

static void says(world_t *w, cut_said_t said, uint16_t names)
{
	cut_t found;
	size_t len = reply_end(&w->reply);
	assert_int_equal(cut_read(w->zone, w->reply.wire, len, &found), KNOT_EOK);
	assert_int_equal(found.said, said);
	assert_int_equal(found.ns.count, names);
	cut_clear(&found);
}

static void referral_gives_names_and_glue(void **state)
{
	world_t *w = *state;
	static const uint8_t V4[] = { 192, 0, 2, 1 }, V6[16] = { 0x20, 1, 0x0d, 0xb8 };
	const knot_dname_t *ns1 = N("NS1.Child.example."), *ns2 = N("ns.elsewhere.");
	cut_t found;

	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, false, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_name(w, w->zone, KNOT_RRTYPE_NS, ns1, knot_dname_size(ns1));
	put_name(w, w->zone, KNOT_RRTYPE_NS, ns2, knot_dname_size(ns2));
	reply_section(&w->reply, KNOT_ADDITIONAL);
	put_name(w, ns1, KNOT_RRTYPE_A, V4, 4);
	put_name(w, ns1, KNOT_RRTYPE_AAAA, V6, 16);
	put_name(w, N("stray.example."), KNOT_RRTYPE_A, V4, 4);
	size_t len = reply_end(&w->reply);
	assert_int_equal(cut_read(w->zone, w->reply.wire, len, &found), KNOT_EOK);
	assert_int_equal(found.said, CUT_REFERRAL);
	assert_int_equal(found.ns.count, 2);
	assert_int_equal(found.glue_count, 2);
	cut_clear(&found);
}

static void referral_elsewhere_is_no_delegation(void **state)
{
	world_t *w = *state;
	const knot_dname_t *ns = N("ns.elsewhere.");
	cut_t found;

	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, false, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_name(w, w->parent, KNOT_RRTYPE_NS, ns, knot_dname_size(ns));
	says(w, CUT_ERROR, 0);
	assert_int_equal(cut_read(w->zone, w->reply.wire, 11, &found), KNOT_EOK);
	assert_int_equal(found.said, CUT_ERROR);
	assert_string_equal(found.error, "malformed answer");
	assert_int_equal(cut_read(w->zone, NULL, 0, &found), KNOT_EOK);
	assert_int_equal(found.said, CUT_ERROR);
}

static void authoritative_answer_is_no_referral(void **state)
{
	world_t *w = *state;
	static const uint8_t V4[] = { 192, 0, 2, 1 };
	const knot_dname_t *ns1 = N("ns1.child.example.");

	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, true, 0);
	put_name(w, w->zone, KNOT_RRTYPE_NS, ns1, knot_dname_size(ns1));
	reply_section(&w->reply, KNOT_ADDITIONAL);
	put_name(w, ns1, KNOT_RRTYPE_A, V4, 4);
	says(w, CUT_HOSTED, 1);

	/* Out of a cache: of whatever age. */
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, false, 0);
	put_name(w, w->zone, KNOT_RRTYPE_NS, ns1, knot_dname_size(ns1));
	says(w, CUT_ERROR, 0);

	/* Not delegated, or not yet; and an error. */
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, true, 0);
	says(w, CUT_NONE, 0);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, true, KNOT_RCODE_NXDOMAIN);
	says(w, CUT_NONE, 0);
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, true, KNOT_RCODE_REFUSED);
	says(w, CUT_ERROR, 0);
}

/*! A referral with so many names; the first of them has so much glue. */
static int read_many(world_t *w, unsigned names, unsigned glue)
{
	cut_t found;
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_NS, false, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	for (unsigned i = 0; i < names; i++) {
		char name[32];
		snprintf(name, sizeof(name), "ns%u.child.example.", i);
		const knot_dname_t *ns = N(name);
		put_name(w, w->zone, KNOT_RRTYPE_NS, ns, knot_dname_size(ns));
	}
	reply_section(&w->reply, KNOT_ADDITIONAL);
	for (unsigned i = 0; i < glue; i++) {
		const uint8_t addr[] = { 192, 0, i / 256, i % 256 };
		put_name(w, N("ns0.child.example."), KNOT_RRTYPE_A, addr, sizeof(addr));
	}
	size_t len = reply_end(&w->reply);
	int ret = cut_read(w->zone, w->reply.wire, len, &found);
	if (ret == KNOT_EOK) {
		assert_int_equal(found.ns.count, names);
		assert_int_equal(found.glue_count, glue);
	}
	cut_clear(&found);
	return ret;
}

static void too_much_is_refused_as_a_whole(void **state)
{
	world_t *w = *state;
	assert_int_equal(read_many(w, CUT_NAMES_MAX, CUT_GLUE_MAX), KNOT_EOK);
	assert_int_equal(read_many(w, CUT_NAMES_MAX + 1, 1), KNOT_ELIMIT);
	assert_int_equal(read_many(w, 1, CUT_GLUE_MAX + 1), KNOT_ELIMIT);
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
		interpret_ds(&w->known, w->parent, &w->trusted, exact, cut, &w->up, NULL);
		assert_int_not_equal(w->up.status, ANSWER_OK);
		free(exact);
	}
	for (size_t i = 0; i < 8 * len; i++) {
		memcpy(copy, w->reply.wire, len);
		copy[i / 8] ^= 1 << (i % 8);
		memset(&w->up, 0, sizeof(w->up));
		interpret_ds(&w->known, w->parent, &w->trusted, copy, len, &w->up, NULL);
		/* Header bits without meaning and the received TTL may differ; what is signed may not. */
		if (w->up.status == ANSWER_OK) {
			assert_int_equal(w->up.ds, 2);
			assert_false(w->up.ds_foreign);
			assert_int_equal(w->up.ds_ttl, 900);
		}
	}
	free(copy);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(good_dnskey_is_read),
		T(both_ksks_are_seen_signing),
		T(key_remembered_by_digest_verifies_where_it_is_served),
		T(revoked_ksk_is_neither_known_nor_foreign),
		T(foreign_ksk_is_noticed),
		T(ksk_of_an_unknown_algorithm_is_foreign),
		T(missing_ksk_is_noticed),
		T(unsigned_dnskey_is_bogus_but_read),
		T(expired_dnskey_is_bogus),
		T(only_the_signed_ttl_counts),
		T(signed_ttl_with_the_highest_bit_is_none),
		T(errors_of_a_server_are_named),
		T(only_a_whole_reply_is_kept),
		T(answer_to_another_question_is_refused),
		T(signed_cds_is_read),
		T(refused_cds_is_an_error),
		T(cds_signed_by_the_zsk_only_has_no_signer),
		T(unwanted_cds_are_noticed),
		T(cdnskey_is_read),
		T(proven_nodata_means_no_cds),
		T(forged_nodata_is_bogus),
		T(single_type_keys_are_seen_signing_the_data),
		T(nodata_tells_serial_and_algorithms_of_the_data),
		T(a_soa_that_does_not_verify_tells_no_serial),
		T(the_soa_is_verified_by_signed_keys_only),
		T(only_proven_nodata_of_cds_tells_of_the_data),
		T(all_nsec3_of_the_proof_tell_the_algorithms),
		T(empty_answer_without_soa_is_an_error),
		T(signed_ds_is_read),
		T(foreign_ds_is_noticed),
		T(only_the_signed_ttl_of_a_ds_counts),
		T(digest_types_of_a_ds_are_told_apart),
		T(ds_signed_by_the_child_is_bogus),
		T(unsigned_ds_is_bogus),
		T(proven_nodata_means_no_ds_with_the_negative_ttl),
		T(nodata_of_ds_without_proof_is_bogus),
		T(nsec3_with_more_iterations_than_resolvers_accept_is_no_proof),
		T(server_that_answers_from_the_child_is_an_error),
		T(nsec3_that_matches_proves),
		T(nsec3_that_is_cut_is_no_proof),
		T(nsec3_at_an_owner_that_is_no_hash_does_not_matter),
		T(nsec3_at_an_owner_that_is_no_hash_proves_nothing),
		T(nsec3_of_upper_case_proves),
		T(opt_out_nsec3_that_covers_proves),
		T(referral_gives_names_and_glue),
		T(referral_elsewhere_is_no_delegation),
		T(authoritative_answer_is_no_referral),
		T(too_much_is_refused_as_a_whole),
		T(no_cut_and_no_flip_of_an_answer_breaks_or_upgrades_it),
	};
	return cmocka_run_group_tests_name("dns answer", tests, NULL, NULL);
}
