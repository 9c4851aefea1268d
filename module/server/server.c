/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "control.h"
#include "glance.h"
#include "jobs.h"
#include "key_actor.h"
#include "kskroll/broker.h"
#include "own.h"
#include "switch.h"

/*!
 * Least time between transactions, in milliseconds: a commit makes knotd go through all its zones,
 * so those who come soon after another one wait and share the next.
 */
#define SWITCHES_APART 1000
/*!
 * Zone events that may wait for knotd's workers when a transaction begins. conf-commit waits for all
 * of them, and keeps everybody else from the control socket meanwhile.
 */
#define EVENTS_FEW 8
/*! Least time between two questions how many events wait, in milliseconds. */
#define EVENTS_APART 100
/*! How long their number keeps a transaction from beginning, in timeouts of a connection. */
#define EVENTS_PATIENCE 3
/*! How often a thread with nothing but waiting switches checks again. */
#define NAP_NS 20000000L

struct server {
	uv_async_t wakeup; // Results are there. First: freed when its handle is closed.
	pthread_t thread;
	control_target_t target;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1]; // Of the target.
	bool orphan;                                                // Of the control thread: see switch_run().
	glance_t glance;                                            // The same.
	key_client_t keys;                                          // The same.
	// Of the control thread: times of uv_hrtime(), or 0.
	uint64_t switched;   // After the last transaction.
	uint64_t crowded;    // A transaction waits since then until fewer zone events wait.
	uint64_t ask_events; // Not before that.

	pthread_mutex_t lock; // Of all below; never held across I/O or callbacks.
	pthread_cond_t cond;
	job_list_t queue;
	job_list_t results;
	parent_stream_t *stream; // Of the list that is read now.
	bool stop;
	bool moved; // What follows is new.
	pid_t pid;
	char control[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct sockaddr_storage dns[GLANCE_TRIED_MAX];
	size_t dns_count;
	int broker;
};

static bool is_stopping(void *arg)
{
	server_t *server = arg;
	pthread_mutex_lock(&server->lock);
	bool stop = server->stop;
	pthread_mutex_unlock(&server->lock);
	return stop;
}

static void run_checks(server_t *server, job_list_t *batch)
{
	const bool glance = batch->head->kind == JOB_GLANCE;
	check_t checks[CHECKS_MAX] = { 0 };
	size_t n = 0;
	for (job_t *job = batch->head; job != NULL; job = job->next) {
		checks[n++].zone = job->zone;
	}
	if (glance) {
		glance_run(&server->glance, checks, n, server->target.timeout_ms);
	} else {
		check_run(&server->target, checks, n);
	}
	n = 0;
	for (job_t *job = batch->head; job != NULL; job = job->next) {
		job->check = checks[n++].check;
	}
}

static void run_switches(server_t *server, job_list_t *batch)
{
	switch_t *switches = calloc(batch->count, sizeof(*switches));
	if (switches == NULL) {
		for (job_t *job = batch->head; job != NULL; job = job->next) {
			job_set(job, SERVER_UNREACHABLE, "not enough memory");
		}
		return;
	}

	size_t n = 0;
	for (job_t *job = batch->head; job != NULL; job = job->next) {
		switches[n++] = (switch_t){ .zone = job->zone,
			                    .base = job->base,
			                    .role = job->role,
			                    .ttl = job->ttl,
			                    .implicit = job->implicit };
	}
	switch_run(&server->target, switches, n, is_stopping, server, &server->orphan);
	n = 0;
	for (job_t *job = batch->head; job != NULL; job = job->next, n++) {
		job_set(job, switches[n].status, switches[n].detail);
	}
	free(switches);
}

