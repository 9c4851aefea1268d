/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kskroll/evidence.h"
#include "report.h"

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
	int len = vsnprintf(t->at, t->left, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= t->left) {
		return;
	}
	t->at += len;
	t->left -= len;
}

static void add_tags(text_t *t, const rollover_facts_t *facts, keyset_t keys)
{
	const char *gap = "";
	for (unsigned i = 0; i < facts->key_count; i++) {
		if (keys & (1U << i)) {
			add(t, "%s%u", gap, facts->keys[i].tag);
			gap = " ";
		}
	}
}

static void add_summary(text_t *t, const rollover_facts_t *facts, time_t now, const rollover_row_t *row)
{
	size_t ok = 0;
	if (facts->asked & SURVEY_CHILD) {
		keyset_t all = (keyset_t)~0U;
		size_t cds = 0;
		for (size_t i = 0; i < facts->child_count; i++) {
			if (facts->child[i].status == ANSWER_OK) {
				all &= facts->child[i].dnskey;
				cds += facts->child[i].cds.present;
				ok++;
			}
		}
		add(t, "; nameserver addresses %zu of %zu ok", ok, facts->child_count);
		if (ok > 0) {
			add(t, ", DNSKEY ");
			add_tags(t, facts, all);
			add(t, " on all of these, TTL up to %u s, CDS on %zu", ttl_window_max(&row->dnskey_ttl, now),
			    cds);
		}
	}
	if (facts->asked & SURVEY_PARENT) {
		keyset_t any = 0;
		ok = 0;
		for (size_t i = 0; i < facts->parent_count; i++) {
			if (facts->parent[i].status == ANSWER_OK) {
				any |= facts->parent[i].ds;
				ok++;
			}
		}
		add(t, "; parent addresses %zu of %zu ok", ok, facts->parent_count);
		if (ok > 0) {
			add(t, ", DS ");
			add_tags(t, facts, any);
		}
	}
}

/*! What changes besides the key. */
static void add_change(text_t *t, const rollover_row_t *row)
{
	if (row->has_new && rollover_changes_algorithm(row)) {
		add(t, "; algorithm %u to %u", row->old[0].algorithm, row->new_key.algorithm);
	} else if (rollover_changes_scheme(row)) {
		add(t, "; %s", row->csk ? "a single key to KSK and ZSK" : "KSK and ZSK to a single key");
	}
}

void report_line(char *out, size_t len, const rollover_decision_t *d, rollover_state_t before,
                 const rollover_facts_t *facts)
{
	text_t t = { .at = out, .left = len };
	const rollover_gate_info_t *gate = rollover_gate_info(d->row.gate);
	time_t now = time(NULL);

	out[0] = '\0';
	if (d->transition) {
		add(&t, "%s -> %s: %s", rollover_state_name(before), rollover_state_name(d->row.state),
		    rollover_state_meaning(d->row.state));
		if (rollover_is_first(&d->row)) {
			add(&t, "; first DS");
		}
		add_change(&t, &d->row);
		if (d->row.gate_detail[0] != '\0') {
			add(&t, "; because of %s", d->row.gate_detail);
		}
		if (d->row.gate_about[0] != '\0') {
			add(&t, " at %s", d->row.gate_about);
		}
		add_summary(&t, facts, now, &d->row);
		return;
	}
	if (d->row.gate == GATE_NONE) {
		add(&t, "%s: nothing blocks", rollover_state_name(d->row.state));
		return;
	}
	add(&t, "%s, waits (%s): %s", rollover_state_name(d->row.state), gate->name, gate->meaning);
	if (d->row.gate_about[0] != '\0') {
		add(&t, "; server %s", d->row.gate_about);
	}
	if (d->row.gate_detail[0] != '\0') {
		add(&t, "; %s", d->row.gate_detail);
	}
	if (d->row.gate_until != 0) {
		char when[32];
		struct tm tm;
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&d->row.gate_until, &tm));
		add(&t, "; until %s (%lld s)", when, (long long)(d->row.gate_until - now));
	}
}

/* Notifications of the parent. */

/*! Of a change. */
static const char *way_of(notify_status_t status)
{
	return status >= NOTIFY_EPP_SUBMITTED && status <= NOTIFY_EPP_LOST ? "EPP" : "DNS UPDATE";
}

void report_notify_line(char *out, size_t len, const notify_result_t *r)
{
	text_t t = { .at = out, .left = len };
	char rcode[16];

	if (r->status == NOTIFY_ACKNOWLEDGED) {
		add(&t, "parent notified that CDS has changed, and it has acknowledged");
	} else if ((r->status == NOTIFY_UPDATED || r->status == NOTIFY_EPP_SUBMITTED) && r->ds_ttl != 0) {
		add(&t, "DS at the parent has TTL %u s by %s", r->ds_ttl, way_of(r->status));
	} else if (r->ds_ttl != 0) {
		add(&t, "DS at the parent has no TTL of %u s by %s (%s)", r->ds_ttl, way_of(r->status),
		    notify_status_name(r->status));
	} else if (r->status == NOTIFY_UPDATED) {
		add(&t, "DS brought to the parent by DNS UPDATE");
	} else if (r->status == NOTIFY_EPP_SUBMITTED) {
		add(&t, "DS submitted to the registry by EPP");
	} else if (r->status == NOTIFY_EPP_PENDING) {
		add(&t, "DS submitted to the registry by EPP, which decides later");
	} else if (r->status == NOTIFY_MANUAL) {
		add(&t, "parent-via is manual, the operator brings the DS to the parent: %s", r->detail);
		return;
	} else {
		add(&t, "parent not notified (%s): %s", notify_status_name(r->status),
		    notify_status_meaning(r->status));
		/* The sentence goes on. */
		t.at -= t.at[-1] == '.';
	}
	if (r->target[0] != '\0') {
		add(&t, "; target %s", r->target);
		if (r->server[0] != '\0') {
			add(&t, " at %s", r->server);
		}
	}
	if (r->status == NOTIFY_REFUSED) {
		add(&t, "; %s", evidence_rcode(r->rcode, rcode));
	}
	add(&t, "; sent %u, took %u ms", r->tries, r->elapsed_ms);
	if (r->detail[0] != '\0') {
		add(&t, "; %s", r->detail);
	}
}
