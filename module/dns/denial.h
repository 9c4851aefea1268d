/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Proofs that a name has no record of a type (RFC 4035 5.4, RFC 5155 8.5, 8.6).
 */

#pragma once

#include "packet.h"
#include "verify.h"

/*! Additional iterations of NSEC3 that are a proof: unbound and BIND 9.18 have the same limit (RFC 9276 3.2). */
#define DENIAL_ITERATIONS_MAX 150

/*! What a proof is made of. */
typedef struct {
	uint32_t ttl;        /*!< Largest original TTL of its records. */
	uint64_t signers;    /*!< Bit i: keys[i] has signed all of them. */
	uint32_t algorithms; /*!< Bit i: all of them have RRSIGs of algorithm i; not verified. */
	uint32_t named;      /*!< Which keys all of them have RRSIGs of, as a sum; 0 if not all have the same. */
} denial_proof_t;

/*!
 * \brief Is it proven that \a name, which exists or is a delegation, has no \a type?
 *
 * Accepted are a signed NSEC or NSEC3 that matches the name and, for DS only, an opt-out
 * NSEC3 that covers the name below a proven closest encloser.
 *
 * \param[in] pkt        Answer; its authority section is checked.
 * \param[in] zone       Zone that answers; must be the signer. Lower case.
 * \param[in] name       Name that was asked, at or below the zone. Lower case.
 * \param[in] type       Type that was asked.
 * \param[in] keys       Keys of the zone that are trusted.
 * \param[in] key_count  Their number.
 * \param[in] now        Clock for the validity period.
 * \param[in,out] work   Budget of the reply.
 * \param[out] proof     All zero if it is not proven; may be NULL.
 *
 * \return NULL if it is proven, or why not.
 */
const char *denial_check(const knot_pkt_t *pkt, const knot_dname_t *zone, const knot_dname_t *name, uint16_t type,
                         const verify_key_t *keys, unsigned key_count, time_t now, work_t *work, denial_proof_t *proof);
