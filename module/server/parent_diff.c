/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "parent_change.h"
#include "parent_diff.h"
#include "parent_records.h"

static const parent_item_t *item_of(const parent_batch_t *batch, const char *owner)
{
	knot_dname_storage_t name;
	if (parent_owner(name, owner)) {
		for (size_t i = 0; i < batch->count; i++) {
			if (knot_dname_is_equal(batch->items[i].owner, name)) {
				return &batch->items[i];
			}
		}
	}
	return NULL;
}

static bool is_ours(const parent_batch_t *batch, const control_unit_t *unit)
{
	const parent_item_t *item = item_of(batch, unit->owner);
	parent_sets_t sets = { 0 };
	bool ours = false;

	if (item != NULL && unit->filters != NULL && parent_sets_add(&sets, unit) == KNOT_EOK && sets.ds.count == 1) {
		ours = strchr(unit->filters, '-') != NULL ?
		               parent_has(item->ds, sets.ds.rdata) :
		               parent_has(item->wanted, sets.ds.rdata) && sets.ds_ttl == item->ttl;
	}
	parent_sets_clear(&sets);
	return ours;
}

static void on_difference(const control_unit_t *unit, void *arg)
{
	parent_diff_t *diff = arg;

	if (is_ours(diff->batch, unit)) {
		diff->ours++;
	} else if (diff->foreign++ == 0) {
		snprintf(diff->example, sizeof(diff->example), "%.1s%.60s %.20s",
		         unit->filters != NULL ? unit->filters : "", unit->owner != NULL ? unit->owner : "",
		         unit->type != NULL ? unit->type : "");
	}
}

control_cmd_t parent_diff_command(parent_diff_t *diff)
{
	return (control_cmd_t){ .name = "zone-diff", .zone = diff->batch->zone, .each = on_difference, .arg = diff };
}

static bool has_words(const control_cmd_t *cmd, int code)
{
	return cmd->failed && strcmp(cmd->error, knot_strerror(code)) == 0;
}

static parent_recover_t conclude(parent_recover_t result, const char *words, char *detail)
{
	snprintf(detail, PARENT_DETAIL_MAX, "%s", words);
	return result;
}

/*! An open transaction. */
static parent_recover_t end_ours(control_t *control, const parent_batch_t *batch, bool empty, char *detail)
{
	parent_diff_t diff = { .batch = batch };
	control_cmd_t show = parent_diff_command(&diff);
	control_cmd_t undo = { .name = "zone-abort", .zone = batch->zone };

	if (control_run(control, &show, 1, detail) != KNOT_EOK) {
		return PARENT_RECOVER_AGAIN;
	}
	if (has_words(&show, KNOT_TXN_ENOTEXISTS)) {
		return conclude(PARENT_RECOVER_NONE, "no transaction is open", detail);
	}
	// It waits for a transaction that begins or is committed just now, and then may show nothing.
	if (show.failed || show.doubtful) {
		(void)control_status(&show, detail);
		return PARENT_RECOVER_AGAIN;
	}
	if (diff.foreign > 0) {
		snprintf(detail, PARENT_DETAIL_MAX, "another client has a transaction open: %s", diff.example);
		return PARENT_RECOVER_FOREIGN;
	}
	if (diff.ours == 0 && !empty) {
		return conclude(PARENT_RECOVER_EMPTY, "a transaction without changes is open", detail);
	}
	if (control_run(control, &undo, 1, detail) != KNOT_EOK) {
		return PARENT_RECOVER_AGAIN;
	}
	if (has_words(&undo, KNOT_TXN_ENOTEXISTS)) {
		return conclude(PARENT_RECOVER_NONE, "no transaction is open", detail);
	}
	if (control_status(&undo, detail) != SERVER_OK) {
		return PARENT_RECOVER_AGAIN;
	}
	return conclude(PARENT_RECOVER_ABORTED, "our transaction was open and is aborted", detail);
}

parent_recover_t parent_recover(const control_target_t *target, const parent_batch_t *batch, bool empty, char *detail)
{
	assert(target != NULL && batch != NULL && detail != NULL);

	zone_status_t status = { 0 };
	control_cmd_t ask = { .name = "zone-status", .zone = batch->zone, .each = zone_status_unit, .arg = &status };
	parent_recover_t result = PARENT_RECOVER_AGAIN;
	control_t *control;

	if (control_open(&control, target, detail) != KNOT_EOK) {
		// Without a socket there is no knotd, and no transaction any more.
		return target->path == NULL ? PARENT_RECOVER_NONE : PARENT_RECOVER_AGAIN;
	}
	if (control_run(control, &ask, 1, detail) == KNOT_EOK) {
		const server_status_t asked = control_status(&ask, detail);
		if (asked == SERVER_REFUSED || (asked == SERVER_OK && !status.transaction)) {
			result = conclude(PARENT_RECOVER_NONE, "no transaction is open", detail);
		} else if (asked == SERVER_OK) {
			result = end_ours(control, batch, empty, detail);
		}
	}
	control_close(control);
	return result;
}
