/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the signaling names of the nameservers of one child have (RFC 9615 4.2), through our own resolver.
 */

#pragma once

#include "key_table.h"
#include "resolve.h"

/*! Nameservers; each is two lookups. A child that has more is refused. */
#define CHILD_SIGNALING_MAX 32

typedef struct child_signaling child_signaling_t;

/*! Called once unless freed before, never inside child_signaling_start(); must not free it. */
typedef void (*child_signaling_done_f)(void *arg);

/*!
 * \brief Makes it.
 *
 * \param resolve  Resolver.
 * \param table    Keys of the child; borrowed, and those of the signaling names are added.
 * \param ns       NS RRset of the delegation.
 *
 * \return NULL without memory.
 */
child_signaling_t *child_signaling_new(resolve_t *resolve, key_table_t *table, const knot_rdataset_t *ns,
                                       child_signaling_done_f done, void *arg);

/*! \return False: there is nothing to wait for, and done() is not called. */
bool child_signaling_start(child_signaling_t *signaling);

/*!
 * \brief What was found until now; what was not is DELEGATION_SIGNALING_FAILED.
 *
 * \return To be freed by the caller. To be called once.
 */
delegation_signaling_t *child_signaling_take(child_signaling_t *signaling, size_t *count);

/*! Ends what is under way; NULL is allowed. */
void child_signaling_free(child_signaling_t *signaling);
