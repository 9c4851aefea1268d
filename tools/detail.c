/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything about one zone on one screen.
 */

#include <stdio.h>
#include <string.h>

#include "sizes.h"

#define LABEL "%-12s"

void detail_label(const char *text)
{
	printf(LABEL, text);
}

static void when(const options_t *o, time_t at)
{
	char text[TEXT_TIME], span[TEXT_SPAN];
	text_time(text, at);
	if (at > o->now) {
		printf("%s (in %s)", text, text_span(span, at - o->now));
	} else {
		printf("%s (%s ago)", text, text_span(span, o->now - at));
	}
}

static void print_gate(const options_t *o, const store_zone_t *z)
{
	const rollover_row_t *row = &z->row;
	const rollover_gate_info_t *info = rollover_gate_info(row->gate);
	rollover_actor_t actor = advice_actor(o, row);

	if (row->gate == GATE_NONE) {
		detail_label("Waits for");
		puts("nothing");
	} else {
		detail_label("Waits for");
		color_print(o, COLOR_BOLD, info->name);
		if (row->gate_about[0] != '\0') {
			printf(" at %s", row->gate_about);
		}
		printf("\n" LABEL "%s\n", "", info->meaning);
		if (row->gate_detail[0] != '\0') {
			printf(LABEL "seen: %s\n", "", row->gate_detail);
		}
		printf(LABEL "since ", "");
		when(o, row->gate_since);
		if (row->gate_until != 0) {
			fputs(", opens by itself ", stdout);
			when(o, row->gate_until);
		}
		putchar('\n');
	}
	detail_label("Who acts");
	color_print(o, color_of_actor(actor), rollover_actor_name(actor));
	if (actor != ACTOR_NOBODY && info->actor == ACTOR_NOBODY && advice_overdue(o, row)) {
		fputs(": Find out why the zone is not checked.", stdout);
	} else if (row->gate != GATE_NONE) {
		printf(": %s", info->advice);
	}
	putchar('\n');
	if (z->checked != 0) {
		detail_label("Last check");
		when(o, z->checked);
		puts(row->state == ROLLOVER_IDLE ?
		             " or later (the store is written once an hour while the zone is idle)" :
		             "");
	}
	detail_label("Next check");
	if (row->next_check <= o->now && row->state == ROLLOVER_IDLE && !advice_overdue(o, row)) {
		puts("soon");
		return;
	}
	when(o, row->next_check);
	if (advice_overdue(o, row)) {
		color_print(o, COLOR_RED, " OVERDUE");
		fputs(": the server does not run, or the zone no longer has the module", stdout);
	}
	putchar('\n');
}

static void print_ttl(const options_t *o, const char *name, const ttl_window_t *w)
{
	char text[TEXT_TIME];

	if (w->count == 0) {
		return;
	}
	detail_label(name);
	printf("%u s", w->step[0].ttl);
	time_t expired = ttl_window_expired(w, w->step[0].ttl);
	if (expired > o->now) {
		printf("; caches may hold %u s until %s", ttl_window_max(w, o->now), text_time(text, expired));
	}
	putchar('\n');
}

static void print_keys(const store_zone_t *z, const forecast_t *plan)
{
	const rollover_row_t *row = &z->row;
	char name[2][ALGORITHM_TEXT];
	const key_id_t *wanted;
	char record[512];

	if (row->old_count > 0 || row->has_new) {
		detail_label("Keys");
		for (unsigned i = 0; i < row->old_count; i++) {
			printf("%s%s%u", i > 0 ? ", " : "",
			       row->state == ROLLOVER_IDLE || row->state == ROLLOVER_SETTLE ? "in use " : "old ",
			       row->old[i].tag);
		}
		if (row->has_new) {
			printf("%snew %u", row->old_count > 0 ? ", " : "", row->new_key.tag);
		}
		putchar('\n');
	}
	if (rollover_changes_scheme(row)) {
		detail_label("Scheme");
		puts(row->csk ? "a single key to KSK and ZSK" : "KSK and ZSK to a single key");
	} else if (row->csk) {
		detail_label("Scheme");
		puts("a single key signs all");
	}
	if (plan->algorithm_new != 0) {
		detail_label("Algorithm");
		printf("%s to %s\n", algorithm_text(name[0], plan->algorithm_old),
		       algorithm_text(name[1], plan->algorithm_new));
	}
	unsigned count = advice_wanted(row, &wanted);
	for (unsigned i = 0; i < count; i++) {
		advice_ds(record, sizeof(record), z->zone, &wanted[i]);
		detail_label(i == 0 ? "DS wanted" : "");
		puts(record);
	}
}

