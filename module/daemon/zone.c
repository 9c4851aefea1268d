/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of one zone: wake, check, survey, decide, persist, act, sleep.
 * A step starts only when the one before has come back; `busy` says that one is under way.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "belt.h"
#include "kskroll/evidence.h"
#include "loop.h"
#include "pack.h"

zone_t *zone_get(loop_t *loop, entry_t *entry)
{
	knot_dname_storage_t dname;
	if (entry->zone != NULL) {
		return entry->zone;
	}
	if (knot_dname_from_str(dname, entry->name, sizeof(dname)) == NULL) {
		return NULL;
	}
	const size_t dname_size = knot_dname_size(dname);
	zone_t *zone = calloc(1, sizeof(*zone) + dname_size);
	if (zone == NULL) {
		return NULL;
	}
	zone->loop = loop;
	zone->entry = entry;
	zone->name = entry->name;
	zone->dname = memcpy(zone + 1, dname, dname_size);
	zone->settings = engine_settings_of(loop->engine, entry);
	zone->refs = 1;
	if (entry->kept != NULL) {
		unpack(entry->kept, &zone->kept, sizeof(zone->kept));
		free(entry->kept);
		entry->kept = NULL;
		zone->loaded = true;
	} else {
		rollover_init(&zone->kept.row, time(NULL));
	}
	zone->next = loop->awake;
	if (zone->next != NULL) {
		zone->next->prev = zone;
	}
	loop->awake = zone;
	entry->zone = zone;
	return zone;
}

/*! Takes it out of the list of those that are not at rest. */
static void leave_list(zone_t *zone)
{
	if (zone->prev != NULL) {
		zone->prev->next = zone->next;
	} else {
		zone->loop->awake = zone->next;
	}
	if (zone->next != NULL) {
		zone->next->prev = zone->prev;
	}
}

static void zone_free(zone_t *zone)
{
	check_state_free(zone->check);
	free(zone->fit);
	free(zone->signaling);
	text_clear(&zone->base_policy);
	text_clear(&zone->parent_zone);
	text_clear(&zone->conf_detail);
	free(zone);
}

/*! All that is known is in the store, or kept. */
static bool has_nothing_to_do(const zone_t *zone)
{
	const rollover_row_t *row = &zone->kept.row;

	return zone->refs == 1 && !zone->gone && !zone->busy && zone->loaded && row->state == ROLLOVER_IDLE &&
	       row->notified == 0 && zone->notify == NULL && zone->dsboot == NULL && zone->signaling == NULL &&
	       zone->base_policy == NULL && zone->conf_detail == NULL && !zone->conf_busy &&
	       (zone->fit == NULL || zone->fit->fit == CONF_FIT);
}

/*! What is left behind the end of a text that was longer once. */
static void clear_tail(char *text, size_t size)
{
	size_t len = strnlen(text, size);
	memset(text + len, 0, size - len);
}

void zone_fold(zone_t *zone)
{
	entry_t *entry = zone->entry;
	rollover_row_t *row = &zone->kept.row;

	if (!has_nothing_to_do(zone)) {
		return;
	}
	clear_tail(row->gate_about, sizeof(row->gate_about));
	clear_tail(row->gate_detail, sizeof(row->gate_detail));
	entry->kept = pack(&zone->kept, sizeof(zone->kept));
	if (entry->kept != NULL) {
		entry->zone = NULL;
		leave_list(zone);
		zone_free(zone);
	}
}

void zone_unref(zone_t *zone)
{
	assert(zone->refs > 0);
	if (--zone->refs == 0) {
		free(zone->entry);
		zone_free(zone);
	} else if (zone->refs == 1) {
		zone_fold(zone);
	}
}

void zone_drop(zone_t *zone)
{
	leave_list(zone);
	zone->gone = true;
	zone->settings = NULL;
	world_cancel(zone);
	tell_parent_end(zone);
	signaling_end(zone);
	zone_unref(zone);
}

time_t zone_now(zone_t *zone)
{
	rollover_clock_t clock;

	clock_read(zone->loop, &clock);
	rollover_follow_clock(&zone->kept.row, &clock);
	return clock.wall;
}

