/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The row of a zone: one table says where every field goes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "internal.h"
#include "util/printable.h"

typedef enum {
	KIND_TEXT, // char[]
	KIND_JSON, // the same; its texts are escaped
	KIND_STATE,
	KIND_GATE,
	KIND_KEYS,
	KIND_TIME,
	KIND_I64,
	KIND_U32,
	KIND_U8,
	KIND_BOOL,
	KIND_OLD_KEYS, // "TAG/ALGORITHM/DIGEST ..."
	KIND_NEW_KEY,  // the same, or "" for none
	KIND_WINDOW,   // "TTL@TIME,..."
} kind_t;

typedef struct {
	const char *name;
	kind_t kind;
	size_t offset;
	size_t size;
	int schema;      // The first one with this column.
	const char *was; // Its name before schema RENAMED; NULL: the same.
} column_t;

#define COLUMN_WAS(name, kind, field, schema, was)                                                                     \
	{ name, kind, offsetof(store_zone_t, field), sizeof(((store_zone_t *)0)->field), schema, was }
#define COLUMN(name, kind, field, schema) COLUMN_WAS(name, kind, field, schema, NULL)

/*! The schema with the names of today. */
#define RENAMED 4

/*! Every field of store_zone_t. Append only; a new column gets a new STORE_SCHEMA. */
static const column_t columns[] = {
	COLUMN("zone", KIND_TEXT, zone, 1),
	COLUMN("state", KIND_STATE, row.state, 1),
	COLUMN("since", KIND_TIME, row.since, 1),
	COLUMN("gate", KIND_GATE, row.gate, 1),
	COLUMN("gate_about", KIND_TEXT, row.gate_about, 1),
	COLUMN("gate_detail", KIND_TEXT, row.gate_detail, 1),
	COLUMN("gate_since", KIND_TIME, row.gate_since, 1),
	COLUMN("gate_until", KIND_TIME, row.gate_until, 1),
	COLUMN("old_keys", KIND_OLD_KEYS, row.old, 1),
	COLUMN("new_key", KIND_NEW_KEY, row.new_key, 1),
	COLUMN("settled_at", KIND_TIME, row.settled_at, 1),
	COLUMN("all_since", KIND_TIME, row.all_since, 1),
	COLUMN_WAS("all_expired", KIND_TIME, row.all_expired, 1, "all_drained"),
	COLUMN("ds_all_since", KIND_TIME, row.ds_all_since, 1),
	COLUMN_WAS("ds_expire", KIND_U32, row.ds_expire, 1, "ds_drain"),
	COLUMN("dnskey_ttl", KIND_WINDOW, row.dnskey_ttl, 1),
	COLUMN("ds_ttl", KIND_WINDOW, row.ds_ttl, 1),
	COLUMN_WAS("ordered", KIND_TIME, row.ordered, 1, "acted"),
	COLUMN_WAS("checks", KIND_U8, row.checks, 1, "looks"),
	COLUMN_WAS("next_check", KIND_TIME, row.next_check, 1, "wake"),
	COLUMN("base_policy", KIND_TEXT, base_policy, 1),
	COLUMN("policy_implicit", KIND_BOOL, policy_implicit, 1),
	COLUMN("parent_zone", KIND_TEXT, parent_zone, 1),
	COLUMN("answers", KIND_JSON, answers, 1),
	COLUMN_WAS("checked", KIND_TIME, checked, 2, "looked"),
	COLUMN("configured", KIND_BOOL, configured, 2),
	COLUMN("ksk_lifetime", KIND_U32, config.ksk_lifetime, 2),
	COLUMN("ttl", KIND_U32, config.ttl, 2),
	COLUMN("lead", KIND_U32, config.lead, 2),
	COLUMN("observe", KIND_U32, config.observe, 2),
	COLUMN("settle", KIND_U32, config.settle, 2),
	COLUMN("check_interval", KIND_U32, config.check_interval, 2),
	COLUMN("ds_check_interval", KIND_U32, config.ds_check_interval, 2),
	COLUMN("unreachable_after", KIND_U32, config.unreachable_after, 2),
	COLUMN("bogus_limit", KIND_U32, config.bogus_limit, 2),
	COLUMN("zone_ttl", KIND_U32, config.zone_ttl, 2),
	COLUMN_WAS("go_insecure", KIND_BOOL, config.go_insecure, 2, "leave"),
	COLUMN("dry_run", KIND_BOOL, config.dry_run, 2),
	COLUMN("hold", KIND_BOOL, config.hold, 2),
	COLUMN("observe_only", KIND_BOOL, config.observe_only, 2),
	COLUMN("observe_reason", KIND_TEXT, config.observe_reason, 2),
	COLUMN("notified", KIND_TIME, row.notified, 2),
	COLUMN("notify", KIND_BOOL, config.notify, 2),
	COLUMN("notify_again", KIND_U32, config.notify_again, 2),
	COLUMN("notification", KIND_JSON, notification, 2),
	COLUMN("observed_since", KIND_TIME, row.observed_since, 3),
	COLUMN("observed_last", KIND_TIME, row.observed_last, 3),
	COLUMN("parent_seen", KIND_TIME, row.parent_seen, 3),
	COLUMN("caches_expired", KIND_TIME, config.caches_expired, 3),
	COLUMN("clock_wall", KIND_TIME, row.clock.wall, 3),
	COLUMN("clock_ahead", KIND_I64, row.clock.ahead, 3),
	COLUMN("clock_boot", KIND_I64, row.clock.boot, 3),
	COLUMN("key_states", KIND_KEYS, row.keys, 5),
	COLUMN("signalled", KIND_TIME, row.signalled, 5),
	COLUMN("csk", KIND_BOOL, row.csk, 6),
	COLUMN("zone_ttl_max", KIND_U32, row.zone_ttl, 6),
	COLUMN("zone_ttl_seen", KIND_TIME, row.zone_ttl_seen, 6),
	COLUMN("zone_ttl_until", KIND_TIME, row.zone_ttl_until, 6),
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

#ifdef __LP64__
// A field without a column would be lost in a restart.
_Static_assert(sizeof(rollover_row_t) == 1016, "rollover_row_t has changed: give every new field a column here");
_Static_assert(sizeof(rollover_config_t) == 224, "rollover_config_t has changed: give every new field a column here");
#endif

static bool is_integer(kind_t kind)
{
	switch (kind) {
	case KIND_TEXT:
	case KIND_JSON:
	case KIND_OLD_KEYS:
	case KIND_NEW_KEY:
	case KIND_WINDOW:
		return false;
	default: // As in the functions below.
		return true;
	}
}

static const char *definition(const column_t *column)
{
	if (column->offset == offsetof(store_zone_t, zone)) {
		return "TEXT PRIMARY KEY NOT NULL";
	}
	return is_integer(column->kind) ? "INTEGER NOT NULL DEFAULT 0" : "TEXT NOT NULL DEFAULT ''";
}

static const char *name_in(const column_t *column, int schema)
{
	return column->was != NULL && schema < RENAMED ? column->was : column->name;
}

/*! Columns; where the file has an older schema, values in the place of those it lacks. */
static void append_names(sqlite3_str *sql, int schema)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		sqlite3_str_appendf(sql, "%s%s", i > 0 ? ", " : "",
		                    columns[i].schema <= schema ? name_in(&columns[i], schema) :
		                    is_integer(columns[i].kind) ? "0" :
		                                                  "''");
	}
}

