/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What a decision is made of: to wait at a gate, to enter a state, to order a change.
 */

#pragma once

#include "kskroll/delegation.h"

/*! A decision in the making. */
typedef struct {
	const delegation_config_t *config;
	const delegation_row_t *before;
	const delegation_facts_t *facts;
	time_t now;
	delegation_decision_t *out;
	delegation_row_t *row; /*!< That of the decision. */
} move_t;

/*! A gate, and what to say about it. GATE_NONE: nothing is in the way. */
typedef struct {
	delegation_gate_t gate;
	const char *about; /*!< Borrowed from the facts. */
	const char *detail;
} move_gate_t;

void move_enter(move_t *m, delegation_state_t state);

/*! Stays, at a gate or at none, until its pace says; \a until: when it opens by itself, or 0. */
void move_wait(move_t *m, delegation_gate_t gate, const char *about, const char *detail, time_t until);
void move_wait_at(move_t *m, const move_gate_t *gate);

/*! The next check is no later than that. */
void move_sooner(move_t *m, time_t at);

/*! Enters a state and stays there at a gate. */
void move_to_gate(move_t *m, delegation_state_t state, delegation_gate_t gate, const char *about, const char *detail,
                  time_t until);

/*! Whether anything can follow from what the child signals. */
bool move_is_followed(const delegation_config_t *config, const delegation_row_t *row);

/*! Whether there is a notification that was not followed by a survey. */
bool move_is_notified(const move_t *m);

/*! Whether a light scan calls for a survey: CDS is not what the DS RRset is; in `held`, it is not what was refused. */
bool move_scan_differs(const move_t *m);

/*! A light scan, or a notification, leads to a survey and to nothing else. */
void move_seen(move_t *m, bool by_notify);

/*!
 * \brief Where a delegation goes that needs nothing: `held`, `low` or `rest`; `seen` after a notification.
 *
 * \param[in] verdict  Its gate is shown there; NULL: none.
 */
void move_settle(move_t *m, const delegation_verdict_t *verdict);

/*!
 * \brief Whether the zone can be changed now.
 *
 * \param[in] follows  The change follows signals: what a reload reverts is not begun.
 */
move_gate_t move_writable(const move_t *m, bool follows);

/*! Orders, and enters the state that waits for it. \a until: the facts are too old afterwards. */
void move_order(move_t *m, delegation_action_t action, const ds_set_t *put, uint32_t ttl, time_t until);

/*!
 * \brief Whether an order is still under way: then the decision is to wait for it.
 *
 * The zone does not have what was ordered. If this is false it never will, unless by a DNS UPDATE that is carried out
 * late: put_ttl stays for that.
 */
bool move_flies(move_t *m);

/*!
 * \brief When DS may change again once its TTL has come back; 0: at any time.
 *
 * A child that checks DS while it waits for the change sees the TTL in some hours. Before, it would go by the low one,
 * and caches have the set before for longer.
 */
time_t move_after_restore(const move_t *m);

/*! A change has come to nothing: another survey, ever more rarely while one change after the other does. */
void move_failed(move_t *m);

/*! How many changes in a row have come to nothing before the one that is judged. */
uint8_t move_failures(const move_t *m);

/*! When a low TTL may be restored; only if all_since is known. */
time_t move_restore_due(const delegation_config_t *config, const delegation_row_t *row);
