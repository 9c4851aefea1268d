/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Notifies the parent that CDS has changed, when the machine says so; the outcome goes to log, statistics,
 * store.
 */

#pragma once

#include "forward.h"
#include "kskroll/dns.h"

/*! \a check: something follows from it, so the zone has to be checked. */
typedef void (*announce_done_f)(zone_t *zone, bool check);

/*! Of a zone. */
typedef struct {
	notify_t *notify;    /*!< A notification under way, over many checks. */
	time_t acknowledged; /*!< Of the signals that are out; not stored: only checks depend on it. */
	announce_done_f done;
	bool agent_refused; /*!< It was said that the agent domain goes to no parent. */
} announce_t;

/*!
 * \brief Starts or ends a notification, as the decision wants it.
 *
 * \return Whether one was started: then \a done is called once.
 */
bool announce_upon(zone_t *zone, const rollover_decision_t *decision, announce_done_f done);
/*! Ends one under way. */
void announce_end(zone_t *zone);
/*! Whether one is under way. */
bool announce_is_busy(const zone_t *zone);
