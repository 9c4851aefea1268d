/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one server of a child says, as the parental agent reads it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "child_read.h"
#include "dns_world.h"
#include "fetched.h"

/*! A server, and what it answers. */
typedef struct {
	world_t *w;
	child_known_t known;
	delegation_child_t out;
	uint8_t wire[CHILD_QUESTIONS][65535];
	ask_reply_t reply;
	rrsig_fields_t fields; /*!< Of signatures, if \a forged. */
	bool forged;
} server_t;

static const uint16_t TYPES[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY };

static void end_answer(server_t *s, unsigned question)
{
	const size_t len = reply_end(&s->w->reply);
	memcpy(s->wire[question], s->w->reply.wire, len);
	s->reply.answer[question].wire = s->wire[question];
	s->reply.answer[question].len = len;
	s->reply.answered++;
}

/*! Answers with records, signed by up to two keys. Clears the records. */
static void answers(server_t *s, unsigned question, knot_rdataset_t *rrs, const test_key_t *one, const test_key_t *two)
{
	knot_rrset_t rrset;
	knot_rdataset_t sigs = { 0 };
	const test_key_t *keys[] = { one, two };
	knot_rrset_init(&rrset, s->w->zone, TYPES[question], KNOT_CLASS_IN, TEST_TTL);
	rrset.rrs = *rrs;
	for (unsigned i = 0; i < 2; i++) {
		if (keys[i] == NULL) {
			continue;
		}
		rrsig_fields_t fields = signer_defaults(keys[i], s->w->zone, &rrset);
		if (s->forged) {
			fields.inception = s->fields.inception;
			fields.expiration = s->fields.expiration;
		}
		signer_sign_fields(&sigs, &rrset, keys[i], &fields);
	}
	reply_begin(&s->w->reply, s->w->zone, TYPES[question], true, KNOT_RCODE_NOERROR);
	reply_put(&s->w->reply, &rrset, &sigs);
	end_answer(s, question);
	knot_rdataset_clear(&sigs, NULL);
	knot_rdataset_clear(rrs, NULL);
}

static void answers_dnskey(server_t *s, const test_key_t *signer)
{
	knot_rdataset_t rrs = { 0 };
	knot_rdataset_copy(&rrs, &s->w->dnskey.rrs, NULL);
	answers(s, CHILD_DNSKEY, &rrs, signer, NULL);
}

/*! NODATA; the proof is signed by a key, or not there. */
static void answers_nothing(server_t *s, unsigned question, const test_key_t *signer)
{
	static const uint16_t THERE[] = { KNOT_RRTYPE_NS, KNOT_RRTYPE_SOA, KNOT_RRTYPE_DNSKEY, 0 };
	reply_begin(&s->w->reply, s->w->zone, TYPES[question], true, KNOT_RCODE_NOERROR);
	reply_section(&s->w->reply, KNOT_AUTHORITY);
	put_soa(s->w, s->w->zone, 600, 300, signer);
	if (signer != NULL) {
		put_nsec(s->w, s->w->zone, THERE, signer, s->w->zone);
	}
	end_answer(s, question);
}

/*! CDS and CDNSKEY of a key, signed by the KSK of the DS. */
static void answers_signals(server_t *s, const test_key_t *key, const test_key_t *signer)
{
	knot_rdataset_t rrs = { 0 };
	signer_add_ds(&rrs, key, DNSSEC_KEY_DIGEST_SHA256);
	answers(s, CHILD_CDS, &rrs, signer, NULL);
	signer_add(&rrs, key->rdata, key->len);
	answers(s, CHILD_CDNSKEY, &rrs, signer, NULL);
}

static void add_rdata(knot_rdataset_t *rrs, const uint8_t *data, size_t len)
{
	signer_add(rrs, data, len);
}

static delegation_child_t *reads(server_t *s)
{
	child_read(&s->known, &s->reply, &s->out);
	return &s->out;
}

/*! Another server of the same child. */
static void next_server(server_t *s)
{
	memset(&s->reply, 0, sizeof(s->reply));
	memset(&s->out, 0, sizeof(s->out));
	s->forged = false;
}

static int setup(void **state)
{
	void *w;
	server_t *s = calloc(1, sizeof(*s));
	world_setup(&w);
	s->w = w;
	s->known.child = s->known.table.child = s->w->zone;
	s->known.now = TEST_NOW;
	*state = s;
	return 0;
}

