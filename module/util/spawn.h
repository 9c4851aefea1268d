/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Starts a program with nothing of this process but what it is given.
 */

#pragma once

#include <sys/types.h>

/*! In the place of a descriptor: the one of this process stays. */
#define SPAWN_SAME (-1)
/*! In the place of a descriptor: /dev/null, to be read. */
#define SPAWN_NULL (-2)

/*!
 * \brief Starts a program. No signal is blocked or ignored in it, and no other descriptor is open.
 *
 * \param[in] path   Of the program.
 * \param[in] argv   With the final NULL.
 * \param[in] stdio  What becomes descriptor 0, 1 and 2.
 *
 * \return 0 or an errno.
 */
int spawn_program(pid_t *pid, const char *path, char *const *argv, const int stdio[3]);

/*! The same, and the program leads a process group of its own, which its process has as number. */
int spawn_leader(pid_t *pid, const char *path, char *const *argv, const int stdio[3]);

/*!
 * \brief As spawn_program() with more descriptors, which become 3, 4 and so on.
 *
 * \param[in] more  None of them is below 3 + \a count: they would be overwritten before they are used.
 */
int spawn_with(pid_t *pid, const char *path, char *const *argv, const int stdio[3], const int *more, size_t count);
