/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A zone in which nothing rolls.
 */

#pragma once

#include "decision.h"

/*! Finds out which keys are in use, and starts what is due. \return True: it always decides. */
bool idle_decide(dec_t *c);

/*! Whether a KSK has turned up that must be silent before the parent is asked. The states are not silent, or not read.
 */
bool idle_silence_first(dec_t *c);

/*! The gate of a zone that Knot does not sign yet with the algorithm of the policy: dec_lacks_algorithm(). */
void idle_lacks_algorithm(dec_t *c);
