/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Calls for zones with delegations: what waits for the control thread, and its outcome.
 */

#pragma once

#include "control.h"
#include "parent_stream.h"

/*! Which call. */
typedef enum {
	PARENT_JOB_LIST,
	PARENT_JOB_CHANGE,
	PARENT_JOB_INCLUDE,
	PARENT_JOB_RECOVER,
	PARENT_JOB_LOAD,
	PARENT_JOB_READ,
} parent_job_kind_t;

/*! A call, made by whoever queues it; zeros for what it does not need. */
typedef struct {
	parent_job_kind_t kind;
	union {
		parent_list_f list;
		parent_batch_f batch;
		parent_recover_f recover;
		parent_load_f load;
		parent_read_f read;
	} done;
	int timeout_ms;          /*!< 0: that of the server. */
	parent_stream_t *stream; /*!< Of a list; owned. */
	union {
		parent_batch_t *batch;       /*!< Of a change or an include; of the caller. */
		const parent_batch_t *begun; /*!< Of a recovery; of the caller. */
	} of;
	bool empty;
	char *owner; /*!< Of a read; owned. */
	char *path;  /*!< Of the file of an include or a recovery; owned. */

	union {
		parent_list_t list;
		parent_load_t load;
		parent_read_t read;
		parent_recover_t recover;
	} result;
	char detail[PARENT_DETAIL_MAX]; /*!< Of a recovery. */
} parent_job_t;

/*!
 * \brief Carries it out; on the control thread.
 *
 * \param[in] zone  Of the call.
 * \param[in] stop  Asked while a lost transaction is ended.
 */
void parent_job_run(parent_job_t *job, const control_target_t *target, const char *zone, bool (*stop)(void *arg),
                    void *arg);

/*! The call was not carried out: the outcome says so. */
void parent_job_cancel(parent_job_t *job, const char *detail);

/*! Calls back, on the loop thread. */
void parent_job_finish(parent_job_t *job, void *arg);

void parent_job_free(parent_job_t *job);
