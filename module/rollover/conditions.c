/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "conditions.h"
#include "expire.h"
#include "idle.h"
#include "keyset.h"
#include "learn.h"
#include "signers.h"

/* The operator. */

static bool wished(dec_t *c)
{
	if (!c->config->go_insecure) {
		dec_start_over(c);
		return true;
	}
	return false;
}

static bool released(dec_t *c)
{
	if (c->before->ordered != 0) {
		dec_enter(c, ROLLOVER_INTRODUCE);
		return true;
	}
	return false;
}

/* The nameservers. */

/*! Who signs the data, where that moves: these single-type keys, or ZSKs instead of those of the other end. */
static void expect_signers(const dec_t *c, judge_expect_t *w)
{
	const rollover_row_t *row = &c->out->row;
	const unsigned signing = c->step->signing;

	if (signing == 0 || !rollover_moves(row)) {
		return;
	}
	if (signing == ROLE_NEW ? row->csk_new : row->csk) {
		w->data = dec_role(c, signing);
	} else {
		w->data_gone = dec_role(c, signing == ROLE_NEW ? ROLE_OLD : ROLE_NEW);
	}
}

/*! Who signs the data, where the algorithm changes. */
static void expect_data(const dec_t *c, step_data_t data, judge_expect_t *w)
{
	const rollover_row_t *row = &c->out->row;
	const algset_t old = ALGSET_OF(row->old[0].algorithm);
	const algset_t fresh = row->has_new ? ALGSET_OF(row->new_key.algorithm) : 0;

	if (data == DATA_ANY || !rollover_changes_algorithm(row)) {
		return;
	}
	w->own_algorithms = c->facts->own.data_algorithms;
	w->own_keys = c->facts->own.data_keys;
	w->serial = row->data_serial;
	if (row->has_new && row->csk_new) {
		w->data |= c->new_key; /* It is published, so that can be verified: another one may have been hidden. */
	}
	if (data == DATA_BOTH) {
		w->algorithms = old | fresh | row->data_algorithms;
	} else {
		w->algorithms = fresh;
		w->algorithms_gone = old;
	}
}

/*! Whether nothing of the old algorithm signs the data of this server any more. */
static bool is_cleaned(const dec_t *c)
{
	const algset_t algorithms = c->facts->own.data_algorithms;

	return algorithms != 0 && !(algorithms & ALGSET_OF(c->out->row.old[0].algorithm));
}

/*! Who may sign the data. When the old signatures have gone without the order to clean, none is asked for. */
static step_data_t data_of(const dec_t *c)
{
	return c->step->order == ACTION_CLEAN && is_cleaned(c) ? DATA_CLEAN : c->step->data;
}

/*! What the step asks of them. */
static judge_expect_t expect(const dec_t *c)
{
	const step_t *step = c->step;
	/* After the order a nameserver may have the zone without the old key before this server was asked again. */
	const keyset_t leaving = c->out->row.ordered != 0 ? dec_role(c, step->leaving) : 0;
	judge_expect_t w = dec_expect(c, dec_role(c, step->present) & ~leaving);

	w.gone = dec_role(c, step->absent);
	w.exact = step->order == ACTION_CLEAN; /* ZSKs of the old algorithm want its signatures as well. */
	expect_signers(c, &w);
	expect_data(c, data_of(c), &w);
	w.ttl_limit = step->low_ttl && !c->out->row.signers ? c->config->ttl : 0;
	w.trusted = dec_role(c, c->old != 0 ? step->trusted : step->trusted | ROLE_NEW); /* See old_gone(). */
	w.no_signals = step->signals == SIGNALS_NONE;
	w.remove = step->signals == SIGNALS_DELETE;
	w.signals = step->signals == SIGNALS_NEW || step->signals == SIGNALS_BOTH;
	w.wanted = step->signals == SIGNALS_BOTH ? c->old | c->new_key : c->new_key;
	if (c->out->row.signers && w.no_signals) {
		w.no_signals = false;
		w.signals = true;
		w.wanted = signers_standing(c);
		w.trusted = c->old | c->new_key;
	}
	return w;
}

/*! Whether the parent has begun, so that signals no longer matter. */
static bool has_begun(const dec_t *c)
{
	return c->step->until_begun && judge_has_ds(c->facts, c->new_key);
}

