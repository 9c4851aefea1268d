/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kskrolld replies to a message at notify-listen. Replies are read by libknot. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notify_case.h"
#include "notify_reply.h"

#define AGENT                                                                                                          \
	"\x03"                                                                                                         \
	"Rep"                                                                                                          \
	"\x04"                                                                                                         \
	"test"

/*! Its reply, parsed; the message is in \a wire. */
static knot_pkt_t *reply_to(const uint8_t *wire, size_t len, int ede, notify_reply_t *read)
{
	static uint8_t out[NOTIFY_REPLY_MAX];

	assert_true(notify_reply_read(wire, len, read));
	const size_t size = notify_reply_write(read, wire, ede, out);
	assert_true(size <= sizeof(out) && size <= len + 6);
	knot_pkt_t *pkt = knot_pkt_new(out, size, NULL);
	assert_non_null(pkt);
	assert_int_equal(knot_pkt_parse(pkt, KNOT_PF_KEEPWIRE), KNOT_EOK);
	assert_int_equal(knot_wire_get_id(out), knot_wire_get_id(wire));
	assert_int_equal(knot_wire_get_opcode(out), knot_wire_get_opcode(wire));
	assert_true(knot_wire_get_qr(out));
	return pkt;
}

static uint16_t rcode_of(const uint8_t *wire, size_t len)
{
	notify_reply_t read;
	knot_pkt_t *pkt = reply_to(wire, len, NOTIFY_REPLY_NO_EDE, &read);
	const uint16_t rcode = knot_pkt_ext_rcode(pkt);
	assert_int_equal(read.is_one, rcode == KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_aa(pkt->wire) != 0, read.is_one);
	knot_pkt_free(pkt);
	return rcode;
}

static void a_notification_is_acknowledged_with_its_question(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX];
	notify_reply_t read;
	const size_t len = notify_case_make(wire, "Child.Example.", KNOT_RRTYPE_CDS, NULL, 0);
	knot_pkt_t *pkt = reply_to(wire, len, NOTIFY_REPLY_NO_EDE, &read);

	assert_true(read.is_one);
	assert_true(knot_wire_get_aa(pkt->wire));
	assert_int_equal(knot_wire_get_rcode(pkt->wire), KNOT_RCODE_NOERROR);
	assert_int_equal(pkt->size, len);
	assert_memory_equal(pkt->wire + KNOT_WIRE_HEADER_SIZE, wire + KNOT_WIRE_HEADER_SIZE,
	                    len - KNOT_WIRE_HEADER_SIZE);
	assert_false(knot_pkt_has_edns(pkt));
	assert_int_equal(read.child[1], 'c');
	assert_int_equal(read.agent[0], 0);
	knot_pkt_free(pkt);
}

static void edns_is_answered_with_edns(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX];
	notify_reply_t read;
	const size_t len = notify_case_make(wire, "child.example.", KNOT_RRTYPE_CDS, AGENT, sizeof(AGENT));

	knot_pkt_t *pkt = reply_to(wire, len, NOTIFY_REPLY_NO_EDE, &read);
	assert_true(knot_pkt_has_edns(pkt));
	assert_null(knot_pkt_edns_option(pkt, KNOT_EDNS_OPTION_EDE));
	knot_pkt_free(pkt);
	if (KNOT_EDNS_MAX_OPTION_CODE >= 18) {
		assert_memory_equal(read.agent,
		                    "\x03"
		                    "rep"
		                    "\x04"
		                    "test",
		                    sizeof(AGENT));
	}

	pkt = reply_to(wire, len, KNOT_EDNS_EDE_BLOCKED, &read);
	uint8_t *ede = knot_pkt_edns_option(pkt, KNOT_EDNS_OPTION_EDE);
	assert_non_null(ede);
	assert_int_equal(knot_edns_opt_get_length(ede), 2);
	assert_int_equal(knot_edns_opt_get_data(ede)[1], KNOT_EDNS_EDE_BLOCKED);
	knot_pkt_free(pkt);

	/* A version that is not known: no notification. */
	uint8_t other[NOTIFY_CASE_MAX];
	memcpy(other, wire, sizeof(other));
	other[len - sizeof(AGENT) - 4 - 5] = 1;
	assert_int_equal(rcode_of(other, len), KNOT_RCODE_BADVERS);
}

