/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a delegation. */

#include <stdio.h>
#include <string.h>
#include <libknot/errcode.h>

#include "delegation_view.h"
#include "kskroll/delegation_forecast.h"

#define LABEL "%-12s"

/*! What a plan is made from. */
typedef struct {
	const options_t *o;
	const store_delegation_t *d;
	delegation_config_t config;
	bool locks_unknown; /*!< `delegation-lock` has more names than the store has room for. */
	delegation_assume_t assume;
	delegation_forecast_t plan;
} planned_t;

/*!
 * The TTL that was read last, or that the last change has found. One that is as low as a change makes it may be from
 * then.
 */
static uint32_t ds_ttl_of(const planned_t *p)
{
	static evidence_judged_t judged;
	const delegation_row_t *row = &p->d->row;
	const bool known = evidence_judged(p->d->answers, &judged) && judged.zone_known;
	const uint32_t seen = known && judged.ds_ttl > row->before_ttl ? judged.ds_ttl : row->before_ttl;

	return seen > p->config.ds_ttl ? seen : p->o->assume.ds_ttl;
}

static void plan(planned_t *p, const options_t *o, const store_parent_t *parent, const store_delegation_t *d)
{
	p->o = o;
	p->d = d;
	p->config = parent->config;
	p->config.locked = delegation_is_locked(parent->locks, d->name);
	p->locks_unknown = strcmp(parent->locks, STORE_LOCKS_MANY) == 0;
	p->config.report_only = parent->mode == DELEGATIONS_REPORT;
	p->assume = (delegation_assume_t){ .server_delay = o->assume.server_delay,
		                           .ds_ttl = ds_ttl_of(p),
		                           .load = parent->load };
	delegation_forecast(&p->config, &d->row, &p->assume, o->now, &p->plan);
}

/*! \return False, with words on stderr: the settings are not known. */
static bool make(planned_t *p, const options_t *o, store_t *store, const store_delegation_t *d)
{
	static store_parent_t parent;

	switch (store_parent_load(store, d->zone, &parent)) {
	case KNOT_EOK:
		break;
	case KNOT_ENOENT:
		fprintf(stderr, "kskroll: the store has no settings of the parent zone %s yet\n", d->zone);
		return false;
	default:
		fprintf(stderr, "kskroll: %s\n", store_error(store));
		return false;
	}
	plan(p, o, &parent, d);
	return true;
}

/* Text. */

static void milestone(const char *label, time_t at, const char *meaning)
{
	char text[TEXT_TIME];

	if (at != 0) {
		printf(LABEL "%s: %s\n", label, text_time(text, at), meaning);
	}
}

static void print_head(const planned_t *p)
{
	const delegation_config_t *c = &p->config;
	char text[TEXT_TIME], s[5][TEXT_SPAN];

	color_print(p->o, COLOR_BOLD, p->d->name);
	printf("  plan of the delegation as of %s\n", text_time(text, p->o->now));
	printf(LABEL "%s\n", "Parent", p->d->zone);
	printf(LABEL "scan-interval %s, hold-down %s, ds-ttl %s, ds-ttl-hold %s, verify %s\n", "Settings",
	       text_conf_span(s[0], c->scan_interval), text_conf_span(s[1], c->hold_down),
	       text_conf_span(s[2], c->ds_ttl), text_conf_span(s[3], c->ds_ttl_hold), text_conf_span(s[4], c->verify));
	printf(LABEL "transfers take %s, every server answers as it should", "Assumed",
	       text_conf_span(s[0], p->assume.server_delay));
	printf(",\n" LABEL "TTL of DS %s%s\n", "", text_conf_span(s[1], p->assume.ds_ttl),
	       p->locks_unknown ? ", the delegation is not in delegation-lock" : "");
}

static void print_start(const planned_t *p)
{
	const delegation_forecast_t *plan = &p->plan;
	char text[TEXT_TIME];

	if (plan->imagined) {
		printf(LABEL "nothing is under way: this plan shows a child that asks for another DS now.\n" LABEL
		             "The next scan finds it, a NOTIFY at once\n",
		       "Start", "");
	} else if (plan->start != 0) {
		printf(LABEL "%s\n", "Start", text_time(text, plan->start));
	}
	if (plan->lifted != DELEGATION_GATE_NONE && plan->lifted != plan->stuck) {
		const delegation_gate_info_t *info = delegation_gate_info(plan->lifted);
		printf(LABEL "the operator of the %s must resolve '%s' (kskroll delegation %s);\n" LABEL
		             "the plan assumes that this is done now\n",
		       "But first", delegation_actor_name(info->actor), info->name, p->d->name, "");
	}
}

