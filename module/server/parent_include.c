/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ds_file.h"
#include "include_item.h"
#include "parent_batch.h"
#include "parent_include.h"
#include "parent_load.h"

/*! How often a load is ordered that knotd has perhaps not carried out. */
#define LOADS 2

typedef struct {
	change_t change;
	const control_target_t *target;
	const char *path;
	ds_file_t former, next;
	bool caught_up; // The zone has just been loaded with the file as it is.
} include_t;

/*! What the zone has of the items that are to be done. */
typedef enum {
	HAS_NEW,
	HAS_OLD,
	HAS_OTHER, // Some of it, or something else.
	HAS_UNKNOWN,
} has_t;

/*! Never made again: an empty one would take DS from all other delegations. */
static void say_missing(const char *path, char *detail)
{
	snprintf(detail, PARENT_DETAIL_MAX,
	         "%.60s is missing: put it back from a backup; one without records removes all DS that it had", path);
}

/* Before the change. */

/*! An operator who is changing the configuration may be changing how the zone is loaded. */
static bool conf_is_free(change_t *change)
{
	control_cmd_t cmd = { .name = "conf-diff" };

	if (!change_run(change, &cmd, 1)) {
		return false;
	}
	if (change_has_words(&cmd, KNOT_TXN_ENOTEXISTS)) {
		return true;
	}
	if (change_succeeded(change, &cmd, PHASE_NOT_BEGUN)) {
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_CONF, "a configuration transaction is open");
	}
	return false;
}

static bool fits(change_t *change)
{
	parent_load_t load = { .status = SERVER_OK };

	parent_load_include(change->control, change->batch->zone, &load);
	switch (load.status) {
	case SERVER_OK:
		return true;
	case SERVER_BUSY:
		change_end_busy(change, PHASE_NOT_BEGUN, PARENT_BUSY_SERVER, load.detail);
		return false;
	case SERVER_UNREACHABLE:
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_UNREACHABLE, load.detail);
		return false;
	default:
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_REFUSED, load.detail);
		return false;
	}
}

static bool read_file(include_t *include)
{
	change_t *change = &include->change;
	char detail[DS_FILE_DETAIL_MAX];
	const int ret = ds_file_read(&include->former, include->path, change->batch->zone, detail);

	if (ret == KNOT_ENOENT) {
		say_missing(include->path, detail);
	}
	if (ret != KNOT_EOK) {
		change_end(change, PHASE_NOT_BEGUN, ret == KNOT_ENOMEM ? PARENT_BATCH_ABORTED : PARENT_BATCH_REFUSED,
		           detail);
		return false;
	}
	return true;
}

/*! Whether zone and file have the same for an item. */
static bool agrees(const include_t *include, const parent_item_t *item)
{
	const ds_file_set_t *set = ds_file_find(&include->former, item->owner);

	return set != NULL ? parent_same(&set->ds, &item->ds_now) : item->ds_now.count == 0;
}

static control_cmd_t reload_command(const change_t *change)
{
	return (control_cmd_t){ .name = "zone-reload", .zone = change->batch->zone, .flags = "B" };
}

/*! A former process may have written the file and not have come to the reload. */
static bool catch_up(include_t *include)
{
	change_t *change = &include->change;
	bool same = true;

	for (size_t i = 0; i < change->batch->count; i++) {
		same = same && agrees(include, &change->batch->items[i]);
	}
	if (same) {
		return true;
	}
	control_cmd_t cmd = reload_command(change);
	if (!change_run(change, &cmd, 1)) {
		return false;
	}
	/* A large zone takes as long as a wait in vain does. */
	if (!cmd.doubtful && !change_succeeded(change, &cmd, PHASE_NOT_BEGUN)) {
		return false;
	}
	include->caught_up = true;
	return change_read_items(change, "zone-read");
}

static bool has_wanted(const parent_item_t *item)
{
	return parent_same(&item->ds_now, item->wanted) && (item->wanted->count == 0 || item->ds_ttl_now == item->ttl);
}

