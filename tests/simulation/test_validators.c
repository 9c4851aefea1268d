/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of zones with keys of two algorithms, for three validators. Worlds hardly have them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sim_world.h"

/*! Keys: two of the old algorithm, one of the new one. */
enum {
	OLD = 1,
	OTHER = 2,
	NEW = 4,
};

/*! Valid for the liberal validator, for that which wants each algorithm of the DS set, of the DNSKEY RRset. */
typedef struct {
	world_keys_t ds, dnskey, signers, data;
	bool chain[VALIDATOR__COUNT];
	bool whole[VALIDATOR__COUNT];
} view_case_t;

static const view_case_t CASES[] = {
	/* One algorithm: all agree. */
	{ OLD, OLD, OLD, OLD, { true, true, true }, { true, true, true } },
	{ OLD, OLD | OTHER, OLD | OTHER, OTHER, { true, true, true }, { true, true, true } },
	{ OLD, OTHER, OTHER, OTHER, { false, false, false }, { false, false, false } },
	{ OTHER, OTHER, OTHER, OLD, { true, true, true }, { false, false, false } },
	{ OLD, OLD | OTHER, OTHER, OTHER, { false, false, false }, { false, false, false } },
	/* The new DNSKEY is there, data of before the double signatures are in caches. */
	{ OLD, OLD | NEW, OLD | NEW, OLD, { true, true, true }, { true, true, false } },
	{ OLD, OLD | NEW, OLD | NEW, OLD | NEW, { true, true, true }, { true, true, true } },
	{ OLD, OLD | NEW, OLD, OLD | NEW, { true, true, false }, { true, true, false } },
	/* The data have both signatures and DNSKEY one key: that is how it begins and ends. */
	{ OLD, OLD, OLD, OLD | NEW, { true, true, true }, { true, true, true } },
	{ NEW, NEW, NEW, OLD | NEW, { true, true, true }, { true, true, true } },
	/* The parent keeps the old DS beside the new one, and the old DNSKEY is gone. */
	{ OLD | NEW, NEW, NEW, OLD | NEW, { true, false, true }, { true, false, true } },
	{ OLD | NEW, OLD | NEW, OLD | NEW, NEW, { true, true, true }, { true, false, false } },
	/* The old DS is in caches, and the old DNSKEY is gone. */
	{ OLD, NEW, NEW, OLD | NEW, { false, false, false }, { false, false, false } },
	/* Old signatures are gone, and a cache has both keys. */
	{ NEW, OLD | NEW, OLD | NEW, NEW, { true, true, true }, { true, true, false } },
};

static world_t world;

static void test_views(void **state)
{
	(void)state;

	world.algorithm_count = 2;
	world.algorithm[0].keys = OLD | OTHER;
	world.algorithm[1].keys = NEW;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const view_case_t *c = &CASES[i];
		const exposure_t ds = { .keys = c->ds }, data = { .keys = c->data };
		const exposure_t dnskey = { .keys = c->dnskey, .signers = c->signers };
		for (validator_t v = VALIDATOR_LIBERAL; v < VALIDATOR__COUNT; v++) {
			const bool chain = view_chain(&world, v, &ds, &dnskey);
			const bool whole = chain && view_data(&world, v, &ds, &dnskey, &data);
			if (chain != c->chain[v] || whole != c->whole[v]) {
				fail_msg("case %zu, validator %d: chain %d, with data %d", i, v, chain, whole);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
