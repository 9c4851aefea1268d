/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delegations from one thread to another one. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "module/server/parent_stream.h"

#define COUNT 2000
/*! Octets of each DS set: so many that a stream has room for a few hundred. */
#define LARGE 4000

typedef struct {
	parent_stream_t *stream;
	pthread_t thread;
	knot_rdataset_t ds, none;
	atomic_uint pushed, woken;
	unsigned taken;
} flow_t;

static void on_delegation(const parent_delegation_t *d, void *arg)
{
	flow_t *flow = arg;
	assert_int_equal(knot_wire_read_u32(d->owner + 1), flow->taken);
	assert_int_equal(d->ds_ttl, flow->taken);
	assert_int_equal(d->ns->count, 0);
	assert_int_equal(d->ds->count, 1);
	assert_int_equal(d->ds->rdata->len, LARGE);
	assert_int_equal(d->ds->rdata->data[LARGE - 1], 7);
	flow->taken++;
}

static void on_push(void *arg)
{
	flow_t *flow = arg;
	atomic_fetch_add(&flow->woken, 1);
}

static void *push_all(void *arg)
{
	flow_t *flow = arg;
	for (unsigned i = 0; i < COUNT; i++) {
		uint8_t owner[] = { 4, 0, 0, 0, 0, 0 };
		knot_wire_write_u32(owner + 1, i);
		parent_stream_push(
			&(parent_delegation_t){ .owner = owner, .ns = &flow->none, .ds = &flow->ds, .ds_ttl = i },
			flow->stream);
		atomic_fetch_add(&flow->pushed, 1);
	}
	return NULL;
}

static int start(void **state)
{
	static flow_t flow;
	static uint8_t data[LARGE], room[LARGE + 16];

	memset(&flow, 0, sizeof(flow));
	data[LARGE - 1] = 7;
	knot_rdata_init((knot_rdata_t *)room, LARGE, data);
	assert_int_equal(knot_rdataset_add(&flow.ds, (knot_rdata_t *)room, NULL), KNOT_EOK);
	flow.stream = parent_stream_new(on_delegation, &flow);
	assert_non_null(flow.stream);
	parent_stream_on_push(flow.stream, on_push, &flow);
	assert_int_equal(pthread_create(&flow.thread, NULL, push_all, &flow), 0);
	*state = &flow;
	return 0;
}

static int close_stream(void **state)
{
	flow_t *flow = *state;
	parent_stream_free(flow->stream);
	knot_rdataset_clear(&flow->ds, NULL);
	return 0;
}

/*! It has pushed what there is room for, and waits. */
static void wait_until_full(flow_t *flow)
{
	const unsigned full = PARENT_STREAM_MAX / (LARGE + 200);
	for (unsigned i = 0; i < 10000 && atomic_load(&flow->pushed) < full; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	assert_true(atomic_load(&flow->pushed) >= full);
}

static void all_come_in_order_and_few_wait(void **state)
{
	flow_t *flow = *state;
	wait_until_full(flow);
	const unsigned woken = atomic_load(&flow->woken);
	assert_true(woken > 0);
	while (flow->taken < COUNT) {
		/* One that was taken may not be counted as pushed yet. */
		const unsigned pushed = atomic_load(&flow->pushed);
		assert_true(pushed <= flow->taken + PARENT_STREAM_MAX / LARGE);
		parent_stream_deliver(flow->stream);
	}
	pthread_join(flow->thread, NULL);
	assert_true(parent_stream_is_whole(flow->stream));
}

static void a_stop_ends_the_wait(void **state)
{
	flow_t *flow = *state;
	wait_until_full(flow);
	parent_stream_stop(flow->stream);
	pthread_join(flow->thread, NULL);
	assert_int_equal(atomic_load(&flow->pushed), COUNT);
	assert_false(parent_stream_is_whole(flow->stream));
	parent_stream_deliver(flow->stream);
	assert_true(flow->taken < COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_come_in_order_and_few_wait, start, close_stream),
		cmocka_unit_test_setup_teardown(a_stop_ends_the_wait, start, close_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
