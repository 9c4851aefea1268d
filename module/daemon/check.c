/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stddef.h>

#include "check.h"
#include "env.h"
#include "zone.h"

/*! Whether it is a catalog member, and whether some gates still hold, only the control socket can tell. */
static bool may_glance(const zone_t *zone)
{
	const rollover_row_t *row = &zone->kept.row;

	return resources_server(zone->env) != NULL && zone->entry->examined && row->state == ROLLOVER_IDLE &&
	       zone->record.base_policy == NULL && !fit_is_busy(zone) &&
	       rollover_gate_info(row->gate)->seen != SEEN_BY_CONTROL;
}

bool check_suffices(const zone_t *zone, const rollover_decision_t *d)
{
	const rollover_row_t *before = &zone->kept.row;
	const own_facts_t *own = &zone->gathered->facts.own;

	if (!zone->check.glance) {
		return true;
	}
	return !d->transition && d->action == ACTION_NONE && !d->notify && !d->set_keys &&
	       !rollover_must_switch(own, d) && rollover_same_keys(before, &d->row) &&
	       before->settled_at == d->row.settled_at && (own->known || before->gate == d->row.gate) &&
	       (before->gate == d->row.gate || rollover_gate_info(before->gate)->seen != SEEN_GONE_BY_CONTROL);
}

/*! Whether the control socket says the same: what the world has answered meanwhile still counts. */
static bool is_same(const gathered_t *glance, const gathered_t *found)
{
	return glance->facts.own.known && found->facts.own.known &&
	       glance->facts.own.dnskey_ttl == found->facts.own.dnskey_ttl &&
	       glance->facts.own.foreign == found->facts.own.foreign &&
	       knot_rdataset_eq(&glance->dnskey, &found->dnskey) && knot_rdataset_eq(&glance->ns, &found->ns) &&
	       knot_rdataset_eq(&glance->cds, &found->cds) && knot_rdataset_eq(&glance->cdnskey, &found->cdnskey);
}

/*! \return What the zone's server says; NULL if there is no memory. */
static gathered_t *take(zone_t *zone, const server_check_t *result)
{
	zone->check.soa_ttl = result->soa_ttl;
	return facts_new(zone, result);
}

static void finish(zone_t *zone, gathered_t *found)
{
	zone->gathered = found;
	zone->check.done(zone, found != NULL ? CHECK_NEW : CHECK_FAILED);
}

static void on_check(const server_check_t *result, void *arg)
{
	zone_t *zone = arg;

	schedule_answered(&zone->env->schedule);
	if (zone->gone) {
		zone->check.done(zone, CHECK_FAILED);
		return;
	}
	gathered_t *glance = zone->gathered;
	gathered_t *found = take(zone, result);
	if (result->status == SERVER_OK || result->catalog_member) {
		zone->entry->catalog_member = result->catalog_member;
	}
	zone->entry->examined |= result->status == SERVER_OK || result->status == SERVER_REFUSED;
	if (glance != NULL && found != NULL && is_same(glance, found)) {
		glance->facts.own = found->facts.own;
		facts_free(found);
		zone->check.done(zone, CHECK_CONFIRMED);
	} else {
		facts_free(glance);
		finish(zone, found);
	}
}

static void ask_control(zone_t *zone)
{
	server_t *server = resources_server(zone->env);

	zone->check.glance = false;
	schedule_asking(&zone->env->schedule);
	if (server != NULL) {
		server_check(server, zone->name, on_check, zone);
	} else {
		const server_check_t none = { .status = SERVER_UNREACHABLE,
			                      .detail = "no memory or no thread for the control socket" };
		on_check(&none, zone);
	}
}

static void on_glance(const server_check_t *result, void *arg)
{
	zone_t *zone = arg;

	schedule_answered(&zone->env->schedule);
	if (zone->gone) {
		zone->check.done(zone, CHECK_FAILED);
		return;
	}
	if (result->status == SERVER_UNREACHABLE || result->status == SERVER_CANCELLED) {
		ask_control(zone);
		return;
	}
	gathered_t *found = take(zone, result);
	if (found != NULL) {
		found->facts.own.catalog_member = zone->entry->catalog_member;
	}
	finish(zone, found);
}

void check_closer(zone_t *zone, check_done_f done)
{
	zone->check.done = done;
	ask_control(zone);
}

void check_start(zone_t *zone, check_done_f done)
{
	fit_expire(zone);
	fit_say_lost(zone);
	zone->check.done = done;
	zone->check.glance = may_glance(zone);
	if (!zone->check.glance) {
		ask_control(zone);
		return;
	}
	schedule_asking(&zone->env->schedule);
	server_glance(resources_server(zone->env), zone->name, on_glance, zone);
}

void check_loaded(entry_t *entry)
{
	entry->catalog_member = false;
}
