/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "peer.h"

typedef void (*socket_f)(int fd, void *ctx);

/*! Calls back for every descriptor of this process. \return False if they are not known. */
static bool each_descriptor(socket_f each, void *ctx)
{
	DIR *dir = opendir("/proc/self/fd");
	if (dir == NULL) {
		return false;
	}

	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);
		if (end == entry->d_name || *end != '\0' || fd == dirfd(dir)) {
			continue;
		}
		each((int)fd, ctx);
	}
	closedir(dir);
	return true;
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

/*! The path of the other end; false for unnamed and abstract sockets. */
static bool unix_path(int fd, char *out, size_t out_len)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	if (getpeername(fd, (struct sockaddr *)&addr, &len) != 0 || addr.sun_family != AF_UNIX ||
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
	const char *path;
	pid_t pid;
	unsigned own;
	unsigned foreign;
} peer_ctx_t;

static void check_peer(int fd, void *arg)
{
	peer_ctx_t *ctx = arg;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

	if (!is_unix_stream(fd) || !unix_path(fd, path, sizeof(path)) || strcmp(path, ctx->path) != 0) {
		return;
	}

	// For the connecting side these are the credentials of who called listen(), unix(7).
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == ctx->pid) {
		ctx->own++;
	} else {
		ctx->foreign++;
	}
}

bool peer_is(const char *path, pid_t pid)
{
	peer_ctx_t ctx = { .path = path, .pid = pid };
	return each_descriptor(check_peer, &ctx) && ctx.own > 0 && ctx.foreign == 0;
}
