/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything about one delegation. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "stored_delegations.h"

#define LABEL "%-12s"
/*! Digits of digests in tables: enough to tell keys of the same tag apart. */
#define DIGITS 8

static void when(const options_t *o, const char *label, time_t at)
{
	char text[TEXT_TIME], span[TEXT_SPAN];

	if (at != 0) {
		const bool ahead = at > o->now;
		printf(LABEL "%s (%s%s%s)\n", label, text_time(text, at), ahead ? "in " : "",
		       text_span(span, ahead ? at - o->now : o->now - at), ahead ? "" : " ago");
	}
}

static void print_gate(const options_t *o, const delegation_row_t *row)
{
	const delegation_gate_info_t *info = delegation_gate_info(row->gate);
	char at[TEXT_AT];

	printf(LABEL, "Waits for");
	if (row->gate == DELEGATION_GATE_NONE) {
		puts("nothing");
		return;
	}
	color_print(o, COLOR_BOLD, info->name);
	printf("%s\n" LABEL "%s\n", text_at(at, info->name, row->gate_about), "", info->meaning);
	if (row->gate_detail[0] != '\0') {
		printf(LABEL "seen: %s\n", "", row->gate_detail);
	}
	when(o, "  since", row->gate_since);
	when(o, "  until", row->gate_until);
	printf(LABEL, "Who acts");
	color_print(o, color_of_delegation(o, row), delegation_actor_name(info->actor));
	printf(": %s\n", info->advice);
}

static void print_set(const char *label, const ds_set_t *set)
{
	char text[TEXT_DS];

	for (unsigned i = 0; i < set->count; i++) {
		printf(LABEL "%s\n", i == 0 ? label : "", text_ds(text, &set->record[i]));
	}
}

static void print_records(const char *label, const char *list)
{
	char one[160];

	for (const char *at = list; next_record(&at, one, sizeof(one)) != NULL; label = "") {
		printf(LABEL "%s\n", label, one);
	}
}

static void print_row(const options_t *o, const store_delegation_t *d)
{
	const delegation_row_t *row = &d->row;

	color_print(o, COLOR_BOLD, d->name);
	printf("  %s: %s\n", delegation_state_name(row->state), delegation_state_info(row->state)->meaning);
	printf(LABEL "%s\n", "Parent", d->zone);
	when(o, "Gone", d->gone);
	when(o, "Since", row->since);
	print_gate(o, row);
	when(o, "Last check", d->checked);
	when(o, "Next check", row->next_check);
	if (!delegation_gone(d) && delegation_overdue(o, row)) {
		printf(LABEL, "");
		color_print(o, COLOR_RED, "OVERDUE");
		puts(": the server does not run, or the zone no longer has delegations");
	}
	when(o, "Notified", row->notified);
	print_set("DS ordered", &row->put);
	if (row->may_undo) {
		print_set("DS before", &row->before);
	}
	if (row->ttl_normal != 0) {
		printf(LABEL "%u s, normally %u s\n", "DS TTL", row->ttl_low, row->ttl_normal);
	}
	when(o, "DS spread", row->all_since);
	when(o, "Validates", row->secure_since);
	when(o, "Keys back", row->back_since);
	when(o, "Undone", row->undone_at);
	when(o, "By hand", row->manual);
}

/* What the servers answered. */

typedef struct {
	const options_t *o;
	table_t *part[4];
} seen_t;

static const char *dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

static void add_seen(const evidence_seen_t *s, void *arg)
{
	seen_t *all = arg;
	table_t *t = all->part[s->part];
	char text[EVIDENCE_DS], span[TEXT_SPAN];
	const bool fine = strcmp(s->status, "ok") == 0 || strcmp(s->status, "secure") == 0;

	table_add(t, COLOR_NONE, s->server);
	snprintf(text, sizeof(text), "%s%s%s", s->status, s->unreachable_since != 0 ? " for " : "",
	         s->unreachable_since != 0 ? text_span(span, all->o->now - s->unreachable_since) : "");
	table_add(t, fine ? COLOR_GREEN : COLOR_RED, text);
	if (s->part == EVIDENCE_CHILD) {
		table_add(t, COLOR_NONE, dash(s->dnskey));
		table_add(t, COLOR_NONE, dash(s->signed_by));
	}
	if (s->part == EVIDENCE_CHILD || s->part == EVIDENCE_SIGNALING) {
		table_add(t, COLOR_NONE, dash(text_records(text, sizeof(text), s->cds, DIGITS)));
		table_add(t, COLOR_NONE, dash(s->cdnskey));
	}
	if (s->part == EVIDENCE_CHILD) {
		table_add(t, COLOR_NONE, dash(s->has_cds ? s->cds_signed_by : s->cdnskey_signed_by));
		table_add(t, COLOR_NONE, text_time(text, s->inception));
	}
	if (s->part == EVIDENCE_PARENT) {
		table_add(t, COLOR_NONE, dash(text_records(text, sizeof(text), s->ds, DIGITS)));
	}
	table_add(t, COLOR_NONE, s->detail);
}

