/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The tools with which a state function makes a decision: stay behind a gate, go on, act.
 */

#pragma once

#include "judge.h"

/*! One decision being made. */
typedef struct {
	const rollover_config_t *config;
	const rollover_row_t *before;
	const rollover_facts_t *facts;
	time_t now;
	keyset_t old;		/*!< Row's old keys as a set. */
	keyset_t new_key;	/*!< Row's new key as a set, 0 if none. */
	rollover_decision_t *out;
} ctx_t;

/*! Stays in the state. \a until: when the gate opens by itself, 0 if unknown. */
void stay(ctx_t *c, rollover_gate_t gate, const char *about, const char *detail, time_t until);

/*! Stays if the verdict is in the way; what held on all servers before is void after a wrong answer. */
bool blocked(ctx_t *c, const verdict_t *v);

/*! Stays behind \a gate while \a until is in the future. */
bool wait_until(ctx_t *c, rollover_gate_t gate, time_t until);

/*!
 * \brief Waits until no cache has a DNSKEY RRset from before the condition held on all servers.
 *
 * The end is fixed when the condition is first seen: an RRset without it may have been served until just then.
 */
bool drain(ctx_t *c);

/*!
 * \brief After a time without looks what drain() waits for is seen for the first time again.
 *
 * A look at some nameservers is one: who is silent voids nothing. `prepare` only waits for the TTLs, which are remembered.
 */
void note_looks(ctx_t *c);

/*! Whether nothing was seen for longer than some check intervals before this look: what held may not have held then. */
bool after_gap(const ctx_t *c);

/*! What the nameservers are judged by: for a start that they all have these keys. */
child_wish_t wish(const ctx_t *c, keyset_t need);

/*! Goes to another state; it is looked at at once. */
void go(ctx_t *c, rollover_state_t state);

/*! Asks for an action, again after a while if nothing came of it. */
void act(ctx_t *c, rollover_action_t action);

/*! Takes what the answers teach in every state: the TTLs that caches may hold. */
void learn_ttls(ctx_t *c);

/*! Ends the waits for caches that the operator knows to be over (item caches-expired). */
void take_operators_word(ctx_t *c);

/*!
 * \brief Keeps ds_all_since and ds_drain.
 *
 * From when on every server of the parent has had exactly the new DS, and how long from there an
 * old one may live in caches. The old TTL counts, not the new (RFC 6781 4.1.2).
 */
verdict_t follow_ds(ctx_t *c);

/*!
 * \brief Tells the parent of the signals, once, and again where it has not acted.
 *
 * For states behind whose gate every nameserver is known to serve the signals (RFC 9859 4.2).
 */
void notify_parent(ctx_t *c);

/*!
 * \brief Judges the validation watch; true if it decided.
 *
 * A failing look stops all progress. bogus_limit of them in a row take the signals back, and once
 * the parent may have swapped the DS they ask the old one back (rollback).
 */
bool watch_failed(ctx_t *c);

/*! Goes to an earlier state because of a wrong answer; the row keeps the reason for log and history. */
void go_back(ctx_t *c, rollover_state_t state, const verdict_t *why);

/*! The row's keys as a set of the facts' keys. */
keyset_t set_of(const rollover_facts_t *facts, const key_id_t *ids, unsigned count);
unsigned set_size(keyset_t set);
/*! \a set must not be empty. */
const key_id_t *set_first(const rollover_facts_t *facts, keyset_t set);

/*!
 * \brief Whether somebody removed the DS: no server of the parent that answered has one.
 *
 * It is never asked back without the operator's word (RFC 10026 7.1). One that answers nothing proves nothing, so it is
 * not waited for. False while a zone waits for its first DS.
 */
bool ds_removed(const ctx_t *c);
/*! What is said then. */
extern const verdict_t DS_REMOVED;

/*! The state functions (states.c, retire.c), one for each state. */
typedef void (*state_f)(ctx_t *c);
extern const state_f state_functions[ROLLOVER_STATE__COUNT];

/*! Back to idle with everything to be found out again: what we thought we knew is void. */
void start_over(ctx_t *c);
/*! A nameserver no longer has what let us signal: back to introduce. */
bool new_key_lost(ctx_t *c);
/*! These keys are the old ones. */
void remember_old(rollover_row_t *row, const rollover_facts_t *facts, keyset_t set);
/*! Starts a rollover unless dry_run forbids it. */
void begin(ctx_t *c, rollover_state_t state);
/*! Whether the keys can take over from the old ones in this rollover: of the same algorithm, and this server's. */
bool is_successor(const ctx_t *c, keyset_t keys);
/*! The new KSK turned up in the own zone: by our order, or by somebody else's. */
bool adopt_new_key(ctx_t *c);

/* States after the swap (retire.c). */
void withdraw(ctx_t *c);
void observe(ctx_t *c);
void retire(ctx_t *c);
void settle(ctx_t *c);

/* A zone without DS (insecure.c). */

/*!
 * \brief No server of the parent has a DS.
 *
 * A zone that never had one gets its first. If there was one, somebody took it away, and that is not undone
 * (RFC 10026 7.1) unless the operator says so: hold on, then off.
 */
void idle_insecure(ctx_t *c);
/*! No DS before every validator can get the DNSKEY, and nothing unsigned is left in caches (RFC 7583 3.3.5). */
void introduce_first(ctx_t *c);
/* States: going insecure, on the operator's word (RFC 8078 4). */
void leave(ctx_t *c);
void left(ctx_t *c);
