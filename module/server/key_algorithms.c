/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "key_algorithms.h"
#include "key_ends.h"
#include "key_plan_parts.h"

static const struct {
	place_t old_place;
	place_t new_place;
	bool old_ready;
	bool new_ready;
	bool old_aside;
	bool may_miss_old;
} orders[KEY_ORDERS] = {
	[KEY_ORDER_INTRODUCE] = { SHOWN, SHOWN },
	[KEY_ORDER_SILENT] = { SHOWN, SHOWN, .may_miss_old = true },
	[KEY_ORDER_SIGNAL] = { SHOWN, SHOWN, .new_ready = true },
	[KEY_ORDER_BOTH] = { SHOWN, SHOWN, .old_ready = true, .new_ready = true },
	[KEY_ORDER_RETIRE] = { HIDDEN, SHOWN, .may_miss_old = true },
	[KEY_ORDER_ABORT] = { SHOWN, HIDDEN },
	[KEY_ORDER_PRESIGN] = { SHOWN, HIDDEN, .old_aside = true },
	[KEY_ORDER_PUBLISH] = { SHOWN, SHOWN },
	[KEY_ORDER_CLEAN] = { GONE, SHOWN, .may_miss_old = true },
};

/* What may be done. */

static bool fail_state(const change_t *change, const listed_key_t *key)
{
	PLAN_FAIL(change->plan, "the KSK of key tag %u is in the state of \"%s\", which Knot has begun to change",
	          key->tag, key_timer_name(key_state(key, change->now)));
}

/*!
 * Half of an order to hide the new algorithm was carried out: its KSK is hidden, and a ZSK is published still. Knot
 * does not sign the zone so. If the zone has the KSK, it was published before, and brought back it publishes nothing
 * new.
 */
static bool is_half_hidden(const change_t *change, const end_t *end)
{
	bool zsk = false;

	if (change->wish->order != KEY_ORDER_SILENT || !end->fresh || change->single ||
	    change->wish->new_keyid[0] == '\0' || end->named[0] == NULL || !key_plan_is_nothing(end->named[0]) ||
	    ends_ksk_in_use(change, end)) {
		return false;
	}
	for (size_t i = 0; i < end->zsk_count; i++) {
		if (ends_stands_in(end->zsks[i], change->now)) {
			return false; /* With that Knot signs, and the KSK leaves the zone. */
		}
		zsk |= ends_in_use(end->zsks[i], change->now);
	}
	return zsk;
}

/*! Of a KSK that is, or will be, published and in use. */
static bool may_be_shown(const change_t *change, const end_t *end, const listed_key_t *key)
{
	const key_timer_t state = key_state(key, change->now);

	if (state == KEY_CREATED || state == KEY_PRE_ACTIVE || ends_hidden(key, change->now)) {
		if ((change->wish->order == KEY_ORDER_PUBLISH && end->fresh) || is_half_hidden(change, end)) {
			return true;
		}
		PLAN_FAIL(change->plan, "the KSK of key tag %u is not published", key->tag);
	}
	if (state == KEY_PUBLISH && end->ready) {
		PLAN_FAIL(change->plan, "the KSK of key tag %u is not introduced", key->tag);
	}
	if (state == KEY_PUBLISH || state == KEY_READY || state == KEY_ACTIVE || key_plan_is_aside(key, change->now)) {
		return true;
	}
	return fail_state(change, key);
}

static bool is_published(const change_t *change, const listed_key_t *key)
{
	return ends_in_use(key, change->now) || key_state(key, change->now) == (key->zsk ? KEY_RETIRE : KEY_REVOKE);
}

static bool has_published_zsk(const change_t *change, const end_t *end)
{
	for (size_t i = 0; i < end->zsk_count; i++) {
		if (is_published(change, end->zsks[i])) {
			return true;
		}
	}
	return false;
}

