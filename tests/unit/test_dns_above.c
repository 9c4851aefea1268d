/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The referral to a parent zone: who is asked, when again, and what it means if nobody answers. */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "above.h"
#include "kskroll/addr.h"
#include "dns_signer.h"

#define MANY 64

/* In place of the resolver, the asker and the clock. */

struct share {
	knot_dname_storage_t name;
	uint16_t type;
	bool fresh, over;
	lookup_done_f done;
	void *arg;
};

struct ask_job {
	struct sockaddr_storage addr;
	bool over;
	ask_done_f done;
	void *arg;
};

static share_t lookups[MANY];
static ask_job_t jobs[MANY];
static unsigned lookup_count, job_count;
static bool refuse;
static uint64_t now;

uint64_t uv_now(const uv_loop_t *loop)
{
	(void)loop;
	return now;
}

share_t *shared_start(shared_t *shared, const knot_dname_t *name, uint16_t type, bool fresh, lookup_done_f done,
                      void *arg)
{
	(void)shared;
	if (refuse) {
		return NULL;
	}
	assert_true(lookup_count < MANY);
	share_t *share = &lookups[lookup_count++];
	*share = (share_t){ .type = type, .fresh = fresh, .done = done, .arg = arg };
	knot_dname_copy_lower(share->name, name);
	return share;
}

void shared_cancel(share_t *share)
{
	if (share != NULL) {
		assert_false(share->over);
		share->over = true;
	}
}

const char *shared_error(const shared_t *shared)
{
	(void)shared;
	return "trust anchor '/x' is not readable";
}

ask_job_t *ask_parent(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name, uint16_t type,
                      ask_done_f done, void *arg)
{
	(void)ask;
	(void)name;
	assert_int_equal(type, KNOT_RRTYPE_NS);
	assert_true(job_count < MANY);
	jobs[job_count] = (ask_job_t){ .addr = *addr, .done = done, .arg = arg };
	return &jobs[job_count++];
}

void ask_join(ask_job_t *job, ask_group_t *group)
{
	(void)job;
	(void)group;
}

void ask_cancel(ask_job_t *job)
{
	if (job != NULL) {
		assert_false(job->over);
		job->over = true;
	}
}

typedef struct {
	uv_loop_t loop;
	above_t *above;
} world_t;

/*! Who asked, and what came. */
typedef struct {
	unsigned calls, names, addrs;
	char error[160];
} asker_t;

static const knot_dname_t *TEST = (const knot_dname_t *)"\2co\4test";

static void begin(world_t *world)
{
	memset(world, 0, sizeof(*world));
	lookup_count = job_count = 0;
	refuse = false;
	now = 1000000;
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->above = above_new(&world->loop, (shared_t *)world, (ask_t *)world);
	assert_non_null(world->above);
}

static void end(world_t *world)
{
	above_free(world->above);
	for (unsigned i = 0; i < lookup_count; i++) {
		assert_true(lookups[i].over);
	}
	for (unsigned i = 0; i < job_count; i++) {
		assert_true(jobs[i].over);
	}
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
}

static void on_done(const above_result_t *result, void *arg)
{
	asker_t *asker = arg;
	asker->calls++;
	asker->names = result->servers->name_count;
	asker->addrs = result->servers->addr_count;
	snprintf(asker->error, sizeof(asker->error), "%s", result->error != NULL ? result->error : "");
}

static above_wait_t *ask(world_t *world, asker_t *asker, bool fresh)
{
	above_wait_t *wait = above_start(world->above, TEST, fresh, on_done, asker);
	assert_non_null(wait);
	return wait;
}

static void run(world_t *world)
{
	uv_run(&world->loop, UV_RUN_NOWAIT);
}

/*! Ends a lookup: with records of this RDATA, or in failure. */
static void look_up(unsigned index, lookup_status_t status, const void *rdata, size_t len)
{
	assert_true(index < lookup_count && !lookups[index].over);
	lookup_result_t result = { .status = status, .error = "SERVFAIL" };
	if (rdata != NULL) {
		signer_add(&result.rrs, rdata, len);
	}
	lookups[index].over = true;
	lookups[index].done(&result, lookups[index].arg);
	knot_rdataset_clear(&result.rrs, NULL);
}

/*! No zone at test., the root has one server with one address; from lookup \a first on. */
static void find_root(unsigned first)
{
	static const uint8_t NS[] = "\2ns", V4[] = { 192, 0, 2, 1 };
	assert_true(knot_dname_is_equal(lookups[first].name, (const knot_dname_t *)"\4test"));
	look_up(first, LOOKUP_NONE, NULL, 0);
	assert_int_equal(lookups[first + 1].name[0], 0);
	look_up(first + 1, LOOKUP_DATA, NS, sizeof(NS));
	look_up(first + 2, LOOKUP_DATA, V4, sizeof(V4));
	look_up(first + 3, LOOKUP_FAILED, NULL, 0);
}

