/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kskroll/notify_listen.h"
#include "notify_reply.h"
#include "util/descriptors.h"
#include "util/notify_in.h"

/*! Messages in a row of one socket: the loop has other things to do. */
#define READS_MAX 64
/*! Connections at the same time, all together and of one source. */
#define STREAMS_MAX        64
#define STREAMS_PER_SOURCE 8
/*! A connection without a whole message for so long is closed. */
#define IDLE_MS 10000
/*! Longest message over TCP; a longer one is no notification. */
#define STREAM_MESSAGE 1024
/*! Longest message over UDP that is read whole. */
#define DATAGRAM 4096
/*! Replies per second to what is none, and how many at once. */
#define ERROR_MS    10
#define ERROR_BURST 100

/*! A socket that is bound. */
typedef struct {
	uv_poll_t poll; /*!< First: the handle is the place. */
	notify_listen_t *listen;
	int fd;
} place_t;

/*! A connection. */
typedef struct {
	uv_poll_t poll;
	uv_timer_t idle;
	notify_listen_t *listen;
	int fd;           /*!< -1: closing. */
	unsigned closing; /*!< Handles that have not closed yet. */
	struct sockaddr_storage source;
	size_t len;
	uint8_t data[2 + STREAM_MESSAGE];
} stream_t;

struct notify_listen {
	uv_loop_t *loop;
	notify_listen_f each;
	void *arg;
	uint64_t ignored;
	uint64_t errors_until; /*!< As a place in notify_in_limits_t. */
	size_t open;           /*!< Handles that have not closed yet. */
	bool stopped;
	stream_t *streams[STREAMS_MAX];
	size_t place_count;
	place_t *places;
	notify_in_limits_t limits;
};

/*! The last of its handles has closed. */
static void free_if_closed(notify_listen_t *listen)
{
	if (listen->stopped && listen->open == 0) {
		free(listen->places);
		free(listen);
	}
}

/* Messages. */

static bool may_complain(notify_listen_t *listen, uint64_t now)
{
	const uint64_t from = listen->errors_until > now ? listen->errors_until : now;

	if (from - now > ERROR_MS * (ERROR_BURST - 1)) {
		return false;
	}
	listen->errors_until = from + ERROR_MS;
	return true;
}

static void hand_over(notify_listen_t *listen, const notify_reply_t *read, const struct sockaddr_storage *source)
{
	knot_dname_txt_storage_t child, agent = "";
	char from[ADDR_TEXT_MAX];

	if (read->agent[0] != '\0') {
		(void)knot_dname_to_str(agent, read->agent, sizeof(agent));
	}
	(void)knot_dname_to_str(child, read->child, sizeof(child));
	addr_to_text(source, from);
	listen->each(child, from, agent, listen->arg);
}

/*! \return Octets of the reply; 0: none. */
static size_t answer(notify_listen_t *listen, const uint8_t *wire, size_t len, const struct sockaddr_storage *source,
                     uint8_t out[NOTIFY_REPLY_MAX])
{
	notify_reply_t read;
	int ede = NOTIFY_REPLY_NO_EDE;
	const uint64_t now = uv_hrtime() / 1000000;

	if (!notify_reply_read(wire, len, &read) || (!read.is_one && !may_complain(listen, now))) {
		return 0;
	}
	if (read.is_one && notify_in_take(&listen->limits, source, read.child, now)) {
		hand_over(listen, &read, source);
	} else if (read.is_one) {
		/* Acknowledged all the same, or it would be repeated (RFC 9859 4.3). */
		ede = KNOT_EDNS_EDE_BLOCKED;
		listen->ignored++;
	}
	return notify_reply_write(&read, wire, ede, out);
}

/* UDP. */

static void on_datagram(uv_poll_t *poll, int status, int events)
{
	place_t *place = (place_t *)poll;
	notify_listen_t *listen = place->listen;
	uint8_t data[DATAGRAM], reply[NOTIFY_REPLY_MAX];

	(void)status, (void)events;
	for (int i = 0; i < READS_MAX && !listen->stopped; i++) {
		struct sockaddr_storage source = { 0 };
		socklen_t source_len = sizeof(source);
		const ssize_t got = recvfrom(place->fd, data, sizeof(data), 0, (struct sockaddr *)&source, &source_len);
		if (got < 0 && errno != EINTR) {
			return;
		}
		const size_t len = got > 0 ? answer(listen, data, got, &source, reply) : 0;
		if (len > 0) {
			/* What does not go out is lost, as any packet may be. */
			(void)sendto(place->fd, reply, len, MSG_DONTWAIT, (struct sockaddr *)&source, source_len);
		}
	}
}

/* TCP. */

static void on_stream_closed(uv_handle_t *handle)
{
	stream_t *stream = handle->data;
	notify_listen_t *listen = stream->listen;

	listen->open--;
	if (--stream->closing == 0) {
		free(stream);
	}
	free_if_closed(listen);
}

static void close_stream(stream_t *stream)
{
	notify_listen_t *listen = stream->listen;

	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if (listen->streams[i] == stream) {
			listen->streams[i] = NULL;
		}
	}
	uv_poll_stop(&stream->poll);
	close(stream->fd);
	stream->fd = -1;
	stream->closing = 2;
	uv_close((uv_handle_t *)&stream->poll, on_stream_closed);
	uv_close((uv_handle_t *)&stream->idle, on_stream_closed);
}

static void on_idle(uv_timer_t *timer)
{
	close_stream(timer->data);
}

