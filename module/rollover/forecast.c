/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine run forward. All it knows of the world is a row; the rest is imagined: one nameserver
 * and one parent server stand for all, and each does what it should after its delay.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kskroll/forecast.h"
#include "plans.h"

/*! More checks than the longest rollover takes; then the plan ends where it is. */
#define CHECKS_MAX 200000
/*! Until an order or a switch of policy shows in the own zone. */
#define ORDER_DELAY 1

/*! Something that has been changing since \a at: the nameservers still have the value before it. */
typedef struct {
	uint32_t before;
	uint32_t value;
	time_t at;
} change_t;

typedef struct {
	const forecast_assume_t *assume;
	rollover_config_t config;
	time_t now;
	key_id_t keys[ROLLOVER_OLD_MAX + 1];
	unsigned key_count;
	keyset_t old, fresh;
	bool csk;
	policy_role_t policy;
	key_states_t signals;
	uint32_t base_ttl;
	change_t dnskey; /*!< Set of KSKs. */
	change_t ttl;
	change_t cds; /*!< Set named. */
	time_t ds_at; /*!< The parent has the new DS from then on; 0 = not asked yet. */
	bool ds_new;
	uint32_t ds_ttl;
} world_t;

static void change(change_t *c, uint32_t value, time_t at)
{
	if (c->value != value) {
		c->before = c->value;
		c->value = value;
		c->at = at;
	}
}

static change_t constant(uint32_t value)
{
	return (change_t){ .before = value, .value = value, .at = 0 };
}

static uint32_t on_servers(const world_t *w, const change_t *c)
{
	return w->now >= c->at + (time_t)w->assume->server_delay ? c->value : c->before;
}

static void publish_new_key(world_t *w, time_t at)
{
	change(&w->dnskey, w->dnskey.value | w->fresh, at);
}

/* What a row tells of the world. */

/*! Whether the servers still have the DNSKEY TTL of before the rollover. */
static bool ttl_is_high(const rollover_row_t *row)
{
	switch (rollover_state_info(row->state)->ttl) {
	case TTL_BASE:
		return true;
	case TTL_FALLING:
		return row->dnskey_ttl.count == 0 || rollover_gate_info(row->gate)->old_ttl;
	default:
		return false;
	}
}

static bool old_key_is_gone(const rollover_row_t *row)
{
	return row->state == ROLLOVER_RETIRE && (row->all_since != 0 || row->gate == GATE_DNSKEY_REMAINS);
}

static void world_keys(world_t *w, const rollover_row_t *row)
{
	w->csk = row->csk;
	w->key_count = row->old_count;
	memcpy(w->keys, row->old, row->old_count * sizeof(row->old[0]));
	if (w->key_count == 0 && plans_of(row)->had_ds) {
		w->key_count = 1; /* No key at all is one as well. */
	}
	w->old = (1U << w->key_count) - 1;
	if (row->has_new) {
		w->keys[w->key_count] = row->new_key;
	} else {
		w->keys[w->key_count] = w->keys[0];
		w->keys[w->key_count].digest[0] ^= 0xff;
	}
	w->fresh = 1U << w->key_count++;
}

/*! What the order does that was given at this gate. */
static rollover_action_t ordered(const rollover_row_t *row)
{
	const rollover_plan_t *plan = plans_of(row);

	for (unsigned i = 0; i < plan->count && row->ordered != 0; i++) {
		if (plan->steps[i].state == row->state && plan->steps[i].gate == row->gate) {
			return plan->steps[i].order;
		}
	}
	return ACTION_NONE;
}

static void carry_out(world_t *w, rollover_action_t order)
{
	if (order == ACTION_START) {
		publish_new_key(w, w->now + ORDER_DELAY);
	} else if (order == ACTION_RETIRE) {
		change(&w->dnskey, w->fresh, w->now + ORDER_DELAY);
	}
}

/*! What has been ordered, or is on its way to the nameservers since the gate was met. */
static void world_under_way(world_t *w, const rollover_row_t *row)
{
	switch (rollover_gate_info(row->gate)->moving) {
	case MOVING_NEW_KEY:
		w->dnskey.before = w->old;
		w->dnskey.at = row->gate_since;
		break;
	case MOVING_OLD_KEY:
		w->dnskey.before = w->old | w->fresh;
		w->dnskey.at = row->gate_since;
		break;
	case MOVING_SIGNALS:
		w->cds.before = w->fresh;
		w->cds.at = row->gate_since;
		break;
	default:
		carry_out(w, ordered(row));
	}
}

