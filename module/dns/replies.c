/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replies.h"

/*! Nothing is known of the server but why: only its name stays. */
static void clear_child(child_answer_t *answer, answer_status_t status, time_t unreachable_since)
{
	child_answer_t clean = { .status = status, .unreachable_since = unreachable_since };
	memcpy(clean.server, answer->server, sizeof(clean.server));
	*answer = clean;
}

void replies_unreachable(child_answer_t *answer, time_t now, const char *detail)
{
	clear_child(answer, ANSWER_UNREACHABLE, now);
	snprintf(answer->detail, sizeof(answer->detail), "%.127s", detail);
}

/*! What no answer means: the host has no way to the server, the server is alive all the same, or silent. */
static answer_status_t missing(const ask_reply_t *reply)
{
	return reply->no_route ? ANSWER_NO_ROUTE : reply->alive ? ANSWER_INCOMPLETE : ANSWER_UNREACHABLE;
}

static void judge_signal(const interpret_zone_t *zone, const knot_rdataset_t *served, const ask_reply_t *reply,
                         unsigned at, child_answer_t *answer)
{
	const bool cds = at == 1;
	if (reply->answer[at].wire != NULL) {
		interpret_signal(zone, served, cds ? KNOT_RRTYPE_CDS : KNOT_RRTYPE_CDNSKEY, reply->answer[at].wire,
		                 reply->answer[at].len, answer);
		return;
	}
	*(cds ? &answer->cds : &answer->cdnskey) = (signal_rrset_t){ .unanswered = true };
	if (answer->detail[0] == '\0') {
		snprintf(answer->detail, sizeof(answer->detail), "%s: %s", cds ? "CDS" : "CDNSKEY",
		         reply->answer[at].error);
	}
}

static void judge_child(const interpret_zone_t *zone, const ask_reply_t *reply, child_answer_t *answer)
{
	if (reply->answer[0].wire == NULL) {
		const answer_status_t status = missing(reply);
		clear_child(answer, status, status == ANSWER_UNREACHABLE ? zone->now : 0);
		snprintf(answer->detail, sizeof(answer->detail), "%s%s", status == ANSWER_INCOMPLETE ? "DNSKEY: " : "",
		         reply->answer[0].error);
		return;
	}

	/* One budget for all that this server has sent. */
	work_t work = { 0 };
	interpret_zone_t bounded = *zone;
	bounded.work = &work;
	zone = &bounded;

	knot_rdataset_t served;
	interpret_dnskey(zone, reply->answer[0].wire, reply->answer[0].len, answer, &served);
	judge_signal(zone, &served, reply, 1, answer);
	judge_signal(zone, &served, reply, 2, answer);
	knot_rdataset_clear(&served, NULL);

	if (answer->status == ANSWER_ERROR && !answer->signals_wrong) {
		child_answer_t error = *answer;
		clear_child(answer, ANSWER_ERROR, 0);
		memcpy(answer->detail, error.detail, sizeof(answer->detail));
	}
}

/*! Without memory servers count as different: nothing is built on it. */
static void compare_ds(replies_t *replies, bool whole, knot_rdataset_t *ds)
{
	if (!whole || (replies->ds_known && !knot_rdataset_eq(&replies->ds, ds))) {
		replies->ds_differs = true;
	} else if (!replies->ds_known) {
		replies->ds_known = true;
		replies->ds = *ds;
		knot_rdataset_init(ds);
	}
	knot_rdataset_clear(ds, NULL);
}

static void judge_parent(replies_t *replies, const interpret_zone_t *zone, const discovery_t *found,
                         const ask_reply_t *reply, parent_answer_t *answer)
{
	if (reply->answer[0].wire == NULL) {
		answer->status = missing(reply);
		answer->unreachable_since = answer->status == ANSWER_UNREACHABLE ? zone->now : 0;
		snprintf(answer->detail, sizeof(answer->detail), "%s", reply->answer[0].error);
		return;
	}
	knot_rdataset_t ds;
	const bool whole = interpret_ds(zone, found->parent, &found->parent_keys, reply->answer[0].wire,
	                                reply->answer[0].len, answer, &ds);
	if (answer->status == ANSWER_OK) {
		compare_ds(replies, whole, &ds);
	}
}

void replies_child(replies_t *replies, const interpret_zone_t *zone, const ask_reply_t *reply, child_answer_t *answers,
                   size_t index)
{
	assert(replies && zone && reply && answers);

	child_answer_t *answer = &answers[index];
	if (reply_seen_has(&replies->child, reply)) {
		child_answer_t same = answers[replies->child.index];
		memcpy(same.server, answer->server, sizeof(same.server));
		*answer = same;
		return;
	}
	judge_child(zone, reply, answer);
	if (answer->status == ANSWER_OK) {
		reply_seen_keep(&replies->child, reply, index);
	}
}

void replies_parent(replies_t *replies, const interpret_zone_t *zone, const discovery_t *found,
                    const ask_reply_t *reply, parent_answer_t *answers, size_t index)
{
	assert(replies && zone && found && reply && answers);

	parent_answer_t *answer = &answers[index];
	if (reply_seen_has(&replies->parent, reply)) {
		parent_answer_t same = answers[replies->parent.index];
		memcpy(same.server, answer->server, sizeof(same.server));
		*answer = same;
		return;
	}
	judge_parent(replies, zone, found, reply, answer);
	if (answer->status == ANSWER_OK) {
		reply_seen_keep(&replies->parent, reply, index);
	}
}

bool replies_take_ds(replies_t *replies, knot_rdataset_t *ds)
{
	const bool agreed = replies->ds_known && !replies->ds_differs;

	knot_rdataset_init(ds);
	if (agreed) {
		*ds = replies->ds;
		knot_rdataset_init(&replies->ds);
	}
	return agreed;
}

void replies_clear(replies_t *replies)
{
	knot_rdataset_clear(&replies->ds, NULL);
	reply_seen_clear(&replies->child);
	reply_seen_clear(&replies->parent);
}
