/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A question as bytes, and what answers it. No I/O.
 */

#pragma once

#include <libknot/libknot.h>

/*! UDP payload that is offered (DNS flag day 2020). */
#define QUERY_UDP_PAYLOAD 1232

/*! Ask a resolver: RD=1. */
#define QUERY_RECURSE (1U << 0)
/*! Without validation: CD=1. */
#define QUERY_UNCHECKED (1U << 1)

typedef struct {
	uint8_t wire[KNOT_WIRE_MIN_PKTSIZE];
	size_t len;
	size_t asked; /*!< Length of header and question section. */
} query_t;

/*!
 * \brief Writes a question with DO=1 and no EDNS option: a box on the way may drop what it does not know.
 *
 * \param query  Question, its ID 0.
 * \param name   Name, lower case.
 * \param type   Type.
 * \param flags  QUERY_*.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int query_make(query_t *query, const knot_dname_t *name, uint16_t type, unsigned flags);

/*!
 * \brief Whether bytes from the network answer a question.
 *
 * A header alone is enough for an error: servers that do not understand a question often send no more.
 */
bool query_match(const query_t *sent, const uint8_t *wire, size_t len);
