/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hook of notify-receive, with messages as knotd hands them over, and what the relay's thread takes out. */

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "handover.h"
#include "notify_case.h"
#include "notify_receive.h"
#include "util/knot.h"

#if KNOT_BEFORE(3, 4)
const struct sockaddr_storage *knotd_qdata_remote_addr(knotd_qdata_t *qdata)
{
	return qdata->params->remote;
}
#endif

/*! Any that the interface of modules has no name for. */
#define NOT_ANSWERED ((knotd_state_t)3)

/*! An answer as knotd begins it. */
typedef struct {
	knotd_state_t state;
	bool aa;
	int ede;
	uint16_t rcode;
} reply_t;

static reply_t receive(const uint8_t *wire, size_t len, uint32_t source, knotd_state_t state)
{
	uint8_t out[512] = { 0 };
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(1024), .sin_addr.s_addr = htonl(source) };
	struct sockaddr_storage remote = { 0 };
	memcpy(&remote, &from, sizeof(from));
	knotd_qdata_params_t params = { .remote = &remote };
	knot_pkt_t *query = notify_case_parse(wire, len), *answer = knot_pkt_new(out, sizeof(out), NULL);
	assert_non_null(answer);
	knotd_qdata_t qdata = { .query = query, .params = &params, .rcode_ede = KNOT_EDNS_EDE_NONE };
	reply_t reply = { .state = notify_receive(state, answer, &qdata, NULL) };
	reply.aa = knot_wire_get_aa(answer->wire);
	reply.ede = qdata.rcode_ede;
	reply.rcode = qdata.rcode;
	knot_pkt_free(query);
	knot_pkt_free(answer);
	return reply;
}

static reply_t notify(const char *child, uint32_t source)
{
	uint8_t wire[NOTIFY_CASE_MAX];
	const size_t len = notify_case_make(wire, child, KNOT_RRTYPE_CDS, NULL, 0);
	return receive(wire, len, source, NOT_ANSWERED);
}

static bool can_be_read(void)
{
	struct pollfd fd = { .fd = handover_fd(), .events = POLLIN };
	return poll(&fd, 1, 0) == 1;
}

static uint8_t buffer[1 << 20];

/*! Reads all that waits. \return How many; the last one in \a last, which points into the buffer. */
static unsigned drain(wire_notified_t *last)
{
	unsigned count = 0;
	handover_awake();
	for (;;) {
		wire_out_t out = { .data = buffer, .size = sizeof(buffer) };
		notify_receive_fill(&out);
		if (out.len == 0) {
			return count;
		}
		wire_frame_t frame;
		for (size_t at = 0; at < out.len; at += frame.whole) {
			assert_int_equal(wire_next(buffer + at, out.len - at, WIRE_FRAME_MAX, &frame), KNOT_EOK);
			assert_int_equal(wire_get_notified(&frame, last), KNOT_EOK);
			count++;
		}
	}
}

static int begin(void **state)
{
	(void)state;
	wire_notified_t last;
	assert_int_equal(notify_receive_open(), KNOT_EOK);
	(void)drain(&last);
	return 0;
}

static void a_notification_is_acknowledged_and_handed_over(void **state)
{
	(void)state;
	wire_notified_t got;
	const reply_t reply = notify("Handed.EXAMPLE.", 0xc0000201);
	assert_int_equal(reply.state, KNOTD_STATE_DONE);
	assert_true(reply.aa);
	assert_int_equal(reply.rcode, KNOT_RCODE_NOERROR);
	assert_int_equal(reply.ede, KNOT_EDNS_EDE_NONE);
	assert_true(can_be_read());
	assert_int_equal(drain(&got), 1);
	assert_string_equal(got.child, "handed.example.");
	assert_string_equal(got.source, "192.0.2.1@1024");
	assert_string_equal(got.report_agent, "");
	assert_false(can_be_read());
	assert_int_equal(drain(&got), 0);
	/* The next one wakes the thread again. */
	(void)notify("again.handed.example.", 0xc0000201);
	assert_true(can_be_read());
	assert_int_equal(drain(&got), 1);
}

static void the_report_agent_goes_with_it(void **state)
{
	(void)state;
	static const uint8_t agent[] = "\x03"
				       "Rep"
				       "\x04"
				       "test";
	uint8_t wire[NOTIFY_CASE_MAX];
	wire_notified_t got;

	if (KNOT_EDNS_MAX_OPTION_CODE < 18) {
		skip();
	}
	const size_t len = notify_case_make(wire, "agent.example.", KNOT_RRTYPE_CDS, agent, sizeof(agent));
	assert_int_equal(receive(wire, len, 0xc0000202, NOT_ANSWERED).state, KNOTD_STATE_DONE);
	assert_int_equal(drain(&got), 1);
	assert_string_equal(got.report_agent, "rep.test.");
}

/*! What is not for us knotd treats as without the module. */
static void anything_else_passes_untouched(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX];
	wire_notified_t got;
	const uint64_t before = notify_receive_ignored();

	for (unsigned i = 0; i < 5; i++) {
		size_t len =
			notify_case_make(wire, "pass.example.", i == 0 ? KNOT_RRTYPE_SOA : KNOT_RRTYPE_CDS, NULL, 0);
		if (i == 1) {
			knot_wire_set_opcode(wire, KNOT_OPCODE_QUERY);
		} else if (i == 2) {
			knot_wire_set_qdcount(wire, 2);
		} else if (i == 3) {
			len = notify_case_make(wire, "pass.example.", KNOT_RRTYPE_CDNSKEY, NULL, 0);
		} else if (i == 4) {
			knot_wire_set_opcode(wire, KNOT_OPCODE_UPDATE);
		}
		const reply_t reply = receive(wire, len, 0xc0000203, NOT_ANSWERED);
		assert_int_equal(reply.state, NOT_ANSWERED);
		assert_false(reply.aa);
	}
	assert_int_equal(drain(&got), 0);
	assert_int_equal(notify_receive_ignored(), before);
}

