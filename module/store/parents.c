/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parent zones as a whole. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "internal.h"

int store_parent_load(store_t *store, const char *zone, store_parent_t *out)
{
	assert(store != NULL && zone != NULL && out != NULL);

	if (store->schema < SCHEMA_DELEGATIONS) {
		return KNOT_ENOENT;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_PARENT_LOAD);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int ret;
	const int bound = sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC);
	switch (bound == SQLITE_OK ? sqlite3_step(stmt) : SQLITE_ERROR) {
	case SQLITE_ROW:
		memset(out, 0, sizeof(*out));
		ret = table_read(store, stmt, &parent_table, out);
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

int store_parent_save(store_t *store, const store_parent_t *parent)
{
	assert(store != NULL && parent != NULL);

	sqlite3_stmt *stmt = store_writer(store, STMT_PARENT_SAVE);
	return stmt == NULL ? KNOT_ERROR : store_run(store, stmt, table_bind(stmt, &parent_table, parent));
}

typedef struct {
	store_parent_t parent;
	int (*each)(const store_parent_t *parent, void *arg);
	void *arg;
} each_parent_t;

static bool parent_row(store_t *store, sqlite3_stmt *stmt, void *row, int *ret)
{
	each_parent_t *r = row;
	memset(&r->parent, 0, sizeof(r->parent));
	if (table_read(store, stmt, &parent_table, &r->parent) != KNOT_EOK) {
		return false;
	}
	*ret = r->each(&r->parent, r->arg);
	return true;
}

int store_parents(store_t *store, int (*each)(const store_parent_t *parent, void *arg), void *arg)
{
	assert(store != NULL && each != NULL);

	if (store->schema < SCHEMA_DELEGATIONS) {
		return KNOT_EOK;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_PARENTS);
	each_parent_t *row = malloc(sizeof(*row));
	if (stmt == NULL || row == NULL) {
		free(row);
		return KNOT_ERROR;
	}
	row->each = each;
	row->arg = arg;
	int ret = store_each_row(store, stmt, SQLITE_OK, parent_row, row);
	free(row);
	return ret;
}

int store_old_parents(store_t *store, time_t before, int (*each)(const char *zone, void *arg), void *arg)
{
	assert(store != NULL && each != NULL);

	if (store->schema < SCHEMA_DELEGATIONS) {
		return KNOT_EOK;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_OLD_PARENTS);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int result = sqlite3_bind_int64(stmt, 1, before) == SQLITE_OK ? KNOT_EOK : KNOT_ERROR;
	return store_each_name(store, stmt, result, each, arg);
}

int store_parent_forget(store_t *store, const char *zone, size_t limit)
{
	assert(store != NULL && zone != NULL && limit > 0 && limit < INT64_MAX);

	// The zone itself comes last: it is found again until all is gone.
	static const stmt_t all[] = { STMT_PARENT_FORGET_HISTORY, STMT_PARENT_FORGET_SILENCE,
		                      STMT_PARENT_FORGET_ANSWERS, STMT_PARENT_FORGET_DELEGATIONS, STMT_PARENT_FORGET };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		sqlite3_stmt *stmt = store_writer(store, all[i]);
		if (stmt == NULL) {
			return KNOT_ERROR;
		}
		int bound = sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC);
		if (all[i] != STMT_PARENT_FORGET) {
			bound |= sqlite3_bind_int64(stmt, 2, limit);
		}
		const int ret = store_run(store, stmt, bound);
		if (ret != KNOT_EOK) {
			return ret;
		}
		if (all[i] != STMT_PARENT_FORGET && (size_t)sqlite3_changes(store->db) == limit) {
			return KNOT_EEXIST;
		}
	}
	return KNOT_EOK;
}
