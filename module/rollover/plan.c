/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine run forward. All it knows of the world is a row; the rest is imagined: one nameserver
 * and one parent server stand for all, and each does what it should after its delay.
 */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kskroll/plan.h"

/*! More looks than the longest rollover takes; then the plan ends where it is. */
#define LOOKS_MAX	200000
/*! Until an order or a switch of policy shows in the own zone. */
#define ORDER_DELAY	1

/*! Something that has been changing since \a at: the nameservers still have the value before it. */
typedef struct {
	uint32_t before;
	uint32_t value;
	time_t at;
} change_t;

typedef struct {
	const plan_assume_t *assume;
	rollover_config_t config;
	time_t now;
	key_id_t keys[ROLLOVER_OLD_MAX + 1];
	unsigned key_count;
	keyset_t old, fresh;
	policy_role_t policy;
	policy_role_t signals;	/*!< The policy under which CDS comes out. */
	uint32_t base_ttl;
	change_t dnskey;	/*!< Set of KSKs. */
	change_t ttl;
	time_t published;	/*!< The new KSK is in the own zone since; 0 = not yet. */
	time_t ready;		/*!< Knot's own timer of it runs out. */
	change_t cds;		/*!< Set named. */
	time_t ds_at;		/*!< The parent has the new DS from then on; 0 = not asked yet. */
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
	w->published = at;
	w->ready = at + w->assume->knot_delay + w->ttl.value;
}

/* What a row tells of the world. */

/*! Whether the servers still have the DNSKEY TTL of before the rollover. */
static bool ttl_is_high(const rollover_row_t *row)
{
	if (row->state == ROLLOVER_IDLE) {
		return true;
	}
	if (row->state != ROLLOVER_PREPARE && row->state != ROLLOVER_INTRODUCE) {
		return false;
	}
	return row->dnskey_ttl.count == 0 || row->gate == GATE_NONE ||
	       row->gate == GATE_POLICY_PENDING || row->gate == GATE_TTL_HIGH;
}

static bool old_key_is_gone(const rollover_row_t *row)
{
	return row->state == ROLLOVER_RETIRE && (row->all_since != 0 || row->gate == GATE_DNSKEY_LEFT);
}

