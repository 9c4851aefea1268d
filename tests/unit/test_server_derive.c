/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Derived policies: what is created, compared and corrected. */

#include "policy_case.h"

#define ONE_MORE "ksk-submission" /* An item that the base does not have. */

/* Creating. */

#define CREATED_TTL "set ttl\nset ttl cds-cdnskey-publish=rollover\nset ttl dnskey-ttl=300\nset ttl comment=" MADE "\n"
#define CREATED_DELETE                                                                                                 \
	"set delete\nset delete cds-cdnskey-publish=delete-dnssec\nset delete dnskey-ttl=301\n"                        \
	"set delete comment=" MADE "\n"

static void what_is_missing_is_created(void **state)
{
	(void)state;
	begin_base();
	assert_does(&wanted, CREATED_TTL);
	wanted.command = knotd.command = "conf-get";
	assert_does(&wanted, CREATED_TTL);
	wanted.command = "conf-read";

	/* No other one than that which is wanted. */
	begin_base();
	const policy_want_t delete = as(POLICY_DELETE, true);
	assert_does(&delete, CREATED_DELETE);
	begin_derived(false);
	is_missing(LOW_TTL);
	assert_does(&delete, "");
	assert_does(&wanted, CREATED_TTL);
}

static void what_is_created_has_all_items_of_its_base_but_those_of_its_role(void **state)
{
	(void)state;
	begin_base();
	has("lab", "rrsig-lifetime", "1209601");
	has("lab", "cds-digest-type", "sha256");
	has("lab", "cds-digest-type", "sha384");
	has("lab", "ds-push", "parent");
	has("lab", "cds-cdnskey-publish", "always");
	has("lab", "dnskey-ttl", "77");
	has("lab", "comment", "mine");
	has("lab", NULL, "of no item");
	has("lab", "keytag-modulo", NULL);
	assert_does(&wanted,
	            "set ttl\nset ttl rrsig-lifetime=1209601\nset ttl cds-digest-type=sha256\n"
	            "set ttl cds-digest-type=sha384\nset ttl ds-push=parent\nset ttl keytag-modulo=\n"
	            "set ttl cds-cdnskey-publish=rollover\nset ttl dnskey-ttl=300\nset ttl comment=" MADE "\n");
	const policy_want_t delete = as(POLICY_DELETE, true);
	assert_does(&delete, "set delete\nset delete rrsig-lifetime=1209601\nset delete cds-digest-type=sha256\n"
	                     "set delete cds-digest-type=sha384\nset delete ds-push=parent\nset delete keytag-modulo=\n"
	                     "set delete cds-cdnskey-publish=delete-dnssec\nset delete dnskey-ttl=301\n"
	                     "set delete comment=" MADE "\n");
}

/*! So many that the lists grow more than once. */
static void many_items_are_created(void **state)
{
	(void)state;
	static char names[100][16];
	static char want[4096];

	begin_base();
	size_t len = snprintf(want, sizeof(want), "set ttl\n");
	for (size_t i = 0; i < LENGTH(names); i++) {
		snprintf(names[i], sizeof(names[i]), "item-%zu", i);
		has("lab", names[i], "v");
		len += snprintf(want + len, sizeof(want) - len, "set ttl %s=v\n", names[i]);
	}
	snprintf(want + len, sizeof(want) - len,
	         "set ttl cds-cdnskey-publish=rollover\nset ttl dnskey-ttl=300\nset ttl comment=" MADE "\n");
	assert_does(&wanted, want);
}

/* Comparing. */

static void what_fits_is_left_alone(void **state)
{
	(void)state;
	for (int made = 0; made <= 1; made++) {
		begin_derived(made);
		assert_does(&wanted, "");
		has("lab", "comment", "mine");
		has("lab", "ds-push", "parent");
		has(LOW_TTL, "ds-push", "parent");
		has(DELETE, "ds-push", "parent");
		/* What Knot takes if it is not set is no difference. */
		has("lab", "rrsig-lifetime", "1209600");
		has(LOW_TTL, "keytag-modulo", "0/1");
		/* Nor is the order of values. */
		has("lab", "cds-digest-type", "sha256");
		has("lab", "cds-digest-type", "sha384");
		for (size_t i = 0; i < DERIVED; i++) {
			has(derived[i], "cds-digest-type", "sha384");
			has(derived[i], "cds-digest-type", "sha256");
		}
		/* Too low, but nothing is committed. */
		has("lab", "ksk-lifetime", "1");
		for (size_t i = 0; i < DERIVED; i++) {
			has(derived[i], "ksk-lifetime", "1");
		}
		assert_does(&wanted, "");
	}
}

