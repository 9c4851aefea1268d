/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "key_algorithms.h"
#include "key_cast.h"
#include "key_ends.h"
#include "key_plan.h"
#include "key_plan_parts.h"

/*! What an order makes of a key. Keys are changed in this order: so at each moment one is there that signs. */
typedef enum {
	TO_ACTIVE,
	TO_READY,
	TO_ASIDE, /*!< Active, but another key signs the data. The same as active where keys sign none. */
	TO_REMOVE,
	GOALS,
} goal_t;

/*! Keys that an order has to name. */
enum {
	NEEDS_OLD = 1,
	NEEDS_NEW = 2,
	NEEDS_ANY = 4,
};

static const struct {
	goal_t old_key;
	goal_t new_key;
	unsigned needs;
} orders[KEY_ORDERS] = {
	[KEY_ORDER_INTRODUCE] = { TO_ACTIVE, TO_ASIDE, NEEDS_OLD },
	[KEY_ORDER_SILENT] = { TO_ACTIVE, TO_ASIDE, NEEDS_ANY },
	[KEY_ORDER_MOVE] = { TO_ASIDE, TO_ACTIVE, NEEDS_NEW },
	[KEY_ORDER_SIGNAL] = { TO_ACTIVE, TO_READY, NEEDS_NEW },
	[KEY_ORDER_BOTH] = { TO_READY, TO_READY, NEEDS_OLD | NEEDS_NEW },
	[KEY_ORDER_RETIRE] = { TO_REMOVE, TO_ACTIVE, NEEDS_OLD | NEEDS_NEW },
	[KEY_ORDER_ABORT] = { TO_ACTIVE, TO_REMOVE, NEEDS_OLD | NEEDS_NEW },
	[KEY_ORDER_PRESIGN] = { TO_ACTIVE, TO_ACTIVE, NEEDS_OLD },
	[KEY_ORDER_PUBLISH] = { TO_ACTIVE, TO_ACTIVE, NEEDS_OLD },
	[KEY_ORDER_CLEAN] = { TO_REMOVE, TO_ACTIVE, NEEDS_OLD | NEEDS_NEW },
};

key_order_t server_key_order(const rollover_decision_t *d)
{
	static const key_order_t of_states[KEYS__COUNT] = {
		[KEYS_SILENT] = KEY_ORDER_SILENT,     [KEYS_MOVED] = KEY_ORDER_MOVE,
		[KEYS_SIGNAL_NEW] = KEY_ORDER_SIGNAL, [KEYS_SIGNAL_BOTH] = KEY_ORDER_BOTH,
		[KEYS_PRESIGN] = KEY_ORDER_PRESIGN,
	};
	static const key_order_t of_actions[ACTION__COUNT] = {
		[ACTION_START] = KEY_ORDER_INTRODUCE,
		[ACTION_RETIRE] = KEY_ORDER_RETIRE,
		[ACTION_PUBLISH] = KEY_ORDER_PUBLISH,
		[ACTION_CLEAN] = KEY_ORDER_CLEAN,
	};

	assert(d != NULL && (!d->set_keys || d->keys != KEYS_UNKNOWN));
	if (!d->set_keys) {
		return of_actions[d->action];
	}
	return of_states[d->keys];
}

/*! Whether the order names the keys that it is about. */
static bool is_complete(const server_keys_t *wish, key_plan_t *plan)
{
	const unsigned needs = orders[wish->order].needs;

	if ((needs & NEEDS_OLD) != 0 && wish->old_count == 0) {
		PLAN_FAIL(plan, "%s needs an old key", key_order_name(wish->order));
	}
	if ((needs & NEEDS_NEW) != 0 && !wish->has_new) {
		PLAN_FAIL(plan, "%s needs a new key", key_order_name(wish->order));
	}
	if ((needs & NEEDS_ANY) != 0 && wish->old_count == 0 && !wish->has_new) {
		PLAN_FAIL(plan, "%s needs a key", key_order_name(wish->order));
	}
	return true;
}

/*! Whether one of the old keys is in the list. */
static bool has_old(const cast_t *cast, const server_keys_t *wish)
{
	for (unsigned i = 0; i < wish->old_count; i++) {
		if (cast->old_keys[i] != NULL) {
			return true;
		}
	}
	return false;
}

/*! Whether one of them that has this algorithm is in this state. */
static bool has_old_in(const cast_t *cast, const server_keys_t *wish, uint8_t algorithm, key_timer_t state)
{
	for (unsigned i = 0; i < wish->old_count; i++) {
		const listed_key_t *old = cast->old_keys[i];
		if (old != NULL && old->algorithm == algorithm && key_state(old, cast->now) == state) {
			return true;
		}
	}
	return false;
}

