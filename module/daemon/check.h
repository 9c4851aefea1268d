/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Checks the own zone, by the control socket or by DNS.
 *
 * An idle zone is checked by DNS (a glance), since knotd logs a line for every control command, and there may be very
 * many zones. That can only confirm that nothing has to be done. Before anything else the control socket is asked.
 */

#pragma once

#include "forward.h"
#include "kskroll/rollover.h"

/*! What came of a check. */
typedef enum {
	CHECK_NEW,       /*!< zone->gathered has what the own zone says. */
	CHECK_CONFIRMED, /*!< The control socket says what DNS has said: zone->gathered has the world's answers, too. */
	CHECK_FAILED,    /*!< No memory. */
} check_end_t;

typedef void (*check_done_f)(zone_t *zone, check_end_t end);

/*! Of a zone. */
typedef struct {
	bool glance;      /*!< The check under way is by DNS. */
	uint32_t soa_ttl; /*!< At the last check. */
	check_done_f done;
} check_t;

/*! A check begins; \a done is called once, perhaps at once. */
void check_start(zone_t *zone, check_done_f done);
/*! Whether the check was by the control socket, or nothing follows from the decision but when to check again. */
bool check_suffices(const zone_t *zone, const rollover_decision_t *decision);
/*! Asks the control socket, since it was not enough. What was gathered waits; \a done as above. */
void check_closer(zone_t *zone, check_done_f done);

/*! knotd has loaded an instance of the zone: whether a catalog has the zone may have changed. */
void check_loaded(entry_t *entry);
