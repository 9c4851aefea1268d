/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "key_change.h"

const char *const *key_change_timers(key_change_t change)
{
	static const char *const timers[KEY_CHANGES][KEY_CHANGE_TIMERS_MAX + 1] = {
		[KEY_CHANGE_RENEW] = { "created=+0" },
		[KEY_CHANGE_ACTIVE] = { "active=+0" },
		[KEY_CHANGE_RENEW_ACTIVE] = { "created=+0", "active=+0" },
		// Always both: `ready` of a former signal would end a timeout of Knot's at once.
		[KEY_CHANGE_READY] = { "ready=+0", "active=0" },
		[KEY_CHANGE_REMOVE] = { "retire=+0", "remove=+0" },
		// keymgr refuses a key that would retire before it is active.
		[KEY_CHANGE_ACTIVE_REMOVE] = { "active=+0", "retire=+0", "remove=+0" },
	};

	assert(change < KEY_CHANGES);
	return timers[change];
}
