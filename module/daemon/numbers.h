/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What is counted, and sent to knotd's statistics.
 */

#pragma once

#include "forward.h"
#include "kskroll/dns.h"
#include "kskroll/settings.h"

typedef struct {
	process_totals_t totals;
	uint64_t resuming; /*!< Zones that roll by their rows, and had no turn yet. */
} numbers_t;

/*! A zone comes or goes. */
void numbers_enter(numbers_t *numbers, const entry_t *entry);
void numbers_leave(numbers_t *numbers, const entry_t *entry);

/*! What a survey has asked, and what was answered. */
void numbers_survey(zone_t *zone, const survey_result_t *result);
/*! \param[in] seen  WATCH_* */
void numbers_watch(numbers_t *numbers, unsigned seen);
void numbers_notify(numbers_t *numbers, notify_status_t status);
/*! \param[in] family  0: IPv4, 1: IPv6. */
void numbers_no_route(numbers_t *numbers, unsigned family, bool none);
/*! The zone has changed its state. */
void numbers_step(zone_t *zone);
/*! It waits for a human. */
void numbers_alarm(zone_t *zone);

/*! Zones whose keys are changed: neither idle nor in prepare. */
uint64_t numbers_rolling(const numbers_t *numbers);

/*! By its row the zone rolls: it counts among those under way until it has had its turn, or is gone. */
void numbers_resume(numbers_t *numbers, entry_t *entry);
void numbers_resumed(numbers_t *numbers, entry_t *entry);
/*! Zones in any state but idle. */
uint64_t numbers_under_way(const numbers_t *numbers);

/*! Works out the zone's numbers, counts it by them, and sends them for each of its instances. */
void numbers_publish(env_t *env, entry_t *entry);
/*! Sends the totals. */
void numbers_send(env_t *env);
