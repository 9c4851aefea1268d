/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "ask.h"
#include "channel.h"

/*! A last resort above all limits of c-ares, e.g. against a server that trickles over TCP. */
#define ASK_JOB_TIMEOUT_MS	60000

/*! Header bits of a question. */
#define ASK_RECURSE	0x1	/*!< RD */
#define ASK_UNCHECKED	0x2	/*!< CD */

typedef struct poll {
	uv_poll_t handle;
	ares_socket_t fd;
	struct ask_job *job;	/*!< Valid until the handle is being closed. */
	struct poll *next;
} poll_t;

typedef enum {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_ENDED,	/*!< Waits for the loop, to be torn down outside of c-ares. */
} job_state_t;

struct ask_job {
	ask_t *ask;
	struct ask_job *prev, *next;
	job_state_t state;
	bool ask_next;	/*!< The last question is answered; asked from the timer. */
	uv_timer_t timer;
	uint64_t deadline;
	ares_channel channel;
	poll_t *polls;

	struct sockaddr_storage addr;
	knot_dname_storage_t name;
	uint16_t types[ASK_QUESTIONS_MAX];
	unsigned count;
	uint8_t flags;

	ask_reply_t reply;
	ask_done_f done;
	void *arg;
};

struct ask {
	uv_loop_t *loop;
	uv_timer_t kick;	/*!< Starts queued jobs from a clean stack. */
	ask_job_t *first, *last;	/*!< All jobs, in the order of ask_start(). */
	unsigned in_flight;
};

static void next_question(ask_job_t *job);

static void list_add(ask_t *ask, ask_job_t *job)
{
	job->prev = ask->last;
	if (ask->last != NULL) {
		ask->last->next = job;
	} else {
		ask->first = job;
	}
	ask->last = job;
}

