/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "asker.h"
#include "kskroll/addr.h"
#include "tasks.h"
#include "util/knot.h"

/*! Random bytes of the label that does not exist. */
#define ABSENT_BYTES 8

/*! What our own resolver is asked. */
enum {
	DNSKEY,
	SOA,
	ABSENT,
	PARENT,
	QUESTIONS
};

/* clang-format off */
static const char *const QUESTION_NAMES[] = {
	[DNSKEY] = "DNSKEY",
	[SOA] = "SOA",
	[ABSENT] = "nonexistent name",
	[PARENT] = "SOA of the parent",
};
/* clang-format on */

typedef enum {
	SEEN_NOTHING,
	SEEN_SECURE,
	SEEN_INSECURE,
	SEEN_BOGUS,
} seen_t;

typedef struct {
	watch_t *watch;
	lookup_t *lookup; /*!< NULL once it is done. */
	seen_t seen;
	char reason[120];
} question_t;

/*! One remote resolver. */
typedef struct {
	watch_t *watch;
	validator_t *validator;
	bool done;
	verdict_t verdict;
	char reason[160];
} remote_t;

struct watches {
	tasks_t tasks;
	ask_t *ask;
	dns_config_t config;
};

struct watch {
	task_t task;
	watches_t *watches;
	knot_dname_storage_t zone; /*!< Lower case. */
	knot_dname_storage_t absent;
	bool has_absent;
	bool dnskey_only;              /*!< For watch_views(). */
	const knot_dname_t *candidate; /*!< Of the parent: a suffix of the zone. */
	resolve_t *resolve;            /*!< Its own, with nothing in its cache. */
	question_t questions[QUESTIONS];
	dns_addrs_t addrs;
	remote_t *remotes; /*!< As many as addresses. */
	unsigned pending;
	watch_done_f done;
	watch_views_f views;
	void *arg;
};

/* -- judging ----------------------------------------------------------------- */

/*! The question that shows that the zone does not validate; QUESTIONS if none does. */
static unsigned failed_question(const question_t questions[QUESTIONS])
{
	/* Without DNSKEY nothing can validate: its servers are out of reach, that is all. */
	if (questions[DNSKEY].seen == SEEN_NOTHING) {
		return QUESTIONS;
	}
	for (unsigned i = DNSKEY; i <= ABSENT; i++) {
		/* Denial by an opt-out NSEC3 is insecure as such, RFC 5155 9.2. */
		if (questions[i].seen == SEEN_BOGUS || (questions[i].seen == SEEN_INSECURE && i != ABSENT)) {
			return i;
		}
	}
	return QUESTIONS;
}

static verdict_t judge_own(const question_t questions[QUESTIONS], char *reason, size_t size)
{
	unsigned cause = failed_question(questions);
	verdict_t verdict = VERDICT_FAILING;
	if (cause == QUESTIONS) {
		if (questions[SOA].seen == SEEN_SECURE && questions[DNSKEY].seen == SEEN_SECURE) {
			reason[0] = '\0';
			return VERDICT_GOOD;
		}
		cause = questions[DNSKEY].seen == SEEN_NOTHING ? DNSKEY : SOA;
		verdict = VERDICT_NONE;
	}
	if (questions[PARENT].seen == SEEN_INSECURE || questions[PARENT].seen == SEEN_BOGUS) {
		cause = PARENT;
		verdict = VERDICT_PARENT;
	} else if (questions[PARENT].seen != SEEN_SECURE && verdict == VERDICT_FAILING) {
		cause = PARENT;
		verdict = VERDICT_NONE;
	}
	snprintf(reason, size, "%s: %s", QUESTION_NAMES[cause],
	         questions[cause].reason[0] != '\0' ? questions[cause].reason : "timeout");
	return verdict;
}

static bool says(const watch_evidence_t *evidence)
{
	return evidence->verdict == VERDICT_GOOD || evidence->verdict == VERDICT_FAILING;
}

void watch_count(const watch_evidence_t *evidence, size_t count, watch_result_t *result)
{
	/* The gravest, the first of equals, is told; what does not count is told before who is silent. */
	enum {
		NOTHING,
		SILENT,
		UNCOUNTED,
		PARENT_FAILS,
		FAILS
	} told = NOTHING, gravity;
	assert(evidence && count > 0 && result);

	result->answered = result->failing = 0;
	result->parent_ok = false;
	result->detail[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const watch_evidence_t *e = &evidence[i];
		bool counts = says(e) && (e->authenticated || e->verdict == evidence[0].verdict);
		result->answered += counts;
		result->failing += counts && e->verdict == VERDICT_FAILING;
		result->parent_ok = result->parent_ok || counts;

		gravity = e->verdict == VERDICT_NONE    ? SILENT :
		          e->verdict == VERDICT_PARENT  ? PARENT_FAILS :
		          e->verdict == VERDICT_FAILING ? (counts ? FAILS : UNCOUNTED) :
		                                          NOTHING;
		if (gravity > told) {
			told = gravity;
			snprintf(result->detail, sizeof(result->detail), "%.64s: %s%.70s", e->who,
			         gravity == UNCOUNTED ? "not counted: " : "", e->reason);
		}
	}
}

