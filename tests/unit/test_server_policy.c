/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of derived policies. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "kskroll/server.h"

static void name_has_base_and_role(void **state)
{
	(void)state;
	char name[256];

	assert_int_equal(server_policy_name(name, sizeof(name), "lab", POLICY_QUIET, 300), strlen("lab-kskroll-quiet"));
	assert_string_equal(name, "lab-kskroll-quiet");
	server_policy_name(name, sizeof(name), "lab", POLICY_SIGNAL, 300);
	assert_string_equal(name, "lab-kskroll-signal");
	server_policy_name(name, sizeof(name), "lab", POLICY_ROLLBACK, 300);
	assert_string_equal(name, "lab-kskroll-rollback");
	server_policy_name(name, sizeof(name), "lab", POLICY_BASE, 300);
	assert_string_equal(name, "lab");
}

static void name_has_the_ttl_unless_it_is_the_default(void **state)
{
	(void)state;
	char name[256];

	server_policy_name(name, sizeof(name), "lab", POLICY_QUIET, 600);
	assert_string_equal(name, "lab-kskroll-quiet-600");
	server_policy_name(name, sizeof(name), "lab", POLICY_BASE, 600);
	assert_string_equal(name, "lab");
}

static void short_buffer_tells_the_length(void **state)
{
	(void)state;
	char name[8];

	assert_int_equal(server_policy_name(name, sizeof(name), "lab", POLICY_SIGNAL, 900),
	                 strlen("lab-kskroll-signal-900"));
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
		"-kskroll-quiet",
		"a-kskroll-quiet",
		"a-kskroll-signal-600",
		"-kskroll-",
		"a-kskroll-quiet-300",
	};
	static const uint32_t ttls[] = { 0, 300, 301, 600, 900, UINT32_MAX };

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		for (size_t j = 0; j < sizeof(ttls) / sizeof(ttls[0]); j++) {
			for (policy_role_t want = POLICY_QUIET; want < POLICY__COUNT; want++) {
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
		"lab-kskroll-quiet-",
		"lab-kskroll-quiet-300",
		"lab-kskroll-quiet-0600",
		"lab-kskroll-quiet-+600",
		"lab-kskroll-quiet- 600",
		"lab-kskroll-quiet-600s",
		"lab-kskroll-quiet-4294967296",
		"lab-kskroll-quiet-99999999999999999999",
		"lab-kskroll-quieter",
		"-kskroll-quiet",
		"lab-kskroll-quiet-kskroll-x",
		"lab-kskroll-quiet--1",
		"lab-kskroll-signal-18446744073709551915",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char base[256];
		policy_role_t role = POLICY_SIGNAL;
		server_policy_parse(names[i], base, sizeof(base), &role);
		assert_string_equal(base, names[i]);
		assert_int_equal(role, POLICY_BASE);
	}
}

static void overlong_name_is_a_base_policy(void **state)
{
	(void)state;
	char name[600], base[600];
	policy_role_t role = POLICY_SIGNAL;

	memset(name, 'x', sizeof(name));
	strcpy(name + 400, "-kskroll-quiet");
	server_policy_parse(name, base, sizeof(base), &role);
	assert_int_equal(role, POLICY_BASE);
	assert_string_equal(base, name);

	/* Knot has no names of more than 255 octets. */
	for (size_t len = 254; len <= 257; len++) {
		memset(name, 'x', len);
		strcpy(name + len, "-kskroll-quiet");
		server_policy_parse(name, base, sizeof(base), &role);
		assert_int_equal(role, len <= 255 ? POLICY_QUIET : POLICY_BASE);
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
		cmocka_unit_test(overlong_name_is_a_base_policy),
	};
	return cmocka_run_group_tests_name("server_policy", tests, NULL, NULL);
}
