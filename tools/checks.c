/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is not as it should be with a zone, by its row and what its servers last answered. Keys are compared
 * by tag here, as the store has them for people; the module itself never does.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"

/*! RFC 10026 4.1: TTL around a change. */
#define TTL_MIN_S 300
#define TTL_MAX_S 900

/* clang-format off */
static const check_info_t infos[CHECK__COUNT] = {
	[CHECK_DAEMON_DOWN] = { "daemon-down",
		"kskrolld does not run: no zone is checked" },
	[CHECK_NO_MODULE] = { "no-module",
		"the list has the zone and the store does not: the zone has no module, or was never checked" },
	[CHECK_NOT_LISTED] = { "not-listed",
		"the module checks the zone, but the list does not have it" },
	[CHECK_NOT_CHECKED] = { "not-checked",
		"the module should have checked the zone hours ago" },
	[CHECK_NEEDS_OPERATOR] = { "needs-operator",
		"the operator must act" },
	[CHECK_STUCK] = { "stuck",
		"the zone has waited for others for long" },
	[CHECK_WRONG_ANSWER] = { "wrong-answer",
		"a server's answer is not for the zone, not complete, or does not validate" },
	[CHECK_UNREACHABLE] = { "unreachable",
		"a server does not answer" },
	[CHECK_DS_WITHOUT_KEY] = { "ds-without-key",
		"a server of the parent has a DS that matches no KSK of the zone" },
	[CHECK_KEY_WITHOUT_DS] = { "key-without-ds",
		"no rollover is in progress, and a KSK of the zone is in no DS" },
	[CHECK_PARENTS_DIFFER] = { "parents-differ",
		"the servers of the parent do not have the same DS set" },
	[CHECK_NAMESERVERS_DIFFER] = { "nameservers-differ",
		"a nameserver has another DNSKEY RRset than this server" },
	[CHECK_OLD_KEY_REMAINS] = { "old-key-remains",
		"the rollover is over, and an old KSK remains" },
	[CHECK_CDS_REMAINS] = { "cds-remains",
		"CDS or CDNSKEY is published although no rollover needs it" },
	[CHECK_DNSKEY_TTL] = { "dnskey-ttl",
		"the DNSKEY TTL is not within 300 to 900 s (RFC 10026 4.1)" },
	[CHECK_DS_TTL] = { "ds-ttl",
		"the DS TTL is not within 300 to 900 s (RFC 10026 4.1)" },
	[CHECK_DS_SHA1] = { "ds-sha1",
		"a server of the parent has a DS of SHA-1 alone, which counts as none for many validators (RFC 9905)" },
	[CHECK_PARENT_TROUBLE] = { "parent-trouble",
		"the delegations of the parent zone cannot be checked at the moment" },
	[CHECK_PARENT_REVERTS] = { "parent-reverts",
		"a reload, restart or transfer of the parent zone would bring the old DS back" },
	[CHECK_DELEGATION_BROKEN] = { "delegation-broken",
		"the child does not validate, or may soon not" },
	[CHECK_PARENT_ACTS] = { "parent-acts",
		"the operator of the parent zone must act" },
	[CHECK_CHILD_ACTS] = { "child-acts",
		"the signals of the child are not followed until its operator acts" },
	[CHECK_DELEGATION_DS_WITHOUT_KEY] = { "delegation-ds-without-key",
		"a DS of the delegation names no key in DNSKEY of any nameserver" },
	[CHECK_DELEGATION_DS_TTL] = { "delegation-ds-ttl",
		"DS was changed, and its TTL is not within 300 to 900 s (RFC 10026 4.1)" },
	[CHECK_DS_ALGORITHM] = { "ds-algorithm",
		"a DS has an algorithm that must not be used any more (RFC 9904, RFC 9905)" },
	[CHECK_DS_DIGEST] = { "ds-digest",
		"a DS has a digest type that must not be used any more (RFC 9904, RFC 9905)" },
	[CHECK_ONE_NAMESERVER] = { "one-nameserver",
		"the child depends on one nameserver: without it nobody can resolve the child" },
	[CHECK_START_NEVER] = { "start-never",
		"start-window and no-start leave no moment for the next rollover" },
	[CHECK_REPORT_AGENT] = { "report-agent",
		"report-agent is neither a nameserver of the zone nor below one: the parent is notified without it" },
};
/* clang-format on */

