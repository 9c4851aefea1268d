/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a zone's own server, its policy and its settings say about it. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dns_signer.h"
#include "env.h"
#include "zone.h"
#include "util/rrsig_key.h"

/* What facts.c needs of the others. */
uint32_t fit_ttl(const zone_t *zone)
{
	return zone->settings->config.ttl;
}

void announce_facts(const zone_t *zone, rollover_facts_t *facts)
{
	(void)zone;
	facts->acknowledged = 7;
}

void fit_facts(const zone_t *zone, own_facts_t *own)
{
	(void)zone;
	own->keys_refused = true;
	snprintf(own->conf_detail, sizeof(own->conf_detail), "words");
}

void clocks_read(const clocks_t *clocks, rollover_clock_t *out)
{
	(void)clocks;
	memset(out, 0, sizeof(*out));
}

store_t *writer_store(const writer_t *writer)
{
	(void)writer;
	return NULL;
}

int store_unreachable_load(store_t *store, const char *zone, const char *server, rollover_silence_t *out)
{
	(void)store, (void)zone, (void)server, (void)out;
	return KNOT_EOK;
}

void writer_unreachable(writer_t *writer, const char *zone, const char *server, const rollover_silence_t *silence)
{
	(void)writer, (void)zone, (void)server, (void)silence;
}

void writer_servers_done(writer_t *writer, const char *zone, time_t now)
{
	(void)writer, (void)zone, (void)now;
}

static own_facts_t facts_of(zone_settings_t *settings, const server_check_t *check)
{
	entry_t entry = { 0 };
	zone_t zone = {
		.entry = &entry, .name = "one.", .dname = (const knot_dname_t *)"\x03one", .settings = settings
	};
	rollover_init(&zone.kept.row, 1700000000);
	gathered_t *gathered = facts_new(&zone, check);
	assert_non_null(gathered);
	const own_facts_t own = gathered->facts.own;
	facts_free(gathered);
	return own;
}

/*! By the whole name: a policy of another TTL is not the one that is wanted. */
static void the_policy_in_force_is_told_by_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t ttl;
		policy_role_t role;
		/* clang-format off */
	} CASES[] = {
		{ "lab", 300, POLICY_BASE },
		{ "lab-kskroll-loud", 300, POLICY_BASE },
		{ "lab-kskroll-ttl", 300, POLICY_LOW_TTL },
		{ "lab-kskroll-ttl", 600, POLICY__COUNT },
		{ "lab-kskroll-ttl-600", 600, POLICY_LOW_TTL },
		{ "lab-kskroll-ttl-600", 300, POLICY__COUNT },
		{ "lab-kskroll-delete", 300, POLICY_DELETE },
		{ "lab-kskroll-delete-60", 300, POLICY__COUNT },
		/* Of version 0.1.0, whatever TTL they have. */
		{ "lab-kskroll-quiet", 300, POLICY_FORMER },
		{ "lab-kskroll-quiet", 600, POLICY_FORMER },
		{ "lab-kskroll-signal-900", 300, POLICY_FORMER },
		{ "lab-kskroll-rollback", 300, POLICY_FORMER },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		zone_settings_t settings = { .config.ttl = CASES[i].ttl };
		const server_check_t check = { .status = SERVER_OK };
		strcpy(settings.policy, CASES[i].name);
		assert_int_equal(facts_of(&settings, &check).policy, CASES[i].role);
	}
}

static void settings_and_the_last_order_are_facts(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab", .config.ttl = 300 };
	server_check_t check = { .status = SERVER_OK, .catalog_member = true, .dnskey_ttl = 77 };

	own_facts_t own = facts_of(&settings, &check);
	assert_true(own.known && own.catalog_member && own.keys_refused);
	assert_false(own.base_publishes);
	assert_int_equal(own.dnskey_ttl, 77);
	assert_string_equal(own.conf_detail, "words");

	assert_false(own.base_always);
	settings.base_publishes = settings.base_always = true;
	check = (server_check_t){ .status = SERVER_REFUSED, .detail = "not loaded" };
	own = facts_of(&settings, &check);
	assert_true(own.base_publishes && own.base_always);
	assert_false(own.known || own.catalog_member);
	assert_string_equal(own.conf_detail, "not loaded");
}

/*!
 * The oldest signature counts: a parent may go by any of them. Knot dates each an hour and a half back (RFC
 * 4034 3.1.5).
 */
