/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders for keys of several zones at once. knotd, keymgr and the clock are the test's. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libknot/libknot.h>
#include <uv.h>

#include "module/server/key_actor.h"
#include "module/server/key_client.h"

#define MS         UINT64_C(1000000)
#define TIMEOUT_MS 10000
#define CONTROL_MS 1
#define KEYMGR_MS  10
#define ALWAYS     1000
#define ZONES      20

/*! A zone, "a." being the first one. It has one KSK, which is ready at first. */
typedef struct {
	bool active;
	bool read; // knotd has read the keys since they were set.
	bool frozen;
	unsigned running; // Questions that are answered with an event of Knot's under way, after its keys were read.
	unsigned undone;  // How often Knot undoes what is set.
	unsigned hangs;   // Milliseconds of the next keymgr.
	bool lost;        // keymgr gives no answer.
} zone_t;

static struct {
	_Atomic uint64_t now; // ns.
	unsigned keymgr_ms;
	zone_t zones[ZONES];
	char log[8192];       // Command and zone of all that was begun.
	uint64_t last;        // When the last one was.
	pthread_mutex_t gate; // keymgr waits for it.
	atomic_bool at_gate;
} world;

static zone_t *zone_of(const char *name)
{
	assert_true(name[0] >= 'a' && name[0] < 'a' + ZONES);
	return &world.zones[name[0] - 'a'];
}

static void pass(uint64_t ms)
{
	world.now += ms * MS;
}

static void note(const char *what, const char *zone)
{
	const size_t len = strlen(world.log);
	world.last = world.now;
	snprintf(world.log + len, sizeof(world.log) - len, "%s %c, ", what, zone[0]);
}

/* What is wrapped. */

uint64_t __wrap_uv_hrtime(void);
uint64_t __wrap_uv_hrtime(void)
{
	return world.now;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	assert_true(time->tv_nsec >= 0 && time->tv_nsec <= 999999999);
	world.now += time->tv_sec * UINT64_C(1000000000) + time->tv_nsec;
	return 0;
}

int __wrap_control_open(control_t **control, const control_target_t *target, char *detail);
int __wrap_control_open(control_t **control, const control_target_t *target, char *detail)
{
	(void)target, (void)detail;
	*control = NULL;
	return KNOT_EOK;
}

void __wrap_control_close(control_t *control);
void __wrap_control_close(control_t *control)
{
	(void)control;
}

static void say_status(zone_t *zone, const control_cmd_t *cmd)
{
	const bool running = zone->read && zone->running > 0;
	zone->running -= running ? 1 : 0;
	cmd->each(&(control_unit_t){ .type = "freeze", .data = zone->frozen ? "yes" : "-" }, cmd->arg);
	cmd->each(&(control_unit_t){ .type = "re-sign", .data = running ? "running" : "-" }, cmd->arg);
}

int __wrap_control_run(control_t *control, control_cmd_t *cmds, size_t count, char *detail);
int __wrap_control_run(control_t *control, control_cmd_t *cmds, size_t count, char *detail)
{
	(void)control, (void)detail;
	for (size_t i = 0; i < count; i++) {
		zone_t *zone = zone_of(cmds[i].zone);
		const bool status = strcmp(cmds[i].name, "zone-status") == 0;
		note(status                                      ? "status" :
		     strcmp(cmds[i].name, "zone-keys-load") == 0 ? "load" :
		                                                   cmds[i].name,
		     cmds[i].zone);
		pass(CONTROL_MS);
		if (status) {
			say_status(zone, &cmds[i]);
			continue;
		}
		zone->read = true;
		if (zone->undone > 0) {
			zone->undone--;
			zone->active = !zone->active;
		}
	}
	return KNOT_EOK;
}

static int keymgr(zone_t *zone, char *detail)
{
	pass(zone->hangs > 0 ? zone->hangs : world.keymgr_ms);
	const bool killed = zone->hangs > 0;
	zone->hangs = 0;
	if (killed || zone->lost) {
		strcpy(detail, "no answer");
	}
	return killed ? KNOT_ETIMEOUT : zone->lost ? KNOT_ECONN : KNOT_EOK;
}

