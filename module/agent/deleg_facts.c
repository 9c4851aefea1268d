/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known at a turn: the zone, and how long servers have been silent.
 */

#include <stdio.h>
#include <string.h>

#include "orders.h"
#include "parent_state.h"
#include "deleg_turn.h"
#include "kskroll/text_copy.h"

static bool take_ns(turn_t *turn, const knot_rdataset_t *ns)
{
	delegation_zone_t *zone = &turn->facts.zone;

	if (knot_rdataset_copy(&turn->ns, ns, NULL) != KNOT_EOK) {
		return false;
	}
	zone->known = true;
	zone->delegated = ns->count > 0;
	zone->ns = ns_number(ns);
	return true;
}

static bool take_ds(turn_t *turn, const knot_rdataset_t *ds)
{
	if (knot_rdataset_copy(&turn->ds, ds, NULL) != KNOT_EOK) {
		return false;
	}
	ds_set_read(ds, &turn->facts.zone.ds);
	return true;
}

static void take_load(turn_t *turn)
{
	const parent_t *parent = turn->parent;

	turn->facts.zone.load = parent->load;
	memcpy(turn->facts.zone.load_reason, parent->load_reason, sizeof(turn->facts.zone.load_reason));
}

bool facts_of_list(turn_t *turn)
{
	delegation_zone_t *zone = &turn->facts.zone;
	const delegation_t *d = turn->d;

	zone->serial = turn->parent->serial;
	zone->ds_listed = true;
	zone->ds_number = d->ds;
	zone->ds_excess = d->ds_excess;
	zone->ds_ttl = d->ds_ttl;
	take_load(turn);
	return take_ns(turn, &delegation_ns(&turn->parent->all, d)->set);
}

bool facts_of_read(turn_t *turn, const parent_read_t *read)
{
	delegation_zone_t *zone = &turn->facts.zone;

	if (read->status != SERVER_OK) {
		return true; /* Not known: the machine waits. */
	}
	zone->serial = read->serial;
	zone->frozen = read->frozen;
	zone->transaction = read->transaction && !orders_are_running(turn->parent);
	zone->signing = read->running[0] != '\0';
	take_load(turn);
	if (read->secondary) {
		zone->load = DELEGATION_LOAD_SECONDARY;
		text_copy(zone->load_reason, sizeof(zone->load_reason),
		          "the zone is a secondary (master): change the DS at its primary");
	}
	zone->ns_ttl = read->ns_ttl;
	zone->ds_ttl = read->ds_ttl;
	return take_ns(turn, &read->ns) && take_ds(turn, &read->ds);
}

/* Servers that do not answer. */

/*! The longest time between two surveys of a child whose server is waited for. */
#define GAP_MS ((DELEGATION_RETRY_MAX + 3600) * UINT64_C(1000))

/*! What is known of the time since the last survey. */
typedef struct {
	bool unknown;  /*!< Nobody can say that servers were silent all the time. */
	time_t gained; /*!< Seconds by which the clock was set. */
} between_t;

/*! A server of the parent says nothing of that: it may be this host. */
static bool any_answers(const delegation_facts_t *facts)
{
	bool answers = false;

	for (size_t i = 0; i < facts->child_count; i++) {
		answers = answers || facts->child[i].status != ANSWER_UNREACHABLE;
	}
	return answers;
}

/*! As rollover_silence() does: only what was checked again and again counts, and not while this host is cut off. */
static between_t since_last(turn_t *turn, const delegation_facts_t *facts)
{
	awake_t *awake = turn->d->of.awake;
	const uint64_t now = uv_now(turn->parent->agent->env.loop), passed = now - awake->surveyed_ms;
	between_t between = { .unknown = !awake->resumed || !any_answers(facts) };

	if (awake->surveyed != 0) {
		const time_t gained = facts->surveyed - awake->surveyed - (time_t)(passed / 1000);
		between.unknown = passed > GAP_MS || !any_answers(facts);
		/* A survey waits for its turn. */
		between.gained = gained > DELEGATION_FRESH || gained < -DELEGATION_FRESH ? gained : 0;
	}
	awake->surveyed = facts->surveyed;
	awake->surveyed_ms = now;
	return between;
}

/*! \return Since when the server has not answered, as of this answer. */
static time_t silent_since(turn_t *turn, const char *name, const char *server, bool silent, const between_t *between)
{
	const parent_t *parent = turn->parent;
	const agent_env_t *env = &parent->agent->env;
	const time_t surveyed = turn->facts.surveyed;
	store_t *store = env->store(env->arg);
	time_t before = 0, since = 0;

	if (store != NULL && store_delegation_silence_load(store, parent->name, name, server, &before) != KNOT_EOK) {
		before = 0;
	}
	if (silent) {
		since = before == 0 || between->unknown ? surveyed : before + between->gained;
		since = since > 0 && since < surveyed ? since : surveyed;
	}
	if (since != before) {
		env->save_silence(parent->name, name, server, since, env->arg);
	}
	return since;
}

void facts_of_survey(turn_t *turn, child_survey_t *survey)
{
	delegation_facts_t *to = &turn->facts;
	const delegation_facts_t *from = &survey->facts;
	knot_dname_txt_storage_t name;

	turn->survey = survey;
	turn->parent->agent->totals.queries += survey->queries;
	to->asked |= from->asked;
	to->surveyed = from->surveyed;
	to->surveyed_ns = to->zone.ns;
	to->discovery_failed = from->discovery_failed;
	memcpy(to->discovery_detail, from->discovery_detail, sizeof(to->discovery_detail));
	to->key = from->key;
	to->key_count = from->key_count;
	to->too_many_keys = from->too_many_keys;
	to->child = from->child;
	to->child_count = from->child_count;
	to->signaling = from->signaling;
	to->signaling_count = from->signaling_count;
	to->parent = from->parent;
	to->parent_count = from->parent_count;
	if (survey->report_agent[0] != '\0') {
		text_copy(turn->d->of.awake->report_agent, sizeof(turn->d->of.awake->report_agent),
		          survey->report_agent);
	}
	to->view = from->view;
	to->view_count = from->view_count;
	if (knot_dname_to_str(name, turn->d->of.awake->name, sizeof(name)) == NULL) {
		return;
	}
	const between_t between = since_last(turn, from);
	/* What else is asked of the parent's servers is not known here. */
	const between_t known = { .unknown = false };
	/* The survey is ours. */
	for (size_t i = 0; i < from->child_count; i++) {
		delegation_child_t *one = (delegation_child_t *)&from->child[i];
		one->unreachable_since =
			silent_since(turn, name, one->server, one->status == ANSWER_UNREACHABLE, &between);
	}
	for (size_t i = 0; i < from->parent_count; i++) {
		delegation_parent_t *one = (delegation_parent_t *)&from->parent[i];
		/* A server of the parent is silent for all delegations alike. */
		one->unreachable_since = silent_since(turn, "", one->server, one->status == ANSWER_UNREACHABLE, &known);
	}
}
