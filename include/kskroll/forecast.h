/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What happens next and when: the machine run forward in an imagined world.
 *
 * The world does what it should, as fast as the assumptions allow, and the machine is asked as soon
 * as anything changes. So the times are the earliest possible ones; the real checks come up to
 * one check interval later at each step. Pure, as all of rollover/.
 */

#pragma once

#include "kskroll/rollover.h"
#include "kskroll/start.h"

/*! Steps kept of a plan. A rollover to another algorithm has eleven. */
#define FORECAST_STEPS_MAX 16
/*! Waits kept of a step. */
#define FORECAST_WAITS_MAX 8

/*! What is taken for granted about everybody else, in seconds. */
typedef struct {
	uint32_t server_delay;       /*!< From a change of the zone until every nameserver has it. */
	uint32_t parent_delay;       /*!< From CDS on all nameservers until DS on all parent servers (Dreg). */
	uint32_t dnskey_ttl;         /*!< Of the base policy, if the row does not know it. */
	uint32_t ds_ttl;             /*!< Of the parent, if the row does not know it. */
	uint8_t algorithm;           /*!< An idle zone gets it now, by its policy; 0: no other one. */
	uint32_t early;              /*!< What is not assumed but of the zone: its share of `spread`, */
	const start_rules_t *starts; /*!< and when a rollover may start; NULL: at any time. */
	uint32_t agent_ttl; /*!< The parental agent of this server gives DS this TTL ahead of a change; 0: none does. */
} forecast_assume_t;

/*! Defaults of the above: minutes for transfers, a daily scan, Knot's own defaults. */
#define FORECAST_ASSUME_DEFAULT { 60, 86400, 3600, 86400, 0, 0, NULL, 0 }

/*! One reason why a step does not end earlier. */
typedef struct {
	rollover_gate_t gate;
	time_t from;
	time_t to;
} forecast_wait_t;

/*! A stay in one state. */
typedef struct {
	rollover_state_t state;
	time_t from;
	time_t to; /*!< 0: not within this plan. */
	forecast_wait_t wait[FORECAST_WAITS_MAX];
	unsigned wait_count;
} forecast_step_t;

typedef struct {
	forecast_step_t step[FORECAST_STEPS_MAX];
	unsigned count;
	time_t start;           /*!< The rollover begins or began; 0 if none is in sight. */
	time_t safe;            /*!< Earliest end of retire: only the new KSK is left anywhere; 0 if not reached. */
	time_t end;             /*!< The zone is idle again, base policy and TTLs restored; 0 if not reached. */
	uint8_t algorithm_old;  /*!< The algorithm changes from this one; 0: it does not. */
	uint8_t algorithm_new;  /*!< And to this one. */
	bool imagined;          /*!< No rollover is due: the plan shows one that is started now. */
	rollover_gate_t lifted; /*!< Gate that an actor must open, in force now or by the settings; taken for open. */
	rollover_gate_t stuck;  /*!< Where the plan ended if it does not reach idle. */
} forecast_t;

/*!
 * \brief Runs the machine forward.
 *
 * \param[in] config  Settings of the zone; hold, dry_run and observe_only are named as \a lifted.
 * \param[in] row     Where the zone is.
 * \param[in] assume  What is taken for granted.
 * \param[in] now     Current time.
 * \param[out] plan   Every coming step; the first is the state the zone is in.
 */
void forecast_run(const rollover_config_t *config, const rollover_row_t *row, const forecast_assume_t *assume,
                  time_t now, forecast_t *plan);
