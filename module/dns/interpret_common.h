/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What answers of the zone's servers (interpret.c) and of the parent's (ds_answer.c) have in common.
 */

#pragma once

#include "fetched.h"
#include "interpret.h"

/*! Of an answer without RRset: too many records are the server's doing. */
answer_status_t interpret_status(fetched_said_t said);

/*! Why an answer is of no use; \a about only in front of what is wrong with the RRset itself. */
void interpret_why(const fetched_t *fetched, const char *about, char *detail, size_t size);

fetched_clock_t interpret_clock(const interpret_zone_t *zone);

/*! The zone, with the budget \a own if it has none. */
interpret_zone_t interpret_with_work(const interpret_zone_t *zone, work_t *own);
