/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parental agent asks about one delegation, from the request to the facts.
 *
 * Three parts run side by side: servers (those of the child, and those of the parent zone), signaling names, resolvers.
 * Each has its bounds, and whatever a child does, its survey ends.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "child_asking.h"
#include "child_signaling.h"
#include "child_task.h"
#include "parent_asking.h"
#include "scan.h"
#include "tasks.h"

/*! Surveys that look for servers at the same time. */
#define CHILD_TASKS_MAX 32
/*! More than any sane child has; one with more is not surveyed. */
#define CHILD_ADDRS_MAX 64
/*! Search for the servers. A child whose own servers are slow is asked by its glue then. */
#define DISCOVERY_MAX_MS 20000
/*! Questions to all of them: facts that are older than DELEGATION_FRESH are of no use. */
#define ASKING_MAX_MS 55000
/*! After an answer of the parent that is wrong, its keys and servers are looked up again: what is cached may be old. */
#define DOUBT_MS (10 * 60 * 1000)
/*! All of it, but for the wait for a turn. */
#define SURVEY_MAX_MS 88000

struct child_tasks {
	tasks_t tasks;
	child_means_t means;
	pace_t *pace;           /*!< Of children's servers. */
	uint64_t doubted_until; /*!< Milliseconds: what is cached of the parents. */
};

struct child_task {
	task_t task; /*!< TASK_ACTIVE: looks for servers. TASK_PAUSED: waits for its turn at them. */
	child_tasks_t *all;
	knot_dname_storage_t name, parent; /*!< Lower case. */
	unsigned ask;
	bool signaling;
	knot_rdataset_t ns;
	dns_addrs_t parent_server, validator;
	child_known_t known;
	uint64_t begun;   /*!< Milliseconds; without the time that was waited for turns. */
	uint64_t waiting; /*!< It waits for its turn since. */
	unsigned parts;   /*!< Under way. */
	unsigned asking;  /*!< Of children and parents. */
	discover_t *discover;
	child_asking_t *children;
	parent_asking_t *parents;
	child_signaling_t *names;
	watch_t *watch;
	child_survey_t *result;
	child_survey_done_f done;
	void *arg;
};

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void discovery_failed(child_task_t *child, const char *why)
{
	delegation_facts_t *facts = &child->result->facts;
	facts->discovery_failed = true;
	if (facts->discovery_detail[0] == '\0') {
		snprintf(facts->discovery_detail, sizeof(facts->discovery_detail), "%s", why);
	}
}

/* -- parts ------------------------------------------------------------------- */

static void part_done(child_task_t *child)
{
	assert(child->parts > 0);
	if (--child->parts == 0) {
		task_finish(&child->task);
	}
}

/*! The servers have answered: what else there is must not take much longer. */
static void servers_done(child_task_t *child)
{
	const uint64_t taken = now_ms() - child->begun;
	task_move(&child->task, TASK_RUNNING);
	task_after(&child->task, taken < SURVEY_MAX_MS ? SURVEY_MAX_MS - taken : 0, task_finish);
	part_done(child);
}

/*! Calls the function at the turn; at once, if that is now. */
static void wait_for_turn(child_task_t *child, unsigned wait, task_step_f turn)
{
	if (wait == 0) {
		turn(&child->task);
		return;
	}
	child->waiting = now_ms();
	task_move(&child->task, TASK_PAUSED);
	task_after(&child->task, wait, turn);
}

static void has_turn(child_task_t *child)
{
	if (child->waiting != 0) {
		child->begun += now_ms() - child->waiting;
		child->waiting = 0;
		task_move(&child->task, TASK_ACTIVE);
	}
}

/* -- servers: whom to ask ------------------------------------------------------ */

static void text_of(const knot_dname_t *name, char *text, size_t size)
{
	if (knot_dname_to_str(text, name, size) == NULL) {
		text[0] = '\0';
	}
}