static void a_dnskey_rrset_is_as_old_as_its_oldest_signature(void **state)
{
	(void)state;
	static const uint32_t inceptions[] = { 1700000000, 1700001000, 1699999000 };
	zone_settings_t settings = { .policy = "lab" };
	server_check_t check = { .status = SERVER_OK };

	assert_int_equal(facts_of(&settings, &check).dnskey_signed, 0);
	for (size_t i = 0; i < sizeof(inceptions) / sizeof(inceptions[0]); i++) {
		/* 18 octets, the root as signer, a signature. */
		uint8_t rdata[23] = { 0, 48, 13, 1 };
		rdata[12] = inceptions[i] >> 24;
		rdata[13] = inceptions[i] >> 16;
		rdata[14] = inceptions[i] >> 8;
		rdata[15] = inceptions[i];
		rdata[22] = i;
		knot_rdata_t *rr = malloc(knot_rdata_size(sizeof(rdata)));
		assert_non_null(rr);
		knot_rdata_init(rr, sizeof(rdata), rdata);
		assert_int_equal(knot_rdataset_add(&check.rrsig, rr, NULL), KNOT_EOK);
		free(rr);
		const time_t oldest = i == 2 ? inceptions[2] : inceptions[0];
		assert_int_equal(facts_of(&settings, &check).dnskey_signed, oldest + 5400);
	}
	knot_rdataset_clear(&check.rrsig, NULL);

	/* What is cut off says nothing. */
	uint8_t cut[18] = { 0, 48, 13, 1 };
	memset(cut + 12, 0x7f, 4);
	knot_rdata_t *rr = malloc(knot_rdata_size(sizeof(cut)));
	assert_non_null(rr);
	knot_rdata_init(rr, sizeof(cut), cut);
	assert_int_equal(knot_rdataset_add(&check.rrsig, rr, NULL), KNOT_EOK);
	free(rr);
	assert_int_equal(facts_of(&settings, &check).dnskey_signed, 0);
	knot_rdataset_clear(&check.rrsig, NULL);
}

static void add_rdata(knot_rdataset_t *set, const uint8_t *rdata, size_t len)
{
	knot_rdata_t *rr = malloc(knot_rdata_size(len));
	assert_non_null(rr);
	knot_rdata_init(rr, len, rdata);
	assert_int_equal(knot_rdataset_add(set, rr, NULL), KNOT_EOK);
	free(rr);
}

static void add_key(server_check_t *check, uint16_t flags, uint8_t algorithm)
{
	const uint8_t rdata[] = { flags >> 8, flags, 3, algorithm, 1, 2, 3, 4 };
	add_rdata(&check->dnskey, rdata, sizeof(rdata));
}

/*! A KSK of Ed25519. */
typedef struct {
	uint8_t rdata[36];
} ksk_t;

static ksk_t ksk(uint8_t number)
{
	return (ksk_t){ { 1, 1, 3, 15, number } };
}

/*! A signature of a KSK which no validator would take. */
static void add_dnskey_rrsig(server_check_t *check, uint8_t number)
{
	const ksk_t key = ksk(number);
	uint8_t rdata[23] = { 0, 48, 15, 1 };
	key_id_t id;

	assert_int_equal(dns_key_id((const knot_dname_t *)"\x03one", key.rdata, sizeof(key.rdata), &id), KNOT_EOK);
	rdata[16] = id.tag >> 8;
	rdata[17] = id.tag;
	rdata[22] = number;
	add_rdata(&check->rrsig, rdata, sizeof(rdata));
}

/*! Whoever counts this server's keys need not know them, nor does an order name one. */
static void keys_of_other_signers_come_last(void **state)
{
	(void)state;
	static const knot_dname_t *const name = (const knot_dname_t *)"\x03one";
	for (uint8_t remembered = 0; remembered < 5; remembered++) {
		zone_settings_t settings = { .policy = "lab" };
		entry_t entry = { 0 };
		zone_t zone = { .entry = &entry, .name = "one.", .dname = name, .settings = &settings };
		server_check_t check = { .status = SERVER_OK };
		const ksk_t key = ksk(remembered);

		rollover_init(&zone.kept.row, 1700000000);
		assert_int_equal(dns_key_id(name, key.rdata, sizeof(key.rdata), &zone.kept.row.old[0]), KNOT_EOK);
		zone.kept.row.old_count = 1;
		for (uint8_t n = 1; n <= 4; n++) {
			add_rdata(&check.dnskey, ksk(n).rdata, sizeof(ksk_t));
		}
		add_dnskey_rrsig(&check, 2);
		add_dnskey_rrsig(&check, 4);
		/* What is remembered is this server's, whether it signs or not. */
		const unsigned own = remembered == 1 || remembered == 3 ? 3 : 2;
		gathered_t *gathered = facts_new(&zone, &check);
		assert_non_null(gathered);
		assert_int_equal(gathered->own_key_count, own);
		assert_int_equal(gathered->facts.own.dnskey, (1U << own) - 1);
		assert_int_equal(gathered->facts.own.foreign, 15U & ~((1U << own) - 1));
		for (unsigned i = 0; i < 4; i++) {
			const uint8_t number = gathered->keys[i].rdata[4];
			assert_memory_equal(&gathered->keys[i].id, &gathered->facts.keys[i], sizeof(key_id_t));
			assert_int_equal(i < own, number % 2 == 0 || number == remembered);
		}
		facts_free(gathered);
		knot_rdataset_clear(&check.dnskey, NULL);
		knot_rdataset_clear(&check.rrsig, NULL);
	}
}

