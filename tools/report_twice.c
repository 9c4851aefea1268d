/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zones and parent zones that the reports of several servers have: one has moved, or several servers have it now.
 */

#include <stdlib.h>
#include <string.h>

#include "report_page.h"

/*! More rows are folded, and even more are left out. */
#define OPEN_ROWS 10
#define ROWS_MAX  200

/*! An item by its name. */
typedef struct {
	char *name;
	report_item_t *item;
} named_t;

static int compare_names(const void *a, const void *b)
{
	const named_t *x = a, *y = b;
	const int name = strcmp(x->name, y->name);
	return name != 0 ? name : x->item < y->item ? -1 : x->item > y->item;
}

/*! Whether its server works with it, by a report that is not old. */
static bool is_current(const report_t *r, const report_item_t *item)
{
	const json_value_t runs = json_member(item->source->value, "daemon_running");
	char mode[REPORT_TEXT];

	if (r->o->now - item->source->time > REPORT_OLD || (runs != NULL && *runs == 'f')) {
		return false;
	}
	/* Zones have no mode. An agent that only reports is in nobody's way. */
	report_text(mode, item->value, "mode");
	return !report_true(item->value, "overdue") && (mode[0] == '\0' || strcmp(mode, "update") == 0);
}

/*! Those of a list, by name; \a twice: only those that several servers have. */
static named_t *by_name(const report_items_t *items, bool twice, size_t *count)
{
	named_t *named = memory_need(malloc((items->count + 1) * sizeof(*named)));
	char text[REPORT_TEXT];

	*count = 0;
	for (size_t i = 0; i < items->count; i++) {
		if (!twice || items->item[i].twice) {
			report_text(text, items->item[i].value, "zone");
			named[(*count)++] = (named_t){ memory_need(strdup(text)), &items->item[i] };
		}
	}
	qsort(named, *count, sizeof(*named), compare_names);
	return named;
}

static void forget(named_t *named, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(named[i].name);
	}
	free(named);
}

/*! Decides about all items of one name. \return How many of them are more than the one zone. */
static size_t judge(const report_t *r, const named_t *same, size_t count)
{
	const report_item_t *current = NULL;
	size_t currents = 0, moved = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_current(r, same[i].item)) {
			current = same[i].item;
			currents++;
		}
	}
	for (size_t i = 0; i < count; i++) {
		report_item_t *item = same[i].item;
		const bool here = is_current(r, item);
		item->twice = here && currents > 1;
		/* What the former server has of the zone is no fact any more. */
		item->moved = !here && currents == 1 &&
		              report_time(item->value, "checked") <= report_time(current->value, "checked");
		moved += item->moved;
	}
	return count - moved - 1;
}

/*! Of all items of a list. */
static size_t judge_all(const report_t *r, const report_items_t *items)
{
	size_t count, more = 0;
	named_t *named = by_name(items, false, &count);

	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && strcmp(named[next].name, named[i].name) == 0;) {
			next++;
		}
		more += next > i + 1 ? judge(r, &named[i], next - i) : 0;
	}
	forget(named, count);
	return more;
}

/*! Zones that have moved leave the list and the counts. */
static void take_out_moved(report_t *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->zones.count; i++) {
		const report_item_t item = r->zones.item[i];
		if (!item.moved) {
			r->zones.item[kept++] = item;
			continue;
		}
		report_source_t *source = &r->source[item.source - r->source];
		source->moved++;
		source->zones--;
		source->blocked -= item.blocked;
		source->rolling -= item.state != ROLLOVER_IDLE;
	}
	r->zones.count = kept;
}

void report_find_twice(report_t *r)
{
	if (r->sources < 2) {
		return;
	}
	r->more = judge_all(r, &r->zones);
	take_out_moved(r);
	(void)judge_all(r, &r->parents);
}

static void list(const page_t *p, const report_items_t *items, const char *heading, const char *meaning)
{
	size_t count, i = 0;
	named_t *named = by_name(items, true, &count);

	if (count > 0) {
		page_print(p, "<article><h3>%s</h3><p>%s</p>", heading, meaning);
		page_fold(p, count, "row", "rows", count <= OPEN_ROWS);
		page_put(p, "<ul class=\"entries\">\n");
		for (; i < count && i < ROWS_MAX; i++) {
			page_put(p, "<li><b>");
			page_text(p, named[i].name);
			page_put(p, "</b> on ");
			page_text(p, named[i].item->source->label);
			page_put(p, "</li>\n");
		}
		page_put(p, "</ul>\n");
		page_left_out(p, count - i, "kskroll status");
		page_fold_end(p);
		page_put(p, "</article>\n");
	}
	forget(named, count);
}

void report_twice(const page_t *p)
{
	list(p, &p->r->zones, "Zones on several servers",
	     "Several servers have checked these zones within hours. One server alone must sign a zone, unless several "
	     "signers share their keys. After a move this ends by itself within 4 hours.");
	list(p, &p->r->parents, "Parent zones on several servers",
	     "Several servers have the agent for these parent zones. One alone must have <code>delegations: "
	     "update</code>.");
}
