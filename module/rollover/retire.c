/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * After the swap of the DS: the states withdraw, observe, retire and settle. The order that lets Knot remove the old key
 * cannot be taken back, so all that it rests on is proven again when it is given.
 */

#include <stdio.h>

#include "decision.h"

/*! The parents matched once and no longer do: ask them again. */
static bool ds_lost(ctx_t *c)
{
	verdict_t v = follow_ds(c);
	if (v.gate == GATE_NONE) {
		return false;
	}
	if (ds_removed(c)) {
		return blocked(c, &DS_REMOVED);
	}
	if (v.red) {
		switch (v.gate) {
		case GATE_DS_STALE_AT:
		case GATE_DS_MISSING_AT:
		case GATE_DS_FOREIGN_AT:
			if (rollover_is_first(c->before)) {
				/* It was everywhere: a zone with a DS like any other, and one that goes is not asked back. */
				start_over(c);
				return true;
			}
			/* Not straight to the signals: a nameserver may have been without the new key until just now. */
			go_back(c, ROLLOVER_INTRODUCE, &v);
			return true;
		default:
			break;
		}
	}
	return blocked(c, &v);
}

void withdraw(ctx_t *c)
{
	if (ds_lost(c)) {
		return;
	}
	child_wish_t w = wish(c, c->old | c->new_key);
	w.no_signals = true;
	verdict_t v = judge_child(c->facts, &w);
	if (blocked(c, &v)) {
		return;
	}
	go(c, ROLLOVER_OBSERVE);
}

/*!
 * \brief Keeps observed_since and observed_last.
 *
 * Only time in which resolvers were seen to validate the zone counts as observed. After a longer time without evidence
 * (the server was off, the zone on hold or frozen, no network) the observation begins again.
 */
static void note_observed(ctx_t *c)
{
	const watch_facts_t *watch = &c->facts->watch;
	rollover_row_t *row = &c->out->row;
	const bool evidence = (c->facts->asked & SURVEY_WATCH) && watch->parent_ok && watch->answered > 0;

	if (after_gap(c)) {
		row->observed_since = 0;
	}
	if (evidence) {
		row->observed_since = row->observed_since == 0 ? c->now : row->observed_since;
		row->observed_last = c->now;
	}
}

static time_t ds_expired(const rollover_row_t *row)
{
	return row->ds_all_since + row->ds_drain;
}

/*! An observation of which no resolver tells anything would wait for ever: that is for the operator to see. */
static bool nobody_tells(ctx_t *c)
{
	const watch_facts_t *watch = &c->facts->watch;

	if (!(c->facts->asked & SURVEY_WATCH)) {
		/* Between two watches the last one counts. */
		if (c->before->gate != GATE_WAITING_OBSERVE || c->before->gate_about[0] == '\0') {
			return false;
		}
		stay(c, GATE_WAITING_OBSERVE, c->before->gate_about, c->before->gate_detail, 0);
		return true;
	}
	if (watch->parent_ok && watch->answered > 0) {
		return false;
	}
	stay(c, GATE_WAITING_OBSERVE, "resolvers", watch->answered == 0 ? "no resolver answers, so nothing is observed" :
	     "the parent zone does not validate, so nothing is observed", 0);
	return true;
}

/*! When the observation may be complete: it begins when the last server of the parent has the new DS. */
static time_t observe_end(const ctx_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const time_t since = row->observed_since != 0 ? row->observed_since : c->now;

	return (since > row->ds_all_since ? since : row->ds_all_since) + c->config->observe;
}

/*! Whether resolvers validated the zone at the end of that time as well. */
static bool is_observed(const ctx_t *c)
{
	return c->out->row.observed_since != 0 && c->out->row.observed_last >= observe_end(c);
}

/*! To the other one of the two states that rest on the observation. \a why: of a step back. */
static void keep_observation(ctx_t *c, rollover_state_t state, const verdict_t *why)
{
	rollover_row_t *row = &c->out->row;
	const time_t since = row->observed_since, last = row->observed_last;

	if (why != NULL) {
		go_back(c, state, why);
	} else {
		go(c, state);
	}
	row->observed_since = since;
	row->observed_last = last;
}

void observe(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (ds_lost(c)) {
		return;
	}
	child_wish_t w = wish(c, c->old | c->new_key);
	w.no_signals = true;
	verdict_t v = judge_child(c->facts, &w);
	if (!v.red) {
		note_observed(c);
	}
	if (blocked(c, &v)) {
		return;
	}
	/* Until the first is over nothing may shorten the second. */
	if (wait_until(c, GATE_WAITING_DS_TTL, ds_expired(row))) {
		return;
	}
	if (!is_observed(c)) {
		if (!nobody_tells(c)) {
			const time_t end = observe_end(c);
			stay(c, GATE_WAITING_OBSERVE, "", "", end > c->now ? end : 0);	/* It takes a watch as well. */
		}
		return;
	}
	keep_observation(c, ROLLOVER_RETIRE, NULL);
}

/*!
 * \brief Whether the old key may go, now: proven before the first order and before each that repeats it.
 *
 * What was true when `observe` ended may be void: a look behind a gate saw the old DS again, or there were no looks.
 */
static bool may_retire(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (ds_lost(c)) {
		return false;
	}
	/* After the order a nameserver may have the zone without the old key before this server was asked again. */
	child_wish_t safe = wish(c, row->acted == 0 ? c->old | c->new_key : c->new_key);
	verdict_t v = judge_child(c->facts, &safe);
	if (!v.red) {
		note_observed(c);
	}
	if (blocked(c, &v)) {
		return false;
	}
	if (c->now < ds_expired(row)) {
		v = (verdict_t){ .gate = GATE_WAITING_DS_TTL, .about = "", .detail = "the parent had the old DS again" };
	} else if (!is_observed(c)) {
		v = (verdict_t){ .gate = GATE_WAITING_OBSERVE, .about = "", .detail = "the observation was interrupted" };
	} else {
		return true;
	}
	keep_observation(c, ROLLOVER_OBSERVE, &v);
	return false;
}

void retire(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (c->facts->own.dnskey & c->old) {
		if (may_retire(c)) {
			act(c, ACTION_SUBMITTED);
			stay(c, GATE_KNOT_KEEPS_KEY, "", c->facts->own.conf_detail, 0);
		}
		return;
	}

	child_wish_t w = wish(c, c->new_key);
	w.gone = c->old;
	w.no_signals = true;
	verdict_t v = judge_child(c->facts, &w);
	if (blocked(c, &v)) {
		return;
	}
	/* Of a first DS nothing goes; Knot learns that the only key is in use. */
	bool confirm = rollover_is_first(row) && c->facts->own.dnskey == c->new_key;
	if (confirm && ds_lost(c)) {
		return;
	}
	if (drain(c)) {
		if (confirm) {
			act(c, ACTION_SUBMITTED);
		}
		return;
	}
	remember_old(row, c->facts, c->new_key);
	row->has_new = false;
	row->settled_at = c->now;
	row->ds_all_since = 0;
	go(c, ROLLOVER_SETTLE);
}

void settle(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (wait_until(c, GATE_WAITING_SETTLE, row->since + c->config->settle)) {
		return;
	}
	go(c, ROLLOVER_IDLE);
}
