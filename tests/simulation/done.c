/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The invariant "progress": a world ends with its rollovers done, or something that lasts explains why not.
 */

#include <string.h>

#include "sim_world.h"

/*! Of all that the zone has there is one algorithm, that of the policy, and one ZSK. */
static bool has_one_algorithm(const world_t *w)
{
	const zone_version_t *v = knot_version(w);
	const world_keys_t zsks = knot_zsks(w);

	return !w->changes_algorithm ||
	       (algorithm_set(w, v->dnskey | v->zsks | v->data) == ALGSET_OF(w->knot.algorithm) &&
	        !(zsks & (zsks - 1)) && !(v->data & ~(v->dnskey | v->zsks)));
}

/*! The rollovers are done, whatever is left of the DS TTL. */
static bool is_rolled(const world_t *w)
{
	const engine_t *e = &w->engine;
	const world_keys_t keys = knot_keys(w);
	const unsigned only = __builtin_ctz(keys | 0x8000);

	if (w->knot.key_count <= w->rolls_wanted || (keys & (keys - 1)) ||
	    (w->knot.key[only].state != KSK_ACTIVE && !w->first && w->knot.key[only].ready_cause == CAUSE_OURS)) {
		return false;
	}
	if (!has_one_algorithm(w)) {
		return false;
	}
	if (w->driver != DRIVER_MODULE) {
		return true;
	}
	return e->alive && !e->busy && e->row.state == ROLLOVER_IDLE && w->knot.policy == POLICY_BASE &&
	       e->row.old_count == 1 && !e->row.has_new && e->row.old[0].digest[0] == only + 1;
}

bool goal_reached(const world_t *w)
{
	const engine_t *e = &w->engine;

	if (w->knot.key_count <= w->rolls_wanted && !w->leaves) {
		return false; /* Most often. */
	}
	if (child_is_by_hand(w)) {
		return child_is_done(w);
	}
	if (w->leaves && e->config.go_insecure) {
		return e->alive && !e->busy && e->row.state == ROLLOVER_EXPIRE_DS && e->row.gate == GATE_MAY_UNSIGN;
	}
	return is_rolled(w) && (w->driver != DRIVER_MODULE || (e->row.gate == GATE_NONE && e->row.ds_ttl_before == 0));
}

/*!
 * All is done but the return of the DS TTL. DS has the low one, which another client has set, and the primary makes no
 * message about a TTL alone.
 */
static bool keeps_low_ttl(const world_t *w)
{
	const rollover_row_t *row = &w->engine.row;
	const submit_t *s = &w->up.submit;

	return s->on && (s->keeps_ttl || s->refuses) && row->gate == GATE_DS_TTL_NOT_SET &&
	       strstr(row->gate_detail, "update-refused") != NULL && row->ds_ttl_back &&
	       w->up.version[w->up.version_count - 1].ttl == row->ds_ttl_low && is_rolled(w);
}

static bool fault_explains(const world_t *w, const fault_t *f)
{
	const rollover_row_t *row = &w->engine.row;

	if (f->kind < FAULT_CONTROL) {
		const sim_server_t *s = f->parent ? &w->parent[f->server] : &w->child[f->server];
		if (row->gate == GATE_VALIDATION_FAILS || row->state == ROLLOVER_ROLLBACK) {
			/* Neither resolvers nor the parent get past it. */
			return (f->kind != FAULT_FOREIGN && f->kind != FAULT_TTL && f->kind != FAULT_FORGED) ||
			       strcmp(row->gate_about, s->name) == 0;
		}
		return strcmp(row->gate_about, s->name) == 0 ||
		       (row->gate == GATE_DS_REMAINS && strstr(row->gate_detail, s->name) != NULL) ||
		       (row->gate_about[0] == '\0' &&
		        row->gate == (f->parent ? GATE_PARENT_UNREACHABLE : GATE_CHILD_UNREACHABLE));
	}
	switch (f->kind) {
	case FAULT_CONTROL:
		return row->gate == GATE_KNOT_UNREACHABLE;
	case FAULT_KEYS:
		return row->gate == GATE_KEYS_REFUSED || strcmp(row->gate_detail, "keymgr cannot be run") == 0;
	case FAULT_CONF_TXN:
	case FAULT_ZONE_TXN:
		return row->gate == GATE_KNOT_BUSY;
	case FAULT_STORE:
		return row->gate == GATE_STORE_FAILED;
	case FAULT_DISCOVERY:
		return row->gate == GATE_DISCOVERY_FAILED;
	case FAULT_INSECURE:
		return row->gate == GATE_PARENT_INSECURE;
	case FAULT_CUT_OFF:
		return row->gate == GATE_CHILD_UNREACHABLE || row->gate == GATE_PARENT_UNREACHABLE;
	case FAULT_WATCH:
		return row->gate == GATE_VALIDATION_FAILS || row->gate == GATE_AWAITING_DECISION;
	default:
		return false;
	}
}

