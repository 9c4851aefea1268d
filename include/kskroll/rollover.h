/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The KSK rollover of one zone as a pure decision: facts in, decision out.
 *
 * Nothing here does I/O, reads a clock, logs, locks or allocates. kskrolld,
 * the unit tests, the simulator and `kskroll plan` call the same functions.
 * The protocol is Double-KSK (RFC 7583 3.3.1) driven by observation. No timer alone moves a rollover forward (RFC 7583
 * 3.3.1, end of Dreg; RFC 10026 7.2.3).
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kskroll/clock.h"
#include "kskroll/rollover_facts.h"

/*! Old KSKs that one rollover can replace together. */
#define ROLLOVER_OLD_MAX 4
/*! Steps kept of a TTL history, see ttl_window_t. */
#define TTL_WINDOW_MAX 4
/*!
 * Longest TTL that makes a wait: seven days. BIND keeps nothing longer by default (max-cache-ttl), unbound and others
 * cap at a day, and RFC 8767 4 recommends a cap of this size.
 */
#define ROLLOVER_TTL_COUNTS (7 * 86400)
/*! Largest TTL of a zone whose policy sets no zone-max-ttl; for the first DS (RFC 7583 3.3.5). */
#define ROLLOVER_UNKNOWN_ZONE_TTL 86400
/*! RFC 10026 4.1: TTL around a change. */
#define ROLLOVER_TTL_MAX 900
/*!
 * How often the DS is checked while no rollover is under way, so that its TTL history is known. Up to an eighth more
 * often, by the key. So zones that were attached together do not all ask their parent at the same time for ever.
 */
#define ROLLOVER_DS_CHECK 86400
/*! Old DS TTL to wait for when nobody saw it (the store was lost): two days, the longest in common use. */
#define ROLLOVER_UNKNOWN_DS_TTL 172800
/*! The parent is notified again after `notify-again`, then after twice as long each time, at most this. */
#define ROLLOVER_NOTIFY_MAX 86400
/*! A name of what was submitted: 64 characters. */
#define ROLLOVER_SUBMITTED_ID 65
/*! What kskrolld must do besides setting the states of the keys and switching the policy. */
typedef enum {
	ACTION_NONE = 0,
	ACTION_START,   /*!< A new KSK is made: both are in use, and none is signalled. */
	ACTION_RETIRE,  /*!< The old KSKs go, at once and for ever. Those of another algorithm sign the data still. */
	ACTION_PUBLISH, /*!< The keys of a new algorithm are published, and in use without signals. */
	ACTION_CLEAN,   /*!< The keys of the old algorithm, which are not published any more, sign nothing any more. */
	ACTION__COUNT
} rollover_action_t;

/*!
 * \brief The TTLs that caches may still hold.
 *
 * A set of (ttl, last time it may have been served). The largest TTL that still
 * counts is what RFC 7583 1.4 asks for when a TTL changes near a rollover.
 * Entry 0 is the TTL served at the last check.
 */
typedef struct {
	struct {
		uint32_t ttl;
		time_t seen;
	} step[TTL_WINDOW_MAX];
	unsigned count;
} ttl_window_t;

