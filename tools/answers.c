/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stored text is read with SQLite's JSON functions, in a database of no file.
 */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"

static sqlite3 *db;

#define TAGS_OF(json, item) "(SELECT group_concat(t.value, ' ') FROM json_each(" json ", '$." item "') t)"
#define TAGS(item)          TAGS_OF("s.value", item)
/* An RRset that is not there has no member at all; one that names no known key is empty. */
#define SIGNAL(item)                                                                                                   \
	"CASE WHEN json_type(s.value, '$." item "') IS NULL THEN '' "                                                  \
	"ELSE coalesce(" TAGS(item) ", 'unknown') || "                                                                 \
				    "CASE WHEN json_extract(s.value, '$." item                                         \
				    "_unwanted') THEN ' and others' ELSE '' END END"

#define SERVERS(list, parent, ttl, differs)                                                                                                      \
	"SELECT " parent ", json_extract(s.value, '$.server'), json_extract(s.value, '$.status'),"                                               \
	" json_extract(s.value, '$.detail'), json_extract(s.value, '$.unreachable_since'),"                                                      \
	" " TAGS("dnskey") ", " TAGS(                                                                                                            \
		"signed_by") ", json_extract(s.value, '$." ttl "'),"                                                                             \
			     " " differs ", " SIGNAL("cds") ", " SIGNAL("cdnskey") ", " TAGS(                                                    \
				     "ds") ","                                                                                                   \
					   " coalesce(json_extract(s.value, '$.cds_unanswered'), json_extract(s.value, '$.cdnskey_unanswered')," \
					   " json_extract(s.value, '$.ns_unanswered'), 0), " TAGS(                                               \
						   "ds_sha1") " FROM json_each(?1, '$." list "') s"

static const char servers_sql[] =
	SERVERS("child", "0", "dnskey_ttl", "json_extract(s.value, '$.dnskey_equal') = 0") " UNION ALL " SERVERS(
		"parent", "1", "ds_ttl", "json_extract(s.value, '$.ds_foreign') = 1");

/*! \return Bytes of an escape that stands for a control character; 0 for another. */
static size_t control_escape(const char *p)
{
	unsigned code;
	switch (p[1]) {
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return 2;
	case 'u':
		return strlen(p) >= 6 && sscanf(p + 2, "%4x", &code) == 1 && !store_is_printable(code) ? 6 : 0;
	default:
		return 0;
	}
}

/*! A copy of a JSON text that yields printable texts. To be freed. */
static char *printable(const char *text)
{
	char *copy = memory_need(strdup(text)), *out = copy;

	for (const char *p = text; *p != '\0';) {
		size_t escape = *p == '\\' ? control_escape(p) : 0;
		if (escape > 0) {
			*out++ = '?';
			p += escape;
		} else if (*p == '\\' && p[1] != '\0') {
			*out++ = *p++;
			*out++ = *p++;
		} else {
			/* Between values it is space. */
			*out++ = (unsigned char)*p < 0x20 ? ' ' : *p;
			p++;
		}
	}
	*out = '\0';
	store_printable(copy);
	return copy;
}

static sqlite3_stmt *prepare(const char *sql, const char *text)
{
	sqlite3_stmt *stmt = NULL;
	if ((db == NULL && sqlite3_open(":memory:", &db) != SQLITE_OK) ||
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(stmt, 1, printable(text), -1, free) != SQLITE_OK) {
		memory_none();
	}
	return stmt;
}

/*! \return Whether there is a row. A text of another form than ours has none, or one of empty values. */
static bool step(sqlite3_stmt *stmt)
{
	int ret = sqlite3_step(stmt);
	if (ret == SQLITE_NOMEM) {
		memory_none();
	}
	return ret == SQLITE_ROW;
}

bool answers_valid(const char *text)
{
	sqlite3_stmt *stmt = prepare("SELECT json_valid(?1)", text);
	bool valid = step(stmt) && sqlite3_column_int(stmt, 0) != 0;
	sqlite3_finalize(stmt);
	return valid;
}

static const char *column(sqlite3_stmt *stmt, int i)
{
	const char *text = (const char *)sqlite3_column_text(stmt, i);
	if (text == NULL && sqlite3_errcode(db) == SQLITE_NOMEM) {
		memory_none();
	}
	return text != NULL ? text : "";
}

