/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control client against a scripted server: what a real knotd does only on bad days. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "module/util/knot.h"
#include "server_at.h"

#define TIMEOUT_MS 1500

typedef enum {
	THEN_BLOCK, // Ends the answer.
	THEN_DROP,  // Closes the connection without a word.
	THEN_HANG,  // Answers nothing until the test is over.
	THEN_LATE,  // Ends the answer after the time that a lock wait of knotd takes.
} then_t;

typedef struct fake fake_t;
typedef then_t (*script_f)(fake_t *fake, const char *cmd, knot_ctl_data_t *data);

struct fake {
	char dir[64];
	char path[96];
	knot_ctl_t *ctl;
	pthread_t thread;
	script_f script;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool over;
	char log[16384]; // Commands; "|" at the end of a connection.
	unsigned count;  // For scripts.
	int events;      // What waits for its workers; negative: closes the connection instead.
	int done_each;   // So many fewer at the next question.
	unsigned asked;  // How often it was asked for them. This is not in the log.

	uv_loop_t loop;
	server_t *server;
};

static void note(fake_t *fake, const char *word)
{
	pthread_mutex_lock(&fake->lock);
	size_t len = strlen(fake->log);
	snprintf(fake->log + len, sizeof(fake->log) - len, "%s ", word);
	pthread_mutex_unlock(&fake->lock);
}

static void say(fake_t *fake, knot_ctl_data_t data)
{
	// An array parameter is a pointer to its first element.
	knot_ctl_send(fake->ctl, KNOT_CTL_TYPE_DATA, (knot_ctl_data_t *)data);
}

static bool wait_over(fake_t *fake, int ms)
{
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += (ms % 1000) * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&fake->lock);
	int ret = 0;
	while (!fake->over && ret == 0) {
		ret = (ms < 0) ? pthread_cond_wait(&fake->cond, &fake->lock) :
		                 pthread_cond_timedwait(&fake->cond, &fake->lock, &end);
	}
	bool over = fake->over;
	pthread_mutex_unlock(&fake->lock);
	return over;
}

static bool say_events(fake_t *fake)
{
	char text[128];
	pthread_mutex_lock(&fake->lock);
	int events = fake->events;
	fake->events -= fake->done_each;
	fake->asked++;
	pthread_mutex_unlock(&fake->lock);
	snprintf(text, sizeof(text),
	         "UDP workers: 1, TCP workers: 1, XDP workers: 0, "
	         "background workers: 2 (running: 2, pending: %i)",
	         events);
	if (events >= 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_DATA] = text });
		knot_ctl_send(fake->ctl, KNOT_CTL_TYPE_BLOCK, NULL);
	}
	return events >= 0;
}

/*! Returns whether the connection was for more than the number of events. */
static bool serve(fake_t *fake)
{
	knot_ctl_type_t type;
	knot_ctl_data_t data;
	bool more = false;
	while (knot_ctl_receive(fake->ctl, &type, &data) == KNOT_EOK) {
		if (type == KNOT_CTL_TYPE_END) {
			break;
		} else if (type != KNOT_CTL_TYPE_DATA) {
			continue;
		}
		const char *cmd = data[KNOT_CTL_IDX_CMD];
		if (strcmp(cmd, "status") == 0 && data[KNOT_CTL_IDX_TYPE] != NULL &&
		    strcmp(data[KNOT_CTL_IDX_TYPE], "workers") == 0) {
			if (!say_events(fake)) {
				break;
			}
			continue;
		}
		more = true;
		note(fake, cmd);
		switch (fake->script(fake, cmd, &data)) {
		case THEN_DROP:
			return true;
		case THEN_HANG:
			wait_over(fake, -1);
			return true;
		case THEN_LATE:
			wait_over(fake, 1000);
			break;
		case THEN_BLOCK:
			break;
		}
		knot_ctl_send(fake->ctl, KNOT_CTL_TYPE_BLOCK, NULL);
	}
	return more;
}

