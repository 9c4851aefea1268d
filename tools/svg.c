/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row per step on one axis of time. Below a step's bar is what it waits for.
 */

#include <stdio.h>
#include <string.h>

#include "picture.h"

#define WIDTH      1200
#define MARGIN     24
#define CHART_X    250 /*!< Left and right end of the axis. */
#define CHART_END  1160
#define TITLE_Y    40
#define NOTE_STEP  18
#define ROW_HEAD   34 /*!< A row without waits. */
#define WAIT_STEP  16
#define BAR        14
#define STRIP      4 /*!< Below a bar: who has to act. */
#define NOTE_CHARS 165
#define WAIT_CHARS 145

typedef struct {
	FILE *out;
	const picture_t *p;
	time_t from, to; /*!< Of the axis. */
	int top, bottom; /*!< Of the rows. */
} drawing_t;

/* Layout. */

static double x_of(const drawing_t *d, time_t at)
{
	at = at < d->from ? d->from : at > d->to ? d->to : at;
	return CHART_X + (double)(at - d->from) / (d->to - d->from) * (CHART_END - CHART_X);
}

static void set_axis(drawing_t *d)
{
	const forecast_t *plan = d->p->plan;
	time_t now = d->p->o->now;
	time_t last = plan->step[plan->count - 1].from;

	d->from = plan->start != 0 && plan->start < now ? plan->start : now;
	if (plan->start > now) {
		d->from = plan->start;
	}
	d->to = plan->end != 0 ? plan->end : last > now ? last : now;
	time_t margin = (d->to - d->from) / 20;
	d->to += margin > 600 ? margin : 600;
}

static unsigned wait_lines(const drawing_t *d, const forecast_step_t *step)
{
	char text[PICTURE_TEXT];
	unsigned lines = 0;
	for (unsigned i = 0; i < step->wait_count; i++) {
		if (picture_waits(d->p, &step->wait[i])) {
			picture_wait(text, d->p, step, &step->wait[i]);
			lines += xml_lines(text, WAIT_CHARS);
		}
	}
	return lines;
}

static int row_height(const drawing_t *d, const forecast_step_t *step)
{
	return ROW_HEAD + wait_lines(d, step) * WAIT_STEP + 8;
}

static int notes_height(const drawing_t *d, unsigned first, unsigned last)
{
	char text[PICTURE_TEXT];
	unsigned lines = 0;
	for (unsigned i = first; i <= last; i++) {
		lines += picture_note(text, d->p, i) ? xml_lines(text, NOTE_CHARS) : 0;
	}
	return lines * NOTE_STEP;
}

/* Pieces. */

static void text_n(drawing_t *d, double x, int y, const char *class, const char *text, size_t len)
{
	fprintf(d->out, "<text x=\"%.1f\" y=\"%d\" class=\"%s\">", x, y, class);
	xml_text_n(d->out, text, len);
	fputs("</text>\n", d->out);
}

static void text(drawing_t *d, double x, int y, const char *class, const char *text)
{
	text_n(d, x, y, class, text, strlen(text));
}

/*! \return The y of the next line. */
static int wrapped(drawing_t *d, int x, int y, int step, const char *class, const char *what, size_t max)
{
	do {
		size_t len;
		const char *rest = xml_line(what, max, &len);
		text_n(d, x, y, class, what, len);
		what = rest;
		y += step;
	} while (*what != '\0');
	return y;
}

static int notes(drawing_t *d, int y, unsigned first, unsigned last)
{
	char what[PICTURE_TEXT];
	for (unsigned i = first; i <= last; i++) {
		if (picture_note(what, d->p, i)) {
			y = wrapped(d, MARGIN, y, NOTE_STEP, i == 2 ? "alert" : "note", what, NOTE_CHARS);
		}
	}
	return y;
}

static void swatch(drawing_t *d, int x, int y, int height, const char *color)
{
	fprintf(d->out, "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", x, y, height,
	        color);
}

/* The axis. */

static time_t tick_step(time_t span)
{
	static const int steps[] = {
		60,        300,   900,       1800,      3600,      2 * 3600,   3 * 3600,   6 * 3600,
		12 * 3600, 86400, 2 * 86400, 4 * 86400, 7 * 86400, 14 * 86400, 28 * 86400,
	};
	size_t i = 0;
	while (i + 1 < sizeof(steps) / sizeof(steps[0]) && span / steps[i] > 10) {
		i++;
	}
	return steps[i];
}

