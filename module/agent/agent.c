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

/*! In wire form, lower case. \return False if it is no name. */
static bool take_name(knot_dname_storage_t name, const char *text)
{
	if (knot_dname_from_str(name, text, sizeof(knot_dname_storage_t)) == NULL) {
		return false;
	}
	knot_dname_to_lower(name);
	return true;
}

/*! \return The delegation of that name, or NULL. */
static delegation_t *find_child(const agent_t *agent, const char *child, parent_t **parent)
{
	knot_dname_storage_t name;
	delegation_t *d = NULL;

	if (!take_name(name, child)) {
		return NULL;
	}
	for (list_node_t *node = agent->parents.first; node != NULL && d == NULL; node = node->next) {
		*parent = list_item(node, parent_t, node);
		if (knot_dname_in_bailiwick(name, (*parent)->apex) > 0) {
			d = delegations_find(&(*parent)->all, name);
		}
	}
	return d;
}

bool agent_notified(agent_t *agent, const char *child, const char *report_agent)
{
	assert(agent != NULL && child != NULL && report_agent != NULL);

	parent_t *parent = NULL;
	delegation_t *d = find_child(agent, child, &parent);
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

/*! Whether a zone above that name has not been read yet, in which DS may be changed. */
static bool is_unread(const agent_t *agent, const char *child)
{
	knot_dname_storage_t name;

	if (!take_name(name, child)) {
		return false;
	}
	for (list_node_t *node = agent->parents.first; node != NULL; node = node->next) {
		const parent_t *parent = list_item(node, parent_t, node);
		if (!parent->listed && parent->settings.mode == DELEGATIONS_UPDATE &&
		    knot_dname_in_bailiwick(name, parent->apex) > 0) {
			return true;
		}
	}
	return false;
}

agent_ttl_t agent_ttl(const agent_t *agent, const char *child, uint32_t before)
{
	assert(agent != NULL && child != NULL);

	delegation_config_t config;
	delegation_row_t row;
	parent_t *parent = NULL;
	const delegation_t *d = find_child(agent, child, &parent);

	if (d == NULL || !parent->listed) {
		return (agent_ttl_t){ .low = before != 0 && is_unread(agent, child) ? before : 0 };
	}
	parent_config(parent, d, &config);
	delegation_row(&parent->all, d, &row);
	const bool by_transaction = config.apply == DELEGATION_BY_TRANSACTION;
	const uint32_t low = !by_transaction || parent->load == DELEGATION_LOAD_KEEPS ? config.ds_ttl :
	                     parent->load == DELEGATION_LOAD_UNKNOWN                  ? before :
	                                                                                0;
	const bool restores = row.ttl_normal != 0;
	/* As aftermath_may_lower(); what is low already stays so. */
	const bool never = config.locked || config.report_only || (row.refused != 0 && !restores);
	return (agent_ttl_t){ .low = never ? 0 : low, .restores = restores };
}

void agent_ttl_wanted(agent_t *agent, const char *child)
{
	assert(agent != NULL && child != NULL);

	parent_t *parent = NULL;
	delegation_t *d = find_child(agent, child, &parent);
	if (d != NULL && !agent->stopping && delegation_wake(&parent->all, d) != NULL) {
		parent_wake(parent, d);
	}
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
