/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "include_item.h"

parent_item_status_t include_item(const include_seen_t *seen)
{
	/* A former process has ordered the same, and the load of a moment ago has brought it. */
	const bool brought = seen->caught_up && seen->agrees;

	if (seen->below && (seen->expected || brought) && seen->wanted) {
		return PARENT_ITEM_SAME;
	}
	if (!seen->below || !seen->expected) {
		return PARENT_ITEM_DIFFERS;
	}
	/* The zone file has it, and the module would only add to it. */
	return seen->has_ds && !seen->agrees ? PARENT_ITEM_REFUSED : PARENT_ITEM_DONE;
}

bool include_takes_back(bool ordered, bool same)
{
	return ordered && !same;
}
