/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/keytag.h>

#include "dns_signer.h"
#include "verify.h"

/*! A DS RRset of child.example. and keys of example.; one thing is changed per test. */
typedef struct {
	knot_dname_storage_t zone, owner;
	knot_rrset_t rrset;
	test_key_t zsk, other;
	verify_key_t keys[2];
	rrsig_fields_t fields;
	knot_rdataset_t rrsigs;
} world_t;

static int setup(void **state)
{
	world_t *w = calloc(1, sizeof(*w));
	knot_dname_from_str(w->zone, "example.", sizeof(w->zone));
	knot_dname_from_str(w->owner, "child.example.", sizeof(w->owner));
	w->zsk = signer_key(w->zone, 256);
	w->other = signer_key(w->zone, 256);
	w->keys[0] = (verify_key_t){ w->other.rdata, w->other.len };
	w->keys[1] = (verify_key_t){ w->zsk.rdata, w->zsk.len };
	knot_rrset_init(&w->rrset, w->owner, KNOT_RRTYPE_DS, KNOT_CLASS_IN, TEST_TTL);
	signer_add_ds(&w->rrset.rrs, &w->zsk, 2);
	signer_add_ds(&w->rrset.rrs, &w->other, 2);
	w->fields = signer_defaults(&w->zsk, w->zone, &w->rrset);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_t *w = *state;
	knot_rdataset_clear(&w->rrset.rrs, NULL);
	knot_rdataset_clear(&w->rrsigs, NULL);
	signer_key_free(&w->zsk);
	signer_key_free(&w->other);
	free(w);
	return 0;
}

static verify_result_t verify_at(world_t *w, time_t now)
{
	work_t work = { 0 };
	return verify_rrset(w->zone, &w->rrset, &w->rrsigs, w->keys, 2, now, &work);
}

static void sign(world_t *w)
{
	signer_sign_fields(&w->rrsigs, &w->rrset, &w->zsk, &w->fields);
}

static void fails_with(world_t *w, const char *reason)
{
	verify_result_t result = verify_at(w, TEST_NOW);
	assert_int_equal(result.keys, 0);
	assert_string_equal(result.reason, reason);
}

/*! Valid or not, but by this zone, and over this RRset. */
static void algorithms_of_rrsigs_need_no_valid_signature(void **state)
{
	world_t *w = *state;
	const rrsig_fields_t right = w->fields;
	assert_int_equal(verify_at(w, TEST_NOW).algorithms, 0);

	static const uint8_t NONE[] = { 32, 45, 200, 255 };
	for (size_t i = 0; i < sizeof(NONE); i++) {
		w->fields.algorithm = NONE[i];
		sign(w);
	}
	w->fields = right;
	w->fields.algorithm = 5;
	w->fields.signer = N("child.example.");
	sign(w);
	w->fields = right;
	w->fields.algorithm = 7;
	w->fields.labels = 1;
	sign(w);
	assert_int_equal(verify_at(w, TEST_NOW).algorithms, 0);

	/* Over another type. */
	w->fields = right;
	w->rrset.type = KNOT_RRTYPE_CDS;
	sign(w);
	w->rrset.type = KNOT_RRTYPE_DS;
	assert_int_equal(verify_at(w, TEST_NOW).algorithms, 0);

	w->fields.algorithm = 8;
	sign(w);
	w->fields.algorithm = 15;
	w->fields.expiration = TEST_NOW - 1;
	sign(w);
	verify_result_t result = verify_at(w, TEST_NOW);
	assert_int_equal(result.keys, 0);
	assert_int_equal(result.algorithms, 1U << 8 | 1U << 15);
	w->fields = right;
	sign(w);
	result = verify_at(w, TEST_NOW);
	assert_int_equal(result.keys, 2);
	assert_int_equal(result.algorithms, 1U << 8 | 1U << 13 | 1U << 15);

	/* Which ones came before the budget was spent is the server's choice. */
	work_t work = { .signatures = WORK_SIGNATURES_MAX };
	result = verify_rrset(w->zone, &w->rrset, &w->rrsigs, w->keys, 2, TEST_NOW, &work);
	assert_int_equal(result.algorithms, 0);
}

static void good_signature_names_its_key(void **state)
{
	world_t *w = *state;
	sign(w);
	verify_result_t result = verify_at(w, TEST_NOW);
	assert_int_equal(result.keys, 2);
	assert_int_equal(result.original_ttl, TEST_TTL);
	assert_null(result.reason);
}

static void every_signer_is_found(void **state)
{
	world_t *w = *state;
	sign(w);
	signer_sign(&w->rrsigs, &w->rrset, &w->other, w->zone);
	assert_int_equal(verify_at(w, TEST_NOW).keys, 3);
}

