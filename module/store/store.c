/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading, saving and listing. */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "internal.h"
#include "util/printable.h"

#define HISTORY "SELECT time, zone, from_state, to_state, gate, evidence FROM "

/* clang-format off */
/*! Those of table zone are made from its columns. A negative LIMIT is none. */
static const char *const texts[STMT__COUNT] = {
	[STMT_EVENT] =
		"INSERT INTO history (time, zone, from_state, to_state, gate, evidence)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_ACTIVE] =
		"SELECT zone FROM zone WHERE state <> 0",
	// By the index zone_rolling.
	[STMT_SIBLINGS] =
		"SELECT count(*) FROM zone WHERE state <> 0 AND checked >= ?2 AND parent_zone <> ''"
		" AND parent_zone = (SELECT parent_zone FROM zone WHERE zone = ?1)",
	// By the index history_kind: a gate that comes and goes must not push out the changes of state.
	[STMT_PRUNE] =
		"DELETE FROM history WHERE zone = ?1 AND (from_state = to_state) = ?2 AND id <="
		" (SELECT id FROM history WHERE zone = ?1 AND (from_state = to_state) = ?2"
		" ORDER BY id DESC LIMIT 1 OFFSET ?3)",
	[STMT_HISTORY] =
		HISTORY "(SELECT * FROM history WHERE zone = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id",
	[STMT_HISTORY_ALL] =
		HISTORY "(SELECT * FROM history ORDER BY id DESC LIMIT ?2) ORDER BY id",
	// What it leaves out, evidence, is most of the history.
	[STMT_CHANGES] =
		"SELECT time, zone, from_state, to_state, gate, '' FROM history WHERE from_state <> to_state AND time >= ?1"
		" ORDER BY zone, id",
	[STMT_HISTORY_NEXT] =
		"SELECT time, zone, from_state, to_state, gate, evidence, id FROM history WHERE id > ?1 ORDER BY id LIMIT 1",
	// AUTOINCREMENT: also of events that are removed.
	[STMT_HISTORY_LAST] =
		"SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'history'",
	[STMT_UNREACHABLE_LOAD] =
		"SELECT unreachable_since, seen, clock_ahead, clock_boot, alone FROM server WHERE zone = ?1 AND server = ?2",
	[STMT_UNREACHABLE_SAVE] =
		"INSERT OR REPLACE INTO server (zone, server, unreachable_since, seen, clock_ahead, clock_boot, alone)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STMT_UNREACHABLE_CLEAR] =
		"DELETE FROM server WHERE zone = ?1 AND server = ?2",
	[STMT_SERVERS_PRUNE] =
		"DELETE FROM server WHERE zone = ?1 AND (seen < ?2 OR server IN"
		" (SELECT server FROM server WHERE zone = ?1 ORDER BY seen DESC, server LIMIT -1 OFFSET ?3))",
	[STMT_SERVERS_GONE] =
		"DELETE FROM server WHERE seen < ?1",
	// By the index zone_checked. An older version did not write when it had checked.
	[STMT_OLD_ZONES] =
		"SELECT zone FROM zone WHERE checked < ?1 AND since < ?1 AND gate_since < ?1 ORDER BY checked",
	[STMT_FORGET_HISTORY] =
		"DELETE FROM history WHERE zone = ?1",
	[STMT_FORGET_SERVERS] =
		"DELETE FROM server WHERE zone = ?1",
	[STMT_FORGET_ZONE] =
		"DELETE FROM zone WHERE zone = ?1",
	[STMT_REPORT_LOAD] =
		"SELECT last FROM report WHERE zone = ?1 AND type = ?2 AND ede = ?3",
	[STMT_REPORT_ADD] =
		"INSERT INTO report (zone, type, ede, count, first, last) VALUES (?1, ?2, ?3, 1, ?4, ?4)"
		" ON CONFLICT DO UPDATE SET count = count + 1, last = ?4",
	[STMT_REPORT_BOUND] =
		"DELETE FROM report WHERE zone = ?1 AND (type, ede) IN"
		" (SELECT type, ede FROM report WHERE zone = ?1 ORDER BY last DESC, first DESC, type, ede LIMIT -1 OFFSET ?2)",
	[STMT_REPORTS] =
		"SELECT type, ede, count, first, last FROM report WHERE zone = ?1 ORDER BY last DESC, first DESC, type, ede",
	[STMT_REPORTS_PRUNE] =
		"DELETE FROM report WHERE last < ?1",
	[STMT_FORGET_REPORTS] =
		"DELETE FROM report WHERE zone = ?1",
};
/* clang-format on */