/*! What is remembered of a zone. Persisted as a whole before anything is done. */
typedef struct {
	rollover_state_t state;
	time_t since; /*!< The state was entered. */

	rollover_gate_t gate;
	char gate_about[SERVER_NAME_MAX]; /*!< Server or item, "" if none. */
	char gate_detail[160];            /*!< What was seen there, for people; "" if nothing to add. */
	time_t gate_since;
	time_t gate_until; /*!< When it opens by itself; 0 if that depends on others. */

	key_id_t old[ROLLOVER_OLD_MAX]; /*!< KSKs that the parents' DS names; in idle: the keys in use. */
	unsigned old_count;
	bool has_new;
	key_id_t new_key;
	bool csk;     /*!< The keys in use, or the old ones, are single-type keys: they sign the data as well. */
	bool csk_new; /*!< So is the new one. Else the scheme changes. Known while there is one. */
	bool signers; /*!< Other servers sign the zone as well, with keys of their own (RFC 8901). Learned in idle. */

	time_t settled_at;   /*!< The KSK in use is known since; base of `ksk-lifetime`. First DS: it was everywhere. */
	time_t all_since;    /*!< The state's condition holds on all servers since; 0 = not yet. */
	time_t all_expired;  /*!< From then on no cache has a DNSKEY RRset from before all_since. */
	time_t ds_all_since; /*!< Every parent server has the new DS set since; 0 = no. */
	uint32_t ds_expire;  /*!< Seconds from ds_all_since until no cache has an old DS. */
	time_t observed_since; /*!< Resolvers validate the zone since, without a gap; 0 = not observed. */
	time_t observed_last;  /*!< The last check with evidence of that; while all_since counts: with its condition. */
	ttl_window_t dnskey_ttl;  /*!< Over all nameservers. */
	ttl_window_t ds_ttl;      /*!< Over all parent servers, answers with the old DS set. */
	uint32_t zone_ttl;        /*!< The largest one that data in caches may have, as configured. */
	time_t zone_ttl_seen;     /*!< That was last in force. */
	time_t zone_ttl_until;    /*!< Then caches have lost it; 0: nameservers may still serve it. */
	algset_t data_algorithms; /*!< Those that sign the data of the own zone; 0: not known. */
	uint32_t data_keys;       /*!< Of which keys, as a sum: a key may be replaced by one of its algorithm. */
	uint32_t data_serial;     /*!< They do so since this serial, or an earlier one (RFC 1982). */
	time_t data_since;  /*!< All nameservers have had such a version since, during a change of algorithm; 0: no. */
	time_t data_last;   /*!< That was last seen. */
	time_t parent_seen; /*!< A server of the parent last answered; 0 = never. */

	uint32_t ds_ttl_before; /*!< The DS TTL to restore; 0: the parent was not asked for another one. */
	uint32_t ds_ttl_low;    /*!< The one that it was asked for instead. */
	bool ds_ttl_back;       /*!< It is asked for the one of before. */
	time_t ds_ttl_asked;    /*!< That began; also where nothing has to be asked for. 0 = in no rollover. */
	/*!
	 * Servers of the parent have what it is asked for since: all of them the low TTL, or none of them any more. In
	 * a rollover without ds_ttl_before: the TTL stays as it is since. 0 = not yet.
	 */
	time_t ds_ttl_since;
	time_t ds_ttl_sent; /*!< It was last asked. */

	key_states_t keys; /*!< What the states of the keys were last read to be; KEYS_UNKNOWN: not read. */
	uint32_t keys_of;  /*!< Of which KSKs, as a sum. Not stored; 0: nobody has since the process began. */
	time_t signalled;  /*!< Signals last came out, by whomever, since the new KSK is there; 0 = not yet. */
	time_t ordered;    /*!< The last ACTION_* was sent; 0 = none in this state. */
	time_t notified;   /*!< The parent was last notified of the signals; 0 = not of those that are out. */
	/*!
	 * A change of the DS was sent to the parent and has no outcome yet; 0: none. No different one goes out before.
	 * The machine leaves it alone, as the next one.
	 */
	time_t submitted;
	char submitted_id[ROLLOVER_SUBMITTED_ID]; /*!< What it is called there (clTRID of EPP); "": it has no name. */
	uint8_t checks;                           /*!< Checks since the gate last changed: back-off. */
	uint8_t bad_watches;    /*!< Watches in a row that failed. Not stored: a restart counts from 0. */
	time_t next_check;      /*!< The next check. */
	rollover_clock_t clock; /*!< The clock of these times, see rollover_follow_clock(). */
} rollover_row_t;

/*! `parent-via`: how the parent learns which DS to have. Signals are published in any case. Values are stored: append
 * only. */
typedef enum {
	PARENT_VIA_CDS = 0, /*!< It finds the signals by itself (RFC 8078). */
	PARENT_VIA_AUTO,    /*!< It is notified where it has DSYNC (RFC 9859). */
	PARENT_VIA_UPDATE,  /*!< By DNS UPDATE at its primary (RFC 2136). */
	PARENT_VIA_MANUAL,  /*!< An operator brings the records there. */
	PARENT_VIA_EPP,     /*!< By EPP at its registry (RFC 5730, 5910). */
	PARENT_VIA__COUNT
} parent_via_t;

