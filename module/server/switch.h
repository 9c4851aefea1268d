/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Switches the policies of zones in one configuration transaction.
 */

#pragma once

#include "control.h"
#include "policy.h"
#include "reread.h"

/*! One zone to switch: what server_switch() was asked for, and the result. */
typedef struct {
	const char *zone;
	const char *base;
	policy_role_t role;
	uint32_t ttl;
	bool implicit;

	server_status_t status;
	char detail[CONTROL_DETAIL_MAX];
	bool done; /*!< status and detail are final. */

	bool section; /*!< The configuration has a section of this zone. */
	bool has_own; /*!< It sets dnssec-policy, namely to: */
	char own[POLICY_NAME_MAX];
	reread_t reread; /*!< What it says about its zone file. */
	bool flush;      /*!< The file has to be written before. */
	char template[POLICY_NAME_MAX];
	char wanted[POLICY_NAME_MAX]; /*!< "" to unset the item. */
} switch_t;

/*!
 * \brief Switches zones: together, and one by one if that fails.
 *
 * \param[in] target   Where knotd is.
 * \param[in] switches Zones; each gets a status.
 * \param[in] count    Their number.
 * \param[in] stop     Asked before every further connection; may be NULL.
 * \param[in] arg      Of stop.
 * \param[out] orphan  A transaction of ours may have been left open: the connection broke
 *                     and no other one could be made. Call switch_recover() before all else.
 */
void switch_run(const control_target_t *target, switch_t *switches, size_t count, bool (*stop)(void *arg), void *arg,
                bool *orphan);

/*!
 * \brief How many zone events wait for knotd's workers, besides those that they are at.
 *
 * \return Their number; 0 if knotd does not say, since a transaction then says why.
 */
unsigned long switch_events(const control_target_t *target);

/*!
 * \brief Aborts the open transaction if it holds nothing but what switch_run() puts into one.
 *
 * \return False if knotd cannot be reached: to be repeated.
 */
bool switch_recover(const control_target_t *target);

/*! Reads "own" or "template" of a zone, see server_policy_origin(). */
server_status_t switch_origin(const control_target_t *target, const char *zone, char *detail);

/*! Final status of a zone; the first one stays. */
void switch_conclude(switch_t *sw, server_status_t status, const char *detail);

/*! Concludes zones that `zone-status` rules out. \return KNOT_E* if the connection is lost. */
int switch_zone_status(control_t *control, switch_t *switches, size_t count, char *detail);

/*!
 * \brief Reads the sections of all zones that are not done.
 *
 * \param[in] command  conf-read (configuration in force) or conf-get (our transaction).
 */
int switch_sections(control_t *control, const char *command, switch_t *switches, size_t count, char *detail);

/*! As switch_sections(), and concludes those that need no change or must not be changed. */
int switch_examine(control_t *control, const char *command, switch_t *switches, size_t count, char *detail);

/*!
 * \brief Concludes zones that would lose records.
 *
 * \param[out] gate  The gate of the last one that is refused; may be NULL.
 */
int switch_templates(control_t *control, const char *command, switch_t *switches, size_t count, rollover_gate_t *gate,
                     char *detail);

/*! Has knotd write the files of zones that are loaded from them. \return KNOT_E* if the connection is lost. */
int switch_flush(control_t *control, switch_t *switches, size_t count, char *detail);

/*!
 * \brief Whether a rollover of the zone can be driven from this base policy, see server_fit().
 *
 * \param[out] gate    What is in the way if SERVER_REFUSED.
 * \param[out] detail  CONTROL_DETAIL_MAX bytes.
 */
server_status_t switch_fit(const control_target_t *target, const char *zone, const char *base, uint32_t ttl,
                           policy_role_t role, bool leaves, rollover_gate_t *gate, char *detail);
