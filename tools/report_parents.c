/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parents of the zones, side by side, and what the history says of months.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_page.h"

/*! More parents are folded, and even more are left out. */
#define OPEN_ROWS 30
#define PERCENT   65
/*! Words of one kind that are counted: ways to inform a parent, outcomes. */
#define WORDS_MAX 16

typedef struct {
	char word[WORDS_MAX][32];
	size_t count[WORDS_MAX];
} words_t;

typedef struct {
	const char *name;
	size_t zones;
	size_t rolling;
	size_t waiting;    /*!< Zones in await-ds, */
	time_t wait_since; /*!< and since when the first of them. */
	words_t via;
	words_t notified;
	int64_t *after; /*!< Seconds from signal to DS. */
	size_t after_count;
} parent_t;

/*! A zone with the name of its parent. */
typedef struct {
	char *parent;
	const report_item_t *item;
} child_t;

static int compare_children(const void *a, const void *b)
{
	const child_t *x = a, *y = b;
	const int parent = strcmp(x->parent, y->parent);
	return parent != 0 ? parent : x->item < y->item ? -1 : x->item > y->item;
}

static int compare_parents(const void *a, const void *b)
{
	const parent_t *x = a, *y = b;
	return x->zones != y->zones ? (x->zones > y->zones ? -1 : 1) : strcmp(x->name, y->name);
}

static int compare_spans(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void count_word(words_t *words, json_value_t zone, const char *name)
{
	char text[REPORT_TEXT];

	if (report_text(text, zone, name)[0] == '\0') {
		return;
	}
	text[sizeof(words->word[0]) - 1] = '\0';
	for (unsigned i = 0; i < WORDS_MAX; i++) {
		if (words->count[i] == 0 || strcmp(words->word[i], text) == 0) {
			strcpy(words->word[i], text);
			words->count[i]++;
			return;
		}
	}
}

static void put_words(const page_t *p, const words_t *words)
{
	page_put(p, "<td>");
	for (unsigned i = 0; i < WORDS_MAX && words->count[i] > 0; i++) {
		page_put(p, i > 0 ? ", " : "");
		page_text(p, words->word[i]);
		page_print(p, " %zu", words->count[i]);
	}
	page_put(p, words->count[0] > 0 ? "</td>" : "-</td>");
}

static void add_child(parent_t *parent, const report_item_t *item)
{
	const json_value_t list = json_member(item->value, "ds_after");
	const time_t since = report_time(item->value, "since");
	json_value_t one = NULL;

	parent->zones++;
	parent->rolling += item->state != ROLLOVER_IDLE;
	if (item->state == ROLLOVER_AWAIT_DS) {
		parent->waiting++;
		parent->wait_since = parent->wait_since == 0 || since < parent->wait_since ? since : parent->wait_since;
	}
	count_word(&parent->via, item->value, "parent_via");
	count_word(&parent->notified, item->value, "notified");
	while ((one = json_element(list, one)) != NULL) {
		parent->after = memory_need(realloc(parent->after, (parent->after_count + 1) * sizeof(*parent->after)));
		parent->after[parent->after_count++] = json_integer(one);
	}
}

/*! "1.3 days", "2 h 5 min": days, as RFC 10026 and registries speak of them, once there is one. */
static void put_span(const page_t *p, int64_t seconds)
{
	char span[TEXT_SPAN];

	if (seconds >= 86400) {
		page_print(p, "%.1f days", (double)seconds / 86400);
	} else {
		page_put(p, text_span(span, seconds));
	}
}

static void row(const page_t *p, parent_t *parent)
{
	const size_t n = parent->after_count;

	page_put(p, "<tr><th scope=\"row\">");
	page_text(p, parent->name[0] != '\0' ? parent->name : "not known yet");
	page_print(p, "</th><td>%zu</td><td>%zu</td><td>", parent->zones, parent->rolling);
	if (parent->waiting > 0) {
		page_print(p, "%zu, the first one since ", parent->waiting);
		page_time(p, parent->wait_since, "-");
	} else {
		page_put(p, "-");
	}
	page_put(p, "</td>");
	put_words(p, &parent->via);
	put_words(p, &parent->notified);
	page_put(p, "<td>");
	if (n > 0) {
		qsort(parent->after, n, sizeof(*parent->after), compare_spans);
		put_span(p,
		         n % 2 == 1 ? parent->after[n / 2] : parent->after[n / 2 - 1] / 2 + parent->after[n / 2] / 2);
		page_put(p, "</td><td>");
		put_span(p, parent->after[n - 1]);
		page_print(p, "</td><td>%zu</td></tr>\n", n);
	} else {
		page_put(p, "-</td><td>-</td><td>0</td></tr>\n");
	}
}

static void table(const page_t *p, parent_t *parents, size_t count)
{
	static const char *const heads[] = {
		"Parent zone",       "Zones",   "Roll",      "Wait for DS", "parent-via", "Last notification",
		"Median time to DS", "Longest", "Rollovers", NULL,
	};
	page_t plain = *p;
	size_t i = 0;

	plain.many = false;
	page_fold(p, count, "parent zone", "parent zones", count <= OPEN_ROWS);
	page_put(p,
	         "<p class=\"soft\">The time to DS is from the signal at every nameserver to the DS at every server of "
	         "the parent.</p>\n");
	page_table(&plain, "Parents side by side", heads);
	for (; i < count && !page_is_full(p, PERCENT); i++) {
		row(p, &parents[i]);
	}
	page_table_end(p);
	page_left_out(p, count - i, "kskroll report --json");
	page_fold_end(p);
}

void report_parents(page_t *p)
{
	const report_items_t *zones = &p->r->zones;
	child_t *child = memory_need(malloc((zones->count + 1) * sizeof(*child)));
	parent_t *parents = memory_need(calloc(zones->count + 1, sizeof(*parents)));
	char text[REPORT_TEXT];
	size_t count = 0;

	for (size_t i = 0; i < zones->count; i++) {
		report_text(text, zones->item[i].value, "parent_zone");
		child[i] = (child_t){ memory_need(strdup(text)), &zones->item[i] };
	}
	qsort(child, zones->count, sizeof(*child), compare_children);
	for (size_t i = 0; i < zones->count; i++) {
		if (i == 0 || strcmp(child[i].parent, child[i - 1].parent) != 0) {
			parents[count++].name = child[i].parent;
		}
		add_child(&parents[count - 1], child[i].item);
	}
	qsort(parents, count, sizeof(*parents), compare_parents);
	page_section(p, "parents", "Parents");
	if (count > 0) {
		table(p, parents, count);
	} else {
		page_put(p, "<p>There are no zones.</p>\n");
	}
	page_section_end(p);
	for (size_t i = 0; i < count; i++) {
		free(parents[i].after);
	}
	for (size_t i = 0; i < zones->count; i++) {
		free(child[i].parent);
	}
	free(parents);
	free(child);
}

/* Trends. */

typedef struct {
	char name[16]; /*!< "2027-01" */
	int64_t started, finished, rolled_back;
} month_t;

static int compare_months(const void *a, const void *b)
{
	return strcmp(((const month_t *)a)->name, ((const month_t *)b)->name);
}

/*! Sums of all servers, the newest months. \return Their number. */
static size_t read_months(const report_t *r, month_t *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < r->sources; i++) {
		const json_value_t list = json_member(r->source[i].value, "months");
		json_value_t one = NULL;
		while ((one = json_element(list, one)) != NULL) {
			char whole[REPORT_TEXT], text[8];
			size_t at = 0;
			snprintf(text, sizeof(text), "%.7s", report_text(whole, one, "month"));
			while (at < count && strcmp(out[at].name, text) != 0) {
				at++;
			}
			if (at == max || text[0] == '\0') {
				continue;
			}
			if (at == count) {
				out[count++] = (month_t){ 0 };
				strcpy(out[at].name, text);
			}
			out[at].started += report_number(one, "started");
			out[at].finished += report_number(one, "finished");
			out[at].rolled_back += report_number(one, "rolled_back");
		}
	}
	qsort(out, count, sizeof(*out), compare_months);
	return count;
}

