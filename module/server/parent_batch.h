/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What all ways to change DS sets have in common: the state of a batch, and how it ends.
 */

#pragma once

#include "cmd_list.h"
#include "control.h"
#include "own.h"
#include "parent_records.h"
#include "kskroll/parent_zone.h"

#define CHANGE_NO_MEMORY "not enough memory"

/*! How far a transaction has come. */
typedef enum {
	PHASE_NOT_BEGUN,
	PHASE_OPEN,    // Ours, and to be aborted over this connection.
	PHASE_UNKNOWN, // The connection is lost, or knotd has perhaps not done what it was asked.
	PHASE_ENDED,
} phase_t;

typedef struct {
	control_t *control;
	parent_batch_t *batch;
	cmd_list_t orders; // Each has its item as argument.
	phase_t phase;
	bool committing; // The commit was sent.
} change_t;

/*! The batch has come to that. */
void change_end(change_t *change, phase_t phase, parent_batch_status_t status, const char *detail);
void change_end_busy(change_t *change, phase_t phase, parent_busy_t busy, const char *detail);

/*! Whether a command has failed with that error. */
bool change_has_words(const control_cmd_t *cmd, int code);

/*! Runs commands; afterwards, the batch has ended if the connection is lost. */
bool change_run(change_t *change, control_cmd_t *cmds, size_t count);
/*! Ends the batch unless the command was carried out. \a phase: that of the transaction then. */
bool change_succeeded(change_t *change, const control_cmd_t *cmd, phase_t phase);

/*! \return False: the batch has ended. */
bool change_ask_status(change_t *change, zone_status_t *status);
/*! The call may have waited for others, and what came before for a re-signing. \return False: the batch has ended. */
bool change_is_in_time(change_t *change);
/*! Whether the zone may be changed now. */
bool change_may_begin(change_t *change);

/*! What knotd says of one delegation. */
typedef struct {
	parent_sets_t sets;
	int error;
} change_now_t;

/*! A control_unit_f with a change_now_t. */
void change_on_now(const control_unit_t *unit, void *arg);
/*!
 * \brief Reads NS and DS of all items.
 *
 * \param[in] command  `zone-get`: in the transaction; `zone-read`: what is served.
 *
 * \return False: the batch has ended.
 */
bool change_read_items(change_t *change, const char *command);

/*! Results of a batch that has not begun. */
void parent_batch_init(parent_batch_t *batch);
/*! What the batch was to do and has not done is put off. */
void parent_batch_put_off(parent_batch_t *batch);

/*! Whether the zone has the DS set that is expected, with its TTL. The item was read. */
bool change_is_expected(const parent_item_t *item);
