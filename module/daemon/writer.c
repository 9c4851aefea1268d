/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes rows to the store. What is followed by an act is durable before it; what zones at rest have seen
 * goes together, once a second, since every transaction waits for the disk.
 */

#include <syslog.h>

#include "loop.h"

/*! Rows in one transaction: it is all that is lost when the machine fails, and seen again at the next checks. */
#define TOGETHER_MAX 500

bool write_out(loop_t *loop)
{
	if (loop->unwritten == 0) {
		return true;
	}
	loop->unwritten = 0;
	if (store_commit(loop->store) == KNOT_EOK) {
		return true;
	}
	/* The next check of any zone writes, whatever it has seen, and says by a gate if that fails again. */
	loop->write_failed = true;
	engine_log(loop->engine, LOG_ERR, "%s", store_error(loop->store));
	return false;
}

bool write_join(loop_t *loop)
{
	return loop->unwritten > 0 || store_begin(loop->store) == KNOT_EOK;
}

bool write_scratch(loop_t *loop, const store_event_t *event, bool soon)
{
	if (loop->store == NULL) {
		return false;
	}
	soon = soon && !loop->write_failed;
	bool together = loop->unwritten > 0 || (soon && write_join(loop));
	bool written = store_save(loop->store, &loop->scratch, event) == KNOT_EOK;
	if (together) {
		loop->unwritten++;
		if (!written || !soon || loop->unwritten >= TOGETHER_MAX) {
			written = write_out(loop) && written;
		}
	}
	if (written && !soon) {
		loop->write_failed = false;
	}
	return written;
}

void write_joined(loop_t *loop)
{
	if (++loop->unwritten >= TOGETHER_MAX) {
		(void)write_out(loop);
	}
}

void write_unreachable(loop_t *loop, const char *zone, const char *server, const rollover_silence_t *silence)
{
	/* Without a store nothing is decided. A time that is lost is taken anew, which makes a wait longer. */
	if (loop->store != NULL) {
		bool together = write_join(loop);
		(void)store_unreachable_save(loop->store, zone, server, silence);
		if (together) {
			write_joined(loop);
		}
	}
}

void write_servers_done(loop_t *loop, const char *zone, time_t now)
{
	if (loop->store != NULL) {
		bool together = write_join(loop);
		(void)store_servers_prune(loop->store, zone, now - STORE_SERVER_KEPT);
		if (together) {
			write_joined(loop);
		}
	}
}
