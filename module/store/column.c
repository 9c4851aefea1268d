/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is the same for every table whose rows are structs. */

#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "column.h"
#include "internal.h"
#include "kskroll/delegation.h"
#include "kskroll/settings.h"
#include "util/printable.h"

static bool is_integer(kind_t kind)
{
	switch (kind) {
	case KIND_TEXT:
	case KIND_JSON:
	case KIND_OLD_KEYS:
	case KIND_NEW_KEY:
	case KIND_WINDOW:
	case KIND_DS_SET:
		return false;
	default: // As in the functions below.
		return true;
	}
}

static const char *definition(const table_t *table, const column_t *column)
{
	if (column < table->column + table->key_count) {
		return "TEXT NOT NULL";
	}
	return is_integer(column->kind) ? "INTEGER NOT NULL DEFAULT 0" : "TEXT NOT NULL DEFAULT ''";
}

static const char *name_in(const column_t *column, int schema)
{
	return column->was != NULL && schema < RENAMED ? column->was : column->name;
}

static const char *in_place_of(const table_t *table, const column_t *column, int schema)
{
	const char *special = table->in_place_of != NULL ? table->in_place_of(column, schema) : NULL;
	return special != NULL ? special : is_integer(column->kind) ? "0" : "''";
}

/*! Columns; where the file has an older schema, values in the place of those it lacks. */
static void append_names(sqlite3_str *sql, const table_t *table, int schema)
{
	for (size_t i = 0; i < table->count; i++) {
		const column_t *column = &table->column[i];
		sqlite3_str_appendf(sql, "%s%s", i > 0 ? ", " : "",
		                    column->schema <= schema ? name_in(column, schema) :
		                                               in_place_of(table, column, schema));
	}
}

char *table_sql_select(const table_t *table, int schema, const char *rest)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	sqlite3_str_appendall(sql, "SELECT ");
	append_names(sql, table, schema);
	sqlite3_str_appendf(sql, " FROM %s %s", table->name, rest);
	return sqlite3_str_finish(sql);
}

char *table_sql_save(const table_t *table)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	sqlite3_str_appendf(sql, "INSERT OR REPLACE INTO %s (", table->name);
	append_names(sql, table, STORE_SCHEMA);
	sqlite3_str_appendall(sql, ") VALUES (");
	for (size_t i = 0; i < table->count; i++) {
		sqlite3_str_appendall(sql, i > 0 ? ", ?" : "?");
	}
	sqlite3_str_appendall(sql, ")");
	return sqlite3_str_finish(sql);
}

char *table_sql_columns(const table_t *table)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	for (size_t i = 0; i < table->count; i++) {
		sqlite3_str_appendf(sql, "%s %s, ", table->column[i].name, definition(table, &table->column[i]));
	}
	sqlite3_str_appendf(sql, "PRIMARY KEY (%s)", table->key);
	return sqlite3_str_finish(sql);
}

int table_migrate(store_t *store, const table_t *table, int schema)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < table->count && ret == KNOT_EOK; i++) {
		const column_t *column = &table->column[i];
		char sql[256];
		if (column->schema > schema) {
			snprintf(sql, sizeof(sql), "ALTER TABLE %s ADD COLUMN %s %s", table->name, column->name,
			         definition(table, column));
		} else if (name_in(column, schema) != column->name) {
			snprintf(sql, sizeof(sql), "ALTER TABLE %s RENAME COLUMN %s TO %s", table->name, column->was,
			         column->name);
		} else {
			continue;
		}
		ret = store_exec(store, sql);
	}
	return ret;
}

/* Binding and reading. */

static int64_t get_integer(kind_t kind, const void *field)
{
	switch (kind) {
	case KIND_STATE:
		return *(const rollover_state_t *)field;
	case KIND_GATE:
		return *(const rollover_gate_t *)field;
	case KIND_KEYS:
		return *(const key_states_t *)field;
	case KIND_TIME:
		return *(const time_t *)field;
	case KIND_I64:
		return *(const int64_t *)field;
	case KIND_U32:
		return *(const uint32_t *)field;
	case KIND_U8:
		return *(const uint8_t *)field;
	case KIND_DELEGATION_STATE:
		return *(const delegation_state_t *)field;
	case KIND_DELEGATION_GATE:
		return *(const delegation_gate_t *)field;
	case KIND_MODE:
		return *(const unsigned *)field;
	case KIND_LOAD:
		return *(const unsigned *)field;
	case KIND_APPLY:
		return *(const delegation_apply_t *)field;
	case KIND_ACCEPT:
		return *(const delegation_accept_t *)field;
	case KIND_U64:
		return *(const uint64_t *)field;
	default:
		return *(const bool *)field;
	}
}

static int64_t integer_min(kind_t kind)
{
	return kind == KIND_I64 || kind == KIND_U64 ? INT64_MIN : 0;
}

