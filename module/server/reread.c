/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reread.h"

#define MODULE   "mod-kskroll"
#define COMPLETE "zone-file-complete"

static const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

/* What says that the file is all there is. */

static void complete_unit(const control_unit_t *unit, void *arg)
{
	complete_t *complete = arg;
	char **ids;

	if (unit->id == NULL || strcmp(text_of(unit->item), COMPLETE) != 0 || strcmp(text_of(unit->data), "on") != 0) {
		return;
	}
	ids = realloc(complete->ids, (complete->count + 1) * sizeof(*ids));
	if (ids == NULL || (complete->ids = ids, ids[complete->count] = strdup(unit->id)) == NULL) {
		complete->failed = true;
		return;
	}
	complete->count++;
}

control_cmd_t complete_command(const char *name, complete_t *complete)
{
	return (control_cmd_t){
		.name = name, .section = MODULE, .item = COMPLETE, .each = complete_unit, .arg = complete
	};
}

void complete_clear(complete_t *complete)
{
	for (size_t i = 0; i < complete->count; i++) {
		free(complete->ids[i]);
	}
	free(complete->ids);
	memset(complete, 0, sizeof(*complete));
}

static bool is_complete(const complete_t *complete, const char *id)
{
	for (size_t i = 0; i < complete->count; i++) {
		if (strcmp(complete->ids[i], id) == 0) {
			return true;
		}
	}
	return false;
}

/* One zone. */

void reread_item(reread_t *out, const control_unit_t *unit)
{
	const char *item = text_of(unit->item), *data = text_of(unit->data);

	if (strcmp(item, "zonefile-load") == 0) {
		snprintf(out->load, sizeof(out->load), "%s", data);
	} else if (strcmp(item, "zonefile-sync") == 0) {
		snprintf(out->sync, sizeof(out->sync), "%s", data);
	} else if (strcmp(item, "journal-content") == 0) {
		snprintf(out->journal, sizeof(out->journal), "%s", data);
	} else if (strcmp(item, "reverse-generate") == 0 || strcmp(item, "include-from") == 0) {
		out->generated = true;
	} else if (strcmp(item, "module") == 0) {
		out->has_module = true;
		if (strncmp(data, MODULE "/", sizeof(MODULE)) == 0) {
			snprintf(out->module, sizeof(out->module), "%s", data + sizeof(MODULE));
		}
	}
}

static const char *either(const char *zone, const char *template, const char *unset)
{
	return zone[0] != '\0' ? zone : template[0] != '\0' ? template : unset;
}

reread_fate_t reread_judge(const reread_t *zone, const reread_t *template, const complete_t *complete, char *detail)
{
	const char *load = either(zone->load, template->load, "whole");
	const char *journal = either(zone->journal, template->journal, "changes");
	const char *sync = either(zone->sync, template->sync, "0");

	if (zone->generated || template->generated) {
		load = "difference-no-serial";
	}
	const bool no_serial = strcmp(load, "difference-no-serial") == 0;
	// What the journal has is applied to the file, unless the file gets a serial that the journal does not know.
	if (strcmp(load, "none") == 0 || (!no_serial && strcmp(journal, "none") != 0)) {
		return REREAD_KEEPS;
	}
	if (is_complete(complete, zone->has_module ? zone->module : template->module)) {
		return REREAD_KEEPS;
	}
	if (sync[0] != '-') {
		return REREAD_FLUSH;
	}
	snprintf(detail, CONTROL_DETAIL_MAX,
	         "zonefile-load %.20s with %s%.12s: knotc -f zone-flush, then zonefile-sync 0; "
	         "or " COMPLETE " on",
	         load, no_serial ? "zonefile-sync " : "journal-content ", no_serial ? sync : journal);
	return REREAD_LOSES;
}

/* All zones. */

typedef struct {
	char *id;
	char *template; // NULL: "default".
	reread_t reread;
} source_t;

typedef struct sources {
	source_t *list;
	size_t count, size;
	struct sources *members; // Of zones: catalogs whose members have a template.
	bool failed;             // Memory.
} sources_t;

static void sources_clear(sources_t *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free(sources->list[i].id);
		free(sources->list[i].template);
	}
	free(sources->list);
	memset(sources, 0, sizeof(*sources));
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const source_t *)a)->id, ((const source_t *)b)->id);
}

static source_t *find(const sources_t *sources, const char *id)
{
	const source_t key = { .id = (char *)id };
	return sources->count == 0 ? NULL : bsearch(&key, sources->list, sources->count, sizeof(key), compare);
}

static source_t *add(sources_t *sources, const char *id)
{
	if (sources->count == sources->size) {
		size_t size = 2 * sources->size + 64;
		source_t *list = realloc(sources->list, size * sizeof(*list));
		if (list == NULL) {
			sources->failed = true;
			return NULL;
		}
		sources->list = list;
		sources->size = size;
	}
	source_t *source = &sources->list[sources->count];
	memset(source, 0, sizeof(*source));
	if ((source->id = strdup(id)) == NULL) {
		sources->failed = true;
		return NULL;
	}
	sources->count++;
	return source;
}

static void add_unit(const control_unit_t *unit, void *arg)
{
	const char *id = unit->id != NULL ? unit->id : unit->data;
	if (id != NULL) {
		(void)add(arg, id);
	}
}

