/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/addr.h"
#include "asking.h"
#include "discover.h"
#include "asker.h"
#include "pace.h"
#include "request.h"

/*! Surveys that look for servers at the same time; ask.c has a bound for the rest. */
#define DISCOVERIES_MAX 32

/*! Seconds since discovery began or went on: later there is no time for a second one. */
#define AFRESH_WITHIN 20

/*! Surveys that wait for their turn at the parent's servers; the others wait before they begin. */
#define TURNS_MAX 256

struct survey {
	task_t task; /*!< TASK_ACTIVE: looks for servers. TASK_PAUSED: waits for its turn. */
	dns_t *dns;
	request_t request;
	discover_t *discover;
	discover_t *again; /*!< Another one, which may take its place. */
	bool fresh;        /*!< What there is of the parent was looked up again. */
	bool compared;     /*!< It was, after answers had failed. */
	uint64_t since;    /*!< Milliseconds: discovery began, or went on after its turn. */
	uint64_t went_on;  /*!< The same, also without waiting for a turn. */
	asking_t *asking;
	survey_result_t *result;
	survey_done_f done;
	void *arg;
};

static void all_answered(void *arg);

static void stop(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	asking_free(survey->asking);
	discover_free(survey->discover);
	discover_free(survey->again);
	survey->asking = NULL;
	survey->discover = survey->again = NULL;
}

static void done(task_t *task, bool cancelled)
{
	survey_t *survey = (survey_t *)task;
	survey->result->cancelled = cancelled;
	survey->result->elapsed_ms = task_elapsed_ms(task);
	survey->done(survey->result, survey->arg);
}

static void survey_release(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	request_clear(&survey->request);
	free(survey);
}

/*! Nothing more is asked: what there is, is the result. */
static void finish(survey_t *survey)
{
	if (survey->asking != NULL) {
		asking_leave_out(survey->asking);
	}
	survey->result->no_route &= ~survey->result->routed;
	task_finish(&survey->task);
}

static discover_t *new_discovery(survey_t *survey, unsigned ask, bool fresh, discover_done_f parents,
                                 discover_done_f done)
{
	const discover_request_t wanted = {
		.zone = survey->request.known.zone,
		.child = (ask & SURVEY_CHILD) != 0,
		.parent_keys = (ask & SURVEY_PARENT) != 0,
		.ns = &survey->request.ns,
		.nameserver = &survey->request.nameserver,
		.parent = &survey->request.parent,
		.fresh = fresh,
	};
	const dns_t *dns = survey->dns;
	return discover_new(dns->shared, dns->above, dns->ask, &wanted, parents, done, survey);
}

static void ask_all(survey_t *survey, const discovery_t *found)
{
	bool ask_parent = (survey->request.ask & SURVEY_PARENT) != 0 && !found->insecure;
	survey_result_t *result = survey->result;
	survey->asking =
		asking_new(survey->dns->ask, &survey->request.known, found, ask_parent, result, all_answered, survey);
	if (survey->asking == NULL) {
		result->discovery_failed = true;
		snprintf(result->discovery_detail, sizeof(result->discovery_detail), "out of memory");
		finish(survey);
		return;
	}
	asking_start(survey->asking);
}

static void take_discovery(survey_t *survey, const discovery_t *found)
{
	survey_result_t *result = survey->result;
	result->partial = found->partial && !found->failed;
	result->discovery_failed = found->failed || found->partial;
	result->parent_insecure = found->parent_known && found->insecure && (survey->request.ask & SURVEY_PARENT) != 0;
	memcpy(result->discovery_detail, found->detail, sizeof(result->discovery_detail));
	result->queries += found->packets;

	const knot_rdataset_t *ns = discover_delegated_to(survey->discover);
	knot_rdataset_clear(&result->delegated_to, NULL);
	if (ns != NULL) {
		/* Without memory none is known. */
		(void)knot_rdataset_copy(&result->delegated_to, ns, NULL);
	}
	knot_dname_txt_storage_t text;
	if (found->parent_known && knot_dname_to_str(text, found->parent, sizeof(text)) != NULL) {
		snprintf(result->parent_zone, sizeof(result->parent_zone), "%.255s", text);
	}
}

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

/*! After the parent's servers were found, and it is this survey's turn to ask them. */
static void go_on(survey_t *survey)
{
	survey->went_on = now_ms();
	discover_go_on(survey->discover);
}

