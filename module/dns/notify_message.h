/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief NOTIFY(CDS) and its answer, as bytes (RFC 1996 3 and 4, RFC 9859 4).
 */

#pragma once

#include <libknot/libknot.h>

/*! Header, question, and OPT with one option (RFC 6891 6.1.2) whose data is a name. */
#define MESSAGE_MAX (KNOT_WIRE_HEADER_SIZE + KNOT_DNAME_MAXLEN + 4 + 11 + 4 + KNOT_DNAME_MAXLEN)

/*!
 * \brief Writes the message.
 *
 * \param[in] zone     Zone whose CDS or CDNSKEY changed.
 * \param[in] id       Message ID.
 * \param[in] agent    Agent domain of the Report-Channel option (RFC 9567 5); the root or NULL: without EDNS.
 * \param[out] wire    Buffer of MESSAGE_MAX bytes.
 * \param[out] len     Bytes written.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int message_make(const knot_dname_t *zone, uint16_t id, const knot_dname_t *agent, uint8_t wire[MESSAGE_MAX],
                 size_t *len);

typedef enum {
	MESSAGE_OTHER, /*!< Not the answer to this message: as if it had not come. */
	MESSAGE_ANSWER,
	MESSAGE_TRUNCATED, /*!< It is, but wants to be asked over TCP. */
} message_match_t;

/*!
 * \brief Is this the answer? The caller has compared source address and port.
 *
 * \param[in] wire    Bytes from the network.
 * \param[in] len     Their number.
 * \param[in] zone    Zone in the question, lower case.
 * \param[in] id      ID of the message.
 * \param[out] rcode  RCODE of the answer, the extended one if it has EDNS.
 */
message_match_t message_match(const uint8_t *wire, size_t len, const knot_dname_t *zone, uint16_t id, uint16_t *rcode);
