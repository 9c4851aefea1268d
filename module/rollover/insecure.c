/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A zone without DS: how it gets its first one, and how the last one goes.
 */

#include "decision.h"

/* The first DS. */

void idle_insecure(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;
	const keyset_t zone = c->facts->own.dnskey;

	if ((row->settled_at != 0 || row->ds_ttl.count > 0) && row->acted == 0) {
		stay(c, GATE_FIRST_DS, "", "", 0);
		return;
	}
	if (set_size(zone) > 1) {
		stay(c, GATE_UNKNOWN_KEY, "", "more than one KSK has no DS", 0);
		return;
	}
	row->old_count = 0;
	row->ds_ttl.count = 0;
	row->settled_at = 0;
	row->new_key = *set_first(c->facts, zone);
	row->has_new = true;
	begin(c, ROLLOVER_INTRODUCE);
	if (!c->out->transition) {
		row->has_new = false;
		row->settled_at = c->before->settled_at;
	}
}

void introduce_first(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;
	uint32_t zone_ttl = c->config->zone_ttl != 0 ? c->config->zone_ttl : ROLLOVER_UNKNOWN_ZONE_TTL;

	verdict_t v = judge_parent(c->facts, c->config, c->new_key, c->now);
	if (v.gate == GATE_NONE) {
		start_over(c);		/* The registrar was quicker: a zone like any other. */
		return;
	}
	if (!parent_has(c->facts, c->new_key)) {
		v = judge_parent(c->facts, c->config, 0, c->now);
	}
	if (blocked(c, &v)) {
		return;
	}
	if (zone_ttl > ROLLOVER_TTL_COUNTS) {
		zone_ttl = ROLLOVER_TTL_COUNTS;
	}
	if (row->all_since != 0 && row->all_since <= c->config->caches_expired && c->config->caches_expired <= c->now) {
		zone_ttl = 0;
	}
	if (drain(c) || wait_until(c, GATE_WAITING_UNSIGNED, row->all_since + zone_ttl)) {
		return;
	}
	go(c, ROLLOVER_SIGNAL);
}

/* Going insecure. */

void leave(ctx_t *c)
{
	if (!c->config->leave) {
		start_over(c);
		return;
	}
	verdict_t v = follow_ds(c);
	if (v.gate == GATE_NONE) {
		go(c, ROLLOVER_LEFT);
		return;
	}
	child_wish_t w = wish(c, c->facts->own.dnskey);
	w.remove = true;
	w.trusted = c->facts->own.dnskey;
	verdict_t child = judge_child(c->facts, &w);
	if (blocked(c, &child)) {
		return;
	}
	if (v.gate == GATE_DS_STALE_AT) {
		v.gate = GATE_DS_LEFT_AT;
	}
	blocked(c, &v);
	notify_parent(c);
}

void left(ctx_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (!c->config->leave) {
		start_over(c);
		return;
	}
	verdict_t v = follow_ds(c);
	if (v.gate == GATE_DS_STALE_AT || v.gate == GATE_DS_FOREIGN_AT) {
		go_back(c, ROLLOVER_LEAVE, &v);
		return;
	}
	if (blocked(c, &v)) {
		return;
	}
	child_wish_t w = wish(c, c->facts->own.dnskey);
	w.no_signals = true;
	v = judge_child(c->facts, &w);
	if (blocked(c, &v) || wait_until(c, GATE_WAITING_DS_TTL, row->ds_all_since + row->ds_drain)) {
		return;
	}
	stay(c, GATE_MAY_UNSIGN, "", "", 0);
}
