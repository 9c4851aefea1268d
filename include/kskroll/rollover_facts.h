/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What a check has seen: the facts of which rollover.h decides.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kskroll/answer.h"
#include "kskroll/key.h"
#include "kskroll/names.h"

/*! KSKs of one zone that are distinguished; more is a gate, never a guess. */
#define ROLLOVER_KEYS_MAX 16

/*! A set of keys: bit i stands for facts.keys[i]. */
typedef uint16_t keyset_t;

/*! Which surveys a decision needs. The own zone is always checked. */
#define SURVEY_CHILD  (1U << 0)
#define SURVEY_PARENT (1U << 1)
#define SURVEY_WATCH  (1U << 2)

/*! Families of addresses. */
#define ROUTE_IPV4 (1U << 0)
#define ROUTE_IPV6 (1U << 1)

/*! CDS or CDNSKEY RRset as one server serves it. */
typedef struct {
	bool unanswered;    /*!< Asked without an answer; nothing else is known then. */
	bool present;       /*!< False: a NODATA answer. */
	bool unwanted;      /*!< A record of an unknown key, another digest type than SHA-256, or a delete signal. */
	bool remove;        /*!< The delete signal and nothing else (RFC 8078 4, erratum 5049). */
	keyset_t keys;      /*!< Keys named. */
	keyset_t signed_by; /*!< KSKs with a verified RRSIG over the RRset. */
} signal_rrset_t;

/*! What one address of one nameserver of the zone serves. */
typedef struct {
	char server[SERVER_NAME_MAX];
	answer_status_t status;
	time_t unreachable_since;  /*!< 0 unless status is ANSWER_UNREACHABLE. */
	char detail[128];          /*!< For people: "timeout", "REFUSED", "RRSIG expired". */
	bool signals_wrong;        /*!< Only CDS or CDNSKEY is what status and detail are about. */
	keyset_t dnskey;           /*!< KSKs present, other signers' as well. */
	keyset_t dnskey_signed_by; /*!< KSKs with a verified RRSIG over the DNSKEY RRset. */
	bool dnskey_equal;         /*!< The whole RRset equals that of this server's zone. */
	bool dnskey_foreign;       /*!< A KSK that this server's zone does not have. */
	uint32_t dnskey_ttl;       /*!< Seconds, as signed by a key of dnskey_signed_by; 0 without one. */
	/*!
	 * KSKs with a verified RRSIG over the data: over the SOA and the proof that there is no CDS. Knot signs a
	 * version of a zone as a whole. Known only where there is no CDS. None in a zone with ZSKs.
	 */
	keyset_t data_signed_by;
	/*!
	 * Algorithms of RRSIGs over both of these. Not verified: that one is missing counts, that it is there proves
	 * nothing. Known where there is no CDS, as the serial.
	 */
	algset_t data_algorithms;
	/*!
	 * Which keys these RRSIGs name, as own_facts_t has it; 0: not the same ones over both. Another sum counts, the
	 * same one proves nothing.
	 */
	uint32_t data_keys;
	bool data_by_zsk;  /*!< A key without SEP has signed both, verified. */
	bool serial_known; /*!< The SOA of the same answer has a signature of a key in the signed DNSKEY RRset. */
	uint32_t serial;
	signal_rrset_t cds;
	signal_rrset_t cdnskey;
} child_answer_t;

/*! What one address of one server of the parent zone serves. Validated DS only. */
typedef struct {
	char server[SERVER_NAME_MAX];
	answer_status_t status;
	time_t unreachable_since;
	char detail[128];
	bool no_referral; /*!< Of an answer that is OK: it was asked for the delegation in vain. */
	keyset_t ds;      /*!< Keys with a matching DS of SHA-256 or SHA-384. */
	keyset_t ds_sha1; /*!< Keys with a matching DS of SHA-1 only: not enough for a new key (RFC 9905). */
	bool ds_foreign;  /*!< A DS that matches none of facts.keys and that validators read. */
	bool ds_ignored;  /*!< A DS of an unknown digest type or algorithm; detail says which. */
	uint32_t ds_ttl;  /*!< Seconds, as signed; for NODATA the negative TTL (RFC 2308, RFC 9077). */
} parent_answer_t;

/*! How far the configuration keeps the module from switching the zone's policy. */
typedef enum {
	CONF_FIT = 0,
	CONF_NO_START,   /*!< No rollover may start; one under way comes to its end. */
	CONF_NO_DERIVED, /*!< Nor is the zone switched to a derived policy. */
	CONF_NO_SWITCH,  /*!< Nor to any other. */
} conf_fit_t;

