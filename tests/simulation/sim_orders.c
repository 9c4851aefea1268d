/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Orders for the states of keys: module/server/key_actor.c in virtual time. What has to be set says the production
 * source (key_plan.c). A set may be lost, because Knot writes all keys in that moment, and the process may end between
 * any two steps.
 */

#include <string.h>

#include "key_plan.h"
#include "sim_orders.h"

/*! How often an order is carried out before Knot is said to undo it. */
#define TRIES 3
/*! keymgr's clock: timers are set to 1, so they are due. */
#define DUE 1
#define NOW 2

/*! The identifier of a key is a letter. */
static char name_of(unsigned key)
{
	return (char)('A' + key);
}

/*! `keymgr list`. */
static void list_keys(const world_t *w, key_list_t *list)
{
	static const key_timer_t TIMERS[] = {
		[KSK_PUBLISHED] = KEY_PUBLISH,   [KSK_READY] = KEY_READY,    [KSK_ACTIVE] = KEY_ACTIVE,
		[KSK_ASIDE] = KEY_RETIRE_ACTIVE, [KSK_RETIRED] = KEY_RETIRE,
	};

	list->count = 0;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		const ksk_state_t state = w->knot.key[k].state;
		if (state == KSK_NONE || state == KSK_REMOVED) {
			continue;
		}
		key_id_t id;
		facts_key_id(w, k, &id);
		listed_key_t *key = &list->keys[list->count++];
		*key = (listed_key_t){
			.id = { name_of(k) }, .tag = id.tag, .algorithm = id.algorithm, .ksk = true, .zsk = w->csk
		};
		/* When it was made only counts beside other keys. */
		key->timers[KEY_CREATED] = w->knot.key[k].published - T0 + 400 * DAY;
		key->timers[KEY_PUBLISH] = DUE;
		key->timers[TIMERS[state]] = DUE;
		if (state == KSK_ASIDE) {
			key->timers[KEY_RETIRE] = NOW + 20 * 365 * DAY;
		}
	}
}

/*! Only of a key that the zone has, the identifier is known. */
static bool name_key(const world_t *w, const key_id_t *id, key_id_t *key, char *keyid)
{
	const engine_t *e = &w->engine;
	const bool there = key_id_find(e->facts.keys, e->own_count, id) >= 0;

	*key = *id;
	keyid[0] = there ? name_of(id->digest[0] - 1) : '\0';
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
	switch (step->change) {
	case KEY_CHANGE_ACTIVE:
	case KEY_CHANGE_SIGNING:
		trace(w, "keymgr      sets KSK %s active", keys_text(1U << k));
		knot_set(w, k, KSK_ACTIVE, CAUSE_OURS, decided);
		break;
	case KEY_CHANGE_ASIDE:
		trace(w, "keymgr      sets KSK %s aside", keys_text(1U << k));
		knot_set(w, k, KSK_ASIDE, CAUSE_OURS, decided);
		break;
	case KEY_CHANGE_READY:
	case KEY_CHANGE_SIGNAL:
		trace(w, "keymgr      sets KSK %s ready", keys_text(1U << k));
		knot_set(w, k, KSK_READY, CAUSE_OURS, decided);
		break;
	case KEY_CHANGE_REMOVE:
	case KEY_CHANGE_ACTIVE_REMOVE:
		trace(w, "keymgr      sets KSK %s removed", keys_text(1U << k));
		knot_remove(w, 1U << k, CAUSE_OURS, decided);
		break;
	default:
		break;
	}
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
		(void)knot_roll(w, w->knot.key[w->knot.key_count - 1].algorithm, false, CAUSE_OURS, decided);
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
		list_keys(w, &list);
		if (!key_plan(&list, &wish, NOW, &plan)) {
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