/*! The DS of the parent names the KSK. */
static void has_ds(server_t *s, int digest)
{
	knot_rdataset_t rrs = { 0 };
	signer_add_ds(&rrs, &s->w->ksk, digest);
	ds_set_read(&rrs, &s->known.ds);
	key_table_add_named(&s->known.table, &s->known.ds);
	knot_rdataset_clear(&rrs, NULL);
}

static int setup_secure(void **state)
{
	setup(state);
	has_ds(*state, DNSSEC_KEY_DIGEST_SHA256);
	return 0;
}

static int teardown(void **state)
{
	server_t *s = *state;
	void *w = s->w;
	world_teardown(&w);
	free(s);
	return 0;
}

/*! The key of the table, as a set. */
static delegation_keys_t bit_of(const server_t *s, const test_key_t *key)
{
	key_id_t id;
	assert_int_equal(dns_key_id(s->w->zone, key->rdata, key->len, &id), KNOT_EOK);
	const unsigned at = key_table_find(&s->known.table, &id);
	return at != KEY_TABLE_NONE ? UINT32_C(1) << at : 0;
}

/* -- signatures ---------------------------------------------------------------- */

static void a_rollover_is_read_as_it_is(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);

	assert_int_equal(a->status, ANSWER_OK);
	assert_string_equal(a->detail, "");
	const delegation_keys_t ksk = bit_of(s, &s->w->ksk), next = bit_of(s, &s->w->next_ksk);
	assert_true(ksk != 0 && next != 0 && ksk != next);
	assert_int_equal(a->dnskey, ksk | next);
	assert_int_equal(a->dnskey_signed_by, ksk);
	assert_true(a->dnskey_ttl > 0);
	assert_int_equal(a->dnskey_inception, a->cds.inception);
	assert_true(a->cds.present && a->cdnskey.present);
	assert_int_equal(a->cds.signed_by, ksk);
	assert_int_equal(a->cdnskey.signed_by, ksk);
	assert_int_equal(a->cds_set.count, 1);
	assert_int_equal(a->cdnskey_keys, next);
	assert_true(a->cds.inception != 0 && a->cds.inception < TEST_NOW && a->cds.expires > TEST_NOW);
	assert_false(a->cdnskey_deletes || a->cdnskey_malformed || a->cdnskey_excess);
	assert_false(child_read_doubts(a));
	/* The key itself was seen: other digest types name it as well. */
	assert_true(s->known.table.key[0].whole && s->known.table.key[1].whole);
	assert_int_equal(s->known.table.key[0].flags, 257);
	/* A ZSK that nothing names is not distinguished. */
	assert_int_equal(s->known.table.count, 2);
}

static void a_ds_of_sha384_names_the_key_that_signs(void **state)
{
	server_t *s = *state;
	has_ds(s, DNSSEC_KEY_DIGEST_SHA384);
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->cds.signed_by, bit_of(s, &s->w->ksk));
	assert_true(a->cds.inception != 0);
}

static void a_signature_by_a_key_outside_ds_has_no_times(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->next_ksk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_OK);
	assert_int_equal(a->cds.signed_by, bit_of(s, &s->w->next_ksk));
	assert_int_equal(a->cds.inception, 0);
	assert_int_equal(a->cds.expires, 0);
	assert_true(child_read_doubts(a));
}

/*! A DS RRset from before may name it: would the child validate with that? */
static void a_key_that_signs_is_known_though_nothing_names_it(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->next_ksk);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);
	assert_int_not_equal(bit_of(s, &s->w->next_ksk), 0);
	assert_int_equal(a->dnskey, bit_of(s, &s->w->ksk) | bit_of(s, &s->w->next_ksk));
	assert_int_equal(a->dnskey_signed_by, bit_of(s, &s->w->next_ksk));
	assert_int_equal(s->known.table.unnamed, 1);
}

static void an_old_signature_shows_by_its_inception(void **state)
{
	server_t *s = *state;
	s->forged = true;
	s->fields.inception = TEST_NOW - 80 * 86400;
	s->fields.expiration = TEST_NOW + 100;
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->cds.inception, TEST_NOW - 80 * 86400);
	assert_int_equal(a->cds.expires, TEST_NOW + 100);
	assert_int_equal(a->cdnskey.inception, TEST_NOW - 80 * 86400);
	assert_int_equal(a->dnskey_inception, TEST_NOW - 80 * 86400);
}