void cond_note_data(dec_t *c)
{
	judge_expect_t w = dec_expect(c, 0);

	/* Signals that are not out yet, or not any more, hide nothing. */
	if (c->step->data == DATA_ANY && c->step->key_lost != TO_STAY && !c->facts->own.cds.present) {
		w.untold = true;
		expect_data(c, DATA_BOTH, &w);
	} else if (c->step->data == DATA_ANY && rollover_changes_algorithm(&c->out->row)) {
		/* Where CDS is out nothing tells, but that a version without the new key may be older than its
		 * signatures. */
		w.need = dec_role(c, c->step->present);
		w.keys_only = true;
		const judge_verdict_t v = judge_child(c->facts, &w);
		expire_skip_data(c, &v);
		return;
	} else {
		expect_data(c, data_of(c), &w);
	}
	if (w.algorithms != 0 && w.algorithms_gone == 0) {
		const judge_verdict_t v = judge_child(c->facts, &w);
		expire_note_data(c, &v);
	}
}

/*! It is why a nameserver has the wrong keys, whatever was found first. */
static void name_signer(const dec_t *c, judge_verdict_t *v)
{
	const judge_verdict_t other = signers_other(c);

	if (other.gate != GATE_NONE) {
		*v = other;
	}
}

static bool alone(dec_t *c)
{
	const judge_verdict_t v = signers_other(c);

	return dec_gate(c, &v);
}

static bool servers(dec_t *c)
{
	const judge_expect_t w = expect(c);

	c->servers = judge_child(c->facts, &w);
	if (c->servers.red) {
		name_signer(c, &c->servers);
	}
	if (c->step->observed && !c->servers.red) {
		expire_note_observed(c);
	}
	/* As long as the parent has not begun, a nameserver without the signals is what keeps it from it. */
	return !has_begun(c) && dec_gate(c, &c->servers);
}

bool cond_key_lost(dec_t *c)
{
	judge_expect_t w = dec_expect(c, dec_role(c, c->step->present));

	w.keys_only = true;
	judge_verdict_t v = judge_child(c->facts, &w);
	if (!v.red && !judge_has_ds(c->facts, c->new_key) && judge_broken(c->facts).gate == GATE_NONE) {
		/* A DS that has come since the signals are out: they ask for its removal. */
		v = judge_strange(c->facts);
	}
	if (v.red) {
		dec_go_back(c, c->step->key_lost, &v);
	}
	return v.red;
}

/* The DS. */

static bool ds_stays(dec_t *c)
{
	const rollover_row_t *before = c->before;

	if (!dec_ds_removed(c)) {
		return false;
	}
	/* A parent that removes and adds in two steps may be between them. The signals are out already. */
	if (c->step->removed_later && !(before->gate == GATE_DS_MISSING && before->gate_about[0] == '\0' &&
	                                c->now - before->gate_since >= (time_t)c->config->check_interval)) {
		/* Of no server in particular: which one answers first may change. */
		const judge_verdict_t v = {
			.gate = GATE_DS_MISSING, .about = "", .detail = "no server of the parent has a DS", .red = true
		};
		return dec_gate(c, &v);
	}
	dec_follow(c, c->step->removed, &DEC_DS_REMOVED);
	return true;
}

static bool ds_done(dec_t *c)
{
	c->ds = learn_ds(c);
	if (c->ds.gate == GATE_NONE) {
		dec_enter(c, c->step->next);
		return true;
	}
	return false;
}

/*! The parents matched once; if they no longer do, they are asked again. */
static bool ds_kept(dec_t *c)
{
	const judge_verdict_t v = learn_ds(c);

	if (v.gate == GATE_NONE) {
		return false;
	}
	if (dec_ds_removed(c)) {
		return dec_gate(c, &DEC_DS_REMOVED);
	}
	dec_follow(c, v.red && rollover_gate_info(v.gate)->ds_wrong ? c->step->ds_lost : TO_STAY, &v);
	return true;
}

static bool chain(dec_t *c)
{
	judge_verdict_t v = judge_chain(c->facts, c->config, dec_role(c, c->step->chain), c->now);

	if (v.gate == GATE_NONE) {
		v = judge_strange(c->facts);
	}
	return dec_gate(c, &v);
}

/*! The parent cannot have a DS that could not be brought there. */
static void not_informed(const dec_t *c, judge_verdict_t *v)
{
	if (c->facts->not_informed[0] != '\0' &&
	    (rollover_gate_info(v->gate)->ds_wrong || v->gate == GATE_DS_REMAINS)) {
		v->gate = GATE_NOT_INFORMED;
		v->about = c->facts->not_informed_at;
		text_copy(v->detail, sizeof(v->detail), c->facts->not_informed);
	}
}

