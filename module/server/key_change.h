/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief All that this program ever does to the timers of a key: a fixed list, each of them a number.
 */

#pragma once

/*! Timers that one change sets at most. */
#define KEY_CHANGE_TIMERS_MAX 4

/*! Changes of a key. What they lead to with Knot DNS: "Keys by key timers" in docs/internals.rst. */
typedef enum {
	KEY_CHANGE_RENEW = 0,     /*!< Its lifetime begins again (`ksk-lifetime`). */
	KEY_CHANGE_ACTIVE,        /*!< In use, without signals. */
	KEY_CHANGE_READY,         /*!< In use, with signals. */
	KEY_CHANGE_REMOVE,        /*!< An active key goes. */
	KEY_CHANGE_ACTIVE_REMOVE, /*!< A key goes that is not active. */
	/* Of single-type keys. */
	KEY_CHANGE_SIGNING, /*!< In use, without signals, and it signs the data. */
	KEY_CHANGE_SIGNAL,  /*!< In use, with signals. Signs the data where no other key does. */
	KEY_CHANGE_ASIDE,   /*!< In use, without signals. Signs the data where no other key does. */
	KEY_CHANGES,        /*!< Their number. */
} key_change_t;

/*! \return Arguments of `keymgr set`, static, at most KEY_CHANGE_TIMERS_MAX of them and a final NULL. */
const char *const *key_change_timers(key_change_t change);
