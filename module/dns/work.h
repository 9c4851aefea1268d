/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What judging one reply of a server may cost.
 *
 * A server chooses how much there is to verify: many keys of one tag times many RRSIGs
 * (CVE-2023-50387), or NSEC3 with many iterations (CVE-2023-50868). All signatures and hashes
 * of one reply therefore come out of one budget, whether they succeed or not.
 */

#pragma once

#include <stdbool.h>

/*!
 * Signatures that are checked. Sixteen KSKs (ROLLOVER_KEYS_MAX) that all sign DNSKEY, CDS and
 * CDNSKEY need 48.
 */
#define WORK_SIGNATURES_MAX 64

/*!
 * SHA-1 computations of NSEC3 hashes. A name hashed with the most iterations that are accepted
 * needs 151; the deepest delegation in common use, below ip6.arpa, has 32 labels.
 */
#define WORK_HASHES_MAX 8000

/*! Zeroed: nothing has been spent. */
typedef struct {
	unsigned signatures;
	unsigned hashes;
	bool exhausted; /*!< Something was left out; the reply proves nothing. */
} work_t;

/*! Takes one signature out of the budget; false if there is none left. */
static inline bool work_signature(work_t *work)
{
	if (work->signatures >= WORK_SIGNATURES_MAX) {
		work->exhausted = true;
		return false;
	}
	work->signatures++;
	return true;
}

/*! Takes an NSEC3 hash with its additional iterations out of the budget. */
static inline bool work_hash(work_t *work, unsigned iterations)
{
	if (iterations + 1 > WORK_HASHES_MAX - work->hashes) {
		work->exhausted = true;
		return false;
	}
	work->hashes += iterations + 1;
	return true;
}
