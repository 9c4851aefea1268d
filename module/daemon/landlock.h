/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Files that can be opened from now on (Landlock); left out where the kernel does not have it.
 */

#pragma once

#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>

#define LANDLOCK_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/*! Older headers do not have it. */
#define LANDLOCK_TRUNCATE (UINT64_C(1) << 14)

typedef struct {
	int fd;
	uint64_t rights; /*!< That the kernel knows. */
} landlock_t;

/*! \return False if there is no Landlock. */
bool landlock_begin(landlock_t *rules);
/*! What is there now at \a path and below; nothing if nothing is there. */
void landlock_allow(const landlock_t *rules, const char *path, uint64_t rights);
/*! From now on nothing else can be opened, by this thread and those that it starts. Frees. \return Whether it holds. */
bool landlock_end(landlock_t *rules);
