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
	/* A list of another version would show what this delegation had before. */
	if (read->serial != turn->parent->serial && parent_is_current(turn->parent)) {
		parent_changed(turn->parent);
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

/*! \return Since when the server has not answered, as of this answer. */
static time_t silent_since(turn_t *turn, const char *name, const char *server, bool silent,
                           const delegation_survey_t *asked)
{
	const parent_t *parent = turn->parent;
	const agent_env_t *env = &parent->agent->env;
	store_t *store = env->store(env->arg);
	delegation_silence_t before = { 0 }, silence = { 0 };

	if (store != NULL && store_delegation_silence_load(store, parent->name, name, server, &before) != KNOT_EOK) {
		before = (delegation_silence_t){ 0 };
	}
	if (silent) {
		silence = delegation_silent(asked, &before);
	}
	if (silence.since != before.since || silence.seen != before.seen || silence.alone != before.alone) {
		env->save_silence(parent->name, name, server, &silence, env->arg);
	}
	return silence.since;
}

/*! Surveys of all delegations ask the servers of the parent; one is silent for all alike. */
static void silence_of_survey(turn_t *turn, const char *name, child_survey_t *survey)
{
	const uint64_t now = uv_now(turn->parent->agent->env.loop);
	const delegation_facts_t *facts = &survey->facts;
	awake_t *awake = turn->d->of.awake;
	delegation_survey_t *asked = &awake->asked;

	if (facts->child_count > 0) {
		delegation_surveyed(asked, awake->resumed, survey->heard, facts->surveyed, now);
	}
	/* The survey is ours. */
	for (size_t i = 0; i < facts->child_count; i++) {
		delegation_child_t *one = (delegation_child_t *)&facts->child[i];
		one->unreachable_since =
			silent_since(turn, name, one->server, one->status == ANSWER_UNREACHABLE, asked);
	}
	asked = &turn->parent->asked;
	if (facts->parent_count > 0) {
		delegation_surveyed(asked, awake->resumed, survey->heard, facts->surveyed, now);
	}
	for (size_t i = 0; i < facts->parent_count; i++) {
		delegation_parent_t *one = (delegation_parent_t *)&facts->parent[i];
		one->unreachable_since = silent_since(turn, "", one->server, one->status == ANSWER_UNREACHABLE, asked);
	}
	awake->resumed = false;
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
	silence_of_survey(turn, name, survey);
}