static void other_ttl_in_the_answer_does_not_matter(void **state)
{
	world_t *w = *state;
	sign(w);
	w->rrset.ttl = 1;
	verify_result_t result = verify_at(w, TEST_NOW);
	assert_int_equal(result.keys, 2);
	assert_int_equal(result.original_ttl, TEST_TTL);
}

static void case_of_the_owner_does_not_matter(void **state)
{
	world_t *w = *state;
	sign(w);
	w->owner[1] = 'C';
	assert_int_equal(verify_at(w, TEST_NOW).keys, 2);
}

static void no_rrsig_is_told(void **state)
{
	fails_with(*state, "no RRSIG");
}

static void expired_signature_is_refused(void **state)
{
	world_t *w = *state;
	w->fields.expiration = TEST_NOW;
	sign(w);
	assert_int_equal(verify_at(w, TEST_NOW).keys, 2);
	assert_int_equal(verify_at(w, TEST_NOW + 1).keys, 0);
	assert_string_equal(verify_at(w, TEST_NOW + 1).reason, "RRSIG expired");
}

static void early_signature_is_refused(void **state)
{
	world_t *w = *state;
	w->fields.inception = TEST_NOW;
	sign(w);
	assert_int_equal(verify_at(w, TEST_NOW).keys, 2);
	assert_int_equal(verify_at(w, TEST_NOW - 1).keys, 0);
	assert_string_equal(verify_at(w, TEST_NOW - 1).reason, "RRSIG not yet valid");
}

static void validity_survives_the_wrap_of_the_clock(void **state)
{
	world_t *w = *state;
	w->fields.inception = UINT32_MAX - 100;
	w->fields.expiration = 100;
	sign(w);
	assert_int_equal(verify_at(w, (time_t)UINT32_MAX - 5).keys, 2);
	assert_int_equal(verify_at(w, (time_t)UINT32_MAX + 5).keys, 2);
	assert_int_equal(verify_at(w, (time_t)UINT32_MAX + 500).keys, 0);
	assert_int_equal(verify_at(w, (time_t)UINT32_MAX - 500).keys, 0);
}

static void other_signer_is_refused(void **state)
{
	world_t *w = *state;
	w->fields.signer = w->owner;
	sign(w);
	fails_with(w, "RRSIG by another zone");
}

static void wrong_label_count_is_refused(void **state)
{
	world_t *w = *state;
	/* Fewer is a wildcard expansion, more is nonsense. */
	w->fields.labels = 1;
	sign(w);
	fails_with(w, "RRSIG label count differs");
	knot_rdataset_clear(&w->rrsigs, NULL);
	w->fields.labels = 3;
	sign(w);
	fails_with(w, "RRSIG label count differs");
}

static void wrong_algorithm_is_refused(void **state)
{
	world_t *w = *state;
	w->fields.algorithm = 14;
	sign(w);
	fails_with(w, "no RRSIG by a known key");
}

static void wrong_tag_is_refused(void **state)
{
	world_t *w = *state;
	w->fields.tag++;
	sign(w);
	fails_with(w, "no RRSIG by a known key");
}

static void other_covered_type_is_skipped(void **state)
{
	world_t *w = *state;
	w->rrset.type = KNOT_RRTYPE_CDS;
	sign(w);
	w->rrset.type = KNOT_RRTYPE_DS;
	fails_with(w, "no RRSIG");
}

static void every_flipped_byte_of_the_rrsig_is_noticed(void **state)
{
	world_t *w = *state;
	sign(w);
	knot_rdata_t *rr = w->rrsigs.rdata;
	for (uint16_t i = 0; i < rr->len; i++) {
		rr->data[i] ^= 1;
		assert_int_equal(verify_at(w, TEST_NOW).keys, 0);
		rr->data[i] ^= 1;
	}
	assert_int_equal(verify_at(w, TEST_NOW).keys, 2);
}

static void every_flipped_byte_of_the_rdata_is_noticed(void **state)
{
	world_t *w = *state;
	sign(w);
	knot_rdata_t *rr = w->rrset.rrs.rdata;
	for (uint16_t i = 0; i < rr->len; i++) {
		rr->data[i] ^= 1;
		fails_with(w, "signature does not match");
		rr->data[i] ^= 1;
	}
}

static void missing_record_is_noticed(void **state)
{
	world_t *w = *state;
	sign(w);
	knot_rdataset_clear(&w->rrset.rrs, NULL);
	signer_add_ds(&w->rrset.rrs, &w->zsk, 2);
	fails_with(w, "signature does not match");
}

