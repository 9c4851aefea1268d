/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "batch_text.h"
#include "leftover.h"
#include "parent_state.h"

/*! That are removed at once. The next list shows the others. */
#define BATCH_MAX 64
/*! More than so many, and more than delegations with DS are left: the zone has perhaps lost a part by mistake. */
#define MANY 10

void leftover_clear(parent_t *parent)
{
	batch_free(&parent->leftover);
	parent->leftovers = 0;
}

void leftover_seen(parent_t *parent, const parent_delegation_t *seen)
{
	if (seen->ds->count == 0 || parent->settings.config.apply != DELEGATION_BY_INCLUDE) {
		return;
	}
	parent->leftovers++;
	if (parent->leftover.count < BATCH_MAX) {
		(void)batch_add(&parent->leftover, seen->owner, seen->ds); /* Without memory: the next list. */
		parent->leftover.zone = parent->name;
	}
}

void leftover_listed(parent_t *parent)
{
	char text[160];

	if (parent->leftovers > MANY && parent->leftovers > parent->all.secure) {
		snprintf(text, sizeof(text),
		         "%zu names have DS and no delegation, more than have both: are delegations missing? "
		         "No DS is removed from the file",
		         parent->leftovers);
		batch_free(&parent->leftover);
		parent->many_left = true;
		parent_file_trouble(parent, text);
	} else if (parent->many_left) {
		parent->many_left = false;
		parent_file_trouble(parent, "");
	}
}

bool leftover_is_due(const parent_t *parent)
{
	return parent->leftover.count > 0 && parent->settings.mode == DELEGATIONS_UPDATE &&
	       parent->settings.config.apply == DELEGATION_BY_INCLUDE && parent->load != DELEGATION_LOAD_SECONDARY;
}

running_t *leftover_take(parent_t *parent, char *text, size_t len)
{
	running_t *running = calloc(1, sizeof(*running));

	if (running == NULL) {
		return NULL;
	}
	while (!batch_write(&parent->leftover, text, len)) {
		batch_pop(&parent->leftover);
		if (parent->leftover.count == 0) {
			free(running);
			return NULL;
		}
	}
	*running = (running_t){ .parent = parent, .batch = parent->leftover, .leftover = true };
	parent->leftover = (parent_batch_t){ .zone = NULL };
	return running;
}

/*! In full: it can be put back. */
static void say_removed(const parent_t *parent, const parent_item_t *item)
{
	const knot_rdata_t *rdata = item->ds->rdata;
	knot_dname_txt_storage_t name;
	char digest[2 * 64 + 1];

	if (knot_dname_to_str(name, item->owner, sizeof(name)) == NULL) {
		return;
	}
	for (unsigned i = 0; i < item->ds->count; i++, rdata = knot_rdataset_next((knot_rdata_t *)rdata)) {
		digest[0] = '\0';
		for (size_t k = 4, at = 0; k < rdata->len && at + 2 < sizeof(digest); k++, at += 2) {
			snprintf(digest + at, 3, "%02X", rdata->data[k]);
		}
		if (rdata->len >= 4) {
			agent_log(parent->agent, LOG_NOTICE,
			          "zone %s: %s is no delegation any more; removed from the file: DS %u %u %u %s",
			          parent->name, name, knot_wire_read_u16(rdata->data), rdata->data[2], rdata->data[3],
			          digest);
		}
	}
}

void leftover_end(running_t *running)
{
	parent_t *parent = running->parent;
	parent_batch_t *batch = &running->batch;
	const bool ended = batch->status == PARENT_BATCH_COMMITTED || batch->status == PARENT_BATCH_NOTHING;

	for (size_t i = 0; i < batch->count && batch->status == PARENT_BATCH_COMMITTED; i++) {
		if (batch->items[i].status == PARENT_ITEM_DONE) {
			say_removed(parent, &batch->items[i]);
		}
	}
	parent_items_clear(batch->items, batch->count);
	if (!ended && parent->leftover.count == 0 && !parent->gone && !parent->agent->stopping) {
		parent->leftover =
			(parent_batch_t){ .zone = parent->name, .items = batch->items, .count = batch->count };
	} else {
		batch_free(batch);
	}
	free(running);
}
