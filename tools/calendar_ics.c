/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calendar for other programs: iCalendar (RFC 5545). */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weeks.h"

/*! Octets of a line (RFC 5545 3.1). */
#define LINE_MAX_OCTETS 75
/*! Names that an event lists; more are counted. */
#define NAMES_MAX 50
/*! What a name may need, escaped, with its time, and the number of those that are left out. */
#define NAME_ROOM (2 * 256 + 64)

/*! Something of a day. */
typedef struct {
	time_t day;
	bool ends;
	const calendar_item_t *item;
} entry_t;

/*! A line with its end, folded. All text is ASCII. */
static void line(const char *text)
{
	size_t room = LINE_MAX_OCTETS;

	for (size_t len = strlen(text); len > room; len -= room, room = LINE_MAX_OCTETS - 1) {
		printf("%.*s\r\n ", (int)room, text);
		text += room;
	}
	printf("%s\r\n", text);
}

/*! Adds text to that of a value (RFC 5545 3.3.11). */
static void add_escaped(char *out, size_t out_len, const char *text)
{
	size_t len = strlen(out);

	for (; *text != '\0' && len + 3 < out_len; text++) {
		if (strchr("\\;,", *text) != NULL) {
			out[len++] = '\\';
		}
		out[len++] = *text;
	}
	out[len] = '\0';
}

static int by_day(const void *a, const void *b)
{
	const entry_t *x = a, *y = b;

	if (x->day != y->day) {
		return x->day < y->day ? -1 : 1;
	}
	return x->ends != y->ends ? x->ends - y->ends : strcmp(x->item->name, y->item->name);
}

static void date_line(const char *name, time_t day)
{
	struct tm tm;
	char date[16], text[64];

	strftime(date, sizeof(date), "%Y%m%d", gmtime_r(&day, &tm));
	snprintf(text, sizeof(text), "%s;VALUE=DATE:%s", name, date);
	line(text);
}

/*! One event: what begins, or what ends, on one day. */
static void print_event(const options_t *o, const char *host, const entry_t *entries, size_t count)
{
	static const char *const what[2][2] = { { "KSK rollover starts", "KSK rollovers start" },
		                                { "KSK rollover ends", "KSK rollovers end" } };
	const entry_t *first = &entries[0];
	struct tm tm;
	char text[NAMES_MAX * 264 + 256], stamp[32], date[16];

	line("BEGIN:VEVENT");
	strftime(date, sizeof(date), "%Y%m%d", gmtime_r(&first->day, &tm));
	snprintf(text, sizeof(text), "UID:%s-%s.kskroll@%s", first->ends ? "end" : "start", date, host);
	line(text);
	strftime(stamp, sizeof(stamp), "DTSTAMP:%Y%m%dT%H%M%SZ", gmtime_r(&o->now, &tm));
	line(stamp);
	date_line("DTSTART", first->day);
	date_line("DTEND", first->day + CALENDAR_DAY);
	if (count == 1) {
		snprintf(text, sizeof(text), "SUMMARY:%s: ", what[first->ends][0]);
		add_escaped(text, sizeof(text), first->item->name);
	} else {
		snprintf(text, sizeof(text), "SUMMARY:%zu %s", count, what[first->ends][1]);
	}
	line(text);
	snprintf(text, sizeof(text), "DESCRIPTION:");
	size_t shown = 0;
	for (; shown < count && shown < NAMES_MAX && strlen(text) + NAME_ROOM < sizeof(text); shown++) {
		char at[16];
		const calendar_item_t *item = entries[shown].item;
		const time_t time = first->ends ? item->end : item->start;
		strftime(at, sizeof(at), " %H:%M UTC", gmtime_r(&time, &tm));
		strcat(text, shown > 0 ? "\\n" : "");
		add_escaped(text, sizeof(text), item->name);
		add_escaped(text, sizeof(text), at);
	}
	if (count > shown) {
		const size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "\\nand %zu more", count - shown);
	}
	line(text);
	line("TRANSP:TRANSPARENT");
	line("END:VEVENT");
}

static time_t day_of(time_t at)
{
	return at - at % CALENDAR_DAY;
}

void calendar_ics(const options_t *o, const calendar_t *c)
{
	entry_t *entries = memory_need(calloc(2 * c->count + 1, sizeof(*entries)));
	char host[256] = "localhost";
	size_t count = 0;

	for (size_t i = 0; i < c->count; i++) {
		const calendar_item_t *item = &c->items[i];
		if (item->delegation) {
			continue; /* Hours, and nobody has to be there. */
		}
		if (!item->rolls) {
			entries[count++] = (entry_t){ day_of(item->start), false, item };
		}
		if (item->end != 0) {
			entries[count++] = (entry_t){ day_of(item->end), true, item };
		}
	}
	qsort(entries, count, sizeof(*entries), by_day);
	(void)gethostname(host, sizeof(host) - 1);

	line("BEGIN:VCALENDAR");
	line("VERSION:2.0");
	line("PRODID:-//kskroll//kskroll//EN");
	line("X-WR-CALNAME:KSK rollovers");
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1;
		     next < count && entries[next].day == entries[i].day && entries[next].ends == entries[i].ends;) {
			next++;
		}
		print_event(o, host, &entries[i], next - i);
	}
	line("END:VCALENDAR");
	free(entries);
}
