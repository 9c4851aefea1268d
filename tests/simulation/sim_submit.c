/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A parent that takes DNS UPDATE (`parent-via: update`): module/daemon/submit.c and announce.c in virtual time, and the
 * primary of the parent. All of it comes from a stream of its own, so that worlds with another parent stay as they are.
 */

#include <stdio.h>

#include "kskroll/text_copy.h"
#include "sim_world.h"

/*! Worlds of a hundred, of those whose parent is not the agent. */
#define WITH_UPDATE 15
/*! Of a hundred of these, a primary that keeps TTLs, and a parent that allows none below an hour. */
#define KEEPS_TTL 10
#define LONG_TTL  10
/*! As in module/daemon/submit.c. */
#define FIRST_TTL 3600

/*! What becomes of a message. */
typedef enum {
	FATE_MADE = 0,
	FATE_REFUSED,
	FATE_DENIED, /*!< It is made, and what comes back is a refusal that nobody has signed. */
	FATE_UNSENT,
	FATE_UNHEARD, /*!< It is made, and the answer is lost. */
	FATE_LOST,    /*!< It does not arrive. */
	FATE_FROZEN,  /*!< It is made when the zone of the primary is thawed. */
} fate_t;

void submit_make(world_t *w, unsigned zone)
{
	submit_t *s = &w->up.submit;

	rng_seed(&s->rng, w->seed, 13000 + zone);
	const bool some = rng_chance(&s->rng, WITH_UPDATE);
	if (w->driver != DRIVER_MODULE || w->agent.on ||
	    (w->parents != PARENTS_UPDATE && (w->parents != PARENTS_SOME || !some))) {
		return;
	}
	s->on = true;
	s->trouble = w->profile == PROFILE_COOPERATIVE ? 0 : rng_below(&s->rng, 60);
	s->refuses = (w->why & WHY_PARENT) != 0;
	s->keeps_ttl = rng_chance(&s->rng, KEEPS_TTL);
	w->engine.config.via = PARENT_VIA_UPDATE;
	w->engine.facts.ds_ttl.low =
		rollover_ds_ttl(w->engine.config.ds_ttl, rng_chance(&s->rng, LONG_TTL) ? HOUR : 0, 0);
	s->normal = w->up.version[0].ttl;
	/* It reads no CDS, and has no habits. */
	w->up.deaf = w->up.human = w->up.naive = w->up.strict = w->up.foreign = w->up.notified = false;
	w->up.habit = HABIT_REPLACE;
	w->up.stale_after = w->up.delay = 0;
	/* Until the last refused message is sent again, or the last late one is made. */
	w->up.interval = 4 * DAY;
}

/*! The DS on which all servers of the parent agree that have answered. */
static bool base_of(const world_t *w, world_keys_t *base)
{
	const engine_t *e = &w->engine;
	bool known = false;

	for (unsigned i = 0; i < w->parent_count; i++) {
		if (e->parent[i].status == ANSWER_OK) {
			if (known && e->seen_keys[1][i] != *base) {
				return false;
			}
			*base = e->seen_keys[1][i];
			known = true;
		}
	}
	return known;
}

/*!
 * The TTL of the DS at the servers of the parent that have answered. One that is silent shows nothing: what the others
 * show may as well be what another client has set. \return 0: they differ, or none has answered.
 */
static uint32_t shown_ttl(const world_t *w)
{
	const engine_t *e = &w->engine;
	uint32_t ttl = 0;

	for (unsigned i = 0; i < w->parent_count; i++) {
		if (e->parent[i].status != ANSWER_OK) {
			continue;
		}
		if (ttl != 0 && e->parent[i].ds_ttl != ttl) {
			return 0;
		}
		ttl = e->parent[i].ds_ttl;
	}
	return ttl;
}

static void say(world_t *w, const char *why)
{
	rollover_facts_t *f = &w->engine.facts;

	text_copy(f->not_informed, sizeof(f->not_informed), why);
	text_copy(f->not_informed_at, sizeof(f->not_informed_at), why[0] != '\0' ? "primary" : "");
}