static int64_t integer_max(kind_t kind)
{
	switch (kind) {
	case KIND_STATE:
		return ROLLOVER_STATE__COUNT - 1;
	case KIND_GATE:
		return GATE__COUNT - 1;
	case KIND_KEYS:
		return KEYS__COUNT - 1;
	case KIND_TIME:
		return INT64_C(1) << 40; /* Sums with settings stay in range. */
	case KIND_I64:
	case KIND_U64:
		return INT64_MAX;
	case KIND_U32:
		return UINT32_MAX;
	case KIND_U8:
		return UINT8_MAX;
	case KIND_DELEGATION_STATE:
		return DELEGATION_STATE__COUNT - 1;
	case KIND_DELEGATION_GATE:
		return DELEGATION_GATE__COUNT - 1;
	case KIND_MODE:
		return DELEGATIONS_UPDATE;
	case KIND_LOAD:
		return DELEGATION_LOAD_SECONDARY;
	case KIND_APPLY:
		return DELEGATION_BY_UPDATE;
	case KIND_ACCEPT:
		return DELEGATION_ACCEPT_CDNSKEY;
	default:
		return 1;
	}
}

static void set_integer(kind_t kind, void *field, int64_t value)
{
	switch (kind) {
	case KIND_STATE:
		*(rollover_state_t *)field = value;
		break;
	case KIND_GATE:
		*(rollover_gate_t *)field = value;
		break;
	case KIND_KEYS:
		*(key_states_t *)field = value;
		break;
	case KIND_TIME:
		*(time_t *)field = value;
		break;
	case KIND_I64:
		*(int64_t *)field = value;
		break;
	case KIND_U32:
		*(uint32_t *)field = value;
		break;
	case KIND_U8:
		*(uint8_t *)field = value;
		break;
	case KIND_DELEGATION_STATE:
		*(delegation_state_t *)field = value;
		break;
	case KIND_DELEGATION_GATE:
		*(delegation_gate_t *)field = value;
		break;
	case KIND_MODE:
		*(unsigned *)field = value;
		break;
	case KIND_LOAD:
		*(unsigned *)field = value;
		break;
	case KIND_APPLY:
		*(delegation_apply_t *)field = value;
		break;
	case KIND_ACCEPT:
		*(delegation_accept_t *)field = value;
		break;
	case KIND_U64:
		*(uint64_t *)field = value;
		break;
	default:
		*(bool *)field = value;
		break;
	}
}

int column_bind(sqlite3_stmt *stmt, int index, const column_t *column, const void *record)
{
	const void *field = (const char *)record + column->offset;
	char text[ROW_DS_SET];

	// What could not be read again must not be written.
	switch (column->kind) {
	case KIND_TEXT:
	case KIND_JSON:
		return memchr(field, '\0', column->size) == NULL ?
		               SQLITE_RANGE :
		               sqlite3_bind_text(stmt, index, field, -1, SQLITE_STATIC);
	case KIND_DS_SET:
		return !row_format_ds_set(text, field) ? SQLITE_RANGE :
		                                         sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT);
	default:;
		const int64_t value = get_integer(column->kind, field);
		if (value < integer_min(column->kind) || value > integer_max(column->kind)) {
			return SQLITE_RANGE;
		}
		return sqlite3_bind_int64(stmt, index, value);
	}
}

bool column_text(sqlite3_stmt *stmt, int column, char *out, size_t out_len)
{
	if (sqlite3_column_type(stmt, column) != SQLITE_TEXT) {
		return false;
	}
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	size_t len = sqlite3_column_bytes(stmt, column);
	if (text == NULL || len >= out_len || memchr(text, '\0', len) != NULL) {
		return false;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

bool column_number(sqlite3_stmt *stmt, int column, int64_t min, int64_t max, int64_t *out)
{
	if (sqlite3_column_type(stmt, column) != SQLITE_INTEGER) {
		return false;
	}
	*out = sqlite3_column_int64(stmt, column);
	return *out >= min && *out <= max;
}

bool column_read(sqlite3_stmt *stmt, int index, const column_t *column, bool printable, void *record)
{
	void *field = (char *)record + column->offset;
	char text[ROW_DS_SET];
	int64_t value;

	switch (column->kind) {
	case KIND_TEXT:
	case KIND_JSON:
		if (!column_text(stmt, index, field, column->size)) {
			return false;
		}
		if (printable && column->kind == KIND_TEXT) {
			printable_text(field);
		}
		return true;
	case KIND_DS_SET:
		return column_text(stmt, index, text, sizeof(text)) && row_parse_ds_set(text, field);
	default:
		if (!column_number(stmt, index, integer_min(column->kind), integer_max(column->kind), &value)) {
			return false;
		}
		set_integer(column->kind, field, value);
		return true;
	}
}
