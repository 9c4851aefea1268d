/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Checks the signaling names of a zone; see kskroll/dns.h.
 */

#pragma once

#include "kskroll/dns.h"
#include "resolve.h"

/*! All checks of one asker. */
typedef struct dsboots dsboots_t;

/*! \a resolve must outlive them. \return NULL without memory. */
dsboots_t *dsboots_new(uv_loop_t *loop, resolve_t *resolve);
/*! Ends them; they are called back as cancelled. Not from a callback of \a resolve. */
void dsboots_free(dsboots_t *all);

/*!
 * \brief `_dsboot.ZONE._signal.NS`, where it exists.
 *
 * \return DSBOOT_OK, DSBOOT_INSIDE, DSBOOT_TOO_LONG.
 */
dsboot_status_t dsboot_name(const knot_dname_t *zone, const knot_dname_t *ns, knot_dname_storage_t out);
