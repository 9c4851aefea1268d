/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/addr.h"
#include "query.h"
#include "question.h"
#include "util/knot.h"

/*! Length in front of a message over TCP (RFC 1035 4.2.2). */
#define TCP_PREFIX 2

/*! One socket. The question lets go of it first, the loop then closes it. */
typedef struct {
	union {
		uv_handle_t handle;
		uv_udp_t udp;
		uv_tcp_t tcp;
	};
	question_t *question; /*!< NULL: closing. */
	uv_connect_t connect;
	uv_write_t write;
	uint8_t out[TCP_PREFIX + KNOT_WIRE_MIN_PKTSIZE];
	uint8_t *in; /*!< Of a datagram, or of one message over TCP. */
	size_t in_len, in_size;
} attempt_t;

struct question {
	uv_timer_t timer;
	bool over;          /*!< Only the timer is waited for. */
	attempt_t *attempt; /*!< The socket that is open; NULL: none. */
	struct sockaddr_storage addr;
	question_way_t way;
	unsigned tries, udp_timeout_ms, tcp_timeout_ms;
	query_t query;
	uint8_t *answer;
	question_result_t result;
	question_done_f done;
	void *arg;
};

static void begin_udp(question_t *question);
static void begin_tcp(question_t *question, const char *why);

/* -- sockets ---------------------------------------------------------------- */

static void on_attempt_closed(uv_handle_t *handle)
{
	attempt_t *attempt = handle->data;
	free(attempt->in);
	free(attempt);
}

static attempt_t *attempt_new(question_t *question, int (*init)(uv_loop_t *loop, attempt_t *attempt))
{
	attempt_t *attempt = calloc(1, sizeof(*attempt));
	if (attempt != NULL && init(question->timer.loop, attempt) != 0) {
		free(attempt);
		attempt = NULL;
	}
	if (attempt != NULL) {
		attempt->handle.data = attempt;
		attempt->question = question;
		question->attempt = attempt;
	}
	return attempt;
}

static void attempt_end(question_t *question)
{
	attempt_t *attempt = question->attempt;
	question->attempt = NULL;
	if (attempt != NULL) {
		attempt->question = NULL;
		uv_close(&attempt->handle, on_attempt_closed);
	}
}

static int init_udp(uv_loop_t *loop, attempt_t *attempt)
{
	return uv_udp_init(loop, &attempt->udp);
}

static int init_tcp(uv_loop_t *loop, attempt_t *attempt)
{
	return uv_tcp_init(loop, &attempt->tcp);
}

/* -- the end ---------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	question_t *question = handle->data;
	free(question->answer);
	free(question);
}

static void close_all(question_t *question)
{
	question->over = true;
	attempt_end(question);
	uv_close((uv_handle_t *)&question->timer, on_closed);
}

static void on_end(uv_timer_t *timer)
{
	question_t *question = timer->data;
	close_all(question);
	question->done(&question->result, question->arg);
}

/*! The rest happens from the timer: never inside question_start(), always from a clean stack. */
static void finish(question_t *question)
{
	if (question->answer != NULL) {
		question->result.wire = question->answer;
		question->result.error[0] = '\0';
	}
	question->over = true;
	attempt_end(question);
	uv_timer_start(&question->timer, on_end, 0, 0);
}

static void fail(question_t *question, const char *error)
{
	const size_t len = strlen(question->result.error);
	if (strcmp(question->result.error, error) != 0) {
		snprintf(question->result.error + len, sizeof(question->result.error) - len, "%s%s",
		         len > 0 ? "; TCP: " : "", error);
	}
	finish(question);
}

/*! No answer over UDP. */
static void fail_udp(question_t *question, const char *error)
{
	if (question->way == QUESTION_UDP_ONLY) {
		fail(question, error);
	} else {
		begin_tcp(question, error);
	}
}

static const char *error_text(int error)
{
	return error == UV_ECONNREFUSED ? "connection refused" :
	       error == UV_EOF          ? "connection closed" :
	                                  uv_strerror(error);
}

/* -- answers ---------------------------------------------------------------- */

static bool keep(question_t *question, const uint8_t *wire, size_t len, bool tcp)
{
	uint8_t *copy = malloc(len);
	if (copy == NULL) {
		return false;
	}
	memcpy(copy, wire, len);
	free(question->answer);
	question->answer = copy;
	question->result.len = len;
	question->result.tcp = tcp;
	return true;
}

/*! A box on the way that does not understand EDNS often checks UDP only. */
static bool misunderstood(const uint8_t *wire)
{
	const uint8_t rcode = knot_wire_get_rcode(wire);
	return rcode == KNOT_RCODE_FORMERR || rcode == KNOT_RCODE_NOTIMPL;
}

