/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <uv.h>

#include "parent_batch.h"
#include "parent_change.h"
#include "parent_include.h"
#include "parent_job.h"
#include "parent_list.h"
#include "parent_load.h"
#include "parent_read.h"

/*! Between two tries to end a lost transaction. */
#define TRY_EACH_MS 200

static void run_list(parent_job_t *job, const control_target_t *target, const char *zone, bool (*stop)(void *arg),
                     void *arg)
{
	parent_list_t *list = &job->result.list;

	*list = parent_list(target, zone, parent_stream_push, job->stream);
	if (list->status == SERVER_OK && !parent_stream_is_whole(job->stream)) {
		const bool stopped = stop(arg);
		list->status = stopped ? SERVER_CANCELLED : SERVER_UNREACHABLE;
		snprintf(list->detail, sizeof(list->detail), stopped ? "stopping" : "not enough memory");
	}
}

static void run_change(parent_job_t *job, const control_target_t *target, bool (*stop)(void *arg), void *arg)
{
	parent_batch_t *batch = job->of.batch;

	parent_change(target, batch);
	// While a transaction of ours is open, neither a reload nor DNS UPDATE works.
	while (batch->open && !stop(arg)) {
		nanosleep(&(struct timespec){ .tv_nsec = TRY_EACH_MS * 1000000L }, NULL);
		parent_settle(target, batch);
	}
}

void parent_job_run(parent_job_t *job, const control_target_t *target, const char *zone, bool (*stop)(void *arg),
                    void *arg)
{
	control_target_t own = *target;
	const uint64_t begun = uv_hrtime();
	if (job->timeout_ms > 0) {
		own.timeout_ms = job->timeout_ms;
	}
	switch (job->kind) {
	case PARENT_JOB_LIST:
		run_list(job, &own, zone, stop, arg);
		break;
	case PARENT_JOB_CHANGE:
		run_change(job, &own, stop, arg);
		job->of.batch->took_ms = (uv_hrtime() - begun) / 1000000;
		break;
	case PARENT_JOB_INCLUDE:
		parent_include(&own, job->path, job->of.batch);
		job->of.batch->took_ms = (uv_hrtime() - begun) / 1000000;
		break;
	case PARENT_JOB_RECOVER:
		job->result.recover = parent_recover(&own, job->of.begun, job->empty, job->detail);
		/* A file is not settled while another client changes the zone. */
		if (job->path != NULL && job->result.recover == PARENT_RECOVER_FOREIGN) {
			job->result.recover = PARENT_RECOVER_AGAIN;
		}
		if (job->result.recover == PARENT_RECOVER_AGAIN) {
			job->detail[0] = '\0';
		} else if (job->path != NULL && job->result.recover != PARENT_RECOVER_EMPTY &&
		           !parent_include_settle(&own, job->path, job->of.begun, job->detail)) {
			job->result.recover = PARENT_RECOVER_AGAIN;
		}
		break;
	case PARENT_JOB_LOAD:
		job->result.load = parent_load_class(&own, zone);
		break;
	case PARENT_JOB_READ:
		parent_read(&own, zone, job->owner, &job->result.read);
		break;
	}
}

void parent_job_cancel(parent_job_t *job, const char *detail)
{
	parent_batch_t *batch;

	switch (job->kind) {
	case PARENT_JOB_LIST:
		job->result.list = (parent_list_t){ .status = SERVER_CANCELLED };
		snprintf(job->result.list.detail, PARENT_DETAIL_MAX, "%s", detail);
		break;
	case PARENT_JOB_CHANGE:
	case PARENT_JOB_INCLUDE:
		batch = job->of.batch;
		parent_batch_init(batch);
		batch->status = PARENT_BATCH_UNREACHABLE;
		snprintf(batch->detail, sizeof(batch->detail), "%s", detail);
		break;
	case PARENT_JOB_RECOVER:
		job->result.recover = PARENT_RECOVER_AGAIN;
		job->detail[0] = '\0';
		break;
	case PARENT_JOB_LOAD:
		job->result.load = (parent_load_t){ .status = SERVER_CANCELLED };
		snprintf(job->result.load.detail, PARENT_DETAIL_MAX, "%s", detail);
		break;
	case PARENT_JOB_READ:
		job->result.read = (parent_read_t){ .status = SERVER_CANCELLED };
		snprintf(job->result.read.detail, PARENT_DETAIL_MAX, "%s", detail);
		break;
	}
}

void parent_job_finish(parent_job_t *job, void *arg)
{
	switch (job->kind) {
	case PARENT_JOB_LIST:
		if (job->stream != NULL) {
			parent_stream_deliver(job->stream);
		}
		job->done.list(&job->result.list, arg);
		break;
	case PARENT_JOB_CHANGE:
	case PARENT_JOB_INCLUDE:
		job->done.batch(job->of.batch, arg);
		break;
	case PARENT_JOB_RECOVER:
		job->done.recover(job->result.recover, job->detail, arg);
		break;
	case PARENT_JOB_LOAD:
		job->done.load(&job->result.load, arg);
		break;
	case PARENT_JOB_READ:
		job->done.read(&job->result.read, arg);
		knot_rdataset_clear(&job->result.read.ns, NULL);
		knot_rdataset_clear(&job->result.read.ds, NULL);
		break;
	}
}

void parent_job_free(parent_job_t *job)
{
	if (job != NULL) {
		parent_stream_free(job->stream);
		free(job->owner);
		free(job->path);
		free(job);
	}
}