int __wrap_key_client_list(const key_client_t *client, const char *name, key_list_t *list, char *detail);
int __wrap_key_client_list(const key_client_t *client, const char *name, key_list_t *list, char *detail)
{
	(void)client;
	zone_t *zone = zone_of(name);
	note("list", name);
	world.at_gate = true;
	pthread_mutex_lock(&world.gate);
	pthread_mutex_unlock(&world.gate);
	*list = (key_list_t){ .count = 1,
		              .keys = { { .id = "aa",
		                          .tag = 1,
		                          .algorithm = 13,
		                          .ksk = true,
		                          .timers = { [KEY_CREATED] = 1, [KEY_PUBLISH] = 1, [KEY_READY] = 1 } } } };
	list->keys[0].timers[KEY_ACTIVE] = zone->active ? 1 : 0;
	return keymgr(zone, detail);
}

int __wrap_key_client_set(const key_client_t *client, const char *name, const char *id, key_change_t change,
                          char *detail);
int __wrap_key_client_set(const key_client_t *client, const char *name, const char *id, key_change_t change,
                          char *detail)
{
	(void)client;
	zone_t *zone = zone_of(name);
	assert_string_equal(id, "aa");
	note(change == KEY_CHANGE_ACTIVE ? "silent" : "signal", name);
	zone->active = change == KEY_CHANGE_ACTIVE;
	zone->read = false;
	return keymgr(zone, detail);
}

/* Orders. */

static const server_keys_t silent = { .order = KEY_ORDER_SILENT,
	                              .has_new = true,
	                              .new_key = { .tag = 1, .algorithm = 13 } };
static const server_keys_t signal_new = { .order = KEY_ORDER_SIGNAL,
	                                  .has_new = true,
	                                  .new_key = { .tag = 1, .algorithm = 13 } };

static const char *const names[ZONES] = { "a.", "b.", "c.", "d.", "e.", "f.", "g.", "h.", "i.", "j.",
	                                  "k.", "l.", "m.", "n.", "o.", "p.", "q.", "r.", "s.", "t." };

static key_task_t tasks[ZONES];

/*! \return Milliseconds. */
static uint64_t run(size_t count)
{
	const control_target_t target = { .path = "/", .timeout_ms = TIMEOUT_MS };
	const uint64_t start = world.now;

	for (size_t i = 0; i < count; i++) {
		tasks[i].zone = names[i];
		tasks[i].wish = &silent;
	}
	key_actor_run(&target, &(key_client_t){ .sock = -1 }, tasks, count);
	return (world.now - start) / MS;
}

static void assert_task(size_t i, server_status_t status, const char *detail)
{
	assert_string_equal(tasks[i].detail, detail);
	assert_int_equal(tasks[i].status, status);
}

static int reset(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	memset(tasks, 0, sizeof(tasks));
	world.now = 1000 * MS;
	world.keymgr_ms = KEYMGR_MS;
	pthread_mutex_init(&world.gate, NULL);
	return 0;
}

/* Tests. */

/*! Each set is preceded by the question whether Knot is quiet, and followed by the load, both of the same zone. */
static void pauses_are_shared(void **state)
{
	(void)state;
	// The first pause ends at 72 ms, the last one at 116: 22 ms until then, and 11 afterwards, for each zone.
	assert_int_equal(run(3), 127);
	assert_string_equal(world.log, "status a, list a, silent a, load a, "
	                               "status b, list b, silent b, load b, "
	                               "status c, list c, silent c, load c, "
	                               "status a, list a, status b, list b, status c, list c, ");
	for (size_t i = 0; i < 3; i++) {
		assert_task(i, SERVER_OK, "");
		assert_true(world.zones[i].active && world.zones[i].read);
	}
	// What is so already is not done again, and nobody pauses.
	world.log[0] = '\0';
	assert_int_equal(run(2), 2 * (2 * CONTROL_MS + KEYMGR_MS));
	assert_string_equal(world.log, "status a, list a, load a, status b, list b, load b, ");
}

static void whose_pause_is_over_goes_first(void **state)
{
	(void)state;
	// With the fourth order the pause of the first one is over: few are half done, whatever their number.
	assert_true(run(16) < 16 * (3 * CONTROL_MS + 3 * KEYMGR_MS) + 50);
	assert_non_null(strstr(world.log, "load d, status a, list a, status b, list b, status e, list e"));
	for (size_t i = 0; i < 16; i++) {
		assert_task(i, SERVER_OK, "");
	}
}

