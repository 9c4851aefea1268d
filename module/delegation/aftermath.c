/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "accept.h"
#include "aftermath.h"
#include "outlook.h"

/*! As of the survey: since then the clock may have been set. */
static bool is_left_out(const move_t *m, const delegation_parent_t *a)
{
	const time_t surveyed = m->facts->surveyed;

	return a->status == ANSWER_UNREACHABLE && a->unreachable_since != 0 && a->unreachable_since <= surveyed &&
	       surveyed - a->unreachable_since >= (time_t)m->config->unreachable_after;
}

static move_gate_t judge_parents(const move_t *m)
{
	const delegation_facts_t *f = m->facts;
	move_gate_t silent = { .about = "", .detail = "" };
	size_t answered = 0;

	/* One that is known to have another set outweighs one that is silent. */
	for (size_t i = 0; i < f->parent_count; i++) {
		const delegation_parent_t *a = &f->parent[i];
		if (a->status == ANSWER_ERROR || a->status == ANSWER_BOGUS) {
			return (move_gate_t){ DELEGATION_GATE_PARENT_ERROR, a->server, a->detail };
		}
		if (a->status == ANSWER_OK) {
			if (!ds_set_equal(&a->ds, &f->zone.ds)) {
				return (move_gate_t){ DELEGATION_GATE_PARENT_STALE, a->server, a->detail };
			}
			answered++;
		} else if (silent.gate == DELEGATION_GATE_NONE && !is_left_out(m, a)) {
			silent = (move_gate_t){ DELEGATION_GATE_PARENT_UNREACHABLE, a->server, a->detail };
		}
	}
	if (silent.gate == DELEGATION_GATE_NONE && answered == 0) {
		silent.gate = DELEGATION_GATE_PARENT_UNREACHABLE;
		silent.detail = "no server of the parent answers";
	}
	return silent;
}

/*! The set before is still out. One that comes out again after it was in no cache any more proves nothing. */
static void see_former_at_parents(const move_t *m)
{
	const delegation_facts_t *f = m->facts;
	const time_t until = f->surveyed + (time_t)m->row->before_ttl;

	for (size_t i = 0; i < f->parent_count && f->surveyed < m->row->before_until; i++) {
		if (f->parent[i].status == ANSWER_OK && ds_set_equal(&f->parent[i].ds, &m->row->before) &&
		    until > m->row->before_until) {
			m->row->before_until = until;
		}
	}
}

move_gate_t aftermath_parents(move_t *m)
{
	move_gate_t gate = { .gate = DELEGATION_GATE_PARENT_UNREACHABLE, .about = "", .detail = "not asked" };

	if (!(m->facts->asked & DELEGATION_ASK_PARENTS)) {
		return gate;
	}
	see_former_at_parents(m);
	gate = judge_parents(m);
	if (gate.gate == DELEGATION_GATE_NONE) {
		m->row->all_since = m->row->all_since != 0 ? m->row->all_since : m->now;
	} else if (!delegation_gate_info(gate.gate)->missing) {
		m->row->all_since = 0;
	}
	return gate;
}

/* Validation. */

/*! \return A resolver that does not validate the child, or NULL; \a secure: another one does. */
static const delegation_view_t *failing(const delegation_facts_t *facts, bool *secure)
{
	const delegation_view_t *fails = NULL;

	*secure = false;
	for (size_t i = 0; i < facts->view_count; i++) {
		*secure = *secure || facts->view[i].status == DELEGATION_VIEW_SECURE;
		if (facts->view[i].status == DELEGATION_VIEW_BOGUS && fails == NULL) {
			fails = &facts->view[i];
		}
	}
	return fails;
}

/*!
 * Whether a nameserver has DNSKEY that leads to the present set and not to the one before: then caches have it as well,
 * for its TTL, also once the nameserver has another one.
 */
static bool is_outgrown(const move_t *m)
{
	const delegation_facts_t *f = m->facts;
	const ds_set_t *before = &m->row->before;

	if (!accept_is_fresh(f, m->now) || !outlook_secures(before)) {
		return false;
	}
	for (size_t i = 0; i < f->child_count; i++) {
		const delegation_child_t *a = &f->child[i];
		if (a->status == ANSWER_OK && outlook_chain(f, a, &f->zone.ds) != 0 &&
		    outlook_chain(f, a, before) == 0) {
			return true;
		}
	}
	return false;
}

