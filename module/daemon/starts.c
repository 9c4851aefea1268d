/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "starts.h"
#include "util/time_zone.h"

#define DAY 86400
/*! Time zones are read again after that: the system may have got other ones. */
#define READ_AGAIN DAY
/*! So far they are read: as far as anybody looks from the last moment before they are read again. */
#define READ_AHEAD (START_HORIZON + 3 * DAY)

bool starts_new(starts_t **starts, const char *window, const char *no_start)
{
	assert(starts);

	*starts = NULL;
	if (window == NULL && no_start == NULL) {
		return true;
	}
	starts_t *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return false;
	}
	s->window = window != NULL ? strdup(window) : NULL;
	s->no_start = no_start != NULL ? strdup(no_start) : NULL;
	if ((window != NULL && s->window == NULL) || (no_start != NULL && s->no_start == NULL)) {
		starts_free(s);
		return false;
	}
	/* knotd has read them as well. */
	s->wrong = !start_parse(&s->rules, window, no_start, s->why, sizeof(s->why));
	*starts = s;
	return true;
}

void starts_free(starts_t *starts)
{
	if (starts != NULL) {
		free(starts->window);
		free(starts->no_start);
		free(starts);
	}
}

/*! \return Whether all of them are known. */
static bool read_zones(starts_t *s, time_t now)
{
	for (unsigned i = 0; i < s->rules.zone_count; i++) {
		start_zone_t zone = { 0 };
		memcpy(zone.name, s->rules.zone[i].name, sizeof(zone.name));
		if (!time_zone_offsets(zone.name, now - DAY, now + READ_AHEAD, start_zone_offset, &zone)) {
			snprintf(s->why, sizeof(s->why), "the time zone %s is not in %s", zone.name, TIME_ZONES);
			s->read = 0;
			return false;
		}
		s->rules.zone[i] = zone;
	}
	s->why[0] = '\0';
	s->read = now;
	return true;
}

void starts_facts(starts_t *s, time_t now, start_facts_t *facts)
{
	assert(facts);

	facts->from = 0;
	facts->why[0] = '\0';
	if (s == NULL) {
		return;
	}
	const bool old = s->read == 0 || now < s->read || now - s->read >= READ_AGAIN;
	if (s->wrong || (old && !read_zones(s, now))) {
		facts->from = START_NEVER;
		snprintf(facts->why, sizeof(facts->why), "%s", s->why);
		return;
	}
	facts->from = start_next(&s->rules, now);
	if (facts->from == START_NEVER) {
		snprintf(facts->why, sizeof(facts->why),
		         "no moment of the next two years is in start-window and not in no-start");
	}
}