static void sleep_until_wake(zone_t *zone)
{
	const time_t now = zone_now(zone), wake = zone->kept.row.next_check;
	const uint32_t spread = rollover_spread(&zone->kept.row, now);
	uint64_t ms = wake > now ? (uint64_t)(wake - now) * 1000 : 0;

	if (spread > 0) {
		ms += (uint64_t)random() % (spread * 1000ULL);
	}
	if (!zone->gone) {
		wake_in(zone->loop, zone->entry, ms);
	}
}

void zone_rest(zone_t *zone)
{
	check_state_free(zone->check);
	zone->check = NULL;
	zone->busy = false;
	if (zone->again) {
		zone->again = false;
		if (!zone->gone) {
			wake_in(zone->loop, zone->entry, 0);
		}
	} else {
		sleep_until_wake(zone);
	}
}

bool zone_came_back(zone_t *zone)
{
	if (zone->gone) {
		zone->busy = false;
	}
	return !zone->gone;
}

/* Persist. */

void zone_to_scratch(zone_t *zone, const rollover_row_t *row)
{
	store_zone_t *s = &zone->loop->scratch;
	if (store_load(zone->loop->store, zone->name, s) != KNOT_EOK) {
		memset(s, 0, sizeof(*s));
	}
	snprintf(s->zone, sizeof(s->zone), "%s", zone->name);
	snprintf(s->base_policy, sizeof(s->base_policy), "%s", text_of(zone->base_policy));
	if (zone->parent_zone != NULL) {
		snprintf(s->parent_zone, sizeof(s->parent_zone), "%s", zone->parent_zone);
	}
	s->policy_implicit = zone->policy_implicit;
	s->config = zone->settings->config;
	s->config.ttl = zone_ttl(zone);
	s->configured = true;
	s->checked = time(NULL);
	s->row = *row;
}

/*! \a soon: it may be lost, since nothing follows from it. */
static bool save(zone_t *zone, const rollover_decision_t *d, time_t now, bool soon)
{
	loop_t *loop = zone->loop;
	store_event_t *event = NULL;

	if (loop->store == NULL) {
		return false;
	}
	zone_to_scratch(zone, &d->row);
	if (zone->check != NULL && zone->check->facts.asked != 0) {
		evidence_write(loop->scratch.answers, sizeof(loop->scratch.answers), &zone->check->facts,
		               loop->scratch.parent_zone, zone->signaling, now);
	}
	if (d->transition || d->gate_changed) {
		event = &loop->event;
		event->time = now;
		event->from = zone->kept.row.state;
		event->to = d->row.state;
		event->gate = d->row.gate;
		snprintf(event->zone, sizeof(event->zone), "%s", zone->name);
		if (zone->check != NULL) {
			evidence_write(event->evidence, sizeof(event->evidence), &zone->check->facts,
			               loop->scratch.parent_zone, zone->signaling, now);
		} else {
			snprintf(event->evidence, sizeof(event->evidence), "{}");
		}
	}
	if (!write_scratch(loop, event, soon)) {
		return false;
	}
	zone->kept.saved = now;
	return true;
}

static bool load(zone_t *zone)
{
	loop_t *loop = zone->loop;

	if (zone->loaded) {
		return true;
	}
	if (loop->store == NULL) {
		return false;
	}
	int ret = store_load(loop->store, zone->name, &loop->scratch);
	if (ret == KNOT_EOK) {
		zone->kept.row = loop->scratch.row;
		if (!text_set(&zone->base_policy, loop->scratch.base_policy) ||
		    !text_set(&zone->parent_zone, loop->scratch.parent_zone)) {
			return false;
		}
		zone->policy_implicit = loop->scratch.policy_implicit;
		if (zone->kept.row.clock.wall == 0) {
			/* Of schema 2 or 1: nothing is known to have passed since it was written. */
			zone->kept.row.clock.wall =
				loop->scratch.checked != 0 ? loop->scratch.checked : zone->kept.row.since;
		}
		if (zone->kept.row.state != ROLLOVER_IDLE) {
			engine_log(loop->engine, LOG_INFO, "zone %s, resuming in state %s: %s", zone->name,
			           rollover_state_name(zone->kept.row.state),
			           rollover_state_meaning(zone->kept.row.state));
		}
	} else if (ret != KNOT_ENOENT) {
		return false;
	}
	zone->loaded = true;
	return true;
}

