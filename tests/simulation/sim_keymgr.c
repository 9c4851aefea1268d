/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keymgr: what it lists, and what becomes of a key whose timers it sets. The state of a key follows from its timers, as
 * in Knot (key_state()).
 */

#include <string.h>

#include "sim_orders.h"

/*! keymgr's clock: timers are set to 1, so they are due. */
#define DUE 1
/*! What is aside retires later than that. */
#define LATER (KEYMGR_NOW + 10 * 365 * DAY)

/*! The identifier of a key is a letter. */
char keymgr_name(unsigned key)
{
	return (char)('A' + key);
}

static unsigned key_of(const listed_key_t *key)
{
	return key->id[0] - 'A';
}

#define BIT(timer) (1U << (timer))

/*! Timers that are due in a state. */
static unsigned timers_of(const sim_key_t *key)
{
	const unsigned before = key->pre_active ? BIT(KEY_PRE_ACTIVE) : 0;
	const unsigned in_use = before | BIT(KEY_PUBLISH) | BIT(KEY_ACTIVE);

	switch (key->state) {
	case KSK_PUBLISHED:
		return before | BIT(KEY_PUBLISH);
	case KSK_READY:
		return before | BIT(KEY_PUBLISH) | BIT(KEY_READY);
	case KSK_ACTIVE:
		return in_use;
	case KSK_ASIDE:
	case KSK_RETIRING:
		return BIT(KEY_PUBLISH) | BIT(KEY_RETIRE_ACTIVE);
	case KSK_RETIRED:
		return BIT(KEY_PUBLISH) | BIT(KEY_RETIRE);
	case KSK_PRE_ACTIVE:
		return BIT(KEY_PRE_ACTIVE);
	case KSK_POST_ACTIVE:
		return in_use | BIT(KEY_RETIRE_ACTIVE) | BIT(KEY_POST_ACTIVE);
	case KSK_HIDDEN:
		return BIT(KEY_REVOKE) | (key->published != 0 ? in_use | BIT(KEY_POST_ACTIVE) : BIT(KEY_PRE_ACTIVE));
	default:
		return 0;
	}
}

static void list_key(const world_t *w, unsigned k, key_list_t *list)
{
	const sim_key_t *sim = &w->knot.key[k];
	const unsigned timers = timers_of(sim);
	const bool zsk = k >= ZSK_FIRST;
	key_id_t id;

	if (sim->state == KSK_NONE || sim->state == KSK_REMOVED) {
		return;
	}
	facts_key_id(w, k, &id);
	listed_key_t *key = &list->keys[list->count++];
	*key = (listed_key_t){
		.id = { keymgr_name(k) },
		.tag = id.tag,
		.algorithm = id.algorithm,
		.ksk = zsk == sim->flipped,
		.zsk = zsk || w->csk,
	};
	/* When it was made only counts beside other keys. */
	const time_t made = sim->created != 0 ? sim->created : sim->published != 0 ? sim->published : sim->since;
	key->timers[KEY_CREATED] = made - T0 + 400 * DAY;
	for (int timer = KEY_PRE_ACTIVE; timer < KEY_TIMERS; timer++) {
		key->timers[timer] = timers & BIT(timer) ? DUE : 0;
	}
	if (sim->state == KSK_ASIDE) {
		key->timers[KEY_RETIRE] = KEYMGR_NOW + 20 * 365 * DAY;
	}
}

void keymgr_list(const world_t *w, key_list_t *list)
{
	list->count = 0;
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		list_key(w, k, list);
	}
	for (unsigned k = ZSK_FIRST; k < ZSK_FIRST + w->knot.zsk_count; k++) {
		list_key(w, k, list);
	}
}

/*! "retire_active" and "retire-active" are the same. */
static bool is_named(const char *argument, size_t len, const char *name)
{
	bool same = strlen(name) == len;

	for (size_t i = 0; same && i < len; i++) {
		same = argument[i] == name[i] || (argument[i] == '_' && name[i] == '-');
	}
	return same;
}

