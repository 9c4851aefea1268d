/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page: its frame, its style, and what sections are made of. HTML without script, all in one file.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "picture.h"
#include "report_page.h"

/*! Clocks of two servers differ by so much without a word, seconds. */
#define EARLY 300
/*! So many errors of a store are shown. */
#define ERRORS_SHOWN 16

/* Parts. */

void page_put(const page_t *p, const char *html)
{
	fputs(html, p->out);
}

void page_print(const page_t *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vfprintf(p->out, fmt, args);
	va_end(args);
}

void page_text(const page_t *p, const char *text)
{
	xml_text(p->out, text);
}

void page_member(const page_t *p, json_value_t object, const char *name, const char *none)
{
	char text[REPORT_TEXT];

	page_text(p, report_text(text, object, name)[0] != '\0' ? text : none);
}

bool page_is_full(const page_t *p, unsigned percent)
{
	return ftello(p->out) >= (off_t)REPORT_PAGE_MAX / 100 * percent;
}

void page_time(const page_t *p, time_t at, const char *none)
{
	char machine[TEXT_TIME], people[TEXT_TIME];

	if (at == 0) {
		page_put(p, none);
	} else {
		page_print(p, "<time datetime=\"%s\">%s</time>", text_time(machine, at), picture_time(people, at));
	}
}

void page_section(const page_t *p, const char *id, const char *heading)
{
	page_print(p, "<section id=\"%s\" aria-labelledby=\"h-%s\"><h2 id=\"h-%s\">%s</h2>\n", id, id, id, heading);
}

void page_section_end(const page_t *p)
{
	page_put(p, "</section>\n");
}