static char *make_select(int schema, const char *rest)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	sqlite3_str_appendall(sql, "SELECT ");
	append_names(sql, schema);
	sqlite3_str_appendf(sql, " FROM zone %s", rest);
	return sqlite3_str_finish(sql);
}

char *row_sql_load(int schema)
{
	return make_select(schema, "WHERE zone = ?1");
}

char *row_sql_zones(int schema)
{
	return make_select(schema, "ORDER BY zone");
}

char *row_sql_save(void)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	sqlite3_str_appendall(sql, "INSERT OR REPLACE INTO zone (");
	append_names(sql, STORE_SCHEMA);
	sqlite3_str_appendall(sql, ") VALUES (");
	for (size_t i = 0; i < COLUMNS; i++) {
		sqlite3_str_appendall(sql, i > 0 ? ", ?" : "?");
	}
	sqlite3_str_appendall(sql, ")");
	return sqlite3_str_finish(sql);
}

char *row_sql_columns(void)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	for (size_t i = 0; i < COLUMNS; i++) {
		sqlite3_str_appendf(sql, "%s%s %s", i > 0 ? ", " : "", columns[i].name, definition(&columns[i]));
	}
	return sqlite3_str_finish(sql);
}

int row_migrate_columns(store_t *store, int schema)
{
	int ret = KNOT_EOK;
	for (size_t i = 0; i < COLUMNS && ret == KNOT_EOK; i++) {
		const column_t *column = &columns[i];
		char sql[256];
		if (column->schema > schema) {
			snprintf(sql, sizeof(sql), "ALTER TABLE zone ADD COLUMN %s %s", column->name,
			         definition(column));
		} else if (name_in(column, schema) != column->name) {
			snprintf(sql, sizeof(sql), "ALTER TABLE zone RENAME COLUMN %s TO %s", column->was,
			         column->name);
		} else {
			continue;
		}
		ret = store_exec(store, sql);
	}
	return ret;
}