/*! Something that answers the question, over UDP. */
static void take_udp(question_t *question, const uint8_t *wire, size_t len)
{
	question->result.alive = true;
	if (knot_wire_get_tc(wire)) {
		begin_tcp(question, "truncated over UDP");
	} else if (!keep(question, wire, len, false)) {
		fail(question, "out of memory");
	} else if (misunderstood(wire)) {
		begin_tcp(question, "");
	} else {
		finish(question);
	}
}

/* -- UDP -------------------------------------------------------------------- */

static void on_udp_timer(uv_timer_t *timer)
{
	question_t *question = timer->data;
	attempt_end(question);
	if (question->result.packets < question->tries) {
		begin_udp(question);
	} else {
		fail_udp(question, "timeout");
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	attempt_t *attempt = handle->data;
	if (attempt->in == NULL) {
		attempt->in_size = KNOT_WIRE_MAX_PKTSIZE;
		attempt->in = malloc(attempt->in_size);
	}
	*buf = uv_buf_init((char *)attempt->in, attempt->in != NULL ? attempt->in_size : 0);
}

static void on_udp(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	attempt_t *attempt = udp->data;
	question_t *question = attempt->question;
	if (question == NULL || question->over) {
		return;
	}
	if (len < 0) {
		/* ICMP. It says nothing about TCP, and no second datagram would fare better. */
		fail_udp(question, error_text(len));
		return;
	}

	/* The kernel compares the source, but not before the socket was connected. */
	struct sockaddr_storage source = { 0 };
	if (from == NULL || (flags & UV_UDP_PARTIAL) != 0) {
		return;
	}
	memcpy(&source, from, from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	const uint8_t *wire = (const uint8_t *)buf->base;
	if (addr_cmp(&source, &question->addr) == 0 && query_match(&question->query, wire, len)) {
		take_udp(question, wire, len);
	}
}

/*!
 * The kernel takes an own address as the source for itself, and sends to itself what is for 0.0.0.0 or ::. Loopback is
 * full of servers in tests, bar the first.
 */
static bool is_here(const attempt_t *attempt, const struct sockaddr_storage *addr)
{
	struct sockaddr_storage source = { 0 };
	int len = sizeof(source);
	if (uv_udp_getsockname(&attempt->udp, (struct sockaddr *)&source, &len) != 0 ||
	    source.ss_family != addr->ss_family) {
		return false;
	}
	if (addr->ss_family == AF_INET6) {
		const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)&source,
					  *b = (const struct sockaddr_in6 *)addr;
		return IN6_IS_ADDR_UNSPECIFIED(&b->sin6_addr) ||
		       memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0;
	}
	const struct sockaddr_in *a = (const struct sockaddr_in *)&source, *b = (const struct sockaddr_in *)addr;
	return b->sin_addr.s_addr == htonl(INADDR_ANY) ||
	       (a->sin_addr.s_addr == b->sin_addr.s_addr &&
	        (!addr_is_loopback(addr) || b->sin_addr.s_addr == htonl(INADDR_LOOPBACK)));
}

/*! Errors of connect() of a datagram socket: nothing was sent, there is no way to the address. */
static bool is_no_route(int error)
{
	return error == UV_ENETUNREACH || error == UV_EADDRNOTAVAIL || error == UV_EAFNOSUPPORT;
}

static void begin_udp(question_t *question)
{
	attempt_t *attempt = attempt_new(question, init_udp);
	if (attempt == NULL) {
		fail(question, "no socket");
		return;
	}
	int ret = uv_udp_connect(&attempt->udp, (const struct sockaddr *)&question->addr);
	if (is_no_route(ret)) {
		question->result.no_route = true;
		fail(question, error_text(ret));
		return;
	}
	if (ret == 0) {
		question->result.here = is_here(attempt, &question->addr);
		ret = uv_udp_recv_start(&attempt->udp, on_alloc, on_udp);
	}
	if (ret == 0) {
		knot_wire_set_id(question->query.wire, dnssec_random_uint16_t());
		uv_buf_t buf = uv_buf_init((char *)question->query.wire, question->query.len);
		ret = uv_udp_try_send(&attempt->udp, &buf, 1, NULL);
	}
	if (ret < 0 && ret != UV_EAGAIN) {
		fail_udp(question, error_text(ret));
		return;
	}
	question->result.packets++;
	uv_timer_start(&question->timer, on_udp_timer, question->udp_timeout_ms, 0);
}

/* -- TCP -------------------------------------------------------------------- */

static void on_tcp_timer(uv_timer_t *timer)
{
	fail(timer->data, "timeout");
}

/*! First the length, then no more than that. */
static void on_tcp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	attempt_t *attempt = handle->data;
	if (attempt->in == NULL) {
		attempt->in = malloc(TCP_PREFIX);
		attempt->in_size = attempt->in != NULL ? TCP_PREFIX : 0;
	}
	*buf = uv_buf_init((char *)attempt->in + attempt->in_len, attempt->in_size - attempt->in_len);
}

