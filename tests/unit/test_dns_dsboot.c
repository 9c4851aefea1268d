/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signaling names of RFC 9615. What is found there is tested in the lab (test_bootstrap.py). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "dsboot.h"

static dsboot_status_t name_of(const char *zone, const char *ns, char text[KNOT_DNAME_TXT_MAXLEN + 1])
{
	knot_dname_storage_t zone_name, ns_name, out;
	assert_non_null(knot_dname_from_str(zone_name, zone, sizeof(zone_name)));
	assert_non_null(knot_dname_from_str(ns_name, ns, sizeof(ns_name)));
	dsboot_status_t status = dsboot_name(zone_name, ns_name, out);
	if (status == DSBOOT_OK) {
		assert_non_null(knot_dname_to_str(text, out, KNOT_DNAME_TXT_MAXLEN + 1));
	}
	return status;
}

static void names_are_made_of_child_and_nameserver(void **state)
{
	(void)state;
	char text[KNOT_DNAME_TXT_MAXLEN + 1];
	/* The example of RFC 9615 4.1.1. */
	assert_int_equal(name_of("example.co.uk.", "ns1.example.net.", text), DSBOOT_OK);
	assert_string_equal(text, "_dsboot.example.co.uk._signal.ns1.example.net.");
	assert_int_equal(name_of("a.", "ns.b.", text), DSBOOT_OK);
	assert_string_equal(text, "_dsboot.a._signal.ns.b.");
}

static void nameservers_in_the_zone_have_none(void **state)
{
	(void)state;
	char text[KNOT_DNAME_TXT_MAXLEN + 1];
	assert_int_equal(name_of("example.co.uk.", "ns1.example.co.uk.", text), DSBOOT_INSIDE);
	assert_int_equal(name_of("example.co.uk.", "example.co.uk.", text), DSBOOT_INSIDE);
	assert_int_equal(name_of("example.co.uk.", "NS1.EXAMPLE.co.uk.", text), DSBOOT_INSIDE);
	assert_int_equal(name_of("example.co.uk.", "ns1.notexample.co.uk.", text), DSBOOT_OK);
	assert_int_equal(name_of("example.co.uk.", "co.uk.", text), DSBOOT_OK);
}

/*! A name of 63-octet labels and one that fills up to this many octets on the wire. */
static void long_name(char *out, size_t wire)
{
	size_t left = wire - 1;
	char *at = out;
	while (left > 0) {
		size_t label = left > 64 ? 63 : left - 1;
		memset(at, 'x', label);
		at[label] = '.';
		at += label + 1;
		left -= label + 1;
	}
	*at = '\0';
}

static void names_have_255_octets_at_most(void **state)
{
	(void)state;
	char zone[256], text[KNOT_DNAME_TXT_MAXLEN + 1];
	/* _dsboot 8, child without root, _signal 8, ns1.example. 13 */
	long_name(zone, 255 - 8 - 8 - 13 + 1);
	assert_int_equal(name_of(zone, "ns1.example.", text), DSBOOT_OK);
	long_name(zone, 255 - 8 - 8 - 13 + 2);
	assert_int_equal(name_of(zone, "ns1.example.", text), DSBOOT_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_made_of_child_and_nameserver),
		cmocka_unit_test(nameservers_in_the_zone_have_none),
		cmocka_unit_test(names_have_255_octets_at_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
