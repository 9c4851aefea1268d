/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the configuration lets a zone's policy be switched. It is judged when a rollover is about to start and before
 * each switch, not at every check: each judgement is some lines in knotd's log. A change of the configuration that
 * concerns the zone makes knotd load its instance anew, which voids the judgement.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "loop.h"

/*! What depends on other zones is checked again after so many seconds. */
#define FIT_COUNTS 3600

uint32_t zone_ttl(const zone_t *zone)
{
	uint32_t ttl = zone->settings->config.ttl;

	if (zone->settings->ttl_of_soa && zone->soa_ttl != 0 && zone->soa_ttl < ttl) {
		ttl = zone->soa_ttl;
	}
	return ttl;
}

void fit_forget(zone_t *zone)
{
	zone->fit_void = true;
	free(zone->fit);
	zone->fit = NULL;
}

void fit_facts(const zone_t *zone, own_facts_t *own)
{
	const zone_settings_t *settings = zone->settings;

	own->csk_wanted = settings->csk_wanted;
	if (zone->fit != NULL && zone->fit->fit != CONF_FIT) {
		own->conf = zone->fit->fit;
		own->conf_gate = zone->fit->gate;
		snprintf(own->conf_reason, sizeof(own->conf_reason), "%s", zone->fit->reason);
	} else if (settings->no_start != NULL) {
		own->conf = CONF_NO_START;
		own->conf_gate = GATE_OBSERVE_ONLY;
		snprintf(own->conf_reason, sizeof(own->conf_reason), "%s", settings->no_start);
	}
}

bool fit_missing(zone_t *zone, const rollover_decision_t *d)
{
	const bool starts = zone->kept.row.state == ROLLOVER_IDLE && d->transition;
	const bool to_base = d->policy == POLICY_BASE && !starts;

	if (!starts && !rollover_must_switch(&zone->check->facts.own, d)) {
		return false;
	}
	return zone->fit == NULL || (zone->fit->base_only && !to_base) ||
	       (zone->fit->fit == CONF_NO_DERIVED && to_base);
}

static void on_fit(server_status_t status, rollover_gate_t gate, const char *detail, void *arg)
{
	zone_t *zone = arg;
	const bool is_void = zone->fit_void;

	if (!zone_came_back(zone)) {
		zone_unref(zone);
		return;
	}
	fit_forget(zone);
	if (!is_void && (status == SERVER_OK || status == SERVER_REFUSED)) {
		zone->fit = calloc(1, sizeof(*zone->fit));
	}
	if (is_void) {
		zone->again = true;
		zone_rest(zone);
	} else if (zone->fit == NULL) {
		zone_acted(zone, status == SERVER_REFUSED ? SERVER_BUSY : status, detail);
		zone->kept.row.next_check = time(NULL) + 10;
		zone_rest(zone);
	} else {
		fit_t *fit = zone->fit;
		fit->at = time(NULL);
		fit->base_only = zone->fit_base_only;
		if (status == SERVER_REFUSED) {
			zone->conf_busy = false; /* It does not wait for a transaction any more. */
			fit->fit = fit->base_only ? CONF_NO_SWITCH : CONF_NO_DERIVED;
			fit->gate = gate;
			snprintf(fit->reason, sizeof(fit->reason), "%s", detail);
		}
		fit_facts(zone, &zone->check->facts.own);
		zone_decide(zone);
	}
	zone_unref(zone);
}

void fit_ask(zone_t *zone, const rollover_decision_t *d)
{
	char base[256];
	policy_role_t in_force;

	server_policy_parse(zone->settings->policy, base, sizeof(base), &in_force);
	const bool starts = zone->kept.row.state == ROLLOVER_IDLE && d->transition;
	const policy_role_t role = starts && d->policy == POLICY_BASE ? POLICY_QUIET : d->policy;
	zone->fit_base_only = role == POLICY_BASE;
	zone->fit_void = false;
	zone->refs++;
	server_fit(zone->loop->server, zone->name, base, role, zone_ttl(zone), in_force == POLICY_BASE, on_fit, zone);
}

void fit_say_lost(zone_t *zone)
{
	const zone_settings_t *settings = zone->settings;
	const rollover_row_t *row = &zone->kept.row;
	char base[256];
	policy_role_t role;

	server_policy_parse(settings->policy, base, sizeof(base), &role);
	/* Not its own switch back, which comes in idle. */
	if (zone->switched && role == POLICY_BASE && rollover_policy(row) != POLICY_BASE) {
		engine_log(zone->loop->engine, LOG_NOTICE,
		           "zone %s, the policy switch was lost: knotd reloaded its configuration file, or "
		           "dnssec-policy was set",
		           zone->name);
	}
	zone->switched = role != POLICY_BASE;
	if (row->gate == GATE_HOLD && !settings->config.hold) {
		engine_log(zone->loop->engine, LOG_NOTICE,
		           "zone %s, hold is off: it was unset, or knotd reloaded its configuration file", zone->name);
	}
}

void fit_expire(zone_t *zone)
{
	const time_t now = time(NULL);

	if (zone->fit != NULL && (now - zone->fit->at >= FIT_COUNTS || now < zone->fit->at)) {
		fit_forget(zone);
	}
}
