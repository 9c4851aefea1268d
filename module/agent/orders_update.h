/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Orders that go to the primary of the zone by DNS UPDATE, each in a message of its own.
 *
 * An order whose answer was lost is in doubt: the primary may carry it out later. It stays an order until the primary
 * says what came of it. Its delegation waits for that, so that no second, different order is given before.
 */

#pragma once

#include "orders.h"

/*! What comes back to the file that calls. */
typedef struct {
	/*! The order is over, and freed. */
	void (*end)(order_t *order, delegation_outcome_t outcome, const char *detail);
	/*! orders_update() again in so many milliseconds. */
	void (*in)(parent_t *parent, uint64_t ms);
} orders_back_t;

/*! Sends those that wait, as far as there is room. \param[in] back  Static. */
void orders_update(parent_t *parent, const orders_back_t *back);
