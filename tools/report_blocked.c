/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What needs a human, by its cause: one server may keep a thousand zones waiting.
 */

#include <stdlib.h>
#include <string.h>

#include "delegation_view.h"
#include "report_page.h"

/*! More of one cause are folded. */
#define OPEN_ROWS 5
/*! So many of one cause have their commands. */
#define COMMAND_ROWS 20
/*! More commands of a zone are folded, and even more are left out. */
#define OPEN_COMMANDS 10
#define COMMANDS_MAX  40
/*! The part of the page that ends with this section, percent. */
#define PERCENT 30

/*! Those of one cause, next to each other. */
typedef struct {
	const report_item_t *const *first;
	size_t count;
} cause_t;

static int compare_items(const void *a, const void *b)
{
	const report_item_t *x = *(const report_item_t *const *)a, *y = *(const report_item_t *const *)b;

	if (x->outage != y->outage) {
		return x->outage ? -1 : 1;
	}
	if (x->delegation != y->delegation) {
		return x->delegation ? 1 : -1;
	}
	const int cause = strcmp(x->cause, y->cause);
	return cause != 0 ? cause : x < y ? -1 : x > y;
}

static int compare_causes(const void *a, const void *b)
{
	const cause_t *x = a, *y = b;

	if ((*x->first)->outage != (*y->first)->outage) {
		return (*x->first)->outage ? -1 : 1;
	}
	return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp((*x->first)->cause, (*y->first)->cause);
}

static void heading(page_t *p, const report_item_t *item)
{
	const json_value_t gate = json_member(item->value, "gate");
	char code[REPORT_TEXT], about[REPORT_TEXT], at[TEXT_AT];

	if (item->overdue) {
		page_put(p, "<h3>overdue</h3><p>The next check should have come hours ago: the server does not run, or "
		            "its zone no longer has the module.<br><b>Who acts:</b> operator. <b>What to do:</b> Find "
		            "out why the zone is not checked.</p>\n");
		return;
	}
	report_text(code, gate, "code");
	page_put(p, "<h3>");
	if (item->outage) {
		page_put(p, "<strong class=\"alarm\">Does not validate, or may not soon:</strong> ");
	}
	page_text(p, code);
	page_text(p, text_at(at, code, report_text(about, gate, "about")));
	page_put(p, "</h3><p>");
	page_member(p, gate, "meaning", code);
	page_put(p, ".<br><b>Who acts:</b> ");
	page_member(p, item->value, "actor", "-");
	page_put(p, ". <b>What to do:</b> ");
	page_member(p, gate, "advice", "-");
	page_put(p, "</p>\n");
}

static void command(const page_t *p, json_value_t one)
{
	page_put(p, "<li><code>");
	page_member(p, one, "command", "");
	page_put(p, "</code> <small>");
	page_member(p, one, "comment", "");
	page_put(p, "</small></li>");
}

/*! The first of them, the one for all of it, and folded some more. */
static void commands(const page_t *p, const report_item_t *item, bool zone)
{
	const json_value_t list = zone ? json_member(item->value, "commands") : NULL;
	char name[REPORT_TEXT], word[4 * REPORT_TEXT];
	json_value_t one = json_element(list, NULL), more;
	size_t count = 0;

	page_put(p, "<ul>");
	for (; one != NULL && count < OPEN_COMMANDS; one = json_element(list, one)) {
		command(p, one);
		count++;
	}
	page_print(p, "<li><code>kskroll %s ", zone ? "status" : "delegation");
	report_text(name, item->value, zone ? "zone" : "name");
	page_text(p, shell_word(word, sizeof(word), name));
	page_put(p, "</code> <small>shows all of it</small></li></ul>");
	count = 0;
	for (more = one; more != NULL; more = json_element(list, more)) {
		count++;
	}
	if (count == 0) {
		return;
	}
	page_fold(p, count, "more command", "more commands", false);
	page_put(p, "<ul>");
	for (size_t i = 0; one != NULL && i < COMMANDS_MAX - OPEN_COMMANDS; one = json_element(list, one)) {
		command(p, one);
		i++;
	}
	page_put(p, one != NULL ? "<li>and others</li></ul>" : "</ul>");
	page_fold_end(p);
}

