/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When rollovers may start: rules at random, from a stream of their own, and whether the module keeps them. What is
 * allowed is judged here by other arithmetic than that of module/rollover/start.c.
 */

#include <stdio.h>
#include <string.h>

#include "sim_orders.h"

#define ZONE "Test/Zone"

static const struct {
	const char *text; /*!< "": any time. */
	unsigned days;    /*!< Bit 0 is Sunday. */
	int begin, end;   /*!< Minutes. */
} WINDOWS[] = {
	{ "", 0x7f, 0, 1440 },
	{ "Mon-Thu 09:00-15:00 " ZONE, 0x1e, 540, 900 },
	{ "Fri,Sat 22:00-03:30 " ZONE, 0x60, 1320, 210 },
	{ "Sun-Sat 04:00-04:10 " ZONE, 0x7f, 240, 250 },
	{ "Wed 00:00-24:00 " ZONE, 0x08, 0, 1440 },
	{ "02:00-03:00 " ZONE, 0x7f, 120, 180 },
};

bool generate_starts;

void starts_make(world_t *w, unsigned zone)
{
	static const int32_t OFFSETS[] = { 0, -HOUR, HOUR, 1800, 13 * HOUR };
	starts_t *s = &w->starts;
	rollover_config_t *c = &w->engine.config;
	char err[200], dates[64] = "", first[16], last[16];
	struct tm tm;
	rng_t rng;

	if (!generate_starts || c->ksk_lifetime == 0 || w->driver != DRIVER_MODULE) {
		return;
	}
	rng_seed(&rng, w->seed, 15000 + zone);
	s->on = true;
	if (rng_chance(&rng, 50)) {
		c->spread = rng_between(&rng, 1, 7 * DAY);
		s->early = rng_below(&rng, c->spread);
	}
	const time_t due = T0 + (time_t)c->ksk_lifetime - s->early;
	s->window = rng_below(&rng, sizeof(WINDOWS) / sizeof(WINDOWS[0]));
	s->changed = due - DAY + rng_below(&rng, 9 * DAY);
	s->offset = RNG_PICK(&rng, OFFSETS);
	s->frozen[0] = 1;
	if (rng_chance(&rng, 50)) {
		const time_t from = due - 2 * DAY + rng_below(&rng, 4 * DAY), to = from + rng_below(&rng, 10 * DAY);
		s->frozen[0] = from / DAY;
		s->frozen[1] = to / DAY;
		strftime(first, sizeof(first), "%Y-%m-%d", gmtime_r(&from, &tm));
		strftime(last, sizeof(last), "%Y-%m-%d", gmtime_r(&to, &tm));
		snprintf(dates, sizeof(dates), "%s..%s " ZONE, first, last);
	}
	if (rng_chance(&rng, 30)) {
		s->full_until = due + rng_below(&rng, 5 * DAY);
		s->of_parent = rng_chance(&rng, 50);
	}
	if (!start_parse(&s->rules, WINDOWS[s->window].text, dates, err, sizeof(err))) {
		violate(w, "starts", "%s", err);
	}
	for (unsigned i = 0; i < s->rules.zone_count; i++) {
		start_zone_t *z = &s->rules.zone[i];
		z->count = 0;
		start_zone_offset(0, 0, z);
		start_zone_offset(s->changed, s->offset, z);
	}
	/* A window each week, the days without starts, those in which others roll; twice, if a day is left out. */
	s->longest = 14 * DAY + 14 * DAY + 5 * DAY;
}

static bool is_allowed(const starts_t *s, time_t t)
{
	const time_t local = t + (t >= s->changed ? s->offset : 0), day = local / DAY;
	const int minute = local % DAY / 60, begin = WINDOWS[s->window].begin, end = WINDOWS[s->window].end;
	const bool today = WINDOWS[s->window].days >> ((day + 4) % 7) & 1;
	const bool yesterday = WINDOWS[s->window].days >> ((day + 3) % 7) & 1;

	if (day >= s->frozen[0] && day <= s->frozen[1]) {
		return false;
	}
	return begin < end ? today && minute >= begin && minute < end :
	                     (today && minute >= begin) || (yesterday && minute < end);
}

/*! As module/daemon/zone_turn.c does it. */
void starts_facts_of(world_t *w)
{
	const starts_t *s = &w->starts;
	engine_t *e = &w->engine;

	e->facts.start = (start_facts_t){ 0 };
	if (!s->on) {
		return;
	}
	const bool rules = s->rules.window_count + s->rules.dates_count > 0;
	e->facts.start.early = s->early;
	e->facts.start.from = start_next(rules ? &s->rules : NULL, clock_wall(w));
	e->facts.start.rolling_max = e->facts.start.siblings_max = 1;
	*(s->of_parent ? &e->facts.start.siblings : &e->facts.start.rolling) = w->now < s->full_until ? 1 : 0;
}

/*!
 * A rollover starts when it may, and as soon as that: the gate has the first moment, and the next check comes no later.
 */
void starts_check(world_t *w, const rollover_row_t *before, const rollover_decision_t *d)
{
	const starts_t *s = &w->starts;
	const time_t now = clock_wall(w), until = d->row.gate_until;

	if (!s->on) {
		return;
	}
	if (d->transition && d->row.state == ROLLOVER_PREPARE && before->state == ROLLOVER_IDLE) {
		if (!is_allowed(s, now)) {
			violate(w, "starts", "a rollover starts outside of its window");
		}
		if (w->now < s->full_until) {
			violate(w, "starts", "a rollover starts while as many roll as may");
		}
		if (now < d->row.settled_at + (time_t)w->engine.config.ksk_lifetime - (time_t)s->early) {
			violate(w, "starts", "a rollover starts before it is due");
		}
	}
	if (d->row.gate == GATE_START_NEVER) {
		violate(w, "starts", "a window opens, and the module says that it never does");
	}
	if (d->row.gate != GATE_START_WINDOW) {
		return;
	}
	if (is_allowed(s, now) || !is_allowed(s, until) || is_allowed(s, until - 1) || d->row.next_check > until) {
		violate(w, "starts", "the first moment at which it may start is not %ld s from now",
		        (long)(until - now));
	}
	if (d->row.state != ROLLOVER_IDLE) {
		violate(w, "starts", "a rollover under way waits for a window");
	}
}
