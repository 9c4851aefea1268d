/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Derived policies: names, and the commands that create the missing ones.
 */

#pragma once

#include "control.h"

/*! Longest policy name with its final zero, more than knotd allows. */
#define POLICY_NAME_MAX		256

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
	policy_item_t *items;	/*!< Without the identifier. */
	size_t count;
	bool failed;		/*!< Memory. */
} policy_t;

/*! Commands with the strings they need. */
typedef struct {
	control_cmd_t *cmds;
	size_t count;
	size_t size;
	char **strings;
	size_t string_count;
	size_t string_size;
} cmd_list_t;

/*!
 * \brief Adds a command of the configuration; copies all strings.
 *
 * \param[in] item, data  May be NULL.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int cmd_list_add(cmd_list_t *list, const char *name, const char *section, const char *id,
                 const char *item, const char *data);
void cmd_list_clear(cmd_list_t *list);

/*!
 * \brief Adds the commands that create the derived policies which are missing.
 *
 * Of all roles but POLICY_DELETE, since creating a policy makes Knot re-create every zone.
 *
 * \param[in] control  Connection with an open transaction.
 * \param[in] base     Name of the operator's policy.
 * \param[in] role     The role wanted now.
 * \param[in] ttl      dnskey-ttl of the quiet policy.
 * \param[in] leaves   The zone leaves its base policy now: a derived one of another algorithm is refused.
 * \param[in,out] list Commands.
 * \param[out] detail  Why not, if so.
 *
 * \return SERVER_OK, SERVER_REFUSED, SERVER_BUSY or SERVER_UNREACHABLE (connection lost).
 */
server_status_t policy_prepare(control_t *control, const char *base, policy_role_t role,
                               uint32_t ttl, bool leaves, cmd_list_t *list, char *detail);
