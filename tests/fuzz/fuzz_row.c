/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A row of the store with any values: read, or refused; what was read can be written and read again.
 *
 * For each column: an octet for the type of the value, then a text with its final zero. Past the
 * end of the input come the values of a row that is right.
 */

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "fuzz.h"
#include "store/internal.h"

static struct {
	sqlite3 *db;
	sqlite3_stmt *insert, *load, *clear;
} store;

static sqlite3_stmt *prepare(char *sql)
{
	sqlite3_stmt *stmt = NULL;
	require(sql != NULL && sqlite3_prepare_v2(store.db, sql, -1, &stmt, NULL) == SQLITE_OK);
	sqlite3_free(sql);
	return stmt;
}

/*! The table has no types: each value stays as it is. */
static void open_once(void)
{
	if (store.db != NULL) {
		return;
	}
	require(sqlite3_open(":memory:", &store.db) == SQLITE_OK);
	char *columns = row_sql_columns();
	sqlite3_stmt *create = prepare(sqlite3_mprintf("CREATE TABLE zone (%s)", columns));
	sqlite3_free(columns);
	require(sqlite3_step(create) == SQLITE_DONE);
	sqlite3_finalize(create);
	store.insert = prepare(row_sql_save());
	store.load = prepare(row_sql_zones(STORE_SCHEMA));
	store.clear = prepare(sqlite3_mprintf("DELETE FROM zone"));
}

static void run(sqlite3_stmt *stmt, int expected)
{
	require(sqlite3_step(stmt) == expected);
	sqlite3_reset(stmt);
}

static void bind_value(int column, const uint8_t **data, size_t *size)
{
	const uint8_t type = **data;
	const char *text = (const char *)*data + 1;
	size_t len = strnlen(text, *size - 1);
	*data += 1 + len + (len < *size - 1);
	*size -= 1 + len + (len < *size - 1);

	char number[24] = "";
	memcpy(number, text, len < sizeof(number) - 1 ? len : sizeof(number) - 1);
	switch (type % 5) {
	case 0:
		break; /* as it was */
	case 1:
		sqlite3_bind_int64(store.insert, column, strtoll(number, NULL, 10));
		break;
	case 2:
		sqlite3_bind_text(store.insert, column, text, len, SQLITE_TRANSIENT);
		break;
	case 3:
		sqlite3_bind_blob(store.insert, column, text, len, SQLITE_TRANSIENT);
		break;
	default:
		sqlite3_bind_double(store.insert, column, strtod(number, NULL));
		break;
	}
}

/*! The only row of the table, if it makes sense. */
static bool load(store_zone_t *zone)
{
	char path[] = "memory";
	store_t words = { .path = path, .schema = STORE_SCHEMA };
	require(sqlite3_step(store.load) == SQLITE_ROW);
	int ret = row_read(&words, store.load, zone);
	sqlite3_reset(store.load);
	require(ret == KNOT_EOK || (ret == KNOT_EMALF && words.error[0] != '\0'));
	return ret == KNOT_EOK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static store_zone_t zone, again;
	open_once();

	memset(&zone, 0, sizeof(zone));
	snprintf(zone.zone, sizeof(zone.zone), "example.");
	require(row_bind(store.insert, &zone) == SQLITE_OK);
	for (int column = 1; column <= sqlite3_bind_parameter_count(store.insert) && size > 0; column++) {
		bind_value(column, &data, &size);
	}

	run(store.clear, SQLITE_DONE);
	int ret = sqlite3_step(store.insert);
	sqlite3_reset(store.insert);
	if (ret != SQLITE_DONE) {
		return 0; /* NULL where none may be. */
	}
	if (!load(&zone)) {
		return 0;
	}
	run(store.clear, SQLITE_DONE);
	require(row_bind(store.insert, &zone) == SQLITE_OK);
	run(store.insert, SQLITE_DONE);
	require(load(&again));
	require(memcmp(&zone.row, &again.row, sizeof(zone.row)) == 0);
	require(strcmp(zone.answers, again.answers) == 0);
	return 0;
}
