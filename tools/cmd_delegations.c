/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parent zones, and their delegations that are not in rest. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "stored_delegations.h"

typedef struct {
	const options_t *o;
	store_t *store;
	table_t *parents;
	table_t *delegations;
	delegation_sums_t sums;
	size_t zones;
	size_t blocked;
	size_t shown;
	unsigned severities; /*!< Of those that are shown: bit i stands for severity i. */
	unsigned severity;   /*!< Those are listed in this pass. */
	int ret;
} list_t;

static bool is_shown(const list_t *l, const store_delegation_t *d)
{
	const delegation_row_t *row = &d->row;

	if (delegation_gone(d)) {
		return l->o->all && !l->o->blocked;
	}
	return l->o->blocked ? delegation_blocked(l->o, row) :
	       l->o->all     ? true :
	                       row->state != DELEGATION_REST || row->gate != DELEGATION_GATE_NONE;
}

static int count_one(const store_delegation_t *d, void *arg)
{
	list_t *l = arg;
	delegation_count(&l->sums, l->o, d);
	if (is_shown(l, d)) {
		l->severities |= 1U << delegation_gate_info(d->row.gate)->severity;
	}
	return 0;
}

static void table_delegation(list_t *l, const store_delegation_t *d)
{
	const options_t *o = l->o;
	const delegation_row_t *row = &d->row;
	const delegation_gate_info_t *info = delegation_gate_info(row->gate);
	char span[TEXT_SPAN];

	table_add(l->delegations, COLOR_BOLD, d->name);
	table_add(l->delegations, COLOR_NONE, delegation_state_name(row->state));
	table_add(l->delegations, COLOR_NONE, text_span(span, o->now - row->since));
	table_add(l->delegations, COLOR_NONE, row->gate == DELEGATION_GATE_NONE ? "-" : info->name);
	table_add(l->delegations, COLOR_NONE,
	          row->gate_until > o->now ? text_span(span, row->gate_until - o->now) : "-");
	table_add(l->delegations, color_of_delegation(o, row), delegation_actor_name(info->actor));
	if (delegation_gone(d)) {
		table_add(l->delegations, COLOR_NONE, "gone");
	} else if (delegation_overdue(o, row)) {
		table_add(l->delegations, COLOR_RED, "overdue");
	} else {
		table_add(l->delegations, COLOR_NONE,
		          row->next_check > o->now ? text_span(span, row->next_check - o->now) : "soon");
	}
	table_add(l->delegations, COLOR_NONE, row->gate_about);
}

/*! The worst first: one severity in each pass. */
static int list_one(const store_delegation_t *d, void *arg)
{
	list_t *l = arg;

	if (delegation_gate_info(d->row.gate)->severity != l->severity || !is_shown(l, d)) {
		return 0;
	}
	l->shown++;
	if (l->o->names) {
		puts(d->name);
	} else if (l->o->json) {
		delegation_json(l->o, d, NULL, false);
	} else {
		table_delegation(l, d);
	}
	return 0;
}

static bool read_all(list_t *l, const char *zone, int (*each)(const store_delegation_t *d, void *arg))
{
	const int ret = store_delegations(l->store, zone, false, each, l);

	if (ret != KNOT_EOK) {
		stored_failed(l->store, ret);
		l->ret = EXIT_ERROR;
	}
	return ret == KNOT_EOK || ret == KNOT_EMALF;
}

static void list_all(list_t *l, const char *zone)
{
	for (int severity = DELEGATION_SEVERITY__COUNT - 1; severity >= 0; severity--) {
		l->severity = severity;
		/* A pass over very many that are in rest takes its time. */
		if ((l->severities & 1U << severity) && !read_all(l, zone, list_one)) {
			return;
		}
	}
}

/* Parent zones. */

static void json_counts(const delegation_sums_t *s)
{
	json_number(json, "known", s->all);
	json_number(json, "blocked", s->blocked);
	json_open(json, "states", '[');
	for (int i = 0; i < DELEGATION_STATE__COUNT; i++) {
		if (s->state[i] > 0) {
			json_open(json, NULL, '{');
			json_string(json, "state", delegation_state_name(i));
			json_number(json, "count", s->state[i]);
			json_close(json, '}');
		}
	}
	json_close(json, ']');
	json_open(json, "gates", '[');
	for (int i = DELEGATION_GATE_NONE + 1; i < DELEGATION_GATE__COUNT; i++) {
		if (s->gate[i] > 0) {
			json_open(json, NULL, '{');
			json_string(json, "gate", delegation_gate_name(i));
			json_number(json, "count", s->gate[i]);
			json_close(json, '}');
		}
	}
	json_close(json, ']');
}

