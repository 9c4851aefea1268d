/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The broker: a process that runs Knot's keymgr for kskrolld, which may not start programs.
 *
 * It reads nothing but requests from a socket pair (SOCK_SEQPACKET), and believes none of them. There are three: where
 * keymgr works (once), list the keys of a zone, and one of a few fixed changes of one key.
 */

#pragma once

#include <stdbool.h>

/*! Milliseconds of one keymgr, after which it is killed. It takes 40 on a machine that is not busy. */
#define BROKER_KEYMGR_MS 10000
/*! Milliseconds in which the broker answers, in any case. */
#define BROKER_ANSWER_MS (BROKER_KEYMGR_MS + 5000)

/*!
 * \brief Confines the process from now on.
 *
 * Called when the folder is known. Called a second time, with \a files, as soon as the files of the database are there,
 * at the latest before the first keymgr runs. Nothing else in the folder is needed.
 *
 * \param[in] folder   Of the key database, absolute.
 * \param[in] program  keymgr, absolute; NULL: it is not installed.
 */
typedef void (*broker_confine_f)(const char *folder, const char *program, bool files);

typedef struct {
	int sock;
	int keymgr_ms;            /*!< BROKER_KEYMGR_MS, but for tests. */
	broker_confine_f confine; /*!< NULL: tests. */
} broker_t;

/*! What the process does until nobody is at the other end. SIGPIPE must be ignored. */
void broker_run(const broker_t *broker);

/*!
 * \brief The first message to it, from the other end: waits until it has confined itself.
 *
 * \param[in] folder   Of the key database, absolute. It need not exist yet.
 * \param[in] program  keymgr, absolute; NULL: where it usually is.
 * \param[out] detail  160 bytes, one sentence on failure.
 *
 * \return False: it is of no use.
 */
bool broker_configure(int sock, const char *folder, const char *program, char *detail);
