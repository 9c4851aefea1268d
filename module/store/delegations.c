/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delegations: rows, history, silent servers. */

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "internal.h"
#include "util/printable.h"

/*! A file of an older schema, which is read, has none. */
static bool has_tables(const store_t *store)
{
	return store->schema >= SCHEMA_DELEGATIONS;
}

static int bind_names(sqlite3_stmt *stmt, const char *zone, const char *name)
{
	return sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) |
	       sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
}

/*! Reads what the row does not have: the last survey. */
static int read_answers(store_t *store, store_delegation_t *out)
{
	sqlite3_stmt *stmt = store_reader(store, STMT_DELEGATION_ANSWERS);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int ret = KNOT_EOK;
	const int step = bind_names(stmt, out->zone, out->name) == SQLITE_OK ? sqlite3_step(stmt) : SQLITE_ERROR;
	if (step == SQLITE_ROW && !column_text(stmt, 0, out->answers, sizeof(out->answers))) {
		ret = store_malformed(store, "delegation %.200s: its answers are invalid", out->name);
	} else if (step != SQLITE_ROW && step != SQLITE_DONE) {
		ret = store_fail(store, "cannot be read");
	}
	store_release(stmt);
	return ret;
}

static int read_row(store_t *store, sqlite3_stmt *stmt, store_delegation_t *out)
{
	memset(out, 0, offsetof(store_delegation_t, answers));
	out->answers[0] = '\0';
	return table_read(store, stmt, &delegation_table, out);
}

int store_delegation_load(store_t *store, const char *zone, const char *name, store_delegation_t *out)
{
	assert(store != NULL && zone != NULL && name != NULL && out != NULL);

	if (!has_tables(store)) {
		return KNOT_ENOENT;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_DELEGATION_LOAD);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int ret;
	switch (bind_names(stmt, zone, name) == SQLITE_OK ? sqlite3_step(stmt) : SQLITE_ERROR) {
	case SQLITE_ROW:
		ret = read_row(store, stmt, out);
		break;
	case SQLITE_DONE:
		ret = KNOT_ENOENT;
		break;
	default:
		ret = store_fail(store, "cannot be read");
		break;
	}
	store_release(stmt);
	return ret == KNOT_EOK ? read_answers(store, out) : ret;
}

static int save_row(store_t *store, const store_delegation_t *delegation)
{
	sqlite3_stmt *stmt = store_reader(store, STMT_DELEGATION_SAVE);
	return stmt == NULL ? KNOT_ERROR : store_run(store, stmt, table_bind(stmt, &delegation_table, delegation));
}

/*! Those that are stored stay if there are none. */
static int save_answers(store_t *store, const store_delegation_t *delegation)
{
	if (delegation->answers[0] == '\0') {
		return KNOT_EOK;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_DELEGATION_ANSWERS_SAVE);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int bound = SQLITE_RANGE;
	if (memchr(delegation->answers, '\0', sizeof(delegation->answers)) != NULL) {
		bound = bind_names(stmt, delegation->zone, delegation->name) |
		        sqlite3_bind_text(stmt, 3, delegation->answers, -1, SQLITE_STATIC);
	}
	return store_run(store, stmt, bound);
}

#define ENDS(text) (memchr((text), '\0', sizeof(text)) != NULL)