static void *fake_thread(void *arg)
{
	fake_t *fake = arg;
	while (true) {
		int ret = knot_ctl_accept(fake->ctl);
		pthread_mutex_lock(&fake->lock);
		bool over = fake->over;
		pthread_mutex_unlock(&fake->lock);
		if (over) {
			return NULL;
		}
		if (ret == KNOT_EOK) {
			if (serve(fake)) {
				note(fake, "|");
			}
			knot_ctl_close(fake->ctl);
		}
	}
}

static int setup(void **state)
{
	fake_t *fake = calloc(1, sizeof(*fake));
	*state = fake;
	strcpy(fake->dir, "/tmp/kskroll-fake-XXXXXX");
	assert_non_null(mkdtemp(fake->dir));
	snprintf(fake->path, sizeof(fake->path), "%s/knot.sock", fake->dir);
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->cond, NULL);
	fake->ctl = knot_ctl_alloc();
	knot_ctl_set_timeout(fake->ctl, 10000);
	assert_int_equal(knot_ctl_bind(fake->ctl, fake->path, 5), KNOT_EOK);
	assert_int_equal(pthread_create(&fake->thread, NULL, fake_thread, fake), 0);
	assert_int_equal(uv_loop_init(&fake->loop), 0);
	fake->server = server_at(&fake->loop, fake->path, TIMEOUT_MS);
	assert_non_null(fake->server);
	return 0;
}

static void stop_server(fake_t *fake)
{
	server_free(fake->server);
	fake->server = NULL;
	uv_run(&fake->loop, UV_RUN_DEFAULT);
}

static void stop_fake(fake_t *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->over = true;
	pthread_cond_broadcast(&fake->cond);
	pthread_mutex_unlock(&fake->lock);
	knot_ctl_t *wake = knot_ctl_alloc();
	knot_ctl_connect(wake, fake->path);
	pthread_join(fake->thread, NULL);
	knot_ctl_free(wake);
	knot_ctl_unbind(fake->ctl);
	knot_ctl_free(fake->ctl);
	fake->ctl = NULL;
}

static int teardown(void **state)
{
	fake_t *fake = *state;
	stop_server(fake);
	if (fake->ctl != NULL) {
		stop_fake(fake);
	}
	assert_int_equal(uv_loop_close(&fake->loop), 0);
	unlink(fake->path);
	rmdir(fake->dir);
	pthread_cond_destroy(&fake->cond);
	pthread_mutex_destroy(&fake->lock);
	free(fake);
	return 0;
}

/* Calls. */

typedef struct {
	bool done;
	server_status_t status;
	char detail[160];
} result_t;

static void on_check(const server_check_t *check, void *arg)
{
	result_t *result = arg;
	assert_false(result->done);
	*result = (result_t){ .done = true, .status = check->status };
	snprintf(result->detail, sizeof(result->detail), "%s", check->detail);
}

static void on_done(server_status_t status, const char *detail, void *arg)
{
	result_t *result = arg;
	assert_false(result->done);
	*result = (result_t){ .done = true, .status = status };
	snprintf(result->detail, sizeof(result->detail), "%s", detail);
}

static void wait_for(fake_t *fake, result_t *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		while (!results[i].done) {
			uv_run(&fake->loop, UV_RUN_ONCE);
		}
	}
}

static result_t check(fake_t *fake, const char *zone)
{
	result_t result = { 0 };
	server_check(fake->server, zone, on_check, &result);
	wait_for(fake, &result, 1);
	return result;
}

static result_t lowered(fake_t *fake, const char *zone)
{
	result_t result = { 0 };
	server_switch(fake->server, zone, "lab", POLICY_LOW_TTL, 300, false, on_done, &result);
	wait_for(fake, &result, 1);
	return result;
}

