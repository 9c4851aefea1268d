/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time lines of all zones that are not idle: what has passed, what is, and what is expected.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "report_page.h"

#define DAY 86400
/*! The axis goes so far back and ahead of now, at most. */
#define BACK  (45 * DAY)
#define AHEAD (60 * DAY)
/*! Width of a time line in its own units, and of its smallest bar. */
#define WIDTH   1000
#define BAR_MIN 4
/*! More rows are folded. */
#define OPEN_ROWS 100
/*! So many time lines are drawn: of the zones that end first. */
#define LINES_MAX 500
/*! Phases of a time line, at most. */
#define PHASES_MAX 40
/*! The part of the page that ends with this section, percent. */
#define PERCENT 55

typedef struct {
	time_t from, to;
} axis_t;

/*! A part of a time line. */
typedef struct {
	char name[REPORT_TEXT];
	int state;       /*!< -1: one that this version does not have. */
	time_t from, to; /*!< to 0: not known. */
} phase_t;

void report_rolling_style(const page_t *p)
{
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		page_print(p, ".s%d{fill:%s;--c:%s}\n", i, picture_state_color(i), picture_state_color(i));
	}
}

/*! The next phase of a zone. \return False behind the last one. */
static bool next_phase(json_value_t list, json_value_t *at, phase_t *out)
{
	*at = json_element(list, *at);
	if (*at == NULL) {
		return false;
	}
	report_text(out->name, *at, "state");
	out->from = report_time(*at, "from");
	out->to = report_time(*at, "to");
	out->state = report_state(*at);
	return true;
}

static json_value_t timeline_of(const report_item_t *item)
{
	return json_member(item->value, "timeline");
}

static axis_t axis_of(const page_t *p, const report_item_t *const *items, size_t count)
{
	const time_t now = p->r->o->now;
	axis_t axis = { now - DAY, now + DAY };
	phase_t phase;

	for (size_t i = 0; i < count; i++) {
		for (json_value_t at = NULL; next_phase(timeline_of(items[i]), &at, &phase);) {
			axis.from = phase.from != 0 && phase.from < axis.from ? phase.from : axis.from;
			axis.to = phase.to > axis.to ? phase.to : axis.to;
		}
	}
	axis.from = axis.from < now - BACK ? now - BACK : axis.from;
	axis.from -= axis.from % DAY;
	axis.to = axis.to > now + AHEAD ? now + AHEAD : axis.to;
	return axis;
}

static int place(const axis_t *axis, time_t at)
{
	at = at < axis->from ? axis->from : at > axis->to ? axis->to : at;
	return (int)((double)(at - axis->from) * WIDTH / (double)(axis->to - axis->from));
}

/*! Days between two lines of the axis. */
static unsigned step_of(const axis_t *axis)
{
	return axis->to - axis->from <= 15 * DAY ? 1 : 7;
}

static void say_phase(const page_t *p, const phase_t *phase, time_t now)
{
	char from[TEXT_TIME], to[TEXT_TIME];

	page_print(p, "%s", phase->from > now ? "expected: " : phase->to == 0 || phase->to > now ? "now: " : "");
	page_text(p, phase->name);
	page_print(p, " from %s", picture_time(from, phase->from));
	if (phase->to != 0) {
		page_print(p, " to %s", picture_time(to, phase->to));
	}
}

static void bar(const page_t *p, const axis_t *axis, const phase_t *phase, time_t from, time_t to, const char *kind)
{
	const int x = place(axis, from), width = place(axis, to) - x;

	page_print(p, "<rect class=\"s%d%s\" x=\"%d\" y=\"3\" width=\"%d\" height=\"14\"/>",
	           phase->state >= 0 ? phase->state : 0, kind, x, width > BAR_MIN ? width : BAR_MIN);
}

static void draw(const page_t *p, const report_item_t *item, const axis_t *axis)
{
	const time_t now = p->r->o->now;
	const json_value_t list = timeline_of(item);
	phase_t phase;
	unsigned count = 0;

	page_print(p, "<svg role=\"img\" viewBox=\"0 0 %d 20\" preserveAspectRatio=\"none\" aria-label=\"", WIDTH);
	for (json_value_t at = NULL; count < PHASES_MAX && next_phase(list, &at, &phase); count++) {
		page_put(p, count > 0 ? "; " : "");
		say_phase(p, &phase, now);
	}
	page_put(p, "\">");
	count = 0;
	for (json_value_t at = NULL; count < PHASES_MAX && next_phase(list, &at, &phase); count++) {
		/* Until it is known when it ends, it goes on. */
		const time_t to = phase.to != 0 ? phase.to : axis->to;
		if (phase.from <= now) {
			bar(p, axis, &phase, phase.from, to < now ? to : now, "");
		}
		if (to > now) {
			bar(p, axis, &phase, phase.from > now ? phase.from : now, to, " next");
		}
	}
	const int at = place(axis, now);
	page_print(p, "<path class=\"now\" d=\"M%d 0V20\"/></svg>", at);
}

