/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The parent side: what happens to a delegation next and when, the machine run forward in an imagined world.
 *
 * In that world every server answers, the child's signals are as they should be, and the parent zone can be written.
 * The machine is asked as soon as anything changes, so times are the earliest possible ones. Pure, as all of
 * delegation/.
 */

#pragma once

#include "kskroll/delegation.h"

/*! Stays kept of a plan; a whole change has fewer. */
#define DELEGATION_STAYS_MAX 24

/*! What is taken for granted, in seconds. */
typedef struct {
	uint32_t server_delay; /*!< From a change of the parent zone until every server has it. */
	uint32_t ds_ttl;       /*!< TTL of DS in the zone, unless the row knows that it is low. */
	delegation_load_t load;
} delegation_assume_t;

/*! A time in one state, behind one gate. */
typedef struct {
	delegation_state_t state;
	delegation_gate_t gate;
	time_t from;
	time_t to; /*!< 0: not within this plan. */
} delegation_stay_t;

typedef struct {
	delegation_stay_t stay[DELEGATION_STAYS_MAX];
	unsigned count;
	bool imagined;            /*!< Nothing is under way: the plan shows a child that asks for another DS now. */
	bool ignored;             /*!< The child has no DS and `bootstrap` is off: it is not asked. */
	delegation_gate_t lifted; /*!< Gate that a human must open, in force now or by the settings; taken for open. */
	delegation_gate_t stuck;  /*!< Where the plan ends if the delegation does not come to rest. */
	/* Each 0 if the plan does not reach it. */
	time_t start;      /*!< What the child asks for is seen. */
	time_t changed;    /*!< DS changes in the zone, */
	uint32_t ttl_low;  /*!< to this TTL, */
	uint32_t ttl_back; /*!< which later becomes this one; 0: it stays. */
	time_t everywhere; /*!< Every server of the parent has it. */
	time_t expired;    /*!< No cache has the DS RRset before. */
	time_t restored;   /*!< The TTL is what it was. */
	time_t end;        /*!< The delegation rests. */
} delegation_forecast_t;

/*!
 * \brief Runs the machine forward.
 *
 * \param[in] config  Settings of the delegation; report_only and locked are named as \a lifted.
 * \param[in] row     Where the delegation is.
 * \param[out] plan   Every coming stay; the first is the one that the delegation is in.
 */
void delegation_forecast(const delegation_config_t *config, const delegation_row_t *row,
                         const delegation_assume_t *assume, time_t now, delegation_forecast_t *plan);