static void run_keys(server_t *server, job_list_t *batch)
{
	key_task_t tasks[KEYS_MAX] = { 0 };
	size_t n = 0;
	for (job_t *job = batch->head; job != NULL; job = job->next) {
		tasks[n++] = (key_task_t){ .zone = job->zone, .wish = job->keys, .latest = job_latest(job) };
	}
	key_actor_run(&server->target, &server->keys, tasks, n);
	n = 0;
	for (job_t *job = batch->head; job != NULL; job = job->next, n++) {
		job->put_off = !tasks[n].begun;
		job_set(job, tasks[n].status, tasks[n].detail);
	}
}

static void wake_loop(void *arg)
{
	server_t *server = arg;
	uv_async_send(&server->wakeup);
}

static void set_stream(server_t *server, parent_stream_t *stream)
{
	pthread_mutex_lock(&server->lock);
	server->stream = stream;
	if (stream != NULL && server->stop) {
		parent_stream_stop(stream);
	}
	pthread_mutex_unlock(&server->lock);
}

static void run_parent(server_t *server, job_t *job)
{
	if (job->parent->stream != NULL) {
		parent_stream_on_push(job->parent->stream, wake_loop, server);
	}
	set_stream(server, job->parent->stream);
	parent_job_run(job->parent, &server->target, job->zone, is_stopping, server);
	set_stream(server, NULL);
}

static void run_batch(server_t *server, job_list_t *batch)
{
	// While a transaction of ours is open, the operator can neither commit nor reload.
	if (server->orphan) {
		server->orphan = !switch_recover(&server->target);
	}

	job_t *first = batch->head;
	switch (first->kind) {
	case JOB_CHECK:
	case JOB_GLANCE:
		run_checks(server, batch);
		break;
	case JOB_SWITCH:
		run_switches(server, batch);
		server->switched = uv_hrtime();
		break;
	case JOB_ORIGIN:
		first->status = switch_origin(&server->target, first->zone, first->detail);
		break;
	case JOB_FIT:
		first->status = switch_fit(&server->target, first->zone, first->base, first->ttl, first->role,
		                           first->leaves, &first->gate, first->detail);
		break;
	case JOB_KEYS:
		run_keys(server, batch);
		break;
	case JOB_PARENT:
		run_parent(server, first);
		break;
	}
}

/*!
 * Whether a transaction may begin. It is better to wait before it than in it, e.g. for what the last one
 * has made knotd do, but not for ever: there may be servers that always have much to do.
 */
static bool may_switch(server_t *server)
{
	uint64_t now = uv_hrtime();
	if (now < server->ask_events) {
		return false;
	}
	uint64_t patience = EVENTS_PATIENCE * UINT64_C(1000000) * server->target.timeout_ms;
	if (switch_events(&server->target) <= EVENTS_FEW ||
	    (server->crowded != 0 && now - server->crowded >= patience)) {
		server->crowded = 0;
		return true;
	}
	if (server->crowded == 0) {
		server->crowded = now;
	}
	server->ask_events = now + EVENTS_APART * UINT64_C(1000000);
	return false;
}

void server_is_at(server_t *server, const server_where_t *where)
{
	assert(server != NULL && where != NULL && where->control != NULL);

	pthread_mutex_lock(&server->lock);
	snprintf(server->control, sizeof(server->control), "%s", where->control);
	server->pid = where->pid;
	server->dns_count = where->dns.count < GLANCE_TRIED_MAX ? where->dns.count : GLANCE_TRIED_MAX;
	for (size_t i = 0; i < server->dns_count; i++) {
		server->dns[i] = where->dns.addr[i];
	}
	server->moved = true;
	pthread_mutex_unlock(&server->lock);
}

void server_broker(server_t *server, int sock)
{
	assert(server != NULL);

	pthread_mutex_lock(&server->lock);
	server->broker = sock;
	pthread_mutex_unlock(&server->lock);
}

/*! With the lock held. */
static void take_where(server_t *server)
{
	if (server->broker != server->keys.sock) {
		server->keys = (key_client_t){ .sock = server->broker, .timeout_ms = BROKER_ANSWER_MS };
	}
	if (!server->moved) {
		return;
	}
	server->moved = false;
	memcpy(server->path, server->control, sizeof(server->path));
	server->target.path = server->path;
	server->target.pid = server->pid;
	memset(&server->glance, 0, sizeof(server->glance));
	memcpy(server->glance.known, server->dns, sizeof(server->dns));
	server->glance.known_count = server->dns_count;
}