/*!
 * In an idle zone nobody is new: who signs the data goes on, and what has turned up is aside. It is not everywhere yet,
 * so it never gets active, whatever becomes of the change of another key.
 */
static goal_t goal_in_idle(const cast_t *cast, const server_keys_t *wish, const listed_key_t *key)
{
	const bool active = has_old_in(cast, wish, key->algorithm, KEY_ACTIVE);

	switch (key_state(key, cast->now)) {
	case KEY_ACTIVE:
		return TO_ACTIVE;
	case KEY_PUBLISH:
		return TO_ASIDE;
	case KEY_READY:
		return active ? TO_ASIDE : TO_ACTIVE;
	default: /* Aside: active only if no other one signs. */
		return active || has_old_in(cast, wish, key->algorithm, KEY_READY) ? TO_ASIDE : TO_ACTIVE;
	}
}

/*! A key that only silence is about. */
static bool is_stranger(const cast_t *cast, const server_keys_t *wish, const listed_key_t *key)
{
	for (unsigned i = wish->old_count; i < cast->old_count; i++) {
		if (cast->old_keys[i] == key) {
			return true;
		}
	}
	return false;
}

/*! What becomes of an old key, NULL if it is not there; of the new one. */
static goal_t goal_of(const cast_t *cast, const server_keys_t *wish, const listed_key_t *key)
{
	const bool fresh = key != NULL && key == cast->new_key;
	const goal_t goal = fresh ? orders[wish->order].new_key : orders[wish->order].old_key;

	if (key == NULL || !(key->zsk || wish->aside)) {
		return goal == TO_ASIDE ? TO_ACTIVE : goal;
	}
	const bool idle = wish->order == KEY_ORDER_SILENT && !wish->has_new;
	const bool stranger = is_stranger(cast, wish, key);

	if ((idle || stranger) && cast_is_lone(cast, key)) {
		/* It signs the data in any case. */
		return TO_ACTIVE;
	}
	if (stranger) {
		return TO_ASIDE;
	}
	if (idle) {
		return goal_in_idle(cast, wish, key);
	}
	/* Without an old one the new one is the only one. */
	return fresh && goal == TO_ASIDE && !has_old(cast, wish) ? TO_ACTIVE : goal;
}

/*! What becomes of the ZSKs where the scheme changes: they do what a single key at their end would do to the data. */
static goal_t goal_of_zsks(const cast_t *cast, const server_keys_t *wish)
{
	if (cast->scheme == TO_CSK) {
		const goal_t goal = orders[wish->order].old_key;
		return goal == TO_READY ? TO_ACTIVE : goal;
	}
	/* Ready, a ZSK is published and signs nothing. */
	const goal_t goal = orders[wish->order].new_key;
	return goal == TO_ASIDE ? TO_READY : goal;
}

static bool has_reached(const listed_key_t *key, goal_t goal, time_t now)
{
	switch (goal) {
	case TO_ACTIVE:
		return key != NULL && key_state(key, now) == KEY_ACTIVE;
	case TO_READY:
		return key != NULL && key_state(key, now) == KEY_READY;
	case TO_ASIDE:
		return key != NULL && key_plan_is_aside(key, now);
	default:
		return key == NULL;
	}
}

/*! Whether an order may take the key out of the state that it has. */
static bool is_fit(const listed_key_t *key, goal_t goal, time_t now, key_plan_t *plan)
{
	if (key == NULL || has_reached(key, goal, now)) {
		return true;
	}
	const key_timer_t state = key_state(key, now);

	if (state == KEY_PUBLISH && goal == TO_READY) {
		// Nothing has held it until now. It may not be published everywhere.
		PLAN_FAIL(plan, "the KSK of key tag %u is not introduced", key->tag);
	}
	if (state != KEY_PUBLISH && state != KEY_READY && state != KEY_ACTIVE && !key_plan_is_aside(key, now)) {
		PLAN_FAIL(plan, "the KSK of key tag %u is in the state of \"%s\", which Knot has begun to change",
		          key->tag, key_timer_name(state));
	}
	return true;
}

/*!
 * Whether one of the old keys signs the data as well, and another one does not: who signs it then is not for an order
 * to say.
 */