static void the_newest_of_several_signatures_counts(void **state)
{
	server_t *s = *state;
	knot_rrset_t rrset;
	knot_rdataset_t sigs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	knot_rrset_init(&rrset, s->w->zone, KNOT_RRTYPE_CDS, KNOT_CLASS_IN, TEST_TTL);
	signer_add_ds(&rrset.rrs, &s->w->next_ksk, DNSSEC_KEY_DIGEST_SHA256);
	for (int days = 9; days > 0; days -= 2) {
		rrsig_fields_t fields = signer_defaults(&s->w->ksk, s->w->zone, &rrset);
		fields.inception = TEST_NOW - days * 86400;
		fields.expiration = TEST_NOW + (10 - days) * 86400;
		signer_sign_fields(&sigs, &rrset, &s->w->ksk, &fields);
	}
	/* Newer, by the stranger under the tag of the KSK: it does not verify. */
	rrsig_fields_t fields = signer_defaults(&s->w->ksk, s->w->zone, &rrset);
	fields.inception = TEST_NOW - 10;
	signer_sign_fields(&sigs, &rrset, &s->w->stranger, &fields);
	reply_begin(&s->w->reply, s->w->zone, KNOT_RRTYPE_CDS, true, KNOT_RCODE_NOERROR);
	reply_put(&s->w->reply, &rrset, &sigs);
	end_answer(s, CHILD_CDS);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->cds.inception, TEST_NOW - 86400);
	assert_int_equal(a->cds.expires, TEST_NOW + 9 * 86400);
	knot_rdataset_clear(&rrset.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

static void an_expired_signature_counts_for_nothing(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	s->forged = true;
	s->fields.inception = TEST_NOW - 100;
	s->fields.expiration = TEST_NOW - 1;
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_OK);
	assert_int_equal(a->cds.signed_by, 0);
	assert_int_equal(a->cds.inception, 0);
}

static void a_child_with_ds_whose_keys_are_unsigned_is_bogus(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, NULL);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_BOGUS);
	assert_string_equal(a->detail, "DNSKEY: no RRSIG");
	assert_true(child_read_doubts(a));
}

static void a_child_with_ds_that_has_no_keys_is_bogus(void **state)
{
	server_t *s = *state;
	for (unsigned i = 0; i < CHILD_QUESTIONS; i++) {
		answers_nothing(s, i, NULL);
	}
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_BOGUS);
	assert_string_equal(a->detail, "DNSKEY: there is none, but there is a DS");
}

/* -- without a DS -------------------------------------------------------------- */

static void a_child_that_is_not_signed_answers(void **state)
{
	server_t *s = *state;
	for (unsigned i = 0; i < CHILD_QUESTIONS; i++) {
		answers_nothing(s, i, NULL);
	}
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_OK);
	assert_false(a->cds.present || a->cds.proven || a->cdnskey.present || a->cdnskey.proven);
	assert_int_equal(a->dnskey, 0);
	assert_false(child_read_doubts(a));
}

static void without_a_ds_any_key_of_dnskey_dates_the_signals(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->ksk, &s->w->zsk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_OK);
	assert_true(a->cds.inception != 0 && a->cdnskey.inception != 0);
	assert_int_equal(a->dnskey_signed_by, bit_of(s, &s->w->ksk));
}

/* -- no records ----------------------------------------------------------------- */

static void nodata_is_proven_by_a_key_of_the_chain(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	answers_nothing(s, CHILD_CDS, &s->w->zsk);
	answers_nothing(s, CHILD_CDNSKEY, NULL);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_OK);
	assert_true(!a->cds.present && a->cds.proven);
	assert_true(!a->cdnskey.present && !a->cdnskey.proven);
	assert_true(child_read_doubts(a));
}

static void keys_that_ds_does_not_lead_to_prove_nothing(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->next_ksk);
	answers_nothing(s, CHILD_CDS, &s->w->zsk);
	answers_nothing(s, CHILD_CDNSKEY, &s->w->zsk);
	const delegation_child_t *a = reads(s);
	assert_false(a->cds.proven || a->cdnskey.proven);
}

static void an_answer_without_soa_is_no_nodata(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	reply_begin(&s->w->reply, s->w->zone, KNOT_RRTYPE_CDS, true, KNOT_RCODE_NOERROR);
	end_answer(s, CHILD_CDS);
	answers_nothing(s, CHILD_CDNSKEY, &s->w->zsk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_ERROR);
	assert_string_equal(a->detail, "CDS: neither records nor NODATA");
}