/*! Settings of one zone, all in seconds. */
typedef struct {
	uint32_t ksk_lifetime; /*!< 0: Knot or the operator starts rollovers. */
	uint32_t spread;       /*!< Zones come due so much earlier, each by its share; 0: they do not. */
	uint32_t ttl;          /*!< DNSKEY TTL around the change, RFC 10026 4.1: 300 to 900; 0: it stays as it is. */
	uint32_t ds_ttl;       /*!< The same of DS, where the parent can be asked for it: the item `ttl` as it is. */
	uint32_t lead;
	uint32_t observe;
	uint32_t settle;
	uint32_t check_interval;
	uint32_t ds_check_interval;
	uint32_t unreachable_after;
	uint32_t bogus_limit;  /*!< Failing watches in a row that count as a failure. */
	time_t caches_expired; /*!< The operator's statement: no cache held anything older at this time; 0: none. */
	uint32_t zone_ttl;     /*!< Largest TTL in the zone (zone-max-ttl of the policy); 0: unknown. */
	uint32_t notify_again; /*!< Until the parent is notified a second time. */
	/*!
	 * The KSK is offline: Knot has later signatures over DNSKEY before those in force have this long left. 0: the
	 * KSK is here.
	 */
	uint32_t dnskey_refresh;
	uint8_t via;      /*!< parent_via_t: how the parent learns of signals. */
	bool go_insecure; /*!< The operator's wish, given twice: the zone becomes insecure. */
	bool dry_run;
	bool hold;
	bool manual;              /*!< Knot makes no key by order, the operator does. */
	bool observe_only;        /*!< The server or the policy does not allow driving. */
	char observe_reason[160]; /*!< What forbids it and what to change; shown with the gate. */
} rollover_config_t;

/*! What counts where knot.conf says nothing. */
/* clang-format off */
#define ROLLOVER_CONFIG_DEFAULT \
	((rollover_config_t){ \
		.ttl = 300, \
		.ds_ttl = 300, \
		.lead = 3600, \
		.observe = 86400, \
		.settle = 3 * 86400, \
		.check_interval = 300, \
		.ds_check_interval = 3600, \
		.unreachable_after = 12 * 3600, \
		.bogus_limit = 3, \
	})
/* clang-format on */

/*! What to do now, and when to check again. */
typedef struct {
	rollover_row_t row; /*!< To be stored before acting. */
	bool transition;    /*!< row.state differs from before. */
	bool gate_changed;  /*!< row.gate or what it is about differs from before. */
	bool driven;        /*!< False: leave the zone's policy and its keys alone. */
	policy_role_t policy;
	key_states_t keys; /*!< The states that the keys must have; KEYS_UNKNOWN: they may stay as they are. */
	bool set_keys;     /*!< They have to be set, and can be. Comes before the policy. */
	bool again;        /*!< And were read to be so, of the same keys: the zone does not show it. */
	/*!
	 * Signals were out before, and the DNSKEY RRset is not signed since. Signing comes first, or a parent that
	 * guards against replay does not take the new ones (RFC 7344 6.2).
	 */
	bool sign_first;
	rollover_action_t action;
	bool notify;     /*!< Tell the parent that CDS has changed: every nameserver has it. */
	uint32_t ds_ttl; /*!< Give the DS that the parent has this TTL; 0: nothing. */
} rollover_decision_t;

/*!
 * \brief Row of a zone that has never been seen.
 *
 * \param[out] row  Set to `idle`, due now.
 * \param[in] now   Current time.
 */
void rollover_init(rollover_row_t *row, time_t now);

/*!
 * \brief Which surveys the next decision needs.
 *
 * \param[in] config      Settings of the zone.
 * \param[in] row         Its row.
 * \param[in] keys        KSKs that the own zone publishes now.
 * \param[in] key_count   Their number.
 * \param[in] now         Current time.
 *
 * \return Set of SURVEY_*.
 */
unsigned rollover_needs(const rollover_config_t *config, const rollover_row_t *row, const key_id_t *keys,
                        unsigned key_count, time_t now);

