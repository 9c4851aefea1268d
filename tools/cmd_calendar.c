/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What begins and ends in which week: each zone's own machine, run forward. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "weeks.h"
#include "stored_delegations.h"

/*! Columns of the longest bar. */
#define BAR_MAX 40
/*! So many weeks in which nothing begins or ends become one row. */
#define QUIET_MIN 3
/*! Names that are printed with a week; more are counted. */
#define NAMES_MAX 3
/*! 1970-01-05 is a Monday. */
#define FIRST_MONDAY (4 * CALENDAR_DAY)

typedef struct {
	const options_t *o;
	store_t *store;
	zone_list_t names; /*!< Those that were named; none: all. */
	const store_parent_t *parent;
	calendar_t calendar;
} gather_t;

typedef struct {
	size_t starts, ends;
	size_t rolling; /*!< At the same time, at most. */
} week_t;

/* What comes. */

static calendar_item_t *add(calendar_t *c, const char *name)
{
	if (c->count == c->size) {
		c->size = 2 * c->size + 64;
		c->items = memory_need(realloc(c->items, c->size * sizeof(*c->items)));
	}
	calendar_item_t *item = &c->items[c->count++];
	*item = (calendar_item_t){ .name = memory_need(strdup(name)) };
	return item;
}

static bool is_named(gather_t *g, const char *name)
{
	return g->names.count == 0 || zone_list_see(&g->names, name);
}

static int add_zone(const store_zone_t *z, void *arg)
{
	gather_t *g = arg;
	forecast_t plan;

	if (!is_named(g, z->zone)) {
		return 0;
	}
	const rollover_config_t config = settings_of(g->o, z);
	if (z->row.state == ROLLOVER_IDLE && starts_never(g->o, z, &config)) {
		g->calendar.never++;
		return 0;
	}
	zone_plan(g->o, z, &plan);
	if (plan.imagined || plan.start == 0) {
		g->calendar.undue++;
		return 0;
	}
	calendar_item_t *item = add(&g->calendar, z->zone);
	item->rolls = z->row.state != ROLLOVER_IDLE;
	item->start = plan.start;
	item->end = plan.end;
	return 0;
}

static int add_delegation(const store_delegation_t *d, void *arg)
{
	gather_t *g = arg;
	delegation_forecast_t plan;

	if (d->row.state == DELEGATION_REST || delegation_gone(d) || !is_named(g, d->name)) {
		return 0;
	}
	delegation_planned(g->o, g->parent, d, &plan);
	calendar_item_t *item = add(&g->calendar, d->name);
	item->delegation = true;
	item->rolls = true;
	item->start = plan.start != 0 ? plan.start : d->row.since;
	item->end = plan.end;
	return 0;
}

static int add_parent(const store_parent_t *parent, void *arg)
{
	gather_t *g = arg;

	g->parent = parent;
	return store_delegations(g->store, parent->zone, true, add_delegation, g);
}

static int by_start(const void *a, const void *b)
{
	const calendar_item_t *x = a, *y = b;

	return x->start != y->start ? (x->start < y->start ? -1 : 1) : strcmp(x->name, y->name);
}

static int gather(gather_t *g)
{
	calendar_t *c = &g->calendar;
	int ret = store_zones(g->store, add_zone, g);

	/* An invalid row hides no other. */
	if (ret == KNOT_EOK || ret == KNOT_EMALF) {
		const int parents = store_parents(g->store, add_parent, g);
		ret = parents != KNOT_EOK ? parents : ret;
	}
	if (ret != KNOT_EOK) {
		fprintf(stderr, "kskroll: %s\n", store_error(g->store));
	}
	qsort(c->items, c->count, sizeof(*c->items), by_start);
	c->weeks = g->o->weeks;
	c->from = g->o->now - (g->o->now - FIRST_MONDAY) % CALENDAR_WEEK;
	const time_t to = c->from + (time_t)c->weeks * CALENDAR_WEEK;
	while (c->count > 0 && c->items[c->count - 1].start >= to) {
		free(c->items[--c->count].name);
		c->later++;
	}
	return ret == KNOT_EOK ? EXIT_FINE : EXIT_ERROR;
}

/* By week. */

static size_t week_of(const calendar_t *c, time_t at)
{
	return at < c->from ? 0 : (size_t)((at - c->from) / CALENDAR_WEEK);
}

typedef struct {
	time_t at;
	int step;
} change_t;

static int by_time(const void *a, const void *b)
{
	const change_t *x = a, *y = b;

	/* What ends makes room for what begins in the same second. */
	return x->at != y->at ? (x->at < y->at ? -1 : 1) : x->step - y->step;
}

