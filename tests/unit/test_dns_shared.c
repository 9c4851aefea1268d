/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which lookups are shared, and for how long. The resolver and the clock are of this file. */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "shared.h"

#define LOOKUPS_MAX 64

/*! In place of libunbound. */
struct resolve {
	bool blank; /*!< Made for a fresh lookup. */
};

struct lookup {
	resolve_t *resolve;
	uint16_t type;
	lookup_done_f done;
	void *arg;
	bool cancelled, answered;
};

static lookup_t lookups[LOOKUPS_MAX];
static unsigned lookup_count, resolvers;
static bool refuse;
static uint64_t now;

uint64_t uv_now(const uv_loop_t *loop)
{
	(void)loop;
	return now;
}

resolve_t *resolve_new(uv_loop_t *loop, const dns_config_t *config, char *err, size_t err_len)
{
	(void)loop;
	(void)config;
	(void)err;
	(void)err_len;
	resolve_t *resolve = calloc(1, sizeof(*resolve));
	resolve->blank = true;
	resolvers++;
	return resolve;
}

void resolve_free(resolve_t *resolve)
{
	resolvers--;
	free(resolve);
}

lookup_t *resolve_start(resolve_t *resolve, const knot_dname_t *name, uint16_t type, lookup_done_f done, void *arg)
{
	(void)name;
	if (refuse) {
		return NULL;
	}
	assert_true(lookup_count < LOOKUPS_MAX);
	lookups[lookup_count] = (lookup_t){ .resolve = resolve, .type = type, .done = done, .arg = arg };
	return &lookups[lookup_count++];
}

void resolve_cancel(lookup_t *lookup)
{
	if (lookup != NULL) {
		assert_false(lookup->answered);
		lookup->cancelled = true;
	}
}

typedef struct {
	uv_loop_t loop;
	struct resolve resolve;
	shared_t *shared;
} world_t;

/*! Who asked, and what came. */
typedef struct {
	unsigned calls;
	lookup_status_t status;
	uint16_t records;
	uint8_t first; /*!< Of the first record. */
} asker_t;

static const knot_dname_t *TEST = (const knot_dname_t *)"\4test";

static void begin(world_t *world)
{
	const dns_config_t config = { 0 };
	memset(world, 0, sizeof(*world));
	lookup_count = 0;
	refuse = false;
	now = 1000000;
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->shared = shared_new(&world->loop, &world->resolve, &config);
	assert_non_null(world->shared);
}

static void end(world_t *world)
{
	shared_free(world->shared);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	assert_int_equal(resolvers, 0);
}

static void on_done(const lookup_result_t *result, void *arg)
{
	asker_t *asker = arg;
	asker->calls++;
	asker->status = result->status;
	asker->records = result->rrs.count;
	asker->first = result->rrs.count > 0 ? result->rrs.rdata->data[0] : 0;
}

static share_t *ask(world_t *world, asker_t *asker, const knot_dname_t *name, uint16_t type, bool fresh)
{
	share_t *share = shared_start(world->shared, name, type, fresh, on_done, asker);
	assert_int_equal(asker->calls, 0);
	return share;
}

static void run(world_t *world)
{
	uv_run(&world->loop, UV_RUN_NOWAIT);
}

static void answer(world_t *world, unsigned index, uint8_t value, uint32_t ttl)
{
	lookup_t *lookup = &lookups[index];
	assert_true(index < lookup_count && !lookup->cancelled && !lookup->answered);
	lookup_result_t result = { .status = LOOKUP_DATA, .secure = true, .ttl = ttl };
	uint8_t buf[sizeof(knot_rdata_t) + 2];
	knot_rdata_init((knot_rdata_t *)buf, 1, &value);
	assert_int_equal(knot_rdataset_add(&result.rrs, (knot_rdata_t *)buf, NULL), KNOT_EOK);
	lookup->answered = true;
	lookup->done(&result, lookup->arg);
	knot_rdataset_clear(&result.rrs, NULL);
	run(world);
}

static void fail_lookup(world_t *world, unsigned index)
{
	lookup_t *lookup = &lookups[index];
	assert_true(index < lookup_count && !lookup->cancelled && !lookup->answered);
	const lookup_result_t result = { .status = LOOKUP_FAILED, .error = "SERVFAIL" };
	lookup->answered = true;
	lookup->done(&result, lookup->arg);
	run(world);
}

