/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "order_fate.h"
#include "orders_update.h"
#include "parent_state.h"
#include "kskroll/update.h"

/*! Messages of one zone at the same time: a primary that is silent leaves room for those of other zones. */
#define UPDATES_MAX (UPDATE_SLOTS / 2)
/*! Until the next try where the primary cannot be reached. */
#define UNSENT_MS 2000

static uint64_t now_ms(const parent_t *parent)
{
	return uv_now(parent->agent->env.loop);
}

static void say(const order_t *order, int priority, const char *what, const char *detail)
{
	const parent_t *parent = order->parent;
	knot_dname_txt_storage_t name;

	if (knot_dname_to_str(name, order->d->of.awake->name, sizeof(name)) != NULL) {
		agent_log(parent->agent, priority, "zone %s, delegation %s: DNS UPDATE %s: %s", parent->name, name,
		          what, detail);
	}
}

static void wait_ms(order_t *order, uint64_t ms)
{
	parent_t *parent = order->parent;

	order->retry_at = now_ms(parent) + ms;
	list_add(&parent->orders.waiting, &order->node);
}

/*! Nobody knows whether it was carried out, or will be. */
static void doubt(order_t *order, const char *detail)
{
	if (!order->doubt) {
		say(order, LOG_WARNING, "without an answer, the primary is asked what came of it", detail);
	}
	order->doubt = true;
	order->retry_ms = order_doubt_ms(order->retry_ms);
	wait_ms(order, order->retry_ms);
}

/*! Said if the zone does not have it in the end. */
static const char *unless_seen(const order_t *order)
{
	return order->action == DELEGATION_DO_RESTORE ?
	               "the primary has said that it is made; Knot DNS 3.5 changes no TTL alone in a zone that it does not "
	               "sign" :
	               "the primary has said that it is made";
}

/*! No question asks for a TTL (RFC 2136 2.4), and the set has been there before. */
static bool is_of_unknown_ttl(const order_t *order, const update_result_t *result)
{
	return result->status == UPDATE_SAME && order->action == DELEGATION_DO_RESTORE;
}

/*! Why an order is over, for people. \param[in] room  As long as the detail of a result, and some words. */
static const char *why_over(const order_t *order, const update_result_t *result, char *room, size_t len)
{
	switch (result->status) {
	case UPDATE_DONE:
	case UPDATE_SAME:
		return is_of_unknown_ttl(order, result) ? "the primary has not said whether it has changed the TTL" :
		                                          unless_seen(order);
	case UPDATE_BASE:
		return "the primary has not carried out the DNS UPDATE";
	case UPDATE_DIFFERS:
		return "the primary has another NS or DS RRset than was judged";
	case UPDATE_REFUSED:
	case UPDATE_REFUSED_UNSIGNED:
		snprintf(room, len, "the primary refuses: %s", result->detail);
		return room;
	case UPDATE_UNSENT:
		return result->detail;
	default:
		return "";
	}
}

static void say_result(const order_t *order, const update_result_t *result)
{
	if (result->status == UPDATE_REFUSED || result->status == UPDATE_REFUSED_UNSIGNED) {
		say(order, LOG_WARNING, "refused", result->detail);
	} else if (is_of_unknown_ttl(order, result)) {
		say(order, LOG_INFO, "in doubt", "the primary has the set, and does not say with which TTL");
	} else if ((result->status == UPDATE_DONE || result->status == UPDATE_SAME) && !order->made) {
		say(order, LOG_INFO, "made",
		    result->status == UPDATE_DONE ? "the primary has the set" : "by an earlier message");
	}
}

static void take(order_t *order, const orders_back_t *back, const update_result_t *result)
{
	const parent_t *parent = order->parent;
	const order_sent_t sent = {
		.doubt = order->doubt,
		.gone = order->d->gone,
		.late = agent_now(parent->agent) >= order->until || now_ms(parent) >= order->latest,
		.stopped = parent->gone || parent->agent->stopping,
	};
	char room[sizeof(result->detail) + 32];
	delegation_outcome_t outcome;

	say_result(order, result);
	switch (order_fate(result->status, &sent, &outcome)) {
	case ORDER_OVER:
		back->end(order, outcome, why_over(order, result, room, sizeof(room)));
		break;
	case ORDER_DOUBT:
		doubt(order, result->status == UPDATE_CANCELLED ? "the daemon has other settings" : result->detail);
		break;
	case ORDER_AGAIN:
		wait_ms(order, UNSENT_MS);
		break;
	}
}

static void on_updated(const update_result_t *result, void *arg)
{
	order_t *order = arg;
	parent_t *parent = order->parent;
	const orders_back_t *back = order->back;

	parent->orders.updating--;
	take(order, back, result);
	if (parent->orders.waiting.count > 0) {
		back->in(parent, 0);
	}
	parent_unref(parent);
}

static void send_order(order_t *order, const orders_back_t *back)
{
	parent_t *parent = order->parent;
	const agent_settings_t *settings = &parent->settings;
	dns_t *dns = parent->agent->env.dns(parent->agent->env.arg);

	list_remove(&order->node);
	if (settings->update_primary.count == 0) {
		back->end(order, DELEGATION_OUTCOME_FAILED, "update-primary is not set");
		return;
	}
	const uint64_t now = now_ms(parent), latest = order->latest;
	const update_request_t request = {
		.zone = parent->apex,
		.owner = order->d->of.awake->name,
		.ns = &order->ns,
		.ds = &order->ds,
		.wanted = &order->wanted,
		.ttl = order->ttl,
		.check_only = order->doubt,
		.latest = latest > now ? uv_hrtime() + (latest - now) * UINT64_C(1000000) : 1,
		.primary = settings->update_primary.addr[0],
		.key = settings->update_key,
	};
	order->back = back;
	parent_ref(parent);
	parent->orders.updating++;
	const int ret = dns != NULL ? update_start(dns, &request, on_updated, order, NULL) : KNOT_ENOMEM;
	if (ret == KNOT_EOK) {
		return;
	}
	parent->orders.updating--;
	if (ret == KNOT_ENOMEM || order->doubt) {
		wait_ms(order, UNSENT_MS);
	} else {
		back->end(order, DELEGATION_OUTCOME_FAILED,
		          ret == KNOT_ESPACE ? "the DNS UPDATE would be too long" : "update-key cannot be used");
	}
	parent_unref(parent);
}

void orders_update(parent_t *parent, const orders_back_t *back)
{
	orders_t *orders = &parent->orders;
	const uint64_t now = now_ms(parent);
	uint64_t next = UINT64_MAX;
	list_node_t *node, *after;

	for (node = orders->waiting.first; node != NULL; node = after) {
		order_t *order = list_item(node, order_t, node);
		after = node->next;
		if (order->retry_at > now) {
			next = order->retry_at < next ? order->retry_at : next;
		} else if (orders->updating < UPDATES_MAX) {
			send_order(order, back);
		}
	}
	if (next != UINT64_MAX) {
		back->in(parent, next - now);
	}
}
