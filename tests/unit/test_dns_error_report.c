/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of error reports (RFC 9567), and to which agent domains they go (RFC 9859). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kskroll/child_survey.h"

static bool name_is(const char *child, uint16_t type, uint16_t ede, const char *agent, const char *want)
{
	knot_dname_storage_t name, domain, report, wanted;

	assert_non_null(knot_dname_from_str(name, child, sizeof(name)));
	assert_non_null(knot_dname_from_str(domain, agent, sizeof(domain)));
	return error_report_name(name, type, ede, domain, report) &&
	       knot_dname_is_equal(report, knot_dname_from_str(wanted, want, sizeof(wanted)));
}

static void names_are_those_of_the_rfc(void **state)
{
	(void)state;
	/* RFC 9567 4.2 and 7.1. */
	assert_true(name_is("broken.test.", 1, 7, "a01.agent-domain.example.",
	                    "_er.1.broken.test.7._er.a01.agent-domain.example."));
	assert_true(name_is("child.example.", 59, 6, "rep.ns1.example.net.",
	                    "_er.59.child.example.6._er.rep.ns1.example.net."));
	assert_true(name_is("child.example.", 65535, 65535, "a.", "_er.65535.child.example.65535._er.a."));
}

static void the_root_is_no_agent_domain(void **state)
{
	(void)state;
	assert_false(name_is("child.example.", 59, 6, ".", "."));
}

/*! Names of 253 octets and more. */
static void names_that_are_too_long_are_not_made(void **state)
{
	(void)state;
	char label[64], child[260] = "";
	memset(label, 'x', 63);
	label[63] = '\0';
	for (int i = 0; i < 3; i++) {
		strcat(child, label);
		strcat(child, ".");
	}
	/* 3 * 64, "_er", "59", "6", "_er", a label of 63 - 18, and the root. */
	static const size_t rest = 255 - (3 * 64 + 4 + 3 + 2 + 4 + 1) - 1;
	for (size_t len = rest - 1; len <= rest + 1; len++) {
		knot_dname_storage_t name, domain, report;
		char agent[64];
		memset(agent, 'y', len);
		strcpy(agent + len, ".");
		assert_non_null(knot_dname_from_str(name, child, sizeof(name)));
		assert_non_null(knot_dname_from_str(domain, agent, sizeof(domain)));
		assert_int_equal(error_report_name(name, 59, 6, domain, report), len <= rest);
		if (len <= rest) {
			assert_int_equal(knot_dname_size(report), 255 - (rest - len));
			assert_int_equal(knot_dname_wire_check(report, report + sizeof(report), NULL),
			                 knot_dname_size(report));
		}
	}
}

static bool allowed(const char *text)
{
	static const uint8_t first[] = "\x03ns1\x07"
				       "example\x03net",
			     second[] = "\x01"
					"b\x02"
					"de";
	knot_dname_storage_t agent;
	knot_rdataset_t ns = { 0 };
	uint8_t room[64];
	knot_rdata_t *rdata = (knot_rdata_t *)room;

	knot_rdata_init(rdata, sizeof(first), first);
	assert_int_equal(knot_rdataset_add(&ns, rdata, NULL), KNOT_EOK);
	knot_rdata_init(rdata, sizeof(second), second);
	assert_int_equal(knot_rdataset_add(&ns, rdata, NULL), KNOT_EOK);
	assert_non_null(knot_dname_from_str(agent, text, sizeof(agent)));
	const bool ret = error_report_allowed(agent, &ns);
	knot_rdataset_clear(&ns, NULL);
	return ret;
}

static void reports_go_to_the_nameservers_of_the_child(void **state)
{
	(void)state;
	assert_true(allowed("ns1.example.net."));
	assert_true(allowed("rep.ns1.example.net."));
	assert_true(allowed("x.y.b.de."));
	assert_false(allowed("example.net."));
	assert_false(allowed("ns2.example.net."));
	assert_false(allowed("xns1.example.net."));
	assert_false(allowed("victim.example."));
	assert_false(allowed("."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_rfc),
		cmocka_unit_test(the_root_is_no_agent_domain),
		cmocka_unit_test(names_that_are_too_long_are_not_made),
		cmocka_unit_test(reports_go_to_the_nameservers_of_the_child),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
