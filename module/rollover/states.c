/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The states of design.md section 2, one function each: it stays behind a gate or goes on.
 * What holds in every state has been dealt with before (rollover.c).
 */

#include <stdio.h>
#include <string.h>

#include "decision.h"

void go_back(ctx_t *c, rollover_state_t state, const verdict_t *why)
{
	rollover_row_t *row = &c->out->row;

	go(c, state);
	snprintf(row->gate_about, sizeof(row->gate_about), "%s", why->about);
	snprintf(row->gate_detail, sizeof(row->gate_detail), "%s: %.120s",
	         rollover_gate_info(why->gate)->name, why->detail);
}

void remember_old(rollover_row_t *row, const rollover_facts_t *facts, keyset_t set)
{
	row->old_count = 0;
	for (unsigned i = 0; i < facts->key_count && row->old_count < ROLLOVER_OLD_MAX; i++) {
		if (set & (1U << i)) {
			row->old[row->old_count++] = facts->keys[i];
		}
	}
}

void start_over(ctx_t *c)
{
	if (rollover_is_first(c->before) && c->before->state < ROLLOVER_WITHDRAW && c->before->ds_all_since == 0 &&
	    !parent_has_any(c->facts)) {
		c->out->row.ds_ttl.count = 0;	/* There was none, only the negative TTL. */
	}
	go(c, ROLLOVER_IDLE);
	c->out->row.old_count = 0;
	c->out->row.has_new = false;
	c->out->row.ds_all_since = 0;
}

/*! Which keys the DS names, on all and on any of the parent servers that answered. */
static void ds_sets(const ctx_t *c, keyset_t *all, keyset_t *any)
{
	*all = (keyset_t)~0U;
	*any = 0;
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		const parent_answer_t *a = &c->facts->parent[i];
		if (a->status == ANSWER_OK) {
			*all &= parent_names(a);
			*any |= parent_names(a);
		}
	}
	*all &= *any;
}

void begin(ctx_t *c, rollover_state_t state)
{
	const own_facts_t *own = &c->facts->own;
	if (own->conf != CONF_FIT) {
		stay(c, own->conf_gate, "", own->conf_reason, 0);
		return;
	}
	if (c->config->dry_run) {
		stay(c, GATE_DRY_RUN, "", "", 0);
		return;
	}
	rollover_row_t *row = &c->out->row;
	go(c, state);
	row->ds_all_since = 0;
	row->ds_drain = 0;
}

static void idle_known(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (c->facts->asked & SURVEY_PARENT) {
		verdict_t v = judge_chain(c->facts, c->config, c->old, c->now);
		if (blocked(c, &v)) {
			return;
		}
	}
	if (c->config->ksk_lifetime > 0) {
		time_t due = row->settled_at + c->config->ksk_lifetime;
		if (c->now >= due) {
			begin(c, ROLLOVER_PREPARE);
			return;
		}
		stay(c, GATE_NONE, "", "", 0);
		row->wake = due < row->wake ? due : row->wake;
		return;
	}
	stay(c, GATE_NONE, "", "", 0);
}

static bool of_one_algorithm(const ctx_t *c, keyset_t keys)
{
	for (unsigned i = 0; i < c->facts->key_count; i++) {
		if ((keys & (1U << i)) && c->facts->keys[i].algorithm != set_first(c->facts, keys)->algorithm) {
			return false;
		}
	}
	return true;
}

/*! A set of KSKs that is not the known one: which of them does the parent name? */
static void idle_unknown(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;
	const keyset_t zone = c->facts->own.dnskey;
	keyset_t all, any;

	ds_sets(c, &all, &any);

	verdict_t v = judge_parent(c->facts, c->config, 0, c->now);
	if (v.gate == GATE_NONE) {
		idle_insecure(c);
		return;
	}
	if (!of_one_algorithm(c, zone)) {
		row->old_count = 0;
		stay(c, GATE_ALGORITHM_ROLLOVER, "", "", 0);
		return;
	}
	if (any == 0 && blocked(c, &v)) {
		return;
	}
	v = judge_chain(c->facts, c->config, zone, c->now);
	if (blocked(c, &v)) {
		return;
	}

	keyset_t old = all & zone;
	keyset_t fresh = zone & ~any;
	if (old == 0) {
		stay(c, GATE_DS_STALE_AT, "", "the servers of the parent name different keys", 0);
		return;
	}
	if (set_size(fresh) > 1 || set_size(old) > ROLLOVER_OLD_MAX) {
		row->old_count = 0;	/* What was known is void: the parent is asked until it is clear. */
		stay(c, GATE_UNKNOWN_KEY, "", "more than one KSK has no DS", 0);
		return;
	}

	remember_old(row, c->facts, old);
	if (fresh == 0) {
		row->has_new = false;
		row->settled_at = c->now;
		c->old = old;
		idle_known(c);
		return;
	}

	const key_id_t *new_key = set_first(c->facts, fresh);
	row->new_key = *new_key;
	row->has_new = true;
	begin(c, ROLLOVER_INTRODUCE);
	if (!c->out->transition) {
		row->old_count = 0;
		row->has_new = false;
	}
}