static void one_that_fails_disturbs_no_other(void **state)
{
	(void)state;
	world.zones[0].frozen = true;
	world.zones[2].lost = true;
	static const server_keys_t wrong = { .order = KEY_ORDER_SILENT,
		                             .has_new = true,
		                             .new_key = { .tag = 2, .algorithm = 13 } };
	const control_target_t target = { .path = "/", .timeout_ms = TIMEOUT_MS };
	for (size_t i = 0; i < 5; i++) {
		tasks[i] = (key_task_t){ .zone = names[i], .wish = i == 3 ? &wrong : &silent };
	}
	key_actor_run(&target, &(key_client_t){ .sock = -1 }, tasks, 5);
	assert_task(0, SERVER_REFUSED, "the zone is frozen");
	assert_task(1, SERVER_OK, "");
	assert_task(2, SERVER_UNREACHABLE, "no answer");
	assert_task(3, SERVER_REFUSED, "the new KSK is not among the keys");
	assert_task(4, SERVER_OK, "");
	assert_true(world.zones[1].active && world.zones[1].read && world.zones[4].active && world.zones[4].read);
	assert_false(world.zones[0].active || world.zones[2].active || world.zones[3].active);
}

static void one_that_stays_busy_keeps_no_other_waiting(void **state)
{
	(void)state;
	world.zones[1].running = ALWAYS;
	// Its pauses begin at 44 ms: 50, 100, 200, 400, and a question after each.
	assert_int_equal(run(3), 44 + 750 + 4);
	assert_string_equal(world.log, "status a, list a, silent a, load a, status b, list b, silent b, load b, "
	                               "status c, list c, silent c, load c, status a, list a, status b, "
	                               "status c, list c, status b, status b, status b, ");
	assert_task(0, SERVER_OK, "");
	assert_task(1, SERVER_BUSY, "Knot is about to sign the zone, and may write its keys");
	assert_task(2, SERVER_OK, "");
	// Nor does one that gets quiet in the last pause, and is read back then.
	reset(NULL);
	world.zones[1].running = 3;
	assert_int_equal(run(3), 44 + 750 + 4 + KEYMGR_MS);
	assert_task(1, SERVER_OK, "");
}

static void what_knot_undoes_is_set_again(void **state)
{
	(void)state;
	world.zones[0].undone = 2;
	world.zones[1].undone = ALWAYS;
	(void)run(3);
	assert_task(0, SERVER_OK, "");
	assert_task(1, SERVER_BUSY, "Knot undoes what keymgr sets");
	assert_task(2, SERVER_OK, "");
	unsigned sets[3] = { 0 };
	for (const char *at = world.log; (at = strstr(at, "silent ")) != NULL; at++) {
		sets[at[7] - 'a']++;
	}
	assert_int_equal(sets[0], 3);
	assert_int_equal(sets[1], 3);
	assert_int_equal(sets[2], 1);
}

static void pauses_begin_again_after_each_set(void **state)
{
	(void)state;
	world.zones[0].running = 3;
	world.zones[0].undone = 1;
	const unsigned set = CONTROL_MS + 2 * KEYMGR_MS + CONTROL_MS,
		       again = 4 * CONTROL_MS + 2 * KEYMGR_MS + CONTROL_MS;
	assert_int_equal(run(1), set + 750 + again + 50 + CONTROL_MS + KEYMGR_MS);
	assert_task(0, SERVER_OK, "");
}

static void nothing_begins_after_the_end(void **state)
{
	(void)state;
	const uint64_t start = world.now;
	world.keymgr_ms = 1200;
	(void)run(6);
	assert_true(world.last < start + TIMEOUT_MS * MS);
	// 1.2 s for each keymgr: a and b are read back, c is set, and d would be set too late.
	assert_string_equal(world.log, "status a, list a, silent a, load a, status b, list b, silent b, load b, "
	                               "status a, list a, status b, list b, "
	                               "status c, list c, silent c, load c, status d, list d, ");
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(world.zones[i].active, world.zones[i].read);
		assert_int_equal(tasks[i].begun, i < 4);
		if (i < 2) {
			assert_task(i, SERVER_OK, "");
		} else {
			assert_task(i, SERVER_BUSY, "keymgr and Knot take long: continued later");
		}
	}
	// A pause does not outlast it either.
	reset(NULL);
	world.zones[0].running = ALWAYS;
	world.keymgr_ms = 4900;
	assert_int_equal(run(1), TIMEOUT_MS);
	assert_task(0, SERVER_BUSY, "keymgr and Knot take long: continued later");
}

