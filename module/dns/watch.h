/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Looks at the zone as validating resolvers see it; see kskroll/dns.h.
 */

#pragma once

#include "ask.h"
#include "validator.h"

/*! Looks at the same time: each has a resolver of its own, with a thread. */
#define WATCHES_MAX	4

/*! A look ends after this; what is missing then is no evidence. */
#define WATCH_MAX_MS	20000

/*! All looks of one asker. */
typedef struct watches watches_t;

/*!
 * \brief Creates the container.
 *
 * \param loop    Event loop.
 * \param ask     For remote resolvers; must outlive the watches.
 * \param config  Of our own resolvers; copied.
 *
 * \return NULL without memory.
 */
watches_t *watches_new(uv_loop_t *loop, ask_t *ask, const dns_config_t *config);

/*! Ends it; looks are called back as cancelled. Not from a callback of \a ask or a resolver. */
void watches_free(watches_t *watches);

/*! Those of an asker. */
watches_t *dns_watches(dns_t *dns);
