/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief When rollovers may start: the rules of a set of settings, with the time zones of the system.
 */

#pragma once

#include "kskroll/rollover_facts.h"
#include "kskroll/start.h"

/*! One for all zones with the same settings. */
typedef struct {
	start_rules_t rules;
	bool wrong;    /*!< They cannot be read. */
	time_t read;   /*!< The time zones were read; 0: they have to be. */
	char why[160]; /*!< What is wrong with a value, or a time zone; "": nothing. */
	char *window;  /*!< The values as they came; NULL: none. */
	char *no_start;
} starts_t;

/*! \param[out] starts  NULL if there are no rules. \return False if there is no memory. */
bool starts_new(starts_t **starts, const char *window, const char *no_start);
/*! NULL is allowed. */
void starts_free(starts_t *starts);

/*! Since when, or from when on, a rollover may start. \a starts: NULL is allowed. */
void starts_facts(starts_t *starts, time_t now, start_facts_t *facts);