static void count_alarm(zone_t *zone)
{
	zone->kept.counts.alarms++;
	zone->loop->totals.counts.alarms++;
}

/*! Without a store nothing is decided: a step that is not written might be repeated. */
static void store_failed(zone_t *zone, const rollover_decision_t *d)
{
	rollover_row_t *row = &zone->kept.row;
	const char *why = zone->loop->store != NULL ? store_error(zone->loop->store) : zone->loop->store_error;
	why = why[0] != '\0' ? why : "out of memory";
	if (rollover_store_failed(row, d, why, zone_now(zone))) {
		count_alarm(zone);
		engine_log(zone->loop->engine, LOG_ERR, "zone %s, %s: %s", zone->name,
		           rollover_gate_info(GATE_STORE_FAILED)->name, why);
	}
	zone_publish(zone->loop, zone->entry);
	zone_rest(zone);
}

/* Act. */

void zone_acted(zone_t *zone, server_status_t status, const char *detail)
{
	if (status == SERVER_REFUSED) {
		fit_forget(zone); /* What was judged is no longer so: it is found out what is in the way. */
	}
	zone->conf_busy = status == SERVER_BUSY;
	(void)text_set(&zone->conf_detail,
	               status == SERVER_OK ? "" : (detail[0] != '\0' ? detail : "no answer on the control socket"));
}

static void on_acted(server_status_t status, const char *detail, void *arg)
{
	zone_t *zone = arg;
	if (zone_came_back(zone)) {
		zone_acted(zone, status, detail);
		if (status == SERVER_OK) {
			zone->kept.row.next_check = zone_now(zone) + 1;
		}
		zone_rest(zone);
	}
	zone_unref(zone);
}

static void send_switch(zone_t *zone, policy_role_t role)
{
	zone->refs++;
	server_switch(zone->loop->server, zone->name, text_of(zone->base_policy), role, zone_ttl(zone),
	              zone->policy_implicit, on_acted, zone);
}

/*! Before the first switch: was the policy the zone's own or a template's? To be undone the same way. */
static void on_origin(server_status_t status, const char *detail, void *arg)
{
	zone_t *zone = arg;
	if (zone_came_back(zone)) {
		if (status != SERVER_OK) {
			zone_acted(zone, status, detail);
			zone_rest(zone);
		} else {
			rollover_decision_t d = { .row = zone->kept.row };
			char base[256];
			policy_role_t role;
			server_policy_parse(zone->settings->policy, base, sizeof(base), &role);
			zone->policy_implicit = strcmp(detail, "template") == 0;
			if (text_set(&zone->base_policy, base) && save(zone, &d, time(NULL), false)) {
				send_switch(zone, rollover_policy(&zone->kept.row));
			} else {
				text_clear(&zone->base_policy);
				store_failed(zone, NULL);
			}
		}
	}
	zone_unref(zone);
}

static void switch_policy(zone_t *zone, policy_role_t wanted)
{
	char base[256];
	policy_role_t role;

	server_policy_parse(zone->settings->policy, base, sizeof(base), &role);
	if (role == POLICY_BASE) {
		if (wanted == POLICY_BASE) {
			/* Already there. */
			text_clear(&zone->base_policy);
			zone_rest(zone);
			return;
		}
		/* The operator may have given the zone another policy meanwhile: that one counts. */
		text_clear(&zone->base_policy);
		zone->refs++;
		server_policy_origin(zone->loop->server, zone->name, on_origin, zone);
		return;
	}
	if (zone->base_policy == NULL) {
		/* A derived policy that we did not record: the store was lost. Its name tells the base. */
		if (!text_set(&zone->base_policy, base)) {
			zone->kept.row.next_check = zone_now(zone) + NO_MEMORY_AGAIN;
			zone_rest(zone);
			return;
		}
		zone->policy_implicit = false;
	}
	send_switch(zone, wanted);
}