/*! Of one that is not published, or will not be any more. */
static bool may_be_hidden(const change_t *change, const end_t *end, const listed_key_t *key)
{
	const key_timer_t state = key_state(key, change->now);
	const bool is_out = key_plan_is_out(key, change->now);

	if (end->place == GONE || ends_hidden(key, change->now)) {
		return true; /* Whether it is published is asked of all keys. */
	}
	if (!end->fresh) {
		return state != KEY_CREATED && state != KEY_PRE_ACTIVE ? true : fail_state(change, key);
	}
	/* With no ZSK in use Knot does not sign: an order came to an early end, and the KSK got ready for nobody. */
	if (state == KEY_READY && change->wish->order == KEY_ORDER_PRESIGN &&
	    (change->single || has_published_zsk(change, end))) {
		PLAN_FAIL(change->plan, "the KSK of key tag %u has signals already", key->tag);
	}
	return !is_out && (state != KEY_RETIRE_ACTIVE || key_plan_is_aside(key, change->now)) ? true :
	                                                                                        fail_state(change, key);
}

/*!
 * The KSK was removed, and what it has left signs the data. Knot makes no other keys while that is there. No server has
 * its DNSKEY.
 */
static bool fail_lone(const change_t *change, const end_t *end)
{
	const listed_key_t *key = end->zsks[0];
	char spec[KEY_SPEC_MAX], remedy[80] = "";

	if (!key->ksk || ends_stands_in(key, change->now)) {
		key_plan_spec(change->list, key, spec);
		snprintf(remedy, sizeof(remedy), "; when caches have lost its DNSKEY: keymgr ZONE delete %s", spec);
	}
	PLAN_FAIL(change->plan, "beside the key of key tag %u there is no KSK of algorithm %u%s", key->tag,
	          end->algorithm, remedy);
}

/*! Whether each KSK is one that the order is about, and may leave its state. */
static bool may_change_ksks(const change_t *change, const end_t *end)
{
	const key_order_t order = change->wish->order;
	const bool unnamed = end->fresh && (order == KEY_ORDER_PRESIGN || order == KEY_ORDER_PUBLISH);

	if (unnamed && end->ksk_count != 1) {
		if (end->ksk_count == 0) {
			return fail_lone(change, end);
		}
		PLAN_FAIL(change->plan, "two KSKs have algorithm %u, those of key tags %u and %u", end->algorithm,
		          end->ksks[0]->tag, end->ksks[1]->tag);
	}
	for (size_t i = 0; i < end->ksk_count; i++) {
		const listed_key_t *key = end->ksks[i];
		const bool is_asked = unnamed || ends_named(end, key);
		if (end->place == GONE) {
			continue;
		}
		/* Who comes after the new one waits, silently, until the old ones have gone for good. */
		const bool may_stay = order == KEY_ORDER_SILENT || (order == KEY_ORDER_CLEAN && end->fresh);
		if (!is_asked && !key_plan_is_out(key, change->now) && !may_stay) {
			PLAN_FAIL(change->plan, "the KSK of key tag %u belongs to neither end of the rollover",
			          key->tag);
		}
		if (is_asked && end->place == SHOWN && !may_be_shown(change, end, key)) {
			return false;
		}
		if (is_asked && end->place == HIDDEN && order != KEY_ORDER_SILENT && !may_be_hidden(change, end, key)) {
			return false;
		}
	}
	return true;
}

/*! What goes for ever must not be published: caches may need it. */
static bool may_forget(const change_t *change, const end_t *end)
{
	for (size_t i = 0; i < end->ksk_count + end->zsk_count; i++) {
		const listed_key_t *key = i < end->ksk_count ? end->ksks[i] : end->zsks[i - end->ksk_count];
		if (is_published(change, key)) {
			PLAN_FAIL(change->plan, "the key of key tag %u and algorithm %u is published still", key->tag,
			          key->algorithm);
		}
	}
	return true;
}

/*! Whether the data is signed by the keys of this end. */
static bool signs_data(const change_t *change, const end_t *end)
{
	if (change->single) {
		/* All that was proven is that it signs the data. Another client may have set it since. */
		const bool is_last = change->old_end.place != SHOWN && end->fresh;
		for (unsigned i = 0; i < end->named_count && is_last && change->wish->order != KEY_ORDER_SILENT; i++) {
			if (end->named[i] != NULL && key_state(end->named[i], change->now) != KEY_ACTIVE) {
				PLAN_FAIL(change->plan, "the KSK of key tag %u does not sign the zone",
				          end->named[i]->tag);
			}
		}
		return true;
	}
	if (ends_first_signing(change, end) == NULL) {
		PLAN_FAIL(change->plan, "no ZSK of algorithm %u signs the zone", end->algorithm);
	}
	return true;
}