static void world_keys(world_t *w, const rollover_row_t *row)
{
	w->key_count = row->old_count;
	memcpy(w->keys, row->old, row->old_count * sizeof(row->old[0]));
	if (w->key_count == 0 && !rollover_is_first(row)) {
		w->key_count = 1;	/* No key at all is one as well. */
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

/*! What has been ordered, or is on its way to the nameservers since the gate was met. */
static void world_under_way(world_t *w, const rollover_row_t *row)
{
	switch (row->gate) {
	case GATE_DNSKEY_MISSING:
		w->dnskey.before = w->old;
		w->dnskey.at = row->gate_since;
		break;
	case GATE_DNSKEY_LEFT:
		w->dnskey.before = w->old | w->fresh;
		w->dnskey.at = row->gate_since;
		break;
	case GATE_CDS_LEFT:
		w->cds.before = w->fresh;
		w->cds.at = row->gate_since;
		break;
	case GATE_KNOT_NO_NEW_KEY:
		if (row->acted != 0 && row->state == ROLLOVER_INTRODUCE) {
			publish_new_key(w, w->now + ORDER_DELAY);
		}
		break;
	case GATE_KNOT_KEEPS_KEY:
		if (row->acted != 0 && row->state == ROLLOVER_RETIRE) {
			change(&w->dnskey, w->fresh, w->now + ORDER_DELAY);
		}
		break;
	default:
		break;
	}
}

/*! States that need the same policy as the one that they follow: nothing has to be switched when they begin. */
static bool has_policy_of_before(rollover_state_t state)
{
	return state == ROLLOVER_AWAIT_DS || (state >= ROLLOVER_OBSERVE && state <= ROLLOVER_SETTLE);
}

static void world_init(world_t *w, const rollover_config_t *config, const rollover_row_t *row,
                       const plan_assume_t *assume, time_t now)
{
	memset(w, 0, sizeof(*w));
	w->assume = assume;
	w->now = now;
	w->config = *config;
	w->config.hold = w->config.dry_run = w->config.observe_only = false;
	world_keys(w, row);
	w->signals = rollover_is_first(row) ? POLICY_ROLLBACK : POLICY_SIGNAL;

	bool switching = row->gate == GATE_POLICY_PENDING || row->gate == GATE_KNOT_BUSY ||
	                 (row->gate == GATE_NONE && !has_policy_of_before(row->state));
	w->policy = switching && row->state != ROLLOVER_IDLE ? POLICY__COUNT : rollover_policy(row);
	w->base_ttl = assume->dnskey_ttl;
	if (ttl_is_high(row) && row->dnskey_ttl.count > 0) {
		w->base_ttl = row->dnskey_ttl.step[0].ttl;
	}
	w->ttl = constant(ttl_is_high(row) ? w->base_ttl : rollover_policy_ttl(rollover_policy(row), config->ttl));
	if (ttl_is_high(row) && row->state != ROLLOVER_IDLE && !switching) {
		change(&w->ttl, config->ttl, row->gate == GATE_TTL_HIGH ? row->gate_since : now);
	}
	w->ds_ttl = row->ds_ttl.count > 0 ? row->ds_ttl.step[0].ttl : assume->ds_ttl;
	w->ds_new = row->state >= ROLLOVER_WITHDRAW && row->state <= ROLLOVER_RETIRE;

	w->dnskey = constant(w->old);
	if (row->has_new && row->state != ROLLOVER_IDLE) {
		w->dnskey = constant(old_key_is_gone(row) ? w->fresh : w->old | w->fresh);
		/* When it was published is not stored; the state is younger than that, except by our order. */
		w->published = row->acted != 0 && row->state == ROLLOVER_INTRODUCE ? row->acted : row->since;
		w->ready = w->published + assume->knot_delay + w->ttl.value;
		if (row->state >= ROLLOVER_SIGNAL) {
			w->ready = row->state == ROLLOVER_SIGNAL && row->gate == GATE_KNOT_NOT_READY ?
			           row->since + assume->knot_delay : now;
		}
	}
	w->cds = constant(0);
	world_under_way(w, row);
	if (row->state == ROLLOVER_AWAIT_DS) {
		w->cds = constant(w->fresh);
		w->ds_at = row->since + assume->parent_delay;
	}
}

/* What the world does. */

/*! CDS follows policy and Knot's timer; the parent follows CDS on all nameservers. */
static void world_turn(world_t *w)
{
	time_t from = w->ready;
	bool want = w->policy == w->signals && w->published != 0 && w->now >= from;

	change(&w->cds, want ? w->fresh : 0, w->now);
	if (!w->ds_new && w->ds_at == 0 && w->cds.value != 0) {
		w->ds_at = w->cds.at + w->assume->server_delay + w->assume->parent_delay;
	}
	if (w->ds_at != 0 && w->now >= w->ds_at) {
		w->ds_new = true;
	}
}

static void obey(world_t *w, const rollover_decision_t *d)
{
	if (d->policy_wanted && w->policy != d->policy) {
		w->policy = d->policy;
		change(&w->ttl, d->policy == POLICY_BASE ? w->base_ttl :
		                rollover_policy_ttl(d->policy, w->config.ttl), w->now);
	} else if (d->action == ACTION_START) {
		publish_new_key(w, w->now + ORDER_DELAY);
	} else if (d->action == ACTION_SUBMITTED) {
		change(&w->dnskey, w->fresh, w->now + ORDER_DELAY);
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
	time_t at = row->wake;
	const change_t *const changes[] = { &w->dnskey, &w->ttl, &w->cds };

	for (int i = 0; i < 3; i++) {
		soonest(&at, changes[i]->at, w->now);
		soonest(&at, changes[i]->at + w->assume->server_delay, w->now);
	}
	soonest(&at, w->ready, w->now);
	soonest(&at, w->ds_at, w->now);
	if (row->gate == GATE_POLICY_PENDING) {
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

static void look(const world_t *w, view_t *v)
{
	memset(v, 0, sizeof(*v));
	rollover_facts_t *f = &v->facts;
	keyset_t own = w->now >= w->dnskey.at ? w->dnskey.value : w->dnskey.before;

	memcpy(f->keys, w->keys, sizeof(w->keys));
	f->key_count = w->key_count;
	f->own = (own_facts_t){
		.known = true, .policy = w->policy, .dnskey = own, .dnskey_ttl = w->ttl.value,
		.cds = signal_of(w->cds.value, 0), .cdnskey = signal_of(w->cds.value, 0),
	};
	f->asked = SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH;
	f->watch = (watch_facts_t){ .answered = 1, .parent_ok = true };
	f->child = &v->child;
	f->child_count = 1;
	f->parent = &v->parent;
	f->parent_count = 1;

	v->child.dnskey = v->child.dnskey_signed_by = on_servers(w, &w->dnskey);
	v->child.dnskey_equal = v->child.dnskey == own;
	v->child.dnskey_ttl = on_servers(w, &w->ttl);
	v->child.cds = v->child.cdnskey = signal_of(on_servers(w, &w->cds), v->child.dnskey);
	v->parent.ds = w->ds_new ? w->fresh : w->old;
	v->parent.ds_ttl = w->ds_ttl;
}

/* The plan. */

static plan_step_t *add_step(plan_t *plan, rollover_state_t state, time_t from)
{
	if (plan->count == PLAN_STEPS_MAX) {
		return NULL;
	}
	plan_step_t *step = &plan->step[plan->count++];
	*step = (plan_step_t){ .state = state, .from = from };
	return step;
}

/*! The last wait ends now; the next one begins if there is one. */
static void add_wait(plan_step_t *step, rollover_gate_t gate, time_t now)
{
	plan_wait_t *last = step->wait_count > 0 ? &step->wait[step->wait_count - 1] : NULL;

	if (last != NULL && last->to == 0) {
		if (last->gate == gate) {
			return;
		}
		last->to = now;
		if (last->from == now) {
			step->wait_count--;
		}
	}
	if (gate != GATE_NONE && step->wait_count < PLAN_WAITS_MAX) {
		step->wait[step->wait_count++] = (plan_wait_t){ .gate = gate, .from = now };
	}
}

/*! No rollover is due: one is imagined to be started now, by hand or by Knot. */
static void begin_now(world_t *w, plan_t *plan)
{
	plan->imagined = true;
	publish_new_key(w, w->now);
}

/*! Not a gate that time or the imagined world opens. */
static bool needs_somebody(const rollover_row_t *row, const plan_assume_t *assume, time_t now)
{
	switch (row->gate) {
	case GATE_DS_STALE_AT:
	case GATE_DS_MISSING_AT:
		return row->state != ROLLOVER_AWAIT_DS;
	case GATE_TTL_HIGH:
	case GATE_DNSKEY_MISSING:
	case GATE_DNSKEY_DIFFERS:
	case GATE_DNSKEY_LEFT:
	case GATE_RRSIG_MISSING:
	case GATE_CDS_MISSING:
	case GATE_CDS_DIFFERS:
	case GATE_CDS_LEFT:
		/* Transfers take a moment. */
		return now >= row->gate_since + (time_t)assume->server_delay;
	default:
		return rollover_gate_info(row->gate)->actor != ACTOR_NOBODY;
	}
}

/*! What the settings forbid. */
static rollover_gate_t forbidden(const rollover_config_t *config)
{
	if (config->observe_only) {
		return GATE_OBSERVE_ONLY;
	}
	if (config->hold) {
		return GATE_HELD;
	}
	return config->dry_run ? GATE_DRY_RUN : GATE_NONE;
}

void plan_run(const rollover_config_t *config, const rollover_row_t *row,
              const plan_assume_t *assume, time_t now, plan_t *plan)
{
	assert(config && row && assume && plan);

	memset(plan, 0, sizeof(*plan));
	world_t w;
	world_init(&w, config, row, assume, now);
	rollover_decision_t d = { .row = *row };
	bool rolling = row->state != ROLLOVER_IDLE;

	plan->lifted = needs_somebody(row, assume, now) ? row->gate : forbidden(config);
	plan->start = rolling ? row->since : 0;
	plan_step_t *step = add_step(plan, row->state, row->since);
	if (row->gate != GATE_NONE) {
		add_wait(step, row->gate, row->gate_since);
	}

	if (row->state == ROLLOVER_LEAVE || row->state == ROLLOVER_LEFT) {
		plan->stuck = row->gate;	/* It ends when the operator unsigns the zone. */
		return;
	}
	if (!rolling && config->ksk_lifetime == 0) {
		begin_now(&w, plan);
	}
	for (unsigned looks = 0; looks < LOOKS_MAX && step != NULL; looks++) {
		rollover_row_t before = d.row;
		view_t view;
		world_turn(&w);
		look(&w, &view);
		rollover_decide(&w.config, &before, &view.facts, w.now, &d);
		if (d.transition) {
			add_wait(step, GATE_NONE, w.now);
			step->to = w.now;
			if (before.state == ROLLOVER_IDLE) {
				plan->start = w.now;
			} else if (before.state == ROLLOVER_RETIRE && d.row.state == ROLLOVER_SETTLE) {
				plan->safe = w.now;
			}
			rolling = true;
			step = add_step(plan, d.row.state, w.now);
			if (d.row.state == ROLLOVER_IDLE) {
				plan->end = w.now;
				return;
			}
		} else {
			add_wait(step, d.row.gate, w.now);
		}
		obey(&w, &d);
		if ((d.row.state == ROLLOVER_HELD || d.row.state == ROLLOVER_ROLLBACK) &&
		    d.row.gate != GATE_POLICY_PENDING) {
			break;
		}
		if (d.transition) {
			continue;
		}
		time_t due = d.row.settled_at + (time_t)config->ksk_lifetime;
		if (!rolling && config->ksk_lifetime > 0 && d.row.gate == GATE_NONE && due > w.now) {
			w.now = due; /* Nothing happens in between. */
		} else {
			w.now = next_event(&w, &d.row);
		}
	}
	plan->stuck = d.row.gate;
}
