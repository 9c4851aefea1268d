/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine: what holds in every state, then the state's own step.
 */

#include <assert.h>
#include <string.h>

#include "aftermath.h"
#include "judgement.h"

void delegation_init(delegation_row_t *row, time_t now, time_t floor)
{
	memset(row, 0, sizeof(*row));
	row->state = DELEGATION_REST;
	row->since = now;
	row->gate_since = now;
	row->next_check = now;
	row->applied_inception = floor;
}

/*! A child without DS that may not get one is none that is asked. */
unsigned delegation_asks(const delegation_config_t *config, const delegation_row_t *row)
{
	assert(config && row);

	const delegation_state_info_t *info = delegation_state_info(row->state);
	unsigned asks = info->asks;

	if (row->state == DELEGATION_REST && !move_is_followed(config, row)) {
		asks = 0;
	}
	if (info->watched && row->ds == 0) {
		asks &= ~DELEGATION_ASK_WATCH;
	}
	/* The undo needs the forecast. */
	if (info->watched && row->bad_watches > 0) {
		asks |= DELEGATION_ASK_SURVEY;
	}
	if (info->restores && row->ttl_normal != 0) {
		asks |= DELEGATION_ASK_PARENTS;
	}
	/* Its silence is evidence only where something else shows that this host is not cut off. */
	if ((asks & DELEGATION_ASK_PARENTS) && row->gate == DELEGATION_GATE_PARENT_UNREACHABLE) {
		asks |= DELEGATION_ASK_WATCH;
	}
	return asks;
}

/* What the zone shows. */

static bool zone_guard(move_t *m)
{
	if (!m->facts->zone.known) {
		move_wait(m, DELEGATION_GATE_ZONE_UNREADABLE, "", "", 0);
		return true;
	}
	if (!m->facts->zone.delegated) {
		move_wait(m, DELEGATION_GATE_NOT_DELEGATED, "", "", 0);
		return true;
	}
	return false;
}

/*! Number of the DS RRset of the zone. */
static uint64_t zone_ds(const delegation_zone_t *zone)
{
	return zone->ds_listed ? zone->ds_number : ds_set_id(&zone->ds);
}

/*! All that was known of the set before holds no more. */
static void forget_set(move_t *m)
{
	delegation_row_t *row = m->row;

	row->ds = zone_ds(&m->facts->zone);
	row->ordering = false;
	row->put_ttl = 0;
	row->may_undo = false;
	row->content = 0;
	row->accepted_since = 0;
	row->all_since = 0;
	row->secure_since = row->secure_last = 0;
	row->back_since = row->back_last = 0;
	row->bad_watches = 0;
	row->reverted = false;
	/* A TTL that is the agent's is still to be restored. */
	if (zone_ds(&m->facts->zone) == 0 || m->facts->zone.ds_ttl != row->ttl_low) {
		row->ttl_normal = 0;
	}
}

/*! The DS RRset is adopted as it is. The one option that tells which TTL is normal tells what a lost store forgot. */
static void adopt(move_t *m)
{
	const delegation_zone_t *zone = &m->facts->zone;
	delegation_row_t *row = m->row;

	row->known = true;
	row->ds = zone_ds(zone);
	if (zone_ds(zone) != 0 && zone->ds_ttl == m->config->ds_ttl && zone->ds_ttl < m->config->ds_ttl_base) {
		row->ttl_normal = m->config->ds_ttl_base;
		row->ttl_low = zone->ds_ttl;
	}
}

static void undo_arrived(delegation_row_t *row, time_t now)
{
	row->refused = row->applied;
	/* What the child asks for again must be signed again. */
	row->applied = 0;
	row->undone = true;
	row->undone_at = now;
	row->undos += row->undos < UINT8_MAX;
}

/*!
 * Whether what was ordered may still come. A DNS UPDATE may be carried out, or transferred, when nobody waits for it,
 * and a file be read.
 */
static bool may_arrive(const move_t *m)
{
	const delegation_row_t *row = m->row;

	return row->ordering || (m->config->apply != DELEGATION_BY_TRANSACTION && row->put_ttl != 0);
}