bool answers_own(const char *text, own_answer_t *out)
{
	memset(out, 0, sizeof(*out));
	if (!answers_valid(text)) {
		return false;
	}
	sqlite3_stmt *stmt = prepare(
		"SELECT " TAGS_OF(
			"?1",
			"own_dnskey") ", json_extract(?1, '$.own_dnskey_ttl'),"
				      " CASE WHEN json_type(?1, '$.own_cds') IS NULL THEN '' ELSE"
				      " coalesce(" TAGS_OF(
					      "?1",
					      "own_cds") ", 'unknown') END,"
							 " (json_extract(?1, '$.watch.answered') - json_extract(?1, '$.watch.failing')) || ' of '"
							 " || json_extract(?1, '$.watch.answered') || ' resolvers find it secure'"
							 " || iif(json_extract(?1, '$.watch.parent_ok'), '', '; the parent does not validate')"
							 " || iif(json_extract(?1, '$.watch.detail') = '', '', ': ' || json_extract(?1, '$.watch.detail')),"
							 " (SELECT group_concat(json_extract(value, '$.server') || ' ' || json_extract(value, '$.status'), ', ')"
							 " FROM json_each(?1, '$.signaling'))",
		text);
	if (step(stmt)) {
		snprintf(out->dnskey, sizeof(out->dnskey), "%s", column(stmt, 0));
		snprintf(out->ttl, sizeof(out->ttl), "%s", column(stmt, 1));
		snprintf(out->cds, sizeof(out->cds), "%s", column(stmt, 2));
		snprintf(out->watch, sizeof(out->watch), "%s", column(stmt, 3));
		snprintf(out->signaling, sizeof(out->signaling), "%s", column(stmt, 4));
	}
	sqlite3_finalize(stmt);
	return true;
}

time_t answers_each(const char *text, answer_f each, void *arg)
{
	if (!answers_valid(text)) {
		return 0;
	}
	sqlite3_stmt *stmt = prepare("SELECT json_extract(?1, '$.time')", text);
	time_t at = step(stmt) ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_finalize(stmt);

	stmt = prepare(servers_sql, text);
	while (step(stmt)) {
		answer_t a = {
			.parent = sqlite3_column_int(stmt, 0) != 0,
			.server = column(stmt, 1),
			.status = column(stmt, 2),
			.detail = column(stmt, 3),
			.unreachable_since = sqlite3_column_int64(stmt, 4),
			.dnskey = column(stmt, 5),
			.signed_by = column(stmt, 6),
			.ttl = column(stmt, 7),
			.differs = sqlite3_column_int(stmt, 8) != 0,
			.cds = column(stmt, 9),
			.cdnskey = column(stmt, 10),
			.ds = column(stmt, 11),
			.incomplete = sqlite3_column_int(stmt, 12) != 0,
			.ds_sha1 = column(stmt, 13),
		};
		each(&a, arg);
	}
	sqlite3_finalize(stmt);
	return at;
}

char *answers_notification(const char *evidence)
{
	char *found = NULL;

	if (answers_valid(evidence)) {
		sqlite3_stmt *stmt = prepare("SELECT json_extract(?1, '$.notification')", evidence);
		if (step(stmt) && sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
			found = memory_need(strdup(column(stmt, 0)));
		}
		sqlite3_finalize(stmt);
	}
	return found;
}

time_t answers_notified(const char *text)
{
	time_t at = 0;

	if (answers_valid(text)) {
		sqlite3_stmt *stmt = prepare("SELECT json_extract(?1, '$.time')", text);
		at = step(stmt) ? sqlite3_column_int64(stmt, 0) : 0;
		sqlite3_finalize(stmt);
	}
	return at;
}

void answers_print_notification(const char *text)
{
	sqlite3_stmt *stmt = prepare(
		"SELECT json_extract(?1, '$.status')"
		" || coalesce(', target ' || json_extract(?1, '$.target'), '')"
		" || coalesce(' at ' || json_extract(?1, '$.server'), '')"
		" || coalesce(', ' || json_extract(?1, '$.rcode'), '')"
		" || ', sent ' || json_extract(?1, '$.sent') || ', took ' || json_extract(?1, '$.elapsed_ms') || ' ms'"
		" || coalesce(', ' || json_extract(?1, '$.detail'), '')",
		text);
	puts(step(stmt) ? column(stmt, 0) : "");
	sqlite3_finalize(stmt);
}

void answers_end(void)
{
	sqlite3_close(db);
	db = NULL;
}