/*! What the DS waits for, if that is a queue on this side. */
static void in_queue(const dec_t *c, judge_verdict_t *v)
{
	const size_t len = strlen(v->detail);

	if (c->facts->in_queue[0] != '\0' && v->gate != GATE_NONE) {
		snprintf(v->detail + len, sizeof(v->detail) - len, "%s%s", len > 0 ? "; " : "", c->facts->in_queue);
	}
}

static bool chain_back(dec_t *c)
{
	judge_verdict_t v = judge_chain(c->facts, c->config, dec_role(c, c->step->chain), c->now);

	if (v.gate == GATE_DS_MISSING) {
		dec_ds_to_restore(c, v.detail, sizeof(v.detail));
	}
	not_informed(c, &v);
	in_queue(c, &v);
	if (!dec_gate(c, &v)) {
		return false;
	}
	/* Only when every nameserver asks for the old key as well, the parent is notified. */
	const judge_expect_t w = expect(c);
	if (judge_child(c->facts, &w).gate == GATE_NONE) {
		dec_notify(c);
	}
	return true;
}

static bool no_ds(dec_t *c)
{
	judge_verdict_t v = judge_parent(c->facts, c->config, c->new_key, c->now);

	if (v.gate == GATE_NONE) {
		dec_start_over(c); /* The registrar was quicker: a zone like any other. */
		return true;
	}
	if (!judge_has_ds(c->facts, c->new_key)) {
		v = judge_parent(c->facts, c->config, 0, c->now);
	}
	return dec_gate(c, &v);
}

/*!
 * What is sent to the parent replaces the DS on which all its servers agree. One that has none already may be the one
 * that lags.
 */
static void must_agree(const dec_t *c, judge_verdict_t *v)
{
	const bool sends = c->config->via == PARENT_VIA_UPDATE || c->config->via == PARENT_VIA_EPP;
	/* After that, those that still have one lag. */
	const bool made = c->facts->acknowledged != 0;
	const size_t len = strlen(v->detail);

	for (size_t i = 0; i < c->facts->parent_count && sends && !made && v->gate == GATE_DS_REMAINS; i++) {
		const parent_answer_t *a = &c->facts->parent[i];
		if (a->status == ANSWER_OK && judge_named(a) == 0 && !a->ds_foreign) {
			snprintf(v->detail + len, sizeof(v->detail) - len, "%snothing is sent while %s has none",
			         len > 0 ? "; " : "", a->server);
			return;
		}
	}
}

static bool ds_asked(dec_t *c)
{
	if (c->plan->removes_ds && c->ds.gate == GATE_DS_STALE) {
		c->ds.gate = GATE_DS_REMAINS;
	}
	if (!judge_has_ds(c->facts, c->new_key)) {
		not_informed(c, &c->ds);
		in_queue(c, &c->ds);
	}
	must_agree(c, &c->ds);
	dec_gate(c, &c->ds);
	if (c->servers.gate == GATE_NONE) {
		dec_notify(c);
	}
	return true;
}

/* Time and orders. */

static bool expired(dec_t *c)
{
	return expire_wait(c);
}

static bool proven(dec_t *c)
{
	judge_verdict_t why;
	rollover_row_t *row = &c->out->row;
	const time_t since = row->observed_since, last = row->observed_last;

	if (expire_is_over(c, &why)) {
		return false;
	}
	dec_follow(c, c->step->unproven, &why);
	row->observed_since = since;
	row->observed_last = last;
	return true;
}

/*! Only here, where all that it rests on has just been seen. If it comes to nothing, that is seen again. */
static bool move_data(dec_t *c)
{
	c->out->keys = KEYS_MOVED;
	c->out->row.ordered = c->now;
	dec_wait(c, c->step->gate, "",
	         c->facts->own.conf_detail[0] != '\0' ? c->facts->own.conf_detail : "the new key takes the data over",
	         0);
	return true;
}

/*! The operator may delete the new key, but not while it is needed. */
static bool data_back(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	judge_expect_t w = dec_expect(c, 0);
	char text[160];

	expect_signers(c, &w);
	const judge_verdict_t v =
		w.data != 0 || w.data_gone != 0 ? judge_child(c->facts, &w) : (judge_verdict_t){ .gate = GATE_NONE };
	if (v.gate != GATE_NONE) {
		row->all_since = v.red ? 0 : row->all_since;
		snprintf(text, sizeof(text), "the new key must stay: %s: %.100s", rollover_gate_info(v.gate)->name,
		         v.detail);
		dec_wait(c, c->step->gate, v.about, text, 0);
		return true;
	}
	if (row->all_since == 0) {
		row->all_since = c->now;
	}
	const time_t until = rollover_new_expired(c->config, row);
	if (c->now >= until) {
		return false;
	}
	dec_wait(c, c->step->gate, "", "the new key must stay until then", until);
	return true;
}

