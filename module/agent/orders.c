/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "batch_text.h"
#include "include_file.h"
#include "leftover.h"
#include "order_batch.h"
#include "order_fate.h"
#include "orders.h"
#include "orders_update.h"
#include "parent_state.h"
#include "pump.h"
#include "kskroll/text_copy.h"

/*! Orders that come within so many milliseconds go together. */
#define JOIN_MS 100
/*! After a commit nothing is committed for so many times its duration: a tenth of the time at most. */
#define PAUSES 9
/*! Until the next try where another client, or knotd itself, is at work. */
#define BUSY_MS 1000
/*! A transaction may last so long: it signs, and may wait for a re-signing that begins just then. */
#define COMMIT_MS 120000
/*! Between two tries to end a transaction that was left behind. */
#define RECOVER_MS 2000
/*! An open transaction without changes is ours after so long: no client needs that long to begin. */
#define EMPTY_MS (10 * 60 * 1000)

static uint64_t now_ms(const parent_t *parent)
{
	return uv_now(parent->agent->env.loop);
}

/*! Whether the TTL alone is lowered, at the child's wish. What forbids a change forbids that as well. */
static bool lowers(const order_t *order)
{
	return order->action == DELEGATION_DO_RESTORE && order->ttl < order->ds_ttl;
}

/* What comes of an order. */

static void count(agent_t *agent, const order_t *order)
{
	delegation_totals_t *totals = &agent->totals;

	totals->changes += order->action == DELEGATION_DO_CHANGE;
	totals->restores += order->action == DELEGATION_DO_RESTORE && !lowers(order);
	totals->undos += order->action == DELEGATION_DO_UNDO;
}

/*! The order is over. Its delegation has a turn at once, which reads the zone. */
static void end(order_t *order, delegation_outcome_t outcome, const char *detail)
{
	delegation_t *d = order->d;
	awake_t *awake = d->of.awake;
	parent_t *parent = order->parent;
	const bool known = order->made && outcome == DELEGATION_OUTCOME_DONE, former = order->former;

	awake->order = NULL;
	if (outcome == DELEGATION_OUTCOME_DONE && !known) {
		count(parent->agent, order);
	}
	order_free(order);
	if (d->gone) {
		if (awake->turn == NULL) {
			delegation_free(&parent->all, d);
		}
		return;
	}
	if (known || former) {
		return;
	}
	awake->outcome = outcome;
	text_copy(awake->outcome_detail, sizeof(awake->outcome_detail), detail);
	if (awake->turn != NULL) {
		awake->again = true;
	} else {
		pump_in(parent->agent, d, 0, true);
	}
}

static void wait_again(parent_t *parent, order_t *order)
{
	list_add(&parent->orders.waiting, &order->node);
}

/* Batches. */

static void on_timer(uv_timer_t *timer);

static void set_timer(parent_t *parent, uint64_t ms)
{
	orders_t *orders = &parent->orders;
	const uint64_t now = now_ms(parent);

	if (parent->gone || parent->agent->stopping) {
		return;
	}
	if (orders->not_before > now + ms) {
		ms = orders->not_before - now;
	}
	uv_timer_start(&orders->timer, on_timer, ms, 0);
}

/*! Whether the facts are too old that it was decided on. */
static bool is_old(const parent_t *parent, const order_t *order)
{
	return agent_now(parent->agent) >= order->until || now_ms(parent) >= order->latest;
}

