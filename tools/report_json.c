/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a page about all zones needs of one store, as JSON: zones, what the history has of them, parent zones and
 * delegations, findings of the audit.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/errcode.h>

#include "delegation_view.h"
#include "report_page.h"

#define DAY 86400
/*! How far back the history is read. */
#define HISTORY_READ (400 * DAY)
/*! States of the rollover under way that have passed, and waits for DS: the newest of a zone. */
#define PAST_MAX 16

/*! A change of state. */
typedef struct {
	time_t time;
	uint8_t from, to;
} change_t;

/*! Those of a zone, behind one another. */
typedef struct {
	char *zone;
	size_t first, count;
} zone_changes_t;

typedef struct {
	unsigned started, finished, rolled_back;
} month_t;

typedef struct {
	const options_t *o;
	change_t *change;
	size_t count, room;
	zone_changes_t *zone;
	size_t zones, zone_room;
	month_t month[REPORT_MONTHS]; /*!< The present one last. */
} history_t;

static void *grown(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room) {
		return array;
	}
	*room = *room > 0 ? 2 * *room : 256;
	return memory_need(realloc(array, *room * size));
}

/*! Months since year 0. */
static int month_number(time_t at)
{
	struct tm tm;
	return gmtime_r(&at, &tm) != NULL ? (tm.tm_year + 1900) * 12 + tm.tm_mon : 0;
}

static void count_month(history_t *h, const store_event_t *e)
{
	const int at = month_number(e->time) - month_number(h->o->now) + REPORT_MONTHS - 1;
	if (at < 0 || at >= REPORT_MONTHS) {
		return;
	}
	month_t *m = &h->month[at];
	/* An insecure zone has no new key. */
	m->started += e->from == ROLLOVER_IDLE && e->to != ROLLOVER_REMOVE_DS;
	m->finished += e->to == ROLLOVER_SETTLE;
	m->rolled_back += e->to == ROLLOVER_ROLLBACK;
}

static int keep_change(const store_event_t *e, void *arg)
{
	history_t *h = arg;

	if (h->zones == 0 || strcmp(h->zone[h->zones - 1].zone, e->zone) != 0) {
		h->zone = grown(h->zone, h->zones, &h->zone_room, sizeof(*h->zone));
		h->zone[h->zones++] = (zone_changes_t){ .zone = memory_need(strdup(e->zone)), .first = h->count };
	}
	h->change = grown(h->change, h->count, &h->room, sizeof(*h->change));
	h->change[h->count++] = (change_t){ .time = e->time, .from = e->from, .to = e->to };
	h->zone[h->zones - 1].count++;
	count_month(h, e);
	return 0;
}

static int compare_zone(const void *name, const void *zone)
{
	return strcmp(name, ((const zone_changes_t *)zone)->zone);
}

/*! \return The changes of a zone, of which there may be none. */
static const change_t *changes_of(const history_t *h, const char *zone, size_t *count)
{
	const zone_changes_t *found =
		h->zones > 0 ? bsearch(zone, h->zone, h->zones, sizeof(*h->zone), compare_zone) : NULL;
	*count = found != NULL ? found->count : 0;
	return found != NULL ? h->change + found->first : NULL;
}

static void json_phase(rollover_state_t state, time_t from, time_t to)
{
	json_open(json, NULL, '{');
	json_string(json, "state", rollover_state_name(state));
	json_time(json, "from", from);
	json_time(json, "to", to);
	json_close(json, '}');
}

/*! States of the rollover under way: what was, what is, and what is expected. */
static void json_timeline(const history_t *h, const store_zone_t *z, const forecast_t *plan)
{
	size_t count;
	const change_t *change = changes_of(h, z->zone, &count);
	size_t first = count;

	json_open(json, "timeline", '[');
	if (z->row.state != ROLLOVER_IDLE) {
		while (first > 0 && count - first < PAST_MAX && change[first - 1].to != ROLLOVER_IDLE) {
			first--;
		}
		/* The last one leads to the state of the row, with which the plan begins. */
		for (size_t i = first; i + 1 < count; i++) {
			json_phase(change[i].to, change[i].time, change[i + 1].time);
		}
		for (unsigned i = 0; i < plan->count; i++) {
			if (plan->step[i].state != ROLLOVER_IDLE) {
				json_phase(plan->step[i].state, plan->step[i].from, plan->step[i].to);
			}
		}
	}
	json_close(json, ']');
}

/*! From CDS at every nameserver until DS at every server of the parent. */
static void json_ds_after(const history_t *h, const store_zone_t *z)
{
	size_t count, shown = 0;
	const change_t *change = changes_of(h, z->zone, &count);

	json_open(json, "ds_after", '[');
	for (size_t i = count; i > 1 && shown < PAST_MAX; i--) {
		if (change[i - 1].from == ROLLOVER_AWAIT_DS && change[i - 1].to == ROLLOVER_WITHDRAW &&
		    change[i - 2].to == ROLLOVER_AWAIT_DS && change[i - 1].time >= change[i - 2].time) {
			json_number(json, NULL, change[i - 1].time - change[i - 2].time);
			shown++;
		}
	}
	json_close(json, ']');
}

static int json_zone(const store_zone_t *z, void *arg)
{
	history_t *h = arg;
	forecast_t plan = { 0 };
	char status[64];

	if (z->row.state != ROLLOVER_IDLE) {
		zone_plan(h->o, z, &plan);
	}
	json_open(json, NULL, '{');
	zone_json(h->o, z, &plan);
	json_string(json, "parent_via", z->configured ? settings_via(&z->config) : NULL);
	const bool notified = json_text(json_member(json_read(z->notification), "status"), status, sizeof(status));
	json_string(json, "notified", notified ? status : NULL);
	json_timeline(h, z, &plan);
	json_ds_after(h, z);
	json_close(json, '}');
	return 0;
}

static void json_months(const history_t *h)
{
	char text[32];

	json_open(json, "months", '[');
	for (int i = 0; i < REPORT_MONTHS; i++) {
		const int number = month_number(h->o->now) - REPORT_MONTHS + 1 + i;
		snprintf(text, sizeof(text), "%04d-%02d", number / 12, number % 12 + 1);
		json_open(json, NULL, '{');
		json_string(json, "month", text);
		json_number(json, "started", h->month[i].started);
		json_number(json, "finished", h->month[i].finished);
		json_number(json, "rolled_back", h->month[i].rolled_back);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void forget(history_t *h)
{
	for (size_t i = 0; i < h->zones; i++) {
		free(h->zone[i].zone);
	}
	free(h->zone);
	free(h->change);
}

static void json_zones(history_t *h, store_t *store)
{
	int ret = store_changes(store, h->o->now - HISTORY_READ, keep_change, h);

	if (ret != KNOT_EOK) {
		stored_failed(store, ret);
	}
	json_open(json, "zones", '[');
	ret = store_zones(store, json_zone, h);
	if (ret != KNOT_EOK) {
		stored_failed(store, ret);
	}
	json_close(json, ']');
	json_months(h);
}

bool report_json(const options_t *o, store_t *store, FILE *out)
{
	options_t all = *o;
	history_t h = { .o = &all };
	char host[256] = "";

	all.json = true;
	all.arg_count = 0;
	(void)gethostname(host, sizeof(host) - 1);
	output_to(out);
	output_begin();
	json_time(json, "time", o->now);
	json_string(json, "host", host);
	stored_alive_json(o);
	json_zones(&h, store);
	delegations_json(&all, store);
	audit_json(&all, store);
	const bool ended = stored_failures_json();
	output_end();
	output_to(NULL);
	forget(&h);
	return !ended;
}
