/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose word counts for the validation watch: plain packets must not decide anything.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "watch.h"

enum {
	N = VERDICT_NONE,
	G = VERDICT_GOOD,
	F = VERDICT_FAILING,
	P = VERDICT_PARENT
};

/*! What the machine makes of it: a failing check, a good one, or no evidence. */
typedef enum {
	CHECK_NOTHING,
	CHECK_GOOD,
	CHECK_FAILING
} check_t;

static check_t check_of(const watch_result_t *result)
{
	if (!result->parent_ok || result->answered == 0) {
		return CHECK_NOTHING;
	}
	return result->failing > 0 && result->failing * 2 >= result->answered ? CHECK_FAILING : CHECK_GOOD;
}

static watch_result_t count(int own, const int *remote, size_t remotes, bool authenticated)
{
	watch_evidence_t evidence[8] = {
		{ .verdict = own, .authenticated = true, .who = "own resolver", .reason = "its reason" },
	};
	for (size_t i = 0; i < remotes; i++) {
		evidence[1 + i] = (watch_evidence_t){
			.verdict = remote[i],
			.authenticated = authenticated,
			.who = "192.0.2.53@53",
			.reason = "DNSKEY: SERVFAIL",
		};
	}
	watch_result_t result = { 0 };
	watch_count(evidence, 1 + remotes, &result);
	return result;
}

static void plain_dns_has_no_vote_against_our_own_resolver(void **state)
{
	(void)state;
	static const int VERDICTS[] = { N, G, F, P };
	static const check_t ALONE[] = {
		[N] = CHECK_NOTHING, [G] = CHECK_GOOD, [F] = CHECK_FAILING, [P] = CHECK_NOTHING
	};
	/* Whatever up to three of them say, in all combinations: the check is the one without them. */
	for (int own = 0; own < 4; own++) {
		for (int many = 0; many < 64; many++) {
			const int remote[] = { VERDICTS[many & 3], VERDICTS[many >> 2 & 3], VERDICTS[many >> 4] };
			watch_result_t result = count(VERDICTS[own], remote, 3, false);
			assert_int_equal(check_of(&result), ALONE[VERDICTS[own]]);
		}
	}
}

static void plain_dns_confirms_and_is_shown(void **state)
{
	(void)state;
	watch_result_t result = count(G, (int[]){ G, F }, 2, false);
	assert_int_equal(result.answered, 2);
	assert_int_equal(result.failing, 0);
	assert_string_equal(result.detail, "192.0.2.53@53: not counted: DNSKEY: SERVFAIL");
	result = count(F, (int[]){ G, F }, 2, false);
	assert_int_equal(result.answered, 2);
	assert_int_equal(result.failing, 2);
	assert_string_equal(result.detail, "own resolver: its reason");
	result = count(N, (int[]){ F }, 1, false);
	assert_int_equal(result.answered, 0);
	assert_false(result.parent_ok);
	assert_string_equal(result.detail, "192.0.2.53@53: not counted: DNSKEY: SERVFAIL");
}

static void resolver_of_this_host_has_a_vote(void **state)
{
	(void)state;
	watch_result_t result = count(G, (int[]){ F }, 1, true);
	assert_int_equal(check_of(&result), CHECK_FAILING);
	assert_string_equal(result.detail, "192.0.2.53@53: DNSKEY: SERVFAIL");
	result = count(G, (int[]){ F, G }, 2, true);
	assert_int_equal(check_of(&result), CHECK_GOOD);
	result = count(N, (int[]){ F }, 1, true);
	assert_int_equal(check_of(&result), CHECK_FAILING);
	result = count(F, (int[]){ G, G }, 2, true);
	assert_int_equal(check_of(&result), CHECK_GOOD);
	result = count(P, (int[]){ P }, 1, true);
	assert_int_equal(check_of(&result), CHECK_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_dns_has_no_vote_against_our_own_resolver),
		cmocka_unit_test(plain_dns_confirms_and_is_shown),
		cmocka_unit_test(resolver_of_this_host_has_a_vote),
	};
	return cmocka_run_group_tests_name("dns evidence", tests, NULL, NULL);
}