static void next_step(const page_t *p, const report_item_t *item)
{
	const json_value_t list = timeline_of(item);
	phase_t phase;

	for (json_value_t at = NULL; next_phase(list, &at, &phase);) {
		if (phase.from > p->r->o->now) {
			page_text(p, phase.name);
			page_put(p, ", ");
			page_time(p, phase.from, "-");
			return;
		}
	}
	page_put(p, item->end != 0 ? "idle, " : "");
	page_time(p, item->end, "-");
}

static void row(const page_t *p, const report_item_t *item, const axis_t *axis)
{
	const json_value_t gate = json_member(item->value, "gate");
	char code[REPORT_TEXT];

	page_row(p, item, "zone");
	page_put(p, "<td>");
	if (axis != NULL) {
		draw(p, item, axis);
	} else {
		page_put(p, "-");
	}
	page_put(p, "</td><td>");
	page_member(p, item->value, "state", "-");
	if (strcmp(report_text(code, gate, "code"), "none") != 0) {
		page_put(p, "<br><small>waits: ");
		page_text(p, code);
		page_put(p, "</small>");
	}
	page_put(p, item->blocked ? "<br><small><strong class=\"alarm\">needs a human</strong></small>" : "");
	page_put(p, "</td><td>");
	next_step(p, item);
	page_put(p, "</td><td>");
	page_time(p, item->end, "-");
	page_put(p, "</td></tr>\n");
}

/*! Colours and words of the states that these zones are in or come to. */
static void legend(const page_t *p)
{
	page_put(p, "<details class=\"legend\"><summary>States and their colours</summary><dl class=\"states\">");
	for (int i = 1; i < ROLLOVER_STATE__COUNT; i++) {
		page_print(p, "<dt class=\"s%d\">%s</dt><dd>%s</dd>", i, rollover_state_name(i),
		           rollover_state_meaning(i));
	}
	page_put(p, "</dl></details>\n");
}

static void sums(const page_t *p)
{
	size_t count[ROLLOVER_STATE__COUNT] = { 0 };
	const char *gap = "<p>";

	for (size_t i = 0; i < p->r->zones.count; i++) {
		const int state = p->r->zones.item[i].state;
		count[state > 0 ? state : 0]++;
	}
	for (int i = 1; i < ROLLOVER_STATE__COUNT; i++) {
		if (count[i] > 0) {
			page_print(p, "%s%s: %zu", gap, rollover_state_name(i), count[i]);
			gap = ", ";
		}
	}
	page_put(p, gap[0] == ',' ? "</p>\n" : "");
}

/*! Those that end first come first, those of which that is not known last. */
static int compare(const void *a, const void *b)
{
	const report_item_t *x = *(const report_item_t *const *)a, *y = *(const report_item_t *const *)b;

	if (x->end != y->end) {
		return x->end == 0 ? 1 : y->end == 0 ? -1 : x->end < y->end ? -1 : 1;
	}
	return x < y ? -1 : x > y;
}

static void table(const page_t *p, const report_item_t *const *items, size_t count)
{
	const size_t drawn = count < LINES_MAX ? count : LINES_MAX;
	const axis_t axis = axis_of(p, items, drawn);
	char head[256], from[TEXT_TIME], to[TEXT_TIME];
	size_t i = 0;

	snprintf(head, sizeof(head), "Time line<span class=\"axis\"><span>%.10s</span> <span>%.10s</span></span>",
	         picture_time(from, axis.from), picture_time(to, axis.to));
	const char *const heads[] = { "Zone", head, "State", "Next step, earliest", "End, earliest", NULL };
	page_fold(p, count, "zone", "zones", count <= OPEN_ROWS);
	page_print(p,
	           "<p class=\"soft\">In the time lines the dark or white line is now, pale bars with a border are "
	           "expected, and a thin line is a %s.</p>\n",
	           step_of(&axis) == 1 ? "day" : "week");
	page_print(p, "<div style=\"--step:%.2f%%\">", 100.0 * step_of(&axis) * DAY / (double)(axis.to - axis.from));
	page_table(p, "Zones by their expected end", heads);
	for (; i < count && !page_is_full(p, PERCENT); i++) {
		row(p, items[i], i < drawn ? &axis : NULL);
	}
	page_table_end(p);
	page_put(p, "</div>\n");
	page_left_out(p, count - i, "kskroll status");
	page_fold_end(p);
}

void report_rolling(page_t *p)
{
	const report_items_t *zones = &p->r->zones;
	const report_item_t **items = memory_need(malloc((zones->count + 1) * sizeof(*items)));
	size_t count = 0;

	for (size_t i = 0; i < zones->count; i++) {
		if (zones->item[i].state != ROLLOVER_IDLE) {
			items[count++] = &zones->item[i];
		}
	}
	qsort(items, count, sizeof(*items), compare);
	page_section(p, "rolling", "Under way");
	if (count > 0) {
		page_put(p,
		         "<p>Times that are expected are the earliest ones: they assume that every server does what it "
		         "should, and that a gate which needs a human opens now.</p>\n");
		sums(p);
		table(p, items, count);
		legend(p);
	} else {
		page_put(p, "<p>No zone is in a rollover.</p>\n");
	}
	page_section_end(p);
	free(items);
}