/*! A KSK in use that no server of the parent names any more: it is not what we took it for. */
static bool ds_went(const ctx_t *c)
{
	keyset_t all, any;

	if (c->facts->parent_count == 0) {
		return false;	/* Nobody was asked this time. */
	}
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		if (c->facts->parent[i].status != ANSWER_OK) {
			return false;
		}
	}
	ds_sets(c, &all, &any);
	return (c->old & ~any) != 0;
}

/*! What was seen of all servers of the parent stays so while one of them is silent, or all. */
static bool still_without_ds(const ctx_t *c)
{
	const verdict_t v = judge_parent(c->facts, c->config, 0, c->now);

	return c->before->gate == GATE_FIRST_DS && c->before->acted == 0 && v.gate != GATE_NONE && !v.red;
}

static void idle(ctx_t *c)
{
	if (parent_has_any(c->facts)) {
		c->out->row.acted = 0;	/* Hold switched on and off asks for a DS that has gone, not for one that will go. */
	}
	if (c->config->leave) {
		begin(c, ROLLOVER_LEAVE);
		if (c->out->transition) {
			remember_old(&c->out->row, c->facts, c->facts->own.dnskey);
			c->out->row.has_new = false;
		}
		return;
	}
	if (still_without_ds(c)) {
		stay(c, GATE_FIRST_DS, "", "", 0);
		return;
	}
	if (c->before->old_count > 0 && !c->before->has_new &&
	    c->facts->own.dnskey == c->old && set_size(c->old) == c->before->old_count && !ds_went(c)) {
		idle_known(c);
	} else {
		idle_unknown(c);
	}
}

static void prepare(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (ds_removed(c)) {
		start_over(c);		/* Nothing has been changed yet but the TTL. */
		return;
	}
	child_wish_t w = wish(c, c->old);
	w.ttl_limit = c->config->ttl;
	w.no_signals = true;

	verdict_t v = judge_child(c->facts, &w);
	if (blocked(c, &v)) {
		return;
	}
	v = judge_chain(c->facts, c->config, c->old, c->now);
	if (blocked(c, &v)) {
		return;
	}
	if (row->all_since == 0) {
		row->all_since = c->now;
	}
	if (wait_until(c, GATE_WAITING_TTL, ttl_window_drained(&row->dnskey_ttl, c->config->ttl)) ||
	    wait_until(c, GATE_WAITING_LEAD, row->all_since + c->config->lead)) {
		return;
	}
	go(c, ROLLOVER_INTRODUCE);
}

bool is_successor(const ctx_t *c, keyset_t keys)
{
	return !(keys & c->facts->own.foreign) && of_one_algorithm(c, keys | c->old);
}

bool adopt_new_key(ctx_t *c)
{
	keyset_t fresh = c->facts->own.dnskey & ~c->old;

	if (c->before->has_new || set_size(fresh) != 1 || !is_successor(c, fresh)) {
		return false;
	}
	c->out->row.new_key = *set_first(c->facts, fresh);
	c->out->row.has_new = true;
	c->new_key = fresh;
	return true;
}

