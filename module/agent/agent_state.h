/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the parts of the agent share. Each part is the business of the file of its name alone.
 */

#pragma once

#include "deleg_table.h"
#include "kskroll/agent.h"
#include "kskroll/parent_zone.h"
#include "util/list.h"

/*! Different sets of nameservers that are distinguished, mostly. */
#define AGENT_CROWDS 1024

/*! Orders of one parent zone (orders.c). */
typedef struct {
	list_t waiting;
	order_t **running; /*!< In the order of the items of the batch. */
	size_t running_count;
	void *batch;          /*!< Under way; NULL: none. */
	uint64_t not_before;  /*!< By the loop's clock, ms: commits take a tenth of the time at most. */
	uint64_t begun;       /*!< The batch was, in the same clock. */
	uint64_t empty_since; /*!< A transaction that may be ours has been found open and empty since; 0: not. */
	bool loading;         /*!< The load class is read for them. */
	unsigned updating;    /*!< DNS UPDATE under way (orders_update.c). */
	bool recovering;      /*!< What a former process has left behind is not ended yet. */
	uv_timer_t timer;
} orders_t;

/*! The file of `delegation-apply: include` (include_file.c). */
typedef enum {
	INCLUDE_UNKNOWN = 0,
	INCLUDE_FAILED,  /*!< It could not be made: that was said. */
	INCLUDE_MISSING, /*!< It was there once: that was said. */
	INCLUDE_THERE,   /*!< It is there, and the line for the zone file was said. */
} include_state_t;

struct parent {
	agent_t *agent;
	list_node_t node; /*!< In agent->parents. */
	uint32_t number;  /*!< In agent->numbered. */
	unsigned refs;    /*!< Calls under way, turns, and one until it ends. */
	bool gone;
	char name[256];
	knot_dname_storage_t apex;
	agent_settings_t settings; /*!< With copies of its own. */
	delegations_t all;

	uv_timer_t timer; /*!< Checks of the zone. */
	uv_timer_cb due;  /*!< Its callback. */
	bool checking, listing, loading;
	bool listed;       /*!< Once, whole. */
	bool changed;      /*!< It is another version than was listed. */
	uint32_t serial;   /*!< Of the last list. */
	uint32_t list;     /*!< Lists that were begun. */
	uint64_t list_ms;  /*!< How long the last one took, */
	uint64_t list_end; /*!< and when it ended, by the loop's clock. */
	size_t skipped;    /*!< Delegations that there was no memory for. */
	bool long_name;    /*!< It has names that the store has no room for: that was said. */
	delegation_load_t load;
	char load_reason[160];
	uint64_t load_at;          /*!< When it was read, by the loop's clock, ms; 0: never. */
	delegation_survey_t asked; /*!< Its servers, by surveys of all delegations. */
	char trouble[160];
	char file_trouble[160]; /*!< What is wrong with the file of `delegation-apply: include`. */
	include_state_t include;
	orders_t orders;
	parent_batch_t leftover; /*!< DS to be removed (leftover.c), */
	size_t leftovers;        /*!< how many the list had, */
	bool many_left;          /*!< too many: that was said, */
	char left_why[160];      /*!< and why they could not be removed, as was said last. */
	unsigned closing;        /*!< Handles that are not closed yet. */
};

/*! Begins a turn. */
typedef void (*agent_begin_f)(parent_t *parent, delegation_t *d, unsigned crowd);
/*! DELEGATION_ASK_* of it. */
typedef unsigned (*agent_asks_f)(const parent_t *parent, const delegation_t *d);

struct agent {
	agent_env_t env;
	list_t parents;
	parent_t **numbered; /*!< The same, and those that end, each at its number; NULL: the number is free. */
	uint32_t numbers;    /*!< Room for so many. */
	bool stopping;
	unsigned open; /*!< Handles that are not closed yet. */

	/* pump.c */
	queue_t scans;  /*!< Those that rest. */
	queue_t urgent; /*!< Those that do not. */
	uv_timer_t timer;
	agent_begin_f begin;
	agent_asks_f asks;
	unsigned turns;                /*!< Under way. */
	uint16_t crowds[AGENT_CROWDS]; /*!< Of these, by a number of their nameservers. */
	unsigned rate;                 /*!< Scans a second. */
	uint64_t tokens;               /*!< Thousandths of a scan. */
	uint64_t counted;              /*!< Until when, by the loop's clock, ms. */

	delegation_totals_t totals;
	store_delegation_t row;         /*!< Room for one. */
	store_delegation_event_t event; /*!< The same. */
};

/*! A line of the log about a delegation, or a zone. */
void agent_log(const agent_t *agent, int priority, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*! Now, by the wall clock. */
time_t agent_now(const agent_t *agent);
/*! The same; the times of the row are of that clock from here on. */
time_t agent_now_of(const agent_t *agent, delegation_row_t *row);