/*!
 * Two KSKs were in use, and the parent has swapped the DS for the one that Knot signalled: that no server of the parent
 * names the other any more is not known while one of them does not answer. Both stay in use.
 */
static bool swapped_unseen(const world_t *w, const fault_t *f)
{
	const rollover_row_t *row = &w->engine.row;

	return f->parent && row->state == ROLLOVER_IDLE && row->gate == GATE_NONE && row->old_count > 1 &&
	       w->knot.base_signals && (parent_ds(w) & knot_keys(w));
}

/*! While nobody but Knot had made the second KSK the parent has got its DS, and each server that serves it is cut off.
 */
static bool ds_unseen(const world_t *w, const fault_t *f)
{
	ds_version_t v;
	int fault;

	for (unsigned i = 0; i < w->parent_count; i++) {
		if (parent_serves(w, &w->parent[i], &v, &fault) && v.ds != 0) {
			return false;
		}
	}
	return f->parent && w->engine.row.gate == GATE_UNKNOWN_KEY && w->algorithm_alone;
}

/*! What the parent has names keys that the operator removed, and none of the zone. */
static bool ds_of_removed_key(const world_t *w)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if ((parent_ds(w) & (1U << k)) && w->knot.key[k].state == KSK_REMOVED &&
		    w->knot.key[k].removed_cause == CAUSE_OPERATOR) {
			return !(parent_ds(w) & knot_keys(w));
		}
	}
	return false;
}

/*! The module removed the key of the DS while every server of the parent served an older one, or before any had it. */
static bool ds_was_hidden(const world_t *w)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		const sim_key_t *key = &w->knot.key[k];
		if ((parent_ds(w) & (1U << k)) && key->state == KSK_REMOVED && key->removed_cause == CAUSE_OURS &&
		    (parent_hidden(w, key->removed_decided) ||
		     w->up.version[w->up.version_count - 1].cause == CAUSE_OPERATOR)) {
			return true;
		}
	}
	return false;
}

/*! Keys that the operator has taken out of the DNSKEY RRset. */
static world_keys_t gone_by_hand(const world_t *w)
{
	world_keys_t set = 0;

	for (unsigned k = 0; k < ZSK_FIRST + w->knot.zsk_count; k++) {
		const sim_key_t *key = &w->knot.key[k];
		const bool is_key = k < w->knot.key_count || k >= ZSK_FIRST;
		set |= is_key && !algorithm_published(key->state) && key->removed_cause == CAUSE_OPERATOR ? 1U << k : 0;
	}
	return set;
}

/*! Knot does not sign because an algorithm has no ZSK, and he has removed that. */
static bool zsks_were_removed(const world_t *w)
{
	const world_keys_t gone = gone_by_hand(w);

	for (unsigned i = 0; i < w->algorithm_count; i++) {
		const world_keys_t keys = w->algorithm[i].keys;
		if ((keys & knot_keys(w)) && !(keys & knot_zsks(w)) && ((keys & gone) >> ZSK_FIRST) != 0) {
			return true;
		}
	}
	return false;
}

/*! The last order was refused, or one before it that has only been put off since. */
static bool is_refused(const world_t *w)
{
	const engine_t *e = &w->engine;
	const bool put_off = strstr(e->row.gate_detail, "Knot is about to sign") != NULL;

	return e->row.gate == GATE_KEYS_REFUSED || (put_off && e->refused[0] != '\0');
}