#define assert_result(result, want, words)                                                                             \
	do {                                                                                                           \
		result_t r_ = (result);                                                                                \
		if (r_.status != (want) || strstr(r_.detail, words) == NULL) {                                         \
			fail_msg("%i '%s'", r_.status, r_.detail);                                                     \
		}                                                                                                      \
	} while (0)

static void assert_log(fake_t *fake, const char *want)
{
	// The last words may still be under way.
	time_t end = time(NULL) + 10;
	char log[sizeof(fake->log)];
	do {
		pthread_mutex_lock(&fake->lock);
		strcpy(log, fake->log);
		pthread_mutex_unlock(&fake->lock);
	} while (strcmp(log, want) != 0 && time(NULL) < end);
	assert_string_equal(log, want);
}

/* Scripts. */

/*! A server with policy lab at every zone; sets and commits succeed. */
static then_t friendly(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	const char *section = (*in)[KNOT_CTL_IDX_SECTION] ? (*in)[KNOT_CTL_IDX_SECTION] : "";
	const char *id = (*in)[KNOT_CTL_IDX_ID];

	if (strcmp(cmd, "zone-status") == 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_TYPE] = "serial", [KNOT_CTL_IDX_DATA] = "1" });
	} else if (strcmp(cmd, "zone-read") == 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_OWNER] = (*in)[KNOT_CTL_IDX_ZONE],
		                             [KNOT_CTL_IDX_TTL] = "60",
		                             [KNOT_CTL_IDX_TYPE] = "SOA",
		                             [KNOT_CTL_IDX_DATA] = ". . 7 1 1 1 1" });
	} else if (strcmp(cmd, "conf-read") == 0 || strcmp(cmd, "conf-get") == 0) {
		const char *item = (*in)[KNOT_CTL_IDX_ITEM];
		if (id == NULL && strcmp(section, "zone") == 0 && strcmp(item, "domain") == 0) {
			say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_SECTION] = "zone",
			                             [KNOT_CTL_IDX_ITEM] = "domain",
			                             [KNOT_CTL_IDX_DATA] = "a." });
		} else if (id == NULL) {
			// Set nowhere.
		} else if (strcmp(section, "zone") == 0) {
			say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_SECTION] = "zone",
			                             [KNOT_CTL_IDX_ITEM] = "domain",
			                             [KNOT_CTL_IDX_DATA] = id });
			say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_SECTION] = "zone",
			                             [KNOT_CTL_IDX_ITEM] = "dnssec-policy",
			                             [KNOT_CTL_IDX_ID] = id,
			                             [KNOT_CTL_IDX_DATA] = "lab" });
		} else if (strcmp(id, "lab") == 0) {
			say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_SECTION] = "policy",
			                             [KNOT_CTL_IDX_ITEM] = "id",
			                             [KNOT_CTL_IDX_DATA] = id });
		} else {
			say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_SECTION] = section,
			                             [KNOT_CTL_IDX_ID] = id,
			                             [KNOT_CTL_IDX_ERROR] = "invalid identifier" });
		}
	}
	return THEN_BLOCK;
}

static then_t silent(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	(void)fake, (void)cmd, (void)in;
	return THEN_BLOCK;
}

/*! knotd logs an error for each zone-read of a zone that it has not loaded. */
static then_t not_loaded(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if (strcmp(cmd, "zone-status") == 0 && strcmp((*in)[KNOT_CTL_IDX_ZONE], "b.") == 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_TYPE] = "serial", [KNOT_CTL_IDX_DATA] = "-" });
		return THEN_BLOCK;
	}
	return friendly(fake, cmd, in);
}

static then_t silent_about_configuration(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	return strncmp(cmd, "conf-", 5) == 0 ? THEN_BLOCK : friendly(fake, cmd, in);
}

