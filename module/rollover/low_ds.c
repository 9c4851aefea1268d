/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>

#include "low_ds.h"

/*! The TTLs of DS at the servers of the parent. A proof that there is no DS has no TTL of a DS. */
typedef struct {
	unsigned count;     /*!< Servers with a DS. */
	bool unknown;       /*!< None of those that count has said anything, or they are not known. */
	const char *silent; /*!< Of this one, which still counts; NULL: of none. */
	uint32_t min, max;
	const char *highest; /*!< A server with \a max. */
	const char *low;     /*!< One with the low TTL; NULL: none. */
	bool other;          /*!< One has neither the low TTL nor that of before: others change it, or have. */
} seen_t;

static seen_t look(const dec_t *c)
{
	const rollover_facts_t *facts = c->facts;
	const rollover_row_t *row = &c->out->row;
	seen_t seen = { .unknown = true };

	for (size_t i = 0; i < facts->parent_count; i++) {
		const parent_answer_t *a = &facts->parent[i];
		if (a->status != ANSWER_OK) {
			if (!judge_out_of_service(c->config, a->status, a->unreachable_since, c->now)) {
				seen.silent = a->server;
			}
			continue;
		}
		seen.unknown = !(facts->asked & SURVEY_PARENT) || facts->discovery_failed;
		if (judge_named(a) == 0 && !a->ds_foreign) {
			continue;
		}
		if (seen.count == 0 || a->ds_ttl > seen.max) {
			seen.max = a->ds_ttl;
			seen.highest = a->server;
		}
		seen.min = seen.count == 0 || a->ds_ttl < seen.min ? a->ds_ttl : seen.min;
		seen.low = a->ds_ttl == row->ds_ttl_low ? a->server : seen.low;
		seen.other |= a->ds_ttl != row->ds_ttl_low && a->ds_ttl != row->ds_ttl_before;
		seen.count++;
	}
	return seen;
}

uint32_t rollover_ds_ttl(uint32_t ttl, uint32_t min, uint32_t max)
{
	ttl = max != 0 && ttl > max ? max : ttl;
	return ttl != 0 && ttl < min ? min : ttl;
}

uint32_t rollover_ds_ttl_wanted(const rollover_row_t *row)
{
	return row->ds_ttl_before == 0 ? 0 : row->ds_ttl_back ? row->ds_ttl_before : row->ds_ttl_low;
}

uint32_t rollover_ds_ttl_of_change(const rollover_row_t *row, const parent_answer_t *parent, size_t count,
                                   uint32_t refused)
{
	const uint32_t wanted = rollover_ds_ttl_wanted(row);
	uint32_t ttl = 0;
	bool differs = false;

	for (size_t i = 0; i < count; i++) {
		const parent_answer_t *a = &parent[i];
		if (a->status != ANSWER_OK) {
			continue;
		}
		if (row->ds_ttl_before != 0 && a->ds_ttl == row->ds_ttl_low) {
			return a->ds_ttl;
		}
		differs |= ttl != 0 && a->ds_ttl != ttl;
		ttl = a->ds_ttl > ttl ? a->ds_ttl : ttl;
	}
	if (differs && wanted != 0) {
		return wanted != refused ? wanted : row->ds_ttl_before;
	}
	return ttl;
}

bool rollover_keeps_ds_ttl(const rollover_row_t *row)
{
	return row->ds_ttl_asked != 0 && !row->ds_ttl_back;
}

bool rollover_lowers_ds_ttl(const rollover_config_t *config, const rollover_row_t *row)
{
	return rollover_keeps_ds_ttl(row) && row->ds_ttl_before != 0 && row->ds_ttl_since == 0 && !config->hold &&
	       !config->dry_run;
}

/*! Nothing has to be restored. */
static void forget(rollover_row_t *row)
{
	row->ds_ttl_before = row->ds_ttl_low = 0;
	row->ds_ttl_back = false;
	row->ds_ttl_asked = row->ds_ttl_since = row->ds_ttl_sent = 0;
}

/*! Whether that was asked for so long ago that nobody waits for it any more. */
static bool is_late(const dec_t *c, time_t since)
{
	return since != 0 && c->now - since >= (time_t)c->config->unreachable_after;
}

/*! Whether a server of the parent may still have a larger TTL: of one that does not answer the last one counts, also if
 * it is out of service. */
static bool is_high(const rollover_row_t *row)
{
	return row->ds_ttl.count > 0 && row->ds_ttl.step[0].ttl > row->ds_ttl_low;
}

/* Lowering. */