/*! Without any address to ask there is still an answer: why. */
static void no_parents(child_task_t *child, const char *why)
{
	delegation_parent_t *answer = calloc(1, sizeof(*answer));
	if (answer != NULL) {
		text_of(child->parent, answer->server, sizeof(answer->server));
		answer->status = ANSWER_INCOMPLETE;
		snprintf(answer->detail, sizeof(answer->detail), "%s", why);
		child->result->facts.parent = answer;
		child->result->facts.parent_count = 1;
	}
}

static void on_discovery_timeout(task_t *task)
{
	child_task_t *child = (child_task_t *)task;
	if (discover_hurry(child->discover)) {
		return;
	}
	discover_stop(child->discover);
	discovery_failed(child, "nameservers were not found in time");
	if (child->ask & DELEGATION_ASK_PARENTS) {
		no_parents(child, "its servers were not found in time");
	}
	servers_done(child);
}

static void go_on(task_t *task)
{
	child_task_t *child = (child_task_t *)task;
	has_turn(child);
	task_after(task, DISCOVERY_MAX_MS, on_discovery_timeout);
	discover_go_on(child->discover);
}

/*! The parent's servers are asked for the delegation, and for DS. */
static void on_parents(void *arg)
{
	child_task_t *child = arg;
	const servers_t *servers = &discover_result(child->discover)->parent_servers;
	unsigned questions = ((child->ask & DELEGATION_ASK_SURVEY) != 0) + ((child->ask & DELEGATION_ASK_PARENTS) != 0);
	unsigned wait = 0;

	for (unsigned i = 0; i < questions && servers->addr_count > 0; i++) {
		const unsigned turn = pace_turn(child->all->means.pace, &servers->addrs[0].addr, servers->addr_count,
		                                sizeof(servers->addrs[0]), uv_now(child->task.all->loop));
		wait = i == 0 ? turn : wait;
	}
	wait_for_turn(child, wait, go_on);
}

/*! Glue would be the only way to a nameserver inside the child. */
static void check_names(child_task_t *child, const servers_t *servers)
{
	knot_dname_txt_storage_t text;
	char why[160];

	for (unsigned i = 0; i < servers->name_count; i++) {
		const server_name_t *name = &servers->names[i];
		if (!name->has_addr && knot_dname_in_bailiwick(name->name, child->name) >= 0) {
			text_of(name->name, text, sizeof(text));
			snprintf(why, sizeof(why), "address of %.100s: there is none, and no glue", text);
			discovery_failed(child, why);
		}
	}
	if (servers->addr_count > CHILD_ADDRS_MAX) {
		snprintf(why, sizeof(why), "the nameservers have %u addresses, at most %u are asked",
		         servers->addr_count, CHILD_ADDRS_MAX);
		discovery_failed(child, why);
	}
}

/*! What was found is taken over. \return Whether there is a child to ask. */
static bool take_discovery(child_task_t *child, const discovery_t *found)
{
	child->result->queries += found->packets;
	if (!(child->ask & DELEGATION_ASK_SURVEY)) {
		return false;
	}
	if (found->failed || found->partial) {
		discovery_failed(child, found->detail);
	}
	if (found->parent_known && !knot_dname_is_equal(found->parent, child->parent)) {
		char why[160], text[KNOT_DNAME_TXT_MAXLEN + 1];
		text_of(found->parent, text, sizeof(text));
		snprintf(why, sizeof(why), "there is a zone in between: %.100s", text);
		discovery_failed(child, why);
		return false;
	}
	if (found->failed) {
		return false;
	}
	check_names(child, &found->child_servers);
	return found->child_servers.addr_count <= CHILD_ADDRS_MAX;
}

/* -- servers: the questions ---------------------------------------------------- */

static void take_way(child_task_t *child, const fetch_way_t *way)
{
	child->result->heard |= way->heard;
	child->result->queries += way->packets;
}

