/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every statement needs: it runs, or store_error() says why not. */

#include <stdarg.h>
#include <stdio.h>

#include <libknot/libknot.h>

#include "internal.h"
#include "util/printable.h"

int store_fail(store_t *store, const char *what)
{
	int code = sqlite3_errcode(store->db);
	const char *advice = "";
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
		advice = "; the file is damaged: restore it from a backup or move it away, it is "
			 "never deleted by kskroll";
	} else if (code == SQLITE_FULL) {
		advice = "; make room on the disk";
	}
	snprintf(store->error, sizeof(store->error), "%s %s: %s%s", store->path, what, sqlite3_errmsg(store->db),
	         advice);
	printable_text(store->error);
	return KNOT_ERROR;
}

int store_malformed(store_t *store, const char *format, ...)
{
	int len = snprintf(store->error, sizeof(store->error), "%s: ", store->path);
	if (len > 0 && (size_t)len < sizeof(store->error)) {
		va_list args;
		va_start(args, format);
		vsnprintf(store->error + len, sizeof(store->error) - len, format, args);
		va_end(args);
	}
	printable_text(store->error);
	return KNOT_EMALF;
}

int store_exec(store_t *store, const char *sql)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		return store_fail(store, "cannot be written");
	}
	return KNOT_EOK;
}
