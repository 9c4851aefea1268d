/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Begins the turns of delegations when they are due: those that rest at the rate of scans, all others at once.
 */

#pragma once

#include "agent_state.h"

/*!
 * \brief Sets it up.
 *
 * \param[in] begin  Begins a turn, counted in agent->turns already; pump_turn_over() is called at its end.
 * \param[in] asks   DELEGATION_ASK_* of a delegation's next turn.
 */
void pump_init(agent_t *agent, agent_begin_f begin, agent_asks_f asks);
/*! Nothing begins any more. The timer closes on the loop, with agent->open. */
void pump_stop(agent_t *agent);
void pump_free(agent_t *agent);

/*! Makes room for so many delegations that rest, over all zones. \return False without memory. */
bool pump_reserve(agent_t *agent, size_t count);

/*! The delegation's next turn is in so many milliseconds. There is room for it. */
void pump_in(agent_t *agent, delegation_t *d, uint64_t ms, bool urgent);
void pump_remove(agent_t *agent, delegation_t *d);

/*! A turn has ended; \a crowd: of its delegation. */
void pump_turn_over(agent_t *agent, unsigned crowd);
