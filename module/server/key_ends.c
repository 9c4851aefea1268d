/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "key_ends.h"
#include "key_plan_parts.h"

/* States. */

static bool is_part(const listed_key_t *key, time_t now)
{
	return !key->public_only && key_state(key, now) != KEY_REMOVE;
}

bool ends_in_use(const listed_key_t *key, time_t now)
{
	const key_timer_t state = key_state(key, now);

	return state >= KEY_PUBLISH && state <= KEY_RETIRE_ACTIVE;
}

bool ends_hidden(const listed_key_t *key, time_t now)
{
	const bool due = key->timers[KEY_POST_ACTIVE] != 0 && key->timers[KEY_POST_ACTIVE] <= now;
	const bool early = key->timers[KEY_PRE_ACTIVE] != 0 && key->timers[KEY_PRE_ACTIVE] <= now &&
	                   key->timers[KEY_PUBLISH] == 0 && key->timers[KEY_READY] == 0 && key->timers[KEY_ACTIVE] == 0;

	return key->zsk && !key->ksk && key_state(key, now) == KEY_REVOKE && (due || early);
}

bool ends_signing(const listed_key_t *key, time_t now)
{
	switch (key_state(key, now)) {
	case KEY_PUBLISH:
		return key->timers[KEY_PRE_ACTIVE] != 0 && key->timers[KEY_PRE_ACTIVE] <= now;
	case KEY_PRE_ACTIVE:
	case KEY_ACTIVE:
	case KEY_RETIRE_ACTIVE:
	case KEY_POST_ACTIVE:
		return true;
	default:
		return ends_hidden(key, now);
	}
}

bool ends_stands_in(const listed_key_t *key, time_t now)
{
	return key->ksk && key_state(key, now) == KEY_ACTIVE;
}

/* Who takes part. */

bool ends_ksk_in_use(const change_t *change, const end_t *end)
{
	for (size_t i = 0; i < end->ksk_count; i++) {
		if (ends_in_use(end->ksks[i], change->now)) {
			return true;
		}
	}
	return false;
}

const listed_key_t *ends_first_signing(const change_t *change, const end_t *end)
{
	const listed_key_t *first = NULL;

	for (size_t i = 0; i < end->zsk_count; i++) {
		const listed_key_t *key = end->zsks[i];
		if (ends_stands_in(key, change->now)) {
			return key;
		}
		first = first == NULL && ends_signing(key, change->now) ? key : first;
	}
	return first;
}

bool ends_named(const end_t *end, const listed_key_t *key)
{
	for (unsigned i = 0; i < end->named_count; i++) {
		if (end->named[i] == key) {
			return true;
		}
	}
	return false;
}

/*! Keys of another algorithm than that one, among which there may be no third one. */
static bool find_other(const change_t *change, uint8_t algorithm, uint8_t *other)
{
	const listed_key_t *first = NULL;

	for (size_t i = 0; i < change->list->count; i++) {
		const listed_key_t *key = &change->list->keys[i];
		if (!is_part(key, change->now) || key->algorithm == algorithm) {
			continue;
		}
		if (first != NULL && first->algorithm != key->algorithm) {
			PLAN_FAIL(change->plan, "the keys of key tags %u and %u are of a second and a third algorithm",
			          first->tag, key->tag);
		}
		first = key;
	}
	if (first == NULL) {
		PLAN_FAIL(change->plan, "all keys are of algorithm %u", algorithm);
	}
	*other = first->algorithm;
	return true;
}

/*! Whether all keys of another algorithm are ZSKs: those of a rollover whose old KSK is out. */
static bool is_left(const key_list_t *list, const server_keys_t *wish, time_t now, uint8_t *algorithm)
{
	const listed_key_t *fresh = NULL, *first = NULL;
	key_plan_t unused;

	if (!key_plan_find(list, &wish->new_key, wish->new_keyid, now, &fresh, &unused) || fresh == NULL) {
		return false;
	}
	for (size_t i = 0; i < list->count; i++) {
		const listed_key_t *key = &list->keys[i];
		if (!is_part(key, now) || key->algorithm == fresh->algorithm) {
			continue;
		}
		/* A ZSK may stand in for the KSK. */
		const bool is_ksk = key->ksk && !key_plan_is_out(key, now) && (!key->zsk || fresh->zsk);
		if (is_ksk || (first != NULL && first->algorithm != key->algorithm)) {
			return false;
		}
		first = key;
	}
	if (first != NULL) {
		*algorithm = first->algorithm;
	}
	return first != NULL;
}

bool ends_differ(const key_list_t *list, const server_keys_t *wish, time_t now)
{
	uint8_t left;

	if (wish->order == KEY_ORDER_PRESIGN || wish->order == KEY_ORDER_PUBLISH || wish->order == KEY_ORDER_CLEAN) {
		return true;
	}
	for (unsigned i = 0; i < wish->old_count && wish->has_new; i++) {
		if (wish->old_keys[i].algorithm != wish->new_key.algorithm) {
			return true;
		}
	}
	return wish->order == KEY_ORDER_SILENT && wish->has_new && wish->old_count == 0 &&
	       is_left(list, wish, now, &left);
}