static void json_settings(const delegation_config_t *c)
{
	static const char *const accepts[] = { "both", "cds", "cdnskey" };

	json_open(json, "settings", '{');
	json_string(json, "accept", accepts[c->accept]);
	json_string(json, "bootstrap", c->bootstrap ? "authenticated" : "off");
	json_bool(json, "remove", c->remove);
	json_bool(json, "undo", c->undo);
	json_number(json, "ds-max", c->ds_max);
	json_number(json, "hold-down", c->hold_down);
	json_number(json, "scan-interval", c->scan_interval);
	json_number(json, "scan-interval-notifying", c->scan_interval_notifying);
	json_number(json, "delegation-retry", c->retry);
	json_number(json, "delegation-unreachable-after", c->unreachable_after);
	json_number(json, "ds-ttl", c->ds_ttl);
	json_number(json, "ds-ttl-hold", c->ds_ttl_hold);
	json_number(json, "ds-ttl-base", c->ds_ttl_base);
	json_number(json, "verify", c->verify);
	json_number(json, "bogus-limit", c->bogus_limit);
	json_close(json, '}');
}

static void json_parent(const list_t *l, const store_parent_t *p)
{
	json_open(json, NULL, '{');
	json_string(json, "zone", p->zone);
	json_string(json, "mode", mode_name(p->mode));
	json_time(json, "listed", p->listed);
	json_number(json, "serial", p->serial);
	json_number(json, "delegations", p->delegations);
	json_number(json, "secure", p->secure);
	json_string(json, "load", load_name(p->load));
	json_string(json, "load_reason", p->load_reason[0] != '\0' ? p->load_reason : NULL);
	json_string(json, "trouble", p->trouble[0] != '\0' ? p->trouble : NULL);
	json_bool(json, "changing", p->batch[0] != '\0');
	json_counts(&l->sums);
	json_settings(&p->config);
	json_close(json, '}');
}

static void number(table_t *t, color_t color, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	table_add(t, color, text);
}

static void table_parent(const list_t *l, const store_parent_t *p)
{
	const delegation_sums_t *s = &l->sums;
	table_t *t = l->parents;
	char text[512];

	const size_t refused =
		s->state[DELEGATION_REFUSED] + s->state[DELEGATION_HELD] + s->state[DELEGATION_SUSPENDED];
	table_add(t, COLOR_BOLD, p->zone);
	table_add(t, COLOR_NONE, mode_name(p->mode));
	number(t, COLOR_NONE, p->delegations);
	number(t, COLOR_NONE, p->secure);
	number(t, COLOR_NONE, s->all - s->state[DELEGATION_REST] - refused);
	number(t, COLOR_NONE, refused);
	number(t, s->blocked > 0 ? COLOR_RED : COLOR_NONE, s->blocked);
	/* What a reload does to the zone does not matter if the DS are in a file, or at another server. */
	const bool here = p->config.apply == DELEGATION_BY_TRANSACTION;
	table_add(t,
	          !here || p->load == DELEGATION_LOAD_UNKNOWN ? COLOR_NONE :
	          p->load == DELEGATION_LOAD_KEEPS            ? COLOR_GREEN :
	                                                        COLOR_RED,
	          here ? load_name(p->load) : "-");
	const char *reason = here ? p->load_reason : "";
	snprintf(text, sizeof(text), "%s%s%s", p->trouble, p->trouble[0] != '\0' && reason[0] != '\0' ? "; " : "",
	         reason);
	table_add(t, p->trouble[0] != '\0' ? COLOR_RED : COLOR_NONE, text);
}

/*! States that any delegation is in, by number. */
static void print_states(const list_t *l, const store_parent_t *p)
{
	const char *gap = "";

	printf("%s: ", p->zone);
	for (int i = 0; i < DELEGATION_STATE__COUNT; i++) {
		if (l->sums.state[i] > 0) {
			printf("%s%s %zu", gap, delegation_state_name(i), l->sums.state[i]);
			gap = ", ";
		}
	}
	puts(gap[0] != '\0' ? "" : "no delegation was checked yet");
}

static int show_parent(const store_parent_t *p, void *arg)
{
	list_t *l = arg;

	l->zones++;
	memset(&l->sums, 0, sizeof(l->sums));
	if (!read_all(l, p->zone, count_one)) {
		return KNOT_ERROR;
	}
	l->blocked += l->sums.blocked + (p->trouble[0] != '\0');
	if (l->o->json) {
		json_parent(l, p);
	} else if (!l->o->names && !l->o->blocked) {
		table_parent(l, p);
		if (l->o->arg_count > 0) {
			print_states(l, p);
		}
	}
	return 0;
}