sqlite3_stmt *store_reader(store_t *store, stmt_t which)
{
	if (store->stmts[which] == NULL) {
		char *made = NULL;
		switch (which) {
		case STMT_LOAD:
			made = row_sql_load(store->schema);
			break;
		case STMT_SAVE:
			made = row_sql_save();
			break;
		case STMT_ZONES:
			made = row_sql_zones(store->schema);
			break;
		default:
			made = delegation_sql(which, store->schema);
			break;
		}
		const char *sql = (texts[which] != NULL) ? texts[which] : made;
		int ret = (sql == NULL) ? SQLITE_NOMEM :
		                          sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
		                                             &store->stmts[which], NULL);
		sqlite3_free(made);
		if (ret != SQLITE_OK) {
			store_fail(store, "cannot be used");
			return NULL;
		}
	}
	return store->stmts[which];
}

void store_release(sqlite3_stmt *stmt)
{
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
}

int store_run(store_t *store, sqlite3_stmt *stmt, int bound)
{
	int ret = KNOT_EOK;
	if (bound == SQLITE_RANGE) {
		snprintf(store->error, sizeof(store->error), "%s: a value out of range is not written", store->path);
		ret = KNOT_ERROR;
	} else if (bound != SQLITE_OK || sqlite3_step(stmt) != SQLITE_DONE) {
		ret = store_fail(store, "cannot be written");
	}
	store_release(stmt);
	return ret;
}

int store_writable(store_t *store)
{
	if (store->read_only) {
		snprintf(store->error, sizeof(store->error), "%s is open for reading only", store->path);
		return KNOT_ERROR;
	}
	return KNOT_EOK;
}

sqlite3_stmt *store_writer(store_t *store, stmt_t which)
{
	return store_writable(store) == KNOT_EOK ? store_reader(store, which) : NULL;
}

int store_begin(store_t *store)
{
	assert(!store->in_transaction);
	int ret = store_writable(store);
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "BEGIN IMMEDIATE");
	}
	store->in_transaction = (ret == KNOT_EOK);
	return ret;
}

/*! A full disk or an I/O error ends a transaction by itself. */
static bool rolled_back(const store_t *store)
{
	return store->in_transaction && sqlite3_get_autocommit(store->db) != 0;
}

bool store_silences_lost(store_t *store)
{
	store->silences_lost = store->silences_lost || rolled_back(store);
	return store->silences_lost;
}

int store_silence_written(store_t *store, int ret)
{
	store->silences_lost = store->silences_lost || ret != KNOT_EOK;
	return ret;
}

int store_ready(store_t *store)
{
	int ret = store_writable(store);
	if (ret == KNOT_EOK && store_silences_lost(store)) {
		ret = store_exec(store, "DELETE FROM server; DELETE FROM delegation_server");
		store->silences_lost = (ret != KNOT_EOK);
	}
	return ret;
}

