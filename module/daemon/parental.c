/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <syslog.h>

#include "env.h"
#include "parental.h"
#include "zone.h"

/*! Of one control operation that has no time of its own. */
#define CONTROL_MS 10000

/* What the agent works with. */

static void on_log(int priority, const char *text, void *arg)
{
	env_t *env = arg;
	outbox_log(env->out, priority, "%s", text);
}

static void read_clock(rollover_clock_t *out, void *arg)
{
	const env_t *env = arg;
	clocks_read(&env->clocks, out);
}

static dns_t *dns_of(void *arg)
{
	return resources_dns(arg);
}

static server_t *server_of(void *arg)
{
	env_t *env = arg;
	parental_t *parental = &env->parental;

	if (parental->server == NULL && env->resources.where.control != NULL) {
		parental->server = server_new(&env->uv, CONTROL_MS);
		parental_where(env);
	}
	return parental->server;
}

static const char *folder_of(void *arg)
{
	const env_t *env = arg;
	return env->resources.settings != NULL ? env->resources.settings->storage : NULL;
}

static store_t *store_of(void *arg)
{
	env_t *env = arg;
	return writer_store(&env->writer);
}

static bool save(const store_delegation_t *one, const store_delegation_event_t *event, bool soon, void *arg)
{
	env_t *env = arg;
	return writer_delegation(&env->writer, one, event, soon);
}

static void save_silence(const char *zone, const char *name, const char *server, const delegation_silence_t *silence,
                         void *arg)
{
	env_t *env = arg;
	writer_delegation_silence(&env->writer, zone, name, server, silence);
}

static bool save_parent(const store_parent_t *parent, void *arg)
{
	env_t *env = arg;
	return writer_parent(&env->writer, parent);
}

/*!
 * What the row of the child says, as long as there is one: a zone that goes wants nothing any more. One that this
 * process has not checked yet may be in a rollover. A TTL that was low, or is low already, is kept so; if others raise
 * it again, that stays.
 */
static delegation_ttl_t ttl_of(const char *child, void *arg)
{
	const env_t *env = arg;
	const entry_t *entry = zones_find(&env->zones, child);
	const zone_settings_t *s = entry != NULL ? instances_settings(&env->instances, entry) : NULL;

	if (s == NULL || !s->rollover || (s->config.via != PARENT_VIA_CDS && s->config.via != PARENT_VIA_AUTO)) {
		return DELEGATION_TTL_FREE;
	}
	if (entry->zone == NULL || !entry->zone->record.loaded) {
		return entry->kept == NULL ? DELEGATION_TTL_KEPT : DELEGATION_TTL_FREE;
	}
	const rollover_row_t *row = &entry->zone->kept.row;

	return rollover_lowers_ds_ttl(&s->config, row) ? DELEGATION_TTL_LOWERED :
	       rollover_keeps_ds_ttl(row)              ? DELEGATION_TTL_KEPT :
	                                                 DELEGATION_TTL_FREE;
}

static agent_t *get_agent(env_t *env)
{
	const agent_env_t with = {
		.loop = &env->uv,
		.arg = env,
		.log = on_log,
		.clock = read_clock,
		.dns = dns_of,
		.server = server_of,
		.folder = folder_of,
		.store = store_of,
		.save = save,
		.save_silence = save_silence,
		.save_parent = save_parent,
		.ttl = ttl_of,
	};

	if (env->parental.agent == NULL) {
		env->parental.agent = agent_new(&with);
		parental_settings(env);
	}
	return env->parental.agent;
}

/* Which zones have it. */

void parental_zone(env_t *env, const entry_t *entry)
{
	const zone_settings_t *s = instances_settings(&env->instances, entry);

	if (s == NULL || s->delegations == DELEGATIONS_OFF) {
		parental_zone_gone(env, entry->name);
		return;
	}
	const agent_settings_t settings = {
		.mode = s->delegations,
		.config = s->delegation,
		.parent_server = s->nameserver,
		.validator = s->validator,
		.locked = s->locked,
		.batch = s->batch,
		.report_errors = s->report_errors,
		.update_primary = s->update_primary,
		.update_key = s->update_key,
	};
	agent_t *agent = get_agent(env);
	if (agent == NULL || agent_zone(agent, entry->name, &settings) != KNOT_EOK) {
		outbox_log(env->out, LOG_ERR, "zone %s, delegations: not enough memory, nothing is done for them",
		           entry->name);
	}
}

void parental_zone_gone(env_t *env, const char *zone)
{
	if (env->parental.agent != NULL) {
		(void)agent_zone(env->parental.agent, zone, NULL);
	}
}

void parental_settings(env_t *env)
{
	if (env->parental.agent != NULL && env->resources.settings != NULL) {
		agent_scan_rate(env->parental.agent, env->resources.settings->scan_rate);
	}
}

void parental_where(env_t *env)
{
	if (env->parental.server != NULL && env->resources.where.control != NULL) {
		server_is_at(env->parental.server, &env->resources.where);
	}
}

bool parental_notified(env_t *env, const char *child, const char *report_agent)
{
	return env->parental.agent != NULL && agent_notified(env->parental.agent, child, report_agent);
}

agent_ttl_t parental_ttl(const env_t *env, const char *child, uint32_t before)
{
	return env->parental.agent != NULL ? agent_ttl(env->parental.agent, child, before) : (agent_ttl_t){ 0 };
}

void parental_ttl_wanted(env_t *env, const char *child)
{
	if (env->parental.agent != NULL) {
		agent_ttl_wanted(env->parental.agent, child);
	}
}

void parental_totals(env_t *env)
{
	if (env->parental.agent != NULL) {
		agent_totals(env->parental.agent, &env->numbers.totals.delegations);
	}
}

/* The end. */

void parental_stop(env_t *env)
{
	if (env->parental.agent != NULL) {
		agent_stop(env->parental.agent);
	}
}

void parental_close(env_t *env)
{
	server_free(env->parental.server);
	env->parental.server = NULL;
}

void parental_free(env_t *env)
{
	agent_free(env->parental.agent);
	env->parental.agent = NULL;
}
