/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A step starts only when the one before has come back; `busy` says that a turn is under way. Each call under way has a
 * reference to the zone, which is given up when it comes back.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "env.h"
#include "kskroll/text_copy.h"
#include "report.h"
#include "zone.h"
#include "zone_turn.h"

/*! A zone that rolls is checked more often than every nine days, or it has no module any more. */
#define LOST_MODULE (9 * 86400)
/*! Seconds until the configuration is judged again if that could not be done. */
#define FIT_AGAIN 10

/*! A step has come back. \return False if the zone is gone. */
static bool came_back(zone_t *zone)
{
	if (zone->gone) {
		zone->busy = false;
	}
	return !zone->gone;
}

static time_t now_of(zone_t *zone)
{
	return clocks_now(&zone->env->clocks, &zone->kept.row);
}

/* Sleep. */

static void sleep_until_check(zone_t *zone)
{
	const time_t now = now_of(zone), next = zone->kept.row.next_check;
	const uint32_t spread = rollover_spread(&zone->kept.row, now);
	uint64_t ms = next > now ? (uint64_t)(next - now) * 1000 : 0;

	if (spread > 0) {
		ms += (uint64_t)random() % (spread * 1000ULL);
	}
	if (!zone->gone) {
		schedule_in(&zone->env->schedule, zone->entry, ms);
	}
}

/*! The turn is over: sleep, or the next one at once if something happened meanwhile. */
static void rest(zone_t *zone)
{
	facts_free(zone->gathered);
	zone->gathered = NULL;
	zone->busy = false;
	if (zone->again) {
		zone->again = false;
		if (!zone->gone) {
			schedule_in(&zone->env->schedule, zone->entry, 0);
		}
	} else {
		sleep_until_check(zone);
	}
}

static void note_store_failed(zone_t *zone, const rollover_decision_t *d)
{
	env_t *env = zone->env;
	const char *why = resources_store_error(env);

	if (rollover_store_failed(&zone->kept.row, d, why, now_of(zone))) {
		numbers_alarm(zone);
		outbox_log(env->out, LOG_ERR, "zone %s, %s: %s", zone->name,
		           rollover_gate_info(GATE_STORE_FAILED)->name, why);
	}
	numbers_publish(env, zone->entry);
}

/*! Without a store nothing is decided: a step that is not written might be repeated. */
static void store_failed(zone_t *zone, const rollover_decision_t *d)
{
	note_store_failed(zone, d);
	rest(zone);
}

/* Act. */

static void on_acted(zone_t *zone, bool stored)
{
	if (came_back(zone)) {
		if (stored) {
			rest(zone);
		} else {
			store_failed(zone, NULL);
		}
	}
	zone_unref(zone);
}

/* Decide. */

/*! When a rollover may start, if one becomes due. One that ends may make a zone idle on the same facts. */
static void add_starts(zone_t *zone, time_t now)
{
	const env_t *env = zone->env;
	const rollover_config_t *config = &zone->settings->config;
	const settings_t *settings = env->resources.settings;
	store_t *store = writer_store(&env->writer);
	start_facts_t *start = &zone->gathered->facts.start;

	if (config->ksk_lifetime == 0) {
		return;
	}
	start->early = start_early(zone->name, config->spread);
	starts_facts(zone->settings->starts, now, start);
	start->rolling = numbers_under_way(&env->numbers);
	start->rolling_max = settings != NULL ? settings->max_rolling : 0;
	start->siblings_max = settings != NULL ? settings->max_rolling_parent : 0;
	const bool due = rollover_due(config, &zone->kept.row, start->early) <= now;
	if (start->siblings_max != 0 && due && store != NULL &&
	    store_siblings(store, zone->name, time(NULL) - LOST_MODULE, &start->siblings) != KNOT_EOK) {
		start->siblings = start->siblings_max; /* There may be so many. */
	}
}

static void on_announced(zone_t *zone, bool check)
{
	if (check) {
		zone_wake(zone->env, zone->entry);
	}
	zone_unref(zone);
}

