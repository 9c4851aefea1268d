/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"
#include "kskroll/parent_zone.h"

/*! \a call is copied. It was not possible to make all of it unless \a whole. */
static void queue_call(server_t *server, const char *zone, const parent_job_t *call, bool whole, void *arg)
{
	parent_job_t *copy = whole ? malloc(sizeof(*copy)) : NULL;
	job_t *job = copy != NULL ? job_new(JOB_PARENT, zone, NULL, arg) : NULL;

	if (job == NULL) {
		parent_job_t none = *call;
		free(copy);
		parent_job_cancel(&none, "not enough memory");
		parent_job_finish(&none, arg);
		parent_stream_free(none.stream);
		free(none.owner);
		free(none.path);
		return;
	}
	*copy = *call;
	job->parent = copy;
	server_enqueue(server, job);
}

void parent_zone_list(server_t *server, const char *zone, int timeout_ms, parent_delegation_f each, parent_list_f done,
                      void *arg)
{
	assert(server != NULL && zone != NULL && timeout_ms > 0 && each != NULL && done != NULL);

	parent_job_t call = { .kind = PARENT_JOB_LIST, .done.list = done, .timeout_ms = timeout_ms };
	call.stream = parent_stream_new(each, arg);
	queue_call(server, zone, &call, call.stream != NULL, arg);
}

void parent_zone_change(server_t *server, parent_batch_t *batch, int timeout_ms, parent_batch_f done, void *arg)
{
	assert(server != NULL && batch != NULL && batch->zone != NULL && batch->count > 0 && timeout_ms > 0 &&
	       done != NULL);

	const parent_job_t call = {
		.kind = PARENT_JOB_CHANGE, .done.batch = done, .timeout_ms = timeout_ms, .of.batch = batch
	};
	queue_call(server, batch->zone, &call, true, arg);
}

void parent_zone_include(server_t *server, const char *path, parent_batch_t *batch, int timeout_ms, parent_batch_f done,
                         void *arg)
{
	assert(server != NULL && path != NULL && batch != NULL && batch->zone != NULL && batch->count > 0 &&
	       timeout_ms > 0 && done != NULL);

	const parent_job_t call = { .kind = PARENT_JOB_INCLUDE,
		                    .done.batch = done,
		                    .timeout_ms = timeout_ms,
		                    .of.batch = batch,
		                    .path = strdup(path) };
	queue_call(server, batch->zone, &call, call.path != NULL, arg);
}

void parent_zone_recover(server_t *server, const char *path, const parent_batch_t *batch, bool empty,
                         parent_recover_f done, void *arg)
{
	assert(server != NULL && batch != NULL && batch->zone != NULL && done != NULL);

	const parent_job_t call = {
		.kind = PARENT_JOB_RECOVER,
		.done.recover = done,
		.of.begun = batch,
		.empty = empty,
		.path = path != NULL ? strdup(path) : NULL,
	};
	queue_call(server, batch->zone, &call, path == NULL || call.path != NULL, arg);
}

void parent_zone_load(server_t *server, const char *zone, parent_load_f done, void *arg)
{
	assert(server != NULL && zone != NULL && done != NULL);

	const parent_job_t call = { .kind = PARENT_JOB_LOAD, .done.load = done };
	queue_call(server, zone, &call, true, arg);
}

void parent_zone_read(server_t *server, const char *zone, const char *owner, parent_read_f done, void *arg)
{
	assert(server != NULL && zone != NULL && owner != NULL && done != NULL);

	const parent_job_t call = { .kind = PARENT_JOB_READ, .done.read = done, .owner = strdup(owner) };
	queue_call(server, zone, &call, call.owner != NULL, arg);
}