static void say_ttl(world_t *w, const char *why)
{
	ds_ttl_facts_t *way = &w->engine.facts.ds_ttl;

	text_copy(way->why, sizeof(way->why), why);
	text_copy(way->at, sizeof(way->at), why[0] != '\0' ? "primary" : "");
}

static fate_t fate(world_t *w, bool only_ttl)
{
	submit_t *s = &w->up.submit;
	static const fate_t WRONG[] = { FATE_REFUSED, FATE_DENIED, FATE_UNSENT, FATE_UNHEARD, FATE_LOST, FATE_FROZEN };

	const bool refuses = s->refuses || (only_ttl && s->keeps_ttl);
	if (refuses || w->now > w->quiet_from) {
		return refuses ? FATE_REFUSED : FATE_MADE;
	}
	return rng_chance(&s->rng, s->trouble) ? RNG_PICK(&s->rng, WRONG) : FATE_MADE;
}

void submit_over(world_t *w)
{
	submit_t *s = &w->up.submit;

	s->over = s->over || (s->under_way && !s->ttl_under_way);
	s->missed = false;
	say(w, "");
}

void submit_ttl_over(world_t *w, uint32_t wanted)
{
	submit_t *s = &w->up.submit;
	ds_ttl_facts_t *way = &w->engine.facts.ds_ttl;

	if (wanted != s->ttl_wanted) {
		s->over = s->over || (s->under_way && s->ttl_under_way);
		*way = (ds_ttl_facts_t){ .low = way->low, .by_agent = way->by_agent, .returns = way->returns };
		s->ttl_wanted = wanted;
		if (w->agent.shared) {
			agent_poke(w);
		}
	}
}

void submit_forget(world_t *w)
{
	submit_t *s = &w->up.submit;
	ds_ttl_facts_t *way = &w->engine.facts.ds_ttl;

	s->under_way = s->over = s->missed = false;
	s->ttl_wanted = 0;
	*way = (ds_ttl_facts_t){ .low = way->low, .by_agent = way->by_agent, .returns = way->returns };
	say(w, "");
}

/*! A server of the parent has answered what it should not; what another client has set is as it should be. */
static bool was_irregular(const world_t *w)
{
	for (unsigned i = 0; i < w->parent_count; i++) {
		const int16_t fault = w->engine.seen[1][i];
		if (fault >= 0 && w->fault[fault].kind != FAULT_DS_CHANGE) {
			return true;
		}
	}
	return false;
}

/*! The message that the machine asks for. \return False: there is nothing that can be sent. */
static bool compose(world_t *w, uint32_t ttl, submit_message_t *m)
{
	const zone_version_t *v = knot_version(w);
	const ds_version_t *now = &w->up.version[w->up.version_count - 1];

	*m = (submit_message_t){
		.only_ttl = ttl != 0,
		.shown = shown_ttl(w),
		.before = w->engine.row.ds_ttl_before,
		.low = w->engine.row.ds_ttl_low,
		.irregular = was_irregular(w),
	};
	/* The delegation is found out with the servers of the zone. */
	if (!(w->engine.asked & SURVEY_CHILD) || !base_of(w, &m->base) || (ttl != 0 ? m->base == 0 : v->cds == 0)) {
		return false;
	}
	if (ttl != 0) {
		m->wanted = m->base;
		m->ttl = ttl;
		m->cause = now->cause;
		m->decided = now->decided;
	} else {
		m->wanted = v->cds == KEY_FOREIGN ? 0 : v->cds;
		m->ttl = m->base != 0 ? rollover_ds_ttl_of_change(&w->engine.row, w->engine.parent, w->parent_count,
		                                                  w->engine.facts.ds_ttl.refused) :
		                        FIRST_TTL;
		m->cause = v->cds_cause;
		m->decided = v->cds_decided;
	}
	return true;
}