/*! One item has its result. \return True: the order waits again. */
static bool conclude(parent_t *parent, order_t *order, const parent_batch_t *batch, const parent_item_t *item)
{
	switch (item->status) {
	case PARENT_ITEM_DONE:
	case PARENT_ITEM_SAME:
		end(order, DELEGATION_OUTCOME_DONE, "");
		return false;
	case PARENT_ITEM_DIFFERS:
		end(order, DELEGATION_OUTCOME_FAILED, "the zone has another NS or DS RRset than was judged");
		return false;
	case PARENT_ITEM_REFUSED:
		end(order, DELEGATION_OUTCOME_FAILED, item->detail);
		return false;
	case PARENT_ITEM_PUT_OFF:
	default:
		break;
	}
	if (batch->status == PARENT_BATCH_LOST) {
		end(order, DELEGATION_OUTCOME_NONE, batch->detail);
	} else if (batch->status == PARENT_BATCH_REFUSED || is_old(parent, order) || order->d->gone) {
		end(order, DELEGATION_OUTCOME_FAILED, batch->detail);
	} else {
		wait_again(parent, order);
		return true;
	}
	return false;
}

static void on_changed(parent_batch_t *batch, void *arg)
{
	running_t *running = arg;
	parent_t *parent = running->parent;
	orders_t *orders = &parent->orders;
	const uint64_t took = now_ms(parent) - orders->begun;
	bool waits = false;

	orders->batch = NULL;
	orders->not_before = batch->status == PARENT_BATCH_COMMITTED ? now_ms(parent) + PAUSES * batch->took_ms : 0;
	/* What is perhaps in the file would be published by the next batch. */
	orders->recovering = running->by_file && batch->status == PARENT_BATCH_LOST;
	/* Left open only where this process ends: the next one ends it. */
	if (!batch->open && !orders->recovering) {
		(void)batch_save(parent, "");
	}
	if (batch->status == PARENT_BATCH_COMMITTED) {
		agent_log(parent->agent, LOG_INFO, "zone %s: %s, delegations: %zu, %llu ms", parent->name,
		          running->by_file ? "a reload of the included file" : "a transaction", batch->count,
		          (unsigned long long)took);
		parent_changed(parent);
	} else if (batch->status != PARENT_BATCH_NOTHING &&
	           !(running->leftover && strcmp(parent->left_why, batch->detail) == 0)) {
		agent_log(parent->agent, batch->status == PARENT_BATCH_BUSY ? LOG_INFO : LOG_WARNING, "zone %s: %s: %s",
		          parent->name,
		          running->by_file ? "the included file was not changed" : "the transaction was not committed",
		          batch->detail);
	}
	for (size_t i = 0; i < orders->running_count; i++) {
		waits |= conclude(parent, orders->running[i], batch, &batch->items[i]);
	}
	free(orders->running);
	orders->running = NULL;
	orders->running_count = 0;
	if (running->leftover) {
		text_copy(parent->left_why, sizeof(parent->left_why), batch->detail);
		leftover_end(running);
	} else {
		batch_free_running(running);
	}
	if (orders->waiting.count > 0 || orders->recovering) {
		set_timer(parent, waits ? BUSY_MS : JOIN_MS);
	}
	parent_unref(parent);
}

/*! They were decided on facts that are too old by now. */
static void drop_old(parent_t *parent)
{
	list_node_t *next;

	for (list_node_t *node = parent->orders.waiting.first; node != NULL; node = next) {
		order_t *order = list_item(node, order_t, node);
		next = node->next;
		if (!order->doubt && is_old(parent, order)) {
			list_remove(node);
			end(order, DELEGATION_OUTCOME_FAILED,
			    parent->file_trouble[0] != '\0' ?
			            parent->file_trouble :
			            "the facts were too old before the zone could be changed");
		}
	}
}

/*! \return Why the order must not be carried out any more: row or settings are others since it was decided; NULL: none.
 */
static const char *forbidden(const parent_t *parent, const order_t *order)
{
	delegation_config_t config;

	parent_config(parent, order->d, &config);
	if (order->doubt) {
		return config.apply == DELEGATION_BY_UPDATE ? NULL : "delegation-apply is not update any more";
	}
	/* DS may be as it was judged once more. */
	if (!order_is_awaited(&order->d->of.awake->row, order->action)) {
		return "the zone has had another DS RRset since it was judged";
	}
	if (config.report_only) {
		return "delegations is report by now";
	}
	if (config.locked && (order->action == DELEGATION_DO_CHANGE || lowers(order))) {
		return "the delegation is locked by now";
	}
	if (config.apply == DELEGATION_BY_UPDATE) {
		return NULL;
	}
	/* A reload would bring the old DS back, unless it reads the file that has the new one. */
	if (parent->load == DELEGATION_LOAD_SECONDARY ||
	    (order->lasts && config.apply == DELEGATION_BY_TRANSACTION && parent->load != DELEGATION_LOAD_KEEPS)) {
		return parent->load_reason;
	}
	return NULL;
}

