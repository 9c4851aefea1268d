/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The TTL of DS around a change (RFC 10026 4.1), where the parent can be asked for it.
 *
 * It is lowered before anything is signalled, and set back when the rollover is over, or has been given up. What is
 * asked for stands in the row before it is sent. Without it a rollover goes on all the same: every wait counts the TTL
 * that was seen.
 */

#pragma once

#include "decision.h"

/*! Takes what the servers of the parent have. Not where the settings keep the zone as it is. */
void low_ds_learn(dec_t *c);

/*!
 * \brief Waits until caches have lost the DS with the high TTL, and for `lead`.
 *
 * At most `unreachable-after` until every server of the parent has the low one; not at all if the parent refuses it.
 *
 * \return True if the zone waits.
 */
bool low_ds_wait(dec_t *c);

/*! The end of a decision: what the parent is asked for, and the gate of a zone that is idle again. */
void low_ds_conclude(dec_t *c);
