/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief States, gates, roles and actors: their names, and what is true of each one whatever the zone.
 *
 * A trait stands in one table (module/rollover/names.c). Who needs to know which gates are about the parent, or which
 * states have no signals, asks for the trait: there is no second list.
 */

#pragma once

#include <stdbool.h>

/*! States of a zone. The values are stored: append only. */
typedef enum {
	ROLLOVER_IDLE = 0,
	ROLLOVER_PREPARE,
	ROLLOVER_INTRODUCE,
	ROLLOVER_SIGNAL,
	ROLLOVER_AWAIT_DS,
	ROLLOVER_WITHDRAW,
	ROLLOVER_OBSERVE,
	ROLLOVER_RETIRE,
	ROLLOVER_SETTLE,
	ROLLOVER_ROLLBACK,
	ROLLOVER_ROLLED_BACK,
	ROLLOVER_REMOVE_DS,
	ROLLOVER_EXPIRE_DS,
	ROLLOVER_PRESIGN,
	ROLLOVER_CLEAN,
	ROLLOVER_STATE__COUNT
} rollover_state_t;

/*! Why a zone stays where it is. The values are stored: append only. */
typedef enum {
	GATE_NONE = 0,
	GATE_OBSERVE_ONLY,
	GATE_DRY_RUN,
	GATE_HOLD,
	GATE_FROZEN,
	GATE_KNOT_UNREACHABLE,
	GATE_KNOT_BUSY,
	GATE_POLICY_PENDING,
	GATE_KNOT_NO_NEW_KEY,
	GATE_KNOT_NOT_READY, /*!< Of rows of 0.1.0. */
	GATE_KNOT_KEEPS_KEY,
	GATE_DISCOVERY_FAILED,
	GATE_PARENT_INSECURE,
	GATE_CHILD_UNREACHABLE,
	GATE_CHILD_ERROR,
	GATE_PARENT_UNREACHABLE,
	GATE_PARENT_ERROR,
	GATE_BOGUS,
	GATE_TTL_HIGH,
	GATE_WAITING_DNSKEY_TTL,
	GATE_WAITING_LEAD,
	GATE_WAITING_DS_TTL,
	GATE_WAITING_OBSERVE,
	GATE_WAITING_SETTLE,
	GATE_DNSKEY_MISSING,
	GATE_DNSKEY_DIFFERS,
	GATE_DNSKEY_REMAINS,
	GATE_RRSIG_MISSING,
	GATE_CDS_MISSING,
	GATE_CDS_DIFFERS,
	GATE_CDS_REMAINS,
	GATE_DS_MISSING,
	GATE_DS_STALE,
	GATE_DS_FOREIGN,
	GATE_DS_REMOVED,
	GATE_ALGORITHM_ROLLOVER,
	GATE_CSK, /*!< Of rows of 0.1.0. */
	GATE_UNKNOWN_KEY,
	GATE_TOO_MANY_KEYS,
	GATE_STORE_FAILED,
	GATE_OLD_KEY_GONE,
	GATE_VALIDATION_FAILS,
	GATE_AWAITING_DECISION,
	GATE_WAITING_UNSIGNED,
	GATE_DS_REMAINS,
	GATE_MAY_UNSIGN,
	GATE_KSK_UNCONFIRMED, /*!< Of rows of 0.1.0. */
	GATE_CHILD_INCOMPLETE,
	GATE_PARENT_INCOMPLETE,
	GATE_CHAIN_BROKEN,
	GATE_SWITCH_LOSES_DATA,
	GATE_POLICY_DIFFERS,
	GATE_SCHEME_CHANGE,
	GATE_KEYS_PENDING,
	GATE_KEYS_REFUSED,
	GATE_SIGNATURES_MISSING,
	GATE_SIGNATURES_REMAIN,
	GATE_WAITING_ZONE_TTL,
	GATE_SIGNERS,
	GATE_SIGNATURES_EXPIRE,
	GATE_KEY_WANTED,
	GATE_NOT_INFORMED,
	GATE_DS_TTL_HIGH,
	GATE_DS_TTL_LOW,
	GATE_DS_TTL_NOT_SET,
	GATE_START_WINDOW,
	GATE_START_NEVER,
	GATE_MAX_ROLLING,
	GATE_ANOTHER_SIGNER,
	GATE_ALGORITHM_PENDING,
	GATE__COUNT
} rollover_gate_t;

/*! Who must do something for a gate to open. */
typedef enum {
	ACTOR_NOBODY = 0, /*!< Time or the module itself. */
	ACTOR_SECONDARY,  /*!< Whoever runs the named nameserver. */
	ACTOR_PARENT,     /*!< The parent zone, or its registrar. */
	ACTOR_OPERATOR,   /*!< The operator of this server. */
	ACTOR__COUNT
} rollover_actor_t;