static void print_stay(const planned_t *p, const delegation_stay_t *stay)
{
	const delegation_gate_info_t *gate = delegation_gate_info(stay->gate);
	const time_t from = stay->from > p->o->now ? stay->from : p->o->now;
	char text[TEXT_TIME], span[TEXT_SPAN];

	printf("%-20s  %-10s  ", text_time(text, stay->from), stay->to > from ? text_span(span, stay->to - from) : "");
	color_print(p->o, COLOR_BOLD, delegation_state_name(stay->state));
	if (stay->gate != DELEGATION_GATE_NONE) {
		printf(", %s: %s\n", gate->name, gate->meaning);
	} else {
		printf(": %s\n", delegation_state_info(stay->state)->meaning);
	}
}

static void print_milestones(const planned_t *p)
{
	const delegation_forecast_t *plan = &p->plan;
	char text[128], low[TEXT_SPAN], back[TEXT_SPAN];

	snprintf(text, sizeof(text), "the zone has the new DS");
	if (plan->ttl_back != 0) {
		snprintf(text, sizeof(text), "the zone has the new DS, with a TTL of %s instead of %s",
		         text_conf_span(low, plan->ttl_low), text_conf_span(back, plan->ttl_back));
	}
	milestone("Changed", plan->changed, text);
	milestone("Everywhere", plan->everywhere, "every server of the parent has it");
	milestone("Expired", plan->expired, "no cache has the DS of before: the child needs its old key no longer");
	milestone("Restored", plan->restored, "the TTL of DS is what it was");
	milestone("End", plan->end, "nothing is under way");
}

static void print(const planned_t *p)
{
	const delegation_forecast_t *plan = &p->plan;

	print_head(p);
	if (delegation_gone(p->d)) {
		puts("The parent zone no longer has this delegation: nothing happens to it.");
		return;
	}
	if (plan->ignored) {
		puts("The child has no DS, and 'bootstrap' is off in the parent zone: it is not asked.");
		return;
	}
	print_start(p);
	printf("\n%-20s  %-10s  %s\n", "EARLIEST", "FOR", "STATE, AND WHY NOT EARLIER");
	for (unsigned i = 0; i < plan->count; i++) {
		print_stay(p, &plan->stay[i]);
	}
	putchar('\n');
	print_milestones(p);
	if (plan->stuck != DELEGATION_GATE_NONE) {
		const delegation_gate_info_t *info = delegation_gate_info(plan->stuck);
		printf("It stays at '%s': %s\n", info->name, info->advice);
	}
}

/* JSON. */

static void json_gate(const char *name, delegation_gate_t gate)
{
	json_string(json, name, gate != DELEGATION_GATE_NONE ? delegation_gate_name(gate) : NULL);
}

static void print_json(const planned_t *p)
{
	const delegation_forecast_t *plan = &p->plan;

	json_open(json, "delegation_plan", '{');
	json_string(json, "name", p->d->name);
	json_string(json, "parent", p->d->zone);
	json_time(json, "gone", p->d->gone);
	json_open(json, "assumed", '{');
	json_number(json, "transfer-delay", p->assume.server_delay);
	json_number(json, "ds-ttl", p->assume.ds_ttl);
	json_close(json, '}');
	json_bool(json, "imagined", plan->imagined);
	json_bool(json, "ignored", plan->ignored);
	json_gate("first", plan->lifted);
	json_gate("stuck", plan->stuck);
	json_time(json, "start", plan->start);
	json_time(json, "changed", plan->changed);
	json_number(json, "ttl_low", plan->ttl_low);
	json_number(json, "ttl_back", plan->ttl_back);
	json_time(json, "everywhere", plan->everywhere);
	json_time(json, "expired", plan->expired);
	json_time(json, "restored", plan->restored);
	json_time(json, "end", plan->end);
	json_open(json, "stays", '[');
	for (unsigned i = 0; i < plan->count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "state", delegation_state_name(plan->stay[i].state));
		json_gate("gate", plan->stay[i].gate);
		json_time(json, "from", plan->stay[i].from);
		json_time(json, "to", plan->stay[i].to);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

bool delegation_plan(const options_t *o, store_t *store, const store_delegation_t *d)
{
	static planned_t p;

	if (!make(&p, o, store, d)) {
		return false;
	}
	if (o->json) {
		print_json(&p);
	} else {
		print(&p);
	}
	return true;
}

void delegation_planned(const options_t *o, const store_parent_t *parent, const store_delegation_t *d,
                        delegation_forecast_t *out)
{
	static planned_t p;

	plan(&p, o, parent, d);
	*out = p.plan;
}
