/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is not as it should be with the zones, for people and for monitoring.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "stored_delegations.h"

/*! A finding with texts of its own. */
typedef struct {
	char *zone;
	check_t check;
	level_t level;
	char *about;
	char *detail;
	bool outage;
} kept_t;

typedef struct {
	const options_t *o;
	kept_t *kept;
	size_t count;
	level_counts_t levels;
	size_t zones;
	size_t delegations;
	zone_list_t list;
} audit_t;

static char *copy(const char *text)
{
	return memory_need(strdup(text));
}

static void keep(const finding_t *f, void *arg)
{
	audit_t *a = arg;
	a->kept = memory_need(realloc(a->kept, (a->count + 1) * sizeof(*a->kept)));
	a->kept[a->count++] = (kept_t){
		.zone = copy(f->zone),
		.check = f->check,
		.level = f->level,
		.about = copy(f->about),
		.detail = copy(f->detail),
		.outage = f->outage,
	};
	a->levels[f->level]++;
}

static void keep_plain(audit_t *a, const char *zone, check_t check, level_t level)
{
	keep(&(finding_t){ .zone = zone, .check = check, .level = level, .about = "", .detail = "" }, a);
}

static int check(const store_zone_t *zone, void *arg)
{
	audit_t *a = arg;

	if (a->o->zones != NULL && !zone_list_see(&a->list, zone->zone)) {
		/* Rows stay when a zone goes; one that is still checked is missing in the list. */
		if (advice_overdue(a->o, &zone->row)) {
			return 0;
		}
		keep_plain(a, zone->zone, CHECK_NOT_LISTED, LEVEL_WARNING);
	}
	a->zones++;
	checks_zone(a->o, zone, keep, a);
	return 0;
}

static int check_delegation(const store_delegation_t *d, void *arg)
{
	audit_t *a = arg;
	a->delegations++;
	checks_delegation(a->o, d, keep, a);
	return 0;
}

static int check_parent(const store_parent_t *parent, void *arg)
{
	checks_parent(parent, keep, arg);
	return 0;
}

/*! All parent zones and delegations. \return As check_at_all(). */
static int check_delegations(audit_t *a, store_t *store)
{
	const int parents = store_parents(store, check_parent, a);
	if (parents != KNOT_EOK) {
		stored_failed(store, parents);
	}
	if (parents != KNOT_EOK && parents != KNOT_EMALF) {
		return parents;
	}
	const int ret = store_delegations(store, NULL, true, check_delegation, a);
	if (ret != KNOT_EOK) {
		stored_failed(store, ret);
	}
	return ret == KNOT_EOK ? parents : ret;
}

/*! A name: a zone, a parent zone with its delegations, or a delegation. \return KNOT_ENOENT if it is none. */
static int check_named(audit_t *a, store_t *store, const char *arg)
{
	static store_parent_t parent;
	static store_delegation_t d;
	static store_zone_t zone;
	char name[256];
	bool found = false;

	if (!stored_name(arg, name, sizeof(name))) {
		return KNOT_ENOENT;
	}
	int ret = store_parent_load(store, name, &parent);
	if (ret == KNOT_EOK) {
		found = true;
		(void)check_parent(&parent, a);
		ret = store_delegations(store, name, true, check_delegation, a);
	}
	if (ret == KNOT_EOK || ret == KNOT_ENOENT) {
		ret = stored_find(store, name, &d);
		if (ret == KNOT_EOK) {
			found = true;
			(void)check_delegation(&d, a);
		}
	}
	if (ret != KNOT_EOK && ret != KNOT_ENOENT) {
		fprintf(stderr, "kskroll: %s\n", store_error(store));
		return ret;
	}
	if (found && store_load(store, name, &zone) == KNOT_ENOENT) {
		return KNOT_EOK;
	}
	if (stored_load(store, arg, &zone) != EXIT_FINE) {
		return KNOT_ENOENT;
	}
	check(&zone, a);
	return KNOT_EOK;
}

static void missing(audit_t *a)
{
	for (size_t i = 0; i < a->list.count; i++) {
		if (!a->list.seen[i]) {
			a->zones++;
			keep_plain(a, a->list.name[i], CHECK_NO_MODULE, LEVEL_WARNING);
		}
	}
}

/*!
 * \return KNOT_EOK; KNOT_ENOENT or KNOT_EMALF if all but some zones could be read; KNOT_ERROR if reading ended early,
 * so that nothing can be said of the others, nor of zones that seem to be missing.
 */
static int check_at_all(audit_t *a, store_t *store)
{
	int ok = KNOT_EOK;

	if (a->o->arg_count == 0) {
		ok = store_zones(store, check, a);
		if (ok != KNOT_EOK) {
			stored_failed(store, ok);
		}
		if (ok != KNOT_EOK && ok != KNOT_EMALF) {
			return KNOT_ERROR;
		}
		missing(a);
		const int delegations = check_delegations(a, store);
		if (delegations != KNOT_EOK && delegations != KNOT_EMALF) {
			return KNOT_ERROR;
		}
		ok = ok == KNOT_EOK ? delegations : ok;
	}
	for (int i = 0; i < a->o->arg_count; i++) {
		const int ret = check_named(a, store, a->o->args[i]);
		if (ret == KNOT_ERROR) {
			return ret;
		}
		ok = ret == KNOT_EOK ? ok : KNOT_ENOENT;
	}
	return ok;
}

