/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "key_cast.h"
#include "key_plan_parts.h"

/*! A key that is aside retires in twenty years. One that retires earlier is not. */
#define ASIDE_FOR (10 * 365 * 86400L)

const char *key_order_name(key_order_t order)
{
	static const char *const names[KEY_ORDERS] = {
		[KEY_ORDER_INTRODUCE] = "introduce", [KEY_ORDER_SILENT] = "silent",   [KEY_ORDER_MOVE] = "move",
		[KEY_ORDER_SIGNAL] = "signal",       [KEY_ORDER_BOTH] = "both",       [KEY_ORDER_RETIRE] = "retire",
		[KEY_ORDER_ABORT] = "abort",         [KEY_ORDER_PRESIGN] = "presign", [KEY_ORDER_PUBLISH] = "publish",
		[KEY_ORDER_CLEAN] = "clean",
	};

	assert(order < KEY_ORDERS);
	return names[order];
}

bool cast_is_silence(key_order_t order)
{
	return order == KEY_ORDER_SILENT || order == KEY_ORDER_MOVE;
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

bool key_plan_find(const key_list_t *list, const key_id_t *id, const char *keyid, time_t now, const listed_key_t **key,
                   key_plan_t *plan)
{
	bool several = false;
	const listed_key_t *found = key_list_by_id(list, keyid, now);
	if (found == NULL) {
		found = key_list_find(list, id->tag, id->algorithm, now, &several);
	}
	if (several) {
		PLAN_FAIL(plan, "two KSKs have the key tag %u and algorithm %u", id->tag, id->algorithm);
	}
	*key = found;
	return true;
}

static bool find(const key_list_t *list, const key_id_t *id, const char *keyid, time_t now, const cast_t *cast,
                 const listed_key_t **key, key_plan_t *plan)
{
	if (!key_plan_find(list, id, keyid, now, key, plan)) {
		return false;
	}
	if (*key != NULL && is_cast(cast, *key)) {
		PLAN_FAIL(plan, "the KSK of key tag %u is named twice", id->tag);
	}
	return true;
}

bool key_plan_is_out(const listed_key_t *key, time_t now)
{
	const key_timer_t state = key_state(key, now);

	return state == KEY_RETIRE || state == KEY_POST_ACTIVE || state == KEY_REVOKE || state == KEY_REMOVE;
}

bool key_plan_is_nothing(const listed_key_t *key)
{
	for (int timer = KEY_PRE_ACTIVE; timer < KEY_TIMERS; timer++) {
		if (key->timers[timer] != 0) {
			return false;
		}
	}
	return true;
}

/*! Whether both are KSKs, or both sign the data as well, by the same algorithm. */
static bool is_alike(const listed_key_t *a, const listed_key_t *b)
{
	return a != NULL && a->algorithm == b->algorithm && a->zsk == b->zsk;
}

bool cast_is_lone(const cast_t *cast, const listed_key_t *key)
{
	for (size_t i = 0; i < cast->list->count; i++) {
		const listed_key_t *other = &cast->list->keys[i];
		if (other != key && other->algorithm == key->algorithm && other->ksk && !other->public_only &&
		    !key_plan_is_out(other, cast->now)) {
			return false;
		}
	}
	return true;
}

/*! Whether it is the KSK of an algorithm that has turned up beside that of the others. */
static bool begins_algorithm(const cast_t *cast, const server_keys_t *wish, const listed_key_t *key)
{
	for (unsigned i = 0; i < wish->old_count; i++) {
		if (wish->old_keys[i].algorithm == key->algorithm) {
			return false;
		}
	}
	return !(wish->has_new && wish->new_key.algorithm == key->algorithm) && cast_is_lone(cast, key);
}

/*! Whether it is the KSK of the other scheme that has turned up in an idle zone. */
static bool begins_scheme(const cast_t *cast, const server_keys_t *wish, const listed_key_t *key)
{
	bool other = false;

	for (unsigned i = 0; i < wish->old_count; i++) {
		const listed_key_t *old = cast->old_keys[i];
		other = other || (old != NULL && old->algorithm == key->algorithm && old->zsk != key->zsk);
	}
	return other && !wish->has_new;
}

/*! Whether a KSK that nobody has named has signals, or gets them by itself. */
static bool may_signal(const cast_t *cast, const server_keys_t *wish, const listed_key_t *key)
{
	const key_timer_t state = key_state(key, cast->now);
	bool alike =
		is_alike(cast->new_key, key) || begins_algorithm(cast, wish, key) || begins_scheme(cast, wish, key);

	for (unsigned i = 0; i < cast->old_count; i++) {
		alike = alike || is_alike(cast->old_keys[i], key);
	}
	return alike && (state == KEY_PUBLISH || state == KEY_READY);
}

void key_plan_spec(const key_list_t *list, const listed_key_t *key, char spec[KEY_SPEC_MAX])
{
	snprintf(spec, KEY_SPEC_MAX, "%u", key->tag);
	for (size_t i = 0; i < list->count; i++) {
		if (&list->keys[i] != key && list->keys[i].tag == key->tag) {
			snprintf(spec, KEY_SPEC_MAX, "id=%.8s", key->id);
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
	char spec[KEY_SPEC_MAX], when[sizeof(" is made for 2026-01-01T00:00:00Z and")] = " is", other[64] = "";
	struct tm tm;

	if (key_state(key, now) != KEY_CREATED) {
		return true;
	}
	key_plan_spec(cast->list, key, spec);
	if (publish != 0) {
		strftime(when, sizeof(when), " is made for %Y-%m-%dT%H:%M:%SZ and", gmtime_r(&publish, &tm));
	}
	if (wish->order == KEY_ORDER_INTRODUCE && !wish->has_new) {
		snprintf(other, sizeof(other), ", or set %s publish=+0 to roll to it", spec);
	}
	PLAN_FAIL(plan, "the KSK of key tag %u%s not published: keymgr ZONE delete %s%s", key->tag, when, spec, other);
}

/*! ZSKs that are published, in the order of the list. */
static bool find_zsks(cast_t *cast, uint8_t algorithm, key_plan_t *plan)
{
	for (size_t i = 0; i < cast->list->count; i++) {
		const listed_key_t *key = &cast->list->keys[i];
		if (key->ksk || !key->zsk || key->public_only || key->algorithm != algorithm ||
		    key_state(key, cast->now) < KEY_PUBLISH || key_plan_is_out(key, cast->now)) {
			continue;
		}
		if (cast->zsk_count == ZSKS_MAX) {
			PLAN_FAIL(plan, "there are more than %d ZSKs", ZSKS_MAX);
		}
		cast->zsks[cast->zsk_count++] = key;
	}
	return true;
}

/*! Whether the data moves between ZSKs and a single-type key. */
static bool find_scheme(cast_t *cast, const server_keys_t *wish, key_plan_t *plan)
{
	const listed_key_t *fresh = cast->new_key, *old = NULL;

	for (unsigned i = 0; i < wish->old_count && old == NULL; i++) {
		old = cast->old_keys[i];
	}
	if (fresh == NULL || (old != NULL && old->zsk == fresh->zsk)) {
		return true;
	}
	if (!find_zsks(cast, fresh->algorithm, plan)) {
		return false;
	}
	if (old == NULL) {
		/* The old KSK was removed by hand, and its ZSKs are left. */
		cast->scheme = fresh->zsk && cast->zsk_count > 0 ? TO_CSK : SCHEME_STAYS;
		return true;
	}
	cast->scheme = fresh->zsk ? TO_CSK : FROM_CSK;
	return true;
}

/*! Whether one that is named has the algorithm of the key. */
static bool is_of_rollover(const cast_t *cast, const listed_key_t *key)
{
	bool same = cast->new_key != NULL && cast->new_key->algorithm == key->algorithm;

	for (unsigned i = 0; i < cast->old_count; i++) {
		same = same || (cast->old_keys[i] != NULL && cast->old_keys[i]->algorithm == key->algorithm);
	}
	return same;
}

bool cast_find(const key_list_t *list, const server_keys_t *wish, time_t now, cast_t *cast, key_plan_t *plan)
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
		if (!key->ksk || key->public_only || key_plan_is_out(key, now) || is_cast(cast, key)) {
			continue;
		}
		if (!cast_is_silence(wish->order)) {
			const bool part = is_of_rollover(cast, key);
			/* Knot makes no KSK beside it, but other orders have nothing to do with another algorithm. */
			if (!part && key_plan_is_nothing(key) && wish->order != KEY_ORDER_INTRODUCE) {
				continue;
			}
			/* The keys of another algorithm are not published while they only sign. */
			if (part && !is_published(cast, key, wish, now, plan)) {
				return false;
			}
			other = key;
			others++;
		} else if (may_signal(cast, wish, key) && cast->old_count < CAST_MAX - 1) {
			cast->old_keys[cast->old_count++] = key;
		}
	}
	if (wish->order == KEY_ORDER_INTRODUCE && !wish->has_new && others == 1 && is_of_rollover(cast, other)) {
		// Made by the order before, which nobody has heard of, or by Knot itself.
		cast->new_key = other;
	} else if (others > 0) {
		PLAN_FAIL(plan, "the KSK of key tag %u belongs to neither end of the rollover", other->tag);
	}
	return find_scheme(cast, wish, plan);
}

bool key_plan_is_aside(const listed_key_t *key, time_t now)
{
	return key_state(key, now) == KEY_RETIRE_ACTIVE && key->timers[KEY_RETIRE] > now + ASIDE_FOR;
}

bool key_plan_is_younger(const key_list_t *list, const listed_key_t *fresh, const listed_key_t *const *old_keys,
                         unsigned old_count, key_plan_t *plan)
{
	const listed_key_t *last = NULL;
	char spec[KEY_SPEC_MAX];

	for (unsigned i = 0; i < old_count; i++) {
		const listed_key_t *old = old_keys[i];
		if (old != NULL && (last == NULL || old->timers[KEY_CREATED] > last->timers[KEY_CREATED])) {
			last = old;
		}
	}
	if (fresh == NULL || last == NULL || fresh->timers[KEY_CREATED] == 0 ||
	    fresh->timers[KEY_CREATED] >= last->timers[KEY_CREATED]) {
		return true;
	}
	// Now (+0) may be before that: the clock may have been ahead.
	key_plan_spec(list, fresh, spec);
	PLAN_FAIL(
		plan,
		"the KSK of key tag %u is older than %u, which the DS names: remove it, or roll to it: keymgr ZONE set "
		"%s created=%lld",
		fresh->tag, last->tag, spec, (long long)last->timers[KEY_CREATED]);
}
