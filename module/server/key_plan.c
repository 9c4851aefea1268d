/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "key_plan.h"

/*! What an order makes of a key. */
typedef enum {
	TO_ACTIVE,
	TO_READY,
	TO_REMOVE,
} goal_t;

static const struct {
	const char *name;
	goal_t old_key;
	goal_t new_key;
} orders[KEY_ORDERS] = {
	[KEY_ORDER_INTRODUCE] = { "introduce", TO_ACTIVE, TO_ACTIVE },
	[KEY_ORDER_SIGNAL] = { "signal", TO_ACTIVE, TO_READY },
	[KEY_ORDER_WITHDRAW] = { "withdraw", TO_ACTIVE, TO_ACTIVE },
	[KEY_ORDER_BACK] = { "back", TO_READY, TO_ACTIVE },
	[KEY_ORDER_BOTH] = { "both", TO_READY, TO_READY },
	[KEY_ORDER_RETIRE] = { "retire", TO_REMOVE, TO_ACTIVE },
	[KEY_ORDER_ABORT] = { "abort", TO_ACTIVE, TO_REMOVE },
};

/*! The keys of an order; NULL: there is none. */
typedef struct {
	const listed_key_t *old_key;
	const listed_key_t *new_key;
	const listed_key_t *other; // A further KSK.
	size_t others;
} pair_t;

const char *key_order_name(key_order_t order)
{
	assert(order < KEY_ORDERS);
	return orders[order].name;
}

#define FAIL(plan, ...)                                                                                                \
	do {                                                                                                           \
		snprintf((plan)->error, sizeof((plan)->error), __VA_ARGS__);                                           \
		return false;                                                                                          \
	} while (0)

static bool find(const key_list_t *list, const key_ref_t *ref, time_t now, const listed_key_t **key, key_plan_t *plan)
{
	bool several;
	*key = key_list_find(list, ref->tag, ref->algorithm, now, &several);
	if (several) {
		FAIL(plan, "two KSKs have the key tag %u and algorithm %u", ref->tag, ref->algorithm);
	}
	return true;
}

/*! KSKs that are in the zone, or will be. */
static bool pair_up(const key_list_t *list, const key_wish_t *wish, time_t now, pair_t *pair, key_plan_t *plan)
{
	if ((wish->old_key != NULL && !find(list, wish->old_key, now, &pair->old_key, plan)) ||
	    (wish->new_key != NULL && !find(list, wish->new_key, now, &pair->new_key, plan))) {
		return false;
	}
	if (pair->old_key != NULL && pair->old_key == pair->new_key) {
		FAIL(plan, "the old and the new KSK are one, of key tag %u", pair->old_key->tag);
	}
	for (size_t i = 0; i < list->count; i++) {
		const listed_key_t *key = &list->keys[i];
		if (key->ksk && !key->public_only && key_state(key, now) != KEY_REMOVE && key != pair->old_key &&
		    key != pair->new_key) {
			pair->other = key;
			pair->others++;
		}
	}
	if (wish->new_key == NULL && pair->others == 1) {
		pair->new_key = pair->other;
		pair->others = 0;
	}
	if (pair->others > 0) {
		FAIL(plan, "the KSK of key tag %u belongs to neither end of the rollover", pair->other->tag);
	}
	return true;
}

/*! Whether an order may take the key out of the state that it has. */
static bool is_fit(const listed_key_t *key, goal_t goal, time_t now, key_plan_t *plan)
{
	const key_timer_t state = key_state(key, now);

	if (key->zsk) {
		FAIL(plan, "the KSK of key tag %u signs the zone as well", key->tag);
	}
	if (state == KEY_PUBLISH && goal == TO_READY) {
		// Nothing has held it until now. It may not be published everywhere.
		FAIL(plan, "the KSK of key tag %u is not introduced", key->tag);
	}
	if (state != KEY_PUBLISH && state != KEY_READY && state != KEY_ACTIVE) {
		FAIL(plan, "the KSK of key tag %u is in the state of \"%s\", which Knot has begun to change", key->tag,
		     key_timer_name(state));
	}
	return true;
}