/*!
 * \brief Decides.
 *
 * Total: every state with every fact yields a decision. At most one transition; after one, row.next_check is `now`.
 *
 * \param[in] config  Settings of the zone.
 * \param[in] row     Its row; not changed.
 * \param[in] facts   What was seen; must hold what rollover_needs() asked for.
 * \param[in] now     Time at which the last answer of the facts had arrived.
 * \param[out] out    The decision.
 */
void rollover_decide(const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
                     time_t now, rollover_decision_t *out);

/*! When `ksk-lifetime` makes a rollover of an idle zone due, \a early seconds before it ends; 0: it does not. */
time_t rollover_due(const rollover_config_t *config, const rollover_row_t *row, uint32_t early);

/*! So many decisions at most on the facts of one check. */
#define ROLLOVER_DECISIONS_MAX 3

/*!
 * \brief Whether the state that a decision has entered can be judged on the same facts, without another check.
 *
 * It is when nothing must be done first and all was asked. It is not before `retire`, whose step cannot be taken back,
 * and not before `await-ds`. That state takes longest, and must be seen, however quick the parent is. For the next
 * decision SURVEY_WATCH must be taken out of facts->asked: the watch counts its checks.
 *
 * \param[in] own_count  KSKs of the own zone: the first ones of facts->keys.
 */
bool rollover_goes_on(const rollover_config_t *config, const rollover_facts_t *facts, unsigned own_count, time_t now,
                      const rollover_decision_t *decision);

/*! Whether two rows remember the same keys in use and the same new one. */
bool rollover_same_keys(const rollover_row_t *a, const rollover_row_t *b);

/*!
 * \brief Which surveys the turn of a zone needs, once its own data are known.
 *
 * \param[in] facts      With the facts of the own zone.
 * \param[in] own_count  KSKs of the own zone: the first ones of facts->keys.
 *
 * \return Set of SURVEY_*.
 */
unsigned rollover_asks(const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
                       unsigned own_count, time_t now);

/*!
 * \brief Seconds between two validation watches of a zone: its `check-interval`, more when very many zones roll at
 * once.
 *
 * \param[in] watching  Zones that are watched.
 */
uint32_t rollover_watches_apart(const rollover_config_t *config, const rollover_row_t *row, uint64_t watching);

/*! Whether a watch is due that was last begun at \a watched; 0: never. */
bool rollover_watch_due(uint32_t apart, time_t watched, time_t now);

/*!
 * \brief Whether the decision must be written before anything follows from it.
 *
 * In idle only what a restart could not find out again, and once in an hour: times that every check moves wait for
 * that.
 *
 * \param[in] before  The row that the decision was made of.
 * \param[in] saved   When a row of the zone was last written; 0: never.
 */
bool rollover_worth_saving(const rollover_row_t *before, const rollover_decision_t *decision, time_t saved, time_t now);

/*! Whether the configuration forbids to switch the zone to a policy of this role. */
bool rollover_conf_bars(const own_facts_t *own, policy_role_t wanted);

/*! Whether the decision wants another policy than the one in force, and a switch is possible. Comes before the action.
 */
bool rollover_must_switch(const own_facts_t *own, const rollover_decision_t *decision);

/*!
 * \brief Whether KSKs must be silent before the parent is asked about them.
 *
 * Knot or the operator has made a KSK in an idle zone. It gets ready by itself, perhaps before the zone's turn at the
 * servers of the parent. Silence is right in any case, so it is ordered first, once: if that fails, the decision
 * repeats it.
 *
 * \param[in] facts  Of the own zone; nobody else was asked yet.
 * \param[out] out   The order, if there is one; nothing else of it counts.
 */
bool rollover_silence_first(const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
                            time_t now, rollover_decision_t *out);

/*!
 * \brief The TTL that DS gets around a change, where the parent is asked for it.
 *
 * \param[in] ttl   The item `ttl`; 0: TTLs stay as they are.
 * \param[in] min   What the parent allows; 0: no bound. A larger minimum than 900 s is accepted.
 * \param[in] max   The same.
 */
uint32_t rollover_ds_ttl(uint32_t ttl, uint32_t min, uint32_t max);

