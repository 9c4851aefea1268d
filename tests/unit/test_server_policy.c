/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of derived policies. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "kskroll/server.h"

static void name_has_base_and_role(void **state)
{
	(void)state;
	char name[256];

	assert_int_equal(server_policy_name(name, sizeof(name), "lab", POLICY_LOW_TTL, 300), strlen("lab-kskroll-ttl"));
	assert_string_equal(name, "lab-kskroll-ttl");
	server_policy_name(name, sizeof(name), "lab", POLICY_DELETE, 300);
	assert_string_equal(name, "lab-kskroll-delete");
	server_policy_name(name, sizeof(name), "lab", POLICY_BASE, 300);
	assert_string_equal(name, "lab");
}

static void name_has_the_ttl_unless_it_is_the_default(void **state)
{
	(void)state;
	char name[256];

	server_policy_name(name, sizeof(name), "lab", POLICY_LOW_TTL, 600);
	assert_string_equal(name, "lab-kskroll-ttl-600");
	server_policy_name(name, sizeof(name), "lab", POLICY_BASE, 600);
	assert_string_equal(name, "lab");
}

static void short_buffer_tells_the_length(void **state)
{
	(void)state;
	char name[8];

	assert_int_equal(server_policy_name(name, sizeof(name), "lab", POLICY_DELETE, 900),
	                 strlen("lab-kskroll-delete-900"));
	assert_string_equal(name, "lab-ksk");
}

static void every_name_comes_apart_again(void **state)
{
	(void)state;
	static const char *const bases[] = {
		"default",
		"a",
		"with space",
		"x-kskroll-lab",
		"-kskroll-ttl",
		"a-kskroll-ttl",
		"a-kskroll-delete-600",
		"a-kskroll-quiet",
		"-kskroll-",
		"a-kskroll-ttl-300",
	};
	static const uint32_t ttls[] = { 0, 300, 301, 600, 900, UINT32_MAX };

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		for (size_t j = 0; j < sizeof(ttls) / sizeof(ttls[0]); j++) {
			for (policy_role_t want = POLICY_LOW_TTL; want < POLICY_FORMER; want++) {
				char name[256], base[256];
				policy_role_t role;
				server_policy_name(name, sizeof(name), bases[i], want, ttls[j]);
				server_policy_parse(name, base, sizeof(base), &role);
				assert_string_equal(base, bases[i]);
				assert_int_equal(role, want);
			}
		}
	}
}

static void other_names_are_base_policies(void **state)
{
	(void)state;
	static const char *const names[] = {
		"",
		"lab",
		"kskroll",
		"lab-kskroll",
		"lab-kskroll-",
		"lab-kskroll-loud",
		"lab-kskroll-ttl-",
		"lab-kskroll-ttl-300",
		"lab-kskroll-ttl-0600",
		"lab-kskroll-ttl-+600",
		"lab-kskroll-ttl- 600",
		"lab-kskroll-ttl-600s",
		"lab-kskroll-ttl-4294967296",
		"lab-kskroll-ttl-99999999999999999999",
		"lab-kskroll-ttls",
		"-kskroll-ttl",
		"lab-kskroll-ttl-kskroll-x",
		"lab-kskroll-ttl--1",
		"lab-kskroll-quiet-300",
		"lab-kskroll-signal-",
		"lab-kskroll-rollback-0600",
		"lab-kskroll-delete-18446744073709551915",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char base[256];
		policy_role_t role = POLICY_DELETE;
		server_policy_parse(names[i], base, sizeof(base), &role);
		assert_string_equal(base, names[i]);
		assert_int_equal(role, POLICY_BASE);
	}
}

static void policies_of_the_former_version_are_none_of_ours(void **state)
{
	(void)state;
	static const char *const suffixes[] = {
		"quiet", "signal", "rollback", "quiet-600", "signal-0", "rollback-900"
	};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char name[256], base[256];
		policy_role_t role;
		snprintf(name, sizeof(name), "a-kskroll-lab-kskroll-%s", suffixes[i]);
		server_policy_parse(name, base, sizeof(base), &role);
		assert_string_equal(base, "a-kskroll-lab");
		assert_int_equal(role, POLICY_FORMER);
	}
}

static void overlong_name_is_a_base_policy(void **state)
{
	(void)state;
	char name[600], base[600];
	policy_role_t role = POLICY_DELETE;

	memset(name, 'x', sizeof(name));
	strcpy(name + 400, "-kskroll-ttl");
	server_policy_parse(name, base, sizeof(base), &role);
	assert_int_equal(role, POLICY_BASE);
	assert_string_equal(base, name);

	/* Knot has no names of more than 255 octets. */
	for (size_t len = 254; len <= 257; len++) {
		memset(name, 'x', len);
		strcpy(name + len, "-kskroll-ttl");
		server_policy_parse(name, base, sizeof(base), &role);
		assert_int_equal(role, len <= 255 ? POLICY_LOW_TTL : POLICY_BASE);
		assert_int_equal(strlen(base), len <= 255 ? len : strlen(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_has_base_and_role),
		cmocka_unit_test(name_has_the_ttl_unless_it_is_the_default),
		cmocka_unit_test(short_buffer_tells_the_length),
		cmocka_unit_test(every_name_comes_apart_again),
		cmocka_unit_test(other_names_are_base_policies),
		cmocka_unit_test(policies_of_the_former_version_are_none_of_ours),
		cmocka_unit_test(overlong_name_is_a_base_policy),
	};
	return cmocka_run_group_tests_name("server_policy", tests, NULL, NULL);
}
