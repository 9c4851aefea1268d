/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <syslog.h>
#include <time.h>
#include <libknot/libknot.h>

#include "announce.h"
#include "env.h"
#include "report.h"
#include "zone.h"

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
	/* The rollover goes on without it: the parent may check by itself, or the operator informs it. */
	bool plain = r->status == NOTIFY_ACKNOWLEDGED || r->status == NOTIFY_NO_DSYNC || r->status == NOTIFY_CANCELLED;
	outbox_log(zone->env->out, plain ? LOG_INFO : LOG_NOTICE, "zone %s, %s", zone->name, line);
}

static void to_store(zone_t *zone, const notify_result_t *r)
{
	const store_t *store = writer_store(&zone->env->writer);

	if (store != NULL && !record_notification(zone, r)) {
		/* Nothing depends on it; a store that stays so stops the zone at its next check. */
		outbox_log(zone->env->out, LOG_WARNING, "zone %s, notification not stored: %s", zone->name,
		           store_error(store));
	}
}

/*! Once while the zone is awake: the parent is notified all the same, and again. */
static void warn_of_agent(zone_t *zone, const notify_result_t *r)
{
	if (r->report_agent == NOTIFY_AGENT_LEFT_OUT && !zone->announce.agent_refused) {
		outbox_log(zone->env->out, LOG_WARNING,
		           "zone %s, report-agent %s is neither a nameserver of the zone nor below one: the parent is "
		           "notified without it (RFC 9859 4.2.1)",
		           zone->name, zone->settings->report_agent != NULL ? zone->settings->report_agent : "");
		zone->announce.agent_refused = true;
	}
}

/*! \return Whether the zone has to be checked. */
static bool note(zone_t *zone, const notify_result_t *result)
{
	env_t *env = zone->env;

	numbers_notify(&env->numbers, result->status);
	warn_of_agent(zone, result);
	to_log(zone, result);
	to_store(zone, result);
	numbers_publish(env, zone->entry);
	if (result->status != NOTIFY_ACKNOWLEDGED) {
		return false;
	}
	zone->announce.acknowledged = time(NULL);
	return true;
}

static void on_notified(notify_result_t *result, void *arg)
{
	zone_t *zone = arg;
	/* Otherwise the asker was replaced, and the new one has to do it again. */
	const bool ended_here = zone->announce.notify == NULL;
	bool check = false;

	zone->announce.notify = NULL;
	if (!zone->gone && result->status == NOTIFY_CANCELLED && !ended_here) {
		zone->kept.row.notified = 0;
		check = true;
	} else if (!zone->gone) {
		check = note(zone, result);
	}
	notify_free(result);
	zone->announce.done(zone, check);
}

/*! As the parent delegates to them; if no server of the parent was asked for that, as the zone has them. */
static const knot_rdataset_t *nameservers_of(const zone_t *zone)
{
	const gathered_t *gathered = zone->gathered;
	const survey_result_t *survey = gathered != NULL ? gathered->survey : NULL;

	return gathered == NULL                                 ? NULL :
	       survey != NULL && survey->delegated_to.count > 0 ? &survey->delegated_to :
	                                                          &gathered->ns;
}

static bool start(zone_t *zone)
{
	const char *agent = zone->settings->report_agent;
	knot_dname_storage_t domain;
	const notify_request_t request = {
		.zone = zone->dname,
		.require_secure = zone->settings->require_secure_dsync,
		.retry = retry_of(&zone->settings->config),
		.report_agent = agent != NULL ? knot_dname_from_str(domain, agent, sizeof(domain)) : NULL,
		.ns = nameservers_of(zone),
	};
	dns_t *dns = resources_dns(zone->env);

	if (zone->announce.notify != NULL || dns == NULL) {
		return false;
	}
	if (notify_start(dns, &request, on_notified, zone, &zone->announce.notify) != KNOT_EOK) {
		outbox_log(zone->env->out, LOG_ERR, "zone %s, parent not notified: out of memory", zone->name);
		return false;
	}
	return true;
}

bool announce_upon(zone_t *zone, const rollover_decision_t *d, announce_done_f done)
{
	if (d->row.notified == 0) {
		/* What it was about is over, or nobody may be notified any more. */
		announce_end(zone);
		zone->announce.acknowledged = 0;
	}
	zone->announce.done = done;
	return d->notify && start(zone);
}

void announce_end(zone_t *zone)
{
	notify_t *notify = zone->announce.notify;

	zone->announce.notify = NULL;
	notify_cancel(notify);
}

bool announce_is_busy(const zone_t *zone)
{
	return zone->announce.notify != NULL;
}