static bool are_mixed(const cast_t *cast, const server_keys_t *wish, key_plan_t *plan)
{
	for (unsigned i = 0; i < cast->old_count; i++) {
		for (unsigned j = i + 1; j < cast->old_count && j < wish->old_count; j++) {
			const listed_key_t *a = cast->old_keys[i], *b = cast->old_keys[j];
			if (a != NULL && b != NULL && a->algorithm == b->algorithm && a->zsk != b->zsk) {
				snprintf(plan->error, sizeof(plan->error),
				         "the KSK of key tag %u signs the zone as well, that of %u does not",
				         (a->zsk ? a : b)->tag, (a->zsk ? b : a)->tag);
				return true;
			}
		}
	}
	return false;
}

/*! Whether ZSKs sign the data, or are about to, where a single-type key leaves it to them. */
static bool zsks_are_fit(const cast_t *cast, const server_keys_t *wish, key_plan_t *plan)
{
	bool active = false;

	if (cast->scheme == SCHEME_STAYS) {
		return true;
	}
	for (unsigned i = 0; i < cast->zsk_count; i++) {
		const key_timer_t state = key_state(cast->zsks[i], cast->now);
		if (state == KEY_RETIRE_ACTIVE && !key_plan_is_aside(cast->zsks[i], cast->now)) {
			PLAN_FAIL(plan, "the ZSK of key tag %u is about to retire", cast->zsks[i]->tag);
		}
		active = active || state == KEY_ACTIVE;
	}
	if (cast->zsk_count == 0 && (cast->scheme == FROM_CSK || goal_of_zsks(cast, wish) == TO_ACTIVE)) {
		PLAN_FAIL(plan, "there is no ZSK");
	}
	if (cast->scheme == FROM_CSK && wish->order == KEY_ORDER_RETIRE && !active) {
		PLAN_FAIL(plan, "no ZSK signs the zone");
	}
	return true;
}

/*! Whether all keys are there that stay, and each may be changed. */
static bool are_fit(const server_keys_t *wish, const cast_t *cast, time_t now, key_plan_t *plan)
{
	/* Silence is for those that are there: an old key that is not has no signals. */
	const bool may_miss = orders[wish->order].old_key == TO_REMOVE || cast_is_silence(wish->order);
	bool found = cast->new_key != NULL;

	for (unsigned i = 0; i < cast->old_count; i++) {
		found = found || cast->old_keys[i] != NULL;
		if (cast->old_keys[i] == NULL && !may_miss) {
			PLAN_FAIL(plan, "the KSK of key tag %u is not among the keys", wish->old_keys[i].tag);
		}
		if (!is_fit(cast->old_keys[i], goal_of(cast, wish, cast->old_keys[i]), now, plan)) {
			return false;
		}
	}
	if (wish->order == KEY_ORDER_RETIRE && found && cast->new_key != NULL && cast->new_key->zsk &&
	    key_state(cast->new_key, now) != KEY_ACTIVE) {
		// All that was proven is that it signs the data. Another client has set it since.
		PLAN_FAIL(plan, "the KSK of key tag %u does not sign the zone", cast->new_key->tag);
	}
	if (wish->has_new && cast->new_key == NULL && orders[wish->order].new_key != TO_REMOVE) {
		PLAN_FAIL(plan, "the new KSK is not among the keys");
	}
	if (!found && wish->order == KEY_ORDER_SILENT) {
		PLAN_FAIL(plan, "the KSK of key tag %u is not among the keys", wish->old_keys[0].tag);
	}
	return !are_mixed(cast, wish, plan) && zsks_are_fit(cast, wish, plan) &&
	       is_fit(cast->new_key, goal_of(cast, wish, cast->new_key), now, plan) &&
	       (wish->order != KEY_ORDER_SIGNAL ||
	        key_plan_is_younger(cast->list, cast->new_key, cast->old_keys, cast->old_count, plan));
}

static key_change_t change_to(const listed_key_t *key, goal_t goal, time_t now)
{
	const bool in_use = key_state(key, now) == KEY_ACTIVE || key_plan_is_aside(key, now);

	switch (goal) {
	case TO_ACTIVE:
		return key->zsk || key_plan_is_aside(key, now) ? KEY_CHANGE_SIGNING : KEY_CHANGE_ACTIVE;
	case TO_READY:
		return key->zsk || key_plan_is_aside(key, now) ? KEY_CHANGE_SIGNAL : KEY_CHANGE_READY;
	case TO_ASIDE:
		return KEY_CHANGE_ASIDE;
	default:
		return in_use ? KEY_CHANGE_REMOVE : KEY_CHANGE_ACTIVE_REMOVE;
	}
}

