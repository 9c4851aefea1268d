/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What answers teach in every state: how long caches may hold what servers had.
 */

#pragma once

#include "decision.h"

/*! Takes the TTLs that caches may hold, and that the first DS has come. */
void learn_answers(dec_t *c);

/*! Ends the waits for caches that the operator knows to be over (item caches-expired). */
void learn_operators_word(dec_t *c);

/*!
 * \brief Keeps ds_all_since and ds_expire.
 *
 * From when on every server of the parent has had exactly the new DS, and how long from there an
 * old one may live in caches. The old TTL counts, not the new (RFC 6781 4.1.2).
 *
 * \return Whether every server of the parent has exactly the new DS.
 */
judge_verdict_t learn_ds(dec_t *c);
