/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "decision.h"

/* Sets of keys. */

keyset_t set_of(const rollover_facts_t *facts, const key_id_t *ids, unsigned count)
{
	keyset_t set = 0;
	for (unsigned i = 0; i < count; i++) {
		int at = key_id_find(facts->keys, facts->key_count, &ids[i]);
		if (at >= 0) {
			set |= 1U << at;
		}
	}
	return set;
}

unsigned set_size(keyset_t set)
{
	return __builtin_popcount(set);
}

const key_id_t *set_first(const rollover_facts_t *facts, keyset_t set)
{
	assert(set != 0);
	return &facts->keys[__builtin_ctz(set)];
}

/* Staying and going. */

/*!
 * Who has acknowledged a notification acts soon or hours later: looks are as far apart as it is ago,
 * 1, 2, 4, 8 s.
 */
static uint32_t after_notify(const ctx_t *c, uint32_t wait)
{
	const time_t since = c->now - c->facts->acknowledged;

	if (c->facts->acknowledged == 0 || since < 0 || since >= (time_t)wait) {
		return wait;
	}
	return since > 0 ? since : 1;
}

/*! When to look again: RFC 9975 3 asks for 5, 10, 20, 40 min at unreachable servers. */
static time_t next_look(const ctx_t *c, const rollover_gate_info_t *gate, time_t until, unsigned looks)
{
	const uint32_t cap = gate->ds_interval ? c->config->ds_check_interval : c->config->check_interval;
	uint32_t wait = cap;

	if (gate->pace == PACE_BACKOFF) {
		wait = cap << (looks < 3 ? looks : 3);
	} else if (gate->pace != PACE_STEADY) {
		wait = looks < 16 ? 1U << looks : cap;
		wait = wait < cap ? wait : cap;
	}
	if (gate->pace == PACE_NOTIFIED) {
		wait = after_notify(c, wait);
	}
	time_t at = c->now + (wait > 0 ? wait : 1);
	return (until != 0 && until > c->now && until < at) ? until : at;
}

void stay(ctx_t *c, rollover_gate_t gate, const char *about, const char *detail, time_t until)
{
	const rollover_gate_info_t *info = rollover_gate_info(gate);
	rollover_row_t *row = &c->out->row;
	bool same_gate = gate == c->before->gate && c->before->state == row->state;
	bool same = same_gate && strncmp(about, c->before->gate_about, sizeof(row->gate_about) - 1) == 0;

	if (info->silences) {
		row->notified = 0;
	}
	row->gate = gate;
	row->gate_until = until;
	text_copy(row->gate_about, sizeof(row->gate_about), about);
	text_copy(row->gate_detail, sizeof(row->gate_detail), detail);
	if (!same) {
		row->gate_since = c->now;
		c->out->gate_changed = true;
	}
	row->looks = !same_gate ? 0 : (c->before->looks < UINT8_MAX ? c->before->looks + 1 : UINT8_MAX);
	row->wake = next_look(c, info, until, row->looks);
}

bool blocked(ctx_t *c, const verdict_t *v)
{
	if (v->gate == GATE_NONE) {
		return false;
	}
	if (v->red) {
		c->out->row.all_since = 0;
		c->out->row.observed_since = c->out->row.observed_last = 0;
	}
	stay(c, v->gate, v->about, v->detail, 0);
	return true;
}

void go(ctx_t *c, rollover_state_t state)
{
	rollover_row_t *row = &c->out->row;

	row->state = state;
	row->since = c->now;
	row->gate = GATE_NONE;
	row->gate_about[0] = '\0';
	row->gate_detail[0] = '\0';
	row->gate_since = c->now;
	row->gate_until = 0;
	row->all_since = 0;
	row->observed_since = row->observed_last = 0;
	row->acted = 0;
	row->notified = 0;
	row->looks = 0;
	row->wake = c->now;
	c->out->transition = true;
	c->out->policy = rollover_policy(row);
}

bool wait_until(ctx_t *c, rollover_gate_t gate, time_t until)
{
	if (c->now >= until) {
		return false;
	}
	stay(c, gate, "", "", until);
	return true;
}

