/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks every server of a parent zone for the DS of one child.
 */

#pragma once

#include "discover.h"
#include "fetch.h"
#include "kskroll/child_survey.h"

typedef struct parent_asking parent_asking_t;

/*! Called once, perhaps inside parent_asking_start(), unless freed before; must not free the asking. */
typedef void (*parent_asking_done_f)(void *arg);

/*!
 * \brief Makes it.
 *
 * \param ask    Asker, with the pace of the parent's servers.
 * \param child  Lower case; borrowed.
 * \param found  Servers of the parent, and its keys; borrowed.
 * \param now    Clock for signatures.
 *
 * \return NULL without memory.
 */
parent_asking_t *parent_asking_new(ask_t *ask, const knot_dname_t *child, const discovery_t *found, time_t now,
                                   parent_asking_done_f done, void *arg);

void parent_asking_start(parent_asking_t *asking);

/*!
 * \brief What every address has answered until now. Those that have not are ANSWER_INCOMPLETE.
 *
 * \param[out] count  Their number.
 *
 * \return To be freed by the caller; NULL without memory. To be called once.
 */
delegation_parent_t *parent_asking_take(parent_asking_t *asking, size_t *count);

/*! What was learnt of the way to them. */
const fetch_way_t *parent_asking_way(const parent_asking_t *asking);

/*! Ends what is under way; NULL is allowed. */
void parent_asking_free(parent_asking_t *asking);