/*! \return False: the other side does not take it. So short a reply always fits into an empty buffer. */
static bool reply_stream(stream_t *stream, const uint8_t *wire, size_t len)
{
	uint8_t out[2 + NOTIFY_REPLY_MAX];
	const size_t size = answer(stream->listen, wire, len, &stream->source, out + 2);

	if (size == 0) {
		return false;
	}
	out[0] = size >> 8;
	out[1] = size;
	return send(stream->fd, out, size + 2, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)(size + 2);
}

/*! Whole messages of what has come. \return False: it is no peer of ours. */
static bool use_stream(stream_t *stream)
{
	while (stream->len >= 2) {
		const size_t len = stream->data[0] << 8 | stream->data[1];
		if (len > STREAM_MESSAGE || len < KNOT_WIRE_HEADER_SIZE) {
			return false;
		}
		if (stream->len < 2 + len) {
			return true;
		}
		if (!reply_stream(stream, stream->data + 2, len)) {
			return false;
		}
		stream->len -= 2 + len;
		memmove(stream->data, stream->data + 2 + len, stream->len);
		uv_timer_start(&stream->idle, on_idle, IDLE_MS, 0);
	}
	return true;
}

static void on_stream(uv_poll_t *poll, int status, int events)
{
	stream_t *stream = poll->data;

	(void)events;
	const ssize_t got = status == 0 ? recv(stream->fd, stream->data + stream->len,
	                                       sizeof(stream->data) - stream->len, MSG_DONTWAIT) :
	                                  0;
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	stream->len += got > 0 ? got : 0;
	if ((got <= 0 || !use_stream(stream)) && stream->fd >= 0) {
		close_stream(stream);
	}
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)a, *b4 = (const struct sockaddr_in *)b;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a, *b6 = (const struct sockaddr_in6 *)b;

	if (a->ss_family != b->ss_family) {
		return false;
	}
	/* Half an IPv6 address is a network of one host. */
	return a->ss_family == AF_INET ? a4->sin_addr.s_addr == b4->sin_addr.s_addr :
	                                 memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr) / 2) == 0;
}

/*! \return A place for a connection of this source, or NULL. The limit of a source keeps it from having all. */
static stream_t **find_place(notify_listen_t *listen, const struct sockaddr_storage *source)
{
	stream_t **found = NULL;
	unsigned own = 0;

	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if (listen->streams[i] == NULL) {
			found = &listen->streams[i];
		} else {
			own += same_host(&listen->streams[i]->source, source);
		}
	}
	return own < STREAMS_PER_SOURCE ? found : NULL;
}

static bool begin_stream(notify_listen_t *listen, int fd, const struct sockaddr_storage *source)
{
	stream_t **place = find_place(listen, source);
	stream_t *stream = place != NULL ? calloc(1, sizeof(*stream)) : NULL;

	if (stream == NULL || uv_poll_init(listen->loop, &stream->poll, fd) != 0) {
		free(stream);
		return false;
	}
	*place = stream;
	stream->listen = listen;
	stream->fd = fd;
	stream->source = *source;
	uv_timer_init(listen->loop, &stream->idle);
	stream->poll.data = stream->idle.data = stream;
	listen->open += 2;
	uv_poll_start(&stream->poll, UV_READABLE | UV_DISCONNECT, on_stream);
	uv_timer_start(&stream->idle, on_idle, IDLE_MS, 0);
	return true;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	place_t *place = (place_t *)poll;

	(void)status, (void)events;
	for (int i = 0; i < READS_MAX; i++) {
		struct sockaddr_storage source = { 0 };
		socklen_t len = sizeof(source);
		const int fd = accept4(place->fd, (struct sockaddr *)&source, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED) {
			return;
		}
		if (fd >= 0 && !begin_stream(place->listen, fd, &source)) {
			close(fd);
		}
	}
}

/* Begin and end. */

static bool open_place(notify_listen_t *listen, place_t *place, int fd)
{
	if (uv_poll_init(listen->loop, &place->poll, fd) != 0) {
		return false;
	}
	place->listen = listen;
	place->fd = fd;
	listen->open++;
	uv_poll_start(&place->poll, UV_READABLE,
	              descriptor_option(fd, SO_TYPE, SOCK_STREAM) ? on_connection : on_datagram);
	return true;
}

notify_listen_t *notify_listen_start(uv_loop_t *loop, const int *fds, size_t count, notify_listen_f each, void *arg)
{
	notify_listen_t *listen = calloc(1, sizeof(*listen));
	place_t *places = calloc(count + 1, sizeof(*places));

	if (listen == NULL || places == NULL) {
		free(listen);
		free(places);
		for (size_t i = 0; i < count; i++) {
			close(fds[i]);
		}
		return NULL;
	}
	listen->loop = loop;
	listen->each = each;
	listen->arg = arg;
	listen->places = places;
	listen->limits.seed = uv_hrtime();
	for (size_t i = 0; i < count; i++) {
		if (open_place(listen, &places[listen->place_count], fds[i])) {
			listen->place_count++;
		} else {
			close(fds[i]);
		}
	}
	return listen;
}

uint64_t notify_listen_ignored(const notify_listen_t *listen)
{
	return listen != NULL ? listen->ignored : 0;
}

static void on_place_closed(uv_handle_t *handle)
{
	notify_listen_t *listen = ((place_t *)handle)->listen;

	listen->open--;
	free_if_closed(listen);
}

void notify_listen_stop(notify_listen_t *listen)
{
	if (listen == NULL) {
		return;
	}
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		if (listen->streams[i] != NULL) {
			close_stream(listen->streams[i]);
		}
	}
	for (size_t i = 0; i < listen->place_count; i++) {
		uv_poll_stop(&listen->places[i].poll);
		close(listen->places[i].fd);
		uv_close((uv_handle_t *)&listen->places[i].poll, on_place_closed);
	}
	listen->stopped = true;
	free_if_closed(listen);
}