static void an_answer_of_another_module_stands(void **state)
{
	(void)state;
	static const knotd_state_t STATES[] = { KNOTD_STATE_NOOP, KNOTD_STATE_DONE, KNOTD_STATE_FAIL,
		                                KNOTD_STATE_FINAL };
	uint8_t wire[NOTIFY_CASE_MAX];
	wire_notified_t got;
	const size_t len = notify_case_make(wire, "other.example.", KNOT_RRTYPE_CDS, NULL, 0);

	for (size_t i = 0; i < 4; i++) {
		const reply_t reply = receive(wire, len, 0xc0000204, STATES[i]);
		assert_int_equal(reply.state, STATES[i]);
		assert_false(reply.aa);
	}
	assert_int_equal(drain(&got), 0);
}

/*! One host, and one child: the rest is acknowledged, so that it is not repeated (RFC 9859 4.3), and counted. */
static void a_flood_is_acknowledged_and_has_no_effect(void **state)
{
	(void)state;
	wire_notified_t got;
	const uint64_t before = notify_receive_ignored();

	for (unsigned i = 0; i < 1000; i++) {
		const reply_t reply = notify("flood.example.", 0xc0000205);
		assert_int_equal(reply.state, KNOTD_STATE_DONE);
		assert_true(reply.aa);
		assert_int_equal(reply.ede, i < 5 ? KNOT_EDNS_EDE_NONE : KNOT_EDNS_EDE_BLOCKED);
	}
	assert_int_equal(drain(&got), 5);
	assert_int_equal(notify_receive_ignored(), before + 995);
}

/*! kskrolld does not read. What does not fit is not answered, so that it comes again. */
static void what_does_not_fit_is_not_acknowledged(void **state)
{
	(void)state;
	wire_notified_t got;
	unsigned done = 0, none = 0, blocked = 0;
	const uint64_t before = notify_receive_ignored();

	for (unsigned i = 0; i < HANDOVER_MAX + 100; i++) {
		char child[64];
		snprintf(child, sizeof(child), "full%u.example.", i);
		const reply_t reply = notify(child, 0xc0010000 + i);
		/* One of them may share a place in the limits with the child of the flood. */
		blocked += reply.ede == KNOT_EDNS_EDE_BLOCKED;
		done += reply.state == KNOTD_STATE_DONE && reply.ede == KNOT_EDNS_EDE_NONE;
		none += reply.state == KNOTD_STATE_NOOP;
	}
	assert_int_equal(done, HANDOVER_MAX);
	assert_true(blocked <= 4);
	assert_int_equal(none, 100 - blocked);
	assert_int_equal(notify_receive_ignored(), before + 100);
	assert_int_equal(drain(&got), HANDOVER_MAX);
	assert_memory_equal(got.child, "full51", 6);
	assert_int_equal(notify("again.example.", 0xc0020000).state, KNOTD_STATE_DONE);
	assert_int_equal(drain(&got), 1);
}

/* Threads of knotd beside that of the relay. */

#define THREADS 4
#define EACH    400

static _Atomic unsigned acknowledged;

static void *flood(void *arg)
{
	const unsigned thread = (uintptr_t)arg;
	for (unsigned i = 0; i < EACH; i++) {
		char child[64];
		snprintf(child, sizeof(child), "t%u-%u.example.", thread, i);
		const reply_t reply = notify(child, 0xc1000000 + thread * 65536 + i);
		acknowledged += reply.state == KNOTD_STATE_DONE && reply.ede == KNOT_EDNS_EDE_NONE;
	}
	return NULL;
}

static void threads_lose_none_and_double_none(void **state)
{
	(void)state;
	pthread_t thread[THREADS];
	bool seen[THREADS][EACH] = { 0 };
	wire_notified_t got;
	unsigned count = 0;

	acknowledged = 0;
	for (uintptr_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, flood, (void *)i), 0);
	}
	for (unsigned joined = 0; joined <= THREADS;) {
		wire_out_t out = { .data = buffer, .size = 4096 };
		handover_awake();
		notify_receive_fill(&out);
		wire_frame_t frame;
		for (size_t at = 0; at < out.len; at += frame.whole, count++) {
			unsigned of, i;
			assert_int_equal(wire_next(buffer + at, out.len - at, WIRE_FRAME_MAX, &frame), KNOT_EOK);
			assert_int_equal(wire_get_notified(&frame, &got), KNOT_EOK);
			assert_int_equal(sscanf(got.child, "t%u-%u.", &of, &i), 2);
			assert_false(seen[of][i]);
			seen[of][i] = true;
		}
		if (out.len == 0) {
			/* All that had been acknowledged by then was read: nothing wakes the thread for nothing. */
			if (joined < THREADS) {
				pthread_join(thread[joined], NULL);
			}
			joined++;
		}
	}
	(void)drain(&got);
	assert_true(count > THREADS);
	assert_int_equal(count, acknowledged);
	assert_false(can_be_read());
}

int main(void)
{
	assert(handover_fd() < 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_notification_is_acknowledged_and_handed_over, begin),
		cmocka_unit_test_setup(the_report_agent_goes_with_it, begin),
		cmocka_unit_test_setup(anything_else_passes_untouched, begin),
		cmocka_unit_test_setup(an_answer_of_another_module_stands, begin),
		cmocka_unit_test_setup(a_flood_is_acknowledged_and_has_no_effect, begin),
		cmocka_unit_test_setup(what_does_not_fit_is_not_acknowledged, begin),
		cmocka_unit_test_setup(threads_lose_none_and_double_none, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
