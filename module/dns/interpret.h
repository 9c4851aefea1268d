/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Judges single answers of servers: bytes in, facts out. No I/O.
 */

#pragma once

#include "kskroll/dns.h"
#include "work.h"

/*! The child zone, as known beforehand. Names in lower case; everything is borrowed. */
typedef struct {
	const knot_dname_t *zone;
	const dns_key_t *keys;
	unsigned key_count;
	const knot_rdataset_t *dnskey; /*!< DNSKEY RRset of the own zone; trusted. */
	time_t now;
	work_t *work; /*!< Budget of all answers of one reply; NULL: one for each answer. */
} interpret_zone_t;

/*!
 * \brief DNSKEY at a server of the zone; to be called before interpret_signal().
 *
 * dnskey_ttl is the original TTL in the RRSIG of a known KSK, which bounds what validating caches
 * hold (RFC 4035 5.3.3); without such an RRSIG it is 0. The TTL of the answer itself is not signed.
 *
 * \param[in] zone     What is known.
 * \param[in] wire     Answer.
 * \param[in] len      Its length.
 * \param[out] out     status, detail and dnskey* are set.
 * \param[out] served  Keys to verify further answers of this server with: those of
 *                     the own zone and, if the answer is signed by one of the known
 *                     KSKs, those of the answer. To be cleared by knot_rdataset_clear(, NULL).
 */
void interpret_dnskey(const interpret_zone_t *zone, const uint8_t *wire, size_t len, child_answer_t *out,
                      knot_rdataset_t *served);

/*!
 * \brief CDS or CDNSKEY at a server of the zone.
 *
 * \param[in] zone    What is known.
 * \param[in] served  From interpret_dnskey(); proves NODATA.
 * \param[in] type    KNOT_RRTYPE_CDS or KNOT_RRTYPE_CDNSKEY.
 * \param[in] wire    Answer.
 * \param[in] len     Its length.
 * \param[in,out] out  cds or cdnskey is set; status and detail if that is worse.
 */
void interpret_signal(const interpret_zone_t *zone, const knot_rdataset_t *served, uint16_t type, const uint8_t *wire,
                      size_t len, child_answer_t *out);

/*!
 * \brief DS at a server of the parent zone.
 *
 * \param[in] zone    What is known of the child.
 * \param[in] parent  Apex of the parent zone, lower case.
 * \param[in] trusted  Validated DNSKEY RRset of the parent zone.
 * \param[in] wire    Answer.
 * \param[in] len     Its length.
 * \param[out] out    status, detail and ds* are set. ds_ttl comes from signatures only; without a
 *                    DS it is the negative TTL (RFC 9077).
 * \param[out] set    The records, of ANSWER_OK; empty: there is no DS, or no memory. To be cleared by
 *                    knot_rdataset_clear(, NULL). NULL: not wanted.
 *
 * \return Whether \a set is what the server has.
 */
bool interpret_ds(const interpret_zone_t *zone, const knot_dname_t *parent, const knot_rdataset_t *trusted,
                  const uint8_t *wire, size_t len, parent_answer_t *out, knot_rdataset_t *set);