/*! Where that lies which keeps the zone at a gate. */
typedef enum {
	SIDE_NONE = 0, /*!< Time, or the module itself. */
	SIDE_SERVER,   /*!< This server, its keys or its configuration. */
	SIDE_CHILD,    /*!< The nameservers of the zone. */
	SIDE_PARENT,   /*!< The parent zone and its DS. */
	SIDE_EITHER,   /*!< Any of them: the text says which, or only the operator knows. */
} rollover_side_t;

/*! How checks at a gate follow one another, up to its interval. */
typedef enum {
	PACE_GROWING = 0, /*!< After 1, 2, 4, 8 s and so on. */
	PACE_STEADY,      /*!< Always a whole interval. */
	PACE_BACKOFF,     /*!< After 1, 2, 4, at most 8 intervals (RFC 9975 3). */
	PACE_NOTIFIED,    /*!< Growing, and again from the start when the parent has acknowledged a notification. */
} rollover_pace_t;

/*! How it is seen whether a zone that rests is still at a gate. */
typedef enum {
	SEEN_BY_DNS = 0,
	SEEN_BY_CONTROL,      /*!< Only the control socket tells. */
	SEEN_GONE_BY_CONTROL, /*!< DNS says that it still is; that it is not, only the control socket. */
} rollover_seen_t;

/*! Which commands help at a gate (tools/advice.c prints them, the module runs none). */
typedef enum {
	HELP_NONE = 0, /*!< Waiting, or what the advice says. */
	HELP_MODULE,   /*!< An instance of the module without hold. */
	HELP_DRY_RUN,  /*!< The item dry-run. */
	HELP_THAW,
	HELP_TRANSACTION, /*!< The end of the open transaction. */
	HELP_ZONE_STATUS,
	HELP_KEYS,       /*!< The keys and their timers. */
	HELP_ASK_DNSKEY, /*!< The question to the named server; the same below. */
	HELP_ASK_CHILD,  /*!< All questions that a nameserver is asked. */
	HELP_ASK_DS,
	HELP_ASK_DS_TCP,
	HELP_ASK_EITHER,      /*!< By the side on which the server is. */
	HELP_TRANSFER_DNSKEY, /*!< The question, and a NOTIFY to the secondaries. */
	HELP_TRANSFER_CDS,
	HELP_DS,         /*!< The question, and the DS for the registrar. */
	HELP_ONLY_DS,    /*!< The question, and which DS alone belongs there. */
	HELP_DS_AT_ONCE, /*!< The DS for the registrar, at once. */
	HELP_NEW_DS,     /*!< What prints the DS for the registrar. */
	HELP_CHAIN,      /*!< A DS for the key, or a key for the DS. */
	HELP_HISTORY,
	HELP_ALGORITHM,     /*!< The keys, and how signatures of an algorithm that is not published are removed. */
	HELP_KEEP_RECORDS,  /*!< How no switch of the policy loses records. */
	HELP_POLICIES,      /*!< The derived policies. */
	HELP_STOP_WATCHING, /*!< The end of the observation, where that is harmless. */
	HELP_UNSIGN,
	HELP_ZONE_TTL,   /*!< What makes the wait for the zone's largest TTL shorter. */
	HELP_SKR,        /*!< The next Signed Key Response. */
	HELP_MAKE_KEY,   /*!< The new KSK, made by hand. */
	HELP_START,      /*!< The start of a rollover, by the operator. */
	HELP_ONE_SIGNER, /*!< How one of two signers is stopped. */
	HELP__COUNT
} rollover_help_t;

/*! What opens a gate in the ordinary course of things, for the forecast. */
typedef enum {
	OPENER_ACTOR = 0, /*!< Who must act. */
	OPENER_TRANSFER,  /*!< The transfer of the zone to the nameservers. */
	OPENER_SCAN,      /*!< The scan of the parent, in the state in which it acts. */
} rollover_opener_t;

/*! What is on its way at a gate, for the forecast. */
typedef enum {
	MOVING_NOTHING = 0,
	MOVING_NEW_KEY, /*!< The new DNSKEY, to the nameservers. */
	MOVING_OLD_KEY, /*!< The old DNSKEY leaves the nameservers. */
	MOVING_SIGNALS, /*!< CDS and CDNSKEY leave the nameservers. */
	MOVING_DATA,    /*!< Data with other signatures, to the nameservers. */
} rollover_moving_t;

