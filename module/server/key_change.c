/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "key_change.h"

const char *const *key_change_timers(key_change_t change)
{
	static const char *const timers[KEY_CHANGES][KEY_CHANGE_TIMERS_MAX + 1] = {
		[KEY_CHANGE_RENEW] = { "created=+0" },
		[KEY_CHANGE_ACTIVE] = { "active=+0" },
		// Always both: `ready` of a former signal would end a timeout of Knot's at once.
		[KEY_CHANGE_READY] = { "ready=+0", "active=0" },
		[KEY_CHANGE_REMOVE] = { "retire=+0", "remove=+0" },
		// keymgr refuses a key that would retire before it is active.
		[KEY_CHANGE_ACTIVE_REMOVE] = { "active=+0", "retire=+0", "remove=+0" },
		[KEY_CHANGE_SIGNING] = { "active=+0", "retire-active=0", "retire=0" },
		[KEY_CHANGE_SIGNAL] = { "ready=+0", "active=0", "retire-active=0", "retire=0" },
		// Knot clears `retire` in the future when it signs, unless the key retires already.
		[KEY_CHANGE_ASIDE] = { "active=+0", "retire-active=+0", "retire=+20y" },
	};

	assert(change < KEY_CHANGES);
	return timers[change];
}