static void list_remove(ask_t *ask, ask_job_t *job)
{
	if (job->prev != NULL) {
		job->prev->next = job->next;
	} else {
		ask->first = job->next;
	}
	if (job->next != NULL) {
		job->next->prev = job->prev;
	} else {
		ask->last = job->prev;
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
	list_remove(ask, job);
	if (job->state != JOB_QUEUED) {
		ask->in_flight--;
	}

	/* Without a callback to call, what c-ares still has to say is ignored. */
	job->state = JOB_ENDED;
	job->done = NULL;
	if (job->channel != NULL) {
		ares_destroy(job->channel);
		job->channel = NULL;
	}
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

static void job_schedule(ask_job_t *job);
static void on_kick(uv_timer_t *timer);

static void on_job_timer(uv_timer_t *timer)
{
	ask_job_t *job = timer->data;
	if (job->state == JOB_RUNNING) {
		if (uv_now(job->ask->loop) >= job->deadline) {
			job_finish(job, "timeout");
		} else if (job->ask_next) {
			job->ask_next = false;
			next_question(job);
		} else {
			ares_process_fd(job->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
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
		struct timeval *left = ares_timeout(job->channel, &max, &tv);
		wait = (uint64_t)left->tv_sec * 1000 + left->tv_usec / 1000 + 1;
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
	ares_process_fd(job->channel, readable ? fd : ARES_SOCKET_BAD,
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
	ask_job_t *job = arg;
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
	if (job->state != JOB_RUNNING) {
		return;
	}

	job->reply.packets += timeouts;
	if (status == ARES_SUCCESS || timeouts == 0) {
		job->reply.packets++;
	}
	if (status != ARES_SUCCESS || wire == NULL) {
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

	if (job->reply.answered == job->count) {
		job_finish(job, NULL);
	} else {
		/* Not here: c-ares closes its sockets first, so that the next question has its own. */
		job->ask_next = true;
	}
}

/*! Question packet with DO=1. */
static int make_query(const knot_dname_t *name, uint16_t type, uint8_t flags,
                      uint8_t *wire, size_t *len)
{
	knot_pkt_t *pkt = knot_pkt_new(wire, *len, NULL);
	if (pkt == NULL) {
		return KNOT_ENOMEM;
	}
	/* libknot takes a given buffer as it is, flags and counters included. */
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
	if (make_query(job->name, job->types[job->reply.answered], job->flags,
	               wire, &len) != KNOT_EOK ||
	    channel_send(job->channel, wire, len, on_answer, job) != KNOT_EOK) {
		job_finish(job, "cannot make the question");
	}
}

static int open_channel(ask_job_t *job)
{
	job->channel = channel_new(on_socket_state, job);
	if (job->channel == NULL) {
		return KNOT_ERROR;
	}

	char text[ADDR_TEXT_MAX], server[ADDR_TEXT_MAX + 4];
	addr_to_text(&job->addr, text);
	int ip_len = strcspn(text, "@");
	snprintf(server, sizeof(server), strchr(text, ':') != NULL ? "[%.*s]:%s" : "%.*s:%s",
	         ip_len, text, text[ip_len] != '\0' ? text + ip_len + 1 : "");
	return ares_set_servers_ports_csv(job->channel, server) == ARES_SUCCESS ?
	       KNOT_EOK : KNOT_ERROR;
}

static void on_kick(uv_timer_t *timer)
{
	ask_t *ask = timer->data;
	for (ask_job_t *job = ask->first;
	     job != NULL && ask->in_flight < ASK_IN_FLIGHT_MAX; job = job->next) {
		if (job->state != JOB_QUEUED) {
			continue;
		}
		job->state = JOB_RUNNING;
		job->deadline = uv_now(ask->loop) + ASK_JOB_TIMEOUT_MS;
		ask->in_flight++;
		if (open_channel(job) == KNOT_EOK) {
			next_question(job);
		} else {
			job_finish(job, "cannot open a channel");
		}
		job_schedule(job);
	}
}

ask_t *ask_new(uv_loop_t *loop)
{
	assert(loop);

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		return NULL;
	}

	ask_t *ask = calloc(1, sizeof(*ask));
	if (ask == NULL) {
		ares_library_cleanup();
		return NULL;
	}
	ask->loop = loop;
	uv_timer_init(loop, &ask->kick);
	ask->kick.data = ask;
	return ask;
}

void ask_free(ask_t *ask)
{
	if (ask == NULL) {
		return;
	}
	while (ask->first != NULL) {
		job_end(ask->first);
	}
	uv_close((uv_handle_t *)&ask->kick, on_ask_closed);
	ares_library_cleanup();
}

ask_job_t *ask_start(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name,
                     const uint16_t *types, unsigned count, ask_done_f done, void *arg)
{
	assert(ask && addr && name && types && done);
	assert(count > 0 && count <= ASK_QUESTIONS_MAX);

	ask_job_t *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		return NULL;
	}
	job->ask = ask;
	job->addr = *addr;
	knot_dname_copy_lower(job->name, name);
	memcpy(job->types, types, count * sizeof(*types));
	job->count = count;
	job->done = done;
	job->arg = arg;
	uv_timer_init(ask->loop, &job->timer);
	job->timer.data = job;
	list_add(ask, job);

	uv_timer_start(&ask->kick, on_kick, 0, 0);
	return job;
}

ask_job_t *ask_resolver(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name,
                        uint16_t type, bool unchecked, ask_done_f done, void *arg)
{
	ask_job_t *job = ask_start(ask, addr, name, &type, 1, done, arg);
	if (job != NULL) {
		/* Nothing is sent before the loop runs. */
		job->flags = ASK_RECURSE | (unchecked ? ASK_UNCHECKED : 0);
	}
	return job;
}

void ask_cancel(ask_job_t *job)
{
	if (job != NULL) {
		ask_t *ask = job->ask;
		job_end(job);
		uv_timer_start(&ask->kick, on_kick, 0, 0);
	}
}
