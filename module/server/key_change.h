/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief All that this program ever does to the timers of a key: a fixed list, each of them a number.
 */

#pragma once

/*! Timers and flags that one change sets at most. */
#define KEY_CHANGE_TIMERS_MAX 8

/*! Changes of a key. What they lead to with Knot DNS: "Keys by key timers" in docs/knot-behaviour.rst. */
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
	/* Of keys of an algorithm that begins or ends. Each is possible from any state. */
	KEY_CHANGE_NOTHING,     /*!< A KSK that is not published. */
	KEY_CHANGE_PUBLISH,     /*!< A KSK that is not published gets in use, without signals. */
	KEY_CHANGE_ZSK_SIGNING, /*!< Published, and signs the data. */
	KEY_CHANGE_ZSK_FOR_KSK, /*!< The same, and it signs DNSKEY: while the KSK of its algorithm comes or goes. */
	KEY_CHANGE_ZSK_HIDDEN,  /*!< Signs the data, and is not published. */
	KEY_CHANGE_CSK_SIGNING, /*!< A single-type key that was hidden: in use, without signals. */
	KEY_CHANGE_CSK_HIDDEN,  /*!< Signs the data, and is not published: a ZSK meanwhile. */
	KEY_CHANGE_FORGET,      /*!< The key goes. */
	KEY_CHANGES,            /*!< Their number. */
} key_change_t;

/*! \return Arguments of `keymgr set`, static, at most KEY_CHANGE_TIMERS_MAX of them and a final NULL. */
const char *const *key_change_timers(key_change_t change);
