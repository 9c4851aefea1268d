/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of start-window and no-start: "Mon-Thu 09:00-15:00 Europe/Berlin", "12-24..01-01 Europe/Berlin". */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "calendar.h"
#include "kskroll/start.h"

#define DAYS_A_WEEK 7
#define ALL_DAYS    0x7f
#define MINUTES     (24 * 60)

/*! What is left of a value. */
typedef struct {
	const char *at;
	const char *end;
} cursor_t;

static bool is_at_end(const cursor_t *c)
{
	return c->at == c->end;
}

static bool take(cursor_t *c, const char *text)
{
	const size_t len = strlen(text);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len) != 0) {
		return false;
	}
	c->at += len;
	return true;
}

/*! So many digits, no others. */
static bool take_digits(cursor_t *c, unsigned digits, int *out)
{
	*out = 0;
	for (unsigned i = 0; i < digits; i++) {
		if (is_at_end(c) || *c->at < '0' || *c->at > '9') {
			return false;
		}
		*out = 10 * *out + (*c->at++ - '0');
	}
	return true;
}

static bool take_spaces(cursor_t *c)
{
	const char *from = c->at;
	while (!is_at_end(c) && *c->at == ' ') {
		c->at++;
	}
	return c->at != from;
}

/* Days and hours. */

static bool take_day(cursor_t *c, int *day)
{
	static const char *const names[DAYS_A_WEEK] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

	for (*day = 0; *day < DAYS_A_WEEK; (*day)++) {
		if (take(c, names[*day])) {
			return true;
		}
	}
	return false;
}

/*! "Mon-Thu,Sat"; Fri-Mon goes over the weekend. */
static bool take_days(cursor_t *c, uint8_t *days)
{
	int first, last;

	do {
		if (!take_day(c, &first)) {
			return false;
		}
		last = first;
		if (take(c, "-") && !take_day(c, &last)) {
			return false;
		}
		for (int day = first;; day = (day + 1) % DAYS_A_WEEK) {
			*days |= 1U << day;
			if (day == last) {
				break;
			}
		}
	} while (take(c, ","));
	return true;
}

static bool take_minute(cursor_t *c, uint16_t *minute)
{
	int hours, minutes;

	if (!take_digits(c, 2, &hours) || !take(c, ":") || !take_digits(c, 2, &minutes) || minutes > 59 ||
	    hours * 60 + minutes > MINUTES) {
		return false;
	}
	*minute = hours * 60 + minutes;
	return true;
}

/* Dates. */

/*! \param[out] date  Days since 1970-01-01, or of every year 100 * month + day. */
static bool take_date(cursor_t *c, bool *yearly, int32_t *date)
{
	int year = 2000, month, day; /* A leap year. */
	cursor_t whole = *c;

	*yearly = !(take_digits(&whole, 4, &year) && take(&whole, "-"));
	if (*yearly) {
		year = 2000;
	} else {
		*c = whole;
	}
	if (!take_digits(c, 2, &month) || !take(c, "-") || !take_digits(c, 2, &day) ||
	    !calendar_is_date(year, month, day)) {
		return false;
	}
	*date = *yearly ? 100 * month + day : (int32_t)calendar_days(year, month, day);
	return true;
}

/* Time zones. */

/*! What may be in a name: it becomes part of a path. */
static bool is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char ch = name[i];
		const bool letter = (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
		if (!letter && (i == 0 || ((ch < '0' || ch > '9') && strchr("/_+-", ch) == NULL))) {
			return false;
		}
	}
	return len > 0 && len < START_ZONE_NAME;
}

/*! The rest of a value: nothing, or the name of a time zone. */
static bool take_zone(cursor_t *c, start_rules_t *rules, uint8_t *index)
{
	const char *name = START_UTC;
	size_t len = strlen(name);

	if (!is_at_end(c)) {
		if (!take_spaces(c)) {
			return false;
		}
		name = c->at;
		len = c->end - c->at;
		if (!is_name(name, len)) {
			return false;
		}
	}
	for (*index = 0; *index < rules->zone_count; (*index)++) {
		if (strlen(rules->zone[*index].name) == len && memcmp(rules->zone[*index].name, name, len) == 0) {
			return true;
		}
	}
	if (rules->zone_count == START_ZONES_MAX) {
		return false;
	}
	start_zone_t *zone = &rules->zone[rules->zone_count++];
	memcpy(zone->name, name, len);
	zone->count = 1;
	return true;
}

/* Values and lists. */

static bool read_window(start_rules_t *rules, cursor_t c)
{
	start_window_t *w = &rules->window[rules->window_count];

	*w = (start_window_t){ 0 };
	if (!is_at_end(&c) && *c.at >= 'A') {
		if (!take_days(&c, &w->days) || !take_spaces(&c)) {
			return false;
		}
	} else {
		w->days = ALL_DAYS;
	}
	if (!take_minute(&c, &w->begin) || !take(&c, "-") || !take_minute(&c, &w->end) || w->begin == MINUTES ||
	    !take_zone(&c, rules, &w->zone)) {
		return false;
	}
	rules->window_count++;
	return true;
}

static bool read_dates(start_rules_t *rules, cursor_t c)
{
	start_dates_t *d = &rules->dates[rules->dates_count];
	bool yearly;

	if (!take_date(&c, &d->yearly, &d->first)) {
		return false;
	}
	d->last = d->first;
	yearly = d->yearly;
	if (take(&c, "..") && !take_date(&c, &yearly, &d->last)) {
		return false;
	}
	if (yearly != d->yearly || (!yearly && d->last < d->first) || !take_zone(&c, rules, &d->zone)) {
		return false;
	}
	rules->dates_count++;
	return true;
}

/*! One of the two items. */
typedef struct {
	const char *name;
	const char *right;
	unsigned max;
	unsigned *count;
	bool (*read)(start_rules_t *rules, cursor_t c);
} item_t;

static bool read_list(start_rules_t *rules, const item_t *item, const char *list, char *err, size_t err_len)
{
	while (list != NULL && *list != '\0') {
		const char *end = strstr(list, START_SEPARATOR);
		const size_t len = end != NULL ? (size_t)(end - list) : strlen(list);

		if (*item->count == item->max) {
			snprintf(err, err_len, "%s has more than %u values: it must have fewer", item->name, item->max);
			return false;
		}
		if (!item->read(rules, (cursor_t){ .at = list, .end = list + len })) {
			snprintf(err, err_len, "%s '%.*s' must be %s, of %u time zones at most", item->name,
			         (int)(len < 64 ? len : 64), list, item->right, START_ZONES_MAX);
			return false;
		}
		list = end != NULL ? end + strlen(START_SEPARATOR) : NULL;
	}
	return true;
}

bool start_parse(start_rules_t *rules, const char *windows, const char *dates, char *err, size_t err_len)
{
	assert(rules && err);

	memset(rules, 0, sizeof(*rules));
	const item_t start_window = {
		.name = "start-window",
		.right = "days, hours and a time zone, as in \"Mon-Thu,Sat 09:00-15:00 Europe/Berlin\"",
		.max = START_WINDOWS_MAX,
		.count = &rules->window_count,
		.read = read_window,
	};
	const item_t no_start = {
		.name = "no-start",
		.right = "dates and a time zone, as in \"2026-12-18..2027-01-06 Europe/Berlin\" or \"12-24\"",
		.max = START_DATES_MAX,
		.count = &rules->dates_count,
		.read = read_dates,
	};
	return read_list(rules, &start_window, windows, err, err_len) &&
	       read_list(rules, &no_start, dates, err, err_len);
}
