/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Proofs that a name has no record of a type (RFC 4035 5.4, RFC 5155 8.5, 8.6).
 */

#pragma once

#include "packet.h"
#include "verify.h"

/*!
 * \brief Is it proven that \a name, which exists or is a delegation, has no \a type?
 *
 * Accepted are a signed NSEC or NSEC3 that matches the name and, for DS only, an opt-out
 * NSEC3 that covers the name below a proven closest encloser.
 *
 * \param pkt        Answer; its authority section is looked at.
 * \param zone       Zone that answers; must be the signer. Lower case.
 * \param name       Name that was asked, at or below the zone. Lower case.
 * \param type       Type that was asked.
 * \param keys       Keys of the zone that are trusted.
 * \param key_count  Their number.
 * \param now        Clock for the validity period.
 */
bool denial_proven(const knot_pkt_t *pkt, const knot_dname_t *zone, const knot_dname_t *name,
                   uint16_t type, const verify_key_t *keys, unsigned key_count, time_t now);
