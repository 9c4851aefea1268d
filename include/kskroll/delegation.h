/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The parent side: the DS RRset of one delegation as a pure decision, facts in, decision out.
 *
 * Nothing here does I/O, reads a clock, logs, locks or allocates. The agent acts on CDS and CDNSKEY (RFC 7344, RFC
 * 8078) as RFC 9975 and RFC 10026 (BCP 246) demand. Every nameserver of the child must say the same, signed by a key of
 * the present DS RRset, and the child must still validate afterwards. It changes DS by compare and swap, with a low
 * TTL, verifies, undoes what broke, and restores the TTL.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kskroll/answer.h"
#include "kskroll/clock.h"
#include "kskroll/delegation_names.h"
#include "kskroll/key.h"

/*! Records of one DS or CDS RRset that are read; more is a refusal, never a part of the set. */
#define DELEGATION_DS_MAX 16
/*! Longest digest that is read (SHA-384). */
#define DELEGATION_DIGEST_MAX 48
/*! Keys of one child that are distinguished: those that DS, CDS or CDNSKEY name. */
#define DELEGATION_KEYS_MAX 32
/*! Seconds for which a survey counts: older facts change nothing. */
#define DELEGATION_FRESH 60
/*! Longest time between two surveys at a gate that may open by itself, and between an undo and the next change. */
#define DELEGATION_RETRY_MAX (6 * 3600)
/*! The longest time between two surveys of a child whose server is waited for. */
#define DELEGATION_SURVEY_GAP (DELEGATION_RETRY_MAX + 3600)
/*! RFC 10026 4.1: the TTL of DS around a change. */
#define DELEGATION_TTL_MIN 300
#define DELEGATION_TTL_MAX 900
/*! Knot DNS dates signatures back by so many seconds, BIND by an hour: they may be newer than they say. */
#define DELEGATION_DATED_BACK 5400
/*! Between two watches so far apart, and more than two `check-interval`, nobody has watched. */
#define DELEGATION_WATCH_GAP 3600
/*! Caches may have a DNSKEY RRset that no survey has met. Resolvers hold records for a day, and few for longer. */
#define DELEGATION_UNSEEN_TTL 86400

/* -- sets of DS ---------------------------------------------------------------- */

/*! RDATA of DS or CDS. Octets of the digest beyond digest_len are zero. */
typedef struct {
	uint16_t tag;
	uint8_t algorithm;
	uint8_t digest_type;
	uint8_t digest_len;
	uint8_t digest[DELEGATION_DIGEST_MAX];
} ds_record_t;

/*! A DS or CDS RRset; its order has no meaning. Zeroed: empty. */
typedef struct {
	uint8_t count;
	bool excess; /*!< It has more records, or one that is longer: it equals no set. */
	ds_record_t record[DELEGATION_DS_MAX];
} ds_set_t;

/*! Whether both have the same records. Two empty sets are equal. */
bool ds_set_equal(const ds_set_t *a, const ds_set_t *b);

bool ds_set_has(const ds_set_t *set, const ds_record_t *record);

/*! Adds a record unless it is there. \return False: there is no room, and the set has an excess from here on. */
bool ds_set_add(ds_set_t *set, const ds_record_t *record);

/*!
 * \brief Number that is the same for equal sets, whatever their order, and 0 for the empty one only.
 *
 * FNV-1a of 64 bits over the sorted records. A child can make two sets of its own that have the same number; nothing
 * but what becomes of its own delegation hangs on it. Before DS is changed sets are compared record by record.
 */
uint64_t ds_set_id(const ds_set_t *set);

/*! Whether it is the delete signal and nothing else: CDS 0 0 0 00 (RFC 8078 4, erratum 5049). */
bool ds_set_deletes(const ds_set_t *set);

/*!
 * \brief Number of what a CDS RRset asks for: it changes when the keys change that it names by SHA-256.
 *
 * \return 0: nothing; else never 0. The delete signal has a number of its own.
 */
uint64_t delegation_content(const ds_set_t *cds);

/*! Whether CDS, as a light scan reads it, asks for another DS RRset than there is. Nothing is verified by that. */
bool delegation_differs(const ds_set_t *ds, const ds_set_t *cds);

/* -- facts --------------------------------------------------------------------- */

/*! A set of keys: bit i stands for facts.key[i]. */
typedef uint32_t delegation_keys_t;

