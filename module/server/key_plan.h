/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Which timers of which keys have to be set for an order: pure.
 *
 * An order is a pair of states that the old and the new KSK shall have. So the states tell what has been done: an order
 * that is repeated, by whom ever and after whatever end, sets what is missing. See "Keys by key timers" in
 * docs/internals.rst for what Knot DNS does with each state.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "key_list.h"

/*! Bytes of a sentence. */
#define KEY_ERROR_MAX 160
/*! Assignments of timers for one key. */
#define KEY_SETS_MAX 3

typedef enum {
	KEY_ORDER_INTRODUCE = 0, /*!< Both are published and sign, no signals. Makes the new key, if there is none. */
	KEY_ORDER_SIGNAL,        /*!< Signals of the new key. */
	KEY_ORDER_WITHDRAW,      /*!< As introduce, but the new key must be there. */
	KEY_ORDER_BACK,          /*!< Signals of the old key: the rollback. */
	KEY_ORDER_BOTH,          /*!< Signals of both keys. */
	KEY_ORDER_RETIRE,        /*!< The old key goes. With Knot's default `delete-delay` there is no way back. */
	KEY_ORDER_ABORT,         /*!< The new key goes. */
	KEY_ORDERS,              /*!< Their number. */
} key_order_t;

/*! A KSK as it is published. */
typedef struct {
	uint16_t tag;
	uint8_t algorithm;
} key_ref_t;

/*! What is ordered. */
typedef struct {
	key_order_t order;
	/*! NULL: the first DS, where the zone has one KSK, to be signalled or withdrawn. */
	const key_ref_t *old_key;
	const key_ref_t *new_key; /*!< NULL: the only other KSK, or to be made (introduce only). */
	bool renew;               /*!< Retire: the lifetime of the key that stays begins again (`ksk-lifetime`). */
} key_wish_t;

/*! Timers of one key to be set. */
typedef struct {
	const listed_key_t *key;       /*!< In the list. */
	const char *set[KEY_SETS_MAX]; /*!< Arguments of `keymgr set`, static. */
	size_t count;
} key_set_t;

/*! What has to be done, in this order. Nothing: the states are as ordered. */
typedef struct {
	bool make; /*!< Knot has to make a KSK first (`zone-key-rollover`); then plan again. */
	key_set_t keys[2];
	size_t count;
	char error[KEY_ERROR_MAX]; /*!< Not "": why it must not be done, one sentence. Then nothing else counts. */
} key_plan_t;

/*!
 * \brief What has to be done.
 *
 * \return Whether anything can be done; else plan->error says why not.
 */
bool key_plan(const key_list_t *list, const key_wish_t *wish, time_t now, key_plan_t *plan);

/*! \return Name of the order, for messages. */
const char *key_order_name(key_order_t order);
