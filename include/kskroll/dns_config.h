/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief How the asker of the world is set up.
 */

#pragma once

#include <stdbool.h>

#include "kskroll/addr.h"

/*! How the resolver is set up. The files are read by dns_new(), and again when they have changed. */
typedef struct {
	dns_addrs_t resolver;     /*!< Forward to these; none: iterate from the root hints. */
	const char *trust_anchor; /*!< File; NULL: the package's root anchor. */
	const char *root_hints;   /*!< File; NULL: libunbound's own. */
	bool loopback;            /*!< Servers on 127/8 and ::1 may be asked during iteration. */
	unsigned parent_rate; /*!< Questions of all surveys per second and address of a parent's server; 0: no limit. */
} dns_config_t;