const check_info_t *checks_info(check_t check)
{
	return &infos[check];
}

typedef struct {
	const options_t *o;
	const store_zone_t *z;
	rollover_config_t config;
	evidence_own_t own;
	finding_f each;
	void *arg;
	char ds[1024]; /*!< Of the first server of the parent that answered. */
	bool ds_differs;
	bool ds_known;
	char in_ds[4096]; /*!< Tags that any DS names. */
} audit_t;

static void report(audit_t *a, check_t check, level_t level, const char *about, const char *detail)
{
	finding_t f = {
		.zone = a->z->zone,
		.check = check,
		.level = level,
		.about = about,
		.detail = detail,
		.outage = check == CHECK_NEEDS_OPERATOR && rollover_gate_info(a->z->row.gate)->outage,
	};
	a->each(&f, a->arg);
}

/* Lists of tags: "1001 1002". */

static bool has_tag(const char *list, const char *tag, size_t len)
{
	for (const char *p = list; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n == len && strncmp(p, tag, len) == 0) {
			return true;
		}
		p += n;
	}
	return false;
}

/*! Tags of a list that are not in another one, as a list. \return Whether there are any. */
static bool beyond(char *out, size_t out_len, const char *list, const char *other)
{
	size_t used = 0;
	out[0] = '\0';
	for (const char *p = list; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (!has_tag(other, p, n) && used + n + 2 < out_len) {
			used += snprintf(out + used, out_len - used, "%s%.*s", used > 0 ? " " : "", (int)n, p);
		}
		p += n;
	}
	return used > 0;
}

static void old_tags(char *out, size_t out_len, const rollover_row_t *row)
{
	size_t used = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < row->old_count; i++) {
		used += snprintf(out + used, out_len - used, "%s%u", i > 0 ? " " : "", row->old[i].tag);
	}
}

/* The row. */

/*! The zone does not validate, or is about not to. */
static bool in_danger(const rollover_gate_info_t *gate)
{
	return gate->outage || gate->danger;
}

static void check_row(audit_t *a)
{
	const rollover_row_t *row = &a->z->row;
	const rollover_gate_info_t *info = rollover_gate_info(row->gate);
	char text[512], span[TEXT_SPAN];

	if (advice_overdue(a->o, row)) {
		snprintf(text, sizeof(text), "%s, for %s", rollover_state_name(row->state),
		         text_span(span, a->o->now - row->next_check));
		report(a, CHECK_NOT_CHECKED, row->state == ROLLOVER_IDLE ? LEVEL_WARNING : LEVEL_CRITICAL, "", text);
	}
	if (!advice_blocked(a->o, row) || row->gate == GATE_NONE || row->gate_until > a->o->now) {
		return;
	}
	snprintf(text, sizeof(text), "%s, for %s: %s%s%s", info->name, text_span(span, a->o->now - row->gate_since),
	         info->meaning, row->gate_detail[0] != '\0' ? "; " : "", row->gate_detail);
	bool operator= advice_actor(a->o, row) == ACTOR_OPERATOR;
	report(a, operator? CHECK_NEEDS_OPERATOR : CHECK_STUCK,
	       in_danger(info)                             ? LEVEL_CRITICAL :
	       row->state == ROLLOVER_IDLE && info->chosen ? LEVEL_NOTE :
	                                                     LEVEL_WARNING,
	       row->gate_about, text);
}

