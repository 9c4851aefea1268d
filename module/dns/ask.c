/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "target.h"

static void next_question(ask_job_t *job);
static void on_kick(uv_timer_t *timer);

static void on_job_closed(uv_handle_t *handle)
{
	ask_job_t *job = handle->data;
	for (unsigned i = 0; i < ASK_QUESTIONS_MAX; i++) {
		free(job->reply.answer[i].wire);
	}
	free(job);
}

static void on_ask_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/*! Tears a job down. */
static void job_end(ask_job_t *job)
{
	ask_t *ask = job->ask;
	target_t *target = job->target;
	list_remove(&job->node);
	if (job->state != JOB_QUEUED) {
		ask->silent -= job->silent;
		target->in_flight--;
		if (job->group != NULL) {
			job->group->in_flight--;
		}
	}
	if (target->in_flight == 0 && target->queued.first == NULL) {
		target_free(target);
	} else {
		target_update(target);
	}
	question_cancel(job->question);
	uv_close((uv_handle_t *)&job->timer, on_job_closed);
}

static void on_job_timer(uv_timer_t *timer)
{
	ask_job_t *job = timer->data;
	assert(job->state == JOB_ENDED);
	ask_t *ask = job->ask;
	ask_done_f done = job->done;
	ask_reply_t reply = job->reply;
	void *arg = job->arg;

	/* The job frees the answers when its handle is closed, after this callback. */
	job_end(job);
	uv_timer_start(&ask->kick, on_kick, 0, 0);
	done(&reply, arg);
}

/*! All that was asked is there, or will not come. The rest happens from the timer. */
static void job_finish(ask_job_t *job)
{
	ask_reply_t *reply = &job->reply;
	job->state = JOB_ENDED;
	for (unsigned i = job->count; i > 0; i--) {
		if (reply->answer[i - 1].wire == NULL) {
			reply->error = reply->answer[i - 1].error;
		}
	}
	if (!reply->alive && !reply->no_route) {
		job->target->unanswered++;
		target_update(job->target);
	}
	uv_timer_start(&job->timer, on_job_timer, 0, 0);
}

/*! A sign of life: the target is as good as any other again. */
static void job_alive(ask_job_t *job)
{
	job->reply.alive = true;
	job->target->answers = true;
	job->target->unanswered = 0;
	target_update(job->target);
}

/*! Without an answer: for the reason given. */
static void take(ask_job_t *job, const question_result_t *result)
{
	ask_reply_t *reply = &job->reply;
	const unsigned at = job->asked;
	const char *error = result->error;

	if (result->wire != NULL) {
		reply->answer[at].wire = malloc(result->len);
		error = "out of memory";
	}
	if (reply->answer[at].wire != NULL) {
		memcpy(reply->answer[at].wire, result->wire, result->len);
		reply->answer[at].len = result->len;
		reply->answer[at].tcp = result->tcp;
		reply->answered++;
	} else {
		snprintf(reply->answer[at].error, sizeof(reply->answer[at].error), "%s", error);
	}
}

static void on_answer(const question_result_t *result, void *arg)
{
	ask_job_t *job = arg;
	job->question = NULL;
	job->reply.packets += result->packets;
	job->reply.here |= result->here;
	job->reply.no_route |= result->no_route;
	take(job, result);
	if (result->alive) {
		job_alive(job);
	}
	/* UDP does not get through, TCP does: no need to find that out once more. */
	job->way = result->tcp && result->packets == ASK_TRIES ? QUESTION_TCP_ONLY : job->way;

	job->asked++;
	if (job->asked == job->count || result->no_route || (job->silent && !job->reply.alive)) {
		for (; job->asked < job->count; job->asked++) {
			memcpy(job->reply.answer[job->asked].error, job->reply.answer[0].error,
			       sizeof(job->reply.answer[0].error));
		}
		job_finish(job);
	} else {
		next_question(job);
	}
}

/*!
 * The first question that is not answered over UDP and TCP gets all tries; if nothing came, the others are asked
 * to find out whether the server is there at all. Who has said nothing for a while gets one packet.
 */
static void next_question(ask_job_t *job)
{
	const bool doubtful = job->silent || (job->asked > 0 && !job->reply.alive);
	const question_params_t params = {
		.addr = &job->target->addr,
		.name = job->name,
		.type = job->types[job->asked],
		.flags = job->flags,
		.way = doubtful ? QUESTION_UDP_ONLY : job->way,
		.tries = doubtful ? 1 : ASK_TRIES,
		.udp_timeout_ms = ASK_TIMEOUT_MS,
		.tcp_timeout_ms = ASK_TCP_TIMEOUT_MS,
	};
	job->question = question_start(job->ask->loop, &params, on_answer, job);
	if (job->question == NULL) {
		const question_result_t failed = { .error = "out of memory" };
		on_answer(&failed, job);
	}
}

