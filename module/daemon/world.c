/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "env.h"
#include "world.h"
#include "zone.h"

/*! Until a missing route that was there meanwhile is said again. */
#define ROUTE_SAID_AGAIN 86400

/*! Both go on at the same time; the last one ends it. */
static void came_back(zone_t *zone)
{
	world_t *world = &zone->world;

	if (--world->asking == 0) {
		const bool cancelled = world->cancelled;
		world->cancelled = false;
		world->done(zone, cancelled);
	}
}

/* Survey. */

/*! About the host, so it is said once for all zones; where it comes and goes, at most once a day. */
static void note_routes(env_t *env, const survey_result_t *result, time_t now)
{
	static const char *const FAMILIES[] = { "IPv4", "IPv6" };
	routes_t *routes = &env->routes;

	const unsigned news = result->no_route & ~routes->missing;
	routes->missing = (routes->missing & ~result->routed) | result->no_route;
	for (unsigned i = 0; i < 2; i++) {
		time_t *said = &routes->said[i];
		numbers_no_route(&env->numbers, i, (routes->missing & (1U << i)) != 0);
		if ((news & (1U << i)) && (*said == 0 || now - *said >= ROUTE_SAID_AGAIN || now < *said)) {
			*said = now;
			outbox_log(env->out, LOG_NOTICE,
			           "this host has no route to %s addresses: the module asks servers at their "
			           "other addresses, servers without other addresses block",
			           FAMILIES[i]);
		}
	}
}

static void on_survey(survey_result_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->world.survey = NULL;
	if (zone->gone || result->cancelled) {
		zone->world.cancelled = true;
		survey_free(result);
	} else {
		numbers_survey(zone, result);
		note_routes(zone->env, result, time(NULL));
		zone->gathered->facts.no_route = zone->env->routes.missing;
		if (result->parent_zone[0] != '\0') {
			record_parent(zone, result->parent_zone);
		}
		facts_add_survey(zone->gathered, zone, result);
	}
	came_back(zone);
}

static void survey(zone_t *zone, unsigned ask)
{
	gathered_t *gathered = zone->gathered;
	survey_request_t request = {
		.zone = zone->dname,
		.ask = ask & (SURVEY_CHILD | SURVEY_PARENT),
		.keys = gathered->keys,
		.key_count = gathered->facts.key_count,
		.dnskey = &gathered->dnskey,
		.ns = &gathered->ns,
		.nameserver = zone->settings->nameserver,
		.parent = zone->settings->parent,
		.now = time(NULL),
	};

	dns_t *dns = resources_dns(zone->env);
	if (dns == NULL || survey_start(dns, &request, on_survey, zone, &zone->world.survey) != KNOT_EOK) {
		gathered->facts.asked |= request.ask;
		gathered->facts.discovery_failed = true;
		snprintf(gathered->facts.discovery_detail, sizeof(gathered->facts.discovery_detail), "%s",
		         dns == NULL ? resources_dns_error(zone->env) : "out of memory");
		came_back(zone);
	}
}

/* Watch. */

static void on_watch(const watch_result_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->world.watch = NULL;
	if (zone->gone || result->cancelled) {
		zone->world.cancelled = true;
	} else {
		watch_facts_t *facts = &zone->gathered->facts.watch;
		facts->answered = result->answered;
		facts->failing = result->failing;
		facts->parent_ok = result->parent_ok;
		snprintf(facts->detail, sizeof(facts->detail), "%s", result->detail);
		zone->gathered->facts.asked |= SURVEY_WATCH;
		unsigned seen = !result->parent_ok || result->answered == 0 ? WATCH_NO_EVIDENCE :
		                result->failing > 0                         ? WATCH_FAILING :
		                                                              WATCH_SECURE;
		numbers_watch(&zone->env->numbers, seen);
	}
	came_back(zone);
}

static uint32_t watches_apart(const zone_t *zone)
{
	return rollover_watches_apart(&zone->settings->config, &zone->kept.row, numbers_rolling(&zone->env->numbers));
}

static void watch(zone_t *zone)
{
	watch_request_t request = {
		.zone = zone->dname,
		.validator = zone->settings->validator,
	};

	zone->world.watched = time(NULL);
	dns_t *dns = resources_dns(zone->env);
	if (dns == NULL || watch_start(dns, &request, on_watch, zone, &zone->world.watch) != KNOT_EOK) {
		came_back(zone); /* Nobody was asked: no evidence either way. */
	}
}

void world_ask(zone_t *zone, unsigned ask, world_done_f done)
{
	const uint32_t apart = watches_apart(zone);
	const bool watched = (ask & SURVEY_WATCH) && rollover_watch_due(apart, zone->world.watched, time(NULL));

	zone->gathered->facts.watch.apart = apart;
	/* All are counted before the first starts: it may come back at once. */
	zone->world.asking = watched ? 2 : 1;
	zone->world.done = done;
	if (watched) {
		watch(zone);
	}
	survey(zone, ask);
}

void world_cancel(zone_t *zone)
{
	survey_cancel(zone->world.survey);
	watch_cancel(zone->world.watch);
}
