/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "conditions.h"
#include "guards.h"
#include "keyset.h"

/* The server and its settings. */

/*!
 * Behind a gate where no nameserver is judged, what held on all of them is void. So is the observation, where it is
 * also the time in which the new key signs all data.
 */
static bool unjudged(dec_t *c, rollover_gate_t gate, const char *detail)
{
	c->out->row.all_since = 0;
	if (c->before->csk) {
		c->out->row.observed_since = c->out->row.observed_last = 0;
	}
	dec_wait(c, gate, "", detail, 0);
	return true;
}

/*!
 * On hold an idle zone is the operator's statement only for what kskroll showed as removed: a DS that goes meanwhile is
 * not.
 */
static bool asks_for_ds(const dec_t *c)
{
	return (c->before->gate == GATE_DS_REMOVED || c->before->ordered != 0) && !judge_has_any_ds(c->facts);
}

static bool on_hold(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const bool idle = row->state == ROLLOVER_IDLE;

	/* Safest is silence: nobody is asked to change anything (both keys stay in use). */
	c->out->driven = !idle && c->facts->own.known && c->facts->own.dnskey != 0;
	c->out->keys = idle ? KEYS_UNKNOWN : rollover_are_silent(c->out->keys) ? c->out->keys : KEYS_SILENT;
	c->out->policy = dec_policy(c, POLICY_LOW_TTL);
	if (rollover_state_info(row->state)->asks_operator) {
		row->ordered = !idle || asks_for_ds(c) ? c->now : 0;
	}
	return unjudged(c, GATE_HOLD, idle && row->ordered != 0 ? "its end requests a first DS" : "");
}

/*! What the server does not let the module do now. */
static bool hands_off(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (!own->known || own->dnskey == 0) {
		dec_wait(c, GATE_KNOT_UNREACHABLE, "",
		         own->known ? "the zone is not loaded or not signed" : own->conf_detail, 0);
		return true;
	}
	if (own->frozen) {
		return unjudged(c, GATE_FROZEN, "");
	}
	return own->transaction && unjudged(c, GATE_KNOT_BUSY, "a transaction of the zone is open");
}

/*!
 * Whether the zone changes between a single key and KSK and ZSK. Knot begins as soon as its policy says so: the new key
 * is no successor of the old one. One under way with its derived policies comes to its end, as with another algorithm.
 */
static bool scheme_changes(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	switch (rollover_state_info(c->before->state)->scheme) {
	case SCHEME_OF_POLICY:
		return (own->csk != own->csk_wanted || dec_scheme_changes(c)) &&
		       !(c->before->state == ROLLOVER_IDLE && c->config->go_insecure);
	case SCHEME_SAME:
		return own->csk != c->before->csk;
	default:
		return false;
	}
}

static bool unfit_keys(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (c->facts->too_many_keys) {
		return unjudged(c, GATE_TOO_MANY_KEYS, "");
	}
	if (scheme_changes(c)) {
		c->out->driven = false;
		char text[96];
		snprintf(text, sizeof(text), "single-type-signing of the policy is %s, the zone has %s",
		         own->csk_wanted ? "on" : "off", own->csk ? "a single key" : "KSK and ZSK");
		return unjudged(c, GATE_SCHEME_CHANGE, text);
	}
	if (c->before->state != ROLLOVER_IDLE || c->config->go_insecure) {
		return false;
	}
	if (own->foreign != 0) {
		char text[64];
		snprintf(text, sizeof(text), "key %u does not sign here: it belongs to another signer",
		         keyset_first(c->facts, own->foreign)->tag);
		dec_wait(c, GATE_UNKNOWN_KEY, "", text, 0);
		return true;
	}
	return false;
}

/*! \return Why the zone is not driven; NULL if it is. */
static const char *observes(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (c->config->observe_only) {
		return c->config->observe_reason;
	}
	if (own->catalog_member && own->known && !own->base_publishes) {
		return "the zone is a catalog member, and cds-cdnskey-publish of its policy is not rollover: set it";
	}
	if (own->catalog_member && c->config->go_insecure) {
		return "the zone is a catalog member, which go-insecure cannot give the delete signal";
	}
	return NULL;
}

bool guard_settings(dec_t *c)
{
	const char *why = observes(c);
	if (why != NULL) {
		return unjudged(c, GATE_OBSERVE_ONLY, why);
	}
	if (c->config->hold) {
		return on_hold(c);
	}
	if (hands_off(c)) {
		return true;
	}
	if (c->config->dry_run && c->before->state != ROLLOVER_IDLE) {
		/* Switched on under way: everything stays as it is. */
		return unjudged(c, GATE_DRY_RUN, "a rollover is in progress");
	}
	c->out->driven = !c->config->dry_run;
	return unfit_keys(c);
}