/*! A key that a DS, CDS or CDNSKEY names. */
typedef struct {
	key_id_t id;
	bool whole; /*!< The key itself was seen, in DNSKEY or CDNSKEY: what follows is known. Else a CDS names it. */
	uint16_t flags; /*!< DNSKEY flags. */
	uint8_t sha1[20];
	uint8_t sha384[48];
} delegation_key_t;

/*! The CDS RRset of one server, or its CDNSKEY RRset. Signatures count if they verify and are valid now. */
typedef struct {
	bool present; /*!< False: a NODATA answer. */
	bool proven;  /*!< NODATA with a proof that verifies. */
	delegation_keys_t signed_by;
	/*!
	 * The latest inception and expiration of the signatures by a key that the present DS names; 0: there is none.
	 * Without a DS: by a key in DNSKEY.
	 */
	time_t inception;
	time_t expires;
} delegation_rrset_t;

/*! What one address of one nameserver of the child serves. */
typedef struct {
	char server[SERVER_NAME_MAX];
	answer_status_t status;             /*!< Of DNSKEY, CDS and CDNSKEY together. */
	time_t unreachable_since;           /*!< It has been silent since; 0 unless status is ANSWER_UNREACHABLE. */
	char detail[128];                   /*!< For people. */
	delegation_keys_t dnskey;           /*!< Keys in its DNSKEY RRset. */
	delegation_keys_t dnskey_signed_by; /*!< Keys with a verified RRSIG over that RRset, valid now. */
	uint32_t dnskey_ttl;     /*!< Seconds for which caches may hold it, as signed; 0 without such an RRSIG. */
	time_t dnskey_inception; /*!< The oldest of these RRSIGs; 0: there is none. */
	delegation_rrset_t cds;
	ds_set_t cds_set;
	delegation_rrset_t cdnskey;
	delegation_keys_t cdnskey_keys;
	bool cdnskey_deletes;   /*!< The delete signal and nothing else: CDNSKEY 0 3 0 AA==. */
	bool cdnskey_malformed; /*!< Algorithm 0 in any other shape, or what is no key. */
	bool cdnskey_excess;    /*!< More keys than can be distinguished. */
} delegation_child_t;

/*! How the signaling name of one nameserver answered through a validating resolver (RFC 9615 4.2, step 3). */
typedef enum {
	DELEGATION_SIGNALING_OK = 0, /*!< Secure; its records follow. */
	DELEGATION_SIGNALING_INSIDE, /*!< The nameserver is in the child: there is none. */
	DELEGATION_SIGNALING_FAILED, /*!< No answer, none that is secure, or no name of 255 octets. */
} delegation_signaling_status_t;

typedef struct {
	char nameserver[256];
	delegation_signaling_status_t status;
	char detail[128];
	ds_set_t cds; /*!< Empty: NODATA. */
	delegation_keys_t cdnskey;
	bool cdnskey_deletes;
	bool cdnskey_excess;
} delegation_signaling_t;

/*! What one address of one server of the parent serves. Validated DS only. */
typedef struct {
	char server[SERVER_NAME_MAX];
	answer_status_t status;
	time_t unreachable_since;
	char detail[128];
	ds_set_t ds;
} delegation_parent_t;

/*! The DNSKEY RRset of the child as one resolver validates it. What else is bogus no DS can fix. */
typedef enum {
	DELEGATION_VIEW_NONE = 0, /*!< Down, does not validate, or the parent zone is bogus to it: no evidence. */
	DELEGATION_VIEW_INSECURE, /*!< No evidence either: it may have the denial of a DS in its cache. */
	DELEGATION_VIEW_SECURE,
	DELEGATION_VIEW_BOGUS,
} delegation_view_status_t;

typedef struct {
	char resolver[64];
	delegation_view_status_t status;
	char detail[128];
} delegation_view_t;

/*! What becomes of a DS that a transaction has put into the zone (docs/knot-behaviour.rst). */
typedef enum {
	DELEGATION_LOAD_UNKNOWN = 0, /*!< The configuration was not read. */
	DELEGATION_LOAD_KEEPS,       /*!< It outlives a reload and a restart. */
	DELEGATION_LOAD_REVERTS,     /*!< A reload or a restart brings the DS of the zone file back. */
	DELEGATION_LOAD_SECONDARY,   /*!< The zone comes from another server. */
} delegation_load_t;

