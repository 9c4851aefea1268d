/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "key_change.h"

/*! keymgr compares all timers of a key: none that another state has left may contradict. */
#define ZSK_IN_USE "publish=+0", "active=+0", "retire-active=0", "retire=0", "post-active=0", "revoke=0"
/*! Knot signs with a ZSK that is *post-active*. That it is revoked as well means nothing, but ends all automation. */
#define ZSK_OUT_OF_SIGHT "publish=+0", "active=+0", "retire-active=0", "retire=0", "post-active=+0", "revoke=+0"

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
		[KEY_CHANGE_NOTHING] = { "pre-active=0", "publish=0", "ready=0", "active=0", "retire-active=0",
		                         "retire=0" },
		[KEY_CHANGE_PUBLISH] = { "publish=+0", "active=+0" },
		[KEY_CHANGE_ZSK_SIGNING] = { "ksk=no", "sep=no", ZSK_IN_USE },
		[KEY_CHANGE_ZSK_FOR_KSK] = { "ksk=yes", "sep=no", ZSK_IN_USE },
		[KEY_CHANGE_ZSK_HIDDEN] = { "ksk=no", "sep=no", ZSK_OUT_OF_SIGHT },
		[KEY_CHANGE_CSK_SIGNING] = { "ksk=yes", "sep=yes", ZSK_IN_USE },
		// `sep` keeps flags and key tag.
		[KEY_CHANGE_CSK_HIDDEN] = { "ksk=no", "sep=yes", ZSK_OUT_OF_SIGHT },
		// What keymgr takes from each state.
		[KEY_CHANGE_FORGET] = { "publish=+0", "active=+0", "retire-active=0", "retire=+0", "post-active=0",
		                        "revoke=0", "remove=+0" },
	};

	assert(change < KEY_CHANGES);
	return timers[change];
}