static void *control_thread(void *arg)
{
	server_t *server = arg;

	pthread_mutex_lock(&server->lock);
	while (!server->stop) {
		if (server->queue.head == NULL) {
			pthread_cond_wait(&server->cond, &server->lock);
			continue;
		}
		take_where(server);
		bool soon =
			server->switched != 0 && uv_hrtime() - server->switched < SWITCHES_APART * UINT64_C(1000000);
		job_t **first = jobs_first_due(&server->queue, soon ? SWITCHES_MAX : 1);
		if (first != NULL && (*first)->kind == JOB_SWITCH) {
			pthread_mutex_unlock(&server->lock);
			bool may = may_switch(server);
			pthread_mutex_lock(&server->lock);
			if (server->stop) {
				break;
			}
			// Only this thread takes calls out, so the first is still there.
			first = may ? first : jobs_first_due(&server->queue, SWITCHES_NEVER);
		}
		if (first == NULL) {
			pthread_mutex_unlock(&server->lock);
			nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
			pthread_mutex_lock(&server->lock);
			continue;
		}
		job_list_t batch;
		jobs_take(&server->queue, first, &batch);
		pthread_mutex_unlock(&server->lock);

		run_batch(server, &batch);

		pthread_mutex_lock(&server->lock);
		jobs_put_back(&server->queue, &batch);
		job_list_move(&server->results, &batch);
		uv_async_send(&server->wakeup);
	}
	pthread_mutex_unlock(&server->lock);

	if (server->orphan) {
		(void)switch_recover(&server->target);
	}

	return NULL;
}

static void deliver(uv_async_t *handle)
{
	server_t *server = handle->data;

	job_list_t results;
	job_list_init(&results);
	pthread_mutex_lock(&server->lock);
	job_list_move(&results, &server->results);
	parent_stream_t *stream = server->stream;
	pthread_mutex_unlock(&server->lock);

	// Only this thread frees it, when it is a result.
	if (stream != NULL) {
		parent_stream_deliver(stream);
	}
	// A callback may make new calls, and may free the server: it is not touched any more.
	while (results.head != NULL) {
		job_finish(job_list_remove(&results, &results.head));
	}
}

