/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine: guards, then the conditions of the step, then the next step.
 */

#include <assert.h>
#include <string.h>

#include "conditions.h"
#include "expire.h"
#include "guards.h"
#include "idle.h"
#include "learn.h"
#include "low_ds.h"

void rollover_init(rollover_row_t *row, time_t now)
{
	memset(row, 0, sizeof(*row));
	row->state = ROLLOVER_IDLE;
	row->since = now;
	row->gate_since = now;
	row->next_check = now;
}

uint32_t rollover_policy_ttl(policy_role_t role, uint32_t ttl)
{
	const uint32_t apart = role == POLICY_DELETE ? 1 : 0;

	return ttl > ROLLOVER_TTL_MAX - 1 ? ttl - apart : ttl + apart;
}

static bool at_the_parent(rollover_gate_t gate)
{
	const rollover_side_t side = rollover_gate_info(gate)->side;

	return side == SIDE_PARENT || side == SIDE_EITHER;
}

static time_t ds_check(const rollover_row_t *row)
{
	return ROLLOVER_DS_CHECK - ROLLOVER_DS_CHECK / 8 * row->old[0].digest[0] / UINT8_MAX;
}

static bool ds_check_due(const rollover_row_t *row, time_t now)
{
	return now < row->parent_seen || now - row->parent_seen >= ds_check(row);
}

/*! Nothing rolls. What was wrong at the parent stays in sight until it is seen to be well. */
static unsigned idle_needs(const rollover_row_t *row, const key_id_t *keys, unsigned key_count, time_t now)
{
	/* A primary has to have the delegation that was seen. The DS of a zone with two signers may be replaced. */
	if (row->ds_ttl_before != 0 || rollover_gate_info(row->gate)->side == SIDE_CHILD) {
		return SURVEY_PARENT | SURVEY_CHILD;
	}
	if (row->old_count == 0 || row->has_new || row->old_count != key_count) {
		return SURVEY_PARENT;
	}
	for (unsigned i = 0; i < key_count; i++) {
		if (key_id_find(row->old, row->old_count, &keys[i]) < 0) {
			return SURVEY_PARENT;
		}
	}
	const bool parent = at_the_parent(row->gate) || row->ordered != 0 || ds_check_due(row, now);
	const bool starts = row->gate == GATE_NONE && row->gate_until != 0; /* See idle.c. */
	return (parent ? SURVEY_PARENT : 0) | (starts ? SURVEY_CHILD : 0);
}

unsigned rollover_needs(const rollover_config_t *config, const rollover_row_t *row, const key_id_t *keys,
                        unsigned key_count, time_t now)
{
	if (config->hold || config->observe_only) {
		/*
		 * Nothing is driven; whether the chain holds is reported all the same. With the KSK offline the next
		 * set of keys may have any other, and comes whatever the DS is.
		 */
		const bool is_due = config->dnskey_refresh != 0 && now - row->parent_seen >= config->ds_check_interval;
		return row->gate == GATE_CHAIN_BROKEN || is_due || ds_check_due(row, now) ? SURVEY_PARENT : 0;
	}
	return row->state == ROLLOVER_IDLE ? idle_needs(row, keys, key_count, now) :
	                                     plans_step(plans_of(row), row, false)->survey;
}

bool rollover_goes_on(const rollover_config_t *config, const rollover_facts_t *facts, unsigned own_count, time_t now,
                      const rollover_decision_t *d)
{
	if (!d->transition || rollover_state_info(d->row.state)->own_check || d->action != ACTION_NONE || d->notify ||
	    d->ds_ttl != 0 || d->set_keys || rollover_must_switch(&facts->own, d)) {
		return false;
	}
	unsigned needs = rollover_needs(config, &d->row, facts->keys, own_count, now) & ~SURVEY_WATCH;
	return needs != 0 && (needs & ~facts->asked) == 0;
}

/*! All conditions of the step are met: the next one, or its gate for ever. */
static void finish(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const step_t *step = c->step;
	const time_t since = row->observed_since, last = row->observed_last;

	if (step->gate != GATE_NONE) {
		dec_wait(c, step->gate, "",
		         c->config->go_insecure && !c->plan->removes_ds ?
		                 "go-insecure waits until the rollover continues or the new key is removed" :
		                 "",
		         0);
		return;
	}
	if (step->ends) {
		dec_remember_old(row, c->facts, c->new_key);
		row->has_new = false;
		row->csk = row->csk_new;
		row->settled_at = c->now;
		row->ds_all_since = 0;
		row->signalled = 0;
		/* What was in force before the order has left the nameservers with the old key, if there was one. */
		const bool left =
			row->zone_ttl_seen < row->since && !rollover_is_first(c->before) && !cond_has_begun(c);
		row->zone_ttl_until = left ? ttl_expires(c->now, row->zone_ttl) : 0;
		row->keys = row->keys == KEYS_MOVED ? KEYS_SILENT :
		                                      row->keys; /* The new one is the old one from here on. */
	}
	dec_enter(c, step->next);
	if (step->observed) {
		row->observed_since = since;
		row->observed_last = last;
	}
}

bool rollover_silence_first(const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
                            time_t now, rollover_decision_t *out)
{
	assert(config && row && facts && out);

	/* Most often nothing is left to silence. */
	if (row->state != ROLLOVER_IDLE || (rollover_are_silent(row->keys) && dec_are_read(row, facts))) {
		return false;
	}
	dec_t c;
	dec_init(&c, config, row, facts, now, out);
	if (guard_settings(&c) || !idle_silence_first(&c)) {
		return false;
	}
	out->keys = KEYS_SILENT;
	dec_conclude(&c);
	return out->set_keys;
}

void rollover_decide(const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
                     time_t now, rollover_decision_t *out)
{
	assert(config && row && facts && out);

	dec_t c;
	dec_init(&c, config, row, facts, now, out);
	if (facts->own.known && c.step->order == ACTION_START) {
		dec_adopt(&c);
	}
	learn_answers(&c);
	cond_note_data(&c);
	expire_note_checks(&c);
	learn_operators_word(&c);
	const bool stays = guard_settings(&c);
	if (!stays) {
		low_ds_learn(&c);
	}
	if (!stays && !guard_keys(&c) && !guard_validation(&c) && !guard_states(&c) && !guard_policy(&c) &&
	    !cond_decide(&c)) {
		finish(&c);
	}
	guard_chain(&c);
	if (!stays) {
		low_ds_conclude(&c);
	}
	dec_conclude(&c);
}
