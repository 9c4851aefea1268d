/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "env.h"
#include "kskroll/evidence.h"
#include "signaling.h"
#include "zone.h"

static void say(zone_t *zone, const dsboot_result_t *result)
{
	char text[900] = "";
	size_t len = 0;
	bool usable = false, complete = true;

	for (unsigned i = 0; i < result->count && len < sizeof(text); i++) {
		const dsboot_name_t *name = &result->name[i];
		len += snprintf(text + len, sizeof(text) - len, "%s%s %s", i > 0 ? ", " : "", name->ns,
		                dsboot_status_name(name->status));
		if (name->status < DSBOOT_INSIDE) {
			usable = true;
			complete = complete && name->status == DSBOOT_OK;
		}
	}
	outbox_log(zone->env->out, LOG_INFO, "zone %s, signaling names (RFC 9615): %s%s", zone->name, text,
	           !usable  ? "; not applicable, no nameserver is outside the zone" :
	           complete ? "" :
	                      "; a parent that checks them does not take this first DS");
}

static void on_checked(const dsboot_result_t *result, void *arg)
{
	zone_t *zone = arg;
	signaling_t *signaling = &zone->signaling;

	signaling->dsboot = NULL;
	if (!zone->gone && !result->cancelled) {
		char *json = evidence_signaling(result);
		if (json != NULL && (signaling->json == NULL || strcmp(json, signaling->json) != 0)) {
			say(zone, result);
		}
		free(signaling->json);
		signaling->json = json;
	}
	signaling->done(zone);
}

static bool is_due(const zone_t *zone, time_t now)
{
	const signaling_t *signaling = &zone->signaling;
	const rollover_state_t state = zone->kept.row.state;

	return (state == ROLLOVER_SIGNAL || state == ROLLOVER_AWAIT_DS) && zone->gathered->cds.count > 0 &&
	       signaling->dsboot == NULL && resources_dns(zone->env) != NULL &&
	       (now < signaling->at || now - signaling->at >= (time_t)zone->settings->config.check_interval);
}

bool signaling_check(zone_t *zone, signaling_done_f done)
{
	signaling_t *signaling = &zone->signaling;
	const time_t now = time(NULL);

	if (!rollover_is_first(&zone->kept.row)) {
		free(signaling->json);
		signaling->json = NULL;
		return false;
	}
	if (!is_due(zone, now)) {
		return false;
	}
	const dsboot_request_t request = {
		.zone = zone->dname,
		.ns = &zone->gathered->ns,
		.cds = &zone->gathered->cds,
		.cdnskey = &zone->gathered->cdnskey,
	};
	signaling->at = now;
	signaling->done = done;
	return dsboot_start(resources_dns(zone->env), &request, on_checked, zone, &signaling->dsboot) == KNOT_EOK;
}

void signaling_end(zone_t *zone)
{
	dsboot_cancel(zone->signaling.dsboot);
}

bool signaling_is_plain(const zone_t *zone)
{
	return zone->signaling.dsboot == NULL && zone->signaling.json == NULL;
}

void signaling_free(zone_t *zone)
{
	free(zone->signaling.json);
}
