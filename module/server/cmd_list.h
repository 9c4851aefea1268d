/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Commands of a transaction.
 */

#pragma once

#include "control.h"

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
int cmd_list_add(cmd_list_t *list, const char *name, const char *section, const char *id, const char *item,
                 const char *data);
/*!
 * \brief Adds a command for a record of a zone; copies all strings.
 *
 * \param[in] ttl, type, data  May be NULL.
 * \param[in] arg              Of the command.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int cmd_list_add_record(cmd_list_t *list, const char *name, const char *zone, const char *owner, const char *ttl,
                        const char *type, const char *data, void *arg);
void cmd_list_clear(cmd_list_t *list);