void act(ctx_t *c, rollover_action_t action)
{
	uint32_t again = c->config->check_interval < 60 ? c->config->check_interval : 60;
	rollover_row_t *row = &c->out->row;

	if (row->acted == 0 || c->now - row->acted >= (time_t)again || c->now < row->acted) {
		row->acted = c->now;
		c->out->action = action;
	}
}

void notify_parent(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;
	const time_t again = c->config->notify_again;
	const time_t most = again > ROLLOVER_NOTIFY_MAX ? again : ROLLOVER_NOTIFY_MAX;

	if (!c->config->notify) {
		return;
	}
	if (row->notified != 0 && row->notified <= c->now) {
		time_t wait = row->notified - row->since;
		wait = wait < again ? again : wait > most ? most : wait;
		if (c->now - row->notified < wait) {
			if (row->notified + wait < row->wake) {
				row->wake = row->notified + wait;
			}
			return;
		}
	}
	row->notified = c->now;
	c->out->notify = true;
}

child_wish_t wish(const ctx_t *c, keyset_t need)
{
	return (child_wish_t){ .config = c->config, .now = c->now, .need = need };
}

bool after_gap(const ctx_t *c)
{
	const uint32_t watch = c->facts->watch.apart;
	const time_t apart = watch > c->config->check_interval ? watch : c->config->check_interval;
	const time_t last = c->out->row.observed_last;

	/* The longest back-off is eightfold (RFC 9975 3), with some delay besides. */
	return last > c->now || c->now - last > 10 * apart + 60;
}

static bool some_nameserver_answers(const rollover_facts_t *facts)
{
	if (!(facts->asked & SURVEY_CHILD) || (facts->discovery_failed && !facts->partial)) {
		return false;
	}
	for (size_t i = 0; i < facts->child_count; i++) {
		if (facts->child[i].status == ANSWER_OK) {
			return true;
		}
	}
	return false;
}

void note_looks(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (row->all_since == 0 || (row->state != ROLLOVER_INTRODUCE && row->state != ROLLOVER_RETIRE)) {
		return;
	}
	if (after_gap(c)) {
		row->all_since = 0;
	} else if (some_nameserver_answers(c->facts)) {
		row->observed_last = c->now;
	}
}

bool drain(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (row->all_since == 0) {
		row->all_since = row->observed_last = c->now;
		row->all_drained = ttl_window_drained(&row->dnskey_ttl, 0);
	}
	return wait_until(c, GATE_WAITING_TTL, row->all_drained);
}

/* What every look at the servers teaches, whatever the state. */

/*!
 * A rollover under way, or a zone that is to become insecure, of which the row knows nothing: the store was lost, or the
 * module came late.
 */
static bool is_newcomer(const ctx_t *c)
{
	const rollover_row_t *row = c->before;

	return row->state == ROLLOVER_IDLE && row->old_count == 0 && row->settled_at == 0 &&
	       (set_size(c->facts->own.dnskey) > 1 || c->config->leave);
}

static void learn_ds_ttl(ctx_t *c, uint32_t ttl)
{
	ttl_window_t *w = &c->out->row.ds_ttl;

	/* The DS may have been replaced just before, and its TTL with it. */
	if (w->count == 0 && is_newcomer(c) && parent_has_any(c->facts)) {
		ttl_window_add(w, ROLLOVER_UNKNOWN_DS_TTL, c->now);
	}
	/* Only some may have answered: the TTL of the others is the last known. */
	for (size_t i = 0; w->count > 0 && i < c->facts->parent_count; i++) {
		if (c->facts->parent[i].status != ANSWER_OK && w->step[0].ttl > ttl) {
			ttl = w->step[0].ttl;
		}
	}
	ttl_window_add(w, ttl, c->now);
}

