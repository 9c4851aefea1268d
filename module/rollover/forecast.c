/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine run forward in an imagined world (imagined.h), and what comes of it step by step. */

#include <assert.h>
#include <string.h>

#include "imagined.h"
#include "plans.h"

/*! More checks than the longest rollover takes; then the plan ends where it is. */
#define CHECKS_MAX 200000
static forecast_step_t *add_step(forecast_t *plan, rollover_state_t state, time_t from)
{
	if (plan->count == FORECAST_STEPS_MAX) {
		return NULL;
	}
	forecast_step_t *step = &plan->step[plan->count++];
	*step = (forecast_step_t){ .state = state, .from = from };
	return step;
}

/*! The last wait ends now; the next one begins if there is one. */
static void add_wait(forecast_step_t *step, rollover_gate_t gate, time_t now)
{
	forecast_wait_t *last = step->wait_count > 0 ? &step->wait[step->wait_count - 1] : NULL;

	if (last != NULL && last->to == 0) {
		if (last->gate == gate) {
			return;
		}
		last->to = now;
		if (last->from == now) {
			step->wait_count--;
		}
	}
	if (gate != GATE_NONE && step->wait_count < FORECAST_WAITS_MAX) {
		step->wait[step->wait_count++] = (forecast_wait_t){ .gate = gate, .from = now };
	}
}

/*! Not a gate that time or the imagined world opens. */
static bool needs_somebody(const rollover_row_t *row, const forecast_assume_t *assume, time_t now)
{
	const rollover_gate_info_t *gate = rollover_gate_info(row->gate);

	switch (gate->opener) {
	case OPENER_SCAN:
		return !rollover_state_info(row->state)->parent_acts;
	case OPENER_TRANSFER:
		return now >= row->gate_since + (time_t)assume->server_delay;
	default:
		return gate->actor != ACTOR_NOBODY;
	}
}

/*! What the settings forbid. */
static rollover_gate_t forbidden(const rollover_config_t *config)
{
	if (config->observe_only) {
		return GATE_OBSERVE_ONLY;
	}
	if (config->hold) {
		return GATE_HOLD;
	}
	return config->dry_run ? GATE_DRY_RUN : GATE_NONE;
}

/*! A step of the plan ends and the next one begins. \return Whether the plan goes on. */
static bool add_transition(forecast_t *plan, rollover_state_t before, const rollover_decision_t *d, time_t now)
{
	forecast_step_t *step = &plan->step[plan->count - 1];

	add_wait(step, GATE_NONE, now);
	step->to = now;
	if (before == ROLLOVER_IDLE) {
		plan->start = now;
	} else if (before == ROLLOVER_RETIRE && rollover_state_info(d->row.state)->rest) {
		plan->safe = now;
	}
	step = add_step(plan, d->row.state, now);
	if (d->row.state == ROLLOVER_IDLE) {
		plan->end = now;
		return false;
	}
	return step != NULL;
}

/*! When to check next; nothing happens before a rollover that is due. */
static time_t next_check(const imagined_t *w, const rollover_row_t *row)
{
	const time_t due = rollover_due(&w->config, row, w->assume->early);

	if (row->state == ROLLOVER_IDLE && row->gate == GATE_NONE && due > w->now) {
		return due;
	}
	if (row->gate == GATE_START_WINDOW) {
		return row->gate_until;
	}
	return imagined_next(w, row);
}

/*! Check after check until the zone is idle again, or nothing moves. */
static void run(imagined_t *w, const rollover_row_t *row, forecast_t *plan)
{
	rollover_decision_t d = { .row = *row };
	d.row.signers = false; /* What other signers do meanwhile nobody knows. */
	for (unsigned checks = 0; checks < CHECKS_MAX; checks++) {
		const rollover_row_t before = d.row;
		imagined_view_t view;

		imagined_turn(w);
		imagined_check(w, &view);
		rollover_decide(&w->config, &before, &view.facts, w->now, &d);
		if (!d.transition) {
			add_wait(&plan->step[plan->count - 1], d.row.gate, w->now);
		} else if (!add_transition(plan, before.state, &d, w->now)) {
			break;
		}
		imagined_obey(w, &d, &view.facts);
		if (rollover_state_info(d.row.state)->repairs && d.row.gate != GATE_POLICY_PENDING &&
		    d.row.gate != GATE_KEYS_PENDING) {
			break;
		}
		if (!d.transition) {
			w->now = next_check(w, &d.row);
		}
	}
	plan->stuck = plan->end == 0 ? d.row.gate : GATE_NONE;
}

void forecast_run(const rollover_config_t *config, const rollover_row_t *row, const forecast_assume_t *assume,
                  time_t now, forecast_t *plan)
{
	assert(config && row && assume && plan);

	imagined_t w;
	imagined_init(&w, config, row, assume, now);
	memset(plan, 0, sizeof(*plan));
	plan->lifted = needs_somebody(row, assume, now) ? row->gate : forbidden(config);
	plan->start = row->state != ROLLOVER_IDLE ? row->since : 0;
	if (imagined_algorithm(&w) != w.keys[0].algorithm) {
		plan->algorithm_old = w.keys[0].algorithm;
		plan->algorithm_new = imagined_algorithm(&w);
	}
	forecast_step_t *step = add_step(plan, row->state, row->since);
	if (row->gate != GATE_NONE) {
		add_wait(step, row->gate, row->gate_since);
	}
	if (plans_of(row)->removes_ds) {
		plan->stuck = row->gate; /* It ends when the operator unsigns the zone. */
		return;
	}
	if (row->state == ROLLOVER_IDLE && !imagined_has_begun(&w) &&
	    (config->ksk_lifetime == 0 || assume->algorithm != 0)) {
		plan->imagined = true;
		imagined_begin(&w);
	}
	run(&w, row, plan);
}
