/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>

#include "key_actor.h"
#include "key_plan.h"

/*! Letters of `zone-status`: transaction, freeze, events; times as numbers. */
#define FILTERS_EVENTS "tfe"
#define FLAGS_UNIXTIME "u"
/*! How often an order is carried out before Knot is said to undo it. */
#define TRIES 3
/*! How long Knot is waited for until it has read the keys: after 50, 100, 200, 400 ms. */
#define PAUSE_FIRST_MS 50
#define PAUSES         4

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

/*! What is needed for one order. */
typedef struct {
	const control_target_t *target;
	const key_client_t *client;
	const char *zone;
	const server_keys_t *wish;
	int64_t end; // Of the monotonic clock, ms: nothing begins afterwards.
	char *detail;
} act_t;

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/*! Other zones wait for this thread. */
static bool is_over(const act_t *act)
{
	if (now_ms() < act->end) {
		return false;
	}
	snprintf(act->detail, CONTROL_DETAIL_MAX, "keymgr and Knot take long: continued later");
	return true;
}

static server_status_t status_of(int ret)
{
	// Of a keymgr that was killed nobody knows what it has done.
	return ret == KNOT_EOK                           ? SERVER_OK :
	       ret == KNOT_ECONN || ret == KNOT_ETIMEOUT ? SERVER_UNREACHABLE :
	                                                   SERVER_REFUSED;
}

static server_status_t make_plan(const act_t *act, key_list_t *list, key_plan_t *plan)
{
	const server_status_t status = status_of(key_client_list(act->client, act->zone, list, act->detail));
	if (status != SERVER_OK) {
		return status;
	}
	if (!key_plan(list, act->wish, time(NULL), plan)) {
		snprintf(act->detail, CONTROL_DETAIL_MAX, "%s", plan->error);
		return SERVER_REFUSED;
	}
	return SERVER_OK;
}

/*! Knot's workers may be busy with servers that do not answer: nobody waits for them at the control socket. */
static server_status_t command(const act_t *act, const char *name, const char *type)
{
	control_cmd_t cmd = { .name = name, .zone = act->zone, .type = type };
	return tell(act->target, &cmd, act->detail);
}

/*! What Knot does in its own time. The order is repeated when it is done. */
static server_status_t begin(const act_t *act, const char *name, const char *type, const char *words)
{
	const server_status_t status = command(act, name, type);
	if (status == SERVER_OK) {
		snprintf(act->detail, CONTROL_DETAIL_MAX, "%s", words);
	}
	return status == SERVER_OK ? SERVER_BUSY : status;
}

static server_status_t set_all(const act_t *act, const key_plan_t *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const key_step_t *step = &plan->steps[i];
		if (is_over(act)) {
			return SERVER_BUSY;
		}
		const server_status_t status =
			status_of(key_client_set(act->client, act->zone, step->key->id, step->change, act->detail));
		if (status != SERVER_OK) {
			return status;
		}
	}
	return SERVER_OK;
}

/*! Until Knot has read the keys: what it writes then would undo what was set before. */
static server_status_t wait_for_knot(const act_t *act)
{
	server_status_t status = SERVER_BUSY;

	for (int i = 0; i < PAUSES && status == SERVER_BUSY && !is_over(act); i++) {
		const long ms = PAUSE_FIRST_MS << i;
		nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
		status = check_quiet(act->target, act->zone, act->detail);
	}
	return status;
}

/*! With Knot being quiet. */
static server_status_t act_until_done(const act_t *act, key_list_t *list)
{
	key_plan_t plan;
	server_status_t status = make_plan(act, list, &plan);

	if (status == SERVER_OK && act->wish->sign_first && plan.count > 0) {
		// A large zone takes long.
		return begin(act, "zone-sign", NULL, "Knot signs the zone again before its signals are repeated");
	}
	for (int tries = 0; status == SERVER_OK && plan.count > 0; tries++) {
		if (tries == TRIES) {
			snprintf(act->detail, CONTROL_DETAIL_MAX, "Knot undoes what keymgr sets");
			return SERVER_BUSY;
		}
		status = set_all(act, &plan);
		status = status == SERVER_OK ? command(act, "zone-keys-load", NULL) : status;
		status = status == SERVER_OK ? wait_for_knot(act) : status;
		status = status == SERVER_OK ? make_plan(act, list, &plan) : status;
		if (status == SERVER_OK && plan.count == 0 && !plan.make) {
			return SERVER_OK;
		}
	}
	if (status == SERVER_OK && plan.make) {
		return begin(act, "zone-key-rollover", "ksk", "Knot makes the new KSK");
	}
	// Nothing was set now: whoever set the states may have ended before that.
	return status == SERVER_OK ? command(act, "zone-keys-load", NULL) : status;
}

server_status_t key_actor_run(const control_target_t *target, const key_client_t *client, const char *zone,
                              const server_keys_t *wish, char *detail)
{
	assert(target != NULL && client != NULL && zone != NULL && wish != NULL && detail != NULL);

	const act_t act = { .target = target,
		            .client = client,
		            .zone = zone,
		            .wish = wish,
		            .end = now_ms() + target->timeout_ms,
		            .detail = detail };
	key_list_t *list = malloc(sizeof(*list));
	if (list == NULL) {
		snprintf(detail, CONTROL_DETAIL_MAX, "%s", knot_strerror(KNOT_ENOMEM));
		return SERVER_UNREACHABLE;
	}
	server_status_t status = check_quiet(target, zone, detail);
	if (status == SERVER_OK) {
		status = act_until_done(&act, list);
	}
	free(list);
	return status;
}
