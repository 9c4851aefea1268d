/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The process kskrolld: its start and its end.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "listeners.h"

typedef struct {
	pid_t pid; /*!< 0: there is none. */
	int pidfd; /*!< Readable once it has ended; -1: this kernel has none. */
	int sock;  /*!< Our end, which does not block; -1: closed. */
} child_t;

/*!
 * \brief Where kskrolld is: beside the module if it is there, as in a build tree, else where it was installed.
 *
 * \return A static text.
 */
const char *child_path(void);

/*!
 * \brief Starts it: with a socket as its standard input, no other descriptor but standard output and error and those
 *        of notify-listen, the default dispositions of all signals, and none of them blocked.
 *
 * \return 0, or an errno.
 */
int child_start(child_t *child, const listeners_t *listeners);

/*!
 * \brief Reaps it if it has ended. Waits for nobody, and for no other process.
 *
 * \param[out] how   Of size \a len: how it ended, in words such as "exit code 1" and "signal SIGSEGV".
 * \param[out] code  Its exit code; -1 if it has none.
 *
 * \return False if it lives.
 */
bool child_ended(child_t *child, char *how, size_t len, int *code);

/*! Closes our end: it finishes and ends. */
void child_let_go(child_t *child);
