/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator: what he may type at any time, at this server and at the registrar.
 */

#include <string.h>

#include "sim_world.h"

static int newest(const world_t *w)
{
	for (unsigned k = w->knot.key_count; k-- > 0;) {
		const sim_key_t *key = &w->knot.key[k];
		if (!key->extra && key->state != KSK_REMOVED && key->state != KSK_RETIRED) {
			return k;
		}
	}
	return 31 - __builtin_clz((unsigned)knot_signers(w));
}

static world_keys_t oldest(const world_t *w)
{
	world_keys_t keys = knot_signers(w);
	return keys & -keys;
}

static uint32_t ds_ttl(const world_t *w)
{
	return w->up.version[w->up.version_count - 1].ttl;
}

static void set_ds(world_t *w, world_keys_t ds)
{
	if (ds != 0 && ds != parent_ds(w)) {
		w->why |= WHY_DS_BY_HAND;
		parent_change(w, ds, ds_ttl(w), CAUSE_OPERATOR, 0, true);
	}
}

/*!
 * The module has no store and does not run: what TTL the DS had until now it will never know, and no check can tell it.
 */
static void forget_ds(world_t *w, bool served, time_t since)
{
	/* With one KSK nothing tells that there was anything to know: the same DS may have had a longer TTL. */
	const bool one = (knot_keys(w) & (knot_keys(w) - 1)) == 0;

	for (unsigned i = 0; i < w->ds.count && w->fault_count < FAULT_MAX; i++) {
		exposure_t *e = &w->ds.list[i];
		if (e->fault < 0 &&
		    (served ? e->active > 0 :
		              e->active == 0 && (e->left >= since || (one && e->keys == parent_ds(w))))) {
			e->fault = w->fault_count;
			w->fault[w->fault_count++] =
				(fault_t){ .kind = FAULT_DS_CHANGE, .parent = true, .from = w->now };
		}
	}
}

/*! Nobody has the DS of the key, nobody may be about to. */
static bool safe_to_delete(const world_t *w, unsigned k)
{
	world_keys_t bit = 1U << k;

	if (w->knot.key[k].state == KSK_REMOVED || !(knot_signers(w) & ~bit)) {
		return false;
	}
	for (unsigned i = 0; i < w->ds.count; i++) {
		if (exposure_reachable(&w->ds.list[i], w->now) && (w->ds.list[i].keys & bit)) {
			return false;
		}
	}
	for (unsigned i = 0; i < w->child_count; i++) {
		if (w->knot.version[w->child[i].version].cds & bit) {
			return false;
		}
	}
	return !w->up.accepting && !(parent_ds(w) & bit) && !(knot_version(w)->cds & bit);
}

static void delete_safely(world_t *w, bool extra)
{
	for (unsigned k = w->knot.key_count; k-- > 0;) {
		if (w->knot.key[k].extra == extra && (k > 0 || extra) && safe_to_delete(w, k)) {
			knot_delete(w, k, CAUSE_OPERATOR);
			return;
		}
	}
}

static void submit(world_t *w)
{
	world_keys_t before = knot_signers(w);

	if (knot_submit(w, CAUSE_OPERATOR, w->now) && !(parent_ds(w) & knot_signers(w))) {
		trace(w, "operator    has let KSK %s go too early", keys_text(before & ~knot_signers(w)));
		w->why |= WHY_OPERATOR;
	}
}

/*! He sets the state of a key by hand; Knot reads it. */
static void set_by_hand(world_t *w, unsigned k, ksk_state_t state)
{
	if (w->knot.up && !w->knot.frozen && (knot_signers(w) & (1U << k)) && w->knot.key[k].state != state) {
		knot_set(w, k, state, CAUSE_OPERATOR, w->now);
		knot_update(w);
	}
}

/*! He does not wait for the module. */
static void retire_old(world_t *w)
{
	const world_keys_t keys = knot_signers(w), old = oldest(w);

	if (!w->knot.up || w->knot.frozen || keys == old) {
		return;
	}
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if ((keys & ~old & (1U << k)) && w->knot.key[k].state == KSK_PUBLISHED) {
			return; /* keymgr refuses nothing, but he checks that another one is in use. */
		}
	}
	knot_remove(w, old, CAUSE_OPERATOR, w->now);
	knot_update(w);
	if (!(parent_ds(w) & knot_signers(w))) {
		trace(w, "operator    has let KSK %s go too early", keys_text(old));
		w->why |= WHY_OPERATOR;
	}
}

/*! The store was lost, or Knot has signalled a KSK by itself: the DS names the younger one. */
static bool has_older(const world_t *w)
{
	const rollover_row_t *row = &w->engine.row;

	return row->gate == GATE_KEYS_REFUSED && row->has_new && strstr(row->gate_detail, "is older than") != NULL;
}

static void delete_older(world_t *w)
{
	w->told_older = false;
	if (!has_older(w)) {
		return;
	}
	const unsigned k = w->engine.row.new_key.digest[0] - 1;
	if (w->knot.up && safe_to_delete(w, k)) {
		knot_delete(w, k, CAUSE_OPERATOR);
	} else {
		set_ds(w, parent_ds(w) & ~(1U << k)); /* First its DS, if it has one, too. */
		w->told_older = true;
		event_add(w, w->now + DAY, EV_COMMAND, COMMAND_DELETE_OLDER, 0);
	}
}

