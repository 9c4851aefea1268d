/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "epp_connection.h"
#include "kskroll/addr.h"
#include "kskroll/text_copy.h"

/*! A TLS record at most (RFC 8446 5.1): GnuTLS keeps nothing back for which the socket would not be readable again. */
#define RECORD_MAX 16384
/*! Records in a row, before others have their turn in the loop. */
#define RECORDS_MAX 64

typedef enum {
	STAGE_ADDRESSES,
	STAGE_TCP,
	STAGE_TLS,
	STAGE_UP,
	STAGE_DOWN,
} stage_t;

struct epp_connection {
	uv_loop_t *loop;
	uv_timer_t timer;
	uv_getaddrinfo_t resolve;
	unsigned open; /*!< Timer and resolver, until they are closed. */
	bool over;     /*!< Nobody wants it any more. */
	stage_t stage;
	const epp_account_t *account;
	const epp_tls_credentials_t *credentials;
	const epp_connection_hooks_t *hooks;
	void *arg;
	struct addrinfo *list, *next;
	int fd;
	uv_poll_t *poll; /*!< Of this attempt; it frees itself. */
	epp_tls_t *tls;
	bool resolving;
	bool wants_write; /*!< TLS waits until the socket can be written. */
	char address[ADDR_TEXT_MAX];
	char why[EPP_TLS_WHY];
};

static void try_next(epp_connection_t *c);

static void release(epp_connection_t *c)
{
	if (--c->open == 0) {
		uv_freeaddrinfo(c->list);
		free(c);
	}
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle);
}

/*! What this attempt had. */
static void end_attempt(epp_connection_t *c)
{
	epp_tls_free(c->tls);
	c->tls = NULL;
	if (c->poll != NULL) {
		uv_close((uv_handle_t *)c->poll, on_poll_closed);
		c->poll = NULL;
	}
	if (c->fd >= 0) {
		close(c->fd);
		c->fd = -1;
	}
}

static void on_down(uv_timer_t *timer)
{
	epp_connection_t *c = timer->data;

	c->hooks->down(c->why, c->arg);
}

/*! The hook is called from a clean stack. */
static void go_down(epp_connection_t *c)
{
	c->stage = STAGE_DOWN;
	end_attempt(c);
	uv_timer_start(&c->timer, on_down, 0, 0);
}

/*! Adds to what is wrong. */
static void add_why(epp_connection_t *c, const char *why)
{
	const size_t at = strlen(c->why);

	snprintf(c->why + at, sizeof(c->why) - at, "%s%s%s%s", at > 0 ? "; " : "", c->address,
	         c->address[0] != '\0' ? ": " : "", why);
}

static void attempt_failed(epp_connection_t *c, const char *why)
{
	add_why(c, why);
	end_attempt(c);
	try_next(c);
}

static void on_timeout(uv_timer_t *timer)
{
	epp_connection_t *c = timer->data;

	attempt_failed(c, c->stage == STAGE_TCP ? "no connection in time" : "no TLS handshake in time");
}

static void fail(epp_connection_t *c, const char *why)
{
	c->why[0] = '\0';
	add_why(c, why);
	go_down(c);
}

/*! \return False: the connection is down, or over. */
static bool read_in(epp_connection_t *c)
{
	uint8_t data[RECORD_MAX];
	size_t len;

	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		switch (epp_tls_read(c->tls, data, sizeof(data), &len)) {
		case EPP_TLS_DONE:
			c->hooks->input(data, len, c->arg);
			if (c->over) {
				return false;
			}
			break;
		case EPP_TLS_READ:
			return true;
		case EPP_TLS_WRITE:
			c->wants_write = true;
			return true;
		case EPP_TLS_END:
			fail(c, "it has closed the connection");
			return false;
		case EPP_TLS_ERROR:
			fail(c, epp_tls_why(c->tls));
			return false;
		}
	}
	return true;
}

/*! \return False: the connection is down, or over. */
static bool write_out(epp_connection_t *c)
{
	const uint8_t *data;
	size_t len, taken;

	c->wants_write = false;
	while ((len = c->hooks->output(&data, c->arg)) > 0) {
		switch (epp_tls_write(c->tls, data, len, &taken)) {
		case EPP_TLS_DONE:
			c->hooks->taken(taken, c->arg);
			if (c->over) {
				return false;
			}
			break;
		case EPP_TLS_WRITE:
			c->wants_write = true;
			return true;
		case EPP_TLS_READ:
			return true;
		default:
			/* A server that closes may have said why. */
			if (read_in(c)) {
				fail(c, epp_tls_why(c->tls));
			}
			return false;
		}
	}
	return true;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void wait_for_socket(epp_connection_t *c)
{
	const bool write = c->wants_write || c->stage == STAGE_TCP;
	const int ret = uv_poll_start(c->poll, UV_READABLE | (write ? UV_WRITABLE : 0), on_poll);

	if (ret != 0) {
		fail(c, uv_strerror(ret));
	}
}

static void shake_hands(epp_connection_t *c)
{
	switch (epp_tls_handshake(c->tls)) {
	case EPP_TLS_DONE:
		c->stage = STAGE_UP;
		c->wants_write = false;
		c->why[0] = '\0';
		uv_timer_stop(&c->timer);
		c->hooks->up(c->arg);
		break;
	case EPP_TLS_WRITE:
		c->wants_write = true;
		break;
	case EPP_TLS_READ:
		c->wants_write = false;
		break;
	default:
		attempt_failed(c, epp_tls_why(c->tls));
	}
}

/*! TCP is connected, or it failed. */
static void begin_tls(epp_connection_t *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
		attempt_failed(c, error == ECONNREFUSED ? "connection refused" : strerror(error != 0 ? error : errno));
		return;
	}
	c->tls = epp_tls_new(c->credentials, c->fd);
	if (c->tls == NULL) {
		attempt_failed(c, "no memory for TLS");
		return;
	}
	c->stage = STAGE_TLS;
}

