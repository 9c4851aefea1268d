/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Which keys in the list of keymgr an order is about, where all are of one algorithm.
 */

#pragma once

#include <stdbool.h>
#include <time.h>

#include "key_list.h"
#include "key_plan.h"

/*! Keys that one order is about, at one end. */
#define CAST_MAX (2 * ROLLOVER_OLD_MAX)
/*! ZSKs of a change between a single key and KSK and ZSK. */
#define ZSKS_MAX 4

/*! The keys of an order; NULL: not in the list. */
typedef struct {
	const key_list_t *list;
	time_t now;
	const listed_key_t *old_keys[CAST_MAX]; // With those that only silence is about.
	unsigned old_count;
	const listed_key_t *new_key;
	enum {
		SCHEME_STAYS,
		TO_CSK,
		FROM_CSK,
	} scheme;
	const listed_key_t *zsks[ZSKS_MAX]; // Of the end that has them, if the scheme changes.
	unsigned zsk_count;
} cast_t;

/*! Whether no key is signalled after such an order, whichever there are. */
bool cast_is_silence(key_order_t order);

/*! Whether it is the only KSK of its algorithm that plays a part. */
bool cast_is_lone(const cast_t *cast, const listed_key_t *key);

/*!
 * \brief Finds the keys of the order. There must be no other KSK that is in the zone, or will be; silence is for all.
 *
 * \return False, with a sentence: not all that must be there.
 */
bool cast_find(const key_list_t *list, const server_keys_t *wish, time_t now, cast_t *cast, key_plan_t *plan);
