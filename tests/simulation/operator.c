/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator: what he may type at any time, at this server and at the registrar.
 */

#include <stdio.h>
#include <string.h>

#include "sim_world.h"

static int newest(const world_t *w)
{
	for (unsigned k = w->knot.key_count; k-- > 0;) {
		const sim_key_t *key = &w->knot.key[k];
		if (!key->extra && algorithm_published(key->state) && key->state != KSK_RETIRED) {
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
	/* He takes it from the zone, which may be of before Knot was kept from signing. */
	ds &= w->changes_algorithm ? knot_version(w)->dnskey | KEY_FOREIGN : ds;
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

	if (!algorithm_published(w->knot.key[k].state) || !(knot_signers(w) & ~bit)) {
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

/*! He sees there that Knot does not sign any more. */
static void watch_log(world_t *w)
{
	if (!algorithm_complete(w)) {
		event_add(w, w->now + DAY, EV_COMMAND, COMMAND_DELETE_TWIN, 0);
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
	watch_log(w);
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
	if (w->changes_algorithm && algorithm_set(w, knot_keys(w)) != ALGSET_OF(w->knot.key[k].algorithm)) {
		w->knot.key[k].created =
			w->now; /* Without it the ZSK of its algorithm is not enough: he rolls to it. */
	} else if (w->knot.up && safe_to_delete(w, k)) {
		knot_delete(w, k, CAUSE_OPERATOR);
	} else {
		set_ds(w, parent_ds(w) & ~(1U << k)); /* First its DS, if it has one, too. */
		w->told_older = true;
		event_add(w, w->now + DAY, EV_COMMAND, COMMAND_DELETE_OLDER, 0);
	}
}

/*! Keys of the algorithm that the policy has no more. */
static bool is_given_up(const world_t *w, unsigned k)
{
	const sim_key_t *key = &w->knot.key[k];

	return key->algorithm != w->knot.algorithm && key->state != KSK_REMOVED && key->state != KSK_NONE;
}

static void change_algorithm(world_t *w, uint8_t algorithm)
{
	static const uint32_t TAKES[] = { 0, 0, 1, 30, 600 };

	if (!w->knot.up) {
		event_add(w, w->now + HOUR, EV_COMMAND,
		          algorithm == w->knot.key[0].algorithm ? COMMAND_OLD_ALGORITHM : COMMAND_NEW_ALGORITHM, 0);
		return;
	}
	w->knot.algorithm = algorithm;
	w->knot.begins = w->now + RNG_PICK(&w->key_rng, TAKES);
	event_add(w, w->knot.begins, EV_KASP, 0, 0);
	knot_reload(w);
	engine_poke(w);
}

/*! The gate names a KSK that is too many, where two algorithms are. */
static bool has_left(const world_t *w)
{
	const rollover_row_t *row = &w->engine.row;

	return row->gate == GATE_KEYS_REFUSED && strstr(row->gate_detail, "to neither end") != NULL;
}

/*! It is what Knot began with while the policy had the old algorithm once more. */
static bool is_left_of_old(const world_t *w)
{
	const rollover_row_t *row = &w->engine.row;

	return has_left(w) && row->state == ROLLOVER_RETIRE && row->has_new &&
	       row->new_key.algorithm == w->knot.algorithm;
}

/*! As kskroll advises: out of DNSKEY at once, and their signatures remain until caches have lost that. */
static void abort_algorithm(world_t *w)
{
	knot_t *knot = &w->knot;

	if (!knot->up) {
		event_add(w, w->now + HOUR, EV_COMMAND, COMMAND_ABORT_ALGORITHM, 0);
		return; /* Which keys go is what the policy says, and it does not say it yet. */
	}
	w->told_back = false;
	if (!is_left_of_old(w)) {
		change_algorithm(w, knot->key[0].algorithm);
	}
	for (unsigned k = 0; k < knot->key_count; k++) {
		if (is_given_up(w, k) && algorithm_published(knot->key[k].state) && !safe_to_delete(w, k)) {
			return; /* Its DS is out: he goes on, and back later. */
		}
	}
	for (unsigned k = 0; k < ZSK_FIRST + ZSKS_MAX; k++) {
		if (!is_given_up(w, k)) {
			continue;
		}
		if (!algorithm_published(knot->key[k].state)) {
			knot_remove(w, knot->key[k].published == 0 ? 1U << k : 0, CAUSE_OPERATOR, w->now);
		} else {
			const bool signs = k >= ZSK_FIRST || w->csk;
			knot->key[k].flipped = w->csk;
			knot_unpublish(w, k, signs ? KSK_HIDDEN : KSK_NOTHING, CAUSE_OPERATOR, w->now);
		}
	}
	for (unsigned k = ZSK_FIRST; k < ZSK_FIRST + knot->zsk_count; k++) {
		if (!is_given_up(w, k) && knot->key[k].state == KSK_RETIRING) {
			knot_set(w, k, KSK_ACTIVE, CAUSE_OPERATOR, w->now);
		}
	}
	knot_update(w);
	event_add(w, w->now + 8 * DAY, EV_COMMAND, COMMAND_ABORTED, 0);
}

/*! A ZSK of an algorithm that has no KSK any more. */
static bool is_lone(const world_t *w, unsigned k)
{
	const sim_key_t *zsk = &w->knot.key[k];

	for (unsigned i = 0; i < w->knot.key_count; i++) {
		if (w->knot.key[i].algorithm == zsk->algorithm && w->knot.key[i].state != KSK_REMOVED) {
			return false;
		}
	}
	return k >= ZSK_FIRST && zsk->state != KSK_REMOVED && zsk->state != KSK_NONE;
}

static void finish_abort(world_t *w)
{
	world_keys_t set = 0;

	w->told_left = false;
	for (unsigned k = 0; k < ZSK_FIRST + ZSKS_MAX; k++) {
		set |= (is_given_up(w, k) && !algorithm_published(w->knot.key[k].state)) || is_lone(w, k) ? 1U << k : 0;
	}
	knot_remove(w, set, CAUSE_OPERATOR, w->now);
	knot_update(w);
}

/*!
 * Knot does not sign: a KSK that zone-key-rollover has made has no ZSK, and goes; or a ZSK has no KSK any more, and its
 * signatures remain.
 */
static void delete_twin(world_t *w)
{
	const world_keys_t shown = knot_version(w)->dnskey;

	w->told_twin = false;
	for (unsigned k = ZSK_FIRST; k < ZSK_FIRST + w->knot.zsk_count && !algorithm_complete(w); k++) {
		if (algorithm_published(w->knot.key[k].state) &&
		    !(algorithm_keys(w, w->knot.key[k].algorithm) & knot_keys(w))) {
			knot_unpublish(w, k, KSK_HIDDEN, CAUSE_OPERATOR, w->now);
			knot_update(w);
			event_add(w, w->now + 8 * DAY, EV_COMMAND, COMMAND_ABORTED, 0);
		}
	}
	for (unsigned k = w->knot.key_count; k-- > 0 && !algorithm_complete(w);) {
		if (algorithm_published(w->knot.key[k].state) && !(shown & (1U << k)) && (knot_keys(w) & shown)) {
			knot_remove(w, 1U << k, CAUSE_OPERATOR, w->now);
			knot_update(w);
		}
	}
}

/*! The one that the policy has to have again. */
static unsigned named_algorithm(const rollover_row_t *row)
{
	unsigned named = 0;

	if (row->has_new) {
		return row->new_key.algorithm;
	}
	return sscanf(row->gate_detail, "keys of algorithm %u sign the data", &named) == 1 ? named : 0;
}

static void told_of_algorithm(world_t *w)
{
	const rollover_row_t *row = &w->engine.row;
	/* Where the gate says so, as ttl-high-at does if it names no server, he looks into Knot's log. */
	const bool log = (row->gate == GATE_TTL_HIGH && row->gate_about[0] == '\0') ||
	                 row->gate == GATE_ALGORITHM_PENDING ||
	                 strstr(row->gate_detail, "does not sign the zone: see its log") != NULL;
	const bool unsigned_zone = log && !algorithm_complete(w);
	const bool twin = unsigned_zone || strstr(row->gate_detail, "two KSKs have algorithm") != NULL ||
	                  strstr(row->gate_detail, "is published still") != NULL;
	const bool left = has_left(w);
	const bool back = row->gate == GATE_ALGORITHM_ROLLOVER && row->state != ROLLOVER_IDLE;

	const bool lone = row->gate == GATE_KEYS_REFUSED && strstr(row->gate_detail, "lost its DNSKEY") != NULL;
	const bool found = row->gate == GATE_ALGORITHM_ROLLOVER && row->state == ROLLOVER_IDLE &&
	                   strstr(row->gate_detail, "of which no key is published") != NULL;

	if ((lone || found) && !w->told_left && w->told_times++ < 3) {
		w->told_left = true;
		event_add(w, w->now + 8 * DAY, EV_COMMAND, COMMAND_ABORTED, 0);
		w->end += 10 * DAY + w->bound;
	}
	/* What Knot has signed without it is renewed: then it begins. */
	if (row->gate == GATE_ALGORITHM_PENDING && !unsigned_zone && !w->told_pending && w->told_times++ < 3) {
		w->told_pending = true;
		event_add(w, w->now + DAY, EV_KASP, 0, 0);
		w->end += 10 * DAY + w->bound;
	}
	if (twin && !w->told_twin) {
		w->told_twin = true;
		event_add(w, w->now + DAY, EV_COMMAND, COMMAND_DELETE_TWIN, 0);
	}
	if (left && !w->told_back && w->told_times++ < 3) {
		w->told_back = true;
		event_add(w, w->now + DAY, EV_COMMAND, COMMAND_ABORT_ALGORITHM, 0);
		w->end += 10 * DAY + w->bound;
	}
	if (back && !w->told_back && w->told_times++ < 3) {
		w->told_back = true;
		event_add(w, w->now + DAY, EV_COMMAND,
		          row->state == ROLLOVER_PRESIGN && rng_chance(&w->key_rng, 50) ? COMMAND_ABORT_ALGORITHM :
		          named_algorithm(row) == w->knot.key[0].algorithm              ? COMMAND_OLD_ALGORITHM :
		                                                                          COMMAND_NEW_ALGORITHM,
		          0);
		w->end += 10 * DAY + w->bound;
	}
}

void operator_is_told(world_t *w)
{
	if (w->engine.row.state != ROLLOVER_ROLLED_BACK) {
		told_of_algorithm(w);
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

static bool is_at_parent(command_kind_t kind)
{
	return (kind >= COMMAND_DS_NEW && kind <= COMMAND_DS_TTL) || kind == COMMAND_DS_NONE;
}

/*! Irregular answers that were met are gone with the store. */
static void forget_faults(world_t *w)
{
	for (unsigned i = 0; i < w->fault_count; i++) {
		for (unsigned k = 0; k < w->fault[i].known_count; k++) {
			w->fault[i].known[k].lost = w->fault[i].known[k].lost != 0 ? w->fault[i].known[k].lost : w->now;
		}
	}
}

void command_run(world_t *w, const command_t *command)
{
	engine_t *e = &w->engine;
	int key = newest(w);

	if (w->driver != DRIVER_MODULE && command->kind >= COMMAND_HOLD && command->kind <= COMMAND_WET_RUN) {
		return;
	}
	if (child_is_by_hand(w) && !is_at_parent(command->kind)) {
		return; /* No Knot signs that zone. */
	}
	trace(w, "operator    %s", command_names[command->kind]);
	switch (command->kind) {
	case COMMAND_ROLL:
		if (!w->knot.up) {
			event_add(w, w->now + HOUR, EV_COMMAND, command->kind, 0);
		} else {
			knot_roll(w, w->knot.algorithm, false, CAUSE_OPERATOR, w->now);
			watch_log(w);
		}
		break;
	case COMMAND_NEW_ALGORITHM:
		w->told_back = false;
		change_algorithm(w, w->knot.key[0].algorithm + 2);
		break;
	case COMMAND_OLD_ALGORITHM:
		w->told_back = false;
		change_algorithm(w, w->knot.key[0].algorithm);
		break;
	case COMMAND_ABORT_ALGORITHM:
		abort_algorithm(w);
		break;
	case COMMAND_ABORTED:
		finish_abort(w);
		break;
	case COMMAND_DELETE_TWIN:
		delete_twin(w);
		break;
	case COMMAND_SERIAL_BACK:
		w->knot.serial -= 100000;
		knot_sign(w);
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
		if (!e->config.hold && e->row.state == ROLLOVER_ROLLED_BACK) {
			e->releases++;
			e->released = w->now;
			e->sent_on = e->alive && e->row.gate == GATE_HOLD;
		}
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
		knot_roll(w, w->knot.algorithm, true, CAUSE_OPERATOR, w->now);
		watch_log(w);
		break;
	case COMMAND_DELETE_EXTRA:
		delete_safely(w, true);
		break;
	case COMMAND_ABORT:
		if (w->changes_algorithm && w->knot.algorithm != w->knot.key[0].algorithm) {
			abort_algorithm(w);
		} else {
			delete_safely(w, false);
			watch_log(w);
		}
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
		submit_store_lost(w);
		e->has_stored = false;
		w->why |= WHY_STORE_LOST;
		forget_faults(w);
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
