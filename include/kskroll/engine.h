/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One loop for all zones: wake, look, survey, decide, persist, act, report, sleep.
 *
 * There is one engine per process. It exists while a global module instance is attached
 * and works while the server runs. Attaching and detaching take a short lock, never wait
 * for network, control socket or disk, and may come from any thread.
 */

#pragma once

#include "kskroll/dns.h"
#include "kskroll/rollover.h"

/*! Settings of the global instance. Strings and addresses are copied. */
typedef struct {
	dns_addrs_t resolver;
	const char *trust_anchor;	/*!< NULL: default. */
	const char *root_hints;		/*!< NULL: default. */
	const char *storage;		/*!< Folder of the store. */
	const char *control;		/*!< Configured control socket, or NULL. */
	bool loopback;			/*!< Lab: loopback servers may be asked. */
	unsigned parent_rate;		/*!< Questions per second and server of a parent, over all zones. */
} engine_settings_t;

/*! Settings of a zone. */
typedef struct {
	rollover_config_t config;
	dns_addrs_t nameserver;
	dns_addrs_t parent;
	dns_addrs_t validator;		/*!< Remote validating resolvers for the watch, besides our own. */
	const char *policy;		/*!< Name of the policy in force, derived or not. */
	const char *no_start;		/*!< Why no rollover may start, or NULL. Static. */
	bool csk_wanted;		/*!< single-type-signing of the base policy. */
	bool ttl_of_soa;		/*!< The base policy has no dnskey-ttl: Knot takes the TTL of the SOA. */
	bool require_secure_dsync;	/*!< The parent is not notified where unsigned records say. */
} engine_zone_settings_t;

/*! How a look at what resolvers see came out. */
enum { WATCH_SECURE, WATCH_FAILING, WATCH_NO_EVIDENCE, WATCH__COUNT };

/*! What a zone has done since the server started. */
typedef struct {
	uint64_t surveys;
	uint64_t queries;
	uint64_t steps;
	uint64_t alarms;		/*!< Gates that need a human. */
} engine_counts_t;

/*! Numbers of a zone for the statistics. */
typedef struct {
	rollover_state_t state;
	rollover_gate_t gate;
	uint64_t state_seconds;		/*!< Since the state was entered. */
	uint64_t next_check_seconds;
	uint32_t dnskey_ttl;		/*!< Largest TTL that caches may hold. */
	uint32_t ds_ttl;
	engine_counts_t counts;
} engine_numbers_t;

/*! Sums over all zones, for the global instance. What zones did counts even if they are gone. */
typedef struct {
	uint64_t zones;
	uint64_t state[ROLLOVER_STATE__COUNT];
	uint64_t gate[GATE__COUNT];
	engine_counts_t counts;
	uint64_t answers[ANSWER__COUNT];
	uint64_t watches[WATCH__COUNT];
	uint64_t notifies[NOTIFY__COUNT];
	bool no_route[2];		/*!< This host has no route to IPv4, to IPv6 addresses. */
} engine_totals_t;

/*! Called with the engine's lock held: store the numbers and return. */
typedef void (*engine_publish_f)(void *instance, const engine_numbers_t *numbers);
typedef void (*engine_totals_f)(void *instance, const engine_totals_t *totals);
/*! Priorities of syslog(3). Called with the engine's lock held. */
typedef void (*engine_log_f)(void *instance, int priority, const char *message);

/*!
 * \brief A global instance was loaded. The newest one's settings count.
 *
 * \param[in] instance  Identity of the instance; its \a log is the only way our threads log.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, or KNOT_ERROR if no thread could be started.
 */
int engine_attach(void *instance, const engine_settings_t *settings,
                  engine_log_f log, engine_totals_f totals);

/*!
 * \brief A global instance is unloaded; neither callback is called any more on return.
 *
 * With the last one the engine ends. If the server is stopping this waits for the engine's
 * threads (milliseconds); otherwise they end by themselves.
 */
void engine_detach(void *instance);

/*! A loaded zone instance. */
typedef struct engine_zone engine_zone_t;

/*!
 * \brief A zone instance was loaded; its zone is looked at at once.
 *
 * \param[in] instance  Given back to \a publish.
 * \param[in] zone      Presentation form, lower case, with final dot.
 *
 * Without a global instance the zone rests until there is one.
 *
 * \return NULL if there is no memory.
 */
engine_zone_t *engine_zone_attach(void *instance, const char *zone,
                                  const engine_zone_settings_t *settings,
                                  engine_publish_f publish);

/*!
 * \brief A zone instance is unloaded; \a publish is not called any more on return.
 *
 * The zone's row stays; with its last instance the zone rests.
 */
void engine_zone_detach(engine_zone_t *handle);
