/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The parental agent (kskroll/agent.h) among the parts of kskrolld: what it works with, and which zones have it.
 */

#pragma once

#include "forward.h"
#include "kskroll/agent.h"
#include "kskroll/server.h"

typedef struct {
	agent_t *agent;   /*!< NULL: no zone has ever had it. */
	server_t *server; /*!< Its way to knotd; NULL: not needed yet. */
} parental_t;

/*! The settings of a zone's newest instance count from here on; without any the zone has no agent. */
void parental_zone(env_t *env, const entry_t *entry);
/*! The zone has no instance any more. */
void parental_zone_gone(env_t *env, const char *zone);
/*! Settings of the global instance have changed. */
void parental_settings(env_t *env);
/*! knotd is somewhere else. */
void parental_where(env_t *env);

/*! A NOTIFY(CDS) has come for that name. \return False: it is no delegation here. */
bool parental_notified(env_t *env, const char *child, const char *report_agent);
/*! As agent_ttl(); without an agent it sets and restores nothing. */
agent_ttl_t parental_ttl(const env_t *env, const char *child, uint32_t before);
/*! The row of that zone wants another TTL of DS. */
void parental_ttl_wanted(env_t *env, const char *child);
/*! Its sums, into the totals of the process. */
void parental_totals(env_t *env);

/*! Nothing begins any more; before resources_close(), and parental_close() after it. */
void parental_stop(env_t *env);
void parental_close(env_t *env);
/*! When the handles are closed. */
void parental_free(env_t *env);
