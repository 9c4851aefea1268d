/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libzscanner/scanner.h>

#include "ds_file.h"
#include "parent_records.h"

/*! A million delegations with two DS each. */
#define SIZE_MAX_READ ((off_t)512 * 1024 * 1024)
#define NO_MEMORY     "not enough memory"
/*! The last line, a comment, and the number of delegations above it. A file without it was cut off. */
#define END_LINE "; end, delegations: "

/* In memory. */

static void set_clear(ds_file_set_t *set)
{
	knot_dname_free(set->owner, NULL);
	knot_rdataset_clear(&set->ds, NULL);
}

void ds_file_clear(ds_file_t *file)
{
	for (size_t i = 0; i < file->count; i++) {
		set_clear(&file->sets[i]);
	}
	free(file->sets);
	memset(file, 0, sizeof(*file));
}

/*! Room for one more. */
static bool grow(ds_file_t *file)
{
	if (file->count < file->size) {
		return true;
	}
	const size_t size = 2 * file->size + 64;
	ds_file_set_t *sets = realloc(file->sets, size * sizeof(*sets));
	if (sets == NULL) {
		return false;
	}
	file->sets = sets;
	file->size = size;
	return true;
}

/*! \return The place of that owner, or where it belongs. */
static size_t place_of(const ds_file_t *file, const knot_dname_t *owner, bool *found)
{
	size_t low = 0, high = file->count;

	*found = false;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = knot_dname_cmp(file->sets[middle].owner, owner);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

const ds_file_set_t *ds_file_find(const ds_file_t *file, const knot_dname_t *owner)
{
	bool found;
	const size_t at = place_of(file, owner, &found);

	return found ? &file->sets[at] : NULL;
}

/*! Puts an empty set of that owner there. */
static ds_file_set_t *insert(ds_file_t *file, size_t at, const knot_dname_t *owner)
{
	knot_dname_t *copy = knot_dname_copy(owner, NULL);

	if (copy == NULL || !grow(file)) {
		knot_dname_free(copy, NULL);
		return NULL;
	}
	memmove(&file->sets[at + 1], &file->sets[at], (file->count - at) * sizeof(*file->sets));
	file->sets[at] = (ds_file_set_t){ .owner = copy };
	file->count++;
	return &file->sets[at];
}

int ds_file_put(ds_file_t *file, const knot_dname_t *owner, uint32_t ttl, const knot_rdataset_t *ds)
{
	knot_rdataset_t copy = { 0 };
	bool found;
	const size_t at = place_of(file, owner, &found);

	if (ds->count == 0) {
		if (found) {
			set_clear(&file->sets[at]);
			file->count--;
			memmove(&file->sets[at], &file->sets[at + 1], (file->count - at) * sizeof(*file->sets));
		}
		return KNOT_EOK;
	}
	if (knot_rdataset_copy(&copy, ds, NULL) != KNOT_EOK) {
		return KNOT_ENOMEM;
	}
	ds_file_set_t *set = found ? &file->sets[at] : insert(file, at, owner);
	if (set == NULL) {
		knot_rdataset_clear(&copy, NULL);
		return KNOT_ENOMEM;
	}
	knot_rdataset_clear(&set->ds, NULL);
	set->ds = copy;
	set->ttl = ttl;
	return KNOT_EOK;
}

int ds_file_copy(ds_file_t *to, const ds_file_t *from)
{
	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < from->count; i++) {
		const ds_file_set_t *set = &from->sets[i];
		if (ds_file_put(to, set->owner, set->ttl, &set->ds) != KNOT_EOK) {
			ds_file_clear(to);
			return KNOT_ENOMEM;
		}
	}
	return KNOT_EOK;
}

/* Reading. */

/*! \return The text, with a line end; NULL: see \a ret. */
static char *read_all(const char *path, size_t *len, int *ret)
{
	struct stat st;
	char *text = NULL;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0) {
		*ret = errno == ENOENT ? KNOT_ENOENT : KNOT_EFILE;
		return NULL;
	}
	*ret = KNOT_EFILE;
	*len = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*ret = st.st_size > SIZE_MAX_READ ? KNOT_ERANGE : KNOT_ENOMEM;
		text = st.st_size <= SIZE_MAX_READ ? malloc((size_t)st.st_size + 2) : NULL;
	}
	while (text != NULL && *len < (size_t)st.st_size) {
		const ssize_t got = read(fd, text + *len, (size_t)st.st_size - *len);
		if (got > 0) {
			*len += (size_t)got;
		} else if (got == 0 || errno != EINTR) {
			free(text);
			text = NULL;
			*ret = KNOT_EFILE;
		}
	}
	close(fd);
	if (text != NULL) {
		text[(*len)++] = '\n'; /* The scanner gives the last record when its line ends. */
		text[*len] = '\0';
	}
	return text;
}

