/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "key_plan.h"

/*! What an order makes of a key. Keys are changed in this order: so at each moment one is there that signs. */
typedef enum {
	TO_ACTIVE,
	TO_READY,
	TO_ASIDE, /*!< Active, but another key signs the data. The same as active where keys sign none. */
	TO_REMOVE,
	GOALS,
} goal_t;

/*! A key that is aside retires in twenty years. One that retires earlier is not. */
#define ASIDE_FOR (10 * 365 * 86400L)

/*! Bytes of what keymgr finds a key by. */
#define SPEC_MAX 12

/*! Keys that an order has to name. */
enum {
	NEEDS_OLD = 1,
	NEEDS_NEW = 2,
	NEEDS_ANY = 4,
};

static const struct {
	const char *name;
	goal_t old_key;
	goal_t new_key;
	unsigned needs;
} orders[KEY_ORDERS] = {
	[KEY_ORDER_INTRODUCE] = { "introduce", TO_ACTIVE, TO_ASIDE, NEEDS_OLD },
	[KEY_ORDER_SILENT] = { "silent", TO_ACTIVE, TO_ASIDE, NEEDS_ANY },
	[KEY_ORDER_MOVE] = { "move", TO_ASIDE, TO_ACTIVE, NEEDS_NEW },
	[KEY_ORDER_SIGNAL] = { "signal", TO_ACTIVE, TO_READY, NEEDS_NEW },
	[KEY_ORDER_BOTH] = { "both", TO_READY, TO_READY, NEEDS_OLD | NEEDS_NEW },
	[KEY_ORDER_RETIRE] = { "retire", TO_REMOVE, TO_ACTIVE, NEEDS_OLD | NEEDS_NEW },
	[KEY_ORDER_ABORT] = { "abort", TO_ACTIVE, TO_REMOVE, NEEDS_OLD | NEEDS_NEW },
};

/*! The keys of an order; NULL: not in the list. */
typedef struct {
	const key_list_t *list;
	time_t now;
	const listed_key_t *old_keys[KEY_STEPS_MAX]; // With those that only silence is about.
	unsigned old_count;
	const listed_key_t *new_key;
} cast_t;

key_order_t server_key_order(const rollover_decision_t *d)
{
	static const key_order_t of_states[KEYS__COUNT] = {
		[KEYS_SILENT] = KEY_ORDER_SILENT,
		[KEYS_MOVED] = KEY_ORDER_MOVE,
		[KEYS_SIGNAL_NEW] = KEY_ORDER_SIGNAL,
		[KEYS_SIGNAL_BOTH] = KEY_ORDER_BOTH,
	};

	assert(d != NULL && (!d->set_keys || d->keys != KEYS_UNKNOWN));
	if (!d->set_keys) {
		return d->action == ACTION_START ? KEY_ORDER_INTRODUCE : KEY_ORDER_RETIRE;
	}
	return of_states[d->keys];
}

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

/*! Orders after which no key is signalled, whichever there are. */
static bool is_silence(key_order_t order)
{
	return order == KEY_ORDER_SILENT || order == KEY_ORDER_MOVE;
}

/*! Whether the order names the keys that it is about. */
static bool is_complete(const server_keys_t *wish, key_plan_t *plan)
{
	const unsigned needs = orders[wish->order].needs;

	if ((needs & NEEDS_OLD) != 0 && wish->old_count == 0) {
		FAIL(plan, "%s needs an old key", key_order_name(wish->order));
	}
	if ((needs & NEEDS_NEW) != 0 && !wish->has_new) {
		FAIL(plan, "%s needs a new key", key_order_name(wish->order));
	}
	if ((needs & NEEDS_ANY) != 0 && wish->old_count == 0 && !wish->has_new) {
		FAIL(plan, "%s needs a key", key_order_name(wish->order));
	}
	return true;
}

static bool is_cast(const cast_t *cast, const listed_key_t *key)
{
	for (unsigned i = 0; i < cast->old_count; i++) {
		if (cast->old_keys[i] == key) {
			return true;
		}
	}
	return cast->new_key == key;
}

