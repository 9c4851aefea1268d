/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <syslog.h>

#include "writer.h"

/*! Rows in one transaction: it is all that is lost when the machine fails, and seen again at the next checks. */
#define TOGETHER_MAX 500

void writer_init(writer_t *w, outbox_t *out)
{
	*w = (writer_t){ .out = out };
}

void writer_open(writer_t *w, store_t *store)
{
	w->store = store;
}

store_t *writer_store(const writer_t *w)
{
	return w->store;
}

bool writer_failed(const writer_t *w)
{
	return w->failed;
}

bool writer_flush(writer_t *w)
{
	if (w->unwritten == 0) {
		return true;
	}
	w->unwritten = 0;
	if (store_commit(w->store) == KNOT_EOK) {
		return true;
	}
	/* The next check of any zone writes, whatever it has seen, and says by a gate if that fails again. */
	w->failed = true;
	outbox_log(w->out, LOG_ERR, "%s", store_error(w->store));
	return false;
}

static bool join(writer_t *w)
{
	return w->unwritten > 0 || store_begin(w->store) == KNOT_EOK;
}

static void joined(writer_t *w)
{
	if (++w->unwritten >= TOGETHER_MAX) {
		(void)writer_flush(w);
	}
}

bool writer_save(writer_t *w, const store_zone_t *zone, const store_event_t *event, bool soon)
{
	if (w->store == NULL) {
		return false;
	}
	soon = soon && !w->failed;
	bool together = w->unwritten > 0 || (soon && join(w));
	bool written = store_save(w->store, zone, event) == KNOT_EOK;
	if (together) {
		w->unwritten++;
		if (!written || !soon || w->unwritten >= TOGETHER_MAX) {
			written = writer_flush(w) && written;
		}
	}
	if (written && !soon) {
		w->failed = false;
	}
	return written;
}

void writer_unreachable(writer_t *w, const char *zone, const char *server, const rollover_silence_t *silence)
{
	/* Without a store nothing is decided. A time that is lost begins again, which makes a wait longer. */
	if (w->store != NULL) {
		bool together = join(w);
		(void)store_unreachable_save(w->store, zone, server, silence);
		if (together) {
			joined(w);
		}
	}
}

void writer_servers_done(writer_t *w, const char *zone, time_t now)
{
	if (w->store != NULL) {
		bool together = join(w);
		(void)store_servers_prune(w->store, zone, now - STORE_SERVER_KEPT);
		if (together) {
			joined(w);
		}
	}
}

size_t writer_forget(writer_t *w, const char *const *zones, size_t count)
{
	const bool together = join(w);
	size_t removed = 0;

	while (removed < count && store_forget(w->store, zones[removed]) == KNOT_EOK) {
		removed++;
	}
	if (together) {
		joined(w);
	}
	return removed;
}

void writer_close(writer_t *w)
{
	(void)writer_flush(w);
	store_close(w->store);
	w->store = NULL;
}