/*! The delegation in the parent zone as this server has it. */
typedef struct {
	bool known; /*!< False: it could not be read. */
	uint32_t serial;
	bool delegated; /*!< It has an NS RRset. */
	uint64_t ns;    /*!< Number of its NS RRset; another number: another RRset. */
	uint32_t ns_ttl;
	ds_set_t ds;
	bool ds_listed;     /*!< For a scan a list is enough. It has no DS but their number, and \a ds is empty: */
	uint64_t ds_number; /*!< ds_set_id() of it. */
	bool ds_excess;     /*!< Of it: it equals no set. */
	uint32_t ds_ttl;
	bool frozen;
	bool transaction; /*!< One is open that is not known to be the agent's own. */
	bool signing;     /*!< A re-sign runs. */
	delegation_load_t load;
	char load_reason[160]; /*!< Names the item and what to change, unless it keeps. */
} delegation_zone_t;

/*! delegation_differs() for the DS RRset of the zone, also where only its number is known. */
bool delegation_zone_differs(const delegation_zone_t *zone, const ds_set_t *cds);

/*! The answer to the question of a light scan. */
typedef struct {
	bool answered;
	bool differs;     /*!< CDS is there and is not the DS RRset of the zone. */
	uint64_t content; /*!< delegation_content() of it; 0: NODATA. */
} delegation_scan_t;

/*! What became of the last order. */
typedef enum {
	DELEGATION_OUTCOME_NONE = 0, /*!< Nothing is known: it was not given by this process. */
	DELEGATION_OUTCOME_RUNNING,
	DELEGATION_OUTCOME_DONE,
	DELEGATION_OUTCOME_FAILED, /*!< It was not carried out, and will not be. */
} delegation_outcome_t;

/*! What a child that the module of this server rolls wants of the TTL of its DS. Nobody else can want anything. */
typedef enum {
	DELEGATION_TTL_FREE = 0,
	DELEGATION_TTL_KEPT,    /*!< If it is low it stays so. */
	DELEGATION_TTL_LOWERED, /*!< It becomes low ahead of a change, and stays so (RFC 10026 4.1). */
} delegation_ttl_t;

/*! Everything a decision may depend on, besides time. Borrowed by delegation_decide(). */
typedef struct {
	delegation_zone_t zone;
	unsigned asked; /*!< DELEGATION_ASK_* that were carried out. */
	delegation_scan_t scan;
	time_t notified; /*!< The last NOTIFY(CDS) for the child; 0: none. Nothing of it is believed (RFC 9859 4.3). */
	delegation_outcome_t outcome;
	char outcome_detail[160];
	delegation_ttl_t ttl;

	time_t surveyed;      /*!< The first question of the survey was sent then: no answer is older. */
	uint64_t surveyed_ns; /*!< zone.ns when the survey began. */
	bool discovery_failed;
	char discovery_detail[160]; /*!< Which name, which error. */
	const delegation_key_t *key;
	unsigned key_count;
	bool too_many_keys;
	const delegation_child_t *child; /*!< Every address of every nameserver. */
	size_t child_count;
	const delegation_signaling_t *signaling; /*!< Every nameserver, if the child has no DS; else none. */
	size_t signaling_count;

	const delegation_parent_t *parent; /*!< Every address of every server of the parent. */
	size_t parent_count;
	const delegation_view_t *view;
	size_t view_count;
} delegation_facts_t;

/* -- settings ------------------------------------------------------------------ */

/*! How DS gets into the zone. */
typedef enum {
	DELEGATION_BY_TRANSACTION = 0,
	DELEGATION_BY_INCLUDE, /*!< A file of the agent that the zone file includes: reloads read it. */
	DELEGATION_BY_UPDATE,  /*!< DNS UPDATE to the primary. */
} delegation_apply_t;

/*! Which types a child may publish alone; if it has both they must agree (RFC 10026 4.1). */
typedef enum {
	DELEGATION_ACCEPT_BOTH = 0, /*!< Either one (RFC 7344 6). */
	DELEGATION_ACCEPT_CDS,
	DELEGATION_ACCEPT_CDNSKEY,
} delegation_accept_t;

