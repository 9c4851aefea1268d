/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the module in knotd sends to kskrolld: frames, read and handed to the loop.
 */

#pragma once

#include "loop.h"

typedef enum {
	INBOX_MORE,   /*!< All that came is done. */
	INBOX_LATER,  /*!< There is no memory for the next frame: again in a while. */
	INBOX_END,    /*!< Nothing comes any more. */
	INBOX_OTHER,  /*!< The module is of another version. */
	INBOX_BROKEN, /*!< What came is no frame, or not from the parent process. */
} inbox_status_t;

typedef struct {
	int fd;
	loop_t *loop;
	const char *version; /*!< Ours. */
	pid_t server;        /*!< The process that has started us; 0: it has not said so yet. */
	uint8_t *data;
	size_t size, at, len; /*!< What came and is not done lies between at and len. */
} inbox_t;

/*! Reads what is there, without waiting, and does what it says. */
inbox_status_t inbox_read(inbox_t *box);
