/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "expire.h"
#include "low_ds.h"

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

void expire_note_checks(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (row->all_since == 0 || !rollover_state_info(row->state)->waits_dnskey) {
		return;
	}
	if (dec_after_gap(c)) {
		row->all_since = 0;
	} else if (some_nameserver_answers(c->facts)) {
		row->observed_last = c->now;
	}
}

bool expire_dnskey(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (row->all_since == 0) {
		row->all_since = row->observed_last = c->now;
		row->all_expired = ttl_window_expired(&row->dnskey_ttl, 0);
	}
	return dec_wait_until(c, GATE_WAITING_DNSKEY_TTL, row->all_expired);
}

static bool high_ttl(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (row->all_since == 0) {
		row->all_since = c->now;
	}
	if (c->config->ttl == 0 || row->signers) {
		return false;
	}
	return dec_wait_until(c, GATE_WAITING_DNSKEY_TTL, ttl_window_expired(&row->dnskey_ttl, c->config->ttl));
}

static bool lead(dec_t *c)
{
	/* Where no policy lowers it, the TTL is as it always was. */
	return c->out->policy != POLICY_BASE &&
	       dec_wait_until(c, GATE_WAITING_LEAD, c->out->row.all_since + c->config->lead);
}

uint32_t expire_zone_ttl(const rollover_config_t *config, bool csk)
{
	const uint32_t unknown = csk ? ROLLOVER_TTL_COUNTS : ROLLOVER_UNKNOWN_ZONE_TTL;
	const uint32_t ttl = config->zone_ttl != 0 ? config->zone_ttl : unknown;

	return ttl < ROLLOVER_TTL_COUNTS ? ttl : ROLLOVER_TTL_COUNTS;
}

/*!
 * When caches have lost the data of the zone that were last served at \a seen; \a csk: that a single-type key has
 * signed.
 */
static time_t data_expired(const rollover_config_t *config, const rollover_row_t *row, bool csk, time_t seen)
{
	const uint32_t ttl = expire_zone_ttl(config, csk);

	return ttl_expires(seen, row->zone_ttl > ttl ? row->zone_ttl : ttl);
}

/*! Whether the operator states that caches have lost all of before \a since. */
static bool is_said(const dec_t *c, time_t since)
{
	const time_t word = c->config->caches_expired;

	return since != 0 && since <= word && word <= c->now;
}

static bool unsigned_zone(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	return expire_dnskey(c) ||
	       (!is_said(c, row->all_since) &&
	        dec_wait_until(c, GATE_WAITING_UNSIGNED, data_expired(c->config, row, false, row->all_since)));
}

void expire_note_data(dec_t *c, const judge_verdict_t *v)
{
	rollover_row_t *row = &c->out->row;

	if (v->red || dec_is_gap(c, row->data_last)) {
		row->data_since = 0;
	}
	if (v->gate == GATE_NONE && row->data_since == 0) {
		row->data_since = c->now;
	}
	if (!v->red && some_nameserver_answers(c->facts)) {
		row->data_last = c->now;
	}
}

void expire_skip_data(dec_t *c, const judge_verdict_t *v)
{
	if (v->red) {
		c->out->row.data_since = 0;
	}
	if (some_nameserver_answers(c->facts)) {
		c->out->row.data_last = c->now;
	}
}

bool expire_data_is_over(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;

	return !rollover_changes_algorithm(row) || is_said(c, row->data_since) ||
	       (row->data_since != 0 && c->now >= data_expired(c->config, row, true, row->data_since));
}

bool expire_old_data(dec_t *c)
{
	const rollover_row_t *row = &c->out->row;

	return !expire_data_is_over(c) &&
	       dec_wait_until(c, GATE_WAITING_ZONE_TTL, data_expired(c->config, row, true, row->data_since));
}

bool expire_data(dec_t *c)
{
	const rollover_row_t *row = &c->out->row;

	return !is_said(c, row->all_since) &&
	       dec_wait_until(c, GATE_WAITING_ZONE_TTL, data_expired(c->config, row, true, row->all_since));
}

time_t rollover_ds_expired(const rollover_row_t *row)
{
	return row->ds_all_since != 0 ? row->ds_all_since + (time_t)row->ds_expire : 0;
}

static bool old_ds(dec_t *c)
{
	return dec_wait_until(c, GATE_WAITING_DS_TTL, rollover_ds_expired(&c->out->row));
}

/* The observation. */

void expire_note_observed(dec_t *c)
{
	const watch_facts_t *watch = &c->facts->watch;
	rollover_row_t *row = &c->out->row;
	/* Where the keys sign the data, time counts only while a nameserver is asked who has signed it. */
	const bool evidence = (c->facts->asked & SURVEY_WATCH) && watch->parent_ok && watch->answered > 0 &&
	                      (!rollover_moves(row) || some_nameserver_answers(c->facts));

	if (dec_after_gap(c)) {
		row->observed_since = 0;
	}
	if (evidence) {
		row->observed_since = row->observed_since == 0 ? c->now : row->observed_since;
		row->observed_last = c->now;
	}
}

