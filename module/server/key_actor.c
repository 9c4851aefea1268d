/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>
#include <uv.h>

#include "key_actor.h"
#include "key_plan.h"

/*! Letters of `zone-status`: transaction, freeze, events; times as numbers. */
#define FILTERS_EVENTS "tfe"
#define FLAGS_UNIXTIME "u"
/*! How often an order is carried out before Knot is said to undo it. */
#define TRIES 3
/*! Knot needs time to read the keys: they are read back after 50 ms, or another 100, 200, 400 ms. */
#define PAUSE_FIRST_MS 50
#define PAUSES         4
#define NS_PER_MS      UINT64_C(1000000)

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

/*! Where an order is. */
typedef enum {
	PHASE_NEW = 0,
	PHASE_READ_BACK, // The keys are set. They are read back after a pause.
	PHASE_ENDED,
} phase_t;

/*! An order that is carried out. Times are those of uv_hrtime(), ns. */
typedef struct {
	key_task_t *task;
	phase_t phase;
	unsigned tries;  // How often the keys were set.
	unsigned pauses; // Since they were set.
	uint64_t due;    // End of the pause.
} act_t;

/*! What all orders share. */
typedef struct {
	const control_target_t *target;
	const key_client_t *client;
	uint64_t end;    // Nothing begins afterwards.
	key_list_t list; // Of the zone whose turn it is.
	size_t count;
	act_t acts[];
} work_t;

/*! Other zones wait for this thread. */
static bool is_over(const work_t *work, key_task_t *task)
{
	if (uv_hrtime() < work->end) {
		return false;
	}
	snprintf(task->detail, sizeof(task->detail), "keymgr and Knot take long: continued later");
	return true;
}

static server_status_t status_of(int ret)
{
	// Of a keymgr that was killed nobody knows what it has done.
	return ret == KNOT_EOK                           ? SERVER_OK :
	       ret == KNOT_ECONN || ret == KNOT_ETIMEOUT ? SERVER_UNREACHABLE :
	                                                   SERVER_REFUSED;
}

static server_status_t make_plan(work_t *work, key_task_t *task, key_plan_t *plan)
{
	const server_status_t status = status_of(key_client_list(work->client, task->zone, &work->list, task->detail));
	if (status != SERVER_OK) {
		return status;
	}
	if (!key_plan(&work->list, task->wish, time(NULL), plan)) {
		snprintf(task->detail, sizeof(task->detail), "%s", plan->error);
		return SERVER_REFUSED;
	}
	return SERVER_OK;
}

/*! Knot's workers may be busy with servers that do not answer: nobody waits for them at the control socket. */
static server_status_t command(const work_t *work, key_task_t *task, const char *name, const char *type)
{
	control_cmd_t cmd = { .name = name, .zone = task->zone, .type = type };
	return tell(work->target, &cmd, task->detail);
}

/*! What Knot does in its own time. The order is repeated when it is done. */
static server_status_t begin(const work_t *work, key_task_t *task, const char *name, const char *type,
                             const char *words)
{
	const server_status_t status = command(work, task, name, type);
	if (status == SERVER_OK) {
		snprintf(task->detail, sizeof(task->detail), "%s", words);
	}
	return status == SERVER_OK ? SERVER_BUSY : status;
}

static server_status_t set_all(const work_t *work, key_task_t *task, const key_plan_t *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const key_step_t *step = &plan->steps[i];
		if (is_over(work, task)) {
			return SERVER_BUSY;
		}
		const server_status_t status =
			status_of(key_client_set(work->client, task->zone, step->key->id, step->change, task->detail));
		if (status != SERVER_OK) {
			return status;
		}
	}
	return SERVER_OK;
}

/*! The other orders go on in the pause. */
static void make_pause(act_t *act)
{
	act->phase = PHASE_READ_BACK;
	act->due = uv_hrtime() + (PAUSE_FIRST_MS * NS_PER_MS << act->pauses);
	act->pauses++;
}

/*! The states are as ordered. */
static server_status_t conclude(const work_t *work, const act_t *act, const key_plan_t *plan)
{
	if (plan->make) {
		return begin(work, act->task, "zone-key-rollover", "ksk", "Knot makes the new KSK");
	}
	// Nothing was set now: whoever set the states may have ended before that.
	return act->tries == 0 ? command(work, act->task, "zone-keys-load", NULL) : SERVER_OK;
}

