/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks all servers that a survey has found, some at a time, and judges what they reply.
 */

#pragma once

#include "ask.h"
#include "discover.h"
#include "replies.h"

typedef struct asking asking_t;

/*! Every address has its answer. May be called inside asking_start(); must not free the asking. */
typedef void (*asking_done_f)(void *arg);

/*!
 * \brief Makes it, with room for the answers.
 *
 * \param ask     Asker.
 * \param zone    What is known of the zone; borrowed.
 * \param found   Whom to ask; borrowed.
 * \param parent  The servers of the parent as well.
 * \param result  Its child and parent answers are allocated here, and belong to the result.
 * \param done    Called once, unless freed before.
 * \param arg     For done.
 *
 * \return NULL without memory.
 */
asking_t *asking_new(ask_t *ask, const interpret_zone_t *zone, const discovery_t *found, bool parent,
                     survey_result_t *result, asking_done_f done, void *arg);

void asking_start(asking_t *asking);

/*!
 * \brief Leaves out of the result what this host cannot reach at all, where the same server has other addresses.
 *
 * To be called at the end: answers no longer have the indexes of their servers. Says in the others that it is this
 * host that lacks the way.
 */
void asking_leave_out(asking_t *asking);

/*! Ends what is under way; NULL is allowed. */
void asking_free(asking_t *asking);
