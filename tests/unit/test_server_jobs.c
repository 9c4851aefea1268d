/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which order calls go to the control socket, and which of them go together. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "module/server/jobs.h"

#define ROUNDS 300
#define CALLS  1500

static void forget(server_status_t status, const char *detail, void *arg)
{
	(void)status;
	(void)detail;
	(void)arg;
}

static void forget_check(const server_check_t *check, void *arg)
{
	(void)check;
	(void)arg;
}

/* \a number: of the call, found again in arg. */
static void call(job_list_t *queue, job_kind_t kind, const char *zone, uintptr_t number)
{
	job_t *job = job_new(kind, zone, kind == JOB_SWITCH ? "base" : NULL, (void *)number);
	assert_non_null(job);
	if (kind == JOB_CHECK) {
		job->callback.check = forget_check;
	} else {
		job->callback.done = forget;
	}
	job_list_append(queue, job);
}

static size_t finish_all(job_list_t *list)
{
	size_t n = 0;
	for (; list->head != NULL; n++) {
		job_finish(job_list_remove(list, &list->head));
	}
	assert_int_equal(list->count, 0);
	return n;
}

static void expect(job_list_t *queue, size_t enough, job_kind_t kind, const char *zone, size_t count)
{
	job_list_t batch;
	job_t **first = jobs_first_due(queue, enough);
	assert_non_null(first);
	jobs_take(queue, first, &batch);
	assert_int_equal(batch.head->kind, kind);
	assert_string_equal(batch.head->zone, zone);
	assert_int_equal(batch.count, count);
	assert_int_equal(finish_all(&batch), count);
}

static void switches_wait_and_checks_go_on(void **state)
{
	(void)state;
	job_list_t queue;
	job_list_init(&queue);
	assert_null(jobs_first_due(&queue, 1));

	call(&queue, JOB_SWITCH, "a.", 0);
	call(&queue, JOB_CHECK, "b.", 1);
	call(&queue, JOB_SWITCH, "c.", 2);
	call(&queue, JOB_CHECK, "d.", 3);
	expect(&queue, SWITCHES_NEVER, JOB_CHECK, "b.", 2);
	assert_null(jobs_first_due(&queue, 3));
	expect(&queue, 2, JOB_SWITCH, "a.", 2);
	assert_null(queue.head);

	/* Nobody waits for one that is alone when the last transaction is long ago. */
	call(&queue, JOB_SWITCH, "a.", 0);
	expect(&queue, 1, JOB_SWITCH, "a.", 1);
}

static void a_zone_keeps_its_order(void **state)
{
	(void)state;
	job_list_t queue;
	job_list_init(&queue);

	/* What follows a switch of the same zone waits with it. */
	call(&queue, JOB_SWITCH, "a.", 0);
	call(&queue, JOB_KEYS, "a.", 1);
	call(&queue, JOB_CHECK, "a.", 2);
	assert_null(jobs_first_due(&queue, SWITCHES_NEVER));
	call(&queue, JOB_CHECK, "b.", 3);
	expect(&queue, SWITCHES_NEVER, JOB_CHECK, "b.", 1);
	expect(&queue, 1, JOB_SWITCH, "a.", 1);
	expect(&queue, 1, JOB_KEYS, "a.", 1);
	expect(&queue, 1, JOB_CHECK, "a.", 1);

	/* Twice in one transaction would be two answers to one question. */
	call(&queue, JOB_SWITCH, "a.", 0);
	call(&queue, JOB_SWITCH, "b.", 1);
	call(&queue, JOB_SWITCH, "a.", 2);
	expect(&queue, 1, JOB_SWITCH, "a.", 2);
	expect(&queue, 1, JOB_SWITCH, "a.", 1);

	/* So it is with orders for keys. */
	call(&queue, JOB_KEYS, "a.", 0);
	call(&queue, JOB_KEYS, "b.", 1);
	call(&queue, JOB_KEYS, "a.", 2);
	expect(&queue, 1, JOB_KEYS, "a.", 2);
	expect(&queue, 1, JOB_KEYS, "a.", 1);

	/* Other commands have a connection each. */
	call(&queue, JOB_ORIGIN, "a.", 0);
	call(&queue, JOB_ORIGIN, "b.", 1);
	expect(&queue, 1, JOB_ORIGIN, "a.", 1);
	expect(&queue, 1, JOB_ORIGIN, "b.", 1);
	assert_null(queue.head);
}

/*! Zones of the jobs, in their order. */
static void assert_zones(const job_list_t *list, const char *want)
{
	char zones[64] = "";
	size_t count = 0;
	for (const job_t *job = list->head; job != NULL; job = job->next, count++) {
		strcat(zones, job->zone);
	}
	assert_string_equal(zones, want);
	assert_int_equal(list->count, count);
}