/*! The policy in force. */
static policy_role_t world_policy(const rollover_row_t *row)
{
	const bool switching = rollover_gate_info(row->gate)->switching ||
	                       (row->gate == GATE_NONE && rollover_state_info(row->state)->switches);

	return switching && row->state != ROLLOVER_IDLE ? POLICY_BASE : rollover_policy(row);
}

/*! The DNSKEY TTL under a policy. */
static uint32_t ttl_under(const world_t *w, policy_role_t role)
{
	return role == POLICY_BASE || w->config.ttl == 0 || w->base_ttl <= w->config.ttl ?
	               w->base_ttl :
	               rollover_policy_ttl(role, w->config.ttl);
}

static void world_ttls(world_t *w, const rollover_row_t *row)
{
	const bool high = ttl_is_high(row);

	w->base_ttl = high && row->dnskey_ttl.count > 0 ? row->dnskey_ttl.step[0].ttl : w->assume->dnskey_ttl;
	w->ttl = constant(high ? w->base_ttl : ttl_under(w, rollover_policy(row)));
	if (high && w->policy == rollover_policy(row) && row->state != ROLLOVER_IDLE) {
		change(&w->ttl, ttl_under(w, POLICY_LOW_TTL), row->gate == GATE_TTL_HIGH ? row->gate_since : w->now);
	}
	w->ds_ttl = row->ds_ttl.count > 0 ? row->ds_ttl.step[0].ttl : w->assume->ds_ttl;
}

static void world_init(world_t *w, const rollover_config_t *config, const rollover_row_t *row,
                       const forecast_assume_t *assume, time_t now)
{
	const rollover_state_info_t *state = rollover_state_info(row->state);

	memset(w, 0, sizeof(*w));
	w->assume = assume;
	w->now = now;
	w->config = *config;
	w->config.hold = w->config.dry_run = w->config.observe_only = false;
	world_keys(w, row);
	w->policy = world_policy(row);
	w->signals = row->keys;
	world_ttls(w, row);
	w->ds_new = state->swapped && state->ds == DS_NEW;

	w->dnskey = constant(w->old);
	if (row->has_new && row->state != ROLLOVER_IDLE) {
		w->dnskey = constant(old_key_is_gone(row) ? w->fresh : w->old | w->fresh);
	}
	w->cds = constant(0);
	world_under_way(w, row);
	if (row->state == ROLLOVER_AWAIT_DS) {
		w->cds = constant(w->fresh);
		w->ds_at = row->since + assume->parent_delay;
	}
}

/* What the world does. */

/*! CDS follows the states of the keys, the parent CDS on all nameservers. */
static void world_turn(world_t *w)
{
	change(&w->cds,
	       w->signals == KEYS_SIGNAL_NEW  ? w->fresh :
	       w->signals == KEYS_SIGNAL_BOTH ? w->old | w->fresh :
	                                        0,
	       w->now);
	if (!w->ds_new && w->ds_at == 0 && w->cds.value != 0) {
		w->ds_at = w->cds.at + w->assume->server_delay + w->assume->parent_delay;
	}
	if (w->ds_at != 0 && w->now >= w->ds_at) {
		w->ds_new = true;
	}
}

static void obey(world_t *w, rollover_decision_t *d, const rollover_facts_t *facts)
{
	if (d->set_keys) {
		w->signals = d->keys;
		rollover_keys_are(&d->row, d->keys, facts, w->now);
	} else if (d->driven && w->policy != d->policy) {
		w->policy = d->policy;
		change(&w->ttl, ttl_under(w, d->policy), w->now);
	} else {
		if (d->action == ACTION_START) {
			rollover_keys_are(&d->row, KEYS_SILENT, facts, w->now);
		}
		carry_out(w, d->action);
	}
}

static void soonest(time_t *at, time_t candidate, time_t now)
{
	if (candidate > now && candidate < *at) {
		*at = candidate;
	}
}

