/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replies.h"

static void seen_clear(reply_seen_t *seen)
{
	for (unsigned i = 0; i < seen->answered; i++) {
		free(seen->answer[i].wire);
	}
	memset(seen, 0, sizeof(*seen));
}

static bool was_seen(const reply_seen_t *seen, const ask_reply_t *reply)
{
	const size_t id = sizeof(uint16_t);
	if (reply->error != NULL || reply->answered == 0 || reply->answered != seen->answered) {
		return false;
	}
	for (unsigned i = 0; i < reply->answered; i++) {
		const size_t len = reply->answer[i].len;
		if (len < id || len != seen->answer[i].len ||
		    memcmp(reply->answer[i].wire + id, seen->answer[i].wire + id, len - id) != 0) {
			return false;
		}
	}
	return true;
}

/*! Keeps a whole reply, unless memory is short: then the next one is judged by itself. */
static void keep(reply_seen_t *seen, const ask_reply_t *reply, size_t index)
{
	if (reply->error != NULL) {
		return;
	}
	seen_clear(seen);
	for (unsigned i = 0; i < reply->answered; i++) {
		seen->answer[i].wire = malloc(reply->answer[i].len);
		if (seen->answer[i].wire == NULL) {
			seen_clear(seen);
			return;
		}
		memcpy(seen->answer[i].wire, reply->answer[i].wire, reply->answer[i].len);
		seen->answer[i].len = reply->answer[i].len;
		seen->answered++;
	}
	seen->index = index;
}

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

static void judge_parent(const interpret_zone_t *zone, const discovery_t *found, const ask_reply_t *reply,
                         parent_answer_t *answer)
{
	if (reply->answer[0].wire == NULL) {
		answer->status = missing(reply);
		answer->unreachable_since = answer->status == ANSWER_UNREACHABLE ? zone->now : 0;
		snprintf(answer->detail, sizeof(answer->detail), "%s", reply->answer[0].error);
		return;
	}
	interpret_ds(zone, found->parent, &found->parent_keys, reply->answer[0].wire, reply->answer[0].len, answer);
}

void replies_child(replies_t *replies, const interpret_zone_t *zone, const ask_reply_t *reply, child_answer_t *answers,
                   size_t index)
{
	assert(replies && zone && reply && answers);

	child_answer_t *answer = &answers[index];
	if (was_seen(&replies->child, reply)) {
		child_answer_t same = answers[replies->child.index];
		memcpy(same.server, answer->server, sizeof(same.server));
		*answer = same;
		return;
	}
	judge_child(zone, reply, answer);
	if (answer->status == ANSWER_OK) {
		keep(&replies->child, reply, index);
	}
}

void replies_parent(replies_t *replies, const interpret_zone_t *zone, const discovery_t *found,
                    const ask_reply_t *reply, parent_answer_t *answers, size_t index)
{
	assert(replies && zone && found && reply && answers);

	parent_answer_t *answer = &answers[index];
	if (was_seen(&replies->parent, reply)) {
		parent_answer_t same = answers[replies->parent.index];
		memcpy(same.server, answer->server, sizeof(same.server));
		*answer = same;
		return;
	}
	judge_parent(zone, found, reply, answer);
	if (answer->status == ANSWER_OK) {
		keep(&replies->parent, reply, index);
	}
}

void replies_clear(replies_t *replies)
{
	seen_clear(&replies->child);
	seen_clear(&replies->parent);
}