/*! A row of before there was a bound may hold more, of a packet that nobody signed. */
static void bound_waits(rollover_row_t *row)
{
	ttl_window_bound(&row->dnskey_ttl);
	ttl_window_bound(&row->ds_ttl);
	if (row->all_since != 0 && row->all_drained > row->all_since + ROLLOVER_TTL_COUNTS) {
		row->all_drained = row->all_since + ROLLOVER_TTL_COUNTS;
	}
	if (row->ds_drain > ROLLOVER_TTL_COUNTS) {
		row->ds_drain = ROLLOVER_TTL_COUNTS;
	}
}

void learn_ttls(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;
	uint32_t ttl;

	bound_waits(row);
	if (c->facts->own.known && c->facts->own.dnskey != 0) {
		bool complete = (c->facts->asked & SURVEY_CHILD) && c->facts->child_count > 0 &&
		                !c->facts->discovery_failed;
		ttl = complete ? child_ttl(c->facts, c->config, c->now, &complete) : 0;
		/*
		 * The own zone counts as well: its TTL is, or will be, served by the others. In idle nobody
		 * else is asked, and it may be low again (a policy lost by a reload) before they are.
		 */
		if (c->facts->own.dnskey_ttl > ttl) {
			ttl = c->facts->own.dnskey_ttl;
		}
		/* A server that does not answer may still serve what it served before. */
		ttl_window_t *w = &row->dnskey_ttl;
		if (!complete && w->count > 0 && w->step[0].ttl > ttl) {
			ttl = w->step[0].ttl;
		}
		ttl_window_add(w, ttl, c->now);
	}
	if (!(c->facts->asked & SURVEY_PARENT)) {
		return;
	}
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		if (c->facts->parent[i].status == ANSWER_OK) {
			row->parent_seen = c->now;
		}
	}
	if (rollover_is_first(row) && row->settled_at == 0 &&
	    judge_chain(c->facts, c->config, c->new_key, c->now).gate == GATE_NONE) {
		row->settled_at = c->now;	/* Also behind a gate: from here on it is a DS that may be removed. */
	}
	if (parent_old_ttl(c->facts, c->new_key, &ttl)) {
		/* Also behind a gate that keeps the states from looking: what was seen is not forgotten. */
		uint32_t all = 0;
		row->ds_all_since = 0;
		if (parent_old_ttl(c->facts, 0, &all) && all > ttl) {
			ttl = all;		/* Some have the new DS already: what comes after it replaces it. */
		}
		learn_ds_ttl(c, ttl);
	} else if (row->ds_all_since != 0 && parent_old_ttl(c->facts, 0, &ttl)) {
		/* The wait for the old DS is fixed (ds_drain): from here on the new one is what the next rollover replaces. */
		learn_ds_ttl(c, ttl);
	}
}

void take_operators_word(ctx_t *c)
{
	const time_t expired = c->config->caches_expired;
	rollover_row_t *row = &c->out->row;

	if (expired == 0 || expired > c->now) {
		return;
	}
	ttl_window_forget(&row->dnskey_ttl, expired);
	ttl_window_forget(&row->ds_ttl, expired);
	if (row->all_since != 0 && row->all_since <= expired && row->all_drained > expired) {
		row->all_drained = expired;
	}
	if (row->ds_all_since != 0 && row->ds_all_since <= expired &&
	    row->ds_all_since + (time_t)row->ds_drain > expired) {
		row->ds_drain = expired - row->ds_all_since;
	}
}

verdict_t follow_ds(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;
	verdict_t v = judge_parent(c->facts, c->config, c->new_key, c->now);

	if (v.gate != GATE_NONE) {
		if (v.red) {
			row->ds_all_since = 0;
		}
	} else if (row->ds_all_since == 0) {
		row->ds_all_since = c->now;
		if (row->ds_ttl.count == 0) {
			row->ds_drain = ROLLOVER_UNKNOWN_DS_TTL;
			/* A DS that comes and goes during that wait does not make it shorter. */
			ttl_window_add(&row->ds_ttl, ROLLOVER_UNKNOWN_DS_TTL, c->now);
		} else {
			/* The old set may have been served until just now. */
			ttl_window_add(&row->ds_ttl, row->ds_ttl.step[0].ttl, c->now);
			row->ds_drain = ttl_window_drained(&row->ds_ttl, 0) - c->now;
		}
	}
	return v;
}

