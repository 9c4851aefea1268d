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

/*!
 * \brief Whether a nameserver has the zone of another signer, which nobody has announced.
 *
 * Proven: a KSK of this server has signed a DNSKEY RRset with a KSK that this server does not have, and a key of it an
 * SOA that is at least as new. Nobody can forge that without such a key, only replay it. At the first check it may be a
 * key that Knot has just made: that is GATE_DNSKEY_DIFFERS, and only the next check makes it GATE_ANOTHER_SIGNER. It
 * stays while CDS hides the serial.
 *
 * \return GATE_NONE if none has, and where other signers are known.
 */
judge_verdict_t signers_other(const dec_t *c);