static void act(zone_t *zone, const rollover_decision_t *d)
{
	if (rollover_must_switch(&zone->check->facts.own, d)) {
		switch_policy(zone, d->policy);
	} else if (d->action == ACTION_START) {
		zone->refs++;
		server_start_rollover(zone->loop->server, zone->name, on_acted, zone);
	} else if (d->action == ACTION_SUBMITTED) {
		zone->refs++;
		uint32_t ttl = belt_ttl(&d->row, zone_now(zone));
		server_ksk_submitted(zone->loop->server, zone->name, ttl, on_acted, zone);
	} else {
		zone_rest(zone);
	}
}

/* Decide. */

static void report(zone_t *zone, const rollover_decision_t *d, rollover_state_t before)
{
	char line[640];
	const rollover_gate_info_t *gate = rollover_gate_info(d->row.gate);

	if (!d->transition && !d->gate_changed) {
		return;
	}
	report_line(line, sizeof(line), zone, d, before, &zone->check->facts);
	int priority = LOG_INFO;
	if (d->transition) {
		priority = LOG_NOTICE;
		zone->kept.counts.steps++;
		zone->loop->totals.counts.steps++;
	} else if (gate->actor == ACTOR_OPERATOR) {
		priority = LOG_WARNING;
		count_alarm(zone);
	}
	if (gate->outage) {
		priority = LOG_ERR;
	}
	engine_log(zone->loop->engine, priority, "zone %s, %s", zone->name, line);
}

typedef enum {
	DECIDED,
	NOT_WRITTEN,
	NOT_SURE,
	NOT_JUDGED
} decided_t;

/*!
 * What could not be written, follows from a glance, or needs a configuration that is not judged yet, is no decision.
 */
static decided_t decide_once(zone_t *zone, const rollover_config_t *config, time_t now, rollover_decision_t *d)
{
	const rollover_state_t before = zone->kept.row.state;

	rollover_decide(config, &zone->kept.row, &zone->check->facts, now, d);
	if (zone->glance && !glance_suffices(zone, d)) {
		return NOT_SURE;
	}
	if (fit_missing(zone, d)) {
		return NOT_JUDGED;
	}

	/* Written before anything is done. */
	bool soon = d->row.state == ROLLOVER_IDLE && !d->transition && d->action == ACTION_NONE && !d->notify &&
	            !rollover_must_switch(&zone->check->facts.own, d);
	if ((rollover_worth_saving(&zone->kept.row, d, zone->kept.saved, now) || zone->loop->write_failed) &&
	    !save(zone, d, now, soon)) {
		return NOT_WRITTEN;
	}
	zone->kept.row = d->row;
	report(zone, d, before);
	tell_parent(zone, d);
	signaling_check(zone);
	return DECIDED;
}

void zone_decide(zone_t *zone)
{
	check_state_t *check = zone->check;
	rollover_decision_t d;

	rollover_config_t config = zone->settings->config;
	config.ttl = zone_ttl(zone);
	const time_t now = zone_now(zone);

	for (unsigned i = 0; i < ROLLOVER_DECISIONS_MAX; i++) {
		decided_t decided = decide_once(zone, &config, now, &d);
		if (decided == NOT_WRITTEN) {
			store_failed(zone, &d);
			return;
		} else if (decided == NOT_SURE) {
			check_closer(zone);
			return;
		} else if (decided == NOT_JUDGED) {
			fit_ask(zone, &d);
			return;
		}
		if (!rollover_goes_on(&config, &check->facts, check->own_key_count, now, &d)) {
			break;
		}
		check->facts.asked &= ~SURVEY_WATCH;
		check->facts.acknowledged = zone->acknowledged;
	}
	zone_publish(zone->loop, zone->entry);
	act(zone, &d);
}

void zone_answered(zone_t *zone, bool cancelled)
{
	if (!zone_came_back(zone)) {
		return;
	}
	if (cancelled) {
		/* The settings of the asker changed: again with the new ones. */
		zone->again = true;
		zone_rest(zone);
	} else {
		zone_decide(zone);
	}
}

void zone_check(zone_t *zone)
{
	assert(!zone->busy && !zone->gone);

	zone->busy = true;
	if (!load(zone)) {
		store_failed(zone, NULL);
		return;
	}
	check_start(zone);
}
