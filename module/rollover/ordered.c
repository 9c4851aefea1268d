/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guards: whether this server has done what was ordered, and what may be ordered again. */

#include "conditions.h"
#include "expire.h"
#include "guards.h"

/* The states of the keys. */

/*! Signals that went, perhaps days ago, come back only if all is still well. \return Whether it is not. */
static bool signals_stay_away(dec_t *c)
{
	static const judge_verdict_t why = { .gate = GATE_WAITING_ZONE_TTL,
		                             .about = "",
		                             .detail = "a nameserver had data that the new algorithm has not signed" };
	const step_t *step = c->step;

	if (c->out->keys != KEYS_SIGNAL_NEW && c->out->keys != KEYS_SIGNAL_BOTH) {
		return false;
	}
	if (step->key_lost != TO_STAY && cond_key_lost(c)) {
		return true;
	}
	if (step->key_lost != TO_STAY && !c->facts->own.cds.present && !expire_data_is_over(c)) {
		dec_go_back(c, step->key_lost, &why);
		return true;
	}
	/* The DS was taken away meanwhile: what is not out any more stays away. */
	if (step->removed != TO_STAY && step->removed != TO_START && dec_ds_removed(c)) {
		dec_go_back(c, step->removed, &DEC_DS_REMOVED);
		return true;
	}
	return false;
}

/*! The parent has what the signals would ask for: nobody has to see them any more. */
static bool signals_are_done(const dec_t *c)
{
	judge_verdict_t v = { .gate = GATE_CDS_MISSING };

	if (c->step->signals == SIGNALS_NEW) {
		v = judge_parent(c->facts, c->config, c->new_key, c->now);
	} else if (c->step->signals == SIGNALS_BOTH) {
		v = judge_chain(c->facts, c->config, dec_role(c, c->step->chain), c->now);
	}
	return v.gate == GATE_NONE;
}

/*!
 * Whether the new key may not sign the data any more, though it should: another client has set the keys, or a backup
 * has brought others back. Then the old key signs them, and the move is proven again before it is ordered.
 */
static bool is_unmoved(dec_t *c)
{
	static const judge_verdict_t why = { .gate = GATE_KEYS_PENDING,
		                             .about = "",
		                             .detail = "the states of the keys were changed" };
	rollover_row_t *row = &c->out->row;

	if (c->out->keys != KEYS_MOVED || !rollover_moves(c->before) || !(c->facts->own.dnskey & c->old)) {
		return false;
	}
	row->keys = KEYS_UNKNOWN;
	if (row->state != ROLLOVER_WITHDRAW) {
		dec_go_back(c, ROLLOVER_WITHDRAW, &why);
		return true;
	}
	c->out->keys = KEYS_SILENT;
	return dec_unjudged(c, GATE_KEYS_PENDING, why.detail);
}

/*! Checks in a row after which an order that is carried out should have had its effect: some ten minutes. */
#define UNSIGNED_CHECKS 10

/*!
 * The order is carried out again and again, and the zone stays as it was: Knot does not sign it, as when an algorithm
 * lacks a KSK or a ZSK. A large zone may take minutes.
 */
static bool is_not_signed(const dec_t *c)
{
	const rollover_row_t *row = c->before;

	return row->checks >= UNSIGNED_CHECKS && row->keys == c->out->keys &&
	       (row->gate == GATE_KEYS_PENDING || row->gate == GATE_KEYS_REFUSED) &&
	       c->facts->own.conf_detail[0] == '\0' && !dec_signals_shown(c);
}

bool guard_states(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	c->sound = true;
	if (!dec_keys_differ(c)) {
		return false;
	}
	if (is_unmoved(c)) {
		return true;
	}
	if (own->keys_refused && signals_are_done(c)) {
		c->sound = false; /* Nor are they set. */
		return false;
	}
	if (signals_stay_away(c)) {
		return true;
	}
	if (is_not_signed(c)) {
		return dec_unjudged(c, GATE_KEYS_REFUSED,
		                    "the keys are set, and Knot does not sign the zone: see its log");
	}
	return dec_unjudged(c, own->keys_refused ? GATE_KEYS_REFUSED : GATE_KEYS_PENDING, own->conf_detail);
}

/* The policy. */

/*! Whether nothing goes on without the policy: the low one alone holds nothing up once it was everywhere. */
static bool needs_policy(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (c->before->state == ROLLOVER_PREPARE || c->out->policy != POLICY_LOW_TTL || !dec_publishes(own)) {
		return true;
	}
	return c->step->low_ttl && (own->conf_detail[0] != '\0' || rollover_conf_bars(own, POLICY_LOW_TTL));
}

bool guard_policy(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (own->policy == c->out->policy || !c->out->driven || own->catalog_member || !needs_policy(c)) {
		return false;
	}
	/* Where the base policy publishes none, the switch brings them back. */
	if (signals_stay_away(c)) {
		return true;
	}
	if (rollover_conf_bars(own, c->out->policy)) {
		return dec_unjudged(c, own->conf_gate, own->conf_reason);
	}
	return dec_unjudged(c, own->conf_busy ? GATE_KNOT_BUSY : GATE_POLICY_PENDING,
	                    own->conf_detail[0] != '\0' ? own->conf_detail : rollover_policy_name(c->out->policy));
}
