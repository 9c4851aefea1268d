/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "deleg_turn.h"
#include "parent_life.h"
#include "parent_state.h"
#include "pump.h"
#include "kskroll/text_copy.h"

/*! Unless agent_scan_rate() says otherwise. */
#define RATE 50

agent_t *agent_new(const agent_env_t *env)
{
	assert(env != NULL);

	agent_t *agent = calloc(1, sizeof(*agent));
	if (agent != NULL) {
		agent->env = *env;
		agent->rate = RATE;
		pump_init(agent, turn_begin, turn_asks);
	}
	return agent;
}

void agent_scan_rate(agent_t *agent, unsigned rate)
{
	agent->rate = rate > 0 ? rate : 1;
}

static parent_t *find(const agent_t *agent, const char *zone)
{
	for (list_node_t *node = agent->parents.first; node != NULL; node = node->next) {
		parent_t *parent = list_item(node, parent_t, node);
		if (strcmp(parent->name, zone) == 0) {
			return parent;
		}
	}
	return NULL;
}

int agent_zone(agent_t *agent, const char *zone, const agent_settings_t *settings)
{
	assert(agent != NULL && zone != NULL);

	parent_t *parent = find(agent, zone);
	if (settings == NULL) {
		if (parent != NULL) {
			parent_end(parent);
		}
		return KNOT_EOK;
	}
	return parent != NULL ? parent_settings(parent, settings) : parent_begin(agent, zone, settings);
}

bool agent_notified(agent_t *agent, const char *child, const char *report_agent)
{
	knot_dname_storage_t name;
	delegation_t *d = NULL;
	parent_t *parent = NULL;

	assert(agent != NULL && child != NULL && report_agent != NULL);
	if (knot_dname_from_str(name, child, sizeof(name)) != NULL) {
		knot_dname_to_lower(name);
		for (list_node_t *node = agent->parents.first; node != NULL && d == NULL; node = node->next) {
			parent = list_item(node, parent_t, node);
			if (knot_dname_in_bailiwick(name, parent->apex) > 0) {
				d = delegations_find(&parent->all, name);
			}
		}
	}
	awake_t *awake = d != NULL ? delegation_wake(&parent->all, d) : NULL;
	if (awake == NULL) {
		agent->totals.ignored++;
		return false;
	}
	agent->totals.notified++;
	if (report_agent[0] != '\0') {
		text_copy(awake->report_agent, sizeof(awake->report_agent), report_agent);
	}
	awake->notified++;
	parent_wake(parent, d);
	return true;
}

void agent_totals(const agent_t *agent, delegation_totals_t *out)
{
	*out = agent->totals;
}

void agent_stop(agent_t *agent)
{
	list_node_t *node;

	agent->stopping = true;
	while ((node = agent->parents.first) != NULL) {
		parent_end(list_item(node, parent_t, node));
	}
	pump_stop(agent);
}

void agent_free(agent_t *agent)
{
	if (agent == NULL) {
		return;
	}
	assert(agent->stopping && agent->open == 0);
	pump_free(agent);
	free(agent->numbered);
	free(agent);
}