static void introduce(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (ds_removed(c)) {
		if (row->has_new && !rollover_is_first(row)) {
			blocked(c, &DS_REMOVED);
		} else {
			start_over(c);
		}
		return;
	}
	if (!row->has_new) {
		verdict_t v = judge_chain(c->facts, c->config, c->old, c->now);
		if (blocked(c, &v)) {
			return;
		}
		act(c, ACTION_START);
		stay(c, GATE_KNOT_NO_NEW_KEY, "", c->facts->own.conf_detail, 0);
		return;
	}

	child_wish_t w = wish(c, c->old | c->new_key);
	w.ttl_limit = c->config->ttl;
	w.no_signals = true;
	verdict_t v = judge_child(c->facts, &w);
	if (blocked(c, &v)) {
		return;
	}
	if (rollover_is_first(row)) {
		introduce_first(c);
		return;
	}
	v = judge_chain(c->facts, c->config, c->old | c->new_key, c->now);
	if (blocked(c, &v)) {
		return;
	}
	if (drain(c)) {
		return;
	}
	go(c, ROLLOVER_SIGNAL);
}

/*!
 * What was true for the new DNSKEY must stay true, or the signal goes (introduce waits anew). A server that is wrong
 * about CDS alone blocks where it is: without the signals it would be right again, and so on for ever.
 */
bool new_key_lost(ctx_t *c)
{
	child_wish_t w = wish(c, c->old | c->new_key);
	w.keys_only = true;
	verdict_t v = judge_child(c->facts, &w);
	if (v.red) {
		go_back(c, ROLLOVER_INTRODUCE, &v);
	}
	return v.red;
}

/*!
 * The server's own key database decides which key CDS names: the one that is ready. If the DS names that one already,
 * either nobody has confirmed it to the server, and the other is not ready yet; or we have it the wrong way round:
 * the store was lost, or the module came late, after the swap.
 */
static bool cds_names_the_ds_key(const ctx_t *c)
{
	const signal_rrset_t *cds = &c->facts->own.cds;
	return cds->present && !cds->unwanted && set_size(cds->keys) == 1 &&
	       (cds->keys & c->old) && c->before->old_count == 1;
}

/*!
 * Either way the server has to be told that the key is in use. In the second case it lets the other one go, so no DS of
 * that may be in caches; in the first case the other one gets ready in time, which ends this. So it has to be seen all
 * the time; a time without looks may be one in which the server did nothing, and the parent anything.
 */
static void confirm_ds_key(ctx_t *c)
{
	const rollover_row_t *before = c->before;
	const uint32_t wait = c->config->observe > ROLLOVER_CONFIRM_WAIT ? c->config->observe : ROLLOVER_CONFIRM_WAIT;
	const child_wish_t w = wish(c, c->old | c->new_key);
	const verdict_t child = judge_child(c->facts, &w);
	const verdict_t ds = judge_parent(c->facts, c->config, c->old, c->now);
	const verdict_t *v = ds.gate != GATE_NONE ? &ds : &child;
	const bool watched = before->gate == GATE_KSK_UNCONFIRMED && !ds.red && before->gate_since <= c->now &&
	                     c->now - before->wake <= (time_t)c->config->check_interval + 3600;
	const time_t since = watched ? before->gate_since : c->now;

	if (c->now - since >= (time_t)wait && v->gate == GATE_NONE) {
		act(c, ACTION_SUBMITTED);
	}
	stay(c, GATE_KSK_UNCONFIRMED, v->about, v->detail, since + wait);
	c->out->row.gate_since = since;
}

static verdict_t judge_signals(const ctx_t *c)
{
	child_wish_t w = wish(c, c->old | c->new_key);
	w.signals = true;
	w.wanted = c->new_key;
	w.trusted = rollover_is_first(c->before) ? c->new_key : c->old;
	return judge_child(c->facts, &w);
}

static void signal_state(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (new_key_lost(c)) {
		return;
	}
	if (ds_removed(c)) {
		go_back(c, ROLLOVER_INTRODUCE, &DS_REMOVED);
		return;
	}
	if (cds_names_the_ds_key(c)) {
		confirm_ds_key(c);
		return;
	}
	verdict_t ds = follow_ds(c);
	if (ds.gate == GATE_NONE) {
		go(c, ROLLOVER_AWAIT_DS);
		return;
	}
	if (!c->facts->own.cds.present || !c->facts->own.cdnskey.present) {
		stay(c, GATE_KNOT_NOT_READY, "", "", 0);
		return;
	}

	verdict_t v = judge_signals(c);
	if (blocked(c, &v)) {
		return;
	}
	if (!rollover_is_first(row)) {
		v = judge_chain(c->facts, c->config, c->old | c->new_key, c->now);
	} else {
		v = parent_has(c->facts, c->new_key) ? ds : judge_parent(c->facts, c->config, 0, c->now);
	}
	if (blocked(c, &v)) {
		return;
	}
	go(c, ROLLOVER_AWAIT_DS);
}

