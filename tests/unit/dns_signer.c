/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <libdnssec/crypto.h>
#include <libdnssec/error.h>
#include <libdnssec/keystore.h>
#include <libdnssec/nsec.h>
#include <libdnssec/sign.h>

#include "dns_signer.h"

const knot_dname_t *N(const char *text)
{
	static knot_dname_storage_t ring[16];
	static unsigned next;
	knot_dname_t *name = ring[next++ % 16];
	assert_non_null(knot_dname_from_str(name, text, sizeof(ring[0])));
	return name;
}

test_key_t signer_key(const knot_dname_t *zone, uint16_t flags)
{
	char dir[] = "/tmp/kskroll-keys-XXXXXX";
	assert_non_null(mkdtemp(dir));

	dnssec_keystore_t *store = NULL;
	char *id = NULL;
	test_key_t out = { 0 };
	assert_int_equal(dnssec_keystore_init_pkcs8(&store), DNSSEC_EOK);
	assert_int_equal(dnssec_keystore_init(store, dir), DNSSEC_EOK);
	assert_int_equal(dnssec_keystore_open(store, dir), DNSSEC_EOK);
	assert_int_equal(dnssec_keystore_generate(store, DNSSEC_KEY_ALGORITHM_ECDSA_P256_SHA256, 256, NULL, &id),
	                 DNSSEC_EOK);
	assert_int_equal(dnssec_key_new(&out.key), DNSSEC_EOK);
	dnssec_key_set_dname(out.key, zone);
	dnssec_key_set_flags(out.key, flags);
	dnssec_key_set_algorithm(out.key, DNSSEC_KEY_ALGORITHM_ECDSA_P256_SHA256);
	assert_int_equal(dnssec_keystore_get_private(store, id, out.key), DNSSEC_EOK);

	dnssec_binary_t rdata;
	dnssec_key_get_rdata(out.key, &rdata);
	out.rdata = rdata.data;
	out.len = rdata.size;

	dnssec_keystore_remove(store, id);
	dnssec_keystore_close(store);
	dnssec_keystore_deinit(store);
	free(id);
	rmdir(dir);
	return out;
}

void signer_key_free(test_key_t *key)
{
	dnssec_key_free(key->key);
}

dns_key_t signer_dns_key(const knot_dname_t *zone, const test_key_t *key, bool with_rdata)
{
	dns_key_t out = { 0 };
	assert_int_equal(dns_key_id(zone, key->rdata, key->len, &out.id), KNOT_EOK);
	if (with_rdata) {
		out.rdata = key->rdata;
		out.rdata_len = key->len;
	}
	return out;
}

void signer_add(knot_rdataset_t *rrs, const uint8_t *data, uint16_t len)
{
	uint8_t buf[sizeof(knot_rdata_t) + len + 1];
	knot_rdata_init((knot_rdata_t *)buf, len, data);
	assert_int_equal(knot_rdataset_add(rrs, (knot_rdata_t *)buf, NULL), KNOT_EOK);
}

void signer_add_ds(knot_rdataset_t *rrs, const test_key_t *key, int digest)
{
	dnssec_binary_t ds = { 0 };
	assert_int_equal(dnssec_key_create_ds(key->key, digest, &ds), DNSSEC_EOK);
	signer_add(rrs, ds.data, ds.size);
	dnssec_binary_free(&ds);
}

rrsig_fields_t signer_defaults(const test_key_t *key, const knot_dname_t *zone, const knot_rrset_t *rrset)
{
	return (rrsig_fields_t){
		.algorithm = dnssec_key_get_algorithm(key->key),
		.labels = knot_dname_labels(rrset->owner, NULL),
		.original_ttl = rrset->ttl,
		.expiration = TEST_NOW + 86400,
		.inception = TEST_NOW - 86400,
		.tag = dnssec_key_get_keytag(key->key),
		.signer = zone,
	};
}

static void add(dnssec_sign_ctx_t *ctx, const uint8_t *data, size_t len)
{
	dnssec_binary_t bin = { .data = (uint8_t *)data, .size = len };
	assert_int_equal(dnssec_sign_add(ctx, &bin), DNSSEC_EOK);
}

void signer_sign_fields(knot_rdataset_t *rrsigs, const knot_rrset_t *rrset, const test_key_t *key,
                        const rrsig_fields_t *fields)
{
	uint8_t rdata[1024];
	knot_wire_write_u16(rdata, rrset->type);
	rdata[2] = fields->algorithm;
	rdata[3] = fields->labels;
	knot_wire_write_u32(rdata + 4, fields->original_ttl);
	knot_wire_write_u32(rdata + 8, fields->expiration);
	knot_wire_write_u32(rdata + 12, fields->inception);
	knot_wire_write_u16(rdata + 16, fields->tag);
	size_t len = 18;
	len += knot_dname_to_wire(rdata + len, fields->signer, sizeof(rdata) - len);

	dnssec_sign_ctx_t *ctx = NULL;
	assert_int_equal(dnssec_sign_new(&ctx, key->key), DNSSEC_EOK);
	add(ctx, rdata, len);
	knot_rdata_t *rr = rrset->rrs.rdata;
	for (unsigned i = 0; i < rrset->rrs.count; i++, rr = knot_rdataset_next(rr)) {
		uint8_t head[10];
		knot_wire_write_u16(head, rrset->type);
		knot_wire_write_u16(head + 2, KNOT_CLASS_IN);
		knot_wire_write_u32(head + 4, fields->original_ttl);
		knot_wire_write_u16(head + 8, rr->len);
		knot_dname_storage_t owner; /* RFC 4034 6.2 */
		knot_dname_copy_lower(owner, rrset->owner);
		add(ctx, owner, knot_dname_size(owner));
		add(ctx, head, sizeof(head));
		add(ctx, rr->data, rr->len);
	}

	dnssec_binary_t signature = { 0 };
	assert_int_equal(dnssec_sign_write(ctx, DNSSEC_SIGN_NORMAL, &signature), DNSSEC_EOK);
	assert_true(len + signature.size <= sizeof(rdata));
	memcpy(rdata + len, signature.data, signature.size);
	signer_add(rrsigs, rdata, len + signature.size);
	dnssec_binary_free(&signature);
	dnssec_sign_free(ctx);
}

