/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks the own zone, by the control socket or by DNS. An idle zone is checked by DNS, since knotd logs a line for
 * every control command, and there may be very many zones. That can only confirm that nothing has to be done. Before
 * anything else the control socket is asked.
 */

#include <time.h>

#include "loop.h"

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
	const own_facts_t *own = &zone->check->facts.own;

	return !d->transition && d->action == ACTION_NONE && !d->notify && !rollover_must_switch(own, d) &&
	       rollover_same_keys(before, &d->row) && before->settled_at == d->row.settled_at &&
	       (own->known || before->gate == d->row.gate) &&
	       /* That a zone is a catalog member only the control socket can tell. */
	       (before->gate != GATE_OBSERVE_ONLY || d->row.gate == GATE_OBSERVE_ONLY);
}

/*! Whether the control socket says the same: what the world has answered meanwhile still counts. */
static bool was_right(const check_state_t *glance, const check_state_t *check)
{
	return glance->facts.own.known && check->facts.own.known &&
	       glance->facts.own.dnskey_ttl == check->facts.own.dnskey_ttl &&
	       glance->facts.own.foreign == check->facts.own.foreign &&
	       knot_rdataset_eq(&glance->dnskey, &check->dnskey) && knot_rdataset_eq(&glance->ns, &check->ns) &&
	       knot_rdataset_eq(&glance->cds, &check->cds) && knot_rdataset_eq(&glance->cdnskey, &check->cdnskey);
}

/*! The own zone is known: on to the world, as far as that has to be asked. */
static void check_on(zone_t *zone, check_state_t *check)
{
	zone->check = check;
	if (check == NULL) {
		zone->kept.row.next_check = zone_now(zone) + NO_MEMORY_AGAIN;
		zone_rest(zone);
		return;
	}
	const unsigned ask = rollover_asks(&zone->settings->config, &zone->kept.row, &check->facts,
	                                   check->own_key_count, zone_now(zone));
	if (ask != 0) {
		world_ask(zone, ask);
	} else {
		zone_decide(zone);
	}
}

static void on_check(const server_check_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->loop->checking--;
	wake_more(zone->loop);
	if (zone_came_back(zone)) {
		check_state_t *glance = zone->check;
		zone->soa_ttl = result->soa_ttl;
		check_state_t *check = check_state_new(zone, result);
		if (result->status == SERVER_OK || result->catalog_member) {
			zone->entry->catalog_member = result->catalog_member;
		}
		zone->entry->examined |= result->status == SERVER_OK || result->status == SERVER_REFUSED;
		if (glance != NULL && check != NULL && was_right(glance, check)) {
			glance->facts.own = check->facts.own;
			check_state_free(check);
			zone_decide(zone);
		} else {
			check_state_free(glance);
			check_on(zone, check);
		}
	}
	zone_unref(zone);
}

void check_closer(zone_t *zone)
{
	zone->glance = false;
	zone->refs++;
	zone->loop->checking++;
	if (zone->loop->server != NULL) {
		server_check(zone->loop->server, zone->name, on_check, zone);
	} else {
		const server_check_t none = { .status = SERVER_UNREACHABLE,
			                      .detail = "no memory or no thread for the control socket" };
		on_check(&none, zone);
	}
}

static void on_glance(const server_check_t *result, void *arg)
{
	zone_t *zone = arg;

	zone->loop->checking--;
	wake_more(zone->loop);
	if (!zone_came_back(zone)) {
		/* Nothing more. */
	} else if (result->status == SERVER_UNREACHABLE || result->status == SERVER_CANCELLED) {
		check_closer(zone);
	} else {
		zone->soa_ttl = result->soa_ttl;
		check_state_t *check = check_state_new(zone, result);
		if (check != NULL) {
			check->facts.own.catalog_member = zone->entry->catalog_member;
		}
		check_on(zone, check);
	}
	zone_unref(zone);
}

void check_start(zone_t *zone)
{
	fit_expire(zone);
	fit_say_lost(zone);
	zone->glance = zone->loop->server != NULL && may_glance(zone);
	if (!zone->glance) {
		check_closer(zone);
		return;
	}
	zone->refs++;
	zone->loop->checking++;
	server_glance(zone->loop->server, zone->name, on_glance, zone);
}
