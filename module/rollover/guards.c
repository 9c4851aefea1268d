/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "conditions.h"
#include "expire.h"
#include "guards.h"
#include "keyset.h"
#include "signers.h"

/* The server and its settings. */

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
	return dec_unjudged(c, GATE_HOLD, idle && row->ordered != 0 ? "its end requests a first DS" : "");
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
		return dec_unjudged(c, GATE_FROZEN, "");
	}
	return own->transaction && dec_unjudged(c, GATE_KNOT_BUSY, "a transaction of the zone is open");
}

/*! Whether Knot has made the KSK of the other scheme, beside those that are known: a rollover like any other begins. */
static bool has_other_scheme(const dec_t *c)
{
	const keyset_t zone = c->facts->own.dnskey;
	const keyset_t fresh = zone & ~c->old;

	/* ZSKs are there: the old ones still, or the new ones already. If no key is known the DS tells the old ones. */
	return c->before->state == ROLLOVER_IDLE && !c->facts->own.csk && (zone & c->old) == c->old &&
	       keyset_size(fresh) == (c->old != 0 ? 1 : 2) && keyset_one_algorithm(c->facts, zone);
}

/*!
 * Whether the zone changes between a single key and KSK and ZSK in another way than by a rollover of this module. Knot
 * begins as soon as its policy says so. One under way with its derived policies comes to its end, as with another
 * algorithm.
 */
static bool scheme_changes(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	switch (rollover_state_info(c->before->state)->scheme) {
	case SCHEME_OF_POLICY:
		return (own->csk != own->csk_wanted || dec_scheme_changes(c)) &&
		       !(c->before->state == ROLLOVER_IDLE && c->config->go_insecure) && !has_other_scheme(c);
	case SCHEME_SAME:
		return !rollover_changes_scheme(c->before) && own->csk != c->before->csk;
	default:
		return false;
	}
}

/*! Whether algorithm and scheme were changed at once, and Knot has published what it made. */
static bool both_change(dec_t *c)
{
	const rollover_state_t state = c->before->state;
	const keyset_t both = state == ROLLOVER_IDLE || state == ROLLOVER_PRESIGN ? dec_of_both(c) : 0;
	char text[160];

	if (both == 0 || c->config->go_insecure) {
		return false;
	}
	snprintf(text, sizeof(text),
	         "algorithm and single-type-signing were changed at once: set one back, then remove what Knot has made "
	         "for both, key %u",
	         keyset_first(c->facts, both)->tag);
	dec_unjudged(c, GATE_SCHEME_CHANGE, text);
	/* The gate is there since the policy was changed. Now the log has the key as well. */
	c->out->gate_changed = c->out->gate_changed || strcmp(text, c->before->gate_detail) != 0;
	return true;
}

/*!
 * Whether Knot has made keys of the other scheme before the last rollover has settled: with the base policy, which may
 * be in force all the time. Or keys for algorithm and scheme, while another one was ordered.
 */
static bool is_for_idle(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const rollover_state_t state = c->before->state;
	const keyset_t fresh = own->dnskey & ~c->old;

	if (state != ROLLOVER_SETTLE && state != ROLLOVER_INTRODUCE) {
		return false;
	}
	return dec_of_both(c) != 0 ||
	       (state == ROLLOVER_SETTLE && own->policy == POLICY_BASE && own->csk_wanted != c->before->csk &&
	        c->old != 0 && (own->dnskey & c->old) == c->old && keyset_size(fresh) == 1 &&
	        keyset_one_algorithm(c->facts, own->dnskey));
}