/*! One row of the table of gates, which log, statistics, command line and docs share. */
typedef struct {
	const char *name; /*!< Stable code, e.g. "ds-stale-at". */
	rollover_actor_t actor;
	const char *meaning; /*!< One sentence. */
	const char *advice;  /*!< What to do when it stays (docs: "when it is stuck"). */
	rollover_side_t side;
	rollover_pace_t pace;
	bool ds_interval; /*!< The interval is `ds-check-interval`, not `check-interval`. */
	bool ds_wrong;    /*!< A server of the parent has another DS than it should have. */
	bool outage;      /*!< The zone does not validate now, or may not: an error, first in every list. */
	bool danger;      /*!< Not an outage yet, but one may follow: critical where zones are audited. */
	bool chosen;      /*!< The operator has decided that nothing starts: no fault of an idle zone. */
	bool silences;    /*!< Nothing is signalled, or nobody may be notified: what comes after it is a new signal. */
	bool switching;   /*!< The policy of the state may not be in force yet. */
	bool patient;     /*!< However long it lasts, nobody has to act: the operator has set it so. */
	bool old_ttl;     /*!< While the TTL falls: nameservers may all have the high one yet. */
	rollover_opener_t opener;
	rollover_moving_t moving;
	rollover_seen_t seen;
	rollover_help_t help;
} rollover_gate_info_t;

/*! The DS that the parent has in a state, or must get. */
typedef enum {
	DS_OLD = 0,
	DS_NEW,
	DS_NONE,
} rollover_ds_t;

/*! How a state takes the change between a single key and KSK and ZSK. */
typedef enum {
	SCHEME_SAME = 0,  /*!< As it was when the rollover began: anything else is a change. */
	SCHEME_OF_POLICY, /*!< A policy that wants it otherwise is a change: Knot begins as soon as its policy says so.
	                   */
	SCHEME_ANY,       /*!< Of no account. */
} rollover_scheme_t;

/*! The DNSKEY TTL that a state has. */
typedef enum {
	TTL_BASE = 0, /*!< That of the base policy. */
	TTL_FALLING,  /*!< The high one is replaced by the low one. */
	TTL_LOW,      /*!< The low one, which the change of keys needs. */
	TTL_ANY,      /*!< The low one, but nothing depends on it. */
} rollover_ttl_t;

/*! One row of the table of states. */
typedef struct {
	const char *name;    /*!< Stable code, e.g. "await-ds". */
	const char *meaning; /*!< What goes on in it. */
	rollover_ds_t ds;
	rollover_ttl_t ttl;
	bool rest;          /*!< The old key has gone from every nameserver, or no new one has come. */
	bool unsignalled;   /*!< Neither CDS nor CDNSKEY is left at any nameserver. */
	bool parent_acts;   /*!< The state ends when the parent replaces the DS: till then its servers may differ. */
	bool swapped;       /*!< Every server of the parent has had the new DS. */
	bool repairs;       /*!< It undoes a rollover, or has: validation that fails does not stop it. */
	bool waits_dnskey;  /*!< It waits for DNSKEY RRsets in caches, and a time without checks begins the wait again.
	                     */
	bool asks_operator; /*!< `hold`, switched on and off, is the operator's answer. */
	bool switches;      /*!< The state before it has another policy. */
	bool given_up;      /*!< The operator may end the rollover with the old key (tools/give_up.c). */
	bool own_check;     /*!< Never judged on the facts that led to it: another check comes first. */
	rollover_scheme_t scheme;
} rollover_state_info_t;

/*! Which of the derived policies a zone uses or must use. */
typedef enum {
	POLICY_BASE = 0,
	POLICY_LOW_TTL,
	POLICY_DELETE,
	POLICY_FORMER, /*!< One that version 0.1.0 has made; never wanted. */
	POLICY__COUNT
} policy_role_t;

/*! What the states of a zone's KSKs say, and CDS and CDNSKEY with them. The values are stored: append only. */
typedef enum {
	KEYS_UNKNOWN = 0, /*!< Nothing is known, or nothing is wanted. */
	KEYS_SILENT,      /*!< All are in use, and none is signalled. */
	KEYS_SIGNAL_NEW,
	KEYS_SIGNAL_BOTH,
	KEYS_MOVED,   /*!< Silent, and the new one signs the data instead of the old ones. Of single-type keys only. */
	KEYS_PRESIGN, /*!< Silent, and the keys of a new algorithm, which are not published, sign the data as well. */
	KEYS__COUNT
} key_states_t;

/*! Stable name of a state, gate, role or actor. Never NULL. */
const char *rollover_state_name(rollover_state_t state);
const char *rollover_state_meaning(rollover_state_t state);
const char *rollover_policy_name(policy_role_t role);
const char *rollover_actor_name(rollover_actor_t actor);
/*! \return The state's row of the table; one that is called "unknown" if out of range. */
const rollover_state_info_t *rollover_state_info(rollover_state_t state);
/*! \return The gate's row of the table; the row of GATE_NONE if out of range. */
const rollover_gate_info_t *rollover_gate_info(rollover_gate_t gate);