/* -- delete, malformed, too many ------------------------------------------------- */

static const uint8_t DELETE_CDS[] = { 0, 0, 0, 0, 0 }, DELETE_CDNSKEY[] = { 0, 0, 3, 0, 0 };

static void the_delete_signal_is_seen(void **state)
{
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	add_rdata(&rrs, DELETE_CDS, sizeof(DELETE_CDS));
	answers(s, CHILD_CDS, &rrs, &s->w->ksk, NULL);
	add_rdata(&rrs, DELETE_CDNSKEY, sizeof(DELETE_CDNSKEY));
	answers(s, CHILD_CDNSKEY, &rrs, &s->w->ksk, NULL);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_OK);
	assert_true(ds_set_deletes(&a->cds_set));
	assert_true(a->cdnskey_deletes && !a->cdnskey_malformed && a->cdnskey_keys == 0);
}

static void the_delete_signal_beside_a_key_is_malformed(void **state)
{
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	add_rdata(&rrs, DELETE_CDNSKEY, sizeof(DELETE_CDNSKEY));
	add_rdata(&rrs, s->w->ksk.rdata, s->w->ksk.len);
	answers(s, CHILD_CDNSKEY, &rrs, &s->w->ksk, NULL);
	const delegation_child_t *a = reads(s);
	assert_true(a->cdnskey_malformed && !a->cdnskey_deletes);
}

static void a_delete_signal_of_another_shape_is_malformed(void **state)
{
	static const uint8_t OTHER[] = { 1, 1, 3, 0, 0 };
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	add_rdata(&rrs, OTHER, sizeof(OTHER));
	answers(s, CHILD_CDNSKEY, &rrs, &s->w->ksk, NULL);
	const delegation_child_t *a = reads(s);
	assert_true(a->cdnskey_malformed && !a->cdnskey_deletes);
}

static void add_cds(knot_rdataset_t *rrs, unsigned count, size_t digest)
{
	uint8_t rdata[4 + 64] = { 0, 0, 13, 2 };
	for (unsigned i = 0; i < count; i++) {
		knot_wire_write_u16(rdata, 1000 + i);
		signer_add(rrs, rdata, 4 + digest);
	}
}

static void more_cds_than_fit_are_an_excess(void **state)
{
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	add_cds(&rrs, DELEGATION_DS_MAX + 1, 32);
	answers(s, CHILD_CDS, &rrs, &s->w->ksk, NULL);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_OK);
	assert_true(a->cds_set.excess);
}

static void a_digest_that_is_too_long_is_an_excess(void **state)
{
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	add_cds(&rrs, 1, DELEGATION_DIGEST_MAX + 1);
	answers(s, CHILD_CDS, &rrs, &s->w->ksk, NULL);
	assert_true(reads(s)->cds_set.excess);
}

static void an_enormous_rrset_is_refused(void **state)
{
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	add_cds(&rrs, PACKET_RRS_MAX + 1, 32);
	answers(s, CHILD_CDS, &rrs, NULL, NULL);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_BOGUS);
	assert_string_equal(a->detail, "CDS: too many records");
}

static void add_keys(knot_rdataset_t *rrs, const test_key_t *like, unsigned count)
{
	uint8_t rdata[128];
	memcpy(rdata, like->rdata, like->len);
	/* A point that is not on the curve is a key all the same, of algorithm 8: RSA has any octets. */
	rdata[3] = 8;
	rdata[4] = 1;
	rdata[5] = 3;
	for (unsigned i = 0; i < count; i++) {
		rdata[like->len - 1] = i;
		signer_add(rrs, rdata, like->len);
	}
}

static void more_keys_than_can_be_distinguished_are_an_excess(void **state)
{
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	add_keys(&rrs, &s->w->ksk, DELEGATION_KEYS_MAX + 1);
	answers(s, CHILD_CDNSKEY, &rrs, &s->w->ksk, NULL);
	assert_true(reads(s)->cdnskey_excess);
	assert_true(s->known.table.excess);
}

static void keys_that_only_dnskey_has_take_no_room_from_others(void **state)
{
	server_t *s = *state;
	delegation_key_t key = { .whole = true };
	for (unsigned i = 0; i < DELEGATION_KEYS_MAX; i++) {
		key.id.tag = i;
		(void)key_table_add_unnamed(&s->known.table, &key);
	}
	assert_int_equal(s->known.table.count, 1 + KEY_TABLE_UNNAMED_MAX);
	assert_false(s->known.table.excess);
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->cdnskey_keys, bit_of(s, &s->w->next_ksk));
	assert_int_not_equal(bit_of(s, &s->w->next_ksk), 0);
}

