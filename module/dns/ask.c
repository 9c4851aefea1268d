/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "channel.h"
#include "target.h"

/*! A last resort above all limits of c-ares, e.g. against a server that trickles over TCP. */
#define ASK_JOB_TIMEOUT_MS	60000
/*! What a silent server gets: less than one try, so that c-ares does not send the next one first. */
#define ASK_SILENT_TIMEOUT_MS	(CHANNEL_FIRST_TRY_MS - 50)

/*! Header bits of a question. */
#define ASK_RECURSE	0x1	/*!< RD */
#define ASK_UNCHECKED	0x2	/*!< CD */

typedef struct poll {
	uv_poll_t handle;
	ares_socket_t fd;
	struct ask_job *job;	/*!< Valid until the handle is being closed. */
	struct poll *next;
} poll_t;

/*!
 * A channel of c-ares, for one job after the other: to make one takes longer than to ask a question, not
 * least since it reads files of the system each time, although nothing in them is for us.
 */
typedef struct slot {
	ares_channel channel;
	ask_job_t *job;
	struct slot *next;	/*!< Idle. */
} slot_t;

static void next_question(ask_job_t *job);
static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable);

static slot_t *slot_take(ask_t *ask)
{
	slot_t *slot = ask->idle;
	if (slot != NULL) {
		ask->idle = slot->next;
		return slot;
	}

	slot = calloc(1, sizeof(*slot));
	if (slot != NULL) {
		slot->channel = channel_new(on_socket_state, slot);
	}
	if (slot != NULL && slot->channel == NULL) {
		free(slot);
		slot = NULL;
	}
	return slot;
}

static void slot_free(slot_t *slot)
{
	ares_destroy(slot->channel);
	free(slot);
}

/*! Back to the others, unless something is still under way in it. Its job does not listen any more. */
static void slot_give(ask_job_t *job)
{
	slot_t *slot = job->slot;
	ask_t *ask = job->ask;
	job->slot = NULL;
	if (slot == NULL) {
		return;
	}
	/* Without a server it has no sockets either, and has forgotten what it measured of the last one. */
	if (job->open || ares_set_servers_ports_csv(slot->channel, "") != ARES_SUCCESS) {
		slot_free(slot);
	} else {
		slot->job = NULL;
		slot->next = ask->idle;
		ask->idle = slot;
	}
}

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_job_closed(uv_handle_t *handle)
{
	ask_job_t *job = handle->data;
	for (unsigned i = 0; i < job->reply.answered; i++) {
		free(job->reply.answer[i].wire);
	}
	free(job);
}

static void on_ask_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/*! Tears a job down; must not run inside a callback of its channel. */
static void job_end(ask_job_t *job)
{
	ask_t *ask = job->ask;
	target_t *target = job->target;
	jobs_remove(job);
	if (job->state != JOB_QUEUED) {
		ask->in_flight--;
		ask->silent -= job->silent;
		target->in_flight--;
	}
	if (target->in_flight == 0 && target->queued.first == NULL) {
		target_free(target);
	} else {
		target_update(target);
	}
	job->target = NULL;

	/* Without a callback to call, what c-ares still has to say is ignored. */
	job->state = JOB_ENDED;
	job->done = NULL;
	slot_give(job);
	while (job->polls != NULL) {
		poll_t *poll = job->polls;
		job->polls = poll->next;
		uv_close((uv_handle_t *)&poll->handle, on_poll_closed);
	}
	uv_close((uv_handle_t *)&job->timer, on_job_closed);
}

/*! All that was asked is there, or will not come. The rest happens from the timer. */
static void job_finish(ask_job_t *job, const char *error)
{
	if (job->state != JOB_ENDED) {
		job->state = JOB_ENDED;
		job->reply.error = error;
	}
}

/*! A sign of life: the target is as good as any other again. */
static void job_answered(ask_job_t *job)
{
	job->target->answers = true;
	job->target->unanswered = 0;
	target_update(job->target);
	job->deadline = uv_now(job->ask->loop) + ASK_JOB_TIMEOUT_MS;
}

static void job_unanswered(ask_job_t *job)
{
	if (job->reply.answered == 0) {
		job->target->unanswered++;
		target_update(job->target);
	}
}

static void job_schedule(ask_job_t *job);
static void on_kick(uv_timer_t *timer);

