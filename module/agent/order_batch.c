/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "batch_text.h"
#include "order_batch.h"
#include "kskroll/text_copy.h"

void order_free(order_t *order)
{
	knot_rdataset_clear(&order->ns, NULL);
	knot_rdataset_clear(&order->ds, NULL);
	knot_rdataset_clear(&order->wanted, NULL);
	free(order);
}

int order_set(const ds_set_t *set, knot_rdataset_t *out)
{
	uint8_t data[4 + DELEGATION_DIGEST_MAX];
	uint8_t room[sizeof(data) + sizeof(knot_rdata_t) + 1];
	knot_rdata_t *rdata = (knot_rdata_t *)room;
	int ret = set->excess ? KNOT_EINVAL : KNOT_EOK;

	for (unsigned i = 0; i < set->count && ret == KNOT_EOK; i++) {
		const ds_record_t *r = &set->record[i];
		knot_wire_write_u16(data, r->tag);
		data[2] = r->algorithm;
		data[3] = r->digest_type;
		memcpy(data + 4, r->digest, r->digest_len);
		knot_rdata_init(rdata, 4 + r->digest_len, data);
		ret = knot_rdataset_add(out, rdata, NULL);
	}
	return ret;
}

bool batch_save(parent_t *parent, const char *text)
{
	const agent_env_t *env = &parent->agent->env;
	store_t *store = env->store(env->arg);
	store_parent_t *row = store != NULL ? calloc(1, sizeof(*row)) : NULL;

	if (row == NULL) {
		return false;
	}
	const int ret = store_parent_load(store, parent->name, row);
	if (ret == KNOT_ERROR) {
		free(row);
		return false;
	}
	if (ret != KNOT_EOK) {
		*row = (store_parent_t){ .mode = parent->settings.mode, .config = parent->settings.config };
		text_copy(row->zone, sizeof(row->zone), parent->name);
		row->had_file = ret != KNOT_ENOENT; /* Nobody can tell. */
	}
	text_copy(row->batch, sizeof(row->batch), text);
	const bool saved = env->save_parent(row, env->arg);
	free(row);
	return saved;
}

void batch_free_running(running_t *running)
{
	parent_items_clear(running->batch.items, running->batch.count);
	free(running->batch.items);
	free(running);
}

running_t *batch_take(parent_t *parent, char *text, size_t len)
{
	orders_t *orders = &parent->orders;
	const size_t max = parent->settings.batch > 0 ? parent->settings.batch : 1;
	size_t count = orders->waiting.count < max ? orders->waiting.count : max;
	running_t *running = calloc(1, sizeof(*running));

	orders->running = calloc(count, sizeof(*orders->running));
	parent_item_t *items = calloc(count, sizeof(*items));
	if (running == NULL || orders->running == NULL || items == NULL) {
		free(running);
		free(items);
		free(orders->running);
		orders->running = NULL;
		return NULL;
	}
	list_node_t *node = orders->waiting.first;
	for (size_t i = 0; i < count; i++, node = node->next) {
		order_t *order = list_item(node, order_t, node);
		orders->running[i] = order;
		items[i] = (parent_item_t){ .owner = order->d->of.awake->name,
			                    .ns = &order->ns,
			                    .ds = &order->ds,
			                    .ds_ttl = order->ds_ttl,
			                    .wanted = &order->wanted,
			                    .ttl = order->ttl };
	}
	*running = (running_t){ .parent = parent, .batch = { .zone = parent->name, .items = items, .count = count } };
	/* What has no room in the store has to be in the next one. */
	while (!batch_write(&running->batch, text, len) && running->batch.count > 1) {
		running->batch.count /= 2;
	}
	for (size_t i = 0; i < running->batch.count; i++) {
		list_remove(&orders->running[i]->node);
	}
	orders->running_count = running->batch.count;
	return running;
}