/*! The DS TTL that the parent is being asked for; 0: none. */
uint32_t rollover_ds_ttl_wanted(const rollover_row_t *row);

/*!
 * \brief The TTL with which the DS comes that replaces the present one.
 *
 * It is that of all servers of the parent that answer; but the low one, if one has it already. Where they differ, and
 * the parent was asked for another TTL, it is the one that it was asked for. What a single server shows may be an
 * older version of the parent zone.
 *
 * \param[in] parent   Answers of the check that the change rests on; \a count of them.
 * \param[in] refused  The parent has refused this one, with the last message; 0: none.
 *
 * \return 0: no server has answered.
 */
uint32_t rollover_ds_ttl_of_change(const rollover_row_t *row, const parent_answer_t *parent, size_t count,
                                   uint32_t refused);

/*! Whether a TTL that is low stays so for the rollover, whoever has lowered it. */
bool rollover_keeps_ds_ttl(const rollover_row_t *row);

/*! Whether the agent of this server lowers it for the rollover. */
bool rollover_lowers_ds_ttl(const rollover_config_t *config, const rollover_row_t *row);

/*! From when on no cache has an old DS. \return 0: a server of the parent may still have it. */
time_t rollover_ds_expired(const rollover_row_t *row);

/*!
 * \brief From when on no cache needs the old keys any more, if nothing goes wrong until then.
 *
 * For the operator's own decision; the module observes for longer.
 *
 * \return 0: not known yet.
 */
time_t rollover_old_expired(const rollover_config_t *config, const rollover_row_t *row);

/*!
 * \brief In `rolled-back`: from when on no cache needs the new key any more. The operator may delete it then.
 *
 * \return INT64_MAX: not known yet.
 */
time_t rollover_new_expired(const rollover_config_t *config, const rollover_row_t *row);

/*!
 * \brief The row was stored by a process that has ended.
 *
 * The key database may have been restored from a backup since: silent states, which no signal contradicts, are read
 * again once. A key that is published only would get ready by itself.
 */
void rollover_resume(rollover_row_t *row);

/*! Whether no key is signalled in these states. False also of KEYS_UNKNOWN. */
bool rollover_are_silent(key_states_t keys);

/*! The states of the keys that come of the order, which a decision with set_keys or an action gives. */
key_states_t rollover_ordered(const rollover_decision_t *decision);

/*! The states of the keys were read, and are as ordered. \a facts: those of the order. */
void rollover_keys_are(rollover_row_t *row, key_states_t keys, const rollover_facts_t *facts, time_t now);

/*!
 * \brief An order or a switch was carried out: what comes of it is looked for at once.
 *
 * One that was repeated in vain keeps the pace of the gate: Knot may not sign the zone, for days.
 *
 * \param[in] again  Of the decision; false for a switch.
 */
void rollover_carried_out(rollover_row_t *row, bool again, time_t now);

/*!
 * \brief An order for these states has come to nothing, and was not refused: a part of it may be done.
 *
 * Knot reads the key database by itself when it next signs the zone.
 */
void rollover_keys_unsure(rollover_row_t *row, key_states_t keys);

/*! Seconds by which the next check may come later than row->next_check, so that zones do not march in step; 0: on time.
 */
uint32_t rollover_spread(const rollover_row_t *row, time_t now);

/*!
 * \brief The decision could not be written, so it is none: the row waits and tries again.
 *
 * What was seen is not forgotten: TTLs, and that a condition no longer holds.
 *
 * \param[in] decision  What could not be written; NULL: nothing was decided.
 * \param[in] why       The words of the database.
 *
 * \return True if that is news.
 */
bool rollover_store_failed(rollover_row_t *row, const rollover_decision_t *decision, const char *why, time_t now);

/*!
 * \brief Makes the row's times those of the clock as it is now. To be called before the row is used, and before each
 *        time is put into it.
 *
 * Each time keeps the age that a clock which nobody can set has counted for it. So no wait ends early because the wall
 * clock was set, or is wrong. What was not counted (the machine was off or suspended) does not count.
 *
 * \param[in] now  What the clocks show.
 *
 * \return Now, as the times of the row count.
 */
