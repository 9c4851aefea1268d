/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One RRset out of the answer of one server, with its RRSIGs, or the proof that there is none. No I/O.
 *
 * Nothing has to be known beforehand: the caller says which keys may have signed it.
 */

#pragma once

#include "packet.h"
#include "verify.h"

/*! What the server said. */
typedef enum {
	FETCHED_RRSET,     /*!< There are records. */
	FETCHED_NONE,      /*!< There are none; fetched_denied() proves it. */
	FETCHED_UNUSABLE,  /*!< Another question, an error, or not authoritative. */
	FETCHED_TOO_MANY,  /*!< More records than are checked: the server's doing. */
	FETCHED_NO_MEMORY, /*!< Not the server's doing. */
} fetched_said_t;

typedef struct {
	fetched_said_t said;
	char why[128];      /*!< Of the last three, for people. */
	packet_rrset_t set; /*!< The RRset, its RRSIGs not verified. */
	knot_pkt_t *pkt;    /*!< The answer, if it is usable. */
	const knot_dname_t *name;
	uint16_t type;
} fetched_t;

/*! Keys to verify with. Zeroed: none. */
typedef struct {
	verify_key_t key[VERIFY_KEYS_MAX];
	unsigned count;
} fetched_keys_t;

/*! That there are no records, as a zone says so. The SOA belongs to it (RFC 2308 2.2), but is no part of the proof. */
typedef struct {
	const char *unsigned_soa; /*!< Why the SOA is not one that a key of the zone has signed: only this is known. */
	uint32_t ttl;             /*!< How long a validating cache may believe it (RFC 2308 5, RFC 8198). */
	uint32_t serial;
	uint64_t signers;    /*!< Bit i: key i has signed both the SOA and the proof. */
	uint32_t algorithms; /*!< Bit i: both have RRSIGs of algorithm i. Not verified. */
	uint32_t named;      /*!< Which keys both have RRSIGs of, as a sum; 0 if not the same. Not verified. */
} fetched_denial_t;

/*! When and with which budget signatures are verified. */
typedef struct {
	time_t now;
	work_t *work;
} fetched_clock_t;

/*! Adds DNSKEY RDATA, borrowed; what is more than VERIFY_KEYS_MAX is left out. */
void fetched_keys_add(fetched_keys_t *keys, const knot_rdataset_t *dnskey);

/*!
 * \brief Reads an answer.
 *
 * \param[out] out  To be cleared by fetched_clear(), whatever was said.
 * \param[in] wire  Answer; borrowed until then.
 * \param[in] len   Its length.
 * \param[in] name  Name that was asked for, lower case; borrowed as well.
 * \param[in] type  Type that was asked for.
 */
void fetched_read(fetched_t *out, const uint8_t *wire, size_t len, const knot_dname_t *name, uint16_t type);

void fetched_clear(fetched_t *fetched);

/*! Which keys of the zone have signed the RRset. */
verify_result_t fetched_signers(const fetched_t *fetched, const knot_dname_t *zone, const verify_key_t *keys,
                                unsigned count, const fetched_clock_t *clock);

/*! SOA records of the zone that are in the authority section, or -1 if there are too many, -2 without memory. */
int fetched_soa_count(const fetched_t *fetched, const knot_dname_t *zone);

/*! Whether there is no record in the answer section but RRSIGs. */
bool fetched_is_empty(const fetched_t *fetched);

/*!
 * \brief Proves that there are no such records.
 *
 * \param[in] fetched  Of FETCHED_NONE.
 * \param[in] zone     Zone that says so, lower case.
 * \param[in] keys     Of the zone.
 * \param[in] clock    Clock.
 * \param[out] denial  What is known then. NULL: not asked for, the SOA is not verified.
 *
 * \return NULL if it is proven, else why not.
 */
const char *fetched_denied(const fetched_t *fetched, const knot_dname_t *zone, const fetched_keys_t *keys,
                           const fetched_clock_t *clock, fetched_denial_t *denial);

/*!
 * \brief What a validating cache can hold of an RRset (RFC 4035 5.3.3), whatever a packet says.
 *
 * \param original  TTL in the RRSIG.
 * \param received  TTL in the packet.
 */
uint32_t fetched_ttl(uint32_t original, uint32_t received);