static void judge(const watch_t *watch, watch_result_t *result)
{
	char own[160], (*who)[ADDR_TEXT_MAX] = calloc(watch->addrs.count + 1, sizeof(*who));
	watch_evidence_t *evidence = calloc(watch->addrs.count + 1, sizeof(*evidence));
	size_t count = 1;

	if (who == NULL || evidence == NULL) {
		free(who);
		free(evidence);
		snprintf(result->detail, sizeof(result->detail), "out of memory");
		return;
	}
	evidence[0] = (watch_evidence_t){
		.verdict = judge_own(watch->questions, own, sizeof(own)),
		.authenticated = true,
		.who = "own resolver",
		.reason = own,
	};
	for (; count <= watch->addrs.count; count++) {
		const remote_t *remote = &watch->remotes[count - 1];
		const struct sockaddr_storage *addr = &watch->addrs.addr[count - 1];
		addr_to_text(addr, who[count]);
		evidence[count] = (watch_evidence_t){
			.verdict = remote->verdict,
			.authenticated = addr_is_loopback(addr),
			.who = who[count],
			.reason = remote->done ? remote->reason : "timeout",
		};
	}
	watch_count(evidence, count, result);
	result->parent_ok = result->parent_ok || watch->questions[PARENT].seen == SEEN_SECURE;
	free(who);
	free(evidence);
}

/* -- the DNSKEY RRset alone --------------------------------------------------- */

static void view_own(const question_t questions[QUESTIONS], delegation_view_t *view)
{
	const question_t *cause = &questions[DNSKEY];

	snprintf(view->resolver, sizeof(view->resolver), "own resolver");
	view->status = cause->seen == SEEN_SECURE   ? DELEGATION_VIEW_SECURE :
	               cause->seen == SEEN_INSECURE ? DELEGATION_VIEW_INSECURE :
	               cause->seen == SEEN_BOGUS    ? DELEGATION_VIEW_BOGUS :
	                                              DELEGATION_VIEW_NONE;
	if (view->status == DELEGATION_VIEW_BOGUS && questions[PARENT].seen != SEEN_SECURE) {
		cause = &questions[PARENT];
		view->status = DELEGATION_VIEW_NONE;
	}
	if (view->status != DELEGATION_VIEW_SECURE) {
		snprintf(view->detail, sizeof(view->detail), "%s: %.100s",
		         QUESTION_NAMES[cause == &questions[PARENT] ? PARENT : DNSKEY],
		         cause->reason[0] != '\0' ? cause->reason : "timeout");
	}
}

static void view_remote(const remote_t *remote, const struct sockaddr_storage *addr, delegation_view_status_t own,
                        delegation_view_t *view)
{
	char who[ADDR_TEXT_MAX];
	addr_to_text(addr, who);
	snprintf(view->resolver, sizeof(view->resolver), "%s", who);
	snprintf(view->detail, sizeof(view->detail), "%.127s", remote->done ? remote->reason : "timeout");
	view->status = remote->verdict == VERDICT_GOOD    ? DELEGATION_VIEW_SECURE :
	               remote->verdict == VERDICT_FAILING ? DELEGATION_VIEW_BOGUS :
	                                                    DELEGATION_VIEW_NONE;
	/* See watch_count(). */
	if (view->status != DELEGATION_VIEW_NONE && view->status != own && !addr_is_loopback(addr)) {
		snprintf(view->detail, sizeof(view->detail), "not counted: %.100s",
		         view->status == DELEGATION_VIEW_SECURE ? "only this one validates it" : remote->reason);
		view->status = DELEGATION_VIEW_NONE;
	}
}

static void give_views(const watch_t *watch, bool cancelled)
{
	const size_t count = watch->addrs.count + 1;
	delegation_view_t *view = cancelled ? NULL : calloc(count, sizeof(*view));
	if (view != NULL) {
		view_own(watch->questions, &view[0]);
		for (size_t i = 1; i < count; i++) {
			view_remote(&watch->remotes[i - 1], &watch->addrs.addr[i - 1], view[0].status, &view[i]);
		}
	}
	watch->views(cancelled, view, view != NULL ? count : 0, watch->arg);
	free(view);
}

