/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of error reports as they come from the network, hostile ones, too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kskroll/ede_names.h"
#include "util/report_in.h"

/*! Read from memory that ends where the name does, as sanitizers and valgrind check. */
static bool read_exactly(const uint8_t *name, size_t len, report_in_t *out)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	assert_non_null(exact);
	memcpy(exact, name, len);
	const bool ret = report_in_read(exact, len, out);
	free(exact);
	return ret;
}

static bool reads(const char *text, report_in_t *out)
{
	knot_dname_storage_t name;
	assert_non_null(knot_dname_from_str(name, text, sizeof(name)));
	return read_exactly(name, knot_dname_size(name), out);
}

static bool is(const knot_dname_t *name, const char *text)
{
	knot_dname_storage_t want;
	return knot_dname_is_equal(name, knot_dname_from_str(want, text, sizeof(want)));
}

static void assert_read(const char *text, uint16_t type, const char *name, uint16_t ede, const char *agent)
{
	report_in_t r;
	assert_true(reads(text, &r));
	assert_int_equal(r.type, type);
	assert_int_equal(r.ede, ede);
	assert_true(is(r.name, name));
	assert_true(is(r.agent, agent));
}

static void reports_are_read(void **state)
{
	(void)state;
	/* RFC 9567 4.2. */
	assert_read("_er.1.broken.test.7._er.a01.agent-domain.example.", 1, "broken.test.", 7,
	            "a01.agent-domain.example.");
	assert_read("_er.59.child.example.24._er.er.ns1.child.example.", 59, "child.example.", 24,
	            "er.ns1.child.example.");
	assert_read("_ER.59.Child.EXAMPLE.0._Er.Agent.", 59, "child.example.", 0, "agent.");
	assert_read("_er.65535.a.65535._er.b.", 65535, "a.", 65535, "b.");
}

/*! Numbers and marks in the name with the error are part of it: the last mark counts. */
static void a_name_may_look_like_a_report(void **state)
{
	(void)state;
	assert_read("_er.1._er.2.x.3._er.agent.", 1, "_er.2.x.", 3, "agent.");
	assert_read("_er.1.x.5._er.y.3._er.agent.", 1, "x.5._er.y.", 3, "agent.");
	assert_read("_er.59.1.0.0.127.in-addr.arpa.6._er.agent.", 59, "1.0.0.127.in-addr.arpa.", 6, "agent.");
	assert_read("_er.1.7.7._er.agent.", 1, "7.", 7, "agent.");
}

static void anything_else_is_none(void **state)
{
	(void)state;
	static const char *const NAMES[] = {
		".",
		"_er.",
		"_er.1.",
		"_er.1._er.",
		"_er.1.2._er.",
		"_er.1.2._er.agent.", /* The root. */
		"_er.1.x.7._er.",     /* The root as an agent. */
		"_er.1.x.7.agent.",
		"_er.1.x._er.agent.",
		"_er._er.agent.",
		"_er._er._er._er.",
		"_er.1._er.agent.",
		"x._er.1.child.7._er.agent.",
		"_err.1.child.7._er.agent.",
		"_e.1.child.7._er.agent.",
		"er.1.child.7._er.agent.",
		"_er.x.child.7._er.agent.",
		"_er.1.child.x._er.agent.",
		"_er.65536.child.7._er.agent.",
		"_er.1.child.65536._er.agent.",
		"_er.99999.child.7._er.agent.",
		"_er.100000.child.7._er.agent.",
		"_er.4294967355.child.7._er.agent.",
		"_er.01.child.7._er.agent.",
		"_er.1.child.07._er.agent.",
		"_er.-1.child.7._er.agent.",
		"_er.+1.child.7._er.agent.",
		"_er.1.child.7 ._er.agent.",
		"_er.\\000.child.7._er.agent.",
		"_er.1.child.7\\000._er.agent.",
		"_er.1.x.7._er.y._er.agent.", /* The last mark has no number in front. */
	};
	report_in_t r;
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (reads(NAMES[i], &r)) {
			fail_msg("%s", NAMES[i]);
		}
	}
}

/*! Cut anywhere, with any octet replaced, with pointers of compression: never read beyond, never a root. */
static void broken_bytes_are_no_report(void **state)
{
	(void)state;
	knot_dname_storage_t name;
	report_in_t r;
	assert_non_null(knot_dname_from_str(name, "_er.59.child.example.24._er.er.ns1.child.example.", sizeof(name)));
	const size_t len = knot_dname_size(name);
	for (size_t cut = 0; cut < len; cut++) {
		assert_false(read_exactly(name, cut, &r));
	}
	for (size_t at = 0; at < len; at++) {
		const uint8_t was = name[at];
		for (unsigned byte = 0; byte < 256; byte++) {
			name[at] = byte;
			if (read_exactly(name, len, &r)) {
				assert_true(knot_dname_size(r.name) > 1 && knot_dname_size(r.agent) > 1);
				assert_true(knot_dname_size(r.name) + knot_dname_size(r.agent) < len);
			}
		}
		name[at] = was;
	}
	uint8_t endless[300];
	memset(endless, 1, sizeof(endless));
	memcpy(endless, name, len - 1);
	assert_false(read_exactly(endless, sizeof(endless), &r));
}

static void the_longest_name_is_read(void **state)
{
	(void)state;
	uint8_t name[KNOT_DNAME_MAXLEN + 1];
	static const uint8_t head[] = "\3_er\0015", tail[] = "\0017\3_er\1a";
	report_in_t r;
	memcpy(name, head, 6);
	const size_t rest = KNOT_DNAME_MAXLEN - 6 - sizeof(tail);
	for (size_t i = 0; i < rest; i += 2) {
		memcpy(name + 6 + i, "\1x", 2);
	}
	const size_t at = 6 + rest / 2 * 2;
	memcpy(name + at, tail, sizeof(tail));
	assert_true(read_exactly(name, at + sizeof(tail), &r));
	assert_int_equal(knot_dname_size(r.name), at - 6 + 1);
}

static void some_names_can_be_no_agent(void **state)
{
	(void)state;
	knot_dname_storage_t name;
	static const struct {
		const char *name;
		bool fine;
	} NAMES[] = { { "er.ns1.example.", true },
		      { ".", false },
		      { "_er.", false },
		      { "a._eR.b.", false },
		      { "_err._e.er.", true } };
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		assert_non_null(knot_dname_from_str(name, NAMES[i].name, sizeof(name)));
		assert_int_equal(report_in_is_agent(name), NAMES[i].fine);
	}
}

static void each_code_has_words(void **state)
{
	(void)state;
	for (unsigned code = 0; code <= 30; code++) {
		assert_string_not_equal(ede_name(code), "unknown");
		assert_int_equal(ede_meaning(code)[strlen(ede_meaning(code)) - 1], '.');
	}
	assert_string_equal(ede_name(9), "DNSKEY Missing");
	assert_string_equal(ede_name(24), "Invalid Data");
	assert_string_equal(ede_name(30), "Invalid Query Type");
	assert_string_equal(ede_name(31), "unknown");
	assert_string_equal(ede_name(UINT16_MAX), "unknown");
	assert_non_null(ede_meaning(UINT16_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_read),         cmocka_unit_test(a_name_may_look_like_a_report),
		cmocka_unit_test(anything_else_is_none),    cmocka_unit_test(broken_bytes_are_no_report),
		cmocka_unit_test(the_longest_name_is_read), cmocka_unit_test(some_names_can_be_no_agent),
		cmocka_unit_test(each_code_has_words),
	};
	return cmocka_run_group_tests_name("report_in", tests, NULL, NULL);
}