static const struct {
	const char *base, *derived; /* Items; "-": that what fits is missing. */
	const char *value[2];
	const char *words;
	/* clang-format off */
} DIFFERENT[] = {
	{ NULL, "cds-cdnskey-publish", { NULL, "always" }, "has cds-cdnskey-publish 'always', must be 'rollover'" },
	{ NULL, "-cds-cdnskey-publish", { NULL, NULL }, NULL },	/* Knot's own default. */
	{ NULL, "dnskey-ttl", { NULL, "301" }, "has dnskey-ttl '301', must be '300'" },
	{ NULL, "-dnskey-ttl", { NULL, NULL }, "has dnskey-ttl unset, must be '300'" },
	{ "rrsig-lifetime", NULL, { "864000", NULL }, "has rrsig-lifetime '1209600', must be '864000'" },
	{ NULL, "rrsig-lifetime", { NULL, "864000" }, "has rrsig-lifetime '864000', must be '1209600'" },
	{ "rrsig-lifetime", "rrsig-lifetime", { "864000", "864001" }, "has rrsig-lifetime '864001', must be '864000'" },
	{ NULL, ONE_MORE, { NULL, "sub" }, "has " ONE_MORE " 'sub', must be unset" },
	{ ONE_MORE, NULL, { "sub", NULL }, "has " ONE_MORE " unset, must be 'sub'" },
	{ "ds-push", NULL, { "parent", NULL }, "has ds-push unset, must be 'parent'" },
};
/* clang-format on */

static void difference(size_t i, const char *policy)
{
	if (DIFFERENT[i].base != NULL) {
		has("lab", DIFFERENT[i].base, DIFFERENT[i].value[0]);
	}
	if (DIFFERENT[i].derived == NULL) {
		return;
	}
	const bool unset = DIFFERENT[i].derived[0] == '-';
	const bool is_own = strcmp(DIFFERENT[i].derived, "cds-cdnskey-publish") == 0 ||
	                    strcmp(DIFFERENT[i].derived, "dnskey-ttl") == 0;
	if (unset) {
		lacks(policy, DIFFERENT[i].derived + 1);
	} else if (is_own) {
		becomes(policy, DIFFERENT[i].derived, DIFFERENT[i].value[1]);
	} else {
		has(policy, DIFFERENT[i].derived, DIFFERENT[i].value[1]);
	}
}

static void the_operators_own_that_differs_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(DIFFERENT); i++) {
		char words[CONTROL_DETAIL_MAX];
		snprintf(words, sizeof(words), "policy '" LOW_TTL "' %s", DIFFERENT[i].words);
		for (int other = 0; other <= 1; other++) {
			/* Any comment but that of the module. */
			begin_derived(false);
			if (other) {
				has(LOW_TTL, "comment", "made by hand");
			}
			difference(i, LOW_TTL);
			if (DIFFERENT[i].base != NULL) {
				has(DELETE, DIFFERENT[i].base, DIFFERENT[i].value[0]);
			}
			for (int leaves = 0; leaves <= 1; leaves++) {
				policy_want_t want = as(POLICY_LOW_TTL, leaves);
				if (DIFFERENT[i].words == NULL) {
					assert_does(&want, "");
					continue;
				}
				assert_refuses(&want, SERVER_REFUSED, GATE_POLICY_DIFFERS, words);
				/* Only what is needed now is judged. */
				want = as(POLICY_DELETE, leaves);
				assert_does(&want, "");
			}
		}
	}
}

static void the_first_item_and_one_that_is_not_there_count(void **state)
{
	(void)state;
	begin_base();
	has(LOW_TTL, "id", LOW_TTL);
	has(LOW_TTL, ONE_MORE, "sub");
	has(LOW_TTL, "cds-cdnskey-publish", "rollover");
	has(LOW_TTL, "dnskey-ttl", "300");
	assert_refuses(&wanted, SERVER_REFUSED, GATE_POLICY_DIFFERS,
	               "policy '" LOW_TTL "' has " ONE_MORE " 'sub', must be unset");

	begin_derived(false);
	lacks(DELETE, "cds-cdnskey-publish");
	const policy_want_t want = as(POLICY_DELETE, true);
	assert_refuses(&want, SERVER_REFUSED, GATE_POLICY_DIFFERS,
	               "policy '" DELETE "' has cds-cdnskey-publish 'rollover', must be 'delete-dnssec'");
}

