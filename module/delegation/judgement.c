/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>

#include "aftermath.h"
#include "judgement.h"

/*! Signals that another client has overruled, or that were undone, count again once they have changed. */
static void forget_refused(move_t *m, const delegation_verdict_t *v)
{
	delegation_row_t *row = m->row;

	if (v->agreed && v->content != row->refused) {
		row->refused = 0;
		row->undone = false;
	}
}

static void accepted(move_t *m, const delegation_verdict_t *v)
{
	delegation_row_t *row = m->row;

	forget_refused(m, v);
	if (row->content != v->content || row->accepted_since == 0) {
		row->content = v->content;
		row->accepted_since = m->now;
	}
}

static void nothing(move_t *m, const delegation_verdict_t *v)
{
	delegation_row_t *row = m->row;

	forget_refused(m, v);
	row->content = 0;
	row->accepted_since = 0;
	row->reverted = false;
	row->manual_judged = row->manual_judged || v->agreed;
	move_settle(m, v);
}

static void rejected(move_t *m, const delegation_verdict_t *v)
{
	const delegation_gate_info_t *info = delegation_gate_info(v->gate);
	delegation_row_t *row = m->row;

	if (!info->missing) {
		row->content = 0;
		row->accepted_since = 0;
	}
	switch (info->after) {
	case DELEGATION_AGAIN:
		move_to_gate(m, DELEGATION_SURVEY, v->gate, v->about, v->detail, v->until);
		break;
	case DELEGATION_FINAL:
		row->ordering = false;
		move_to_gate(m, DELEGATION_REFUSED, v->gate, v->about, v->detail, v->until);
		break;
	case DELEGATION_KEPT:
		row->ordering = false;
		row->refused = v->content;
		row->manual_judged = true;
		move_to_gate(m, DELEGATION_HELD, v->gate, v->about, v->detail, v->until);
		break;
	case DELEGATION_STAYS:
		move_wait(m, v->gate, v->about, v->detail, v->until);
		break;
	}
}

/*! \return True: accepted, and all else that follows is done. */
static bool judge(move_t *m, delegation_verdict_t *v)
{
	delegation_accept(m->config, m->row, m->facts, m->now, v);
	switch (v->kind) {
	case DELEGATION_VERDICT_ACCEPT:
		accepted(m, v);
		return true;
	case DELEGATION_VERDICT_NOTHING:
		nothing(m, v);
		return false;
	case DELEGATION_VERDICT_REJECT:
	default:
		rejected(m, v);
		return false;
	}
}

void judgement_survey(move_t *m)
{
	delegation_verdict_t v;

	if (judge(m, &v)) {
		move_enter(m, DELEGATION_WAIT);
		m->row->checks = move_failures(m);
	}
}

/*! A child whose changes break it again and again is changed ever more rarely. */
static time_t after_undo(const move_t *m)
{
	const delegation_row_t *row = m->row;
	const unsigned shift = row->undos > 0 ? (row->undos < 16 ? row->undos : 16) - 1 : 0;
	const uint64_t wait = (uint64_t)m->config->retry << shift;

	return row->undos == 0 ? 0 :
	                         row->undone_at + (time_t)(wait < DELEGATION_RETRY_MAX ? wait : DELEGATION_RETRY_MAX);
}

/*! The TTL to be restored one day, unless an earlier one still is. */
static uint32_t normal_ttl(const move_t *m)
{
	const delegation_zone_t *zone = &m->facts->zone;

	if (zone->ds.count > 0) {
		return zone->ds_ttl;
	}
	return m->config->ds_ttl_base != 0 ? m->config->ds_ttl_base : zone->ns_ttl;
}

static void order(move_t *m, const delegation_verdict_t *v)
{
	delegation_row_t *row = m->row;
	const uint32_t normal = normal_ttl(m);
	/* A TTL that is lower already stays so: it is the operator's. */
	const uint32_t ttl = m->config->ds_ttl < normal ? m->config->ds_ttl : normal;

	row->before = m->facts->zone.ds;
	row->before_ttl = normal;
	row->before_until = m->now + (time_t)normal;
	row->may_undo = v->wanted.count > 0;
	row->back_since = row->back_last = 0;
	row->dnskey_ttl = 0;
	aftermath_learn_ttl(m);
	row->put_content = v->content;
	row->put_inception = v->inception;
	row->notifies = row->by_notify;
	row->failed_before = false;
	for (size_t i = 0; i < m->facts->view_count && (m->facts->asked & DELEGATION_ASK_WATCH); i++) {
		row->failed_before = row->failed_before || m->facts->view[i].status == DELEGATION_VIEW_BOGUS;
	}
	move_order(m, DELEGATION_DO_CHANGE, &v->wanted, ttl, m->facts->surveyed + DELEGATION_FRESH);
	row->checks = move_failures(m);
}

/*! Records as tag (algorithm, digest type), cut where there is no more room. */
static void add_set(const ds_set_t *set, char *out, size_t len)
{
	size_t at = (size_t)snprintf(out, len, "%s", set->count == 0 ? "none" : "");

	for (unsigned i = 0; i < set->count && at < len; i++) {
		const ds_record_t *r = &set->record[i];
		at += (size_t)snprintf(out + at, len - at, "%s%u (%u, %u)", i > 0 ? ", " : "", r->tag, r->algorithm,
		                       r->digest_type);
	}
}

/*! Says what it would do. */
static void report(move_t *m, const delegation_verdict_t *v)
{
	char from[64], to[64], detail[160];

	add_set(&m->facts->zone.ds, from, sizeof(from));
	add_set(&v->wanted, to, sizeof(to));
	snprintf(detail, sizeof(detail), "DS %s -> %s", from, to);
	move_wait(m, DELEGATION_GATE_REPORT_ONLY, "", detail, 0);
}

void judgement_wait(move_t *m)
{
	delegation_verdict_t v;

	if (!judge(m, &v)) {
		return;
	}
	const time_t stays = m->row->accepted_since + (time_t)m->config->hold_down;
	if (stays > m->now) {
		move_wait(m, DELEGATION_GATE_HOLD_DOWN, "", "", stays);
		return;
	}
	(void)aftermath_ttl_is_back(m);
	if (move_after_restore(m) > m->now) {
		move_wait(m, DELEGATION_GATE_HOLD_DOWN, "", "the TTL of DS has just come back", move_after_restore(m));
		return;
	}
	if (after_undo(m) > m->now) {
		move_wait(m, DELEGATION_GATE_AFTER_UNDO, "", "", after_undo(m));
		return;
	}
	if (m->config->report_only) {
		report(m, &v);
		return;
	}
	const move_gate_t gate = move_writable(m, true);
	if (gate.gate != DELEGATION_GATE_NONE) {
		move_wait_at(m, &gate);
		return;
	}
	order(m, &v);
}

void judgement_change(move_t *m)
{
	if (!move_flies(m)) {
		move_failed(m);
	}
}