void operator_is_told(world_t *w)
{
	if (w->engine.row.state != ROLLOVER_ROLLED_BACK) {
		if (has_older(w) && !w->told_older) {
			w->told_older = true;
			event_add(w, w->now + DAY, EV_COMMAND, COMMAND_DELETE_OLDER, 0);
		}
		return;
	}
	if (w->leaves_held) {
		w->why |= WHY_OPERATOR;
		return;
	}
	time_t at = w->now + rng_between(&w->rng, HOUR, DAY);
	if (rng_chance(&w->rng, 30)) {
		event_add(w, at, EV_COMMAND, COMMAND_ABORT, 0);
	}
	event_add(w, at + DAY, EV_COMMAND, COMMAND_HOLD, 0);
	event_add(w, at + DAY + HOUR, EV_COMMAND, COMMAND_UNHOLD, 0);
}

void command_run(world_t *w, const command_t *command)
{
	engine_t *e = &w->engine;
	int key = newest(w);

	if (w->driver != DRIVER_MODULE && command->kind >= COMMAND_HOLD && command->kind <= COMMAND_WET_RUN) {
		return;
	}
	trace(w, "operator    %s", command_names[command->kind]);
	switch (command->kind) {
	case COMMAND_ROLL:
		if (!w->knot.up) {
			event_add(w, w->now + HOUR, EV_COMMAND, command->kind, 0);
		} else {
			knot_roll(w, w->knot.key[key].algorithm, false, CAUSE_OPERATOR, w->now);
		}
		break;
	case COMMAND_NEW_ALGORITHM:
		knot_roll(w, 15, false, CAUSE_OPERATOR, w->now);
		break;
	case COMMAND_SUBMIT:
		if (!w->knot.up) {
			event_add(w, w->now + HOUR, EV_COMMAND, command->kind, 0);
		} else {
			submit(w);
		}
		break;
	case COMMAND_FREEZE:
	case COMMAND_THAW:
		if (w->knot.up) {
			knot_freeze(w, command->kind == COMMAND_FREEZE);
		}
		break;
	case COMMAND_HOLD:
	case COMMAND_UNHOLD:
		e->config.hold = command->kind == COMMAND_HOLD;
		shown_forget(w);
		engine_poke(w);
		break;
	case COMMAND_DRY_RUN:
	case COMMAND_WET_RUN:
		e->config.dry_run = command->kind == COMMAND_DRY_RUN;
		engine_poke(w);
		break;
	case COMMAND_DS_NEW:
		set_ds(w, 1U << key);
		break;
	case COMMAND_DS_BOTH:
		set_ds(w, knot_signers(w));
		break;
	case COMMAND_DS_OLDEST:
		set_ds(w, oldest(w));
		break;
	case COMMAND_DS_FOREIGN:
		set_ds(w, parent_ds(w) | KEY_FOREIGN);
		break;
	case COMMAND_DS_CLEAN:
		if (parent_ds(w) == KEY_FOREIGN) {
			parent_change(w, 0, ds_ttl(w), CAUSE_OPERATOR, 0, true);
		}
		set_ds(w, parent_ds(w) & ~KEY_FOREIGN);
		break;
	case COMMAND_DS_NONE:
		if (parent_ds(w) != 0) {
			w->why |= WHY_DS_BY_HAND;
			parent_change(w, 0, ds_ttl(w), CAUSE_OPERATOR, 0, true);
		}
		break;
	case COMMAND_LEAVE:
	case COMMAND_STAY:
		e->config.go_insecure = command->kind == COMMAND_LEAVE;
		engine_poke(w);
		break;
	case COMMAND_DS_TTL: {
		static const uint32_t TTLS[] = { 300, 900, HOUR, 6 * HOUR, DAY, 2 * DAY };
		if (parent_ds(w) == 0) {
			break;
		}
		if (!e->alive && !e->has_stored) {
			forget_ds(w, true, 0);
		}
		parent_change(w, parent_ds(w), RNG_PICK(&w->rng, TTLS), CAUSE_OPERATOR, 0, true);
		break;
	}
	case COMMAND_GENERATE:
		knot_roll(w, w->knot.key[key].algorithm, true, CAUSE_OPERATOR, w->now);
		break;
	case COMMAND_DELETE_EXTRA:
		delete_safely(w, true);
		break;
	case COMMAND_ABORT:
		delete_safely(w, false);
		break;
	case COMMAND_RESTORE:
		w->why |= knot_restore(w) ? WHY_RESTORED : 0;
		break;
	case COMMAND_BACKUP:
		knot_backup(w);
		break;
	case COMMAND_KEY_READY:
		set_by_hand(w, key, KSK_READY);
		break;
	case COMMAND_KEY_ACTIVE:
		set_by_hand(w, key, KSK_ACTIVE);
		break;
	case COMMAND_DELETE_OLDER:
		delete_older(w);
		break;
	case COMMAND_ZONE_TTL: {
		static const uint32_t TTLS[] = { 300, HOUR, DAY, 3 * DAY };
		if (!e->has_stored) {
			break; /* Nobody remembers the former one. */
		}
		e->config.zone_ttl = RNG_PICK(&w->rng, TTLS);
		knot_reload(w);
		engine_poke(w);
		break;
	}
	case COMMAND_RETIRE_OLD:
		retire_old(w);
		break;
	case COMMAND_RELOAD:
		if (w->knot.up) {
			knot_reload(w);
			engine_poke(w);
		}
		break;
	case COMMAND_LOSE_STORE:
		e->has_stored = false;
		w->why |= WHY_STORE_LOST;
		shown_forget(w);
		forget_ds(w, false, e->alive ? w->now : e->died); /* What changed since it ran is gone with it. */
		if (e->alive) {
			engine_crash(w);
		}
		break;
	case COMMAND_DIE:
		engine_die(w);
		break;
	default:
		break;
	}
}