static void a_thousand_at_once_make_one_lookup(void **state)
{
	(void)state;
	world_t world;
	static asker_t askers[1000];
	memset(askers, 0, sizeof(askers));
	begin(&world);
	for (unsigned i = 0; i < 1000; i++) {
		assert_non_null(ask(&world, &askers[i], TEST, KNOT_RRTYPE_DNSKEY, false));
	}
	run(&world);
	assert_int_equal(lookup_count, 1);
	answer(&world, 0, 7, 300);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(askers[i].calls, 1);
		assert_int_equal(askers[i].status, LOOKUP_DATA);
		assert_int_equal(askers[i].records, 1);
		assert_int_equal(askers[i].first, 7);
	}
	end(&world);
}

static void names_and_types_are_apart(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[4] = { 0 };
	begin(&world);
	ask(&world, &askers[0], TEST, KNOT_RRTYPE_NS, false);
	ask(&world, &askers[1], TEST, KNOT_RRTYPE_A, false);
	/* Another cut below the same suffix. */
	ask(&world, &askers[2], (const knot_dname_t *)"\2co\4test", KNOT_RRTYPE_NS, false);
	ask(&world, &askers[3], (const knot_dname_t *)"\4TEST", KNOT_RRTYPE_NS, false);
	assert_int_equal(lookup_count, 3);
	answer(&world, 0, 1, 60);
	assert_int_equal(askers[0].calls + askers[3].calls, 2);
	assert_int_equal(askers[1].calls + askers[2].calls, 0);
	end(&world);
}

/*! Milliseconds for which an answer of this TTL is given again. */
static void is_kept_for(uint32_t ttl, uint64_t ms)
{
	world_t world;
	asker_t askers[3] = { 0 };
	begin(&world);
	ask(&world, &askers[0], TEST, KNOT_RRTYPE_NS, false);
	answer(&world, 0, 1, ttl);
	if (ms > 0) {
		now += ms - 1;
		ask(&world, &askers[1], TEST, KNOT_RRTYPE_NS, false);
		run(&world);
		assert_int_equal(lookup_count, 1);
		assert_int_equal(askers[1].calls, 1);
		now += 1;
	}
	ask(&world, &askers[2], TEST, KNOT_RRTYPE_NS, false);
	run(&world);
	assert_int_equal(lookup_count, 2);
	assert_int_equal(askers[2].calls, 0);
	end(&world);
}

static void no_answer_outlives_its_ttl_or_a_minute(void **state)
{
	(void)state;
	is_kept_for(0, 0);
	is_kept_for(1, 1000);
	is_kept_for(59, 59000);
	is_kept_for(60, 60000);
	is_kept_for(86400, 60000);
	is_kept_for(UINT32_MAX, 60000);
}

static void failures_are_shared_for_seconds(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[3] = { 0 };
	begin(&world);
	ask(&world, &askers[0], TEST, KNOT_RRTYPE_NS, false);
	fail_lookup(&world, 0);
	now += SHARED_FAILED_MS - 1;
	ask(&world, &askers[1], TEST, KNOT_RRTYPE_NS, false);
	run(&world);
	assert_int_equal(askers[1].calls, 1);
	assert_int_equal(askers[1].status, LOOKUP_FAILED);
	now += 1;
	ask(&world, &askers[2], TEST, KNOT_RRTYPE_NS, false);
	assert_int_equal(lookup_count, 2);
	answer(&world, 1, 1, 60);
	assert_int_equal(askers[2].status, LOOKUP_DATA);
	end(&world);
}

static void fresh_is_not_what_was_there_before(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[5] = { 0 };
	begin(&world);
	ask(&world, &askers[0], TEST, KNOT_RRTYPE_DNSKEY, false);
	answer(&world, 0, 1, 300);
	assert_false(lookups[0].resolve->blank);

	ask(&world, &askers[1], TEST, KNOT_RRTYPE_DNSKEY, true);
	ask(&world, &askers[2], TEST, KNOT_RRTYPE_DNSKEY, true);
	run(&world);
	assert_int_equal(lookup_count, 2);
	assert_true(lookups[1].resolve->blank);
	/* It takes its time, which is no reason to begin anew. */
	now += 2 * SHARED_FRESH_MS;
	ask(&world, &askers[3], TEST, KNOT_RRTYPE_DNSKEY, true);
	assert_int_equal(lookup_count, 2);
	answer(&world, 1, 2, 300);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(askers[i].calls, 1);
		assert_int_equal(askers[i].first, 2);
	}

	/* Who asks the usual way gets it as well, not what is in the other resolver's cache. */
	now += 30000;
	ask(&world, &askers[4], TEST, KNOT_RRTYPE_DNSKEY, false);
	run(&world);
	assert_int_equal(lookup_count, 2);
	assert_int_equal(askers[4].first, 2);
	end(&world);
}