/*! By the zone that has the name of one label and so many letters. */
static void add_soa_rrsig_by(server_check_t *check, uint8_t algorithm, uint16_t tag)
{
	const uint8_t rdata[24] = { 0, KNOT_RRTYPE_SOA, algorithm, 1, [16] = tag >> 8, [17] = tag & 255, [23] = 7 };
	add_rdata(&check->soa_rrsig, rdata, sizeof(rdata));
}

static void add_soa_rrsig(server_check_t *check, uint8_t algorithm)
{
	add_soa_rrsig_by(check, algorithm, 0);
}

/*! Over DNSKEY, by a key of this tag. */
static void add_rrsig(server_check_t *check, uint16_t tag, uint8_t algorithm, uint32_t expiration, uint8_t different)
{
	uint8_t rdata[23] = { 0, KNOT_RRTYPE_DNSKEY, algorithm, 1, [22] = different };
	knot_wire_write_u32(rdata + 8, expiration);
	knot_wire_write_u16(rdata + 16, tag);
	add_rdata(&check->rrsig, rdata, sizeof(rdata));
}

/*! The last signature of a key counts, and of all keys the first to have none: the DS may name that key alone. */
static void a_dnskey_rrset_expires_when_the_first_ksk_does_not_sign_it(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab" };
	server_check_t check = { .status = SERVER_OK };
	const uint32_t now = time(NULL);
	uint16_t tag[2];

	for (int i = 0; i < 2; i++) {
		uint8_t rdata[4 + 32] = { 1, 1, 3, 15, [35] = i };
		key_id_t id;
		assert_int_equal(dns_key_id((const knot_dname_t *)"", rdata, sizeof(rdata), &id), KNOT_EOK);
		tag[i] = id.tag;
		add_rdata(&check.dnskey, rdata, sizeof(rdata));
	}
	assert_int_equal(facts_of(&settings, &check).dnskey_expires, 0);

	/* Of an unknown key, of another algorithm, cut off. */
	add_rrsig(&check, tag[0] ^ 1 ^ tag[1], 15, now + 1, 0);
	add_rrsig(&check, tag[0], 13, now + 1, 0);
	add_rdata(&check.rrsig, (const uint8_t[18]){ 0, KNOT_RRTYPE_DNSKEY, 15 }, 18);
	assert_int_equal(facts_of(&settings, &check).dnskey_expires, 0);

	add_rrsig(&check, tag[0], 15, now + 100, 0);
	assert_int_equal(facts_of(&settings, &check).dnskey_expires, now + 100);
	add_rrsig(&check, tag[0], 15, now + 300, 1);
	assert_int_equal(facts_of(&settings, &check).dnskey_expires, now + 300);
	add_rrsig(&check, tag[1], 15, now + 200, 0);
	assert_int_equal(facts_of(&settings, &check).dnskey_expires, now + 200);
	knot_rdataset_clear(&check.rrsig, NULL);

	/* It has expired; the number goes round. */
	add_rrsig(&check, tag[0], 15, now - 5, 0);
	assert_int_equal(facts_of(&settings, &check).dnskey_expires, (time_t)now - 5);
	knot_rdataset_clear(&check.rrsig, NULL);
	add_rrsig(&check, tag[0], 15, now + INT32_MAX, 0);
	assert_int_equal(facts_of(&settings, &check).dnskey_expires, (time_t)now + INT32_MAX);
	knot_rdataset_clear(&check.rrsig, NULL);
	knot_rdataset_clear(&check.dnskey, NULL);
}

