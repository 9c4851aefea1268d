/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Time zones of the system, read by the C library.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! Where they are. */
#define TIME_ZONES "/usr/share/zoneinfo"

/*! Whether the system has one of that name. "UTC" needs none. */
bool time_zone_exists(const char *name);

/*! From then on the offset holds. */
typedef void (*time_zone_f)(int64_t from, int32_t seconds, void *arg);

/*!
 * \brief Calls back for the offset at \a from, and for each change of it up to \a until.
 *
 * The TZ of the process is another one for a moment: not for a process in which another thread reads local time.
 *
 * \return False if there is no such time zone.
 */
bool time_zone_offsets(const char *name, int64_t from, int64_t until, time_zone_f each, void *arg);
