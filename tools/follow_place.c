/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far `kskroll follow` is, in memory and in its file. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"

/*! Of a file: more is none of ours. */
#define SIZE_MAX_FILE (256U << 20)

/* Who needs a human. */

static int compare(const needing_t *one, const char *zone, const char *name)
{
	const int order = strcmp(one->zone, zone);
	return order != 0 ? order : strcmp(one->name, name);
}

/*! \return The first place that is not before it. */
static size_t place_of(const place_t *p, const char *zone, const char *name)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (compare(&p->needing[middle], zone, name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

needing_t *place_find(const place_t *p, const char *zone, const char *name)
{
	const size_t at = place_of(p, zone, name);
	return at < p->count && compare(&p->needing[at], zone, name) == 0 ? &p->needing[at] : NULL;
}

static void add(place_t *p, const char *zone, const char *name)
{
	const size_t at = place_of(p, zone, name);

	if (p->count == p->size) {
		p->size = 2 * p->size + 64;
		p->needing = memory_need(realloc(p->needing, p->size * sizeof(*p->needing)));
	}
	memmove(&p->needing[at + 1], &p->needing[at], (p->count - at) * sizeof(*p->needing));
	p->needing[at] = (needing_t){ .zone = memory_need(strdup(zone)), .name = memory_need(strdup(name)) };
	p->count++;
}

bool place_note(place_t *p, const char *zone, const char *name, bool needs)
{
	needing_t *one = place_find(p, zone, name);

	if ((one != NULL) == needs) {
		return false;
	}
	if (one == NULL) {
		add(p, zone, name);
		return true;
	}
	free(one->zone);
	free(one->name);
	memmove(one, one + 1, (size_t)(&p->needing[p->count] - (one + 1)) * sizeof(*one));
	p->count--;
	return true;
}

void place_free(place_t *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->needing[i].zone);
		free(p->needing[i].name);
	}
	free(p->needing);
	*p = (place_t){ 0 };
}

/* The file. */

bool place_write(const place_t *p, const char *path)
{
	static memory_file_t w;

	w = (memory_file_t){ 0 };
	memory_file_begin(&w);
	output_to(w.file);
	output_begin();
	json_number(json, "history", p->history);
	json_number(json, "delegation_history", p->delegation_history);
	json_open(json, "needs_human", '[');
	for (size_t i = 0; i < p->count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "zone", p->needing[i].zone);
		json_string(json, "name", p->needing[i].name);
		json_close(json, '}');
	}
	json_close(json, ']');
	output_end();
	output_to(NULL);
	memory_file_end(&w);
	const bool fine = replace_file(path, w.text, w.len);
	const int code = errno;
	free(w.text);
	errno = code;
	return fine;
}

/*! \return The text, to be freed; NULL, with errno, 0 for one that is none of ours. */
static char *read_text(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t len = 0, room = 0;
	bool fine = in != NULL;

	while (fine) {
		if (len + 1 >= room) {
			room = 2 * room + BUFSIZ;
			text = memory_need(realloc(text, room));
		}
		const size_t got = fread(text + len, 1, room - len - 1, in);
		len += got;
		text[len] = '\0';
		if (got == 0) {
			break;
		}
		errno = 0;
		fine = len < SIZE_MAX_FILE;
	}
	fine = fine && !ferror(in);
	const int code = errno;
	if (in != NULL) {
		fclose(in);
	}
	/* What is behind a zero would not be read. */
	if (fine && strlen(text) == len) {
		return text;
	}
	free(text);
	errno = fine ? 0 : code;
	return NULL;
}

/*! An integer that is there, fits, and is no less than 0. */
static bool take_id(json_value_t object, const char *name, int64_t *id)
{
	const json_value_t value = json_member(object, name);

	*id = value != NULL && *value != '"' ? json_integer(value) : 0;
	return *id > 0 || (value != NULL && *value == '0' && json_length(value) == 1);
}

static bool take(place_t *p, const char *text)
{
	const json_value_t whole = json_read(text);
	const json_value_t needing = json_member(whole, "needs_human");
	char zone[256], name[256];

	if (!take_id(whole, "history", &p->history) || !take_id(whole, "delegation_history", &p->delegation_history) ||
	    needing == NULL || *needing != '[') {
		return false;
	}
	for (json_value_t one = NULL; (one = json_element(needing, one)) != NULL;) {
		if (!json_text(json_member(one, "zone"), zone, sizeof(zone)) ||
		    !json_text(json_member(one, "name"), name, sizeof(name))) {
			return false;
		}
		(void)place_note(p, zone, name, true);
	}
	p->begun = true;
	return true;
}

int place_read(place_t *p, const char *path)
{
	errno = 0;
	char *text = read_text(path);

	if (text == NULL && errno == ENOENT) {
		return EXIT_FINE;
	}
	if (text == NULL && errno != 0) {
		fprintf(stderr, "kskroll: %s cannot be read: %s\n", path, strerror(errno));
		return EXIT_ERROR;
	}
	const bool fine = text != NULL && take(p, text);
	free(text);
	if (!fine) {
		place_free(p);
		fprintf(stderr,
		        "kskroll: %s is damaged, or no file of kskroll follow: remove it to go on with what happens "
		        "from now on, or restore it\n",
		        path);
	}
	return fine ? EXIT_FINE : EXIT_ERROR;
}