/*! An observation of which no resolver tells anything would wait for ever: that is for the operator to see. */
static bool nobody_tells(dec_t *c)
{
	const watch_facts_t *watch = &c->facts->watch;

	if (!(c->facts->asked & SURVEY_WATCH)) {
		/* Between two watches the last one counts. */
		if (c->before->gate != GATE_WAITING_OBSERVE || c->before->gate_about[0] == '\0') {
			return false;
		}
		dec_wait(c, GATE_WAITING_OBSERVE, c->before->gate_about, c->before->gate_detail, 0);
		return true;
	}
	if (watch->parent_ok && watch->answered > 0) {
		return false;
	}
	dec_wait(c, GATE_WAITING_OBSERVE, "resolvers",
	         watch->answered == 0 ? "no resolver answers, so nothing is observed" :
	                                "the parent zone does not validate, so nothing is observed",
	         0);
	return true;
}

time_t rollover_old_expired(const rollover_config_t *config, const rollover_row_t *row)
{
	const time_t ds = rollover_ds_expired(row);
	const time_t data = data_expired(config, row, true, row->observed_since);

	if (row->ds_all_since == 0 || (rollover_moves(row) && row->observed_since == 0)) {
		return 0;
	}
	return rollover_moves(row) && data > ds ? data : ds;
}

time_t rollover_new_expired(const rollover_config_t *config, const rollover_row_t *row)
{
	if (!rollover_moves(row)) {
		return 0;
	}
	return row->all_since != 0 ? data_expired(config, row, true, row->all_since) : INT64_MAX;
}

/*! It begins when the last server of the parent has the new DS. */
static time_t observe_begin(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const time_t observed = row->observed_since != 0 ? row->observed_since : c->now;

	return observed > row->ds_all_since ? observed : row->ds_all_since;
}

/*!
 * When the observation may be complete. Where the keys sign the data, caches must have lost what the old one alone has
 * signed: all that time the new one signs it on every nameserver as well.
 */
static time_t observe_end(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const time_t since = observe_begin(c);
	const time_t data = rollover_moves(row) ? data_expired(c->config, row, true, since) : 0;

	return data > since + c->config->observe ? data : since + c->config->observe;
}

/*! Whether resolvers validated the zone at the end of that time as well. */
static bool is_observed(const dec_t *c)
{
	return c->out->row.observed_since != 0 && c->out->row.observed_last >= observe_end(c);
}

static bool observation(dec_t *c)
{
	if (is_observed(c)) {
		return false;
	}
	if (!nobody_tells(c)) {
		const time_t end = observe_end(c);
		const bool longer = end > observe_begin(c) + (time_t)c->config->observe;
		dec_wait(c, GATE_WAITING_OBSERVE, "",
		         longer ? "caches may have data that the old key alone has signed" : "",
		         end > c->now ? end : 0); /* It takes a watch as well. */
	}
	return true;
}

static bool settle(dec_t *c)
{
	return dec_wait_until(c, GATE_WAITING_SETTLE, c->out->row.since + c->config->settle);
}

/* The list of a step. */

bool expire_wait(dec_t *c)
{
	/* clang-format off */
	static bool (*const waits[])(dec_t *) = {
		[EXPIRE_HIGH_TTL] = high_ttl,
		[EXPIRE_LEAD] = lead,
		[EXPIRE_DNSKEY] = expire_dnskey,
		[EXPIRE_UNSIGNED] = unsigned_zone,
		[EXPIRE_DATA] = expire_old_data,
		[EXPIRE_DS] = old_ds,
		[EXPIRE_OBSERVATION] = observation,
		[EXPIRE_SETTLE] = settle,
		[EXPIRE_HIGH_DS_TTL] = low_ds_wait,
	};
	/* clang-format on */

	for (unsigned i = 0; i < STEP_EXPIRES && c->step->expire[i] != EXPIRE_NOTHING; i++) {
		if (waits[c->step->expire[i]](c)) {
			return true;
		}
	}
	return false;
}

bool expire_is_over(const dec_t *c, judge_verdict_t *why)
{
	if (c->now < rollover_ds_expired(&c->out->row)) {
		*why = (judge_verdict_t){ .gate = GATE_WAITING_DS_TTL,
			                  .about = "",
			                  .detail = "the parent had the old DS again" };
		return false;
	}
	if (!is_observed(c)) {
		*why = (judge_verdict_t){ .gate = GATE_WAITING_OBSERVE,
			                  .about = "",
			                  .detail = "the observation was interrupted" };
		return false;
	}
	if (!expire_data_is_over(c)) {
		*why = (judge_verdict_t){ .gate = GATE_WAITING_ZONE_TTL,
			                  .about = "",
			                  .detail = "a nameserver had data that the new algorithm has not signed" };
		return false;
	}
	return true;
}
