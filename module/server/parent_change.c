/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_list.h"
#include "own.h"
#include "parent_batch.h"
#include "parent_change.h"
#include "parent_diff.h"
#include "parent_records.h"

/*!
 * After a zone-begin that has waited: for the zone, or for the lock of the control socket, in vain. A transaction that
 * is open now and has nothing is ours, as none was open before.
 */
static bool is_begun(change_t *change)
{
	parent_diff_t diff = { .batch = change->batch };
	control_cmd_t cmd = parent_diff_command(&diff);

	if (!change_run(change, &cmd, 1)) {
		return false;
	}
	if (change_has_words(&cmd, KNOT_TXN_ENOTEXISTS)) {
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_SERVER, "zone-begin was not carried out");
	} else if (cmd.failed || cmd.doubtful) {
		(void)change_succeeded(change, &cmd, PHASE_UNKNOWN);
	} else if (diff.ours > 0 || diff.foreign > 0) {
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_TRANSACTION,
		                "another client has a zone transaction open");
	} else {
		return true;
	}
	return false;
}

/*! The answer to zone-begin comes before anything else is sent: it may be another client's transaction that is open. */
static bool begin(change_t *change)
{
	control_cmd_t cmd = { .name = "zone-begin", .zone = change->batch->zone };
	zone_status_t status;

	change->phase = PHASE_OPEN;
	if (!change_run(change, &cmd, 1)) {
		return false;
	}
	if (change_has_words(&cmd, KNOT_TXN_EEXISTS)) {
		change->phase = PHASE_NOT_BEGUN;
		if (change_ask_status(change, &status)) {
			change_end_busy(change, PHASE_NOT_BEGUN,
			                status.transaction ? PARENT_BUSY_TRANSACTION : PARENT_BUSY_CONF,
			                status.transaction ? "another client has a zone transaction open" :
			                                     "a configuration transaction is open");
		}
		return false;
	}
	if (change_has_words(&cmd, KNOT_EAGAIN)) {
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_EVENT,
		                "knotd is at work on the zone, and a client waits for it");
		return false;
	}
	return cmd.doubtful ? is_begun(change) : change_succeeded(change, &cmd, PHASE_NOT_BEGUN);
}