/*! Settings of a delegation; times and TTLs in seconds. */
typedef struct {
	bool report_only; /*!< `delegations: report`. */
	bool locked;      /*!< The operator of the parent has locked the delegation. */
	delegation_apply_t apply;
	delegation_accept_t accept;
	bool bootstrap; /*!< The first DS by RFC 9615. */
	bool remove;    /*!< The delete signal is followed. */
	bool undo;
	unsigned ds_max;
	uint32_t hold_down; /*!< The same signals are seen for so long before they are followed. */
	uint32_t scan_interval;
	uint32_t scan_interval_notifying; /*!< Of children that notify (RFC 9859 4.3). */
	uint32_t check_interval;          /*!< While a change is under way. */
	uint32_t retry;
	uint32_t unreachable_after;
	uint32_t ds_ttl;      /*!< RFC 10026 4.1: 300 to 900. */
	uint32_t ds_ttl_hold; /*!< How long it stays at least. */
	uint32_t ds_ttl_base; /*!< TTL where none was before; 0: that of NS (RFC 4035 2.4). */
	uint32_t verify;
	unsigned bogus_limit; /*!< Failing watches in a row that count as a failure. */
} delegation_config_t;

/*! Whether a delegation is one of `delegation-lock`: "name. name.", all names in presentation form and lower case. */
bool delegation_is_locked(const char *locked, const char *name);

/* clang-format off */
#define DELEGATION_CONFIG_DEFAULT \
	((delegation_config_t){ \
		.undo = true, \
		.ds_max = 6, \
		.scan_interval = 86400, \
		.scan_interval_notifying = 7 * 86400, \
		.check_interval = 60, \
		.retry = 300, \
		.unreachable_after = 3 * 86400, \
		.ds_ttl = 600, \
		.ds_ttl_hold = 3 * 86400, \
		.verify = 3600, \
		.bogus_limit = 2, \
	})
/* clang-format on */

/* -- the row ------------------------------------------------------------------- */

/*! What is remembered of a delegation. Persisted as a whole before anything is done. */
typedef struct {
	delegation_state_t state;
	time_t since;

	delegation_gate_t gate;
	char gate_about[SERVER_NAME_MAX]; /*!< Server, "" if none. */
	char gate_detail[160];            /*!< What was seen there, for people; "" if nothing to add. */
	time_t gate_since;
	time_t gate_until; /*!< When it opens by itself; 0 if that depends on others. */

	bool known;       /*!< The DS RRset of the zone was read once. */
	uint64_t ds;      /*!< Number of the DS RRset that the delegation has: as adopted, or as ordered; 0: none. */
	uint64_t former;  /*!< Of the one before it, which a reload may bring back; 0: none or unknown. */
	bool ordering;    /*!< `put` was ordered, and it is not known that this comes to nothing. */
	ds_set_t put;     /*!< The RRset that was ordered last; what the zone has afterwards. */
	uint32_t put_ttl; /*!< 0: the zone has shown what came of it. */
	uint64_t put_content; /*!< The signals that it follows, */
	time_t put_inception; /*!< and their newest signature. */
	bool may_undo;        /*!< `before` is the set that an undo restores. */
	ds_set_t before;
	uint32_t before_ttl; /*!< Its TTL, or the one to be restored if it is empty. */
	/*! Until then caches have `before`: it was seen in the zone, or at a server of the parent. 0: nobody knows. */
	time_t before_until;
	/*!
	 * The child is back at the keys of `before`, in every survey since then. At each nameserver one of these has
	 * signed DNSKEY, and none of the present set. 0: not so.
	 */
	time_t back_since;
	time_t back_last;    /*!< The last such survey. */
	uint32_t dnskey_ttl; /*!< The largest TTL of DNSKEY, in the surveys from the one that the change rests on. */

	uint64_t content;         /*!< Signals that are accepted, see delegation_content(). 0: none. */
	time_t accepted_since;    /*!< All checks of these have accepted them since. */
	uint64_t applied;         /*!< Signals that were followed last; 0: none, or they were undone. */
	time_t applied_inception; /*!< Newest signature of them. No older signature changes DS any more (RFC 7344 6.2).
	                           */
	uint64_t refused;         /*!< Signals that are not followed until they change: undone, or overruled. */
	bool undone;              /*!< They were undone. */
	uint8_t undos;            /*!< Since a change was last verified. */
	time_t undone_at;
	time_t manual; /*!< DS was changed by another client then: signals that are not newer are overruled; 0: not. */
	/*!
	 * A survey since then has met what the child signalled at that time, or that it asked for nothing. Older
	 * signals that come now are replayed.
	 */
	bool manual_judged;
	bool reverted; /*!< A reload has brought the former set back: the present signals are followed once more. */

	uint32_t ttl_normal; /*!< TTL to be restored; 0: it is not low. */
	uint32_t ttl_low;
	/*! Every server of the parent has the set `ds` since; 0: not yet. Once the TTL has come back: since then. */
	time_t all_since;

	bool failed_before;  /*!< Validation failed before the change. */
	time_t secure_since; /*!< Resolvers validate the child since, without a gap; 0: no. */
	time_t secure_last;  /*!< The last watch with evidence of that. */
	uint8_t bad_watches; /*!< Watches in a row that failed. */

	bool notifies;   /*!< Its last change was found by a notification. */
	bool by_notify;  /*!< So was the one that is being judged. */
	time_t notified; /*!< The last notification that was followed by a survey. */
	/*!
	 * Checks since the gate last changed: back-off. From a change that came to nothing to the next one: how many
	 * did.
	 */
	uint8_t checks;
	time_t next_check;
	rollover_clock_t clock; /*!< The clock of these times. */
} delegation_row_t;