/* The keys. */

/*! Only the old keys are expected: one more is a rollover of another client's to catch up with. */
static bool only_old(dec_t *c)
{
	const keyset_t zone = c->facts->own.dnskey;

	if (zone == c->old) {
		return false;
	}
	if ((zone & c->old) == c->old && dec_adopt(c)) {
		dec_begin(c, ROLLOVER_INTRODUCE);
	} else {
		dec_start_over(c);
	}
	return true;
}

/*! It would get ready by itself: all KSKs stay silent. Ordered until that is done, as any order may come to nothing. */
static void note_stranger(dec_t *c)
{
	c->stranger = !rollover_are_silent(c->out->row.keys) || !dec_keys_read(c);
}

/*! A KSK that this rollover does not know. */
static void extra_key(dec_t *c)
{
	const keyset_t zone = c->facts->own.dnskey;

	if (!(zone & c->old)) {
		/* This rollover was ended by hand and the next one begun: find out again who is who. */
		dec_start_over(c);
	} else if (c->step->order == ACTION_START && !dec_is_successor(c, zone & ~c->old)) {
		/* Not the key that was ordered: what it is, idle says. */
		dec_start_over(c);
	} else if (c->step->extra_key != TO_STAY) {
		/* Once it is ready CDS names it too, and nobody has seen it anywhere: no signals. */
		dec_enter(c, c->step->extra_key);
	} else {
		note_stranger(c);
		(void)unjudged(c, GATE_UNKNOWN_KEY, "a KSK that is not part of this rollover");
	}
}

/*! The operator has removed the old KSK: accepted, it skips the observation. */
static void old_gone(dec_t *c)
{
	if (rollover_state_info(c->before->state)->swapped ||
	    judge_chain(c->facts, c->config, c->new_key, c->now).gate == GATE_NONE) {
		dec_enter(c, c->plan->old_gone);
	} else if (dec_ds_removed(c)) {
		dec_start_over(c); /* Nothing is broken any more, and nothing is left to roll. */
	} else {
		/* Too early: no signal of ours can help, since none would be signed by a trusted key. */
		dec_wait(c, GATE_OLD_KEY_GONE, "", "", 0);
	}
}

/*!
 * Whatever KSKs a zone has that is going insecure: one of several may be ready, or get so by itself, and asks for a DS.
 * The switch of the policy does not wait for an order that has failed.
 */
static void all_silent(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const keyset_t zone = own->dnskey;
	const bool in_turn = own->conf_detail[0] == '\0' || own->policy == c->out->policy;

	if (c->step->keys != KEYS_SILENT || !c->plan->removes_ds) {
		return;
	}
	if (zone != c->old || (keyset_size(zone) > 1 && in_turn && !own->keys_refused)) {
		dec_remember_old(&c->out->row, c->facts, zone);
		note_stranger(c);
	}
}

bool guard_keys(dec_t *c)
{
	const keyset_t zone = c->facts->own.dnskey;

	switch (c->step->own) {
	case OWN_ANY:
		all_silent(c);
		return false;
	case OWN_OLD:
		return only_old(c);
	default:
		break;
	}
	if (c->before->has_new && !(zone & c->new_key)) {
		dec_start_over(c);
		return true;
	}
	if ((c->old & ~zone) && (c->old & zone) && c->step->leaving == 0) {
		/* One of several old ones was removed by hand: nobody must wait for it at a nameserver. */
		c->old &= zone;
		dec_remember_old(&c->out->row, c->facts, c->old);
		c->out->row.all_since = 0;
	}
	if (c->step->absent != 0) {
		/* The old key has gone: one more KSK is the next rollover, which waits until this one has settled. */
		if (zone & ~(c->old | c->new_key)) {
			note_stranger(c);
		}
		return false;
	}
	if (zone & ~(c->old | c->new_key)) {
		extra_key(c);
		return true;
	}
	if ((zone & c->old) || c->plan->old_gone == TO_STAY) {
		return false;
	}
	old_gone(c);
	return true;
}

/* Validation. */