/*! A key of a new algorithm that signs the data, and is not published, is seen by its RRSIG only. */
static void algorithms_of_keys_and_of_the_data_are_facts(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab" };
	server_check_t check = { .status = SERVER_OK };

	own_facts_t own = facts_of(&settings, &check);
	assert_int_equal(own.algorithms | own.data_algorithms, 0);

	add_key(&check, 257, 8);
	add_key(&check, 256, 10);
	/* Revoked, no key of a zone, of an unknown algorithm, cut off. */
	add_key(&check, 257 | 128, 13);
	add_key(&check, 1, 14);
	add_key(&check, 257, 200);
	add_rdata(&check.dnskey, (const uint8_t[]){ 1, 1, 3 }, 3);
	own = facts_of(&settings, &check);
	assert_int_equal(own.algorithms, ALGSET_OF(8) | ALGSET_OF(10));
	assert_int_equal(own.data_algorithms, 0);

	add_soa_rrsig(&check, 8);
	add_soa_rrsig(&check, 13);
	add_rdata(&check.soa_rrsig, (const uint8_t[18]){ 0, KNOT_RRTYPE_SOA, 15 }, 18);
	own = facts_of(&settings, &check);
	assert_int_equal(own.algorithms, ALGSET_OF(8) | ALGSET_OF(10));
	assert_int_equal(own.data_algorithms, ALGSET_OF(8) | ALGSET_OF(13));
	assert_int_equal(own.data_signed_by, 0);

	/* The same algorithms, and another key. */
	const uint32_t two = own.data_keys;
	const knot_rdata_t *last = knot_rdataset_next(check.soa_rrsig.rdata);
	assert_int_equal(two, rrsig_key(check.soa_rrsig.rdata) + rrsig_key(last)); /* As at nameservers. */
	add_soa_rrsig_by(&check, 13, 4711);
	own = facts_of(&settings, &check);
	assert_int_equal(own.data_algorithms, ALGSET_OF(8) | ALGSET_OF(13));
	assert_int_not_equal(own.data_keys, two);
	knot_rdataset_clear(&check.dnskey, NULL);
	knot_rdataset_clear(&check.soa_rrsig, NULL);
}

/*! Of single-type keys, each signature of the data should be by one that is published. */
static void a_hidden_key_that_signs_the_data_is_a_fact(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab" };
	server_check_t check = { .status = SERVER_OK };
	key_id_t id;

	add_rdata(&check.dnskey, ksk(1).rdata, sizeof(ksk_t));
	assert_int_equal(dns_key_id((const knot_dname_t *)"\x03one", ksk(1).rdata, sizeof(ksk_t), &id), KNOT_EOK);
	assert_false(facts_of(&settings, &check).data_hidden);
	add_soa_rrsig_by(&check, id.algorithm, id.tag);
	add_rdata(&check.soa_rrsig, (const uint8_t[18]){ 0, KNOT_RRTYPE_SOA, 15 }, 18);
	own_facts_t own = facts_of(&settings, &check);
	assert_true(own.csk && !own.data_hidden);
	add_soa_rrsig_by(&check, id.algorithm, id.tag ^ 1);
	own = facts_of(&settings, &check);
	assert_true(own.csk && own.data_hidden);
	/* Beside a ZSK that is no matter of single-type keys. */
	add_key(&check, 256, 15);
	own = facts_of(&settings, &check);
	assert_true(!own.csk && !own.data_hidden);
	knot_rdataset_clear(&check.dnskey, NULL);
	knot_rdataset_clear(&check.soa_rrsig, NULL);
}

/* Two ZSKs have been rolled, and the tags of the new ones have the same sum as those of the former ones. */
static void keys_of_another_pair_are_others(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab" };
	uint32_t keys[2];

	for (int i = 0; i < 2; i++) {
		server_check_t check = { .status = SERVER_OK };
		add_soa_rrsig_by(&check, 8, 1000 + i);
		add_soa_rrsig_by(&check, 13, 2000 - i);
		keys[i] = facts_of(&settings, &check).data_keys;
		knot_rdataset_clear(&check.soa_rrsig, NULL);
	}
	assert_int_not_equal(keys[0], keys[1]);
}

/*! Many KSKs do not hide what algorithms there are. */
static void all_keys_of_the_zone_have_their_algorithm_counted(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab" };
	server_check_t check = { .status = SERVER_OK };

	for (unsigned i = 0; i < 3 * ROLLOVER_KEYS_MAX; i++) {
		uint8_t rdata[4 + 64] = { 1, 1, 3, i % 2 ? 13 : 15 };
		rdata[4] = i;
		add_rdata(&check.dnskey, rdata, i % 2 ? 4 + 64 : 4 + 32);
	}
	add_key(&check, 256, 8);
	assert_int_equal(facts_of(&settings, &check).algorithms, ALGSET_OF(8) | ALGSET_OF(13) | ALGSET_OF(15));
	knot_rdataset_clear(&check.dnskey, NULL);
}