static void set_template(sources_t *sources, source_t *source, const char *template)
{
	free(source->template);
	source->template = strdup(template);
	sources->failed |= source->template == NULL;
}

static void item_unit(const control_unit_t *unit, void *arg)
{
	sources_t *sources = arg;
	source_t *source = find(sources, text_of(unit->id));

	if (source == NULL) {
		return;
	}
	if (strcmp(text_of(unit->item), "template") == 0) {
		set_template(sources, source, text_of(unit->data));
	} else if (strcmp(text_of(unit->item), "catalog-template") == 0) {
		source_t *member = add(sources->members, source->id);
		if (member != NULL) {
			set_template(sources->members, member, text_of(unit->data));
		}
	} else {
		reread_item(&source->reread, unit);
	}
}

/*! Words of the first command that was not carried out. An item that this version does not know is set nowhere. */
static server_status_t outcome(const control_cmd_t *cmds, size_t count, char *detail)
{
	for (size_t i = 0; i < count; i++) {
		if (cmds[i].busy || cmds[i].doubtful) {
			server_status_t status = control_status(&cmds[i], detail);
			return status == SERVER_OK ? SERVER_BUSY : status;
		}
	}
	return SERVER_OK;
}

static const char *const items[] = { "zonefile-load",    "zonefile-sync", "journal-content", "module",
	                             "reverse-generate", "include-from",  "template",        "catalog-template" };
#define ITEMS (sizeof(items) / sizeof(items[0]))
/*! The last two are of zones only. */
#define ITEMS_TEMPLATE (ITEMS - 2)

/*! Reads the identifiers of a section, then these items of all. */
static server_status_t read_section(control_t *control, const char *name, const char *section, size_t count,
                                    sources_t *sources, char *detail)
{
	const bool zones = strcmp(section, "zone") == 0;
	control_cmd_t cmds[ITEMS];
	control_cmd_t list = {
		.name = name, .section = section, .item = zones ? "domain" : "id", .each = add_unit, .arg = sources
	};

	if (control_run(control, &list, 1, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	server_status_t ret = outcome(&list, 1, detail);
	if (ret != SERVER_OK) {
		return ret;
	}
	if (sources->count == 0 && zones) {
		snprintf(detail, CONTROL_DETAIL_MAX, "knotd did not carry out %s: its control socket is busy", name);
		return SERVER_BUSY;
	}
	if (sources->count > 0) {
		qsort(sources->list, sources->count, sizeof(*sources->list), compare);
	}
	for (size_t i = 0; i < count; i++) {
		cmds[i] = (control_cmd_t){
			.name = name, .section = section, .item = items[i], .each = item_unit, .arg = sources
		};
	}
	if (control_run(control, cmds, count, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	ret = outcome(cmds, count, detail);
	if (ret == SERVER_OK && (sources->failed || (zones && sources->members->failed))) {
		snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
		ret = SERVER_BUSY;
	}
	return ret;
}

/*! The first zone that would lose records; NULL if none would. */
static const source_t *first_loser(const sources_t *zones, const sources_t *templates, const complete_t *complete)
{
	static const reread_t none;
	char unused[CONTROL_DETAIL_MAX];

	for (size_t i = 0; i < zones->count; i++) {
		const source_t *zone = &zones->list[i];
		const source_t *template = find(templates, zone->template != NULL ? zone->template : "default");
		const reread_t *inherited = template != NULL ? &template->reread : &none;
		reread_fate_t fate = reread_judge(&zone->reread, inherited, complete, unused);
		// With 0 knotd writes the file at each change. Later is too late, and other zones' files are not ours
		// to write.
		if (fate == REREAD_LOSES ||
		    (fate == REREAD_FLUSH && strcmp(either(zone->reread.sync, inherited->sync, "0"), "0") != 0)) {
			return zone;
		}
	}
	return NULL;
}

server_status_t reread_all(control_t *control, const char *name, const char *base, char *detail)
{
	complete_t complete = { 0 };
	sources_t members = { 0 }, zones = { .members = &members }, templates = { 0 };
	control_cmd_t read_complete = complete_command(name, &complete);

	server_status_t ret = SERVER_UNREACHABLE;
	if (control_run(control, &read_complete, 1, detail) == KNOT_EOK &&
	    (ret = outcome(&read_complete, 1, detail)) == SERVER_OK &&
	    (ret = read_section(control, name, "template", ITEMS_TEMPLATE, &templates, detail)) == SERVER_OK &&
	    (ret = read_section(control, name, "zone", ITEMS, &zones, detail)) == SERVER_OK) {
		const source_t *loser = first_loser(&zones, &templates, &complete);
		if (loser == NULL) {
			loser = first_loser(&members, &templates, &complete);
		}
		if (complete.failed) {
			snprintf(detail, CONTROL_DETAIL_MAX, "not enough memory");
			ret = SERVER_BUSY;
		} else if (loser != NULL) {
			snprintf(detail, CONTROL_DETAIL_MAX,
			         "a new policy makes zone %.50s lose records: "
			         "put what 'kskroll policies %.20s' says into knot.conf",
			         loser->id, base);
			ret = SERVER_REFUSED;
		}
	}
	sources_clear(&members);
	sources_clear(&zones);
	sources_clear(&templates);
	complete_clear(&complete);
	return ret;
}
