/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of delegations and of parent zones: one table each says where every field goes.
 *
 * There can be very many delegations, almost all at rest: what is 0 or empty takes an octet in a row.
 */

#include <string.h>

#include <libknot/libknot.h>

#include "internal.h"
#include "util/printable.h"

#define IN(type, name, kind, field, schema)                                                                            \
	{ name, kind, offsetof(type, field), sizeof(((type *)0)->field), schema, NULL }

#define COLUMN(name, kind, field)        IN(store_delegation_t, name, kind, field, SCHEMA_DELEGATIONS)
#define LATER(name, kind, field, schema) IN(store_delegation_t, name, kind, field, schema)

/*! Every field of store_delegation_t but `answers`. Append only; a new column gets a new STORE_SCHEMA. */
static const column_t delegation_columns[] = {
	COLUMN("zone", KIND_TEXT, zone),
	COLUMN("name", KIND_TEXT, name),
	COLUMN("state", KIND_DELEGATION_STATE, row.state),
	COLUMN("since", KIND_TIME, row.since),
	COLUMN("gate", KIND_DELEGATION_GATE, row.gate),
	COLUMN("gate_about", KIND_TEXT, row.gate_about),
	COLUMN("gate_detail", KIND_TEXT, row.gate_detail),
	COLUMN("gate_since", KIND_TIME, row.gate_since),
	COLUMN("gate_until", KIND_TIME, row.gate_until),
	COLUMN("known", KIND_BOOL, row.known),
	COLUMN("ds", KIND_U64, row.ds),
	COLUMN("former", KIND_U64, row.former),
	COLUMN("ordering", KIND_BOOL, row.ordering),
	COLUMN("put", KIND_DS_SET, row.put),
	COLUMN("put_ttl", KIND_U32, row.put_ttl),
	COLUMN("put_content", KIND_U64, row.put_content),
	COLUMN("put_inception", KIND_TIME, row.put_inception),
	COLUMN("may_undo", KIND_BOOL, row.may_undo),
	COLUMN("before", KIND_DS_SET, row.before),
	COLUMN("before_ttl", KIND_U32, row.before_ttl),
	COLUMN("content", KIND_U64, row.content),
	COLUMN("accepted_since", KIND_TIME, row.accepted_since),
	COLUMN("applied", KIND_U64, row.applied),
	COLUMN("applied_inception", KIND_TIME, row.applied_inception),
	COLUMN("refused", KIND_U64, row.refused),
	COLUMN("undone", KIND_BOOL, row.undone),
	COLUMN("undos", KIND_U8, row.undos),
	COLUMN("undone_at", KIND_TIME, row.undone_at),
	COLUMN("manual", KIND_TIME, row.manual),
	COLUMN("reverted", KIND_BOOL, row.reverted),
	COLUMN("ttl_normal", KIND_U32, row.ttl_normal),
	COLUMN("ttl_low", KIND_U32, row.ttl_low),
	COLUMN("all_since", KIND_TIME, row.all_since),
	COLUMN("failed_before", KIND_BOOL, row.failed_before),
	COLUMN("secure_since", KIND_TIME, row.secure_since),
	COLUMN("secure_last", KIND_TIME, row.secure_last),
	COLUMN("bad_watches", KIND_U8, row.bad_watches),
	COLUMN("notifies", KIND_BOOL, row.notifies),
	COLUMN("by_notify", KIND_BOOL, row.by_notify),
	COLUMN("notified", KIND_TIME, row.notified),
	COLUMN("checks", KIND_U8, row.checks),
	COLUMN("next_check", KIND_TIME, row.next_check),
	COLUMN("clock_wall", KIND_TIME, row.clock.wall),
	COLUMN("clock_ahead", KIND_I64, row.clock.ahead),
	COLUMN("clock_boot", KIND_I64, row.clock.boot),
	COLUMN("checked", KIND_TIME, checked),
	COLUMN("gone", KIND_TIME, gone),
	LATER("manual_judged", KIND_BOOL, row.manual_judged, 9),
	LATER("before_until", KIND_TIME, row.before_until, 12),
	LATER("back_since", KIND_TIME, row.back_since, 13),
	LATER("back_last", KIND_TIME, row.back_last, 13),
	LATER("dnskey_ttl", KIND_U32, row.dnskey_ttl, 13),
};