static bool name_algorithms(change_t *change)
{
	const server_keys_t *wish = change->wish;

	for (unsigned i = 1; i < wish->old_count; i++) {
		if (wish->old_keys[i].algorithm != wish->old_keys[0].algorithm) {
			PLAN_FAIL(change->plan, "the old KSKs of key tags %u and %u have different algorithms",
			          wish->old_keys[0].tag, wish->old_keys[i].tag);
		}
	}
	change->new_end.algorithm = wish->new_key.algorithm;
	if (wish->old_count == 0) {
		return is_left(change->list, wish, change->now, &change->old_end.algorithm);
	}
	change->old_end.algorithm = wish->old_keys[0].algorithm;
	if (wish->order == KEY_ORDER_PRESIGN || wish->order == KEY_ORDER_PUBLISH) {
		return find_other(change, change->old_end.algorithm, &change->new_end.algorithm);
	}
	if (change->old_end.algorithm == change->new_end.algorithm) {
		PLAN_FAIL(change->plan, "%s needs keys of two algorithms", key_order_name(wish->order));
	}
	return true;
}

/*!
 * A ZSK that stands in for a KSK may have its key tag. Once the KSK has gone, it is what the tag finds.
 */
static bool is_stand_in(const listed_key_t *key, const char *keyid, const listed_key_t *other, time_t now)
{
	return keyid[0] == '\0' && key->zsk && ends_stands_in(key, now) && !other->zsk;
}

/*! The new KSK was removed. Knot does not sign while a ZSK of its algorithm is published: the zone still has that KSK.
 */
static bool fail_missing(const change_t *change, uint8_t algorithm)
{
	for (size_t i = 0; i < change->list->count; i++) {
		const listed_key_t *key = &change->list->keys[i];
		if (key->algorithm == algorithm && !key->public_only && ends_in_use(key, change->now)) {
			PLAN_FAIL(change->plan,
			          "the new KSK is not among the keys, and Knot does not sign while the ZSK of key tag "
			          "%u has none: restore it, or hide that as well",
			          key->tag);
		}
	}
	PLAN_FAIL(change->plan, "the new KSK is not among the keys");
}

static bool name_keys(change_t *change, bool may_miss)
{
	const server_keys_t *wish = change->wish;
	end_t *old_end = &change->old_end, *new_end = &change->new_end;
	const listed_key_t *first = NULL;

	for (unsigned i = 0; i < wish->old_count; i++) {
		const listed_key_t **key = &old_end->named[old_end->named_count++];
		if (!key_plan_find(change->list, &wish->old_keys[i], wish->old_keyids[i], change->now, key,
		                   change->plan)) {
			return false;
		}
		if (*key == NULL && !may_miss) {
			PLAN_FAIL(change->plan, "the KSK of key tag %u is not among the keys", wish->old_keys[i].tag);
		}
		first = first == NULL ? *key : first;
	}
	if (wish->has_new && wish->order != KEY_ORDER_PRESIGN && wish->order != KEY_ORDER_PUBLISH) {
		const listed_key_t **key = &new_end->named[new_end->named_count++];
		if (!key_plan_find(change->list, &wish->new_key, wish->new_keyid, change->now, key, change->plan)) {
			return false;
		}
		if (*key == NULL && wish->order != KEY_ORDER_ABORT) {
			return fail_missing(change, wish->new_key.algorithm);
		}
		for (unsigned i = 0; i < old_end->named_count && may_miss && *key != NULL; i++) {
			const listed_key_t **old = &old_end->named[i];
			if (*old != NULL && is_stand_in(*old, wish->old_keyids[i], *key, change->now)) {
				first = first == *old ? NULL : first;
				*old = NULL;
			}
		}
		if (first != NULL && *key != NULL && first->zsk != (*key)->zsk) {
			PLAN_FAIL(change->plan,
			          "the keys of key tags %u and %u differ in algorithm, and one signs the zone as well",
			          first->tag, (*key)->tag);
		}
		first = *key != NULL ? *key : first;
	}
	change->single = first != NULL && first->zsk;
	return true;
}

static void sort_key(const change_t *change, end_t *end, const listed_key_t *key)
{
	const bool is_ksk = change->single ? key->ksk || ends_hidden(key, change->now) : key->ksk && !key->zsk;

	if (is_ksk) {
		end->ksks[end->ksk_count++] = key;
	} else {
		end->zsks[end->zsk_count++] = key;
	}
}

/*! Whether KSKs are named, and none of them is in the list. */
static bool is_removed(const end_t *end)
{
	for (unsigned i = 0; i < end->named_count; i++) {
		if (end->named[i] != NULL) {
			return false;
		}
	}
	return end->named_count > 0;
}

static bool sort_keys(change_t *change)
{
	const bool is_silent = change->wish->order == KEY_ORDER_SILENT;
	end_t *old_end = &change->old_end, *new_end = &change->new_end;

	for (size_t i = 0; i < change->list->count; i++) {
		const listed_key_t *key = &change->list->keys[i];
		if (!is_part(key, change->now)) {
			continue;
		}
		if (key->algorithm == old_end->algorithm || key->algorithm == new_end->algorithm) {
			sort_key(change, key->algorithm == old_end->algorithm ? old_end : new_end, key);
		} else if (!is_silent && key->ksk && !key_plan_is_out(key, change->now)) {
			PLAN_FAIL(change->plan, "the KSK of key tag %u belongs to neither end of the rollover",
			          key->tag);
		}
	}
	/*
	 * Of an algorithm whose KSK has gone, what signs the data is hidden already, or was about to be. But while the
	 * zone has that KSK, since Knot does not sign, nothing is known of caches: it has been removed by others.
	 */
	if (is_silent && !ends_ksk_in_use(change, old_end)) {
		old_end->place = is_removed(old_end) ? AS_THEY_ARE : HIDDEN;
	}
	return true;
}

bool ends_find(change_t *change, bool may_miss)
{
	return name_algorithms(change) && name_keys(change, may_miss) && sort_keys(change);
}
