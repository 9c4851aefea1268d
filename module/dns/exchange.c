/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"

#include <libknot/libknot.h>

/*! Length in front of a message over TCP (RFC 1035 4.2.2). */
#define PREFIX 2

struct exchange {
	uv_tcp_t tcp;
	uv_timer_t timer;
	unsigned open; /*!< Handles that are not closed yet. */
	bool over;     /*!< Nobody wants it any more. */
	uv_connect_t connect;
	uv_write_t write;
	unsigned answer_ms;
	uint8_t *in;
	size_t in_len, in_size;
	exchange_result_t result;
	exchange_done_f done;
	void *arg;
	size_t out_len;
	uint8_t out[]; /*!< With its length. */
};

static void on_closed(uv_handle_t *handle)
{
	exchange_t *x = handle->data;

	if (--x->open == 0) {
		free(x->in);
		free(x);
	}
}

static void close_all(exchange_t *x)
{
	x->over = true;
	uv_close((uv_handle_t *)&x->tcp, on_closed);
	uv_close((uv_handle_t *)&x->timer, on_closed);
}

static void on_end(uv_timer_t *timer)
{
	exchange_t *x = timer->data;

	close_all(x);
	x->done(&x->result, x->arg);
}

/*! The rest happens from the timer: always from a clean stack. */
static void finish(exchange_t *x, const char *error)
{
	if (error != NULL) {
		x->result.wire = NULL;
		snprintf(x->result.error, sizeof(x->result.error), "%s", error);
	}
	x->over = true;
	(void)uv_read_stop((uv_stream_t *)&x->tcp);
	uv_timer_start(&x->timer, on_end, 0, 0);
}

static void fail(exchange_t *x, int error)
{
	finish(x, error == UV_ECONNREFUSED ? "connection refused" :
	          error == UV_EOF          ? "connection closed" :
	                                     uv_strerror(error));
}

static void on_timeout(uv_timer_t *timer)
{
	exchange_t *x = timer->data;

	finish(x, x->result.sent ? "no answer" : "no connection in time");
}

/*! First the length, then no more than that. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	exchange_t *x = handle->data;

	(void)suggested;
	if (x->in == NULL) {
		x->in = malloc(PREFIX);
		x->in_size = x->in != NULL ? PREFIX : 0;
	}
	*buf = uv_buf_init((char *)x->in + x->in_len, x->in_size - x->in_len);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	exchange_t *x = stream->data;

	(void)buf;
	if (x->over || len == 0) {
		return;
	}
	if (len < 0) {
		fail(x, len);
		return;
	}
	x->in_len += len;
	if (x->in_len == PREFIX && x->in_size == PREFIX) {
		const size_t wanted = knot_wire_read_u16(x->in);
		uint8_t *more = realloc(x->in, PREFIX + wanted);
		if (more == NULL) {
			fail(x, UV_ENOMEM);
			return;
		}
		x->in = more;
		x->in_size = PREFIX + wanted;
	}
	if (x->in_len >= PREFIX && x->in_len == x->in_size) {
		x->result.wire = x->in + PREFIX;
		x->result.len = x->in_len - PREFIX;
		finish(x, NULL);
	}
}

static void on_written(uv_write_t *write, int status)
{
	exchange_t *x = write->data;

	if (status != 0 && !x->over) {
		fail(x, status);
	}
}

static void on_connected(uv_connect_t *connect, int status)
{
	exchange_t *x = connect->data;

	if (x->over) {
		return;
	}
	if (status == 0) {
		const uv_buf_t buf = uv_buf_init((char *)x->out, x->out_len);
		x->result.sent = true;
		uv_timer_start(&x->timer, on_timeout, x->answer_ms, 0);
		status = uv_write(&x->write, connect->handle, &buf, 1, on_written);
	}
	if (status == 0) {
		status = uv_read_start(connect->handle, on_alloc, on_read);
	}
	if (status != 0) {
		fail(x, status);
	}
}

exchange_t *exchange_start(uv_loop_t *loop, const struct sockaddr_storage *addr, const uint8_t *wire, size_t len,
                           unsigned connect_ms, unsigned answer_ms, exchange_done_f done, void *arg)
{
	assert(loop && addr && wire && len <= KNOT_WIRE_MAX_PKTSIZE && done);

	exchange_t *x = calloc(1, sizeof(*x) + PREFIX + len);
	if (x == NULL || uv_tcp_init(loop, &x->tcp) != 0) {
		free(x);
		return NULL;
	}
	uv_timer_init(loop, &x->timer);
	x->open = 2;
	x->tcp.data = x->timer.data = x->connect.data = x->write.data = x;
	x->answer_ms = answer_ms;
	x->done = done;
	x->arg = arg;
	x->out_len = PREFIX + len;
	knot_wire_write_u16(x->out, len);
	memcpy(x->out + PREFIX, wire, len);
	uv_timer_start(&x->timer, on_timeout, connect_ms, 0);
	const int ret = uv_tcp_connect(&x->connect, &x->tcp, (const struct sockaddr *)addr, on_connected);
	if (ret != 0) {
		fail(x, ret);
	}
	return x;
}

void exchange_cancel(exchange_t *x)
{
	if (x != NULL) {
		close_all(x);
	}
}
