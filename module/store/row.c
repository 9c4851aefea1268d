/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The row of a zone: one table says where every field goes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "column.h"
#include "internal.h"

#define COLUMN_WAS(name, kind, field, schema, was)                                                                     \
	{ name, kind, offsetof(store_zone_t, field), sizeof(((store_zone_t *)0)->field), schema, was }
#define COLUMN(name, kind, field, schema) COLUMN_WAS(name, kind, field, schema, NULL)

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
	COLUMN("notify", KIND_U8, config.via, 2), /* A flag once, whose values are the first two. */
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
	COLUMN("data_algorithms", KIND_U32, row.data_algorithms, 7),
	COLUMN("data_keys", KIND_U32, row.data_keys, 7),
	COLUMN("data_serial", KIND_U32, row.data_serial, 7),
	COLUMN("data_since", KIND_TIME, row.data_since, 7),
	COLUMN("data_last", KIND_TIME, row.data_last, 7),
	COLUMN("csk_new", KIND_BOOL, row.csk_new, 7),
	COLUMN("signers", KIND_BOOL, row.signers, 7),
	COLUMN("dnskey_refresh", KIND_U32, config.dnskey_refresh, 7),
	COLUMN("manual", KIND_BOOL, config.manual, 7),
	COLUMN("submitted", KIND_TIME, row.submitted, 10),
	COLUMN("submitted_id", KIND_TEXT, row.submitted_id, 10),
	COLUMN("ds_ttl_before", KIND_U32, row.ds_ttl_before, 10),
	COLUMN("ds_ttl_low", KIND_U32, row.ds_ttl_low, 10),
	COLUMN("ds_ttl_back", KIND_BOOL, row.ds_ttl_back, 10),
	COLUMN("ds_ttl_asked", KIND_TIME, row.ds_ttl_asked, 10),
	COLUMN("ds_ttl_since", KIND_TIME, row.ds_ttl_since, 10),
	COLUMN("ds_ttl_sent", KIND_TIME, row.ds_ttl_sent, 10),
	COLUMN("ds_ttl_around", KIND_U32, config.ds_ttl, 10),
	COLUMN("spread", KIND_U32, config.spread, 11),
	COLUMN("start_window", KIND_TEXT, start_window, 11),
	COLUMN("no_start", KIND_TEXT, no_start, 11),
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

#ifdef __LP64__
// A field without a column would be lost in a restart.
_Static_assert(sizeof(rollover_row_t) == 1160, "rollover_row_t has changed: give every new field a column here");
_Static_assert(sizeof(rollover_config_t) == 240, "rollover_config_t has changed: give every new field a column here");
#endif

/*! Schema 6 has one flag for both ends of a rollover. */
static const char *in_place_of(const column_t *column, int schema)
{
	return column->offset == offsetof(store_zone_t, row.csk_new) && schema == 6 ? "csk" : NULL;
}

static const table_t table = {
	.name = "zone",
	.key = "zone",
	.key_count = 1,
	.column = columns,
	.count = COLUMNS,
	.in_place_of = in_place_of,
};

char *row_sql_load(int schema)
{
	return table_sql_select(&table, schema, "WHERE zone = ?1");
}

char *row_sql_zones(int schema)
{
	return table_sql_select(&table, schema, "ORDER BY zone");
}

char *row_sql_save(void)
{
	return table_sql_save(&table);
}

char *row_sql_columns(void)
{
	return table_sql_columns(&table);
}

int row_migrate_columns(store_t *store, int schema)
{
	return table_migrate(store, &table, schema);
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
		case KIND_OLD_KEYS:
			row_format_keys(text, sizeof(text), row->old, row->old_count);
			break;
		case KIND_NEW_KEY:
			row_format_keys(text, sizeof(text), &row->new_key, row->has_new ? 1 : 0);
			break;
		case KIND_WINDOW:
			row_format_window(text, sizeof(text), field);
			break;
		default:
			ret = column_bind(stmt, i + 1, column, zone);
			continue;
		}
		ret = sqlite3_bind_text(stmt, i + 1, text, -1, SQLITE_TRANSIENT);
	}
	return ret;
}

static bool read_field(sqlite3_stmt *stmt, int i, const column_t *column, bool read_only, store_zone_t *zone)
{
	rollover_row_t *row = &zone->row;
	void *field = (char *)zone + column->offset;
	char text[ROW_TEXT];
	unsigned count;

	switch (column->kind) {
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
	default:
		return column_read(stmt, i, column, read_only, zone);
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