/*! By hand the same set hardly gets the low TTL, too. */
static bool has_arrived(const move_t *m)
{
	const delegation_zone_t *zone = &m->facts->zone;
	const delegation_row_t *row = m->row;

	return may_arrive(m) && !zone->ds_listed && ds_set_equal(&zone->ds, &row->put) &&
	       (row->ordering || zone->ds.count == 0 || zone->ds_ttl == row->put_ttl);
}

/*! What was ordered is in the zone. */
static void arrived(move_t *m)
{
	delegation_row_t *row = m->row;
	/* Only an undo puts the set before. */
	const bool late_undo = row->state != DELEGATION_CHANGE && ds_set_equal(&row->put, &row->before);
	const bool undo = row->state == DELEGATION_UNDO || late_undo, may_undo = row->may_undo && !undo;
	const uint64_t former = row->ds;
	const uint32_t normal = row->ttl_normal != 0 ? row->ttl_normal : row->before_ttl;
	const uint32_t ttl = m->facts->zone.ds_ttl, ordered = row->put_ttl;

	forget_set(m);
	row->former = former;
	row->may_undo = may_undo;
	row->manual = 0;
	/* With another TTL than was ordered another client has put the set there, before the order: that TTL is normal.
	 */
	row->ttl_normal = row->ds != 0 && ttl == ordered && ttl < normal ? normal : 0;
	row->ttl_low = ttl;
	if (undo) {
		undo_arrived(row, m->now);
		if (row->state != DELEGATION_UNDO) {
			move_enter(m, DELEGATION_UNDO);
		}
		return;
	}
	row->applied = row->put_content;
	if (row->put_inception > row->applied_inception) {
		row->applied_inception = row->put_inception;
	}
	move_enter(m, DELEGATION_SPREAD);
}

/*! Whether the DS RRset of the row is what the signals asked for that were followed last. */
static bool is_followed(const delegation_row_t *row)
{
	const ds_set_t delete = { .count = 1, .record[0] = { .digest_len = 1 } };

	return row->ds != 0 ? row->ds == row->applied : row->applied == delegation_content(&delete);
}

/*! The agent's change came first, and was not seen: another client has set DS since, and left its low TTL. */
static bool leaves_low_ttl(move_t *m)
{
	const delegation_zone_t *zone = &m->facts->zone;
	delegation_row_t *row = m->row;

	if (!may_arrive(m) || zone_ds(zone) == 0 || zone->ds_ttl != row->put_ttl || row->put_ttl >= row->before_ttl ||
	    row->ttl_normal != 0) {
		return false;
	}
	row->ttl_normal = row->before_ttl;
	row->ttl_low = row->put_ttl;
	return true;
}

/*!
 * Another client has set a TTL while an order with the low one is under way. The order replaces it, since the
 * prerequisites of a DNS UPDATE do not compare TTLs (RFC 2136 2.4.2). It is the TTL that comes back later.
 */
static void learn_normal_ttl(move_t *m)
{
	const delegation_zone_t *zone = &m->facts->zone;
	delegation_row_t *row = m->row;
	const bool lowers = row->ordering && row->put_ttl <= row->ttl_low;

	if (lowers && row->ttl_normal != 0 && row->ds != 0 && zone->ds_ttl != row->ttl_low) {
		row->ttl_normal = zone->ds_ttl;
	}
}

/*! The zone has another DS RRset than the agent has put there: another client, or a reload. */
static void changed(move_t *m)
{
	const delegation_zone_t *zone = &m->facts->zone;
	delegation_row_t *row = m->row;
	const uint64_t former = row->ds;

	/* What another client has set, and sets back, was never the agent's to be done once more. */
	if (row->former != 0 && zone_ds(zone) == row->former && zone->load == DELEGATION_LOAD_REVERTS &&
	    is_followed(row)) {
		forget_set(m);
		row->former = former;
		row->reverted = true;
		move_to_gate(m, DELEGATION_SEEN, DELEGATION_GATE_REVERTED, "", zone->load_reason, 0);
		return;
	}
	(void)leaves_low_ttl(m);
	forget_set(m);
	/* What was there before a change by hand a reload may bring back, too: it is another client's word all the
	 * same. */
	row->former = 0;
	row->refused = 0;
	row->undone = false;
	row->manual = m->now;
	row->manual_judged = false;
	if (row->ds == 0) {
		move_to_gate(m, DELEGATION_SUSPENDED, DELEGATION_GATE_SUSPENDED, "", "", 0);
	} else {
		move_enter(m, DELEGATION_SEEN);
	}
}

