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

/*! The resolver has its own limits; this one is for a resolver that does not come back. */
#define DISCOVERY_MAX_MS 90000

/*! Surveys that look for servers at the same time; ask.c has a bound for the rest. */
#define DISCOVERIES_MAX 32

/*! Surveys that wait for their turn at the parent's servers; the others wait before they begin. */
#define TURNS_MAX 256

struct survey {
	dns_t *dns;
	survey_list_t *list; /*!< The one it is in. */
	survey_t *prev, *next;
	bool discovering; /*!< Counted in dns->discovering. */
	bool turning;     /*!< Counted in dns->turning: waits for its turn. */
	uv_timer_t timer; /*!< Begins, limits discovery, ends: always from a clean stack. */
	uint64_t started;
	request_t request;
	discover_t *discover;
	discover_t *afresh; /*!< The parent once more, after it failed. */
	bool searched_afresh;
	asking_t *asking;
	survey_result_t *result;
	survey_done_f done;
	void *arg;
};

static void on_begin(uv_timer_t *timer);
static void all_answered(void *arg);

static void list_add(survey_list_t *list, survey_t *survey)
{
	survey->list = list;
	survey->prev = list->last;
	survey->next = NULL;
	if (list->last != NULL) {
		list->last->next = survey;
	} else {
		list->first = survey;
	}
	list->last = survey;
}

static void list_remove(survey_t *survey)
{
	if (survey->prev != NULL) {
		survey->prev->next = survey->next;
	} else {
		survey->list->first = survey->next;
	}
	if (survey->next != NULL) {
		survey->next->prev = survey->prev;
	} else {
		survey->list->last = survey->prev;
	}
}

/*! Lets as many surveys begin as there is room for, the oldest first. */
static void begin_waiting(dns_t *dns)
{
	while (!dns->closing && dns->discovering < DISCOVERIES_MAX && dns->turning < TURNS_MAX &&
	       dns->waiting.first != NULL) {
		survey_t *survey = dns->waiting.first;
		list_remove(survey);
		list_add(&dns->running, survey);
		survey->discovering = true;
		dns->discovering++;
		uv_timer_start(&survey->timer, on_begin, 0, 0);
	}
}

static void discovery_over(survey_t *survey)
{
	dns_t *dns = survey->dns;
	dns->discovering -= survey->discovering;
	dns->turning -= survey->turning;
	survey->discovering = survey->turning = false;
	begin_waiting(dns);
}

static void on_closed(uv_handle_t *handle)
{
	survey_t *survey = handle->data;
	request_clear(&survey->request);
	discover_free(survey->discover);
	discover_free(survey->afresh);
	free(survey);
}

/*! Hands over the result. The survey is gone for its owner, who may call anything now. */
static void survey_end(survey_t *survey)
{
	survey_result_t *result = survey->result;
	survey_done_f done = survey->done;
	void *arg = survey->arg;

	result->elapsed_ms = uv_hrtime() / 1000000 - survey->started;
	result->no_route &= ~result->routed;
	if (survey->asking != NULL && !result->cancelled) {
		asking_leave_out(survey->asking);
	}

	discovery_over(survey);
	/* Before the asker and the resolver may go away. */
	asking_free(survey->asking);
	discover_free(survey->discover);
	discover_free(survey->afresh);
	survey->asking = NULL;
	survey->discover = survey->afresh = NULL;
	list_remove(survey);
	uv_close((uv_handle_t *)&survey->timer, on_closed);
	done(result, arg);
}

static void on_end(uv_timer_t *timer)
{
	survey_end(timer->data);
}

static void finish(survey_t *survey)
{
	uv_timer_start(&survey->timer, on_end, 0, 0);
}

static discover_t *new_discovery(survey_t *survey, unsigned ask, bool fresh, discover_done_f parents,
                                 discover_done_f done)
{
	const discover_request_t wanted = {
		.zone = survey->request.known.zone,
		.ask = ask,
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

	knot_dname_txt_storage_t text;
	if (found->parent_known && knot_dname_to_str(text, found->parent, sizeof(text)) != NULL) {
		snprintf(result->parent_zone, sizeof(result->parent_zone), "%.255s", text);
	}
}

static void on_discovery_timeout(uv_timer_t *timer);

/*! A turn may be minutes away and says nothing about the resolver: its limit starts anew. */
static void on_turn(uv_timer_t *timer)
{
	survey_t *survey = timer->data;
	if (survey->turning) {
		survey->dns->turning--;
		survey->dns->discovering++;
		survey->turning = false;
		survey->discovering = true;
		begin_waiting(survey->dns);
	}
	uv_timer_start(timer, on_discovery_timeout, DISCOVERY_MAX_MS, 0);
	discover_go_on(survey->discover);
}

/*!
 * What all of the parent's servers are asked: DS, and NS for the delegation. The zone's own servers are asked
 * between the two, so that all answers are of the same age.
 */
static unsigned take_turn(survey_t *survey)
{
	const servers_t *servers = &discover_result(survey->discover)->parent_servers;
	const uint64_t now = uv_now(survey->dns->loop);
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
		discover_go_on(survey->discover);
		return;
	}
	survey->dns->discovering--;
	survey->dns->turning++;
	survey->discovering = false;
	survey->turning = true;
	uv_timer_start(&survey->timer, on_turn, wait, 0);
	begin_waiting(survey->dns);
}

