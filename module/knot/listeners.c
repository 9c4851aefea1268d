/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listeners.h"

/*! Connections that wait to be accepted. */
#define BACKLOG 64

/*! kskrolld gets them as 3 and so on: until then they must not be there. */
#define FIRST (3 + 2 * LISTENERS_MAX)

/*! \return The socket, or -1 with errno. */
static int open_one(const struct sockaddr_storage *addr, int type)
{
	const int on = 1;
	const int fd = socket(addr->ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		return -1;
	}
	const bool v6 = addr->ss_family == AF_INET6;
	/* Of UDP it would let another program take the port away. */
	const bool set = (type != SOCK_STREAM || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0) &&
	                 (!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0);
	const socklen_t len = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if (!set || bind(fd, (const struct sockaddr *)addr, len) != 0 ||
	    (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
		const int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	const int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST);
	const int error = errno;
	close(fd);
	errno = error;
	return high;
}

static const char *advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "knotd itself or another program uses it: choose another port, or set notify-receive";
	case EADDRNOTAVAIL:
		return "this host does not have the address: correct notify-listen, or add the address";
	case EACCES:
	case EPERM:
		return "knotd has given up the right to ports below 1024: choose a higher one, and publish it in DSYNC";
	default:
		return "correct notify-listen";
	}
}

/*! Of an address, in this order. */
static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

void listeners_open(const dns_addrs_t *addrs, listeners_t *out)
{
	*out = (listeners_t){ .count = 0 };
	for (size_t i = 0; i < 2 * addrs->count && i < 2 * LISTENERS_MAX; i++) {
		const int fd = open_one(&addrs->addr[i / 2], types[i % 2]);
		if (fd >= 0) {
			out->fd[out->count++] = fd;
			continue;
		}
		const int error = errno;
		out->missing |= UINT32_C(1) << i;
		if (out->failed[0] == '\0') {
			char text[ADDR_TEXT_MAX];
			addr_to_text(&addrs->addr[i / 2], text);
			snprintf(out->failed, sizeof(out->failed), "notify-listen: no NOTIFY at %s over %s (%s): %s",
			         text, i % 2 == 0 ? "UDP" : "TCP", strerror(error), advice(error));
		}
	}
}

void listeners_close(listeners_t *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		close(listeners->fd[i]);
	}
	listeners->count = 0;
}

bool listeners_can(const dns_addrs_t *addrs, uint32_t missing)
{
	for (size_t i = 0; i < 2 * addrs->count && i < 2 * LISTENERS_MAX; i++) {
		const int fd = missing & UINT32_C(1) << i ? open_one(&addrs->addr[i / 2], types[i % 2]) : -1;
		if (fd >= 0) {
			close(fd);
			return true;
		}
	}
	return false;
}

bool listeners_same(const dns_addrs_t *a, const dns_addrs_t *b)
{
	if (a->count != b->count) {
		return false;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (addr_cmp(&a->addr[i], &b->addr[i]) != 0) {
			return false;
		}
	}
	return true;
}