static void print_answers(const options_t *o, const store_delegation_t *d)
{
	static const struct {
		unsigned columns;
		const char *heads[9];
	} tables[] = {
		[EVIDENCE_CHILD] = { 9,
		                     { "NAMESERVER", "ANSWER", "DNSKEY", "SIGNED BY", "CDS", "CDNSKEY",
		                       "SIGNALS SIGNED BY", "SIGNED AT", "" } },
		[EVIDENCE_SIGNALING] = { 5, { "SIGNALING NAME OF", "ANSWER", "CDS", "CDNSKEY", "" } },
		[EVIDENCE_PARENT] = { 4, { "PARENT SERVER", "ANSWER", "DS", "" } },
		[EVIDENCE_RESOLVER] = { 3, { "RESOLVER", "ANSWER", "" } },
	};
	seen_t all = { .o = o };

	for (size_t i = 0; i < 4; i++) {
		all.part[i] = table_new(tables[i].columns);
		for (size_t j = 0; j < tables[i].columns; j++) {
			table_add(all.part[i], COLOR_BOLD, tables[i].heads[j]);
		}
	}
	evidence_delegation_each(d->answers, add_seen, &all);
	for (size_t i = 0; i < 4; i++) {
		if (table_rows(all.part[i]) > 1) {
			table_print(o, all.part[i], 2);
		}
		table_free(all.part[i]);
	}
}

static void print_survey(const options_t *o, const store_delegation_t *d)
{
	static evidence_judged_t judged;
	char text[TEXT_TIME], span[TEXT_SPAN], at[TEXT_AT], asked[EVIDENCE_DS];

	if (!evidence_judged(d->answers, &judged)) {
		puts("\nNo survey yet: neither a scan nor a notification has asked for one.");
		return;
	}
	print_records("DS in zone", judged.zone_ds);
	if (judged.zone_known && judged.zone_ds[0] == '\0') {
		printf(LABEL "none, serial %u\n", "DS in zone", judged.zone_serial);
	} else if (judged.zone_known) {
		printf(LABEL "TTL %u s, serial %u\n", "", judged.ds_ttl, judged.zone_serial);
	}
	print_records("No key for", judged.ds_unmatched);
	print_records("DS wanted", judged.wanted);
	delegation_asked(d, asked);
	print_records("DS in CDS", judged.wanted[0] == '\0' ? asked : "");
	printf("\nLast asked %s (%s ago); keys by their tags:\n", text_time(text, judged.time),
	       text_span(span, o->now - judged.time));
	if (judged.verdict[0] != '\0') {
		printf("  verdict: %s%s%s%s%s%s\n", judged.verdict, judged.gate[0] != '\0' ? ", " : "", judged.gate,
		       text_at(at, judged.gate, judged.about), judged.detail[0] != '\0' ? ": " : "", judged.detail);
	}
	if (judged.discovery[0] != '\0') {
		printf("  discovery: %s\n", judged.discovery);
	}
	print_answers(o, d);
	if (judged.cut) {
		puts("  There were more servers than have room here.");
	}
}

static void print_json(const options_t *o, const store_delegation_t *d)
{
	output_begin();
	json_time(json, "time", o->now);
	delegation_json(o, d, "delegation", true);
	output_end();
}

int cmd_delegation(const options_t *o)
{
	store_t *store = stored_open(o);
	store_delegation_t *d = memory_need(malloc(sizeof(*d)));
	int ret = store != NULL ? stored_delegation(store, o->args[0], d) : EXIT_ERROR;

	if (ret == EXIT_FINE && o->json) {
		print_json(o, d);
	} else if (ret == EXIT_FINE && o->mail) {
		delegation_mail(d);
	} else if (ret == EXIT_FINE) {
		print_row(o, d);
		print_survey(o, d);
	}
	free(d);
	store_close(store);
	return ret;
}
