/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/nsec.h>

#include "dns_world.h"

int world_setup(void **state)
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

	w->known = (interpret_zone_t){
		.zone = w->zone,
		.keys = w->keys,
		.key_count = 2,
		.dnskey = &w->dnskey.rrs,
		.now = TEST_NOW,
	};
	w->iterations = 12;
	*state = w;
	return 0;
}

int world_teardown(void **state)
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

void see_dnskey(world_t *w, const knot_rrset_t *dnskey, const knot_rdataset_t *sigs)
{
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DNSKEY, true, 0);
	reply_put(&w->reply, dnskey, sigs);
	knot_rdataset_clear(&w->served, NULL);
	memset(&w->child, 0, sizeof(w->child));
	size_t len = reply_end(&w->reply);
	interpret_dnskey(&w->known, w->reply.wire, len, &w->child, &w->served);
}

/*! Records of a type at a name, with signatures of up to two keys. */
void see_signal(world_t *w, uint16_t type, const knot_rdataset_t *rrs, const test_key_t *signer,
                const test_key_t *signer2)
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
	interpret_signal(&w->known, &w->served, type, w->reply.wire, len, &w->child);
	knot_rdataset_clear(&sigs, NULL);
}

void put_signed(world_t *w, const knot_dname_t *owner, uint16_t type, uint32_t ttl, knot_rdataset_t *rrs,
                const test_key_t *signer, const knot_dname_t *zone)
{
	knot_rrset_t rrset;
	knot_rdataset_t sigs = { 0 };
	knot_rrset_init(&rrset, (knot_dname_t *)owner, type, KNOT_CLASS_IN, ttl);
	rrset.rrs = *rrs;
	if (signer != NULL) {
		signer_sign(&sigs, &rrset, signer, zone);
	}
	for (const uint8_t *algorithm = w->also; algorithm != NULL && *algorithm != 0; algorithm++) {
		rrsig_fields_t fields = signer_defaults(&w->stranger, zone, &rrset);
		fields.algorithm = *algorithm;
		signer_sign_fields(&sigs, &rrset, &w->stranger, &fields);
	}
	reply_put(&w->reply, &rrset, &sigs);
	knot_rdataset_clear(&sigs, NULL);
	knot_rdataset_clear(rrs, NULL);
}

void put_soa(world_t *w, const knot_dname_t *zone, uint32_t ttl, uint32_t minimum, const test_key_t *signer)
{
	uint8_t rdata[64] = { 0 };
	size_t len = knot_dname_to_wire(rdata, N("ns."), sizeof(rdata));
	len += knot_dname_to_wire(rdata + len, N("mail."), sizeof(rdata) - len);
	knot_wire_write_u32(rdata + len, w->serial);
	knot_wire_write_u32(rdata + len + 16, minimum);
	knot_rdataset_t rrs = { 0 };
	signer_add(&rrs, rdata, len + 20);
	put_signed(w, zone, KNOT_RRTYPE_SOA, ttl, &rrs, signer, zone);
}

void put_nsec(world_t *w, const knot_dname_t *owner, const uint16_t *types, const test_key_t *signer,
              const knot_dname_t *zone)
{
	knot_rdataset_t rrs = { 0 };
	signer_add_nsec(&rrs, N("z.example."), types);
	put_signed(w, owner, KNOT_RRTYPE_NSEC, 300, &rrs, signer, zone);
}

void see_ds(world_t *w)
{
	size_t len = reply_end(&w->reply);
	memset(&w->up, 0, sizeof(w->up));
	interpret_ds(&w->known, w->parent, &w->trusted, w->reply.wire, len, &w->up, NULL);
}

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

void put_nsec3(world_t *w, const char *hash, const char *next, uint8_t flags, const uint16_t *types,
               const test_key_t *signer)
{
	char owner[64];
	snprintf(owner, sizeof(owner), "%s.example.", hash);

	/* The bitmap of an NSEC with a root "next" is what follows its single byte. */
	knot_rdataset_t nsec = { 0 }, rrs = { 0 };
	signer_add_nsec(&nsec, N("."), types);
	uint8_t rdata[256] = { 1, flags, w->iterations >> 8, w->iterations & 0xff, sizeof(SALT) };
	size_t len = 5;
	memcpy(rdata + len, SALT, sizeof(SALT));
	len += sizeof(SALT);
	rdata[len++] = 20;
	unbase32(next, rdata + len);
	len += 20;
	memcpy(rdata + len, nsec.rdata->data + 1, nsec.rdata->len - 1);
	len += nsec.rdata->len - 1;
	assert_true(w->nsec3_cut < len);
	signer_add(&rrs, rdata, len - w->nsec3_cut);
	put_signed(w, N(owner), KNOT_RRTYPE_NSEC3, 300, &rrs, signer, w->parent);
	knot_rdataset_clear(&nsec, NULL);
}

/*! The child is a.example. here, as in the RFC; the proof is put by the caller. */
void begin_nsec3(world_t *w, const char *zone)
{
	knot_dname_from_str(w->zone, zone, sizeof(w->zone));
	reply_begin(&w->reply, w->zone, KNOT_RRTYPE_DS, true, 0);
	reply_section(&w->reply, KNOT_AUTHORITY);
	put_soa(w, w->parent, 900, 300, &w->parent_zsk);
}

const char *hash_of(const world_t *w, const knot_dname_t *name)
{
	static const char set[] = "0123456789abcdefghijklmnopqrstuv";
	static char text[33];
	const dnssec_binary_t data = { .data = (uint8_t *)name, .size = knot_dname_size(name) };
	const dnssec_nsec3_params_t params = {
		.algorithm = DNSSEC_NSEC3_ALGORITHM_SHA1,
		.iterations = w->iterations,
		.salt = { .size = sizeof(SALT), .data = (uint8_t *)SALT },
	};
	dnssec_binary_t hash = { 0 };
	assert_int_equal(dnssec_nsec3_hash(&data, &params, &hash), DNSSEC_EOK);
	for (unsigned i = 0; i < 32; i++) {
		uint64_t bits = 0;
		for (unsigned b = 0; b < 5; b++) {
			bits = bits << 8 | hash.data[i / 8 * 5 + b];
		}
		text[i] = set[bits >> (35 - 5 * (i % 8)) & 31];
	}
	dnssec_binary_free(&hash);
	return text;
}
