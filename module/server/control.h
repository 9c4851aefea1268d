/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One connection to a control socket: commands out, answers in.
 *
 * Commands are pipelined within a window. The time of the whole connection is
 * bounded, not only that of single socket operations.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kskroll/server.h"

#define CONTROL_DETAIL_MAX 160

/*! Where to connect to. */
typedef struct {
	const char *path; /*!< NULL: not known, since knotd is starting or stopping. */
	pid_t pid;        /*!< Who must listen there; 0: whoever does. */
	int timeout_ms;   /*!< Of a whole connection. */
} control_target_t;

/*! One data unit of an answer; absent fields are NULL. Valid in the callback only. */
typedef struct {
	const char *section;
	const char *id;
	const char *item;
	const char *zone;
	const char *owner;
	const char *ttl;
	const char *type;
	const char *data;
	const char *filters; /*!< In the answer to zone-diff "-" or "+". */
} control_unit_t;

typedef void (*control_unit_f)(const control_unit_t *unit, void *arg);

/*! A command and how it went. Unused fields are NULL. */
typedef struct {
	const char *name;
	const char *section;
	const char *id;
	const char *item;
	const char *zone;
	const char *owner;
	const char *ttl;
	const char *type;
	const char *data;
	const char *filters; /*!< Letters for knotc's +words. */
	const char *flags;   /*!< Letters for knotc's options, "B" for -b: the answer comes when it is done. */

	control_unit_f each; /*!< Called for every data unit without error; may be NULL. */
	void *arg;

	unsigned units; /*!< Data units received, without errors. */
	bool failed;    /*!< knotd answered with an error. */
	bool busy;      /*!< The error means that another client is at work. */
	/*!
	 * No error, but it took as long as a wait for knotd's control lock may take. When that
	 * wait times out, 3.4 answers with an empty block as if the command had succeeded.
	 */
	bool doubtful;
	char error[CONTROL_DETAIL_MAX]; /*!< knotd's words and what they are about. */
} control_cmd_t;

typedef struct control control_t;

/*!
 * \brief Connects.
 *
 * \param[out] control  The connection.
 * \param[in] target    Where to.
 * \param[out] detail   CONTROL_DETAIL_MAX bytes, one sentence on error.
 *
 * \return KNOT_E*.
 */
int control_open(control_t **control, const control_target_t *target, char *detail);

/*!
 * \brief Sends commands and reads all their answers.
 *
 * An error of a command is in the command; an error here means that the connection is
 * of no use any more and that the commands without answer may or may not be carried out.
 */
int control_run(control_t *control, control_cmd_t *cmds, size_t count, char *detail);

/*! Ends the message and closes. */
void control_close(control_t *control);

/*! Status of an answered command; fills \a detail unless it is SERVER_OK. */
server_status_t control_status(const control_cmd_t *cmd, char *detail);
