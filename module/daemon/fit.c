/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "env.h"
#include "fit.h"
#include "text.h"
#include "zone.h"

/*! What depends on other zones is checked again after so many seconds. */
#define FIT_COUNTS 3600

uint32_t fit_ttl(const zone_t *zone)
{
	uint32_t ttl = zone->settings->config.ttl;

	if (zone->entry->catalog_member) {
		return 0;
	}
	if (zone->settings->ttl_of_soa && zone->check.soa_ttl != 0 && zone->check.soa_ttl < ttl) {
		ttl = zone->check.soa_ttl;
	}
	return ttl;
}

void fit_forget(zone_t *zone)
{
	zone->fit.is_void = true;
	free(zone->fit.judged);
	zone->fit.judged = NULL;
}

static void keep_words(zone_t *zone, server_status_t status, const char *detail)
{
	(void)text_set(&zone->fit.detail,
	               status == SERVER_OK ? "" : (detail[0] != '\0' ? detail : "no answer on the control socket"));
}

void fit_note(zone_t *zone, server_status_t status, const char *detail)
{
	if (status == SERVER_REFUSED) {
		fit_forget(zone); /* What was judged is no longer so: it is found out what is in the way. */
	}
	zone->fit.busy = status == SERVER_BUSY;
	keep_words(zone, status, detail);
}

void fit_note_order(zone_t *zone, server_status_t status, const char *detail)
{
	zone->fit.busy = false;
	zone->fit.refused = status == SERVER_REFUSED;
	keep_words(zone, status, detail);
}

bool fit_is_busy(const zone_t *zone)
{
	return zone->fit.busy;
}

bool fit_is_plain(const zone_t *zone)
{
	const fit_t *fit = &zone->fit;

	return fit->detail == NULL && !fit->busy && !fit->refused &&
	       (fit->judged == NULL || fit->judged->fit == CONF_FIT);
}

void fit_free(zone_t *zone)
{
	free(zone->fit.judged);
	text_clear(&zone->fit.detail);
}

static void judged_facts(const zone_t *zone, own_facts_t *own)
{
	const zone_settings_t *settings = zone->settings;
	const judgement_t *judged = zone->fit.judged;

	own->csk_wanted = settings->csk_wanted;
	own->algorithm_wanted = settings->algorithm_wanted;
	if (judged != NULL && judged->fit != CONF_FIT) {
		own->conf = judged->fit;
		own->conf_gate = judged->gate;
		snprintf(own->conf_reason, sizeof(own->conf_reason), "%s", judged->reason);
	} else if (settings->no_start != NULL) {
		own->conf = CONF_NO_START;
		own->conf_gate = GATE_OBSERVE_ONLY;
		snprintf(own->conf_reason, sizeof(own->conf_reason), "%s", settings->no_start);
	}
}

void fit_facts(const zone_t *zone, own_facts_t *own)
{
	own->conf_busy = zone->fit.busy;
	own->keys_refused = zone->fit.refused;
	snprintf(own->conf_detail, sizeof(own->conf_detail), "%s", text_of(zone->fit.detail));
	judged_facts(zone, own);
}

bool fit_missing(const zone_t *zone, const rollover_decision_t *d)
{
	const judgement_t *judged = zone->fit.judged;
	const bool to_base = d->policy == POLICY_BASE;

	if (!rollover_must_switch(&zone->gathered->facts.own, d)) {
		return false;
	}
	return judged == NULL || (judged->base_only && !to_base) || (judged->fit == CONF_NO_DERIVED && to_base);
}

static fit_end_t judge(zone_t *zone, server_status_t status, rollover_gate_t gate, const char *detail)
{
	fit_t *fit = &zone->fit;
	const bool is_void = fit->is_void;

	fit_forget(zone);
	if (is_void) {
		return FIT_VOID;
	}
	if (status == SERVER_OK || status == SERVER_REFUSED) {
		fit->judged = calloc(1, sizeof(*fit->judged));
	}
	if (fit->judged == NULL) {
		fit_note(zone, status == SERVER_REFUSED ? SERVER_BUSY : status, detail);
		return FIT_FAILED;
	}
	fit->judged->at = time(NULL);
	fit->judged->base_only = fit->base_only;
	if (status == SERVER_REFUSED) {
		fit->busy = false; /* It does not wait for a transaction any more. */
		fit->judged->fit = fit->base_only ? CONF_NO_SWITCH : CONF_NO_DERIVED;
		fit->judged->gate = gate;
		snprintf(fit->judged->reason, sizeof(fit->judged->reason), "%s", detail);
	}
	return FIT_JUDGED;
}

static void on_fit(server_status_t status, rollover_gate_t gate, const char *detail, void *arg)
{
	zone_t *zone = arg;

	if (zone->gone) {
		zone->fit.done(zone, FIT_VOID);
		return;
	}
	const fit_end_t end = judge(zone, status, gate, detail);
	if (end == FIT_JUDGED) {
		judged_facts(zone, &zone->gathered->facts.own);
	}
	zone->fit.done(zone, end);
}

void fit_ask(zone_t *zone, const rollover_decision_t *d, fit_done_f done)
{
	char base[256];
	policy_role_t in_force;

	server_policy_parse(zone->settings->policy, base, sizeof(base), &in_force);
	zone->fit.base_only = d->policy == POLICY_BASE;
	zone->fit.is_void = false;
	zone->fit.done = done;
	server_fit(resources_server(zone->env), zone->name, base, d->policy, fit_ttl(zone), in_force == POLICY_BASE,
	           on_fit, zone);
}

void fit_say_lost(zone_t *zone)
{
	const zone_settings_t *settings = zone->settings;
	const rollover_row_t *row = &zone->kept.row;
	char base[256];
	policy_role_t role;

	server_policy_parse(settings->policy, base, sizeof(base), &role);
	/* Not its own switch back, which comes in idle. */
	if (zone->fit.switched && role == POLICY_BASE && rollover_policy(row) != POLICY_BASE) {
		outbox_log(zone->env->out, LOG_NOTICE,
		           "zone %s, the low DNSKEY TTL was lost: knotd reloaded its configuration file, or "
		           "dnssec-policy was set; signals stay as they are",
		           zone->name);
	}
	zone->fit.switched = role != POLICY_BASE;
	if (row->gate == GATE_HOLD && !settings->config.hold) {
		outbox_log(zone->env->out, LOG_NOTICE,
		           "zone %s, hold is off: it was unset, or knotd reloaded its configuration file", zone->name);
	}
}

void fit_expire(zone_t *zone)
{
	const judgement_t *judged = zone->fit.judged;
	const time_t now = time(NULL);

	if (judged != NULL && (now - judged->at >= FIT_COUNTS || now < judged->at)) {
		fit_forget(zone);
	}
}