static then_t garbage(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if (strcmp(cmd, "zone-read") == 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_OWNER] = "a.",
		                             [KNOT_CTL_IDX_TTL] = "60",
		                             [KNOT_CTL_IDX_TYPE] = "DNSKEY",
		                             [KNOT_CTL_IDX_DATA] = "257 3 13 ===" });
	}
	return friendly(fake, cmd, in);
}

static then_t hangs(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	(void)fake, (void)cmd, (void)in;
	return THEN_HANG;
}

static then_t drops(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	(void)fake, (void)cmd, (void)in;
	return THEN_DROP;
}

/*! No single answer takes long. */
static then_t slow(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	return wait_over(fake, 100) ? THEN_DROP : friendly(fake, cmd, in);
}

static then_t commit_fails_for_two(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if (strcmp(cmd, "conf-begin") == 0) {
		fake->count = 0;
	} else if (strcmp(cmd, "conf-set") == 0 && strcmp((*in)[KNOT_CTL_IDX_SECTION], "zone") == 0) {
		fake->count += strcmp((*in)[KNOT_CTL_IDX_ID], "bad.") == 0;
	} else if (strcmp(cmd, "conf-commit") == 0 && fake->count > 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_ERROR] = "bad weather",
		                             [KNOT_CTL_IDX_SECTION] = "zone",
		                             [KNOT_CTL_IDX_ID] = "bad." });
	}
	return friendly(fake, cmd, in);
}

static then_t commit_fails_for_good(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if (strcmp(cmd, "conf-abort") == 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_ERROR] = "requested resource is busy" });
	}
	return commit_fails_for_two(fake, cmd, in);
}

static then_t set_fails(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if (strcmp(cmd, "conf-set") == 0) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_ERROR] = "not today" });
	}
	return friendly(fake, cmd, in);
}

static then_t begin_late(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	return strcmp(cmd, "conf-begin") == 0 ? THEN_LATE : friendly(fake, cmd, in);
}

static then_t commit_late(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	return strcmp(cmd, "conf-commit") == 0 ? THEN_LATE : friendly(fake, cmd, in);
}

static then_t drops_in_transaction(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if (strcmp(cmd, "conf-set") == 0 && fake->count++ == 0) {
		return THEN_DROP;
	}
	return friendly(fake, cmd, in);
}

static then_t drops_twice_in_transaction(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if ((strcmp(cmd, "conf-set") == 0 || strcmp(cmd, "conf-diff") == 0) && fake->count++ < 2) {
		return THEN_DROP;
	}
	return friendly(fake, cmd, in);
}

/*! As Knot DNS 3.5, which asks another thread before it has noticed the end of the connection. */
static then_t drops_and_asks_another_thread(fake_t *fake, const char *cmd, knot_ctl_data_t *in)
{
	if (strcmp(cmd, "conf-diff") == 0 && fake->count++ == 1) {
		say(fake, (knot_ctl_data_t){ [KNOT_CTL_IDX_ERROR] = knot_strerror(KNOT_TXN_ETHREAD) });
		return THEN_BLOCK;
	}
	return drops_in_transaction(fake, cmd, in);
}

/* Tests. */

#define EXAMINE "zone-status conf-read "
#if KNOT_POLICY_REREADS
/* Before it creates a policy it checks all zones: identifiers and items of templates and zones. */
#define ALL_ZONES                                                                                                      \
	"conf-get "                                                                                                    \
	"conf-get conf-get conf-get conf-get conf-get conf-get conf-get "                                              \
	"conf-get conf-get conf-get conf-get conf-get conf-get conf-get conf-get conf-get "
#else
#define ALL_ZONES ""
#endif
/* Template and who vouches for the zone file; the two policies. */
#define DERIVE                                                                                                         \
	"conf-get conf-get "                                                                                           \
	"conf-get conf-get " ALL_ZONES
#define CREATE "conf-set conf-set conf-set conf-set "
#define SWITCH EXAMINE "conf-begin conf-get " DERIVE CREATE "conf-set "

