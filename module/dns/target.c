/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <limits.h>
#include <stdlib.h>

#include "kskroll/addr.h"
#include "target.h"

/*! A question is a little early rather than late: lateness would add up. */
#define EARLY_MS 3
/*! Targets among which the next one is chosen: a bound on the work for each job. */
#define CHOICE_MAX 256

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
	const ask_job_t *next = job_of(target->queued.first);
	if (!(next->flags & ASK_PARENT)) {
		return 0;
	}
	unsigned wait = pace_wait(target->ask->pace, &target->addr, uv_now(target->ask->loop));
	return wait > EARLY_MS ? wait - EARLY_MS : 0;
}

void target_update(target_t *target)
{
	ask_t *ask = target->ask;
	list_t *list = NULL;
	if (target->queued.first != NULL && has_room(target)) {
		list = rest_of(target) > 0      ? &ask->resting :
		       target_is_silent(target) ? &ask->silent_ones :
		                                  &ask->answering;
	}
	if (target->node.list != list) {
		list_remove(&target->node);
		if (list != NULL) {
			list_add(list, &target->node);
		}
	}
}

static bool is_target(const hash_node_t *node, const void *key)
{
	return addr_cmp(&hash_item((hash_node_t *)node, target_t, hashed)->addr, key) == 0;
}

target_t *target_get(ask_t *ask, const struct sockaddr_storage *addr)
{
	const uint32_t hash = addr_hash(addr);
	target_t *target = hash_item(hash_find(&ask->targets, hash, is_target, addr), target_t, hashed);
	if (target != NULL) {
		return target;
	}

	target = calloc(1, sizeof(*target));
	if (target != NULL) {
		target->ask = ask;
		target->addr = *addr;
		hash_add(&ask->targets, &target->hashed, hash);
	}
	return target;
}

void target_free(target_t *target)
{
	hash_remove(&target->ask->targets, &target->hashed);
	list_remove(&target->node);
	free(target);
}

void targets_wake(ask_t *ask)
{
	for (list_node_t *node = ask->resting.first, *next; node != NULL; node = next) {
		next = node->next;
		target_update(target_of(node));
	}
}

/*! Jobs that the owner of a target's next one has in flight. */
static unsigned in_flight_of(const target_t *target)
{
	const ask_group_t *group = job_of(target->queued.first)->group;
	return group != NULL ? group->in_flight : 0;
}

/*! Of those that wait longest, the one whose owner has least in flight. */
static target_t *next_of(const list_t *targets)
{
	target_t *best = target_of(targets->first);
	unsigned checked = 0;
	for (list_node_t *node = targets->first; node != NULL && checked < CHOICE_MAX; node = node->next, checked++) {
		target_t *target = target_of(node);
		best = in_flight_of(target) < in_flight_of(best) ? target : best;
	}
	return best;
}

target_t *targets_next(const ask_t *ask)
{
	if (ask->running.count >= ASK_IN_FLIGHT_MAX) {
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

	for (const list_node_t *node = ask->resting.first; node != NULL; node = node->next) {
		unsigned rest = rest_of(target_of(node));
		wait = rest < wait ? rest : wait;
	}
	return wait;
}