/* What the servers answered. */

typedef struct {
	const options_t *o;
	table_t *child;
	table_t *parent;
	bool data; /*!< Of interest: which version of the zone there is, and who signs it. */
} seen_t;

static table_t *head(const char *const *names, unsigned count)
{
	table_t *t = table_new(count);
	for (unsigned i = 0; i < count; i++) {
		table_add(t, COLOR_BOLD, names[i]);
	}
	return t;
}

static void status_cell(const options_t *o, table_t *t, const evidence_answer_t *a)
{
	char text[256], span[TEXT_SPAN];
	bool ok = strcmp(a->status, "ok") == 0;

	snprintf(text, sizeof(text), "%s%s%s%s%s", a->status, a->unreachable_since != 0 ? " for " : "",
	         a->unreachable_since != 0 ? text_span(span, o->now - a->unreachable_since) : "",
	         a->incomplete ? ", incomplete" : "",
	         ok && a->differs ? (a->parent ? ", foreign DS" : ", differs") : "");
	table_add(t, ok && !a->differs && !a->incomplete ? COLOR_GREEN : COLOR_RED, text);
}

static const char *dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

/*! The last column: what is known of the data, then the detail. */
static void last_cell(const seen_t *s, table_t *t, const evidence_answer_t *a)
{
	char text[sizeof(a->serial) + sizeof(a->data_algorithms) + sizeof(a->detail) + 64];

	if (!s->data || a->serial[0] == '\0') {
		table_add(t, COLOR_NONE, a->detail);
		return;
	}
	snprintf(text, sizeof(text), "serial %s, data signed by %s%s%s%s", a->serial,
	         a->data_algorithms[0] == '\0'           ? "no algorithm" :
	         strchr(a->data_algorithms, ',') != NULL ? "algorithms " :
	                                                   "algorithm ",
	         a->data_algorithms, a->detail[0] != '\0' ? "; " : "", a->detail);
	table_add(t, COLOR_NONE, text);
}

static void add_answer(const evidence_answer_t *a, void *arg)
{
	seen_t *s = arg;
	table_t *t = a->parent ? s->parent : s->child;

	table_add(t, COLOR_NONE, a->server);
	status_cell(s->o, t, a);
	if (a->parent) {
		table_add(t, COLOR_NONE, dash(a->ds));
	} else {
		table_add(t, COLOR_NONE, dash(a->dnskey));
		table_add(t, COLOR_NONE, dash(a->signed_by));
		table_add(t, COLOR_NONE, dash(a->cds));
		table_add(t, COLOR_NONE, dash(a->cdnskey));
	}
	table_add(t, COLOR_NONE, dash(a->ttl));
	last_cell(s, t, a);
}

static void print_answers(const options_t *o, const store_zone_t *z)
{
	static const char *const child[] = {
		"NAMESERVER", "ANSWER", "DNSKEY", "SIGNED BY", "CDS", "CDNSKEY", "TTL", "",
	};
	static const char *const parent[] = { "PARENT SERVER", "ANSWER", "DS", "TTL", "" };
	seen_t s = {
		.o = o,
		.child = head(child, 8),
		.parent = head(parent, 5),
		.data = rollover_changes_algorithm(&z->row),
	};

	time_t at = evidence_each(z->answers, add_answer, &s);
	if (at == 0) {
		puts("\nNo server has been asked yet.");
	} else {
		fputs("\nLast asked ", stdout);
		when(o, at);
		puts("; keys by their tags:");
	}
	evidence_own_t own;
	if (evidence_own(z->answers, &own)) {
		if (own.watch[0] != '\0') {
			printf("  validation: %s\n", own.watch);
		}
		if (own.signaling[0] != '\0') {
			printf("  signaling names (RFC 9615): %s\n", own.signaling);
		}
	}
	if (table_rows(s.child) > 1) {
		table_print(o, s.child, 2);
	}
	if (table_rows(s.parent) > 1) {
		if (z->parent_zone[0] != '\0') {
			printf("  of the parent zone %s\n", z->parent_zone);
		}
		table_print(o, s.parent, 2);
	}
	table_free(s.child);
	table_free(s.parent);
}