static void friendly_server_is_told_everything_in_one_go(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	assert_result(check(fake, "a."), SERVER_OK, "");
	assert_result(lowered(fake, "a."), SERVER_OK, "");
	assert_log(fake, "zone-status zone-read | " SWITCH "conf-commit | ");
}

static void empty_answers_are_not_taken_for_absence(void **state)
{
	fake_t *fake = *state;
	fake->script = silent;
	assert_result(check(fake, "a."), SERVER_BUSY, "zone-status");
	assert_result(lowered(fake, "a."), SERVER_BUSY, "zone-status");
	assert_log(fake, "zone-status | zone-status | ");
}

static void zone_that_is_not_loaded_is_not_read(void **state)
{
	fake_t *fake = *state;
	fake->script = not_loaded;
	result_t r[4] = { 0 };
	static const char *const zones[] = { "first.", "a.", "b.", "c." };
	pthread_mutex_lock(&fake->lock);
	for (size_t i = 0; i < 4; i++) {
		server_check(fake->server, zones[i], on_check, &r[i]);
	}
	pthread_mutex_unlock(&fake->lock);
	wait_for(fake, r, 4);
	assert_result(r[1], SERVER_OK, "");
	assert_result(r[2], SERVER_REFUSED, "the zone is not loaded");
	assert_result(r[3], SERVER_OK, "");
	unsigned reads = 0;
	for (const char *at = fake->log; (at = strstr(at, "zone-read")) != NULL; at++) {
		reads++;
	}
	assert_int_equal(reads, 3);
}

static void empty_section_is_not_taken_for_no_policy(void **state)
{
	fake_t *fake = *state;
	fake->script = silent_about_configuration;
	assert_result(lowered(fake, "a."), SERVER_BUSY, "control socket is busy");
	result_t r = { 0 };
	server_policy_origin(fake->server, "a.", on_done, &r);
	wait_for(fake, &r, 1);
	assert_result(r, SERVER_BUSY, "control socket is busy");
}

static void unreadable_record_is_refused(void **state)
{
	fake_t *fake = *state;
	fake->script = garbage;
	assert_result(check(fake, "a."), SERVER_REFUSED, "cannot be parsed");
}

static void failed_commit_is_aborted_and_tried_alone(void **state)
{
	fake_t *fake = *state;
	fake->script = commit_fails_for_two;
	result_t r[3] = { 0 };
	static const char *const zones[] = { "a.", "bad.", "c." };

	// The fake waits for the lock, until all calls are queued.
	result_t first = { 0 };
	pthread_mutex_lock(&fake->lock);
	server_check(fake->server, "first.", on_check, &first);
	for (size_t i = 0; i < 3; i++) {
		server_switch(fake->server, zones[i], "lab", POLICY_LOW_TTL, 300, false, on_done, &r[i]);
	}
	pthread_mutex_unlock(&fake->lock);
	wait_for(fake, r, 3);
	assert_result(r[0], SERVER_OK, "");
	assert_result(r[1], SERVER_REFUSED, "bad weather: zone[bad.]");
	assert_result(r[2], SERVER_OK, "");
	assert_log(fake, "zone-status zone-read | "
	                 "zone-status zone-status zone-status conf-read conf-read conf-read "
	                 "conf-begin conf-get conf-get conf-get " DERIVE CREATE
	                 "conf-set conf-set conf-set conf-commit conf-abort | " SWITCH "conf-commit | " SWITCH
	                 "conf-commit conf-abort | " SWITCH "conf-commit | ");
}