/*! The most that go on at the same time, week by week. */
static void count_rolling(const calendar_t *c, week_t *weeks)
{
	change_t *changes = memory_need(calloc(2 * c->count + 1, sizeof(*changes)));
	size_t count = 0, now = 0, at = 0;

	for (size_t i = 0; i < c->count; i++) {
		const calendar_item_t *item = &c->items[i];
		const time_t start = item->start < c->from ? c->from : item->start;
		/* By a clock that has been put right since, it may end before it begins. */
		if (item->end == 0 || item->end > start) {
			changes[count++] = (change_t){ start, 1 };
		}
		if (item->end > start) {
			changes[count++] = (change_t){ item->end, -1 };
		}
	}
	qsort(changes, count, sizeof(*changes), by_time);
	for (size_t week = 0; week < c->weeks; week++) {
		const time_t end = c->from + (time_t)(week + 1) * CALENDAR_WEEK;
		weeks[week].rolling = now;
		for (; at < count && changes[at].at < end; at++) {
			now += (size_t)changes[at].step;
			weeks[week].rolling = now > weeks[week].rolling ? now : weeks[week].rolling;
		}
	}
	free(changes);
}

static week_t *count_weeks(const gather_t *g)
{
	const calendar_t *c = &g->calendar;
	week_t *weeks = memory_need(calloc(c->weeks + 1, sizeof(*weeks)));

	for (size_t i = 0; i < c->count; i++) {
		const calendar_item_t *item = &c->items[i];
		if (!item->rolls) {
			weeks[week_of(c, item->start)].starts++;
		}
		if (item->end >= c->from && week_of(c, item->end) < c->weeks) {
			weeks[week_of(c, item->end)].ends++;
		}
	}
	count_rolling(c, weeks);
	return weeks;
}

/*! "2026-W49" (ISO 8601), of a Monday. */
static const char *week_name(char out[TEXT_TIME], time_t monday)
{
	struct tm tm;

	strftime(out, TEXT_TIME, "%G-W%V", gmtime_r(&monday, &tm));
	return out;
}

static const char *day_name(char out[TEXT_TIME], time_t day)
{
	struct tm tm;

	strftime(out, TEXT_TIME, "%Y-%m-%d", gmtime_r(&day, &tm));
	return out;
}

/* Text. */

/*! Who begins in a week, as far as there is room. */
static void say_names(const calendar_t *c, size_t week, size_t *next, char *out, size_t out_len)
{
	size_t shown = 0, len = 0;

	out[0] = '\0';
	for (; *next < c->count && week_of(c, c->items[*next].start) <= week; (*next)++) {
		const calendar_item_t *item = &c->items[*next];
		if (item->rolls) {
			continue;
		}
		if (shown++ < NAMES_MAX && len < out_len) {
			len += (size_t)snprintf(out + len, out_len - len, "%s%s", shown > 1 ? ", " : "", item->name);
		}
	}
	if (shown > NAMES_MAX && len < out_len) {
		snprintf(out + len, out_len - len, ", and %zu more", shown - NAMES_MAX);
	}
}

static void add_number(table_t *t, size_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", number);
	table_add(t, COLOR_NONE, number > 0 ? text : "-");
}

/*! A row for several weeks in which nothing begins or ends. */
static void print_quiet(table_t *t, size_t count, size_t rolling)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu weeks", count);
	table_add(t, COLOR_NONE, "...");
	table_add(t, COLOR_NONE, text);
	add_number(t, 0);
	add_number(t, 0);
	add_number(t, rolling);
	table_add(t, COLOR_NONE, "");
	table_add(t, COLOR_NONE, "");
}

static void print_weeks(const options_t *o, const calendar_t *c, const week_t *weeks)
{
	static const char *const heads[] = { "WEEK", "FROM", "START", "END", "AT ONCE", "", "WHO STARTS" };
	table_t *t = table_new(7);
	size_t most = 1, last = 0, next = 0;
	char text[TEXT_TIME], bar[BAR_MAX + 1], names[NAMES_MAX * 256 + 64];

	for (int i = 0; i < 7; i++) {
		table_add(t, COLOR_BOLD, heads[i]);
	}
	for (size_t i = 0; i < c->weeks; i++) {
		most = weeks[i].starts > most ? weeks[i].starts : most;
		last = weeks[i].starts + weeks[i].ends > 0 ? i : last;
	}
	for (size_t i = 0, quiet; i <= last; i++) {
		for (quiet = i; quiet < last && weeks[quiet].starts + weeks[quiet].ends == 0;) {
			quiet++;
		}
		if (quiet - i >= QUIET_MIN) {
			print_quiet(t, quiet - i, weeks[i].rolling);
			i = quiet;
		}
		const time_t monday = c->from + (time_t)i * CALENDAR_WEEK;
		/* Whatever starts is at least a dot. */
		const size_t length = (weeks[i].starts * BAR_MAX + most - 1) / most;
		table_add(t, COLOR_BOLD, week_name(text, monday));
		table_add(t, COLOR_NONE, day_name(text, monday));
		add_number(t, weeks[i].starts);
		add_number(t, weeks[i].ends);
		add_number(t, weeks[i].rolling);
		memset(bar, '#', length);
		bar[length] = '\0';
		table_add(t, COLOR_GREEN, bar);
		say_names(c, i, &next, names, sizeof(names));
		table_add(t, COLOR_NONE, names);
	}
	table_print(o, t, 0);
	table_free(t);
}