/*!
 * Keys that are not published sign the data (is_given_up() in guards.c). If the policy has another algorithm by now,
 * the operator is about to give them up.
 */
static bool presigned(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const algset_t unpublished = keyset_unpublished(c->facts);
	char text[128];

	if (own->data_algorithms == 0) {
		dec_wait(c, GATE_SIGNATURES_MISSING, "", "it is not known which keys sign the data of this server", 0);
		return true;
	}
	if (own->algorithm_wanted == 0 || dec_presigned(c)) {
		return false;
	}
	snprintf(text, sizeof(text), "keys of algorithm %d sign the data, and the policy has algorithm %u",
	         __builtin_ctz(unpublished), own->algorithm_wanted);
	c->out->row.all_since = 0;
	dec_wait(c, GATE_ALGORITHM_ROLLOVER, "", text, 0);
	return true;
}

/*! What came of the last one, in the words of the server. One that was refused is for the operator. */
static void wait_for_order(dec_t *c, rollover_gate_t gate, const char *detail)
{
	const own_facts_t *own = &c->facts->own;

	dec_wait(c, own->keys_refused ? GATE_KEYS_REFUSED : gate, "",
	         own->conf_detail[0] != '\0' ? own->conf_detail : detail, 0);
}

/*!
 * The policy has the old algorithm again. As soon as its keys had gone Knot would make others, and change back: this
 * rollover would have no end.
 */
static bool is_set_back(dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	char text[120];

	if (row->state != ROLLOVER_RETIRE || !rollover_changes_algorithm(row) ||
	    c->facts->own.algorithm_wanted != row->old[0].algorithm) {
		return false;
	}
	snprintf(text, sizeof(text), "the policy has algorithm %u again: set %u, and change it back afterwards",
	         row->old[0].algorithm, row->new_key.algorithm);
	dec_wait(c, GATE_ALGORITHM_ROLLOVER, "", text, 0);
	return true;
}

/*!
 * Knot has begun a rollover back to the old algorithm, and the parent has followed its signals: what DS names does not
 * go, whatever the policy has by now. Without an answer of each server of the parent it may be so.
 */
static bool is_named_by_ds(dec_t *c)
{
	const rollover_facts_t *facts = c->facts;
	keyset_t keys = 0;
	bool answered = facts->parent_count > 0;

	for (unsigned i = 0; i < facts->key_count; i++) {
		keys |= facts->keys[i].algorithm == c->out->row.old[0].algorithm ? (keyset_t)1 << i : 0;
	}
	for (size_t i = 0; i < facts->parent_count; i++) {
		answered = answered && facts->parent[i].status == ANSWER_OK;
	}
	/* A DS of a key that the operator has removed holds nothing up beside that of the new one. Nothing here asks
	 * for its removal. */
	if (judge_chain(facts, c->config, c->new_key, c->now).gate == GATE_NONE) {
		keys &= facts->own.dnskey;
	}
	if (answered && !judge_has_ds(facts, keys)) {
		return false;
	}
	const judge_verdict_t v = learn_ds(c);
	return dec_gate(c, &v);
}

/*!
 * A ZSK of the old algorithm goes. That cannot be taken back, and much may have happened since the old KSK went: no
 * nameserver or cache may have data that this ZSK alone has signed.
 */
static bool has_other_signatures(dec_t *c)
{
	const algset_t signing = c->facts->own.data_algorithms;
	judge_expect_t w = dec_expect(c, 0);

	if (signing != 0 && !(signing & ALGSET_OF(c->out->row.old[0].algorithm))) {
		return true;
	}
	expect_data(c, DATA_BOTH, &w);
	const judge_verdict_t v = judge_child(c->facts, &w);

	return !dec_gate(c, &v) && !expire_old_data(c);
}