static void axis(drawing_t *d)
{
	time_t step = tick_step(d->to - d->from);
	char date[16], before[16] = "", clock[16];

	text(d, MARGIN, d->top - 14, "head", "step");
	text(d, CHART_X - 34, d->top - 14, "tick end", "UTC");
	for (time_t at = (d->from + step - 1) / step * step; at <= d->to; at += step) {
		struct tm tm;
		double x = x_of(d, at);
		gmtime_r(&at, &tm);
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
		strftime(clock, sizeof(clock), "%H:%M", &tm);
		fprintf(d->out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"grid\"/>\n", x, d->top - 8,
		        x, d->bottom);
		if (strcmp(date, before) != 0) {
			text(d, x, d->top - 28, "tick mid", date);
			snprintf(before, sizeof(before), "%s", date);
		}
		text(d, x, d->top - 14, "tick mid", clock);
	}
	fprintf(d->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"axis\"/>\n", CHART_X, d->top - 8,
	        CHART_END, d->top - 8);
}

static void past(drawing_t *d)
{
	double now = x_of(d, d->p->o->now);
	if (now > CHART_X) {
		fprintf(d->out, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#f3f4f6\"/>\n", CHART_X,
		        d->top - 8, now - CHART_X, d->bottom - d->top + 8);
	}
}

static void marker(drawing_t *d, time_t at, int line, const char *class, const char *what)
{
	char label[128], when[TEXT_TIME];
	if (at < d->from || at > d->to) {
		return;
	}
	double x = x_of(d, at);
	int y = d->bottom + 16 + line * 16;
	bool left = x > (CHART_X + CHART_END) / 2;
	snprintf(label, sizeof(label), "%s %s", what, picture_time(when, at));
	fprintf(d->out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"%s\"/>\n", x, d->top - 8, x, y,
	        class);
	fprintf(d->out, "<text x=\"%.1f\" y=\"%d\" class=\"mark %s\">", left ? x - 5 : x + 5, y, left ? "end" : "");
	xml_text(d->out, label);
	fputs("</text>\n", d->out);
}

/* Rows. */

static void bar(drawing_t *d, const forecast_step_t *step, int y)
{
	char stay[PICTURE_TEXT];
	double from = x_of(d, step->from);
	double to = x_of(d, step->to != 0 ? step->to : d->to);
	double width = to - from < 3 ? 3 : to - from;

	picture_stay(stay, step);
	fprintf(d->out, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"><title>", from, y, width,
	        BAR, picture_state_color(step->state));
	fprintf(d->out, "%s: ", rollover_state_name(step->state));
	xml_text(d->out, stay);
	fputs("</title></rect>\n", d->out);
	for (unsigned i = 0; i < step->wait_count; i++) {
		const forecast_wait_t *w = &step->wait[i];
		from = x_of(d, w->from);
		to = x_of(d, w->to != 0 ? w->to : d->to);
		fprintf(d->out, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", from, y + BAR,
		        to - from < 1 ? 1 : to - from, STRIP, picture_actor_color(rollover_gate_info(w->gate)->actor));
	}
}

static void waits(drawing_t *d, const forecast_step_t *step, int y)
{
	char what[PICTURE_TEXT];
	for (unsigned i = 0; i < step->wait_count; i++) {
		const forecast_wait_t *w = &step->wait[i];
		if (!picture_waits(d->p, w)) {
			continue;
		}
		fprintf(d->out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>\n", CHART_X + 4, y - 4,
		        picture_actor_color(rollover_gate_info(w->gate)->actor));
		picture_wait(what, d->p, step, w);
		y = wrapped(d, CHART_X + 14, y, WAIT_STEP, "wait", what, WAIT_CHARS);
	}
}

static int row(drawing_t *d, const forecast_step_t *step, int y)
{
	char when[TEXT_TIME], span[TEXT_SPAN], line[128];
	int height = row_height(d, step);

	fprintf(d->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"rule\"/>\n", MARGIN, y + height,
	        CHART_END, y + height);
	swatch(d, MARGIN, y + 7, BAR, picture_state_color(step->state));
	text(d, MARGIN + 22, y + 19, "step", rollover_state_name(step->state));
	snprintf(line, sizeof(line), "%s%s%s", picture_time(when, step->from), step->to != 0 ? ", for " : "",
	         step->to != 0 ? text_span(span, step->to - step->from) : "");
	text(d, MARGIN + 22, y + 35, "when", line);
	if (step->state != ROLLOVER_IDLE) {
		bar(d, step, y + 7);
		waits(d, step, y + ROW_HEAD + 6);
	} else {
		text(d, x_of(d, step->from) - 6, y + 19, "wait end", "policy and TTLs as before");
	}
	return y + height;
}

/* Below. */

