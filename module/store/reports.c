/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error reports about zones. */

#include <assert.h>

#include <libknot/libknot.h>

#include "internal.h"

static int bind_key(sqlite3_stmt *stmt, const char *zone, uint16_t type, uint16_t ede)
{
	return sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) | sqlite3_bind_int(stmt, 2, type) |
	       sqlite3_bind_int(stmt, 3, ede);
}

static int last_one(store_t *store, const char *zone, uint16_t type, uint16_t ede, time_t *last)
{
	sqlite3_stmt *stmt = store_reader(store, STMT_REPORT_LOAD);
	int ret = KNOT_EOK;

	*last = 0;
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	const int bound = bind_key(stmt, zone, type, ede);
	switch (bound == SQLITE_OK ? sqlite3_step(stmt) : SQLITE_ERROR) {
	case SQLITE_ROW:
		*last = sqlite3_column_int64(stmt, 0);
		break;
	case SQLITE_DONE:
		break;
	default:
		ret = store_fail(store, "cannot be read");
		break;
	}
	store_release(stmt);
	return ret;
}

int store_report_add(store_t *store, const char *zone, uint16_t type, uint16_t ede, time_t now, time_t *before)
{
	assert(store != NULL && zone != NULL && before != NULL);

	int ret = store_writable(store);
	if (ret == KNOT_EOK) {
		ret = last_one(store, zone, type, ede, before);
	}
	sqlite3_stmt *stmt = ret == KNOT_EOK ? store_writer(store, STMT_REPORT_ADD) : NULL;
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	ret = store_run(store, stmt, bind_key(stmt, zone, type, ede) | sqlite3_bind_int64(stmt, 4, now));
	/* One more row: whoever sends reports of all kinds must not fill the disk. */
	stmt = ret == KNOT_EOK && *before == 0 ? store_writer(store, STMT_REPORT_BOUND) : NULL;
	return stmt == NULL ? ret :
	                      store_run(store, stmt,
	                                sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) |
	                                        sqlite3_bind_int(stmt, 2, STORE_REPORTS));
}

typedef struct {
	int (*each)(const store_report_t *report, void *arg);
	void *arg;
} each_report_t;

static bool report_row(store_t *store, sqlite3_stmt *stmt, void *row, int *ret)
{
	const each_report_t *r = row;
	const int64_t type = sqlite3_column_int64(stmt, 0), ede = sqlite3_column_int64(stmt, 1);
	const int64_t count = sqlite3_column_int64(stmt, 2);

	if (type < 0 || type > UINT16_MAX || ede < 0 || ede > UINT16_MAX || count < 1) {
		(void)store_malformed(store, "a row of table report is invalid");
		return false;
	}
	const store_report_t report = { .type = type,
		                        .ede = ede,
		                        .count = count,
		                        .first = sqlite3_column_int64(stmt, 3),
		                        .last = sqlite3_column_int64(stmt, 4) };
	*ret = r->each(&report, r->arg);
	return true;
}

int store_reports(store_t *store, const char *zone, int (*each)(const store_report_t *report, void *arg), void *arg)
{
	assert(store != NULL && zone != NULL && each != NULL);

	if (store->schema < SCHEMA_DELEGATIONS) {
		return KNOT_EOK;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_REPORTS);
	each_report_t r = { .each = each, .arg = arg };
	return stmt == NULL ?
	               KNOT_ERROR :
	               store_each_row(store, stmt, sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC), report_row, &r);
}
