/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Derived policies: what forbids them. */

#include "policy_case.h"

static void a_base_must_exist_unless_it_is_the_default(void **state)
{
	(void)state;
	begin_base();
	knotd.count = 0;
	assert_refuses(&wanted, SERVER_REFUSED, GATE_OBSERVE_ONLY, "no policy 'lab' in the configuration");
	policy_want_t want = wanted;
	for (size_t i = 0; i < 2; i++) {
		/* Names beside it in the order of strcmp() as well. */
		want.base = i == 0 ? "defaulu" : "defaulr";
		char words[CONTROL_DETAIL_MAX];
		snprintf(words, sizeof(words), "no policy '%s' in the configuration", want.base);
		assert_refuses(&want, SERVER_REFUSED, GATE_OBSERVE_ONLY, words);
	}
	want.base = "default";
	assert_int_equal(prepare(&want).status, SERVER_OK);
}

static void a_shared_key_is_refused(void **state)
{
	(void)state;
	const char *words = "policy 'lab' has ksk-shared, its zones cannot be switched";

	begin_base();
	has("lab", "ksk-shared", "on");
	assert_refuses(&wanted, SERVER_REFUSED, GATE_OBSERVE_ONLY, words);

	/* Of the derived ones that which the zone would get. */
	begin_derived(false);
	has(LOW_TTL, "ksk-shared", "on");
	policy_want_t want = as(POLICY_LOW_TTL, false);
	assert_refuses(&want, SERVER_REFUSED, GATE_OBSERVE_ONLY, words);
	want = as(POLICY_DELETE, false);
	assert_does(&want, "");

	begin_derived(false);
	has("lab", "ksk-shared", "off");
	assert_does(&wanted, "");
}

/*! 2 * propagation-delay + the largest dnskey-ttl + what has to expire. */
static void a_lifetime_that_knot_finds_too_low_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *items[3][2];
		const char *words; // NULL: it is accepted.
		unsigned ttl;      // Largest.
				   /* clang-format off */
	} CASES[] = {
		{ { { "ksk-lifetime", "7802" } }, NULL, 301 },
		{ { { "ksk-lifetime", "7801" } }, "ksk-lifetime", 301 },
		{ { { "ksk-lifetime", "0" } }, NULL, 301 },
		{ { { "ksk-lifetime", "622" }, { "propagation-delay", "10" } }, NULL, 301 },
		{ { { "ksk-lifetime", "621" }, { "propagation-delay", "10" } }, "ksk-lifetime", 301 },
		/* What is not in plain seconds counts as 0. */
		{ { { "ksk-lifetime", "602" }, { "propagation-delay", "9h" } }, NULL, 301 },
		{ { { "ksk-lifetime", "601" }, { "propagation-delay", "9h" } }, "ksk-lifetime", 301 },
		{ { { "ksk-lifetime", "1d" } }, NULL, 301 },
		/* A ZSK's records are all of the zone. */
		{ { { "zsk-lifetime", "7802" } }, NULL, 301 },
		{ { { "zsk-lifetime", "7801" } }, "zsk-lifetime", 301 },
		{ { { "zsk-lifetime", "0" } }, NULL, 301 },
		{ { { "zsk-lifetime", "11101" }, { "zone-max-ttl", "3600" } }, NULL, 301 },
		{ { { "zsk-lifetime", "11100" }, { "zone-max-ttl", "3600" } }, "zsk-lifetime", 301 },
		{ { { "zone-max-ttl", "2584499" } }, NULL, 301 },
		{ { { "zone-max-ttl", "2584500" } }, "zsk-lifetime", 301 },
		{ { { "ksk-lifetime", "7802" }, { "zone-max-ttl", "3600" } }, NULL, 301 },
		{ { { "ksk-lifetime", "7801" }, { "zsk-lifetime", "7801" } }, "ksk-lifetime", 301 },
		/* A single key signs all of the zone as well. */
		{ { { "ksk-lifetime", "11101" }, { "zone-max-ttl", "3600" }, { "single-type-signing", "on" } }, NULL, 301 },
		{ { { "ksk-lifetime", "11100" }, { "zone-max-ttl", "3600" }, { "single-type-signing", "on" } }, "ksk-lifetime", 301 },
		{ { { "zsk-lifetime", "1" }, { "single-type-signing", "on" } }, NULL, 301 },
		{ { { "zsk-lifetime", "1" }, { "single-type-signing", "off" } }, "zsk-lifetime", 301 },
		/* The largest TTL is that of the low TTL itself. */
		{ { { "ksk-lifetime", "9000" } }, NULL, 900 },
		{ { { "ksk-lifetime", "8999" } }, "ksk-lifetime", 900 },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		begin_base();
		for (size_t k = 0; k < 3 && CASES[i].items[k][0] != NULL; k++) {
			has("lab", CASES[i].items[k][0], CASES[i].items[k][1]);
		}
		policy_want_t want = wanted;
		want.ttl = CASES[i].ttl == 301 ? 300 : CASES[i].ttl;
		if (CASES[i].words == NULL) {
			result_t r = prepare(&want);
			if (r.status != SERVER_OK) {
				fail_msg("case %zu: %s", i, r.detail);
			}
			continue;
		}
		char words[CONTROL_DETAIL_MAX];
		snprintf(words, sizeof(words),
		         "policy 'lab' has a %s that Knot finds too low with a dnskey-ttl of %u s", CASES[i].words,
		         CASES[i].ttl);
		assert_refuses(&want, SERVER_REFUSED, GATE_OBSERVE_ONLY, words);
	}
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	(void)state;
	char base[POLICY_NAME_MAX];
	policy_want_t want = wanted;
	want.base = base;

	begin_base();
	knotd.count = 0;
	/* The longest that is wanted. */
	const size_t most = POLICY_NAME_MAX - 1 - strlen("-kskroll-ttl");
	memset(base, 'x', sizeof(base));
	base[most] = '\0';
	char words[CONTROL_DETAIL_MAX];
	snprintf(words, sizeof(words), "no policy '%.100s' in the configuration", base);
	assert_refuses(&want, SERVER_REFUSED, GATE_OBSERVE_ONLY, words);
	base[most] = 'x';
	base[most + 1] = '\0';
	assert_refuses(&want, SERVER_REFUSED, GATE_OBSERVE_ONLY, "the policy name is too long for a derived policy");
	memset(base, 'x', sizeof(base) - 1);
	base[sizeof(base) - 1] = '\0';
	assert_refuses(&want, SERVER_REFUSED, GATE_OBSERVE_ONLY, "the policy name is too long for a derived policy");
}

