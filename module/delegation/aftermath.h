/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief After the change: the servers of the parent, the resolvers, the undo, the TTL.
 */

#pragma once

#include "moves.h"

/*!
 * \brief Whether every server of the parent has the DS RRset of the zone; notes since when.
 *
 * A server that has another one ends that time, one that is silent does not.
 */
move_gate_t aftermath_parents(move_t *m);

/*! Keeps the largest TTL of DNSKEY in the survey, of RRsets to which the present set leads, or the one before. */
void aftermath_learn_ttl(move_t *m);

/*!
 * \brief What resolvers see. A failure that the change may have caused is undone.
 *
 * \return True: the decision is made.
 */
bool aftermath_watch(move_t *m);

/*!
 * \brief Whether the low TTL is gone: another client has set the TTL, or a DNS UPDATE that nobody waited for any more.
 *
 * It is normal from now on, and no change follows at once.
 */
bool aftermath_ttl_is_back(move_t *m);

/*!
 * \brief Restores the TTL when that is due: the hold and the TTL of the set before are over since every server of the
 * parent has the present set (RFC 10026 4.2.2).
 *
 * \return True: the decision is made.
 */
bool aftermath_ttl(move_t *m);

/*! Whether the TTL is lowered ahead of a change, at the wish of a child of this server. */
bool aftermath_may_lower(const move_t *m);

/*! Lowers it; or waits for the zone. */
void aftermath_lower(move_t *m);

void aftermath_spread(move_t *m);
void aftermath_verify(move_t *m);
void aftermath_undo(move_t *m);
void aftermath_restore(move_t *m);
