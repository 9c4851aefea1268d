/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NOTIFY(CDS) that is received: which messages are one, whom it names, and how many of them count. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "notify_case.h"
#include "util/notify_in.h"

static bool is_one(const uint8_t *wire, size_t len)
{
	knot_pkt_t *pkt = notify_case_parse(wire, len);
	const bool is = notify_in_is(pkt);
	knot_pkt_free(pkt);
	return is;
}

static void a_notification_names_one_child(void **state)
{
	(void)state;
	uint8_t wire[NOTIFY_CASE_MAX];
	size_t len = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
	assert_true(is_one(wire, len));
	/* Without AA, as some senders write it (RFC 1996 3.7 says nothing of who must refuse that). */
	knot_wire_clear_aa(wire);
	assert_true(is_one(wire, len));
}

static void messages_of_another_kind_are_none(void **state)
{
	(void)state;
	static const uint16_t TYPES[] = { KNOT_RRTYPE_SOA, KNOT_RRTYPE_CDNSKEY, KNOT_RRTYPE_DS, KNOT_RRTYPE_ANY, 62 };
	uint8_t wire[NOTIFY_CASE_MAX];
	size_t len;

	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
		len = notify_case_make(wire, "a.example.", TYPES[i], NULL, 0);
		assert_false(is_one(wire, len));
	}
	len = notify_case_make(wire, ".", KNOT_RRTYPE_CDS, NULL, 0);
	assert_false(is_one(wire, len));
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		len = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
		knot_wire_set_opcode(wire, opcode);
		assert_int_equal(is_one(wire, len), opcode == KNOT_OPCODE_NOTIFY);
	}
	len = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
	knot_wire_set_qr(wire);
	assert_false(is_one(wire, len));
	len = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
	knot_wire_set_tc(wire);
	assert_false(is_one(wire, len));
	len = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
	wire[len - 1] = KNOT_CLASS_CH;
	assert_false(is_one(wire, len));
}

/*! RFC 9859 4.3: one that names several children must be discarded. */
static void the_number_of_questions_is_one(void **state)
{
	(void)state;
	static const uint16_t COUNTS[] = { 0, 2, 3, 0xffff };
	uint8_t wire[NOTIFY_CASE_MAX];

	for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
		const size_t len = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
		knot_wire_set_qdcount(wire, COUNTS[i]);
		assert_false(is_one(wire, len));
	}
	/* libknot does not parse such a message today. Should it do so, it is none all the same. */
	const size_t whole = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
	knot_pkt_t *pkt = notify_case_parse(wire, whole);
	assert_true(notify_in_is(pkt));
	knot_wire_set_qdcount(wire, 2);
	assert_false(notify_in_is(pkt));
	knot_pkt_free(pkt);
	for (size_t len = 0; len < KNOT_WIRE_HEADER_SIZE + 14; len++) {
		(void)notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, NULL, 0);
		assert_false(is_one(wire, len));
	}
}

static size_t agent_of(const void *option, size_t option_len, uint8_t out[KNOT_DNAME_MAXLEN])
{
	uint8_t wire[NOTIFY_CASE_MAX];
	const size_t len = notify_case_make(wire, "a.example.", KNOT_RRTYPE_CDS, option, option_len);
	knot_pkt_t *pkt = notify_case_parse(wire, len);
	assert_true(notify_in_is(pkt));
	const size_t size = notify_in_agent(pkt, out);
	knot_pkt_free(pkt);
	return size;
}

#define AGENT                                                                                                          \
	"\x03"                                                                                                         \
	"rep"                                                                                                          \
	"\x04"                                                                                                         \
	"Test"

static void the_report_agent_is_a_whole_name(void **state)
{
	(void)state;
	uint8_t out[KNOT_DNAME_MAXLEN];

	if (KNOT_EDNS_MAX_OPTION_CODE < 18) {
		skip(); /* Knot DNS 3.2 keeps no place of so high an option. */
	}
	assert_int_equal(agent_of(NULL, 0, out), 0);
	assert_int_equal(agent_of(AGENT, sizeof(AGENT), out), sizeof(AGENT));
	assert_memory_equal(out, AGENT, sizeof(AGENT));
	assert_int_equal(agent_of("", 1, out), 0);                          /* The root. */
	assert_int_equal(agent_of(AGENT, 0, out), 0);                       /* Nothing. */
	assert_int_equal(agent_of(AGENT, sizeof(AGENT) - 1, out), 0);       /* Cut off. */
	assert_int_equal(agent_of(AGENT "\0x", sizeof(AGENT) + 1, out), 0); /* More than a name. */
	assert_int_equal(agent_of("\x03rep\xc0\x0c", 6, out), 0);           /* Compressed. */
	assert_int_equal(agent_of("\x40", 1, out), 0);
	uint8_t many[512];
	for (size_t i = 0; i < sizeof(many); i += 2) {
		many[i] = 1;
		many[i + 1] = 'a';
	}
	many[260] = 0;
	assert_int_equal(agent_of(many, 261, out), 0); /* Longer than a name can be. */
	many[254] = 0;
	assert_int_equal(agent_of(many, 255, out), 255);
}

