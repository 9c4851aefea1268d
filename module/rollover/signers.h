/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Zones that other servers sign as well, with keys of their own (RFC 8901, model 2).
 *
 * A parent that obeys CDS has the DS of the keys that CDS names, and no others. So CDS never lacks the other signers:
 * where Knot cannot see to that, nothing rolls.
 */

#pragma once

#include "decision.h"

/*! Whether what other signers need is missing: then nothing is ordered, and the zone waits. */
bool signers_guard(dec_t *c);

/*! Whether an order of silence in idle takes nothing from other signers, nor our own key from CDS that names theirs. */
bool signers_may_silence(const dec_t *c);

/*! The own keys that CDS names in a step without signals: CDS is always there. */
keyset_t signers_standing(const dec_t *c);