static bool find(const key_list_t *list, const key_id_t *id, const char *keyid, time_t now, const cast_t *cast,
                 const listed_key_t **key, key_plan_t *plan)
{
	bool several = false;
	const listed_key_t *found = key_list_by_id(list, keyid, now);
	if (found == NULL) {
		found = key_list_find(list, id->tag, id->algorithm, now, &several);
	}
	if (several) {
		FAIL(plan, "two KSKs have the key tag %u and algorithm %u", id->tag, id->algorithm);
	}
	if (found != NULL && is_cast(cast, found)) {
		FAIL(plan, "the KSK of key tag %u is named twice", id->tag);
	}
	*key = found;
	return true;
}

/*! Whether a KSK plays no part any more: it is not published, or revoked (RFC 5011). */
static bool is_out(const listed_key_t *key, time_t now)
{
	const key_timer_t state = key_state(key, now);

	return state == KEY_RETIRE || state == KEY_POST_ACTIVE || state == KEY_REVOKE || state == KEY_REMOVE;
}

/*! Whether both are KSKs, or both sign the data as well, by the same algorithm. */
static bool is_alike(const listed_key_t *a, const listed_key_t *b)
{
	return a != NULL && a->algorithm == b->algorithm && a->zsk == b->zsk;
}

/*! Whether a KSK that nobody has named has signals, or gets them by itself. One of another kind is left alone. */
static bool may_signal(const cast_t *cast, const listed_key_t *key, time_t now)
{
	const key_timer_t state = key_state(key, now);
	bool alike = is_alike(cast->new_key, key);

	for (unsigned i = 0; i < cast->old_count; i++) {
		alike = alike || is_alike(cast->old_keys[i], key);
	}
	return alike && (state == KEY_PUBLISH || state == KEY_READY);
}

/*! What keymgr finds the key by: its tag, or the beginning of its identifier where several keys have that tag. */
static void spec_of(const key_list_t *list, const listed_key_t *key, char spec[SPEC_MAX])
{
	snprintf(spec, SPEC_MAX, "%u", key->tag);
	for (size_t i = 0; i < list->count; i++) {
		if (&list->keys[i] != key && list->keys[i].tag == key->tag) {
			snprintf(spec, SPEC_MAX, "id=%.8s", key->id);
		}
	}
}

/*!
 * A KSK that the operator has made for later. Knot clears timers in the future when it next signs the zone, and never
 * publishes the key then (clear_future_timers() in its key-events.c).
 *
 * \return Whether it is published.
 */
static bool is_published(const cast_t *cast, const listed_key_t *key, const server_keys_t *wish, time_t now,
                         key_plan_t *plan)
{
	const time_t publish = key->timers[KEY_PUBLISH];
	char spec[SPEC_MAX], when[sizeof(" is made for 2026-01-01T00:00:00Z and")] = " is", other[64] = "";
	struct tm tm;

	if (key_state(key, now) != KEY_CREATED) {
		return true;
	}
	spec_of(cast->list, key, spec);
	if (publish != 0) {
		strftime(when, sizeof(when), " is made for %Y-%m-%dT%H:%M:%SZ and", gmtime_r(&publish, &tm));
	}
	if (wish->order == KEY_ORDER_INTRODUCE && !wish->has_new) {
		snprintf(other, sizeof(other), ", or set %s publish=+0 to roll to it", spec);
	}
	FAIL(plan, "the KSK of key tag %u%s not published: keymgr ZONE delete %s%s", key->tag, when, spec, other);
}

/*! Finds the keys of the order. There must be no other KSK that is in the zone, or will be; silence is for all. */
static bool cast_keys(const key_list_t *list, const server_keys_t *wish, time_t now, cast_t *cast, key_plan_t *plan)
{
	const listed_key_t *other = NULL;
	size_t others = 0;

	for (unsigned i = 0; i < wish->old_count; i++) {
		const listed_key_t *key;
		if (!find(list, &wish->old_keys[i], wish->old_keyids[i], now, cast, &key, plan)) {
			return false;
		}
		cast->old_keys[cast->old_count++] = key;
	}
	if (wish->has_new) {
		const listed_key_t *key;
		if (!find(list, &wish->new_key, wish->new_keyid, now, cast, &key, plan)) {
			return false;
		}
		cast->new_key = key;
	}
	for (size_t i = 0; i < list->count; i++) {
		const listed_key_t *key = &list->keys[i];
		if (!key->ksk || key->public_only || is_out(key, now) || is_cast(cast, key)) {
			continue;
		}
		if (!is_silence(wish->order)) {
			if (!is_published(cast, key, wish, now, plan)) {
				return false;
			}
			other = key;
			others++;
		} else if (may_signal(cast, key, now) && cast->old_count < KEY_STEPS_MAX - 1) {
			cast->old_keys[cast->old_count++] = key;
		}
	}
	if (wish->order == KEY_ORDER_INTRODUCE && !wish->has_new && others == 1) {
		// Made by the order before, which nobody has heard of, or by Knot itself.
		cast->new_key = other;
	} else if (others > 0) {
		FAIL(plan, "the KSK of key tag %u belongs to neither end of the rollover", other->tag);
	}
	return true;
}

