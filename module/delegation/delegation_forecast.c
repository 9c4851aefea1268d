/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine run forward. Which keys are meant does not matter for times: DS names an old one, the signals a new one.
 */

#include <assert.h>
#include <string.h>

#include "kskroll/delegation_forecast.h"

/*! More checks than the longest plan takes; then it ends where it is. */
#define CHECKS_MAX 200000

enum {
	OLD = 0,
	NEW = 1,
	KEYS = 2
};

typedef struct {
	delegation_config_t config;
	time_t now;
	uint32_t server_delay;
	delegation_key_t key[KEYS];
	ds_set_t has;    /*!< DS in the zone. */
	uint32_t ds_ttl; /*!< Its TTL. */
	ds_set_t asked;  /*!< What the signals of the child ask for. */
	ds_set_t before; /*!< What the parent's servers have until */
	time_t spread;   /*!< then. */
	delegation_outcome_t outcome;
	bool back; /*!< The child has the old key alone, and DS names the new one: that is undone (see_back()). */
} world_t;

/*! All that is seen in a check. */
typedef struct {
	delegation_facts_t facts;
	delegation_child_t child;
	delegation_signaling_t signaling;
	delegation_parent_t parent;
	delegation_view_t resolver;
} view_t;

/* The world. */

static ds_set_t set_of(const world_t *w, unsigned key)
{
	const key_id_t *id = &w->key[key].id;
	ds_set_t set = { .count = 1 };

	set.record[0] = (ds_record_t){
		.tag = id->tag, .algorithm = id->algorithm, .digest_type = 2, .digest_len = sizeof(id->digest)
	};
	memcpy(set.record[0].digest, id->digest, sizeof(id->digest));
	return set;
}

static ds_set_t delete_signal(void)
{
	return (ds_set_t){ .count = 1, .record[0] = { .digest_len = 1 } };
}

/*! The signals of a change that is under way, or that the child is imagined to ask for. */
static ds_set_t asked_of(const world_t *w, const delegation_row_t *row)
{
	const ds_set_t deletes = delete_signal();

	return row->content != 0 && row->content == delegation_content(&deletes) ? deletes : set_of(w, NEW);
}

static void commit(world_t *w, const ds_set_t *put, uint32_t ttl)
{
	w->before = w->has;
	w->has = *put;
	w->ds_ttl = ttl;
	w->spread = w->now + (time_t)w->server_delay;
	w->outcome = DELEGATION_OUTCOME_DONE;
}

/*! The row with the numbers of sets as they are in this world. */
static void begin(world_t *w, delegation_row_t *row, const delegation_assume_t *assume)
{
	const ds_set_t old = set_of(w, OLD), new = set_of(w, NEW), none = { 0 };
	const bool undo = row->state == DELEGATION_UNDO && row->ordering;

	w->has = row->ds == 0 ? none : undo || w->back ? new : old;
	w->ds_ttl = row->ttl_normal != 0 ? row->ttl_low : assume->ds_ttl;
	w->asked = w->has;
	switch (row->state) {
	case DELEGATION_SEEN:
	case DELEGATION_SURVEY:
	case DELEGATION_WAIT:
	case DELEGATION_REFUSED:
	case DELEGATION_HELD:
		w->asked = asked_of(w, row);
		row->content = row->content != 0 ? delegation_content(&w->asked) : 0;
		break;
	case DELEGATION_CHANGE:
		row->put = row->put.count > 0 ? new : none;
		w->asked = row->put.count > 0 ? new : delete_signal();
		break;
	case DELEGATION_UNDO:
		row->put = undo && row->before.count == 0 ? none : old;
		w->asked = new;
		break;
	default:
		row->put = w->has;
		break;
	}
	row->ds = ds_set_id(&w->has);
	row->former = 0;
	row->applied = undo || w->back ? delegation_content(&new) : 0;
	row->refused = row->refused != 0 ? 1 : 0; /* Those of before: the child changes them. */
	row->before = w->back ? old : w->has;
	if (row->state == DELEGATION_SPREAD && row->all_since == 0) {
		w->before = w->back ? old : new;
		w->spread = row->since + (time_t)w->server_delay;
	}
	if (row->ordering) {
		commit(w, &row->put, row->put_ttl);
	}
}

static delegation_keys_t keys_of(const world_t *w, const ds_set_t *set)
{
	delegation_keys_t keys = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		const ds_set_t one = set_of(w, i);
		keys |= ds_set_has(set, &one.record[0]) ? UINT32_C(1) << i : 0;
	}
	return keys;
}