static bool may_change(const change_t *change)
{
	const end_t *old_end = &change->old_end, *new_end = &change->new_end;
	const server_keys_t *wish = change->wish;

	if (wish->order == KEY_ORDER_MOVE) {
		PLAN_FAIL(change->plan, "the keys of key tags %u and %u have different algorithms: both sign the data",
		          wish->old_keys[0].tag, wish->new_key.tag);
	}
	if (wish->aside && wish->order != KEY_ORDER_SILENT) {
		PLAN_FAIL(change->plan, "the policy has CDS of active keys: algorithm %u is not changed to %u",
		          old_end->algorithm, new_end->algorithm);
	}
	if (!may_change_ksks(change, old_end) || !may_change_ksks(change, new_end)) {
		return false;
	}
	if (old_end->place == GONE && !may_forget(change, old_end)) {
		return false;
	}
	const bool old_signs = old_end->place == SHOWN || ends_ksk_in_use(change, old_end);
	if (wish->order != KEY_ORDER_SILENT &&
	    (!signs_data(change, new_end) || (old_signs && !signs_data(change, old_end)))) {
		return false;
	}
	return wish->order != KEY_ORDER_SIGNAL ||
	       key_plan_is_younger(change->list, new_end->named[0], old_end->named, old_end->named_count, change->plan);
}

/* What is done. */

static void add(const change_t *change, const listed_key_t *key, key_change_t what)
{
	key_plan_t *plan = change->plan;

	/* One more than there may be shows that there are too many. */
	if (plan->count < KEY_STEPS_MAX) {
		plan->steps[plan->count] = (key_step_t){ .key = key, .change = what };
	}
	plan->count++;
}

/*!
 * Whether a KSK would have signals if it were active; or whether it is the only one in use. Hidden keys do not count
 * for Knot: it would begin another rollover as soon as one is ordered (running_rollover() in its key-events.c).
 */
static bool goes_aside(const change_t *change, const end_t *end)
{
	size_t count = 0;

	for (size_t i = 0; i < end->ksk_count; i++) {
		count += ends_in_use(end->ksks[i], change->now);
	}
	return end->fresh ? change->wish->aside : end->aside && count == 1;
}

/*! In use, without signals. */
static void add_active(const change_t *change, const end_t *end, const listed_key_t *key)
{
	const bool is_shown = ends_in_use(key, change->now), is_aside = key_plan_is_aside(key, change->now);

	if (goes_aside(change, end)) {
		if (!is_aside) {
			add(change, key, KEY_CHANGE_ASIDE);
		}
	} else if (key_state(key, change->now) == KEY_ACTIVE) {
		return;
	} else if (!is_shown) {
		add(change, key, change->single && key->zsk ? KEY_CHANGE_CSK_SIGNING : KEY_CHANGE_PUBLISH);
	} else {
		add(change, key, key->zsk || is_aside ? KEY_CHANGE_SIGNING : KEY_CHANGE_ACTIVE);
	}
}

static void add_ready(const change_t *change, const listed_key_t *key)
{
	if (key_state(key, change->now) != KEY_READY) {
		add(change, key,
		    key->zsk || key_plan_is_aside(key, change->now) ? KEY_CHANGE_SIGNAL : KEY_CHANGE_READY);
	}
}

static void add_signing(const change_t *change, const listed_key_t *key)
{
	if (ends_signing(key, change->now) && (key->ksk || key_state(key, change->now) != KEY_ACTIVE)) {
		add(change, key, KEY_CHANGE_ZSK_SIGNING);
	}
}