/*! Watches that are rare because the settings say so are no gap. */
static time_t longest_gap(const move_t *m)
{
	const time_t rare = 2 * (time_t)m->config->check_interval;

	return rare > DELEGATION_WATCH_GAP ? rare : DELEGATION_WATCH_GAP;
}

void aftermath_learn_ttl(move_t *m)
{
	const delegation_facts_t *f = m->facts;

	for (size_t i = 0; i < f->child_count && (f->asked & DELEGATION_ASK_SURVEY); i++) {
		const delegation_child_t *a = &f->child[i];
		/* Anyone can sign what no DS leads to. */
		const bool counts = a->status == ANSWER_OK && (outlook_chain(f, a, &f->zone.ds) != 0 ||
		                                               outlook_chain(f, a, &m->row->before) != 0);
		if (counts && a->dnskey_ttl > m->row->dnskey_ttl) {
			m->row->dnskey_ttl = a->dnskey_ttl;
		}
	}
}

/*!
 * Whether a nameserver is back at the set before: that one leads to DNSKEY, and the present one does not. The RRset was
 * signed after the signals of the new key: it is not one of before that key, in an old copy of the zone, which the next
 * transfer replaces.
 */
static bool is_back_at(const move_t *m, const delegation_child_t *a)
{
	const delegation_facts_t *f = m->facts;

	return outlook_chain(f, a, &f->zone.ds) == 0 && outlook_chain(f, a, &m->row->before) != 0 &&
	       a->dnskey_inception > m->row->put_inception;
}

/*!
 * Notes since when the child is back, as after a restore from a backup. Once that is so at every nameserver for as long
 * as caches hold another DNSKEY RRset, no cache has one to which the present set leads: the one before makes none
 * bogus that is not.
 *
 * A nameserver that is silent ends nothing unless it stays so, one that is left out of a change does: caches may get
 * its answers.
 */
static void see_back(move_t *m)
{
	const delegation_facts_t *f = m->facts;
	delegation_row_t *row = m->row;
	const time_t apart = m->now - row->back_last;
	bool all = !f->discovery_failed && f->child_count > 0 && f->surveyed_ns == f->zone.ns;
	bool back = outlook_secures(&f->zone.ds);

	if (row->back_since != 0 && (apart < 0 || apart > longest_gap(m))) {
		row->back_since = row->back_last = 0;
	}
	if (!accept_is_fresh(f, m->now)) {
		return;
	}
	aftermath_learn_ttl(m);
	for (size_t i = 0; i < f->child_count; i++) {
		all = all && f->child[i].status == ANSWER_OK;
		back = back && (f->child[i].status != ANSWER_OK || is_back_at(m, &f->child[i]));
	}
	if (!back) {
		row->back_since = row->back_last = 0;
	} else if (all) {
		row->back_since = row->back_since != 0 ? row->back_since : m->now;
		row->back_last = m->now;
	}
}

/*!
 * Whether caches still have the DS of before, if there was one. While they do, no child removes the key that it names
 * (RFC 7583 3.3). How old `all_since` is says nothing: nobody may have looked for long, or the machine was off.
 */
static bool is_former_cached(const move_t *m)
{
	return m->row->before.count == 0 || m->now < m->row->before_until;
}

/*!
 * When caches hold no other DNSKEY RRset any more: after the largest TTL that the surveys of this change have met, and
 * a day at least, for what none has met. A nameserver may have served another one until the end of that second.
 */
static time_t back_until(const move_t *m)
{
	const delegation_row_t *row = m->row;
	const uint32_t ttl = row->dnskey_ttl > DELEGATION_UNSEEN_TTL ? row->dnskey_ttl : DELEGATION_UNSEEN_TTL;

	return row->back_since + 1 + (time_t)ttl;
}

/*! Whether this survey has met the child so. */
static bool is_back(const move_t *m)
{
	return m->row->back_since != 0 && m->row->back_last == m->now;
}