#undef COLUMN
#undef LATER
#define COLUMN(name, kind, field)        IN(store_parent_t, name, kind, field, SCHEMA_DELEGATIONS)
#define LATER(name, kind, field, schema) IN(store_parent_t, name, kind, field, schema)

/*! Every field of store_parent_t. */
static const column_t parent_columns[] = {
	COLUMN("zone", KIND_TEXT, zone),
	COLUMN("listed", KIND_TIME, listed),
	COLUMN("serial", KIND_U32, serial),
	COLUMN("delegations", KIND_U64, delegations),
	COLUMN("secure", KIND_U64, secure),
	COLUMN("mode", KIND_MODE, mode),
	COLUMN("load", KIND_LOAD, load),
	COLUMN("load_reason", KIND_TEXT, load_reason),
	COLUMN("trouble", KIND_TEXT, trouble),
	COLUMN("report_only", KIND_BOOL, config.report_only),
	COLUMN("locked", KIND_BOOL, config.locked),
	COLUMN("apply", KIND_APPLY, config.apply),
	COLUMN("accept", KIND_ACCEPT, config.accept),
	COLUMN("bootstrap", KIND_BOOL, config.bootstrap),
	COLUMN("remove", KIND_BOOL, config.remove),
	COLUMN("undo", KIND_BOOL, config.undo),
	COLUMN("ds_max", KIND_U32, config.ds_max),
	COLUMN("hold_down", KIND_U32, config.hold_down),
	COLUMN("scan_interval", KIND_U32, config.scan_interval),
	COLUMN("scan_interval_notifying", KIND_U32, config.scan_interval_notifying),
	COLUMN("check_interval", KIND_U32, config.check_interval),
	COLUMN("retry", KIND_U32, config.retry),
	COLUMN("unreachable_after", KIND_U32, config.unreachable_after),
	COLUMN("ds_ttl", KIND_U32, config.ds_ttl),
	COLUMN("ds_ttl_hold", KIND_U32, config.ds_ttl_hold),
	COLUMN("ds_ttl_base", KIND_U32, config.ds_ttl_base),
	COLUMN("verify", KIND_U32, config.verify),
	COLUMN("bogus_limit", KIND_U32, config.bogus_limit),
	COLUMN("batch", KIND_JSON, batch),
	COLUMN("had_file", KIND_BOOL, had_file),
	LATER("locks", KIND_TEXT, locks, 9),
};

#ifdef __LP64__
// A field without a column would be lost in a restart.
_Static_assert(sizeof(delegation_row_t) == 2504, "delegation_row_t has changed: give every new field a column here");
_Static_assert(sizeof(delegation_config_t) == 64,
               "delegation_config_t has changed: give every new field a column here");
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const table_t delegation_table = {
	.name = "delegation",
	.key = "zone, name",
	.key_count = 2,
	.column = delegation_columns,
	.count = COUNT(delegation_columns),
};

const table_t parent_table = {
	.name = "parent",
	.key = "zone",
	.key_count = 1,
	.column = parent_columns,
	.count = COUNT(parent_columns),
};

int table_bind(sqlite3_stmt *stmt, const table_t *table, const void *record)
{
	int ret = SQLITE_OK;
	for (size_t i = 0; i < table->count && ret == SQLITE_OK; i++) {
		ret = column_bind(stmt, i + 1, &table->column[i], record);
	}
	return ret;
}

int table_read(store_t *store, sqlite3_stmt *stmt, const table_t *table, void *record)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!column_read(stmt, i, &table->column[i], store->read_only, record)) {
			const char *name = (const char *)sqlite3_column_text(stmt, table->key_count - 1);
			const char *value = (const char *)sqlite3_column_text(stmt, i);
			return store_malformed(store, "%s %.200s: column %s is invalid: '%.80s'", table->name,
			                       name != NULL ? name : "?", table->column[i].name,
			                       value != NULL ? value : "NULL");
		}
	}
	return KNOT_EOK;
}
