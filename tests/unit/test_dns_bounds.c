/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers at the bounds: one record more or less, a record that should not be there, a key that somebody else has.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "denial.h"
#include "dns_world.h"

static const uint16_t DELEGATION[] = { KNOT_RRTYPE_NS, 0 };
static const uint8_t ADDRESS[] = { 192, 0, 2, 1 };

static bool is_served(const world_t *w, const test_key_t *key)
{
	const knot_rdata_t *rr = w->served.rdata;
	for (uint16_t i = 0; i < w->served.count; i++) {
		if (rr->len == key->len && memcmp(rr->data, key->rdata, key->len) == 0) {
			return true;
		}
		rr = knot_rdataset_next((knot_rdata_t *)rr);
	}
	return false;
}

/* A server whose zone has one more ZSK signs its NODATA with that. */
static void all_keys_of_an_answer_count_if_a_known_key_signed_it(void **state)
{
	world_t *w = *state;
	knot_rrset_t dnskey;
	knot_rdataset_t sigs = { 0 };
	test_key_t more = signer_key(w->zone, 256);

	knot_rrset_init(&dnskey, w->zone, KNOT_RRTYPE_DNSKEY, KNOT_CLASS_IN, TEST_TTL);
	signer_add(&dnskey.rrs, w->ksk.rdata, w->ksk.len);
	signer_add(&dnskey.rrs, more.rdata, more.len);
	signer_sign(&sigs, &dnskey, &w->ksk, w->zone);
	see_dnskey(w, &dnskey, &sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_true(is_served(w, &more));
	assert_true(is_served(w, &w->zsk)); /* The own zone's. */

	knot_rdataset_clear(&sigs, NULL);
	signer_sign(&sigs, &dnskey, &more, w->zone);
	see_dnskey(w, &dnskey, &sigs);
	assert_int_equal(w->child.status, ANSWER_OK);
	assert_int_equal(w->child.dnskey_signed_by, 0);
	assert_false(is_served(w, &more));
	assert_true(is_served(w, &w->zsk));

	knot_rdataset_clear(&sigs, NULL);
	knot_rdataset_clear(&dnskey.rrs, NULL);
	signer_key_free(&more);
}

static void put_address(world_t *w, const knot_dname_t *owner)
{
	knot_rdataset_t rrs = { 0 };
	signer_add(&rrs, ADDRESS, sizeof(ADDRESS));
	put_signed(w, owner, KNOT_RRTYPE_A, 300, &rrs, &w->parent_zsk, w->parent);
}

static void no_ds_needs_an_empty_answer_and_one_soa(void **state)
{
	world_t *w = *state;
	/* Something else in the answer. */
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_address(w, w->zone);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->parent, 900, 300, &w->parent_zsk);
	put_nsec(w, w->zone, DELEGATION, &w->parent_zsk, w->parent);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_ERROR);
	assert_string_equal(w->up.detail, "neither DS nor NODATA");
	/* No SOA. */
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_nsec(w, w->zone, DELEGATION, &w->parent_zsk, w->parent);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_ERROR);
	assert_string_equal(w->up.detail, "neither DS nor NODATA");
	/* Both are right. */
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->parent, 900, 300, &w->parent_zsk);
	put_nsec(w, w->zone, DELEGATION, &w->parent_zsk, w->parent);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
}

static void see_ignored(world_t *w, int count)
{
	knot_rdataset_t rrs = { 0 };
	uint8_t rdata[] = { 0x30, 0x39, 13, 3, 1, 2, 3, 4 }; /* Tag 12345, GOST. */
	for (int i = 0; i < count; i++) {
		rdata[4] = i;
		signer_add(&rrs, rdata, sizeof(rdata));
	}
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	put_signed(w, w->zone, KNOT_RRTYPE_DS, 900, &rrs, &w->parent_zsk, w->parent);
	see_ds(w);
}

static void the_first_of_several_ignored_ds_is_shown(void **state)
{
	world_t *w = *state;
	see_ignored(w, 1);
	assert_string_equal(w->up.detail, "1 DS that validators ignore: tag 12345, algorithm 13, digest type 3");
	see_ignored(w, 2);
	assert_string_equal(w->up.detail, "2 DS that validators ignore: tag 12345, algorithm 13, digest type 3, ...");
}

