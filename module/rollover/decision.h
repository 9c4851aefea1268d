/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One decision being made: stay at a gate, enter a state, give an order, tell the parent.
 */

#pragma once

#include "judge.h"
#include "plans.h"

/*! One decision being made. All pointers are borrowed. */
typedef struct {
	const rollover_config_t *config;
	const rollover_row_t *before;
	const rollover_facts_t *facts;
	time_t now;
	const rollover_plan_t *plan;
	const step_t *step;      /*!< Of the state before. */
	keyset_t old;            /*!< Row's old keys as a set. */
	keyset_t new_key;        /*!< Row's new key as a set, 0 if none. */
	bool stranger;           /*!< A KSK has turned up that nobody has set. */
	bool sound;              /*!< The keys of the zone and its validation were judged, and are well. */
	judge_verdict_t ds;      /*!< Of the step, once it has judged the DS. */
	judge_verdict_t servers; /*!< Of the step, once it has judged the nameservers. */
	rollover_decision_t *out;
} dec_t;

/*! Begins the decision: \a out is what was before, plan and step are found. */
void dec_init(dec_t *c, const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
              time_t now, rollover_decision_t *out);

/*! The policy that the step asks for, or the base policy where that does as well: no switch is needed. */
policy_role_t dec_policy(const dec_t *c, policy_role_t role);
/*! Whether CDS of the keys that are ready, and of no others, is published. */
bool dec_publishes(const own_facts_t *own);
/*! Whether CDS and CDNSKEY of the own zone are those that the wanted states make. */
bool dec_signals_shown(const dec_t *c);
/*! Whether the states were read, and of the KSKs that the own zone has now. */
bool dec_are_read(const rollover_row_t *row, const rollover_facts_t *facts);
/*! The same of the row as it will be. */
bool dec_keys_read(const dec_t *c);
/*! Whether the states of the keys are not known to be those that are wanted, or the own zone shows others. */
bool dec_keys_differ(const dec_t *c);
/*! The end of a decision: which states have to be set. */
void dec_conclude(dec_t *c);

/*! Stays in the state. \a until: when the gate opens by itself, 0 if unknown. */
void dec_wait(dec_t *c, rollover_gate_t gate, const char *about, const char *detail, time_t until);

/*! Stays behind \a gate while \a until is in the future. */
bool dec_wait_until(dec_t *c, rollover_gate_t gate, time_t until);

/*!
 * Behind a gate where no nameserver is judged, what held on all of them is void. So is the observation, where it is
 * also the time in which the new key signs all data.
 */
bool dec_unjudged(dec_t *c, rollover_gate_t gate, const char *detail);

/*! Stays if the verdict is in the way; what held on all servers before is void after a wrong answer. */
bool dec_gate(dec_t *c, const judge_verdict_t *v);

/*! Enters another state; it is checked at once. */
void dec_enter(dec_t *c, rollover_state_t state);

/*! Enters an earlier state because of a wrong answer; the row keeps the reason for log and history. */
void dec_go_back(dec_t *c, rollover_state_t state, const judge_verdict_t *why);

/*! Back to idle with everything to be found out again: what we thought we knew is void. */
void dec_start_over(dec_t *c);

/*!
 * Goes where the plan says: TO_STAY waits behind \a why, TO_START starts over, a state is entered because of \a why.
 */
void dec_follow(dec_t *c, rollover_state_t target, const judge_verdict_t *why);

/*! A rollover begins in this state, without what is left of the last one. */
void dec_begin(dec_t *c, rollover_state_t state);

/*! Stays at a gate while the configuration or dry_run forbids any start. */
bool dec_barred(dec_t *c);

/*! Starts a rollover unless that is so. */
void dec_start(dec_t *c, rollover_state_t state);

/*! Gives an order, again after a while if nothing came of it. */
void dec_order(dec_t *c, rollover_action_t action);

/*!
 * \brief Tells the parent of the signals, once, and again where it has not acted.
 *
 * For states behind whose gate every nameserver is known to serve the signals (RFC 9859 4.2).
 */
void dec_notify(dec_t *c);

/*! The DS of the old key as text: what the registrar needs where the parent does not read CDS. Without one: as it was.
 */
void dec_ds_to_restore(const dec_t *c, char *out, size_t out_len);

/*! KSKs of the zone that may be part of the rollover: with those of other signers, where there must be none. */
keyset_t dec_zone(const dec_t *c);

/*! The keys that have these roles (ROLE_*). */
keyset_t dec_role(const dec_t *c, unsigned roles);

/*! What the nameservers are judged by: for a start that they all have these keys. */
judge_expect_t dec_expect(const dec_t *c, keyset_t need);

/*! These keys are the old ones. */
void dec_remember_old(rollover_row_t *row, const rollover_facts_t *facts, keyset_t set);

/*!
 * Whether the keys can take over from the old ones in this rollover: this server's, and of the same algorithm, or of
 * another one where that changes.
 */
bool dec_is_successor(const dec_t *c, keyset_t keys);

/*! Whether the zone has keys of both schemes: KSK and ZSK have joined a single-type key that is still there. */
bool dec_scheme_changes(const dec_t *c);

/*! The new KSK turned up in the own zone: by our order, or by another client's. */
bool dec_adopt(dec_t *c);

/*!
 * KSKs of another algorithm *and* of the other scheme, by which of the KSKs sign the data: Knot has made them because
 * both were changed at once. Nothing can be ordered of them.
 */
keyset_t dec_of_both(const dec_t *c);

/*! Whether Knot has begun to sign the own zone with keys of the policy's algorithm that are not published yet. */
bool dec_presigned(const dec_t *c);

/*! Whether the policy has an algorithm of which the zone has no key, and Knot makes them. */
bool dec_lacks_algorithm(const dec_t *c);

/*! Whether what was last seen at \a last was seen too long ago to have been so since. */
bool dec_is_gap(const dec_t *c, time_t last);

/*! Whether nothing was seen for longer than some check intervals before this check: what held may not have held then.
 */
bool dec_after_gap(const dec_t *c);

/*!
 * \brief Whether the DS was removed: no server of the parent that answered has one.
 *
 * It is never asked back without the operator's decision (RFC 10026 7.1). One that answers nothing proves nothing, so
 * it is not waited for. False while a zone waits for its first DS, or goes insecure.
 */
bool dec_ds_removed(const dec_t *c);
/*! What is said then. */
extern const judge_verdict_t DEC_DS_REMOVED;