static void on_job_timer(uv_timer_t *timer)
{
	ask_job_t *job = timer->data;
	if (job->state == JOB_RUNNING) {
		if (uv_now(job->ask->loop) >= job->deadline) {
			/* c-ares has not counted the last packet yet. */
			job->reply.packets++;
			job_unanswered(job);
			job_finish(job, "timeout");
		} else if (job->ask_next) {
			job->ask_next = false;
			next_question(job);
		} else {
			ares_process_fd(job->slot->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		}
		job_schedule(job);
		return;
	}

	assert(job->state == JOB_ENDED);
	ask_t *ask = job->ask;
	ask_done_f done = job->done;
	ask_reply_t reply = job->reply;
	void *arg = job->arg;

	/* The job frees the answers when its handle is closed, after this callback. */
	job_end(job);
	uv_timer_start(&ask->kick, on_kick, 0, 0);
	if (done != NULL) {
		done(&reply, arg);
	}
}

static void job_schedule(ask_job_t *job)
{
	uint64_t wait = 0;
	if (job->state == JOB_RUNNING && !job->ask_next) {
		struct timeval max = { .tv_sec = ASK_TIMEOUT_MS / 1000 }, tv;
		struct timeval *left = ares_timeout(job->slot->channel, &max, &tv);
		wait = (uint64_t)left->tv_sec * 1000 + left->tv_usec / 1000 + 1;
		const uint64_t now = uv_now(job->ask->loop), rest = job->deadline > now ? job->deadline - now : 0;
		wait = rest < wait ? rest : wait;
	}
	uv_timer_start(&job->timer, on_job_timer, wait, 0);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	poll_t *poll = handle->data;
	ask_job_t *job = poll->job;
	ares_socket_t fd = poll->fd;
	if (job->state != JOB_RUNNING) {
		return;
	}

	/* An error of the socket is for c-ares to find out by reading. */
	bool readable = status < 0 || (events & UV_READABLE) != 0;
	bool writable = status < 0 || (events & UV_WRITABLE) != 0;
	ares_process_fd(job->slot->channel, readable ? fd : ARES_SOCKET_BAD,
	                writable ? fd : ARES_SOCKET_BAD);
	job_schedule(job);
}

static void poll_close(poll_t **at)
{
	poll_t *poll = *at;
	*at = poll->next;
	uv_poll_stop(&poll->handle);
	uv_close((uv_handle_t *)&poll->handle, on_poll_closed);
}

static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	ask_job_t *job = ((slot_t *)arg)->job;
	poll_t **at = &job->polls;
	while (*at != NULL && (*at)->fd != fd) {
		at = &(*at)->next;
	}

	if (!readable && !writable) {
		if (*at != NULL) {
			poll_close(at);
		}
		return;
	}

	poll_t *poll = *at;
	if (poll == NULL) {
		poll = calloc(1, sizeof(*poll));
		if (poll == NULL || uv_poll_init(job->ask->loop, &poll->handle, fd) != 0) {
			/* Not watched: the question runs into its timeout. */
			free(poll);
			return;
		}
		poll->handle.data = poll;
		poll->fd = fd;
		poll->job = job;
		poll->next = job->polls;
		job->polls = poll;
	}
	uv_poll_start(&poll->handle, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
	              on_poll);
}

static const char *error_text(int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
		return "timeout";
	case ARES_ECONNREFUSED:
		return "connection refused or host unreachable";
	case ARES_EBADRESP:
		return "malformed answer";
	case ARES_ENOMEM:
		return "out of memory";
	default:
		return ares_strerror(status);
	}
}

static void on_answer(void *arg, int status, size_t timeouts, const uint8_t *wire, size_t len)
{
	ask_job_t *job = arg;
	job->open = false;
	if (job->state != JOB_RUNNING) {
		return;
	}

	job->reply.packets += timeouts;
	if (status == ARES_SUCCESS || timeouts == 0) {
		job->reply.packets++;
	}
	if (status != ARES_SUCCESS || wire == NULL) {
		if (status == ARES_ETIMEOUT) {
			job_unanswered(job);
		}
		job_finish(job, status != ARES_SUCCESS ? error_text(status) : "no answer");
		return;
	}

	uint8_t *copy = malloc(len);
	if (copy == NULL) {
		job_finish(job, "out of memory");
		return;
	}
	memcpy(copy, wire, len);
	job->reply.answer[job->reply.answered].wire = copy;
	job->reply.answer[job->reply.answered].len = len;
	job->reply.answered++;
	job_answered(job);

	if (job->reply.answered == job->count) {
		job_finish(job, NULL);
	} else {
		/* Not here: c-ares closes its sockets first, so that the next question has its own. */
		job->ask_next = true;
	}
}

/*! Question packet with DO=1. */
static int make_query(const knot_dname_t *name, uint16_t type, unsigned flags,
                      uint8_t *wire, size_t *len)
{
	knot_pkt_t *pkt = knot_pkt_new(wire, *len, NULL);
	if (pkt == NULL) {
		return KNOT_ENOMEM;
	}
	/* libknot takes a given buffer as it is, size, flags and counters included; asserts tell where there are any. */
	pkt->size = KNOT_WIRE_HEADER_SIZE;
	memset(wire, 0, KNOT_WIRE_HEADER_SIZE);
	if (flags & ASK_RECURSE) {
		knot_wire_set_rd(wire);
	}
	if (flags & ASK_UNCHECKED) {
		knot_wire_set_cd(wire);
	}

	knot_rrset_t opt;
	int ret = knot_edns_init(&opt, ASK_UDP_PAYLOAD, 0, KNOT_EDNS_VERSION, NULL);
	if (ret == KNOT_EOK) {
		knot_edns_set_do(&opt);
		ret = knot_pkt_put_question(pkt, name, KNOT_CLASS_IN, type);
		if (ret == KNOT_EOK) {
			ret = knot_pkt_begin(pkt, KNOT_ADDITIONAL);
		}
		if (ret == KNOT_EOK) {
			ret = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, 0);
		}
		knot_rrset_clear(&opt, NULL);
	}
	*len = pkt->size;
	knot_pkt_free(pkt);
	return ret;
}

