/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Lookups that many zones have in common.
 *
 * All who ask for the same at the same time get the answer of one lookup, and who asks a little later gets
 * it as well, as long as its TTL allows. Callbacks never run inside shared_start() or shared_cancel().
 */

#pragma once

#include "resolve.h"

/*! No answer is older, whatever its TTL. */
#define SHARED_MAX_MS 60000
/*! The same for a failure. */
#define SHARED_FAILED_MS 5000
/*! What is fresh: looked up with an empty cache, not longer ago. */
#define SHARED_FRESH_MS 5000

typedef struct shared shared_t;
typedef struct share share_t;

/*!
 * \brief Creates it.
 *
 * \param loop     Event loop.
 * \param resolve  Resolver; must outlive it.
 * \param config   For resolvers with an empty cache; copied.
 *
 * \return NULL without memory.
 */
shared_t *shared_new(uv_loop_t *loop, resolve_t *resolve, const dns_config_t *config);

/*! Ends it; no callback is called any more. Not from a callback of it or of a resolver. */
void shared_free(shared_t *shared);

/*!
 * \brief Looks up the records of a name, unless that was done just now.
 *
 * \param fresh  Nothing from before, SHARED_FRESH_MS excepted. The answer takes the place of the old one, for all.
 *
 * \return Gone when its callback returns; NULL if it cannot be started.
 */
share_t *shared_start(shared_t *shared, const knot_dname_t *name, uint16_t type, bool fresh, lookup_done_f done,
                      void *arg);

/*! Why shared_start() could not start a lookup just now. */
const char *shared_error(const shared_t *shared);

/*! Ends the wait of one whose callback has not been called yet; it will not be. */
void shared_cancel(share_t *share);
