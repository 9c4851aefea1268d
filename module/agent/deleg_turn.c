/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orders.h"
#include "parent_state.h"
#include "pump.h"
#include "deleg_turn.h"
#include "kskroll/text_copy.h"

/*! Until the next turn where there was no memory, no store, or the asker has other settings now. */
#define AGAIN_MS 10000

static agent_t *agent_of(const turn_t *turn)
{
	return turn->parent->agent;
}

/* The end. */

/*! When the delegation is due next; what rests spreads. */
static void set_due(agent_t *agent, delegation_t *d)
{
	awake_t *awake = d->of.awake;

	if (awake->unwritten) {
		/* While nothing can be written, those that rest are not asked more often than scans may begin. */
		pump_in(agent, d, AGAIN_MS, awake->row.state != DELEGATION_REST);
		return;
	}
	const time_t now = agent_now_of(agent, &awake->row), next = awake->row.next_check;
	uint64_t ms = next > now ? (uint64_t)(next - now) * 1000 : 0;
	const bool rests = awake->row.state == DELEGATION_REST;

	if (rests) {
		ms -= (uint64_t)random() % (ms / 8 + 1);
	}
	pump_in(agent, d, ms, !rests);
}

static void turn_over(turn_t *turn, bool due)
{
	delegation_t *d = turn->d;
	parent_t *parent = turn->parent;
	agent_t *agent = parent->agent;
	const unsigned crowd = turn->crowd;

	knot_rdataset_clear(&turn->ns, NULL);
	knot_rdataset_clear(&turn->ds, NULL);
	child_survey_free(turn->survey);
	free(turn);
	d->of.awake->turn = NULL;
	if (d->gone) {
		if (!delegation_is_busy(d)) {
			delegation_free(&parent->all, d);
		}
	} else if (due && d->of.awake->again) {
		d->of.awake->again = false;
		pump_in(agent, d, 0, true);
	} else if (due) {
		set_due(agent, d);
		delegation_sleep(&parent->all, d);
	} else {
		pump_in(agent, d, AGAIN_MS, true);
	}
	pump_turn_over(agent, crowd);
	parent_unref(parent);
}

/*! A call has come back. \return False: nobody wants the turn any more, and it is over. */
static bool came_back(turn_t *turn, bool cancelled)
{
	if (turn->d->gone || agent_of(turn)->stopping || cancelled) {
		turn_over(turn, false);
		return false;
	}
	return true;
}

static void conclude(turn_t *turn)
{
	turn_conclude(turn);
	turn_over(turn, true);
}

/* The survey. */

static void on_survey(child_survey_t *survey, void *arg)
{
	turn_t *turn = arg;
	const bool cancelled = survey->cancelled;

	if (!came_back(turn, cancelled)) {
		child_survey_free(survey);
		return;
	}
	facts_of_survey(turn, survey);
	conclude(turn);
}

/*! It could not be begun. */
static void survey_failed(turn_t *turn, unsigned asks)
{
	turn->facts.asked |= asks;
	turn->facts.discovery_failed = true;
	text_copy(turn->facts.discovery_detail, sizeof(turn->facts.discovery_detail), "no memory for a survey");
	conclude(turn);
}

static void ask_all(turn_t *turn)
{
	const unsigned asks = turn->asks & (DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH);
	agent_t *agent = agent_of(turn);
	const parent_t *parent = turn->parent;
	dns_t *dns = agent->env.dns(agent->env.arg);

	if (asks == 0 || !turn->facts.zone.delegated) {
		conclude(turn);
		return;
	}
	const child_request_t request = {
		.child = turn->d->of.awake->name,
		.parent = parent->apex,
		.ask = asks,
		.ns = &turn->ns,
		.ds = &turn->ds,
		.signaling = parent->settings.config.bootstrap && turn->ds.count == 0,
		.parent_server = parent->settings.parent_server,
		.validator = parent->settings.validator,
		.now = agent_now(agent),
	};
	child_task_t *task;
	if (dns == NULL || child_survey_start(dns, &request, on_survey, turn, &task) != KNOT_EOK) {
		survey_failed(turn, asks);
		return;
	}
	agent->totals.surveys++;
}

/* The light scan. */

