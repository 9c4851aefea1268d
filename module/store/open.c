/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and closing: folders, modes, what can be wrong with a file. */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "internal.h"

#define BUSY_TIMEOUT_MS 5000

/*! Creates the folders above a path. \return 0 or errno, then with the folder in \a path. */
static int make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0750) != 0 && errno != EEXIST) {
			return errno;
		}
		*slash = '/';
	}
	return 0;
}

static bool create_file(const char *path, char *err, size_t err_len)
{
	char *folder = strdup(path);
	if (folder == NULL) {
		snprintf(err, err_len, "%s: not enough memory", path);
		return false;
	}
	int code = make_folders(folder);
	if (code != 0) {
		snprintf(err, err_len,
		         "folder %s cannot be created: %s; create it, or give the "
		         "user of knotd the right to",
		         folder, strerror(code));
		free(folder);
		return false;
	}
	free(folder);

	// SQLite gives its other files the mode of this one.
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd >= 0) {
		(void)fchmod(fd, 0640);
	} else if (errno == EEXIST) {
		fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	}
	if ((fd < 0 && errno == ELOOP) || (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)))) {
		snprintf(err, err_len, "%s is %s: the server writes plain files only; put the file itself there", path,
		         fd < 0 ? "a symbolic link" : "no plain file");
		if (fd >= 0) {
			close(fd);
		}
		return false;
	}
	if (fd < 0) {
		snprintf(err, err_len,
		         "%s cannot be written: %s; the user of knotd must be able "
		         "to write the file and its folder",
		         path, strerror(errno));
		return false;
	}
	close(fd);
	return true;
}

/*! SQLite would only say that it cannot open it. */
static bool can_read(const char *path, char *err, size_t err_len)
{
	struct stat st;
	if (stat(path, &st) != 0 || faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0) {
		snprintf(err, err_len, "%s cannot be read: %s; %s", path, strerror(errno),
		         errno == EACCES ? "root may, and members of the group of knotd's user" :
		                           "the server creates it when a zone uses the module");
		return false;
	}
	if (S_ISDIR(st.st_mode)) {
		snprintf(err, err_len, "%s is a folder: name the file in it", path);
		return false;
	}
	return true;
}

static char *immutable_uri(const char *path)
{
	sqlite3_str *uri = sqlite3_str_new(NULL);
	sqlite3_str_appendall(uri, "file:");
	for (const unsigned char *p = (const unsigned char *)path; *p != '\0'; p++) {
		if (*p == '%' || *p == '?' || *p == '#') {
			sqlite3_str_appendf(uri, "%%%02x", *p);
		} else {
			sqlite3_str_appendchar(uri, 1, *p);
		}
	}
	sqlite3_str_appendall(uri, "?immutable=1");
	return sqlite3_str_finish(uri);
}

static bool has_wal(const char *path)
{
	char *wal = sqlite3_mprintf("%s-wal", path);
	struct stat st;
	bool exists = (wal == NULL || stat(wal, &st) == 0);
	sqlite3_free(wal);
	return exists;
}

/*!
 * Opens for reading. In WAL mode that needs the shared memory file, which cannot be created
 * in a folder one may only read. If no server has the file open there is no WAL either, and
 * nothing can change under our hands: only then the file can be taken as it is.
 */
static int open_read_only(store_t *store)
{
	if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		return store_fail(store, "cannot be opened");
	}
	sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);

	int ret = sqlite3_exec(store->db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
	if (ret != SQLITE_CANTOPEN && ret != SQLITE_READONLY) {
		return schema_prepare(store);
	}
	if (has_wal(store->path)) {
		store_fail(store, "cannot be read");
		size_t len = strlen(store->error);
		snprintf(store->error + len, sizeof(store->error) - len,
		         "; a server left changes beside it: read it as a user who may write the folder");
		return KNOT_ERROR;
	}

	sqlite3_close(store->db);
	store->db = NULL;
	char *uri = immutable_uri(store->path);
	if (uri == NULL) {
		return KNOT_ENOMEM; // Without a name SQLite opens a database of no file.
	}
	ret = sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	sqlite3_free(uri);
	if (ret != SQLITE_OK) {
		return store_fail(store, "cannot be opened");
	}
	return schema_prepare(store);
}

/*! The path with the links in its folders resolved, so that SQLite may refuse any link. To be freed. */
static char *real_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") : slash == path ? strdup("/") : strndup(path, slash - path);
	char *real = folder != NULL ? realpath(folder, NULL) : NULL;
	char *whole = NULL;
	if (real == NULL || asprintf(&whole, "%s/%s", real, slash != NULL ? slash + 1 : path) < 0) {
		whole = NULL;
	}
	free(folder);
	free(real);
	return whole;
}

static int open_read_write(store_t *store)
{
	char *path = real_path(store->path);
	int opened = path == NULL ?
	                     SQLITE_NOMEM :
	                     sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	free(path);
	if (opened != SQLITE_OK) {
		return store_fail(store, "cannot be opened");
	}
	sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);

	// A decision is durable before it is acted upon.
	int ret = store_exec(store, "PRAGMA synchronous = FULL");
	if (ret == KNOT_EOK) {
		/* Its other files would be outside of the store's folder, where nothing can be opened. */
		ret = store_exec(store, "PRAGMA temp_store = MEMORY");
	}
	if (ret == KNOT_EOK) {
		ret = schema_prepare(store);
	}
	if (ret == KNOT_EOK) {
		ret = store_exec(store, "PRAGMA journal_mode = WAL");
	}
	return ret;
}

store_t *store_open(const char *path, bool read_only, char *err, size_t err_len)
{
	assert(path != NULL && err != NULL && err_len > 0);
	err[0] = '\0';

	if (read_only && !can_read(path, err, err_len)) {
		return NULL;
	}
	if (!read_only && !create_file(path, err, err_len)) {
		return NULL;
	}

	store_t *store = calloc(1, sizeof(*store));
	if (store == NULL || (store->path = strdup(path)) == NULL) {
		free(store);
		snprintf(err, err_len, "%s: not enough memory", path);
		return NULL;
	}
	store->read_only = read_only;

	int ret = read_only ? open_read_only(store) : open_read_write(store);
	if (ret != KNOT_EOK) {
		snprintf(err, err_len, "%s", ret == KNOT_ENOMEM ? "not enough memory" : store->error);
		store_close(store);
		return NULL;
	}
	return store;
}

void store_close(store_t *store)
{
	if (store == NULL) {
		return;
	}
	for (size_t i = 0; i < STMT__COUNT; i++) {
		sqlite3_finalize(store->stmts[i]);
	}
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

const char *store_error(const store_t *store)
{
	return store->error;
}
