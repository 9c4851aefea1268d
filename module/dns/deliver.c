/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/addr.h"
#include "deliver.h"
#include "notify_message.h"
#include "util/knot.h"

/*! An answer is hardly longer than the message; whoever sends more is not understood. */
#define ANSWER_MAX 4096

/*! Length in front of a message over TCP (RFC 1035 4.2.2). */
#define TCP_PREFIX 2

struct deliver {
	uv_timer_t timer;
	uv_udp_t udp;
	uv_tcp_t tcp;
	unsigned handles; /*!< To be closed before the memory may go. */
	bool has_udp, has_tcp, has_timer;
	bool over; /*!< Nothing is expected any more but the timer. */

	struct sockaddr_storage addr;
	knot_dname_storage_t zone;
	unsigned interval_ms, retransmissions, tcp_timeout_ms;
	uint16_t id;

	uint8_t prefix[TCP_PREFIX];
	uint8_t wire[MESSAGE_MAX];
	size_t len;
	uint8_t in[TCP_PREFIX + ANSWER_MAX];
	size_t in_len;
	uv_connect_t connect;
	uv_write_t write;

	deliver_result_t result;
	deliver_done_f done;
	void *arg;
};

static void begin_tcp(deliver_t *deliver, const char *error);

static void on_closed(uv_handle_t *handle)
{
	deliver_t *deliver = handle->data;
	assert(deliver->handles > 0);
	if (--deliver->handles == 0) {
		free(deliver);
	}
}

static void close_handle(uv_handle_t *handle, bool *open)
{
	if (*open) {
		*open = false;
		uv_close(handle, on_closed);
	}
}

static void close_all(deliver_t *deliver)
{
	deliver->over = true;
	close_handle((uv_handle_t *)&deliver->udp, &deliver->has_udp);
	close_handle((uv_handle_t *)&deliver->tcp, &deliver->has_tcp);
	close_handle((uv_handle_t *)&deliver->timer, &deliver->has_timer);
}

static void on_end(uv_timer_t *timer)
{
	deliver_t *deliver = timer->data;
	deliver_result_t result = deliver->result;
	deliver_done_f done = deliver->done;
	void *arg = deliver->arg;
	close_all(deliver);
	done(&result, arg);
}

static void finish(deliver_t *deliver, const char *error)
{
	deliver->over = true;
	deliver->result.tcp_error = error;
	uv_timer_start(&deliver->timer, on_end, 0, 0);
}

static const char *error_text(int error)
{
	return error == UV_ECONNREFUSED ? "connection refused" : uv_strerror(error);
}

/*! True if the bytes are what is waited for; the delivery has then moved on. */
static bool take_answer(deliver_t *deliver, const uint8_t *wire, size_t len)
{
	uint16_t rcode = 0;
	switch (message_match(wire, len, deliver->zone, deliver->id, &rcode)) {
	case MESSAGE_ANSWER:
		deliver->result.answered = true;
		deliver->result.rcode = rcode;
		finish(deliver, NULL);
		return true;
	case MESSAGE_TRUNCATED:
		if (deliver->result.tcp) {
			finish(deliver, "truncated answer");
		} else {
			begin_tcp(deliver, "truncated answer");
		}
		return true;
	default:
		return false;
	}
}

/* -- UDP -------------------------------------------------------------------- */

static void on_udp_timer(uv_timer_t *timer);

static void send_udp(deliver_t *deliver)
{
	uv_buf_t buf = uv_buf_init((char *)deliver->wire, deliver->len);
	int ret = uv_udp_try_send(&deliver->udp, &buf, 1, NULL);
	if (ret < 0 && ret != UV_EAGAIN) {
		/* Also the place where an ICMP error is told that came meanwhile. */
		begin_tcp(deliver, error_text(ret));
		return;
	}
	deliver->result.tries++;
	uv_timer_start(&deliver->timer, on_udp_timer, deliver->interval_ms, 0);
}

static void on_udp_timer(uv_timer_t *timer)
{
	deliver_t *deliver = timer->data;
	if (deliver->result.tries <= deliver->retransmissions) {
		send_udp(deliver);
	} else {
		begin_tcp(deliver, "timeout");
	}
}

static void on_udp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	deliver_t *deliver = handle->data;
	*buf = uv_buf_init((char *)deliver->in, sizeof(deliver->in));
}