/*!
 * Whether an undo is near that the child has earned while the TTL was low. If nothing comes of it, for whatever reason,
 * that does not last.
 */
static bool awaits_undo(const move_t *m)
{
	const delegation_row_t *row = m->row;

	return row->may_undo && m->config->undo && !m->config->report_only && !row->failed_before &&
	       row->back_since != 0 && row->back_since <= move_restore_due(m->config, row) &&
	       m->now < back_until(m) + DELEGATION_RETRY_MAX;
}

/*! The low TTL does not wait for a child that never validates. */
static bool is_overdue(const move_t *m)
{
	const delegation_row_t *row = m->row;

	return row->state == DELEGATION_VERIFY && row->all_since != 0 && m->now >= move_restore_due(m->config, row) &&
	       !awaits_undo(m);
}

/*! A nameserver that may have an old copy of the zone: its DNSKEY RRset is older than the signals. NULL: none. */
static const delegation_child_t *find_old_copy(const move_t *m)
{
	const delegation_facts_t *f = m->facts;

	for (size_t i = 0; i < f->child_count; i++) {
		if (f->child[i].status == ANSWER_OK && f->child[i].dnskey_inception <= m->row->put_inception) {
			return &f->child[i];
		}
	}
	return NULL;
}

/*!
 * Whether the signals are still out. A child that takes them back has seen the new DS everywhere, and removes the key
 * of the one before next: possibly before the undo is at every server of the parent. A nameserver that has no signals
 * because it has the zone of before the new key says nothing of that: another one has them, or it is too early.
 */
static bool keeps_signals(const move_t *m, delegation_verdict_t *why)
{
	const delegation_facts_t *f = m->facts;
	bool kept = is_former_cached(m);

	for (size_t i = 0; i < f->child_count; i++) {
		const delegation_child_t *a = &f->child[i];
		if (a->status != ANSWER_OK || outlook_chain(f, a, &f->zone.ds) == 0) {
			continue;
		}
		if (!a->cds.present && !a->cdnskey.present) {
			return verdict_reject(why, DELEGATION_GATE_CANNOT_UNDO, a->server,
			                      "the signals are withdrawn: the key of the former DS may go next");
		}
		kept = true;
	}
	if (kept) {
		return true;
	}
	const delegation_child_t *old = find_old_copy(m);
	return old != NULL ? verdict_reject(why, DELEGATION_GATE_CANNOT_UNDO, old->server,
	                                    "no nameserver has the new key, and the DNSKEY here is older than the "
	                                    "signals: it may be an old copy of the zone") :
	                     verdict_reject(why, DELEGATION_GATE_CANNOT_UNDO, "",
	                                    "no nameserver has the new key: caches may have DNSKEY without the key of "
	                                    "the former DS");
}

/*! Whether the set before would validate now, at every server, as for a change; or the child is back for long. */
static bool can_undo(move_t *m, delegation_verdict_t *why)
{
	const delegation_facts_t *f = m->facts;

	*why = (delegation_verdict_t){ .gate = DELEGATION_GATE_SURVEY_DUE, .about = "" };
	if (!accept_is_fresh(f, m->now) || f->surveyed_ns != f->zone.ns) {
		return false;
	}
	if (is_back(m) && m->now >= back_until(m)) {
		return true;
	}
	return accept_all_answer(m->config, f, false, m->now, why) && keeps_signals(m, why) &&
	       delegation_validates(f, &m->row->before, why);
}

static void undo(move_t *m, const delegation_view_t *view)
{
	delegation_row_t *row = m->row;
	delegation_verdict_t why;

	/* What failed before is not the work of this change. */
	if (!m->config->undo || m->config->report_only || row->failed_before) {
		move_wait(m, DELEGATION_GATE_FAILS, view->resolver, view->detail, 0);
		return;
	}
	if (!can_undo(m, &why)) {
		if (is_back(m) && row->may_undo) {
			move_wait(
				m, DELEGATION_GATE_CANNOT_UNDO, "",
				"all nameservers are back at a key of the former DS, which returns at the time given if "
				"that stays so",
				back_until(m));
			return;
		}
		move_wait(m, why.gate == DELEGATION_GATE_SURVEY_DUE ? why.gate : DELEGATION_GATE_CANNOT_UNDO, why.about,
		          why.detail, 0);
		return;
	}
	if (!row->may_undo) {
		move_wait(m, DELEGATION_GATE_CANNOT_UNDO, "", "caches may have DNSKEY without a key of the former DS",
		          0);
		return;
	}
	const move_gate_t gate = move_writable(m, false);
	if (gate.gate != DELEGATION_GATE_NONE) {
		move_wait_at(m, &gate);
		return;
	}
	const uint32_t ttl = row->ttl_low != 0 ? row->ttl_low : m->config->ds_ttl;
	move_order(m, DELEGATION_DO_UNDO, &row->before, ttl, m->facts->surveyed + DELEGATION_FRESH);
}