static void see(const world_t *w, view_t *v)
{
	const delegation_keys_t all = w->back ? 1 << OLD : (1 << KEYS) - 1, named = keys_of(w, &w->asked);
	const bool deletes = ds_set_deletes(&w->asked);
	const delegation_rrset_t set = { .present = w->asked.count > 0,
		                         .proven = w->asked.count == 0,
		                         .signed_by = all,
		                         .inception = w->now,
		                         .expires = w->now + 14 * 86400 };

	memset(v, 0, sizeof(*v));
	v->child = (delegation_child_t){ .status = ANSWER_OK,
		                         .dnskey = all,
		                         .dnskey_signed_by = all,
		                         .dnskey_inception = w->now,
		                         .cds = set,
		                         .cds_set = w->asked,
		                         .cdnskey = set,
		                         .cdnskey_keys = named,
		                         .cdnskey_deletes = deletes };
	v->signaling = (delegation_signaling_t){ .cds = w->asked, .cdnskey = named, .cdnskey_deletes = deletes };
	v->parent = (delegation_parent_t){ .status = ANSWER_OK, .ds = w->now >= w->spread ? w->has : w->before };
	const bool fails = w->back && (keys_of(w, &w->has) & all) == 0;
	v->resolver = (delegation_view_t){ .status = fails ? DELEGATION_VIEW_BOGUS : DELEGATION_VIEW_SECURE };
	v->facts = (delegation_facts_t){
		.zone = { .known = true,
		          .delegated = true,
		          .ns = 1,
		          .ns_ttl = w->ds_ttl,
		          .ds = w->has,
		          .ds_ttl = w->ds_ttl,
		          .load = DELEGATION_LOAD_KEEPS },
		.asked = DELEGATION_ASK_SCAN | DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH,
		.scan = { .answered = true,
		          .differs = delegation_differs(&w->has, &w->asked),
		          .content = delegation_content(&w->asked) },
		.outcome = w->outcome,
		.surveyed = w->now,
		.surveyed_ns = 1,
		.key = w->key,
		.key_count = KEYS,
		.child = &v->child,
		.child_count = 1,
		.signaling = &v->signaling,
		.signaling_count = w->has.count == 0,
		.parent = &v->parent,
		.parent_count = 1,
		.view = &v->resolver,
		.view_count = 1,
	};
}

/* The plan. */

static void add_stay(delegation_forecast_t *plan, const delegation_row_t *row, time_t from)
{
	delegation_stay_t *last = plan->count > 0 ? &plan->stay[plan->count - 1] : NULL;

	if (last != NULL && last->state == row->state && last->gate == row->gate) {
		return;
	}
	if (last != NULL) {
		last->to = from;
		plan->count -= last->from >= from; /* It took no time. */
	}
	if (plan->count < DELEGATION_STAYS_MAX) {
		plan->stay[plan->count++] = (delegation_stay_t){ .state = row->state, .gate = row->gate, .from = from };
	}
}

static void set_first(time_t *at, bool reached, time_t now)
{
	if (*at == 0 && reached) {
		*at = now;
	}
}

static void note(delegation_forecast_t *plan, const delegation_row_t *before, const delegation_row_t *row, time_t now)
{
	const bool spreads = row->state == DELEGATION_SPREAD;

	set_first(&plan->start, row->state != DELEGATION_REST && before->state == DELEGATION_REST, now);
	if (spreads && before->state != DELEGATION_SPREAD) {
		plan->changed = now;
	}
	if (row->ttl_normal != 0) {
		plan->ttl_low = row->ttl_low;
		plan->ttl_back = row->ttl_normal;
	}
	/* At rest it is the time at which the TTL came back. */
	const bool low = row->ttl_normal != 0 || before->state == DELEGATION_SPREAD;
	if (row->all_since != 0 && low && plan->everywhere != row->all_since) {
		plan->everywhere = row->all_since;
		plan->expired = row->all_since + 1 + (time_t)(row->ttl_normal != 0 ? row->ttl_normal : row->before_ttl);
	}
	set_first(&plan->restored, before->ttl_normal != 0 && row->ttl_normal == 0, now);
}

