/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "kskroll/server.h"
#include "socket.h"

typedef bool (*socket_f)(int fd, void *ctx);

/*! Calls back for every descriptor of this process until \a each returns true. */
static int each_descriptor(socket_f each, void *ctx)
{
	// Not 0..RLIMIT_NOFILE: that is a million system calls on a large server.
	DIR *dir = opendir("/proc/self/fd");
	if (dir == NULL) {
		return KNOT_ENOENT;
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

	return KNOT_EOK;
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

typedef int (*name_f)(int fd, struct sockaddr *addr, socklen_t *len);

/*! The path of either end; false for unnamed and abstract sockets. */
static bool unix_path(int fd, name_f name, char *out, size_t out_len)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);
	if (name(fd, (struct sockaddr *)&addr, &len) != 0 || addr.sun_family != AF_UNIX ||
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
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	bool found;
} find_ctx_t;

static bool find_listening(int fd, void *arg)
{
	find_ctx_t *ctx = arg;
	char path[sizeof(ctx->path)];

	if (!is_unix_stream(fd) || !int_option(fd, SO_ACCEPTCONN, 1) ||
	    !unix_path(fd, getsockname, path, sizeof(path))) {
		return false;
	}

	bool preferred = (ctx->preferred != NULL && strcmp(path, ctx->preferred) == 0);
	if (preferred || !ctx->found) {
		strcpy(ctx->path, path);
		ctx->found = true;
	}

	return preferred || ctx->preferred == NULL;
}

int socket_find(const char *preferred, char *path, size_t path_len)
{
	find_ctx_t ctx = { .preferred = preferred };
	int ret = each_descriptor(find_listening, &ctx);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (!ctx.found) {
		return KNOT_ENOENT;
	}

	if (path != NULL) {
		if (strlen(ctx.path) >= path_len) {
			return KNOT_ESPACE;
		}
		strcpy(path, ctx.path);
	}

	return KNOT_EOK;
}

typedef struct {
	const char *path;
	unsigned own;
	unsigned foreign;
} peer_ctx_t;

static bool check_peer(int fd, void *arg)
{
	peer_ctx_t *ctx = arg;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

	if (!is_unix_stream(fd) || !unix_path(fd, getpeername, path, sizeof(path)) ||
	    strcmp(path, ctx->path) != 0) {
		return false;
	}

	// For the connecting side these are the credentials of who called listen(), unix(7).
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == getpid()) {
		ctx->own++;
	} else {
		ctx->foreign++;
	}

	return false;
}

bool socket_peer_is_self(const char *path)
{
	peer_ctx_t ctx = { .path = path };
	return each_descriptor(check_peer, &ctx) == KNOT_EOK && ctx.own > 0 && ctx.foreign == 0;
}

typedef struct {
	struct sockaddr_storage *found;
	size_t count, max;
} dns_ctx_t;

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

static bool find_dns(int fd, void *arg)
{
	dns_ctx_t *ctx = arg;
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	if (!int_option(fd, SO_TYPE, SOCK_STREAM) || !int_option(fd, SO_ACCEPTCONN, 1) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) != 0 ||
	    (addr.ss_family != AF_INET && addr.ss_family != AF_INET6)) {
		return false;
	}
	not_any(&addr);
	for (size_t i = 0; i < ctx->count; i++) {
		if (memcmp(&ctx->found[i], &addr, sizeof(addr)) == 0) {
			return false;	// Another worker's.
		}
	}
	ctx->found[ctx->count++] = addr;
	return ctx->count == ctx->max;
}

size_t socket_dns(struct sockaddr_storage *found, size_t max)
{
	dns_ctx_t ctx = { .found = found, .max = max };
	return max > 0 && each_descriptor(find_dns, &ctx) == KNOT_EOK ? ctx.count : 0;
}

bool server_running(void)
{
	return socket_find(NULL, NULL, 0) == KNOT_EOK;
}