bool aftermath_watch(move_t *m)
{
	delegation_row_t *row = m->row;
	bool secure;

	if (row->ds == 0) {
		return false; /* DS was removed: the child is insecure, and rightly so. */
	}
	row->may_undo = row->may_undo && !is_outgrown(m);
	see_back(m);
	const delegation_view_t *view = m->facts->asked & DELEGATION_ASK_WATCH ? failing(m->facts, &secure) : NULL;
	if (view != NULL) {
		row->secure_since = row->secure_last = 0;
		row->bad_watches += row->bad_watches < UINT8_MAX;
		if (is_overdue(m)) {
			return false;
		}
		if (row->bad_watches >= m->config->bogus_limit) {
			undo(m, view);
		} else {
			move_wait(m, DELEGATION_GATE_FAILS, view->resolver, view->detail, 0);
		}
		return true;
	}
	if ((m->facts->asked & DELEGATION_ASK_WATCH) && secure) {
		const time_t apart = m->now - row->secure_last;
		const bool gap = row->secure_since == 0 || apart < 0 || apart > longest_gap(m);
		row->secure_since = gap ? m->now : row->secure_since;
		row->secure_last = m->now;
		row->bad_watches = 0;
	}
	return false;
}

/* States. */

void aftermath_spread(move_t *m)
{
	const move_gate_t gate = aftermath_parents(m);

	if (aftermath_watch(m)) {
		return;
	}
	if (gate.gate != DELEGATION_GATE_NONE) {
		move_wait_at(m, &gate);
		return;
	}
	if (m->row->ds == 0) {
		move_settle(m, NULL);
		return;
	}
	move_enter(m, DELEGATION_VERIFY);
}

static void verified(move_t *m)
{
	m->row->may_undo = false;
	m->row->undos = 0;
	m->row->bad_watches = 0;
	m->row->secure_since = m->row->secure_last = 0;
	m->row->back_since = m->row->back_last = 0;
	move_settle(m, NULL);
}

void aftermath_verify(move_t *m)
{
	delegation_row_t *row = m->row;
	const move_gate_t gate = aftermath_parents(m);

	if (aftermath_watch(m)) {
		return;
	}
	if (is_overdue(m)) {
		verified(m);
		return;
	}
	if (row->all_since == 0 || gate.gate != DELEGATION_GATE_NONE) {
		move_wait_at(m, &gate);
		return;
	}
	if (row->secure_since == 0 || row->bad_watches > 0) {
		/* Until a resolver says otherwise the last watch counts. */
		move_wait(m, row->bad_watches > 0 ? DELEGATION_GATE_FAILS : DELEGATION_GATE_NO_EVIDENCE, "", "", 0);
		return;
	}
	const time_t from = row->secure_since > row->all_since ? row->secure_since : row->all_since;
	/* Only what was watched counts: the last watch ends the time. */
	if (row->secure_last - from < (time_t)m->config->verify) {
		move_wait(m, DELEGATION_GATE_VERIFYING, "", "", from + (time_t)m->config->verify);
		return;
	}
	verified(m);
}

void aftermath_undo(move_t *m)
{
	if (m->row->ordering) {
		/* The zone still has the set that failed. */
		if (!move_flies(m)) {
			move_to_gate(m, DELEGATION_VERIFY, DELEGATION_GATE_COMMIT_FAILED, "", m->facts->outcome_detail,
			             0);
		}
		return;
	}
	const move_gate_t gate = aftermath_parents(m);
	if (gate.gate != DELEGATION_GATE_NONE) {
		move_wait_at(m, &gate);
		return;
	}
	move_settle(m, NULL);
}