void signer_sign(knot_rdataset_t *rrsigs, const knot_rrset_t *rrset, const test_key_t *key, const knot_dname_t *zone)
{
	rrsig_fields_t fields = signer_defaults(key, zone, rrset);
	signer_sign_fields(rrsigs, rrset, key, &fields);
}

void signer_add_nsec(knot_rdataset_t *rrs, const knot_dname_t *next, const uint16_t *types)
{
	uint8_t rdata[1024];
	size_t len = knot_dname_to_wire(rdata, next, sizeof(rdata));
	dnssec_nsec_bitmap_t *bitmap = dnssec_nsec_bitmap_new();
	for (; *types != 0; types++) {
		dnssec_nsec_bitmap_add(bitmap, *types);
	}
	dnssec_nsec_bitmap_write(bitmap, rdata + len);
	len += dnssec_nsec_bitmap_size(bitmap);
	dnssec_nsec_bitmap_free(bitmap);
	signer_add(rrs, rdata, len);
}

void reply_begin(test_answer_t *reply, const knot_dname_t *name, uint16_t type, bool aa, int rcode)
{
	memset(reply->wire, 0, KNOT_WIRE_HEADER_SIZE);
	reply->refused = false;
	reply->pkt = knot_pkt_new(reply->wire, sizeof(reply->wire), NULL);
	assert_non_null(reply->pkt);
	knot_wire_set_qr(reply->wire);
	if (aa) {
		knot_wire_set_aa(reply->wire);
	}
	knot_wire_set_rcode(reply->wire, rcode);
	assert_int_equal(knot_pkt_put_question(reply->pkt, name, KNOT_CLASS_IN, type), KNOT_EOK);
	assert_int_equal(knot_pkt_begin(reply->pkt, KNOT_ANSWER), KNOT_EOK);
}

void reply_section(test_answer_t *reply, knot_section_t section)
{
	assert_int_equal(knot_pkt_begin(reply->pkt, section), KNOT_EOK);
}

/*! What libknot from 3.5 on does not write: a record that is cut. Its counters are those of the wire. */
static void put_raw(knot_pkt_t *pkt, const knot_rrset_t *rrset)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	const size_t name = knot_dname_size(rrset->owner);
	uint8_t *at = pkt->wire + pkt->size;

	assert_int_equal(rrset->rrs.count, 1);
	assert_true(pkt->size + name + 10 + rdata->len <= pkt->max_size);
	memcpy(at, rrset->owner, name);
	at += name;
	knot_wire_write_u16(at, rrset->type);
	knot_wire_write_u16(at + 2, rrset->rclass);
	knot_wire_write_u32(at + 4, rrset->ttl);
	knot_wire_write_u16(at + 8, rdata->len);
	memcpy(at + 10, rdata->data, rdata->len);
	pkt->size += name + 10 + rdata->len;
	if (pkt->current == KNOT_ANSWER) {
		knot_wire_set_ancount(pkt->wire, knot_wire_get_ancount(pkt->wire) + 1);
	} else {
		assert_int_equal(pkt->current, KNOT_AUTHORITY);
		knot_wire_set_nscount(pkt->wire, knot_wire_get_nscount(pkt->wire) + 1);
	}
}

void reply_put(test_answer_t *reply, const knot_rrset_t *rrset, const knot_rdataset_t *rrsigs)
{
	int ret = knot_pkt_put(reply->pkt, KNOT_COMPR_HINT_NONE, rrset, 0);
	if (ret == KNOT_EMALF) {
		put_raw(reply->pkt, rrset);
		reply->refused = true;
	} else {
		assert_int_equal(ret, KNOT_EOK);
	}
	if (rrsigs != NULL && rrsigs->count > 0) {
		knot_rrset_t sigs;
		knot_rrset_init(&sigs, rrset->owner, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, rrset->ttl);
		sigs.rrs = *rrsigs;
		assert_int_equal(knot_pkt_put(reply->pkt, KNOT_COMPR_HINT_NONE, &sigs, 0), KNOT_EOK);
	}
}

/*! With KSKROLL_SEEDS=FOLDER the answers become seeds of tests/fuzz/fuzz_answer.c. */
static void keep_seed(const test_answer_t *reply)
{
	static unsigned number;
	const char *folder = getenv("KSKROLL_SEEDS");
	if (folder == NULL) {
		return;
	}

	char path[256];
	snprintf(path, sizeof(path), "%s/%u", folder, number++);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	switch (knot_pkt_qtype(reply->pkt)) {
	case KNOT_RRTYPE_DNSKEY:
		fputc(0, file);
		break;
	case KNOT_RRTYPE_CDS:
		fputc(1, file);
		break;
	case KNOT_RRTYPE_CDNSKEY:
		fputc(2, file);
		break;
	case KNOT_RRTYPE_DS:
		fputc(3, file);
		break;
	default:
		fputc(4, file);
	}
	fwrite(reply->wire, reply->pkt->size, 1, file);
	fclose(file);
}

size_t reply_end(test_answer_t *reply)
{
	size_t len = reply->pkt->size;
	keep_seed(reply);
	knot_pkt_free(reply->pkt);
	reply->pkt = NULL;
	return len;
}