/*! The operator's own DS set or keys are in the way, and the gate says so. */
static bool left_by_operator(const world_t *w)
{
	const rollover_row_t *row = &w->engine.row;
	const bool refused = is_refused(w);
	world_keys_t by_hand = 0;

	for (unsigned k = 0; k < w->knot.key_count; k++) {
		by_hand |= w->knot.key[k].by_hand ? 1U << k : 0;
	}
	if (row->gate == GATE_UNKNOWN_KEY && parent_ds(w) == 0) {
		return true; /* He made a second KSK before the first had its DS. */
	}
	if (row->gate == GATE_DS_REMOVED && parent_ds(w) == 0) {
		return (w->why & WHY_DS_BY_HAND) != 0;
	}
	/* It is his turn, in a moment if Knot is about to sign at the end. */
	const bool soon = row->gate == GATE_KEYS_PENDING && w->now - row->gate_since < HOUR;
	if (row->state == ROLLOVER_ROLLED_BACK && (row->gate == GATE_AWAITING_DECISION || soon) && !w->engine.sent_on) {
		return true;
	}
	if (row->gate == GATE_ALGORITHM_ROLLOVER && row->state == ROLLOVER_IDLE &&
	    (w->why & (WHY_STORE_LOST | WHY_RESTORED | WHY_DS_BY_HAND))) {
		return true; /* Nobody remembers how it came to that: he finishes it by hand. */
	}
	if (row->gate == GATE_ALGORITHM_ROLLOVER && row->state == ROLLOVER_IDLE && w->algorithm_alone &&
	    w->up.habit == HABIT_ADD) {
		return true; /* Nor how a parent that only adds has got the DS of what Knot has published by itself. */
	}
	if (row->gate == GATE_DS_FOREIGN && (w->why & WHY_DS_BY_HAND) && (parent_ds(w) & ~knot_keys(w))) {
		return true; /* He has given the parent the DS of a key that has gone since. */
	}
	if (row->gate == GATE_DS_FOREIGN && (parent_ds(w) & gone_by_hand(w))) {
		return true; /* He, or his backup, has taken out a key beside which the parent has another. */
	}
	if (w->told_times > 3 && (row->gate == GATE_ALGORITHM_ROLLOVER || refused)) {
		return true; /* He has had his turns. */
	}
	if (row->gate == GATE_NONE && row->state == ROLLOVER_IDLE && w->changes_algorithm && w->knot.key_count == 1 &&
	    w->knot.algorithm == w->knot.key[0].algorithm) {
		return true; /* He has changed the algorithm back before Knot had made a key. */
	}
	if (row->state == ROLLOVER_REMOVE_DS && !algorithm_complete(w)) {
		return true; /* Half of the order to hide a new algorithm was done, and he left before the other half.
		              */
	}
	if (row->gate == GATE_KNOT_UNREACHABLE && knot_version(w)->dnskey == 0 &&
	    ((w->why & WHY_OPERATOR) || gone_by_hand(w) != 0)) {
		return true; /* He has removed all keys, and what Knot has made since lacks a KSK or a ZSK. */
	}
	if (row->state == ROLLOVER_PRESIGN && row->gate == GATE_KNOT_NO_NEW_KEY && (w->why & WHY_OPERATOR)) {
		return true; /* While Knot did not sign he has let the old KSK go. */
	}
	if (refused && zsks_were_removed(w) && strstr(row->gate_detail, "Knot does not sign the zone") != NULL) {
		return true; /* He confirmed a KSK that had no ZSK: that of the old one has gone with it. */
	}
	/* He has deleted the new KSK, and the gate says what to do with its ZSK. */
	if (refused && row->has_new && (gone_by_hand(w) & (1U << (row->new_key.digest[0] - 1))) &&
	    strstr(row->gate_detail, "the new KSK is not among the keys") != NULL) {
		return true;
	}
	/* A KSK too many. */
	if (row->gate == GATE_KEYS_REFUSED && w->collide && strstr(row->gate_detail, "is named twice") != NULL) {
		return true; /* An old key has gone, and another one has its tag. */
	}
	if ((row->gate == GATE_UNKNOWN_KEY || refused) && (knot_keys(w) & by_hand)) {
		return true;
	}
	/* With two KSKs in use Knot begins with no other algorithm. */
	const bool several = row->gate == GATE_ALGORITHM_PENDING && row->old_count > 1;
	const bool ended = row->state == ROLLOVER_IDLE && (row->gate == GATE_NONE || several);
	if (ended && parent_ds(w) == knot_keys(w)) {
		/*
		 * Nothing is due: both have a DS, by hand or by a rollback that the store has lost; or the operator
		 * began a rollover before the first DS was everywhere, and the policy that signals a first DS signals
		 * both.
		 */
		return (w->why & (WHY_DS_BY_HAND | WHY_STORE_LOST)) || by_hand || w->knot.base_signals || w->first;
	}
	if (ended && !(knot_keys(w) & ~parent_ds(w))) {
		/*
		 * The same, and one DS more: he set it by hand, or he let its key go after a rollback that signalled
		 * both.
		 */
		return (w->why & WHY_DS_BY_HAND) || (knot_keys(w) & by_hand);
	}
	if (row->gate == GATE_CDS_DIFFERS && row->old_count > 1 && (knot_keys(w) & by_hand)) {
		return true;
	}
	if (row->gate == GATE_CDS_DIFFERS && (knot_version(w)->cds & (knot_version(w)->cds - 1))) {
		return by_hand || (w->why & WHY_DS_BY_HAND);
	}
	if (row->gate == GATE_KNOT_NO_NEW_KEY && row->old_count > 1 && parent_ds(w) == knot_keys(w)) {
		return w->first || by_hand ||
		       (w->why &
		        (WHY_DS_BY_HAND | WHY_STORE_LOST)); /* Two have a DS (see below), and Knot makes no third. */
	}
	if (row->gate == GATE_DS_STALE && row->state == ROLLOVER_RETIRE && w->changes_algorithm &&
	    (algorithm_set(w, parent_ds(w) & knot_keys(w)) & ALGSET_OF(row->old[0].algorithm))) {
		return true; /* He changed the algorithm back and forth, and the parent has followed Knot in between. */
	}
	/* Such a parent may only add: then the old DS stays, beside those of keys that come later. */
	if ((row->gate == GATE_CHAIN_BROKEN || row->gate == GATE_DS_FOREIGN) && ds_was_hidden(w)) {
		return true;
	}
	if ((row->gate == GATE_CHAIN_BROKEN || row->gate == GATE_OLD_KEY_GONE) && ds_of_removed_key(w)) {
		return true;
	}
	if ((row->gate == GATE_CHAIN_BROKEN || row->gate == GATE_OLD_KEY_GONE) && !(parent_ds(w) & knot_keys(w)) &&
	    (w->why & WHY_RESTORED)) {
		return true;
	}
	if (!(w->why & (WHY_DS_BY_HAND | WHY_STORE_LOST))) {
		return false;
	}
	/* The parent has taken the signal that is still out, he undid that, and it takes none twice. */
	const bool taken =
		w->up.strict &&
		(knot_version(w)->cds_signed == w->up.taken_signed || knot_version(w)->cds == w->up.accepted.ds) &&
		knot_version(w)->dnskey_signed < w->up.taken_signed;
	switch (row->gate) {
	case GATE_VALIDATION_FAILS: /* So it does. */
		return !(parent_ds(w) & knot_keys(w));
	case GATE_KNOT_NO_NEW_KEY: /* So does one that Knot still holds for new. */
		return (knot_keys(w) & (knot_keys(w) - 1)) != 0;
	case GATE_DS_MISSING:
		return taken || !(parent_ds(w) & knot_keys(w));
	case GATE_CHAIN_BROKEN:
	case GATE_OLD_KEY_GONE:
	case GATE_DS_FOREIGN:
	case GATE_DS_REMAINS: /* What he gave the parent names no key of the zone: nor can it validate a delete signal.
	                       */
		return !(parent_ds(w) & knot_keys(w));
	case GATE_DS_STALE: /* Or this parent only adds, or an agent keeps what he has set while nothing is signalled.
	                     */
		return taken || w->up.habit == HABIT_ADD || (w->agent.on && knot_version(w)->cds == 0);
	default:
		return false;
	}
}