static bool has_reached(const listed_key_t *key, goal_t goal, time_t now)
{
	switch (goal) {
	case TO_ACTIVE:
		return key != NULL && key_state(key, now) == KEY_ACTIVE;
	case TO_READY:
		return key != NULL && key_state(key, now) == KEY_READY;
	default:
		return key == NULL;
	}
}

static void add_set(key_set_t *set, const char *assignment)
{
	set->set[set->count++] = assignment;
}

static void add(key_plan_t *plan, const listed_key_t *key, goal_t goal, time_t now, bool renew)
{
	const bool reached = has_reached(key, goal, now);
	if (key == NULL || (reached && !renew)) {
		return;
	}
	key_set_t *set = &plan->keys[plan->count++];
	set->key = key;
	if (renew) {
		add_set(set, "created=+0");
	}
	if (reached) {
		return;
	}
	if (goal == TO_REMOVE) {
		if (key_state(key, now) != KEY_ACTIVE) {
			// keymgr refuses a key that would retire before it is active.
			add_set(set, "active=+0");
		}
		add_set(set, "retire=+0");
		add_set(set, "remove=+0");
	} else if (goal == TO_READY) {
		// Always both: `ready` of a former signal would end a timeout of Knot's at once.
		add_set(set, "ready=+0");
		add_set(set, "active=0");
	} else {
		add_set(set, "active=+0");
	}
}

/*! Keys that become active come first and those that are removed last: so at each moment one is there that signs. */
static void order_sets(key_plan_t *plan, const pair_t *pair, const key_wish_t *wish, time_t now)
{
	const goal_t old_goal = orders[wish->order].old_key, new_goal = orders[wish->order].new_key;
	const bool renew = wish->renew && wish->order == KEY_ORDER_RETIRE && pair->old_key != NULL;

	if (old_goal <= new_goal) {
		add(plan, pair->old_key, old_goal, now, false);
	}
	add(plan, pair->new_key, new_goal, now, renew);
	if (old_goal > new_goal) {
		add(plan, pair->old_key, old_goal, now, false);
	}
}

bool key_plan(const key_list_t *list, const key_wish_t *wish, time_t now, key_plan_t *plan)
{
	assert(list != NULL && wish != NULL && wish->order < KEY_ORDERS && plan != NULL);

	*plan = (key_plan_t){ 0 };
	pair_t pair = { 0 };
	const goal_t old_goal = orders[wish->order].old_key, new_goal = orders[wish->order].new_key;

	if (list->count == 0) {
		// keymgr makes a folder that is not there and then lists nothing.
		FAIL(plan, "keymgr lists no key: the folder is not that of the server");
	}
	if (!pair_up(list, wish, now, &pair, plan)) {
		return false;
	}
	if (wish->old_key == NULL && wish->order != KEY_ORDER_SIGNAL && wish->order != KEY_ORDER_WITHDRAW) {
		FAIL(plan, "%s needs an old key", key_order_name(wish->order));
	}
	if (wish->old_key != NULL && pair.old_key == NULL && old_goal != TO_REMOVE) {
		FAIL(plan, "the KSK of key tag %u is not among the keys", wish->old_key->tag);
	}
	if (pair.new_key == NULL && new_goal != TO_REMOVE) {
		plan->make = wish->order == KEY_ORDER_INTRODUCE && wish->new_key == NULL;
		if (!plan->make) {
			FAIL(plan, "the new KSK is not among the keys");
		}
		if (!is_fit(pair.old_key, old_goal, now, plan)) {
			return false;
		}
		add(plan, pair.old_key, old_goal, now, false);
		return true;
	}
	if ((pair.old_key != NULL && !has_reached(pair.old_key, old_goal, now) &&
	     !is_fit(pair.old_key, old_goal, now, plan)) ||
	    (pair.new_key != NULL && !has_reached(pair.new_key, new_goal, now) &&
	     !is_fit(pair.new_key, new_goal, now, plan))) {
		return false;
	}
	order_sets(plan, &pair, wish, now);
	return true;
}
