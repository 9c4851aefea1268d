/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "kskroll/text_copy.h"
#include "moves.h"

void move_enter(move_t *m, delegation_state_t state)
{
	delegation_row_t *row = m->row;

	row->state = state;
	row->since = row->gate_since = m->now;
	row->gate = DELEGATION_GATE_NONE;
	row->gate_about[0] = row->gate_detail[0] = '\0';
	row->gate_until = 0;
	row->checks = 0;
	row->next_check = m->now;
	m->out->transition = state != m->before->state;
}

static time_t next_check(const move_t *m, delegation_pace_t pace, unsigned checks)
{
	const delegation_config_t *config = m->config;
	const unsigned shift = checks < 16 ? checks : 16;
	uint64_t wait = 0;

	switch (pace) {
	case DELEGATION_PACE_SCAN:
		wait = m->row->notifies ? config->scan_interval_notifying : config->scan_interval;
		break;
	case DELEGATION_PACE_RETRY:
		wait = (uint64_t)config->retry << shift;
		wait = wait < DELEGATION_RETRY_MAX ? wait : DELEGATION_RETRY_MAX;
		break;
	case DELEGATION_PACE_FLIGHT:
		wait = UINT64_C(1) << shift;
		wait = wait < config->check_interval ? wait : config->check_interval;
		break;
	case DELEGATION_PACE_STEADY:
		wait = config->check_interval;
		break;
	}
	return m->now + (time_t)(wait > 0 ? wait : 1);
}

void move_wait(move_t *m, delegation_gate_t gate, const char *about, const char *detail, time_t until)
{
	const delegation_gate_info_t *info = delegation_gate_info(gate);
	const delegation_row_t *before = m->before;
	delegation_row_t *row = m->row;
	const bool same_state = before->state == row->state;
	const bool same_gate = same_state && gate == before->gate;
	const bool same = same_gate && strncmp(about, before->gate_about, sizeof(row->gate_about) - 1) == 0;
	/* A child that fails by turns in two ways is not asked more often for that. */
	const bool goes_on = same_gate || (same_state && info->pace == DELEGATION_PACE_RETRY &&
	                                   delegation_gate_info(before->gate)->pace == DELEGATION_PACE_RETRY);

	row->gate = gate;
	row->gate_until = until;
	text_copy(row->gate_about, sizeof(row->gate_about), about);
	text_copy(row->gate_detail, sizeof(row->gate_detail), detail);
	row->gate_since = same ? before->gate_since : m->now;
	m->out->gate_changed = !same;
	row->checks = !goes_on ? 0 : before->checks < UINT8_MAX ? before->checks + 1 : UINT8_MAX;
	row->next_check = next_check(m, info->pace, row->checks);
	if (until > m->now && until < row->next_check) {
		row->next_check = until;
	}
}

void move_sooner(move_t *m, time_t at)
{
	m->row->next_check = at < m->row->next_check ? at : m->row->next_check;
}

void move_wait_at(move_t *m, const move_gate_t *gate)
{
	move_wait(m, gate->gate, gate->about, gate->detail, 0);
}

void move_to_gate(move_t *m, delegation_state_t state, delegation_gate_t gate, const char *about, const char *detail,
                  time_t until)
{
	if (m->row->state != state) {
		move_enter(m, state);
	}
	move_wait(m, gate, about, detail, until);
}

bool move_is_followed(const delegation_config_t *config, const delegation_row_t *row)
{
	return !row->known || row->ds != 0 || config->bootstrap;
}

bool move_is_notified(const move_t *m)
{
	return m->facts->notified > m->row->notified && move_is_followed(m->config, m->row);
}

bool move_scan_differs(const move_t *m)
{
	const delegation_scan_t *scan = &m->facts->scan;

	if (!(m->facts->asked & DELEGATION_ASK_SCAN) || !scan->answered) {
		return false;
	}
	return m->row->state == DELEGATION_HELD ? scan->content != m->row->refused : scan->differs;
}

void move_seen(move_t *m, bool by_notify)
{
	m->row->by_notify = by_notify;
	m->row->notified = by_notify ? m->facts->notified : m->row->notified;
	move_enter(m, DELEGATION_SEEN);
}

void move_settle(move_t *m, const delegation_verdict_t *verdict)
{
	delegation_row_t *row = m->row;
	const delegation_gate_t held = row->undone ? DELEGATION_GATE_UNDONE : DELEGATION_GATE_MANUAL;

	row->ordering = false;
	/* It came while something was under way. The next scan may be a week away. */
	if (move_is_notified(m)) {
		move_seen(m, true);
		return;
	}
	if (row->refused != 0) {
		move_to_gate(m, DELEGATION_HELD, held, "", "", 0);
		return;
	}
	move_to_gate(m, row->ttl_normal != 0 ? DELEGATION_LOW : DELEGATION_REST,
	             verdict != NULL ? verdict->gate : DELEGATION_GATE_NONE, verdict != NULL ? verdict->about : "",
	             verdict != NULL ? verdict->detail : "", 0);
}

static move_gate_t gate(delegation_gate_t gate, const char *detail)
{
	return (move_gate_t){ .gate = gate, .about = "", .detail = detail };
}

