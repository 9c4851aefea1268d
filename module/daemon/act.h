/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Acts upon a decision: sets the states of the zone's keys, switches its policy, or gives Knot an order.
 */

#pragma once

#include "forward.h"
#include "kskroll/rollover.h"

/*! \a stored: false if nothing was done, since it could not be stored before. */
typedef void (*act_done_f)(zone_t *zone, bool stored);

/*! Of a zone. */
typedef struct {
	key_states_t keys;    /*!< What the order under way makes of the states. */
	bool again;           /*!< It repeats one in vain. */
	policy_role_t policy; /*!< What the zone gets when it is known where its policy comes from. */
	act_done_f done;
} act_t;

/*! At most one thing; \a done is called once, perhaps at once. */
void act_upon(zone_t *zone, const rollover_decision_t *decision, act_done_f done);