static void on_scan(const scan_result_t *result, void *arg)
{
	turn_t *turn = arg;
	delegation_scan_t *scan = &turn->facts.scan;

	if (!came_back(turn, result->cancelled)) {
		return;
	}
	agent_of(turn)->totals.queries += result->queries;
	turn->facts.asked |= DELEGATION_ASK_SCAN;
	scan->answered = result->answered;
	scan->differs = result->answered && delegation_zone_differs(&turn->facts.zone, &result->cds);
	scan->content = result->answered ? delegation_content(&result->cds) : 0;
	ask_all(turn);
}

static void ask_scan(turn_t *turn)
{
	agent_t *agent = agent_of(turn);
	dns_t *dns = agent->env.dns(agent->env.arg);
	const scan_request_t request = { .child = turn->d->of.awake->name,
		                         .parent = turn->parent->apex,
		                         .ns = &turn->ns };
	scan_t *scan;

	if (!(turn->asks & DELEGATION_ASK_SCAN) || !turn->facts.zone.delegated) {
		ask_all(turn);
		return;
	}
	if (dns == NULL || scan_start(dns, &request, on_scan, turn, &scan) != KNOT_EOK) {
		turn->facts.asked |= DELEGATION_ASK_SCAN;
		ask_all(turn);
		return;
	}
	agent->totals.scans++;
}

/* The zone. */

static void on_read(const parent_read_t *read, void *arg)
{
	turn_t *turn = arg;

	if (!came_back(turn, read->status == SERVER_CANCELLED)) {
		return;
	}
	if (!facts_of_read(turn, read)) {
		turn_over(turn, false);
		return;
	}
	ask_scan(turn);
}

static void read_zone(turn_t *turn)
{
	agent_t *agent = agent_of(turn);
	server_t *server = agent->env.server(agent->env.arg);
	knot_dname_txt_storage_t name;

	if (server == NULL || knot_dname_to_str(name, turn->d->of.awake->name, sizeof(name)) == NULL) {
		turn_over(turn, false);
		return;
	}
	parent_zone_read(server, turn->parent->name, name, on_read, turn);
}

unsigned turn_asks(const parent_t *parent, const delegation_t *d)
{
	delegation_config_t config;
	delegation_row_t row;

	parent_config(parent, d, &config);
	delegation_row(&parent->all, d, &row);
	/* What is met for the first time: that it has no DS the list says. */
	if (!row.known && row.state == DELEGATION_REST && d->ds == 0 && !config.bootstrap) {
		return 0;
	}
	return delegation_asks(&config, &row);
}

/*! From the list a survey may follow, and nothing else: all but a scan needs the zone. */
static bool suffices_list(const parent_t *parent, const delegation_row_t *row)
{
	return parent_is_current(parent) && row->state == DELEGATION_REST && !row->ordering && row->put_ttl == 0 &&
	       row->ttl_normal == 0;
}

void turn_begin(parent_t *parent, delegation_t *d, unsigned crowd)
{
	agent_t *agent = parent->agent;
	awake_t *awake = delegation_wake(&parent->all, d);
	turn_t *turn = awake != NULL ? calloc(1, sizeof(*turn)) : NULL;

	if (turn == NULL) {
		pump_in(agent, d, AGAIN_MS, true);
		pump_turn_over(agent, crowd);
		return;
	}
	assert(awake->turn == NULL && !d->gone);
	parent_ref(parent);
	*turn = (turn_t){ .parent = parent, .d = d, .crowd = crowd };
	awake->turn = turn;
	const rollover_clock_t then = awake->row.clock;
	(void)agent_now_of(agent, &awake->row);
	/* Since when a server is silent was stored by the clock of then. */
	awake->resumed = awake->resumed && clock_goes_on(&then, &awake->row.clock);
	turn->asks = turn_asks(parent, d);
	turn->notified = awake->notified;
	turn->facts.outcome = awake->outcome;
	memcpy(turn->facts.outcome_detail, awake->outcome_detail, sizeof(turn->facts.outcome_detail));
	if (!suffices_list(parent, &awake->row)) {
		read_zone(turn);
	} else if (facts_of_list(turn)) {
		ask_scan(turn);
	} else {
		turn_over(turn, false);
	}
}
