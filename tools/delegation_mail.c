/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator of a child has to know and to change, as a text that can be mailed. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "delegation_view.h"

#define WIDTH 76

/*! A paragraph, with lines that are broken between words. */
static void paragraph(const char *indent, const char *text)
{
	size_t column = 0;
	while (*text != '\0') {
		const size_t len = strcspn(text, " ");
		if (column > 0 && column + 1 + len > WIDTH) {
			putchar('\n');
			column = 0;
		}
		column += column == 0 ? printf("%s%.*s", indent, (int)len, text) : printf(" %.*s", (int)len, text);
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

static void records(const char *head, const char *name, const char *type, const char *list)
{
	char one[160];
	const char *at = list;

	if (list[0] == '\0') {
		return;
	}
	printf("\n%s:\n", head);
	while (next_record(&at, one, sizeof(one)) != NULL) {
		printf("  %s IN %s %s\n", name, type, one);
	}
}

static void print_signals(const evidence_seen_t *s)
{
	char one[160], from[TEXT_TIME], to[TEXT_TIME];
	const char *at = s->cds;

	printf("    DNSKEY %s%s%s\n", s->dnskey[0] != '\0' ? s->dnskey : "none of the keys in question",
	       s->signed_by[0] != '\0' ? ", signed by " : "", s->signed_by);
	while (next_record(&at, one, sizeof(one)) != NULL) {
		printf("    CDS %s\n", one);
	}
	if (!s->has_cds) {
		puts("    no CDS");
	} else {
		printf("    CDS is signed by %s\n",
		       s->cds_signed_by[0] != '\0' ? s->cds_signed_by : "no key in question");
	}
	if (!s->has_cdnskey) {
		puts("    no CDNSKEY");
	} else {
		printf("    CDNSKEY %s, signed by %s\n", s->cdnskey[0] != '\0' ? s->cdnskey : "of no key in question",
		       s->cdnskey_signed_by[0] != '\0' ? s->cdnskey_signed_by : "no key in question");
	}
	if (s->inception != 0) {
		printf("    newest signature over them: from %s until %s\n", text_time(from, s->inception),
		       text_time(to, s->expires));
	}
}

typedef struct {
	evidence_part_t part;
	const char *head;
	bool any;
} print_t;

static void print_seen(const evidence_seen_t *s, void *arg)
{
	print_t *p = arg;
	char since[TEXT_TIME];

	if (s->part != p->part) {
		return;
	}
	if (!p->any) {
		printf("\n%s:\n", p->head);
		p->any = true;
	}
	printf("  %s: %s%s%s\n", s->server, s->status, s->detail[0] != '\0' ? ", " : "", s->detail);
	if (s->unreachable_since != 0) {
		printf("    silent since %s\n", text_time(since, s->unreachable_since));
	}
	if (strcmp(s->status, "ok") == 0 || strcmp(s->status, "bogus") == 0 || strcmp(s->status, "incomplete") == 0) {
		print_signals(s);
	}
}

static void print_answers(const store_delegation_t *d)
{
	print_t parts[] = {
		{ EVIDENCE_CHILD, "What each nameserver answered (keys by their tags)", false },
		{ EVIDENCE_SIGNALING, "What the signaling name of each nameserver has (RFC 9615)", false },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		evidence_delegation_each(d->answers, print_seen, &parts[i]);
	}
}

static void print_change(const delegation_gate_info_t *info)
{
	if (info->actor == DELEGATION_ACTOR_CHILD) {
		puts("\nWhat to change:");
		paragraph("  ", info->advice);
	} else {
		puts("\nThe operator of the child has nothing to change.");
	}
}

void delegation_mail(const store_delegation_t *d)
{
	static evidence_judged_t judged;
	const delegation_row_t *row = &d->row;
	const delegation_gate_info_t *info = delegation_gate_info(row->gate);
	const bool fine = row->gate == DELEGATION_GATE_NONE;
	/* Signals that were undone or overruled may be right. */
	const bool failed = info->actor == DELEGATION_ACTOR_CHILD && info->after != DELEGATION_KEPT;
	char text[EVIDENCE_DS], when[TEXT_TIME];

	printf("Subject: DS of %s: %s\n\n", d->name, fine ? delegation_state_info(row->state)->meaning : info->meaning);
	snprintf(text, sizeof(text),
	         "The operator of the zone %s follows CDS and CDNSKEY of the zone %s (RFC 7344, RFC 8078, RFC 9615, "
	         "RFC 10026).%s",
	         d->zone, d->name, failed ? " A check has failed." : "");
	paragraph("", text);
	puts("\nResult:");
	snprintf(text, sizeof(text), "%s%s", fine ? delegation_state_info(row->state)->meaning : info->meaning,
	         fine ? "" : ".");
	text[0] = toupper((unsigned char)text[0]);
	paragraph("  ", text);
	if (!fine) {
		printf("  Code:   %s\n", info->name);
	}
	if (row->gate_about[0] != '\0') {
		printf("  At:     %s\n", row->gate_about);
	}
	if (row->gate_detail[0] != '\0') {
		printf("  Seen:   %s\n", row->gate_detail);
	}
	if (row->gate_since != 0 && !fine) {
		printf("  Since:  %s\n", text_time(when, row->gate_since));
	}
	if (row->gate_until != 0) {
		printf("  Until:  %s\n", text_time(when, row->gate_until));
	}
	print_change(info);
	if (evidence_judged(d->answers, &judged)) {
		printf("\nLast check: %s (all times are UTC)\n", text_time(when, judged.time));
		print_answers(d);
		if (judged.zone_known && judged.zone_ds[0] == '\0') {
			printf("\nThe zone %s has no DS for %s\n", d->zone, d->name);
		}
		records("DS in the parent zone", d->name, "DS", judged.zone_ds);
		records("DS that CDS and CDNSKEY ask for", d->name, "DS", judged.wanted);
		delegation_asked(d, text);
		records("DS that CDS asks for, not accepted (compare it with your keys before it is added by hand)",
		        d->name, "DS", judged.wanted[0] == '\0' ? text : "");
	}
}
