/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "parent_batch.h"

void change_end(change_t *change, phase_t phase, parent_batch_status_t status, const char *detail)
{
	change->phase = phase;
	change->batch->status = status;
	snprintf(change->batch->detail, sizeof(change->batch->detail), "%s", detail);
}

void change_end_busy(change_t *change, phase_t phase, parent_busy_t busy, const char *detail)
{
	change_end(change, phase, PARENT_BATCH_BUSY, detail);
	change->batch->busy = busy;
}

bool change_has_words(const control_cmd_t *cmd, int code)
{
	return cmd->failed && strcmp(cmd->error, knot_strerror(code)) == 0;
}

bool change_run(change_t *change, control_cmd_t *cmds, size_t count)
{
	char detail[CONTROL_DETAIL_MAX];
	if (control_run(change->control, cmds, count, detail) == KNOT_EOK) {
		return true;
	}
	change_end(change, change->phase == PHASE_NOT_BEGUN ? PHASE_NOT_BEGUN : PHASE_UNKNOWN,
	           change->phase == PHASE_NOT_BEGUN ? PARENT_BATCH_UNREACHABLE :
	           change->committing               ? PARENT_BATCH_LOST :
	                                              PARENT_BATCH_ABORTED,
	           detail);
	return false;
}

bool change_succeeded(change_t *change, const control_cmd_t *cmd, phase_t phase)
{
	char detail[CONTROL_DETAIL_MAX];
	const server_status_t status = control_status(cmd, detail);

	if (status == SERVER_BUSY) {
		change_end_busy(change, phase, PARENT_BUSY_SERVER, detail);
	} else if (change_has_words(cmd, KNOT_TXN_ENOTEXISTS)) {
		change_end(change, PHASE_ENDED, PARENT_BATCH_ABORTED, "another client has ended the transaction");
	} else if (status != SERVER_OK) {
		change_end(change, phase, phase == PHASE_NOT_BEGUN ? PARENT_BATCH_REFUSED : PARENT_BATCH_ABORTED,
		           detail);
	}
	return status == SERVER_OK;
}

bool change_ask_status(change_t *change, zone_status_t *status)
{
	memset(status, 0, sizeof(*status));
	control_cmd_t cmd = {
		.name = "zone-status", .zone = change->batch->zone, .each = zone_status_unit, .arg = status
	};
	return change_run(change, &cmd, 1) && change_succeeded(change, &cmd, change->phase);
}

bool change_is_in_time(change_t *change)
{
	const uint64_t latest = change->batch->latest;

	if (latest == 0 || uv_hrtime() < latest) {
		return true;
	}
	change_end(change, change->phase, PARENT_BATCH_ABORTED, "it would have come too late");
	return false;
}

bool change_may_begin(change_t *change)
{
	zone_status_t status;
	char detail[PARENT_DETAIL_MAX];

	if (!change_ask_status(change, &status)) {
		return false;
	}
	if (!status.loaded) {
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_REFUSED, CHECK_NOT_LOADED);
	} else if (status.secondary) {
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_REFUSED,
		           "the zone is a secondary: the next transfer would undo the change");
	} else if (status.transaction) {
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_TRANSACTION,
		                "another client has a zone transaction open");
	} else if (status.frozen) {
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_FROZEN, "the zone is frozen");
	} else if (status.running[0] != '\0') {
		snprintf(detail, sizeof(detail), "knotd is at work on the zone: %s", status.running);
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_EVENT, detail);
	} else {
		return true;
	}
	return false;
}

void change_on_now(const control_unit_t *unit, void *arg)
{
	change_now_t *now = arg;
	if (now->error == KNOT_EOK) {
		now->error = parent_sets_add(&now->sets, unit);
	}
}

/*! Moves what was read to the item. \return False: the batch has ended. */
static bool take(change_t *change, parent_item_t *item, const control_cmd_t *cmd, change_now_t *now)
{
	// A name that is gone has no node.
	if (!change_has_words(cmd, KNOT_ENONODE) && !change_succeeded(change, cmd, change->phase)) {
		return false;
	}
	if (now->error != KNOT_EOK) {
		change_end(change, change->phase, PARENT_BATCH_ABORTED,
		           now->error == KNOT_ENOMEM ? CHANGE_NO_MEMORY : "knotd gave a record that cannot be read");
		return false;
	}
	parent_items_clear(item, 1);
	item->read = true;
	item->ns_now = now->sets.ns;
	item->ds_now = now->sets.ds;
	item->ds_ttl_now = now->sets.ds_ttl;
	memset(now, 0, sizeof(*now));
	return true;
}

bool change_read_items(change_t *change, const char *command)
{
	parent_batch_t *batch = change->batch;
	change_now_t *now = calloc(batch->count, sizeof(*now));
	cmd_list_t gets = { 0 };
	bool good = now != NULL;

	for (size_t i = 0; i < batch->count && good; i++) {
		knot_dname_txt_storage_t owner;
		good = knot_dname_to_str(owner, batch->items[i].owner, sizeof(owner)) != NULL &&
		       cmd_list_add_record(&gets, command, batch->zone, owner, NULL, NULL, NULL, &now[i]) == KNOT_EOK;
		if (good) {
			gets.cmds[i].each = change_on_now;
		}
	}
	if (!good) {
		change_end(change, change->phase, PARENT_BATCH_ABORTED, CHANGE_NO_MEMORY);
	} else {
		good = change_run(change, gets.cmds, gets.count);
		for (size_t i = 0; i < batch->count && good; i++) {
			good = take(change, &batch->items[i], &gets.cmds[i], &now[i]);
		}
	}
	for (size_t i = 0; now != NULL && i < batch->count; i++) {
		parent_sets_clear(&now[i].sets);
	}
	free(now);
	cmd_list_clear(&gets);
	return good;
}

void parent_batch_init(parent_batch_t *batch)
{
	batch->busy = PARENT_BUSY_NOT;
	batch->open = false;
	batch->took_ms = 0;
	for (size_t i = 0; i < batch->count; i++) {
		parent_item_t *item = &batch->items[i];
		assert(item->owner != NULL && item->ns != NULL && item->ds != NULL && item->wanted != NULL);
		item->status = PARENT_ITEM_PUT_OFF;
		item->detail[0] = '\0';
		item->read = false;
		memset(&item->ns_now, 0, sizeof(item->ns_now));
		memset(&item->ds_now, 0, sizeof(item->ds_now));
		item->ds_ttl_now = 0;
	}
}

void parent_batch_put_off(parent_batch_t *batch)
{
	for (size_t i = 0; i < batch->count && batch->status != PARENT_BATCH_COMMITTED; i++) {
		if (batch->items[i].status == PARENT_ITEM_DONE) {
			batch->items[i].status = PARENT_ITEM_PUT_OFF;
		}
	}
}

void parent_items_clear(parent_item_t *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		knot_rdataset_clear(&items[i].ns_now, NULL);
		knot_rdataset_clear(&items[i].ds_now, NULL);
	}
}

bool change_is_expected(const parent_item_t *item)
{
	const bool same_ttl = item->ds->count == 0 || item->ds_ttl == 0 || item->ds_ttl_now == item->ds_ttl;

	return same_ttl && parent_same(&item->ds_now, item->ds);
}
