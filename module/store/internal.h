/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  What the files of the store share. */

#pragma once

#include <sqlite3.h>

#include "column.h"
#include "kskroll/delegation_store.h"
#include "kskroll/store.h"

/*! Prepared when first used, kept until the store is closed. */
typedef enum {
	STMT_LOAD,
	STMT_SAVE,
	STMT_EVENT,
	STMT_PRUNE,
	STMT_ZONES,
	STMT_ACTIVE,
	STMT_SIBLINGS,
	STMT_HISTORY,
	STMT_HISTORY_ALL,
	STMT_CHANGES,
	STMT_HISTORY_NEXT,
	STMT_HISTORY_LAST,
	STMT_UNREACHABLE_LOAD,
	STMT_UNREACHABLE_SAVE,
	STMT_UNREACHABLE_CLEAR,
	STMT_SERVERS_PRUNE,
	STMT_SERVERS_GONE,
	STMT_OLD_ZONES,
	STMT_FORGET_HISTORY,
	STMT_FORGET_SERVERS,
	STMT_FORGET_ZONE,
	STMT_REPORT_LOAD,
	STMT_REPORT_ADD,
	STMT_REPORT_BOUND,
	STMT_REPORTS,
	STMT_REPORTS_PRUNE,
	STMT_FORGET_REPORTS,
	STMT_DELEGATION_LOAD,
	STMT_DELEGATION_SAVE,
	STMT_DELEGATIONS,
	STMT_DELEGATIONS_OF,
	STMT_DELEGATION_ANSWERS,
	STMT_DELEGATION_ANSWERS_SAVE,
	STMT_DELEGATION_EVENT,
	STMT_DELEGATION_PRUNE,
	STMT_DELEGATION_HISTORY,
	STMT_DELEGATION_HISTORY_OF,
	STMT_DELEGATION_HISTORY_ALL,
	STMT_DELEGATION_HISTORY_NEXT,
	STMT_DELEGATION_HISTORY_LAST,
	STMT_SILENCE_LOAD,
	STMT_SILENCE_SAVE,
	STMT_SILENCE_CLEAR,
	STMT_SILENCE_PRUNE,
	STMT_DELEGATION_FORGET_HISTORY,
	STMT_DELEGATION_FORGET_SILENCE,
	STMT_DELEGATION_FORGET_ANSWERS,
	STMT_DELEGATION_FORGET,
	STMT_GONE_HISTORY,
	STMT_GONE_SILENCE,
	STMT_GONE_ANSWERS,
	STMT_GONE,
	STMT_PARENT_LOAD,
	STMT_PARENT_SAVE,
	STMT_PARENTS,
	STMT_OLD_PARENTS,
	STMT_PARENT_FORGET_HISTORY,
	STMT_PARENT_FORGET_SILENCE,
	STMT_PARENT_FORGET_ANSWERS,
	STMT_PARENT_FORGET_DELEGATIONS,
	STMT_PARENT_FORGET,
	STMT__COUNT
} stmt_t;

struct store {
	sqlite3 *db;
	char *path;
	bool read_only;
	bool in_transaction;
	bool silences_lost; /*!< See store_silences_lost(). */
	int schema;         /*!< Of the file; an older one only while reading. */
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
/*! Makes a statement ready for its next use. */
void store_release(sqlite3_stmt *stmt);
/*!
 * Whether a change of silences has not been kept: it failed, or its transaction. Then no silence counts that is in the
 * file, of any server: it may have ended since.
 */
bool store_silences_lost(store_t *store);
/*! A change of silences has returned \a ret. \return \a ret. */
int store_silence_written(store_t *store, int ret);
/*!
 * Before a row or a silence is written: removes all silences if some are lost. So no row is newer than an end that was
 * not kept.
 *
 * \return KNOT_EOK, KNOT_ERROR: then nothing else may be written.
 */
int store_ready(store_t *store);
/*! Ends "SAVEPOINT save", or takes back what was done since. \return \a ret, or KNOT_ERROR. */
int store_end_save(store_t *store, int ret);

/*! Reads a row and calls back. \return Whether it is valid; \a ret: what was returned to it. */
typedef bool (*row_f)(store_t *store, sqlite3_stmt *stmt, void *row, int *ret);

/*! Calls back for every row until that returns other than 0, and releases the statement. */
int store_each_row(store_t *store, sqlite3_stmt *stmt, int bound, row_f read, void *row);

/*!
 * \brief Steps to the first row behind an id, which is its last column and becomes \a id.
 *
 * \param[out] stmt  For store_release(), whatever is returned, unless it is NULL.
 *
 * \return KNOT_EOK, KNOT_ENOENT, KNOT_ERROR.
 */
int store_step_next(store_t *store, stmt_t which, int64_t *id, sqlite3_stmt **stmt);

/*! Reads the largest id that a table has ever had. */
int store_last_id(store_t *store, stmt_t which, int64_t *id);

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

/*! Adds the columns that came after a schema, and gives the others their names of today. */
int table_migrate(store_t *store, const table_t *table, int schema);

/*! Room for all keys: "TAG/ALGORITHM/DIGEST ...". */
#define ROW_TEXT (ROLLOVER_OLD_MAX * (5 + 1 + 3 + 1 + 64 + 2))

void row_format_keys(char *out, size_t out_len, const key_id_t *keys, unsigned count);
bool row_parse_keys(const char *text, key_id_t *keys, unsigned max, unsigned *count);
/*! "TTL@TIME,..." */
void row_format_window(char *out, size_t out_len, const ttl_window_t *window);
bool row_parse_window(const char *text, ttl_window_t *window);
/*! Room for a DS RRset. */
#define ROW_DS_SET (DELEGATION_DS_MAX * (5 + 1 + 3 + 1 + 3 + 1 + 2 * DELEGATION_DIGEST_MAX + 1) + 2)
/*! \return False if it is none. */
bool row_format_ds_set(char out[ROW_DS_SET], const ds_set_t *set);
bool row_parse_ds_set(const char *text, ds_set_t *set);

int row_bind(sqlite3_stmt *stmt, const store_zone_t *zone);
/*! \return KNOT_EOK, KNOT_EMALF (with words), never an invalid row. */
int row_read(store_t *store, sqlite3_stmt *stmt, store_zone_t *zone);

/*! The first schema with delegations, and with error reports. */
#define SCHEMA_DELEGATIONS 8
/*! Since this one it is known when a silent server of a delegation was asked. */
#define SCHEMA_SEEN 12

/*! Rows that are store_delegation_t, without answers, and store_parent_t. */
extern const table_t delegation_table, parent_table;

int table_bind(sqlite3_stmt *stmt, const table_t *table, const void *record);
/*! \return KNOT_EOK, KNOT_EMALF (with words). */
int table_read(store_t *store, sqlite3_stmt *stmt, const table_t *table, void *record);

/*! Creates all tables about delegations. */
int delegation_create(store_t *store);
/*! Adds the columns that came after a schema which has delegations. */
int delegation_migrate_columns(store_t *store, int schema);
/*! Text of a statement on them; NULL if it is on another one; sqlite3_free(). */
char *delegation_sql(stmt_t which, int schema);