/*! Hashes of no name of the tests; the last letter of each makes it one of its own. */
static const char *other_hash(unsigned number)
{
	static char text[33];
	snprintf(text, sizeof(text), "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv%u", number);
	return text;
}

static void eight_nsec3_are_checked(void **state)
{
	world_t *w = *state;
	for (unsigned others = 7; others <= 8; others++) {
		begin_nsec3(w, "a.example.");
		for (unsigned i = 0; i < others; i++) {
			put_nsec3(w, other_hash(i), HASH_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
		}
		put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
		see_ds(w);
		assert_int_equal(w->up.status, others == 7 ? ANSWER_OK : ANSWER_BOGUS);
		assert_string_equal(w->up.detail, others == 7 ? "" : "too many NSEC3");
	}
}

static void other_records_are_no_nsec3(void **state)
{
	world_t *w = *state;
	char name[32];
	begin_nsec3(w, "a.example.");
	for (unsigned i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "x%u.example.", i);
		put_address(w, N(name));
	}
	/* Nor are those of another zone. */
	for (unsigned i = 0; i < 12; i++) {
		knot_rdataset_t rrs = { 0 };
		uint8_t rdata[32] = { 1, 0, 0, 0, 0, 20 };
		snprintf(name, sizeof(name), "x%u.other.", i);
		signer_add(&rrs, rdata, sizeof(rdata));
		put_signed(w, N(name), KNOT_RRTYPE_NSEC3, 300, &rrs, NULL, NULL);
	}
	put_nsec3(w, HASH_A_EXAMPLE, HASH_C_EXAMPLE, 0, DELEGATION, &w->parent_zsk);
	see_ds(w);
	assert_int_equal(w->up.status, ANSWER_OK);
}

static void a_failed_proof_has_no_ttl(void **state)
{
	world_t *w = *state;
	const verify_key_t key = { w->parent_zsk.rdata, w->parent_zsk.len };
	for (int good = 0; good < 2; good++) {
		work_t work = { 0 };
		denial_proof_t proof = { .ttl = 77, .signers = 77 };
		knot_pkt_t *pkt = NULL;
		reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
		reply_section(&w->reply, KNOT_AUTHORITY);
		put_nsec(w, w->zone, DELEGATION, good ? &w->parent_zsk : &w->zsk, w->parent);
		const size_t len = reply_end(&w->reply);
		assert_null(packet_open(w->reply.wire, len, w->zone, KNOT_RRTYPE_DS, &pkt));
		const char *error =
			denial_check(pkt, w->parent, w->zone, KNOT_RRTYPE_DS, &key, 1, TEST_NOW, &work, &proof);
		assert_int_equal(error == NULL, good);
		assert_int_equal(proof.ttl, good ? 300 : 0);
		assert_int_equal(proof.signers, good ? 1 : 0);
		knot_pkt_free(pkt);
	}
}

static void the_root_signs_too(void **state)
{
	(void)state;
	const knot_dname_t *root = N(".");
	test_key_t key = signer_key(root, 256);
	const verify_key_t keys[] = { { key.rdata, key.len } };
	knot_rrset_t rrset;
	knot_rdataset_t sigs = { 0 };
	work_t work = { 0 };

	knot_rrset_init(&rrset, (knot_dname_t *)N("example."), KNOT_RRTYPE_DS, KNOT_CLASS_IN, TEST_TTL);
	signer_add_ds(&rrset.rrs, &key, 2);
	signer_sign(&sigs, &rrset, &key, root);
	const verify_result_t result = verify_rrset(root, &rrset, &sigs, keys, 1, TEST_NOW, &work);
	assert_int_equal(result.keys, 1);
	assert_int_equal(result.original_ttl, TEST_TTL);
	knot_rdataset_clear(&sigs, NULL);
	knot_rdataset_clear(&rrset.rrs, NULL);
	signer_key_free(&key);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(all_keys_of_an_answer_count_if_a_known_key_signed_it),
		T(no_ds_needs_an_empty_answer_and_one_soa),
		T(the_first_of_several_ignored_ds_is_shown),
		T(eight_nsec3_are_checked),
		T(other_records_are_no_nsec3),
		T(a_failed_proof_has_no_ttl),
		T(the_root_signs_too),
	};
	return cmocka_run_group_tests_name("dns bounds", tests, NULL, NULL);
}