static void print_notification(const options_t *o, const store_zone_t *z)
{
	char outcome[1024];
	time_t at = evidence_say_notification(json_read(z->notification), outcome, sizeof(outcome));
	if (at != 0) {
		detail_label("Informed");
		when(o, at);
		fputs(": ", stdout);
		puts(outcome);
	}
	if (z->row.submitted != 0) {
		detail_label("Submitted");
		when(o, z->row.submitted);
		printf(": the outcome is not known yet%s%s\n", z->row.submitted_id[0] != '\0' ? ", clTRID " : "",
		       z->row.submitted_id);
	}
}

/* What comes. */

static void print_steps(const options_t *o, const forecast_t *plan)
{
	char text[TEXT_TIME];

	if (plan->imagined) {
		puts("\nNo rollover is due. kskroll plan shows how one would go.");
		return;
	}
	puts("\nWhat comes, at the earliest (kskroll plan says why not earlier):");
	table_t *t = table_new(3);
	for (unsigned i = 1; i < plan->count; i++) {
		const forecast_step_t *step = &plan->step[i];
		table_add(t, COLOR_NONE, text_time(text, step->from));
		table_add(t, COLOR_NONE, rollover_state_name(step->state));
		table_add(t, COLOR_NONE, rollover_state_meaning(step->state));
	}
	table_print(o, t, 2);
	table_free(t);
	if (plan->lifted != GATE_NONE) {
		printf("  provided that '%s' is resolved now\n", rollover_gate_info(plan->lifted)->name);
	}
	if (plan->end == 0) {
		printf("  then it stays at '%s'\n", rollover_gate_info(plan->stuck)->name);
	}
}

typedef struct {
	const options_t *o;
	const char *head;
	bool any;
} print_command_t;

static void print_command(const char *command, const char *comment, void *arg)
{
	print_command_t *p = arg;
	if (!p->any) {
		printf("\n%s:\n", p->head);
		p->any = true;
	}
	fputs("  ", stdout);
	color_print(p->o, COLOR_BOLD, command);
	printf("\n      # %s\n", comment);
}

void detail_print(const options_t *o, store_t *store, const store_zone_t *z, const forecast_t *plan)
{
	const rollover_row_t *row = &z->row;
	print_command_t useful = { .o = o, .head = "Useful now" };
	print_command_t give_up = { .o = o, .head = "To give the rollover up, in this order" };

	color_print(o, COLOR_BOLD, z->zone);
	printf("  %s: %s\n", rollover_state_name(row->state), rollover_state_meaning(row->state));
	detail_label("Since");
	when(o, row->since);
	putchar('\n');
	print_gate(o, z);
	if (row->state != ROLLOVER_IDLE && plan->end != 0) {
		char text[TEXT_TIME];
		detail_label("Earliest");
		printf("old KSK gone everywhere %s, ", plan->safe != 0 ? text_time(text, plan->safe) : "already");
		printf("all done %s\n", text_time(text, plan->end));
	}
	if (z->base_policy[0] != '\0' && row->state != ROLLOVER_IDLE) {
		detail_label("Policy");
		printf("%s comes back at the end\n", z->base_policy);
	}
	const rollover_config_t config = settings_of(o, z);
	detail_label("Settings");
	settings_print(&config, z);
	print_keys(z, plan);
	print_ttl(o, "DNSKEY TTL", &row->dnskey_ttl);
	print_ttl(o, "DS TTL", &row->ds_ttl);
	if (row->ds_ttl_before != 0) {
		detail_label("");
		printf("the parent is asked for %u s since ", rollover_ds_ttl_wanted(row));
		when(o, row->ds_ttl_asked);
		printf(row->ds_ttl_back ? ", as before the rollover\n" : "; %u s comes back at the end\n",
		       row->ds_ttl_before);
	}
	if (row->ds_all_since != 0) {
		detail_label("DS matches");
		fputs("on every parent server since ", stdout);
		when(o, row->ds_all_since);
		fputs(", old DS out of caches ", stdout);
		when(o, rollover_ds_expired(row));
		putchar('\n');
	}
	print_notification(o, z);
	error_reports_print(o, store, z->zone);
	print_answers(o, z);
	print_steps(o, plan);
	advice_commands(o, z, print_command, &useful);
	give_up_commands(o, z, print_command, &give_up);
}