static void other_messages_are_refused_as_what_they_are(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX];
	size_t len = notify_case_make(wire, "child.example.", KNOT_RRTYPE_SOA, NULL, 0);

	assert_int_equal(rcode_of(wire, len), KNOT_RCODE_NOTAUTH);
	len = notify_case_make(wire, "child.example.", KNOT_RRTYPE_CDNSKEY, NULL, 0);
	assert_int_equal(rcode_of(wire, len), KNOT_RCODE_NOTAUTH);
	len = notify_case_make(wire, "child.example.", KNOT_RRTYPE_CDS, NULL, 0);
	knot_wire_set_opcode(wire, KNOT_OPCODE_QUERY);
	assert_int_equal(rcode_of(wire, len), KNOT_RCODE_REFUSED);
	knot_wire_set_opcode(wire, KNOT_OPCODE_UPDATE);
	assert_int_equal(rcode_of(wire, len), KNOT_RCODE_NOTIMPL);
	knot_wire_set_opcode(wire, 9);
	assert_int_equal(rcode_of(wire, len), KNOT_RCODE_NOTIMPL);
	/* Behind the message there is more. */
	len = notify_case_make(wire, "child.example.", KNOT_RRTYPE_CDS, NULL, 0);
	assert_int_equal(rcode_of(wire, len + 1), KNOT_RCODE_FORMERR);
	/* Each number of questions but one. */
	for (unsigned count = 0; count < 4; count++) {
		len = notify_case_make(wire, "child.example.", KNOT_RRTYPE_CDS, NULL, 0);
		knot_wire_set_qdcount(wire, count);
		assert_int_equal(rcode_of(wire, len), count == 1 ? KNOT_RCODE_NOERROR : KNOT_RCODE_FORMERR);
	}
}

static void answers_and_scraps_get_no_reply(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX];
	notify_reply_t read;
	const size_t len = notify_case_make(wire, "child.example.", KNOT_RRTYPE_CDS, NULL, 0);

	for (size_t i = 0; i < KNOT_WIRE_HEADER_SIZE; i++) {
		assert_false(notify_reply_read(wire, i, &read));
	}
	knot_wire_set_qr(wire);
	assert_false(notify_reply_read(wire, len, &read));
}

/*! Each byte of a message as each other, and each end: a reply that libknot reads, or none. */
static void any_message_is_survived(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX], out[NOTIFY_REPLY_MAX];
	notify_reply_t read;
	const size_t whole = notify_case_make(wire, "child.example.", KNOT_RRTYPE_CDS, AGENT, sizeof(AGENT));

	for (size_t at = 0; at < whole; at++) {
		for (unsigned value = 0; value < 256; value++) {
			for (size_t len = whole; len > 0; len = value == 0 ? len - 1 : 0) {
				uint8_t *exact = malloc(len);
				assert_non_null(exact);
				memcpy(exact, wire, len);
				if (at < len) {
					exact[at] = value;
				}
				if (notify_reply_read(exact, len, &read)) {
					const size_t size = notify_reply_write(&read, exact, 15, out);
					knot_pkt_t *pkt = knot_pkt_new(out, size, NULL);
					assert_non_null(pkt);
					assert_int_equal(knot_pkt_parse(pkt, KNOT_PF_KEEPWIRE), KNOT_EOK);
					knot_pkt_free(pkt);
				}
				free(exact);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notification_is_acknowledged_with_its_question),
		cmocka_unit_test(edns_is_answered_with_edns),
		cmocka_unit_test(other_messages_are_refused_as_what_they_are),
		cmocka_unit_test(answers_and_scraps_get_no_reply),
		cmocka_unit_test(any_message_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