static bool unfit_keys(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (c->facts->too_many_keys) {
		return dec_unjudged(c, GATE_TOO_MANY_KEYS, "");
	}
	if (is_for_idle(c)) {
		dec_enter(c, ROLLOVER_IDLE);
		return true;
	}
	if (both_change(c)) {
		return true;
	}
	if (scheme_changes(c)) {
		if (c->before->state == ROLLOVER_PREPARE) {
			dec_enter(c, ROLLOVER_IDLE);
			return true;
		}
		/* With the base policy Knot makes the keys: no other one stays in force. */
		c->out->driven = c->out->driven && c->before->state == ROLLOVER_IDLE && own->policy != POLICY_BASE;
		char text[160];
		snprintf(text, sizeof(text), "single-type-signing of the policy is %s, the zone has %s%s",
		         own->csk_wanted ? "on" : "off", own->csk ? "a single key" : "KSK and ZSK",
		         dec_lacks_algorithm(c) ? ", and the policy has another algorithm: change one after the other" :
		                                  "");
		return dec_unjudged(c, GATE_SCHEME_CHANGE, text);
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

/*!
 * With the KSK offline Knot uses signatures that were made elsewhere, and those of the next set when these have
 * dnskey_refresh left. If they have clearly less there is no next set.
 */
static bool signatures_expire(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const uint32_t refresh = c->config->dnskey_refresh;
	char text[64] = "";
	struct tm tm;

	if (refresh == 0 || own->dnskey_expires == 0 || own->dnskey_expires - c->now >= refresh - refresh / 8) {
		return false;
	}
	if (gmtime_r(&own->dnskey_expires, &tm) != NULL) {
		strftime(text, sizeof(text), "they end at %Y-%m-%dT%H:%M:%SZ", &tm);
	}
	return dec_unjudged(c, GATE_SIGNATURES_EXPIRE, text);
}

bool guard_settings(dec_t *c)
{
	const char *why = observes(c);
	if (why != NULL) {
		return signatures_expire(c) || dec_unjudged(c, GATE_OBSERVE_ONLY, why);
	}
	if (c->config->hold) {
		return on_hold(c);
	}
	if (hands_off(c)) {
		return true;
	}
	if (c->config->dry_run && c->before->state != ROLLOVER_IDLE) {
		/* Switched on under way: everything stays as it is. */
		return dec_unjudged(c, GATE_DRY_RUN, "a rollover is in progress");
	}
	c->out->driven = !c->config->dry_run;
	return unfit_keys(c);
}

/* The keys. */

/*! Knot begins with another algorithm while no new KSK is there: its keys are not published before their time. */
static bool gives_way(dec_t *c)
{
	const rollover_row_t *before = c->before;

	if (before->state == ROLLOVER_PRESIGN || before->has_new || c->facts->own.dnskey != c->old ||
	    !dec_presigned(c)) {
		return false;
	}
	dec_begin(c, ROLLOVER_PRESIGN);
	return true;
}

/*! In presign nothing signs the data any more that is not published: there is nothing left to hide, either. */
static bool is_given_up(const dec_t *c)
{
	return c->before->state == ROLLOVER_PRESIGN && c->facts->own.data_algorithms != 0 &&
	       keyset_unpublished(c->facts) == 0;
}

/*! Only the old keys are expected: one more is a rollover of another client's to catch up with. */
static bool only_old(dec_t *c)
{
	const keyset_t zone = dec_zone(c);

	if (zone == c->old && !is_given_up(c)) {
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
	const keyset_t zone = dec_zone(c);

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
		(void)dec_unjudged(c, GATE_UNKNOWN_KEY, "a KSK that is not part of this rollover");
	}
}

/*!
 * Whether the parent must still remove the DS of a key that has gone: it has that of the new one, and not that alone.
 * Until then the signals stay (RFC 7344 4.1), unless another client has taken them away: the order for them needs the
 * old key.
 */
static bool are_signals_left(const dec_t *c)
{
	return c->step->signals == SIGNALS_NEW && !dec_keys_differ(c) &&
	       judge_parent(c->facts, c->config, c->new_key, c->now).gate != GATE_NONE;
}

/*! The operator has removed the old KSK: accepted, it skips the observation. \return Whether that is all. */
static bool old_gone(dec_t *c)
{
	if (rollover_state_info(c->before->state)->swapped ||
	    judge_chain(c->facts, c->config, c->new_key, c->now).gate == GATE_NONE) {
		if (are_signals_left(c)) {
			c->old = 0; /* Nobody must wait for it at a nameserver. */
			return false;
		}
		dec_enter(c, c->plan->old_gone);
	} else if (dec_ds_removed(c)) {
		dec_start_over(c); /* Nothing is broken any more, and nothing is left to roll. */
	} else {
		/* Too early: no signal of ours can help, since none would be signed by a trusted key. */
		dec_wait(c, GATE_OLD_KEY_GONE, "", "", 0);
	}
	return true;
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
	const keyset_t zone = dec_zone(c);

	if (signers_guard(c)) {
		return true;
	}

	if (c->step->own == OWN_ANY) {
		all_silent(c);
		return false;
	}
	if (gives_way(c)) {
		return true;
	}
	if (c->step->own == OWN_OLD) {
		return only_old(c);
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
	return !(zone & c->old) && c->plan->old_gone != TO_STAY && old_gone(c);
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

/*!
 * Whether a rollback, which asks for a DS, would ask for that of a key that has gone. Or for one that may have been
 * removed: none was everywhere when the parent last answered, and no server of it has one now.
 */
static bool asks_back(const dec_t *c, rollover_state_t back)
{
	return back == ROLLOVER_ROLLBACK &&
	       (c->old == 0 || (c->out->row.ds_all_since == 0 && !judge_has_any_ds(c->facts)));
}

/*! The step's way back. */
static bool goes_back(dec_t *c, const judge_verdict_t *why)
{
	rollover_row_t *row = &c->out->row;
	const bool begun = c->step->invalid_begun != TO_STAY && judge_has_ds(c->facts, c->new_key);
	const rollover_state_t back = begun ? c->step->invalid_begun : c->step->invalid;

	if (row->bad_watches < c->config->bogus_limit || back == TO_STAY || asks_back(c, back)) {
		return false;
	}
	/* Both keys would be signalled before caches have lost data that the old algorithm may not have signed. */
	if (begun && c->step->data == DATA_BOTH && !expire_data_is_over(c)) {
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
