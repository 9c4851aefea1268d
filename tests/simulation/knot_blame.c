/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A key gets on by Knot's timer: should the module have held it?
 */

#include "sim_world.h"

/*!
 * Whether the module has had the time to set the key. It checks an idle zone, and what it has begun; a further KSK
 * waits until a rollover has settled, and Knot's timer is all that holds it until then.
 */
static bool had_time(const world_t *w, unsigned k, time_t published)
{
	const rollover_row_t *row = &w->engine.row;
	const rollover_config_t *c = &w->engine.config;
	uint32_t interval = c->check_interval;
	time_t from = published;

	if (row->state == ROLLOVER_IDLE) {
		interval = c->ds_check_interval > interval ? c->ds_check_interval : interval;
	} else if (row->state == ROLLOVER_PRESIGN && w->knot.key[k].state == KSK_PRE_ACTIVE) {
		/* Nobody can name it yet. */
	} else if (!row->has_new || row->new_key.digest[0] != k + 1) {
		return false;
	}
	if (row->since > from) {
		from = row->since;
	}
	return w->now - from > interval * 9 / 8 + 120;
}

/*! The process that was there when the key was made could set it all the time. */
static bool is_at_work(const world_t *w, const sim_key_t *key)
{
	const engine_t *e = &w->engine;

	return w->driver == DRIVER_MODULE && e->alive && key->epoch == e->epoch && !fault_active(w, FAULT_CONTROL) &&
	       !fault_active(w, FAULT_KEYS) && !fault_active(w, FAULT_STORE) && !fault_active(w, FAULT_ZONE_TXN) &&
	       !e->config.dry_run;
}

/*! Nobody but the module has set the key, and its row says that this was done. */
static bool believed_active(const world_t *w, unsigned k)
{
	const rollover_row_t *row = &w->engine.row;

	return rollover_are_silent(row->keys) && row->has_new && row->new_key.digest[0] == k + 1 &&
	       !w->knot.key[k].by_hand && !(w->why & WHY_RESTORED);
}

void blame_ready(world_t *w, sim_key_t *key)
{
	const engine_t *e = &w->engine;
	const unsigned k = key - w->knot.key;
	const bool at_work = is_at_work(w, key);

	key->ready_cause = key->made == CAUSE_OURS && at_work ? CAUSE_OURS : CAUSE_KNOT;
	key->ready_decided = key->ready_cause == CAUSE_OURS ? key->made_decided : w->now;
	w->low_ttl_signals |= e->alive && !w->knot.base_signals && w->knot.policy == POLICY_LOW_TTL;
	if (key->made == CAUSE_OURS && key->ready_cause == CAUSE_KNOT) {
		w->left_published = w->now - key->published;
		trace(w, "knot        KSK %s was left published by a process that has ended", keys_text(1U << k));
	}
	if (at_work && believed_active(w, k)) {
		violate(w, "published", "KSK %s was published, but the module takes it for active", keys_text(1U << k));
	}
	if (w->profile == PROFILE_COOPERATIVE && at_work && !w->first && !w->knot.busy_often &&
	    had_time(w, k, key->published) && (knot_keys(w) & (knot_keys(w) - 1))) {
		violate(w, "published", "KSK %s was published for %ld s, and the module has left it so",
		        keys_text(1U << k), (long)(w->now - key->published));
	}
}

void blame_published(world_t *w, unsigned k)
{
	const sim_key_t *key = &w->knot.key[k];

	w->algorithm_alone = true;
	if (w->profile == PROFILE_COOPERATIVE && is_at_work(w, key) && !w->first && !w->knot.busy_often &&
	    had_time(w, k, key->since)) {
		violate(w, "published", "%s was pre-active for %ld s, and the module has left it so",
		        keys_text(1U << k), (long)(w->now - key->since));
	}
}