static void the_serial_is_that_of_the_soa(void **state)
{
	(void)state;
	zone_settings_t settings = { .policy = "lab" };
	server_check_t check = { .status = SERVER_OK };
	/* Two names, then the serial. */
	static const uint8_t soa[] = { 2, 'n', 's', 0, 0, 0x78, 0xc3, 0x2b, 0x67, [24] = 60 };

	assert_false(facts_of(&settings, &check).serial_known);
	add_rdata(&check.soa, soa, sizeof(soa));
	const own_facts_t own = facts_of(&settings, &check);
	assert_true(own.serial_known);
	assert_int_equal(own.serial, 0x78c32b67);
	knot_rdataset_clear(&check.soa, NULL);

	add_rdata(&check.soa, soa, 20);
	assert_false(facts_of(&settings, &check).serial_known);
	knot_rdataset_clear(&check.soa, NULL);
}

/*! The DNSKEY of a ZSK with tag and algorithm of the key. It need not be on the curve. */
static void add_twin(server_check_t *check, const test_key_t *key)
{
	uint8_t rdata[4 + 64];
	size_t at = 5;

	assert_int_equal(key->len, sizeof(rdata));
	memcpy(rdata, key->rdata, sizeof(rdata));
	rdata[1] &= ~1;
	while (rdata[at] == 255) {
		at += 2;
	}
	rdata[at]++;
	add_rdata(&check->dnskey, rdata, sizeof(rdata));
}

/*! A tag tells who signs the data unless a ZSK has it as well: a pair would be taken for a single-type key. */
static void a_zsk_may_have_the_tag_of_the_ksk(void **state)
{
	(void)state;
	static const uint8_t soa[] = { 2, 'n', 's', 0, 0, [24] = 60 };
	const knot_dname_t *zone = (const knot_dname_t *)"\x03one";
	zone_settings_t settings = { .policy = "lab" };
	test_key_t key = signer_key(zone, 257);

	for (int i = 0; i < 4; i++) {
		const bool is_twin = i & 1, signs = i & 2;
		server_check_t check = { .status = SERVER_OK };
		knot_rrset_t rrset;

		add_rdata(&check.dnskey, key.rdata, key.len);
		if (is_twin) {
			add_twin(&check, &key);
		}
		add_rdata(&check.soa, soa, sizeof(soa));
		knot_rrset_init(&rrset, (knot_dname_t *)zone, KNOT_RRTYPE_SOA, KNOT_CLASS_IN, 60);
		rrset.rrs = check.soa;
		rrsig_fields_t fields = signer_defaults(&key, zone, &rrset);
		fields.inception = time(NULL) - 3600;
		fields.expiration = time(NULL) + 3600;
		signer_sign_fields(&check.soa_rrsig, &rrset, &key, &fields);
		if (!signs) { /* By the other one. */
			check.soa_rrsig.rdata->data[check.soa_rrsig.rdata->len - 1] ^= 1;
		}
		const own_facts_t own = facts_of(&settings, &check);
		assert_int_equal(own.dnskey, 1);
		assert_int_equal(own.csk, !is_twin);
		assert_int_equal(own.data_signed_by, is_twin && !signs ? 0 : 1);
		knot_rdataset_clear(&check.dnskey, NULL);
		knot_rdataset_clear(&check.soa, NULL);
		knot_rdataset_clear(&check.soa_rrsig, NULL);
	}
	signer_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policy_in_force_is_told_by_its_name),
		cmocka_unit_test(settings_and_the_last_order_are_facts),
		cmocka_unit_test(a_dnskey_rrset_is_as_old_as_its_oldest_signature),
		cmocka_unit_test(keys_of_other_signers_come_last),
		cmocka_unit_test(a_dnskey_rrset_expires_when_the_first_ksk_does_not_sign_it),
		cmocka_unit_test(algorithms_of_keys_and_of_the_data_are_facts),
		cmocka_unit_test(a_hidden_key_that_signs_the_data_is_a_fact),
		cmocka_unit_test(keys_of_another_pair_are_others),
		cmocka_unit_test(all_keys_of_the_zone_have_their_algorithm_counted),
		cmocka_unit_test(the_serial_is_that_of_the_soa),
		cmocka_unit_test(a_zsk_may_have_the_tag_of_the_ksk),
	};
	return cmocka_run_group_tests_name("daemon_facts", tests, NULL, NULL);
}