static void take_answers(child_task_t *child)
{
	delegation_facts_t *facts = &child->result->facts;

	if (child->children != NULL) {
		take_way(child, child_asking_way(child->children));
		facts->child = child_asking_take(child->children, &facts->child_count);
		child_asking_free(child->children);
		child->children = NULL;
	}
	if (child->parents != NULL) {
		take_way(child, parent_asking_way(child->parents));
		facts->parent = parent_asking_take(child->parents, &facts->parent_count);
		parent_asking_free(child->parents);
		child->parents = NULL;
	}
	for (size_t i = 0; i < facts->parent_count; i++) {
		if (facts->parent[i].status == ANSWER_BOGUS || facts->parent[i].status == ANSWER_ERROR) {
			child->all->doubted_until = now_ms() + DOUBT_MS;
		}
	}
}

static void on_asked(task_t *task)
{
	child_task_t *child = (child_task_t *)task;
	take_answers(child);
	servers_done(child);
}

/*! From a clean stack: the askings are freed. */
static void one_asked(void *arg)
{
	child_task_t *child = arg;
	if (--child->asking == 0) {
		task_after(&child->task, 0, on_asked);
	}
}

static void ask_parents(child_task_t *child, const discovery_t *found)
{
	const bool right = found->parent_known && knot_dname_is_equal(found->parent, child->parent);
	if (!right || found->parent_servers.addr_count == 0) {
		no_parents(child, found->detail[0] != '\0' ? found->detail : "its servers were not found");
	} else if (found->insecure || found->parent_keys.count == 0) {
		no_parents(child, found->insecure ? "the parent zone has no chain of trust" : found->detail);
	} else {
		child->parents = parent_asking_new(child->all->means.ask, child->name, found, child->known.now,
		                                   one_asked, child);
		if (child->parents == NULL) {
			no_parents(child, "out of memory");
		}
	}
}

static void ask_all(task_t *task)
{
	child_task_t *child = (child_task_t *)task;
	const discovery_t *found = discover_result(child->discover);
	has_turn(child);
	task_move(task, TASK_RUNNING);

	/* No answer is older; the time until now may be rounded down. */
	child->result->facts.surveyed = child->known.now + task_elapsed_ms(task) / 1000;
	if (child->ask & DELEGATION_ASK_PARENTS) {
		ask_parents(child, found);
	}
	task_after(task, ASKING_MAX_MS, on_asked);
	child->asking = 1 + (child->children != NULL) + (child->parents != NULL);
	if (child->children != NULL) {
		child_asking_start(child->children);
	}
	if (child->parents != NULL) {
		parent_asking_start(child->parents);
	}
	one_asked(child);
}

/*! Each address gets all questions of a survey in a row. */
static unsigned take_child_turns(child_task_t *child, const servers_t *servers)
{
	unsigned wait = 0;
	for (unsigned i = 0; i < CHILD_QUESTIONS && servers->addr_count > 0; i++) {
		const unsigned turn = pace_turn(child->all->pace, &servers->addrs[0].addr, servers->addr_count,
		                                sizeof(servers->addrs[0]), uv_now(child->task.all->loop));
		wait = i == 0 ? turn : wait;
	}
	return wait;
}

static void on_discovered(void *arg)
{
	child_task_t *child = arg;
	const discovery_t *found = discover_result(child->discover);
	unsigned wait = 0;

	task_stop_timer(&child->task);
	if (take_discovery(child, found)) {
		child->children = child_asking_new(child->all->means.child_ask, &child->known, &found->child_servers,
		                                   one_asked, child);
		if (child->children == NULL) {
			discovery_failed(child, "out of memory");
		} else {
			wait = take_child_turns(child, &found->child_servers);
		}
	}
	wait_for_turn(child, wait, ask_all);
}

