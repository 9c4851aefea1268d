/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Data units of RFC 5734 4, from pieces of any size.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#define EPP_HEAD_LEN 4 /*!< Octets of the total length, in network order, which counts them, too. */

/*! A unit that arrives. Zeroed: nothing of it yet. */
typedef struct {
	uint8_t head[EPP_HEAD_LEN];
	size_t have;   /*!< Octets that have arrived, head included. */
	size_t total;  /*!< As the head says. */
	size_t room;   /*!< For the body; grows with what arrives, not with what the head promises. */
	uint8_t *body; /*!< XML. */
} epp_unit_t;

/*!
 * \brief Takes what belongs to the unit.
 *
 * \param[in,out] data, len  What has arrived; afterwards, what is left of it.
 *
 * \return KNOT_EOK: the unit is complete; KNOT_EAGAIN: not yet; KNOT_EMALF: its length is invalid; KNOT_ENOMEM.
 */
int epp_unit_feed(epp_unit_t *unit, const uint8_t **data, size_t *len);

/*! Octets of the body of a unit that is complete. */
size_t epp_unit_len(const epp_unit_t *unit);

/*! Ready for the next one. */
void epp_unit_clear(epp_unit_t *unit);
