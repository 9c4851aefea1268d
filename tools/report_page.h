/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A page about all zones of one server or of many. A REPORT (docs/json.rst) of each server is all it knows.
 */

#pragma once

#include "kskroll.h"

/*! Months of trends, the present one included. */
#define REPORT_MONTHS 13

/* report_json.c: a REPORT of the store. */

/*! Writes one, which names rows that are invalid. \return False, with words on stderr, if more cannot be read. */
bool report_json(const options_t *o, store_t *store, FILE *out);

/* report_read.c: the reports that the page is made of. */

/*! One server's report. */
typedef struct {
	char *text;         /*!< All values below are in it. */
	json_value_t value; /*!< An object. */
	const char *path;   /*!< NULL: of the store. */
	char label[320];    /*!< The host; with the file if another report has the same host. */
	time_t time;        /*!< When it was made. */
	size_t zones;
	size_t blocked; /*!< Errors included. */
	size_t rolling;
	size_t moved;  /*!< Zones that another server has by now; they are counted nowhere else. */
	size_t errors; /*!< Parts of its store that could not be read. */
} report_source_t;

/*! A zone, parent zone, delegation or finding of a report, with what lists are ordered by. */
typedef struct {
	const report_source_t *source;
	json_value_t value;
	char cause[320]; /*!< Of one that is blocked: equal where one cause has many. */
	bool delegation; /*!< No zone. */
	bool blocked;
	bool outage;
	bool overdue; /*!< Blocked, since it is not checked. */
	bool twice;   /*!< Several servers have it now. */
	bool moved;   /*!< Another server has it by now. */
	time_t end;   /*!< Of a zone: earliest end; 0: not known. */
	int state;    /*!< Of a zone: rollover_state_t; -1: one that this version does not have. */
} report_item_t;

typedef struct {
	report_item_t *item;
	size_t count;
	size_t room;
} report_items_t;

typedef struct {
	const options_t *o;
	report_source_t *source;
	size_t sources;
	report_items_t zones;
	report_items_t parents; /*!< Parent zones. */
	report_items_t delegations;
	report_items_t findings;
	size_t more; /*!< Items of zones that are not the first one of their zone. */
} report_t;

/*! Takes a report in; \a text becomes its own. \a path NULL: the store. \return False, with words on stderr. */
bool report_take(report_t *r, char *text, size_t len, const char *path);
/*! The same from a file. */
bool report_take_file(report_t *r, const char *path);
/*! When all are taken in: labels. */
void report_name_sources(report_t *r);
void report_free(report_t *r);

/* report_twice.c: what several servers have. */

/*! When all are taken in: removes zones that have moved to another server, and finds those on several. */
void report_find_twice(report_t *r);

/* Members of objects in reports: whatever is there, something that can be printed comes of it. */

#define REPORT_TEXT 1100

/*! A text or number; "" if there is none. */
const char *report_text(char out[REPORT_TEXT], json_value_t object, const char *name);
/*! 0 if there is none. */
int64_t report_number(json_value_t object, const char *name);
/*! A time of years that people write with four digits; 0 if there is none. */
time_t report_time(json_value_t object, const char *name);
bool report_true(json_value_t object, const char *name);
/*! The member "state", a rollover_state_t; -1: one that this version does not have. */
int report_state(json_value_t object);

/* report_page.c: the page, and what its sections share. */

/*! A report that is older is said to be old, seconds. */
#define REPORT_OLD 3600
/*! So long is a page at most, octets. */
#define REPORT_PAGE_MAX 5000000

typedef struct {
	const report_t *r;
	FILE *out;
	bool many; /*!< Servers: then each row has its server. */
} page_t;

/*! Whether all that the servers know is in the reports. */
bool report_is_whole(const report_t *r);
/*! Writes the page. */
void report_page(const report_t *r, FILE *out);

/*! Whether so much was written that lists of this part of the page must end. */
bool page_is_full(const page_t *p, unsigned percent);
/*! Plain HTML. */
void page_put(const page_t *p, const char *html);
void page_print(const page_t *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*! Text of whatever origin. */
void page_text(const page_t *p, const char *text);
/*! A member of an object, or \a none. */
void page_member(const page_t *p, json_value_t object, const char *name, const char *none);
/*! "2027-01-15 08:00", for machines as well; \a none for 0. */
void page_time(const page_t *p, time_t at, const char *none);
/*! Begins a section with a heading, and ends it. */
void page_section(const page_t *p, const char *id, const char *heading);
void page_section_end(const page_t *p);
/*!
 * \brief A table that can be scrolled by keyboard; \a heads end with NULL. The first column is the zone.
 *
 * With many servers a column for them follows the first.
 */
void page_table(const page_t *p, const char *caption, const char *const *heads);
void page_table_end(const page_t *p);
/*! Begins a row with its head, and the server's cell where there are many; \a name is a member. */
void page_row(const page_t *p, const report_item_t *item, const char *name);
/*! A sentence about rows that are left out, if there are any. */
void page_left_out(const page_t *p, size_t count, const char *command);
/*! Folded text with a summary: "12 zones". */
void page_fold(const page_t *p, size_t count, const char *one, const char *more, bool open);
void page_fold_end(const page_t *p);

/* Sections. */

/*! report_blocked.c: what needs a human. */
void report_blocked(page_t *p);
/*! report_twice.c: zones and parent zones on several servers. */
void report_twice(const page_t *p);
/*! report_rolling.c: time lines. */
void report_rolling(page_t *p);
/*! The colour of each state, for the style sheet. */
void report_rolling_style(const page_t *p);
/*! report_parents.c: parents of zones, and trends. */
void report_parents(page_t *p);
void report_trends(page_t *p);
/*! report_lists.c: what is long and folded. */
void report_findings(page_t *p);
void report_delegations(page_t *p);
void report_zones(page_t *p);