static void every_value_of_an_item_counts(void **state)
{
	(void)state;
	static const struct {
		const char *base[3], *derived[3];
		bool equal;
		/* clang-format off */
	} CASES[] = {
		{ { "a", "b" }, { "a", "b" }, true },
		{ { "a", "b" }, { "a" }, false },
		{ { "a" }, { "a", "b" }, false },
		{ { "a", "b" }, { "c", "b" }, false },
		{ { "sha256" }, { NULL }, true },
		{ { NULL }, { "sha256" }, true },
		{ { "sha256", "sha384" }, { NULL }, false },
		{ { NULL }, { "sha384" }, false },
		{ { NULL }, { "sha1" }, false },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		begin_derived(false);
		for (size_t k = 0; CASES[i].base[k] != NULL; k++) {
			has("lab", "cds-digest-type", CASES[i].base[k]);
		}
		for (size_t k = 0; CASES[i].derived[k] != NULL; k++) {
			has(LOW_TTL, "cds-digest-type", CASES[i].derived[k]);
		}
		policy_want_t want = as(POLICY_LOW_TTL, false);
		result_t r = prepare(&want);
		assert_int_equal(r.status, CASES[i].equal ? SERVER_OK : SERVER_REFUSED);
	}
}

static void algorithm_and_scheme_may_differ_under_way(void **state)
{
	(void)state;
	static const char *const items[][2] = { { "algorithm", "ed25519" }, { "single-type-signing", "on" } };

	for (size_t i = 0; i < LENGTH(items); i++) {
		for (int made = 0; made <= 1; made++) {
			begin_derived(made);
			has("lab", items[i][0], items[i][1]);
			policy_want_t want = as(POLICY_LOW_TTL, false);
			assert_does(&want, "");
			want = as(POLICY_LOW_TTL, true);
			char text[CONTROL_DETAIL_MAX];
			if (made) {
				snprintf(text, sizeof(text), "set ttl %s=%s\n", items[i][0], items[i][1]);
				assert_does(&want, text);
			} else {
				snprintf(text, sizeof(text), "policy '" LOW_TTL "' has %s '%s', must be '%s'",
				         items[i][0], i == 0 ? "ecdsap256sha256" : "off", items[i][1]);
				assert_refuses(&want, SERVER_REFUSED, GATE_POLICY_DIFFERS, text);
			}
		}
	}
}

/* Correcting. */

static void what_the_module_made_is_corrected(void **state)
{
	(void)state;
	static const char *const cmds[] = {
		"unset ttl cds-cdnskey-publish\nset ttl cds-cdnskey-publish=rollover\n",
		"",
		"unset ttl dnskey-ttl\nset ttl dnskey-ttl=300\n",
		"set ttl rrsig-lifetime=864000\n",
		"unset ttl rrsig-lifetime\n",
		"unset ttl rrsig-lifetime\nset ttl rrsig-lifetime=864000\n",
		"unset ttl " ONE_MORE "\n",
		"set ttl " ONE_MORE "=sub\n",
		"set ttl ds-push=parent\n",
	};

	for (size_t i = 0; i < LENGTH(DIFFERENT); i++) {
		/* An unset dnskey-ttl is no item of either. */
		if (DIFFERENT[i].derived != NULL && strcmp(DIFFERENT[i].derived, "-dnskey-ttl") == 0) {
			continue;
		}
		begin_derived(true);
		difference(i, LOW_TTL);
		for (int leaves = 0; leaves <= 1; leaves++) {
			policy_want_t want = as(POLICY_LOW_TTL, leaves);
			assert_does(&want, cmds[i - (i > 3)]);
		}
		/* The other one is left as it is. */
		if (DIFFERENT[i].base == NULL) {
			policy_want_t want = as(POLICY_DELETE, true);
			assert_does(&want, "");
		}
	}
}

static void all_values_are_corrected_once(void **state)
{
	(void)state;
	begin_derived(true);
	has("lab", ONE_MORE, "a");
	has("lab", ONE_MORE, "b");
	has("lab", "cds-digest-type", "sha384");
	has("lab", "cds-digest-type", "sha512");
	has("lab", "nsec3", "on");
	has(LOW_TTL, "nsec3", "on");
	has(LOW_TTL, "cds-digest-type", "x");
	has(LOW_TTL, "cds-digest-type", "y");
	assert_does(&wanted, "unset ttl cds-digest-type\nset ttl cds-digest-type=sha384\n"
	                     "set ttl cds-digest-type=sha512\n"
	                     "set ttl " ONE_MORE "=a\nset ttl " ONE_MORE "=b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_created),
		cmocka_unit_test(what_is_created_has_all_items_of_its_base_but_those_of_its_role),
		cmocka_unit_test(many_items_are_created),
		cmocka_unit_test(what_fits_is_left_alone),
		cmocka_unit_test(the_operators_own_that_differs_is_refused),
		cmocka_unit_test(the_first_item_and_one_that_is_not_there_count),
		cmocka_unit_test(every_value_of_an_item_counts),
		cmocka_unit_test(algorithm_and_scheme_may_differ_under_way),
		cmocka_unit_test(what_the_module_made_is_corrected),
		cmocka_unit_test(all_values_are_corrected_once),
	};
	return cmocka_run_group_tests_name("server_derive", tests, NULL, NULL);
}