time_t rollover_follow_clock(rollover_row_t *row, const rollover_clock_t *now);

const char *rollover_answer_name(answer_status_t status);

/*! The policy role that belongs to the row's state, where it is needed. */
policy_role_t rollover_policy(const rollover_row_t *row);

/*!
 * \brief The dnskey-ttl of a derived policy where \a ttl is the one around the change.
 *
 * That of the delete signal is another one, a second apart: so Knot re-signs the DNSKEY RRset when the signal comes
 * out. A parent that guards against replay (RFC 7344 6.2) takes nothing signed before what it took last, BIND's
 * dnssec-cds not even a DNSKEY RRset. What is within 300 to 900 s stays there (RFC 10026 4.1).
 */
uint32_t rollover_policy_ttl(policy_role_t role, uint32_t ttl);

/*! Whether the row's rollover is one to another algorithm: both sign the data meanwhile. */
bool rollover_changes_algorithm(const rollover_row_t *row);

/*! Whether the row's rollover is one between a single key and KSK and ZSK. */
bool rollover_changes_scheme(const rollover_row_t *row);

/*!
 * Whether the data *moves* from one single-type key to another, or from or to ZSKs: keys of one end sign it at a time.
 */
bool rollover_moves(const rollover_row_t *row);

/*! Whether the row's rollover brings a zone without DS its first one: there is no old key. */
bool rollover_is_first(const rollover_row_t *row);

/*!
 * \brief Since when a server that does not answer now has not answered.
 *
 * Only what was checked again and again counts: a server that was last seen silent long ago may have
 * answered all the time since then. Time that no clock has counted does not count.
 *
 * \param[in] since  It did not answer since, as far as was known; 0 = it did.
 * \param[in] seen   What the clocks showed when that was last seen.
 * \param[in] now    What they show now.
 */
time_t rollover_unreachable_since(const rollover_config_t *config, time_t since, const rollover_clock_t *seen,
                                  const rollover_clock_t *now);

/*! What is remembered of a server that does not answer. Zeroed: it does. */
typedef struct {
	time_t since;          /*!< As long ago as its silence has lasted, by the wall clock. */
	rollover_clock_t seen; /*!< The last check. */
	bool alone;            /*!< In that check nobody else answered either. */
} rollover_silence_t;

/*!
 * \brief A check in which the server did not answer.
 *
 * Silence is evidence about a server only where another one answers in the same check: else this host may be
 * cut off. So the time between two checks counts if someone answered in both of them, under the conditions of
 * rollover_unreachable_since(). Else the silence is as long as it was at the first of them.
 *
 * \param[in,out] silence  What is remembered of the server; its \a since is what counts now.
 * \param[in] heard        A server of zone or parent that is not on this host has answered in this check.
 * \param[in] now          What the clocks show now.
 */
void rollover_silence(const rollover_config_t *config, rollover_silence_t *silence, bool heard,
                      const rollover_clock_t *now);

bool key_id_equal(const key_id_t *a, const key_id_t *b);
/*! \return Index in the keys, or -1. */
int key_id_find(const key_id_t *keys, unsigned count, const key_id_t *id);

/*!
 * \brief When what was last served at \a seen has expired from every cache.
 *
 * Times are whole seconds, rounded down: a cache may have fetched it until the end of that second.
 */
time_t ttl_expires(time_t seen, uint32_t ttl);

/*! Records that \a ttl is the largest one served now; what was current before may have been served until now. */
void ttl_window_add(ttl_window_t *window, uint32_t ttl, time_t now);
/*! \return The largest TTL a cache may have taken within its own length before \a now; 0 if none. */
uint32_t ttl_window_max(const ttl_window_t *window, time_t now);
/*! \return When the last TTL above \a limit has expired from every cache; 0 if none is above. */
time_t ttl_window_expired(const ttl_window_t *window, uint32_t limit);

/*! Drops what was last served at \a expired or before, but for the TTL of the last check. */
void ttl_window_forget(ttl_window_t *window, time_t expired);

/*! Makes TTLs above ROLLOVER_TTL_COUNTS that. */
void ttl_window_bound(ttl_window_t *window);