static void learn_lowered(dec_t *c, const seen_t *seen)
{
	rollover_row_t *row = &c->out->row;

	if (row->ds_ttl_back) {
		/* The next rollover begins before the last one has its TTL back. */
		row->ds_ttl_back = false;
		row->ds_ttl_asked = c->now;
		row->ds_ttl_since = 0;
		if (row->ds_ttl_sent >= c->now) {
			row->ds_ttl_sent = c->now - 1; /* What was sent does not lower it: learn_unseen(). */
		}
	}
	const uint32_t made = c->facts->ds_ttl.made;
	if (row->ds_ttl_before != 0 && made != 0 && made < row->ds_ttl_before) {
		row->ds_ttl_low =
			made; /* The lowest that a registry allows may be higher than what it was asked for. */
	}
	if (c->facts->ds_ttl.low == 0 || seen->count == 0 || row->ds_ttl_since != 0) {
		return;
	}
	if (row->ds_ttl_before != 0) {
		if (seen->max <= row->ds_ttl_low && (seen->silent == NULL || !is_high(row))) {
			row->ds_ttl_since = c->now;
		}
		return;
	}
	if (row->ds_ttl_asked == 0) {
		row->ds_ttl_asked = c->now;
	}
	if (seen->max <= c->facts->ds_ttl.low) {
		row->ds_ttl_since = c->now; /* It is low already, by whomever. */
	}
}

bool low_ds_wait(dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const ds_ttl_facts_t *way = &c->facts->ds_ttl;

	if (row->ds_ttl_asked == 0) {
		return false;
	}
	if (row->ds_ttl_since == 0) {
		const seen_t seen = look(c);
		if (way->low == 0 || is_late(c, row->ds_ttl_asked) ||
		    (row->ds_ttl_before != 0 && way->refused == row->ds_ttl_low)) {
			return false;
		}
		const bool lags = seen.count > 0 && (row->ds_ttl_before == 0 || seen.max > row->ds_ttl_low);
		if (lags && way->why[0] != '\0') {
			dec_wait(c, GATE_DS_TTL_NOT_SET, way->at, way->why, 0);
			return true;
		}
		dec_wait(c, GATE_DS_TTL_HIGH,
		         lags                ? seen.highest :
		         seen.silent != NULL ? seen.silent :
		                               "",
		         lags ? way->queue : "", 0);
		return true;
	}
	/* What others have raised again is theirs. */
	if (row->ds_ttl_before == 0 || look(c).max > row->ds_ttl_low) {
		return false;
	}
	/* Who is out of service may have the high one for ever. */
	const time_t expired = is_high(row) ? ttl_expires(row->ds_ttl_since, row->ds_ttl.step[0].ttl) :
	                                      ttl_window_expired(&row->ds_ttl, row->ds_ttl_low);
	return dec_wait_until(c, GATE_WAITING_DS_TTL, expired) ||
	       dec_wait_until(c, GATE_WAITING_LEAD, row->ds_ttl_since + c->config->lead);
}

/* Restoring. */

static bool can_restore(const dec_t *c)
{
	return c->facts->ds_ttl.low != 0 && !c->facts->ds_ttl.by_agent;
}

static void learn_restored(dec_t *c, const seen_t *seen)
{
	rollover_row_t *row = &c->out->row;

	if (row->ds_ttl_before == 0 || c->facts->ds_ttl.returns) {
		forget(row);
		return;
	}
	if (!row->ds_ttl_back) {
		row->ds_ttl_back = true;
		row->ds_ttl_asked = c->now;
		row->ds_ttl_since = 0;
	}
	if (seen->count == 0) {
		if (!seen->unknown && seen->silent == NULL) {
			forget(row); /* Others have removed the DS, and its TTL with it. */
		}
		return;
	}
	if (seen->low != NULL) {
		row->ds_ttl_since = 0;
		return;
	}
	row->ds_ttl_since = row->ds_ttl_since == 0 ? c->now : row->ds_ttl_since;
	/* A message that has lowered it may not have reached these servers yet, unless the parent has made one after
	 * it. */
	const ds_ttl_facts_t *way = &c->facts->ds_ttl;
	const bool by_others = seen->other || !can_restore(c);
	if (way->made == row->ds_ttl_before || (by_others && is_late(c, row->ds_ttl_since)) ||
	    (way->refused == row->ds_ttl_before && c->now - row->ds_ttl_since >= ROLLOVER_TTL_COUNTS)) {
		forget(row);
	}
}

/*! Most often there is nothing to set, and nothing was. */
static bool matters(const dec_t *c)
{
	return c->facts->ds_ttl.low != 0 || c->out->row.ds_ttl_asked != 0;
}

/*! Whether one message was sent and no other. */
static bool is_first(const rollover_row_t *row)
{
	return row->ds_ttl_sent == row->ds_ttl_asked;
}

/*!
 * The only message that was sent was refused, by the parent and nobody else: the TTL is as it was, and the rollover
 * goes on with it. Where a server has the low TTL there was another message.
 */