/*! With Knot being quiet. */
static server_status_t set_or_conclude(work_t *work, act_t *act)
{
	key_task_t *task = act->task;
	key_plan_t plan;
	server_status_t status = make_plan(work, task, &plan);

	if (status != SERVER_OK) {
		return status;
	}
	if (plan.count == 0) {
		return conclude(work, act, &plan);
	}
	if (act->tries == 0 && task->wish->sign_first) {
		// A large zone takes long.
		return begin(work, task, "zone-sign", NULL,
		             "Knot signs the zone again before its signals are repeated");
	}
	if (act->tries == TRIES) {
		snprintf(task->detail, sizeof(task->detail), "Knot undoes what keymgr sets");
		return SERVER_BUSY;
	}
	status = set_all(work, task, &plan);
	status = status == SERVER_OK ? command(work, task, "zone-keys-load", NULL) : status;
	if (status == SERVER_OK) {
		act->tries++;
		act->pauses = 0;
		make_pause(act);
	}
	return status;
}

/*! The order ends, unless a pause begins. */
static server_status_t take_turn(work_t *work, act_t *act)
{
	key_task_t *task = act->task;
	const bool first = act->phase == PHASE_NEW;

	act->phase = PHASE_ENDED;
	if (is_over(work, task)) {
		return SERVER_BUSY;
	}
	task->begun = true;
	if (first && task->latest != 0 && uv_hrtime() > task->latest) {
		snprintf(task->detail, sizeof(task->detail),
		         "the order has waited for its turn: what it rests on is proven again");
		return SERVER_BUSY;
	}
	// What Knot writes while it reads the keys would undo what is set before its end.
	const server_status_t status = check_quiet(work->target, task->zone, task->detail);
	if (status == SERVER_OK) {
		return set_or_conclude(work, act);
	}
	if (status == SERVER_BUSY && !first && act->pauses < PAUSES) {
		make_pause(act);
	}
	return status;
}

/*!
 * Those whose pause is over go first: few orders are half done when the time is over. Then the new ones go, in their
 * order. \return NULL: all have ended.
 */
static act_t *next_act(work_t *work)
{
	const uint64_t now = uv_hrtime();
	act_t *next = NULL;

	for (size_t i = 0; i < work->count; i++) {
		act_t *act = &work->acts[i];
		if (act->phase == PHASE_NEW) {
			act->due = now;
		}
		if (act->phase != PHASE_ENDED && (next == NULL || act->due < next->due)) {
			next = act;
		}
	}
	return next;
}

static void sleep_until(uint64_t due)
{
	const uint64_t now = uv_hrtime();
	if (due > now) {
		// Less than a second.
		nanosleep(&(struct timespec){ .tv_nsec = (long)(due - now) }, NULL);
	}
}

static void run(work_t *work)
{
	act_t *act;
	while ((act = next_act(work)) != NULL) {
		sleep_until(act->due < work->end ? act->due : work->end);
		act->task->status = take_turn(work, act);
		if (act->task->status == SERVER_OK) {
			act->task->detail[0] = '\0';
		}
	}
}

void key_actor_run(const control_target_t *target, const key_client_t *client, key_task_t *tasks, size_t count)
{
	assert(target != NULL && client != NULL && (tasks != NULL || count == 0));

	work_t *work = calloc(1, sizeof(*work) + count * sizeof(work->acts[0]));
	for (size_t i = 0; i < count; i++) {
		assert(tasks[i].zone != NULL && tasks[i].wish != NULL);
		tasks[i].begun = work == NULL;
		tasks[i].status = SERVER_UNREACHABLE;
		snprintf(tasks[i].detail, sizeof(tasks[i].detail), "%s", knot_strerror(KNOT_ENOMEM));
		if (work != NULL) {
			work->acts[i].task = &tasks[i];
		}
	}
	if (work == NULL) {
		return;
	}
	work->target = target;
	work->client = client;
	work->end = uv_hrtime() + target->timeout_ms * NS_PER_MS;
	work->count = count;
	run(work);
	free(work);
}
