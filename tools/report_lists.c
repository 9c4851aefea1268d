/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is long: findings of the audit, delegations, all zones. Folded.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "report_page.h"

/*! More rows are folded. */
#define OPEN_ROWS 10
/*! So many findings of one check are listed. */
#define FINDINGS_MAX 200
/*! The parts of the page that end with these sections, percent. */
#define PERCENT_FINDINGS    75
#define PERCENT_DELEGATIONS 82
#define PERCENT_ZONES       99

static void cell(const page_t *p, json_value_t object, const char *name)
{
	page_put(p, "<td>");
	page_member(p, object, name, "-");
	page_put(p, "</td>");
}

static void cell_time(const page_t *p, time_t at)
{
	char text[TEXT_TIME];
	page_print(p, "<td>%s</td>", picture_time(text, at));
}

/* Findings. */

/*! Findings of one check and level, which are next to each other. */
typedef struct {
	int level;
	char check[64];
	const report_item_t *item;
} found_t;

static int level_of(json_value_t finding)
{
	char text[REPORT_TEXT];

	report_text(text, finding, "level");
	for (int i = 0; i < LEVEL__COUNT; i++) {
		if (strcmp(text, level_name(i)) == 0) {
			return i;
		}
	}
	return LEVEL_NOTE;
}

static int compare_findings(const void *a, const void *b)
{
	const found_t *x = a, *y = b;

	if (x->level != y->level) {
		return x->level > y->level ? -1 : 1;
	}
	const int check = strcmp(x->check, y->check);
	return check != 0 ? check : x->item < y->item ? -1 : x->item > y->item;
}

static void group(const page_t *p, const found_t *found, size_t count)
{
	static const char *const heads[] = { "Zone or delegation", "At", "Seen", NULL };
	size_t i = 0;

	page_print(p, "<details%s><summary><b>%s</b>: ",
	           found->level == LEVEL_CRITICAL && count <= OPEN_ROWS ? " open" : "", level_name(found->level));
	page_text(p, found->check);
	page_print(p, ", %zu time%s. ", count, count == 1 ? "" : "s");
	page_member(p, found->item->value, "meaning", "");
	page_put(p, "</summary>\n");
	page_table(p, found->check, heads);
	for (; i < count && i < FINDINGS_MAX && !page_is_full(p, PERCENT_FINDINGS); i++) {
		page_row(p, found[i].item, "zone");
		cell(p, found[i].item->value, "about");
		cell(p, found[i].item->value, "detail");
		page_put(p, "</tr>\n");
	}
	page_table_end(p);
	page_left_out(p, count - i, "kskroll audit --all");
	page_fold_end(p);
}

void report_findings(page_t *p)
{
	const report_items_t *findings = &p->r->findings;
	found_t *found = memory_need(malloc((findings->count + 1) * sizeof(*found)));
	size_t counts[LEVEL__COUNT] = { 0 };

	for (size_t i = 0; i < findings->count; i++) {
		char text[REPORT_TEXT];
		const report_item_t *item = &findings->item[i];
		found[i] = (found_t){ .level = level_of(item->value), .item = item };
		snprintf(found[i].check, sizeof(found[i].check), "%.63s", report_text(text, item->value, "check"));
		counts[found[i].level]++;
	}
	qsort(found, findings->count, sizeof(*found), compare_findings);
	page_section(p, "audit", "Audit");
	page_print(p, "<p>%zu critical, %zu warning%s, %zu note%s.</p>\n", counts[LEVEL_CRITICAL],
	           counts[LEVEL_WARNING], counts[LEVEL_WARNING] == 1 ? "" : "s", counts[LEVEL_NOTE],
	           counts[LEVEL_NOTE] == 1 ? "" : "s");
	for (size_t i = 0, next; i < findings->count && !page_is_full(p, PERCENT_FINDINGS); i = next) {
		for (next = i + 1; next < findings->count && found[next].level == found[i].level &&
		                   strcmp(found[next].check, found[i].check) == 0;) {
			next++;
		}
		group(p, &found[i], next - i);
	}
	page_section_end(p);
	free(found);
}

