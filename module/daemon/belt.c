/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "belt.h"

uint32_t belt_ttl(const rollover_row_t *row, time_t now)
{
	assert(row);

	if (row->ds_all_since == 0 || rollover_is_first(row)) {
		return ROLLOVER_UNKNOWN_DS_TTL;
	}
	const time_t passed = now > row->ds_all_since ? now - row->ds_all_since : 0;
	return passed < (time_t)row->ds_expire ? row->ds_expire - passed : 0;
}
