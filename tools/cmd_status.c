/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "delegation_view.h"

typedef struct {
	const options_t *o;
	store_t *store;
	table_t *table;
	prometheus_t *prometheus;
	unsigned shown;
	unsigned blocked;
	unsigned zones;
	unsigned parents;  /*!< Parent zones, which have a command of their own. */
	time_t routes_at;  /*!< Of the newest survey of a zone that is shown. */
	unsigned no_route; /*!< ROUTE_* that the host did not have then. */
	bool others;       /*!< Zones without an outage: those with one come first. */
} list_t;

/* JSON. */

static void json_key(const char *name, const key_id_t *key)
{
	char digest[2 * sizeof(key->digest) + 1];
	for (size_t i = 0; i < sizeof(key->digest); i++) {
		snprintf(digest + 2 * i, 3, "%02x", key->digest[i]);
	}
	json_open(json, name, '{');
	json_number(json, "tag", key->tag);
	json_number(json, "algorithm", key->algorithm);
	json_string(json, "sha256", digest);
	json_close(json, '}');
}

static void json_keys(const store_zone_t *z)
{
	const rollover_row_t *row = &z->row;
	const key_id_t *wanted;
	char record[512];

	json_open(json, "old_keys", '[');
	for (unsigned i = 0; i < row->old_count; i++) {
		json_key(NULL, &row->old[i]);
	}
	json_close(json, ']');
	if (row->has_new) {
		json_key("new_key", &row->new_key);
	} else {
		json_string(json, "new_key", NULL);
	}
	json_bool(json, "csk", row->csk);
	if (row->has_new) {
		json_bool(json, "new_csk", row->csk_new);
	} else {
		json_string(json, "new_csk", NULL);
	}
	unsigned count = advice_wanted(row, &wanted);
	json_open(json, "wanted_ds", '[');
	for (unsigned i = 0; i < count; i++) {
		advice_ds(record, sizeof(record), z->zone, &wanted[i]);
		json_string(json, NULL, record);
	}
	json_close(json, ']');
}

static void json_zone(const options_t *o, store_t *store, const store_zone_t *z, const forecast_t *plan)
{
	const rollover_row_t *row = &z->row;

	json_open(json, NULL, '{');
	zone_json(o, z, plan);
	json_keys(z);
	json_time(json, "ds_all_since", row->ds_all_since);
	json_number(json, "dnskey_ttl", ttl_window_max(&row->dnskey_ttl, o->now));
	json_number(json, "ds_ttl", ttl_window_max(&row->ds_ttl, o->now));
	json_number(json, "ds_ttl_before", row->ds_ttl_before);
	json_string(json, "base_policy", z->base_policy[0] != '\0' ? z->base_policy : NULL);
	const rollover_config_t config = settings_of(o, z);
	settings_json(&config, z);
	json_open(json, "give_up", '[');
	give_up_commands(o, z, zone_json_command, NULL);
	json_close(json, ']');
	output_stored("notification", json_read(z->notification));
	json_time(json, "submitted", row->submitted);
	json_string(json, "submitted_id", row->submitted_id[0] != '\0' ? row->submitted_id : NULL);
	error_reports_json(store, z->zone);
	output_stored("answers", json_read(z->answers));
	json_close(json, '}');
}

/* Table. */

table_t *status_table(void)
{
	static const char *const heads[] = {
		"ZONE", "STATE", "FOR", "WAITS FOR", "WHO ACTS", "NEXT CHECK", "EARLIEST END", "AT",
	};
	table_t *t = table_new(8);
	for (int i = 0; i < 8; i++) {
		table_add(t, COLOR_BOLD, heads[i]);
	}
	return t;
}

void status_row(const options_t *o, table_t *table, const store_zone_t *z, const forecast_t *plan)
{
	const rollover_row_t *row = &z->row;
	rollover_actor_t actor = advice_actor(o, row);
	char text[TEXT_TIME], span[TEXT_SPAN];
	bool rolling = row->state != ROLLOVER_IDLE;

	table_add(table, COLOR_BOLD, z->zone);
	table_add(table, COLOR_NONE, rollover_state_name(row->state));
	table_add(table, COLOR_NONE, text_span(span, o->now - row->since));
	table_add(table, COLOR_NONE, row->gate == GATE_NONE ? "-" : rollover_gate_info(row->gate)->name);
	table_add(table, color_of_actor(actor), rollover_actor_name(actor));
	if (advice_overdue(o, row)) {
		table_add(table, COLOR_RED, "overdue");
	} else {
		/* At rest not every check is written. */
		table_add(table, COLOR_NONE,
		          row->next_check > o->now ? text_span(span, row->next_check - o->now) :
		          rolling                  ? "now" :
		                                     "soon");
	}
	table_add(table, COLOR_NONE, rolling ? text_time(text, plan->end) : "-");
	table_add(table, COLOR_NONE, row->gate_about);
}

/*! Nothing is known beside a copy of the store. */
static bool daemon_is_down(const options_t *o)
{
	return store_alive(o->db, NULL) == STORE_ALIVE_NO;
}

static void print_daemon(const options_t *o)
{
	if (daemon_is_down(o)) {
		puts("kskrolld does not run: no zone is checked. Check whether knotd runs, and read its log.");
	}
}

static void print_routes(const list_t *l)
{
	if (l->no_route != 0) {
		printf("This host has no route to %s addresses. Servers that have only such addresses block.\n",
		       !(l->no_route & ROUTE_IPV4) ? "IPv6" :
		       !(l->no_route & ROUTE_IPV6) ? "IPv4" :
		                                     "IPv4 and IPv6");
	}
}