/* The TTL. */

/*!
 * A change that follows would have to wait until the child has seen the normal TTL: it comes first. Who notifies again
 * and again, or has CDS that lead to no change, delays the TTL by some hours only.
 */
static bool change_may_follow(const move_t *m)
{
	const bool late = m->now >= move_restore_due(m->config, m->row) + DELEGATION_RETRY_MAX;
	const bool judged = m->row->state == DELEGATION_SURVEY || m->row->state == DELEGATION_WAIT;

	return !late && !judged && (move_scan_differs(m) || move_is_notified(m));
}

bool aftermath_ttl_is_back(move_t *m)
{
	delegation_row_t *row = m->row;
	const delegation_zone_t *zone = &m->facts->zone;

	if (row->ttl_normal == 0 || (zone->ds.count > 0 && zone->ds_ttl == row->ttl_low)) {
		return false;
	}
	row->ttl_normal = row->put_ttl = 0;
	row->all_since = m->now;
	return true;
}

bool aftermath_ttl(move_t *m)
{
	delegation_row_t *row = m->row;
	const delegation_zone_t *zone = &m->facts->zone;

	if (row->ttl_normal == 0 || !delegation_state_info(row->state)->restores) {
		return false;
	}
	if (aftermath_ttl_is_back(m)) {
		if (row->state == DELEGATION_LOW) {
			move_settle(m, NULL);
		}
		return row->state != m->before->state;
	}
	const move_gate_t gate = aftermath_parents(m);
	if (m->facts->ttl != DELEGATION_TTL_FREE) {
		return false;
	}
	if (gate.gate != DELEGATION_GATE_NONE || m->now < move_restore_due(m->config, row) || change_may_follow(m)) {
		return false;
	}
	const move_gate_t writable = move_writable(m, false);
	if (writable.gate != DELEGATION_GATE_NONE || m->config->report_only) {
		return false;
	}
	move_order(m, DELEGATION_DO_RESTORE, &zone->ds, row->ttl_normal, m->now + DELEGATION_FRESH);
	return true;
}

bool aftermath_may_lower(const move_t *m)
{
	const delegation_row_t *row = m->row;
	const delegation_zone_t *zone = &m->facts->zone;

	/* What was undone, or overruled by hand, is for people to look at. */
	return m->facts->ttl == DELEGATION_TTL_LOWERED && row->ttl_normal == 0 && row->ds != 0 && row->refused == 0 &&
	       zone->ds_ttl > m->config->ds_ttl && !m->config->locked && !m->config->report_only;
}

void aftermath_lower(move_t *m)
{
	delegation_row_t *row = m->row;
	const delegation_zone_t *zone = &m->facts->zone;
	const move_gate_t gate = move_writable(m, true);

	if (gate.gate != DELEGATION_GATE_NONE) {
		move_wait_at(m, &gate);
		return;
	}
	/* The TTL of before is known to the store first, also if the order is carried out late (leaves_low_ttl()). */
	row->ttl_normal = row->before_ttl = zone->ds_ttl;
	row->ttl_low = m->config->ds_ttl;
	move_order(m, DELEGATION_DO_RESTORE, &zone->ds, row->ttl_low, m->now + DELEGATION_FRESH);
}

void aftermath_restore(move_t *m)
{
	delegation_row_t *row = m->row;
	const bool lowers = row->put_ttl == row->ttl_low;

	if (m->facts->zone.ds_ttl == row->put_ttl) {
		row->ttl_normal = lowers && row->ttl_normal > row->ttl_low ? row->ttl_normal : 0;
		row->put_ttl = 0;
		row->all_since = lowers ? 0 : m->now;
		move_settle(m, NULL);
		row->next_check = m->now; /* What the child has changed meanwhile is seen at once. */
		return;
	}
	if (!move_flies(m)) {
		row->ordering = false;
		row->ttl_normal = lowers ? 0 : row->ttl_normal;
		move_settle(m, NULL);
		move_wait(m, DELEGATION_GATE_COMMIT_FAILED, "", m->facts->outcome_detail, 0);
	}
}
