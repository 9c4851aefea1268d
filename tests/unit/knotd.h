/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A real knotd for a test, in a network namespace of its own.
 */

#pragma once

#include <stdbool.h>
#include <sys/types.h>

typedef struct {
	pid_t pid;
	char dir[64]; /*!< Configuration, databases, zone files, log. */
	char socket[96];
	bool database; /*!< Configuration database instead of a text file. */
} knotd_t;

/*! Moves this process to a network namespace with a loopback interface. \return False, with a line that says why not.
 */
bool knotd_can_be_used(void);

/*!
 * \brief Starts knotd and waits until its control socket answers.
 *
 * \param[in] conf  Configuration; every "@DIR@" is replaced by the directory.
 */
bool knotd_start(knotd_t *knotd, bool database, const char *conf);
/*! Writes knot.conf anew; "@DIR@" as in knotd_start(). */
void knotd_configure(const knotd_t *knotd, const char *conf);
void knotd_write(const knotd_t *knotd, const char *file, const char *text);
/*! Ends it with a signal, waits; removes the directory. */
void knotd_stop(knotd_t *knotd, int signal);
