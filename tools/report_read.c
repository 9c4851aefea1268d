/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reports of servers, taken in for a page. A file may come from anywhere: no member of it is relied on.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/delegation_names.h"
#include "report_page.h"

/*! A larger file is none of ours, octets: a report of a million zones has less. */
#define FILE_MAX (1U << 30)
#define MAKE     "make it again with 'kskroll report --json > FILE' on its server"
/*! The last second of year 9999. */
#define TIME_LAST 253402300799

/* Members. */

const char *report_text(char out[REPORT_TEXT], json_value_t object, const char *name)
{
	(void)json_text(json_member(object, name), out, REPORT_TEXT);
	return out;
}

int64_t report_number(json_value_t object, const char *name)
{
	return json_integer(json_member(object, name));
}

time_t report_time(json_value_t object, const char *name)
{
	const int64_t at = report_number(object, name);
	return at > 0 && at <= TIME_LAST ? at : 0;
}

bool report_true(json_value_t object, const char *name)
{
	return json_true(json_member(object, name));
}

/* Items. */

static report_item_t *add(report_items_t *items)
{
	if (items->count == items->room) {
		items->room = items->room > 0 ? 2 * items->room : 256;
		items->item = memory_need(realloc(items->item, items->room * sizeof(*items->item)));
	}
	report_item_t *item = &items->item[items->count++];
	memset(item, 0, sizeof(*item));
	return item;
}

static void take_list(report_items_t *items, const report_source_t *source, json_value_t object, const char *name)
{
	const json_value_t list = json_member(object, name);
	json_value_t value = NULL;

	while ((value = json_element(list, value)) != NULL) {
		if (*value == '{') {
			*add(items) = (report_item_t){ .source = source, .value = value };
		}
	}
}

int report_state(json_value_t object)
{
	char name[REPORT_TEXT];

	report_text(name, object, "state");
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		if (strcmp(name, rollover_state_name(i)) == 0) {
			return i;
		}
	}
	return -1;
}

/*! What zones and delegations have in common. */
static void read_item(report_item_t *item)
{
	const json_value_t gate = json_member(item->value, "gate");
	char code[REPORT_TEXT], about[REPORT_TEXT];

	item->blocked = report_true(item->value, "blocked");
	item->outage = report_true(gate, "outage") ||
	               strcmp(report_text(code, gate, "severity"), delegation_severity_name(DELEGATION_ALARM)) == 0;
	item->end = report_time(item->value, "earliest_end");
	item->overdue = item->blocked && !item->outage && report_true(item->value, "overdue");
	if (item->overdue) {
		/* What was seen so long ago is no cause. */
		snprintf(item->cause, sizeof(item->cause), " overdue");
	} else if (item->blocked) {
		snprintf(item->cause, sizeof(item->cause), "%.60s %.250s", report_text(code, gate, "code"),
		         report_text(about, gate, "about"));
	}
}

static size_t count_of(json_value_t list)
{
	json_value_t one = NULL;
	size_t count = 0;

	while ((one = json_element(list, one)) != NULL) {
		count++;
	}
	return count;
}

/*! Lists of one report. */
static void take_items(report_t *r, report_source_t *source)
{
	const size_t zones = r->zones.count, parents = r->parents.count, delegations = r->delegations.count;

	source->errors = count_of(json_member(source->value, "errors"));
	source->blocked += source->errors;
	take_list(&r->zones, source, source->value, "zones");
	take_list(&r->parents, source, source->value, "parents");
	take_list(&r->delegations, source, source->value, "delegations");
	take_list(&r->findings, source, json_member(source->value, "audit"), "findings");
	for (size_t i = zones; i < r->zones.count; i++) {
		report_item_t *item = &r->zones.item[i];
		read_item(item);
		item->state = report_state(item->value);
		source->zones++;
		source->blocked += item->blocked;
		source->rolling += item->state != ROLLOVER_IDLE;
	}
	for (size_t i = delegations; i < r->delegations.count; i++) {
		read_item(&r->delegations.item[i]);
		r->delegations.item[i].delegation = true;
		source->blocked += r->delegations.item[i].blocked;
	}
	for (size_t i = parents; i < r->parents.count; i++) {
		char trouble[REPORT_TEXT];
		source->blocked += report_text(trouble, r->parents.item[i].value, "trouble")[0] != '\0';
	}
}

/* Reports. */

static bool refuse(const char *path, const char *text, const char *fault, const char *what, const char *remedy)
{
	size_t line = 1;
	const char *start = text;

	for (const char *p = text; p < fault; p++) {
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	}
	fprintf(stderr, "kskroll: %s: line %zu, character %zu: %s; %s\n", path != NULL ? path : "the store", line,
	        (size_t)(fault - start) + 1, what, remedy);
	return false;
}

