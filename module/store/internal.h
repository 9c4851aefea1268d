/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  What the files of the store share. */

#pragma once

#include <sqlite3.h>

#include "kskroll/store.h"

/*! Prepared when first used, kept until the store is closed. */
typedef enum {
	STMT_LOAD,
	STMT_SAVE,
	STMT_EVENT,
	STMT_PRUNE,
	STMT_ZONES,
	STMT_ACTIVE,
	STMT_HISTORY,
	STMT_HISTORY_ALL,
	STMT_UNREACHABLE_LOAD,
	STMT_UNREACHABLE_SAVE,
	STMT_UNREACHABLE_CLEAR,
	STMT_SERVERS_PRUNE,
	STMT_SERVERS_GONE,
	STMT_OLD_ZONES,
	STMT_FORGET_HISTORY,
	STMT_FORGET_SERVERS,
	STMT_FORGET_ZONE,
	STMT__COUNT
} stmt_t;

struct store {
	sqlite3 *db;
	char *path;
	bool read_only;
	bool in_transaction;
	int schema; /*!< Of the file; an older one only while reading. */
	sqlite3_stmt *stmts[STMT__COUNT];
	char error[512];
};

/*! Keeps "PATH: WHAT: words of SQLite" for store_error(). \return KNOT_ERROR. */
int store_fail(store_t *store, const char *what);

/*! Keeps what is wrong with a row. \return KNOT_EMALF. */
int store_malformed(store_t *store, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*! Runs statements without result. \return KNOT_EOK, KNOT_ERROR. */
int store_exec(store_t *store, const char *sql);

/*! \return KNOT_EOK, KNOT_ERROR if it was opened for reading only. */
int store_writable(store_t *store);
/*! The statement, ready to be bound; NULL with an error set, for a writer also if the store cannot be written. */
sqlite3_stmt *store_reader(store_t *store, stmt_t which);
sqlite3_stmt *store_writer(store_t *store, stmt_t which);
/*! Runs a statement without result and releases it. \a bound: what binding its values has returned. */
int store_run(store_t *store, sqlite3_stmt *stmt, int bound);
/*! Calls back with the names that a statement yields, unless \a result is an error already, and releases it. */
int store_each_name(store_t *store, sqlite3_stmt *stmt, int result, int (*each)(const char *zone, void *arg),
                    void *arg);

/*! Creates or migrates the tables, refuses a newer schema. Fills the error. */
int schema_prepare(store_t *store);

/*! Texts of the statements on table zone, made from the columns of a schema; sqlite3_free(). */
char *row_sql_load(int schema);
char *row_sql_zones(int schema);
char *row_sql_save(void);
/*! Definition of the columns for CREATE TABLE; sqlite3_free(). */
char *row_sql_columns(void);
/*! Adds the columns that came after a schema. */
int row_migrate_columns(store_t *store, int schema);

/*! Room for all keys: "TAG/ALGORITHM/DIGEST ...". */
#define ROW_TEXT (ROLLOVER_OLD_MAX * (5 + 1 + 3 + 1 + 64 + 2))

void row_format_keys(char *out, size_t out_len, const key_id_t *keys, unsigned count);
bool row_parse_keys(const char *text, key_id_t *keys, unsigned max, unsigned *count);
/*! "TTL@TIME,..." */
void row_format_window(char *out, size_t out_len, const ttl_window_t *window);
bool row_parse_window(const char *text, ttl_window_t *window);

int row_bind(sqlite3_stmt *stmt, const store_zone_t *zone);
/*! \return KNOT_EOK, KNOT_EMALF (with words), never an invalid row. */
int row_read(store_t *store, sqlite3_stmt *stmt, store_zone_t *zone);

/*! Reads a text column, as it is; false if it has another type or does not fit. */
bool column_text(sqlite3_stmt *stmt, int column, char *out, size_t out_len);
/*! Reads an integer column; false if it has another type or is out of range. */
bool column_number(sqlite3_stmt *stmt, int column, int64_t min, int64_t max, int64_t *out);
