/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Verifies the RRSIGs of one RRset (RFC 4035 5.3).
 */

#pragma once

#include <libknot/libknot.h>

#include "work.h"

/*! Candidate keys that one call can tell apart. */
#define VERIFY_KEYS_MAX 64

/*!
 * Octets of an RSA key. The time of a check grows with both; 4096 bits are the most that
 * RFC 5702 2 allows, and exponents in use have 3 octets.
 */
#define VERIFY_RSA_MODULUS_MAX  512
#define VERIFY_RSA_EXPONENT_MAX 8

/*! DNSKEY RDATA, borrowed. */
typedef struct {
	const uint8_t *rdata;
	uint16_t len;
} verify_key_t;

/*! How it came out. */
typedef struct {
	uint64_t keys;         /*!< Bit i: keys[i] has a valid RRSIG over the RRset. */
	uint32_t original_ttl; /*!< The largest original TTL of the valid RRSIGs. */
	uint32_t inception;    /*!< The oldest of them, as they say (RFC 4034 3.1.5); 0 if there are none. */
	uint32_t algorithms;   /*!< Bit i: the zone has an RRSIG of algorithm i over the RRset, valid or not. */
	uint32_t named;        /*!< Which keys these RRSIGs name: a sum of rrsig_key(). */
	const char *reason;    /*!< Without any valid RRSIG: the most useful reason, else NULL. */
} verify_result_t;

/*!
 * \brief Finds out which keys have validly signed an RRset.
 *
 * A wildcard expansion never verifies: nothing we ask for may come from one.
 *
 * \param zone       Apex of the zone; must be the signer.
 * \param rrset      As parsed from a packet: names in canonical case, RDATA sorted.
 * \param rrsigs     All RRSIG RDATA at the RRset's owner; other covered types are skipped.
 * \param keys       Candidates; only zone keys that are not revoked can verify.
 * \param key_count  At most VERIFY_KEYS_MAX are checked.
 * \param now        Clock for the validity period.
 * \param work       Budget of the reply. Once it is exhausted nothing verifies any more.
 */
verify_result_t verify_rrset(const knot_dname_t *zone, const knot_rrset_t *rrset, const knot_rdataset_t *rrsigs,
                             const verify_key_t *keys, unsigned key_count, time_t now, work_t *work);