/*! ZSKs go with the old KSK. They are left if that was removed by hand, or the order was carried out by half. */
static bool gone(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	rollover_row_t *row = &c->out->row;
	const bool published = rollover_changes_algorithm(row) && (own->algorithms & ALGSET_OF(row->old[0].algorithm));
	const bool zsk = rollover_changes_scheme(row) && row->csk_new && !own->csk;

	if (!published && !zsk) {
		return false;
	}
	if (is_set_back(c) || (published && is_named_by_ds(c))) {
		return true; /* They are what Knot has begun with. */
	}
	if (published) {
		row->all_since = 0; /* Those of another algorithm sign on when they have gone. */
	}
	if (published ? !has_other_signatures(c) : expire_data(c)) {
		return true;
	}
	dec_order(c, ACTION_RETIRE);
	wait_for_order(c, GATE_KNOT_KEEPS_KEY, "a ZSK is left");
	return true;
}

/*!
 * Whether a key that was hidden in presign signs the data, and another one is the new key: one that the operator has
 * made. The order to clean removes it. Where the policy has the old algorithm again, that order waits for the operator.
 */
static bool signs_hidden(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const rollover_row_t *row = &c->out->row;

	return row->csk_new && own->data_hidden && own->algorithm_wanted != row->old[0].algorithm;
}

static bool cleaned(dec_t *c)
{
	if (is_cleaned(c) && !signs_hidden(c)) {
		dec_enter(c, c->step->next);
		return true;
	}
	return false;
}

/*! A backup, or another client, may bring back what had gone: it goes the same way again. */
static bool stays_clean(dec_t *c)
{
	static const judge_verdict_t why = { .gate = GATE_SIGNATURES_REMAIN,
		                             .about = "",
		                             .detail = "keys of the old algorithm are in use again" };
	const own_facts_t *own = &c->facts->own;
	const algset_t algorithms = own->algorithms | own->data_algorithms;

	if (!(own->dnskey & c->old) && !(algorithms & ALGSET_OF(c->out->row.old[0].algorithm))) {
		return false;
	}
	dec_follow(c, c->step->unproven, &why);
	return true;
}

/*!
 * The policy in force has another algorithm, and Knot has not signed the zone since. The order comes before the change
 * of algorithm: Knot would make a KSK without a ZSK, and then cannot sign the zone.
 */
static bool is_too_early(dec_t *c)
{
	if (c->step->order != ACTION_START || c->facts->own.policy != POLICY_BASE || !dec_lacks_algorithm(c)) {
		return false;
	}
	idle_lacks_algorithm(c);
	return true;
}

static bool order(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	if (is_set_back(c) || is_too_early(c)) {
		return true;
	}
	if (c->step->order == ACTION_START && c->config->manual) {
		dec_wait(c, GATE_KEY_WANTED, "", "", 0);
		return true;
	}
	/* The policy first, unless that has failed. */
	if (!rollover_must_switch(own, c->out) || own->conf_detail[0] != '\0') {
		dec_order(c, c->step->order);
	}
	wait_for_order(c, c->step->gate, "");
	return true;
}

bool cond_has_begun(const dec_t *c)
{
	return dec_presigned(c) && !rollover_changes_scheme(c->before);
}

bool cond_decide(dec_t *c)
{
	/* clang-format off */
	static bool (*const conditions[])(dec_t *) = {
		[COND_IDLE] = idle_decide,
		[COND_WISHED] = wished,
		[COND_RELEASED] = released,
		[COND_DS_STAYS] = ds_stays,
		[COND_ALONE] = alone,
		[COND_KEYS] = cond_key_lost,
		[COND_DS_DONE] = ds_done,
		[COND_DS_KEPT] = ds_kept,
		[COND_SERVERS] = servers,
		[COND_CHAIN] = chain,
		[COND_CHAIN_BACK] = chain_back,
		[COND_NO_DS] = no_ds,
		[COND_EXPIRED] = expired,
		[COND_PROVEN] = proven,
		[COND_PRESIGNED] = presigned,
		[COND_GONE] = gone,
		[COND_CLEANED] = cleaned,
		[COND_STAYS_CLEAN] = stays_clean,
		[COND_ORDER] = order,
		[COND_MOVE] = move_data,
		[COND_DATA_BACK] = data_back,
		[COND_DS_ASKED] = ds_asked,
	};
	/* clang-format on */

	for (unsigned i = 0; i < STEP_CONDS && c->step->cond[i] != COND_END; i++) {
		if (c->step->cond[i] == COND_UNLESS_BEGUN) {
			if (cond_has_begun(c)) {
				return false;
			}
			continue;
		}
		assert(conditions[c->step->cond[i]] != NULL);
		if (conditions[c->step->cond[i]](c)) {
			return true;
		}
	}
	return false;
}
