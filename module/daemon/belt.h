/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The second belt: what Knot DNS 3.5.3 and later waits for after `zone-ksk-submitted`.
 */

#pragma once

#include "kskroll/rollover.h"

/*!
 * \brief For how long Knot has to keep the key that the order retires.
 *
 * The order is given when the TTL of the old DS is over, so it is 0 where the machine made no mistake. If no key is
 * meant to be removed, it is long: a key that is removed by mistake stays for that time.
 *
 * \param[in] row  The zone's row.
 * \param[in] now  Current time, of the row's clock.
 *
 * \return Seconds.
 */
uint32_t belt_ttl(const rollover_row_t *row, time_t now);