static void show_named(list_t *l, const char *arg)
{
	char name[256];
	static store_parent_t parent;

	if (!stored_name(arg, name, sizeof(name))) {
		l->ret = EXIT_USAGE;
		return;
	}
	switch (store_parent_load(l->store, name, &parent)) {
	case KNOT_EOK:
		(void)show_parent(&parent, l);
		break;
	case KNOT_ENOENT:
		fprintf(stderr, "kskroll: no parent zone %s in the store; has it 'delegations'?\n", name);
		l->ret = EXIT_ERROR;
		break;
	default:
		fprintf(stderr, "kskroll: %s\n", store_error(l->store));
		l->ret = EXIT_ERROR;
	}
}

static void each_zone(list_t *l, bool parents)
{
	if (l->o->arg_count > 0) {
		char name[256];
		for (int i = 0; i < l->o->arg_count; i++) {
			if (parents) {
				show_named(l, l->o->args[i]);
			} else if (l->ret != EXIT_USAGE && stored_name(l->o->args[i], name, sizeof(name))) {
				list_all(l, name);
			}
		}
	} else if (!parents) {
		list_all(l, NULL);
	} else {
		const int ret = store_parents(l->store, show_parent, l);
		if (ret != KNOT_EOK) {
			stored_failed(l->store, ret);
			l->ret = EXIT_ERROR;
		}
	}
}

static table_t *heads(const char *const *names, unsigned columns)
{
	table_t *t = table_new(columns);
	for (unsigned i = 0; i < columns; i++) {
		table_add(t, COLOR_BOLD, names[i]);
	}
	return t;
}

/*! Nothing is known beside a copy of the store. */
static bool is_down(const options_t *o)
{
	return store_alive(o->db, NULL) == STORE_ALIVE_NO;
}

static void print_daemon(const list_t *l)
{
	if (is_down(l->o)) {
		puts("kskrolld does not run: no delegation is checked. Check whether knotd runs, and read its log.");
	}
}

static void print_tables(const list_t *l)
{
	if (table_rows(l->parents) > 1) {
		table_print(l->o, l->parents, 0);
	}
	if (table_rows(l->delegations) > 1) {
		fputs(table_rows(l->parents) > 1 ? "\n" : "", stdout);
		table_print(l->o, l->delegations, 0);
		puts("\nkskroll delegation NAME shows what each server answered, and what to change.");
	} else if (l->ret == EXIT_FINE && (l->zones == 0 || (l->o->blocked && !is_down(l->o)))) {
		puts(l->zones == 0 ? "No parent zones yet: they appear when a zone has 'delegations'." :
		                     "Nothing needs a human.");
	}
}

static void json_lists(list_t *l)
{
	json_open(json, "parents", '[');
	each_zone(l, true);
	json_close(json, ']');
	json_open(json, "delegations", '[');
	each_zone(l, false);
	json_close(json, ']');
}

void delegations_json(const options_t *o, store_t *store)
{
	list_t l = { .o = o, .store = store };

	json_lists(&l);
}

static void show(list_t *l)
{
	static const char *const parents[] = {
		"PARENT ZONE", "MODE", "DELEGATIONS", "WITH DS", "UNDER WAY", "REFUSED", "NEED A HUMAN", "RELOAD", "",
	};
	static const char *const delegations[] = {
		"DELEGATION", "STATE", "FOR", "WAITS FOR", "OPENS IN", "WHO ACTS", "NEXT CHECK", "AT",
	};

	l->parents = heads(parents, 9);
	l->delegations = heads(delegations, 8);
	if (l->o->json) {
		output_begin();
		json_time(json, "time", l->o->now);
		json_lists(l);
	} else {
		each_zone(l, true);
		each_zone(l, false);
	}
	if (l->o->json) {
		json_number(json, "blocked", l->blocked);
		stored_alive_json(l->o);
		output_end();
	} else if (!l->o->names) {
		print_tables(l);
		print_daemon(l);
	}
	table_free(l->parents);
	table_free(l->delegations);
}

int cmd_delegations(const options_t *o)
{
	list_t l = { .o = o, .store = stored_open(o) };
	if (l.store == NULL) {
		return EXIT_ERROR;
	}
	show(&l);
	store_close(l.store);
	return l.ret == EXIT_FINE && o->blocked && (l.blocked > 0 || is_down(o)) ? EXIT_BLOCKED : l.ret;
}