/*! What is kept of a delegation that rests. */
typedef struct {
	uint64_t ds;
	uint64_t former;
	uint64_t applied;
	int64_t clock_ahead;
	int64_t clock_boot;
	uint32_t clock_wall; /*!< This and all times below: seconds since 1970. */
	uint32_t since;
	uint32_t applied_inception;
	uint32_t notified;
	uint32_t next_check;
	uint32_t manual; /*!< Judged. */
	uint32_t all_since;
	bool known : 1;
	bool notifies : 1;
} delegation_idle_t;

/* -- decisions ----------------------------------------------------------------- */

/*! What must be done now, once the row is stored. */
typedef enum {
	DELEGATION_DO_NOTHING = 0,
	DELEGATION_DO_CHANGE,  /*!< The signals of the child are followed. */
	DELEGATION_DO_RESTORE, /*!< The TTL alone: it is restored, or lowered ahead of a change. */
	DELEGATION_DO_UNDO,    /*!< The set before. */
	DELEGATION_ACTION__COUNT
} delegation_action_t;

/*!
 * \brief One compare and swap of the DS RRset.
 *
 * Inside the transaction NS must have the number \a ns, and DS must be \a base with \a base_ttl. Otherwise, after any
 * error, and after \a until, the transaction is aborted.
 */
typedef struct {
	delegation_action_t action;
	uint64_t ns;
	ds_set_t base;
	uint32_t base_ttl;
	ds_set_t put; /*!< Empty: DS is removed. */
	uint32_t ttl;
	time_t until; /*!< The facts are too old afterwards. */
} delegation_order_t;

typedef struct {
	delegation_row_t row; /*!< To be stored before acting. */
	bool transition;      /*!< row.state differs from before. */
	bool gate_changed;    /*!< row.gate or what it is about differs from before. */
	unsigned asks;        /*!< DELEGATION_ASK_* for the check at row.next_check. */
	delegation_order_t order;
} delegation_decision_t;

/*! What accept() says of the signals of a child. */
typedef enum {
	DELEGATION_VERDICT_NOTHING = 0, /*!< They ask for nothing that is not so. */
	DELEGATION_VERDICT_ACCEPT,
	DELEGATION_VERDICT_REJECT,
} delegation_verdict_kind_t;

typedef struct {
	delegation_verdict_kind_t kind;
	delegation_gate_t gate; /*!< Why they are rejected. DELEGATION_GATE_PRESENT_FAILS: nothing is wanted, beware. */
	const char *about;      /*!< Server, or ""; borrowed from the facts. */
	char detail[160];
	time_t until;      /*!< When it opens by itself; 0 if that depends on others. */
	ds_set_t wanted;   /*!< Accepted: the whole new DS RRset; empty: the delete signal. */
	uint64_t content;  /*!< What the signals ask for, if all servers agree; 0: nothing. */
	bool agreed;       /*!< All servers agree on that, and if they have nothing, that is proven. */
	time_t inception;  /*!< The newest signature of them. */
	bool one_type;     /*!< The child publishes one type only: followed, and logged (RFC 7344 6, RFC 9975 3.1). */
	unsigned answered; /*!< Servers that agree. */
	unsigned left_out; /*!< Servers that have been silent for `unreachable-after`. */
} delegation_verdict_t;

/*! Row of a delegation that has never been seen: due at once. \a floor: no older signature is followed; 0: any. */
void delegation_init(delegation_row_t *row, time_t now, time_t floor);