/*! What goes on beside the turns of the zone. */
static void start_others(zone_t *zone, const rollover_decision_t *d)
{
	zone_ref(zone);
	if (!announce_upon(zone, d, on_announced)) {
		zone_unref(zone);
	}
	zone_ref(zone);
	if (!signaling_check(zone, zone_unref)) {
		zone_unref(zone);
	}
}

/*! With the next action, whatever is cut: this line may be all that the operator has. */
static void warn(zone_t *zone, int priority, const char *text)
{
	const bool fits = strlen(zone->name) < TEXT_LOG_LINE / 3;
	char line[1024], next[TEXT_LOG_LINE];

	snprintf(line, sizeof(line), "zone %s, %s", zone->name, text);
	snprintf(next, sizeof(next), "; run kskroll status %s", fits ? zone->name : "ZONE");
	text_end(line, TEXT_LOG_LINE, next);
	outbox_log(zone->env->out, priority, "%s", line);
}

static void report(zone_t *zone, const rollover_decision_t *d, rollover_state_t before)
{
	char line[640];
	const rollover_gate_info_t *gate = rollover_gate_info(d->row.gate);

	if (!d->transition && !d->gate_changed) {
		return;
	}
	report_line(line, sizeof(line), d, before, &zone->gathered->facts);
	int priority = LOG_INFO;
	if (d->transition) {
		priority = LOG_NOTICE;
		numbers_step(zone);
	} else if (gate->actor == ACTOR_OPERATOR) {
		priority = LOG_WARNING;
		numbers_alarm(zone);
	}
	if (gate->outage) {
		priority = LOG_ERR;
	}
	if (priority > LOG_WARNING) {
		outbox_log(zone->env->out, priority, "zone %s, %s", zone->name, line);
	} else {
		warn(zone, priority, line);
	}
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

	rollover_decide(config, &zone->kept.row, &zone->gathered->facts, now, d);
	if (!check_suffices(zone, d)) {
		return NOT_SURE;
	}
	if (fit_missing(zone, d)) {
		return NOT_JUDGED;
	}

	/* Written before anything is done. */
	bool soon = d->row.state == ROLLOVER_IDLE && !d->transition && d->action == ACTION_NONE && !d->notify &&
	            d->ds_ttl == 0 && !d->set_keys && !rollover_must_switch(&zone->gathered->facts.own, d);
	const bool news = rollover_worth_saving(&zone->kept.row, d, zone->kept.saved, now) ||
	                  zone->entry->other_settings || writer_failed(&zone->env->writer);
	if (news && !record_save(zone, d, now, soon)) {
		return NOT_WRITTEN;
	}
	zone->kept.row = d->row;
	report(zone, d, before);
	start_others(zone, d);
	return DECIDED;
}

/*! Silence is right in any case, and Knot would not wait: a KSK that it has made gets ready by itself. */
static void not_written(zone_t *zone, const rollover_decision_t *d)
{
	note_store_failed(zone, d);
	if (d->set_keys && rollover_are_silent(d->keys)) {
		zone_ref(zone);
		act_upon(zone, d, on_acted);
	} else {
		rest(zone);
	}
}

static void on_checked(zone_t *zone, check_end_t end);
static void on_judged(zone_t *zone, fit_end_t end);

static void decide(zone_t *zone)
{
	gathered_t *gathered = zone->gathered;
	rollover_decision_t d;

	rollover_config_t config = zone->settings->config;
	config.ttl = fit_ttl(zone);
	const time_t now = now_of(zone);

	add_starts(zone, now);
	for (unsigned i = 0; i < ROLLOVER_DECISIONS_MAX; i++) {
		decided_t decided = decide_once(zone, &config, now, &d);
		if (decided == NOT_WRITTEN) {
			not_written(zone, &d);
			return;
		} else if (decided == NOT_SURE) {
			zone_ref(zone);
			check_closer(zone, on_checked);
			return;
		} else if (decided == NOT_JUDGED) {
			zone_ref(zone);
			fit_ask(zone, &d, on_judged);
			return;
		}
		if (!rollover_goes_on(&config, &gathered->facts, gathered->own_key_count, now, &d)) {
			break;
		}
		gathered->facts.asked &= ~SURVEY_WATCH;
		announce_facts(zone, &gathered->facts);
	}
	numbers_resumed(&zone->env->numbers, zone->entry);
	numbers_publish(zone->env, zone->entry);
	zone_ref(zone);
	act_upon(zone, &d, on_acted);
}

