/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables about delegations, and the statements on them. */

#include <libknot/libknot.h>

#include "internal.h"

/* clang-format off */
/*! Those whose rows are structs are made from their columns. What few delegations have is not in their rows. */
static const char other_tables[] =
	"CREATE INDEX delegation_gone ON delegation (gone) WHERE gone > 0;"
	"CREATE TABLE delegation_answers ("
	" zone TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" answers TEXT NOT NULL,"
	" PRIMARY KEY (zone, name));"
	"CREATE TABLE delegation_history ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" zone TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" time INTEGER NOT NULL,"
	" from_state INTEGER NOT NULL,"
	" to_state INTEGER NOT NULL,"
	" gate INTEGER NOT NULL,"
	" text TEXT NOT NULL,"
	" evidence TEXT NOT NULL);"
	"CREATE INDEX delegation_history_kind ON delegation_history (zone, name, from_state = to_state, id);"
	"CREATE TABLE delegation_server ("
	" zone TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" server TEXT NOT NULL,"
	" unreachable_since INTEGER NOT NULL,"
	" PRIMARY KEY (zone, name, server)) WITHOUT ROWID";

#define HISTORY(where) \
	"SELECT zone, name, time, from_state, to_state, gate, text, evidence FROM" \
	" (SELECT * FROM delegation_history " where " ORDER BY id DESC LIMIT ?3) ORDER BY id"
#define FORGET(table)     "DELETE FROM " table " WHERE zone = ?1 AND name = ?2"
/*! By the index delegation_gone. */
#define FORGET_GONE(table) \
	"DELETE FROM " table " WHERE (zone, name) IN" \
	" (SELECT zone, name FROM delegation WHERE gone > 0 AND gone < ?1 ORDER BY gone, zone, name LIMIT ?2)"
#define FORGET_SOME(table) \
	"DELETE FROM " table " WHERE rowid IN (SELECT rowid FROM " table " WHERE zone = ?1 LIMIT ?2)"

static const char *const texts[STMT__COUNT] = {
	[STMT_DELEGATION_ANSWERS] =
		"SELECT answers FROM delegation_answers WHERE zone = ?1 AND name = ?2",
	[STMT_DELEGATION_ANSWERS_SAVE] =
		"INSERT OR REPLACE INTO delegation_answers (zone, name, answers) VALUES (?1, ?2, ?3)",
	[STMT_DELEGATION_EVENT] =
		"INSERT INTO delegation_history (zone, name, time, from_state, to_state, gate, text, evidence)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	// A gate that comes and goes must not push out the changes of state.
	[STMT_DELEGATION_PRUNE] =
		"DELETE FROM delegation_history WHERE zone = ?1 AND name = ?2 AND (from_state = to_state) = ?3 AND id <="
		" (SELECT id FROM delegation_history WHERE zone = ?1 AND name = ?2 AND (from_state = to_state) = ?3"
		" ORDER BY id DESC LIMIT 1 OFFSET ?4)",
	[STMT_DELEGATION_HISTORY] = HISTORY("WHERE zone = ?1 AND name = ?2"),
	[STMT_DELEGATION_HISTORY_OF] = HISTORY("WHERE zone = ?1"),
	[STMT_DELEGATION_HISTORY_ALL] = HISTORY(""),
	[STMT_DELEGATION_HISTORY_NEXT] =
		"SELECT zone, name, time, from_state, to_state, gate, text, evidence, id FROM delegation_history WHERE id > ?1"
		" ORDER BY id LIMIT 1",
	[STMT_DELEGATION_HISTORY_LAST] =
		"SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'delegation_history'",
	[STMT_SILENCE_LOAD] =
		"SELECT unreachable_since, seen FROM delegation_server WHERE zone = ?1 AND name = ?2 AND server = ?3",
	[STMT_SILENCE_SAVE] =
		"INSERT OR REPLACE INTO delegation_server (zone, name, server, unreachable_since, seen)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
	[STMT_SILENCE_CLEAR] =
		"DELETE FROM delegation_server WHERE zone = ?1 AND name = ?2 AND server = ?3",
	[STMT_SILENCE_PRUNE] =
		"DELETE FROM delegation_server WHERE zone = ?1 AND name = ?2 AND server IN"
		" (SELECT server FROM delegation_server WHERE zone = ?1 AND name = ?2"
		" ORDER BY unreachable_since DESC, server LIMIT -1 OFFSET ?3)",
	[STMT_DELEGATION_FORGET_HISTORY] = FORGET("delegation_history"),
	[STMT_DELEGATION_FORGET_SILENCE] = FORGET("delegation_server"),
	[STMT_DELEGATION_FORGET_ANSWERS] = FORGET("delegation_answers"),
	[STMT_DELEGATION_FORGET] = FORGET("delegation"),
	[STMT_GONE_HISTORY] = FORGET_GONE("delegation_history"),
	[STMT_GONE_SILENCE] = FORGET_GONE("delegation_server"),
	[STMT_GONE_ANSWERS] = FORGET_GONE("delegation_answers"),
	[STMT_GONE] = FORGET_GONE("delegation"),
	[STMT_OLD_PARENTS] =
		"SELECT zone FROM parent WHERE listed < ?1 AND NOT EXISTS"
		" (SELECT 1 FROM delegation WHERE delegation.zone = parent.zone AND checked >= ?1)",
	[STMT_PARENT_FORGET_HISTORY] = FORGET_SOME("delegation_history"),
	[STMT_PARENT_FORGET_SILENCE] =
		"DELETE FROM delegation_server WHERE (zone, name, server) IN"
		" (SELECT zone, name, server FROM delegation_server WHERE zone = ?1 LIMIT ?2)",
	[STMT_PARENT_FORGET_ANSWERS] = FORGET_SOME("delegation_answers"),
	[STMT_PARENT_FORGET_DELEGATIONS] =
		"DELETE FROM delegation WHERE (zone, name) IN (SELECT zone, name FROM delegation WHERE zone = ?1 LIMIT ?2)",
	[STMT_PARENT_FORGET] =
		"DELETE FROM parent WHERE zone = ?1",
};
/* clang-format on */

