/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Informs the parent of signals, in the way of `parent-via`, when the machine says so; the outcome goes to log,
 * statistics, store.
 */

#pragma once

#include "forward.h"
#include "submit.h"
#include "kskroll/dns.h"

/*! \a check: something follows from it, so the zone has to be checked. */
typedef void (*announce_done_f)(zone_t *zone, bool check);

/*! What a change came to. */
typedef struct {
	notify_status_t failed; /*!< NOTIFY_UPDATED: nothing is wrong. */
	char about[64];         /*!< The server it went to. */
	char why[160];
} announce_failure_t;

/*! Of a zone. */
typedef struct {
	notify_t *notify;         /*!< A notification under way, over many checks. */
	submission_t *submission; /*!< A change under way, or of which it is not known what came of it. */
	bool over;                /*!< What that one asks for is over. */
	bool missed;              /*!< The next one waits for it. */
	time_t acknowledged;      /*!< Of the signals that are out; not stored: only checks depend on it. */
	announce_failure_t signals;
	uint32_t ttl; /*!< The DS TTL that the submission asks for; 0: it is about signals. */
	struct {
		uint32_t wanted;        /*!< By the last decision; 0: none. */
		uint32_t made, refused; /*!< By the last message. */
		bool unproven;          /*!< That it was refused. */
		bool again;             /*!< Nothing was changed, or nothing could be sent yet. */
		announce_failure_t failure;
	} ds_ttl;
	announce_done_f done;
	bool agent_refused; /*!< It was said that the agent domain goes to no parent. */
} announce_t;

/*!
 * \brief Starts or ends a notification, as the decision wants it.
 *
 * \return Whether one was started: then \a done is called once.
 */
bool announce_upon(zone_t *zone, const rollover_decision_t *decision, announce_done_f done);
/*! Settings have changed: what they do not want any more is not sent, unless it is under way. */
void announce_review(zone_t *zone);
/*! The zone is gone: what is under way is cancelled. */
void announce_cancel(zone_t *zone);
/*! Whether one is under way. */
bool announce_is_busy(const zone_t *zone);
/*! What came of an update that was pending, as the queue of its account has it. \return Whether the zone has to be
 * checked. */
bool announce_outcome(zone_t *zone, const epp_account_t *account, const epp_message_t *message);
/*! Of what came of it, what a decision depends on. */
void announce_facts(const zone_t *zone, rollover_facts_t *facts);