/*! \return False without memory. */
static bool plan_item(include_t *include, const knot_dname_t *apex, parent_item_t *item)
{
	static const knot_rdataset_t none;

	const include_seen_t seen = {
		.below = apex != NULL && knot_dname_in_bailiwick(item->owner, apex) > 0 &&
		         parent_same_names(&item->ns_now, item->ns),
		.expected = change_is_expected(item),
		.wanted = has_wanted(item),
		.caught_up = include->caught_up,
		.has_ds = item->ds_now.count > 0,
		.agrees = agrees(include, item),
	};
	item->status = include_item(&seen);
	if (item->status == PARENT_ITEM_REFUSED) {
		snprintf(item->detail, sizeof(item->detail), "DS is not in %.100s: move it there from the zone file",
		         include->path);
	}
	if (item->status != PARENT_ITEM_DONE) {
		return true;
	}
	/* What the file has and the zone does not take is left of a try in vain. */
	return item->ds_now.count > 0 || ds_file_put(&include->former, item->owner, 0, &none) == KNOT_EOK;
}

static bool plan(include_t *include)
{
	change_t *change = &include->change;
	parent_batch_t *batch = change->batch;
	knot_dname_storage_t apex;
	const bool named = parent_owner(apex, batch->zone);
	bool good = true, any = false;

	for (size_t i = 0; i < batch->count && good; i++) {
		good = plan_item(include, named ? apex : NULL, &batch->items[i]);
		any |= batch->items[i].status == PARENT_ITEM_DONE;
	}
	good = good && ds_file_copy(&include->next, &include->former) == KNOT_EOK;
	for (size_t i = 0; i < batch->count && good; i++) {
		const parent_item_t *item = &batch->items[i];
		good = item->status != PARENT_ITEM_DONE ||
		       ds_file_put(&include->next, item->owner, item->ttl, item->wanted) == KNOT_EOK;
	}
	if (!good) {
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_ABORTED, CHANGE_NO_MEMORY);
	} else if (!any) {
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_NOTHING, "no delegation had anything to change");
	}
	return good && any;
}

/* The change. */

/*! \param[out] detail  PARENT_DETAIL_MAX bytes: why it is not known. */
static has_t zone_has(const include_t *include, char *detail)
{
	const parent_batch_t *batch = include->change.batch;
	parent_item_t *items = calloc(batch->count, sizeof(*items));
	parent_batch_t now = { .zone = batch->zone, .items = items, .count = batch->count };
	change_t read = { .control = include->change.control, .batch = &now };
	bool new = true, old = true;

	for (size_t i = 0; items != NULL && i < batch->count; i++) {
		items[i].owner = batch->items[i].owner;
	}
	if (items == NULL || read.control == NULL || !change_read_items(&read, "zone-read")) {
		snprintf(detail, PARENT_DETAIL_MAX, "%s", items == NULL ? CHANGE_NO_MEMORY : now.detail);
		parent_items_clear(items, items != NULL ? now.count : 0);
		free(items);
		return HAS_UNKNOWN;
	}
	for (size_t i = 0; i < now.count; i++) {
		const parent_item_t *was = &batch->items[i], *is = &items[i];
		if (was->status == PARENT_ITEM_DONE) {
			new = new && parent_same(&is->ds_now, was->wanted) &&
			      (was->wanted->count == 0 || is->ds_ttl_now == was->ttl);
			old = old && parent_same(&is->ds_now, &was->ds_now) && is->ds_ttl_now == was->ds_ttl_now;
		}
	}
	parent_items_clear(items, now.count);
	free(items);
	return new ? HAS_NEW : old ? HAS_OLD : HAS_OTHER;
}

/*! Another connection instead of one that is lost. */
static bool connect_again(include_t *include)
{
	change_t *change = &include->change;
	char detail[CONTROL_DETAIL_MAX];

	control_close(change->control);
	change->control = NULL;
	return control_open(&change->control, include->target, detail) == KNOT_EOK;
}