/*! Whether the key is in use, but leaves the data to another one, for longer than anything lasts here. */
static bool is_aside(const listed_key_t *key, time_t now)
{
	return key_state(key, now) == KEY_RETIRE_ACTIVE && key->timers[KEY_RETIRE] > now + ASIDE_FOR;
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

/*! Whether one of them is in this state. */
static bool has_old_in(const cast_t *cast, const server_keys_t *wish, key_timer_t state)
{
	for (unsigned i = 0; i < wish->old_count; i++) {
		if (cast->old_keys[i] != NULL && key_state(cast->old_keys[i], cast->now) == state) {
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
	const bool active = has_old_in(cast, wish, KEY_ACTIVE);

	switch (key_state(key, cast->now)) {
	case KEY_ACTIVE:
		return TO_ACTIVE;
	case KEY_PUBLISH:
		return TO_ASIDE;
	case KEY_READY:
		return active ? TO_ASIDE : TO_ACTIVE;
	default: /* Aside: active only if no other one signs. */
		return active || has_old_in(cast, wish, KEY_READY) ? TO_ASIDE : TO_ACTIVE;
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

	if (key == NULL || !key->zsk) {
		return goal == TO_ASIDE ? TO_ACTIVE : goal;
	}
	if (is_stranger(cast, wish, key)) {
		return TO_ASIDE;
	}
	if (wish->order == KEY_ORDER_SILENT && !wish->has_new) {
		return goal_in_idle(cast, wish, key);
	}
	/* Without an old one the new one is the only one. */
	return fresh && goal == TO_ASIDE && !has_old(cast, wish) ? TO_ACTIVE : goal;
}

static bool has_reached(const listed_key_t *key, goal_t goal, time_t now)
{
	switch (goal) {
	case TO_ACTIVE:
		return key != NULL && key_state(key, now) == KEY_ACTIVE;
	case TO_READY:
		return key != NULL && key_state(key, now) == KEY_READY;
	case TO_ASIDE:
		return key != NULL && is_aside(key, now);
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
		FAIL(plan, "the KSK of key tag %u is not introduced", key->tag);
	}
	if (state != KEY_PUBLISH && state != KEY_READY && state != KEY_ACTIVE && !(key->zsk && is_aside(key, now))) {
		FAIL(plan, "the KSK of key tag %u is in the state of \"%s\", which Knot has begun to change", key->tag,
		     key_timer_name(state));
	}
	return true;
}

/*!
 * Whether the new key was made after the old ones. If not, the store may have been lost after the DS was replaced, and
 * the rollover would bring back a key that was replaced for a reason.
 */
static bool is_younger(const server_keys_t *wish, const cast_t *cast, key_plan_t *plan)
{
	const listed_key_t *fresh = cast->new_key, *last = NULL;
	char spec[SPEC_MAX];

	for (unsigned i = 0; i < cast->old_count; i++) {
		const listed_key_t *old = cast->old_keys[i];
		if (old != NULL && (last == NULL || old->timers[KEY_CREATED] > last->timers[KEY_CREATED])) {
			last = old;
		}
	}
	if (wish->order != KEY_ORDER_SIGNAL || fresh == NULL || last == NULL || fresh->timers[KEY_CREATED] == 0 ||
	    fresh->timers[KEY_CREATED] >= last->timers[KEY_CREATED]) {
		return true;
	}
	// Now (+0) may be before that: the clock may have been ahead.
	spec_of(cast->list, fresh, spec);
	FAIL(plan,
	     "the KSK of key tag %u is older than %u, which the DS names: remove it, or roll to it: keymgr ZONE set %s "
	     "created=%lld",
	     fresh->tag, last->tag, spec, (long long)last->timers[KEY_CREATED]);
}

/*! Whether one signs the data as well, and the other does not: who signs it then is not for an order to say. */
static bool are_mixed(const cast_t *cast, key_plan_t *plan)
{
	const listed_key_t *first = cast->new_key;

	for (unsigned i = 0; i < cast->old_count; i++) {
		const listed_key_t *old = cast->old_keys[i];
		if (old != NULL && first != NULL && old->zsk != first->zsk) {
			snprintf(plan->error, sizeof(plan->error),
			         "the KSK of key tag %u signs the zone as well, that of %u does not",
			         (old->zsk ? old : first)->tag, (old->zsk ? first : old)->tag);
			return true;
		}
		first = first != NULL ? first : old;
	}
	return false;
}

/*! Whether all keys are there that stay, and each may be changed. */
static bool are_fit(const server_keys_t *wish, const cast_t *cast, time_t now, key_plan_t *plan)
{
	/* Silence is for those that are there: an old key that is not has no signals. */
	const bool may_miss = orders[wish->order].old_key == TO_REMOVE || is_silence(wish->order);
	bool found = cast->new_key != NULL;

	for (unsigned i = 0; i < cast->old_count; i++) {
		found = found || cast->old_keys[i] != NULL;
		if (cast->old_keys[i] == NULL && !may_miss) {
			FAIL(plan, "the KSK of key tag %u is not among the keys", wish->old_keys[i].tag);
		}
		if (!is_fit(cast->old_keys[i], goal_of(cast, wish, cast->old_keys[i]), now, plan)) {
			return false;
		}
	}
	if (wish->order == KEY_ORDER_RETIRE && found && cast->new_key != NULL && cast->new_key->zsk &&
	    key_state(cast->new_key, now) != KEY_ACTIVE) {
		// All that was proven is that it signs the data. Another client has set it since.
		FAIL(plan, "the KSK of key tag %u does not sign the zone", cast->new_key->tag);
	}
	if (wish->has_new && cast->new_key == NULL && orders[wish->order].new_key != TO_REMOVE) {
		FAIL(plan, "the new KSK is not among the keys");
	}
	if (!found && wish->order == KEY_ORDER_SILENT) {
		FAIL(plan, "the KSK of key tag %u is not among the keys", wish->old_keys[0].tag);
	}
	return !are_mixed(cast, plan) && is_fit(cast->new_key, goal_of(cast, wish, cast->new_key), now, plan) &&
	       is_younger(wish, cast, plan);
}

static key_change_t change_to(const listed_key_t *key, goal_t goal, time_t now)
{
	const bool in_use = key_state(key, now) == KEY_ACTIVE || is_aside(key, now);

	switch (goal) {
	case TO_ACTIVE:
		return key->zsk ? KEY_CHANGE_SIGNING : KEY_CHANGE_ACTIVE;
	case TO_READY:
		return key->zsk ? KEY_CHANGE_SIGNAL : KEY_CHANGE_READY;
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

static void add_all(key_plan_t *plan, const cast_t *cast, const server_keys_t *wish, time_t now)
{
	bool renew = false;

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
	}
}

bool key_plan(const key_list_t *list, const server_keys_t *wish, time_t now, key_plan_t *plan)
{
	assert(list != NULL && wish != NULL && plan != NULL);
	assert(wish->order < KEY_ORDERS && wish->old_count <= ROLLOVER_OLD_MAX);

	*plan = (key_plan_t){ 0 };
	cast_t cast = { .list = list, .now = now };

	if (list->count == 0) {
		// keymgr makes a folder that is not there and then lists nothing.
		FAIL(plan, "keymgr lists no key: the folder is not that of the server");
	}
	if (!is_complete(wish, plan) || !cast_keys(list, wish, now, &cast, plan) || !are_fit(wish, &cast, now, plan)) {
		return false;
	}
	plan->make = wish->order == KEY_ORDER_INTRODUCE && cast.new_key == NULL;
	add_all(plan, &cast, wish, now);
	return true;
}
