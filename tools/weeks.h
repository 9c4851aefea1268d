/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What begins and ends when, of all zones and delegations.
 */

#pragma once

#include "kskroll.h"

#define CALENDAR_DAY  86400
#define CALENDAR_WEEK (7 * CALENDAR_DAY)

/*! A rollover, or a change of a delegation. */
typedef struct {
	char *name;
	bool delegation;
	bool rolls;   /*!< It is under way now. */
	time_t start; /*!< It begins or began. */
	time_t end;   /*!< 0: not known, a human has to act first. */
} calendar_item_t;

typedef struct {
	calendar_item_t *items; /*!< In order of start. */
	size_t count, size;
	size_t undue; /*!< Zones that roll when the operator starts it. */
	size_t never; /*!< Zones that are due some day, and that nothing lets start. */
	size_t later; /*!< Items that begin behind the last week. */
	time_t from;  /*!< Monday of the first week, 00:00 UTC. */
	unsigned weeks;
} calendar_t;

/*! Prints it as iCalendar (RFC 5545): an event for each day on which something begins or ends. */
void calendar_ics(const options_t *o, const calendar_t *c);
