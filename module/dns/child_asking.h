/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks every address of every nameserver of one child for DNSKEY, CDS and CDNSKEY.
 */

#pragma once

#include "child_read.h"
#include "fetch.h"

/*! Addresses of one child at the same time: slow servers of a child cannot hold back many others. */
#define CHILD_FETCH_MAX 8

typedef struct child_asking child_asking_t;

/*! Called once, perhaps inside child_asking_start(), unless freed before; must not free the asking. */
typedef void (*child_asking_done_f)(void *arg);

/*!
 * \brief Makes it.
 *
 * \param ask      Asker.
 * \param known    The child; borrowed, and its keys are added.
 * \param servers  Whom to ask; borrowed. Names of which the addresses are unknown are left out.
 *
 * \return NULL without memory.
 */
child_asking_t *child_asking_new(ask_t *ask, child_known_t *known, const servers_t *servers, child_asking_done_f done,
                                 void *arg);

void child_asking_start(child_asking_t *asking);

/*!
 * \brief What every address has answered until now. Those that have not are ANSWER_INCOMPLETE.
 *
 * \param[out] count  Their number.
 *
 * \return To be freed by the caller. To be called once.
 */
delegation_child_t *child_asking_take(child_asking_t *asking, size_t *count);

/*! What was learnt of the way to them. */
const fetch_way_t *child_asking_way(const child_asking_t *asking);

/*! Ends what is under way; NULL is allowed. */
void child_asking_free(child_asking_t *asking);
