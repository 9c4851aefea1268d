/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "peer.h"
#include "util/descriptors.h"

typedef struct {
	const char *path;
	pid_t pid;
	unsigned own;
	unsigned foreign;
} peer_ctx_t;

static bool check_peer(int fd, void *arg)
{
	peer_ctx_t *ctx = arg;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

	if (!descriptor_is_unix_stream(fd) || !descriptor_unix_path(fd, true, path, sizeof(path)) ||
	    strcmp(path, ctx->path) != 0) {
		return false;
	}

	// For the connecting side these are the credentials of who called listen(), unix(7).
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == ctx->pid) {
		ctx->own++;
	} else {
		ctx->foreign++;
	}
	return false;
}

bool peer_is(const char *path, pid_t pid)
{
	peer_ctx_t ctx = { .path = path, .pid = pid };
	return descriptors_each(check_peer, &ctx) && ctx.own > 0 && ctx.foreign == 0;
}
