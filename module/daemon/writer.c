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

/*! A row and its event. */
typedef struct {
	const store_zone_t *zone;
	const store_event_t *zone_event;
	const store_delegation_t *delegation; /*!< NULL: it is a zone. */
	const store_delegation_event_t *delegation_event;
} row_t;

static bool save_row(writer_t *w, const row_t *row)
{
	return (row->delegation != NULL ? store_delegation_save(w->store, row->delegation, row->delegation_event) :
	                                  store_save(w->store, row->zone, row->zone_event)) == KNOT_EOK;
}

static bool save(writer_t *w, const row_t *row, bool soon)
{
	if (w->store == NULL) {
		return false;
	}
	soon = soon && !w->failed;
	bool together = w->unwritten > 0 || (soon && join(w));
	bool written = save_row(w, row);
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

bool writer_save(writer_t *w, const store_zone_t *zone, const store_event_t *event, bool soon)
{
	return save(w, &(row_t){ .zone = zone, .zone_event = event }, soon);
}

bool writer_delegation(writer_t *w, const store_delegation_t *one, const store_delegation_event_t *event, bool soon)
{
	return save(w, &(row_t){ .delegation = one, .delegation_event = event }, soon);
}

bool writer_parent(writer_t *w, const store_parent_t *parent)
{
	/* What is written together comes before it. */
	return w->store != NULL && writer_flush(w) && store_parent_save(w->store, parent) == KNOT_EOK;
}

void writer_delegation_silence(writer_t *w, const char *zone, const char *name, const char *server,
                               const delegation_silence_t *silence)
{
	if (w->store != NULL) {
		bool together = join(w);
		(void)store_delegation_silence_save(w->store, zone, name, server, silence);
		if (together) {
			joined(w);
		}
	}
}

void writer_unreachable(writer_t *w, const char *zone, const char *server, const rollover_silence_t *silence)
{
	/* Without a store nothing is decided. If this is lost, all silences begin again, which makes a wait longer. */
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

bool writer_report(writer_t *w, const char *zone, uint16_t type, uint16_t ede, time_t now, time_t *before)
{
	if (w->store == NULL) {
		return false;
	}
	const bool together = join(w);
	const bool written = store_report_add(w->store, zone, type, ede, now, before) == KNOT_EOK;
	if (together) {
		joined(w);
	}
	return written;
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