/*! Orders a command for each record of \a set that \a but does not have. */
static int order_each(change_t *change, parent_item_t *item, const char *command, const knot_rdataset_t *set,
                      const knot_rdataset_t *but, const char *ttl)
{
	knot_dname_txt_storage_t owner;
	if (knot_dname_to_str(owner, item->owner, sizeof(owner)) == NULL) {
		return KNOT_EINVAL;
	}
	const knot_rdata_t *rdata = set->rdata;
	for (unsigned i = 0; i < set->count; i++, rdata = knot_rdataset_next((knot_rdata_t *)rdata)) {
		if (parent_has(but, rdata)) {
			continue;
		}
		char *text = parent_ds_text(rdata);
		if (text == NULL) {
			return KNOT_EINVAL;
		}
		int ret = cmd_list_add_record(&change->orders, command, change->batch->zone, owner, ttl, "DS", text,
		                              item);
		free(text);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

/*! Another TTL is one of the whole set, which has to go first: Knot DNS refuses a record with a second TTL. */
static int order(change_t *change, parent_item_t *item)
{
	static const knot_rdataset_t none;
	const bool moves = item->ds_now.count == 0 || item->ds_ttl_now != item->ttl;
	char ttl[16];

	snprintf(ttl, sizeof(ttl), "%" PRIu32, item->ttl);
	int ret = order_each(change, item, "zone-unset", &item->ds_now, moves ? &none : item->wanted, NULL);
	return ret != KNOT_EOK ? ret :
	                         order_each(change, item, "zone-set", item->wanted, moves ? &none : &item->ds_now, ttl);
}

/*! Judges all items by what was read. */
static bool plan(change_t *change)
{
	knot_dname_storage_t apex;
	const bool named = parent_owner(apex, change->batch->zone);

	for (size_t i = 0; i < change->batch->count; i++) {
		parent_item_t *item = &change->batch->items[i];
		// Knot DNS finds a DS at the apex only when it commits, and does not say which item that was.
		if (!named || knot_dname_in_bailiwick(item->owner, apex) <= 0 ||
		    !parent_same_names(&item->ns_now, item->ns) || !change_is_expected(item)) {
			item->status = PARENT_ITEM_DIFFERS;
			continue;
		}
		if (parent_same(&item->ds_now, item->wanted) &&
		    (item->wanted->count == 0 || item->ds_ttl_now == item->ttl)) {
			item->status = PARENT_ITEM_SAME;
			continue;
		}
		if (order(change, item) != KNOT_EOK) {
			change_end(change, PHASE_OPEN, PARENT_BATCH_ABORTED, CHANGE_NO_MEMORY);
			return false;
		}
		item->status = PARENT_ITEM_DONE; // If all goes well.
	}
	if (change->orders.count == 0) {
		change_end(change, PHASE_OPEN, PARENT_BATCH_NOTHING, "no delegation had anything to change");
	}
	return change->orders.count > 0;
}

static bool carry_out(change_t *change)
{
	if (!change_run(change, change->orders.cmds, change->orders.count)) {
		return false;
	}
	for (size_t i = 0; i < change->orders.count; i++) {
		const control_cmd_t *cmd = &change->orders.cmds[i];
		// One that took long shows in zone-diff, or not.
		if (cmd->failed && !change_succeeded(change, cmd, PHASE_OPEN)) {
			if (change->phase == PHASE_OPEN && !cmd->busy) {
				parent_item_t *item = cmd->arg;
				item->status = PARENT_ITEM_REFUSED;
				snprintf(item->detail, sizeof(item->detail), "%.150s", cmd->error);
			}
			return false;
		}
	}
	return true;
}

/*! Whether the open transaction is ours and has what was ordered, and nothing else. */
static bool verify(change_t *change)
{
	parent_diff_t diff = { .batch = change->batch };
	control_cmd_t cmd = parent_diff_command(&diff);
	char detail[PARENT_DETAIL_MAX];

	if (!change_run(change, &cmd, 1) || !change_succeeded(change, &cmd, PHASE_OPEN)) {
		return false;
	}
	if (diff.foreign == 0 && diff.ours == change->orders.count) {
		return true;
	}
	if (diff.foreign > 0 && diff.ours < change->orders.count) {
		snprintf(detail, sizeof(detail), "another client has ended the transaction and begun one: %s",
		         diff.example);
		change_end(change, PHASE_ENDED, PARENT_BATCH_ABORTED, detail);
	} else {
		snprintf(detail, sizeof(detail), "the transaction has something else than was ordered%s%s",
		         diff.foreign > 0 ? ": " : "", diff.example);
		change_end(change, PHASE_OPEN, PARENT_BATCH_ABORTED, detail);
	}
	return false;
}

/*! After a commit that took so long that it may not have been carried out: the zone tells. */
static void confirm(change_t *change)
{
	const parent_item_t *item = change->orders.cmds[0].arg;
	knot_dname_txt_storage_t owner;
	change_now_t now = { 0 };
	control_cmd_t cmd = {
		.name = "zone-read", .zone = change->batch->zone, .owner = owner, .each = change_on_now, .arg = &now
	};

	(void)knot_dname_to_str(owner, item->owner, sizeof(owner));
	if (change_run(change, &cmd, 1)) {
		const bool done = !cmd.failed && now.error == KNOT_EOK && parent_same(&now.sets.ds, item->wanted) &&
		                  now.sets.ds_ttl == (item->wanted->count > 0 ? item->ttl : 0);
		// Else it may be open, or another client's may be.
		change_end(change, done ? PHASE_ENDED : PHASE_UNKNOWN,
		           done ? PARENT_BATCH_COMMITTED : PARENT_BATCH_LOST,
		           done ? "" : "zone-commit: unknown if carried out");
	}
	parent_sets_clear(&now.sets);
}

static void commit(change_t *change)
{
	control_cmd_t cmd = { .name = "zone-commit", .zone = change->batch->zone };

	change->committing = true;
	if (!change_run(change, &cmd, 1)) {
		return;
	}
	if (cmd.doubtful) {
		confirm(change);
	} else if (change_succeeded(change, &cmd, PHASE_OPEN)) {
		change_end(change, PHASE_ENDED, PARENT_BATCH_COMMITTED, "");
	}
}

/*! The transaction is open, and goes. Knot DNS has ended it itself after some errors of a commit. */
static void roll_back(change_t *change)
{
	control_cmd_t cmd = { .name = "zone-abort", .zone = change->batch->zone };
	char detail[CONTROL_DETAIL_MAX];

	if (control_run(change->control, &cmd, 1, detail) == KNOT_EOK &&
	    (change_has_words(&cmd, KNOT_TXN_ENOTEXISTS) || control_status(&cmd, detail) == SERVER_OK)) {
		change->phase = PHASE_ENDED;
	} else {
		change->phase = PHASE_UNKNOWN;
	}
}

void parent_settle(const control_target_t *target, parent_batch_t *batch)
{
	char detail[PARENT_DETAIL_MAX];

	// When its commit was sent, ours was not empty.
	const parent_recover_t result = parent_recover(target, batch, batch->status != PARENT_BATCH_LOST, detail);
	batch->open = result == PARENT_RECOVER_AGAIN;
	if (result == PARENT_RECOVER_ABORTED && batch->status == PARENT_BATCH_LOST) {
		batch->status = PARENT_BATCH_ABORTED;
	} else if (result == PARENT_RECOVER_FOREIGN) {
		snprintf(batch->detail, sizeof(batch->detail), "%s", detail);
	}
}

void parent_change(const control_target_t *target, parent_batch_t *batch)
{
	assert(target != NULL && batch != NULL && batch->zone != NULL && batch->count > 0);

	change_t change = { .batch = batch };
	parent_batch_init(batch);
	char detail[CONTROL_DETAIL_MAX];
	if (!change_is_in_time(&change)) {
		return;
	}
	if (control_open(&change.control, target, detail) != KNOT_EOK) {
		change_end(&change, PHASE_NOT_BEGUN, PARENT_BATCH_UNREACHABLE, detail);
		return;
	}
	if (change_may_begin(&change) && begin(&change) && change_read_items(&change, "zone-get") && plan(&change) &&
	    carry_out(&change) && verify(&change) && change_is_in_time(&change)) {
		commit(&change);
	}
	if (change.phase == PHASE_OPEN) {
		roll_back(&change);
	}
	control_close(change.control);
	cmd_list_clear(&change.orders);
	if (change.phase == PHASE_UNKNOWN) {
		parent_settle(target, batch);
	}
	parent_batch_put_off(batch);
}
