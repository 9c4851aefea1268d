/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A number for the key that an RRSIG names by tag and algorithm.
 */

#pragma once

#include <libknot/libknot.h>

/*!
 * Sums of these numbers are the same for the same keys, in any order. No two keys have the same number, and the tags of
 * two pairs of keys tell nothing of their sums.
 *
 * \param[in] rrsig  With its fixed fields.
 */
static inline uint32_t rrsig_key(const knot_rdata_t *rrsig)
{
	uint32_t n = ((uint32_t)knot_rrsig_key_tag(rrsig) << 8 | knot_rrsig_alg(rrsig)) + 1;

	/* A product alone would add up as the tags do. */
	for (int i = 0; i < 2; i++) {
		n *= UINT32_C(2654435761); /* The golden ratio of 2^32. */
		n ^= n >> 15;
	}
	return n;
}