/*! No table: on a phone the commands would be outside. */
static void entry(const page_t *p, const report_item_t *item, bool zone, bool helps)
{
	const json_value_t gate = json_member(item->value, "gate");
	const time_t since = report_time(gate, "since");
	char text[REPORT_TEXT], span[TEXT_SPAN];

	page_put(p, "<li><b>");
	page_member(p, item->value, zone ? "zone" : "name", "-");
	page_put(p, "</b>");
	if (p->many) {
		page_put(p, " on ");
		page_text(p, item->source->label);
	}
	page_put(p, " (");
	page_member(p, item->value, "state", "-");
	page_put(p, ")");
	if (since != 0) {
		page_put(p, ", waits since ");
		page_time(p, since, "-");
		page_print(p, " (%s)", text_span(span, p->r->o->now - since));
	}
	if (report_text(text, gate, "detail")[0] != '\0') {
		page_put(p, ", seen: ");
		page_text(p, text);
	}
	if (helps) {
		commands(p, item, zone);
	}
	page_put(p, "</li>\n");
}

static void show_cause(page_t *p, const cause_t *cause, bool zones)
{
	size_t i = 0;

	page_print(p, "<article%s>", (*cause->first)->outage ? " class=\"alarm\"" : "");
	heading(p, *cause->first);
	if (cause->count > 1) {
		page_fold(p, cause->count, zones ? "zone" : "delegation", zones ? "zones" : "delegations",
		          cause->count <= OPEN_ROWS);
	}
	page_put(p, "<ul class=\"entries\">\n");
	for (; i < cause->count && !page_is_full(p, PERCENT); i++) {
		entry(p, cause->first[i], zones, i < COMMAND_ROWS);
	}
	page_put(p, "</ul>\n");
	page_left_out(p, cause->count - i, zones ? "kskroll status --blocked" : "kskroll delegations --blocked");
	if (cause->count > 1) {
		page_fold_end(p);
	}
	page_put(p, "</article>\n");
}

static size_t pick(const report_item_t **out, size_t count, const report_items_t *items)
{
	for (size_t i = 0; i < items->count; i++) {
		if (items->item[i].blocked) {
			out[count++] = &items->item[i];
		}
	}
	return count;
}

/*! \return Number of causes; they are next to each other. */
static size_t find_causes(cause_t *cause, const report_item_t *const *item, size_t count)
{
	size_t causes = 0;

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(item[i]->cause, item[i - 1]->cause) != 0 ||
		    item[i]->outage != item[i - 1]->outage || item[i]->delegation != item[i - 1]->delegation) {
			cause[causes++] = (cause_t){ .first = &item[i] };
		}
		cause[causes - 1].count++;
	}
	qsort(cause, causes, sizeof(*cause), compare_causes);
	return causes;
}

/*! \return Whether there are any. */
static bool show_all(page_t *p)
{
	const size_t most = p->r->zones.count + p->r->delegations.count + 1;
	const report_item_t **item = memory_need(malloc(most * sizeof(*item)));
	cause_t *cause = memory_need(calloc(most, sizeof(*cause)));
	size_t left[2] = { 0 }, i = 0;

	const size_t count = pick(item, pick(item, 0, &p->r->zones), &p->r->delegations);
	qsort(item, count, sizeof(*item), compare_items);
	const size_t causes = find_causes(cause, item, count);
	for (; i < causes && !page_is_full(p, PERCENT); i++) {
		show_cause(p, &cause[i], !(*cause[i].first)->delegation);
	}
	for (; i < causes; i++) {
		left[(*cause[i].first)->delegation] += cause[i].count;
	}
	page_left_out(p, left[0], "kskroll status --blocked");
	page_left_out(p, left[1], "kskroll delegations --blocked");
	free(cause);
	free(item);
	return count > 0;
}

/*! Parent zones that cannot be worked with. */
static bool show_parents(page_t *p)
{
	bool any = false;

	for (size_t i = 0; i < p->r->parents.count && !page_is_full(p, PERCENT); i++) {
		const report_item_t *item = &p->r->parents.item[i];
		char trouble[REPORT_TEXT];
		if (report_text(trouble, item->value, "trouble")[0] == '\0') {
			continue;
		}
		any = true;
		page_put(p, "<article class=\"alarm\"><h3>Parent zone ");
		page_member(p, item->value, "zone", "-");
		if (p->many) {
			page_put(p, " at ");
			page_text(p, item->source->label);
		}
		page_put(p, "</h3><p>The DS of no child is changed: ");
		page_text(p, trouble);
		page_put(p, "</p><p><code>kskroll delegations ");
		page_member(p, item->value, "zone", "");
		page_put(p, "</code> <small>shows all of it</small></p></article>\n");
	}
	return any;
}

void report_blocked(page_t *p)
{
	const bool parents = show_parents(p);

	if (!show_all(p) && !parents && report_is_whole(p->r)) {
		page_put(p, "<p>No zone and no delegation needs a human.</p>\n");
	}
}
