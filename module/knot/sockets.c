/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sockets.h"
#include "util/descriptors.h"

typedef struct {
	const char *preferred;
	sockets_t *out;
} find_t;

static bool find_control(int fd, find_t *find)
{
	char path[SOCKETS_PATH_MAX];
	sockets_t *out = find->out;

	if (!descriptor_is_unix_stream(fd) || !descriptor_option(fd, SO_ACCEPTCONN, 1) ||
	    !descriptor_unix_path(fd, false, path, sizeof(path))) {
		return false;
	}
	if (out->control_fd < 0 || (find->preferred != NULL && strcmp(path, find->preferred) == 0)) {
		strcpy(out->control, path);
		out->control_fd = fd;
	}
	return true;
}

/*! Where a client of this machine connects to. */
static void not_any(struct sockaddr_storage *addr)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)addr;

	if (addr->ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else if (addr->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)) {
		v6->sin6_addr = in6addr_loopback;
	}
}

static void find_dns(int fd, sockets_t *out)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	if (out->dns_count == SOCKETS_DNS_MAX || !descriptor_option(fd, SO_TYPE, SOCK_STREAM) ||
	    !descriptor_option(fd, SO_ACCEPTCONN, 1) || getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
	    (addr.ss_family != AF_INET && addr.ss_family != AF_INET6)) {
		return;
	}
	not_any(&addr);
	for (size_t i = 0; i < out->dns_count; i++) {
		if (memcmp(&out->dns[i], &addr, sizeof(addr)) == 0) {
			return; // Another worker's.
		}
	}
	out->dns[out->dns_count++] = addr;
}

static bool find_all(int fd, void *arg)
{
	find_t *find = arg;

	if (!find_control(fd, find)) {
		find_dns(fd, find->out);
	}
	return false;
}

bool sockets_find(const char *preferred, sockets_t *out)
{
	find_t find = { .preferred = preferred, .out = out };

	memset(out, 0, sizeof(*out));
	out->control_fd = -1;
	descriptors_each(find_all, &find);
	return out->control_fd >= 0;
}

bool sockets_are_there(const sockets_t *sockets)
{
	char path[SOCKETS_PATH_MAX];
	const int fd = sockets->control_fd;

	return descriptor_is_unix_stream(fd) && descriptor_option(fd, SO_ACCEPTCONN, 1) &&
	       descriptor_unix_path(fd, false, path, sizeof(path)) && strcmp(path, sockets->control) == 0;
}

static bool find_any_control(int fd, void *arg)
{
	return find_control(fd, arg);
}

bool sockets_running(void)
{
	sockets_t found = { .control_fd = -1 };
	find_t find = { .out = &found };

	descriptors_each(find_any_control, &find);
	return found.control_fd >= 0;
}