static void on_judged(zone_t *zone, fit_end_t end)
{
	if (came_back(zone)) {
		if (end == FIT_JUDGED) {
			decide(zone);
		} else {
			zone->again |= end == FIT_VOID;
			if (end == FIT_FAILED) {
				zone->kept.row.next_check = time(NULL) + FIT_AGAIN;
			}
			rest(zone);
		}
	}
	zone_unref(zone);
}

/* Check and survey. */

static void on_answered(zone_t *zone, bool cancelled)
{
	if (came_back(zone)) {
		if (cancelled) {
			/* The settings of the asker changed: again with the new ones. */
			zone->again = true;
			rest(zone);
		} else {
			decide(zone);
		}
	}
	zone_unref(zone);
}

/*! As far as the world has to be asked. */
static void ask_world(zone_t *zone)
{
	const gathered_t *gathered = zone->gathered;
	const unsigned ask = rollover_asks(&zone->settings->config, &zone->kept.row, &gathered->facts,
	                                   gathered->own_key_count, now_of(zone));
	if (ask != 0) {
		zone_ref(zone);
		world_ask(zone, ask, on_answered);
	} else {
		decide(zone);
	}
}

static void on_silenced(zone_t *zone, bool stored)
{
	(void)stored;
	if (came_back(zone)) {
		ask_world(zone);
	}
	zone_unref(zone);
}

static void on_closer(zone_t *zone, check_end_t end);

/*! The own zone is known: on to the world, but for what does not wait for its turn there. */
static void go_on(zone_t *zone)
{
	rollover_decision_t d;

	add_starts(zone, now_of(zone));
	if (!rollover_silence_first(&zone->settings->config, &zone->kept.row, &zone->gathered->facts, now_of(zone),
	                            &d)) {
		ask_world(zone);
		return;
	}
	zone_ref(zone);
	if (check_suffices(zone, &d)) {
		act_upon(zone, &d, on_silenced);
	} else {
		check_closer(zone, on_closer);
	}
}

static void check_failed(zone_t *zone)
{
	zone->kept.row.next_check = now_of(zone) + NO_MEMORY_AGAIN;
	rest(zone);
}

static void on_closer(zone_t *zone, check_end_t end)
{
	if (came_back(zone)) {
		if (end == CHECK_FAILED) {
			check_failed(zone);
		} else {
			go_on(zone);
		}
	}
	zone_unref(zone);
}

static void on_checked(zone_t *zone, check_end_t end)
{
	if (came_back(zone)) {
		switch (end) {
		case CHECK_NEW:
			go_on(zone);
			break;
		case CHECK_CONFIRMED:
			decide(zone);
			break;
		case CHECK_FAILED:
			check_failed(zone);
			break;
		}
	}
	zone_unref(zone);
}

void zone_turn(entry_t *entry, void *arg)
{
	env_t *env = arg;

	/* It may have the parental agent alone. What was under way goes on when this is changed. */
	if (!instances_settings(&env->instances, entry)->rollover) {
		return;
	}
	zone_t *zone = zone_get(env, entry);
	if (zone == NULL) {
		schedule_in(&env->schedule, entry, NO_MEMORY_AGAIN * 1000);
		return;
	}
	assert(!zone->busy && !zone->gone);
	zone->busy = true;
	if (!record_load(zone)) {
		store_failed(zone, NULL);
		return;
	}
	zone_ref(zone);
	check_start(zone, on_checked);
}
