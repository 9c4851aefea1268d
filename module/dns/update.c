/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A change at a primary: a question whether it can be made now, the message that makes it, and where the answer is not
 * the last word another question.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "exchange.h"
#include "kskroll/text_copy.h"
#include "kskroll/update.h"
#include "tasks.h"
#include "update_message.h"
#include "update_phase.h"
#include "updates.h"
#include "util/knot.h"

#define CONNECT_MS 5000
/*! The primary may sign before it answers, and handles other changes first. */
#define ANSWER_MS 60000
/*! Late at any time. */
#define WITHDRAWN 1

struct updates {
	tasks_t tasks;
};

struct update {
	task_t task;
	knot_dname_storage_t zone, owner;
	knot_rdataset_t ns, ds, wanted;
	uint32_t ttl;
	bool check_only;
	uint64_t latest;
	struct sockaddr_storage primary;
	update_key_t key;
	unsigned timeout_ms;
	update_phase_t phase;
	update_message_t message;
	exchange_t *exchange;
	update_result_t result;
	update_done_f done;
	void *arg;
};

static void ask(update_t *u, update_phase_t phase);

static void conclude(update_t *u, update_status_t status)
{
	u->result.status = status;
	task_finish(&u->task);
}

static int make(update_t *u)
{
	const bool changes = u->phase == UPDATE_ASKS_CHANGE, wanted = u->phase == UPDATE_ASKS_WANTED;
	const update_content_t content = {
		.zone = u->zone,
		.owner = u->owner,
		.ns = &u->ns,
		.ds = wanted ? &u->wanted : &u->ds,
		.put = changes ? &u->wanted : NULL,
		.ttl = u->ttl,
	};
	return update_message_make(&u->message, &content, dnssec_random_uint16_t(), &u->key);
}

/* -- answers ----------------------------------------------------------------- */

/*! Without a signature nothing is done, whatever else is said. */
static bool may_be_unsigned(uint16_t rcode)
{
	return rcode == KNOT_RCODE_NOTAUTH || rcode == KNOT_RCODE_REFUSED || rcode == KNOT_RCODE_FORMERR ||
	       rcode == KNOT_RCODE_NOTIMPL || rcode == KNOT_RCODE_SERVFAIL || rcode == KNOT_RCODE_NOTZONE;
}

/*! A prerequisite does not hold (RFC 2136 3.2.5). */
static bool is_prerequisite(uint16_t rcode)
{
	return rcode == KNOT_RCODE_NXRRSET || rcode == KNOT_RCODE_YXRRSET || rcode == KNOT_RCODE_NXDOMAIN ||
	       rcode == KNOT_RCODE_YXDOMAIN;
}

static bool is_late(const update_t *u)
{
	return !u->check_only && u->latest != 0 && uv_hrtime() >= u->latest;
}

/*! \a holds: the prerequisites do. */
static void go_on(update_t *u, bool holds)
{
	update_phase_t next = u->phase;
	update_status_t status;

	if (update_phase_next(&next, u->check_only, holds, &status)) {
		if (next == UPDATE_ASKS_CHANGE && is_late(u)) {
			text_copy(u->result.detail, sizeof(u->result.detail),
			          u->latest == WITHDRAWN ? "it is not wanted any more" :
			                                   "the primary has answered too late");
			conclude(u, UPDATE_UNSENT);
			return;
		}
		ask(u, next);
		return;
	}
	text_copy(u->result.detail, sizeof(u->result.detail), holds ? "" : "the primary has another NS or DS RRset");
	conclude(u, status);
}

static void take(update_t *u, const update_answer_t *answer)
{
	text_copy(u->result.detail, sizeof(u->result.detail), answer->detail);
	if (!answer->authentic) {
		conclude(u, may_be_unsigned(answer->rcode) ? UPDATE_REFUSED_UNSIGNED :
		                                             update_phase_lost(u->phase, u->check_only, true));
	} else if (is_prerequisite(answer->rcode) || answer->rcode == KNOT_RCODE_NOERROR) {
		go_on(u, answer->rcode == KNOT_RCODE_NOERROR);
	} else {
		conclude(u, UPDATE_REFUSED);
	}
}

static void on_exchanged(const exchange_result_t *result, void *arg)
{
	update_t *u = arg;
	update_answer_t answer;
	const char *error = result->error;

	u->exchange = NULL;
	u->result.sent |= u->phase == UPDATE_ASKS_CHANGE && (result->sent || result->wire != NULL);
	if (result->wire != NULL) {
		error = update_answer_read(&u->message, u->zone, &u->key, result->wire, result->len, &answer);
		if (error == NULL) {
			take(u, &answer);
			return;
		}
	}
	text_copy(u->result.detail, sizeof(u->result.detail), error);
	conclude(u, update_phase_lost(u->phase, u->check_only, result->sent));
}

