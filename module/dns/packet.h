/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief RRsets with their RRSIGs out of a parsed packet.
 */

#pragma once

#include <libknot/libknot.h>

/*! Different records, and different RRSIGs, that one RRset may have; BIND has 100 (CVE-2024-1737). */
#define PACKET_RRS_MAX 128

/*! An RRset gathered from the single records of a packet section. */
typedef struct {
	knot_rrset_t rrset;     /*!< The owner is borrowed, the records are owned. */
	knot_rdataset_t rrsigs; /*!< RRSIGs at the owner that cover the type. */
} packet_rrset_t;

/*!
 * \brief Parses a response.
 *
 * \param[in] wire    Bytes from the network; not changed, must outlive the packet.
 * \param[in] len     Their number.
 * \param[in] qname   Name that was asked, in lower case.
 * \param[in] qtype   Type that was asked.
 * \param[out] pkt    Packet, to be freed by knot_pkt_free(); NULL on error.
 *
 * \return NULL, or what is wrong with it.
 */
const char *packet_open(const uint8_t *wire, size_t len, const knot_dname_t *qname, uint16_t qtype, knot_pkt_t **pkt);

/*!
 * \brief Gathers an RRset: sorted, without duplicates, TTL the largest one seen.
 *
 * \param[in] pkt      Packet.
 * \param[in] section  Section to check.
 * \param[in] owner    Owner in lower case; borrowed by \a out.
 * \param[in] type     Type.
 * \param[out] out     To be cleared by packet_rrset_clear(), also on error.
 *
 * \return KNOT_EOK (also if there is none), KNOT_ESPACE with more than PACKET_RRS_MAX, KNOT_ENOMEM.
 */
int packet_rrset(const knot_pkt_t *pkt, knot_section_t section, const knot_dname_t *owner, uint16_t type,
                 packet_rrset_t *out);

/*! What packet_rrset() returned, for people. */
const char *packet_error(int ret);

void packet_rrset_clear(packet_rrset_t *set);

/*! True for a record that can be checked: class IN, owner and RDATA present. */
bool packet_rr_usable(const knot_rrset_t *rr);
