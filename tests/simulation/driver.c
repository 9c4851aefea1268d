/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the decision is asked for and what is done with it: module/daemon/zone_turn.c in virtual time.
 * wake, check, survey, decide, persist, act, sleep; the process may die between any two of them.
 */

#include <string.h>

#include "sim_orders.h"

static void sleep_until(world_t *w, time_t wake)
{
	event_add(w, wake, EV_WAKE, 0, ++w->engine.timer);
}

time_t engine_now(world_t *w)
{
	rollover_clock_t clock;

	clock_now(w, &clock);
	return rollover_follow_clock(&w->engine.row, &clock);
}

static void rest(world_t *w)
{
	engine_t *e = &w->engine;

	e->busy = false;
	if (e->again) {
		e->again = false;
		sleep_until(w, w->now);
	} else {
		const time_t now = engine_now(w), wake = w->engine.row.next_check;
		sleep_until(w, w->now + (wake - now) + rng_below(&w->rng, rollover_spread(&e->row, now)));
	}
}

/*! The process ends for good; knotd goes on. */
void engine_die(world_t *w)
{
	engine_t *e = &w->engine;

	trace(w, "module      never works again");
	e->dead = true;
	e->died = e->alive ? w->now : e->died; /* Where knotd is down it has ended already. */
	e->alive = e->busy = e->again = false;
	e->epoch += w->knot.up; /* Unless knotd is down and about to start. */
	w->why |= WHY_DEAD;
	if (w->dies.afterwards != 0) {
		w->end = w->now + w->dies.afterwards;
	}
}

/*! The zone is checked at once: the module is loaded again, or the parent has acknowledged a notification. */
void engine_poke(world_t *w)
{
	engine_t *e = &w->engine;

	if (!e->alive || e->dead) {
		return;
	}
	if (e->busy) {
		e->again = true;
	} else {
		sleep_until(w, w->now);
	}
}

void engine_crash(world_t *w)
{
	engine_t *e = &w->engine;
	static const uint32_t GONE[] = { 2, 20, 300, HOUR, 5 * HOUR, DAY, 3 * DAY };

	trace(w, "knotd       dies");
	e->alive = e->busy = e->again = e->loaded = e->silences_lost = false;
	e->facts.acknowledged = 0;
	submit_forget(w);
	e->died = w->now;
	e->epoch++;
	knot_down(w);
	event_add(w, w->now + RNG_PICK(&w->rng, GONE), EV_RESTART, 0, 0);
}

void engine_restart(world_t *w)
{
	engine_t *e = &w->engine;

	trace(w, "knotd       starts again");
	e->alive = !e->dead;
	e->conf_busy = e->keys_refused = e->sent_on = false;
	e->conf_detail[0] = '\0';
	clock_start(w);
	knot_restart(w);
	engine_poke(w);
}

bool engine_may_crash(world_t *w, bool does_something)
{
	engine_t *e = &w->engine;

	if (w->dies.countdown > 0 && does_something && e->row.state == w->dies.state && --w->dies.countdown == 0) {
		engine_die(w);
		return true;
	}
	uint32_t chance = does_something ? e->crash_chance : e->crash_chance / 100;

	if (e->crashes_left == 0 || w->now > w->quiet_from || rng_below(&w->rng, 1000) >= chance) {
		return false;
	}
	e->crashes_left--;
	engine_crash(w);
	return true;
}

static void store_failed(world_t *w, const rollover_decision_t *d)
{
	check_excuse(w);
	(void)rollover_store_failed(&w->engine.row, d, "not writable", engine_now(w));
	if (d->set_keys && rollover_are_silent(d->keys)) {
		event_add(w, w->now, EV_ORDER, 0, 0); /* Knot would not wait. */
	} else {
		rest(w);
	}
}

