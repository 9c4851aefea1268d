/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "env.h"
#include "kskroll/evidence.h"
#include "record.h"
#include "text.h"
#include "zone.h"

/*! The zone as it goes to the store; what is not known here stays as it was stored. */
static store_zone_t *fill(zone_t *zone, const rollover_row_t *row)
{
	store_zone_t *s = &zone->env->record.zone;
	const record_t *record = &zone->record;
	const starts_t *starts = zone->settings->starts;

	if (store_load(writer_store(&zone->env->writer), zone->name, s) != KNOT_EOK) {
		memset(s, 0, sizeof(*s));
	}
	snprintf(s->zone, sizeof(s->zone), "%s", zone->name);
	snprintf(s->base_policy, sizeof(s->base_policy), "%s", text_of(record->base_policy));
	if (record->parent_zone != NULL) {
		snprintf(s->parent_zone, sizeof(s->parent_zone), "%s", record->parent_zone);
	}
	s->policy_implicit = record->policy_implicit;
	s->config = zone->settings->config;
	s->config.ttl = fit_ttl(zone);
	snprintf(s->start_window, sizeof(s->start_window), "%s", starts != NULL ? text_of(starts->window) : "");
	snprintf(s->no_start, sizeof(s->no_start), "%s", starts != NULL ? text_of(starts->no_start) : "");
	s->configured = true;
	s->checked = time(NULL);
	s->row = *row;
	return s;
}

/*! \param[in] to  The state that follows; the one before is that of the zone. */
static store_event_t *begin_event(zone_t *zone, rollover_state_t to, rollover_gate_t gate, time_t now)
{
	store_event_t *event = &zone->env->record.event;

	event->time = now;
	event->from = zone->kept.row.state;
	event->to = to;
	event->gate = gate;
	snprintf(event->zone, sizeof(event->zone), "%s", zone->name);
	return event;
}

bool record_save(zone_t *zone, const rollover_decision_t *d, time_t now, bool soon)
{
	env_t *env = zone->env;
	const gathered_t *gathered = zone->gathered;
	const char *signaling = zone->signaling.json;
	store_event_t *event = NULL;

	if (writer_store(&env->writer) == NULL) {
		return false;
	}
	store_zone_t *s = fill(zone, &d->row);
	if (gathered != NULL && gathered->facts.asked != 0) {
		evidence_write(s->answers, sizeof(s->answers), &gathered->facts, s->parent_zone, signaling, now);
	}
	if (d->transition || d->gate_changed) {
		event = begin_event(zone, d->row.state, d->row.gate, now);
		if (gathered != NULL) {
			evidence_write(event->evidence, sizeof(event->evidence), &gathered->facts, s->parent_zone,
			               signaling, now);
		} else {
			snprintf(event->evidence, sizeof(event->evidence), "{}");
		}
	}
	if (!writer_save(&env->writer, s, event, soon)) {
		return false;
	}
	zone->kept.saved = now;
	zone->entry->other_settings = false;
	return true;
}

bool record_row(zone_t *zone)
{
	return writer_store(&zone->env->writer) != NULL &&
	       writer_save(&zone->env->writer, fill(zone, &zone->kept.row), NULL, false);
}

bool record_notification(zone_t *zone, const notify_result_t *result)
{
	const rollover_row_t *row = &zone->kept.row;
	const time_t now = time(NULL);

	store_zone_t *s = fill(zone, row);
	store_event_t *event = begin_event(zone, row->state, row->gate, now);
	evidence_notification(s->notification, sizeof(s->notification), result, now);
	evidence_notified(event->evidence, sizeof(event->evidence), s->notification, now);
	return writer_save(&zone->env->writer, s, event, false);
}

static bool take(zone_t *zone, const store_zone_t *s)
{
	record_t *record = &zone->record;
	rollover_row_t *row = &zone->kept.row;

	*row = s->row;
	rollover_resume(row);
	if (!text_set(&record->base_policy, s->base_policy) || !text_set(&record->parent_zone, s->parent_zone)) {
		return false;
	}
	record->policy_implicit = s->policy_implicit;
	if (row->clock.wall == 0) {
		/* Of schema 2 or 1: nothing is known to have passed since it was written. */
		row->clock.wall = s->checked != 0 ? s->checked : row->since;
	}
	if (row->state != ROLLOVER_IDLE) {
		outbox_log(zone->env->out, LOG_INFO, "zone %s, resuming in state %s: %s", zone->name,
		           rollover_state_name(row->state), rollover_state_meaning(row->state));
	}
	return true;
}

bool record_load(zone_t *zone)
{
	env_t *env = zone->env;
	store_t *store = writer_store(&env->writer);

	if (zone->record.loaded) {
		return true;
	}
	if (store == NULL) {
		return false;
	}
	const int ret = store_load(store, zone->name, &env->record.zone);
	zone->record.loaded = ret == KNOT_ENOENT || (ret == KNOT_EOK && take(zone, &env->record.zone));
	return zone->record.loaded;
}

void record_loaded(zone_t *zone)
{
	zone->record.loaded = true;
}

bool record_base_policy(zone_t *zone, const char *base, bool implicit)
{
	zone->record.policy_implicit = implicit;
	return text_set(&zone->record.base_policy, base);
}

void record_no_base_policy(zone_t *zone)
{
	text_clear(&zone->record.base_policy);
}

void record_parent(zone_t *zone, const char *parent_zone)
{
	(void)text_set(&zone->record.parent_zone, parent_zone);
}

bool record_is_plain(const zone_t *zone)
{
	return zone->record.loaded && zone->record.base_policy == NULL;
}

void record_free(zone_t *zone)
{
	text_clear(&zone->record.base_policy);
	text_clear(&zone->record.parent_zone);
}
