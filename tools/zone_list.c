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

static bool add(zone_list_t *list, const char *name)
{
	/* Grows by halves: a list may have many thousands. */
	if ((list->count & (list->count - 1)) == 0) {
		size_t size = list->count > 0 ? 2 * list->count : 1;
		char **larger = realloc(list->name, size * sizeof(*larger));
		if (larger == NULL) {
			return false;
		}
		list->name = larger;
	}
	list->name[list->count] = strdup(name);
	return list->name[list->count] != NULL && ++list->count > 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool sort(zone_list_t *list)
{
	size_t kept = 0;
	if (list->count > 0) {
		qsort(list->name, list->count, sizeof(*list->name), compare);
	}
	for (size_t i = 0; i < list->count; i++) {
		if (kept > 0 && strcmp(list->name[i], list->name[kept - 1]) == 0) {
			free(list->name[i]);
		} else {
			list->name[kept++] = list->name[i];
		}
	}
	list->count = kept;
	list->seen = calloc(kept + 1, sizeof(*list->seen));
	return list->seen != NULL;
}

static bool read_lines(FILE *in, zone_list_t *list)
{
	char line[LINE_MAX_LEN], canonical[NAME_MAX_LEN];
	while (fgets(line, sizeof(line), in) != NULL) {
		char *name = name_in(line);
		if (name == NULL) {
			continue;
		}
		if (!stored_name(name, canonical, sizeof(canonical))) {
			return false;
		}
		if (!add(list, canonical)) {
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

bool zone_list_read(const char *path, zone_list_t *out)
{
	*out = (zone_list_t){ 0 };
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

bool zone_list_take(const options_t *o, zone_list_t *out)
{
	char canonical[NAME_MAX_LEN];

	*out = (zone_list_t){ 0 };
	for (int i = 0; i < o->arg_count; i++) {
		if (!stored_name(o->args[i], canonical, sizeof(canonical))) {
			return false;
		}
		if (!add(out, canonical)) {
			memory_none();
		}
	}
	if (!sort(out)) {
		memory_none();
	}
	return true;
}

bool zone_list_see(zone_list_t *list, const char *name)
{
	char **at = list->count == 0 ? NULL : bsearch(&name, list->name, list->count, sizeof(*list->name), compare);
	if (at != NULL) {
		list->seen[at - list->name] = true;
	}
	return at != NULL;
}

void zone_list_free(zone_list_t *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->name[i]);
	}
	free(list->name);
	free(list->seen);
}