static void key_that_may_not_sign_zones_is_refused(void **state)
{
	world_t *w = *state;
	sign(w);
	uint8_t rdata[512];
	memcpy(rdata, w->zsk.rdata, w->zsk.len);

	static const uint16_t FLAGS[] = { 0, 1, 256 | 128, 257 | 128 };
	for (size_t i = 0; i < 4; i++) {
		/* The tag covers the flags: sign with that tag, so only they speak against it. */
		knot_wire_write_u16(rdata, FLAGS[i]);
		w->keys[1] = (verify_key_t){ rdata, w->zsk.len };
		test_key_t changed = { w->zsk.key, rdata, w->zsk.len };
		const dnssec_binary_t bin = { .data = rdata, .size = w->zsk.len };
		assert_int_equal(dnssec_keytag(&bin, &w->fields.tag), DNSSEC_EOK);
		knot_rdataset_clear(&w->rrsigs, NULL);
		signer_sign_fields(&w->rrsigs, &w->rrset, &changed, &w->fields);
		fails_with(w, "no RRSIG by a known key");
	}

	/* Nor one whose protocol is not 3, which the tag covers as well. */
	memcpy(rdata, w->zsk.rdata, w->zsk.len);
	rdata[2] = 4;
	const dnssec_binary_t bin = { .data = rdata, .size = w->zsk.len };
	assert_int_equal(dnssec_keytag(&bin, &w->fields.tag), DNSSEC_EOK);
	knot_rdataset_clear(&w->rrsigs, NULL);
	sign(w);
	assert_int_equal(verify_at(w, TEST_NOW).keys, 0);
	rdata[2] = 3;
	assert_int_equal(dnssec_keytag(&bin, &w->fields.tag), DNSSEC_EOK);
	knot_rdataset_clear(&w->rrsigs, NULL);
	sign(w);
	assert_int_equal(verify_at(w, TEST_NOW).keys, 2);
}

static void same_tag_of_two_keys_is_told_apart(void **state)
{
	world_t *w = *state;
	/* Swapping two 16-bit words keeps the checksum that is the tag. */
	uint8_t twin[512];
	memcpy(twin, w->zsk.rdata, w->zsk.len);
	memcpy(twin + 4, w->zsk.rdata + 6, 2);
	memcpy(twin + 6, w->zsk.rdata + 4, 2);
	w->keys[0] = (verify_key_t){ twin, w->zsk.len };
	sign(w);
	assert_int_equal(verify_at(w, TEST_NOW).keys, 2);
}

static void truncated_rrsig_is_refused(void **state)
{
	world_t *w = *state;
	sign(w);
	uint8_t whole[512];
	uint16_t len = w->rrsigs.rdata->len;
	memcpy(whole, w->rrsigs.rdata->data, len);

	for (uint16_t cut = 0; cut < len; cut++) {
		knot_rdataset_clear(&w->rrsigs, NULL);
		signer_add(&w->rrsigs, whole, cut);
		assert_int_equal(verify_at(w, TEST_NOW).keys, 0);
	}
}

static void truncated_key_is_refused(void **state)
{
	world_t *w = *state;
	sign(w);
	for (uint16_t cut = 0; cut < w->zsk.len; cut++) {
		w->keys[1].len = cut;
		assert_int_equal(verify_at(w, TEST_NOW).keys, 0);
	}
}

static void empty_sets_verify_nothing(void **state)
{
	world_t *w = *state;
	sign(w);
	work_t work = { 0 };
	assert_int_equal(verify_rrset(w->zone, &w->rrset, &w->rrsigs, NULL, 0, TEST_NOW, &work).keys, 0);
	knot_rdataset_clear(&w->rrset.rrs, NULL);
	fails_with(w, "no records");
}

static void number_of_checks_is_bounded(void **state)
{
	world_t *w = *state;
	verify_key_t keys[VERIFY_KEYS_MAX];
	uint8_t rdata[VERIFY_KEYS_MAX][512];
	assert_true(w->zsk.len <= sizeof(rdata[0]));

	/* All of one tag: one word up, another one down. The true key comes last. */
	for (unsigned i = 0; i < VERIFY_KEYS_MAX; i++) {
		memcpy(rdata[i], w->zsk.rdata, w->zsk.len);
		memcpy(rdata[i] + 4, w->zsk.rdata + 4 + 2 * (i % 30 + 1), 2);
		memcpy(rdata[i] + 4 + 2 * (i % 30 + 1), w->zsk.rdata + 4, 2);
		keys[i] = (verify_key_t){ rdata[i], w->zsk.len };
	}
	keys[VERIFY_KEYS_MAX - 1] = w->keys[1];
	for (unsigned i = 0; i < 20; i++) {
		w->fields.expiration++;
		sign(w);
	}
	work_t work = { 0 };
	verify_result_t result = verify_rrset(w->zone, &w->rrset, &w->rrsigs, keys, VERIFY_KEYS_MAX, TEST_NOW, &work);
	assert_int_equal(result.keys, 0);
	assert_string_equal(result.reason, "too many signatures to check");
	assert_true(work.exhausted);
	assert_int_equal(work.signatures, WORK_SIGNATURES_MAX);
}