static void switches_soon_after_another_share_a_transaction(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	result_t r[3] = { 0 };
	assert_result(lowered(fake, "a."), SERVER_OK, "");
	server_switch(fake->server, "b.", "lab", POLICY_LOW_TTL, 300, false, on_done, &r[0]);
	server_check(fake->server, "b.", on_check, &r[1]);
	// Others need not wait.
	assert_result(check(fake, "d."), SERVER_OK, "");
	assert_false(r[0].done || r[1].done);
	server_switch(fake->server, "c.", "lab", POLICY_LOW_TTL, 300, false, on_done, &r[2]);
	wait_for(fake, r, 3);
	assert_log(fake,
	           SWITCH "conf-commit | zone-status zone-read | "
	                  "zone-status zone-status conf-read conf-read conf-begin conf-get conf-get " DERIVE CREATE
	                  "conf-set conf-set conf-commit | zone-status zone-read | ");
}

static unsigned asked(fake_t *fake)
{
	pthread_mutex_lock(&fake->lock);
	unsigned n = fake->asked;
	pthread_mutex_unlock(&fake->lock);
	return n;
}

static void transaction_waits_until_few_events_are_left(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	fake->events = 28;
	fake->done_each = 10;
	result_t r = { 0 };
	server_switch(fake->server, "b.", "lab", POLICY_LOW_TTL, 300, false, on_done, &r);
	// Others need not wait.
	assert_result(check(fake, "d."), SERVER_OK, "");
	assert_false(r.done);
	wait_for(fake, &r, 1);
	assert_result(r, SERVER_OK, "");
	assert_log(fake, "zone-status zone-read | " SWITCH "conf-commit | ");
	assert_int_equal(asked(fake), 3);
}

static long elapsed_ms(const struct timespec *start)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void transaction_does_not_wait_for_ever(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	fake->events = 1000;
	struct timespec start;
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_result(lowered(fake, "a."), SERVER_OK, "");
	assert_log(fake, SWITCH "conf-commit | ");
	assert_true(elapsed_ms(&start) >= 3 * TIMEOUT_MS);
	assert_true(asked(fake) > 3 && asked(fake) <= 3 * TIMEOUT_MS / 100 + 2);
}

static void transaction_begins_if_nobody_says_how_many_events_wait(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	fake->events = -1;
	assert_result(lowered(fake, "a."), SERVER_OK, "");
	assert_log(fake, SWITCH "conf-commit | ");
	assert_int_equal(asked(fake), 1);
}

static void transaction_that_cannot_be_aborted_is_told(void **state)
{
	fake_t *fake = *state;
	fake->script = commit_fails_for_good;
	assert_result(lowered(fake, "bad."), SERVER_REFUSED, "restart knotd");
	assert_log(fake, SWITCH "conf-commit conf-abort | ");
}

static void failed_set_is_aborted(void **state)
{
	fake_t *fake = *state;
	fake->script = set_fails;
	assert_result(lowered(fake, "a."), SERVER_REFUSED, "not today");
	assert_log(fake, SWITCH "conf-abort | ");
}

static void late_begin_is_not_trusted(void **state)
{
	fake_t *fake = *state;
	fake->script = begin_late;
	assert_result(lowered(fake, "a."), SERVER_BUSY, "conf-begin");
	assert_log(fake, EXAMINE "conf-begin | conf-diff conf-abort | ");
}

static void late_commit_is_verified(void **state)
{
	fake_t *fake = *state;
	fake->script = commit_late;
	assert_result(lowered(fake, "a."), SERVER_BUSY, "not carried out");
	assert_log(fake, SWITCH "conf-commit conf-read conf-abort | ");
}

static void broken_transaction_is_cleaned_up(void **state)
{
	fake_t *fake = *state;
	fake->script = drops_in_transaction;
	assert_result(lowered(fake, "a."), SERVER_UNREACHABLE, "control socket");
	assert_log(fake, EXAMINE "conf-begin conf-get " DERIVE "conf-set | conf-diff conf-abort | ");
}

static void clean_up_is_repeated_before_anything_else(void **state)
{
	fake_t *fake = *state;
	fake->script = drops_twice_in_transaction;
	assert_result(lowered(fake, "a."), SERVER_UNREACHABLE, "control socket");
	assert_result(check(fake, "a."), SERVER_OK, "");
	assert_result(check(fake, "a."), SERVER_OK, "");
	assert_log(fake, EXAMINE "conf-begin conf-get " DERIVE "conf-set | conf-diff | "
	                         "conf-diff conf-abort | zone-status zone-read | zone-status zone-read | ");
}

