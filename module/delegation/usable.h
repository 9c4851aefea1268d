/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Which digest types and algorithms count, for a new DS and for validators (RFC 9904, RFC 9905).
 */

#pragma once

#include "kskroll/delegation.h"

/*!
 * Whether a CDS counts: SHA-256 is the one digest type that every parent must support for delegations (RFC 9904). The
 * others are left out of the comparison of CDS and CDNSKEY (RFC 9975 3.1, RFC 10026 4.2.3), and of the new DS RRset.
 */
bool usable_is_eligible(const ds_record_t *record);

/*! Whether its algorithm is 0, or its digest type, or its digest has a wrong length. */
bool usable_is_malformed(const ds_record_t *record);

/*!
 * Whether validators use a record of a set: digest type and algorithm are RECOMMENDED or MUST for validation. They skip
 * all others (RFC 6840 5.2), and SHA-1 where there is a better one (RFC 4509 3).
 */
bool usable_is_read(const ds_set_t *set, const ds_record_t *record);

/*! Whether a DS of the algorithm may be made. Those that sign with SHA-1 are continued, and not introduced. */
bool usable_for_new(uint8_t algorithm, const ds_set_t *present);

/*! Whether the record names the key: tag, algorithm and recomputed digest (RFC 4035 5.2). A key that is known by its
 * SHA-256 digest only is named by that. */
bool usable_names(const ds_record_t *record, const delegation_key_t *key);

/*! Keys that the records of the set name, of those that validators use. */
delegation_keys_t usable_named(const delegation_facts_t *facts, const ds_set_t *set);