static int end_transaction(store_t *store)
{
	if (rolled_back(store)) {
		if (store->error[0] == '\0') {
			snprintf(store->error, sizeof(store->error), "%s: the transaction was rolled back",
			         store->path);
		}
		return KNOT_ERROR;
	}
	int ret = store_exec(store, "COMMIT");
	if (ret != KNOT_EOK) {
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return ret;
}

int store_commit(store_t *store)
{
	if (!store->in_transaction) {
		snprintf(store->error, sizeof(store->error), "%s: no transaction", store->path);
		return KNOT_ERROR;
	}
	int ret = store_silence_written(store, end_transaction(store));
	store->in_transaction = false;
	return ret;
}

int store_end_save(store_t *store, int ret)
{
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "RELEASE save");
	}
	if (ret != KNOT_EOK && sqlite3_get_autocommit(store->db) == 0) {
		(void)sqlite3_exec(store->db, "ROLLBACK TO save; RELEASE save", NULL, NULL, NULL);
	}
	return ret;
}

int store_load(store_t *store, const char *zone, store_zone_t *out)
{
	assert(store != NULL && zone != NULL && out != NULL);

	sqlite3_stmt *stmt = store_reader(store, STMT_LOAD);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}

	int ret;
	if (sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) != SQLITE_OK) {
		ret = store_fail(store, "cannot be read");
		store_release(stmt);
		return ret;
	}
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		ret = row_read(store, stmt, out);
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

static int save_event(store_t *store, const store_event_t *event)
{
	sqlite3_stmt *stmt = store_reader(store, STMT_EVENT);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int bound = SQLITE_RANGE;
	if (event->time >= 0 && (unsigned)event->from < ROLLOVER_STATE__COUNT &&
	    (unsigned)event->to < ROLLOVER_STATE__COUNT && (unsigned)event->gate < GATE__COUNT) {
		bound = sqlite3_bind_int64(stmt, 1, event->time) |
		        sqlite3_bind_text(stmt, 2, event->zone, -1, SQLITE_STATIC) |
		        sqlite3_bind_int64(stmt, 3, event->from) | sqlite3_bind_int64(stmt, 4, event->to) |
		        sqlite3_bind_int64(stmt, 5, event->gate) |
		        sqlite3_bind_text(stmt, 6, event->evidence, -1, SQLITE_STATIC);
	}
	return store_run(store, stmt, bound);
}

/*! Drops events of the zone, of the kind of this one, that are beyond those that are kept. */
static int prune(store_t *store, const store_event_t *event)
{
	sqlite3_stmt *stmt = store_reader(store, STMT_PRUNE);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	return store_run(store, stmt,
	                 sqlite3_bind_text(stmt, 1, event->zone, -1, SQLITE_STATIC) |
	                         sqlite3_bind_int(stmt, 2, event->from == event->to) |
	                         sqlite3_bind_int(stmt, 3, STORE_HISTORY));
}

int store_save(store_t *store, const store_zone_t *zone, const store_event_t *event)
{
	assert(store != NULL && zone != NULL);

	int ret = store_ready(store);
	if (ret != KNOT_EOK) {
		return ret;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_SAVE);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	if (event == NULL) {
		return store_run(store, stmt, row_bind(stmt, zone));
	}

	// Row and event together or not at all, inside a transaction as well.
	ret = store_exec(store, "SAVEPOINT save");
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = store_run(store, stmt, row_bind(stmt, zone));
	if (ret == KNOT_EOK) {
		ret = save_event(store, event);
	}
	if (ret == KNOT_EOK) {
		ret = prune(store, event);
	}
	return store_end_save(store, ret);
}