static bool begin_servers(child_task_t *child)
{
	static const dns_addrs_t NONE = { 0 };
	const child_means_t *means = &child->all->means;
	const discover_request_t wanted = {
		.zone = child->name,
		.child = (child->ask & DELEGATION_ASK_SURVEY) != 0,
		.parent_keys = (child->ask & DELEGATION_ASK_PARENTS) != 0,
		.ns = &child->ns,
		.nameserver = &NONE,
		.parent = &child->parent_server,
		.fresh = now_ms() < child->all->doubted_until,
	};
	child->discover =
		discover_new(means->shared, means->above, means->ask, &wanted, on_parents, on_discovered, child);
	if (child->discover == NULL) {
		discovery_failed(child, "out of memory");
		return false;
	}
	task_after(&child->task, DISCOVERY_MAX_MS, on_discovery_timeout);
	return true;
}

/* -- resolvers and signaling names --------------------------------------------- */

static void no_view(child_task_t *child, const char *why)
{
	delegation_view_t *view = calloc(1, sizeof(*view));
	if (view != NULL) {
		snprintf(view->resolver, sizeof(view->resolver), "own resolver");
		snprintf(view->detail, sizeof(view->detail), "%s", why);
		child->result->facts.view = view;
		child->result->facts.view_count = 1;
	}
}

static void on_views(bool cancelled, const delegation_view_t *view, size_t count, void *arg)
{
	child_task_t *child = arg;
	child->watch = NULL;
	if (cancelled) {
		return;
	}
	delegation_view_t *copy = count > 0 ? calloc(count, sizeof(*copy)) : NULL;
	if (copy != NULL) {
		memcpy(copy, view, count * sizeof(*copy));
		/* It begins at the root, with nothing in its cache. */
		child->result->heard |= view[0].status != DELEGATION_VIEW_NONE;
		child->result->facts.view = copy;
		child->result->facts.view_count = count;
	} else {
		no_view(child, "out of memory");
	}
	part_done(child);
}

static bool begin_watch(child_task_t *child)
{
	const watch_request_t request = { .zone = child->name, .validator = child->validator };
	return watch_views(child->all->means.watches, &request, on_views, child, &child->watch) == KNOT_EOK;
}

static void on_names(void *arg)
{
	part_done(arg);
}

static bool begin_names(child_task_t *child)
{
	child->names = child_signaling_new(child->all->means.resolve, &child->known.table, &child->ns, on_names, child);
	return child->names != NULL && child_signaling_start(child->names);
}

/* -- the task ------------------------------------------------------------------ */

static void begin(task_t *task)
{
	child_task_t *child = (child_task_t *)task;
	const bool first = child->known.ds.count == 0 && !child->known.ds.excess;

	child->begun = now_ms();
	/* One more keeps the survey from ending while it begins. */
	child->parts = 1;
	task_after(task, SURVEY_MAX_MS, task_finish);
	if (child->ask & DELEGATION_ASK_WATCH) {
		child->parts += begin_watch(child);
	}
	if ((child->ask & DELEGATION_ASK_SURVEY) && child->signaling && first) {
		child->parts += begin_names(child);
	}
	if ((child->ask & (DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS)) && begin_servers(child)) {
		child->parts++;
		discover_run(child->discover);
	} else {
		task_move(task, TASK_RUNNING);
	}
	part_done(child);
}

static void stop(task_t *task)
{
	child_task_t *child = (child_task_t *)task;
	delegation_facts_t *facts = &child->result->facts;

	take_answers(child);
	discover_free(child->discover);
	child->discover = NULL;
	if (child->names != NULL) {
		facts->signaling = child_signaling_take(child->names, &facts->signaling_count);
		child_signaling_free(child->names);
		child->names = NULL;
	}
	watch_cancel(child->watch);
	if ((child->ask & DELEGATION_ASK_WATCH) && facts->view == NULL) {
		no_view(child, "no answer in time");
	}
}