static void on_discovery_timeout(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	discover_stop(survey->discover);
	take_discovery(survey, discover_result(survey->discover));
	survey->result->discovery_failed = true;
	snprintf(survey->result->discovery_detail, sizeof(survey->result->discovery_detail),
	         "nameservers were not found within %u s: resolver or servers of the parent do not answer",
	         TASK_LOOKUPS_MAX_MS / 1000);
	finish(survey);
}

/*! Calls the function when discovery has taken too long. */
static void limit_discovery(survey_t *survey, task_step_f on_timeout)
{
	const uint64_t taken = now_ms() - survey->since;
	task_after(&survey->task, taken < TASK_LOOKUPS_MAX_MS ? TASK_LOOKUPS_MAX_MS - taken : 0, on_timeout);
}

/*! A turn may be minutes away and says nothing about the resolver: its limit starts again. */
static void on_turn(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	task_move(task, TASK_ACTIVE);
	survey->since = now_ms();
	limit_discovery(survey, on_discovery_timeout);
	go_on(survey);
}

/*!
 * What all of the parent's servers are asked: DS, and NS for the delegation. The zone's own servers are asked
 * between the two, so that all answers are of the same age.
 */
static unsigned take_turn(survey_t *survey)
{
	const servers_t *servers = &discover_result(survey->discover)->parent_servers;
	const uint64_t now = uv_now(survey->task.all->loop);
	bool ds = (survey->request.ask & SURVEY_PARENT) != 0;
	bool delegation = (survey->request.ask & SURVEY_CHILD) != 0 && survey->request.nameserver.count == 0;

	unsigned wait = 0;
	/* Both at the same turn; who comes after waits for two. */
	for (int left = ds + delegation; left > 0 && servers->addr_count > 0; left--) {
		unsigned turn = pace_turn(survey->dns->pace, &servers->addrs[0].addr, servers->addr_count,
		                          sizeof(servers->addrs[0]), now);
		wait = left == ds + delegation ? turn : wait;
	}
	return wait;
}

static void on_parents(void *arg)
{
	survey_t *survey = arg;
	unsigned wait = take_turn(survey);
	if (wait == 0) {
		go_on(survey);
		return;
	}
	task_after(&survey->task, wait, on_turn);
	task_move(&survey->task, TASK_PAUSED);
}

static bool discover_again(survey_t *survey);

static void on_discovered(void *arg)
{
	survey_t *survey = arg;
	const discovery_t *found = discover_result(survey->discover);
	task_stop_timer(&survey->task);
	if (found->failed && found->of_parent && discover_again(survey)) {
		survey->result->queries += found->packets;
		return;
	}
	take_discovery(survey, found);
	task_move(&survey->task, TASK_RUNNING);
	if (found->failed) {
		finish(survey);
	} else {
		ask_all(survey, found);
	}
}

static void begin(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	survey->since = survey->went_on = now_ms();
	limit_discovery(survey, on_discovery_timeout);
	discover_run(survey->discover);
}

/* -- the parent again ---------------------------------------------------------- */

/*
 * What others have looked up may be out of date, and the resolver's own cache as well: nothing is held against the
 * parent before it has been looked up again. Only here is that decided, and what is then done once more.
 */

/*! The discovery that was made takes the place of the one before. */
static void on_again(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	discover_free(survey->discover);
	survey->discover = survey->again;
	survey->again = NULL;
	survey->fresh = true;
	limit_discovery(survey, on_discovery_timeout);
	discover_run(survey->discover);
}

/*! The parent, or what it says of the zone, was not found. Not if that took long: there is no time for more. */
static bool discover_again(survey_t *survey)
{
	if (survey->fresh || now_ms() - survey->went_on > 1000 * AFRESH_WITHIN) {
		return false;
	}
	survey->again = new_discovery(survey, survey->request.ask, true, on_parents, on_discovered);
	if (survey->again == NULL) {
		return false;
	}
	/* Not before the callback of the one before has returned. */
	task_after(&survey->task, 0, on_again);
	return true;
}

static bool parent_failed(const survey_result_t *result)
{
	for (size_t i = 0; i < result->parent_count; i++) {
		/* A missing route of this host is not mended by other addresses of the same servers. */
		if (result->parent[i].status != ANSWER_OK && result->parent[i].status != ANSWER_NO_ROUTE) {
			return true;
		}
	}
	return false;
}

/*!
 * What was found afresh is something else, so servers of the zone may have been missed as well: all of it is
 * done once more.
 */
