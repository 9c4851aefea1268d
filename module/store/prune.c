/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is removed: servers and zones that are no more. */

#include <assert.h>

#include <libknot/libknot.h>

#include "internal.h"

int store_servers_prune(store_t *store, const char *zone, time_t before)
{
	assert(store != NULL && zone != NULL);

	sqlite3_stmt *stmt = store_writer(store, STMT_SERVERS_PRUNE);
	return stmt == NULL ? KNOT_ERROR :
	                      store_run(store, stmt,
	                                sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) |
	                                        sqlite3_bind_int64(stmt, 2, before) |
	                                        sqlite3_bind_int(stmt, 3, STORE_SERVERS));
}

int store_servers_gone(store_t *store, time_t before)
{
	assert(store != NULL);

	sqlite3_stmt *stmt = store_writer(store, STMT_SERVERS_GONE);
	return stmt == NULL ? KNOT_ERROR : store_run(store, stmt, sqlite3_bind_int64(stmt, 1, before));
}

int store_reports_prune(store_t *store, time_t before)
{
	assert(store != NULL);

	sqlite3_stmt *stmt = store_writer(store, STMT_REPORTS_PRUNE);
	return stmt == NULL ? KNOT_ERROR : store_run(store, stmt, sqlite3_bind_int64(stmt, 1, before));
}

int store_old_zones(store_t *store, time_t before, int (*each)(const char *zone, void *arg), void *arg)
{
	assert(store != NULL && each != NULL);

	sqlite3_stmt *stmt = store_reader(store, STMT_OLD_ZONES);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int result = sqlite3_bind_int64(stmt, 1, before) == SQLITE_OK ? KNOT_EOK : KNOT_ERROR;
	return store_each_name(store, stmt, result, each, arg);
}

int store_forget(store_t *store, const char *zone)
{
	assert(store != NULL && zone != NULL);

	static const stmt_t all[] = { STMT_FORGET_HISTORY, STMT_FORGET_SERVERS, STMT_FORGET_REPORTS, STMT_FORGET_ZONE };

	int ret = store_writable(store);
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "SAVEPOINT forget");
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && ret == KNOT_EOK; i++) {
		sqlite3_stmt *stmt = store_writer(store, all[i]);
		ret = stmt == NULL ? KNOT_ERROR :
		                     store_run(store, stmt, sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC));
	}
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "RELEASE forget");
	}
	if (ret != KNOT_EOK && sqlite3_get_autocommit(store->db) == 0) {
		(void)sqlite3_exec(store->db, "ROLLBACK TO forget; RELEASE forget", NULL, NULL, NULL);
	}
	return ret;
}
