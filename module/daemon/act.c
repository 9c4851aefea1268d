/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>
#include <time.h>

#include "act.h"
#include "env.h"
#include "text.h"
#include "zone.h"

static void on_acted(server_status_t status, const char *detail, void *arg)
{
	zone_t *zone = arg;

	if (!zone->gone) {
		fit_note(zone, status, detail);
		if (status == SERVER_OK) {
			zone->kept.row.next_check = clocks_now(&zone->env->clocks, &zone->kept.row) + 1;
		}
	}
	zone->act.done(zone, true);
}

static void send_switch(zone_t *zone, policy_role_t role)
{
	const record_t *record = &zone->record;

	server_switch(resources_server(zone->env), zone->name, text_of(record->base_policy), role, fit_ttl(zone),
	              record->policy_implicit, on_acted, zone);
}

/*! Before the first switch: was the policy the zone's own or a template's? To be undone the same way. */
static void on_origin(server_status_t status, const char *detail, void *arg)
{
	zone_t *zone = arg;

	if (zone->gone) {
		zone->act.done(zone, true);
		return;
	}
	if (status != SERVER_OK) {
		fit_note(zone, status, detail);
		zone->act.done(zone, true);
		return;
	}
	const rollover_decision_t d = { .row = zone->kept.row };
	char base[256];
	policy_role_t role;
	server_policy_parse(zone->settings->policy, base, sizeof(base), &role);
	if (record_base_policy(zone, base, strcmp(detail, "template") == 0) &&
	    record_save(zone, &d, time(NULL), false)) {
		send_switch(zone, rollover_policy(&zone->kept.row));
	} else {
		record_no_base_policy(zone);
		zone->act.done(zone, false);
	}
}

static void switch_policy(zone_t *zone, policy_role_t wanted)
{
	char base[256];
	policy_role_t role;

	server_policy_parse(zone->settings->policy, base, sizeof(base), &role);
	if (role == POLICY_BASE) {
		/* The operator may have given the zone another policy meanwhile: that one counts. */
		record_no_base_policy(zone);
		if (wanted == POLICY_BASE) {
			zone->act.done(zone, true); /* Already there. */
		} else {
			server_policy_origin(resources_server(zone->env), zone->name, on_origin, zone);
		}
		return;
	}
	/* A derived policy that we did not record: the store was lost. Its name tells the base. */
	if (zone->record.base_policy == NULL && !record_base_policy(zone, base, false)) {
		zone->kept.row.next_check = clocks_now(&zone->env->clocks, &zone->kept.row) + NO_MEMORY_AGAIN;
		zone->act.done(zone, true);
		return;
	}
	send_switch(zone, wanted);
}

void act_upon(zone_t *zone, const rollover_decision_t *d, act_done_f done)
{
	server_t *server = resources_server(zone->env);

	zone->act.done = done;
	if (rollover_must_switch(&zone->gathered->facts.own, d)) {
		switch_policy(zone, d->policy);
	} else if (d->action == ACTION_START) {
		server_start_rollover(server, zone->name, on_acted, zone);
	} else if (d->action == ACTION_SUBMITTED) {
		const uint32_t ttl = rollover_submitted_ttl(&d->row, clocks_now(&zone->env->clocks, &zone->kept.row));
		server_ksk_submitted(server, zone->name, ttl, on_acted, zone);
	} else {
		done(zone, true);
	}
}
