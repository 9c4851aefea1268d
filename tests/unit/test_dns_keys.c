/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dns_signer.h"

/* RFC 4509 2.3: dskey.example.com, RSA/SHA-1, tag 60485. */
static const uint8_t RFC4509_FIXED[] = { 1, 0, 3, 5 };

static const char *const RFC4509_BASE64 = "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZ"
					  "DRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9Xzc"
					  "nOf+EPbtG9DMBmADjFDc2w/rljwvFw==";

static const char *const RFC4509_SHA256 = "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A";
/* RFC 4034 5.4: the SHA-1 DS of the same key. */
static const char *const RFC4034_SHA1 = "2BB183AF5F22588179A53B0A98631FAD1A292118";

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;
	for (size_t i = 0; i < len; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		out[i] = strtoul(byte, NULL, 16);
	}
	return len;
}

static size_t unbase64(const char *text, uint8_t *out)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned have = 0;
	size_t len = 0;
	for (; *text != '\0' && *text != '='; text++) {
		bits = bits << 6 | (uint32_t)(strchr(set, *text) - set);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = bits >> have;
		}
	}
	return len;
}

static size_t rfc_key(uint8_t *rdata)
{
	memcpy(rdata, RFC4509_FIXED, sizeof(RFC4509_FIXED));
	return sizeof(RFC4509_FIXED) + unbase64(RFC4509_BASE64, rdata + sizeof(RFC4509_FIXED));
}

static size_t rfc_ds(uint8_t *rdata, uint8_t type, const char *digest)
{
	knot_wire_write_u16(rdata, 60485);
	rdata[2] = 5;
	rdata[3] = type;
	return 4 + unhex(digest, rdata + 4);
}

static void identity_is_the_sha256_digest_of_rfc4509(void **state)
{
	(void)state;
	uint8_t rdata[512], digest[32];
	size_t len = rfc_key(rdata);
	key_id_t id;

	assert_int_equal(dns_key_id(N("dskey.example.com."), rdata, len, &id), KNOT_EOK);
	assert_int_equal(id.tag, 60485);
	assert_int_equal(id.algorithm, 5);
	unhex(RFC4509_SHA256, digest);
	assert_memory_equal(id.digest, digest, sizeof(digest));
}

static void identity_does_not_depend_on_the_case_of_the_owner(void **state)
{
	(void)state;
	uint8_t rdata[512];
	size_t len = rfc_key(rdata);
	key_id_t lower, upper;

	assert_int_equal(dns_key_id(N("dskey.example.com."), rdata, len, &lower), KNOT_EOK);
	assert_int_equal(dns_key_id(N("DSKEY.Example.COM."), rdata, len, &upper), KNOT_EOK);
	assert_memory_equal(lower.digest, upper.digest, sizeof(lower.digest));
}

static void rdata_that_is_no_key_has_no_identity(void **state)
{
	(void)state;
	static const uint8_t delete[] = { 0, 0, 3, 0, 0 };
	static const uint8_t ecdsa_short[] = { 1, 1, 3, 13, 1, 2, 3 };
	static const uint8_t unknown[] = { 1, 1, 3, 200, 1, 2, 3, 4 };
	uint8_t rdata[512];
	size_t len = rfc_key(rdata);
	key_id_t id;

	assert_int_equal(dns_key_id(N("a."), delete, sizeof(delete), &id), KNOT_EMALF);
	assert_int_equal(dns_key_id(N("a."), ecdsa_short, sizeof(ecdsa_short), &id), KNOT_EMALF);
	assert_int_equal(dns_key_id(N("a."), unknown, sizeof(unknown), &id), KNOT_EMALF);
	for (size_t cut = 0; cut < 6 && cut < len; cut++) {
		assert_int_equal(dns_key_id(N("a."), rdata, cut, &id), KNOT_EMALF);
	}
}