/*! Whether this order changes the KSK: silence does so with those that have signals, or get them. */
static bool is_concerned(const change_t *change, const end_t *end, const listed_key_t *key)
{
	const key_timer_t state = key_state(key, change->now);

	return ends_named(end, key) || (change->wish->order == KEY_ORDER_PUBLISH && end->fresh) ||
	       (change->wish->order == KEY_ORDER_SILENT && (state == KEY_PUBLISH || state == KEY_READY));
}

/*!
 * A single-type key that only silence is about, beside one that is named: it must not take the data over, should the
 * set of the other one be lost.
 */
static bool is_stranger(const change_t *change, const end_t *end, const listed_key_t *key)
{
	bool named = false;

	for (unsigned i = 0; i < end->named_count; i++) {
		named = named || (end->named[i] != NULL && ends_in_use(end->named[i], change->now));
	}
	return change->single && named && is_concerned(change, end, key) && !ends_named(end, key);
}

static void add_aside(const change_t *change, const listed_key_t *key)
{
	if (!key_plan_is_aside(key, change->now)) {
		add(change, key, KEY_CHANGE_ASIDE);
	}
}

/*!
 * A ZSK signs DNSKEY until the KSK does: with either of the two alone the set is not complete, and Knot does not sign.
 * Where it does not sign already, the KSK comes first: with a ZSK instead it would leave the zone.
 */
static void add_shown(const change_t *change, const end_t *end)
{
	const bool needs_none = change->single || ends_ksk_in_use(change, end) || is_half_hidden(change, end);
	const listed_key_t *stand_in = needs_none ? NULL : ends_first_signing(change, end);

	if (stand_in != NULL && !ends_stands_in(stand_in, change->now)) {
		add(change, stand_in, KEY_CHANGE_ZSK_FOR_KSK);
	}
	for (size_t i = 0; i < end->ksk_count && !end->ready; i++) {
		if (is_stranger(change, end, end->ksks[i])) {
			add_aside(change, end->ksks[i]);
		} else if (is_concerned(change, end, end->ksks[i])) {
			add_active(change, end, end->ksks[i]);
		}
	}
	for (size_t i = 0; i < end->zsk_count && !change->single; i++) {
		if (end->zsks[i] != stand_in) {
			add_signing(change, end->zsks[i]);
		}
	}
	if (stand_in != NULL) {
		add(change, stand_in, KEY_CHANGE_ZSK_SIGNING);
	}
}

static void add_signals(const change_t *change, const end_t *end)
{
	for (size_t i = 0; i < end->ksk_count && end->ready; i++) {
		if (ends_named(end, end->ksks[i])) {
			add_ready(change, end->ksks[i]);
		}
	}
}

static void hide_ksk(const change_t *change, const end_t *end, const listed_key_t *key)
{
	const key_timer_t state = key_state(key, change->now);
	const bool is_out = key_plan_is_out(key, change->now);

	if (change->single && state == KEY_POST_ACTIVE) {
		add(change, key, KEY_CHANGE_CSK_HIDDEN); /* Knot removes it soon. */
	} else if (ends_hidden(key, change->now) || change->wish->order == KEY_ORDER_SILENT) {
		return;
	} else if (is_out) {
		if (!end->fresh) {
			add(change, key, KEY_CHANGE_FORGET);
		}
	} else if (change->single) {
		add(change, key, KEY_CHANGE_CSK_HIDDEN);
	} else if (!end->fresh) {
		add(change, key,
		    state == KEY_ACTIVE || state == KEY_RETIRE_ACTIVE ? KEY_CHANGE_REMOVE : KEY_CHANGE_ACTIVE_REMOVE);
	} else if (!key_plan_is_nothing(key)) {
		add(change, key, KEY_CHANGE_NOTHING);
	}
}

static void hide_zsk(const change_t *change, const end_t *end, const listed_key_t *key)
{
	if (ends_hidden(key, change->now) || key_state(key, change->now) == KEY_CREATED) {
		return;
	}
	if (!change->single && (ends_signing(key, change->now) || end->fresh)) {
		add(change, key, KEY_CHANGE_ZSK_HIDDEN);
	} else if (!end->fresh) {
		add(change, key, KEY_CHANGE_FORGET);
	}
}

