/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sockets.h"

typedef bool (*socket_f)(int fd, void *ctx);

/*! Calls back for every descriptor of this process until \a each returns true. */
static void each_descriptor(socket_f each, void *ctx)
{
	// Not 0..RLIMIT_NOFILE: that is a million system calls on a large server.
	DIR *dir = opendir("/proc/self/fd");
	if (dir == NULL) {
		return;
	}

	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);
		if (end == entry->d_name || *end != '\0' || fd == dirfd(dir)) {
			continue;
		}
		if (each((int)fd, ctx)) {
			break;
		}
	}
	closedir(dir);
}

static bool int_option(int fd, int option, int want)
{
	int value;
	socklen_t len = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == want;
}

static bool is_unix_stream(int fd)
{
	return int_option(fd, SO_DOMAIN, AF_UNIX) && int_option(fd, SO_TYPE, SOCK_STREAM);
}

/*! The path where it listens; false for unnamed and abstract sockets. */
static bool unix_path(int fd, char *out, size_t out_len)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0 || addr.sun_family != AF_UNIX ||
	    len <= offsetof(struct sockaddr_un, sun_path) || addr.sun_path[0] == '\0') {
		return false;
	}

	// The kernel does not promise a final zero for the longest paths.
	size_t path_len = strnlen(addr.sun_path, sizeof(addr.sun_path));
	if (path_len >= out_len) {
		return false;
	}
	memcpy(out, addr.sun_path, path_len);
	out[path_len] = '\0';

	return true;
}

typedef struct {
	const char *preferred;
	sockets_t *out;
} find_t;

static bool find_control(int fd, find_t *find)
{
	char path[SOCKETS_PATH_MAX];
	sockets_t *out = find->out;

	if (!is_unix_stream(fd) || !int_option(fd, SO_ACCEPTCONN, 1) || !unix_path(fd, path, sizeof(path))) {
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

	if (out->dns_count == SOCKETS_DNS_MAX || !int_option(fd, SO_TYPE, SOCK_STREAM) ||
	    !int_option(fd, SO_ACCEPTCONN, 1) || getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
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
	each_descriptor(find_all, &find);
	return out->control_fd >= 0;
}

bool sockets_are_there(const sockets_t *sockets)
{
	char path[SOCKETS_PATH_MAX];
	const int fd = sockets->control_fd;

	return is_unix_stream(fd) && int_option(fd, SO_ACCEPTCONN, 1) && unix_path(fd, path, sizeof(path)) &&
	       strcmp(path, sockets->control) == 0;
}

static bool find_any_control(int fd, void *arg)
{
	return find_control(fd, arg);
}

bool sockets_running(void)
{
	sockets_t found = { .control_fd = -1 };
	find_t find = { .out = &found };

	each_descriptor(find_any_control, &find);
	return found.control_fd >= 0;
}