static void silence_and_business_are_not_taken_for_absence(void **state)
{
	(void)state;
	static const char *const names[] = { "lab", LOW_TTL };

	for (size_t i = 0; i < LENGTH(names); i++) {
		begin_derived(true);
		knotd.silent = names[i];
		assert_refuses(&wanted, SERVER_BUSY, GATE_OBSERVE_ONLY,
		               "knotd did not carry out conf-read: its control socket is busy");
		begin_derived(true);
		knotd.busy = names[i];
		char words[CONTROL_DETAIL_MAX];
		snprintf(words, sizeof(words), "%s is busy", names[i]);
		assert_refuses(&wanted, SERVER_BUSY, GATE_OBSERVE_ONLY, words);
	}
	/* Nobody asks for the one that is not wanted. */
	begin_derived(true);
	knotd.busy = DELETE;
	assert_does(&wanted, "");
	const policy_want_t want = as(POLICY_DELETE, false);
	assert_refuses(&want, SERVER_BUSY, GATE_OBSERVE_ONLY, DELETE " is busy");
	begin_derived(true);
	knotd.lost = true;
	assert_refuses(&wanted, SERVER_UNREACHABLE, GATE_OBSERVE_ONLY, "connection lost");
}

static void half_a_policy_is_not_left_in_the_list(void **state)
{
	(void)state;
	/* It would be created, with a lifetime that Knot refuses. */
	begin_base();
	has("lab", "ksk-lifetime", "1");
	assert_refuses(&wanted, SERVER_REFUSED, GATE_OBSERVE_ONLY,
	               "policy 'lab' has a ksk-lifetime that Knot finds too low with a dnskey-ttl of 301 s");
#if KNOT_POLICY_REREADS
	begin_base();
	knotd.reread = SERVER_REFUSED;
	assert_refuses(&wanted, SERVER_REFUSED, GATE_SWITCH_LOSES_DATA, "z. would lose records");
#endif
}