/*!
 * \brief Judges the signals of a child.
 *
 * They are accepted only if every nameserver agrees, at every address (RFC 9975 3), and if CDS and CDNSKEY agree. At
 * each server a key of the present DS must have signed them, later than what was applied last. Each server must still
 * validate with the new DS RRset (RFC 10026 4.1). The first DS needs RFC 9615.
 *
 * \param[in] facts  Of a survey.
 */
void delegation_accept(const delegation_config_t *config, const delegation_row_t *row, const delegation_facts_t *facts,
                       time_t now, delegation_verdict_t *out);

/*!
 * \brief Whether the child validates with a DS RRset, at each nameserver that answers.
 *
 * For each digest type and each algorithm of the set, a key that it names must be in the DNSKEY RRset and have signed
 * it. The reason: validators may take one digest type alone (RFC 4509 3), and insist on every algorithm (RFC 4035
 * 2.2).
 *
 * \param[out] out  On failure: gate, server and detail.
 */
bool delegation_validates(const delegation_facts_t *facts, const ds_set_t *ds, delegation_verdict_t *out);

/*! Which facts the next decision needs. \return Set of DELEGATION_ASK_*. */
unsigned delegation_asks(const delegation_config_t *config, const delegation_row_t *row);

/*!
 * \brief Decides.
 *
 * Total: every state with every fact yields a decision. At most one transition. An order comes with a transition to the
 * state that waits for it.
 *
 * \param[in] facts  Must hold what delegation_asks() asked for.
 * \param[in] now    Time at which the last answer of the facts had arrived.
 */
void delegation_decide(const delegation_config_t *config, const delegation_row_t *row, const delegation_facts_t *facts,
                       time_t now, delegation_decision_t *out);

/*! So many decisions at most on the facts of one check. */
#define DELEGATION_DECISIONS_MAX 2

/*! Whether the state that a decision has entered can be judged on the same facts: from accepted to ordered at once. */
bool delegation_goes_on(const delegation_facts_t *facts, time_t now, const delegation_decision_t *decision);

/*! Makes a row small. \return False: something is under way, and it is kept whole. */
bool delegation_pack(const delegation_row_t *row, delegation_idle_t *idle);
void delegation_unpack(const delegation_idle_t *idle, delegation_row_t *row);

/*! Makes the row's times those of the clock as it is now, as rollover_follow_clock() does for a zone; returns now. */
time_t delegation_follow_clock(delegation_row_t *row, const rollover_clock_t *now);

/* -- servers that do not answer ------------------------------------------------ */

/*! The last survey of some servers. Zeroed: none in this process. */
typedef struct {
	time_t surveyed; /*!< By the wall clock. */
	uint64_t at_ms;  /*!< By a clock that nobody sets. */
	bool alone;      /*!< Nothing showed that this host was not cut off. */
	/* What is known of the time since the survey before. */
	bool unknown;      /*!< Nobody can say that servers were silent all the time. */
	bool alone_before; /*!< \a alone, of that one. */
	time_t before;     /*!< \a surveyed, of that one; 0: it was another process's. */
	time_t set;        /*!< By so many seconds the clock was set. */
	time_t gained; /*!< Seconds that do not count: by which the clock was set, or in which this host may have been
	                  cut off. */
} delegation_survey_t;

/*! What is kept of a server that is silent. Zeroed: it is not, as far as anybody knows. */
typedef struct {
	time_t since;
	time_t seen; /*!< Of the last survey in which it was; 0: nobody knows. */
	bool alone;  /*!< In that one this host may have been cut off. */
} delegation_silence_t;

/*! Whether servers were asked in the state of a stored row. One that was just entered has asked nobody. */
bool delegation_has_asked(const delegation_row_t *row);

/*!
 * \brief The servers are asked again.
 *
 * \param[in] resumed   A former process has asked them last, not long ago, and its clock goes on. Counts at the first
 *                      survey of this process.
 * \param[in] heard     The network has answered in this survey.
 * \param[in] surveyed  When it began, by the wall clock.
 * \param[in] now_ms    By a clock that nobody sets.
 */
void delegation_surveyed(delegation_survey_t *asked, bool resumed, bool heard, time_t surveyed, uint64_t now_ms);

/*!
 * \brief Since when a server that did not answer in the last survey has been silent, by the wall clock.
 *
 * \param[in] before  What was kept of it. It counts if this server was asked not long ago: others say nothing of it.
 */
delegation_silence_t delegation_silent(const delegation_survey_t *asked, const delegation_silence_t *before);