static void ds_of_every_digest_type_is_told_apart(void **state)
{
	(void)state;
	uint8_t rdata[512], ds[64];
	dns_key_t key = { .rdata = rdata, .rdata_len = rfc_key(rdata) };
	const knot_dname_t *zone = N("dskey.example.com.");
	assert_int_equal(dns_key_id(zone, rdata, key.rdata_len, &key.id), KNOT_EOK);

	bool unwanted = true;
	dns_ds_t out;
	knot_rdataset_t sha1 = { 0 }, sha256 = { 0 };
	signer_add(&sha1, ds, rfc_ds(ds, 1, RFC4034_SHA1));
	signer_add(&sha256, ds, rfc_ds(ds, 2, RFC4509_SHA256));
	dns_ds_match(zone, &sha256, &key, 1, &out);
	assert_int_equal(out.keys, 1);
	assert_int_equal(out.sha1, 0);
	assert_false(out.foreign);
	assert_int_equal(out.ignored, 0);

	/* RFC 9905: SHA-1 alone does not do. It is no stranger's either. */
	dns_ds_match(zone, &sha1, &key, 1, &out);
	assert_int_equal(out.keys, 0);
	assert_int_equal(out.sha1, 1);
	assert_false(out.foreign);
	signer_add(&sha1, ds, rfc_ds(ds, 2, RFC4509_SHA256));
	dns_ds_match(zone, &sha1, &key, 1, &out);
	assert_int_equal(out.keys, 1);
	assert_int_equal(out.sha1, 0);
	assert_false(out.foreign);

	/* A CDS of SHA-1 is not wanted, whatever key it names. */
	assert_int_equal(dns_cds_match(zone, &sha1, &key, 1, &unwanted), 1);
	assert_true(unwanted);
	assert_int_equal(dns_cds_match(zone, &sha256, &key, 1, &unwanted), 1);
	assert_false(unwanted);

	/* Only remembered by its digest: SHA-256 can be told, SHA-1 cannot. */
	key.rdata = NULL;
	dns_ds_match(zone, &sha256, &key, 1, &out);
	assert_int_equal(out.keys, 1);
	assert_false(out.foreign);
	dns_ds_match(zone, &sha1, &key, 1, &out);
	assert_int_equal(out.keys, 1);
	assert_int_equal(out.sha1, 0);
	assert_true(out.foreign);

	knot_rdataset_clear(&sha1, NULL);
	knot_rdataset_clear(&sha256, NULL);
}

static void sha384_ds_matches(void **state)
{
	(void)state;
	const knot_dname_t *zone = N("example.");
	test_key_t ksk = signer_key(zone, 257);
	dns_key_t key = signer_dns_key(zone, &ksk, true);
	knot_rdataset_t ds = { 0 };
	signer_add_ds(&ds, &ksk, DNSSEC_KEY_DIGEST_SHA384);

	dns_ds_t out;
	dns_ds_match(zone, &ds, &key, 1, &out);
	assert_int_equal(out.keys, 1);
	assert_false(out.foreign);

	bool unwanted = false;
	assert_int_equal(dns_cds_match(zone, &ds, &key, 1, &unwanted), 0);
	assert_true(unwanted);
	knot_rdataset_clear(&ds, NULL);
	signer_key_free(&ksk);
}

/*! A DS with the tag and the algorithm of a key unless they are said. */
static void add_odd_ds(knot_rdataset_t *set, const dns_key_t *key, int tag, int algorithm, uint8_t type)
{
	uint8_t rdata[4 + 32];
	memset(rdata, 0xab, sizeof(rdata));
	knot_wire_write_u16(rdata, tag >= 0 ? tag : key->id.tag);
	rdata[2] = algorithm >= 0 ? algorithm : key->id.algorithm;
	rdata[3] = type;
	signer_add(set, rdata, sizeof(rdata));
}

static void ds_that_no_validator_reads_is_ignored(void **state)
{
	(void)state;
	const knot_dname_t *zone = N("example.");
	test_key_t ksk = signer_key(zone, 257);
	dns_key_t key = signer_dns_key(zone, &ksk, true);
	static const struct {
		int tag, algorithm;
		uint8_t type;
		bool ignored;
		/* clang-format off */
	} CASES[] = {
		{ -1, -1, 3, true },	/* GOST beside the good one */
		{ -1, -1, 250, true },
		{ 1, -1, 3, true },	/* of a key that nobody knows */
		{ 1, 200, 2, true },	/* an algorithm that nobody knows */
		{ -1, 0, 2, true },
		{ 1, -1, 2, false },	/* the others are read, and are not ours */
		{ -1, -1, 2, false },
		{ 1, -1, 1, false },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		knot_rdataset_t ds = { 0 };
		dns_ds_t out;
		signer_add_ds(&ds, &ksk, 1);
		signer_add_ds(&ds, &ksk, 2);
		add_odd_ds(&ds, &key, CASES[i].tag, CASES[i].algorithm, CASES[i].type);
		dns_ds_match(zone, &ds, &key, 1, &out);
		assert_int_equal(out.keys, 1);
		assert_int_equal(out.sha1, 0);
		assert_int_equal(out.foreign, !CASES[i].ignored);
		assert_int_equal(out.ignored, CASES[i].ignored);
		if (CASES[i].ignored) {
			assert_int_equal(out.ignored_tag, CASES[i].tag >= 0 ? CASES[i].tag : key.id.tag);
			assert_int_equal(out.ignored_digest, CASES[i].type);
		}
		knot_rdataset_clear(&ds, NULL);
	}

	/* Alone it is as good as no DS: the zone is insecure. */
	knot_rdataset_t alone = { 0 };
	dns_ds_t out;
	add_odd_ds(&alone, &key, -1, -1, 3);
	add_odd_ds(&alone, &key, 1, 200, 2);
	dns_ds_match(zone, &alone, &key, 1, &out);
	assert_int_equal(out.keys | out.sha1, 0);
	assert_false(out.foreign);
	assert_int_equal(out.ignored, 2);
	knot_rdataset_clear(&alone, NULL);
	signer_key_free(&ksk);
}

