/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hook of report-receive, with questions as knotd hands them over, and what the relay's thread takes out. */

#include <poll.h>
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
#include "report_receive.h"
#include "util/knot.h"

#if KNOT_BEFORE(3, 4)
const struct sockaddr_storage *knotd_qdata_remote_addr(knotd_qdata_t *qdata)
{
	return qdata->params->remote;
}
#endif

/*! Any that the interface of modules has no name for. */
#define BEGIN ((knotd_state_t)3)

static uint8_t buffer[1 << 20];

/*! The question passes the hook, which leaves state and answer as they are. */
static void ask(const char *name, uint16_t type, uint16_t class, uint8_t opcode, uint32_t source)
{
	uint8_t wire[512] = { 0 }, out[512] = { 0 };
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons(1024), .sin_addr.s_addr = htonl(source) };
	struct sockaddr_storage remote = { 0 };
	memcpy(&remote, &from, sizeof(from));
	knotd_qdata_params_t params = { .remote = &remote };
	knot_dname_storage_t qname;
	assert_non_null(knot_dname_from_str(qname, name, sizeof(qname)));
	size_t len = KNOT_WIRE_HEADER_SIZE;
	knot_wire_set_opcode(wire, opcode);
	knot_wire_set_qdcount(wire, 1);
	memcpy(wire + len, qname, knot_dname_size(qname));
	len += knot_dname_size(qname);
	knot_wire_write_u16(wire + len, type);
	knot_wire_write_u16(wire + len + 2, class);
	knot_pkt_t *query = knot_pkt_new(wire, len + 4, NULL);
	(void)knot_pkt_parse(query, 0);
	knot_pkt_t *answer = knot_pkt_new(out, sizeof(out), NULL);
	uint8_t before[512];
	memcpy(before, out, sizeof(out));
	knotd_qdata_t qdata = { .query = query, .params = &params, .rcode_ede = KNOT_EDNS_EDE_NONE };
	assert_int_equal(report_receive(BEGIN, answer, &qdata, NULL), BEGIN);
	assert_int_equal(qdata.rcode_ede, KNOT_EDNS_EDE_NONE);
	assert_int_equal(qdata.rcode, 0);
	assert_memory_equal(before, out, sizeof(out));
	knot_pkt_free(query);
	knot_pkt_free(answer);
}

static void report(const char *name, uint32_t source)
{
	ask(name, KNOT_RRTYPE_TXT, KNOT_CLASS_IN, KNOT_OPCODE_QUERY, source);
}

/*! Reads all that waits. \return How many; the last one in \a last, which points into the buffer. */
static unsigned drain(wire_reported_t *last)
{
	unsigned count = 0;
	handover_awake();
	for (;;) {
		wire_out_t out = { .data = buffer, .size = sizeof(buffer) };
		report_receive_fill(&out);
		if (out.len == 0) {
			return count;
		}
		wire_frame_t frame;
		for (size_t at = 0; at < out.len; at += frame.whole) {
			assert_int_equal(wire_next(buffer + at, out.len - at, WIRE_FRAME_MAX, &frame), KNOT_EOK);
			assert_int_equal(wire_get_reported(&frame, last), KNOT_EOK);
			count++;
		}
	}
}

static int begin(void **state)
{
	(void)state;
	wire_reported_t last;
	assert_int_equal(report_receive_open(), KNOT_EOK);
	assert_int_equal(report_receive_open(), KNOT_EOK);
	(void)drain(&last);
	return 0;
}

static void a_report_is_handed_over(void **state)
{
	(void)state;
	wire_reported_t got;
	report("_er.59.Handed.EXAMPLE.24._er.er.ns1.handed.example.", 0xc0000201);
	struct pollfd fd = { .fd = handover_fd(), .events = POLLIN };
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_int_equal(drain(&got), 1);
	assert_string_equal(got.name, "handed.example.");
	assert_string_equal(got.agent, "er.ns1.handed.example.");
	assert_string_equal(got.source, "192.0.2.1@1024");
	assert_int_equal(got.type, 59);
	assert_int_equal(got.ede, 24);
	assert_int_equal(poll(&fd, 1, 0), 0);
}

static void other_questions_are_none(void **state)
{
	(void)state;
	static const char NAME[] = "_er.59.other.example.24._er.agent.";
	wire_reported_t got;
	ask(NAME, KNOT_RRTYPE_A, KNOT_CLASS_IN, KNOT_OPCODE_QUERY, 1);
	ask(NAME, KNOT_RRTYPE_TXT, KNOT_CLASS_CH, KNOT_OPCODE_QUERY, 1);
	ask(NAME, KNOT_RRTYPE_TXT, KNOT_CLASS_IN, KNOT_OPCODE_NOTIFY, 1);
	report("example.", 1);
	report("_er.59.other.example.24.agent.", 1);
	assert_int_equal(drain(&got), 0);
}

static void a_flood_is_counted(void **state)
{
	(void)state;
	wire_reported_t got;
	const uint64_t before = report_receive_ignored();
	for (unsigned i = 0; i < 1000; i++) {
		report("_er.59.flood.example.24._er.agent.", 0xc0000202);
	}
	assert_int_equal(drain(&got), 5);
	assert_int_equal(report_receive_ignored(), before + 995);
}

/*! kskrolld does not read. */
static void what_does_not_fit_is_counted(void **state)
{
	(void)state;
	wire_reported_t got;
	const uint64_t before = report_receive_ignored();
	for (unsigned i = 0; i < HANDOVER_MAX + 50; i++) {
		char name[80];
		snprintf(name, sizeof(name), "_er.59.full%u.example.24._er.agent.", i);
		report(name, 0xc0010000 + i);
	}
	const unsigned ignored = report_receive_ignored() - before;
	assert_true(ignored >= 50 && ignored <= 54);
	assert_int_equal(drain(&got), HANDOVER_MAX + 50 - ignored);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_report_is_handed_over, begin),
		cmocka_unit_test_setup(other_questions_are_none, begin),
		cmocka_unit_test_setup(a_flood_is_counted, begin),
		cmocka_unit_test_setup(what_does_not_fit_is_counted, begin),
	};
	return cmocka_run_group_tests_name("report_receive", tests, NULL, NULL);
}