int store_each_row(store_t *store, sqlite3_stmt *stmt, int bound, row_f read, void *row)
{
	// An invalid row does not hide the others, but the first one is reported at the end, with the number of all.
	char first[sizeof(store->error)];
	size_t invalid = 0;
	int result = KNOT_EOK, ret = 0;
	int step = bound == SQLITE_OK ? SQLITE_ROW : bound;
	while (step == SQLITE_ROW && ret == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!read(store, stmt, row, &ret)) {
			result = KNOT_EMALF;
			if (invalid++ == 0) {
				memcpy(first, store->error, sizeof(first));
			}
		}
	}
	if (invalid > 0) {
		const char *more = invalid > 2 ? "s are invalid" : " is invalid";
		memcpy(store->error, first, sizeof(first));
		if (invalid > 1) {
			snprintf(store->error, sizeof(store->error), "%.440s; %zu more row%s", first, invalid - 1,
			         more);
		}
	}
	if (ret != 0) {
		result = ret;
	} else if (step != SQLITE_DONE) {
		result = store_fail(store, "cannot be read");
	}
	store_release(stmt);
	return result;
}

typedef struct {
	store_zone_t zone;
	int (*each)(const store_zone_t *zone, void *arg);
	void *arg;
} zone_row_t;

static bool zone_row(store_t *store, sqlite3_stmt *stmt, void *row, int *ret)
{
	zone_row_t *r = row;
	if (row_read(store, stmt, &r->zone) != KNOT_EOK) {
		return false;
	}
	*ret = r->each(&r->zone, r->arg);
	return true;
}

int store_zones(store_t *store, int (*each)(const store_zone_t *zone, void *arg), void *arg)
{
	assert(store != NULL && each != NULL);

	sqlite3_stmt *stmt = store_reader(store, STMT_ZONES);
	zone_row_t *row = malloc(sizeof(*row));
	if (stmt == NULL || row == NULL) {
		free(row);
		return KNOT_ERROR;
	}
	row->each = each;
	row->arg = arg;
	int ret = store_each_row(store, stmt, SQLITE_OK, zone_row, row);
	free(row);
	return ret;
}

int store_each_name(store_t *store, sqlite3_stmt *stmt, int result, int (*each)(const char *zone, void *arg), void *arg)
{
	int step = SQLITE_ROW;
	while (result == KNOT_EOK && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		char name[sizeof(((store_zone_t *)0)->zone)];
		// An invalid row is reported when its zone is loaded.
		if (column_text(stmt, 0, name, sizeof(name))) {
			result = each(name, arg);
		}
	}
	if (step != SQLITE_DONE && step != SQLITE_ROW) {
		result = store_fail(store, "cannot be read");
	}
	store_release(stmt);
	return result;
}

int store_active(store_t *store, int (*each)(const char *zone, void *arg), void *arg)
{
	assert(store != NULL && each != NULL);

	sqlite3_stmt *stmt = store_reader(store, STMT_ACTIVE);
	return stmt == NULL ? KNOT_ERROR : store_each_name(store, stmt, KNOT_EOK, each, arg);
}

int store_siblings(store_t *store, const char *zone, time_t since, uint64_t *count)
{
	assert(store != NULL && zone != NULL && count != NULL);

	sqlite3_stmt *stmt = store_reader(store, STMT_SIBLINGS);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int ret = sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC);
	if (ret == SQLITE_OK) {
		ret = sqlite3_bind_int64(stmt, 2, since);
	}
	ret = ret == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW ? KNOT_EOK : store_fail(store, "cannot be read");
	*count = ret == KNOT_EOK ? sqlite3_column_int64(stmt, 0) : 0;
	store_release(stmt);
	return ret;
}

static bool read_event(sqlite3_stmt *stmt, bool read_only, store_event_t *event)
{
	int64_t time, from, to, gate;
	memset(event, 0, sizeof(*event));
	if (!column_number(stmt, 0, 0, INT64_MAX, &time) || !column_text(stmt, 1, event->zone, sizeof(event->zone)) ||
	    !column_number(stmt, 2, 0, ROLLOVER_STATE__COUNT - 1, &from) ||
	    !column_number(stmt, 3, 0, ROLLOVER_STATE__COUNT - 1, &to) ||
	    !column_number(stmt, 4, 0, GATE__COUNT - 1, &gate) ||
	    !column_text(stmt, 5, event->evidence, sizeof(event->evidence))) {
		return false;
	}
	if (read_only) {
		printable_text(event->zone);
	}
	event->time = time;
	event->from = from;
	event->to = to;
	event->gate = gate;
	return true;
}