static int legend(drawing_t *d, int y)
{
	const forecast_t *plan = d->p->plan;

	text(d, MARGIN, y, "head", "steps");
	for (unsigned i = 0; i < plan->count; i++) {
		if (!picture_shows(plan, i)) {
			continue;
		}
		y += NOTE_STEP;
		swatch(d, MARGIN, y - 11, BAR, picture_state_color(plan->step[i].state));
		text(d, MARGIN + 22, y, "strong", rollover_state_name(plan->step[i].state));
		text(d, MARGIN + 110, y, "note", rollover_state_meaning(plan->step[i].state));
	}
	return y + 28;
}

static int legend_actors(drawing_t *d, int y)
{
	text(d, MARGIN, y, "head", "who opens the gate that a step waits at");
	y += NOTE_STEP;
	for (int i = 0; i < ACTOR__COUNT; i++) {
		char what[128];
		int x = MARGIN + i * 285;
		fprintf(d->out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>\n", x + 7, y - 4,
		        picture_actor_color(i));
		snprintf(what, sizeof(what), "%s: %s", rollover_actor_name(i), picture_actor_meaning(i));
		text(d, x + 22, y, "note", what);
	}
	return y + 28;
}

static const char style[] =
	"<style>\n"
	"text { font-family: \"DejaVu Sans\", Verdana, Arial, sans-serif; fill: #1d2733; }\n"
	".title { font-size: 20px; font-weight: bold; }\n"
	".note, .alert { font-size: 12px; }\n"
	".alert { fill: #c0392b; font-weight: bold; }\n"
	".head { font-size: 11px; fill: #5f6b76; font-weight: bold; }\n"
	".step { font-size: 14px; font-weight: bold; }\n"
	".strong { font-size: 12px; font-weight: bold; }\n"
	".when, .tick { font-size: 11px; fill: #5f6b76; }\n"
	".wait, .mark { stroke: #ffffff; stroke-width: 6; stroke-linejoin: round; paint-order: stroke; }\n"
	".wait { font-size: 11px; }\n"
	".mark { font-size: 11px; font-weight: bold; }\n"
	".mid { text-anchor: middle; }\n"
	".end { text-anchor: end; }\n"
	".grid { stroke: #e1e5ea; }\n"
	".rule { stroke: #e1e5ea; }\n"
	".axis { stroke: #5f6b76; }\n"
	".now { stroke: #c0392b; stroke-width: 1.5; stroke-dasharray: 5 3; }\n"
	".goal { stroke: #2c7a4b; stroke-dasharray: 2 3; }\n"
	"</style>\n";

/*! Height of what is below the rows: markers, legends, notes. */
static int tail_height(const drawing_t *d)
{
	unsigned shown = 0;
	for (unsigned i = 0; i < d->p->plan->count; i++) {
		shown += picture_shows(d->p->plan, i);
	}
	return 84 + (shown + 1) * NOTE_STEP + 28 + NOTE_STEP + 28 + notes_height(d, 3, PICTURE_NOTES - 1);
}

void svg_write(FILE *out, const picture_t *p, bool document)
{
	drawing_t d = { .out = out, .p = p };
	const forecast_t *plan = p->plan;

	set_axis(&d);
	d.top = TITLE_Y + 26 + notes_height(&d, 0, 2) + 44;
	d.bottom = d.top;
	for (unsigned i = 0; i < plan->count; i++) {
		d.bottom += picture_shows(plan, i) ? row_height(&d, &plan->step[i]) : 0;
	}
	int height = d.bottom + tail_height(&d);

	if (document) {
		fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	}
	fprintf(out,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
	        "role=\"img\">\n<title>",
	        WIDTH, height, WIDTH, height);
	fputs("Plan of the KSK rollover of ", out);
	xml_text(out, p->zone->zone);
	fprintf(out, "</title>\n%s<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", style, WIDTH, height);
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"title\">KSK rollover of ", MARGIN, TITLE_Y);
	xml_text(out, p->zone->zone);
	fputs("</text>\n", out);
	notes(&d, TITLE_Y + 26, 0, 2);

	past(&d);
	axis(&d);
	marker(&d, p->o->now, 0, "now", "now");
	marker(&d, plan->safe, 1, "goal", "old KSK gone everywhere");
	marker(&d, plan->end, 2, "goal", "all done");
	int y = d.top;
	for (unsigned i = 0; i < plan->count; i++) {
		y = picture_shows(plan, i) ? row(&d, &plan->step[i], y) : y;
	}
	y = legend(&d, d.bottom + 84);
	y = legend_actors(&d, y);
	notes(&d, y, 3, PICTURE_NOTES - 1);
	fputs("</svg>\n", out);
}
