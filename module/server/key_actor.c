/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "key_actor.h"

/*! Letters of `zone-status`: transaction, freeze, events; times as numbers. */
#define FILTERS_EVENTS "tfe"
#define FLAGS_UNIXTIME "u"
/*! The answer comes when it is done. */
#define FLAGS_BLOCKING "B"
/*! How often an order is carried out before Knot is said to undo it. */
#define TRIES 3

void key_events_unit(const control_unit_t *unit, void *arg)
{
	key_events_t *events = arg;
	events->answered = true;

	if (unit->type == NULL || unit->data == NULL) {
		return;
	}
	const char *value = unit->data;
	if (strcmp(unit->type, "freeze") == 0) {
		events->frozen = strcmp(value, "-") != 0;
	} else if (strcmp(unit->type, "transaction") == 0) {
		events->transaction = strcmp(value, "-") != 0;
	} else if (strcmp(unit->type, "re-sign") == 0 || strcmp(unit->type, "DS-check") == 0 ||
	           strcmp(unit->type, "load") == 0 || strcmp(unit->type, "update") == 0) {
		// "-", a time, or "pending(time)", "running(time)", "frozen(time)".
		char *end;
		const long long when = strtoll(value, &end, 10);
		if (end == value) {
			events->running = events->running || strcmp(value, "-") != 0;
		} else if (when > 0 && (events->next == 0 || when < events->next)) {
			events->next = (time_t)when;
		}
	}
}

bool key_events_quiet(const key_events_t *events, time_t now)
{
	return events->answered && !events->running && (events->next == 0 || events->next > now + KEY_QUIET);
}

/*! One command in a connection of its own. */
static server_status_t tell(const control_target_t *target, control_cmd_t *cmd, char *detail)
{
	control_t *control;
	if (control_open(&control, target, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	const int ret = control_run(control, cmd, 1, detail);
	control_close(control);
	return ret == KNOT_EOK ? control_status(cmd, detail) : SERVER_UNREACHABLE;
}

static server_status_t check_quiet(const control_target_t *target, const char *zone, char *detail)
{
	key_events_t events = { 0 };
	control_cmd_t cmd = { .name = "zone-status",
		              .zone = zone,
		              .filters = FILTERS_EVENTS,
		              .flags = FLAGS_UNIXTIME,
		              .each = key_events_unit,
		              .arg = &events };

	const server_status_t status = tell(target, &cmd, detail);
	if (status != SERVER_OK) {
		return status;
	}
	if (events.frozen) {
		snprintf(detail, CONTROL_DETAIL_MAX, "the zone is frozen");
		return SERVER_REFUSED;
	}
	if (events.transaction) {
		snprintf(detail, CONTROL_DETAIL_MAX, "another client has an open zone transaction");
		return SERVER_BUSY;
	}
	if (!key_events_quiet(&events, time(NULL))) {
		snprintf(detail, CONTROL_DETAIL_MAX, "Knot is about to sign the zone, and may write its keys");
		return SERVER_BUSY;
	}
	return SERVER_OK;
}

static server_status_t make_plan(const keymgr_t *keymgr, const char *zone, const server_keys_t *wish, key_list_t *list,
                                 key_plan_t *plan, char *detail)
{
	if (keymgr_list(keymgr, zone, list, detail) != KNOT_EOK) {
		return SERVER_REFUSED;
	}
	if (!key_plan(list, wish, time(NULL), plan)) {
		snprintf(detail, CONTROL_DETAIL_MAX, "%s", plan->error);
		return SERVER_REFUSED;
	}
	return SERVER_OK;
}

/*! A command for the zone whose answer comes when it is done. */
static server_status_t command(const control_target_t *target, const char *name, const char *type, const char *zone,
                               char *detail)
{
	control_cmd_t cmd = { .name = name, .zone = zone, .type = type, .flags = FLAGS_BLOCKING };
	return tell(target, &cmd, detail);
}

/*! What the plan says; knotd has the states afterwards. */
static server_status_t carry_out(const control_target_t *target, const keymgr_t *keymgr, const char *zone,
                                 const key_plan_t *plan, char *detail)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (keymgr_set(keymgr, zone, plan->steps[i].key->id, plan->steps[i].change, detail) != KNOT_EOK) {
			return SERVER_REFUSED;
		}
	}
	// Also if nothing was set: the process may have ended between set and load.
	return plan->make ? command(target, "zone-key-rollover", "ksk", zone, detail) :
	                    command(target, "zone-keys-load", NULL, zone, detail);
}

server_status_t key_actor_run(const control_target_t *target, const keymgr_t *keymgr, const char *zone,
                              const server_keys_t *wish, char *detail)
{
	assert(target != NULL && keymgr != NULL && zone != NULL && wish != NULL && detail != NULL);

	key_list_t *list = malloc(sizeof(*list));
	if (list == NULL) {
		snprintf(detail, CONTROL_DETAIL_MAX, "%s", knot_strerror(KNOT_ENOMEM));
		return SERVER_UNREACHABLE;
	}
	key_plan_t plan;
	bool made = false, sign = wish->sign_first;
	server_status_t status = check_quiet(target, zone, detail);

	for (int tries = 0; status == SERVER_OK; tries++) {
		status = make_plan(keymgr, zone, wish, list, &plan, detail);
		if (status != SERVER_OK || (tries > 0 && plan.count == 0 && !plan.make)) {
			break;
		}
		if (sign && plan.count > 0) {
			// Takes its time. What it may do to the keys is seen by the next list.
			sign = false;
			tries--;
			status = command(target, "zone-sign", NULL, zone, detail);
			continue;
		}
		if (tries > TRIES || (made && plan.make)) {
			snprintf(detail, CONTROL_DETAIL_MAX,
			         made && plan.make ? "Knot makes no KSK" : "Knot undoes what keymgr sets");
			status = SERVER_BUSY;
			break;
		}
		status = carry_out(target, keymgr, zone, &plan, detail);
		made = made || plan.make;
	}
	free(list);
	return status;
}
