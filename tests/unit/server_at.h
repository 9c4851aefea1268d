/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  A control client for a path. */

#pragma once

#include "kskroll/server.h"

/*! \a pid: who must listen there, or 0. */
static inline server_t *server_of(uv_loop_t *loop, const char *path, pid_t pid, int timeout_ms)
{
	server_t *server = server_new(loop, timeout_ms);
	if (server != NULL) {
		server_is_at(server, &(server_where_t){ .control = path, .pid = pid });
	}
	return server;
}

/*! Whoever listens. */
static inline server_t *server_at(uv_loop_t *loop, const char *path, int timeout_ms)
{
	return server_of(loop, path, 0, timeout_ms);
}