move_gate_t move_writable(const move_t *m, bool follows)
{
	const delegation_zone_t *zone = &m->facts->zone;
	const delegation_apply_t apply = m->config->apply;

	if (zone->frozen) {
		return gate(DELEGATION_GATE_FROZEN, "");
	}
	if (zone->transaction) {
		return gate(DELEGATION_GATE_TRANSACTION, "");
	}
	if (zone->signing) {
		return gate(DELEGATION_GATE_SIGNING, "");
	}
	if (zone->load == DELEGATION_LOAD_SECONDARY && apply != DELEGATION_BY_UPDATE) {
		return gate(DELEGATION_GATE_SECONDARY, zone->load_reason);
	}
	if (follows && apply == DELEGATION_BY_TRANSACTION && zone->load == DELEGATION_LOAD_UNKNOWN) {
		return gate(DELEGATION_GATE_LOAD_UNKNOWN, zone->load_reason);
	}
	/* What was done once and is lost is done again: without it the child may be bogus. */
	if (follows && apply == DELEGATION_BY_TRANSACTION && zone->load == DELEGATION_LOAD_REVERTS &&
	    !m->row->reverted) {
		return gate(DELEGATION_GATE_LOAD_REVERTS, zone->load_reason);
	}
	return gate(DELEGATION_GATE_NONE, "");
}

/*! Looks double by time: `checks` counts the orders before this one that came to nothing. */
static void wait_for_change(move_t *m, delegation_gate_t gate, const char *detail)
{
	const time_t passed = m->now - m->row->since, most = m->config->check_interval;

	move_wait(m, gate, "", detail, 0);
	if (m->row->state == DELEGATION_CHANGE) {
		m->row->checks = m->before->checks;
		m->row->next_check = m->now + (passed < 1 || most < 1 ? 1 : passed < most ? passed : most);
	}
}

void move_failed(move_t *m)
{
	const unsigned before = m->row->checks;

	move_to_gate(m, DELEGATION_SURVEY, DELEGATION_GATE_COMMIT_FAILED, "", m->facts->outcome_detail, 0);
	m->row->checks = before;
	m->row->next_check = next_check(m, DELEGATION_PACE_RETRY, before);
}

uint8_t move_failures(const move_t *m)
{
	const delegation_row_t *before = m->before;

	if (before->state == DELEGATION_SURVEY && before->gate == DELEGATION_GATE_COMMIT_FAILED) {
		return before->checks < UINT8_MAX ? before->checks + 1 : UINT8_MAX;
	}
	return before->state == DELEGATION_WAIT && before->gate == DELEGATION_GATE_NONE ? before->checks : 0;
}

void move_order(move_t *m, delegation_action_t action, const ds_set_t *put, uint32_t ttl, time_t until)
{
	static const delegation_state_t states[DELEGATION_ACTION__COUNT] = {
		[DELEGATION_DO_CHANGE] = DELEGATION_CHANGE,
		[DELEGATION_DO_RESTORE] = DELEGATION_RESTORE,
		[DELEGATION_DO_UNDO] = DELEGATION_UNDO,
	};
	const delegation_zone_t *zone = &m->facts->zone;

	m->out->order = (delegation_order_t){
		.action = action,
		.ns = zone->ns,
		.base = zone->ds,
		.base_ttl = zone->ds_ttl,
		.put = *put,
		.ttl = ttl,
		.until = until,
	};
	m->row->put = m->out->order.put;
	m->row->put_ttl = ttl;
	m->row->ordering = true;
	move_to_gate(m, states[action], DELEGATION_GATE_COMMITTING, "", "", 0);
}

/*! So long a child may take until it has seen the TTL that has come back. */
static time_t after_restore(const delegation_config_t *config)
{
	const uint32_t hold = config->ds_ttl_hold; /* Shorter in laboratories only. */

	return hold < DELEGATION_RETRY_MAX ? hold : DELEGATION_RETRY_MAX;
}

/*!
 * What a primary has made comes by transfer, however long that takes. What is ordered meanwhile would be judged on the
 * former set. A primary may make no change of the TTL alone, and say that it has: that is not waited for forever.
 */
static bool comes_by_transfer(const move_t *m, time_t since)
{
	return m->facts->outcome == DELEGATION_OUTCOME_DONE && m->config->apply == DELEGATION_BY_UPDATE &&
	       (m->row->state != DELEGATION_RESTORE || (since >= 0 && since < after_restore(m->config)));
}

bool move_flies(move_t *m)
{
	const delegation_facts_t *f = m->facts;
	const time_t since = m->now - m->row->since;

	/* A commit that has just been made may not be in what was read of the zone before. */
	if (f->outcome == DELEGATION_OUTCOME_RUNNING ||
	    (f->outcome == DELEGATION_OUTCOME_DONE && since >= 0 && since < DELEGATION_FRESH)) {
		wait_for_change(m, DELEGATION_GATE_COMMITTING, "");
		return true;
	}
	if (comes_by_transfer(m, since)) {
		wait_for_change(m, DELEGATION_GATE_PARENT_STALE,
		                "the primary has the change, and this server does not: check its transfer (knotc "
		                "zone-refresh)");
		return true;
	}
	/* It may be one that a process has left behind, which may still be committed. */
	if (f->zone.transaction && f->outcome != DELEGATION_OUTCOME_FAILED) {
		wait_for_change(m, DELEGATION_GATE_TRANSACTION, "");
		return true;
	}
	if (m->config->apply == DELEGATION_BY_TRANSACTION || f->outcome == DELEGATION_OUTCOME_FAILED) {
		m->row->ordering = false;
	}
	return false;
}

time_t move_restore_due(const delegation_config_t *config, const delegation_row_t *row)
{
	const time_t hold = row->all_since + (time_t)config->ds_ttl_hold;
	/* A cache may have taken the set before until the end of that second. */
	const time_t old = row->all_since + 1 + (time_t)row->ttl_normal;

	return hold > old ? hold : old;
}

time_t move_after_restore(const move_t *m)
{
	const delegation_row_t *row = m->row;
	const bool low = row->ttl_normal != 0 || m->facts->zone.ds_ttl <= m->config->ds_ttl;

	return low || row->all_since == 0 ? 0 : row->all_since + after_restore(m->config);
}