/*! Loads the zone. \return False: the batch has ended, and the zone may have anything. */
static bool load(include_t *include)
{
	change_t *change = &include->change;
	char detail[PARENT_DETAIL_MAX];
	has_t has = HAS_UNKNOWN;

	for (unsigned i = 0; i < LOADS; i++) {
		control_cmd_t cmd = reload_command(change);
		if (!change_run(change, &cmd, 1)) {
			return false;
		}
		if (cmd.failed) {
			snprintf(detail, sizeof(detail), "zone-reload: %.100s (the log of knotd says more)", cmd.error);
			change_end(change, PHASE_OPEN, cmd.busy ? PARENT_BATCH_BUSY : PARENT_BATCH_ABORTED, detail);
			change->batch->busy = cmd.busy ? PARENT_BUSY_SERVER : PARENT_BUSY_NOT;
			return false;
		}
		has = zone_has(include, detail);
		if (has != HAS_OLD || !cmd.doubtful) {
			break;
		}
	}
	if (has == HAS_NEW) {
		change_end(change, PHASE_ENDED, PARENT_BATCH_COMMITTED, "");
		return true;
	}
	if (has == HAS_OLD) {
		snprintf(detail, sizeof(detail),
		         "the zone takes no DS from the file: its zone file lacks the line $INCLUDE %.85s",
		         include->path);
		change_end(change, PHASE_OPEN, PARENT_BATCH_REFUSED, detail);
	} else if (has == HAS_OTHER) {
		change_end(change, PHASE_OPEN, PARENT_BATCH_ABORTED,
		           "after zone-reload the zone has other DS than the file: does its zone file have them, too?");
	} else {
		change_end(change, PHASE_UNKNOWN, PARENT_BATCH_LOST, detail);
	}
	return false;
}

/*! The former file counts again. */
static void restore(include_t *include)
{
	change_t *change = &include->change;
	parent_batch_t *batch = change->batch;
	char detail[PARENT_DETAIL_MAX];

	if (ds_file_write(&include->former, include->path, batch->zone, detail) != KNOT_EOK) {
		change_end(change, PHASE_UNKNOWN, PARENT_BATCH_LOST, detail);
		return;
	}
	/* Whether it was carried out is what the zone tells. */
	control_cmd_t cmd = reload_command(change);
	if (control_run(change->control, &cmd, 1, detail) != KNOT_EOK || zone_has(include, detail) != HAS_OLD) {
		change_end(change, PHASE_UNKNOWN, PARENT_BATCH_LOST,
		           "the former file is back, and the zone is perhaps not: zone-reload");
	} else if (batch->status == PARENT_BATCH_LOST) {
		batch->status = PARENT_BATCH_ABORTED;
	}
}

static void carry_out(include_t *include)
{
	change_t *change = &include->change;
	char detail[PARENT_DETAIL_MAX];

	if (ds_file_write(&include->next, include->path, change->batch->zone, detail) != KNOT_EOK) {
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_ABORTED, detail);
		return;
	}
	change->phase = PHASE_OPEN;
	change->committing = true;
	if (load(include)) {
		return;
	}
	if (change->phase == PHASE_UNKNOWN) {
		/* Without a connection the file is as it was ordered: a reload brings it. */
		if (!connect_again(include)) {
			return;
		}
		if (zone_has(include, detail) == HAS_NEW) {
			change_end(change, PHASE_ENDED, PARENT_BATCH_COMMITTED, "");
			return;
		}
	}
	restore(include);
}

void parent_include(const control_target_t *target, const char *path, parent_batch_t *batch)
{
	assert(target != NULL && path != NULL && batch != NULL && batch->zone != NULL && batch->count > 0);

	include_t include = { .change.batch = batch, .target = target, .path = path };
	change_t *change = &include.change;
	char detail[CONTROL_DETAIL_MAX];

	parent_batch_init(batch);
	if (!change_is_in_time(change)) {
		return;
	}
	if (control_open(&change->control, target, detail) != KNOT_EOK) {
		change_end(change, PHASE_NOT_BEGUN, PARENT_BATCH_UNREACHABLE, detail);
		return;
	}
	if (change_may_begin(change) && conf_is_free(change) && fits(change) && read_file(&include) &&
	    change_read_items(change, "zone-read") && catch_up(&include) && plan(&include) &&
	    change_is_in_time(change)) {
		carry_out(&include);
	}
	control_close(change->control);
	ds_file_clear(&include.former);
	ds_file_clear(&include.next);
	parent_batch_put_off(batch);
}

/* After the end of a process. */

