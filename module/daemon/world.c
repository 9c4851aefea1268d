/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks the world for one check: the survey of the servers, and the watch of what resolvers see.
 * Both go on at the same time; when the last has come back the zone decides.
 */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "loop.h"

/*! Until a missing route that was there meanwhile is said again. */
#define ROUTE_SAID_AGAIN 86400

/*! Called once per question: the last one goes on. */
static void came_back(zone_t *zone)
{
	if (--zone->asking == 0) {
		bool cancelled = zone->asked_in_vain;
		zone->asked_in_vain = false;
		zone_answered(zone, cancelled);
	}
	zone_unref(zone);
}

/* Survey. */

static void count_answers(zone_t *zone, const survey_result_t *result)
{
	engine_counts_t *counts = &zone->kept.counts;
	engine_totals_t *totals = &zone->loop->totals;

	counts->surveys++;
	totals->counts.surveys++;
	counts->queries += result->queries;
	totals->counts.queries += result->queries;
	for (size_t i = 0; i < result->child_count; i++) {
		totals->answers[result->child[i].status]++;
	}
	for (size_t i = 0; i < result->parent_count; i++) {
		totals->answers[result->parent[i].status]++;
	}
}

/*! About the host, so it is said once for all zones; where it comes and goes, at most once a day. */
static void note_routes(loop_t *loop, const survey_result_t *result, time_t now)
{
	static const char *const FAMILIES[] = { "IPv4", "IPv6" };

	const unsigned news = result->no_route & ~loop->no_route;
	loop->no_route = (loop->no_route & ~result->routed) | result->no_route;
	for (unsigned i = 0; i < 2; i++) {
		time_t *said = &loop->no_route_said[i];
		loop->totals.no_route[i] = (loop->no_route & (1U << i)) != 0;
		if ((news & (1U << i)) && (*said == 0 || now - *said >= ROUTE_SAID_AGAIN || now < *said)) {
			*said = now;
			engine_log(loop->engine, LOG_NOTICE,
			           "this host has no route to %s addresses: servers that "
			           "have others as well are asked there, servers that have no others block",
			           FAMILIES[i]);
		}
	}
}

static void on_survey(survey_result_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->survey = NULL;
	if (zone->gone || result->cancelled) {
		zone->asked_in_vain = true;
		survey_free(result);
	} else {
		count_answers(zone, result);
		note_routes(zone->loop, result, time(NULL));
		zone->check->facts.no_route = zone->loop->no_route;
		if (result->parent_zone[0] != '\0') {
			(void)text_set(&zone->parent_zone, result->parent_zone);
		}
		check_state_add_survey(zone->check, zone, result);
	}
	came_back(zone);
}

static void survey(zone_t *zone, unsigned ask)
{
	check_state_t *check = zone->check;
	survey_request_t request = {
		.zone = zone->dname,
		.ask = ask & (SURVEY_CHILD | SURVEY_PARENT),
		.keys = check->keys,
		.key_count = check->facts.key_count,
		.dnskey = &check->dnskey,
		.ns = &check->ns,
		.nameserver = zone->settings->nameserver,
		.parent = zone->settings->parent,
		.now = time(NULL),
	};

	if (zone->loop->dns == NULL ||
	    survey_start(zone->loop->dns, &request, on_survey, zone, &zone->survey) != KNOT_EOK) {
		check->facts.asked |= request.ask;
		check->facts.discovery_failed = true;
		snprintf(check->facts.discovery_detail, sizeof(check->facts.discovery_detail), "%s",
		         zone->loop->dns == NULL ? zone->loop->dns_error : "out of memory");
		came_back(zone);
	}
}

/* Watch. */

static void on_watch(const watch_result_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->watch = NULL;
	if (zone->gone || result->cancelled) {
		zone->asked_in_vain = true;
	} else {
		watch_facts_t *facts = &zone->check->facts.watch;
		facts->answered = result->answered;
		facts->failing = result->failing;
		facts->parent_ok = result->parent_ok;
		snprintf(facts->detail, sizeof(facts->detail), "%s", result->detail);
		zone->check->facts.asked |= SURVEY_WATCH;
		unsigned seen = !result->parent_ok || result->answered == 0 ? WATCH_NO_EVIDENCE :
		                result->failing > 0                         ? WATCH_FAILING :
		                                                              WATCH_SECURE;
		zone->loop->totals.watches[seen]++;
	}
	came_back(zone);
}

static uint32_t watches_apart(const zone_t *zone)
{
	const engine_totals_t *totals = &zone->loop->totals;

	return rollover_watches_apart(&zone->settings->config, &zone->kept.row,
	                              totals->zones - totals->state[ROLLOVER_IDLE] - totals->state[ROLLOVER_PREPARE]);
}

static void watch(zone_t *zone)
{
	watch_request_t request = {
		.zone = zone->dname,
		.validator = zone->settings->validator,
	};

	zone->watched = time(NULL);
	if (zone->loop->dns == NULL ||
	    watch_start(zone->loop->dns, &request, on_watch, zone, &zone->watch) != KNOT_EOK) {
		came_back(zone); /* Nobody was asked: no evidence either way. */
	}
}

void world_ask(zone_t *zone, unsigned ask)
{
	const uint32_t apart = watches_apart(zone);
	const bool watched = (ask & SURVEY_WATCH) && rollover_watch_due(apart, zone->watched, time(NULL));

	zone->check->facts.watch.apart = apart;
	/* All are counted before the first starts: it may come back at once. */
	zone->asking = watched ? 2 : 1;
	zone->refs += zone->asking;
	if (watched) {
		watch(zone);
	}
	survey(zone, ask);
}

void world_cancel(zone_t *zone)
{
	survey_cancel(zone->survey);
	watch_cancel(zone->watch);
}
