/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the module in knotd and kskrolld tell each other: settings to one side, numbers to the other.
 *
 * It needs libknot only, as the module does.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kskroll/addr.h"
#include "kskroll/rollover.h"

/*! Additional iterations of NSEC3 that are a proof, here and with common resolvers (RFC 9276 3.2). */
#define DNS_NSEC3_ITERATIONS_MAX 150

/*! How a notification ended. */
typedef enum {
	NOTIFY_ACKNOWLEDGED,
	NOTIFY_NO_DSYNC,
	NOTIFY_LOOKUP_FAILED,
	NOTIFY_INSECURE_DSYNC,
	NOTIFY_UNRESOLVABLE,
	NOTIFY_NO_RESPONSE,
	NOTIFY_REFUSED,
	NOTIFY_CANCELLED,
	NOTIFY__COUNT,
} notify_status_t;

/*! Stable name for logs and statistics, and what it means in one sentence. */
const char *notify_status_name(notify_status_t status);
const char *notify_status_meaning(notify_status_t status);

/*! Settings of the global instance. */
typedef struct {
	dns_addrs_t resolver;
	const char *trust_anchor; /*!< NULL: default. */
	const char *root_hints;   /*!< NULL: default. */
	const char *storage;      /*!< Folder of the store. */
	const char *key_database; /*!< Folder of the server's key database, absolute. */
	const char *keymgr;       /*!< The program; NULL: where it usually is. */
	bool loopback;            /*!< Lab: loopback servers may be asked. */
	unsigned parent_rate;     /*!< Questions per second and server of a parent, over all zones. */
} global_settings_t;

/*! Settings of a zone. */
typedef struct {
	rollover_config_t config;
	dns_addrs_t nameserver;
	dns_addrs_t parent;
	dns_addrs_t validator;     /*!< Remote validating resolvers for the watch, besides our own. */
	const char *policy;        /*!< Name of the policy in force, derived or not. */
	const char *no_start;      /*!< Why no rollover may start, or NULL. */
	bool csk_wanted;           /*!< single-type-signing of the base policy. */
	bool base_publishes;       /*!< cds-cdnskey-publish of the base policy is rollover. */
	bool knot_lifetime;        /*!< Its ksk-lifetime is not 0: Knot rolls by itself a key that is old enough. */
	bool ttl_of_soa;           /*!< The base policy has no dnskey-ttl: Knot takes the TTL of the SOA. */
	bool require_secure_dsync; /*!< The parent is not notified where unsigned records say. */
} instance_settings_t;

/*! How a check of what resolvers see came out. */
enum {
	WATCH_SECURE,
	WATCH_FAILING,
	WATCH_NO_EVIDENCE,
	WATCH__COUNT
};

/*! What a zone has done since the server started. */
typedef struct {
	uint64_t surveys;
	uint64_t queries;
	uint64_t steps;
	uint64_t alarms; /*!< Gates that need a human. */
} zone_counts_t;

/*! Numbers of a zone for the statistics. */
typedef struct {
	rollover_state_t state;
	rollover_gate_t gate;
	uint64_t state_seconds; /*!< Since the state was entered. */
	uint64_t next_check_seconds;
	uint32_t dnskey_ttl; /*!< Largest TTL that caches may hold. */
	uint32_t ds_ttl;
	zone_counts_t counts;
} zone_numbers_t;

/*! Sums over all zones, for the global instance. What zones did counts even if they are gone. */
typedef struct {
	uint64_t zones;
	uint64_t state[ROLLOVER_STATE__COUNT];
	uint64_t gate[GATE__COUNT];
	zone_counts_t counts;
	uint64_t answers[ANSWER__COUNT];
	uint64_t watches[WATCH__COUNT];
	uint64_t notifies[NOTIFY__COUNT];
	bool no_route[2]; /*!< This host has no route to IPv4, to IPv6 addresses. */
} process_totals_t;
