/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells the parent that CDS has changed, when the machine says so, and everybody what came of it:
 * log, statistics, store.
 */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "kskroll/evidence.h"
#include "loop.h"

/*! A notification is over before the next one of the zone is due: all tries over UDP and the one over TCP. */
static notify_retry_t retry_of(const rollover_config_t *config)
{
	const uint64_t rfc_1996 = 60000;
	const unsigned retransmissions = 5;
	uint64_t share = (uint64_t)config->notify_again * 1000 / (retransmissions + 2);
	unsigned ms = share < rfc_1996 ? share : rfc_1996;

	return (notify_retry_t){
		.interval_ms = ms,
		.retransmissions = retransmissions,
		.tcp_timeout_ms = ms,
	};
}

static void to_log(const zone_t *zone, const notify_result_t *r)
{
	char line[1024];
	report_notify_line(line, sizeof(line), r);
	/* The rollover goes on without it: the parent may check by itself, or be told by hand. */
	bool plain = r->status == NOTIFY_ACKNOWLEDGED || r->status == NOTIFY_NO_DSYNC || r->status == NOTIFY_CANCELLED;
	engine_log(zone->loop->engine, plain ? LOG_INFO : LOG_NOTICE, "zone %s, %s", zone->name, line);
}

static void to_store(zone_t *zone, const notify_result_t *r)
{
	loop_t *loop = zone->loop;
	store_event_t *event = &loop->event;

	if (loop->store == NULL) {
		return;
	}
	zone_to_scratch(zone, &zone->kept.row);
	event->time = time(NULL);
	event->from = event->to = zone->kept.row.state;
	event->gate = zone->kept.row.gate;
	snprintf(event->zone, sizeof(event->zone), "%s", zone->name);
	evidence_notification(loop->scratch.notification, sizeof(loop->scratch.notification), r, event->time);
	evidence_notified(event->evidence, sizeof(event->evidence), loop->scratch.notification, event->time);
	if (!write_scratch(loop, event, false)) {
		/* Nothing depends on it; a store that stays so stops the zone at its next check. */
		engine_log(loop->engine, LOG_WARNING, "zone %s, notification not stored: %s", zone->name,
		           store_error(loop->store));
	}
}

static void on_notified(notify_result_t *result, void *arg)
{
	zone_t *zone = arg;
	/* Otherwise the asker was replaced, and the new one has to do it again. */
	bool ended_here = zone->notify == NULL;

	zone->notify = NULL;
	if (!zone->gone && result->status == NOTIFY_CANCELLED && !ended_here) {
		zone->kept.row.notified = 0;
		wake_now(zone->loop, zone->entry);
	} else if (!zone->gone) {
		zone->loop->totals.notifies[result->status]++;
		to_log(zone, result);
		to_store(zone, result);
		zone_publish(zone->loop, zone->entry);
		if (result->status == NOTIFY_ACKNOWLEDGED) {
			zone->acknowledged = time(NULL);
			wake_now(zone->loop, zone->entry);
		}
	}
	notify_free(result);
	zone_unref(zone);
}

static void start(zone_t *zone)
{
	const notify_request_t request = {
		.zone = zone->dname,
		.require_secure = zone->settings->require_secure_dsync,
		.retry = retry_of(&zone->settings->config),
	};

	if (zone->notify != NULL || zone->loop->dns == NULL) {
		return;
	}
	zone->refs++;
	if (notify_start(zone->loop->dns, &request, on_notified, zone, &zone->notify) != KNOT_EOK) {
		engine_log(zone->loop->engine, LOG_ERR, "zone %s, parent not notified: out of memory", zone->name);
		zone_unref(zone);
	}
}

void tell_parent(zone_t *zone, const rollover_decision_t *d)
{
	if (d->row.notified == 0) {
		/* What it was about is over, or nobody may be told any more. */
		tell_parent_end(zone);
		zone->acknowledged = 0;
	}
	if (d->notify) {
		start(zone);
	}
}

void tell_parent_end(zone_t *zone)
{
	notify_t *notify = zone->notify;

	zone->notify = NULL;
	notify_cancel(notify);
}
