/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What all plans of orders share.
 */

#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "key_list.h"
#include "key_plan.h"

/*! The caller returns false, with a sentence. */
#define PLAN_FAIL(plan, ...)                                                                                           \
	do {                                                                                                           \
		snprintf((plan)->error, sizeof((plan)->error), __VA_ARGS__);                                           \
		return false;                                                                                          \
	} while (0)

/*! The KSK that an order names; NULL: not in the list. \return False: more than one could be meant. */
bool key_plan_find(const key_list_t *list, const key_id_t *id, const char *keyid, time_t now, const listed_key_t **key,
                   key_plan_t *plan);

/*! Bytes of what keymgr finds a key by. */
#define KEY_SPEC_MAX 12

/*! What keymgr finds the key by: its tag, or the beginning of its identifier where several keys have that tag. */
void key_plan_spec(const key_list_t *list, const listed_key_t *key, char spec[KEY_SPEC_MAX]);

/*! Whether a KSK plays no part any more: it is not published, or revoked (RFC 5011). */
bool key_plan_is_out(const listed_key_t *key, time_t now);

/*! Whether a KSK does nothing, and never will by itself: as presign leaves it. */
bool key_plan_is_nothing(const listed_key_t *key);

/*! Whether the key is in use, but leaves the data to another one, for longer than anything lasts here. */
bool key_plan_is_aside(const listed_key_t *key, time_t now);

/*!
 * Whether the new key was made after the old ones, each of which may be NULL. If not, the store may have been lost
 * after the DS was replaced, and the rollover would bring back a key that was replaced for a reason.
 */
bool key_plan_is_younger(const key_list_t *list, const listed_key_t *fresh, const listed_key_t *const *old_keys,
                         unsigned old_count, key_plan_t *plan);
