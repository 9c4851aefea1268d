/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When rollovers of a zone may start, by the values that are stored with its row and the time zones of this host.
 */

#include <stdio.h>
#include <string.h>

#include "kskroll.h"
#include "module/util/time_zone.h"

#define DAY 86400
/*! Time zones are read so far ahead: nobody knows what they do then. */
#define AHEAD (12 * 366 * (int64_t)DAY)

/*! Of zones asked about before: many have the same, and they come in order of their names. */
typedef struct {
	bool known;
	bool right;
	char window[START_TEXT];
	char no_start[START_TEXT];
	start_rules_t rules;
} parsed_t;

#define PARSED_MAX 16

static parsed_t parsed[PARSED_MAX];
static unsigned oldest;

static bool read_zones(start_rules_t *rules, time_t now)
{
	for (unsigned i = 0; i < rules->zone_count; i++) {
		start_zone_t *zone = &rules->zone[i];
		zone->count = 0;
		if (!time_zone_offsets(zone->name, now - DAY, now + AHEAD, start_zone_offset, zone)) {
			fprintf(stderr,
			        "kskroll: the time zone %s is not in %s of this host: start-window and no-start are left out\n",
			        zone->name, TIME_ZONES);
			return false;
		}
	}
	return true;
}

static const parsed_t *parsed_of(const options_t *o, const store_zone_t *z)
{
	char err[200];

	for (unsigned i = 0; i < PARSED_MAX; i++) {
		const parsed_t *p = &parsed[i];
		if (p->known && strcmp(p->window, z->start_window) == 0 && strcmp(p->no_start, z->no_start) == 0) {
			return p;
		}
	}
	parsed_t *p = &parsed[oldest];
	oldest = (oldest + 1) % PARSED_MAX;
	p->known = true;
	snprintf(p->window, sizeof(p->window), "%s", z->start_window);
	snprintf(p->no_start, sizeof(p->no_start), "%s", z->no_start);
	p->right = start_parse(&p->rules, p->window, p->no_start, err, sizeof(err)) && read_zones(&p->rules, o->now);
	return p;
}

const start_rules_t *starts_of(const options_t *o, const store_zone_t *z)
{
	if (z->start_window[0] == '\0' && z->no_start[0] == '\0') {
		return NULL;
	}
	const parsed_t *p = parsed_of(o, z);
	return p->right ? &p->rules : NULL;
}

bool starts_unknown(const options_t *o, const store_zone_t *z)
{
	return (z->start_window[0] != '\0' || z->no_start[0] != '\0') && starts_of(o, z) == NULL;
}

bool starts_never(const options_t *o, const store_zone_t *z, const rollover_config_t *config)
{
	const time_t due = rollover_due(config, &z->row, start_early(z->zone, config->spread));
	const time_t from = z->row.state == ROLLOVER_IDLE && due > o->now ? due : o->now;

	return config->ksk_lifetime > 0 && (starts_unknown(o, z) || start_next(starts_of(o, z), from) == START_NEVER);
}