static void clean_up_is_not_over_while_knotd_is_busy(void **state)
{
	fake_t *fake = *state;
	fake->script = drops_and_asks_another_thread;
	assert_result(lowered(fake, "a."), SERVER_UNREACHABLE, "control socket");
	assert_result(check(fake, "a."), SERVER_OK, "");
	assert_log(fake, EXAMINE "conf-begin conf-get " DERIVE "conf-set | conf-diff | "
	                         "conf-diff conf-abort | zone-status zone-read | ");
}

static void silent_server_is_unreachable_in_time(void **state)
{
	fake_t *fake = *state;
	struct timespec start;
	clock_gettime(CLOCK_MONOTONIC, &start);
	fake->script = hangs;
	assert_result(check(fake, "a."), SERVER_UNREACHABLE, "timeout");
	assert_true(elapsed_ms(&start) < 3 * TIMEOUT_MS);
}

static void many_slow_answers_do_not_prolong_the_time(void **state)
{
	fake_t *fake = *state;
	struct timespec start;
	clock_gettime(CLOCK_MONOTONIC, &start);
	fake->script = slow;
	result_t r[32] = { 0 };
	pthread_mutex_lock(&fake->lock);
	for (size_t i = 0; i < 32; i++) {
		char zone[16];
		snprintf(zone, sizeof(zone), "z%zu.", i);
		server_check(fake->server, zone, on_check, &r[i]);
	}
	pthread_mutex_unlock(&fake->lock);
	wait_for(fake, &r[31], 1);
	assert_result(r[31], SERVER_UNREACHABLE, "timeout");
	assert_true(elapsed_ms(&start) < 4 * TIMEOUT_MS);
	wait_for(fake, r, 32);
}

static void dropped_connection_is_unreachable(void **state)
{
	fake_t *fake = *state;
	fake->script = drops;
	assert_result(check(fake, "a."), SERVER_UNREACHABLE, "control socket");
	assert_result(lowered(fake, "a."), SERVER_UNREACHABLE, "control socket");
}

static void missing_socket_is_unreachable(void **state)
{
	fake_t *fake = *state;
	fake->script = drops;
	stop_fake(fake);
	assert_result(check(fake, "a."), SERVER_UNREACHABLE, fake->path);
	assert_result(lowered(fake, "a."), SERVER_UNREACHABLE, fake->path);
}

static void pending_calls_are_cancelled(void **state)
{
	fake_t *fake = *state;
	fake->script = hangs;
	result_t r[8] = { 0 };
	for (size_t i = 0; i < 8; i++) {
		server_policy_origin(fake->server, "a.", on_done, &r[i]);
	}
	struct timespec start;
	clock_gettime(CLOCK_MONOTONIC, &start);
	stop_server(fake);
	assert_true(elapsed_ms(&start) < 3 * TIMEOUT_MS);
	for (size_t i = 0; i < 8; i++) {
		assert_true(r[i].done);
		assert_true(r[i].status == SERVER_CANCELLED || (i == 0 && r[i].status == SERVER_UNREACHABLE));
	}
}

static void call_again(server_status_t status, const char *detail, void *arg)
{
	fake_t *fake = arg;
	(void)detail;
	fake->count++;
	if (status == SERVER_CANCELLED && fake->count < 10) {
		server_policy_origin(fake->server, "a.", call_again, fake);
	}
}

static void calls_from_cancelled_callbacks_are_cancelled(void **state)
{
	fake_t *fake = *state;
	fake->script = hangs;
	result_t r = { 0 };
	server_policy_origin(fake->server, "z.", on_done, &r);
	server_policy_origin(fake->server, "a.", call_again, fake);
	stop_server(fake);
	assert_true(r.done);
	assert_int_equal(fake->count, 10);
}