static void more_dnskeys_than_can_be_checked_are_refused(void **state)
{
	server_t *s = *state;
	knot_rdataset_t rrs = { 0 };
	add_keys(&rrs, &s->w->ksk, VERIFY_KEYS_MAX);
	signer_add(&rrs, s->w->ksk.rdata, s->w->ksk.len);
	answers(s, CHILD_DNSKEY, &rrs, &s->w->ksk, NULL);
	answers_signals(s, &s->w->ksk, &s->w->ksk);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_BOGUS);
	assert_string_equal(a->detail, "DNSKEY: too many records");
}

/* -- what it may cost ------------------------------------------------------------ */

/*! CDS with so many signatures that do not verify, and one that does. */
static void answers_with_bad_signatures(server_t *s, unsigned count)
{
	knot_rrset_t rrset;
	knot_rdataset_t sigs = { 0 };
	knot_rrset_init(&rrset, s->w->zone, KNOT_RRTYPE_CDS, KNOT_CLASS_IN, TEST_TTL);
	signer_add_ds(&rrset.rrs, &s->w->next_ksk, DNSSEC_KEY_DIGEST_SHA256);
	signer_sign(&sigs, &rrset, &s->w->ksk, s->w->zone);
	for (unsigned i = 0; i < count; i++) {
		rrsig_fields_t fields = signer_defaults(&s->w->ksk, s->w->zone, &rrset);
		fields.expiration += i;
		signer_sign_fields(&sigs, &rrset, &s->w->stranger, &fields);
	}
	reply_begin(&s->w->reply, s->w->zone, KNOT_RRTYPE_CDS, true, KNOT_RCODE_NOERROR);
	reply_put(&s->w->reply, &rrset, &sigs);
	end_answer(s, CHILD_CDS);
	knot_rdataset_clear(&rrset.rrs, NULL);
	knot_rdataset_clear(&sigs, NULL);
}

static void too_many_signatures_prove_nothing(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	answers_with_bad_signatures(s, CHILD_RRSIGS_MAX);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_BOGUS);
	assert_string_equal(a->detail, "CDS: too many signatures");
	assert_int_equal(a->cds.signed_by, 0);
}

static void a_reply_that_costs_too_much_proves_nothing(void **state)
{
	server_t *s = *state;
	answers_dnskey(s, &s->w->ksk);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	answers_with_bad_signatures(s, CHILD_RRSIGS_MAX - 1);
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_BOGUS);
	assert_string_equal(a->detail, "DNSKEY: too much to verify");
	assert_int_equal(a->dnskey_signed_by | a->cds.signed_by | a->cdnskey.signed_by, 0);
	assert_true(a->dnskey_ttl == 0 && a->dnskey_inception == 0);
	assert_int_equal(a->cds.inception, 0);
	assert_true(s->known.spent.signatures <= WORK_SIGNATURES_MAX);
}

static void servers_of_a_child_share_a_budget(void **state)
{
	server_t *s = *state;
	const delegation_child_t *a = NULL;
	for (unsigned i = 0; i < 40; i++) {
		next_server(s);
		answers_dnskey(s, &s->w->ksk);
		answers_signals(s, &s->w->next_ksk, &s->w->ksk);
		answers_with_bad_signatures(s, 40);
		a = reads(s);
	}
	assert_int_equal(a->status, ANSWER_BOGUS);
	assert_string_equal(a->detail, "DNSKEY: other servers of the child have sent too much to verify");
	assert_true(s->known.spent.signatures <= CHILD_SIGNATURES_MAX + WORK_SIGNATURES_MAX);
}

/* -- no whole answer -------------------------------------------------------------- */

static void without_answer_it_depends_on_signs_of_life(void **state)
{
	server_t *s = *state;
	snprintf(s->out.server, sizeof(s->out.server), "ns1. 192.0.2.1@53");
	snprintf(s->reply.answer[0].error, sizeof(s->reply.answer[0].error), "timeout");
	assert_int_equal(reads(s)->status, ANSWER_UNREACHABLE);
	assert_string_equal(s->out.detail, "timeout");
	assert_string_equal(s->out.server, "ns1. 192.0.2.1@53");
	assert_int_equal(s->out.unreachable_since, 0);

	answers_dnskey(s, &s->w->ksk);
	s->reply.alive = true;
	snprintf(s->reply.answer[1].error, sizeof(s->reply.answer[1].error), "timeout");
	assert_int_equal(reads(s)->status, ANSWER_INCOMPLETE);
	assert_string_equal(s->out.detail, "CDS: timeout");

	s->reply.no_route = true;
	assert_int_equal(reads(s)->status, ANSWER_NO_ROUTE);
}