static void what_was_fresh_is_so_for_seconds(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[3] = { 0 };
	begin(&world);
	ask(&world, &askers[0], TEST, KNOT_RRTYPE_DNSKEY, true);
	answer(&world, 0, 1, 300);
	now += SHARED_FRESH_MS - 1;
	ask(&world, &askers[1], TEST, KNOT_RRTYPE_DNSKEY, true);
	run(&world);
	assert_int_equal(lookup_count, 1);
	assert_int_equal(askers[1].calls, 1);
	now += 1;
	ask(&world, &askers[2], TEST, KNOT_RRTYPE_DNSKEY, true);
	assert_int_equal(lookup_count, 2);
	assert_ptr_not_equal(lookups[1].resolve, lookups[0].resolve);
	end(&world);
}

static void fresh_takes_over_a_lookup_under_way(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[2] = { 0 };
	begin(&world);
	ask(&world, &askers[0], TEST, KNOT_RRTYPE_NS, false);
	ask(&world, &askers[1], TEST, KNOT_RRTYPE_NS, true);
	assert_int_equal(lookup_count, 2);
	assert_true(lookups[0].cancelled);
	answer(&world, 1, 9, 60);
	assert_int_equal(askers[0].first, 9);
	assert_int_equal(askers[1].first, 9);
	end(&world);
}

static void a_resolver_that_takes_no_questions(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[3] = { 0 };
	begin(&world);
	refuse = true;
	assert_null(ask(&world, &askers[0], TEST, KNOT_RRTYPE_NS, false));
	assert_null(ask(&world, &askers[0], TEST, KNOT_RRTYPE_NS, true));
	refuse = false;
	assert_non_null(ask(&world, &askers[1], TEST, KNOT_RRTYPE_NS, false));
	refuse = true;
	/* The lookup under way is not lost. */
	assert_null(ask(&world, &askers[2], TEST, KNOT_RRTYPE_NS, true));
	answer(&world, 0, 1, 60);
	assert_int_equal(askers[1].calls, 1);
	assert_int_equal(askers[0].calls + askers[2].calls, 0);
	end(&world);
}

static void who_has_gone_is_not_called(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[4] = { 0 };
	begin(&world);
	share_t *one = ask(&world, &askers[0], TEST, KNOT_RRTYPE_NS, false);
	ask(&world, &askers[1], TEST, KNOT_RRTYPE_NS, false);
	shared_cancel(one);
	answer(&world, 0, 1, 60);
	assert_int_equal(askers[0].calls, 0);
	assert_int_equal(askers[1].calls, 1);
	/* Between answer and call. */
	shared_cancel(ask(&world, &askers[2], TEST, KNOT_RRTYPE_NS, false));
	run(&world);
	assert_int_equal(askers[2].calls, 0);
	/* All of it ends. */
	ask(&world, &askers[2], TEST, KNOT_RRTYPE_NS, false);
	ask(&world, &askers[3], TEST, KNOT_RRTYPE_A, true);
	end(&world);
	assert_int_equal(askers[2].calls + askers[3].calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_at_once_make_one_lookup),
		cmocka_unit_test(names_and_types_are_apart),
		cmocka_unit_test(no_answer_outlives_its_ttl_or_a_minute),
		cmocka_unit_test(failures_are_shared_for_seconds),
		cmocka_unit_test(fresh_is_not_what_was_there_before),
		cmocka_unit_test(what_was_fresh_is_so_for_seconds),
		cmocka_unit_test(fresh_takes_over_a_lookup_under_way),
		cmocka_unit_test(a_resolver_that_takes_no_questions),
		cmocka_unit_test(who_has_gone_is_not_called),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
