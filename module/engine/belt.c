/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "belt.h"

uint32_t belt_ttl(const rollover_row_t *row, time_t running_since, time_t now)
{
	assert(row);

	if (row->ds_all_since == 0 || rollover_is_first(row)) {
		return ROLLOVER_UNKNOWN_DS_TTL;
	}
	time_t measured = now - (row->ds_all_since > running_since ? row->ds_all_since : running_since);
	if (measured < 0) {
		measured = 0;
	}
	return measured < (time_t)row->ds_drain ? row->ds_drain - measured : 0;
}