static int compare(const void *a, const void *b)
{
	const kept_t *x = a, *y = b;
	if (x->outage != y->outage) {
		return x->outage ? -1 : 1;
	}
	if (x->level != y->level) {
		return x->level > y->level ? -1 : 1;
	}
	int zone = strcmp(x->zone, y->zone);
	return zone != 0 ? zone : (int)x->check - (int)y->check;
}

static void json_members(const audit_t *a, int code)
{
	level_json(a->levels, code);
	json_number(json, "zones", a->zones);
	json_number(json, "delegations", a->delegations);
	json_open(json, "findings", '[');
	for (size_t i = 0; i < a->count; i++) {
		const kept_t *f = &a->kept[i];
		json_open(json, NULL, '{');
		json_string(json, "level", level_name(f->level));
		json_string(json, "zone", f->zone[0] != '\0' ? f->zone : NULL);
		json_string(json, "check", checks_info(f->check)->name);
		json_string(json, "meaning", checks_info(f->check)->meaning);
		json_string(json, "about", f->about[0] != '\0' ? f->about : NULL);
		json_string(json, "detail", f->detail[0] != '\0' ? f->detail : NULL);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void print_json(const audit_t *a, int code)
{
	output_begin();
	json_time(json, "time", a->o->now);
	json_members(a, code);
	output_end();
}

/*! The first line is what a monitoring system shows; numbers for its graphs are behind the bar. */
static void print_text(const audit_t *a, int code)
{
	table_t *t = table_new(5);

	level_print_result(a->o, code);
	printf(" - %zu zone%s", a->zones, a->zones == 1 ? "" : "s");
	if (a->delegations > 0) {
		printf(", %zu delegation%s", a->delegations, a->delegations == 1 ? "" : "s");
	}
	printf(": %zu critical, %zu warning%s, %zu note%s%s | zones=%zu critical=%zu warning=%zu note=%zu",
	       a->levels[LEVEL_CRITICAL], a->levels[LEVEL_WARNING], a->levels[LEVEL_WARNING] == 1 ? "" : "s",
	       a->levels[LEVEL_NOTE], a->levels[LEVEL_NOTE] == 1 ? "" : "s",
	       a->levels[LEVEL_NOTE] > 0 && !a->o->all ? " (--all shows them)" : "", a->zones,
	       a->levels[LEVEL_CRITICAL], a->levels[LEVEL_WARNING], a->levels[LEVEL_NOTE]);
	if (a->delegations > 0) {
		printf(" delegations=%zu", a->delegations);
	}
	putchar('\n');
	for (size_t i = 0; i < a->count; i++) {
		const kept_t *f = &a->kept[i];
		if (f->level == LEVEL_NOTE && !a->o->all) {
			continue;
		}
		table_add(t, level_color(f->level), level_name(f->level));
		table_add(t, COLOR_BOLD, f->zone[0] != '\0' ? f->zone : "-");
		table_add(t, COLOR_NONE, checks_info(f->check)->name);
		table_add(t, COLOR_NONE, f->about[0] != '\0' ? f->about : "-");
		table_add(t, COLOR_NONE, f->detail[0] != '\0' ? f->detail : checks_info(f->check)->meaning);
	}
	table_print(a->o, t, 0);
	table_free(t);
}

static void forget(audit_t *a)
{
	for (size_t i = 0; i < a->count; i++) {
		free(a->kept[i].zone);
		free(a->kept[i].about);
		free(a->kept[i].detail);
	}
	free(a->kept);
	zone_list_free(&a->list);
}

/*! All findings, the worst first. \return As check_at_all(). */
static int find(audit_t *a, store_t *store)
{
	const int ok = check_at_all(a, store);

	/* Nothing is known beside a copy of the store. */
	if (ok != KNOT_ERROR && store_alive(a->o->db, NULL) == STORE_ALIVE_NO) {
		keep_plain(a, "", CHECK_DAEMON_DOWN, LEVEL_CRITICAL);
	}
	if (a->count > 0) {
		qsort(a->kept, a->count, sizeof(*a->kept), compare);
	}
	return ok;
}

void audit_json(const options_t *o, store_t *store)
{
	audit_t a = { .o = o };
	const int ok = find(&a, store);

	json_open(json, "audit", '{');
	json_members(&a, level_result(a.levels, ok == KNOT_EOK));
	json_close(json, '}');
	forget(&a);
}

int cmd_audit(const options_t *o)
{
	audit_t a = { .o = o };
	if (o->zones != NULL && !zone_list_read(o->zones, &a.list)) {
		zone_list_free(&a.list);
		return AUDIT_UNKNOWN;
	}
	store_t *store = stored_open(o);
	if (store == NULL) {
		zone_list_free(&a.list);
		return AUDIT_UNKNOWN;
	}
	int ok = find(&a, store);
	int code = AUDIT_UNKNOWN;
	if (ok != KNOT_ERROR) {
		code = level_result(a.levels, ok == KNOT_EOK);
		if (o->json) {
			print_json(&a, code);
		} else {
			print_text(&a, code);
		}
	}
	forget(&a);
	store_close(store);
	return code;
}
