/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "own.h"
#include "parent_list.h"
#include "parent_records.h"

/*! A list while it is read. */
typedef struct {
	parent_delegation_f each;
	void *arg;
	parent_list_t *list;
	bool soa;
	int error; // Of the first record that cannot be read, KNOT_E*.

	char text[KNOT_DNAME_TXT_MAXLEN + 1]; // Owner of the last record; "": none.
	knot_dname_storage_t apex, owner;
	bool below; // The owner has no delegation of its own that counts.
	parent_sets_t sets;
	knot_dname_storage_t cut; // The last delegation.
	bool has_cut;
} reader_t;

/*! All records of one owner come one after the other. */
static void end_owner(reader_t *reader)
{
	parent_sets_t *sets = &reader->sets;

	if (reader->error == KNOT_EOK && (sets->ns.count > 0 || sets->ds.count > 0)) {
		if (sets->ns.count > 0) {
			memcpy(reader->cut, reader->owner, sizeof(reader->cut));
			reader->has_cut = true;
		}
		reader->list->count++;
		reader->each(&(parent_delegation_t){ .owner = reader->owner,
		                                     .ns = &sets->ns,
		                                     .ds = &sets->ds,
		                                     .ns_ttl = sets->ns_ttl,
		                                     .ds_ttl = sets->ds_ttl },
		             reader->arg);
	}
	parent_sets_clear(sets);
}

/*! Canonical order has the names below a delegation right after it (RFC 4034 6.1). */
static bool begin_owner(reader_t *reader, const char *text)
{
	end_owner(reader);
	snprintf(reader->text, sizeof(reader->text), "%s", text);
	if (!parent_owner(reader->owner, text)) {
		return false;
	}
	reader->below = knot_dname_is_equal(reader->owner, reader->apex) ||
	                (reader->has_cut && knot_dname_in_bailiwick(reader->owner, reader->cut) > 0);
	return true;
}

static void read_serial(reader_t *reader, const char *data)
{
	unsigned serial;
	// Two names come before it. A space in them is printed as \032.
	if (sscanf(data, "%*s %*s %u", &serial) == 1) {
		reader->list->serial = serial;
		reader->soa = true;
	}
}

static void on_record(const control_unit_t *unit, void *arg)
{
	reader_t *reader = arg;

	if (reader->error != KNOT_EOK || unit->owner == NULL || unit->type == NULL) {
		return;
	}
	if (strcmp(unit->type, "SOA") == 0 && unit->data != NULL) {
		read_serial(reader, unit->data);
	} else if (strcmp(unit->type, "NS") == 0 || strcmp(unit->type, "DS") == 0) {
		if (strcmp(unit->owner, reader->text) != 0 && !begin_owner(reader, unit->owner)) {
			reader->error = KNOT_EMALF;
		} else if (!reader->below) {
			reader->error = parent_sets_add(&reader->sets, unit);
		}
		if (reader->error == KNOT_EMALF) {
			snprintf(reader->list->detail, sizeof(reader->list->detail),
			         "zone-read gave a record that cannot be read: %.60s %s", unit->owner, unit->type);
		} else if (reader->error != KNOT_EOK) {
			snprintf(reader->list->detail, sizeof(reader->list->detail), "not enough memory");
		}
	}
}

static server_status_t read_zone(control_t *control, const char *zone, reader_t *reader, char *detail)
{
	zone_status_t status = { 0 };
	control_cmd_t look = { .name = "zone-status", .zone = zone, .each = zone_status_unit, .arg = &status };
	control_cmd_t read = { .name = "zone-read", .zone = zone, .each = on_record, .arg = reader };

	if (control_run(control, &look, 1, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	server_status_t ret = control_status(&look, detail);
	if (ret != SERVER_OK) {
		return ret;
	}
	if (!status.loaded) {
		snprintf(detail, PARENT_DETAIL_MAX, CHECK_NOT_LOADED);
		return SERVER_REFUSED;
	}
	if (control_run(control, &read, 1, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	end_owner(reader);
	if (read.failed) {
		return control_status(&read, detail);
	}
	if (reader->error != KNOT_EOK) {
		return reader->error == KNOT_ENOMEM ? SERVER_UNREACHABLE : SERVER_REFUSED;
	}
	if (!reader->soa) {
		snprintf(detail, PARENT_DETAIL_MAX, "knotd did not carry out zone-read: its control socket is busy");
		return SERVER_BUSY;
	}
	return SERVER_OK;
}

parent_list_t parent_list(const control_target_t *target, const char *zone, parent_delegation_f each, void *arg)
{
	assert(target != NULL && zone != NULL && each != NULL);

	parent_list_t list = { .status = SERVER_REFUSED };
	reader_t reader = { .each = each, .arg = arg, .list = &list };
	control_t *control;

	if (!parent_owner(reader.apex, zone)) {
		snprintf(list.detail, sizeof(list.detail), "the zone has no valid name");
	} else if (control_open(&control, target, list.detail) != KNOT_EOK) {
		list.status = SERVER_UNREACHABLE;
	} else {
		list.status = read_zone(control, zone, &reader, list.detail);
		control_close(control);
	}
	parent_sets_clear(&reader.sets);
	return list;
}
