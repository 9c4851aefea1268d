/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a decision was based on, as one line for people and as JSON for the store.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "loop.h"

/*! Text that grows in a buffer and is cut at its end. */
typedef struct {
	char *at;
	size_t left;
	bool full;
} text_t;

static void add(text_t *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(text_t *t, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int len = vsnprintf(t->at, t->left, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= t->left) {
		t->full = true;
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

void report_line(char *out, size_t len, const zone_t *zone, const rollover_decision_t *d, rollover_state_t before,
                 const rollover_facts_t *facts)
{
	text_t t = { .at = out, .left = len };
	const rollover_gate_info_t *gate = rollover_gate_info(d->row.gate);
	time_t now = time(NULL);

	(void)zone;
	out[0] = '\0';
	if (d->transition) {
		add(&t, "%s -> %s: %s", rollover_state_name(before), rollover_state_name(d->row.state),
		    rollover_state_meaning(d->row.state));
		if (rollover_is_first(&d->row)) {
			add(&t, "; first DS");
		}
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

/* JSON. */

static void add_string(text_t *t, const char *s)
{
	add(t, "\"");
	for (; *s != '\0'; s++) {
		unsigned char c = *s;
		if (c == '"' || c == '\\') {
			add(t, "\\%c", c);
		} else if (c < 0x20 || c >= 0x7f) {
			add(t, "\\u%04x", c);
		} else {
			add(t, "%c", c);
		}
	}
	add(t, "\"");
}

static void add_key_array(text_t *t, const char *name, const rollover_facts_t *facts, keyset_t keys)
{
	const char *gap = "";
	add(t, ",\"%s\":[", name);
	for (unsigned i = 0; i < facts->key_count; i++) {
		if (keys & (1U << i)) {
			add(t, "%s%u", gap, facts->keys[i].tag);
			gap = ",";
		}
	}
	add(t, "]");
}

static void add_server(text_t *t, const char *server, answer_status_t status, const char *detail,
                       time_t unreachable_since)
{
	add(t, "{\"server\":");
	add_string(t, server);
	add(t, ",\"status\":\"%s\"", rollover_answer_name(status));
	if (detail[0] != '\0') {
		add(t, ",\"detail\":");
		add_string(t, detail);
	}
	if (unreachable_since != 0) {
		add(t, ",\"unreachable_since\":%lld", (long long)unreachable_since);
	}
}

static void add_rrset(text_t *t, const char *name, const rollover_facts_t *facts, const signal_rrset_t *rrset)
{
	if (rrset->unanswered) {
		add(t, ",\"%s_unanswered\":true", name);
	} else if (rrset->present) {
		add_key_array(t, name, facts, rrset->keys);
		if (rrset->remove) {
			add(t, ",\"%s_remove\":true", name);
		} else if (rrset->unwanted) {
			add(t, ",\"%s_unwanted\":true", name);
		}
	}
}

static void add_child(text_t *t, const rollover_facts_t *facts, const child_answer_t *a)
{
	add_server(t, a->server, a->status, a->detail, a->unreachable_since);
	if (a->status == ANSWER_OK || a->status == ANSWER_BOGUS) {
		add_key_array(t, "dnskey", facts, a->dnskey);
		add_key_array(t, "signed_by", facts, a->dnskey_signed_by);
		add(t, ",\"dnskey_ttl\":%u,\"dnskey_equal\":%s", a->dnskey_ttl, a->dnskey_equal ? "true" : "false");
		add_rrset(t, "cds", facts, &a->cds);
		add_rrset(t, "cdnskey", facts, &a->cdnskey);
	}
	add(t, "}");
}

static void add_parent(text_t *t, const rollover_facts_t *facts, const parent_answer_t *a)
{
	add_server(t, a->server, a->status, a->detail, a->unreachable_since);
	if (a->status == ANSWER_OK) {
		add_key_array(t, "ds", facts, a->ds);
		if (a->ds_sha1 != 0) {
			add_key_array(t, "ds_sha1", facts, a->ds_sha1);
		}
		add(t, ",\"ds_ttl\":%u", a->ds_ttl);
		if (a->ds_foreign) {
			add(t, ",\"ds_foreign\":true");
		}
		if (a->no_referral) {
			add(t, ",\"ns_unanswered\":true");
		}
		if (a->ds_ignored) {
			add(t, ",\"ds_ignored\":true");
		}
	}
	add(t, "}");
}

/*! Room that is kept for closing brackets. */
#define TAIL 64

/*! Takes back what was added since \a mark if it did not fit. */
static bool fits(text_t *t, const text_t *mark)
{
	if (!t->full && t->left > TAIL) {
		return true;
	}
	*t = *mark;
	*t->at = '\0';
	return false;
}

void report_json(char *out, size_t len, const rollover_facts_t *facts, const char *parent_zone, const char *signaling,
                 time_t now)
{
	text_t t = { .at = out, .left = len };
	bool cut = false;

	add(&t, "{\"time\":%lld", (long long)now);
	add_key_array(&t, "own_dnskey", facts, facts->own.dnskey);
	add(&t, ",\"own_dnskey_ttl\":%u,\"own_policy\":\"%s\"", facts->own.dnskey_ttl,
	    rollover_policy_name(facts->own.policy));
	add_rrset(&t, "own_cds", facts, &facts->own.cds);
	if (facts->asked & SURVEY_PARENT) {
		add(&t, ",\"parent_zone\":");
		add_string(&t, parent_zone);
	}
	if (facts->discovery_detail[0] != '\0') {
		add(&t, ",\"discovery\":");
		add_string(&t, facts->discovery_detail);
	}
	if (facts->no_route != 0) {
		add(&t, ",\"no_route\":[%s%s%s]", facts->no_route & ROUTE_IPV4 ? "\"IPv4\"" : "",
		    facts->no_route == (ROUTE_IPV4 | ROUTE_IPV6) ? "," : "",
		    facts->no_route & ROUTE_IPV6 ? "\"IPv6\"" : "");
	}
	text_t mark = t;
	if (signaling != NULL) {
		add(&t, ",\"signaling\":%s", signaling);
		(void)fits(&t, &mark);
	}
	if (facts->asked & SURVEY_WATCH) {
		add(&t,
		    ",\"watch\":{\"answered\":%u,\"failing\":%u,\"parent_ok\":%s,\"detail\":", facts->watch.answered,
		    facts->watch.failing, facts->watch.parent_ok ? "true" : "false");
		add_string(&t, facts->watch.detail);
		add(&t, "}");
	}
	add(&t, ",\"child\":[");
	for (size_t i = 0; i < facts->child_count && !cut; i++) {
		mark = t;
		add(&t, i > 0 ? "," : "");
		add_child(&t, facts, &facts->child[i]);
		cut = !fits(&t, &mark);
	}
	add(&t, "],\"parent\":[");
	for (size_t i = 0; i < facts->parent_count && !cut; i++) {
		mark = t;
		add(&t, i > 0 ? "," : "");
		add_parent(&t, facts, &facts->parent[i]);
		cut = !fits(&t, &mark);
	}
	add(&t, cut ? "],\"cut\":true}" : "]}");
}

/* Notifications of the parent. */

static const char *rcode_text(uint16_t rcode, char out[16])
{
	const knot_lookup_t *known = knot_lookup_by_id(knot_rcode_names, rcode);
	if (known != NULL) {
		return known->name;
	}
	snprintf(out, 16, "RCODE %u", rcode);
	return out;
}

void report_notify_line(char *out, size_t len, const notify_result_t *r)
{
	text_t t = { .at = out, .left = len };
	char rcode[16];

	if (r->status == NOTIFY_ACKNOWLEDGED) {
		add(&t, "parent notified that CDS has changed, and it has acknowledged");
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
		add(&t, "; %s", rcode_text(r->rcode, rcode));
	}
	add(&t, "; sent %u, took %u ms", r->tries, r->elapsed_ms);
	if (r->detail[0] != '\0') {
		add(&t, "; %s", r->detail);
	}
}

static void add_member(text_t *t, const char *name, const char *value)
{
	add(t, ",\"%s\":", name);
	if (value[0] != '\0') {
		add_string(t, value);
	} else {
		add(t, "null");
	}
}

void report_notify_json(char *out, size_t len, const notify_result_t *r, time_t now)
{
	text_t t = { .at = out, .left = len };
	bool answered = r->status == NOTIFY_ACKNOWLEDGED || r->status == NOTIFY_REFUSED;
	char rcode[16];

	add(&t, "{\"time\":%lld,\"status\":\"%s\"", (long long)now, notify_status_name(r->status));
	add_member(&t, "target", r->target);
	add_member(&t, "server", r->server);
	add_member(&t, "rcode", answered ? rcode_text(r->rcode, rcode) : "");
	add(&t, ",\"tcp\":%s,\"secure\":%s,\"sent\":%u,\"elapsed_ms\":%u", r->tcp ? "true" : "false",
	    r->secure ? "true" : "false", r->tries, r->elapsed_ms);
	add_member(&t, "dsync", r->dsync_owner);
	text_t mark = t;
	add_member(&t, "detail", r->detail);
	if (!fits(&t, &mark)) {
		add(&t, ",\"cut\":true");
	}
	add(&t, "}");
}