static void drop_forbidden(parent_t *parent)
{
	list_node_t *next;

	for (list_node_t *node = parent->orders.waiting.first; node != NULL; node = next) {
		order_t *order = list_item(node, order_t, node);
		const char *why = forbidden(parent, order);
		next = node->next;
		if (why != NULL) {
			list_remove(node);
			end(order, DELEGATION_OUTCOME_FAILED, why);
		}
	}
}

/*! When the first of those that run is too old. */
static uint64_t oldest(const orders_t *orders)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < orders->running_count; i++) {
		const uint64_t latest = orders->running[i]->latest;
		first = latest < first ? latest : first;
	}
	return first;
}

static void change(running_t *running, server_t *server)
{
	parent_t *parent = running->parent;
	char path[INCLUDE_PATH_MAX];

	/* What a lost batch has left in the file would be published: it is settled first. */
	assert(!parent->orders.recovering);
	running->by_file = parent->settings.config.apply == DELEGATION_BY_INCLUDE;
	if (!running->by_file) {
		parent_zone_change(server, &running->batch, COMMIT_MS, on_changed, running);
	} else if (include_path(parent, path)) {
		parent_zone_include(server, path, &running->batch, COMMIT_MS, on_changed, running);
	} else {
		running->batch.status = PARENT_BATCH_REFUSED;
		text_copy(running->batch.detail, sizeof(running->batch.detail),
		          "the zone's name is too long for a file of its own");
		on_changed(&running->batch, running);
	}
}

/*! What goes to the primary depends on nothing that is read here. */
static void update(parent_t *parent)
{
	static const orders_back_t back = { .end = end, .in = set_timer };

	drop_old(parent);
	drop_forbidden(parent);
	orders_update(parent, &back);
}

static void begin(parent_t *parent)
{
	orders_t *orders = &parent->orders;
	server_t *server = parent->agent->env.server(parent->agent->env.arg);
	static char text[sizeof(((store_parent_t *)NULL)->batch)];

	if (parent->settings.config.apply == DELEGATION_BY_UPDATE) {
		update(parent); /* By now. */
		return;
	}
	drop_old(parent);
	drop_forbidden(parent);
	if (orders->waiting.count == 0 && !leftover_is_due(parent)) {
		return;
	}
	running_t *running = server == NULL            ? NULL :
	                     orders->waiting.count > 0 ? batch_take(parent, text, sizeof(text)) :
	                                                 leftover_take(parent, text, sizeof(text));
	if (running == NULL) {
		set_timer(parent, BUSY_MS);
		return;
	}
	if (!batch_save(parent, text)) {
		for (size_t i = 0; i < orders->running_count; i++) {
			wait_again(parent, orders->running[i]);
		}
		free(orders->running);
		orders->running = NULL;
		orders->running_count = 0;
		if (running->leftover) {
			running->batch.status = PARENT_BATCH_ABORTED;
			leftover_end(running);
		} else {
			batch_free_running(running);
		}
		set_timer(parent, BUSY_MS);
		return;
	}
	orders->batch = running;
	orders->begun = now_ms(parent);
	/* What has no delegation does not get old. */
	running->batch.latest =
		running->leftover ? 0 : uv_hrtime() + (oldest(orders) - orders->begun) * UINT64_C(1000000);
	parent_ref(parent);
	change(running, server);
}