static void print_parents(const list_t *l)
{
	if (l->parents > 0) {
		printf("%u parent zone%s: kskroll delegations shows what is done for children.\n", l->parents,
		       l->parents == 1 ? "" : "s");
	}
}

static int show(const store_zone_t *z, void *arg)
{
	list_t *l = arg;
	forecast_t plan = { 0 };

	if (l->o->blocked && l->o->arg_count == 0 && rollover_gate_info(z->row.gate)->outage == l->others) {
		return 0;
	}
	l->zones++;
	/* About the host and not the zone: the newest survey of all zones tells. */
	evidence_no_route(z->answers, &l->routes_at, &l->no_route);
	bool blocked = advice_blocked(l->o, &z->row);
	l->blocked += blocked;
	if (l->o->blocked && !blocked) {
		return 0;
	}
	l->shown++;
	if (l->o->names) {
		puts(z->zone);
		return 0;
	}
	if (l->o->prometheus) {
		prometheus_zone(l->prometheus, l->o, l->store, z);
		return 0;
	}
	if (z->row.state != ROLLOVER_IDLE) {
		zone_plan(l->o, z, &plan);
	}
	if (l->o->json) {
		json_zone(l->o, l->store, z, &plan);
	} else {
		status_row(l->o, l->table, z, &plan);
	}
	return 0;
}

static int show_all(list_t *l, store_t *store, store_zone_t *zone)
{
	int ret = EXIT_FINE;

	if (l->o->arg_count == 0) {
		/* What is broken now comes first among what needs a human. */
		for (int pass = l->o->blocked ? 0 : 1; pass < 2; pass++) {
			l->others = pass == 1;
			const int one = store_zones(store, show, l);
			if (one != KNOT_EOK) {
				stored_failed(store, one);
				ret = EXIT_ERROR;
			}
		}
		return ret;
	}
	for (int i = 0; i < l->o->arg_count; i++) {
		int one = stored_load(store, l->o->args[i], zone);
		if (one == EXIT_FINE) {
			show(zone, l);
		}
		ret = one > ret ? one : ret;
	}
	return ret;
}

static void list_begin(list_t *l)
{
	if (l->o->json) {
		output_begin();
		json_time(json, "time", l->o->now);
		json_open(json, "zones", '[');
	} else if (l->o->prometheus) {
		l->prometheus = prometheus_new();
	} else if (!l->o->names) {
		l->table = status_table();
	}
}

static void list_end(list_t *l, int ret)
{
	const store_alive_t alive = store_alive(l->o->db, NULL);

	if (l->o->json) {
		json_close(json, ']');
		stored_alive_json(l->o);
		json_number(json, "blocked", l->blocked);
		json_open(json, "no_route", '[');
		if (l->no_route & ROUTE_IPV4) {
			json_string(json, NULL, "IPv4");
		}
		if (l->no_route & ROUTE_IPV6) {
			json_string(json, NULL, "IPv6");
		}
		json_close(json, ']');
		output_end();
	} else if (l->o->prometheus) {
		prometheus_end(l->prometheus, alive);
	} else if (!l->o->names) {
		if (l->shown > 0) {
			table_print(l->o, l->table, 0);
		} else if (ret == EXIT_FINE && !(l->o->blocked && alive == STORE_ALIVE_NO) &&
		           (l->zones > 0 || l->parents == 0)) {
			puts(l->zones == 0 ? "No zones yet: they appear when a zone has 'module: mod-kskroll'." :
			                     "Nothing needs a human.");
		}
		table_free(l->table);
		if (!l->o->blocked) {
			print_routes(l);
			print_parents(l);
		}
		print_daemon(l->o);
	}
}

static int measure_parent(const store_parent_t *parent, void *arg)
{
	list_t *l = arg;
	return prometheus_parent(l->prometheus, l->o, l->store, parent);
}

static int measure_parents(list_t *l)
{
	if (store_parents(l->store, measure_parent, l) != KNOT_EOK) {
		fprintf(stderr, "kskroll: %s\n", store_error(l->store));
		return EXIT_ERROR;
	}
	return EXIT_FINE;
}

static int list(const options_t *o, store_t *store, store_zone_t *zone)
{
	list_t l = { .o = o, .store = store };

	if (o->arg_count == 0) {
		l.parents = stored_parents(store);
	}
	list_begin(&l);
	int ret = show_all(&l, store, zone);
	if (o->prometheus && o->arg_count == 0 && ret == EXIT_FINE) {
		ret = measure_parents(&l);
	}
	list_end(&l, ret);
	return ret == EXIT_FINE && o->blocked && (l.blocked > 0 || daemon_is_down(o)) ? EXIT_BLOCKED : ret;
}

int cmd_status(const options_t *o)
{
	if (o->watch) {
		return status_watch(o);
	}
	store_t *store = stored_open(o);
	store_zone_t *zone = memory_need(malloc(sizeof(*zone)));
	int ret = EXIT_ERROR;

	if (store != NULL) {
		if (o->arg_count == 1 && !o->json && !o->blocked && !o->names && !o->prometheus) {
			ret = stored_load(store, o->args[0], zone);
			if (ret == EXIT_FINE) {
				forecast_t plan;
				zone_plan(o, zone, &plan);
				detail_print(o, store, zone, &plan);
				print_daemon(o);
			}
		} else {
			ret = list(o, store, zone);
		}
	}
	free(zone);
	store_close(store);
	return ret;
}