/*! A failure further up is not ours, and a resolver that is down is no evidence. */
static void count_failures(dec_t *c)
{
	const watch_facts_t *watch = &c->facts->watch;
	rollover_row_t *row = &c->out->row;

	if (!(c->facts->asked & SURVEY_WATCH) || !watch->parent_ok || watch->answered == 0) {
		return;
	}
	if (watch->failing * 2 < watch->answered || watch->failing == 0) {
		row->bad_watches = 0;
	} else if (row->bad_watches < UINT8_MAX) {
		row->bad_watches++;
	}
}

/*! The step's way back. */
static bool goes_back(dec_t *c, const judge_verdict_t *why)
{
	rollover_row_t *row = &c->out->row;
	const bool begun = c->step->invalid_begun != TO_STAY && judge_has_ds(c->facts, c->new_key);
	const rollover_state_t back = begun ? c->step->invalid_begun : c->step->invalid;

	if (row->bad_watches < c->config->bogus_limit || back == TO_STAY) {
		return false;
	}
	if (c->step->invalid == ROLLOVER_ROLLBACK) {
		row->ds_all_since = 0;
		row->bad_watches = 0;
	}
	dec_go_back(c, back, why);
	return true;
}

bool guard_validation(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	/* Where nothing is watched nothing fails. Insecure is not bogus, and nothing is asked back. */
	if (!(c->step->survey & SURVEY_WATCH) || dec_ds_removed(c)) {
		row->bad_watches = 0;
		return false;
	}
	count_failures(c);
	if (row->bad_watches == 0) {
		return false;
	}

	/* Between two watches the last one counts. */
	const bool asked = c->facts->asked & SURVEY_WATCH;
	judge_verdict_t v = { .gate = GATE_VALIDATION_FAILS, .about = "", .detail = "at the last watch", .red = true };
	if (asked || row->gate == GATE_VALIDATION_FAILS) {
		text_copy(v.detail, sizeof(v.detail), asked ? c->facts->watch.detail : row->gate_detail);
	}
	if (goes_back(c, &v)) {
		return true;
	}
	if (rollover_state_info(row->state)->repairs) {
		return false;
	}
	/* Nothing goes forward: a nameserver gone wrong takes the signals back. */
	return (c->step->key_lost != TO_STAY && cond_key_lost(c)) || dec_gate(c, &v);
}

/* The states of the keys. */

/*! Signals that went, perhaps days ago, come back only if all is still well. \return Whether it is not. */
static bool signals_stay_away(dec_t *c)
{
	const step_t *step = c->step;

	if (c->out->keys != KEYS_SIGNAL_NEW && c->out->keys != KEYS_SIGNAL_BOTH) {
		return false;
	}
	if (step->key_lost != TO_STAY && cond_key_lost(c)) {
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

	if (c->out->keys != KEYS_MOVED || !(c->facts->own.dnskey & c->old)) {
		return false;
	}
	row->keys = KEYS_UNKNOWN;
	if (row->state != ROLLOVER_WITHDRAW) {
		dec_go_back(c, ROLLOVER_WITHDRAW, &why);
		return true;
	}
	c->out->keys = KEYS_SILENT;
	return unjudged(c, GATE_KEYS_PENDING, why.detail);
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
	return signals_stay_away(c) ||
	       unjudged(c, own->keys_refused ? GATE_KEYS_REFUSED : GATE_KEYS_PENDING, own->conf_detail);
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
		return unjudged(c, own->conf_gate, own->conf_reason);
	}
	return unjudged(c, own->conf_busy ? GATE_KNOT_BUSY : GATE_POLICY_PENDING,
	                own->conf_detail[0] != '\0' ? own->conf_detail : rollover_policy_name(c->out->policy));
}

/* The chain. */

/*!
 * A chain that is broken now outweighs every other gate, whatever the state makes of it: only the operator can help. It
 * is also why validation fails then, if no server of the parent names a key of the zone. In `rollback` the text is the
 * DS to restore, whatever else the state waits for.
 */
void guard_chain(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	judge_verdict_t v = judge_broken(c->facts);

	if (v.gate == GATE_NONE || c->out->transition ||
	    (rollover_gate_info(row->gate)->outage &&
	     (row->gate != GATE_VALIDATION_FAILS || judge_has_ds(c->facts, c->facts->own.dnskey)))) {
		return;
	}
	if (row->state == ROLLOVER_ROLLBACK) {
		dec_ds_to_restore(c, v.detail, sizeof(v.detail));
	}
	row->gate_since = c->before->gate_since;
	c->out->gate_changed = false;
	dec_wait(c, v.gate, v.about, v.detail, 0);
}