/* -- beginning and end -------------------------------------------------------- */

static void stop(task_t *task)
{
	watch_t *watch = (watch_t *)task;
	for (size_t i = 0; i < watch->addrs.count; i++) {
		validator_free(watch->remotes[i].validator);
		watch->remotes[i].validator = NULL;
	}
	resolve_free(watch->resolve);
	watch->resolve = NULL;
}

/*! Hands over the result: all is there, or the time is up. */
static void done(task_t *task, bool cancelled)
{
	watch_t *watch = (watch_t *)task;
	if (watch->views != NULL) {
		give_views(watch, cancelled);
		return;
	}
	watch_result_t result = { .cancelled = cancelled };
	if (!cancelled) {
		judge(watch, &result);
	}
	result.elapsed_ms = task_elapsed_ms(task);
	watch->done(&result, watch->arg);
}

static void watch_free(task_t *task)
{
	watch_t *watch = (watch_t *)task;
	addrs_clear(&watch->addrs);
	free(watch->remotes);
	free(watch);
}

static void one_done(watch_t *watch)
{
	assert(watch->pending > 0);
	if (--watch->pending == 0) {
		task_finish(&watch->task);
	}
}

/* -- our own resolver --------------------------------------------------------- */

static void look_up(watch_t *watch, unsigned index);

static void note(question_t *question, seen_t seen, const char *reason)
{
	question->seen = seen;
	snprintf(question->reason, sizeof(question->reason), "%s", reason);
}

static void on_lookup(const lookup_result_t *result, void *arg)
{
	question_t *question = arg;
	watch_t *watch = question->watch;
	unsigned index = question - watch->questions;
	question->lookup = NULL;

	bool there = result->status == LOOKUP_DATA && !result->alias;
	if (result->status == LOOKUP_FAILED) {
		note(question, result->bogus ? SEEN_BOGUS : SEEN_NOTHING, result->error);
	} else if (index == PARENT && !there && *watch->candidate != '\0') {
		/* No zone begins here. */
		watch->candidate = knot_dname_next_label(watch->candidate);
		look_up(watch, PARENT);
		return;
	} else if (!result->secure) {
		note(question, SEEN_INSECURE, "insecure, no DS that leads to it");
	} else if (!there && index != ABSENT) {
		note(question, SEEN_NOTHING, "no such record");
	} else {
		note(question, SEEN_SECURE, "");
	}
	one_done(watch);
}

static void look_up(watch_t *watch, unsigned index)
{
	/* clang-format off */
	/* CNAME is never followed: a wildcard must not lead into another zone. */
	static const uint16_t TYPES[] = {
		[DNSKEY] = KNOT_RRTYPE_DNSKEY, [SOA] = KNOT_RRTYPE_SOA,
		[ABSENT] = KNOT_RRTYPE_CNAME, [PARENT] = KNOT_RRTYPE_SOA,
	};
	/* clang-format on */
	const knot_dname_t *name = index == PARENT ? watch->candidate : index == ABSENT ? watch->absent : watch->zone;

	question_t *question = &watch->questions[index];
	question->watch = watch;
	question->lookup = resolve_start(watch->resolve, name, TYPES[index], on_lookup, question);
	if (question->lookup == NULL) {
		note(question, SEEN_NOTHING, "resolver accepts no queries");
		one_done(watch);
	}
}

static void begin_own(watch_t *watch)
{
	char err[256];
	watch->resolve = resolve_new(watch->task.all->loop, &watch->watches->config, err, sizeof(err));
	if (watch->resolve == NULL) {
		snprintf(watch->questions[DNSKEY].reason, sizeof(watch->questions[DNSKEY].reason), "%.100s", err);
		return;
	}

	watch->candidate = knot_dname_next_label(watch->zone);
	const bool asks[QUESTIONS] = {
		[DNSKEY] = true,
		[SOA] = !watch->dnskey_only,
		[ABSENT] = watch->has_absent,
		[PARENT] = true,
	};
	for (unsigned i = 0; i < QUESTIONS; i++) {
		watch->pending += asks[i];
	}
	for (unsigned i = 0; i < QUESTIONS; i++) {
		if (asks[i]) {
			look_up(watch, i);
		}
	}
}

/* -- the others --------------------------------------------------------------- */

static void on_validator(verdict_t verdict, const char *reason, void *arg)
{
	remote_t *remote = arg;
	remote->done = true;
	remote->verdict = verdict;
	snprintf(remote->reason, sizeof(remote->reason), "%s", reason);
	one_done(remote->watch);
}