/*! \return False: keymgr knows no such argument. */
static bool set_argument(listed_key_t *key, const char *argument)
{
	const char *value = strchr(argument, '=');

	if (value == NULL) {
		return false;
	}
	const size_t len = value++ - argument;
	if (is_named(argument, len, "ksk") || is_named(argument, len, "zsk")) {
		*(argument[0] == 'k' ? &key->ksk : &key->zsk) = strcmp(value, "yes") == 0;
		return true;
	}
	if (is_named(argument, len, "sep")) {
		return true;
	}
	const time_t at = strcmp(value, "+0") == 0   ? KEYMGR_NOW :
	                  strcmp(value, "0") == 0    ? 0 :
	                  strcmp(value, "+20y") == 0 ? KEYMGR_NOW + 20 * 365 * DAY :
	                                               -1;
	for (int timer = 0; timer < KEY_TIMERS && at >= 0; timer++) {
		if (is_named(argument, len, key_timer_name(timer))) {
			key->timers[timer] = at;
			return true;
		}
	}
	return false;
}

/*! \return KSK_NONE: a state that must not be. */
static ksk_state_t state_of(const world_t *w, const listed_key_t *key)
{
	const bool zsk = key_of(key) >= ZSK_FIRST || w->csk;

	switch (key_state(key, KEYMGR_NOW)) {
	case KEY_CREATED:
		return KSK_NOTHING;
	case KEY_PRE_ACTIVE:
		return KSK_PRE_ACTIVE;
	case KEY_PUBLISH:
		return KSK_PUBLISHED;
	case KEY_READY:
		return KSK_READY;
	case KEY_ACTIVE:
		return KSK_ACTIVE;
	case KEY_RETIRE_ACTIVE:
		return key->timers[KEY_RETIRE] > LATER ? KSK_ASIDE : KSK_RETIRING;
	case KEY_RETIRE:
		return zsk ? KSK_RETIRED : KSK_NOTHING;
	case KEY_POST_ACTIVE:
		return KSK_POST_ACTIVE;
	case KEY_REVOKE: /* Of a KSK it would be published (RFC 5011). */
		return key->ksk ? KSK_NONE : KSK_HIDDEN;
	default:
		return KSK_REMOVED;
	}
}

static const char *state_text(ksk_state_t state)
{
	static const char *const TEXTS[] = {
		[KSK_NONE] = "revoked",
		[KSK_PUBLISHED] = "published",
		[KSK_READY] = "ready",
		[KSK_ACTIVE] = "active",
		[KSK_ASIDE] = "aside",
		[KSK_RETIRED] = "retired",
		[KSK_REMOVED] = "removed",
		[KSK_NOTHING] = "to nothing",
		[KSK_PRE_ACTIVE] = "pre-active",
		[KSK_HIDDEN] = "hidden",
		[KSK_POST_ACTIVE] = "post-active",
		[KSK_RETIRING] = "retire-active",
	};
	return TEXTS[state];
}

void keymgr_set(world_t *w, const listed_key_t *key, key_change_t change, time_t decided)
{
	const unsigned k = key_of(key);
	sim_key_t *sim = &w->knot.key[k];
	const bool published = algorithm_published(sim->state);
	listed_key_t after = *key;

	for (const char *const *argument = key_change_timers(change); *argument != NULL; argument++) {
		if (!set_argument(&after, *argument)) {
			violate(w, "keymgr", "keymgr set %s", *argument);
		}
	}
	const ksk_state_t state = state_of(w, &after);
	if (state == KSK_NONE || (sim->published == 0 && state == KSK_RETIRED)) {
		violate(w, "keymgr", "KSK %s would be revoked", keys_text(1U << k));
		return;
	}
	const bool flipped = after.ksk == (k >= ZSK_FIRST);
	if (state == sim->state && sim->flipped == flipped) {
		return; /* When it was made, and the like. */
	}
	trace(w, "keymgr      sets %s %s %s%s", k < ZSK_FIRST ? "KSK" : "ZSK", keys_text(1U << k), state_text(state),
	      flipped ? k < ZSK_FIRST ? ", a ZSK" : ", a KSK as well" : "");
	sim->flipped = flipped;
	sim->pre_active = after.timers[KEY_PRE_ACTIVE] != 0;
	if (state == KSK_REMOVED) {
		knot_remove(w, 1U << k, CAUSE_OURS, decided);
	} else if (published && !algorithm_published(state)) {
		knot_unpublish(w, k, state, CAUSE_OURS, decided);
	} else {
		knot_set(w, k, state, CAUSE_OURS, decided);
	}
}