/*! The zone as this server has it. */
typedef struct {
	bool known;               /*!< False: the control socket did not answer. */
	bool frozen;              /*!< `knotc zone-freeze`. */
	bool transaction;         /*!< Another client's zone transaction is open. */
	bool catalog_member;      /*!< Configured by a catalog: its policy cannot be switched. */
	bool base_publishes;      /*!< The base policy publishes CDS of the keys that are ready, and of no others. */
	bool base_always;         /*!< It publishes CDS of the keys that are ready, or else of those that are active. */
	policy_role_t policy;     /*!< Role of the policy in force; POLICY__COUNT for any other. */
	bool conf_busy;           /*!< The last switch failed because of another client's transaction. */
	bool keys_refused;        /*!< The last order was refused: only the operator can help. */
	char conf_detail[160];    /*!< The server's words about the last failed switch or order, "" if none. */
	keyset_t dnskey;          /*!< KSKs (SEP flag) published that sign the DNSKEY RRset. */
	keyset_t foreign;         /*!< Those published that do not: another signer's. */
	keyset_t data_signed_by;  /*!< Those that sign the data, by tag and algorithm; where a ZSK has these, verified.
	                             Known if data_algorithms is. */
	algset_t algorithms;      /*!< Of all keys in the DNSKEY RRset. */
	algset_t data_algorithms; /*!< Of the RRSIGs over the SOA; 0: not known. */
	uint32_t data_keys;       /*!< A sum over their tags and algorithms. Known if data_algorithms is. */
	/*!
	 * An RRSIG over the SOA names none of the keys in the DNSKEY RRset: a key that is not published signs the data.
	 * Known where \a csk is set.
	 */
	bool data_hidden;
	uint8_t algorithm_wanted; /*!< algorithm of the base policy; 0: not known. */
	bool serial_known;
	uint32_t serial; /*!< Of the same version of the zone. */
	bool csk;        /*!< No key without SEP: the KSKs sign everything. */
	bool csk_wanted; /*!< single-type-signing of the base policy. */
	conf_fit_t conf;
	rollover_gate_t conf_gate; /*!< Why, unless CONF_FIT. */
	char conf_reason[160];     /*!< Names the item and what to change. */
	uint32_t dnskey_ttl;
	time_t dnskey_signed;  /*!< When Knot made the oldest signature of the DNSKEY RRset; 0: not known. */
	time_t dnskey_expires; /*!< The first KSK has no signature over it any more; 0: not known. */
	signal_rrset_t cds;    /*!< signed_by is not filled here. */
	signal_rrset_t cdnskey;
} own_facts_t;

/*! How the zone validates, seen by resolvers: our own with an empty cache, and the configured ones. */
typedef struct {
	unsigned answered; /*!< Resolvers that answered; one that is down is no evidence. */
	unsigned failing;  /*!< Those of them for which the zone is not secure. */
	bool parent_ok;    /*!< The parent validates: a failure is about this delegation. */
	uint32_t apart;    /*!< Seconds between two watches at present; 0: every `check_interval`. */
	char detail[160];  /*!< Who, which question, why. */
} watch_facts_t;

/*! The way to the parent, as far as it sets the TTL of DS. */
typedef struct {
	uint32_t low;     /*!< The TTL around a change, see rollover_ds_ttl(); 0: no TTL can be set. */
	uint32_t made;    /*!< The parent has said that it has set this one, with the last message; 0: not so. */
	uint32_t refused; /*!< It has refused this one, with the last message; 0: not so. */
	bool unproven;    /*!< Nothing proves that: anybody may have written the answer, and the TTL may be set. */
	bool by_agent;    /*!< The agent of this server sets it, and restores what it has lowered, by itself. */
	bool returns;     /*!< It has lowered this one. */
	bool again;       /*!< The last message was not sent, or has changed nothing: another one need not wait. */
	char why[192];    /*!< What came of the last message, if it was not made; "": nothing to say. */
	char at[64];      /*!< `IP@port` of whom that is about; "": of nobody. */
	char queue[128];  /*!< The message waits for its turn: where, and until when; "": it does not. */
} ds_ttl_facts_t;

/*! When a rollover may start that `ksk-lifetime` makes due. Others are not held up. */
typedef struct {
	uint32_t early;        /*!< Seconds by which the zone is due before its lifetime ends: its share of `spread`. */
	time_t from;           /*!< Not before, by start-window and no-start; 0: at any time, START_NEVER: never. */
	char why[160];         /*!< Why it never may. */
	uint64_t rolling;      /*!< Zones of this engine in which a rollover is under way. */
	uint32_t rolling_max;  /*!< `max-rolling`; 0: any number. */
	uint64_t siblings;     /*!< Those of them that have the parent of this zone. */
	uint32_t siblings_max; /*!< `max-rolling-parent`; 0: any number. */
} start_facts_t;

/*! Everything a decision may depend on, besides time. Borrowed by rollover_decide(). */
typedef struct {
	key_id_t keys[ROLLOVER_KEYS_MAX]; /*!< KSKs of the own zone, other signers' last; then those the row remembers.
	                                   */
	unsigned key_count;
	bool too_many_keys;
	own_facts_t own;

	unsigned asked;             /*!< SURVEY_* that were carried out. */
	bool discovery_failed;      /*!< Nameservers or parent could not be found out. */
	bool partial;               /*!< Discovery failed for some nameservers only: the others were asked. */
	bool parent_insecure;       /*!< The parent zone is not secure: no DS can help. */
	unsigned no_route;          /*!< ROUTE_*: this host has no way to such addresses. Shown, not judged. */
	char discovery_detail[160]; /*!< Which name, which error. */

	const child_answer_t *child; /*!< Every address of every nameserver. */
	size_t child_count;
	const parent_answer_t *parent; /*!< Every address of every server of the parent. */
	size_t parent_count;
	watch_facts_t watch;
	time_t acknowledged;      /*!< The parent has acknowledged a notification of this state's signals; 0: not. */
	char not_informed[192];   /*!< Why it could not be informed of them, as far as that is known; "": it could. */
	char not_informed_at[64]; /*!< `IP@port` of whom; "": of nobody. */
	char in_queue[160];       /*!< What informs it waits for its turn: where, and until when; "": it does not. */
	ds_ttl_facts_t ds_ttl;
	start_facts_t start;
} rollover_facts_t;
