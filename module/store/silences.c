/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Since when the servers of zones and of their parents are silent. Those of delegations are in delegations.c. */

#include <assert.h>
#include <string.h>

#include <libknot/libknot.h>

#include "column.h"
#include "internal.h"

int store_unreachable_load(store_t *store, const char *zone, const char *server, rollover_silence_t *silence)
{
	assert(store != NULL && zone != NULL && server != NULL && silence != NULL);

	memset(silence, 0, sizeof(*silence));
	if (store_silences_lost(store)) {
		return KNOT_ENOENT;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_UNREACHABLE_LOAD);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}

	int ret;
	int64_t since, last, ahead, boot, alone;
	if ((sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) |
	     sqlite3_bind_text(stmt, 2, server, -1, SQLITE_STATIC)) != SQLITE_OK) {
		ret = store_fail(store, "cannot be read");
		store_release(stmt);
		return ret;
	}
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		if (column_number(stmt, 0, 0, INT64_MAX, &since) && column_number(stmt, 1, 0, INT64_MAX, &last) &&
		    column_number(stmt, 2, INT64_MIN, INT64_MAX, &ahead) &&
		    column_number(stmt, 3, INT64_MIN, INT64_MAX, &boot) && column_number(stmt, 4, 0, 1, &alone)) {
			*silence = (rollover_silence_t){
				.since = since,
				.seen = { .wall = last, .ahead = ahead, .boot = boot },
				.alone = alone,
			};
			ret = KNOT_EOK;
		} else {
			ret = store_malformed(store, "unreachable_since of server %.320s is invalid", server);
		}
		break;
	case SQLITE_DONE:
		ret = KNOT_ENOENT;
		break;
	default:
		ret = store_fail(store, "cannot be read");
		break;
	}
	store_release(stmt);
	return ret;
}

static int save_silence(store_t *store, const char *zone, const char *server, const rollover_silence_t *silence)
{
	bool clear = (silence == NULL);
	sqlite3_stmt *stmt = store_reader(store, clear ? STMT_UNREACHABLE_CLEAR : STMT_UNREACHABLE_SAVE);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int bound = sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) |
	            sqlite3_bind_text(stmt, 2, server, -1, SQLITE_STATIC);
	if (!clear) {
		bound |= (silence->since > 0) ? sqlite3_bind_int64(stmt, 3, silence->since) |
		                                        sqlite3_bind_int64(stmt, 4, silence->seen.wall) |
		                                        sqlite3_bind_int64(stmt, 5, silence->seen.ahead) |
		                                        sqlite3_bind_int64(stmt, 6, silence->seen.boot) |
		                                        sqlite3_bind_int64(stmt, 7, silence->alone) :
		                                SQLITE_RANGE;
	}
	return store_run(store, stmt, bound);
}

int store_unreachable_save(store_t *store, const char *zone, const char *server, const rollover_silence_t *silence)
{
	assert(store != NULL && zone != NULL && server != NULL);

	int ret = store_ready(store);
	return ret == KNOT_EOK ? store_silence_written(store, save_silence(store, zone, server, silence)) : ret;
}