/*! \return Whether the delegation stays there until the child, or another client, does something else. */
static bool is_final(const delegation_row_t *row)
{
	return row->state == DELEGATION_REST || row->state == DELEGATION_HELD || row->state == DELEGATION_REFUSED ||
	       row->state == DELEGATION_SUSPENDED;
}

/*! When something happens next, or the row wants to check. */
static time_t next(const world_t *w, const delegation_row_t *row)
{
	time_t at = row->next_check;

	at = w->spread > w->now && w->spread < at ? w->spread : at;
	at = row->gate_until > w->now && row->gate_until < at ? row->gate_until : at;
	return at > w->now ? at : w->now + 1;
}

static void run(world_t *w, const delegation_row_t *row, delegation_forecast_t *plan)
{
	delegation_decision_t d = { .row = *row };
	bool moved = false;

	if (row->state == DELEGATION_REST && row->next_check > w->now) {
		w->now = row->next_check;
	}
	for (unsigned checks = 0; checks < CHECKS_MAX; checks++) {
		const delegation_row_t before = d.row;
		view_t v;

		see(w, &v);
		delegation_decide(&w->config, &before, &v.facts, w->now, &d);
		add_stay(plan, &d.row, w->now);
		note(plan, &before, &d.row, w->now);
		if (d.order.action != DELEGATION_DO_NOTHING) {
			commit(w, &d.order.put, d.order.ttl);
		}
		moved = moved || d.transition;
		if (moved && is_final(&d.row)) {
			break;
		}
		if (!d.transition) {
			w->now = next(w, &d.row);
		}
	}
	plan->end = d.row.state == DELEGATION_REST ? w->now : 0;
	plan->stuck = plan->end == 0 ? d.row.gate : DELEGATION_GATE_NONE;
}

/*! Whether the row waits for the time at which the former DS returns. */
static bool is_back(const delegation_row_t *row)
{
	return delegation_state_info(row->state)->watched && row->gate == DELEGATION_GATE_CANNOT_UNDO &&
	       row->gate_until != 0 && row->back_since != 0 && row->may_undo;
}

/*! What the settings forbid. */
static delegation_gate_t forbidden(const delegation_config_t *config, delegation_load_t load)
{
	if (config->locked || config->report_only) {
		return config->locked ? DELEGATION_GATE_LOCKED : DELEGATION_GATE_REPORT_ONLY;
	}
	if (load == DELEGATION_LOAD_SECONDARY && config->apply != DELEGATION_BY_UPDATE) {
		return DELEGATION_GATE_SECONDARY;
	}
	if (config->apply != DELEGATION_BY_TRANSACTION || load == DELEGATION_LOAD_KEEPS) {
		return DELEGATION_GATE_NONE;
	}
	return load == DELEGATION_LOAD_REVERTS ? DELEGATION_GATE_LOAD_REVERTS : DELEGATION_GATE_LOAD_UNKNOWN;
}

void delegation_forecast(const delegation_config_t *config, const delegation_row_t *stored,
                         const delegation_assume_t *assume, time_t now, delegation_forecast_t *plan)
{
	assert(config && stored && assume && plan);

	world_t w = { .config = *config, .now = now, .server_delay = assume->server_delay, .back = is_back(stored) };
	delegation_row_t row = *stored;

	memset(plan, 0, sizeof(*plan));
	w.config.locked = w.config.report_only = false;
	for (unsigned i = 0; i < KEYS; i++) {
		w.key[i] = (delegation_key_t){ .id = { .tag = i, .algorithm = 13 }, .whole = true, .flags = 257 };
		memset(w.key[i].id.digest, i, sizeof(w.key[i].id.digest));
	}
	const delegation_gate_info_t *gate = delegation_gate_info(row.gate);
	plan->lifted = w.back                                 ? DELEGATION_GATE_NONE :
	               gate->actor != DELEGATION_ACTOR_NOBODY ? row.gate :
	                                                        forbidden(config, assume->load);
	plan->start = row.state != DELEGATION_REST ? row.since : 0;
	add_stay(plan, &row, row.since);
	if (row.state == DELEGATION_SUSPENDED) {
		plan->stuck = DELEGATION_GATE_SUSPENDED;
		return;
	}
	begin(&w, &row, assume);
	if (row.state == DELEGATION_REST) {
		plan->ignored = row.ds == 0 && !config->bootstrap;
		plan->imagined = !plan->ignored;
		w.asked = set_of(&w, NEW);
	}
	if (!plan->ignored) {
		run(&w, &row, plan);
	}
}