/* Limits. */

static notify_in_limits_t limits;

static int begin(void **state)
{
	(void)state;
	memset(&limits, 0, sizeof(limits));
	limits.seed = 12345;
	return 0;
}

static struct sockaddr_storage v4(uint32_t host, uint16_t port)
{
	struct sockaddr_storage addr = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&addr;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(0xc0000200 + host);
	in->sin_port = htons(port);
	return addr;
}

static struct sockaddr_storage v6(const char *text)
{
	struct sockaddr_storage addr = { 0 };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr;
	in6->sin6_family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	return addr;
}

static bool take(const struct sockaddr_storage *source, unsigned child, uint64_t now)
{
	uint8_t name[] = { 6, 'a', 'a', 'a', 'a', 'a', 'a', 0 };
	for (unsigned i = 1; i < 7; i++, child /= 26) {
		name[i] = 'a' + child % 26;
	}
	return notify_in_take(&limits, source, name, now);
}

/*! \return How many of so many are followed. */
static unsigned taken(const struct sockaddr_storage *source, unsigned count, unsigned *child, uint64_t now)
{
	unsigned yes = 0;
	for (unsigned i = 0; i < count; i++) {
		yes += take(source, (*child)++, now);
	}
	return yes;
}

static void a_source_has_a_burst_and_then_its_rate(void **state)
{
	(void)state;
	const struct sockaddr_storage one = v4(1, 1000), other = v4(2, 1000), port = v4(1, 2000);
	unsigned child = 0;
	uint64_t now = 1000000;

	assert_int_equal(taken(&one, 1000, &child, now), NOTIFY_IN_SOURCE_BURST);
	assert_int_equal(taken(&port, 10, &child, now), 0);
	assert_int_equal(taken(&other, 10, &child, now), 10);
	now += 10 * NOTIFY_IN_SOURCE_MS;
	assert_int_equal(taken(&one, 1000, &child, now), 10);
	now += 86400000;
	assert_int_equal(taken(&one, 1000, &child, now), NOTIFY_IN_SOURCE_BURST);
}

static void an_ipv6_source_is_its_network(void **state)
{
	(void)state;
	const struct sockaddr_storage one = v6("2001:db8:0:1::1"), same = v6("2001:db8:0:1:ffff::2"),
				      other = v6("2001:db8:0:2::1");
	unsigned child = 0;

	assert_int_equal(taken(&one, 1000, &child, 1), NOTIFY_IN_SOURCE_BURST);
	assert_int_equal(taken(&same, 10, &child, 1), 0);
	assert_int_equal(taken(&other, 10, &child, 1), 10);
}

static void a_child_has_its_own_limit_whoever_names_it(void **state)
{
	(void)state;
	unsigned yes = 0;
	for (unsigned i = 0; i < 100; i++) {
		const struct sockaddr_storage source = v4(i, 53);
		yes += take(&source, 7, 5000);
	}
	assert_int_equal(yes, NOTIFY_IN_CHILD_BURST);
	const struct sockaddr_storage source = v4(1, 53);
	assert_true(take(&source, 8, 5000));
	assert_false(take(&source, 7, 5000 + NOTIFY_IN_CHILD_MS - 1));
	assert_true(take(&source, 7, 5000 + NOTIFY_IN_CHILD_MS));
	assert_false(take(&source, 7, 5000 + NOTIFY_IN_CHILD_MS));
}

static void many_sources_together_have_a_limit(void **state)
{
	(void)state;
	unsigned child = 0, yes = 0;
	for (unsigned i = 0; i < 5000; i++) {
		const struct sockaddr_storage source = v4(i, 53);
		yes += take(&source, child++, 1);
	}
	assert_int_equal(yes, NOTIFY_IN_ALL_BURST);
	yes = 0;
	for (unsigned ms = 0; ms < 1000; ms++) {
		for (unsigned i = 0; i < 5; i++) {
			const struct sockaddr_storage source = v4(100000 + child, 53);
			yes += take(&source, child++, 1 + ms);
		}
	}
	assert_true(yes >= 499 && yes <= 501);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_notification_names_one_child),
		cmocka_unit_test(messages_of_another_kind_are_none),
		cmocka_unit_test(the_number_of_questions_is_one),
		cmocka_unit_test(the_report_agent_is_a_whole_name),
		cmocka_unit_test_setup(a_source_has_a_burst_and_then_its_rate, begin),
		cmocka_unit_test_setup(an_ipv6_source_is_its_network, begin),
		cmocka_unit_test_setup(a_child_has_its_own_limit_whoever_names_it, begin),
		cmocka_unit_test_setup(many_sources_together_have_a_limit, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