static void begin_again(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	survey_result_t *result = survey->result;
	discover_free(survey->again);
	survey->again = new_discovery(survey, survey->request.ask, true, on_parents, on_discovered);
	if (survey->again == NULL) {
		finish(survey);
		return;
	}
	asking_free(survey->asking);
	survey->asking = NULL;
	free(result->child);
	free(result->parent);
	knot_rdataset_clear(&result->ds, NULL);
	result->ds_agreed = false;
	result->child = NULL;
	result->parent = NULL;
	result->child_count = result->parent_count = 0;

	task_move(task, TASK_ACTIVE);
	survey->since = now_ms();
	on_again(task);
}

static void on_compared(void *arg)
{
	survey_t *survey = arg;
	const discovery_t *found = discover_result(survey->again);
	if (found->failed || discovery_same_parent(discover_result(survey->discover), found)) {
		finish(survey);
	} else {
		task_after(&survey->task, 0, begin_again);
	}
}

static void on_parents_compared(void *arg)
{
	survey_t *survey = arg;
	discover_go_on(survey->again);
}

static void on_compare_timeout(task_t *task)
{
	survey_t *survey = (survey_t *)task;
	discover_stop(survey->again);
	finish(survey);
}

/*!
 * A server of the parent that has a DS but does not say who serves the zone: it may be the only one that names
 * some server. One that says nothing at all is unreachable already.
 */
static void want_referrals(survey_t *survey)
{
	survey_result_t *result = survey->result;
	for (size_t i = 0; i < result->parent_count; i++) {
		const referral_said_t *said = discover_said(survey->discover, i);
		parent_answer_t *answer = &result->parent[i];
		if (said != NULL && said->why[0] != '\0' && answer->status == ANSWER_OK) {
			/* Half an answer: what it has as DS is judged all the same. */
			answer->no_referral = said->said == CUT_SILENT;
			answer->status = answer->no_referral ? ANSWER_OK : ANSWER_ERROR;
			snprintf(answer->detail, sizeof(answer->detail), "NS: %s", said->why);
		}
	}
}

/*! All answers are there: is the parent still the same, if one of it is wrong or missing? */
static void all_answered(void *arg)
{
	survey_t *survey = arg;
	want_referrals(survey);
	if (survey->compared || !parent_failed(survey->result)) {
		finish(survey);
		return;
	}
	survey->compared = true;
	survey->again = new_discovery(survey, SURVEY_PARENT, true, on_parents_compared, on_compared);
	if (survey->again == NULL) {
		finish(survey);
		return;
	}
	survey->since = now_ms();
	limit_discovery(survey, on_compare_timeout);
	discover_run(survey->again);
}

/* -- interface -------------------------------------------------------------- */

int survey_start(dns_t *dns, const survey_request_t *request, survey_done_f done, void *arg, survey_t **out)
{
	if (dns == NULL || request == NULL || done == NULL || dns->surveys.closing) {
		return KNOT_EINVAL;
	}

	survey_t *survey = calloc(1, sizeof(*survey));
	survey_result_t *result = calloc(1, sizeof(*result));
	int ret = survey == NULL || result == NULL ? KNOT_ENOMEM : request_copy(&survey->request, request);
	if (ret != KNOT_EOK) {
		free(survey);
		free(result);
		return ret;
	}

	survey->dns = dns;
	survey->discover = new_discovery(survey, request->ask, false, on_parents, on_discovered);
	if (survey->discover == NULL) {
		request_clear(&survey->request);
		free(survey);
		free(result);
		return KNOT_ENOMEM;
	}

	result->asked = request->ask;
	survey->result = result;
	survey->done = done;
	survey->arg = arg;
	task_start(&dns->surveys, &survey->task);
	if (out != NULL) {
		*out = survey;
	}
	return KNOT_EOK;
}

void survey_cancel(survey_t *survey)
{
	if (survey != NULL) {
		task_cancel(&survey->task);
	}
}

void surveys_init(tasks_t *surveys, uv_loop_t *loop)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop, .done = done, .free = survey_release };
	tasks_init(surveys, loop, &KIND, DISCOVERIES_MAX, TURNS_MAX);
}

void survey_free(survey_result_t *result)
{
	if (result != NULL) {
		free(result->child);
		free(result->parent);
		knot_rdataset_clear(&result->delegated_to, NULL);
		knot_rdataset_clear(&result->ds, NULL);
		free(result);
	}
}