/*! Whether it is what `report --json` writes. */
static bool check(const char *text, size_t len, const char *path, json_value_t *value)
{
	const char *fault;

	if (strlen(text) < len) {
		return refuse(path, text, text + strlen(text), "a zero byte, so this is no JSON", MAKE);
	}
	*value = json_read_or(text, &fault);
	if (*value == NULL) {
		return refuse(path, text, fault, *fault == '\0' ? "the file ends too early" : "this is no valid JSON",
		              MAKE);
	}
	const json_value_t schema = json_member(*value, "schema"), zones = json_member(*value, "zones");
	if (schema == NULL || json_member(*value, "host") == NULL || zones == NULL || *zones != '[') {
		return refuse(path, text, *value, "this is JSON, but not that of 'kskroll report --json'", MAKE);
	}
	if (json_integer(schema) != JSON_SCHEMA) {
		return refuse(path, text, schema, "another version of kskroll has written this",
		              "use the same version on all servers");
	}
	return true;
}

bool report_take(report_t *r, char *text, size_t len, const char *path)
{
	report_source_t source = { .text = text, .path = path };

	if (!check(text, len, path, &source.value)) {
		free(text);
		return false;
	}
	source.time = report_time(source.value, "time");
	r->source[r->sources] = source;
	take_items(r, &r->source[r->sources]);
	r->sources++;
	return true;
}

/*! \return The text, with a zero behind it; NULL with words on stderr. */
static char *read_file(FILE *in, const char *path, size_t *len)
{
	size_t room = 1 << 16, got;
	char *text = memory_need(malloc(room));

	*len = 0;
	while ((got = fread(text + *len, 1, room - *len - 1, in)) > 0) {
		*len += got;
		if (*len > FILE_MAX) {
			fprintf(stderr, "kskroll: %s: line 1: more than %u MB, so this is no report; " MAKE "\n", path,
			        FILE_MAX >> 20);
			free(text);
			return NULL;
		}
		if (room - *len < 2) {
			room *= 2;
			text = memory_need(realloc(text, room));
		}
	}
	if (ferror(in)) {
		fprintf(stderr, "kskroll: %s cannot be read: %s\n", path, strerror(errno));
		free(text);
		return NULL;
	}
	text[*len] = '\0';
	return text;
}

bool report_take_file(report_t *r, const char *path)
{
	const bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "r");
	size_t len;

	if (in == NULL) {
		fprintf(stderr, "kskroll: %s cannot be read: %s\n", path, strerror(errno));
		return false;
	}
	char *text = read_file(in, path, &len);
	if (!standard) {
		(void)fclose(in);
	}
	return text != NULL && report_take(r, text, len, path);
}

/*! The host; "this server" of the store, else the file, if it has no name. */
static const char *host(char out[REPORT_TEXT], const report_source_t *s)
{
	report_text(out, s->value, "host");
	return out[0] == '\0' ? "this server" : out;
}

static const char *file_of(const report_source_t *s)
{
	const char *name = s->path != NULL ? strrchr(s->path, '/') : NULL;
	return name != NULL ? name + 1 : s->path;
}

/*! Whether another report has the same host; \a file: and its file the same name. */
static bool is_shared(const report_t *r, size_t at, bool file)
{
	char text[REPORT_TEXT], other[REPORT_TEXT];
	const report_source_t *s = &r->source[at];

	host(text, s);
	for (size_t i = 0; i < r->sources; i++) {
		if (i != at && strcmp(host(other, &r->source[i]), text) == 0 &&
		    (!file || strcmp(file_of(&r->source[i]), file_of(s)) == 0)) {
			return true;
		}
	}
	return false;
}

void report_name_sources(report_t *r)
{
	char text[REPORT_TEXT];

	for (size_t i = 0; i < r->sources; i++) {
		report_source_t *s = &r->source[i];
		const bool named = report_text(text, s->value, "host")[0] != '\0';
		if (s->path == NULL || (named && !is_shared(r, i, false))) {
			snprintf(s->label, sizeof(s->label), "%.300s", host(text, s));
			continue;
		}
		const char *file = is_shared(r, i, true) ? s->path : file_of(s);
		if (named) {
			snprintf(s->label, sizeof(s->label), "%.150s (%.160s)", text, file);
		} else {
			snprintf(s->label, sizeof(s->label), "%.300s", file);
		}
	}
}

void report_free(report_t *r)
{
	for (size_t i = 0; i < r->sources; i++) {
		free(r->source[i].text);
	}
	free(r->source);
	free(r->zones.item);
	free(r->parents.item);
	free(r->delegations.item);
	free(r->findings.item);
}
