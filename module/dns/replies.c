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

/*! Keeps a reply, unless memory is short: then the next one is judged by itself. */
static void keep(reply_seen_t *seen, const ask_reply_t *reply, size_t index)
{
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

void replies_unreachable(child_answer_t *answer, time_t now, const char *about, const char *detail)
{
	/* Half an answer is none: only the name stays. */
	child_answer_t clean = { .status = ANSWER_UNREACHABLE, .unreachable_since = now };
	memcpy(clean.server, answer->server, sizeof(clean.server));
	snprintf(clean.detail, sizeof(clean.detail), "%s%s%.100s", about,
	         *about != '\0' ? ": " : "", detail);
	*answer = clean;
}

static void judge_child(const answer_zone_t *zone, const ask_reply_t *reply, child_answer_t *answer)
{
	static const char *const QUESTIONS[] = { "", "CDS", "CDNSKEY" };

	if (reply->error != NULL || reply->answered < 3) {
		replies_unreachable(answer, zone->now, QUESTIONS[reply->answered],
		                    reply->error != NULL ? reply->error : "no answer");
		return;
	}

	/* One budget for all that this server has sent. */
	work_t work = { 0 };
	answer_zone_t bounded = *zone;
	bounded.work = &work;
	zone = &bounded;

	knot_rdataset_t served;
	answer_dnskey(zone, reply->answer[0].wire, reply->answer[0].len, answer, &served);
	answer_signal(zone, &served, KNOT_RRTYPE_CDS, reply->answer[1].wire,
	              reply->answer[1].len, answer);
	answer_signal(zone, &served, KNOT_RRTYPE_CDNSKEY, reply->answer[2].wire,
	              reply->answer[2].len, answer);
	knot_rdataset_clear(&served, NULL);

	if (answer->status == ANSWER_ERROR) {
		child_answer_t clean = { .status = ANSWER_ERROR };
		memcpy(clean.server, answer->server, sizeof(clean.server));
		memcpy(clean.detail, answer->detail, sizeof(clean.detail));
		*answer = clean;
	}
}

static void judge_parent(const answer_zone_t *zone, const discovery_t *found, const ask_reply_t *reply,
                         parent_answer_t *answer)
{
	if (reply->error != NULL || reply->answered < 1) {
		answer->status = ANSWER_UNREACHABLE;
		answer->unreachable_since = zone->now;
		snprintf(answer->detail, sizeof(answer->detail), "%.100s",
		         reply->error != NULL ? reply->error : "no answer");
		return;
	}
	answer_ds(zone, found->parent, &found->parent_keys, reply->answer[0].wire,
	          reply->answer[0].len, answer);
}

void replies_child(replies_t *replies, const answer_zone_t *zone, const ask_reply_t *reply,
                   child_answer_t *answers, size_t index)
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

void replies_parent(replies_t *replies, const answer_zone_t *zone, const discovery_t *found,
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
