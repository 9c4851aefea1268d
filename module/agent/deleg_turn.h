/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A turn of a delegation: the zone is read, the child is asked, the machine decides.
 *
 * A step starts only when the one before has come back. The turn has a reference to the parent zone.
 */

#pragma once

#include "agent_state.h"
#include "kskroll/child_survey.h"
#include "kskroll/parent_zone.h"

struct turn {
	parent_t *parent;
	delegation_t *d;   /*!< It is awake. */
	unsigned crowd;    /*!< Of its nameservers, as counted in the agent (pump.c). */
	unsigned asks;     /*!< DELEGATION_ASK_*. */
	uint32_t notified; /*!< Notifications that had come when it began. */
	delegation_facts_t facts;
	knot_rdataset_t ns, ds; /*!< As the zone has them; \a ds is empty where facts.zone has a number of it. */
	child_survey_t *survey; /*!< NULL: none was asked for. */
};

/*! DELEGATION_ASK_* of the delegation's next turn. */
unsigned turn_asks(const parent_t *parent, const delegation_t *d);

/*! Begins it; counted in agent->turns already. */
void turn_begin(parent_t *parent, delegation_t *d, unsigned crowd);

/*! Facts of the list, for a delegation that rests. \return False without memory. */
bool facts_of_list(turn_t *turn);
/*! Facts as they were read. \return The same. */
bool facts_of_read(turn_t *turn, const parent_read_t *read);
/*! Facts of a survey, which the turn owns from here on. */
void facts_of_survey(turn_t *turn, child_survey_t *survey);

/*! All facts are there: decides, stores, says, orders. When the next turn is follows from the row. */
void turn_conclude(turn_t *turn);
