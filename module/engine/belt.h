/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The second belt: what Knot DNS 3.5.3 and later waits for after `zone-ksk-submitted`.
 */

#pragma once

#include "kskroll/rollover.h"

/*!
 * \brief For how long the key that the order retires has to stay if only what this process has measured counts.
 *
 * When the order is given, all servers of the parent have just been seen with the new DS, and by the row's times the old
 * one has run out of caches. Those times may be of an earlier process, and nobody knows how the clock was set in between.
 * If no key is meant to go, it is long: one that goes by mistake stays for that time.
 *
 * \param[in] row            The zone's row.
 * \param[in] running_since  All times of the row from then on are of this process.
 * \param[in] now            Current time.
 *
 * \return Seconds, 0 if this process has measured the whole TTL of the old DS.
 */
uint32_t belt_ttl(const rollover_row_t *row, time_t running_since, time_t now);
