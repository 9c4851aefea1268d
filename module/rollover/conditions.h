/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The conditions of steps (COND_*): each is met, or it decides.
 */

#pragma once

#include "decision.h"

/*!
 * \brief Asks for the conditions of the step, in its order.
 *
 * \return True if one of them decided; false if all are met.
 */
bool cond_decide(dec_t *c);

/*! Since when every nameserver has data of both algorithms: whatever else it has, and whatever keeps the step. */
void cond_note_data(dec_t *c);

/*!
 * \brief Whether a nameserver no longer has the keys that let us signal; then the zone goes to \a key_lost of the step.
 *
 * What was true for the new DNSKEY must stay true, or the signal is withdrawn (introduce waits again). A server that is
 * wrong about CDS alone blocks where it is: without the signals it would be right again, and so on for ever.
 */
bool cond_key_lost(dec_t *c);

/*!
 * Whether nothing rolls any more, and Knot has begun with another algorithm: what is left to wait for would give it the
 * time to publish the new keys. Their signatures may even be of the algorithm that has just gone. COND_UNLESS_BEGUN
 * asks for it, and what would have come after that is not proven.
 */
bool cond_has_begun(const dec_t *c);