/*! Before it comes due, and then its gate says so. */
static void check_starts(audit_t *a)
{
	if (a->z->row.gate != GATE_START_NEVER && starts_never(a->o, a->z, &a->config)) {
		report(a, CHECK_START_NEVER, LEVEL_WARNING, "",
		       starts_unknown(a->o, a->z) ? "a time zone of start-window or no-start is not on this host" :
		                                    "for two years from the time when it is due");
	}
}

/* What servers answered. */

static bool outside(const char *ttl)
{
	unsigned long value = strtoul(ttl, NULL, 10);
	return ttl[0] != '\0' && (value < TTL_MIN_S || value > TTL_MAX_S);
}

static void check_status(audit_t *a, const evidence_answer_t *answer)
{
	char text[512], span[TEXT_SPAN];

	if (strcmp(answer->status, "unreachable") == 0) {
		time_t age = answer->unreachable_since != 0 ? a->o->now - answer->unreachable_since : 0;
		bool out = age >= (time_t)a->config.unreachable_after;
		snprintf(text, sizeof(text), "%s, for %s%s", answer->detail, text_span(span, age),
		         out ? ": the module no longer waits for it" : "");
		report(a, CHECK_UNREACHABLE, out ? LEVEL_WARNING : LEVEL_NOTE, answer->server, text);
	} else if (strcmp(answer->status, "ok") != 0 || answer->incomplete) {
		snprintf(text, sizeof(text), "%s%s%s", answer->incomplete ? "incomplete" : answer->status,
		         answer->detail[0] != '\0' ? ": " : "", answer->detail);
		report(a, CHECK_WRONG_ANSWER, strcmp(answer->status, "bogus") == 0 ? LEVEL_CRITICAL : LEVEL_WARNING,
		       answer->server, text);
	}
}

static void check_child(audit_t *a, const evidence_answer_t *answer)
{
	const rollover_state_info_t *state = rollover_state_info(a->z->row.state);
	char text[512], tags[256];

	if (state->rest && beyond(tags, sizeof(tags), answer->dnskey, a->own.dnskey)) {
		snprintf(text, sizeof(text), "DNSKEY %s", tags);
		report(a, CHECK_OLD_KEY_REMAINS, LEVEL_WARNING, answer->server, text);
	} else if (answer->differs && (state->unsignalled || advice_lasts(a->o, &a->z->row))) {
		report(a, CHECK_NAMESERVERS_DIFFER, LEVEL_WARNING, answer->server, "");
	}
	if (state->unsignalled && (answer->cds[0] != '\0' || answer->cdnskey[0] != '\0')) {
		report(a, CHECK_CDS_REMAINS, LEVEL_WARNING, answer->server, "");
	}
	if (state->ttl == TTL_LOW && outside(answer->ttl)) {
		snprintf(text, sizeof(text), "%s s", answer->ttl);
		report(a, CHECK_DNSKEY_TTL, LEVEL_WARNING, answer->server, text);
	}
}

/*! A rollover has a low DS TTL by the way to the parent, or by the parent's agent of this server. */
static bool lowers_ds_ttl(const audit_t *a)
{
	switch (a->config.via) {
	case PARENT_VIA_UPDATE:
	case PARENT_VIA_EPP:
		return true;
	case PARENT_VIA_CDS:
	case PARENT_VIA_AUTO:
		return stored_agent_ttl(a->z->parent_zone, a->z->zone) != 0;
	default:
		return false;
	}
}

