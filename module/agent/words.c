/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "words.h"

/*! Text that grows in a buffer and is cut at its end. */
typedef struct {
	char *at;
	size_t left;
} text_t;

static void add(text_t *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(text_t *t, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	const int len = vsnprintf(t->at, t->left, fmt, args);
	va_end(args);
	if (len >= 0 && (size_t)len < t->left) {
		t->at += len;
		t->left -= (size_t)len;
	}
}

static void add_set(text_t *t, const ds_set_t *set)
{
	if (set->count == 0) {
		add(t, "none");
	}
	for (unsigned i = 0; i < set->count; i++) {
		const ds_record_t *r = &set->record[i];
		add(t, "%s%u (%u, %u)", i > 0 ? ", " : "", r->tag, r->algorithm, r->digest_type);
	}
}

static void add_order(text_t *t, const delegation_order_t *order)
{
	static const char *const what[DELEGATION_ACTION__COUNT] = {
		[DELEGATION_DO_CHANGE] = "DS",
		[DELEGATION_DO_RESTORE] = "TTL of DS restored",
		[DELEGATION_DO_UNDO] = "undone: DS",
	};

	const bool lowers = order->action == DELEGATION_DO_RESTORE && order->ttl < order->base_ttl;

	add(t, "%s", lowers ? "TTL of DS lowered" : what[order->action]);
	if (order->action != DELEGATION_DO_RESTORE) {
		add(t, " ");
		add_set(t, &order->base);
		add(t, " -> ");
		add_set(t, &order->put);
		add(t, ", TTL");
	}
	add(t, " %u -> %u s", order->base_ttl, order->ttl);
}

static void add_answers(text_t *t, const delegation_facts_t *facts)
{
	size_t ok = 0;

	for (size_t i = 0; i < facts->child_count; i++) {
		ok += facts->child[i].status == ANSWER_OK;
	}
	if (facts->asked & DELEGATION_ASK_SURVEY) {
		add(t, "; nameserver addresses %zu of %zu ok", ok, facts->child_count);
	}
	ok = 0;
	for (size_t i = 0; i < facts->parent_count; i++) {
		ok += facts->parent[i].status == ANSWER_OK;
	}
	if (facts->asked & DELEGATION_ASK_PARENTS) {
		add(t, "; parent addresses %zu of %zu ok", ok, facts->parent_count);
	}
}

static void add_gate(text_t *t, const delegation_row_t *row, time_t now)
{
	char when[32];
	struct tm tm;

	add(t, "%s", delegation_gate_info(row->gate)->meaning);
	if (row->gate_about[0] != '\0') {
		add(t, "; server %s", row->gate_about);
	}
	if (row->gate_detail[0] != '\0') {
		add(t, "; %s", row->gate_detail);
	}
	if (row->gate_until > now) {
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&row->gate_until, &tm));
		add(t, "; until %s (%lld s)", when, (long long)(row->gate_until - now));
	}
}

/*! Without the full stop: more can follow. */
static void add_state(text_t *t, const delegation_row_t *row, time_t now)
{
	const char *meaning = delegation_state_info(row->state)->meaning;

	if (row->state == DELEGATION_SEEN && row->manual == now) {
		meaning = "DS was changed by hand: a survey is due.";
	} else if (row->state == DELEGATION_SEEN && row->by_notify) {
		meaning = "A notification was received: a survey is due.";
	}
	add(t, "%.*s", (int)strlen(meaning) - 1, meaning);
}

void words_of(const delegation_decision_t *decision, const delegation_facts_t *facts, time_t now, char *out, size_t len)
{
	const delegation_row_t *row = &decision->row;
	text_t t = { .at = out, .left = len };

	out[0] = '\0';
	if (decision->order.action != DELEGATION_DO_NOTHING) {
		add_order(&t, &decision->order);
	} else if (row->gate != DELEGATION_GATE_NONE) {
		add_gate(&t, row, now);
	} else {
		add_state(&t, row, now);
	}
	add_answers(&t, facts);
}