/*!
 * The zone still has the set that the change replaces: a file may be read late. By DNS UPDATE this server may be the
 * last one that gets the change.
 */
static void see_former(move_t *m)
{
	const delegation_zone_t *zone = &m->facts->zone;
	delegation_row_t *row = m->row;

	if (m->config->apply != DELEGATION_BY_UPDATE && may_arrive(m) && !zone->ds_listed &&
	    ds_set_equal(&zone->ds, &row->before)) {
		row->before_until = m->now + (time_t)row->before_ttl;
	}
}

static bool ds_guard(move_t *m)
{
	delegation_row_t *row = m->row;

	if (!row->known) {
		adopt(m);
		if (row->ttl_normal != 0) {
			move_enter(m, DELEGATION_LOW);
			return true;
		}
		return false;
	}
	if (zone_ds(&m->facts->zone) == row->ds) {
		learn_normal_ttl(m);
		see_former(m);
		if (!leaves_low_ttl(m)) {
			return false;
		}
		row->all_since = 0;
		if (row->state == DELEGATION_REST) {
			move_enter(m, DELEGATION_LOW);
		}
		return m->out->transition;
	}
	if (has_arrived(m)) {
		arrived(m);
	} else {
		changed(m);
	}
	return m->out->transition;
}

/* States. */

/*! A TTL that could not be lowered is tried again after so many times the `retry`: the change itself can do without. */
#define LOWER_AGAIN 12

/*! Whether the last try is too near. The gate of then stays. */
static bool failed_to_lower(move_t *m)
{
	const delegation_row_t *before = m->before;
	const time_t again = before->gate_since + (time_t)LOWER_AGAIN * m->config->retry;

	if (before->state != DELEGATION_REST || before->gate != DELEGATION_GATE_COMMIT_FAILED || m->now >= again) {
		return false;
	}
	move_wait(m, DELEGATION_GATE_COMMIT_FAILED, before->gate_about, before->gate_detail, again);
	return true;
}

static void step_rest(move_t *m)
{
	if (move_after_restore(m) <= m->now) {
		m->row->all_since = 0;
	}
	if (move_is_notified(m) || (move_scan_differs(m) && move_is_followed(m->config, m->row))) {
		move_seen(m, move_is_notified(m));
		return;
	}
	if ((m->facts->asked & DELEGATION_ASK_SCAN) && !m->facts->scan.answered) {
		move_wait(m, DELEGATION_GATE_SCAN_FAILED, "", "", 0);
		return;
	}
	if (aftermath_may_lower(m)) {
		if (!failed_to_lower(m)) {
			move_enter(m, DELEGATION_LOW); /* Where the zone is read before anything is ordered. */
		}
		return;
	}
	move_wait(m, DELEGATION_GATE_NONE, "", "", 0);
}

static void step_low(move_t *m)
{
	const delegation_row_t *row = m->row;

	if (move_is_notified(m) || move_scan_differs(m)) {
		move_seen(m, move_is_notified(m));
		return;
	}
	if (aftermath_may_lower(m)) {
		aftermath_lower(m);
		return;
	}
	if (row->ttl_normal == 0) {
		move_settle(m, NULL);
		return;
	}
	move_gate_t gate = aftermath_parents(m);
	if (m->facts->ttl != DELEGATION_TTL_FREE) {
		move_wait(m, DELEGATION_GATE_TTL_LOW, "", "the child is about to change its keys", 0);
		move_sooner(m, m->now + DELEGATION_RETRY_MAX);
		return;
	}
	if (gate.gate == DELEGATION_GATE_NONE && m->now >= move_restore_due(m->config, row)) {
		gate = m->config->report_only ? (move_gate_t){ DELEGATION_GATE_REPORT_ONLY, "", "" } :
		                                move_writable(m, false);
	}
	if (gate.gate != DELEGATION_GATE_NONE) {
		move_wait_at(m, &gate);
		return;
	}
	move_wait(m, DELEGATION_GATE_TTL_LOW, "", "", move_restore_due(m->config, row));
}