static int save_event(store_t *store, const store_delegation_event_t *event)
{
	sqlite3_stmt *stmt = store_reader(store, STMT_DELEGATION_EVENT);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int bound = SQLITE_RANGE;
	if (event->time >= 0 && (unsigned)event->from < DELEGATION_STATE__COUNT &&
	    (unsigned)event->to < DELEGATION_STATE__COUNT && (unsigned)event->gate < DELEGATION_GATE__COUNT &&
	    ENDS(event->zone) && ENDS(event->name) && ENDS(event->text) && ENDS(event->evidence)) {
		bound = bind_names(stmt, event->zone, event->name) | sqlite3_bind_int64(stmt, 3, event->time) |
		        sqlite3_bind_int64(stmt, 4, event->from) | sqlite3_bind_int64(stmt, 5, event->to) |
		        sqlite3_bind_int64(stmt, 6, event->gate) |
		        sqlite3_bind_text(stmt, 7, event->text, -1, SQLITE_STATIC) |
		        sqlite3_bind_text(stmt, 8, event->evidence, -1, SQLITE_STATIC);
	}
	int ret = store_run(store, stmt, bound);
	stmt = ret == KNOT_EOK ? store_reader(store, STMT_DELEGATION_PRUNE) : NULL;
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	return store_run(store, stmt,
	                 bind_names(stmt, event->zone, event->name) |
	                         sqlite3_bind_int(stmt, 3, event->from == event->to) |
	                         sqlite3_bind_int(stmt, 4, STORE_DELEGATION_HISTORY));
}

int store_delegation_save(store_t *store, const store_delegation_t *delegation, const store_delegation_event_t *event)
{
	assert(store != NULL && delegation != NULL);

	int ret = store_ready(store);
	if (ret != KNOT_EOK || (event == NULL && delegation->answers[0] == '\0')) {
		return ret != KNOT_EOK ? ret : save_row(store, delegation);
	}
	// Together or not at all, inside a transaction as well.
	ret = store_exec(store, "SAVEPOINT save");
	if (ret != KNOT_EOK) {
		return ret;
	}
	ret = save_row(store, delegation);
	if (ret == KNOT_EOK) {
		ret = save_answers(store, delegation);
	}
	if (ret == KNOT_EOK && event != NULL) {
		ret = save_event(store, event);
	}
	return store_end_save(store, ret);
}

typedef struct {
	store_delegation_t one;
	bool whole;
	int (*each)(const store_delegation_t *one, void *arg);
	void *arg;
} each_delegation_t;

static bool delegation_row(store_t *store, sqlite3_stmt *stmt, void *row, int *ret)
{
	each_delegation_t *r = row;
	if (read_row(store, stmt, &r->one) != KNOT_EOK) {
		return false;
	}
	const int answers = r->whole ? read_answers(store, &r->one) : KNOT_EOK;
	if (answers == KNOT_EMALF) {
		return false;
	}
	*ret = answers == KNOT_EOK ? r->each(&r->one, r->arg) : answers;
	return true;
}

int store_delegations(store_t *store, const char *zone, bool whole,
                      int (*each)(const store_delegation_t *one, void *arg), void *arg)
{
	assert(store != NULL && each != NULL);

	if (!has_tables(store)) {
		return KNOT_EOK;
	}
	sqlite3_stmt *stmt = store_reader(store, zone != NULL ? STMT_DELEGATIONS_OF : STMT_DELEGATIONS);
	each_delegation_t *row = malloc(sizeof(*row));
	if (stmt == NULL || row == NULL) {
		free(row);
		return KNOT_ERROR;
	}
	row->whole = whole;
	row->each = each;
	row->arg = arg;
	int bound = zone != NULL ? sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC) : SQLITE_OK;
	int ret = store_each_row(store, stmt, bound, delegation_row, row);
	free(row);
	return ret;
}

typedef struct {
	store_delegation_event_t event;
	int (*each)(const store_delegation_event_t *event, void *arg);
	void *arg;
} each_event_t;

static bool read_event(sqlite3_stmt *stmt, bool read_only, store_delegation_event_t *event)
{
	int64_t time, from, to, gate;
	memset(event, 0, offsetof(store_delegation_event_t, text));
	if (!column_text(stmt, 0, event->zone, sizeof(event->zone)) ||
	    !column_text(stmt, 1, event->name, sizeof(event->name)) || !column_number(stmt, 2, 0, INT64_MAX, &time) ||
	    !column_number(stmt, 3, 0, DELEGATION_STATE__COUNT - 1, &from) ||
	    !column_number(stmt, 4, 0, DELEGATION_STATE__COUNT - 1, &to) ||
	    !column_number(stmt, 5, 0, DELEGATION_GATE__COUNT - 1, &gate) ||
	    !column_text(stmt, 6, event->text, sizeof(event->text)) ||
	    !column_text(stmt, 7, event->evidence, sizeof(event->evidence))) {
		return false;
	}
	if (read_only) {
		printable_text(event->zone);
		printable_text(event->name);
		printable_text(event->text);
	}
	event->time = time;
	event->from = from;
	event->to = to;
	event->gate = gate;
	return true;
}

