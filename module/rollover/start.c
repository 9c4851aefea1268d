/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a rollover is due, and the first moment at which it may start: a boundary of what the rules are about. */

#include <assert.h>
#include <string.h>

#include "calendar.h"
#include "kskroll/rollover.h"
#include "kskroll/start.h"

#define DAY    86400
#define MINUTE 60
/*! 1970-01-01 was a Thursday. */
#define FIRST_DAY 4

/*! What a clock on the wall of a time zone shows. */
typedef struct {
	int64_t day; /*!< Since 1970-01-01. */
	int32_t second;
	int64_t shows_until; /*!< Until then it goes on without a jump. */
} wall_t;

static wall_t wall_of(const start_zone_t *zone, int64_t t)
{
	unsigned i = zone->count;

	while (i > 1 && zone->offset[i - 1].from > t) {
		i--;
	}
	const int64_t local = t + zone->offset[i - 1].seconds;
	const int64_t day = local >= 0 ? local / DAY : -((DAY - 1 - local) / DAY);
	return (wall_t){
		.day = day,
		.second = (int32_t)(local - day * DAY),
		.shows_until = i < zone->count ? zone->offset[i].from : INT64_MAX,
	};
}

static bool has_day(const start_window_t *w, int64_t day)
{
	return w->days >> ((day % 7 + 7 + FIRST_DAY) % 7) & 1;
}

static bool is_open(const start_window_t *w, const wall_t *wall)
{
	const int32_t begin = w->begin * MINUTE, end = w->end * MINUTE;

	if (begin < end) {
		return has_day(w, wall->day) && wall->second >= begin && wall->second < end;
	}
	return (has_day(w, wall->day) && wall->second >= begin) || (has_day(w, wall->day - 1) && wall->second < end);
}

static bool is_excluded(const start_dates_t *d, const wall_t *wall)
{
	if (!d->yearly) {
		return wall->day >= d->first && wall->day <= d->last;
	}
	const int32_t today = calendar_month_day(wall->day);
	return d->first <= d->last ? today >= d->first && today <= d->last : today >= d->first || today <= d->last;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*! Whether the day is excluded somewhere; \a until: it is not different before. */
static bool is_frozen(const start_rules_t *rules, int64_t t, int64_t *until)
{
	for (unsigned i = 0; i < rules->dates_count; i++) {
		const wall_t wall = wall_of(&rules->zone[rules->dates[i].zone], t);
		if (is_excluded(&rules->dates[i], &wall)) {
			*until = sooner(t + DAY - wall.second, wall.shows_until);
			return true;
		}
	}
	return false;
}

/*! Whether it is a time of the week; \a until: else it is not different before. */
static bool is_time(const start_rules_t *rules, int64_t t, int64_t *until)
{
	*until = INT64_MAX;
	for (unsigned i = 0; i < rules->window_count; i++) {
		const start_window_t *w = &rules->window[i];
		const wall_t wall = wall_of(&rules->zone[w->zone], t);
		const int32_t begin = w->begin * MINUTE;

		if (is_open(w, &wall)) {
			return true;
		}
		*until = sooner(*until,
		                sooner(t + begin - wall.second + (begin > wall.second ? 0 : DAY), wall.shows_until));
	}
	return rules->window_count == 0;
}

void start_zone_offset(int64_t from, int32_t seconds, void *arg)
{
	start_zone_t *zone = arg;

	if (zone->count < START_OFFSETS_MAX) {
		zone->offset[zone->count].from = from;
		zone->offset[zone->count++].seconds = seconds;
	}
}

int64_t start_next(const start_rules_t *rules, int64_t t)
{
	const int64_t last = t + START_HORIZON;

	while (rules != NULL) {
		int64_t until;
		if (!is_frozen(rules, t, &until) && is_time(rules, t, &until)) {
			break;
		}
		if (until > last) {
			return START_NEVER;
		}
		t = until;
	}
	return t;
}

uint32_t start_early(const char *zone, uint32_t spread)
{
	assert(zone);

	/* "One at a time" of Jenkins: names that differ in one digit are not neighbours. */
	uint32_t hash = 0;
	for (const char *c = zone; *c != '\0'; c++) {
		hash += (uint8_t)*c;
		hash += hash << 10;
		hash ^= hash >> 6;
	}
	hash += hash << 3;
	hash ^= hash >> 11;
	hash += hash << 15;
	return spread > 0 ? hash % spread : 0;
}

time_t rollover_due(const rollover_config_t *config, const rollover_row_t *row, uint32_t early)
{
	assert(config && row);

	return config->ksk_lifetime > 0 ? row->settled_at + config->ksk_lifetime - early : 0;
}
