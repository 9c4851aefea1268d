/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks at the own zone, by the control socket or by DNS. An idle zone is looked at by DNS, since knotd logs a line for
 * every control command, and there may be very many zones. That can only confirm that nothing has to be done. Before
 * anything else the control socket is asked.
 */

#include <time.h>

#include "engine.h"

static bool may_glance(const zone_t *zone)
{
	const rollover_row_t *row = &zone->kept.row;

	/* Whether it is a catalog member, and whether these gates still hold, only the control socket can tell. */
	return zone->entry->examined && row->state == ROLLOVER_IDLE && zone->base_policy == NULL && !zone->conf_busy &&
	       row->gate != GATE_FROZEN && row->gate != GATE_KNOT_BUSY;
}

bool glance_suffices(const zone_t *zone, const rollover_decision_t *d)
{
	const rollover_row_t *before = &zone->kept.row;
	const own_facts_t *own = &zone->look->facts.own;

	return !d->transition && d->action == ACTION_NONE && !d->notify && !rollover_must_switch(own, d) &&
	       rollover_same_keys(before, &d->row) && before->settled_at == d->row.settled_at &&
	       (own->known || before->gate == d->row.gate) &&
	       /* That a zone is a catalog member only the control socket can tell. */
	       (before->gate != GATE_OBSERVE_ONLY || d->row.gate == GATE_OBSERVE_ONLY);
}

/*! Whether the control socket says the same: what the world has answered meanwhile still counts. */
static bool was_right(const look_state_t *glance, const look_state_t *look)
{
	return glance->facts.own.known && look->facts.own.known &&
	       glance->facts.own.dnskey_ttl == look->facts.own.dnskey_ttl &&
	       glance->facts.own.foreign == look->facts.own.foreign &&
	       knot_rdataset_eq(&glance->dnskey, &look->dnskey) && knot_rdataset_eq(&glance->ns, &look->ns) &&
	       knot_rdataset_eq(&glance->cds, &look->cds) && knot_rdataset_eq(&glance->cdnskey, &look->cdnskey);
}

/*! The own zone is known: on to the world, as far as that has to be asked. */
static void look_on(zone_t *zone, look_state_t *look)
{
	zone->look = look;
	if (look == NULL) {
		zone->kept.row.wake = zone_now(zone) + NO_MEMORY_AGAIN;
		zone_rest(zone);
		return;
	}
	const unsigned ask = rollover_asks(&zone->settings->config, &zone->kept.row, &look->facts, look->own_key_count,
	                                   zone_now(zone));
	if (ask != 0) {
		world_ask(zone, ask);
	} else {
		zone_decide(zone);
	}
}

static void on_look(const server_look_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->loop->looking--;
	wake_more(zone->loop);
	if (zone_came_back(zone)) {
		look_state_t *glance = zone->look;
		zone->soa_ttl = result->soa_ttl;
		look_state_t *look = look_state_new(zone, result);
		if (result->status == SERVER_OK || result->catalog_member) {
			zone->entry->catalog_member = result->catalog_member;
		}
		zone->entry->examined |= result->status == SERVER_OK || result->status == SERVER_REFUSED;
		if (glance != NULL && look != NULL && was_right(glance, look)) {
			glance->facts.own = look->facts.own;
			look_state_free(look);
			zone_decide(zone);
		} else {
			look_state_free(glance);
			look_on(zone, look);
		}
	}
	zone_unref(zone);
}

void look_closer(zone_t *zone)
{
	zone->glance = false;
	zone->refs++;
	zone->loop->looking++;
	if (zone->loop->server != NULL) {
		server_look(zone->loop->server, zone->name, on_look, zone);
	} else {
		const server_look_t none = { .status = SERVER_UNREACHABLE,
			                     .detail = "no memory or no thread for the control socket" };
		on_look(&none, zone);
	}
}

static void on_glance(const server_look_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->loop->looking--;
	wake_more(zone->loop);
	if (!zone_came_back(zone)) {
		/* Nothing more. */
	} else if (result->status == SERVER_UNREACHABLE || result->status == SERVER_CANCELLED) {
		look_closer(zone);
	} else {
		zone->soa_ttl = result->soa_ttl;
		look_state_t *look = look_state_new(zone, result);
		if (look != NULL) {
			look->facts.own.catalog_member = zone->entry->catalog_member;
		}
		look_on(zone, look);
	}
	zone_unref(zone);
}

void look_start(zone_t *zone)
{
	fit_expire(zone);
	fit_say_lost(zone);
	zone->glance = zone->loop->server != NULL && may_glance(zone);
	if (!zone->glance) {
		look_closer(zone);
		return;
	}
	zone->refs++;
	zone->loop->looking++;
	server_glance(zone->loop->server, zone->name, on_glance, zone);
}
