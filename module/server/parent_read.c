/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "own.h"
#include "parent_read.h"
#include "parent_records.h"

typedef struct {
	parent_sets_t sets;
	int error; // KNOT_E*, of the first record that cannot be read.
} found_t;

static void on_record(const control_unit_t *unit, void *arg)
{
	found_t *found = arg;

	if (found->error == KNOT_EOK) {
		found->error = parent_sets_add(&found->sets, unit);
	}
}

static bool is_missing(const control_cmd_t *cmd)
{
	return cmd->failed && strcmp(cmd->error, knot_strerror(KNOT_ENONODE)) == 0;
}

/*! Both answers are there. */
static void conclude(const control_cmd_t *look, const control_cmd_t *get, const zone_status_t *status, found_t *found,
                     parent_read_t *read)
{
	read->status = control_status(look, read->detail);
	if (read->status == SERVER_OK && !status->answered) {
		read->status = SERVER_BUSY;
		snprintf(read->detail, sizeof(read->detail), "knotd did not carry out zone-status");
	} else if (read->status == SERVER_OK && !status->loaded) {
		read->status = SERVER_REFUSED;
		snprintf(read->detail, sizeof(read->detail), CHECK_NOT_LOADED);
	}
	if (read->status != SERVER_OK) {
		return;
	}
	if (!is_missing(get)) {
		read->status = control_status(get, read->detail);
	}
	if (read->status == SERVER_OK && !is_missing(get) && get->units == 0) {
		/* A name that exists has records, and knotd says so, or refuses. */
		read->status = SERVER_BUSY;
		snprintf(read->detail, sizeof(read->detail), "knotd did not carry out zone-read");
	} else if (read->status == SERVER_OK && found->error != KNOT_EOK) {
		read->status = found->error == KNOT_ENOMEM ? SERVER_UNREACHABLE : SERVER_REFUSED;
		snprintf(read->detail, sizeof(read->detail), "%s",
		         found->error == KNOT_ENOMEM ? "not enough memory" :
		                                       "zone-read gave a record that cannot be read");
	}
}

void parent_read(const control_target_t *target, const char *zone, const char *owner, parent_read_t *read)
{
	assert(target != NULL && zone != NULL && owner != NULL && read != NULL);

	zone_status_t status = { 0 };
	found_t found = { 0 };
	control_cmd_t cmds[] = {
		{ .name = "zone-status", .zone = zone, .each = zone_status_unit, .arg = &status },
		{ .name = "zone-read", .zone = zone, .owner = owner, .each = on_record, .arg = &found },
	};
	control_t *control;

	*read = (parent_read_t){ .status = SERVER_UNREACHABLE };
	if (control_open(&control, target, read->detail) != KNOT_EOK) {
		return;
	}
	if (control_run(control, cmds, 2, read->detail) == KNOT_EOK) {
		conclude(&cmds[0], &cmds[1], &status, &found, read);
	}
	control_close(control);
	if (read->status == SERVER_OK) {
		read->secondary = status.secondary;
		read->frozen = status.frozen;
		read->transaction = status.transaction;
		memcpy(read->running, status.running, sizeof(read->running));
		read->serial = status.serial;
		read->ns = found.sets.ns;
		read->ds = found.sets.ds;
		read->ns_ttl = found.sets.ns_ttl;
		read->ds_ttl = found.sets.ds_ttl;
	} else {
		parent_sets_clear(&found.sets);
	}
}
