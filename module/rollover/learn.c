/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every check of the servers teaches, whatever the state.
 */

#include "expire.h"
#include "keyset.h"
#include "learn.h"

/*!
 * A rollover under way, or a zone that becomes insecure, of which the row knows nothing: the store was lost, or
 * the module came late. A new algorithm signs the data before its key is published.
 */
static bool is_newcomer(const dec_t *c)
{
	const rollover_row_t *row = c->before;

	return row->state == ROLLOVER_IDLE && row->old_count == 0 && row->settled_at == 0 &&
	       (keyset_size(c->facts->own.dnskey) > 1 || keyset_unpublished(c->facts) != 0 || c->config->go_insecure);
}

static void learn_ds_ttl(dec_t *c, uint32_t ttl)
{
	ttl_window_t *w = &c->out->row.ds_ttl;

	/* The DS may have been replaced just before, and its TTL with it. */
	if (w->count == 0 && is_newcomer(c) && judge_has_any_ds(c->facts)) {
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

/*! Checks that are further apart do not tell with which TTL the DS was served in between. */
#define DS_UNSEEN (3 * 3600)

/*!
 * Whether a message that restores the TTL of before may still be made: none that lowers it has been sent since. By a
 * clock of 1970 all times of before are the same one.
 */
static bool may_be_restored(const rollover_row_t *row)
{
	const bool lowers = row->ds_ttl_sent > 1 && row->ds_ttl_sent >= row->ds_ttl_asked;

	return row->ds_ttl_before != 0 && row->ds_ttl_sent != 0 && (row->ds_ttl_back || !lowers);
}

/*!
 * A server has no DS of an old key any more, and the last check was hours ago. The parent may have raised the TTL since
 * then, before it replaced the DS: one that lowers it around a change does, some hours before the next one. Or a
 * message that restores the TTL was made between two checks.
 */
static void learn_unseen(dec_t *c)
{
	const rollover_facts_t *facts = c->facts;
	rollover_row_t *row = &c->out->row;
	ttl_window_t *w = &row->ds_ttl;

	const bool unseen = w->count > 0 && c->now - w->step[0].seen > DS_UNSEEN;
	/* Made just before the change of the DS, it was served between two checks. */
	const uint32_t restored = may_be_restored(row) ? row->ds_ttl_before : 0;
	const uint32_t ttl = unseen && ROLLOVER_UNKNOWN_DS_TTL > restored ? ROLLOVER_UNKNOWN_DS_TTL : restored;

	if (!c->plan->had_ds || row->old_count == 0 || row->ds_all_since != 0 || w->count == 0 || ttl == 0) {
		return;
	}
	for (size_t i = 0; i < facts->parent_count; i++) {
		if (facts->parent[i].status == ANSWER_OK && !(judge_named(&facts->parent[i]) & c->old)) {
			ttl_window_add(w, ttl, c->now);
			return;
		}
	}
}

/*! A row of before there was a bound may hold more, of a packet that nobody signed. */
static void bound_waits(rollover_row_t *row)
{
	ttl_window_bound(&row->dnskey_ttl);
	ttl_window_bound(&row->ds_ttl);
	const time_t longest = ttl_expires(row->all_since, ROLLOVER_TTL_COUNTS);
	if (row->all_since != 0 && row->all_expired > longest) {
		row->all_expired = longest;
	}
	if (row->ds_expire > ttl_expires(0, ROLLOVER_TTL_COUNTS)) {
		row->ds_expire = ttl_expires(0, ROLLOVER_TTL_COUNTS);
	}
}

/*!
 * What was served with a former TTL may be so for long, at a nameserver that lags. So the largest one counts until a
 * rollover has ended, by which every nameserver has what was signed later, and that long from then on.
 */
static void learn_zone_ttl(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const uint32_t ttl = expire_zone_ttl(c->config, false);

	if (ttl >= row->zone_ttl || (row->zone_ttl_until != 0 && row->zone_ttl_until <= c->now)) {
		row->zone_ttl = ttl;
		row->zone_ttl_seen = c->now;
		row->zone_ttl_until = 0;
	}
}

/*! Knot signs a version of the zone as a whole: those from this one on are signed by these keys. */
static void learn_data(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	rollover_row_t *row = &c->out->row;

	if (!own->known || !own->serial_known || own->data_algorithms == 0) {
		return;
	}
	const bool changed = own->data_algorithms != row->data_algorithms || own->data_keys != row->data_keys;
	if (changed) {
		row->data_algorithms = own->data_algorithms;
		row->data_keys = own->data_keys;
		row->data_since = 0; /* A nameserver may have served the former version until just now. */
	}
	if (changed || judge_is_before(own->serial, row->data_serial)) {
		row->data_serial = own->serial;
	}
}

void learn_answers(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	uint32_t ttl;

	bound_waits(row);
	if (c->facts->own.dnskey != 0 && rollover_state_info(row->state)->scheme == SCHEME_OF_POLICY &&
	    !dec_scheme_changes(c)) {
		row->csk = c->facts->own.csk;
	}
	learn_zone_ttl(c);
	learn_data(c);
	if (c->facts->own.known && c->facts->own.dnskey != 0) {
		bool complete =
			(c->facts->asked & SURVEY_CHILD) && c->facts->child_count > 0 && !c->facts->discovery_failed;
		ttl = complete ? judge_dnskey_ttl(c->facts, c->config, c->now, &complete) : 0;
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
	const bool blind =
		row->parent_seen != 0 && c->now - row->parent_seen > 10 * (time_t)c->config->ds_check_interval;
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		if (c->facts->parent[i].status == ANSWER_OK) {
			row->parent_seen = c->now;
		}
	}
	if (!c->plan->had_ds && row->settled_at == 0 &&
	    judge_chain(c->facts, c->config, c->new_key, c->now).gate == GATE_NONE) {
		row->settled_at = c->now; /* Also behind a gate: from here on it is a DS that may be removed. */
	}
	learn_unseen(c);
	if (judge_old_ds_ttl(c->facts, c->new_key, &ttl)) {
		/* Also behind a gate that keeps the states from checking: what was seen is not forgotten. */
		uint32_t all = 0;
		if (row->ds_all_since != 0 && blind) {
			/* It has come back while nobody looked: with which TTL first, nobody knows. */
			ttl_window_add(&row->ds_ttl, ROLLOVER_UNKNOWN_DS_TTL, c->now);
		}
		row->ds_all_since = 0;
		if (judge_old_ds_ttl(c->facts, 0, &all) && all > ttl) {
			ttl = all; /* Some have the new DS already: what comes after it replaces it. */
		}
		learn_ds_ttl(c, ttl);
	} else if (row->ds_all_since != 0 && judge_old_ds_ttl(c->facts, 0, &ttl)) {
		/*
		 * The wait for the old DS is fixed (ds_expire): from here on the new one is what the next rollover
		 * replaces.
		 */
		learn_ds_ttl(c, ttl);
	}
}

void learn_operators_word(dec_t *c)
{
	const time_t expired = c->config->caches_expired;
	rollover_row_t *row = &c->out->row;

	if (expired == 0 || expired > c->now) {
		return;
	}
	ttl_window_forget(&row->dnskey_ttl, expired);
	ttl_window_forget(&row->ds_ttl, expired);
	if (row->zone_ttl_seen <= expired) {
		row->zone_ttl = 0;
		learn_zone_ttl(c);
	}
	if (row->all_since != 0 && row->all_since <= expired && row->all_expired > expired) {
		row->all_expired = expired;
	}
	if (row->ds_all_since != 0 && row->ds_all_since <= expired && rollover_ds_expired(row) > expired) {
		row->ds_expire = expired - row->ds_all_since;
	}
}

/*!
 * The largest TTL of a DS set that the new one may have replaced just now. A parent that adds before it removes may
 * have served both between two checks, with the TTL of now: to a validator that wants each algorithm of the DS set, the
 * old one is in it.
 */
static uint32_t replaced_ds_ttl(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const uint32_t old = row->ds_ttl.count != 0 ? row->ds_ttl.step[0].ttl : ROLLOVER_UNKNOWN_DS_TTL;
	uint32_t now = 0;

	return rollover_changes_algorithm(row) && judge_old_ds_ttl(c->facts, 0, &now) && now > old ? now : old;
}

/*!
 * Whether the DS that is to go has gone before this plan has seen it: another client has removed it, some time since
 * the last check of an idle zone, a day ago. With which TTL it was served last nobody knows.
 */
static bool went_unseen(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;

	return c->plan->removes_ds && (row->ds_ttl.count == 0 || row->ds_ttl.step[0].seen < row->since);
}

judge_verdict_t learn_ds(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	judge_verdict_t v = judge_parent(c->facts, c->config, c->new_key, c->now);

	if (v.gate != GATE_NONE) {
		if (v.red) {
			row->ds_all_since = 0;
		}
	} else if (row->ds_all_since == 0) {
		/*
		 * The old set may have been served until just now. Unknown: a DS that comes and goes during that wait
		 * does not make it shorter.
		 */
		if (went_unseen(c)) {
			ttl_window_add(&row->ds_ttl, ROLLOVER_UNKNOWN_DS_TTL, c->now);
		}
		ttl_window_add(&row->ds_ttl, replaced_ds_ttl(c), c->now);
		row->ds_all_since = c->now;
		const time_t expired = ttl_window_expired(&row->ds_ttl, 0);
		row->ds_expire = expired > c->now ? expired - c->now : 0; /* 0: no cache keeps a DS of TTL 0. */
	}
	return v;
}