void report_trends(page_t *p)
{
	static const char *const heads[] = {
		"Month", "Started", "Finished", "Rolled back", "Finished, as a bar", NULL
	};
	month_t month[2 * REPORT_MONTHS];
	const size_t count = read_months(p->r, month, sizeof(month) / sizeof(month[0]));
	int64_t most = 1;
	page_t plain = *p;

	plain.many = false;
	page_section(p, "trends", "Trends");
	page_put(p, "<p class=\"soft\">By the history. A rollover is finished when only the new KSK is left.</p>\n");
	page_table(&plain, "Rollovers of each month", heads);
	for (size_t i = 0; i < count; i++) {
		most = month[i].finished > most ? month[i].finished : most;
	}
	for (size_t i = 0; i < count; i++) {
		page_put(p, "<tr><th scope=\"row\">");
		page_text(p, month[i].name);
		page_print(p,
		           "</th><td>%lld</td><td>%lld</td><td>%lld</td>"
		           "<td><svg aria-hidden=\"true\" viewBox=\"0 0 %d 20\" preserveAspectRatio=\"none\">"
		           "<rect class=\"s%d\" y=\"3\" width=\"%d\" height=\"14\"/></svg></td></tr>\n",
		           (long long)month[i].started, (long long)month[i].finished, (long long)month[i].rolled_back,
		           1000, ROLLOVER_OBSERVE,
		           month[i].finished > 0 ? (int)((double)month[i].finished * 1000 / (double)most) : 0);
	}
	page_table_end(p);
	page_section_end(p);
}