static void on_udp(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	deliver_t *deliver = udp->data;
	if (deliver->over || deliver->result.tcp) {
		return;
	}
	if (len < 0) {
		/* RFC 1996 3.6: ICMP says that nobody listens; no use to send it again. */
		begin_tcp(deliver, error_text(len));
		return;
	}

	/* The kernel compares the source, but not before the socket was connected. */
	struct sockaddr_storage source = { 0 };
	if (from == NULL || (flags & UV_UDP_PARTIAL) != 0) {
		return;
	}
	memcpy(&source, from, from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	if (addr_cmp(&source, &deliver->addr) == 0) {
		take_answer(deliver, (const uint8_t *)buf->base, len);
	}
}

static void on_begin(uv_timer_t *timer)
{
	deliver_t *deliver = timer->data;
	int ret = uv_udp_init(timer->loop, &deliver->udp);
	if (ret == 0) {
		deliver->has_udp = true;
		deliver->handles++;
		deliver->udp.data = deliver;
		ret = uv_udp_connect(&deliver->udp, (const struct sockaddr *)&deliver->addr);
	}
	if (ret == 0) {
		ret = uv_udp_recv_start(&deliver->udp, on_udp_alloc, on_udp);
	}
	if (ret == 0) {
		send_udp(deliver);
	} else {
		begin_tcp(deliver, error_text(ret));
	}
}

/* -- TCP -------------------------------------------------------------------- */

static void on_tcp_timer(uv_timer_t *timer)
{
	finish(timer->data, "timeout");
}

static void on_tcp_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)suggested;
	deliver_t *deliver = handle->data;
	*buf = uv_buf_init((char *)deliver->in + deliver->in_len, sizeof(deliver->in) - deliver->in_len);
}

static void on_tcp(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	(void)buf;
	deliver_t *deliver = stream->data;
	if (deliver->over || len == 0) {
		return;
	}
	if (len < 0) {
		finish(deliver, len == UV_EOF ? "connection closed" : error_text(len));
		return;
	}

	deliver->in_len += len;
	if (deliver->in_len < TCP_PREFIX) {
		return;
	}
	size_t wanted = knot_wire_read_u16(deliver->in);
	if (wanted > ANSWER_MAX) {
		finish(deliver, "answer is too long");
	} else if (deliver->in_len >= TCP_PREFIX + wanted && !take_answer(deliver, deliver->in + TCP_PREFIX, wanted)) {
		finish(deliver, "answer to another question");
	}
}

static void on_written(uv_write_t *write, int status)
{
	deliver_t *deliver = write->data;
	if (status != 0 && !deliver->over) {
		finish(deliver, error_text(status));
	}
}

static void on_connected(uv_connect_t *connect, int status)
{
	deliver_t *deliver = connect->data;
	if (deliver->over) {
		return;
	}
	if (status == 0) {
		deliver->result.tries++;
		knot_wire_write_u16(deliver->prefix, deliver->len);
		const uv_buf_t bufs[] = {
			uv_buf_init((char *)deliver->prefix, sizeof(deliver->prefix)),
			uv_buf_init((char *)deliver->wire, deliver->len),
		};
		deliver->write.data = deliver;
		status = uv_write(&deliver->write, connect->handle, bufs, 2, on_written);
	}
	if (status == 0) {
		status = uv_read_start(connect->handle, on_tcp_alloc, on_tcp);
	}
	if (status != 0) {
		finish(deliver, error_text(status));
	}
}

/*! UDP has failed, for the reason given: once more over TCP. */
static void begin_tcp(deliver_t *deliver, const char *error)
{
	close_handle((uv_handle_t *)&deliver->udp, &deliver->has_udp);
	deliver->result.tcp = true;
	deliver->result.udp_error = error;
	deliver->in_len = 0;

	int ret = uv_tcp_init(deliver->timer.loop, &deliver->tcp);
	if (ret != 0) {
		finish(deliver, error_text(ret));
		return;
	}
	deliver->has_tcp = true;
	deliver->handles++;
	deliver->tcp.data = deliver;
	deliver->connect.data = deliver;
	ret = uv_tcp_connect(&deliver->connect, &deliver->tcp, (const struct sockaddr *)&deliver->addr, on_connected);
	if (ret != 0) {
		finish(deliver, error_text(ret));
	} else {
		uv_timer_start(&deliver->timer, on_tcp_timer, deliver->tcp_timeout_ms, 0);
	}
}

/* -- interface -------------------------------------------------------------- */

deliver_t *deliver_start(uv_loop_t *loop, const struct sockaddr_storage *addr, const deliver_message_t *message,
                         deliver_done_f done, void *arg)
{
	assert(loop && addr && message && message->zone && done);

	deliver_t *deliver = calloc(1, sizeof(*deliver));
	if (deliver == NULL) {
		return NULL;
	}
	/* One ID for all copies: the answer to an earlier one counts as well. */
	deliver->id = dnssec_random_uint16_t();
	if (message_make(message->zone, deliver->id, message->agent, deliver->wire, &deliver->len) != KNOT_EOK) {
		free(deliver);
		return NULL;
	}

	deliver->addr = *addr;
	knot_dname_copy_lower(deliver->zone, message->zone);
	deliver->interval_ms = message->interval_ms;
	deliver->retransmissions = message->retransmissions;
	deliver->tcp_timeout_ms = message->tcp_timeout_ms;
	deliver->done = done;
	deliver->arg = arg;
	uv_timer_init(loop, &deliver->timer);
	deliver->timer.data = deliver;
	deliver->has_timer = true;
	deliver->handles = 1;
	uv_timer_start(&deliver->timer, on_begin, 0, 0);
	return deliver;
}

unsigned deliver_cancel(deliver_t *deliver)
{
	if (deliver == NULL) {
		return 0;
	}
	close_all(deliver);
	return deliver->result.tries;
}