static void job_begin(ask_job_t *job)
{
	ask_t *ask = job->ask;
	target_t *target = job->target;
	list_move(&ask->running, &job->node);
	job->state = JOB_RUNNING;
	job->silent = target_is_silent(target);
	ask->silent += job->silent;
	target->in_flight++;
	if (job->group != NULL) {
		job->group->in_flight++;
	}
	if (job->flags & ASK_PARENT) {
		(void)pace_turn(ask->pace, &target->addr, 1, sizeof(target->addr), uv_now(ask->loop));
	}
	next_question(job);
}

static void on_kick(uv_timer_t *timer)
{
	ask_t *ask = timer->data;
	targets_wake(ask);
	for (target_t *target = targets_next(ask); target != NULL; target = targets_next(ask)) {
		/* To the end of the line, if it may have yet another. */
		list_remove(&target->node);
		job_begin(job_of(target->queued.first));
		target_update(target);
	}
	unsigned wait = targets_rest(ask);
	if (wait != UINT_MAX) {
		uv_timer_start(&ask->kick, on_kick, wait, 0);
	}
}

ask_t *ask_new(uv_loop_t *loop, unsigned parent_rate)
{
	assert(loop);

	ask_t *ask = calloc(1, sizeof(*ask));
	pace_t *pace = pace_new(parent_rate);
	if (ask == NULL || pace == NULL || !hash_init(&ask->targets, BUCKETS)) {
		free(ask);
		pace_free(pace);
		return NULL;
	}
	ask->loop = loop;
	ask->pace = pace;
	uv_timer_init(loop, &ask->kick);
	ask->kick.data = ask;
	return ask;
}

void ask_free(ask_t *ask)
{
	if (ask == NULL) {
		return;
	}
	while (ask->running.first != NULL) {
		job_end(job_of(ask->running.first));
	}
	for (hash_node_t *node = hash_any(&ask->targets); node != NULL; node = hash_any(&ask->targets)) {
		job_end(job_of(hash_item(node, target_t, hashed)->queued.first));
	}
	hash_clear(&ask->targets);
	pace_free(ask->pace);
	ask->pace = NULL;
	uv_close((uv_handle_t *)&ask->kick, on_ask_closed);
}

static ask_job_t *job_new(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name,
                          const uint16_t *types, unsigned count, unsigned flags, ask_done_f done, void *arg)
{
	assert(ask && addr && name && types && done);
	assert(count > 0 && count <= ASK_QUESTIONS_MAX);

	ask_job_t *job = calloc(1, sizeof(*job));
	target_t *target = job != NULL ? target_get(ask, addr) : NULL;
	if (target == NULL) {
		free(job);
		return NULL;
	}
	job->ask = ask;
	job->target = target;
	knot_dname_copy_lower(job->name, name);
	memcpy(job->types, types, count * sizeof(*types));
	job->count = count;
	job->flags = flags;
	job->way = QUESTION_UDP_TCP;
	job->done = done;
	job->arg = arg;
	uv_timer_init(ask->loop, &job->timer);
	job->timer.data = job;
	list_add(&target->queued, &job->node);
	target_update(target);

	uv_timer_start(&ask->kick, on_kick, 0, 0);
	return job;
}

ask_job_t *ask_start(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name, const uint16_t *types,
                     unsigned count, ask_done_f done, void *arg)
{
	return job_new(ask, addr, name, types, count, 0, done, arg);
}

ask_job_t *ask_parent(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name, uint16_t type,
                      ask_done_f done, void *arg)
{
	return job_new(ask, addr, name, &type, 1, ASK_PARENT, done, arg);
}

ask_job_t *ask_resolver(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name, uint16_t type,
                        bool unchecked, ask_done_f done, void *arg)
{
	return job_new(ask, addr, name, &type, 1, QUERY_RECURSE | (unchecked ? QUERY_UNCHECKED : 0), done, arg);
}

void ask_join(ask_job_t *job, ask_group_t *group)
{
	assert(job && job->state == JOB_QUEUED);
	job->group = group;
}

void ask_over_tcp(ask_job_t *job)
{
	assert(job && job->state == JOB_QUEUED);
	job->way = QUESTION_TCP_ONLY;
}

void ask_cancel(ask_job_t *job)
{
	if (job != NULL) {
		ask_t *ask = job->ask;
		job_end(job);
		uv_timer_start(&ask->kick, on_kick, 0, 0);
	}
}
