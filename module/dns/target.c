/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <limits.h>
#include <stdlib.h>

#include "kskroll/addr.h"
#include "target.h"

/*! A question is a little early rather than late: lateness would add up. */
#define EARLY_MS 3
/*! Targets among which the next one is chosen: a bound on the work for each job. */
#define CHOICE_MAX 256

void jobs_add(list_t *list, ask_job_t *job)
{
	job->list = list;
	job->prev = list->last;
	job->next = NULL;
	if (list->last != NULL) {
		list->last->next = job;
	} else {
		list->first = job;
	}
	list->last = job;
}

void jobs_remove(ask_job_t *job)
{
	if (job->prev != NULL) {
		job->prev->next = job->next;
	} else {
		job->list->first = job->next;
	}
	if (job->next != NULL) {
		job->next->prev = job->prev;
	} else {
		job->list->last = job->prev;
	}
}

static void add(targets_t *targets, target_t *target)
{
	target->list = targets;
	target->prev = targets->last;
	target->next = NULL;
	if (targets->last != NULL) {
		targets->last->next = target;
	} else {
		targets->first = target;
	}
	targets->last = target;
}

void target_leave(target_t *target)
{
	targets_t *targets = target->list;
	if (targets == NULL) {
		return;
	}
	if (target->prev != NULL) {
		target->prev->next = target->next;
	} else {
		targets->first = target->next;
	}
	if (target->next != NULL) {
		target->next->prev = target->prev;
	} else {
		targets->last = target->prev;
	}
	target->list = NULL;
}

bool target_is_silent(const target_t *target)
{
	return target->unanswered >= ASK_SILENT_AFTER;
}

/*! A target that has not answered yet is met with less: it may be the eighth that never does. */
static bool has_room(const target_t *target)
{
	return target->in_flight <
	       (target->answers || target_is_silent(target) ? ASK_PER_TARGET_MAX : ASK_PER_TARGET_FIRST);
}

/*! Milliseconds until the next job of a target may begin, as far as it is about time. */
static unsigned rest_of(const target_t *target)
{
	const ask_job_t *next = target->queued.first;
	if (!(next->flags & ASK_PARENT)) {
		return 0;
	}
	unsigned wait = pace_wait(target->ask->pace, &target->addr, uv_now(target->ask->loop));
	return wait > EARLY_MS ? wait - EARLY_MS : 0;
}

void target_update(target_t *target)
{
	ask_t *ask = target->ask;
	targets_t *list = NULL;
	if (target->queued.first != NULL && has_room(target)) {
		list = rest_of(target) > 0      ? &ask->resting :
		       target_is_silent(target) ? &ask->silent_ones :
		                                  &ask->answering;
	}
	if (target->list != list) {
		target_leave(target);
		if (list != NULL) {
			add(list, target);
		}
	}
}

target_t *target_get(ask_t *ask, const struct sockaddr_storage *addr)
{
	target_t **bucket = &ask->buckets[addr_hash(addr) % BUCKETS];
	for (target_t *target = *bucket; target != NULL; target = target->next_of_bucket) {
		if (addr_cmp(&target->addr, addr) == 0) {
			return target;
		}
	}

	target_t *target = calloc(1, sizeof(*target));
	if (target != NULL) {
		target->ask = ask;
		target->addr = *addr;
		target->next_of_bucket = *bucket;
		*bucket = target;
	}
	return target;
}

void target_free(target_t *target)
{
	target_t **at = &target->ask->buckets[addr_hash(&target->addr) % BUCKETS];
	while (*at != target) {
		at = &(*at)->next_of_bucket;
	}
	*at = target->next_of_bucket;
	target_leave(target);
	free(target);
}

void targets_wake(ask_t *ask)
{
	for (target_t *target = ask->resting.first, *next; target != NULL; target = next) {
		next = target->next;
		target_update(target);
	}
}

/*! Jobs that the owner of a target's next one has in flight. */
static unsigned in_flight_of(const target_t *target)
{
	const ask_group_t *group = target->queued.first->group;
	return group != NULL ? group->in_flight : 0;
}

/*! Of those that wait longest, the one whose owner has least in flight. */
static target_t *next_of(const targets_t *targets)
{
	target_t *best = targets->first;
	unsigned checked = 0;
	for (target_t *target = best; target != NULL && checked < CHOICE_MAX; target = target->next, checked++) {
		best = in_flight_of(target) < in_flight_of(best) ? target : best;
	}
	return best;
}

target_t *targets_next(const ask_t *ask)
{
	if (ask->in_flight >= ASK_IN_FLIGHT_MAX) {
		return NULL;
	}
	if (ask->silent_ones.first != NULL && ask->silent < ASK_SILENT_MAX) {
		return next_of(&ask->silent_ones);
	}
	return next_of(&ask->answering);
}

unsigned targets_rest(const ask_t *ask)
{
	unsigned wait = UINT_MAX;

	for (const target_t *target = ask->resting.first; target != NULL; target = target->next) {
		unsigned rest = rest_of(target);
		wait = rest < wait ? rest : wait;
	}
	return wait;
}