static void begin_remotes(watch_t *watch)
{
	const knot_dname_t *absent = watch->has_absent ? watch->absent : NULL;
	for (size_t i = 0; i < watch->addrs.count; i++) {
		remote_t *remote = &watch->remotes[i];
		remote->watch = watch;
		watch->pending++;
		remote->validator = validator_start(watch->watches->ask, &watch->addrs.addr[i], watch->zone, absent,
		                                    on_validator, remote);
		if (remote->validator == NULL) {
			on_validator(VERDICT_NONE, "out of memory", remote);
		} else if (watch->dnskey_only) {
			validator_dnskey_only(remote->validator);
		}
	}
}

static void begin(task_t *task)
{
	watch_t *watch = (watch_t *)task;

	/* The guard keeps a question that fails at once from ending the check. */
	watch->pending = 1;
	task_after(task, WATCH_MAX_MS, task_finish);
	begin_own(watch);
	begin_remotes(watch);
	one_done(watch);
}

/* -- interface ---------------------------------------------------------------- */

/*! A random label below the zone; false for a zone whose name leaves no room. */
static bool make_absent(const knot_dname_t *zone, knot_dname_t *absent)
{
	uint8_t random[ABSENT_BYTES];
	size_t label = 2 * sizeof(random);
	if (knot_dname_size(zone) + label + 1 > KNOT_DNAME_MAXLEN ||
	    uv_random(NULL, NULL, random, sizeof(random), 0, NULL) != 0) {
		return false;
	}

	char text[2 * sizeof(random) + 1];
	for (size_t i = 0; i < sizeof(random); i++) {
		snprintf(text + 2 * i, 3, "%02x", random[i]);
	}
	absent[0] = label;
	memcpy(absent + 1, text, label);
	memcpy(absent + 1 + label, zone, knot_dname_size(zone));
	return true;
}

/*! \return NULL without memory. */
static watch_t *watch_new(watches_t *watches, const watch_request_t *request)
{
	watch_t *watch = calloc(1, sizeof(*watch));
	if (watch == NULL) {
		return NULL;
	}
	watch->remotes = calloc(request->validator.count + 1, sizeof(*watch->remotes));
	if (watch->remotes == NULL || !addrs_copy(&watch->addrs, &request->validator)) {
		watch_free(&watch->task);
		return NULL;
	}
	watch->watches = watches;
	knot_dname_copy_lower(watch->zone, request->zone);
	return watch;
}

static bool is_valid(const watches_t *watches, const watch_request_t *request)
{
	return request != NULL && request->zone != NULL && *request->zone != '\0' && !watches->tasks.closing;
}

int watch_start(dns_t *dns, const watch_request_t *request, watch_done_f done, void *arg, watch_t **out)
{
	if (dns == NULL || done == NULL || !is_valid(dns->watches, request)) {
		return KNOT_EINVAL;
	}

	watch_t *watch = watch_new(dns->watches, request);
	if (watch == NULL) {
		return KNOT_ENOMEM;
	}
	watch->done = done;
	watch->arg = arg;
	watch->has_absent = make_absent(watch->zone, watch->absent);
	task_start(&watch->watches->tasks, &watch->task);
	if (out != NULL) {
		*out = watch;
	}
	return KNOT_EOK;
}

int watch_views(watches_t *watches, const watch_request_t *request, watch_views_f done, void *arg, watch_t **out)
{
	if (watches == NULL || done == NULL || !is_valid(watches, request)) {
		return KNOT_EINVAL;
	}

	watch_t *watch = watch_new(watches, request);
	if (watch == NULL) {
		return KNOT_ENOMEM;
	}
	watch->dnskey_only = true;
	watch->views = done;
	watch->arg = arg;
	task_start(&watches->tasks, &watch->task);
	if (out != NULL) {
		*out = watch;
	}
	return KNOT_EOK;
}

void watch_cancel(watch_t *watch)
{
	if (watch != NULL) {
		task_cancel(&watch->task);
	}
}

watches_t *watches_new(uv_loop_t *loop, ask_t *ask, const dns_config_t *config)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop, .done = done, .free = watch_free };
	assert(loop && ask && config);

	watches_t *watches = calloc(1, sizeof(*watches));
	if (watches == NULL || !dns_config_copy(&watches->config, config)) {
		if (watches != NULL) {
			dns_config_clear(&watches->config);
		}
		free(watches);
		return NULL;
	}
	tasks_init(&watches->tasks, loop, &KIND, WATCHES_MAX, 0);
	watches->ask = ask;
	return watches;
}

void watches_free(watches_t *watches)
{
	if (watches == NULL) {
		return;
	}

	tasks_close(&watches->tasks);
	dns_config_clear(&watches->config);
	free(watches);
}
