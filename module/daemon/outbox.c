/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outbox.h"

void outbox_flush(outbox_t *box)
{
	size_t at = 0;

	while (at < box->len && !box->broken) {
		ssize_t sent = send(box->fd, box->data + at, box->len - at, MSG_NOSIGNAL);
		if (sent >= 0) {
			at += sent;
		} else if (errno == EAGAIN) {
			struct pollfd fd = { .fd = box->fd, .events = POLLOUT };
			(void)poll(&fd, 1, -1);
		} else if (errno != EINTR) {
			box->broken = true;
		}
	}
	box->len = 0;
}

/*! What writes one frame. \return False if it does not fit. */
typedef bool (*put_f)(wire_out_t *out, const void *what);

static void add(outbox_t *box, put_f put, const void *what)
{
	for (int i = 0; i < 2; i++) {
		wire_out_t out = { .data = box->data, .size = sizeof(box->data), .len = box->len };
		if (put(&out, what)) {
			box->len = out.len;
			return;
		}
		outbox_flush(box);
	}
}

static bool put_hello(wire_out_t *out, const void *what)
{
	return wire_put_hello(out, what);
}

static bool put_log(wire_out_t *out, const void *what)
{
	return wire_put_log(out, what);
}

static bool put_numbers(wire_out_t *out, const void *what)
{
	return wire_put_numbers(out, what);
}

static bool put_totals(wire_out_t *out, const void *what)
{
	return wire_put_totals(out, what);
}

void outbox_hello(outbox_t *box, const char *version)
{
	const wire_hello_t hello = { .version = version, .pid = getpid() };
	add(box, put_hello, &hello);
}

void outbox_log(outbox_t *box, int priority, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	const wire_log_t log = { .priority = priority, .text = text };
	add(box, put_log, &log);
}

void outbox_numbers(outbox_t *box, wire_id_t id, const zone_numbers_t *numbers)
{
	const wire_numbers_t n = { .id = id, .numbers = *numbers };
	add(box, put_numbers, &n);
}

void outbox_totals(outbox_t *box, const process_totals_t *totals)
{
	add(box, put_totals, totals);
}
