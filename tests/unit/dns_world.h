/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A signed child and its parent for tests of answers: what a server sends, and what is made of it.
 */

#pragma once

#include "interpret.h"
#include "dns_signer.h"

typedef struct {
	knot_dname_storage_t zone, parent;
	test_key_t ksk, next_ksk, zsk, stranger, parent_zsk;
	dns_key_t keys[2];   /*!< ksk, next_ksk */
	knot_rrset_t dnskey; /*!< ksk, next_ksk, zsk */
	knot_rdataset_t dnskey_sigs;
	knot_rdataset_t trusted; /*!< Keys of the parent. */
	interpret_zone_t known;
	test_answer_t reply;
	child_answer_t child;
	parent_answer_t up;
	knot_rdataset_t served;
	uint32_t serial;     /*!< Of the SOA. */
	const uint8_t *also; /*!< RRsets get RRSIGs of these algorithms as well, 0 at the end, which do not verify. */
	uint16_t iterations; /*!< Of NSEC3 records. */
	uint16_t nsec3_cut;  /*!< Octets that NSEC3 records lack at their end. */
} world_t;

/* RFC 5155 Appendix B: salt aabbccdd, 12 iterations (set at the beginning), SHA-1. */
#define HASH_EXAMPLE   "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define HASH_A_EXAMPLE "35mthgpgcu1qg68fab165klnsnk3dpvl"
#define HASH_C_EXAMPLE "4g6p9u5gvfshp30pqecj98b3maqbn1ck" /* c.example. */

/*! For cmocka. */
int world_setup(void **state);
int world_teardown(void **state);
/*! DNSKEY of a server of the child: fills in child and served. */
void see_dnskey(world_t *w, const knot_rrset_t *dnskey, const knot_rdataset_t *sigs);
/*! Records of a type at the child, with signatures of up to two keys, which may be NULL. */
void see_signal(world_t *w, uint16_t type, const knot_rdataset_t *rrs, const test_key_t *signer,
                const test_key_t *signer2);
/*! Puts an RRset, signed unless signer is NULL, and clears it. */
void put_signed(world_t *w, const knot_dname_t *owner, uint16_t type, uint32_t ttl, knot_rdataset_t *rrs,
                const test_key_t *signer, const knot_dname_t *zone);
void put_soa(world_t *w, const knot_dname_t *zone, uint32_t ttl, uint32_t minimum, const test_key_t *signer);
/*! NSEC whose next name is z.example. */
void put_nsec(world_t *w, const knot_dname_t *owner, const uint16_t *types, const test_key_t *signer,
              const knot_dname_t *zone);
/*! Ends the reply; it is the answer of a server of the parent: fills in up. */
void see_ds(world_t *w);
void put_nsec3(world_t *w, const char *hash, const char *next, uint8_t flags, const uint16_t *types,
               const test_key_t *signer);
/*! A reply without DS of a child with this name; the proof is put by the caller. */
void begin_nsec3(world_t *w, const char *zone);
/*! The hash of a name with the iterations of the world, as text; static. */
const char *hash_of(const world_t *w, const knot_dname_t *name);
