/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Which changes of which keys an order needs: pure.
 *
 * An order is a pair of states that the old and the new KSKs must have. So the states tell what has been done: an
 * order that is repeated, by whom ever and after whatever end, changes what is missing. See "Keys by key timers" in
 * docs/knot-behaviour.rst for what Knot DNS does with each state.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "key_change.h"
#include "key_list.h"
#include "kskroll/server.h"

/*! Bytes of a sentence. */
#define KEY_ERROR_MAX 160
/*! Changes of keys that one order makes. */
#define KEY_STEPS_MAX 24

/*! One step of a plan. */
typedef struct {
	const listed_key_t *key; /*!< In the list. */
	key_change_t change;
} key_step_t;

/*! What has to be done, in this order. Nothing: the states are as ordered. */
typedef struct {
	bool make; /*!< Knot has to make a KSK afterwards (`zone-key-rollover`); then plan again. */
	key_step_t steps[KEY_STEPS_MAX];
	size_t count;
	char error[KEY_ERROR_MAX]; /*!< Not "": why it must not be done, one sentence. Then nothing else counts. */
} key_plan_t;

/*!
 * \brief What has to be done.
 *
 * keymgr lists no public keys, so those that are ordered are found by key tag and algorithm. Where two KSKs have the
 * same, nothing is done, nor where there is a KSK that the order does not name.
 *
 * \return Whether anything can be done; else plan->error says why not.
 */
bool key_plan(const key_list_t *list, const server_keys_t *wish, time_t now, key_plan_t *plan);

/*! \return Name of the order, for messages. */
const char *key_order_name(key_order_t order);