static void next_question(ask_job_t *job)
{
	uint8_t wire[KNOT_WIRE_MIN_PKTSIZE];
	size_t len = sizeof(wire);

	/* May call back at once, e.g. when the network is down. */
	job->open = true;
	if (make_query(job->name, job->types[job->reply.answered], job->flags,
	               wire, &len) != KNOT_EOK ||
	    channel_send(job->slot->channel, wire, len, on_answer, job) != KNOT_EOK) {
		job->open = false;
		job_finish(job, "cannot make the question");
	}
}

static int open_channel(ask_job_t *job)
{
	job->slot = slot_take(job->ask);
	if (job->slot == NULL) {
		return KNOT_ENOMEM;
	}
	job->slot->job = job;

	char text[ADDR_TEXT_MAX], server[ADDR_TEXT_MAX + 4];
	addr_to_text(&job->target->addr, text);
	int ip_len = strcspn(text, "@");
	snprintf(server, sizeof(server), strchr(text, ':') != NULL ? "[%.*s]:%s" : "%.*s:%s",
	         ip_len, text, text[ip_len] != '\0' ? text + ip_len + 1 : "");
	return ares_set_servers_ports_csv(job->slot->channel, server) == ARES_SUCCESS ?
	       KNOT_EOK : KNOT_ERROR;
}

static void job_begin(ask_job_t *job)
{
	ask_t *ask = job->ask;
	target_t *target = job->target;
	jobs_remove(job);
	jobs_add(&ask->running, job);
	job->state = JOB_RUNNING;
	job->silent = target_is_silent(target);
	ask->in_flight++;
	ask->silent += job->silent;
	target->in_flight++;
	if (job->flags & ASK_PARENT) {
		(void)pace_turn(ask->pace, &target->addr, 1, sizeof(target->addr), uv_now(ask->loop));
	}

	/* Who has said nothing for a while gets one packet, not all tries, until it says something. */
	job->deadline = uv_now(ask->loop) + (job->silent ? ASK_SILENT_TIMEOUT_MS : ASK_JOB_TIMEOUT_MS);
	if (open_channel(job) == KNOT_EOK) {
		next_question(job);
	} else {
		job_finish(job, "cannot open a channel");
	}
	job_schedule(job);
}

static void on_kick(uv_timer_t *timer)
{
	ask_t *ask = timer->data;
	targets_wake(ask);
	for (target_t *target = targets_next(ask); target != NULL; target = targets_next(ask)) {
		/* To the end of the line, if it may have yet another. */
		target_leave(target);
		job_begin(target->queued.first);
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

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		return NULL;
	}

	ask_t *ask = calloc(1, sizeof(*ask));
	pace_t *pace = pace_new(parent_rate);
	if (ask == NULL || pace == NULL) {
		free(ask);
		pace_free(pace);
		ares_library_cleanup();
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
		job_end(ask->running.first);
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (ask->buckets[i] != NULL) {
			job_end(ask->buckets[i]->queued.first);
		}
	}
	while (ask->idle != NULL) {
		slot_t *slot = ask->idle;
		ask->idle = slot->next;
		slot_free(slot);
	}
	pace_free(ask->pace);
	ask->pace = NULL;
	uv_close((uv_handle_t *)&ask->kick, on_ask_closed);
	ares_library_cleanup();
}

static ask_job_t *job_new(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name,
                          const uint16_t *types, unsigned count, unsigned flags,
                          ask_done_f done, void *arg)
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
	job->done = done;
	job->arg = arg;
	uv_timer_init(ask->loop, &job->timer);
	job->timer.data = job;
	jobs_add(&target->queued, job);
	target_update(target);

	uv_timer_start(&ask->kick, on_kick, 0, 0);
	return job;
}

ask_job_t *ask_start(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name,
                     const uint16_t *types, unsigned count, ask_done_f done, void *arg)
{
	return job_new(ask, addr, name, types, count, 0, done, arg);
}

ask_job_t *ask_parent(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name,
                      uint16_t type, ask_done_f done, void *arg)
{
	return job_new(ask, addr, name, &type, 1, ASK_PARENT, done, arg);
}

ask_job_t *ask_resolver(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name,
                        uint16_t type, bool unchecked, ask_done_f done, void *arg)
{
	return job_new(ask, addr, name, &type, 1, ASK_RECURSE | (unchecked ? ASK_UNCHECKED : 0),
	               done, arg);
}

void ask_cancel(ask_job_t *job)
{
	if (job != NULL) {
		ask_t *ask = job->ask;
		job_end(job);
		uv_timer_start(&ask->kick, on_kick, 0, 0);
	}
}
