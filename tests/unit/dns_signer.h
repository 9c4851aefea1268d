/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Keys, signatures and answers for tests, made with libdnssec and libknot.
 */

#pragma once

#include <libdnssec/key.h>
#include <libknot/libknot.h>

#include "kskroll/dns.h"

#define TEST_NOW 1800000000
#define TEST_TTL 3600

typedef struct {
	dnssec_key_t *key;
	const uint8_t *rdata;
	uint16_t len;
} test_key_t;

/*! What to write into an RRSIG; signer_defaults() fills in what is right. */
typedef struct {
	uint8_t algorithm;
	uint8_t labels;
	uint32_t original_ttl;
	uint32_t expiration;
	uint32_t inception;
	uint16_t tag;
	const knot_dname_t *signer;
} rrsig_fields_t;

/*! A name in wire form, in a static ring of buffers. */
const knot_dname_t *N(const char *text);

/*! A new ECDSA P-256 key of a zone. */
test_key_t signer_key(const knot_dname_t *zone, uint16_t flags);
void signer_key_free(test_key_t *key);
dns_key_t signer_dns_key(const knot_dname_t *zone, const test_key_t *key, bool with_rdata);

void signer_add(knot_rdataset_t *rrs, const uint8_t *data, uint16_t len);
/*! DS of any digest type. */
void signer_add_ds(knot_rdataset_t *rrs, const test_key_t *key, int digest);

rrsig_fields_t signer_defaults(const test_key_t *key, const knot_dname_t *zone, const knot_rrset_t *rrset);
/*! Signs with any fields, true or not, and adds the RRSIG. */
void signer_sign_fields(knot_rdataset_t *rrsigs, const knot_rrset_t *rrset, const test_key_t *key,
                        const rrsig_fields_t *fields);
void signer_sign(knot_rdataset_t *rrsigs, const knot_rrset_t *rrset, const test_key_t *key, const knot_dname_t *zone);

/*! NSEC RDATA with types, 0 at the end. */
void signer_add_nsec(knot_rdataset_t *rrs, const knot_dname_t *next, const uint16_t *types);

/* An answer under construction. */
typedef struct {
	uint8_t wire[65535];
	knot_pkt_t *pkt;
	bool refused; /*!< By this libknot: a record is cut. It does not read such a message either. */
} test_answer_t;

void reply_begin(test_answer_t *reply, const knot_dname_t *name, uint16_t type, bool aa, int rcode);
void reply_section(test_answer_t *reply, knot_section_t section);
/*! Puts records and, if any, their RRSIGs. */
void reply_put(test_answer_t *reply, const knot_rrset_t *rrset, const knot_rdataset_t *rrsigs);
size_t reply_end(test_answer_t *reply);
