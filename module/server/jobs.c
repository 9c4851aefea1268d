/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"
#include "own.h"

void job_list_init(job_list_t *list)
{
	list->head = NULL;
	list->tail = &list->head;
	list->count = 0;
}

void job_list_append(job_list_t *list, job_t *job)
{
	job->next = NULL;
	*list->tail = job;
	list->tail = &job->next;
	list->count++;
}

job_t *job_list_remove(job_list_t *list, job_t **at)
{
	job_t *job = *at;
	*at = job->next;
	if (list->tail == &job->next) {
		list->tail = at;
	}
	job->next = NULL;
	list->count--;
	return job;
}

void job_list_move(job_list_t *to, job_list_t *from)
{
	if (from->head != NULL) {
		*to->tail = from->head;
		to->tail = from->tail;
		to->count += from->count;
	}
	job_list_init(from);
}

static void job_free(job_t *job)
{
	check_clear(&job->check);
	free(job->zone);
	free(job->base);
	free(job->keys);
	parent_job_free(job->parent);
	free(job);
}

job_t *job_new(job_kind_t kind, const char *zone, const char *base, void *arg)
{
	job_t *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		return NULL;
	}
	job->kind = kind;
	job->arg = arg;
	job->zone = strdup(zone);
	job->base = (base != NULL) ? strdup(base) : NULL;
	if (job->zone == NULL || (base != NULL && job->base == NULL)) {
		job_free(job);
		return NULL;
	}
	return job;
}

uint64_t job_latest(const job_t *job)
{
	assert(job != NULL && job->keys != NULL);

	switch (job->keys->order) {
	case KEY_ORDER_RETIRE: /* From DNSKEY, or for ever. */
	case KEY_ORDER_ABORT:
	case KEY_ORDER_PRESIGN:
	case KEY_ORDER_CLEAN:
	case KEY_ORDER_MOVE: /* Caches keep what needs it. */
	case KEY_ORDER_PUBLISH:
		return job->called + STALE_AFTER * UINT64_C(1000000000);
	default:
		return 0;
	}
}

void job_set(job_t *job, server_status_t status, const char *detail)
{
	job->status = job->check.status = status;
	snprintf(job->detail, sizeof(job->detail), "%s", detail);
	snprintf(job->check.detail, sizeof(job->check.detail), "%s", detail);
	if (job->kind == JOB_PARENT) {
		parent_job_cancel(job->parent, detail);
	}
}

void job_finish(job_t *job)
{
	if (job->kind == JOB_CHECK || job->kind == JOB_GLANCE) {
		job->callback.check(&job->check, job->arg);
	} else if (job->kind == JOB_PARENT) {
		parent_job_finish(job->parent, job->arg);
	} else if (job->kind == JOB_FIT) {
		job->callback.fit(job->status, job->gate, job->detail, job->arg);
	} else {
		job->callback.done(job->status, job->detail, job->arg);
	}
	job_free(job);
}

static bool has_zone(const job_t *from, const job_t *until, const char *zone)
{
	for (const job_t *job = from; job != until; job = job->next) {
		if (strcmp(job->zone, zone) == 0) {
			return true;
		}
	}
	return false;
}

job_t **jobs_first_due(job_list_t *queue, size_t enough)
{
	job_t **due = NULL;
	size_t seen = 0, waiting = 0;

	for (job_t **at = &queue->head; *at != NULL && seen < LOOKAHEAD; seen++, at = &(*at)->next) {
		if ((*at)->kind == JOB_SWITCH && enough > 1) {
			waiting++;
		} else if (due == NULL && (waiting == 0 || !has_zone(queue->head, *at, (*at)->zone))) {
			due = at;
			if (waiting == 0) {
				break;
			}
		}
	}
	return waiting >= enough ? &queue->head : due;
}

void jobs_take(job_list_t *queue, job_t **first, job_list_t *batch)
{
	assert(first != NULL && *first != NULL);

	job_list_init(batch);
	job_list_append(batch, job_list_remove(queue, first));

	size_t max = 1;
	job_kind_t kind = batch->head->kind;
	if (kind == JOB_CHECK || kind == JOB_GLANCE) {
		max = CHECKS_MAX;
	} else if (kind == JOB_SWITCH) {
		max = SWITCHES_MAX;
	} else if (kind == JOB_KEYS) {
		max = KEYS_MAX;
	}

	job_t **at = &queue->head;
	for (unsigned seen = 0; *at != NULL && batch->count < max && seen < LOOKAHEAD; seen++) {
		job_t *job = *at;
		if (job->kind == kind && !has_zone(queue->head, job, job->zone) &&
		    !has_zone(batch->head, NULL, job->zone)) {
			job_list_append(batch, job_list_remove(queue, at));
		} else {
			at = &job->next;
		}
	}
}

void jobs_put_back(job_list_t *queue, job_list_t *batch)
{
	job_list_t back;
	job_list_init(&back);

	for (job_t **at = &batch->head; *at != NULL;) {
		if ((*at)->put_off) {
			(*at)->put_off = false;
			job_list_append(&back, job_list_remove(batch, at));
		} else {
			at = &(*at)->next;
		}
	}
	if (back.head != NULL) {
		job_list_move(&back, queue);
		*queue = back;
	}
}
