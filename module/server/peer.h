/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Who is at the other end of a connection.
 */

#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*!
 * \brief Whether all connections of this process to a path end in that process.
 *
 * A second knotd that started on the same path has replaced the socket file. The
 * descriptor is hidden in knot_ctl_t, hence all descriptors with that peer are asked.
 *
 * \return False also if there is no such connection.
 */
bool peer_is(const char *path, pid_t pid);
