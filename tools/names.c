/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A list of zones: names one a line, or the output of 'knotc zone-status' or 'knotc conf-read zone.domain'.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"

#define LINE_MAX_LEN 4096
#define NAME_MAX_LEN 256

/*! The name in a line, which is changed; NULL if there is none. */
static char *name_in(char *line)
{
	static const char item[] = "zone.domain = ";
	if (strncmp(line, item, sizeof(item) - 1) == 0) {
		line += sizeof(item) - 1;
	}
	line += strspn(line, " \t[");
	line[strcspn(line, " \t]\r\n")] = '\0';
	return line[0] != '\0' && line[0] != '#' ? line : NULL;
}

static bool add(names_t *names, const char *name)
{
	/* Grows by halves: a list may have many thousands. */
	if ((names->count & (names->count - 1)) == 0) {
		size_t size = names->count > 0 ? 2 * names->count : 1;
		char **larger = realloc(names->name, size * sizeof(*larger));
		if (larger == NULL) {
			return false;
		}
		names->name = larger;
	}
	names->name[names->count] = strdup(name);
	return names->name[names->count] != NULL && ++names->count > 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool sort(names_t *names)
{
	size_t kept = 0;
	if (names->count > 0) {
		qsort(names->name, names->count, sizeof(*names->name), compare);
	}
	for (size_t i = 0; i < names->count; i++) {
		if (kept > 0 && strcmp(names->name[i], names->name[kept - 1]) == 0) {
			free(names->name[i]);
		} else {
			names->name[kept++] = names->name[i];
		}
	}
	names->count = kept;
	names->seen = calloc(kept + 1, sizeof(*names->seen));
	return names->seen != NULL;
}

static bool read_lines(FILE *in, names_t *names)
{
	char line[LINE_MAX_LEN], canonical[NAME_MAX_LEN];
	while (fgets(line, sizeof(line), in) != NULL) {
		char *name = name_in(line);
		if (name == NULL) {
			continue;
		}
		if (!zones_name(name, canonical, sizeof(canonical))) {
			return false;
		}
		if (!add(names, canonical)) {
			fputs("kskroll: not enough memory\n", stderr);
			return false;
		}
	}
	if (ferror(in)) {
		perror("kskroll: list of zones");
		return false;
	}
	return true;
}

bool names_read(const char *path, names_t *out)
{
	*out = (names_t){ 0 };
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	if (in == NULL) {
		fprintf(stderr, "kskroll: %s cannot be read: %s\n", path, strerror(errno));
		return false;
	}
	bool ok = read_lines(in, out);
	if (ok && !sort(out)) {
		fputs("kskroll: not enough memory\n", stderr);
		ok = false;
	}
	if (in != stdin) {
		fclose(in);
	}
	return ok;
}

bool names_see(names_t *names, const char *name)
{
	char **at = names->count == 0 ? NULL : bsearch(&name, names->name, names->count, sizeof(*names->name), compare);
	if (at != NULL) {
		names->seen[at - names->name] = true;
	}
	return at != NULL;
}

void names_free(names_t *names)
{
	for (size_t i = 0; i < names->count; i++) {
		free(names->name[i]);
	}
	free(names->name);
	free(names->seen);
}