static void add(key_plan_t *plan, const listed_key_t *key, goal_t goal, time_t now, bool renew)
{
	const bool reached = has_reached(key, goal, now);
	if (key == NULL) {
		return;
	}
	if (!reached) {
		plan->steps[plan->count++] = (key_step_t){ .key = key, .change = change_to(key, goal, now) };
	}
	if (renew) {
		plan->steps[plan->count++] = (key_step_t){ .key = key, .change = KEY_CHANGE_RENEW };
	}
}

/*!
 * A ZSK that is retire-active and signs the data alone: its successor, of another algorithm, was removed. Knot makes no
 * key until it is active again (running_rollover() in its key-events.c). NULL: none.
 */
static const listed_key_t *left_zsk(const cast_t *cast)
{
	const listed_key_t *left = NULL;

	for (size_t i = 0; i < cast->list->count; i++) {
		const listed_key_t *key = &cast->list->keys[i];
		if (!key->zsk || key->public_only || key_plan_is_out(key, cast->now)) {
			continue;
		}
		if (left != NULL || key->ksk || key_state(key, cast->now) != KEY_RETIRE_ACTIVE) {
			return NULL;
		}
		left = key;
	}
	return left;
}

/*!
 * A single-type key that was hidden in presign, and of which nobody knows any more, signs the data beside the others of
 * its algorithm. It goes with an old one: by then no cache has the DNSKEY RRset of before the new one, and every
 * nameserver has data that the new one has signed.
 */
static void add_hidden(key_plan_t *plan, const cast_t *cast, const server_keys_t *wish, time_t now)
{
	const listed_key_t *fresh = cast->new_key;

	if (wish->order != KEY_ORDER_RETIRE || fresh == NULL || !fresh->zsk || cast->scheme != SCHEME_STAYS) {
		return;
	}
	for (size_t i = 0; i < cast->list->count && plan->count < KEY_STEPS_MAX; i++) {
		const listed_key_t *key = &cast->list->keys[i];
		if (!key->public_only && key->algorithm == fresh->algorithm && ends_hidden(key, now)) {
			plan->steps[plan->count++] = (key_step_t){ .key = key, .change = KEY_CHANGE_FORGET };
		}
	}
}

static void add_all(key_plan_t *plan, const cast_t *cast, const server_keys_t *wish, time_t now)
{
	bool renew = false;

	add(plan, left_zsk(cast), TO_ACTIVE, now, false);
	// Once: with the last of the old keys the order is carried out.
	for (unsigned i = 0; i < cast->old_count && wish->renew && wish->order == KEY_ORDER_RETIRE; i++) {
		renew = renew || cast->old_keys[i] != NULL;
	}
	for (goal_t goal = TO_ACTIVE; goal < GOALS; goal++) {
		for (unsigned i = 0; i < cast->old_count; i++) {
			if (goal == goal_of(cast, wish, cast->old_keys[i])) {
				add(plan, cast->old_keys[i], goal, now, false);
			}
		}
		if (goal == goal_of(cast, wish, cast->new_key)) {
			add(plan, cast->new_key, goal, now, renew);
		}
		for (unsigned i = 0; i < cast->zsk_count && cast->scheme != SCHEME_STAYS; i++) {
			/* One that comes by a rollover of Knot's signs when Knot says so. */
			const bool comes = cast->scheme == TO_CSK && key_state(cast->zsks[i], now) == KEY_PUBLISH;
			if (goal == goal_of_zsks(cast, wish) && !(comes && goal == TO_ACTIVE)) {
				add(plan, cast->zsks[i], goal, now, false);
			}
		}
	}
	add_hidden(plan, cast, wish, now);
}

bool key_plan(const key_list_t *list, const server_keys_t *wish, time_t now, key_plan_t *plan)
{
	assert(list != NULL && wish != NULL && plan != NULL);
	assert(wish->order < KEY_ORDERS && wish->old_count <= ROLLOVER_OLD_MAX);

	*plan = (key_plan_t){ 0 };
	cast_t cast = { .list = list, .now = now };

	if (list->count == 0) {
		// keymgr makes a folder that is not there and then lists nothing.
		PLAN_FAIL(plan, "keymgr lists no key: the folder is not that of the server");
	}
	if (!is_complete(wish, plan)) {
		return false;
	}
	if (ends_differ(list, wish, now)) {
		return key_algorithms_plan(list, wish, now, plan);
	}
	if (!cast_find(list, wish, now, &cast, plan) || !are_fit(wish, &cast, now, plan)) {
		return false;
	}
	plan->make = wish->order == KEY_ORDER_INTRODUCE && cast.new_key == NULL;
	add_all(plan, &cast, wish, now);
	return true;
}
