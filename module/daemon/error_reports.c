/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <libknot/libknot.h>

#include "env.h"
#include "error_reports.h"
#include "kskroll/ede_names.h"

/*! Seconds until the same report is worth a line again. */
#define AGAIN 3600
/*! Lines in a minute, of all zones. */
#define LINES 10

static bool may_log(error_reports_t *reports, time_t now)
{
	if (reports->minute != now / 60) {
		*reports = (error_reports_t){ .minute = now / 60 };
	}
	return reports->lines++ < LINES;
}

static void say(env_t *env, const char *zone, const wire_reported_t *r)
{
	char type[32];

	if (knot_rrtype_to_string(r->type, type, sizeof(type)) < 0) {
		snprintf(type, sizeof(type), "TYPE%u", r->type);
	}
	outbox_log(env->out, LOG_NOTICE,
	           "zone %s, error report from %s (not authenticated): %s, extended error %u (%s)", zone, r->source,
	           type, r->ede, ede_name(r->ede));
}

void error_reports_take(env_t *env, const wire_reported_t *r)
{
	const entry_t *entry = zones_find(&env->zones, r->name);
	const zone_settings_t *settings = entry != NULL ? instances_settings(&env->instances, entry) : NULL;
	const time_t now = time(NULL);
	time_t before = 0;

	if (settings == NULL || settings->report_agent == NULL || strcmp(settings->report_agent, r->agent) != 0) {
		env->numbers.totals.reports_ignored++;
		return;
	}
	env->numbers.totals.reports++;
	const bool stored = writer_report(&env->writer, entry->name, r->type, r->ede, now, &before);
	if ((!stored || before == 0 || now - before >= AGAIN) && may_log(&env->error_reports, now)) {
		say(env, entry->name, r);
	}
}