/* Binding and reading. */

static int64_t get_integer(const column_t *column, const void *field)
{
	switch (column->kind) {
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
	default:
		return *(const bool *)field;
	}
}

static int64_t integer_min(kind_t kind)
{
	return kind == KIND_I64 ? INT64_MIN : 0;
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
		return INT64_MAX;
	case KIND_I64:
		return INT64_MAX;
	case KIND_U32:
		return UINT32_MAX;
	case KIND_U8:
		return UINT8_MAX;
	default:
		return 1;
	}
}

static void set_integer(const column_t *column, void *field, int64_t value)
{
	switch (column->kind) {
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
	default:
		*(bool *)field = value;
		break;
	}
}

int row_bind(sqlite3_stmt *stmt, const store_zone_t *zone)
{
	const rollover_row_t *row = &zone->row;
	char text[ROW_TEXT];

	// What could not be read again must not be written.
	if (row->old_count > ROLLOVER_OLD_MAX || row->dnskey_ttl.count > TTL_WINDOW_MAX ||
	    row->ds_ttl.count > TTL_WINDOW_MAX) {
		return SQLITE_RANGE;
	}

	int ret = SQLITE_OK;
	for (size_t i = 0; i < COLUMNS && ret == SQLITE_OK; i++) {
		const column_t *column = &columns[i];
		const void *field = (const char *)zone + column->offset;

		switch (column->kind) {
		case KIND_TEXT:
		case KIND_JSON:
			if (memchr(field, '\0', column->size) == NULL) {
				return SQLITE_RANGE;
			}
			ret = sqlite3_bind_text(stmt, i + 1, field, -1, SQLITE_STATIC);
			continue;
		case KIND_OLD_KEYS:
			row_format_keys(text, sizeof(text), row->old, row->old_count);
			break;
		case KIND_NEW_KEY:
			row_format_keys(text, sizeof(text), &row->new_key, row->has_new ? 1 : 0);
			break;
		case KIND_WINDOW:
			row_format_window(text, sizeof(text), field);
			break;
		default:;
			int64_t value = get_integer(column, field);
			if (value < integer_min(column->kind) || value > integer_max(column->kind)) {
				return SQLITE_RANGE;
			}
			ret = sqlite3_bind_int64(stmt, i + 1, value);
			continue;
		}
		ret = sqlite3_bind_text(stmt, i + 1, text, -1, SQLITE_TRANSIENT);
	}
	return ret;
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

static bool read_field(sqlite3_stmt *stmt, int i, const column_t *column, bool read_only, store_zone_t *zone)
{
	rollover_row_t *row = &zone->row;
	void *field = (char *)zone + column->offset;
	char text[ROW_TEXT];
	unsigned count;

	switch (column->kind) {
	case KIND_TEXT:
	case KIND_JSON:
		if (!column_text(stmt, i, field, column->size)) {
			return false;
		}
		if (read_only && column->kind == KIND_TEXT) {
			printable_text(field);
		}
		return true;
	case KIND_OLD_KEYS:
		return column_text(stmt, i, text, sizeof(text)) &&
		       row_parse_keys(text, row->old, ROLLOVER_OLD_MAX, &row->old_count);
	case KIND_NEW_KEY:
		if (!column_text(stmt, i, text, sizeof(text)) || !row_parse_keys(text, &row->new_key, 1, &count)) {
			return false;
		}
		row->has_new = (count > 0);
		return true;
	case KIND_WINDOW:
		return column_text(stmt, i, text, sizeof(text)) && row_parse_window(text, field);
	default:;
		int64_t value;
		if (!column_number(stmt, i, integer_min(column->kind), integer_max(column->kind), &value)) {
			return false;
		}
		set_integer(column, field, value);
		return true;
	}
}

int row_read(store_t *store, sqlite3_stmt *stmt, store_zone_t *zone)
{
	memset(zone, 0, sizeof(*zone));
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!read_field(stmt, i, &columns[i], store->read_only, zone)) {
			const char *name = (const char *)sqlite3_column_text(stmt, 0);
			const char *value = (const char *)sqlite3_column_text(stmt, i);
			return store_malformed(store, "zone %.256s: column %s is invalid: '%.100s'",
			                       name != NULL ? name : "?", columns[i].name,
			                       value != NULL ? value : "NULL");
		}
	}
	return KNOT_EOK;
}