/*! What becomes of a change is proven again when it is made. */
static void on_load(const parent_load_t *load, void *arg)
{
	parent_t *parent = arg;

	parent->orders.loading = false;
	if (load->status == SERVER_CANCELLED) {
		set_timer(parent, BUSY_MS);
	} else if (!parent->gone && !parent->agent->stopping) {
		parent_take_load(parent, load);
		begin(parent);
	}
	parent_unref(parent);
}

/* What a former process has left behind. */

static void recovered(parent_t *parent, parent_recover_t result, const char *detail)
{
	orders_t *orders = &parent->orders;

	if (parent->include != INCLUDE_MISSING) {
		parent_file_trouble(parent, "");
	}

	if (result == PARENT_RECOVER_ABORTED) {
		agent_log(parent->agent, LOG_WARNING, "zone %s: a transaction that was left open is aborted",
		          parent->name);
	} else if (result == PARENT_RECOVER_FOREIGN) {
		agent_log(parent->agent, LOG_WARNING, "zone %s: %s", parent->name, detail);
	}
	if (!batch_save(parent, "")) {
		set_timer(parent, RECOVER_MS);
		return;
	}
	orders->recovering = false;
	orders->empty_since = 0;
	if (orders->waiting.count > 0) {
		set_timer(parent, 0);
	}
}

static void on_recovered(parent_recover_t result, const char *detail, void *arg)
{
	running_t *running = arg;
	parent_t *parent = running->parent;
	orders_t *orders = &parent->orders;

	batch_free(&running->batch);
	free(running);
	orders->batch = NULL;
	if (!parent->gone && !parent->agent->stopping) {
		if (result == PARENT_RECOVER_EMPTY && orders->empty_since == 0) {
			orders->empty_since = now_ms(parent);
			agent_log(
				parent->agent, LOG_WARNING,
				"zone %s: a transaction without changes is open, perhaps the agent's own; it is ended in "
				"10 minutes (or by zone-abort)",
				parent->name);
		}
		if (result == PARENT_RECOVER_AGAIN && detail[0] != '\0') {
			parent_file_trouble(parent, detail);
		}
		if (result == PARENT_RECOVER_AGAIN || result == PARENT_RECOVER_EMPTY) {
			set_timer(parent, RECOVER_MS);
		} else {
			recovered(parent, result, detail);
		}
	}
	parent_unref(parent);
}

/*! \return False: there is nothing to recover, or nothing that can be read. */
static bool recover(parent_t *parent)
{
	const agent_env_t *env = &parent->agent->env;
	orders_t *orders = &parent->orders;
	store_t *store = env->store(env->arg);
	server_t *server = env->server(env->arg);
	store_parent_t *row = calloc(1, sizeof(*row));
	running_t *running = calloc(1, sizeof(*running));
	char path[INCLUDE_PATH_MAX];

	if (store == NULL || server == NULL || row == NULL || running == NULL) {
		free(row);
		free(running);
		set_timer(parent, RECOVER_MS);
		return true;
	}
	const int ret = store_parent_load(store, parent->name, row);
	const int read = ret == KNOT_EOK && row->batch[0] != '\0' ?
	                         batch_read(parent->name, row->batch, &running->batch) :
	                         KNOT_EMALF;
	free(row);
	if (ret == KNOT_ERROR || read == KNOT_ENOMEM) {
		free(running);
		set_timer(parent, RECOVER_MS);
		return true;
	}
	if (read != KNOT_EOK) {
		free(running);
		return false;
	}
	running->parent = parent;
	orders->batch = running;
	parent_ref(parent);
	const bool empty = orders->empty_since != 0 && now_ms(parent) - orders->empty_since >= EMPTY_MS;
	/* It may have been written to the file, and not have been loaded. */
	const bool by_file = parent->settings.config.apply == DELEGATION_BY_INCLUDE && include_path(parent, path);
	parent_zone_recover(server, by_file ? path : NULL, &running->batch, empty, on_recovered, running);
	return true;
}