/*! Ends a question to a server: answer with so many names, 0: NXDOMAIN; UINT_MAX: none. */
static void answer(unsigned index, unsigned names)
{
	assert_true(index < job_count && !jobs[index].over);
	ask_reply_t reply = { .error = "timeout", .packets = 3 };
	test_answer_t packet;
	if (names != UINT_MAX) {
		reply_begin(&packet, TEST, KNOT_RRTYPE_NS, names == 0, names == 0 ? KNOT_RCODE_NXDOMAIN : 0);
		reply_section(&packet, KNOT_AUTHORITY);
		knot_rrset_t ns;
		knot_rrset_init(&ns, (knot_dname_t *)TEST, KNOT_RRTYPE_NS, KNOT_CLASS_IN, 300);
		for (unsigned i = 0; i < names; i++) {
			const uint8_t name[] = { 2, 'a' + i / 26, 'a' + i % 26, 0 };
			signer_add(&ns.rrs, name, sizeof(name));
		}
		if (names > 0) {
			reply_put(&packet, &ns, NULL);
		}
		knot_rdataset_clear(&ns.rrs, NULL);
		reply.answer[0].len = reply_end(&packet);
		reply.answer[0].wire = packet.wire;
		reply.answered = 1;
		reply.error = NULL;
	}
	jobs[index].over = true;
	jobs[index].done(&reply, jobs[index].arg);
}

static void all_zones_of_a_parent_share_one_referral(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[4] = { 0 };
	begin(&world);
	ask(&world, &askers[0], false);
	above_cancel(ask(&world, &askers[1], false));
	ask(&world, &askers[2], false);
	find_root(0);
	assert_int_equal(job_count, 1);
	answer(0, 2);
	assert_int_equal(askers[0].calls, 0); /* From a clean stack. */
	run(&world);
	assert_int_equal(askers[0].calls + askers[2].calls, 2);
	assert_int_equal(askers[0].names, 2);
	assert_string_equal(askers[0].error, "");
	assert_int_equal(askers[1].calls, 0);

	now += SHARED_MAX_MS - 1;
	ask(&world, &askers[3], false);
	run(&world);
	assert_int_equal(askers[3].calls, 1);
	assert_int_equal(lookup_count, 4);
	now++;
	ask(&world, &askers[3], false);
	assert_int_equal(lookup_count, 5);
	end(&world);
}

static void who_wants_it_fresh_does_not_get_what_is_under_way(void **state)
{
	(void)state;
	world_t world;
	asker_t askers[4] = { 0 };
	begin(&world);
	ask(&world, &askers[0], false);
	look_up(0, LOOKUP_NONE, NULL, 0);
	ask(&world, &askers[1], true);
	assert_true(lookups[1].over);
	assert_true(lookups[2].fresh);
	find_root(2);
	ask(&world, &askers[2], true);
	assert_int_equal(lookup_count, 6);
	answer(0, 1);
	run(&world);
	assert_int_equal(askers[0].calls + askers[1].calls + askers[2].calls, 3);
	/* Fresh as well, a short while later; then no more. */
	now += SHARED_FRESH_MS - 1;
	ask(&world, &askers[3], true);
	run(&world);
	assert_int_equal(askers[3].calls, 1);
	now++;
	ask(&world, &askers[3], true);
	assert_int_equal(lookup_count, 7);
	end(&world);
}

static void nobody_who_answers_is_a_failure_and_no_shorter_list(void **state)
{
	(void)state;
	world_t world;
	asker_t asker = { 0 };
	begin(&world);
	ask(&world, &asker, false);
	find_root(0);
	answer(0, UINT_MAX);
	run(&world);
	assert_string_equal(asker.error, "NS of co.test. at .: 192.0.2.1@53: timeout");

	/* For a short while only. That there is no delegation is an answer. */
	now += SHARED_FAILED_MS;
	ask(&world, &asker, false);
	find_root(4);
	answer(1, 0);
	run(&world);
	assert_int_equal(asker.calls, 2);
	assert_string_equal(asker.error, "");
	assert_int_equal(asker.names, 0);

	now += SHARED_MAX_MS;
	ask(&world, &asker, false);
	find_root(8);
	answer(2, SERVERS_NAMES_MAX + 1);
	run(&world);
	assert_string_equal(asker.error, "NS of co.test. at .: too many nameservers");
	end(&world);
}

static void a_failure_above_names_the_zone(void **state)
{
	(void)state;
	world_t world;
	asker_t asker = { 0 };
	begin(&world);
	ask(&world, &asker, false);
	look_up(0, LOOKUP_FAILED, NULL, 0);
	run(&world);
	assert_string_equal(asker.error, "NS of co.test. at test.: SERVFAIL");

	now += SHARED_FAILED_MS;
	refuse = true;
	ask(&world, &asker, false);
	run(&world);
	assert_string_equal(asker.error, "NS of co.test. at test.: trust anchor '/x' is not readable");
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_zones_of_a_parent_share_one_referral),
		cmocka_unit_test(who_wants_it_fresh_does_not_get_what_is_under_way),
		cmocka_unit_test(nobody_who_answers_is_a_failure_and_no_shorter_list),
		cmocka_unit_test(a_failure_above_names_the_zone),
	};
	return cmocka_run_group_tests_name("dns above", tests, NULL, NULL);
}
