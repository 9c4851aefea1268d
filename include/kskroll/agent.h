/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The parental agent of zones that this knotd serves and that hold delegations (module/agent).
 *
 * It lists delegations, scans them, judges by module/delegation, changes DS through knotd, and keeps all of it in the
 * store. All functions belong to the thread of the loop.
 */

#pragma once

#include <uv.h>

#include "kskroll/delegation_store.h"
#include "kskroll/dns.h"
#include "kskroll/server.h"
#include "kskroll/settings.h"

/*! What the agent works with. What dns, server and store return may change between two calls; NULL: not there now. */
typedef struct {
	uv_loop_t *loop;
	void *arg; /*!< For the functions. */
	/*! A line of the log; priority as in syslog(3). */
	void (*log)(int priority, const char *text, void *arg);
	/*! What the clocks show now. */
	void (*clock)(rollover_clock_t *out, void *arg);
	dns_t *(*dns)(void *arg);
	/*! The way to knotd of the agent alone: its calls may last. */
	server_t *(*server)(void *arg);
	/*! Folder for files that zone files include; NULL: there is none, also the function. */
	const char *(*folder)(void *arg);
	/*! To read from. */
	store_t *(*store)(void *arg);
	/*! As store_delegation_save(): durable on return, or \a soon, within a second. \return False if that failed. */
	bool (*save)(const store_delegation_t *one, const store_delegation_event_t *event, bool soon, void *arg);
	/*! As store_delegation_silence_save(), within a second. */
	void (*save_silence)(const char *zone, const char *name, const char *server,
	                     const delegation_silence_t *silence, void *arg);
	/*! What a child of that name wants of the TTL of its DS; NULL: none wants anything. */
	delegation_ttl_t (*ttl)(const char *child, void *arg);
	/*! As store_parent_save(), durable on return. */
	bool (*save_parent)(const store_parent_t *parent, void *arg);
} agent_env_t;

/*! Settings of a parent zone; copied. */
typedef struct {
	delegations_mode_t mode; /*!< Not off. */
	delegation_config_t config;
	dns_addrs_t parent_server;  /*!< Servers of the zone; empty: they are looked up. */
	dns_addrs_t validator;      /*!< Validating resolvers for the watch, besides our own. */
	const char *locked;         /*!< See instance_settings_t. */
	unsigned batch;             /*!< Delegations that one transaction changes at most. */
	dns_addrs_t update_primary; /*!< For DELEGATION_BY_UPDATE: one. */
	update_key_t update_key;    /*!< The same. */
	bool report_errors;         /*!< To the agent domains that children name (RFC 9567). */
} agent_settings_t;

typedef struct agent agent_t;

/*! \param[in] env  Copied. \return NULL without memory. */
agent_t *agent_new(const agent_env_t *env);

/*! Light scans per second, over all zones. */
void agent_scan_rate(agent_t *agent, unsigned rate);

/*!
 * \brief A zone has the agent with these settings from now on; NULL: it has it no longer.
 *
 * \param[in] zone  Presentation form, lower case, with the final dot.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int agent_zone(agent_t *agent, const char *zone, const agent_settings_t *settings);

/*!
 * \brief A NOTIFY(CDS) has come (RFC 9859). It changes times, and decides nothing.
 *
 * \param[in] child         Name in it: presentation form, lower case, with the final dot.
 * \param[in] report_agent  Of its Report-Channel option (RFC 9567); "" if there was none.
 *
 * \return False: no zone here has such a delegation.
 */
bool agent_notified(agent_t *agent, const char *child, const char *report_agent);

/*! The TTL of DS ahead of a change, as far as the agent sets it. */
typedef struct {
	uint32_t low;  /*!< That it sets; 0: no zone here has such a delegation that may be changed. */
	bool restores; /*!< It has lowered it, and will restore it. */
} agent_ttl_t;

/*!
 * \brief What the agent does to the TTL of DS of a child that wants it low ahead of a change.
 *
 * \param[in] child   As for agent_notified().
 * \param[in] before  The low TTL of which a rollover knows; 0: none. As long as the agent has not read its zone, that
 * is what it sets.
 */
agent_ttl_t agent_ttl(const agent_t *agent, const char *child, uint32_t before);

/*! What the child wants has changed: its delegation has a turn. */
void agent_ttl_wanted(agent_t *agent, const char *child);

/*! Sums since the start. */
void agent_totals(const agent_t *agent, delegation_totals_t *out);

/*! Nothing begins any more. dns and server are freed after it: they call back what is under way, which ends then. */
void agent_stop(agent_t *agent);
/*! After that, when its handles have closed on the loop. NULL is allowed. */
void agent_free(agent_t *agent);
