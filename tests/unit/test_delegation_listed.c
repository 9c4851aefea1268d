/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where only the number of the DS RRset is known, by a list, a delegation that rests is judged as with the set itself.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "deleg_case.h"

/*! The same zone as a list shows it. */
static delegation_zone_t listed(const delegation_zone_t *zone)
{
	delegation_zone_t out = *zone;

	out.ds_listed = true;
	out.ds_number = ds_set_id(&zone->ds);
	out.ds_excess = zone->ds.excess;
	out.ds = (ds_set_t){ 0 };
	return out;
}

/*! Some of these: digest types 1, 2, 4 and 9, the delete signal, algorithms that do not count. */
static ds_set_t random_set(void)
{
	static const uint8_t types[] = { 1, 2, 4, 9 };
	ds_set_t set = { 0 };
	const long kind = random() % 20;

	if (kind == 0) {
		return deleg_delete();
	}
	for (unsigned i = 0; i < (unsigned)random() % 4; i++) {
		const ds_record_t record = deleg_record((unsigned)random() % 3, types[random() % 4]);
		ds_set_add(&set, &record);
	}
	if (kind == 1) {
		const ds_set_t delete = deleg_delete();
		ds_set_add(&set, &delete.record[0]);
	}
	set.excess = kind == 2;
	return set;
}

static void numbers_differ_where_sets_do(void **state)
{
	(void)state;
	unsigned differ = 0, same = 0;

	srandom(5);
	for (unsigned i = 0; i < 200000; i++) {
		const ds_set_t cds = random_set();
		const delegation_zone_t zone = { .ds = random() % 4 == 0 ? cds : random_set() }, list = listed(&zone);
		const bool expected = delegation_differs(&zone.ds, &cds);
		assert_int_equal(delegation_zone_differs(&zone, &cds), expected);
		assert_int_equal(delegation_zone_differs(&list, &cds), expected);
		differ += expected;
		same += !expected;
	}
	assert_true(differ >= 20000);
	assert_true(same >= 20000);
}

/*! A row that rests, and a zone: bits of \a kind. */
static void make(deleg_t *d, unsigned kind)
{
	static const delegation_keys_t keys[] = { A, 0, B, A | C };

	deleg_init(d);
	deleg_ds(d, keys[kind & 3]);
	d->facts.zone.ds_ttl = kind & 4 ? d->config.ds_ttl : 2 * DAY;
	d->config.ds_ttl_base = kind & 8 ? DAY : 0;
	d->row.known = kind & 16;
	const ds_set_t before = deleg_set(kind & 32 ? A : 0), former = deleg_set(B);
	d->row.ds = d->row.known ? ds_set_id(&before) : 0;
	d->row.former = kind & 64 ? ds_set_id(&former) : 0;
	d->facts.zone.load = kind & 128 ? DELEGATION_LOAD_REVERTS : DELEGATION_LOAD_KEEPS;
	d->facts.scan = (delegation_scan_t){ .answered = kind & 256, .differs = kind & 512, .content = 5 };
	d->facts.notified = kind & 1024 ? d->now : 0;
	d->config.bootstrap = kind & 2048;
	d->row.gate = kind & 4096 ? DELEGATION_GATE_SCAN_FAILED : DELEGATION_GATE_NONE;
	d->facts.zone.delegated = !(kind & 8192);
	d->facts.asked = DELEGATION_ASK_SCAN;
}

#define KINDS 16384

static void a_list_decides_what_the_zone_does(void **state)
{
	(void)state;
	static delegation_decision_t by_set, by_number;
	unsigned states[DELEGATION_STATE__COUNT] = { 0 };
	deleg_t d;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		make(&d, kind);
		delegation_decide(&d.config, &d.row, &d.facts, d.now, &by_set);
		d.facts.zone = listed(&d.facts.zone);
		delegation_decide(&d.config, &d.row, &d.facts, d.now, &by_number);
		assert_memory_equal(&by_number, &by_set, sizeof(by_set));
		assert_int_equal(by_number.order.action, DELEGATION_DO_NOTHING);
		states[by_number.row.state]++;
	}
	assert_int_not_equal(states[DELEGATION_REST], 0);
	assert_int_not_equal(states[DELEGATION_SEEN], 0);
	assert_int_not_equal(states[DELEGATION_LOW], 0);
	assert_int_not_equal(states[DELEGATION_SUSPENDED], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_differ_where_sets_do),
		cmocka_unit_test(a_list_decides_what_the_zone_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