static void take_tcp(question_t *question, const uint8_t *wire, size_t len)
{
	if (!query_match(&question->query, wire, len)) {
		fail(question, "answer to another question");
		return;
	}
	question->result.alive = true;
	if (keep(question, wire, len, true)) {
		finish(question);
	} else {
		fail(question, "out of memory");
	}
}

static void on_tcp(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	(void)buf;
	attempt_t *attempt = stream->data;
	question_t *question = attempt->question;
	if (question == NULL || question->over || len == 0) {
		return;
	}
	if (len < 0) {
		fail(question, error_text(len));
		return;
	}
	attempt->in_len += len;
	if (attempt->in_len == TCP_PREFIX && attempt->in_size == TCP_PREFIX) {
		const size_t wanted = knot_wire_read_u16(attempt->in);
		uint8_t *more = realloc(attempt->in, TCP_PREFIX + wanted);
		if (more == NULL) {
			fail(question, "out of memory");
			return;
		}
		attempt->in = more;
		attempt->in_size = TCP_PREFIX + wanted;
	}
	if (attempt->in_len >= TCP_PREFIX && attempt->in_len == attempt->in_size) {
		take_tcp(question, attempt->in + TCP_PREFIX, attempt->in_len - TCP_PREFIX);
	}
}

static void on_written(uv_write_t *write, int status)
{
	question_t *question = ((attempt_t *)write->data)->question;
	if (status != 0 && question != NULL && !question->over) {
		fail(question, error_text(status));
	}
}

static void on_connected(uv_connect_t *connect, int status)
{
	attempt_t *attempt = connect->data;
	question_t *question = attempt->question;
	if (question == NULL || question->over) {
		return;
	}
	if (status == 0) {
		knot_wire_write_u16(attempt->out, question->query.len);
		memcpy(attempt->out + TCP_PREFIX, question->query.wire, question->query.len);
		const uv_buf_t buf = uv_buf_init((char *)attempt->out, TCP_PREFIX + question->query.len);
		attempt->write.data = attempt;
		status = uv_write(&attempt->write, connect->handle, &buf, 1, on_written);
	}
	if (status == 0) {
		status = uv_read_start(connect->handle, on_tcp_alloc, on_tcp);
	}
	if (status != 0) {
		fail(question, error_text(status));
	}
}

/*! UDP was not enough, for the reason given; once more over TCP. */
static void begin_tcp(question_t *question, const char *why)
{
	attempt_end(question);
	snprintf(question->result.error, sizeof(question->result.error), "%s", why);
	knot_wire_set_id(question->query.wire, dnssec_random_uint16_t());

	attempt_t *attempt = attempt_new(question, init_tcp);
	if (attempt == NULL) {
		fail(question, "no socket");
		return;
	}
	attempt->connect.data = attempt;
	int ret = uv_tcp_connect(&attempt->connect, &attempt->tcp, (const struct sockaddr *)&question->addr,
	                         on_connected);
	if (ret != 0) {
		fail(question, error_text(ret));
	} else {
		uv_timer_start(&question->timer, on_tcp_timer, question->tcp_timeout_ms, 0);
	}
}

/* -- interface -------------------------------------------------------------- */

static void on_begin(uv_timer_t *timer)
{
	question_t *question = timer->data;
	if (question->way == QUESTION_TCP_ONLY) {
		begin_tcp(question, "");
	} else {
		begin_udp(question);
	}
}

question_t *question_start(uv_loop_t *loop, const question_params_t *params, question_done_f done, void *arg)
{
	assert(loop && params && params->addr && params->name && done);
	assert(params->tries > 0);

	question_t *question = calloc(1, sizeof(*question));
	if (question == NULL || query_make(&question->query, params->name, params->type, params->flags) != KNOT_EOK) {
		free(question);
		return NULL;
	}
	question->addr = *params->addr;
	question->way = params->way;
	question->tries = params->tries;
	question->udp_timeout_ms = params->udp_timeout_ms;
	question->tcp_timeout_ms = params->tcp_timeout_ms;
	question->done = done;
	question->arg = arg;
	uv_timer_init(loop, &question->timer);
	question->timer.data = question;
	uv_timer_start(&question->timer, on_begin, 0, 0);
	return question;
}

void question_cancel(question_t *question)
{
	if (question != NULL) {
		close_all(question);
	}
}
