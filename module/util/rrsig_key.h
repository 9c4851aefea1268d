/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A number for the key that an RRSIG names by tag and algorithm.
 */

#pragma once

#include <libknot/libknot.h>

/*!
 * Sums of these numbers are the same for the same keys, in any order.
 *
 * \param[in] rrsig  With its fixed fields.
 */
static inline uint32_t rrsig_key(const knot_rdata_t *rrsig)
{
	const uint32_t key = (uint32_t)knot_rrsig_key_tag(rrsig) << 8 | knot_rrsig_alg(rrsig);

	return (key + 1) * UINT32_C(2654435761); /* The golden ratio of 2^32: no two keys have the same number. */
}