/*!
 * As in add_shown(). Where all ZSKs are hidden, none comes out for that: Knot does not sign until the KSK is hidden as
 * well.
 */
static const listed_key_t *last_in_use(const change_t *change, const end_t *end)
{
	const listed_key_t *first = change->single ? NULL : ends_first_signing(change, end);
	const bool shown = ends_ksk_in_use(change, end) && has_published_zsk(change, end);

	return first != NULL && (shown || ends_stands_in(first, change->now)) ? first : NULL;
}

static void add_hidden(const change_t *change, const end_t *end)
{
	const listed_key_t *stand_in = last_in_use(change, end);

	if (stand_in != NULL && !ends_stands_in(stand_in, change->now)) {
		add(change, stand_in, KEY_CHANGE_ZSK_FOR_KSK);
	}
	for (size_t i = 0; i < end->ksk_count; i++) {
		hide_ksk(change, end, end->ksks[i]);
	}
	for (size_t i = 0; i < end->zsk_count; i++) {
		if (end->zsks[i] != stand_in) {
			hide_zsk(change, end, end->zsks[i]);
		}
	}
	if (stand_in != NULL) {
		add(change, stand_in, KEY_CHANGE_ZSK_HIDDEN);
	}
}

/*! What was hidden in presign, and has given way to a key that another client has made, signs the data still. */
static void add_left(const change_t *change, const end_t *end)
{
	for (size_t i = 0; i < end->ksk_count && change->wish->order == KEY_ORDER_CLEAN; i++) {
		if (!ends_named(end, end->ksks[i]) && ends_hidden(end->ksks[i], change->now)) {
			add(change, end->ksks[i], KEY_CHANGE_FORGET);
		}
	}
}

static void add_gone(const change_t *change, const end_t *end)
{
	for (size_t i = 0; i < end->ksk_count + end->zsk_count; i++) {
		add(change, i < end->ksk_count ? end->ksks[i] : end->zsks[i - end->ksk_count], KEY_CHANGE_FORGET);
	}
}

/*!
 * First all are in use, then come the signals, then others go. The new ones before the old ones: of these, one may be
 * aside, and Knot begins another rollover if that ends too early.
 */
static void add_all(const change_t *change)
{
	const end_t *const ends[] = { &change->old_end, &change->new_end };
	const server_keys_t *wish = change->wish;

	for (int i = 1; i >= 0; i--) {
		if (ends[i]->place == SHOWN) {
			add_shown(change, ends[i]);
		}
	}
	for (int i = 0; i < 2; i++) {
		add_signals(change, ends[i]);
	}
	add_left(change, ends[1]);
	/* Once: with the last of the old KSKs the order is carried out. */
	if (wish->order == KEY_ORDER_RETIRE && wish->renew && ends_ksk_in_use(change, ends[0])) {
		add(change, ends[1]->named[0], KEY_CHANGE_RENEW);
	}
	for (int i = 0; i < 2; i++) {
		if (ends[i]->place == HIDDEN) {
			add_hidden(change, ends[i]);
		} else if (ends[i]->place == GONE) {
			add_gone(change, ends[i]);
		}
	}
}

bool key_algorithms_plan(const key_list_t *list, const server_keys_t *wish, time_t now, key_plan_t *plan)
{
	assert(list != NULL && wish != NULL && plan != NULL && plan->count == 0);

	change_t change = {
		.list = list,
		.wish = wish,
		.now = now,
		.plan = plan,
		.old_end = { .place = orders[wish->order].old_place,
		             .ready = orders[wish->order].old_ready,
		             .aside = orders[wish->order].old_aside },
		.new_end = { .fresh = true,
		             .place = orders[wish->order].new_place,
		             .ready = orders[wish->order].new_ready },
	};

	if (!ends_find(&change, orders[wish->order].may_miss_old) || !may_change(&change)) {
		return false;
	}
	add_all(&change);
	if (plan->count > KEY_STEPS_MAX) {
		plan->count = 0;
		PLAN_FAIL(plan, "algorithms %u and %u have too many keys", change.old_end.algorithm,
		          change.new_end.algorithm);
	}
	return true;
}