typedef struct {
	store_event_t event;
	int (*each)(const store_event_t *event, void *arg);
	void *arg;
} event_row_t;

static bool event_row(store_t *store, sqlite3_stmt *stmt, void *row, int *ret)
{
	event_row_t *r = row;
	if (!read_event(stmt, store->read_only, &r->event)) {
		(void)store_malformed(store, "an event of the history is invalid");
		return false;
	}
	*ret = r->each(&r->event, r->arg);
	return true;
}

/*! Runs a statement that yields events. */
static int each_event(store_t *store, sqlite3_stmt *stmt, int bound, int (*each)(const store_event_t *event, void *arg),
                      void *arg)
{
	event_row_t *row = malloc(sizeof(*row));
	if (row == NULL) {
		store_release(stmt);
		return KNOT_ERROR;
	}
	row->each = each;
	row->arg = arg;
	int ret = store_each_row(store, stmt, bound, event_row, row);
	free(row);
	return ret;
}

int store_history(store_t *store, const char *zone, size_t limit, int (*each)(const store_event_t *event, void *arg),
                  void *arg)
{
	assert(store != NULL && each != NULL);

	sqlite3_stmt *stmt = store_reader(store, zone != NULL ? STMT_HISTORY : STMT_HISTORY_ALL);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int bound = zone != NULL ? sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) : SQLITE_OK;
	if (bound == SQLITE_OK) {
		bound = sqlite3_bind_int64(stmt, 2, limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit);
	}
	return each_event(store, stmt, bound, each, arg);
}

int store_changes(store_t *store, time_t since, int (*each)(const store_event_t *event, void *arg), void *arg)
{
	assert(store != NULL && each != NULL);

	sqlite3_stmt *stmt = store_reader(store, STMT_CHANGES);
	return stmt == NULL ? KNOT_ERROR : each_event(store, stmt, sqlite3_bind_int64(stmt, 1, since), each, arg);
}

int store_step_next(store_t *store, stmt_t which, int64_t *id, sqlite3_stmt **stmt)
{
	*stmt = store_reader(store, which);
	if (*stmt == NULL) {
		return KNOT_ERROR;
	}
	switch (sqlite3_bind_int64(*stmt, 1, *id) == SQLITE_OK ? sqlite3_step(*stmt) : SQLITE_ERROR) {
	case SQLITE_ROW:
		*id = sqlite3_column_int64(*stmt, sqlite3_column_count(*stmt) - 1);
		return KNOT_EOK;
	case SQLITE_DONE:
		return KNOT_ENOENT;
	default:
		return store_fail(store, "cannot be read");
	}
}

int store_last_id(store_t *store, stmt_t which, int64_t *id)
{
	sqlite3_stmt *stmt = store_reader(store, which);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int ret = KNOT_EOK;
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*id = sqlite3_column_int64(stmt, 0);
	} else {
		ret = store_fail(store, "cannot be read");
	}
	store_release(stmt);
	return ret;
}

int store_history_next(store_t *store, int64_t *id, store_event_t *out)
{
	assert(store != NULL && id != NULL && out != NULL);

	sqlite3_stmt *stmt;
	int ret = store_step_next(store, STMT_HISTORY_NEXT, id, &stmt);
	if (ret == KNOT_EOK && !read_event(stmt, store->read_only, out)) {
		ret = store_malformed(store, "event %" PRId64 " of the history is invalid", *id);
	}
	if (stmt != NULL) {
		store_release(stmt);
	}
	return ret;
}

int store_history_last(store_t *store, int64_t *id)
{
	assert(store != NULL && id != NULL);

	return store_last_id(store, STMT_HISTORY_LAST, id);
}
