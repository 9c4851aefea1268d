/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The zone's row and its history, as they go to the store and come from it.
 */

#pragma once

#include "forward.h"
#include "kskroll/dns.h"
#include "kskroll/store.h"

/*! What is stored of a zone besides the row of the machine. */
typedef struct {
	char *base_policy; /*!< A text; "" while the base policy is in force. */
	bool policy_implicit;
	char *parent_zone; /*!< A text; "" if it was not checked. */
	bool loaded;       /*!< The row was read from the store. */
} record_t;

/*! For one call to the store. */
typedef struct {
	store_zone_t zone;
	store_event_t event;
} record_buffer_t;

/*! Reads the row, unless it has been. \return False without a store, or memory. */
bool record_load(zone_t *zone);
/*! The row is that of a sleeping zone, or of a new one. */
void record_loaded(zone_t *zone);

/*!
 * \brief Writes what the zone will be after a decision, and a change of state or gate to its history.
 *
 * \param[in] soon  It may be lost, since nothing follows from it.
 *
 * \return False if it could not be written.
 */
bool record_save(zone_t *zone, const rollover_decision_t *decision, time_t now, bool soon);
/*! Writes the row of the zone as it is, durable on return. \return The same. */
bool record_row(zone_t *zone);
/*! Writes what came of a notification. \return The same. */
bool record_notification(zone_t *zone, const notify_result_t *result);

/*! The operator's policy, while a derived one is in force. \return False if there is no memory. */
bool record_base_policy(zone_t *zone, const char *base, bool implicit);
void record_no_base_policy(zone_t *zone);
/*! Without memory the one before stays. */
void record_parent(zone_t *zone, const char *parent_zone);

/*! Whether a sleeping zone has nothing of it to remember. */
bool record_is_plain(const zone_t *zone);
void record_free(zone_t *zone);
