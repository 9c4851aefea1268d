/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>

#include "picture.h"

static const char head[] =
	"<style>\n"
	"body { font-family: \"DejaVu Sans\", Verdana, Arial, sans-serif; color: #1d2733; margin: 1.5em; }\n"
	"svg { max-width: 100%; height: auto; }\n"
	"table { border-collapse: collapse; font-size: 13px; margin: 1em 24px; }\n"
	"th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; "
	"border-bottom: 1px solid #e1e5ea; }\n"
	"ul { margin: 0; padding-left: 1.2em; }\n"
	"td.name { font-weight: bold; white-space: nowrap; }\n"
	"td.stay { white-space: nowrap; }\n"
	"</style>\n";

static void row(FILE *out, const picture_t *p, const forecast_step_t *step)
{
	char text[PICTURE_TEXT];

	fprintf(out, "<tr><td class=\"name\">%s</td><td class=\"stay\">", rollover_state_name(step->state));
	picture_stay(text, step);
	xml_text(out, text);
	fputs("</td><td>", out);
	xml_text(out, rollover_state_meaning(step->state));
	fputs("</td><td>", out);
	bool any = false;
	for (unsigned i = 0; i < step->wait_count; i++) {
		if (picture_waits(p, &step->wait[i])) {
			picture_wait(text, p, step, &step->wait[i]);
			fputs(any ? "<li>" : "<ul><li>", out);
			xml_text(out, text);
			fputs("</li>", out);
			any = true;
		}
	}
	fputs(any ? "</ul></td></tr>\n" : "</td></tr>\n", out);
}

void html_write(FILE *out, const picture_t *p)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><title>KSK rollover of ", out);
	xml_text(out, p->zone->zone);
	fprintf(out, "</title>\n%s</head><body>\n", head);
	svg_write(out, p, false);
	fputs("<table><thead><tr><th>Step</th><th>Earliest, in UTC</th><th>What it is</th>"
	      "<th>Why not earlier</th></tr></thead><tbody>\n",
	      out);
	for (unsigned i = 0; i < p->plan->count; i++) {
		if (picture_shows(p->plan, i)) {
			row(out, p, &p->plan->step[i]);
		}
	}
	fputs("</tbody></table>\n</body></html>\n", out);
}
