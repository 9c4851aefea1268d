/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What differs between versions of Knot DNS, all of it; and libdnssec, which only this file includes.
 *
 * It calls libknot only, so that any component may include it. In Knot DNS 3.6 libdnssec is a part of libknot.
 */

#pragma once

#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/key.h>
#include <libdnssec/keytag.h>
#include <libdnssec/nsec.h>
#include <libdnssec/random.h>
#include <libdnssec/sign.h>
#include <libknot/libknot.h>
#include <libknot/version.h>

#define KNOT_BEFORE(major, minor) (KNOT_VERSION_HEX < (((major) << 16) | ((minor) << 8)))

/*! Whether a change of a policy makes knotd read all zone files again. */
#define KNOT_POLICY_REREADS (!KNOT_BEFORE(3, 5))

#if KNOT_BEFORE(3, 5)
/* Since 3.5 control commands run in several threads, and a transaction belongs to one of them. */
#define KNOT_TXN_ETHREAD KNOT_EBUSY
#endif

#if KNOT_BEFORE(3, 4)
/*! Next label of an uncompressed name; \a name must not be the root. */
static inline const knot_dname_t *knot_dname_next_label(const knot_dname_t *name)
{
	return name + name[0] + 1;
}

/* Renamed in 3.4. */
#define KNOT_CTL_IDX_FILTERS KNOT_CTL_IDX_FILTER

/* The backlog is an argument since 3.4. */
#define knot_ctl_bind(ctl, path, backlog) ((knot_ctl_bind)(ctl, path))
#endif