const verdict_t DS_REMOVED = { .gate = GATE_FIRST_DS, .about = "", .detail = "", .red = true };

bool ds_removed(const ctx_t *c)
{
	size_t answered = 0;

	if (rollover_is_first(c->before) && c->before->settled_at == 0) {
		return false;	/* It never had one. */
	}
	if ((c->facts->discovery_failed && !c->facts->partial) || c->facts->parent_insecure) {
		return false;
	}
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		const parent_answer_t *a = &c->facts->parent[i];
		if (a->status == ANSWER_OK && (parent_names(a) != 0 || a->ds_foreign || a->ds_ignored)) {
			return false;
		}
		answered += a->status == ANSWER_OK;
	}
	return answered > 0;
}

bool watch_failed(ctx_t *c)
{
	const watch_facts_t *watch = &c->facts->watch;
	rollover_row_t *row = &c->out->row;

	if (row->state == ROLLOVER_IDLE || row->state == ROLLOVER_PREPARE ||
	    row->state == ROLLOVER_LEAVE || row->state == ROLLOVER_LEFT) {
		row->bad_looks = 0;
		return false;
	}
	if (ds_removed(c)) {
		row->bad_looks = 0;	/* Insecure is not bogus, and nothing is asked back. */
		return false;
	}
	/* A failure further up is not ours, and a resolver that is down is no evidence. */
	bool asked = c->facts->asked & SURVEY_WATCH;
	if (asked && watch->parent_ok && watch->answered > 0) {
		if (watch->failing * 2 < watch->answered || watch->failing == 0) {
			row->bad_looks = 0;
		} else if (row->bad_looks < UINT8_MAX) {
			row->bad_looks++;
		}
	}
	if (row->bad_looks == 0) {
		return false;
	}

	/* Between two watches the last one counts. */
	verdict_t v = { .gate = GATE_VALIDATION_FAILS, .about = "", .detail = "at the last watch", .red = true };
	if (asked || row->gate == GATE_VALIDATION_FAILS) {
		text_copy(v.detail, sizeof(v.detail), asked ? watch->detail : row->gate_detail);
	}
	/* A first DS has no old one to go back to: what is left is the alarm. */
	if (row->bad_looks >= c->config->bogus_limit && !rollover_is_first(row)) {
		switch (row->state) {
		case ROLLOVER_INTRODUCE:
			/* A step back from await-ds: the parent may have begun. */
			if (!parent_has(c->facts, c->new_key)) {
				break;
			}
			go_back(c, ROLLOVER_ROLLBACK, &v);
			return true;
		case ROLLOVER_SIGNAL:
			/* The parent has not begun: no signals until the zone validates again, and caches with it. */
			go_back(c, parent_has(c->facts, c->new_key) ? ROLLOVER_ROLLBACK : ROLLOVER_INTRODUCE, &v);
			return true;
		case ROLLOVER_RETIRE:
			if (!(c->facts->own.dnskey & c->old)) {
				break;	/* Too late for the old key: an alarm is all that is left. */
			}
			/* FALLTHROUGH */
		case ROLLOVER_AWAIT_DS:
		case ROLLOVER_WITHDRAW:
		case ROLLOVER_OBSERVE:
			row->ds_all_since = 0;
			row->bad_looks = 0;
			go_back(c, ROLLOVER_ROLLBACK, &v);
			return true;
		default:
			break;
		}
	}
	/* In rollback and held the repair itself goes on. */
	if (row->state == ROLLOVER_ROLLBACK || row->state == ROLLOVER_HELD) {
		return false;
	}
	/* Nothing goes forward: a nameserver gone wrong takes the signals back, and those not out stay away. */
	if (row->state == ROLLOVER_SIGNAL || row->state == ROLLOVER_AWAIT_DS) {
		if (new_key_lost(c)) {
			return true;
		}
		if (c->facts->own.policy != POLICY_SIGNAL) {
			c->out->policy = POLICY_QUIET;
		}
	}
	return blocked(c, &v);
}