static void await_ds(ctx_t *c)
{
	verdict_t v = follow_ds(c);
	if (v.gate == GATE_NONE) {
		go(c, ROLLOVER_WITHDRAW);
		return;
	}
	if (new_key_lost(c)) {
		return;
	}
	if (ds_removed(c)) {
		/* A parent that removes and adds in two steps may be between them. The signals are out already. */
		if (c->before->gate == GATE_DS_MISSING_AT && c->before->gate_about[0] == '\0' &&
		    c->now - c->before->gate_since >= (time_t)c->config->check_interval) {
			go_back(c, ROLLOVER_INTRODUCE, &DS_REMOVED);
		} else {
			/* Of no server in particular: which one answers first may change. */
			v = (verdict_t){ .gate = GATE_DS_MISSING_AT, .about = "", .detail = "no server of the parent has a DS", .red = true };
			blocked(c, &v);
		}
		return;
	}
	if (!parent_has(c->facts, c->new_key) && (!c->facts->own.cds.present || !c->facts->own.cdnskey.present)) {
		stay(c, GATE_KNOT_NOT_READY, "", "", 0);	/* Somebody confirmed it, or made one more. */
		return;
	}
	/* As long as the parent has not begun, a nameserver without the signals is what keeps it from it. */
	verdict_t child = judge_signals(c);
	if (!parent_has(c->facts, c->new_key) && blocked(c, &child)) {
		return;
	}
	blocked(c, &v);
	if (child.gate == GATE_NONE) {
		notify_parent(c);
	}
}

/*! Whether every nameserver asks for the old key as well: only then the parent is told. */
static bool asks_back(const ctx_t *c)
{
	child_wish_t w = wish(c, c->old | c->new_key);
	w.signals = true;
	w.wanted = w.trusted = c->old | c->new_key;
	return judge_child(c->facts, &w).gate == GATE_NONE;
}

/*! Wait until every server of the parent names the old key again; the new one may stay beside it. */
static void rollback(ctx_t *c)
{
	verdict_t v = judge_chain(c->facts, c->config, c->old, c->now);

	if (ds_removed(c)) {
		go_back(c, ROLLOVER_HELD, &DS_REMOVED);
		return;
	}
	if (v.gate == GATE_DS_MISSING_AT && c->before->old_count > 0) {
		/* Where the parent does not read CDS this is what the registrar needs. */
		const key_id_t *id = &c->before->old[0];
		int len = snprintf(v.detail, sizeof(v.detail), "to be restored: DS %u %u 2 ", id->tag, id->algorithm);
		for (size_t i = 0; i < sizeof(id->digest) && (size_t)len < sizeof(v.detail); i++) {
			len += snprintf(v.detail + len, sizeof(v.detail) - len, "%02X", id->digest[i]);
		}
	}
	if (!blocked(c, &v)) {
		go(c, ROLLOVER_HELD);
	} else if (asks_back(c)) {
		notify_parent(c);
	}
}

/*! Safe for ever; the operator's `hold`, switched on and off again, means: go on. */
static void held(ctx_t *c)
{
	if (c->before->acted != 0) {
		go(c, ROLLOVER_INTRODUCE);
		return;
	}
	if (!ds_removed(c) || !blocked(c, &DS_REMOVED)) {
		stay(c, GATE_ROLLED_BACK, "", c->config->leave ? "go-insecure waits until the rollover goes on or the new key is gone" : "", 0);
	}
}

const state_f state_functions[ROLLOVER_STATE__COUNT] = {
	[ROLLOVER_IDLE] = idle,
	[ROLLOVER_PREPARE] = prepare,
	[ROLLOVER_INTRODUCE] = introduce,
	[ROLLOVER_SIGNAL] = signal_state,
	[ROLLOVER_AWAIT_DS] = await_ds,
	[ROLLOVER_WITHDRAW] = withdraw,
	[ROLLOVER_OBSERVE] = observe,
	[ROLLOVER_RETIRE] = retire,
	[ROLLOVER_SETTLE] = settle,
	[ROLLOVER_ROLLBACK] = rollback,
	[ROLLOVER_HELD] = held,
	[ROLLOVER_LEAVE] = leave,
	[ROLLOVER_LEFT] = left,
};