void submit_send(world_t *w, uint32_t ttl)
{
	static const uint32_t FROZEN[] = { 60, HOUR, 6 * HOUR, DAY, 2 * DAY };
	submit_t *s = &w->up.submit;
	engine_t *e = &w->engine;
	submit_message_t *m = &s->message[s->count % SUBMIT_MESSAGES], fresh;

	if (ttl != 0) {
		e->facts.ds_ttl.made = e->facts.ds_ttl.refused = 0;
		e->facts.ds_ttl.again = true;
	}
	if (s->under_way) {
		s->missed = true;
		return;
	}
	if (m->waits || !compose(w, ttl, &fresh)) {
		if (ttl == 0) {
			say(w, ""); /* A change is on its way: the gate names the server that does not have it. */
		}
		e->row.notified = 0;
		return;
	}
	if (ttl != 0) {
		e->facts.ds_ttl.again = false;
	}
	const fate_t what = fate(w, ttl != 0);
	time_t lands = w->now + rng_below(&s->rng, 3);
	if (what == FATE_FROZEN) {
		lands += RNG_PICK(&s->rng, FROZEN);
	}
	if (what != FATE_UNSENT && what != FATE_LOST && lands < s->lands) {
		lands = s->lands;
	}
	time_t known = lands;
	if (what >= FATE_UNHEARD || lands > w->now + HOUR) {
		known = lands + rng_between(&s->rng, 2, 300);
		(ttl != 0 ? say_ttl : say)(w, "update-lost");
	}
	*m = fresh;
	m->waits = what == FATE_MADE || what == FATE_DENIED || what == FATE_UNHEARD || what == FATE_FROZEN;
	m->sent = what != FATE_UNSENT;
	m->refused = what == FATE_REFUSED || what == FATE_DENIED;
	m->denied = what == FATE_DENIED;
	trace(w, "module      sends DNS UPDATE to %s%s%s", keys_text(m->wanted), ttl != 0 ? ", another TTL" : "",
	      what == FATE_MADE ? "" : ", in vain so far");
	s->under_way = true;
	s->ttl_under_way = ttl != 0;
	if (m->waits) {
		s->lands = lands;
		event_add(w, lands, EV_SUBMIT, 0, s->count % SUBMIT_MESSAGES);
	}
	event_add(w, known, EV_SUBMIT_ANSWER, 0, s->count % SUBMIT_MESSAGES);
	s->count++;
}

void submit_lands(world_t *w, unsigned number)
{
	submit_t *s = &w->up.submit;
	submit_message_t *m = &s->message[number];
	const ds_version_t now = w->up.version[w->up.version_count - 1];

	m->waits = false;
	m->made = now.ds == m->base;
	if (!m->made || (m->wanted == m->base && m->ttl == now.ttl)) {
		return;
	}
	if (m->base == 0) {
		s->normal = m->ttl;
	} else if (m->forgotten) {
		/* To the module it is another client's. */
		s->normal = m->ttl != now.ttl ? m->ttl : s->normal;
		s->others = m->ttl != now.ttl ? m->ttl : s->others;
	} else if (m->irregular && m->ttl == m->shown && m->ttl != m->low) {
		s->normal = 0; /* It goes by what a server with a wrong TTL has shown. */
	} else if (s->normal == now.ttl && (m->shown != now.ttl || now.ttl == m->low) && m->ttl != now.ttl) {
		/*
		 * Others have set it, and no prerequisite compares it: before all servers showed it, nobody could tell.
		 * Nor does anybody if it is the low one.
		 */
		s->normal = m->before != 0 && m->ttl != s->others ? m->before : m->ttl;
	} else if (m->shown != 0 && m->ttl == m->shown && m->ttl != m->low && m->ttl != m->before) {
		s->normal = m->ttl; /* To whoever asks all servers others have set it. */
	}
	parent_change(w, m->wanted, m->ttl, m->cause, m->decided, false);
}