static void check_parent(audit_t *a, const evidence_answer_t *answer)
{
	char text[512], tags[256];
	bool stray = beyond(tags, sizeof(tags), answer->ds, a->own.dnskey);

	if ((answer->differs || stray) && a->own.dnskey[0] != '\0') {
		/* A resolver needs one DS that matches: is there any that is not stray? */
		bool broken = answer->ds_sha1[0] == '\0' && (answer->ds[0] == '\0' || strcmp(tags, answer->ds) == 0);
		snprintf(text, sizeof(text), "DS %s%s%s%s", tags, stray && answer->differs ? " and " : "",
		         answer->differs ? "of an unknown key" : "",
		         broken ? ", and none that matches: the zone does not validate" : "");
		report(a, CHECK_DS_WITHOUT_KEY, broken ? LEVEL_CRITICAL : LEVEL_WARNING, answer->server, text);
	}
	if (answer->ds_sha1[0] != '\0') {
		snprintf(text, sizeof(text), "DS %s%s", answer->ds_sha1,
		         answer->ds[0] == '\0' ? ": without a DS of SHA-256 the zone is insecure there" : "");
		report(a, CHECK_DS_SHA1, LEVEL_WARNING, answer->server, text);
	}
	if (answer->ds[0] != '\0' && outside(answer->ttl)) {
		snprintf(text, sizeof(text), "%s s%s%s", answer->ttl,
		         rollover_state_info(a->z->row.state)->swapped ? ", after the DS was replaced" :
		                                                         ", before a rollover",
		         lowers_ds_ttl(a) ? ": the module sees to a low one in a rollover" : "");
		report(a, CHECK_DS_TTL, LEVEL_NOTE, answer->server, text);
	}
	if (!a->ds_known) {
		snprintf(a->ds, sizeof(a->ds), "%s", answer->ds);
		a->ds_known = true;
	} else if (strcmp(a->ds, answer->ds) != 0) {
		a->ds_differs = true;
	}
	size_t used = strlen(a->in_ds);
	snprintf(a->in_ds + used, sizeof(a->in_ds) - used, "%s%s", used > 0 ? " " : "", answer->ds);
}

static void check_answer(const evidence_answer_t *answer, void *arg)
{
	audit_t *a = arg;

	check_status(a, answer);
	if (strcmp(answer->status, "ok") == 0) {
		(answer->parent ? check_parent : check_child)(a, answer);
	}
}

static void check_whole(audit_t *a)
{
	const rollover_row_t *row = &a->z->row;
	const rollover_state_info_t *state = rollover_state_info(row->state);
	char text[512], tags[256], in_use[64];

	if (a->ds_differs && (!state->parent_acts || advice_lasts(a->o, row))) {
		report(a, CHECK_PARENTS_DIFFER, LEVEL_WARNING, a->z->parent_zone, "");
	}
	old_tags(in_use, sizeof(in_use), row);
	if (row->state == ROLLOVER_IDLE && a->in_ds[0] != '\0' && beyond(tags, sizeof(tags), a->own.dnskey, a->in_ds)) {
		snprintf(text, sizeof(text), "DNSKEY %s", tags);
		report(a, CHECK_KEY_WITHOUT_DS, LEVEL_WARNING, "", text);
	}
	if (row->state == ROLLOVER_SETTLE && beyond(tags, sizeof(tags), a->own.dnskey, in_use)) {
		snprintf(text, sizeof(text), "DNSKEY %s", tags);
		report(a, CHECK_OLD_KEY_REMAINS, LEVEL_WARNING, "", text);
	}
	if (state->unsignalled && a->own.cds[0] != '\0') {
		report(a, CHECK_CDS_REMAINS, LEVEL_WARNING, "", "in the zone as this server has it");
	}
	if (row->state == ROLLOVER_IDLE && outside(a->own.ttl)) {
		snprintf(text, sizeof(text), "%s s, before a rollover: the module will set it", a->own.ttl);
		report(a, CHECK_DNSKEY_TTL, LEVEL_NOTE, "", text);
	}
}

void checks_zone(const options_t *o, const store_zone_t *zone, finding_f each, void *arg)
{
	audit_t a = { .o = o, .z = zone, .config = settings_of(o, zone), .each = each, .arg = arg };

	check_row(&a);
	check_starts(&a);
	if (evidence_agent_left_out(json_read(zone->notification))) {
		report(&a, CHECK_REPORT_AGENT, LEVEL_WARNING, "", "at the last notification");
	}
	if (evidence_own(zone->answers, &a.own)) {
		evidence_each(zone->answers, check_answer, &a);
		check_whole(&a);
	}
}