static int start_thread(server_t *server)
{
	// Signals are the business of the main thread.
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int ret = pthread_create(&server->thread, NULL, control_thread, server);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static void free_closed(uv_handle_t *handle)
{
	server_t *server = handle->data;
	pthread_cond_destroy(&server->cond);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

server_t *server_new(uv_loop_t *loop, int timeout_ms)
{
	assert(loop != NULL && timeout_ms > 0);

	server_t *server = calloc(1, sizeof(*server));
	if (server == NULL) {
		return NULL;
	}
	server->target.timeout_ms = timeout_ms;
	server->broker = server->keys.sock = -1;
	job_list_init(&server->queue);
	job_list_init(&server->results);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->cond, NULL);
	server->wakeup.data = server;

	if (uv_async_init(loop, &server->wakeup, deliver) != 0) {
		free_closed((uv_handle_t *)&server->wakeup);
		return NULL;
	}
	if (start_thread(server) != 0) {
		uv_close((uv_handle_t *)&server->wakeup, free_closed);
		return NULL;
	}

	return server;
}

void server_free(server_t *server)
{
	if (server == NULL) {
		return;
	}

	pthread_mutex_lock(&server->lock);
	server->stop = true;
	if (server->stream != NULL) {
		parent_stream_stop(server->stream);
	}
	pthread_cond_signal(&server->cond);
	pthread_mutex_unlock(&server->lock);
	pthread_join(server->thread, NULL);

	// The thread is gone: what it has done is called back as it was, the rest as cancelled.
	deliver(&server->wakeup);
	while (server->queue.head != NULL) {
		job_t *job = job_list_remove(&server->queue, &server->queue.head);
		job_set(job, SERVER_CANCELLED, "stopping");
		job_finish(job);
	}

	// The memory goes with the next turn of the loop.
	uv_close((uv_handle_t *)&server->wakeup, free_closed);
}

void server_enqueue(server_t *server, job_t *job)
{
	pthread_mutex_lock(&server->lock);
	bool stop = server->stop;
	if (!stop) {
		job_list_append(&server->queue, job);
		pthread_cond_signal(&server->cond);
	}
	pthread_mutex_unlock(&server->lock);

	if (stop) {
		job_set(job, SERVER_CANCELLED, "stopping");
		job_finish(job);
	}
}

static void check(server_t *server, job_kind_t kind, const char *zone, server_check_f done, void *arg)
{
	job_t *job = job_new(kind, zone, NULL, arg);
	if (job == NULL) {
		server_check_t none = { .status = SERVER_UNREACHABLE, .detail = "not enough memory" };
		done(&none, arg);
		return;
	}
	job->callback.check = done;
	server_enqueue(server, job);
}

void server_check(server_t *server, const char *zone, server_check_f done, void *arg)
{
	assert(server != NULL && zone != NULL && done != NULL);
	check(server, JOB_CHECK, zone, done, arg);
}

void server_glance(server_t *server, const char *zone, server_check_f done, void *arg)
{
	assert(server != NULL && zone != NULL && done != NULL);
	check(server, JOB_GLANCE, zone, done, arg);
}

static void call(server_t *server, job_t *job, server_done_f done, void *arg)
{
	if (job == NULL) {
		done(SERVER_UNREACHABLE, "not enough memory", arg);
		return;
	}
	job->callback.done = done;
	server_enqueue(server, job);
}

void server_switch(server_t *server, const char *zone, const char *base, policy_role_t role, uint32_t ttl,
                   bool implicit, server_done_f done, void *arg)
{
	assert(server != NULL && zone != NULL && base != NULL && done != NULL);
	assert(role < POLICY__COUNT);

	job_t *job = job_new(JOB_SWITCH, zone, base, arg);
	if (job != NULL) {
		job->role = role;
		job->ttl = ttl;
		job->implicit = implicit;
	}
	call(server, job, done, arg);
}

void server_fit(server_t *server, const char *zone, const char *base, policy_role_t role, uint32_t ttl, bool leaves,
                server_fit_f done, void *arg)
{
	assert(server != NULL && zone != NULL && base != NULL && done != NULL && role < POLICY__COUNT);

	job_t *job = job_new(JOB_FIT, zone, base, arg);
	if (job == NULL) {
		done(SERVER_UNREACHABLE, GATE_NONE, "not enough memory", arg);
		return;
	}
	job->role = role;
	job->ttl = ttl;
	job->leaves = leaves;
	job->callback.fit = done;
	server_enqueue(server, job);
}

void server_policy_origin(server_t *server, const char *zone, server_done_f done, void *arg)
{
	assert(server != NULL && zone != NULL && done != NULL);
	call(server, job_new(JOB_ORIGIN, zone, NULL, arg), done, arg);
}

void server_keys(server_t *server, const char *zone, const server_keys_t *keys, server_done_f done, void *arg)
{
	assert(server != NULL && zone != NULL && keys != NULL && done != NULL);
	assert(keys->order < KEY_ORDERS && keys->old_count <= ROLLOVER_OLD_MAX);

	server_keys_t *copy = malloc(sizeof(*copy));
	job_t *job = copy != NULL ? job_new(JOB_KEYS, zone, NULL, arg) : NULL;
	if (job != NULL) {
		*copy = *keys;
		job->keys = copy;
		job->called = uv_hrtime();
	} else {
		free(copy);
	}
	call(server, job, done, arg);
}
