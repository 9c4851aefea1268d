/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The entry points, and what holds in every state.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "decision.h"

bool key_id_equal(const key_id_t *a, const key_id_t *b)
{
	return a->algorithm == b->algorithm && a->tag == b->tag &&
	       memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

int key_id_find(const key_id_t *keys, unsigned count, const key_id_t *id)
{
	for (unsigned i = 0; i < count; i++) {
		if (key_id_equal(&keys[i], id)) {
			return i;
		}
	}
	return -1;
}

void rollover_init(rollover_row_t *row, time_t now)
{
	memset(row, 0, sizeof(*row));
	row->state = ROLLOVER_IDLE;
	row->since = now;
	row->gate_since = now;
	row->wake = now;
}

bool rollover_is_first(const rollover_row_t *row)
{
	return row->has_new && row->old_count == 0 && row->state != ROLLOVER_IDLE;
}

policy_role_t rollover_policy(const rollover_row_t *row)
{
	switch (row->state) {
	case ROLLOVER_IDLE:
		return POLICY_BASE;
	case ROLLOVER_SIGNAL:
	case ROLLOVER_AWAIT_DS:
		/* A first key may be active already: the one policy that signals it as well. */
		return rollover_is_first(row) ? POLICY_ROLLBACK : POLICY_SIGNAL;
	case ROLLOVER_ROLLBACK:
		return POLICY_ROLLBACK;
	case ROLLOVER_LEAVE:
		return POLICY_DELETE;
	default:
		return POLICY_QUIET;
	}
}

uint32_t rollover_policy_ttl(policy_role_t role, uint32_t ttl)
{
	const uint32_t apart = role == POLICY_SIGNAL || role == POLICY_DELETE ? 1 : role == POLICY_ROLLBACK ? 2 : 0;

	return ttl > ROLLOVER_TTL_MAX - 2 ? ttl - apart : ttl + apart;
}

/*!
 * Whether the zone changes between a single key and KSK and ZSK. Knot begins as soon as its policy says so: the new key is
 * no successor of the old one. One under way with its derived policies comes to its end, as with another algorithm.
 */
static bool scheme_changes(const ctx_t *c)
{
	const own_facts_t *own = &c->facts->own;

	switch (c->before->state) {
	case ROLLOVER_IDLE:
		return own->csk != own->csk_wanted && !c->config->leave;
	case ROLLOVER_PREPARE:
		return own->csk != own->csk_wanted;
	case ROLLOVER_LEAVE:
	case ROLLOVER_LEFT:
		return false;
	default:
		return own->csk;	/* There was a ZSK when it began. */
	}
}

/*! On hold a zone at rest is the operator's word only for what was shown to him as gone: a DS that goes meanwhile is not. */
static bool asks_for_ds(const ctx_t *c)
{
	return (c->before->gate == GATE_FIRST_DS || c->before->acted != 0) && !parent_has_any(c->facts);
}

static bool outer_gates(ctx_t *c)
{
	const own_facts_t *own = &c->facts->own;
	rollover_row_t *row = &c->out->row;

	if (c->config->observe_only || own->catalog_member) {
		row->all_since = 0;	/* The answers are not judged behind this gate, or nobody is asked. */
		stay(c, GATE_OBSERVE_ONLY, "", c->config->observe_only ? c->config->observe_reason :
		     "the zone is a catalog member: its policy cannot be switched", 0);
		return true;
	}
	if (c->config->hold) {
		/* Safest is quiet: nobody is asked to change anything (both keys stay in use). */
		c->out->policy_wanted = row->state != ROLLOVER_IDLE;
		c->out->policy = POLICY_QUIET;
		row->all_since = 0;
		if (row->state == ROLLOVER_HELD || row->state == ROLLOVER_IDLE) {
			row->acted = row->state == ROLLOVER_HELD || asks_for_ds(c) ? c->now : 0;
		}
		stay(c, GATE_HELD, "", row->state == ROLLOVER_IDLE && row->acted != 0 ? "its end asks for a first DS" : "", 0);
		return true;
	}
	if (!own->known || own->dnskey == 0) {
		stay(c, GATE_KNOT_UNREACHABLE, "", own->known ? "the zone is not loaded or not signed" : own->conf_detail, 0);
		return true;
	}
	if (own->frozen) {
		row->all_since = 0;
		stay(c, GATE_FROZEN, "", "", 0);
		return true;
	}
	if (own->transaction) {
		row->all_since = 0;
		stay(c, GATE_KNOT_BUSY, "", "a transaction of the zone is open", 0);
		return true;
	}
	if (c->config->dry_run && row->state != ROLLOVER_IDLE) {
		/* Switched on under way: everything stays as it is. */
		row->all_since = 0;
		stay(c, GATE_DRY_RUN, "", "a rollover is under way", 0);
		return true;
	}
	c->out->policy_wanted = !c->config->dry_run;
	if (c->facts->too_many_keys) {
		row->all_since = 0;
		stay(c, GATE_TOO_MANY_KEYS, "", "", 0);
		return true;
	}
	if (scheme_changes(c)) {
		c->out->policy_wanted = false;
		row->all_since = 0;
		stay(c, GATE_SCHEME_CHANGE, "", own->csk ? "single-type-signing of the policy is off, the zone has a single key" :
		     "single-type-signing of the policy is on, the zone has KSK and ZSK", 0);
		return true;
	}
	if (own->csk && row->state == ROLLOVER_IDLE && !c->config->leave) {
		c->out->policy_wanted = false;
		stay(c, GATE_CSK, "", "", 0);
		return true;
	}
	if (own->foreign != 0 && row->state == ROLLOVER_IDLE && !c->config->leave) {
		char text[64];
		snprintf(text, sizeof(text), "key %u does not sign here: another signer's",
		         set_first(c->facts, own->foreign)->tag);
		stay(c, GATE_UNKNOWN_KEY, "", text, 0);
		return true;
	}
	return false;
}

static bool policy_pending(ctx_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const rollover_row_t *row = c->before;

	if (own->policy == c->out->policy || !c->out->policy_wanted) {
		return false;
	}
	/* Lost by a reload or restart, perhaps days ago: signals come back only if all is still well. */
	if (c->out->policy != POLICY_QUIET && (row->state == ROLLOVER_SIGNAL || row->state == ROLLOVER_AWAIT_DS) &&
	    new_key_lost(c)) {
		return true;
	}
	/* The DS was taken away meanwhile: what is not out any more stays away. */
	if (ds_removed(c) && (row->state == ROLLOVER_SIGNAL || row->state == ROLLOVER_AWAIT_DS ||
	                      row->state == ROLLOVER_ROLLBACK)) {
		go_back(c, row->state == ROLLOVER_ROLLBACK ? ROLLOVER_HELD : ROLLOVER_INTRODUCE, &DS_REMOVED);
		return true;
	}
	c->out->row.all_since = 0;
	if (rollover_conf_bars(own, c->out->policy)) {
		stay(c, own->conf_gate, "", own->conf_reason, 0);
		return true;
	}
	stay(c, own->conf_busy ? GATE_KNOT_BUSY : GATE_POLICY_PENDING, "",
	     own->conf_detail[0] != '\0' ? own->conf_detail : rollover_policy_name(c->out->policy), 0);
	return true;
}

/*! The own zone's set of KSKs changed in a way that this state does not expect. */
static bool keys_changed(ctx_t *c)
{
	const keyset_t zone = c->facts->own.dnskey;
	const rollover_row_t *row = c->before;

	if (row->state == ROLLOVER_IDLE || row->state == ROLLOVER_LEAVE || row->state == ROLLOVER_LEFT) {
		return false;
	}
	if (row->state == ROLLOVER_PREPARE || row->state == ROLLOVER_SETTLE) {
		if (zone == c->old) {
			return false;
		}
		/* A KSK came or went by somebody else's hand: one more is a rollover to catch up with. */
		if ((zone & c->old) == c->old && adopt_new_key(c)) {
			go(c, ROLLOVER_INTRODUCE);
		} else {
			start_over(c);
		}
		return true;
	}
	if (row->has_new && !(zone & c->new_key)) {
		start_over(c);
		return true;
	}
	if ((c->old & ~zone) && (c->old & zone) && row->state != ROLLOVER_RETIRE) {
		/* One of several old ones was let go by hand: nobody has to wait for it at a nameserver. */
		c->old &= zone;
		remember_old(&c->out->row, c->facts, c->old);
		c->out->row.all_since = 0;
	}
	if (row->state == ROLLOVER_RETIRE && !(zone & c->old)) {
		return false;	/* One more KSK is the next rollover: it waits until this one has settled. */
	}
	if (zone & ~(c->old | c->new_key)) {
		if (!(zone & c->old)) {
			/* This rollover was ended by hand and the next one begun: find out anew who is who. */
			start_over(c);
			return true;
		}
		if (row->state == ROLLOVER_INTRODUCE && c->new_key == 0 && !is_successor(c, zone & ~c->old)) {
			/* Not the key that was ordered: what it is, idle says. */
			start_over(c);
			return true;
		}
		if (row->state == ROLLOVER_SIGNAL || row->state == ROLLOVER_AWAIT_DS) {
			/* Once it is ready CDS names it too, and nobody has seen it anywhere: no signals. */
			go(c, ROLLOVER_INTRODUCE);
			return true;
		}
		c->out->row.all_since = 0;
		stay(c, GATE_UNKNOWN_KEY, "", "a KSK that this rollover does not know", 0);
		return true;
	}
	if ((zone & c->old) || rollover_is_first(row)) {
		return false;
	}
	/* The operator's own zone-ksk-submitted: accepted, it skips the observation. */
	switch (row->state) {
	case ROLLOVER_WITHDRAW:
	case ROLLOVER_OBSERVE:
		go(c, ROLLOVER_RETIRE);
		return true;
	case ROLLOVER_INTRODUCE:
	case ROLLOVER_SIGNAL:
	case ROLLOVER_AWAIT_DS:
	case ROLLOVER_ROLLBACK:
	case ROLLOVER_HELD:
		/* Too early: no signal of ours can help, since none would be signed by a trusted key. */
		if (judge_chain(c->facts, c->config, c->new_key, c->now).gate == GATE_NONE) {
			go(c, ROLLOVER_RETIRE);
		} else if (ds_removed(c)) {
			start_over(c);		/* Nothing is broken any more, and nothing is left to roll. */
		} else {
			stay(c, GATE_OLD_KEY_GONE, "", "", 0);
		}
		return true;
	default:
		return false;
	}
}

/*!
 * A chain that is broken now outweighs every other gate, whatever the state makes of it: only the operator can help. It is
 * also why validation fails then, if no server of the parent names a key of the zone. In `rollback` the DS to restore stays in the text.
 */
static void chain_is_broken(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;
	verdict_t v = judge_broken(c->facts);

	if (v.gate == GATE_NONE || c->out->transition ||
	    (rollover_gate_info(row->gate)->outage &&
	     (row->gate != GATE_VALIDATION_FAILS || parent_has(c->facts, c->facts->own.dnskey)))) {
		return;
	}
	if (row->state == ROLLOVER_ROLLBACK && row->gate == GATE_DS_MISSING_AT) {
		text_copy(v.detail, sizeof(v.detail), row->gate_detail);
	}
	row->gate_since = c->before->gate_since;
	c->out->gate_changed = false;
	stay(c, v.gate, v.about, v.detail, 0);
}

static bool at_the_parent(rollover_gate_t gate)
{
	const rollover_side_t side = rollover_gate_info(gate)->side;

	return side == SIDE_PARENT || side == SIDE_EITHER;
}

static time_t ds_look(const rollover_row_t *row)
{
	return ROLLOVER_DS_LOOK - ROLLOVER_DS_LOOK / 8 * row->old[0].digest[0] / UINT8_MAX;
}

static bool ds_look_due(const rollover_row_t *row, time_t now)
{
	return now < row->parent_seen || now - row->parent_seen >= ds_look(row);
}

unsigned rollover_needs(const rollover_config_t *config, const rollover_row_t *row,
                        const key_id_t *keys, unsigned key_count, time_t now)
{
	if (config->hold || config->observe_only) {
		/* Nothing is driven; whether the chain holds is reported all the same. */
		return row->gate == GATE_CHAIN_BROKEN || ds_look_due(row, now) ? SURVEY_PARENT : 0;
	}
	switch (row->state) {
	case ROLLOVER_IDLE:
		if (row->old_count > 0 && !row->has_new && row->old_count == key_count) {
			for (unsigned i = 0; i < key_count; i++) {
				if (key_id_find(row->old, row->old_count, &keys[i]) < 0) {
					return SURVEY_PARENT;
				}
			}
			/* What was wrong at the parent stays in sight until it is seen to be well. */
			return at_the_parent(row->gate) || row->acted != 0 || ds_look_due(row, now) ? SURVEY_PARENT : 0;
		}
		return SURVEY_PARENT;
	case ROLLOVER_SETTLE:
		return SURVEY_PARENT | SURVEY_WATCH;
	case ROLLOVER_PREPARE:
	case ROLLOVER_LEAVE:
	case ROLLOVER_LEFT:
		return SURVEY_CHILD | SURVEY_PARENT;
	default:
		if (rollover_is_first(row) && row->state < ROLLOVER_WITHDRAW) {
			return SURVEY_CHILD | SURVEY_PARENT;	/* Insecure until then, and rightly so. */
		}
		return SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	}
}

bool rollover_goes_on(const rollover_config_t *config, const rollover_facts_t *facts, unsigned own_count,
                      time_t now, const rollover_decision_t *d)
{
	if (!d->transition || d->row.state == ROLLOVER_AWAIT_DS || d->row.state == ROLLOVER_RETIRE || d->action != ACTION_NONE || d->notify ||
	    (d->policy_wanted && facts->own.policy != d->policy)) {
		return false;
	}
	unsigned needs = rollover_needs(config, &d->row, facts->keys, own_count, now) & ~SURVEY_WATCH;
	return needs != 0 && (needs & ~facts->asked) == 0;
}

void rollover_decide(const rollover_config_t *config, const rollover_row_t *row,
                     const rollover_facts_t *facts, time_t now,
                     rollover_decision_t *out)
{
	assert(config && row && facts && out);

	memset(out, 0, sizeof(*out));
	out->row = *row;
	out->policy = rollover_policy(row);

	ctx_t c = {
		.config = config, .before = row, .facts = facts, .now = now, .out = out,
		.old = set_of(facts, row->old, row->old_count),
		.new_key = row->has_new ? set_of(facts, &row->new_key, 1) : 0,
	};

	if (facts->own.known && row->state == ROLLOVER_INTRODUCE) {
		adopt_new_key(&c);
	}
	learn_ttls(&c);
	note_looks(&c);
	take_operators_word(&c);
	if (!outer_gates(&c) && !keys_changed(&c) && !watch_failed(&c) && !policy_pending(&c)) {
		state_functions[row->state](&c);
	}
	chain_is_broken(&c);
}