static void on_timer(uv_timer_t *timer)
{
	parent_t *parent = timer->data;
	orders_t *orders = &parent->orders;
	server_t *server = parent->agent->env.server(parent->agent->env.arg);

	if (orders->batch != NULL || orders->loading) {
		return; /* What comes back sets the timer. */
	}
	if (orders->recovering) {
		drop_old(parent);
		if (!recover(parent)) {
			recovered(parent, PARENT_RECOVER_NONE, "");
		}
		return;
	}
	if (parent->settings.config.apply == DELEGATION_BY_UPDATE) {
		update(parent);
		return;
	}
	drop_old(parent);
	if (orders->waiting.count == 0 && !leftover_is_due(parent)) {
		return;
	}
	if (server == NULL) {
		set_timer(parent, BUSY_MS);
		return;
	}
	orders->loading = true;
	parent_ref(parent);
	parent_zone_load(server, parent->name, on_load, parent);
}

/* For the others. */

void orders_init(parent_t *parent)
{
	uv_timer_init(parent->agent->env.loop, &parent->orders.timer);
	parent->orders.timer.data = parent;
}

void orders_recover(parent_t *parent)
{
	parent->orders.recovering = true;
	set_timer(parent, 0);
}

void orders_stop(parent_t *parent)
{
	list_node_t *node;

	uv_timer_stop(&parent->orders.timer);
	while ((node = parent->orders.waiting.first) != NULL) {
		order_t *order = list_item(node, order_t, node);
		list_remove(node);
		order->d->of.awake->order = NULL;
		order_free(order);
	}
}

bool orders_add(delegation_t *d, const delegation_order_t *from, const knot_rdataset_t *ns, const knot_rdataset_t *ds)
{
	awake_t *awake = d->of.awake;
	parent_t *parent = awake->parent;
	order_t *order = calloc(1, sizeof(*order));

	assert(d->is_awake);
	/* The zone has shown what came of one in doubt. */
	orders_drop(d);
	if (order == NULL || awake->order != NULL) {
		if (awake->order != NULL) {
			awake->order->former = true;
		}
		free(order);
		return false;
	}
	*order = (order_t){ .d = d,
		            .parent = parent,
		            .action = from->action,
		            .ds_ttl = from->base_ttl,
		            .ttl = from->ttl,
		            .until = from->until };
	const time_t left = from->until - agent_now(parent->agent);
	order->latest = now_ms(parent) + (left > 0 ? (uint64_t)left * 1000 : 0);
	order->lasts = (from->action == DELEGATION_DO_CHANGE || lowers(order)) && parent->load == DELEGATION_LOAD_KEEPS;
	if (knot_rdataset_copy(&order->ns, ns, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&order->ds, ds, NULL) != KNOT_EOK || order_set(&from->put, &order->wanted) != KNOT_EOK) {
		order_free(order);
		return false;
	}
	/* What is broken is repaired at once. */
	if (from->action == DELEGATION_DO_UNDO) {
		parent->orders.not_before = 0;
		uv_timer_stop(&parent->orders.timer);
	}
	awake->order = order;
	list_add(&parent->orders.waiting, &order->node);
	/* Those that wait already are not put off by this one. */
	if (parent->orders.batch == NULL && !uv_is_active((uv_handle_t *)&parent->orders.timer)) {
		set_timer(parent, JOIN_MS);
	}
	return true;
}

void orders_drop(delegation_t *d)
{
	order_t *order = d->is_awake ? d->of.awake->order : NULL;

	if (order != NULL && order->node.list != NULL) {
		list_remove(&order->node);
		d->of.awake->order = NULL;
		order_free(order);
	}
}

void orders_leftover(parent_t *parent)
{
	if (leftover_is_due(parent) && parent->orders.batch == NULL &&
	    !uv_is_active((uv_handle_t *)&parent->orders.timer)) {
		set_timer(parent, JOIN_MS);
	}
}

bool orders_are_running(const parent_t *parent)
{
	return parent->orders.batch != NULL && !parent->orders.recovering;
}
