/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The servers of a parent zone as the zone above it delegates to them.
 *
 * A parent zone has two lists of servers: its own NS RRset, which is signed, and the referral of the zone above,
 * which resolvers follow first. Asked once for all zones of a parent. Works on the loop thread only.
 */

#pragma once

#include "ask.h"
#include "servers.h"
#include "shared.h"

typedef struct above above_t;
typedef struct above_wait above_wait_t;

/*! Valid during the callback. */
typedef struct {
	const servers_t *servers; /*!< Names and their glue; maybe none. */
	const char *error;        /*!< "NS of test. at .: ...", or NULL. */
} above_result_t;

typedef void (*above_done_f)(const above_result_t *result, void *arg);

/*!
 * \brief Creates it.
 *
 * \param loop    Event loop.
 * \param shared  Lookups; must outlive it.
 * \param ask     Asker; must outlive it.
 *
 * \return NULL without memory.
 */
above_t *above_new(uv_loop_t *loop, shared_t *shared, ask_t *ask);

/*! Ends it; no callback is called any more. */
void above_free(above_t *above);

/*!
 * \brief Finds out the delegation of a zone, unless that was done less than SHARED_MAX_MS ago.
 *
 * The callback never runs inside.
 *
 * \param zone   Not the root; lower case; copied.
 * \param fresh  Nothing from before, SHARED_FRESH_MS excepted.
 *
 * \return Gone when its callback is called; NULL without memory.
 */
above_wait_t *above_start(above_t *above, const knot_dname_t *zone, bool fresh, above_done_f done, void *arg);

/*! Ends the wait of one whose callback has not been called yet; it will not be. */
void above_cancel(above_wait_t *wait);