static void exhausted_budget_verifies_nothing_more(void **state)
{
	world_t *w = *state;
	sign(w);
	/* One is left and does: the limit is not off by one. */
	work_t work = { .signatures = WORK_SIGNATURES_MAX - 1 };
	verify_result_t result = verify_rrset(w->zone, &w->rrset, &w->rrsigs, w->keys, 2, TEST_NOW, &work);
	assert_int_equal(result.keys, 2);
	assert_false(work.exhausted);
	result = verify_rrset(w->zone, &w->rrset, &w->rrsigs, w->keys, 2, TEST_NOW, &work);
	assert_int_equal(result.keys, 0);
	assert_int_equal(result.original_ttl, 0);
	assert_true(work.exhausted);

	/* Which signature came first is the server's choice: what had verified before is taken back. */
	signer_sign(&w->rrsigs, &w->rrset, &w->other, w->zone);
	work = (work_t){ .signatures = WORK_SIGNATURES_MAX - 1 };
	result = verify_rrset(w->zone, &w->rrset, &w->rrsigs, w->keys, 2, TEST_NOW, &work);
	assert_int_equal(result.keys, 0);
	assert_string_equal(result.reason, "too many signatures to check");
}

static void rsa_keys_larger_than_usual_are_not_used(void **state)
{
	world_t *w = *state;
	static const struct {
		uint8_t head[3];
		size_t head_len, len;
		bool used;
		/* clang-format off */
	} CASES[] = {
		/* Exponent of 3 octets, moduli of 4096 and 4104 bits. */
		{ { 3 }, 1, 1 + 3 + 512, true },
		{ { 3 }, 1, 1 + 3 + 513, false },
		{ { 8 }, 1, 1 + 8 + 256, true },
		{ { 9 }, 1, 1 + 9 + 256, false },
		{ { 0, 0, 3 }, 3, 3 + 3 + 256, true },
		{ { 0, 1, 0 }, 3, 3 + 256 + 256, false },
		{ { 0 }, 1, 1, false },	/* the length is cut off */
		{ { 0, 0, 0 }, 3, 3, true },	/* of no octets: libdnssec does not take it */
		{ { 5 }, 1, 3, false },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		uint8_t rdata[1024] = { 1, 0, 3, DNSSEC_KEY_ALGORITHM_RSA_SHA256 };
		memset(rdata + 4, 0xc5, CASES[i].len);
		memcpy(rdata + 4, CASES[i].head, CASES[i].head_len);
		w->keys[1] = (verify_key_t){ rdata, 4 + CASES[i].len };
		const dnssec_binary_t bin = { .data = rdata, .size = 4 + CASES[i].len };
		assert_int_equal(dnssec_keytag(&bin, &w->fields.tag), DNSSEC_EOK);
		w->fields.algorithm = DNSSEC_KEY_ALGORITHM_RSA_SHA256;
		knot_rdataset_clear(&w->rrsigs, NULL);
		sign(w);
		work_t work = { 0 };
		verify_result_t result = verify_rrset(w->zone, &w->rrset, &w->rrsigs, w->keys, 2, TEST_NOW, &work);
		assert_int_equal(result.keys, 0);
		assert_int_equal(work.signatures, CASES[i].used);
		assert_int_equal(strcmp(result.reason, "RSA key too large") == 0, !CASES[i].used);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(good_signature_names_its_key),
		T(algorithms_of_rrsigs_need_no_valid_signature),
		T(every_signer_is_found),
		T(other_ttl_in_the_answer_does_not_matter),
		T(case_of_the_owner_does_not_matter),
		T(no_rrsig_is_told),
		T(expired_signature_is_refused),
		T(early_signature_is_refused),
		T(validity_survives_the_wrap_of_the_clock),
		T(other_signer_is_refused),
		T(wrong_label_count_is_refused),
		T(wrong_algorithm_is_refused),
		T(wrong_tag_is_refused),
		T(other_covered_type_is_skipped),
		T(every_flipped_byte_of_the_rrsig_is_noticed),
		T(every_flipped_byte_of_the_rdata_is_noticed),
		T(missing_record_is_noticed),
		T(key_that_may_not_sign_zones_is_refused),
		T(same_tag_of_two_keys_is_told_apart),
		T(truncated_rrsig_is_refused),
		T(truncated_key_is_refused),
		T(empty_sets_verify_nothing),
		T(number_of_checks_is_bounded),
		T(exhausted_budget_verifies_nothing_more),
		T(rsa_keys_larger_than_usual_are_not_used),
	};
	return cmocka_run_group_tests_name("dns verify", tests, NULL, NULL);
}