/*! What came of it, as announce.c takes it. */
static void conclude(world_t *w, const submit_message_t *m, bool updated, bool again, const char *why)
{
	submit_t *s = &w->up.submit;
	engine_t *e = &w->engine;
	const bool over = s->over, missed = s->missed;

	s->under_way = s->over = s->missed = false;
	if (m->only_ttl && !over) {
		say_ttl(w, why);
		e->facts.ds_ttl.made = updated ? m->ttl : 0;
		e->facts.ds_ttl.refused = m->refused ? m->ttl : 0;
		e->facts.ds_ttl.unproven = m->denied;
		e->facts.ds_ttl.again |= again;
	} else if (!over) {
		say(w, why);
		e->facts.acknowledged = updated ? clock_wall(w) : 0;
	}
	if (missed || (again && !over && !m->only_ttl)) {
		e->row.notified = 0;
	}
	if (missed || (!over && updated)) {
		engine_poke(w);
	}
}

void submit_answer(world_t *w, unsigned number)
{
	const submit_message_t *m = &w->up.submit.message[number];
	const world_keys_t ds = parent_ds(w);

	if (!m->sent) {
		conclude(w, m, false, true, "update-unsent");
	} else if (m->refused) {
		conclude(w, m, false, false, "update-refused");
	} else if (m->made || (ds == m->wanted && !m->only_ttl)) {
		conclude(w, m, true, false, "");
	} else {
		conclude(w, m, false, true, ds == m->base ? "update-lost" : "update-differs");
	}
}

/* The invariant. */

void submit_others(world_t *w, bool irregular)
{
	const ds_version_t *v = &w->up.version[w->up.version_count - 1];

	if (w->up.submit.on && irregular && v->ds != 0 && (v[-1].ds == 0 || v->ttl != v[-1].ttl)) {
		/* What comes back with the low TTL may be taken for what was never away. */
		w->up.submit.normal = v[-1].ds != 0 ? v->ttl : 0;
		w->up.submit.others = v->ttl;
	}
}

void submit_store_lost(world_t *w)
{
	submit_t *s = &w->up.submit;

	s->normal = 0;
	for (unsigned i = 0; i < SUBMIT_MESSAGES; i++) {
		s->message[i].forgotten = true;
	}
}

void submit_check(world_t *w, const rollover_decision_t *d)
{
	submit_t *s = &w->up.submit;
	const rollover_state_t state = d->row.state;
	const engine_t *e = &w->engine;

	if (e->row.ds_ttl_before != 0 && d->row.ds_ttl_before == 0 && was_irregular(w)) {
		s->normal = 0; /* It goes by an irregular answer. */
	}
	if (d->ds_ttl == 0) {
		return;
	}
	if ((!s->on && !w->agent.shared) || d->transition || w->engine.config.hold || w->engine.config.dry_run) {
		violate(w, "ds-ttl", "the parent is asked for a TTL although nothing may be done");
	}
	if (d->row.ds_ttl_back && state != ROLLOVER_IDLE && state != ROLLOVER_ROLLED_BACK &&
	    state != ROLLOVER_INTRODUCE) {
		violate(w, "ds-ttl", "the TTL is restored in state %s", rollover_state_name(state));
	}
	if (!d->row.ds_ttl_back && state != ROLLOVER_PRESIGN && state != ROLLOVER_PREPARE &&
	    state != ROLLOVER_INTRODUCE) {
		violate(w, "ds-ttl", "the TTL is lowered in state %s", rollover_state_name(state));
	}
	if (w->engine.row.ds_ttl_before == 0) {
		s->normal = d->row.ds_ttl_before; /* What is seen is what counts. */
	}
}

void submit_check_end(world_t *w)
{
	const submit_t *s = &w->up.submit;
	const ds_version_t *v = &w->up.version[w->up.version_count - 1];

	if (s->on && w->done && !w->engine.config.go_insecure && v->ds != 0 && s->normal != 0 && v->ttl != s->normal) {
		violate(w, "ds-ttl", "the DS TTL is %u s, and was %u s", v->ttl, s->normal);
	}
}