/*! A zone that begins would change the algorithm of another that is under way. */
static void a_policy_in_use_keeps_its_algorithm_and_scheme(void **state)
{
	(void)state;
	static const char *const items[][2] = { { "algorithm", "ed25519" }, { "single-type-signing", "on" } };

	for (size_t i = 0; i < LENGTH(items); i++) {
		begin_derived(true);
		has("lab", items[i][0], items[i][1]);
		knotd.used = LOW_TTL;
		char words[CONTROL_DETAIL_MAX];
		snprintf(words, sizeof(words),
		         "policy 'lab' has another %s than '" LOW_TTL "', which zone user. needs as it is",
		         items[i][0]);
		assert_refuses(&wanted, SERVER_REFUSED, GATE_POLICY_DIFFERS, words);
		/* The one that is under way is not in its own way. */
		const policy_want_t want = as(POLICY_LOW_TTL, false);
		assert_does(&want, "");
		/* Another policy than that which is corrected. */
		knotd.used = DELETE;
		assert_int_equal(prepare(&wanted).status, SERVER_OK);
		/* Nobody has one of them. */
		knotd.used = "lab";
		assert_int_equal(prepare(&wanted).status, SERVER_OK);
		knotd.used = NULL;
		assert_int_equal(prepare(&wanted).status, SERVER_OK);
		/* It is not known. */
		knotd.busy = "zone";
		assert_refuses(&wanted, SERVER_BUSY, GATE_OBSERVE_ONLY, "zone is busy");
		/* What the operator made is compared alone. */
		begin_derived(false);
		has("lab", items[i][0], items[i][1]);
		knotd.used = LOW_TTL;
		snprintf(words, sizeof(words), "policy '" LOW_TTL "' has %s '%s', must be '%s'", items[i][0],
		         i == 0 ? "ecdsap256sha256" : "off", items[i][1]);
		assert_refuses(&wanted, SERVER_REFUSED, GATE_POLICY_DIFFERS, words);
	}
	/* The root, whose name is one letter. */
	begin_derived(true);
	has("lab", "algorithm", "ed25519");
	knotd.user = ".";
	knotd.used = LOW_TTL;
	assert_refuses(&wanted, SERVER_REFUSED, GATE_POLICY_DIFFERS,
	               "policy 'lab' has another algorithm than '" LOW_TTL "', which zone . needs as it is");
	/* Other items do not matter. */
	begin_derived(true);
	has("lab", "rrsig-lifetime", "864000");
	knotd.used = LOW_TTL;
	assert_int_equal(prepare(&wanted).status, SERVER_OK);
}

static void want_of_memory_is_told_wherever_it_is(void **state)
{
	(void)state;
	for (int made = 0; made <= 1; made++) {
		unsigned n = 0, failed = 0;
		result_t r;
		do {
			begin_base();
			if (made) {
				begin_derived(true);
				lacks(LOW_TTL, "dnskey-ttl");
				has(LOW_TTL, "dnskey-ttl", "1");
			}
			has("lab", "rrsig-lifetime", "1209601");
			r = (result_t){ 0 };
			cmd_list_t list = { 0 };
			knotd.base = wanted.base;
			knotd.until_no_memory = ++n;
			r.status = policy_prepare(NULL, &wanted, &list, &r.gate, r.detail);
			const bool all = knotd.until_no_memory != 0; /* There was enough. */
			knotd.until_no_memory = 0;
			if (all) {
				assert_int_equal(r.status, SERVER_OK);
				assert_true(list.count > 0);
			} else {
				failed++;
				assert_int_equal(r.status, SERVER_BUSY);
				assert_string_equal(r.detail, "not enough memory");
				assert_int_equal(list.count, 0);
			}
			cmd_list_clear(&list);
		} while (r.status != SERVER_OK);
		assert_true(failed > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_base_must_exist_unless_it_is_the_default),
		cmocka_unit_test(a_shared_key_is_refused),
		cmocka_unit_test(a_lifetime_that_knot_finds_too_low_is_refused),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test(silence_and_business_are_not_taken_for_absence),
		cmocka_unit_test(half_a_policy_is_not_left_in_the_list),
		cmocka_unit_test(a_policy_in_use_keeps_its_algorithm_and_scheme),
		cmocka_unit_test(want_of_memory_is_told_wherever_it_is),
	};
	return cmocka_run_group_tests_name("server_derive_not", tests, NULL, NULL);
}