/* Delegations of parent zones. */

static void states_cell(const page_t *p, json_value_t parent)
{
	const json_value_t list = json_member(parent, "states");
	json_value_t one = NULL;
	const char *gap = "<td>";

	while ((one = json_element(list, one)) != NULL) {
		page_put(p, gap);
		page_member(p, one, "state", "-");
		page_put(p, " ");
		page_member(p, one, "count", "-");
		gap = ", ";
	}
	page_put(p, gap[0] == ',' ? "</td>" : "<td>-</td>");
}

static void parents(const page_t *p)
{
	static const char *const heads[] = { "Parent zone",  "Mode",   "Delegations", "With DS", "States",
		                             "Need a human", "Reload", "Trouble",     NULL };
	const report_items_t *items = &p->r->parents;
	size_t i = 0;

	page_table(p, "Parent zones of these servers", heads);
	for (; i < items->count && !page_is_full(p, PERCENT_DELEGATIONS); i++) {
		const json_value_t value = items->item[i].value;
		page_row(p, &items->item[i], "zone");
		cell(p, value, "mode");
		cell(p, value, "delegations");
		cell(p, value, "secure");
		states_cell(p, value);
		cell(p, value, "blocked");
		cell(p, value, "load");
		cell(p, value, "trouble");
		page_put(p, "</tr>\n");
	}
	page_table_end(p);
	page_left_out(p, items->count - i, "kskroll delegations");
}

static void delegations(const page_t *p)
{
	static const char *const heads[] = { "Delegation", "Parent zone", "State", "Since",
		                             "Waits for",  "Opens",       "At",    NULL };
	const report_items_t *items = &p->r->delegations;
	size_t i = 0;

	page_fold(p, items->count, "delegation is not in rest", "delegations are not in rest",
	          items->count <= OPEN_ROWS);
	page_table(p, "Delegations that are not in rest", heads);
	for (; i < items->count && !page_is_full(p, PERCENT_DELEGATIONS); i++) {
		const json_value_t value = items->item[i].value, gate = json_member(value, "gate");
		page_row(p, &items->item[i], "name");
		cell(p, value, "zone");
		cell(p, value, "state");
		cell_time(p, report_time(value, "since"));
		cell(p, gate, "code");
		cell_time(p, report_time(gate, "until"));
		cell(p, gate, "about");
		page_put(p, "</tr>\n");
	}
	page_table_end(p);
	page_left_out(p, items->count - i, "kskroll delegations");
	page_fold_end(p);
}

void report_delegations(page_t *p)
{
	page_section(p, "delegations", "Delegations");
	if (p->r->parents.count > 0) {
		parents(p);
	} else {
		page_put(p, "<p>There are no parent zones.</p>\n");
	}
	if (p->r->delegations.count > 0) {
		delegations(p);
	}
	page_section_end(p);
}

/* All zones. */

void report_zones(page_t *p)
{
	static const char *const heads[] = { "Zone", "State", "Since", "Waits for", "Who acts", "Parent zone", NULL };
	const report_items_t *items = &p->r->zones;
	size_t i = 0;

	page_section(p, "zones", "All zones");
	page_fold(p, items->count, "zone", "zones", false);
	page_table(p, "All zones", heads);
	for (; i < items->count && !page_is_full(p, PERCENT_ZONES); i++) {
		const json_value_t value = items->item[i].value, gate = json_member(value, "gate");
		page_row(p, &items->item[i], "zone");
		cell(p, value, "state");
		cell_time(p, report_time(value, "since"));
		cell(p, gate, "code");
		cell(p, value, "actor");
		cell(p, value, "parent_zone");
		page_put(p, "</tr>\n");
	}
	page_table_end(p);
	page_left_out(p, items->count - i, "kskroll status");
	page_fold_end(p);
	page_section_end(p);
}