static bool event_row(store_t *store, sqlite3_stmt *stmt, void *row, int *ret)
{
	each_event_t *r = row;
	if (!read_event(stmt, store->read_only, &r->event)) {
		(void)store_malformed(store, "an event of the history of delegations is invalid");
		return false;
	}
	*ret = r->each(&r->event, r->arg);
	return true;
}

int store_delegation_history(store_t *store, const char *zone, const char *name, size_t limit,
                             int (*each)(const store_delegation_event_t *event, void *arg), void *arg)
{
	assert(store != NULL && each != NULL && (zone != NULL || name == NULL));

	if (!has_tables(store)) {
		return KNOT_EOK;
	}
	sqlite3_stmt *stmt = store_reader(store, name != NULL ? STMT_DELEGATION_HISTORY :
	                                         zone != NULL ? STMT_DELEGATION_HISTORY_OF :
	                                                        STMT_DELEGATION_HISTORY_ALL);
	each_event_t *row = malloc(sizeof(*row));
	if (stmt == NULL || row == NULL) {
		free(row);
		return KNOT_ERROR;
	}
	row->each = each;
	row->arg = arg;
	int bound = sqlite3_bind_int64(stmt, 3, limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit);
	if (zone != NULL) {
		bound |= sqlite3_bind_text(stmt, 1, zone, -1, SQLITE_STATIC);
	}
	if (name != NULL) {
		bound |= sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
	}
	int ret = store_each_row(store, stmt, bound, event_row, row);
	free(row);
	return ret;
}

int store_delegation_history_next(store_t *store, int64_t *id, store_delegation_event_t *out)
{
	assert(store != NULL && id != NULL && out != NULL);

	if (!has_tables(store)) {
		return KNOT_ENOENT;
	}
	sqlite3_stmt *stmt;
	int ret = store_step_next(store, STMT_DELEGATION_HISTORY_NEXT, id, &stmt);
	if (ret == KNOT_EOK && !read_event(stmt, store->read_only, out)) {
		ret = store_malformed(store, "event %" PRId64 " of the history of delegations is invalid", *id);
	}
	if (stmt != NULL) {
		store_release(stmt);
	}
	return ret;
}

int store_delegation_history_last(store_t *store, int64_t *id)
{
	assert(store != NULL && id != NULL);

	*id = 0;
	return has_tables(store) ? store_last_id(store, STMT_DELEGATION_HISTORY_LAST, id) : KNOT_EOK;
}

int store_delegation_silence_load(store_t *store, const char *zone, const char *name, const char *server,
                                  delegation_silence_t *silence)
{
	assert(store != NULL && zone != NULL && name != NULL && server != NULL && silence != NULL);

	*silence = (delegation_silence_t){ 0 };
	if (store->schema < SCHEMA_SEEN || store_silences_lost(store)) {
		return KNOT_EOK;
	}
	sqlite3_stmt *stmt = store_reader(store, STMT_SILENCE_LOAD);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int ret = KNOT_EOK;
	int64_t since = 0, seen = 0;
	const int bound = bind_names(stmt, zone, name) | sqlite3_bind_text(stmt, 3, server, -1, SQLITE_STATIC);
	switch (bound == SQLITE_OK ? sqlite3_step(stmt) : SQLITE_ERROR) {
	case SQLITE_ROW:
		// One that cannot be true counts as none: that only delays.
		if (column_number(stmt, 0, 0, INT64_MAX, &since) &&
		    column_number(stmt, 1, -INT64_MAX, INT64_MAX, &seen)) {
			/* Negative: alone. */
			*silence = (delegation_silence_t){ .since = since,
				                           .seen = seen < 0 ? -seen : seen,
				                           .alone = seen < 0 };
		}
		break;
	case SQLITE_DONE:
		break;
	default:
		ret = store_fail(store, "cannot be read");
		break;
	}
	store_release(stmt);
	return ret;
}

