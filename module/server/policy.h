/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Derived policies: names, and the commands that create the missing ones.
 */

#pragma once

#include "cmd_list.h"
#include "kskroll/policy_name.h"

/*! One item of a policy; a multi-valued item has one entry per value. */
typedef struct {
	char *name;
	char *value;
} policy_item_t;

/*! A policy section as knotd tells it. */
typedef struct {
	char name[POLICY_NAME_MAX];
	bool exists;
	bool ksk_shared;
	policy_item_t *items; /*!< Without the identifier. */
	size_t count;
	bool failed; /*!< Memory. */
} policy_t;

/*!
 * \brief Which zone has a policy by its own section.
 *
 * \param[in] command  conf-read or conf-get.
 * \param[out] zone    Name; "" if none has it.
 * \param[out] detail  Error.
 *
 * \return SERVER_OK, SERVER_BUSY or SERVER_UNREACHABLE (connection lost).
 */
server_status_t policy_user(control_t *control, const char *command, const char *policy, char *zone, size_t size,
                            char *detail);

/*! What is wanted of the derived policies. */
typedef struct {
	const char *command; /*!< conf-read (configuration in force) or conf-get (our transaction). */
	const char *base;    /*!< Name of the operator's policy. */
	policy_role_t role;  /*!< Wanted now: POLICY_LOW_TTL or POLICY_DELETE. */
	uint32_t ttl;        /*!< DNSKEY TTL around the change. */
	bool leaves;         /*!< The zone leaves its base policy now: nothing has begun. */
} policy_want_t;

/*!
 * \brief Adds the commands that create the derived policy if it is missing, or correct one that the module made.
 *
 * Every item is compared with the base policy. What the operator wrote is left alone: if it differs, that is refused.
 * Under way algorithm and scheme may differ, since Knot would roll to them: the next rollover finds that.
 *
 * \param[in] control  Connection, with an open transaction if the commands go to knotd.
 * \param[in] want     What is wanted.
 * \param[in,out] list Commands.
 * \param[out] gate    What is in the way if SERVER_REFUSED.
 * \param[out] detail  Why not, if so.
 *
 * \return SERVER_OK, SERVER_REFUSED, SERVER_BUSY or SERVER_UNREACHABLE (connection lost).
 */
server_status_t policy_prepare(control_t *control, const policy_want_t *want, cmd_list_t *list, rollover_gate_t *gate,
                               char *detail);