static void what_is_put_off_goes_before_all_others(void **state)
{
	(void)state;
	job_list_t queue, batch;
	job_list_init(&queue);

	call(&queue, JOB_KEYS, "a.", 0);
	call(&queue, JOB_KEYS, "b.", 1);
	call(&queue, JOB_KEYS, "b.", 2);
	call(&queue, JOB_KEYS, "c.", 3);
	call(&queue, JOB_CHECK, "c.", 4);
	jobs_take(&queue, jobs_first_due(&queue, 1), &batch);
	assert_zones(&batch, "a.b.c.");
	batch.head->next->put_off = batch.head->next->next->put_off = true;
	jobs_put_back(&queue, &batch);
	assert_zones(&batch, "a.");
	assert_zones(&queue, "b.c.b.c.");
	assert_int_equal(finish_all(&batch), 1);

	/* It is not put off for ever. */
	jobs_take(&queue, jobs_first_due(&queue, 1), &batch);
	jobs_put_back(&queue, &batch);
	assert_zones(&batch, "b.c.");
	assert_zones(&queue, "b.c.");
	assert_int_equal(finish_all(&batch), 2);

	/* The end of the queue is found again, also of one that was empty. */
	assert_int_equal(finish_all(&queue), 2);
	call(&queue, JOB_KEYS, "a.", 0);
	jobs_take(&queue, jobs_first_due(&queue, 1), &batch);
	batch.head->put_off = true;
	jobs_put_back(&queue, &batch);
	call(&queue, JOB_CHECK, "b.", 1);
	assert_zones(&batch, "");
	assert_zones(&queue, "a.b.");
	assert_int_equal(finish_all(&queue), 2);
}

/* Calls of any kind, any zone, at any time: all come out once, each zone's in their order, no batch too large. */
static void nothing_is_lost_or_overtaken(void **state)
{
	(void)state;
	static const job_kind_t kinds[] = { JOB_CHECK, JOB_SWITCH, JOB_ORIGIN, JOB_KEYS };
	size_t largest[JOB_KEYS + 1] = { 0 };
	srandom(7);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const unsigned zones = 1 + random() % 700;
		uintptr_t next[700] = { 0 }; /* The least number that may come. */
		size_t called = 0, finished = 0;
		job_list_t queue;
		job_list_init(&queue);
		while (finished < CALLS) {
			for (size_t n = random() % 600; n > 0 && called < CALLS; n--) {
				char zone[16];
				snprintf(zone, sizeof(zone), "z%u.", (unsigned)(random() % zones));
				/* In every third round nearly all are switches. */
				unsigned kind = random() % (round % 3 == 0 ? 100 : 8);
				call(&queue, kind < 4 ? kinds[kind] : JOB_SWITCH, zone, called++);
			}
			size_t enough[] = { 1, 2, SWITCHES_MAX, SWITCHES_NEVER };
			job_t **first = jobs_first_due(&queue, enough[random() % 4]);
			if (first == NULL) {
				continue;
			}
			job_list_t batch;
			jobs_take(&queue, first, &batch);
			bool seen[700] = { false };
			job_kind_t kind = batch.head->kind;
			for (job_t *job = batch.head; job != NULL; job = job->next) {
				unsigned zone = strtoul(job->zone + 1, NULL, 10);
				assert_int_equal(job->kind, kind);
				assert_false(seen[zone]);
				seen[zone] = true;
				assert_true((uintptr_t)job->arg >= next[zone]);
				next[zone] = (uintptr_t)job->arg + 1;
			}
			largest[kind] = batch.count > largest[kind] ? batch.count : largest[kind];
			/* As the control thread does with results. */
			job_list_t results;
			job_list_init(&results);
			size_t count = batch.count;
			job_list_move(&results, &batch);
			assert_null(batch.head);
			assert_int_equal(results.count, count);
			finished += finish_all(&results);
		}
		assert_int_equal(finished, called);
		assert_int_equal(queue.count, 0);
	}
	assert_int_equal(largest[JOB_CHECK], CHECKS_MAX);
	assert_int_equal(largest[JOB_SWITCH], SWITCHES_MAX);
	assert_int_equal(largest[JOB_ORIGIN], 1);
	assert_int_equal(largest[JOB_KEYS], KEYS_MAX);
}

/*! What cannot be taken back rests on what was seen just before. */
static void orders_that_rest_on_a_check_grow_stale(void **state)
{
	(void)state;
	const uint64_t second = UINT64_C(1000000000), called = 100 * second;

	for (int order = 0; order < KEY_ORDERS; order++) {
		server_keys_t keys = { .order = order };
		const job_t job = { .kind = JOB_KEYS, .keys = &keys, .called = called };
		const bool removes = order == KEY_ORDER_RETIRE || order == KEY_ORDER_ABORT ||
		                     order == KEY_ORDER_PRESIGN || order == KEY_ORDER_CLEAN;
		const bool is_needed = order == KEY_ORDER_MOVE || order == KEY_ORDER_PUBLISH;
		assert_int_equal(job_latest(&job), removes || is_needed ? called + 60 * second : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switches_wait_and_checks_go_on),
		cmocka_unit_test(a_zone_keeps_its_order),
		cmocka_unit_test(what_is_put_off_goes_before_all_others),
		cmocka_unit_test(nothing_is_lost_or_overtaken),
		cmocka_unit_test(orders_that_rest_on_a_check_grow_stale),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
