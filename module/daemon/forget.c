/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "env.h"
#include "forget.h"
#include "kskroll/delegation_store.h"

/*! Zones removed in one go; each may have a thousand events. */
#define TOGETHER 8
/*!
 * Milliseconds between two of them, and while there are more. The first is that long after the start: all zones are
 * attached then.
 */
#define FORGET_MS 3600000
#define MORE_MS   1000

typedef struct {
	const zones_t *zones;
	char name[TOGETHER][sizeof(((store_zone_t *)0)->zone)];
	size_t count, max;
} gone_t;

/*! A zone that has the module stays, whatever its row says. */
static int collect(const char *name, void *arg)
{
	gone_t *gone = arg;

	if (zones_find(gone->zones, name) == NULL) {
		snprintf(gone->name[gone->count++], sizeof(gone->name[0]), "%s", name);
	}
	return gone->count == gone->max ? KNOT_EEXIST : KNOT_EOK;
}

/*! \return Whether there may be more. */
static bool forget_zones(env_t *env, time_t now)
{
	const char *names[TOGETHER];
	gone_t gone = { .zones = &env->zones, .max = TOGETHER };

	int ret = store_old_zones(writer_store(&env->writer), now - STORE_ZONE_KEPT, collect, &gone);
	if (gone.count == 0) {
		return false;
	}
	for (size_t i = 0; i < gone.count; i++) {
		names[i] = gone.name[i];
	}
	const size_t removed = writer_forget(&env->writer, names, gone.count);
	for (size_t i = 0; i < removed; i++) {
		outbox_log(env->out, LOG_INFO,
		           "zone %s, without the module for more than %d days: removed from the store", names[i],
		           STORE_ZONE_KEPT / 86400);
	}
	return removed == gone.count && ret == KNOT_EEXIST;
}

/*! Rows of a table that are removed of a parent zone in one go: it may have very many. */
#define ROWS_TOGETHER 500

/*! In a transaction of its own. \return As store_parent_forget(). */
static int forget_some(env_t *env, const char *zone)
{
	store_t *store = writer_store(&env->writer);

	if (!writer_flush(&env->writer) || store_begin(store) != KNOT_EOK) {
		return KNOT_ERROR;
	}
	const int ret = store_parent_forget(store, zone, ROWS_TOGETHER);
	const int written = store_commit(store);
	return written == KNOT_EOK ? ret : written;
}

/*! Delegations that their parent zones no longer have. \return Whether there may be more. */
static bool forget_delegations(env_t *env, time_t now)
{
	return writer_flush(&env->writer) &&
	       store_delegations_forget_gone(writer_store(&env->writer), now - STORE_ZONE_KEPT, ROWS_TOGETHER) ==
	               KNOT_EEXIST;
}

/*! Removes one parent zone that is gone, with its delegations, a piece at a time. \return Whether there may be more. */
static bool forget_parents(env_t *env, time_t now)
{
	gone_t gone = { .zones = &env->zones, .max = 1 };
	const char *zone = gone.name[0];

	(void)store_old_parents(writer_store(&env->writer), now - STORE_ZONE_KEPT, collect, &gone);
	if (gone.count == 0) {
		return false;
	}
	const int ret = forget_some(env, zone);
	if (ret == KNOT_EOK) {
		outbox_log(env->out, LOG_INFO,
		           "parent zone %s, without the module for more than %d days: removed from the store", zone,
		           STORE_ZONE_KEPT / 86400);
	}
	return ret == KNOT_EOK || ret == KNOT_EEXIST;
}

void forget_gone(env_t *env)
{
	const uint64_t now_ms = uv_now(&env->uv);
	store_t *store = writer_store(&env->writer);

	if (env->forget.at == 0) {
		env->forget.at = now_ms + FORGET_MS;
	}
	if (now_ms < env->forget.at || store == NULL) {
		return;
	}
	const time_t now = time(NULL);
	const bool more = forget_zones(env, now) || forget_parents(env, now) || forget_delegations(env, now);
	if (!more) {
		(void)store_servers_gone(store, now - STORE_SERVER_KEPT);
		(void)store_reports_prune(store, now - STORE_REPORT_KEPT);
	}
	env->forget.at = now_ms + (more ? MORE_MS : FORGET_MS);
}
