/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A delegation or a parent zone in the store with any values: read, or refused; what was read can be written and
 * read again.
 *
 * First an octet: which of the two. For each column: an octet for the type of the value, then a text with its final
 * zero. Past the end of the input come the values of a row that is right.
 */

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "fuzz.h"
#include "store/internal.h"

typedef struct {
	const table_t *table;
	sqlite3_stmt *insert, *load, *clear;
} rows_t;

static sqlite3 *db;
static rows_t rows[2];

static sqlite3_stmt *prepare(char *sql)
{
	sqlite3_stmt *stmt = NULL;
	require(sql != NULL && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK);
	sqlite3_free(sql);
	return stmt;
}

static void open_once(void)
{
	if (db != NULL) {
		return;
	}
	require(sqlite3_open(":memory:", &db) == SQLITE_OK);
	rows[0].table = &delegation_table;
	rows[1].table = &parent_table;
	for (size_t i = 0; i < 2; i++) {
		const table_t *table = rows[i].table;
		/* The table has no types: each value stays as it is. */
		sqlite3_str *sql = sqlite3_str_new(NULL);
		sqlite3_str_appendf(sql, "CREATE TABLE %s (", table->name);
		for (size_t j = 0; j < table->count; j++) {
			sqlite3_str_appendf(sql, "%s%s", j > 0 ? ", " : "", table->column[j].name);
		}
		sqlite3_str_appendall(sql, ")");
		sqlite3_stmt *create = prepare(sqlite3_str_finish(sql));
		require(sqlite3_step(create) == SQLITE_DONE);
		sqlite3_finalize(create);
		rows[i].insert = prepare(table_sql_save(table));
		rows[i].load = prepare(table_sql_select(table, STORE_SCHEMA, ""));
		rows[i].clear = prepare(sqlite3_mprintf("DELETE FROM %s", table->name));
	}
}

static void run(sqlite3_stmt *stmt)
{
	require(sqlite3_step(stmt) == SQLITE_DONE);
	sqlite3_reset(stmt);
}

static void bind_value(sqlite3_stmt *stmt, int column, const uint8_t **data, size_t *size)
{
	const uint8_t type = **data;
	const char *text = (const char *)*data + 1;
	const size_t len = strnlen(text, *size - 1), used = 1 + len + (len < *size - 1);
	char number[24] = "";

	*data += used;
	*size -= used;
	memcpy(number, text, len < sizeof(number) - 1 ? len : sizeof(number) - 1);
	switch (type % 6) {
	case 0:
		break; /* as it was */
	case 1:
		sqlite3_bind_int64(stmt, column, strtoll(number, NULL, 10));
		break;
	case 2:
		sqlite3_bind_text(stmt, column, text, len, SQLITE_TRANSIENT);
		break;
	case 3:
		sqlite3_bind_blob(stmt, column, text, len, SQLITE_TRANSIENT);
		break;
	case 4:
		sqlite3_bind_null(stmt, column);
		break;
	default:
		sqlite3_bind_double(stmt, column, strtod(number, NULL));
		break;
	}
}

typedef union {
	store_delegation_t delegation;
	store_parent_t parent;
} record_t;

/*! The only row of the table, if it is valid. */
static bool load(const rows_t *r, record_t *record)
{
	char path[] = "memory";
	store_t words = { .path = path, .schema = STORE_SCHEMA };
	memset(record, 0, sizeof(*record));
	require(sqlite3_step(r->load) == SQLITE_ROW);
	const int ret = table_read(&words, r->load, r->table, record);
	sqlite3_reset(r->load);
	require(ret == KNOT_EOK || (ret == KNOT_EMALF && words.error[0] != '\0'));
	return ret == KNOT_EOK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static record_t record, again;
	open_once();
	if (size == 0) {
		return 0;
	}
	const rows_t *r = &rows[*data++ % 2];
	size--;

	memset(&record, 0, sizeof(record));
	require(table_bind(r->insert, r->table, &record) == SQLITE_OK);
	for (int column = 1; column <= sqlite3_bind_parameter_count(r->insert) && size > 0; column++) {
		bind_value(r->insert, column, &data, &size);
	}
	run(r->clear);
	run(r->insert);
	if (!load(r, &record)) {
		return 0;
	}
	run(r->clear);
	require(table_bind(r->insert, r->table, &record) == SQLITE_OK);
	run(r->insert);
	require(load(r, &again));
	require(memcmp(&record, &again, sizeof(record)) == 0);
	return 0;
}