static int take_record(ds_file_t *file, zs_scanner_t *s)
{
	knot_dname_storage_t owner;

	if (s->r_type != KNOT_RRTYPE_DS || s->r_class != KNOT_CLASS_IN || s->r_owner_length > sizeof(owner)) {
		return KNOT_EMALF;
	}
	memcpy(owner, s->r_owner, s->r_owner_length);
	knot_dname_to_lower(owner);
	/* In the order of the file: merge() has all of one owner together. */
	ds_file_set_t *set = file->count > 0 ? &file->sets[file->count - 1] : NULL;
	if (set == NULL || !knot_dname_is_equal(set->owner, owner)) {
		set = insert(file, file->count, owner);
	}
	knot_rdata_t *rdata = malloc(knot_rdata_size(s->r_data_length));
	if (set == NULL || rdata == NULL) {
		free(rdata);
		return KNOT_ENOMEM;
	}
	knot_rdata_init(rdata, s->r_data_length, s->r_data);
	if (set->ds.count == 0) {
		set->ttl = s->r_ttl;
		set->place = (uint32_t)file->count;
	}
	const int ret = knot_rdataset_add(&set->ds, rdata, NULL);
	free(rdata);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const ds_file_set_t *one = a, *other = b;
	const int order = knot_dname_cmp(one->owner, other->owner);

	return order != 0 ? order : one->place < other->place ? -1 : one->place > other->place;
}

/*! Sorts what was read. The TTL of an owner is the first one. */
static int merge(ds_file_t *file)
{
	size_t count = 0;
	int ret = KNOT_EOK;

	if (file->count > 0) {
		qsort(file->sets, file->count, sizeof(*file->sets), compare);
	}
	for (size_t i = 0; i < file->count; i++) {
		ds_file_set_t *set = &file->sets[i], *last = count > 0 ? &file->sets[count - 1] : NULL;
		if (last == NULL || !knot_dname_is_equal(last->owner, set->owner)) {
			file->sets[count++] = *set;
			continue;
		}
		ret = ret == KNOT_EOK ? knot_rdataset_merge(&last->ds, &set->ds, NULL) : ret;
		set_clear(set);
	}
	file->count = count;
	return ret;
}

static int parse(ds_file_t *file, zs_scanner_t *s, const char *path, char *detail)
{
	int ret = KNOT_EOK;

	while (ret == KNOT_EOK && zs_parse_record(s) == 0) {
		const char *what = NULL;
		if (s->state == ZS_STATE_DATA) {
			ret = take_record(file, s);
			what = ret == KNOT_EMALF ? "a record that is no DS" : NO_MEMORY;
		} else if (s->state == ZS_STATE_ERROR) {
			ret = KNOT_EMALF;
			what = zs_strerror(s->error.code);
		} else if (s->state == ZS_STATE_INCLUDE) {
			ret = KNOT_EMALF;
			what = "another $INCLUDE";
		} else {
			return KNOT_EOK;
		}
		if (ret != KNOT_EOK) {
			snprintf(detail, DS_FILE_DETAIL_MAX, "%.90s, line %" PRIu64 ": %.40s", path, s->line_counter,
			         what);
		}
	}
	if (ret == KNOT_EOK) {
		ret = KNOT_EMALF;
		snprintf(detail, DS_FILE_DETAIL_MAX, "%.90s: %.50s", path, zs_strerror(s->error.code));
	}
	return ret;
}

/*!
 * What was added by hand is more than the line says. A file that was cut has no such line, or less than it says.
 *
 * \return KNOT_EOK, KNOT_EMALF.
 */
static int check_end(const ds_file_t *file, const char *text, const char *path, char *detail)
{
	const size_t len = sizeof(END_LINE) - 1;
	const char *line = NULL;

	for (const char *at = text; (at = strstr(at, END_LINE)) != NULL; at += len) {
		line = at == text || at[-1] == '\n' ? at : line;
	}
	if (line == NULL) {
		snprintf(detail, DS_FILE_DETAIL_MAX,
		         "%.70s is cut off: restore it. If it is whole, add the line \"" END_LINE "%u\"", path,
		         (unsigned)file->count);
		return KNOT_EMALF;
	}
	const unsigned long count = strtoul(line + len, NULL, 10);
	if (count > file->count) {
		snprintf(detail, DS_FILE_DETAIL_MAX,
		         "%.50s has %u of %u delegations: restore it. If that is right, correct \"" END_LINE "\"", path,
		         (unsigned)file->count, count < UINT32_MAX ? (unsigned)count : UINT32_MAX);
		return KNOT_EMALF;
	}
	return KNOT_EOK;
}