static time_t next_event(const world_t *w, const rollover_row_t *row)
{
	time_t at = row->next_check;
	const change_t *const changes[] = { &w->dnskey, &w->ttl, &w->cds };

	for (int i = 0; i < 3; i++) {
		soonest(&at, changes[i]->at, w->now);
		soonest(&at, changes[i]->at + w->assume->server_delay, w->now);
	}
	soonest(&at, w->ds_at, w->now);
	if (row->gate == GATE_POLICY_PENDING || row->gate == GATE_KEYS_PENDING) {
		soonest(&at, w->now + ORDER_DELAY, w->now);
	}
	return at;
}

/* What is seen of it. */

typedef struct {
	rollover_facts_t facts;
	child_answer_t child;
	parent_answer_t parent;
} view_t;

static signal_rrset_t signal_of(keyset_t keys, keyset_t signers)
{
	return (signal_rrset_t){ .present = keys != 0, .keys = keys, .signed_by = signers };
}

static void check(const world_t *w, view_t *v)
{
	memset(v, 0, sizeof(*v));
	rollover_facts_t *f = &v->facts;
	keyset_t own = w->now >= w->dnskey.at ? w->dnskey.value : w->dnskey.before;

	memcpy(f->keys, w->keys, sizeof(w->keys));
	f->key_count = w->key_count;
	f->own = (own_facts_t){
		.known = true,
		.policy = w->policy,
		.base_publishes = true,
		.dnskey = own,
		.csk = w->csk,
		.csk_wanted = w->csk,
		.dnskey_ttl = w->ttl.value,
		.cds = signal_of(w->cds.value, 0),
		.cdnskey = signal_of(w->cds.value, 0),
	};
	f->asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	f->watch = (watch_facts_t){ .answered = 1, .parent_ok = true };
	f->child = &v->child;
	f->child_count = 1;
	f->parent = &v->parent;
	f->parent_count = 1;

	v->child.dnskey = v->child.dnskey_signed_by = on_servers(w, &w->dnskey);
	v->child.data_signed_by = w->csk ? v->child.dnskey : 0;
	v->child.dnskey_equal = v->child.dnskey == own;
	v->child.dnskey_ttl = on_servers(w, &w->ttl);
	v->child.cds = v->child.cdnskey = signal_of(on_servers(w, &w->cds), v->child.dnskey);
	v->parent.ds = w->ds_new ? w->fresh : w->old;
	v->parent.ds_ttl = w->ds_ttl;
}

/* The plan. */

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

/*! No rollover is due: one is imagined to be started now, by hand or by Knot. */
static void begin_now(world_t *w, forecast_t *plan)
{
	plan->imagined = true;
	publish_new_key(w, w->now);
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
	} else if (before == ROLLOVER_RETIRE && d->row.state == ROLLOVER_SETTLE) {
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
static time_t next_check(const world_t *w, const rollover_row_t *row)
{
	const time_t due = row->settled_at + (time_t)w->config.ksk_lifetime;

	if (row->state == ROLLOVER_IDLE && w->config.ksk_lifetime > 0 && row->gate == GATE_NONE && due > w->now) {
		return due;
	}
	return next_event(w, row);
}

/*! Check after check until the zone is idle again, or nothing moves. */
static void run(world_t *w, const rollover_row_t *row, forecast_t *plan)
{
	rollover_decision_t d = { .row = *row };

	for (unsigned checks = 0; checks < CHECKS_MAX; checks++) {
		const rollover_row_t before = d.row;
		view_t view;

		world_turn(w);
		check(w, &view);
		rollover_decide(&w->config, &before, &view.facts, w->now, &d);
		if (!d.transition) {
			add_wait(&plan->step[plan->count - 1], d.row.gate, w->now);
		} else if (!add_transition(plan, before.state, &d, w->now)) {
			break;
		}
		obey(w, &d, &view.facts);
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

	world_t w;
	world_init(&w, config, row, assume, now);
	memset(plan, 0, sizeof(*plan));
	plan->lifted = needs_somebody(row, assume, now) ? row->gate : forbidden(config);
	plan->start = row->state != ROLLOVER_IDLE ? row->since : 0;
	forecast_step_t *step = add_step(plan, row->state, row->since);
	if (row->gate != GATE_NONE) {
		add_wait(step, row->gate, row->gate_since);
	}
	if (plans_of(row)->removes_ds) {
		plan->stuck = row->gate; /* It ends when the operator unsigns the zone. */
		return;
	}
	if (row->state == ROLLOVER_IDLE && config->ksk_lifetime == 0) {
		begin_now(&w, plan);
	}
	run(&w, row, plan);
}