static void one_that_hangs_uses_up_the_time(void **state)
{
	(void)state;
	world.zones[0].hangs = TIMEOUT_MS;
	(void)run(3);
	assert_string_equal(world.log, "status a, list a, ");
	assert_task(0, SERVER_UNREACHABLE, "no answer");
	assert_true(tasks[0].begun);
	for (size_t i = 1; i < 3; i++) {
		assert_task(i, SERVER_BUSY, "keymgr and Knot take long: continued later");
		assert_false(tasks[i].begun);
	}
}

static void an_order_grows_stale_until_its_turn(void **state)
{
	(void)state;
	// The first turn ends at 22 ms, the second one at 44.
	tasks[1].latest = world.now + 22 * MS;
	tasks[2].latest = world.now + 44 * MS - 1;
	(void)run(3);
	assert_task(1, SERVER_OK, "");
	assert_task(2, SERVER_BUSY, "the order has waited for its turn: what it rests on is proven again");
	assert_true(tasks[2].begun);
	assert_null(strstr(world.log, " c"));
}

/* By way of the server, with its thread. */

static char finished[64];

static void on_keys(server_status_t status, const char *detail, void *arg)
{
	(void)detail;
	const size_t len = strlen(finished);
	snprintf(finished + len, sizeof(finished) - len, "%s%i ", (const char *)arg, status);
}

static void wait_until_finished(uv_loop_t *loop, const char *want)
{
	while (strlen(finished) < strlen(want)) {
		uv_run(loop, UV_RUN_ONCE);
	}
	assert_string_equal(finished, want);
}

static void one_that_hangs_holds_back_the_others_once(void **state)
{
	(void)state;
	uv_loop_t loop;
	assert_int_equal(uv_loop_init(&loop), 0);
	server_t *server = server_new(&loop, TIMEOUT_MS);
	assert_non_null(server);
	server_is_at(server, &(server_where_t){ .control = "/" });

	// The control thread is busy until all others are queued.
	finished[0] = '\0';
	pthread_mutex_lock(&world.gate);
	server_keys(server, "t.", &silent, on_keys, "t");
	while (!world.at_gate) {
		sched_yield();
	}
	world.zones[1].hangs = TIMEOUT_MS;
	server_keys(server, "a.", &silent, on_keys, "a");
	server_keys(server, "b.", &silent, on_keys, "b");
	server_keys(server, "c.", &silent, on_keys, "c");
	server_keys(server, "c.", &signal_new, on_keys, "C");
	server_keys(server, "d.", &silent, on_keys, "d");
	pthread_mutex_unlock(&world.gate);
	// What was half done is busy, what was not begun is done next, and the second order of a zone after that.
	wait_until_finished(&loop, "t0 a2 b1 c0 d0 C0 ");
	server_free(server);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);

	assert_non_null(strstr(world.log, "silent c, load c, status d, list d, silent d, load d"));
	assert_non_null(strstr(strstr(world.log, "silent c"), "signal c"));
	assert_false(world.zones[2].active);
	assert_true(world.zones[2].read);
}

int main(void)
{
	const struct CMUnitTest tests_[] = {
		cmocka_unit_test_setup(pauses_are_shared, reset),
		cmocka_unit_test_setup(whose_pause_is_over_goes_first, reset),
		cmocka_unit_test_setup(one_that_fails_disturbs_no_other, reset),
		cmocka_unit_test_setup(one_that_stays_busy_keeps_no_other_waiting, reset),
		cmocka_unit_test_setup(what_knot_undoes_is_set_again, reset),
		cmocka_unit_test_setup(pauses_begin_again_after_each_set, reset),
		cmocka_unit_test_setup(nothing_begins_after_the_end, reset),
		cmocka_unit_test_setup(one_that_hangs_uses_up_the_time, reset),
		cmocka_unit_test_setup(an_order_grows_stale_until_its_turn, reset),
		cmocka_unit_test_setup(one_that_hangs_holds_back_the_others_once, reset),
	};
	return cmocka_run_group_tests(tests_, NULL, NULL);
}