static int save_silence(store_t *store, const char *zone, const char *name, const char *server,
                        const delegation_silence_t *silence)
{
	const bool clear = silence->since == 0;
	sqlite3_stmt *stmt = store_reader(store, clear ? STMT_SILENCE_CLEAR : STMT_SILENCE_SAVE);
	if (stmt == NULL) {
		return KNOT_ERROR;
	}
	int bound = bind_names(stmt, zone, name) | sqlite3_bind_text(stmt, 3, server, -1, SQLITE_STATIC);
	if (!clear) {
		const int64_t seen = silence->alone ? -(int64_t)silence->seen : silence->seen;
		bound |= silence->since > 0 && silence->seen >= 0 ?
		                 sqlite3_bind_int64(stmt, 4, silence->since) | sqlite3_bind_int64(stmt, 5, seen) :
		                 SQLITE_RANGE;
	}
	int ret = store_run(store, stmt, bound);
	stmt = ret == KNOT_EOK && !clear ? store_reader(store, STMT_SILENCE_PRUNE) : NULL;
	if (stmt != NULL) {
		ret = store_run(store, stmt,
		                bind_names(stmt, zone, name) | sqlite3_bind_int(stmt, 3, STORE_DELEGATION_SERVERS));
	}
	return ret;
}

int store_delegation_silence_save(store_t *store, const char *zone, const char *name, const char *server,
                                  const delegation_silence_t *silence)
{
	assert(store != NULL && zone != NULL && name != NULL && server != NULL && silence != NULL);

	int ret = store_ready(store);
	return ret == KNOT_EOK ? store_silence_written(store, save_silence(store, zone, name, server, silence)) : ret;
}

int store_delegation_forget(store_t *store, const char *zone, const char *name)
{
	assert(store != NULL && zone != NULL && name != NULL);

	static const stmt_t all[] = { STMT_DELEGATION_FORGET_HISTORY, STMT_DELEGATION_FORGET_SILENCE,
		                      STMT_DELEGATION_FORGET_ANSWERS, STMT_DELEGATION_FORGET };

	int ret = store_writable(store);
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "SAVEPOINT save");
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && ret == KNOT_EOK; i++) {
		sqlite3_stmt *stmt = store_writer(store, all[i]);
		ret = stmt == NULL ? KNOT_ERROR : store_run(store, stmt, bind_names(stmt, zone, name));
	}
	return store_end_save(store, ret);
}

int store_delegations_forget_gone(store_t *store, time_t before, size_t limit)
{
	assert(store != NULL && limit > 0 && limit < INT64_MAX);

	static const stmt_t all[] = { STMT_GONE_HISTORY, STMT_GONE_SILENCE, STMT_GONE_ANSWERS, STMT_GONE };

	int ret = store_writable(store);
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "SAVEPOINT save");
	}
	if (ret != KNOT_EOK) {
		return ret;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && ret == KNOT_EOK; i++) {
		sqlite3_stmt *stmt = store_writer(store, all[i]);
		ret = stmt == NULL ?
		              KNOT_ERROR :
		              store_run(store, stmt,
		                        sqlite3_bind_int64(stmt, 1, before) | sqlite3_bind_int64(stmt, 2, limit));
	}
	const bool more = ret == KNOT_EOK && (size_t)sqlite3_changes(store->db) == limit;
	ret = store_end_save(store, ret);
	return ret == KNOT_EOK && more ? KNOT_EEXIST : ret;
}