static void say(world_t *w, rollover_state_t before, const rollover_decision_t *d)
{
	if (d->transition && w->dies.afterwards != 0 && w->dies.countdown == 0 && d->row.state == w->dies.state) {
		event_add(w, w->now + rng_below(&w->key_rng, 2 * DAY), EV_COMMAND, COMMAND_DIE, 0);
	}
	if (d->transition) {
		trace(w, "module      %s -> %s%s%s %s", rollover_state_name(before), rollover_state_name(d->row.state),
		      d->row.gate_detail[0] ? ", because of " : "", d->row.gate_detail, d->row.gate_about);
	} else if (d->gate_changed) {
		trace(w, "module      %s waits: %s %s %s%s", rollover_state_name(d->row.state),
		      rollover_gate_info(d->row.gate)->name, d->row.gate_about, d->row.gate_detail,
		      d->row.gate_until != 0 ? " (until a known time)" : "");
	}
}

static bool acts(const engine_t *e, const rollover_decision_t *d)
{
	return d->set_keys || d->action != ACTION_NONE || rollover_must_switch(&e->facts.own, d);
}

/*! \a decisions: on these facts, with this one. */
static void decide(world_t *w, unsigned decisions)
{
	engine_t *e = &w->engine;
	rollover_decision_t *d = &e->decision;
	const rollover_state_t before = e->row.state;

	e->decisions++;
	starts_facts_of(w);
	rollover_decide(&e->config, &e->row, &e->facts, engine_now(w), d);
	check_decision(w, &e->row, d);

	bool does = d->transition || acts(e, d);
	if (engine_may_crash(w, does)) {
		return;
	}
	if (rollover_worth_saving(&e->row, d, e->saved_wall, clock_wall(w))) {
		if (!engine_store_ready(w)) {
			store_failed(w, d);
			return;
		}
		e->stored = d->row;
		e->has_stored = true;
		e->saved = w->now;
		e->saved_wall = clock_wall(w);
		e->shown.wrong = w->clock.wrong;
	}
	check_learn(w);
	e->row = d->row;
	say(w, before, d);
	duration_follow(w);
	if ((d->transition && d->row.state == ROLLOVER_ROLLED_BACK) ||
	    (!d->transition &&
	     (d->gate_changed || d->row.gate == GATE_KEYS_REFUSED || d->row.gate == GATE_KNOT_NO_NEW_KEY) &&
	     d->row.state != ROLLOVER_ROLLED_BACK)) {
		operator_is_told(w);
	}
	if (engine_may_crash(w, does)) {
		return;
	}
	if (d->row.notified == 0) {
		e->facts.acknowledged = 0;
		submit_over(w);
	}
	submit_ttl_over(w, w->engine.config.hold || w->engine.config.dry_run ? 0 : rollover_ds_ttl_wanted(&d->row));
	if ((d->notify || d->ds_ttl != 0) && w->up.submit.on) {
		submit_send(w, d->ds_ttl);
	} else if (d->ds_ttl != 0) {
		agent_poke(w);
	} else if (d->notify) {
		trace(w, "module      notifies the parent");
		event_add(w, w->now + rng_between(&w->rng, 1, 30), EV_SCAN, 1, 0);
	}
	if (decisions < ROLLOVER_DECISIONS_MAX &&
	    rollover_goes_on(&e->config, &e->facts, e->own_count, engine_now(w), d)) {
		e->facts.asked &= ~SURVEY_WATCH;
		decide(w, decisions + 1);
		return;
	}
	if (acts(e, d)) {
		static const uint32_t SLOW[] = { 0, 0, 0, 1, 1, 2, 30 };
		event_add(w, w->now + RNG_PICK(&w->rng, SLOW), EV_ORDER, 0, 0);
	} else {
		rest(w);
	}
}

/*! What came of it, as module/daemon/act.c and fit.c note it. */
static void note(world_t *w, bool ok, bool repeats, const char *detail)
{
	engine_t *e = &w->engine;

	snprintf(e->conf_detail, sizeof(e->conf_detail), "%s", ok ? "" : detail);
	if (ok) {
		rollover_carried_out(&e->row, repeats, engine_now(w));
	}
}