static void say_count(const char *format, const char *one_format, size_t count)
{
	if (count > 0) {
		printf(count == 1 ? one_format : format, count);
	}
}

static void print(const options_t *o, const calendar_t *c, const week_t *weeks)
{
	size_t peak = 0, stuck = 0, stuck_delegations = 0;
	char text[TEXT_TIME];

	if (c->count > 0) {
		print_weeks(o, c, weeks);
		putchar('\n');
	}
	for (size_t i = 0; i < c->weeks; i++) {
		peak = weeks[i].starts > weeks[peak].starts ? i : peak;
	}
	if (weeks[peak].starts > 1) {
		printf("Most start in week %s: %zu.\n", week_name(text, c->from + (time_t)peak * CALENDAR_WEEK),
		       weeks[peak].starts);
	}
	for (size_t i = 0; i < c->count; i++) {
		stuck += c->items[i].end == 0 && !c->items[i].delegation;
		stuck_delegations += c->items[i].end == 0 && c->items[i].delegation;
	}
	say_count("%zu have no end in sight, since a human must act first: kskroll status --blocked\n",
	          "%zu has no end in sight, since a human must act first: kskroll status --blocked\n", stuck);
	say_count("%zu delegations have no end in sight: kskroll delegations --blocked\n",
	          "%zu delegation has no end in sight: kskroll delegations --blocked\n", stuck_delegations);
	say_count("%zu zones may never start, by start-window and no-start: kskroll audit\n",
	          "%zu zone may never start, by start-window and no-start: kskroll audit\n", c->never);
	say_count("%zu start later: --weeks shows more.\n", "%zu starts later: --weeks shows more.\n", c->later);
	say_count("%zu zones have no date: they roll when you start it (ksk-lifetime is 0).\n",
	          "%zu zone has no date: it rolls when you start it (ksk-lifetime is 0).\n", c->undue);
	if (c->count + c->later + c->undue + c->never == 0) {
		puts(o->arg_count > 0 ? "Nothing begins or ends." : "No zones yet.");
	}
}

/* JSON. */

static void print_json(const options_t *o, const calendar_t *c, const week_t *weeks)
{
	char text[TEXT_TIME];

	output_begin();
	json_time(json, "time", o->now);
	json_open(json, "weeks", '[');
	for (size_t i = 0; i < c->weeks; i++) {
		const time_t monday = c->from + (time_t)i * CALENDAR_WEEK;
		json_open(json, NULL, '{');
		json_string(json, "week", week_name(text, monday));
		json_time(json, "from", monday);
		json_number(json, "starts", weeks[i].starts);
		json_number(json, "ends", weeks[i].ends);
		json_number(json, "at_once", weeks[i].rolling);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_open(json, "entries", '[');
	for (size_t i = 0; i < c->count; i++) {
		const calendar_item_t *item = &c->items[i];
		json_open(json, NULL, '{');
		json_string(json, "name", item->name);
		json_string(json, "kind", item->delegation ? "delegation" : "zone");
		json_bool(json, "under_way", item->rolls);
		json_time(json, "start", item->start);
		json_time(json, "end", item->end);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_number(json, "later", c->later);
	json_number(json, "undue", c->undue);
	json_number(json, "never", c->never);
	output_end();
}

/* The command. */

static int take_names(gather_t *g)
{
	static store_zone_t zone;
	static store_delegation_t delegation;

	if (!zone_list_take(g->o, &g->names)) {
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < g->names.count; i++) {
		if (stored_find(g->store, g->names.name[i], &delegation) != KNOT_EOK) {
			int ret = stored_load(g->store, g->names.name[i], &zone);
			if (ret != EXIT_FINE) {
				return ret;
			}
		}
	}
	return EXIT_FINE;
}

static int show(gather_t *g)
{
	int ret = take_names(g);

	if (ret != EXIT_FINE) {
		return ret;
	}
	ret = gather(g);
	week_t *weeks = count_weeks(g);
	if (g->o->ics) {
		calendar_ics(g->o, &g->calendar);
	} else if (g->o->json) {
		print_json(g->o, &g->calendar, weeks);
	} else {
		print(g->o, &g->calendar, weeks);
	}
	free(weeks);
	return ret;
}

int cmd_calendar(const options_t *o)
{
	gather_t g = { .o = o, .store = stored_open(o) };
	if (g.store == NULL) {
		return EXIT_ERROR;
	}
	int ret = show(&g);
	store_close(g.store);
	for (size_t i = 0; i < g.calendar.count; i++) {
		free(g.calendar.items[i].name);
	}
	free(g.calendar.items);
	zone_list_free(&g.names);
	return ret;
}