static void ds_with_equal_tag_but_other_digest_is_foreign(void **state)
{
	(void)state;
	uint8_t rdata[512], ds[64];
	dns_key_t key = { .rdata = rdata, .rdata_len = rfc_key(rdata) };
	const knot_dname_t *zone = N("dskey.example.com.");
	assert_int_equal(dns_key_id(zone, rdata, key.rdata_len, &key.id), KNOT_EOK);
	size_t len = rfc_ds(ds, 2, RFC4509_SHA256);
	dns_ds_t out;

	for (size_t i = 0; i < len; i++) {
		knot_rdataset_t set = { 0 };
		ds[i] ^= 1;
		signer_add(&set, ds, len);
		dns_ds_match(zone, &set, &key, 1, &out);
		assert_int_equal(out.keys | out.sha1, 0);
		/* Octets 2 and 3 became an algorithm and a digest type that nobody has. */
		assert_int_equal(out.foreign, i != 2 && i != 3);
		assert_int_equal(out.ignored, i == 2 || i == 3);
		ds[i] ^= 1;
		knot_rdataset_clear(&set, NULL);
	}

	/* Truncated at any length. */
	for (size_t cut = 0; cut < len; cut++) {
		knot_rdataset_t set = { 0 };
		signer_add(&set, ds, cut);
		dns_ds_match(zone, &set, &key, 1, &out);
		assert_int_equal(out.keys | out.sha1, 0);
		assert_true(out.foreign);
		knot_rdataset_clear(&set, NULL);
	}
}

static void delete_signal_is_foreign(void **state)
{
	(void)state;
	static const uint8_t cds[] = { 0, 0, 0, 0, 0 };
	static const uint8_t cdnskey[] = { 0, 0, 3, 0, 0 };
	const knot_dname_t *zone = N("example.");
	test_key_t ksk = signer_key(zone, 257);
	dns_key_t key = signer_dns_key(zone, &ksk, true);
	knot_rdataset_t set = { 0 }, set2 = { 0 };
	bool foreign = false;

	signer_add(&set, cds, sizeof(cds));
	assert_int_equal(dns_cds_match(zone, &set, &key, 1, &foreign), 0);
	assert_true(foreign);
	foreign = false;
	signer_add(&set2, cdnskey, sizeof(cdnskey));
	assert_int_equal(dns_cdnskey_match(zone, &set2, &key, 1, &foreign), 0);
	assert_true(foreign);

	knot_rdataset_clear(&set, NULL);
	knot_rdataset_clear(&set2, NULL);
	signer_key_free(&ksk);
}

static void cdnskey_is_matched_by_rdata_or_digest(void **state)
{
	(void)state;
	const knot_dname_t *zone = N("example.");
	test_key_t a = signer_key(zone, 257), b = signer_key(zone, 257), c = signer_key(zone, 257);
	dns_key_t keys[] = { signer_dns_key(zone, &a, true), signer_dns_key(zone, &b, false) };
	knot_rdataset_t set = { 0 };
	bool foreign = true;

	signer_add(&set, a.rdata, a.len);
	signer_add(&set, b.rdata, b.len);
	assert_int_equal(dns_cdnskey_match(zone, &set, keys, 2, &foreign), 3);
	assert_false(foreign);
	signer_add(&set, c.rdata, c.len);
	assert_int_equal(dns_cdnskey_match(zone, &set, keys, 2, &foreign), 3);
	assert_true(foreign);

	knot_rdataset_clear(&set, NULL);
	signer_key_free(&a);
	signer_key_free(&b);
	signer_key_free(&c);
}

