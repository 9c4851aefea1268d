/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The file with DS records of a zone with `delegation-apply: include`.
 */

#pragma once

#include "agent_state.h"

/*! Of a path of such a file. */
#define INCLUDE_PATH_MAX 4096

/*! \return False: there is no folder for it. */
bool include_path(const parent_t *parent, char *path);

/*!
 * \brief Makes the file if the zone needs it and has never had one, so that its zone file can include it; says once
 * how.
 *
 * One that is missing later is the zone's trouble. To be called at each check of the zone.
 */
void include_begin(parent_t *parent);