void check_end(world_t *w)
{
	const rollover_row_t *row = &w->engine.row;
	rollover_actor_t actor = rollover_gate_info(row->gate)->actor;

	submit_check_end(w);
	if (w->driver != DRIVER_MODULE || w->failed || w->done || (w->why & WHY_DEAD)) {
		return;
	}
	if (w->agent.on && (goal_reached(w) || w->agent.misled)) {
		return; /* What is left is the agent's; or it came late. */
	}
	if (w->engine.config.hold && row->gate == GATE_HOLD) {
		return;
	}
	for (unsigned i = 0; i < w->fault_count; i++) {
		if (w->fault[i].active && w->fault[i].to == 0 &&
		    (fault_explains(w, &w->fault[i]) || swapped_unseen(w, &w->fault[i]) ||
		     ds_unseen(w, &w->fault[i]))) {
			return;
		}
	}
	if ((w->why & WHY_PARENT) &&
	    (actor == ACTOR_PARENT || (row->gate == GATE_NOT_INFORMED && w->up.submit.refuses))) {
		return;
	}
	if ((w->why & WHY_OPERATOR) && (actor == ACTOR_OPERATOR || actor == ACTOR_PARENT)) {
		return;
	}
	if (left_by_operator(w) || keeps_low_ttl(w)) {
		return;
	}
	if (actor == ACTOR_PARENT && agent_explains(w)) {
		return;
	}
	if ((w->agent.undos_made > 0 || w->agent.row.undone) &&
	    (w->agent.row.gate == DELEGATION_GATE_UNDONE || row->gate == GATE_DS_REMOVED)) {
		return; /* Validation failed, and the agent does not try again: people have to see why. */
	}
	if (w->up.strict && actor == ACTOR_PARENT &&
	    (w->up.taken_misdated || knot_version(w)->cds_misdated || knot_version(w)->dnskey_misdated)) {
		return; /* It goes by the dates of signatures, and the clock was wrong when these were made. */
	}
	violate(w, "progress", "state %s, gate %s %s %s: nothing explains why it is not done after %u s",
	        rollover_state_name(row->state), rollover_gate_info(row->gate)->name, row->gate_about, row->gate_detail,
	        w->bound);
}