static void whoever_signed_the_keys_is_told_by_signature(void **state)
{
	(void)state;
	const knot_dname_t *zone = N("example.");
	test_key_t key[2] = { signer_key(zone, 257), signer_key(zone, 257) };
	dns_key_t keys[2] = { signer_dns_key(zone, &key[0], true), signer_dns_key(zone, &key[1], true) };
	knot_rdataset_t rrsigs = { 0 };
	knot_rrset_t rrset;

	knot_rrset_init(&rrset, (knot_dname_t *)zone, KNOT_RRTYPE_DNSKEY, KNOT_CLASS_IN, TEST_TTL);
	signer_add(&rrset.rrs, key[0].rdata, key[0].len);
	signer_add(&rrset.rrs, key[1].rdata, key[1].len);
	assert_int_equal(dns_signers(zone, &rrset.rrs, &rrsigs, keys, 2, TEST_NOW), 0);

	/* Another's signature with the tag of this key proves nothing. */
	rrsig_fields_t fields = signer_defaults(&key[0], zone, &rrset);
	fields.tag = keys[1].id.tag;
	signer_sign_fields(&rrsigs, &rrset, &key[0], &fields);
	assert_int_equal(dns_signers(zone, &rrset.rrs, &rrsigs, keys, 2, TEST_NOW), 0);
	signer_sign(&rrsigs, &rrset, &key[0], zone);
	assert_int_equal(dns_signers(zone, &rrset.rrs, &rrsigs, keys, 2, TEST_NOW), 1);
	signer_sign(&rrsigs, &rrset, &key[1], zone);
	assert_int_equal(dns_signers(zone, &rrset.rrs, &rrsigs, keys, 2, TEST_NOW), 3);
	assert_int_equal(dns_signers(zone, &rrset.rrs, &rrsigs, keys, 2, TEST_NOW + 365 * 86400), 0);

	knot_rdataset_clear(&rrset.rrs, NULL);
	knot_rdataset_clear(&rrsigs, NULL);
	signer_key_free(&key[0]);
	signer_key_free(&key[1]);
}

static void empty_sets_name_nothing(void **state)
{
	(void)state;
	knot_rdataset_t none = { 0 };
	bool foreign = true;
	dns_ds_t out;
	dns_ds_match(N("a."), &none, NULL, 0, &out);
	assert_int_equal(out.keys | out.sha1 | out.ignored, 0);
	assert_false(out.foreign);
	assert_int_equal(dns_cds_match(N("a."), &none, NULL, 0, &foreign), 0);
	assert_false(foreign);
	assert_int_equal(dns_cdnskey_match(N("a."), &none, NULL, 0, &foreign), 0);
	assert_false(foreign);
}

static void addresses_are_parsed_strictly(void **state)
{
	(void)state;
	struct sockaddr_storage addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;

	assert_int_equal(addr_parse("192.0.2.1", &addr), KNOT_EOK);
	assert_int_equal(addr.ss_family, AF_INET);
	assert_int_equal(ntohs(in->sin_port), 53);
	assert_int_equal(addr_parse("192.0.2.1@5353", &addr), KNOT_EOK);
	assert_int_equal(ntohs(in->sin_port), 5353);
	assert_int_equal(addr_parse("2001:db8::1@65535", &addr), KNOT_EOK);
	assert_int_equal(addr.ss_family, AF_INET6);
	assert_int_equal(ntohs(in6->sin6_port), 65535);

	static const char *const WRONG[] = {
		"",
		"@53",
		"192.0.2.1@",
		"192.0.2.1@0",
		"192.0.2.1@65536",
		"192.0.2.1@+5",
		"192.0.2.1@ 5",
		"192.0.2.1@5x",
		"192.0.2",
		"192.0.2.1.2",
		"ns1.example.",
		"2001:db8::1::",
		"192.0.2.1@53@53",
		"192.0.2.1 ",
		"[::1]@53",
		"fe80::1%lo",
		"192.0.2.1@99999999999999999999",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222:3333",
	};
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
		assert_int_equal(addr_parse(WRONG[i], &addr), KNOT_EINVAL);
	}
	assert_int_equal(addr_parse(NULL, &addr), KNOT_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_is_the_sha256_digest_of_rfc4509),
		cmocka_unit_test(identity_does_not_depend_on_the_case_of_the_owner),
		cmocka_unit_test(rdata_that_is_no_key_has_no_identity),
		cmocka_unit_test(ds_of_every_digest_type_is_told_apart),
		cmocka_unit_test(ds_that_no_validator_reads_is_ignored),
		cmocka_unit_test(sha384_ds_matches),
		cmocka_unit_test(ds_with_equal_tag_but_other_digest_is_foreign),
		cmocka_unit_test(delete_signal_is_foreign),
		cmocka_unit_test(cdnskey_is_matched_by_rdata_or_digest),
		cmocka_unit_test(whoever_signed_the_keys_is_told_by_signature),
		cmocka_unit_test(empty_sets_name_nothing),
		cmocka_unit_test(addresses_are_parsed_strictly),
	};
	return cmocka_run_group_tests_name("dns keys", tests, NULL, NULL);
}
