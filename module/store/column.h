/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Columns of a table and the fields of a struct that they hold: statements are made from one list of them.
 */

#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
	KIND_TEXT, // char[]
	KIND_JSON, // the same; its texts are escaped
	KIND_STATE,
	KIND_GATE,
	KIND_KEYS,
	KIND_TIME,
	KIND_I64,
	KIND_U64, // stored as the signed number of the same bits
	KIND_U32,
	KIND_U8,
	KIND_BOOL,
	KIND_OLD_KEYS, // "TAG/ALGORITHM/DIGEST ..."
	KIND_NEW_KEY,  // the same, or "" for none
	KIND_WINDOW,   // "TTL@TIME,..."
	KIND_DS_SET,   // "TAG/ALGORITHM/TYPE/DIGEST ...", and "+" at the end for an excess
	KIND_DELEGATION_STATE,
	KIND_DELEGATION_GATE,
	KIND_MODE,
	KIND_LOAD,
	KIND_APPLY,
	KIND_ACCEPT,
} kind_t;

typedef struct {
	const char *name;
	kind_t kind;
	size_t offset;
	size_t size;
	int schema;      // The first one with this column.
	const char *was; // Its name before schema RENAMED; NULL: the same.
} column_t;

typedef struct {
	const char *name;
	const char *key; // Columns of the primary key, which come first.
	size_t key_count;
	const column_t *column;
	size_t count;
	/*! What stands for a column that a file of an older schema does not have; NULL: 0 or "". */
	const char *(*in_place_of)(const column_t *column, int schema);
} table_t;

/*! The schema with the names of today. */
#define RENAMED 4

/* Texts of statements; sqlite3_free(). */

/*! Columns and key for CREATE TABLE. */
char *table_sql_columns(const table_t *table);
/*! "SELECT columns \a rest". */
char *table_sql_select(const table_t *table, int schema, const char *rest);
char *table_sql_save(const table_t *table);

/*! Binds a field; not for KIND_OLD_KEYS, KIND_NEW_KEY, KIND_WINDOW. \return A code of SQLite. */
int column_bind(sqlite3_stmt *stmt, int index, const column_t *column, const void *record);
/*! Reads a field, the same. \return False if it is invalid. */
bool column_read(sqlite3_stmt *stmt, int index, const column_t *column, bool printable, void *record);

/*! Reads a text column, as it is; false if it has another type or does not fit. */
bool column_text(sqlite3_stmt *stmt, int column, char *out, size_t out_len);
/*! Reads an integer column; false if it has another type or is out of range. */
bool column_number(sqlite3_stmt *stmt, int column, int64_t min, int64_t max, int64_t *out);