static void step_held(move_t *m)
{
	if (move_is_notified(m) || move_scan_differs(m) || m->row->refused == 0) {
		move_seen(m, move_is_notified(m));
		return;
	}
	move_wait(m, m->row->undone ? DELEGATION_GATE_UNDONE : DELEGATION_GATE_MANUAL, "", "", 0);
}

static void step_suspended(move_t *m)
{
	/* ds_guard() ends it. */
	move_wait(m, DELEGATION_GATE_SUSPENDED, "", "", 0);
}

static void step_survey(move_t *m)
{
	if (move_is_notified(m)) {
		m->row->notified = m->facts->notified;
	}
	judgement_survey(m);
}

static void (*const steps[DELEGATION_STATE__COUNT])(move_t *m) = {
	[DELEGATION_REST] = step_rest,
	[DELEGATION_SEEN] = step_survey,
	[DELEGATION_SURVEY] = step_survey,
	[DELEGATION_WAIT] = judgement_wait,
	[DELEGATION_CHANGE] = judgement_change,
	[DELEGATION_SPREAD] = aftermath_spread,
	[DELEGATION_VERIFY] = aftermath_verify,
	[DELEGATION_LOW] = step_low,
	[DELEGATION_RESTORE] = aftermath_restore,
	[DELEGATION_UNDO] = aftermath_undo,
	[DELEGATION_HELD] = step_held,
	[DELEGATION_SUSPENDED] = step_suspended,
	[DELEGATION_REFUSED] = step_survey,
};

static void go(move_t *m)
{
	const bool judges = m->row->state == DELEGATION_WAIT || m->row->state == DELEGATION_SURVEY;

	/* A change that can be made has a low TTL: it is not restored just before. */
	if (!judges && aftermath_ttl(m)) {
		return;
	}
	steps[m->row->state](m);
	if (judges && !m->out->transition) {
		(void)aftermath_ttl(m);
	}
}

/*!
 * When a low TTL that may be restored by now is looked at. A state that has just been entered is not asked yet what is
 * in the way of that; one that comes from a survey may go back to it, and what is in the way may stay.
 */
static time_t overdue_check(const move_t *m)
{
	const delegation_row_t *row = m->row;

	if (!m->out->transition || delegation_gate_info(row->gate)->pace != DELEGATION_PACE_SCAN) {
		return row->next_check;
	}
	return m->before->state == DELEGATION_VERIFY ? m->now : m->now + (time_t)m->config->retry;
}

/*! No check comes later than the end of a low TTL. */
static void conclude(move_t *m)
{
	delegation_row_t *row = m->row;
	const bool low = delegation_state_info(row->state)->restores && row->ttl_normal != 0 && row->all_since != 0;

	if (low) {
		const time_t due = move_restore_due(m->config, row);
		move_sooner(m, due > m->now ? due : overdue_check(m));
	}
	m->out->asks = delegation_asks(m->config, row);
}

void delegation_decide(const delegation_config_t *config, const delegation_row_t *row, const delegation_facts_t *facts,
                       time_t now, delegation_decision_t *out)
{
	assert(config && row && facts && out && (unsigned)row->state < DELEGATION_STATE__COUNT);

	move_t m = { .config = config, .before = row, .facts = facts, .now = now, .out = out, .row = &out->row };

	memset(out, 0, sizeof(*out));
	out->row = *row;
	if (!zone_guard(&m) && !ds_guard(&m)) {
		go(&m);
	}
	conclude(&m);
}

bool delegation_goes_on(const delegation_facts_t *facts, time_t now, const delegation_decision_t *decision)
{
	assert(facts && decision);

	return decision->transition && decision->row.state == DELEGATION_WAIT &&
	       decision->row.gate == DELEGATION_GATE_NONE && (decision->asks & ~facts->asked) == 0 &&
	       now - facts->surveyed <= DELEGATION_FRESH;
}