/*! libuv calls with an error, and stops, as soon as the socket has one; what came before it can still be read. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	epp_connection_t *c = poll->data;

	(void)events;
	if (c->stage == STAGE_TCP) {
		begin_tls(c);
	}
	if (c->poll == poll && c->stage == STAGE_TLS) {
		shake_hands(c);
	}
	if (c->over || c->poll != poll) {
		return;
	}
	if (c->stage == STAGE_UP && !(write_out(c) && read_in(c) && write_out(c))) {
		return;
	}
	if (status < 0) {
		c->stage == STAGE_UP ? fail(c, "the connection is broken") :
				       attempt_failed(c, "the connection is broken");
		return;
	}
	wait_for_socket(c);
}

/*! \return NULL, or what is wrong. */
static const char *connect_to(epp_connection_t *c, const struct addrinfo *at)
{
	const int on = 1;

	c->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (c->fd < 0) {
		return strerror(errno);
	}
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS) {
		return errno == ECONNREFUSED ? "connection refused" : strerror(errno);
	}
	c->poll = malloc(sizeof(*c->poll));
	if (c->poll == NULL) {
		return "no memory";
	}
	const int ret = uv_poll_init(c->loop, c->poll, c->fd);
	if (ret != 0) {
		free(c->poll);
		c->poll = NULL;
		return uv_strerror(ret);
	}
	c->poll->data = c;
	return NULL;
}

static void try_next(epp_connection_t *c)
{
	while (c->next != NULL) {
		const struct addrinfo *at = c->next;
		struct sockaddr_storage addr = { 0 };

		c->next = at->ai_next;
		memcpy(&addr, at->ai_addr, at->ai_addrlen);
		addr_to_text(&addr, c->address);
		const char *why = connect_to(c, at);
		if (why == NULL) {
			/* For TCP and TLS together. */
			c->stage = STAGE_TCP;
			uv_timer_start(&c->timer, on_timeout, (uint64_t)c->account->timeout * 1000, 0);
			wait_for_socket(c);
			return;
		}
		add_why(c, why);
		end_attempt(c);
	}
	go_down(c);
}

static void on_addresses(uv_getaddrinfo_t *resolve, int status, struct addrinfo *list)
{
	epp_connection_t *c = resolve->data;

	c->list = list;
	c->resolving = false;
	if (!c->over) {
		c->next = list;
		if (status != 0) {
			snprintf(c->why, sizeof(c->why), "no address of %s: %s", c->account->server,
			         uv_strerror(status));
		}
		try_next(c);
	}
	release(c);
}

epp_connection_t *epp_connection_open(uv_loop_t *loop, const epp_account_t *account,
                                      const epp_tls_credentials_t *credentials, const epp_connection_hooks_t *hooks,
                                      void *arg)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char port[8];
	epp_connection_t *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		return NULL;
	}
	*c = (epp_connection_t){ .loop = loop,
		                 .open = 1,
		                 .account = account,
		                 .credentials = credentials,
		                 .hooks = hooks,
		                 .arg = arg,
		                 .fd = -1 };
	uv_timer_init(loop, &c->timer);
	c->timer.data = c->resolve.data = c;
	snprintf(port, sizeof(port), "%u", account->port);
	const int ret = uv_getaddrinfo(loop, &c->resolve, on_addresses, account->server, port, &hints);
	if (ret == 0) {
		c->open++;
		c->resolving = true;
	} else {
		snprintf(c->why, sizeof(c->why), "no address of %s: %s", account->server, uv_strerror(ret));
		go_down(c);
	}
	return c;
}

static void on_write(uv_timer_t *timer)
{
	epp_connection_t *c = timer->data;

	if (c->stage == STAGE_UP && write_out(c)) {
		wait_for_socket(c);
	}
}

void epp_connection_write(epp_connection_t *connection)
{
	if (connection->stage == STAGE_UP) {
		uv_timer_start(&connection->timer, on_write, 0, 0);
	}
}

void epp_connection_close(epp_connection_t *connection)
{
	epp_connection_t *c = connection;

	c->over = true;
	if (c->tls != NULL && c->stage == STAGE_UP) {
		epp_tls_bye(c->tls);
	}
	end_attempt(c);
	if (c->resolving) {
		/* If it is too late for that, on_addresses() comes all the same. */
		(void)uv_cancel((uv_req_t *)&c->resolve);
	}
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

const char *epp_connection_address(const epp_connection_t *connection)
{
	return connection->address;
}

const epp_tls_t *epp_connection_tls(const epp_connection_t *connection)
{
	return connection->tls;
}
