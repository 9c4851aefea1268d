/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Whether the configuration lets a zone's policy be switched, and what knotd said when that was tried.
 *
 * It is judged when a rollover is about to start and before each switch, not at every check: each judgement is some
 * lines in knotd's log. A change of the configuration that concerns the zone makes knotd load its instance again, which
 * voids the judgement.
 */

#pragma once

#include "forward.h"
#include "kskroll/rollover.h"
#include "kskroll/server.h"

/*! How the configuration was judged. */
typedef struct {
	time_t at;
	bool base_only; /*!< Whether the zone can be switched back, and nothing else. */
	conf_fit_t fit;
	rollover_gate_t gate;
	char reason[160];
} judgement_t;

/*! What came of fit_ask(). */
typedef enum {
	FIT_JUDGED, /*!< The facts of the check have it: decide again. */
	FIT_VOID,   /*!< The configuration has changed meanwhile: check again. */
	FIT_FAILED, /*!< It is not known at present. */
} fit_end_t;

typedef void (*fit_done_f)(zone_t *zone, fit_end_t end);

/*! Of a zone. */
typedef struct {
	judgement_t *judged; /*!< NULL: not since the configuration last changed. */
	bool base_only;      /*!< Of the judgement under way. */
	bool is_void;        /*!< The configuration has changed since that was asked for. */
	bool switched;       /*!< At the last check a derived policy was in force. */
	bool refused;        /*!< The last order was refused. */
	bool busy;           /*!< The last call failed because another client has a transaction. */
	char *detail;        /*!< knotd's words about the last call that failed; a text. */
	fit_done_f done;
} fit_t;

/*! DNSKEY TTL around a change: never higher than that of the base policy; 0 for a member of a catalog, which keeps its
 * TTL. */
uint32_t fit_ttl(const zone_t *zone);

/*! What is known goes into the facts. */
void fit_facts(const zone_t *zone, own_facts_t *own);
/*! Whether a decision starts a rollover or switches the policy, and the configuration is not judged for that yet. */
bool fit_missing(const zone_t *zone, const rollover_decision_t *decision);
/*! Has it judged; \a done is called once. */
void fit_ask(zone_t *zone, const rollover_decision_t *decision, fit_done_f done);
/*! The configuration has changed. */
void fit_forget(zone_t *zone);
/*! Forgets what is too old. */
void fit_expire(zone_t *zone);
/*! Says in the log if the module's switch, or a hold, has gone with a new configuration. */
void fit_say_lost(zone_t *zone);

/*! How a call about the policy ended. */
void fit_note(zone_t *zone, server_status_t status, const char *detail);
/*! How an order to the keys ended. */
void fit_note_order(zone_t *zone, server_status_t status, const char *detail);
/*! Whether the zone waits for the end of another client's transaction. */
bool fit_is_busy(const zone_t *zone);

/*! Whether a sleeping zone has nothing of it to remember. */
bool fit_is_plain(const zone_t *zone);
void fit_free(zone_t *zone);
