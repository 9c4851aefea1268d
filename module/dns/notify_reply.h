/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A message to who takes NOTIFY(CDS) and nothing else, and its reply, as bytes (RFC 1996, RFC 9859 4.3).
 *
 * A reply is hardly larger than the message: nobody can be flooded with it.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

/*! Header, question, and OPT with an extended error. */
#define NOTIFY_REPLY_MAX (KNOT_WIRE_HEADER_SIZE + KNOT_DNAME_MAXLEN + 4 + 11 + 6)

/*! No extended error (RFC 8914). */
#define NOTIFY_REPLY_NO_EDE (-1)

typedef struct {
	bool is_one;                /*!< A notification; else \a rcode says what is wrong. */
	uint16_t rcode;             /*!< May be an extended one. */
	bool edns;                  /*!< It has OPT, and so has the reply. */
	size_t question;            /*!< Octets of the question. */
	knot_dname_storage_t child; /*!< Lower case. */
	knot_dname_storage_t agent; /*!< Lower case; the root: none. */
} notify_reply_t;

/*! \return False: it gets no reply. */
bool notify_reply_read(const uint8_t *wire, size_t len, notify_reply_t *out);

/*!
 * \brief Writes the reply.
 *
 * \param[in] wire  The message that was read.
 * \param[in] ede   Extended error, or NOTIFY_REPLY_NO_EDE.
 *
 * \return Octets.
 */
size_t notify_reply_write(const notify_reply_t *read, const uint8_t *wire, int ede, uint8_t out[NOTIFY_REPLY_MAX]);