void page_table(const page_t *p, const char *caption, const char *const *heads)
{
	page_put(p, "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
	page_text(p, caption);
	page_put(p, "\"><table><caption>");
	page_text(p, caption);
	page_put(p, "</caption><thead><tr>");
	for (unsigned i = 0; heads[i] != NULL; i++) {
		page_print(p, "<th scope=\"col\">%s</th>", heads[i]);
		page_put(p, i == 0 && p->many ? "<th scope=\"col\">Server</th>" : "");
	}
	page_put(p, "</tr></thead><tbody>\n");
}

void page_table_end(const page_t *p)
{
	page_put(p, "</tbody></table></div>\n");
}

void page_row(const page_t *p, const report_item_t *item, const char *name)
{
	page_put(p, "<tr><th scope=\"row\">");
	page_member(p, item->value, name, "-");
	page_put(p, "</th>");
	if (p->many) {
		page_put(p, "<td>");
		page_text(p, item->source->label);
		page_put(p, "</td>");
	}
}

void page_left_out(const page_t *p, size_t count, const char *command)
{
	if (count > 0) {
		page_print(p, "<p>%zu more %s left out of this page: <code>%s</code> lists them.</p>\n", count,
		           count == 1 ? "is" : "are", command);
	}
}

void page_fold(const page_t *p, size_t count, const char *one, const char *more, bool open)
{
	page_print(p, "<details%s><summary>%zu %s</summary>\n", open ? " open" : "", count, count == 1 ? one : more);
}

void page_fold_end(const page_t *p)
{
	page_put(p, "</details>\n");
}

/* The frame. */

static const char style[] =
	":root{color-scheme:light dark;--ink:#1d2733;--soft:#53606d;--paper:#fff;--line:#d5dbe1;--tint:#f2f5f8;"
	"--alarm:#b3261e;--link:#1a5fa8}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6eaee;--soft:#a3aeb9;--paper:#14191f;--line:#3a444e;"
	"--tint:#1e252d;--alarm:#ff8a80;--link:#8ec2ff}}\n"
	"body{font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;"
	"padding:1rem;max-width:90rem;overflow-wrap:break-word}\n"
	"a{color:var(--link)}\n"
	"a.skip{position:absolute;left:-99rem}a.skip:focus{position:static}\n"
	":focus-visible{outline:3px solid var(--link);outline-offset:2px}\n"
	"h1{margin:.2rem 0}h2{margin:2rem 0 .5rem;border-bottom:2px solid var(--line)}h3{margin:1.2rem 0 .3rem}\n"
	"nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:0;list-style:none}\n"
	"small,.soft{color:var(--soft)}\n"
	"article{border-left:4px solid var(--line);padding:.1rem 0 .1rem .8rem;margin:.8rem 0}\n"
	"article.alarm{border-color:var(--alarm)}strong.alarm{color:var(--alarm)}\n"
	"article h3{margin:.4rem 0 .2rem}article p,ul.entries{margin:.3rem 0}article>p::first-letter{text-transform:uppercase}\n"
	".wide{overflow-x:auto;margin:.5rem 0}\n"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
	"caption{text-align:left;color:var(--soft);padding:.2rem 0}\n"
	"th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}\n"
	"tbody th{overflow-wrap:anywhere;min-width:6.5rem}td{min-width:4rem}"
	"#rolling td{min-width:7rem}\n"
	"time,td.number,th.number{white-space:nowrap}\n"
	"code{font-size:.9em;background:var(--tint);padding:.05rem .3rem;overflow-wrap:anywhere}\n"
	"ul.entries{padding-left:1.2rem}.entries li{margin-bottom:.5rem}.entries ul{padding:0;list-style:none}"
	".entries li li{margin:.2rem 0}\n"
	"summary{cursor:pointer;padding:.3rem 0}\n"
	"svg{display:block;width:100%;min-width:13rem;height:1.5rem;background:linear-gradient(90deg,var(--line) 1px,"
	"transparent 1px) 0 0/var(--step) 100%}\n"
	"svg .next{fill-opacity:.4;stroke:var(--soft);stroke-dasharray:3 2;vector-effect:non-scaling-stroke}\n"
	"svg .now{stroke:var(--ink);stroke-width:2;vector-effect:non-scaling-stroke}\n"
	".axis{display:flex;justify-content:space-between;gap:1rem;font-weight:normal}\n"
	"dl.states{display:grid;grid-template-columns:auto 1fr;gap:.2rem .8rem}dl.states dd{margin:0}\n"
	"dl.states dt::before{content:\"\";display:inline-block;width:.9em;height:.9em;margin-right:.4em;"
	"background:var(--c)}\n"
	"@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--paper:#fff;--line:#999;--tint:#fff;--alarm:#000;"
	"--link:#000}body{font-size:9pt;max-width:none;padding:0}table{font-size:8pt}nav,a.skip{display:none}.wide{overflow:visible}"
	".legend::details-content{content-visibility:visible;block-size:auto}tr,article h3{break-inside:avoid}"
	"thead{display:table-header-group}svg rect{print-color-adjust:exact}}\n";

static size_t count_blocked(const report_t *r)
{
	size_t count = 0;
	for (size_t i = 0; i < r->sources; i++) {
		count += r->source[i].blocked;
	}
	return count;
}

static size_t count_rolling(const report_t *r)
{
	size_t count = 0;
	for (size_t i = 0; i < r->sources; i++) {
		count += r->source[i].rolling;
	}
	return count;
}

static void title(const page_t *p)
{
	page_put(p, "KSK rollovers");
	if (!p->many) {
		page_put(p, " of ");
		page_text(p, p->r->source[0].label);
	}
}

static void header(const page_t *p)
{
	const report_t *r = p->r;
	const size_t zones = r->zones.count - r->more;

	page_put(p, "<a class=\"skip\" href=\"#blocked\">To the content</a>\n<header><h1>");
	title(p);
	page_put(p, "</h1>\n<p>As of ");
	page_time(p, r->o->now, "-");
	page_print(p, " UTC, as all times here. %zu zone%s of %zu server%s, %zu in a rollover. ", zones,
	           zones == 1 ? "" : "s", r->sources, r->sources == 1 ? "" : "s", count_rolling(r));
	const size_t blocked = count_blocked(r);
	if (blocked > 0) {
		page_print(p, "<strong class=\"alarm\">%zu need%s a human.</strong>", blocked, blocked == 1 ? "s" : "");
	} else {
		page_put(p, "<strong>No zone or delegation needs a human.</strong>");
	}
	page_put(p, "</p></header>\n<nav aria-label=\"Sections\"><ul>"
	            "<li><a href=\"#blocked\">Needs a human</a></li><li><a href=\"#rolling\">Under way</a></li>"
	            "<li><a href=\"#parents\">Parents</a></li><li><a href=\"#audit\">Audit</a></li>"
	            "<li><a href=\"#delegations\">Delegations</a></li><li><a href=\"#trends\">Trends</a></li>"
	            "<li><a href=\"#servers\">Servers</a></li><li><a href=\"#zones\">All zones</a></li></ul></nav>\n");
}

/*! A cell with a time and how long ago that is. */
static void since_cell(const page_t *p, time_t at)
{
	char span[TEXT_SPAN];

	page_put(p, "<td>");
	page_time(p, at, "-");
	if (at != 0 && at <= p->r->o->now) {
		page_print(p, "<br><small>%s ago</small>", text_span(span, p->r->o->now - at));
	}
	page_put(p, "</td>");
}

static void servers(const page_t *p)
{
	const char *const heads[] = {
		"Server", "Report of", "Zones", "Roll", "Need a human", "kskrolld", p->many ? "Moved away" : NULL, NULL
	};
	page_t plain = *p;

	plain.many = false;
	page_section(p, "servers", "Servers");
	page_table(&plain, "Servers whose reports are in this page", heads);
	for (size_t i = 0; i < p->r->sources; i++) {
		const report_source_t *s = &p->r->source[i];
		const json_value_t runs = json_member(s->value, "daemon_running");
		page_put(p, "<tr><th scope=\"row\">");
		page_text(p, s->label);
		page_put(p, "</th>");
		since_cell(p, s->time);
		page_print(p, "<td>%zu</td><td>%zu</td><td>%zu</td><td>%s</td>", s->zones, s->rolling, s->blocked,
		           json_true(runs)              ? "runs" :
		           runs != NULL && *runs == 'f' ? "does not run" :
		                                          "not known");
		if (p->many) {
			page_print(p, "<td>%zu</td>", s->moved);
		}
		page_put(p, "</tr>\n");
	}
	page_table_end(p);
	page_section_end(p);
}

bool report_is_whole(const report_t *r)
{
	for (size_t i = 0; i < r->sources; i++) {
		if (r->source[i].errors > 0) {
			return false;
		}
	}
	return true;
}

static void warn(const page_t *p, const report_source_t *s, const char *what)
{
	page_put(p, "<article class=\"alarm\"><h3>");
	page_text(p, s->label);
	page_print(p, ": %s</h3>", what);
}

/*! Rows that are invalid. What they are about is missing in the lists. */
static void warn_of_errors(const page_t *p, const report_source_t *s)
{
	const json_value_t list = json_member(s->value, "errors");
	json_value_t one = NULL;
	char text[REPORT_TEXT];

	if (s->errors == 0) {
		return;
	}
	warn(p, s, "not all of the store can be read");
	page_put(
		p,
		"<p>What is named here is missing below. kskroll and the module must be of one version; else restore the "
		"store from a backup.</p><ul>\n");
	for (size_t i = 0; i < ERRORS_SHOWN && (one = json_element(list, one)) != NULL; i++) {
		(void)json_text(one, text, sizeof(text));
		page_put(p, "<li>");
		page_text(p, text);
		page_put(p, "</li>\n");
	}
	page_put(p, "</ul></article>\n");
}

static void warn_of_time(const page_t *p, const report_source_t *s)
{
	const int64_t old = p->r->o->now - s->time;
	char what[64], span[TEXT_SPAN];

	if (old > REPORT_OLD) {
		snprintf(what, sizeof(what), "the report is %s old", text_span(span, old));
		warn(p, s, what);
		page_put(p,
		         "<p>All that is said of its zones is as old. Check what makes the report there: <code>kskroll "
		         "report --json</code></p></article>\n");
	} else if (-old > EARLY) {
		snprintf(what, sizeof(what), "the report is of a time %s from now", text_span(span, -old));
		warn(p, s, what);
		page_put(
			p,
			"<p>The clock of that server is wrong, or the one here. Nobody can say how old the report is. Check "
			"both clocks: <code>date -u</code></p></article>\n");
	}
}

/*! What is wrong with the reports themselves comes before all zones. */
static void warnings(const page_t *p)
{
	for (size_t i = 0; i < p->r->sources; i++) {
		const report_source_t *s = &p->r->source[i];
		const json_value_t runs = json_member(s->value, "daemon_running");

		if (runs != NULL && *runs == 'f') {
			warn(p, s, "kskrolld does not run");
			page_put(p,
			         "<p>No zone is checked. Check whether knotd runs, and read its log.</p></article>\n");
		}
		warn_of_time(p, s);
		warn_of_errors(p, s);
	}
}

void report_page(const report_t *r, FILE *out)
{
	page_t p = { .r = r, .out = out, .many = r->sources > 1 };

	page_put(&p, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	             "<meta name=\"referrer\" content=\"no-referrer\"><title>");
	title(&p);
	page_put(&p, "</title>\n<style>\n");
	page_put(&p, style);
	report_rolling_style(&p);
	page_put(&p, "</style></head><body>\n");
	header(&p);
	page_put(&p, "<main>\n");
	page_section(&p, "blocked", "What needs a human");
	warnings(&p);
	report_blocked(&p);
	report_twice(&p);
	page_section_end(&p);
	report_rolling(&p);
	report_parents(&p);
	report_findings(&p);
	report_delegations(&p);
	report_trends(&p);
	servers(&p);
	report_zones(&p);
	page_put(&p, "</main>\n</body></html>\n");
}