static void on_discovered(void *arg)
{
	survey_t *survey = arg;
	uv_timer_stop(&survey->timer);
	discovery_over(survey);

	const discovery_t *found = discover_result(survey->discover);
	take_discovery(survey, found);
	if (found->failed) {
		finish(survey);
	} else {
		ask_all(survey, found);
	}
}

static void on_discovery_timeout(uv_timer_t *timer)
{
	survey_t *survey = timer->data;
	discover_stop(survey->discover);
	take_discovery(survey, discover_result(survey->discover));
	survey->result->discovery_failed = true;
	snprintf(survey->result->discovery_detail, sizeof(survey->result->discovery_detail),
	         "nameservers were not found within %u s: resolver or servers of the parent do not answer",
	         DISCOVERY_MAX_MS / 1000);
	finish(survey);
}

static void on_begin(uv_timer_t *timer)
{
	survey_t *survey = timer->data;
	uv_timer_start(timer, on_discovery_timeout, DISCOVERY_MAX_MS, 0);
	discover_run(survey->discover);
}

/* -- the parent once more ------------------------------------------------------ */

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
static void begin_anew(survey_t *survey)
{
	survey_result_t *result = survey->result;
	discover_t *discover = new_discovery(survey, survey->request.ask, true, on_parents, on_discovered);
	if (discover == NULL) {
		finish(survey);
		return;
	}
	asking_free(survey->asking);
	survey->asking = NULL;
	discover_free(survey->discover);
	survey->discover = discover;
	free(result->child);
	free(result->parent);
	result->child = NULL;
	result->parent = NULL;
	result->child_count = result->parent_count = 0;

	survey->discovering = true;
	survey->dns->discovering++;
	uv_timer_start(&survey->timer, on_begin, 0, 0);
}

static void on_afresh(void *arg)
{
	survey_t *survey = arg;
	const discovery_t *found = discover_result(survey->afresh);
	uv_timer_stop(&survey->timer);
	if (found->failed || discovery_same_parent(discover_result(survey->discover), found)) {
		finish(survey);
	} else {
		begin_anew(survey);
	}
}

static void on_parents_afresh(void *arg)
{
	survey_t *survey = arg;
	discover_go_on(survey->afresh);
}

static void on_afresh_timeout(uv_timer_t *timer)
{
	survey_t *survey = timer->data;
	discover_stop(survey->afresh);
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
			answer->no_referral = said->said == DELEGATION_SILENT;
			answer->status = answer->no_referral ? ANSWER_OK : ANSWER_ERROR;
			snprintf(answer->detail, sizeof(answer->detail), "NS: %s", said->why);
		}
	}
}

/*!
 * \brief All answers are there.
 *
 * The parent's keys and servers may be of up to a minute ago, and from a resolver. So they are looked up
 * afresh once before an answer of the parent is taken for wrong, or missing.
 */
static void all_answered(void *arg)
{
	survey_t *survey = arg;
	want_referrals(survey);
	if (survey->searched_afresh || !parent_failed(survey->result)) {
		finish(survey);
		return;
	}
	survey->searched_afresh = true;
	survey->afresh = new_discovery(survey, SURVEY_PARENT, true, on_parents_afresh, on_afresh);
	if (survey->afresh == NULL) {
		finish(survey);
		return;
	}
	uv_timer_start(&survey->timer, on_afresh_timeout, DISCOVERY_MAX_MS, 0);
	discover_run(survey->afresh);
}

/* -- interface -------------------------------------------------------------- */

int survey_start(dns_t *dns, const survey_request_t *request, survey_done_f done, void *arg, survey_t **out)
{
	if (dns == NULL || request == NULL || done == NULL || dns->closing) {
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
	survey->started = uv_hrtime() / 1000000;
	uv_timer_init(dns->loop, &survey->timer);
	survey->timer.data = survey;

	list_add(&dns->waiting, survey);
	begin_waiting(dns);
	if (out != NULL) {
		*out = survey;
	}
	return KNOT_EOK;
}

void survey_cancel(survey_t *survey)
{
	if (survey == NULL) {
		return;
	}

	discover_stop(survey->discover);
	discover_stop(survey->afresh);
	asking_free(survey->asking);
	survey->asking = NULL;
	survey->result->cancelled = true;
	survey_end(survey);
}

void survey_free(survey_result_t *result)
{
	if (result != NULL) {
		free(result->child);
		free(result->parent);
		free(result);
	}
}