char *delegation_sql(stmt_t which, int schema)
{
	switch (which) {
	case STMT_DELEGATION_LOAD:
		return table_sql_select(&delegation_table, schema, "WHERE zone = ?1 AND name = ?2");
	case STMT_DELEGATIONS:
		return table_sql_select(&delegation_table, schema, "ORDER BY zone, name");
	case STMT_DELEGATIONS_OF:
		return table_sql_select(&delegation_table, schema, "WHERE zone = ?1 ORDER BY name");
	case STMT_DELEGATION_SAVE:
		return table_sql_save(&delegation_table);
	case STMT_PARENT_LOAD:
		return table_sql_select(&parent_table, schema, "WHERE zone = ?1");
	case STMT_PARENTS:
		return table_sql_select(&parent_table, schema, "ORDER BY zone");
	case STMT_PARENT_SAVE:
		return table_sql_save(&parent_table);
	default:
		return texts[which] != NULL ? sqlite3_mprintf("%s", texts[which]) : NULL;
	}
}

int delegation_migrate_columns(store_t *store, int schema)
{
	const int ret = table_migrate(store, &delegation_table, schema);

	return ret == KNOT_EOK ? table_migrate(store, &parent_table, schema) : ret;
}

static int create(store_t *store, const table_t *table, const char *rest)
{
	char *columns = table_sql_columns(table);
	char *sql = columns != NULL ? sqlite3_mprintf("CREATE TABLE %s (%s)%s", table->name, columns, rest) : NULL;
	int ret = sql != NULL ? store_exec(store, sql) : KNOT_ENOMEM;
	sqlite3_free(sql);
	sqlite3_free(columns);
	return ret;
}

int delegation_create(store_t *store)
{
	int ret = create(store, &delegation_table, " WITHOUT ROWID");
	if (ret == KNOT_EOK) {
		ret = create(store, &parent_table, "");
	}
	return ret == KNOT_EOK ? store_exec(store, other_tables) : ret;
}