static void switch_policy(world_t *w, const rollover_decision_t *d, time_t decided)
{
	engine_t *e = &w->engine;
	const bool heard = w->knot.up && !fault_active(w, FAULT_CONTROL);
	const bool busy = heard && fault_active(w, FAULT_CONF_TXN);

	if (heard && !busy) {
		trace(w, "module      switches the policy to %s", rollover_policy_name(d->policy));
		e->switches++;
		knot_switch(w, d->policy, decided);
		e->again = true; /* The zone's module instance was loaded again. */
	}
	if (engine_may_crash(w, true)) {
		return;
	}
	e->conf_busy = busy;
	note(w, heard && !busy, false, busy ? "too many transactions" : "timeout");
	rest(w);
}

/*! \return False if the process has ended. */
static bool set_keys(world_t *w, const rollover_decision_t *d, time_t decided)
{
	engine_t *e = &w->engine;
	char detail[160] = "timeout";
	order_end_t end = ORDER_UNHEARD;

	if (w->knot.up && !fault_active(w, FAULT_CONTROL)) {
		end = orders_run(w, d, decided, detail);
	}
	if (end == ORDER_DIED || engine_may_crash(w, true)) {
		return false;
	}
	e->conf_busy = false;
	e->keys_refused = end == ORDER_REFUSED;
	if (end == ORDER_REFUSED || end == ORDER_OK) {
		snprintf(e->refused, sizeof(e->refused), "%s", end == ORDER_REFUSED ? detail : "");
	}
	if (end == ORDER_OK) {
		rollover_keys_are(&e->row, rollover_ordered(d), &e->facts, engine_now(w));
	} else {
		trace(w, "module      has not set the keys: %s", detail);
		if (end != ORDER_REFUSED) {
			rollover_keys_unsure(&e->row, rollover_ordered(d));
		}
	}
	note(w, end == ORDER_OK, d->again, detail);
	return true;
}

/*! The order reaches Knot. */
void engine_order(world_t *w)
{
	engine_t *e = &w->engine;
	const rollover_decision_t *d = &e->decision;

	if (!d->set_keys && rollover_must_switch(&e->facts.own, d)) {
		switch_policy(w, d, e->saved);
	} else if (set_keys(w, d, e->saved)) {
		rest(w);
	}
}

void engine_answer(world_t *w)
{
	engine_t *e = &w->engine;
	unsigned child = (e->asked & SURVEY_CHILD) ? w->child_count : 0;
	unsigned total = child + ((e->asked & SURVEY_PARENT) ? w->parent_count : 0);

	while (e->next_answer < total) {
		unsigned i = e->next_answer++;
		if (i < child) {
			facts_child(w, i);
		} else {
			facts_parent(w, i - child);
		}
		/* Answers arrive one after the other; sometimes one takes its time. */
		uint32_t next = rng_below(&w->rng, 20);
		if (next < 3 && e->next_answer < total) {
			event_add(w, w->now + (next == 0 ? 8 : 1), EV_ANSWER, 0, 0);
			return;
		}
	}
	facts_finish(w);
	shown_check(w);
	e->surveys++;
	decide(w, 1);
}

void engine_wake(world_t *w)
{
	engine_t *e = &w->engine;

	if (e->busy) {
		e->again = true;
		return;
	}
	e->busy = true;
	e->timer++;
	if (!e->loaded) {
		if (e->has_stored) {
			e->row = e->stored;
			rollover_resume(&e->row);
		} else {
			rollover_init(&e->row, clock_wall(w));
			memset(e->silence, 0, sizeof(e->silence));
		}
		e->loaded = true;
	}
	const time_t now = engine_now(w);
	e->own_count = facts_own(w);
	starts_facts_of(w);
	if (rollover_silence_first(&e->config, &e->row, &e->facts, now, &e->decision) &&
	    !set_keys(w, &e->decision, w->now)) {
		return;
	}
	e->asked = rollover_asks(&e->config, &e->row, &e->facts, e->own_count, now);
	e->next_answer = 0;
	if (e->asked & SURVEY_WATCH) {
		if (rollover_watch_due(rollover_watches_apart(&e->config, &e->row, 1), e->watched, now)) {
			e->watched = now;
		} else {
			e->asked &= ~SURVEY_WATCH;
		}
	}
	if (e->asked != 0) {
		event_add(w, w->now + rng_below(&w->rng, 2), EV_ANSWER, 0, 0);
	} else {
		decide(w, 1);
	}
}
