/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Orders for the states of keys: module/server/key_actor.c in virtual time. What has to be set says the production
 * source (key_plan.c). A set may be lost, because Knot writes all keys in that moment, and the process may end between
 * any two steps.
 */

#include <string.h>

#include "sim_orders.h"

/*! How often an order is carried out before Knot is said to undo it. */
#define TRIES 3
/*! Only of a key that the zone has, the identifier is known. */
static bool name_key(const world_t *w, const key_id_t *id, key_id_t *key, char *keyid)
{
	const engine_t *e = &w->engine;
	const bool there = key_id_find(e->facts.keys, e->own_count, id) >= 0;

	*key = *id;
	keyid[0] = there ? keymgr_name(id->digest[0] - 1) : '\0';
	return there;
}

/*! As module/daemon/act.c. */
static server_keys_t wish_of(const world_t *w, const rollover_decision_t *d)
{
	const engine_t *e = &w->engine;
	const rollover_row_t *row = &d->row;
	const bool idle = row->state == ROLLOVER_IDLE;
	const key_id_t *old = idle ? e->facts.keys : row->old;
	const unsigned count = idle ? e->own_count : row->old_count;
	const bool silent = d->set_keys && rollover_are_silent(d->keys);
	server_keys_t wish = { .order = server_key_order(d),
		               .has_new = row->has_new && !idle,
		               .sign_first = d->sign_first };

	for (unsigned i = 0; i < count && wish.old_count < ROLLOVER_OLD_MAX; i++) {
		const unsigned at = wish.old_count;
		wish.old_count += name_key(w, &old[i], &wish.old_keys[at], wish.old_keyids[at]) || !silent;
	}
	if (wish.has_new) {
		(void)name_key(w, &row->new_key, &wish.new_key, wish.new_keyid);
	}
	return wish;
}

static void set(world_t *w, const key_step_t *step, time_t decided)
{
	const unsigned k = step->key->id[0] - 'A';

	if (rng_below(&w->key_rng, 1000) < w->knot.loses) {
		trace(w, "keymgr      sets KSK %s, and Knot overwrites it", keys_text(1U << k));
		return;
	}
	w->engine.sets++;
	keymgr_set(w, step->key, step->change, decided);
}

/*! \return False if the process has ended. */
static bool carry_out(world_t *w, const key_plan_t *plan, time_t decided)
{
	for (size_t i = 0; i < plan->count; i++) {
		set(w, &plan->steps[i], decided);
		if (engine_may_crash(w, true)) {
			return false;
		}
	}
	if (plan->make) {
		/* knotd says OK in any case: that it ignores the order is in its log only. */
		(void)knot_roll(w, w->knot.algorithm, false, CAUSE_OURS, decided);
	} else {
		knot_update(w);
	}
	return !engine_may_crash(w, true);
}

/*! Keys that are signalled as ordered, by whomever they were made ready before. */
static void claim(world_t *w, const rollover_decision_t *d, time_t decided)
{
	for (unsigned k = 0; k < w->knot.key_count && d->set_keys && !rollover_are_silent(d->keys); k++) {
		if (w->knot.key[k].state == KSK_READY && w->knot.key[k].ready_cause != CAUSE_OURS) {
			knot_set(w, k, KSK_READY, CAUSE_OURS, decided);
		}
	}
	knot_update(w);
}

order_end_t orders_run(world_t *w, const rollover_decision_t *d, time_t decided, char *detail)
{
	const server_keys_t wish = wish_of(w, d);
	bool made = false;
	key_list_t list;
	key_plan_t plan;

	if (fault_active(w, FAULT_KEYS)) {
		snprintf(detail, KEY_ERROR_MAX, "keymgr cannot be run");
		return ORDER_REFUSED;
	}
	if (w->knot.frozen) {
		snprintf(detail, KEY_ERROR_MAX, "the zone is frozen");
		return ORDER_REFUSED;
	}
	if (rng_below(&w->key_rng, 100) < w->knot.busy) {
		snprintf(detail, KEY_ERROR_MAX, "Knot is about to sign the zone, and may write its keys");
		return ORDER_BUSY;
	}
	trace(w, "module      orders %s", key_order_name(wish.order));
	w->knot.ordered = rollover_ordered(d);
	for (int tries = 0;; tries++) {
		keymgr_list(w, &list);
		if (!key_plan(&list, &wish, KEYMGR_NOW, &plan)) {
			snprintf(detail, KEY_ERROR_MAX, "%s", plan.error);
			return ORDER_REFUSED;
		}
		if (tries > 0 && plan.count == 0 && !plan.make) {
			break;
		}
		if (wish.sign_first && plan.count > 0) {
			trace(w, "module      has the zone signed again");
			knot_sign(w);
			snprintf(detail, KEY_ERROR_MAX, "Knot signs the zone again before its signals are repeated");
			return ORDER_BUSY;
		}
		if (tries > TRIES || (made && plan.make)) {
			snprintf(detail, KEY_ERROR_MAX, "%s",
			         made && plan.make ? "Knot makes no KSK" : "Knot undoes what keymgr sets");
			return ORDER_BUSY;
		}
		if (!carry_out(w, &plan, decided)) {
			return ORDER_DIED;
		}
		made |= plan.make;
	}
	claim(w, d, decided);
	if (rng_below(&w->key_rng, 100) < w->knot.unheard) {
		snprintf(detail, KEY_ERROR_MAX, "timeout");
		return ORDER_UNHEARD;
	}
	return ORDER_OK;
}