static void ask(update_t *u, update_phase_t phase)
{
	u->phase = phase;
	const int ret = make(u);
	if (ret == KNOT_EOK) {
		u->exchange = exchange_start(u->task.all->loop, &u->primary, u->message.wire, u->message.len,
		                             u->timeout_ms < CONNECT_MS ? u->timeout_ms : CONNECT_MS, u->timeout_ms,
		                             on_exchanged, u);
	}
	if (u->exchange == NULL) {
		text_copy(u->result.detail, sizeof(u->result.detail),
		          ret == KNOT_EOK ? "no socket" : knot_strerror(ret));
		conclude(u, update_phase_lost(phase, u->check_only, false));
	}
}

/* -- tasks ------------------------------------------------------------------- */

static void begin(task_t *task)
{
	update_t *u = (update_t *)task;
	if (is_late(u)) {
		text_copy(u->result.detail, sizeof(u->result.detail), "other changes came first for too long");
		conclude(u, UPDATE_UNSENT);
		return;
	}
	ask(u, update_phase_first(u->check_only));
}

static void stop(task_t *task)
{
	update_t *u = (update_t *)task;
	exchange_cancel(u->exchange);
	u->exchange = NULL;
}

static void done(task_t *task, bool cancelled)
{
	update_t *u = (update_t *)task;
	if (cancelled) {
		u->result.status = UPDATE_CANCELLED;
	}
	u->result.elapsed_ms = task_elapsed_ms(task);
	u->done(&u->result, u->arg);
}

static void update_release(task_t *task)
{
	update_t *u = (update_t *)task;
	knot_rdataset_clear(&u->ns, NULL);
	knot_rdataset_clear(&u->ds, NULL);
	knot_rdataset_clear(&u->wanted, NULL);
	update_key_clear(&u->key);
	free(u);
}

/* -- interface --------------------------------------------------------------- */

/*! All but the names. */
static int copy(update_t *u, const update_request_t *request)
{
	if (knot_rdataset_copy(&u->ns, request->ns, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&u->ds, request->ds, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&u->wanted, request->wanted, NULL) != KNOT_EOK ||
	    !update_key_copy(&u->key, &request->key)) {
		return KNOT_ENOMEM;
	}
	u->ttl = request->ttl;
	u->check_only = request->check_only;
	u->latest = request->latest;
	u->primary = request->primary;
	u->timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : ANSWER_MS;
	/* What cannot be written is said before anything is sent. The change is the longest of the messages. */
	u->phase = UPDATE_ASKS_CHANGE;
	return make(u);
}

int update_start(dns_t *dns, const update_request_t *request, update_done_f on_done, void *arg, update_t **out)
{
	if (dns == NULL || dns->updates == NULL || dns->updates->tasks.closing || request == NULL ||
	    request->zone == NULL || request->owner == NULL || request->ns == NULL || request->ns->count == 0 ||
	    request->ds == NULL || request->wanted == NULL || on_done == NULL ||
	    knot_dname_in_bailiwick(request->owner, request->zone) <= 0) {
		return KNOT_EINVAL;
	}

	update_t *u = calloc(1, sizeof(*u));
	if (u == NULL) {
		return KNOT_ENOMEM;
	}
	u->done = on_done;
	u->arg = arg;
	knot_dname_copy_lower(u->zone, request->zone);
	knot_dname_copy_lower(u->owner, request->owner);
	const int ret = copy(u, request);
	if (ret != KNOT_EOK) {
		update_release(&u->task);
		return ret;
	}
	task_start(&dns->updates->tasks, &u->task);
	if (out != NULL) {
		*out = u;
	}
	return KNOT_EOK;
}

void update_withdraw(update_t *u)
{
	u->latest = WITHDRAWN;
}

void update_cancel(update_t *u)
{
	if (u != NULL) {
		task_cancel(&u->task);
	}
}

updates_t *updates_new(uv_loop_t *loop)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop, .done = done, .free = update_release };
	assert(loop);

	updates_t *updates = calloc(1, sizeof(*updates));
	if (updates != NULL) {
		tasks_init(&updates->tasks, loop, &KIND, UPDATE_SLOTS, 0);
	}
	return updates;
}

void updates_free(updates_t *updates)
{
	if (updates != NULL) {
		tasks_close(&updates->tasks);
		free(updates);
	}
}
