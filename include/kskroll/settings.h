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
#include "kskroll/delegation.h"
#include "kskroll/rollover.h"
#include "kskroll/update_key.h"

/*! Additional iterations of NSEC3 that are a proof, here and with common resolvers (RFC 9276 3.2). */
#define DNS_NSEC3_ITERATIONS_MAX 150

/*! Where the accounts at EPP servers are, unless `epp-accounts` says otherwise. */
#define EPP_ACCOUNTS_FILE "/etc/knot/epp-accounts.conf"

/*! How the parent was informed. */
typedef enum {
	NOTIFY_ACKNOWLEDGED,
	NOTIFY_NO_DSYNC,
	NOTIFY_LOOKUP_FAILED,
	NOTIFY_INSECURE_DSYNC,
	NOTIFY_UNRESOLVABLE,
	NOTIFY_NO_RESPONSE,
	NOTIFY_REFUSED,
	NOTIFY_CANCELLED,
	/* Of `parent-via: update`. */
	NOTIFY_UPDATED,        /*!< The primary of the parent has the DS. */
	NOTIFY_UPDATE_REFUSED, /*!< It does not make the change. */
	NOTIFY_UPDATE_DIFFERS, /*!< It has another delegation than its servers had when they were checked. */
	NOTIFY_UPDATE_UNSENT,  /*!< It could not be reached, or there is nothing that can be sent. */
	NOTIFY_UPDATE_LOST,    /*!< It has not answered, or not so that the answer can be believed. */
	NOTIFY_MANUAL,         /*!< `parent-via: manual`: the operator has the records. */
	/* Of `parent-via: epp`. */
	NOTIFY_EPP_SUBMITTED, /*!< The registry has the DS. */
	NOTIFY_EPP_PENDING,   /*!< It decides later (1001). */
	NOTIFY_EPP_REFUSED,   /*!< It does not make the change. */
	NOTIFY_EPP_LOCKED,    /*!< A status of the domain forbids it. */
	NOTIFY_EPP_DIFFERS,   /*!< It has another DS than the servers of the parent. */
	NOTIFY_EPP_UNSENT,    /*!< It could not be reached, or there is nothing that can be sent. */
	NOTIFY_EPP_LOST,      /*!< It was sent, and nobody knows what came of it. */
	NOTIFY__COUNT,
} notify_status_t;

/*! Stable name for logs and statistics, and what it means in one sentence. */
const char *notify_status_name(notify_status_t status);
const char *notify_status_meaning(notify_status_t status);

/*! Settings of the global instance. */
typedef struct {
	dns_addrs_t resolver;
	const char *trust_anchor;    /*!< NULL: default. */
	const char *root_hints;      /*!< NULL: default. */
	const char *storage;         /*!< Folder of the store. */
	const char *key_database;    /*!< Folder of the server's key database, absolute. */
	const char *keymgr;          /*!< The program; NULL: where it usually is. */
	const char *epp_accounts;    /*!< File of the accounts at EPP servers; NULL: EPP_ACCOUNTS_FILE. */
	bool loopback;               /*!< Lab: loopback servers may be asked. */
	unsigned parent_rate;        /*!< Questions per second and server of a parent, over all zones. */
	unsigned scan_rate;          /*!< Light scans of delegations per second, over all zones. */
	unsigned max_rolling;        /*!< Zones that roll when another one comes due, at most; 0: any number. */
	unsigned max_rolling_parent; /*!< The same of zones with one parent. */
	bool notify_receive;         /*!< knotd takes NOTIFY(CDS) for delegations. */
	dns_addrs_t notify_listen;   /*!< kskrolld does, at these addresses. */
	bool report_receive;         /*!< knotd hands over error reports (RFC 9567). */
} global_settings_t;

/*! `delegations`: what the parental agent does with those of a zone. */
typedef enum {
	DELEGATIONS_OFF = 0,
	DELEGATIONS_REPORT, /*!< It decides, and changes nothing. */
	DELEGATIONS_UPDATE,
} delegations_mode_t;

/*! Settings of a zone. */
typedef struct {
	rollover_config_t config;
	dns_addrs_t nameserver;
	dns_addrs_t parent;
	dns_addrs_t validator;     /*!< Remote validating resolvers for the watch, besides our own. */
	const char *policy;        /*!< Name of the policy in force, derived or not. */
	const char *no_start;      /*!< Why no rollover may start, or NULL. */
	const char *start_window;  /*!< Values of the item, with START_SEPARATOR, or NULL; so is the next one. */
	const char *start_dates;   /*!< Those of the item no-start. */
	uint8_t algorithm_wanted;  /*!< algorithm of the base policy, as in DNSSEC; 0: not known. */
	bool csk_wanted;           /*!< single-type-signing of the base policy. */
	bool base_publishes;       /*!< cds-cdnskey-publish of the base policy is rollover. */
	bool base_always;          /*!< It is always. */
	bool knot_lifetime;        /*!< Its ksk-lifetime is not 0: Knot rolls by itself a key that is old enough. */
	bool ttl_of_soa;           /*!< The base policy has no dnskey-ttl: Knot takes the TTL of the SOA. */
	bool require_secure_dsync; /*!< The parent is not notified where unsigned records say. */
	bool rollover;             /*!< Its own KSKs are driven. */
	delegations_mode_t delegations;
	delegation_config_t
		delegation;         /*!< Of all its delegations; report_only as \a delegations says, locked is false. */
	const char *locked;         /*!< Delegations that the agent leaves alone: "name. name.", lower case; or NULL. */
	bool report_errors;         /*!< To the agent domains that children name (RFC 9567). */
	unsigned batch;             /*!< Delegations that one zone transaction changes at most. */
	const char *report_agent;   /*!< Where the parent reports errors of the zone to: a name as above; or NULL. */
	dns_addrs_t update_primary; /*!< Where DNS UPDATE goes to: one; none unless it is used. */
	update_key_t update_key;
	dns_addrs_t parent_primary; /*!< The same for the DS of the zone itself. */
	update_key_t parent_key;
	const char *parent_epp; /*!< Account at the registry of the parent; NULL unless it is used. */
} instance_settings_t;

/*! What the parental agent has done since the server started, over all zones. */
typedef struct {
	uint64_t zones;
	uint64_t delegations;
	uint64_t state[DELEGATION_STATE__COUNT];
	uint64_t gate[DELEGATION_GATE__COUNT];
	uint64_t scans;
	uint64_t surveys;
	uint64_t queries;
	uint64_t changes; /*!< DS RRsets, as are the next two. */
	uint64_t undos;
	uint64_t restores;
	uint64_t notified; /*!< Notifications for a delegation of a zone here. */
	uint64_t ignored;  /*!< Those for none, or too many. */
} delegation_totals_t;

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
	delegation_totals_t delegations;
	uint64_t reports;         /*!< Error reports about a zone here. */
	uint64_t reports_ignored; /*!< Those about none, or too many. */
} process_totals_t;
