/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For a first DS: says what a parent would find at the signaling names (RFC 9615). Nothing waits for it,
 * since there are parents that ask for less, and registrars.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "kskroll/evidence.h"
#include "loop.h"

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
	engine_log(zone->loop->engine, LOG_INFO, "zone %s, signaling names (RFC 9615): %s%s", zone->name, text,
	           !usable  ? "; not applicable, no nameserver is outside the zone" :
	           complete ? "" :
	                      "; a parent that checks them does not take this first DS");
}

static void on_checked(const dsboot_result_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->dsboot = NULL;
	if (!zone->gone && !result->cancelled) {
		char *json = evidence_signaling(result);
		if (json != NULL && (zone->signaling == NULL || strcmp(json, zone->signaling) != 0)) {
			say(zone, result);
		}
		free(zone->signaling);
		zone->signaling = json;
	}
	zone_unref(zone);
}

void signaling_check(zone_t *zone)
{
	const check_state_t *check = zone->check;
	time_t now = time(NULL);

	if (!rollover_is_first(&zone->kept.row)) {
		free(zone->signaling);
		zone->signaling = NULL;
		return;
	}
	if ((zone->kept.row.state != ROLLOVER_SIGNAL && zone->kept.row.state != ROLLOVER_AWAIT_DS) ||
	    check->cds.count == 0 || zone->dsboot != NULL || zone->loop->dns == NULL ||
	    (now >= zone->signaling_at && now - zone->signaling_at < (time_t)zone->settings->config.check_interval)) {
		return;
	}
	const dsboot_request_t request = {
		.zone = zone->dname,
		.ns = &check->ns,
		.cds = &check->cds,
		.cdnskey = &check->cdnskey,
	};
	zone->signaling_at = now;
	zone->refs++;
	if (dsboot_start(zone->loop->dns, &request, on_checked, zone, &zone->dsboot) != KNOT_EOK) {
		zone_unref(zone);
	}
}

void signaling_end(zone_t *zone)
{
	dsboot_cancel(zone->dsboot);
}
