/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sets of the facts' keys.
 */

#pragma once

#include "kskroll/rollover.h"

/*! The row's keys as a set; a key that the facts do not have is left out. */
keyset_t keyset_of(const rollover_facts_t *facts, const key_id_t *ids, unsigned count);
unsigned keyset_size(keyset_t set);
/*! \a set must not be empty. */
const key_id_t *keyset_first(const rollover_facts_t *facts, keyset_t set);
/*! Whether all keys of the set are of one algorithm; so is an empty set. */
bool keyset_one_algorithm(const rollover_facts_t *facts, keyset_t set);
/*! Tells the own zone's KSKs from others: their order does not count. Never 0. */
uint32_t keyset_own_sum(const rollover_facts_t *facts);

/*!
 * Algorithms that sign the data, and have no KSK in the own zone: a ZSK may be there without, if an order came to
 * nothing.
 */
algset_t keyset_unpublished(const rollover_facts_t *facts);
