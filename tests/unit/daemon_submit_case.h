/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A zone that waits for its DS, and all that announce.c and submit.c call, for the tests of both channels.
 */

#pragma once

#include "env.h"
#include "zone.h"

/*! Lines of the log, events, rows that were stored; outcomes by their status. */
extern unsigned lines, stored, rows, counted[NOTIFY__COUNT];
extern char line[1024]; /*!< The last one. */
extern bool store_fails;
extern uint32_t agent_low;   /*!< The TTL that the agent of this server can set; 0: none. */
extern bool agent_restores;  /*!< It has lowered it. */
extern unsigned agent_asked; /*!< Wishes for a TTL that the agent has got. */

/* A zone in await-ds. */
typedef struct {
	env_t env;
	zone_t zone;
	entry_t entry;
	uint8_t name[16];
	zone_settings_t settings;
	gathered_t gathered;
	survey_result_t survey;
	parent_answer_t parent[2];
	unsigned done;
	bool check;
	unsigned woken;
	bool asleep;             /*!< The zone has had no check in this process, */
	rollover_row_t in_store; /*!< and this is its row. */
} case_t;

/*! By DNS UPDATE, against the DS 1, for the DS 2. */
int submit_case_begin(void **state);
int submit_case_end(void **state);

/*! A DS, or CDS, of 4 octets; digest type 0: that of the delete signal. */
void submit_case_add(knot_rdataset_t *set, uint8_t tag, uint8_t digest_type);

/*! The machine says so. \return Whether something is under way. */
bool submit_case_decide(case_t *c, bool notify, time_t notified);

/*! The same with all of a decision; its row is that of the zone from now on. */
bool submit_case_decision(case_t *c, const rollover_decision_t *d);

/*! The machine wants the DS TTL 300, or that of before back. \return Whether something is under way. */
bool submit_case_want_ttl(case_t *c, uint32_t before, bool back, bool asks);

rollover_facts_t submit_case_facts(const case_t *c);