/* Which knotd it is. */

static void the_right_process_is_talked_to(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	stop_server(fake);
	fake->server = server_of(&fake->loop, fake->path, getpid(), TIMEOUT_MS);
	assert_result(check(fake, "a."), SERVER_OK, "");
	/* It is told another one, and the right one again. */
	server_is_at(fake->server, &(server_where_t){ .control = fake->path, .pid = getppid() });
	assert_result(check(fake, "a."), SERVER_UNREACHABLE, "belongs to another process");
	server_is_at(fake->server, &(server_where_t){ .control = "/nowhere/knot.sock", .pid = getpid() });
	assert_result(check(fake, "a."), SERVER_UNREACHABLE, "/nowhere/knot.sock");
	server_is_at(fake->server, &(server_where_t){ .control = fake->path, .pid = getpid() });
	assert_result(check(fake, "a."), SERVER_OK, "");
}

static void before_it_is_told_where_nothing_is_asked(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	stop_server(fake);
	fake->server = server_new(&fake->loop, TIMEOUT_MS);
	assert_result(check(fake, "a."), SERVER_UNREACHABLE, "starting or stopping");
	assert_result(lowered(fake, "a."), SERVER_UNREACHABLE, "starting or stopping");
	assert_log(fake, "");
}

static void socket_taken_by_another_process_is_not_used(void **state)
{
	fake_t *fake = *state;
	fake->script = friendly;
	stop_server(fake);
	fake->server = server_of(&fake->loop, fake->path, getpid(), TIMEOUT_MS);

	// A second server binds the same path; ours still listens, but nobody gets there.
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		unlink(fake->path);
		struct sockaddr_un addr = { .sun_family = AF_UNIX };
		strcpy(addr.sun_path, fake->path);
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		bool ok = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 5) == 0;
		if (write(ready[1], ok ? "y" : "n", 1) != 1) {
			_exit(1);
		}
		pause();
		_exit(0);
	}
	char c;
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_result(check(fake, "a."), SERVER_UNREACHABLE, "belongs to another process");
	assert_result(lowered(fake, "a."), SERVER_UNREACHABLE, "belongs to another process");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);

	// The thread of the fake cannot be woken through the path any more: it checks itself.
	assert_log(fake, "");
}

int main(void)
{
	alarm(300);
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(friendly_server_is_told_everything_in_one_go),
		T(empty_answers_are_not_taken_for_absence),
		T(zone_that_is_not_loaded_is_not_read),
		T(empty_section_is_not_taken_for_no_policy),
		T(unreadable_record_is_refused),
		T(failed_commit_is_aborted_and_tried_alone),
		T(switches_soon_after_another_share_a_transaction),
		T(transaction_waits_until_few_events_are_left),
		T(transaction_does_not_wait_for_ever),
		T(transaction_begins_if_nobody_says_how_many_events_wait),
		T(transaction_that_cannot_be_aborted_is_told),
		T(failed_set_is_aborted),
		T(late_begin_is_not_trusted),
		T(late_commit_is_verified),
		T(broken_transaction_is_cleaned_up),
		T(clean_up_is_repeated_before_anything_else),
		T(clean_up_is_not_over_while_knotd_is_busy),
		T(silent_server_is_unreachable_in_time),
		T(many_slow_answers_do_not_prolong_the_time),
		T(dropped_connection_is_unreachable),
		T(missing_socket_is_unreachable),
		T(pending_calls_are_cancelled),
		T(calls_from_cancelled_callbacks_are_cancelled),
		T(the_right_process_is_talked_to),
		T(before_it_is_told_where_nothing_is_asked),
		T(socket_taken_by_another_process_is_not_used),
	};
	return cmocka_run_group_tests_name("server_fake", tests, NULL, NULL);
}
