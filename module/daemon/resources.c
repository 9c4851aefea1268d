/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "env.h"
#include "kskroll/broker.h"
#include "resources.h"
#include "sandbox.h"

/*! Seconds between tries to open what could not be opened. */
#define AGAIN 10
/*! Milliseconds of a connection to the control socket. */
#define CONTROL_MS 10000

/* One by one. */

static void open_dns(env_t *env)
{
	resources_t *r = &env->resources;
	char said[sizeof(r->dns_error)];
	dns_t *before = r->dns;

	memcpy(said, r->dns_error, sizeof(said));
	dns_config_t config = {
		.resolver = r->settings->resolver,
		.trust_anchor = r->settings->trust_anchor,
		.root_hints = r->settings->root_hints,
		.loopback = r->settings->loopback,
		.parent_rate = r->settings->parent_rate,
	};
	r->dns = dns_new(&env->uv, &config, r->dns_error, sizeof(r->dns_error));
	if (r->dns == NULL) {
		if (before != NULL || strcmp(said, r->dns_error) != 0) {
			outbox_log(env->out, LOG_ERR, "%s", r->dns_error);
		}
	} else {
		r->dns_error[0] = '\0';
	}
	dns_free(before);
}

static void try_store(env_t *env)
{
	resources_t *r = &env->resources;
	char err[sizeof(r->store_error)] = "out of memory";

	store_t *store = r->store_path != NULL ? store_open(r->store_path, false, err, sizeof(err)) : NULL;
	if (store != NULL) {
		writer_open(&env->writer, store);
		r->store_error[0] = '\0';
		r->alive = store_alive_begin(r->store_path);
	} else if (strcmp(err, r->store_error) != 0) {
		memcpy(r->store_error, err, sizeof(err));
		outbox_log(env->out, LOG_ERR, "%s", err);
	}
}

static void close_store(env_t *env)
{
	resources_t *r = &env->resources;

	writer_close(&env->writer);
	if (r->alive >= 0) {
		close(r->alive);
		r->alive = -1;
	}
}

static void open_store(env_t *env)
{
	resources_t *r = &env->resources;
	char path[4096];

	snprintf(path, sizeof(path), "%s/kskroll.db", r->settings->storage);
	if (writer_store(&env->writer) != NULL && strcmp(path, r->store_path) == 0) {
		return;
	}
	close_store(env);
	free(r->store_path);
	r->store_path = strdup(path);
	try_store(env);
}

static void open_server(env_t *env)
{
	resources_t *r = &env->resources;

	if (r->server != NULL) {
		return;
	}
	r->server = server_new(&env->uv, CONTROL_MS);
	if (r->server == NULL) {
		outbox_log(env->out, LOG_ERR, "no memory or no thread for the control socket");
		return;
	}
	server_broker(r->server, r->broker);
	if (r->where.control != NULL) {
		server_is_at(r->server, &r->where);
	}
}

/*! Once, and before anything is asked in the network: it confines itself then. */
static void open_broker(env_t *env)
{
	resources_t *r = &env->resources;
	char detail[160] = "the process that runs keymgr could not be started";

	if (r->broker < 0 || !broker_configure(r->broker, r->settings->key_database, r->settings->keymgr, detail)) {
		outbox_log(env->out, LOG_ERR, "%s: no keys can be rolled", detail);
	}
}

/*! Before there is a thread, or a byte from elsewhere. */
static void confine(env_t *env)
{
	resources_t *r = &env->resources;
	const char *const read[] = { r->settings->trust_anchor, r->settings->root_hints,
		                     r->settings->has_epp_accounts ? r->settings->epp_accounts : NULL };

	r->confined = writer_store(&env->writer) != NULL;
	if (r->confined) {
		const char *missing = sandbox_files(r->settings->storage, read, sizeof(read) / sizeof(read[0]));
		if (missing != NULL) {
			outbox_log(env->out, LOG_NOTICE, "kskrolld is not confined by %s: the kernel does not have it",
			           missing);
		}
	}
}

/* All together. */

void resources_init(resources_t *resources, int broker)
{
	*resources = (resources_t){ .alive = -1, .broker = broker };
}

int resources_settings(env_t *env, const global_settings_t *from)
{
	resources_t *r = &env->resources;

	settings_t *settings = settings_copy(from);
	if (settings == NULL) {
		return KNOT_ENOMEM;
	}
	if ((r->confined && !settings_same_files(settings, r->settings)) ||
	    (r->opened && !settings_same_keys(settings, r->settings))) {
		r->outdated = true;
	}
	settings_free(r->settings);
	r->settings = settings;
	if (r->opened && !r->outdated) {
		open_dns(env);
		open_store(env);
		open_server(env);
	}
	return KNOT_EOK;
}

static void where_free(server_where_t *where)
{
	free((char *)where->control);
	addrs_clear(&where->dns);
	*where = (server_where_t){ .pid = 0 };
}

int resources_where(env_t *env, const server_where_t *from)
{
	resources_t *r = &env->resources;

	server_where_t where = { .control = strdup(from->control), .pid = from->pid };
	if (!addrs_copy(&where.dns, &from->dns) || where.control == NULL) {
		where_free(&where);
		return KNOT_ENOMEM;
	}
	where_free(&r->where);
	r->where = where;
	if (r->server != NULL) {
		server_is_at(r->server, &r->where);
	}
	return KNOT_EOK;
}

bool resources_known(const env_t *env)
{
	return env->resources.settings != NULL && env->resources.where.control != NULL;
}

void resources_open(env_t *env)
{
	open_broker(env);
	open_store(env);
	confine(env);
	open_dns(env);
	open_server(env);
	env->resources.opened = true;
}

void resources_open_again(env_t *env)
{
	resources_t *r = &env->resources;
	const time_t now = time(NULL);

	if (now - r->tried >= AGAIN || now < r->tried) {
		r->tried = now;
		if (writer_store(&env->writer) == NULL) {
			open_store(env);
		}
		if (r->dns == NULL) {
			open_dns(env);
		}
		open_server(env);
	}
	if (!r->confined && writer_store(&env->writer) != NULL) {
		/*
		 * It could not be opened at first. Threads that are there already are not confined by what comes later.
		 */
		r->outdated = true;
	}
}

bool resources_outdated(const env_t *env)
{
	return env->resources.outdated;
}

const char *resources_epp_accounts(const env_t *env)
{
	return env->resources.settings->epp_accounts;
}

dns_t *resources_dns(const env_t *env)
{
	return env->resources.dns;
}

const char *resources_dns_error(const env_t *env)
{
	return env->resources.dns_error;
}

server_t *resources_server(const env_t *env)
{
	return env->resources.server;
}

const char *resources_store_error(const env_t *env)
{
	const store_t *store = writer_store(&env->writer);
	const char *why = store != NULL ? store_error(store) : env->resources.store_error;

	return why[0] != '\0' ? why : "out of memory";
}

void resources_close(env_t *env)
{
	resources_t *r = &env->resources;

	dns_free(r->dns);
	r->dns = NULL;
	server_free(r->server);
	r->server = NULL;
	close_store(env);
}

void resources_free(resources_t *resources)
{
	settings_free(resources->settings);
	where_free(&resources->where);
	free(resources->store_path);
}