/*! Takes back what was ordered in the file and is not in the zone, whatever that has. \return How many, or KNOT_ENOMEM.
 */
static int take_back(include_t *include, const parent_batch_t *batch, const parent_item_t *now)
{
	int count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const parent_item_t *item = &batch->items[i], *is = &now[i];
		const ds_file_set_t *set = ds_file_find(&include->former, item->owner);
		const bool ordered = set != NULL ? parent_same(&set->ds, item->wanted) : item->wanted->count == 0;
		const bool same = agrees(include, is) && (set == NULL || set->ttl == is->ds_ttl_now);
		if (!include_takes_back(ordered, same)) {
			continue;
		}
		if (ds_file_put(&include->former, item->owner, is->ds_ttl_now, &is->ds_now) != KNOT_EOK) {
			return KNOT_ENOMEM;
		}
		count++;
	}
	return count;
}

/*! The file is as the zone is, and the zone as the file: it may be loaded just now. \return False: try again. */
static bool settle(include_t *include, const parent_batch_t *batch, char *detail)
{
	change_t *change = &include->change;
	control_cmd_t cmd = reload_command(change);

	if (!change_may_begin(change)) {
		return change->batch->status == PARENT_BATCH_REFUSED;
	}
	if (!read_file(include)) {
		/* A file that is missing, or that is being edited, comes back with the order in it. */
		snprintf(detail, PARENT_DETAIL_MAX, "%s", change->batch->detail);
		return false;
	}
	if (!change_read_items(change, "zone-read")) {
		return false;
	}
	const int count = take_back(include, batch, change->batch->items);
	if (count <= 0) {
		return count == 0;
	}
	if (ds_file_write(&include->former, include->path, batch->zone, detail) != KNOT_EOK) {
		return false;
	}
	/* An error of the zone file is not ours: then the zone stays as it is. */
	char words[CONTROL_DETAIL_MAX];
	return control_run(change->control, &cmd, 1, words) == KNOT_EOK && !cmd.busy;
}

bool parent_include_settle(const control_target_t *target, const char *path, const parent_batch_t *batch, char *detail)
{
	parent_item_t *items = calloc(batch->count, sizeof(*items));
	parent_batch_t now = { .zone = batch->zone, .items = items, .count = batch->count };
	include_t include = { .change.batch = &now, .target = target, .path = path };
	char words[CONTROL_DETAIL_MAX];
	bool settled = false;

	detail[0] = '\0';
	if (items == NULL || control_open(&include.change.control, target, words) != KNOT_EOK) {
		free(items);
		return false;
	}
	for (size_t i = 0; i < batch->count; i++) {
		items[i].owner = batch->items[i].owner;
	}
	settled = settle(&include, batch, detail);
	control_close(include.change.control);
	ds_file_clear(&include.former);
	parent_items_clear(items, now.count);
	free(items);
	return settled;
}

/* The file. */

bool parent_include_path(const char *folder, const char *zone, char *path, size_t len)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
	size_t at = (size_t)snprintf(path, len, "%s/", folder);
	const size_t name = at;
	const size_t count = strcmp(zone, ".") == 0 ? 1 : strlen(zone) - 1; // Without the final dot.

	size_t i;

	for (i = 0; i < count && at + 4 < len; i++) {
		const bool is_safe = strchr(safe, zone[i]) != NULL && (i > 0 || zone[i] != '.');
		if (is_safe) {
			path[at++] = zone[i];
		} else {
			at += (size_t)snprintf(path + at, len - at, "%%%02X", (unsigned char)zone[i]);
		}
	}
	/* Room for the suffix, and for that of a temporary file within NAME_MAX. */
	if (i < count || at + sizeof(".ds") > len || at - name > 240) {
		return false;
	}
	memcpy(path + at, ".ds", sizeof(".ds"));
	return true;
}

int parent_include_create(const char *path, const char *zone, bool first, char *detail)
{
	static const ds_file_t empty;

	if (access(path, F_OK) == 0) {
		return KNOT_EEXIST;
	}
	if (!first) {
		say_missing(path, detail);
		return KNOT_ENOENT;
	}
	return ds_file_write(&empty, path, zone, detail);
}