static void a_lame_server_is_an_error(void **state)
{
	server_t *s = *state;
	for (unsigned i = 0; i < CHILD_QUESTIONS; i++) {
		reply_begin(&s->w->reply, s->w->zone, TYPES[i], i == 0, i == 0 ? KNOT_RCODE_REFUSED : 0);
		end_answer(s, i);
	}
	const delegation_child_t *a = reads(s);
	assert_int_equal(a->status, ANSWER_ERROR);
	assert_string_equal(a->detail, "DNSKEY: REFUSED");
}

/* -- where errors are reported ------------------------------------------------------ */

static void with_option(server_t *s, const uint8_t *data, uint16_t len)
{
	knot_rrset_t opt;
	uint8_t *out = NULL;
	reply_begin(&s->w->reply, s->w->zone, KNOT_RRTYPE_DNSKEY, true, 0);
	reply_section(&s->w->reply, KNOT_ADDITIONAL);
	assert_int_equal(knot_edns_init(&opt, 1232, 0, 0, NULL), KNOT_EOK);
	assert_int_equal(knot_edns_reserve_option(&opt, 18, len, &out, NULL), KNOT_EOK);
	memcpy(out, data, len);
	reply_put(&s->w->reply, &opt, NULL);
	knot_rrset_clear(&opt, NULL);
	end_answer(s, CHILD_DNSKEY);
	answers_signals(s, &s->w->next_ksk, &s->w->ksk);
	(void)reads(s);
}

static void the_agent_of_the_report_channel_is_kept(void **state)
{
	/* The name, and an octet more. */
	static const uint8_t AGENT[] = "\x03"
				       "Rep\x07"
				       "example\0";
	server_t *s = *state;
	with_option(s, (const uint8_t *)"", 1);
	assert_string_equal(s->known.report_agent, "");
	with_option(s, AGENT, sizeof(AGENT) - 2);
	assert_string_equal(s->known.report_agent, "");
	with_option(s, AGENT, sizeof(AGENT));
	assert_string_equal(s->known.report_agent, "");
	with_option(s, AGENT, sizeof(AGENT) - 1);
	assert_string_equal(s->known.report_agent, "rep.example.");
}

#define T(name)        cmocka_unit_test_setup_teardown(name, setup_secure, teardown)
#define INSECURE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_rollover_is_read_as_it_is),
		INSECURE(a_ds_of_sha384_names_the_key_that_signs),
		T(a_signature_by_a_key_outside_ds_has_no_times),
		T(a_key_that_signs_is_known_though_nothing_names_it),
		T(an_old_signature_shows_by_its_inception),
		T(the_newest_of_several_signatures_counts),
		T(an_expired_signature_counts_for_nothing),
		T(a_child_with_ds_whose_keys_are_unsigned_is_bogus),
		T(a_child_with_ds_that_has_no_keys_is_bogus),
		INSECURE(a_child_that_is_not_signed_answers),
		INSECURE(without_a_ds_any_key_of_dnskey_dates_the_signals),
		T(nodata_is_proven_by_a_key_of_the_chain),
		T(keys_that_ds_does_not_lead_to_prove_nothing),
		T(an_answer_without_soa_is_no_nodata),
		T(the_delete_signal_is_seen),
		T(the_delete_signal_beside_a_key_is_malformed),
		T(a_delete_signal_of_another_shape_is_malformed),
		T(more_cds_than_fit_are_an_excess),
		T(a_digest_that_is_too_long_is_an_excess),
		T(an_enormous_rrset_is_refused),
		T(more_keys_than_can_be_distinguished_are_an_excess),
		T(keys_that_only_dnskey_has_take_no_room_from_others),
		T(more_dnskeys_than_can_be_checked_are_refused),
		T(too_many_signatures_prove_nothing),
		T(a_reply_that_costs_too_much_proves_nothing),
		T(servers_of_a_child_share_a_budget),
		T(without_answer_it_depends_on_signs_of_life),
		T(a_lame_server_is_an_error),
		T(the_agent_of_the_report_channel_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
