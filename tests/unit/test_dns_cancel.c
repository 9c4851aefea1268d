/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Surveys, notifications, watches and checks of signaling names that are ended at any moment: each is called back once,
 * and nothing of it is touched or left afterwards. The sanitizers see the second half.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "root_anchor.h"
#include "kskroll/dns.h"

/*! Of each kind: more than there are slots of some. */
#define EACH 10
/*! Turns of the loop before the end. */
#define TURNS_MAX 12

static const uint8_t ZONE[] = "\7example\4test";

/*! What was started, NULL once it has called back. */
typedef struct {
	survey_t *survey[EACH];
	notify_t *notify[EACH];
	watch_t *watch[EACH];
	dsboot_t *dsboot[EACH];
	unsigned calls, cancelled;
} all_t;

typedef struct {
	all_t *all;
	unsigned i;
} one_t;

static void note(one_t *one, bool cancelled)
{
	one->all->calls++;
	one->all->cancelled += cancelled;
	free(one);
}

static void on_survey(survey_result_t *result, void *arg)
{
	one_t *one = arg;
	assert_non_null(one->all->survey[one->i]);
	one->all->survey[one->i] = NULL;
	note(one, result->cancelled);
	survey_free(result);
}

static void on_notify(notify_result_t *result, void *arg)
{
	one_t *one = arg;
	assert_non_null(one->all->notify[one->i]);
	one->all->notify[one->i] = NULL;
	note(one, result->status == NOTIFY_CANCELLED);
	notify_free(result);
}

static void on_watch(const watch_result_t *result, void *arg)
{
	one_t *one = arg;
	assert_non_null(one->all->watch[one->i]);
	one->all->watch[one->i] = NULL;
	note(one, result->cancelled);
}

static void on_dsboot(const dsboot_result_t *result, void *arg)
{
	one_t *one = arg;
	assert_non_null(one->all->dsboot[one->i]);
	one->all->dsboot[one->i] = NULL;
	note(one, result->cancelled);
}

static one_t *one_of(all_t *all, unsigned i)
{
	one_t *one = calloc(1, sizeof(*one));
	assert_non_null(one);
	*one = (one_t){ .all = all, .i = i };
	return one;
}

static void start_all(dns_t *dns, all_t *all)
{
	static const uint8_t NS[] = "\2ns\5other\4test";
	knot_rdataset_t ns = { 0 };
	uint8_t rr[sizeof(knot_rdata_t) + sizeof(NS) + 1];
	knot_rdata_init((knot_rdata_t *)rr, sizeof(NS), NS);
	assert_int_equal(knot_rdataset_add(&ns, (knot_rdata_t *)rr, NULL), KNOT_EOK);

	const survey_request_t survey = { .zone = ZONE, .ask = SURVEY_CHILD | SURVEY_PARENT, .ns = &ns };
	const notify_request_t notify = { .zone = ZONE };
	const watch_request_t watch = { .zone = ZONE };
	const dsboot_request_t dsboot = { .zone = ZONE, .ns = &ns, .cds = &ns, .cdnskey = &ns };
	for (unsigned i = 0; i < EACH; i++) {
		assert_int_equal(survey_start(dns, &survey, on_survey, one_of(all, i), &all->survey[i]), KNOT_EOK);
		assert_int_equal(notify_start(dns, &notify, on_notify, one_of(all, i), &all->notify[i]), KNOT_EOK);
		assert_int_equal(watch_start(dns, &watch, on_watch, one_of(all, i), &all->watch[i]), KNOT_EOK);
		assert_int_equal(dsboot_start(dns, &dsboot, on_dsboot, one_of(all, i), &all->dsboot[i]), KNOT_EOK);
	}
	assert_int_equal(all->calls, 0);
	knot_rdataset_clear(&ns, NULL);
}

/*! Every second one of each kind, from the last: some of them have begun, others wait. */
static void cancel_half(all_t *all)
{
	for (unsigned i = EACH; i > 0; i -= 2) {
		const unsigned before = all->calls;
		const unsigned there = (all->survey[i - 1] != NULL) + (all->notify[i - 1] != NULL) +
		                       (all->watch[i - 1] != NULL) + (all->dsboot[i - 1] != NULL);
		survey_cancel(all->survey[i - 1]);
		notify_cancel(all->notify[i - 1]);
		watch_cancel(all->watch[i - 1]);
		dsboot_cancel(all->dsboot[i - 1]);
		assert_int_equal(all->calls, before + there);
	}
}

static void live(unsigned turns, bool cancel)
{
	struct sockaddr_storage at;
	assert_int_equal(addr_parse("127.0.0.1@1", &at), KNOT_EOK);
	const dns_config_t config = { .trust_anchor = anchor, .resolver = { &at, 1 }, .loopback = true };
	char err[256];
	uv_loop_t loop;
	all_t all = { 0 };
	assert_int_equal(uv_loop_init(&loop), 0);
	dns_t *dns = dns_new(&loop, &config, err, sizeof(err));
	assert_non_null(dns);

	start_all(dns, &all);
	for (unsigned i = 0; i < turns; i++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		if (cancel && i == turns / 2) {
			cancel_half(&all);
			assert_true(all.cancelled > 0);
		}
	}
	dns_free(dns);
	assert_int_equal(all.calls, 4 * EACH);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(all.calls, 4 * EACH);
}

static void all_is_called_back_once_whenever_it_ends(void **state)
{
	(void)state;
	for (unsigned turns = 0; turns < TURNS_MAX; turns++) {
		live(turns, false);
	}
}

static void what_is_cancelled_is_called_back_at_once(void **state)
{
	(void)state;
	for (unsigned turns = 1; turns < TURNS_MAX; turns++) {
		live(turns, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_called_back_once_whenever_it_ends),
		cmocka_unit_test(what_is_cancelled_is_called_back_at_once),
	};
	return cmocka_run_group_tests_name("dns_cancel", tests, write_anchor, remove_anchor);
}