static void take_keys(child_task_t *child)
{
	delegation_facts_t *facts = &child->result->facts;
	const key_table_t *table = &child->known.table;
	delegation_key_t *key = calloc(table->count + 1, sizeof(*key));

	facts->too_many_keys = table->excess || key == NULL;
	if (key != NULL) {
		memcpy(key, table->key, table->count * sizeof(*key));
		facts->key = key;
		facts->key_count = table->count;
	}
	memcpy(child->result->report_agent, child->known.report_agent, sizeof(child->result->report_agent));
}

static void done(task_t *task, bool cancelled)
{
	child_task_t *child = (child_task_t *)task;
	child->result->cancelled = cancelled;
	child->result->elapsed_ms = task_elapsed_ms(task);
	take_keys(child);
	child->done(child->result, child->arg);
}

static void child_release(task_t *task)
{
	child_task_t *child = (child_task_t *)task;
	knot_rdataset_clear(&child->ns, NULL);
	addrs_clear(&child->parent_server);
	addrs_clear(&child->validator);
	free(child);
}

/* -- interface ----------------------------------------------------------------- */

static bool copy_request(child_task_t *child, const child_request_t *request)
{
	static const knot_rdataset_t none = { 0 };

	knot_dname_copy_lower(child->name, request->child);
	knot_dname_copy_lower(child->parent, request->parent);
	child->ask = request->ask;
	child->signaling = request->signaling;
	child->known.child = child->known.table.child = child->name;
	child->known.now = request->now;
	ds_set_read(request->ds != NULL ? request->ds : &none, &child->known.ds);
	key_table_add_named(&child->known.table, &child->known.ds);
	return knot_rdataset_copy(&child->ns, request->ns != NULL ? request->ns : &none, NULL) == KNOT_EOK &&
	       addrs_copy(&child->parent_server, &request->parent_server) &&
	       addrs_copy(&child->validator, &request->validator);
}

int child_survey_start(dns_t *dns, const child_request_t *request, child_survey_done_f done, void *arg,
                       child_task_t **out)
{
	if (dns == NULL || request == NULL || request->child == NULL || *request->child == '\0' ||
	    request->parent == NULL || done == NULL || dns->children == NULL || dns->children->tasks.closing) {
		return KNOT_EINVAL;
	}

	child_task_t *child = calloc(1, sizeof(*child));
	child_survey_t *result = calloc(1, sizeof(*result));
	if (child == NULL || result == NULL || !copy_request(child, request)) {
		if (child != NULL) {
			child_release(&child->task);
		}
		free(result);
		return KNOT_ENOMEM;
	}
	child->all = dns->children;
	child->result = result;
	child->done = done;
	child->arg = arg;
	result->facts.asked = request->ask;
	result->facts.surveyed = request->now;
	task_start(&dns->children->tasks, &child->task);
	if (out != NULL) {
		*out = child;
	}
	return KNOT_EOK;
}

void child_survey_cancel(child_task_t *child)
{
	if (child != NULL) {
		task_cancel(&child->task);
	}
}

void child_survey_free(child_survey_t *result)
{
	if (result != NULL) {
		free((void *)result->facts.key);
		free((void *)result->facts.child);
		free((void *)result->facts.signaling);
		free((void *)result->facts.parent);
		free((void *)result->facts.view);
		free(result);
	}
}

child_tasks_t *child_tasks_new(uv_loop_t *loop, const child_means_t *means)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop, .done = done, .free = child_release };
	assert(loop && means);

	child_tasks_t *all = calloc(1, sizeof(*all));
	pace_t *pace = pace_new(SCAN_RATE);
	if (all == NULL || pace == NULL) {
		free(all);
		pace_free(pace);
		return NULL;
	}
	tasks_init(&all->tasks, loop, &KIND, CHILD_TASKS_MAX, 0);
	all->means = *means;
	all->pace = pace;
	return all;
}

void child_tasks_free(child_tasks_t *all)
{
	if (all != NULL) {
		tasks_close(&all->tasks);
		pace_free(all->pace);
		free(all);
	}
}
