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

static void run_plan(const options_t *o, const store_zone_t *z, forecast_t *plan)
{
	const rollover_config_t config = settings_of(o, z);
	forecast_run(&config, &z->row, &o->assume, o->now, plan);
}

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

static void json_command(const char *command, const char *comment, void *arg)
{
	(void)arg;
	json_open(json, NULL, '{');
	json_string(json, "command", command);
	json_string(json, "comment", comment);
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
	const rollover_gate_info_t *info = rollover_gate_info(row->gate);
	bool rolling = row->state != ROLLOVER_IDLE;

	json_open(json, NULL, '{');
	json_string(json, "zone", z->zone);
	json_string(json, "state", rollover_state_name(row->state));
	json_string(json, "state_meaning", rollover_state_meaning(row->state));
	json_time(json, "since", row->since);
	json_open(json, "gate", '{');
	json_string(json, "code", info->name);
	json_string(json, "about", row->gate_about[0] != '\0' ? row->gate_about : NULL);
	json_string(json, "detail", row->gate_detail[0] != '\0' ? row->gate_detail : NULL);
	json_time(json, "since", row->gate_since);
	json_time(json, "until", row->gate_until);
	json_string(json, "meaning", info->meaning);
	json_string(json, "advice", info->advice);
	json_bool(json, "outage", info->outage);
	json_close(json, '}');
	json_string(json, "actor", rollover_actor_name(advice_actor(o, row)));
	json_bool(json, "blocked", advice_blocked(o, row));
	json_time(json, "checked", z->checked);
	json_time(json, "next_check", row->next_check);
	json_bool(json, "overdue", advice_overdue(o, row));
	json_time(json, "earliest_safe", rolling ? plan->safe : 0);
	json_time(json, "earliest_end", rolling ? plan->end : 0);
	json_keys(z);
	json_time(json, "ds_all_since", row->ds_all_since);
	json_number(json, "dnskey_ttl", ttl_window_max(&row->dnskey_ttl, o->now));
	json_number(json, "ds_ttl", ttl_window_max(&row->ds_ttl, o->now));
	json_string(json, "base_policy", z->base_policy[0] != '\0' ? z->base_policy : NULL);
	json_string(json, "parent_zone", z->parent_zone[0] != '\0' ? z->parent_zone : NULL);
	const rollover_config_t config = settings_of(o, z);
	settings_json(&config, z);
	json_open(json, "commands", '[');
	advice_commands(o, z, json_command, NULL);
	json_close(json, ']');
	json_open(json, "give_up", '[');
	give_up_commands(o, z, json_command, NULL);
	json_close(json, ']');
	output_stored("notification", json_read(z->notification));
	error_reports_json(store, z->zone);
	output_stored("answers", json_read(z->answers));
	json_close(json, '}');
}

/* Table. */

static void table_zone(list_t *l, const store_zone_t *z, const forecast_t *plan)
{
	const options_t *o = l->o;
	const rollover_row_t *row = &z->row;
	rollover_actor_t actor = advice_actor(o, row);
	char text[TEXT_TIME], span[TEXT_SPAN];
	bool rolling = row->state != ROLLOVER_IDLE;

	table_add(l->table, COLOR_BOLD, z->zone);
	table_add(l->table, COLOR_NONE, rollover_state_name(row->state));
	table_add(l->table, COLOR_NONE, text_span(span, o->now - row->since));
	table_add(l->table, COLOR_NONE, row->gate == GATE_NONE ? "-" : rollover_gate_info(row->gate)->name);
	table_add(l->table, color_of_actor(actor), rollover_actor_name(actor));
	if (advice_overdue(o, row)) {
		table_add(l->table, COLOR_RED, "overdue");
	} else {
		/* At rest not every check is written. */
		table_add(l->table, COLOR_NONE,
		          row->next_check > o->now ? text_span(span, row->next_check - o->now) :
		          rolling                  ? "now" :
		                                     "soon");
	}
	table_add(l->table, COLOR_NONE, rolling ? text_time(text, plan->end) : "-");
	table_add(l->table, COLOR_NONE, row->gate_about);
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

static int count_parent(const store_parent_t *parent, void *arg)
{
	(void)parent;
	++*(unsigned *)arg;
	return 0;
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
		prometheus_zone(l->prometheus, l->o, z);
		return 0;
	}
	if (z->row.state != ROLLOVER_IDLE) {
		run_plan(l->o, z, &plan);
	}
	if (l->o->json) {
		json_zone(l->o, l->store, z, &plan);
	} else {
		table_zone(l, z, &plan);
	}
	return 0;
}

static table_t *new_table(void)
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

static int show_all(list_t *l, store_t *store, store_zone_t *zone)
{
	int ret = EXIT_FINE;

	if (l->o->arg_count == 0) {
		/* What is broken now comes first among what needs a human. */
		for (int pass = l->o->blocked ? 0 : 1; pass < 2; pass++) {
			l->others = pass == 1;
			if (store_zones(store, show, l) != KNOT_EOK) {
				fprintf(stderr, "kskroll: %s\n", store_error(store));
				return EXIT_ERROR;
			}
		}
		return EXIT_FINE;
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
		l->table = new_table();
	}
}

static void list_end(list_t *l, int ret)
{
	const store_alive_t alive = store_alive(l->o->db, NULL);

	if (l->o->json) {
		json_close(json, ']');
		if (alive == STORE_ALIVE_UNKNOWN) {
			json_string(json, "daemon_running", NULL);
		} else {
			json_bool(json, "daemon_running", alive == STORE_ALIVE_YES);
		}
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
		/* An invalid one is an error of the command about them. */
		(void)store_parents(store, count_parent, &l.parents);
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
	store_t *store = stored_open(o);
	store_zone_t *zone = memory_need(malloc(sizeof(*zone)));
	int ret = EXIT_ERROR;

	if (store != NULL) {
		if (o->arg_count == 1 && !o->json && !o->blocked && !o->names && !o->prometheus) {
			ret = stored_load(store, o->args[0], zone);
			if (ret == EXIT_FINE) {
				forecast_t plan;
				run_plan(o, zone, &plan);
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