static void learn_refused(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (row->ds_ttl_before != 0 && !row->ds_ttl_back && c->facts->ds_ttl.refused == row->ds_ttl_low &&
	    !c->facts->ds_ttl.unproven && is_first(row) && row->ds_ttl_since == 0 && look(c).low == NULL) {
		row->ds_ttl_before = row->ds_ttl_low = 0;
		row->ds_ttl_sent = 0;
		row->ds_ttl_since = c->now;
	}
}

void low_ds_learn(dec_t *c)
{
	if (!matters(c)) {
		return;
	}
	learn_refused(c);
	const seen_t seen = look(c);

	switch (c->step->ds_ttl) {
	case DS_TTL_LOWERED:
		learn_lowered(c, &seen);
		break;
	case DS_TTL_BEFORE:
		learn_restored(c, &seen);
		break;
	default:
		break;
	}
}

/* What the parent is asked for. */

/*! Begins to lower what all servers of the parent have. \return Whether the parent is asked. */
static bool begin(const dec_t *c, const seen_t *seen)
{
	rollover_row_t *row = &c->out->row;

	if (row->ds_ttl_asked == 0 || row->ds_ttl_since != 0 || seen->min != seen->max ||
	    seen->max <= c->facts->ds_ttl.low || is_late(c, row->ds_ttl_asked)) {
		return false;
	}
	row->ds_ttl_before = seen->max;
	row->ds_ttl_low = c->facts->ds_ttl.low;
	row->ds_ttl_asked = c->now;
	return true;
}

/*! Whether the parent is asked, or asked again. What others have set stays, unless it does not reach all servers. */
static bool is_wanted(const dec_t *c, const seen_t *seen)
{
	const rollover_row_t *row = &c->out->row;

	if (c->step->ds_ttl == DS_TTL_LOWERED) {
		return row->ds_ttl_since == 0 && !seen->other && c->now > row->ds_ttl_asked &&
		       !is_late(c, row->ds_ttl_asked);
	}
	return !seen->other || (seen->low != NULL && is_late(c, row->ds_ttl_asked));
}

/*! The same pauses as between notifications (dec_notify()). */
static bool is_due(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const time_t again = c->config->notify_again;
	const time_t most = again > ROLLOVER_NOTIFY_MAX ? again : ROLLOVER_NOTIFY_MAX;

	if (row->ds_ttl_sent < row->ds_ttl_asked || row->ds_ttl_sent > c->now || c->facts->ds_ttl.again) {
		return true;
	}
	time_t wait = row->ds_ttl_sent - row->ds_ttl_asked;
	wait = wait < again ? again : wait > most ? most : wait;
	if (c->now - row->ds_ttl_sent >= wait) {
		return true;
	}
	if (row->ds_ttl_sent + wait < row->next_check) {
		row->next_check = row->ds_ttl_sent + wait;
	}
	return false;
}

/*! A zone at rest whose DS is not as it was. It hides nothing else, and keeps the next rollover from nothing. */
static void say_low(dec_t *c, const seen_t *seen)
{
	rollover_row_t *row = &c->out->row;
	const ds_ttl_facts_t *way = &c->facts->ds_ttl;
	const bool gone = !can_restore(c), fails = gone || way->why[0] != '\0';
	const time_t next = row->next_check;
	char text[160];

	if (row->state != ROLLOVER_IDLE || row->gate != GATE_NONE || seen->low == NULL) {
		return;
	}
	snprintf(text, sizeof(text), "TTL %u s instead of %u s%s%.100s", row->ds_ttl_low, row->ds_ttl_before,
	         fails ? ": " : "", gone ? "parent-via cannot set it any more" : way->why);
	row->gate_since = c->before->gate_since; /* As if nothing had been decided yet. */
	c->out->gate_changed = false;
	dec_wait(c, fails ? GATE_DS_TTL_NOT_SET : GATE_DS_TTL_LOW, fails ? way->at : seen->low, text, 0);
	row->next_check = next < row->next_check ? next : row->next_check;
}

void low_ds_conclude(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (!matters(c) || c->out->transition || c->step->ds_ttl == DS_TTL_KEPT) {
		return;
	}
	const seen_t seen = look(c);
	if (c->step->ds_ttl == DS_TTL_BEFORE && row->ds_ttl_before != 0) {
		say_low(c, &seen);
	}
	const bool can = c->step->ds_ttl == DS_TTL_BEFORE ? can_restore(c) : c->facts->ds_ttl.low != 0;
	if (!c->out->driven || !can || seen.count == 0) {
		return;
	}
	const bool asks = row->ds_ttl_before != 0 ? is_wanted(c, &seen) && is_due(c) :
	                                            c->step->ds_ttl == DS_TTL_LOWERED && begin(c, &seen);
	if (asks) {
		row->ds_ttl_sent = c->now;
		c->out->ds_ttl = rollover_ds_ttl_wanted(row);
	}
}