int ds_file_read(ds_file_t *file, const char *path, const char *zone, char *detail)
{
	size_t len = 0;
	int ret;

	memset(file, 0, sizeof(*file));
	char *text = read_all(path, &len, &ret);
	if (text == NULL) {
		snprintf(detail, DS_FILE_DETAIL_MAX, "%.100s: %.50s", path,
		         ret == KNOT_EFILE ? "cannot be read" : knot_strerror(ret));
		return ret;
	}
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	ret = KNOT_ENOMEM;
	snprintf(detail, DS_FILE_DETAIL_MAX, NO_MEMORY);
	if (scanner != NULL && zs_init(scanner, zone, KNOT_CLASS_IN, 3600) == 0) {
		if (zs_set_input_string(scanner, text, len) == 0) {
			ret = parse(file, scanner, path, detail);
			if (ret == KNOT_EOK && (ret = merge(file)) != KNOT_EOK) {
				snprintf(detail, DS_FILE_DETAIL_MAX, NO_MEMORY);
			}
			ret = ret == KNOT_EOK ? check_end(file, text, path, detail) : ret;
		}
		zs_deinit(scanner);
	}
	free(scanner);
	free(text);
	if (ret != KNOT_EOK) {
		ds_file_clear(file);
	}
	return ret;
}

/* Writing. */

static bool print_set(FILE *out, const ds_file_set_t *set)
{
	knot_dname_txt_storage_t owner;
	const knot_rdata_t *rdata = set->ds.rdata;

	if (knot_dname_to_str(owner, set->owner, sizeof(owner)) == NULL) {
		return false;
	}
	for (unsigned i = 0; i < set->ds.count; i++, rdata = knot_rdataset_next((knot_rdata_t *)rdata)) {
		char *text = parent_ds_text(rdata);
		if (text == NULL) {
			return false;
		}
		fprintf(out, "%s %" PRIu32 " IN DS %s\n", owner, set->ttl, text);
		free(text);
	}
	return true;
}

/*! \return False: errno, or without memory 0. */
static bool print_all(const ds_file_t *file, const char *path, const char *zone, const char *temporary)
{
	const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (out == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return false;
	}
	errno = 0;
	fprintf(out,
	        "; The DS records of zone %s. kskrolld (module kskroll, delegation-apply: include) owns this file and\n"
	        "; replaces it. Line of the zone file: $INCLUDE %s\n",
	        zone, path);
	bool good = true;
	for (size_t i = 0; i < file->count && good; i++) {
		good = print_set(out, &file->sets[i]);
	}
	fprintf(out, END_LINE "%zu\n", file->count);
	good = good && fflush(out) == 0 && !ferror(out) && fsync(fd) == 0;
	const int code = errno;
	good = fclose(out) == 0 && good;
	errno = code;
	return good;
}

/*! The new name is durable as well. */
static bool sync_folder(const char *path)
{
	char *copy = strdup(path);
	const int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	const bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0) {
		close(fd);
	}
	free(copy);
	return good;
}

int ds_file_write(const ds_file_t *file, const char *path, const char *zone, char *detail)
{
	static const char suffix[] = ".tmp";
	char *temporary = malloc(strlen(path) + sizeof(suffix));

	if (temporary == NULL) {
		snprintf(detail, DS_FILE_DETAIL_MAX, NO_MEMORY);
		return KNOT_ENOMEM;
	}
	sprintf(temporary, "%s%s", path, suffix);
	errno = 0;
	const bool good = print_all(file, path, zone, temporary) && rename(temporary, path) == 0;
	if (!good) {
		snprintf(detail, DS_FILE_DETAIL_MAX, "%.90s cannot be written: %.40s", path,
		         errno != 0 ? strerror(errno) : NO_MEMORY);
		unlink(temporary);
	} else {
		/* A crash may bring the former file back: then it is ordered again. */
		(void)sync_folder(path);
	}
	free(temporary);
	return good ? KNOT_EOK : KNOT_EFILE;
}
