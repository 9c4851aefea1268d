/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>

#include "conditions.h"
#include "expire.h"
#include "idle.h"
#include "keyset.h"
#include "learn.h"

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

/*! What the step asks of them. */
static judge_expect_t expect(const dec_t *c)
{
	const step_t *step = c->step;
	/* After the order a nameserver may have the zone without the old key before this server was asked again. */
	const keyset_t leaving = c->out->row.ordered != 0 ? dec_role(c, step->leaving) : 0;
	judge_expect_t w = dec_expect(c, dec_role(c, step->present) & ~leaving);

	w.gone = dec_role(c, step->absent);
	w.data = c->out->row.csk ? dec_role(c, step->signing) : 0;
	w.ttl_limit = step->low_ttl ? c->config->ttl : 0;
	w.trusted = dec_role(c, step->trusted);
	w.no_signals = step->signals == SIGNALS_NONE;
	w.remove = step->signals == SIGNALS_DELETE;
	w.signals = step->signals == SIGNALS_NEW || step->signals == SIGNALS_BOTH;
	w.wanted = step->signals == SIGNALS_BOTH ? c->old | c->new_key : c->new_key;
	return w;
}

/*! Whether the parent has begun, so that signals no longer matter. */
static bool has_begun(const dec_t *c)
{
	return c->step->until_begun && judge_has_ds(c->facts, c->new_key);
}

static bool servers(dec_t *c)
{
	const judge_expect_t w = expect(c);

	c->servers = judge_child(c->facts, &w);
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
	const judge_verdict_t v = judge_child(c->facts, &w);
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
	const judge_verdict_t v = judge_chain(c->facts, c->config, dec_role(c, c->step->chain), c->now);
	return dec_gate(c, &v);
}

static bool chain_back(dec_t *c)
{
	judge_verdict_t v = judge_chain(c->facts, c->config, dec_role(c, c->step->chain), c->now);

	if (v.gate == GATE_DS_MISSING) {
		dec_ds_to_restore(c, v.detail, sizeof(v.detail));
	}
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

static bool ds_asked(dec_t *c)
{
	if (c->plan->removes_ds && c->ds.gate == GATE_DS_STALE) {
		c->ds.gate = GATE_DS_REMAINS;
	}
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

	w.data = row->csk ? dec_role(c, c->step->signing) : 0;
	const judge_verdict_t v = w.data != 0 ? judge_child(c->facts, &w) : (judge_verdict_t){ .gate = GATE_NONE };
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

static bool order(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	/* The policy first, unless that has failed. */
	if (!rollover_must_switch(own, c->out) || own->conf_detail[0] != '\0') {
		dec_order(c, c->step->order);
	}
	dec_wait(c, c->step->gate, "", own->conf_detail, 0);
	return true;
}

bool cond_decide(dec_t *c)
{
	/* clang-format off */
	static bool (*const conditions[])(dec_t *) = {
		[COND_IDLE] = idle_decide,
		[COND_WISHED] = wished,
		[COND_RELEASED] = released,
		[COND_DS_STAYS] = ds_stays,
		[COND_KEYS] = cond_key_lost,
		[COND_DS_DONE] = ds_done,
		[COND_DS_KEPT] = ds_kept,
		[COND_SERVERS] = servers,
		[COND_CHAIN] = chain,
		[COND_CHAIN_BACK] = chain_back,
		[COND_NO_DS] = no_ds,
		[COND_EXPIRED] = expired,
		[COND_PROVEN] = proven,
		[COND_ORDER] = order,
		[COND_MOVE] = move_data,
		[COND_DATA_BACK] = data_back,
		[COND_DS_ASKED] = ds_asked,
	};
	/* clang-format on */

	for (unsigned i = 0; i < STEP_CONDS && c->step->cond[i] != COND_END; i++) {
		assert(conditions[c->step->cond[i]] != NULL);
		if (conditions[c->step->cond[i]](c)) {
			return true;
		}
	}
	return false;
}
