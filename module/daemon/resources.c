/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opens what the loop works with, as the settings say.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

/*! Seconds between tries to open what could not be opened. */
#define AGAIN 10
/*! Milliseconds of a connection to the control socket. */
#define CONTROL_MS 10000

void open_dns(loop_t *loop, const settings_t *settings)
{
	char said[sizeof(loop->dns_error)];
	dns_t *before = loop->dns;

	memcpy(said, loop->dns_error, sizeof(said));
	dns_config_t config = {
		.resolver = settings->resolver,
		.trust_anchor = settings->trust_anchor,
		.root_hints = settings->root_hints,
		.loopback = settings->loopback,
		.parent_rate = settings->parent_rate,
	};
	loop->dns = dns_new(&loop->uv, &config, loop->dns_error, sizeof(loop->dns_error));
	if (loop->dns == NULL) {
		if (before != NULL || strcmp(said, loop->dns_error) != 0) {
			engine_log(loop->engine, LOG_ERR, "%s", loop->dns_error);
		}
	} else {
		loop->dns_error[0] = '\0';
	}
	dns_free(before);
}

static void try_store(loop_t *loop)
{
	char err[sizeof(loop->store_error)] = "out of memory";

	loop->store = loop->store_path != NULL ? store_open(loop->store_path, false, err, sizeof(err)) : NULL;
	if (loop->store != NULL) {
		loop->store_error[0] = '\0';
		loop->alive = store_alive_begin(loop->store_path);
	} else if (strcmp(err, loop->store_error) != 0) {
		memcpy(loop->store_error, err, sizeof(err));
		engine_log(loop->engine, LOG_ERR, "%s", err);
	}
}

void close_store(loop_t *loop)
{
	(void)write_out(loop);
	store_close(loop->store);
	loop->store = NULL;
	if (loop->alive >= 0) {
		close(loop->alive);
		loop->alive = -1;
	}
}

void open_store(loop_t *loop, const settings_t *settings)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/kskroll.db", settings->storage);
	if (loop->store != NULL && strcmp(path, loop->store_path) == 0) {
		return;
	}
	close_store(loop);
	free(loop->store_path);
	loop->store_path = strdup(path);
	try_store(loop);
}

void open_server(loop_t *loop)
{
	if (loop->server == NULL) {
		loop->server = server_new(&loop->uv, CONTROL_MS);
		if (loop->server == NULL) {
			engine_log(loop->engine, LOG_ERR, "no memory or no thread for the control socket");
		}
		engine_tell_server(loop->engine);
	}
}

void open_again(loop_t *loop, const settings_t *settings)
{
	time_t now = time(NULL);

	if (now - loop->tried < AGAIN && now >= loop->tried) {
		return;
	}
	loop->tried = now;
	if (loop->store == NULL) {
		open_store(loop, settings);
	}
	if (loop->dns == NULL) {
		open_dns(loop, settings);
	}
	open_server(loop);
}
