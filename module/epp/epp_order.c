/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "epp_order.h"

static size_t text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

/*! With the keys inside. */
static size_t records_size(const epp_record_t *record, size_t count)
{
	size_t size = count * sizeof(*record);

	for (size_t i = 0; i < count; i++) {
		size += record[i].data_len + text_size(record[i].spelled);
		size += record[i].key != NULL ? records_size(record[i].key, 1) : 0;
	}
	return size;
}

static void *take(epp_order_t *order, const void *from, size_t size)
{
	void *to = order->copies + order->at;

	if (from == NULL) {
		return NULL;
	}
	memcpy(to, from, size);
	order->at += size;
	return to;
}

/*! Keys that are inside of records. */
static void take_keys(epp_order_t *order, epp_record_t *record, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		record[i].key = take(order, record[i].key, sizeof(*record[i].key));
	}
}

/*! What the records point to; all records are there already. */
static void take_inside(epp_order_t *order, epp_record_t *record, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		record[i].data = take(order, record[i].data, record[i].data_len);
		record[i].spelled = take(order, record[i].spelled, text_size(record[i].spelled));
		if (record[i].key != NULL) {
			take_inside(order, (epp_record_t *)record[i].key, 1);
		}
	}
}

bool epp_order_is_complete(const epp_command_t *command)
{
	switch (command->verb) {
	case EPP_INFO:
	case EPP_UPDATE:
		return command->domain != NULL;
	case EPP_ACK:
		return command->id != NULL;
	default:
		return true;
	}
}

epp_order_t *epp_order_new(const epp_command_t *command)
{
	const size_t size = records_size(command->rem, command->rem_count) +
	                    records_size(command->add, command->add_count) + text_size(command->domain) +
	                    text_size(command->id) + text_size(command->trid);
	epp_order_t *order = calloc(1, sizeof(*order) + size);

	if (order == NULL) {
		return NULL;
	}
	order->command = *command;
	/* Records first: these need alignment, which the struct in front of them has. */
	epp_record_t *rem = take(order, command->rem, command->rem_count * sizeof(*rem));
	epp_record_t *add = take(order, command->add, command->add_count * sizeof(*add));
	take_keys(order, rem, command->rem_count);
	take_keys(order, add, command->add_count);
	take_inside(order, rem, command->rem_count);
	take_inside(order, add, command->add_count);
	order->command.rem = rem;
	order->command.add = add;
	order->command.domain = take(order, command->domain, text_size(command->domain));
	order->command.id = take(order, command->id, text_size(command->id));
	order->command.trid = take(order, command->trid, text_size(command->trid));
	return order;
}

bool epp_order_is_late(const epp_order_t *order, uint64_t now)
{
	return order->until <= now;
}

bool epp_order_is_once(const epp_order_t *order, uint64_t now)
{
	(void)now;
	return order->once;
}

bool epp_order_is_any(const epp_order_t *order, uint64_t now)
{
	(void)order;
	(void)now;
	return true;
}

epp_order_t *epp_orders_first(const list_t *orders)
{
	return list_item(orders->first, epp_order_t, node);
}

uint64_t epp_orders_until(const list_t *orders)
{
	uint64_t until = UINT64_MAX;

	for (list_node_t *node = orders->first; node != NULL; node = node->next) {
		const epp_order_t *order = list_item(node, epp_order_t, node);
		until = order->until < until ? order->until : until;
	}
	return until;
}

bool epp_orders_before(const list_t *orders, const void *arg, bool under_way, unsigned *before)
{
	*before = 0;
	for (list_node_t *node = orders->first; node != NULL; node = node->next) {
		const epp_order_t *order = list_item(node, epp_order_t, node);
		if (order->arg == arg) {
			return !under_way || node != orders->first;
		}
		*before += order->command.verb == EPP_UPDATE ? 1 : 2;
	}
	return false;
}

void epp_orders_add(list_t *orders, epp_order_t *order, bool but_first)
{
	list_add(orders, &order->node);
	if (order->command.verb != EPP_UPDATE) {
		return;
	}
	list_node_t *node = but_first ? orders->first->next : orders->first;
	while (node != &order->node) {
		list_node_t *next = node->next;
		if (list_item(node, epp_order_t, node)->command.verb != EPP_UPDATE) {
			list_move(orders, node);
		}
		node = next;
	}
}

bool epp_orders_drop(list_t *orders, const void *arg, bool but_first)
{
	list_node_t *node = orders->first;
	bool stays = false;

	while (node != NULL) {
		list_node_t *next = node->next;
		epp_order_t *order = list_item(node, epp_order_t, node);
		if (order->arg == arg && but_first && node == orders->first) {
			stays = true;
		} else if (order->arg == arg) {
			list_remove(node);
			free(order);
		}
		node = next;
	}
	return stays;
}

void epp_orders_move(list_t *from, list_t *to, epp_order_is_f is, uint64_t now, bool but_first)
{
	list_node_t *node = from->first;

	if (but_first && node != NULL) {
		node = node->next;
	}
	while (node != NULL) {
		list_node_t *next = node->next;
		if (is(list_item(node, epp_order_t, node), now)) {
			list_move(to, node);
		}
		node = next;
	}
}
