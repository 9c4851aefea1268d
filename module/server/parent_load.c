/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "parent_load.h"

static bool is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

static void on_item(const control_unit_t *unit, void *arg)
{
	load_items_t *items = arg;
	items->answered = true;

	if (is(unit->item, "master")) {
		items->secondary = true;
	} else if (is(unit->item, "zonefile-skip")) {
		items->skips = true;
		items->skips_ds |= is(unit->data, "DS");
	} else if (is(unit->item, "template") && unit->data != NULL) {
		snprintf(items->template, sizeof(items->template), "%s", unit->data);
	} else {
		reread_item(&items->file, unit);
	}
}

static const char *either(const char *zone, const char *template, const char *unset)
{
	return zone[0] != '\0' ? zone : template[0] != '\0' ? template : unset;
}

/*! A class with the items that make it, and what to set. */
static void conclude(parent_load_t *load, parent_load_class_t class, const char *items, const char *advice)
{
	load->load_class = class;
	snprintf(load->detail, sizeof(load->detail), "%.70s: %.80s", items, advice);
}

void parent_load_judge(const load_items_t *zone, const load_items_t *template, parent_load_t *load)
{
	const bool generated = zone->file.generated || template->file.generated;
	const char *how = generated ? "difference-no-serial" : either(zone->file.load, template->file.load, "whole");
	const char *journal = either(zone->file.journal, template->file.journal, "changes");
	const char *sync = either(zone->file.sync, template->file.sync, "0");
	char items[80];

	load->status = SERVER_OK;
	load->load_class = PARENT_LOAD_KEPT;
	load->detail[0] = '\0';
	load->skips_ds = zone->skips ? zone->skips_ds : template->skips_ds;
	if (zone->secondary || template->secondary) {
		conclude(load, PARENT_LOAD_NEVER, "the zone is a secondary (master)", "change the DS at its primary");
	} else if (is(how, "none")) {
		// The journal is all there is.
	} else if (is(how, "difference-no-serial")) {
		if (!is(sync, "0") && !load->skips_ds) {
			snprintf(items, sizeof(items), "zonefile-load %.24s with zonefile-sync %.16s", how, sync);
			conclude(load, PARENT_LOAD_RELOAD, items, "set zonefile-sync to 0");
		}
	} else if (is(journal, "none") && (!is(sync, "0") || load->skips_ds)) {
		snprintf(items, sizeof(items), "zonefile-load %.24s with journal-content none", how);
		conclude(load, is(how, "whole") ? PARENT_LOAD_RELOAD : PARENT_LOAD_RESTART, items,
		         "set journal-content to changes");
	}
}

/*! Reads a section. \return KNOT_EOK, or that the load has its status. */
static int read_section(control_t *control, const char *section, const char *id, load_items_t *items,
                        parent_load_t *load)
{
	control_cmd_t cmd = { .name = "conf-read", .section = section, .id = id, .each = on_item, .arg = items };

	if (control_run(control, &cmd, 1, load->detail) != KNOT_EOK) {
		load->status = SERVER_UNREACHABLE;
		return KNOT_ECONN;
	}
	const char *no_section = knot_strerror(KNOT_YP_EINVAL_ID);
	load->status = control_status(&cmd, load->detail);
	if (load->status == SERVER_REFUSED && strncmp(cmd.error, no_section, strlen(no_section)) == 0) {
		// The template "default" need not exist.
		if (is(section, "template")) {
			return KNOT_EOK;
		}
		snprintf(load->detail, sizeof(load->detail),
		         "the configuration has no section of its own for the zone");
	} else if (load->status == SERVER_OK && !items->answered) {
		load->status = SERVER_BUSY;
		snprintf(load->detail, sizeof(load->detail), "knotd did not carry out conf-read");
	}
	return load->status == SERVER_OK ? KNOT_EOK : KNOT_ERROR;
}

/*! \return False: the load has its status. */
static bool read_both(control_t *control, const char *zone, load_items_t *own, load_items_t *inherited,
                      parent_load_t *load)
{
	return read_section(control, "zone", zone, own, load) == KNOT_EOK &&
	       read_section(control, "template", own->template, inherited, load) == KNOT_EOK;
}

parent_load_t parent_load_class(const control_target_t *target, const char *zone)
{
	assert(target != NULL && zone != NULL);

	parent_load_t load = { .status = SERVER_UNREACHABLE };
	load_items_t own = { .template = "default" }, inherited = { 0 };
	control_t *control;

	if (control_open(&control, target, load.detail) != KNOT_EOK) {
		return load;
	}
	if (read_both(control, zone, &own, &inherited, &load)) {
		parent_load_judge(&own, &inherited, &load);
	}
	control_close(control);
	return load;
}

void parent_load_include(control_t *control, const char *zone, parent_load_t *load)
{
	load_items_t own = { .template = "default" }, inherited = { 0 };

	if (!read_both(control, zone, &own, &inherited, load)) {
		return;
	}
	const bool generated = own.file.generated || inherited.file.generated;
	const char *how = generated ? "difference-no-serial" : either(own.file.load, inherited.file.load, "whole");
	const char *sync = either(own.file.sync, inherited.file.sync, "0");
	load->status = SERVER_OK;
	if (own.secondary || inherited.secondary) {
		load->status = SERVER_REFUSED;
		snprintf(load->detail, sizeof(load->detail), "the zone is a secondary: it has no zone file of its own");
	} else if (own.skips ? own.skips_ds : inherited.skips_ds) {
		load->status = SERVER_REFUSED;
		snprintf(load->detail, sizeof(load->detail),
		         "zonefile-skip has DS, which then are not read from the file: remove it");
	} else if (!is(how, "difference-no-serial") || !is(sync, "-1")) {
		load->status = SERVER_REFUSED;
		snprintf(load->detail, sizeof(load->detail),
		         "delegation-apply include: set zonefile-load to difference-no-serial (%.24s) and "
		         "zonefile-sync to -1 (%.16s)",
		         how, sync);
	}
}
