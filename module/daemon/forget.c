/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Removes from the store what is no more: zones that lost the module long ago, servers that no zone has.
 * A few at a time, since the loop waits for it.
 */

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "loop.h"

/*! Zones removed in one go; each may have a thousand events. */
#define TOGETHER 8
/*!
 * Milliseconds between two of them, and while there are more. The first is that long after the start: all zones are
 * attached then.
 */
#define PRUNE_MS 3600000
#define MORE_MS  1000

typedef struct {
	loop_t *loop;
	char name[TOGETHER][sizeof(((store_zone_t *)0)->zone)];
	unsigned count;
} gone_t;

/*! A zone that has the module stays, whatever its row says. */
static int collect(const char *name, void *arg)
{
	gone_t *gone = arg;

	if (zones_find(gone->loop, name) == NULL) {
		snprintf(gone->name[gone->count++], sizeof(gone->name[0]), "%s", name);
	}
	return gone->count == TOGETHER ? KNOT_EEXIST : KNOT_EOK;
}

/*! \return Whether there may be more. */
static bool forget_zones(loop_t *loop, time_t now)
{
	gone_t gone = { .loop = loop };

	int ret = store_old_zones(loop->store, now - STORE_ZONE_KEPT, collect, &gone);
	if (gone.count == 0) {
		return false;
	}
	bool together = write_join(loop);
	for (unsigned i = 0; i < gone.count; i++) {
		if (store_forget(loop->store, gone.name[i]) != KNOT_EOK) {
			ret = KNOT_ERROR;
			break;
		}
		engine_log(loop->engine, LOG_INFO,
		           "zone %s, without the module for more than %d days: removed from the store", gone.name[i],
		           STORE_ZONE_KEPT / 86400);
	}
	if (together) {
		write_joined(loop);
	}
	return ret == KNOT_EEXIST;
}

void prune(loop_t *loop)
{
	const uint64_t now_ms = uv_now(&loop->uv);

	if (loop->prune_at == 0) {
		loop->prune_at = now_ms + PRUNE_MS;
	}
	if (now_ms < loop->prune_at || loop->store == NULL) {
		return;
	}
	const time_t now = time(NULL);
	bool more = forget_zones(loop, now);
	if (!more) {
		(void)store_servers_gone(loop->store, now - STORE_SERVER_KEPT);
	}
	loop->prune_at = now_ms + (more ? MORE_MS : PRUNE_MS);
}
