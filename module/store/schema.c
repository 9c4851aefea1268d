/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables and their versions. */

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "internal.h"

/*! PRAGMA application_id: "KSKr". */
#define APPLICATION_ID 0x4b534b72

/*! Those of schema 1. */
static const char other_tables[] = "CREATE TABLE history ("
				   " id INTEGER PRIMARY KEY AUTOINCREMENT,"
				   " time INTEGER NOT NULL,"
				   " zone TEXT NOT NULL,"
				   " from_state INTEGER NOT NULL,"
				   " to_state INTEGER NOT NULL,"
				   " gate INTEGER NOT NULL,"
				   " evidence TEXT NOT NULL);"
				   "CREATE INDEX history_zone ON history (zone, id);"
				   "CREATE INDEX history_time ON history (time);"
				   "CREATE TABLE server ("
				   " zone TEXT NOT NULL,"
				   " server TEXT NOT NULL,"
				   " unreachable_since INTEGER NOT NULL,"
				   " PRIMARY KEY (zone, server)) WITHOUT ROWID;";

/* clang-format off */
/*! What a schema brought besides columns of table zone. */
static const char *const since_schema[STORE_SCHEMA + 1] = {
	[2] = "CREATE INDEX history_kind ON history (zone, from_state = to_state, id);"
	      "ALTER TABLE server ADD COLUMN seen INTEGER NOT NULL DEFAULT 0",
	[3] = "CREATE INDEX zone_checked ON zone (checked);"
	      "ALTER TABLE server ADD COLUMN clock_ahead INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE server ADD COLUMN clock_boot INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE server ADD COLUMN alone INTEGER NOT NULL DEFAULT 0",
	[4] = "DROP INDEX IF EXISTS zone_looked;"
	      "CREATE INDEX IF NOT EXISTS zone_checked ON zone (checked)",
	[7] = "UPDATE zone SET csk_new = csk",
	[8] = "CREATE TABLE report ("
	      " zone TEXT NOT NULL,"
	      " type INTEGER NOT NULL,"
	      " ede INTEGER NOT NULL,"
	      " count INTEGER NOT NULL,"
	      " first INTEGER NOT NULL,"
	      " last INTEGER NOT NULL,"
	      " PRIMARY KEY (zone, type, ede)) WITHOUT ROWID;"
	      "CREATE INDEX report_last ON report (last)",
	[11] = "CREATE INDEX IF NOT EXISTS zone_rolling ON zone (parent_zone) WHERE state <> 0",
	/* When a server was asked last nobody knew: its silence begins again. */
	[SCHEMA_SEEN] = "ALTER TABLE delegation_server ADD COLUMN seen INTEGER NOT NULL DEFAULT 0",
};
/* clang-format on */

static int get_pragma(store_t *store, const char *name, int *value)
{
	char sql[64];
	snprintf(sql, sizeof(sql), "PRAGMA %s", name);

	sqlite3_stmt *stmt = NULL;
	int ret = KNOT_ERROR;
	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
		*value = sqlite3_column_int(stmt, 0);
		ret = KNOT_EOK;
	} else {
		store_fail(store, "cannot be read");
	}
	sqlite3_finalize(stmt);
	return ret;
}

static int set_pragma(store_t *store, const char *name, int value)
{
	char sql[64];
	snprintf(sql, sizeof(sql), "PRAGMA %s = %i", name, value);
	return store_exec(store, sql);
}

/*! Adds what came after a schema besides columns. */
static int add_others(store_t *store, int schema)
{
	int ret = KNOT_EOK;
	while (ret == KNOT_EOK && ++schema <= STORE_SCHEMA) {
		if (since_schema[schema] != NULL) {
			ret = store_exec(store, since_schema[schema]);
		}
		if (ret == KNOT_EOK && schema == SCHEMA_DELEGATIONS) {
			ret = delegation_create(store);
		}
	}
	return ret;
}

static int migrate(store_t *store, int schema)
{
	int ret = row_migrate_columns(store, schema);
	if (ret == KNOT_EOK && schema >= SCHEMA_DELEGATIONS) {
		ret = delegation_migrate_columns(store, schema);
	}
	return ret == KNOT_EOK ? add_others(store, schema) : ret;
}

static int create(store_t *store)
{
	char *names = row_sql_columns();
	char *table = (names != NULL) ? sqlite3_mprintf("CREATE TABLE zone (%s)", names) : NULL;
	int ret = (table != NULL) ? store_exec(store, table) : KNOT_ENOMEM;
	sqlite3_free(table);
	sqlite3_free(names);

	if (ret == KNOT_EOK) {
		ret = store_exec(store, other_tables);
	}
	if (ret == KNOT_EOK) {
		ret = add_others(store, 1);
	}
	if (ret == KNOT_EOK) {
		ret = set_pragma(store, "application_id", APPLICATION_ID);
	}
	return ret;
}

/*! \return KNOT_EOK with the version, 0 for an empty file. */
static int get_version(store_t *store, int *version)
{
	int application;
	int objects;
	int ret = get_pragma(store, "user_version", version);
	if (ret == KNOT_EOK) {
		ret = get_pragma(store, "application_id", &application);
	}
	if (ret == KNOT_EOK) {
		ret = get_pragma(store, "schema_version", &objects);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}

	if ((*version != 0 || objects != 0) && application != APPLICATION_ID) {
		snprintf(store->error, sizeof(store->error),
		         "%s is the database of another application: choose another path", store->path);
		return KNOT_ERROR;
	}
	if (*version > STORE_SCHEMA) {
		snprintf(store->error, sizeof(store->error),
		         "%s has schema %i, this kskroll knows %i at most: install the newer kskroll again, or move "
		         "the file away (the module then resumes rollovers from what the servers have, and the "
		         "history is lost)",
		         store->path, *version, STORE_SCHEMA);
		return KNOT_ERROR;
	}
	return KNOT_EOK;
}

int schema_prepare(store_t *store)
{
	int version = 0;
	/* In one transaction: another process may be creating it just now. */
	int ret = store_exec(store, "BEGIN");
	if (ret == KNOT_EOK) {
		ret = get_version(store, &version);
		(void)sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	}
	store->schema = version;
	if (ret != KNOT_EOK || version == STORE_SCHEMA) {
		return ret;
	}
	if (store->read_only) {
		// A server that was not restarted after an upgrade still has the older one.
		if (version > 0) {
			return KNOT_EOK;
		}
		snprintf(store->error, sizeof(store->error), "%s is empty: the server has not used it yet",
		         store->path);
		return KNOT_ERROR;
	}

	// Another process may have been quicker: check again under the lock.
	ret = store_exec(store, "BEGIN IMMEDIATE");
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = get_version(store, &version);
	if (ret == KNOT_EOK && version == 0) {
		ret = create(store);
	} else if (ret == KNOT_EOK) {
		ret = migrate(store, version);
	}
	if (ret == KNOT_EOK && version != STORE_SCHEMA) {
		ret = set_pragma(store, "user_version", STORE_SCHEMA);
	}
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "COMMIT");
	}
	store->schema = STORE_SCHEMA;
	if (ret != KNOT_EOK) {
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return ret;
}
