/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be called of a task, and when it is freed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tasks.h"

typedef struct thing {
	task_t task;
	char name;
	struct thing *cancels; /*!< By its done(). */
	bool starts_another;   /*!< The same. */
	bool closes;           /*!< The same: all of them, and they are gone then. */
} thing_t;

static uv_loop_t loop;
static tasks_t *tasks;
static char said[256];
static unsigned freed;

static void say(const task_t *task, const char *what)
{
	const size_t len = strlen(said);
	snprintf(said + len, sizeof(said) - len, "%s%c %s", len > 0 ? ", " : "", ((const thing_t *)task)->name, what);
}

static void begin(task_t *task)
{
	say(task, "begins");
}

static void stop_tasks(task_t *task)
{
	say(task, "stops");
}

static thing_t *start(char name)
{
	thing_t *thing = calloc(1, sizeof(*thing));
	assert_non_null(thing);
	thing->name = name;
	task_start(tasks, &thing->task);
	return thing;
}

static void done(task_t *task, bool cancelled)
{
	thing_t *thing = (thing_t *)task;
	say(task, cancelled ? "is cancelled" : "is done");
	if (thing->cancels != NULL) {
		task_cancel(&thing->cancels->task);
	}
	if (thing->starts_another) {
		start('z');
	}
	if (thing->closes) {
		tasks_close(tasks);
		free(tasks);
		tasks = NULL;
	}
}

static void release(task_t *task)
{
	freed++;
	free(task);
}

static void assert_said(const char *expected)
{
	assert_string_equal(said, expected);
	said[0] = '\0';
}

static void run(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static int begin_test(void **state)
{
	static const task_kind_t KIND = { .begin = begin, .stop = stop_tasks, .done = done, .free = release };
	(void)state;
	said[0] = '\0';
	freed = 0;
	tasks = calloc(1, sizeof(*tasks));
	assert_non_null(tasks);
	tasks_init(tasks, &loop, &KIND, 2, 1);
	return uv_loop_init(&loop);
}

/*! The tasks go before their timers are closed, as those of dns_free() do. */
static int end_test(void **state)
{
	(void)state;
	if (tasks != NULL) {
		tasks_close(tasks);
		free(tasks);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static void no_more_begin_than_there_are_slots(void **state)
{
	(void)state;
	thing_t *a = start('a');
	start('b');
	thing_t *c = start('c');
	assert_said("");
	run();
	assert_said("a begins, b begins");
	assert_true(task_has_begun(&a->task));
	assert_false(task_has_begun(&c->task));

	task_finish(&a->task);
	assert_said("");
	run();
	assert_said("a stops, a is done, c begins");
}

static void one_that_waits_is_cancelled_without_beginning(void **state)
{
	(void)state;
	start('a');
	start('b');
	thing_t *c = start('c');
	task_cancel(&c->task);
	assert_said("c stops, c is cancelled");
	run();
	assert_said("a begins, b begins");
}

static void cancelling_calls_back_at_once_and_frees_later(void **state)
{
	(void)state;
	thing_t *a = start('a');
	run();
	assert_said("a begins");
	task_cancel(&a->task);
	assert_said("a stops, a is cancelled");
	assert_int_equal(freed, 0);
	run();
	assert_said("");
	assert_int_equal(freed, 1);
}

static void one_that_is_about_to_end_is_called_back_once(void **state)
{
	(void)state;
	thing_t *a = start('a');
	run();
	task_finish(&a->task);
	task_cancel(&a->task);
	run();
	assert_said("a begins, a stops, a is cancelled");
}

static void one_that_was_to_begin_does_not(void **state)
{
	(void)state;
	thing_t *a = start('a');
	task_cancel(&a->task);
	run();
	assert_said("a stops, a is cancelled");
}

static void a_callback_may_cancel_and_start_others(void **state)
{
	(void)state;
	thing_t *a = start('a'), *b = start('b');
	start('c');
	run();
	assert_said("a begins, b begins");
	a->cancels = b;
	a->starts_another = true;
	task_finish(&a->task);
	run();
	assert_said("a stops, a is done, b stops, b is cancelled, c begins, z begins");
}

static void who_pauses_gives_the_slot_away_and_takes_it_again(void **state)
{
	(void)state;
	thing_t *a = start('a'), *b = start('b'), *c = start('c');
	start('d');
	run();
	assert_said("a begins, b begins");

	/* One may pause; as long as it does, none begins. */
	task_move(&a->task, TASK_PAUSED);
	run();
	assert_said("");
	task_move(&a->task, TASK_ACTIVE);
	run();
	assert_said("");

	/* Who runs without a slot lets the next one begin. */
	task_move(&b->task, TASK_RUNNING);
	run();
	assert_said("c begins");
	assert_true(task_has_begun(&c->task));
	assert_int_equal(tasks->place[TASK_ACTIVE].count, 2);
}

static void step(task_t *task)
{
	say(task, "steps");
}

static void a_later_call_takes_the_place_of_the_one_before(void **state)
{
	(void)state;
	thing_t *a = start('a');
	run();
	said[0] = '\0';
	task_after(&a->task, 0, begin);
	task_after(&a->task, 0, step);
	run();
	assert_said("a steps");
	task_after(&a->task, 0, step);
	task_stop_timer(&a->task);
	run();
	assert_said("");
}

static void closing_cancels_all_and_lets_none_begin(void **state)
{
	(void)state;
	thing_t *a = start('a');
	start('b');
	start('c');
	run();
	task_move(&a->task, TASK_RUNNING);
	said[0] = '\0';
	tasks_close(tasks);
	assert_said("b stops, b is cancelled, c stops, c is cancelled, a stops, a is cancelled");
	run();
	assert_said("");
	assert_int_equal(freed, 3);
}

static void a_callback_may_close_all(void **state)
{
	(void)state;
	thing_t *a = start('a');
	start('b');
	start('c');
	run();
	said[0] = '\0';
	a->closes = true;
	task_finish(&a->task);
	run();
	/* The third one got the slot, but not the time. */
	assert_said("a stops, a is done, b stops, b is cancelled, c stops, c is cancelled");
	assert_int_equal(freed, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_more_begin_than_there_are_slots),
		TEST(one_that_waits_is_cancelled_without_beginning),
		TEST(cancelling_calls_back_at_once_and_frees_later),
		TEST(one_that_is_about_to_end_is_called_back_once),
		TEST(one_that_was_to_begin_does_not),
		TEST(a_callback_may_cancel_and_start_others),
		TEST(who_pauses_gives_the_slot_away_and_takes_it_again),
		TEST(a_later_call_takes_the_place_of_the_one_before),
		TEST(closing_cancels_all_and_lets_none_begin),
		TEST(a_callback_may_close_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
