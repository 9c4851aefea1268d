/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of very many delegations: all of it comes back, it is small, and no allocation that fails changes any.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>
#include <cmocka.h>

#include "agent/deleg_table.h"
#include "kskroll/child_survey.h"
#include "util/hash.h"

#define APEX ((const knot_dname_t *)"\x04test")
#define MANY 20000

/* Memory: what is in use, and which allocation fails. */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);

static unsigned fails_in; /*!< The allocation that fails; 0: none. */
static size_t in_use;     /*!< Octets, with what the allocator needs for each block. */

static bool fails(void)
{
	return fails_in > 0 && --fails_in == 0;
}

static size_t size_of(void *p)
{
	return p != NULL ? malloc_usable_size(p) + sizeof(size_t) : 0;
}

static void *counted(void *p)
{
	in_use += size_of(p);
	return p;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	const size_t before = size_of(p);

	if (fails() || (p = __real_realloc(p, size)) == NULL) {
		return NULL;
	}
	in_use -= before;
	return counted(p);
}

void __wrap_free(void *p)
{
	in_use -= size_of(p);
	__real_free(p);
}

/* A zone. */

static void add_record(knot_rdataset_t *set, const uint8_t *data, size_t len)
{
	uint8_t room[sizeof(knot_rdata_t) + 256];
	knot_rdata_t *rdata = (knot_rdata_t *)room;

	knot_rdata_init(rdata, len, data);
	assert_int_equal(knot_rdataset_add(set, rdata, NULL), KNOT_EOK);
}

/*! \param[in] records  Of DS; 17: more than are read. */
static knot_rdataset_t ds_of(unsigned number, unsigned records)
{
	knot_rdataset_t set = { 0 };

	for (unsigned i = 0; i < records; i++) {
		uint8_t data[36] = { number >> 8, number, 13, 2, i };
		memcpy(data + 8, &number, sizeof(number));
		add_record(&set, data, sizeof(data));
	}
	return set;
}

static knot_rdataset_t ns_of(unsigned number)
{
	knot_rdataset_t set = { 0 };
	char text[32];
	knot_dname_storage_t name;

	snprintf(text, sizeof(text), "ns%u.test.", number);
	assert_non_null(knot_dname_from_str(name, text, sizeof(name)));
	add_record(&set, name, knot_dname_size(name));
	return set;
}

static int update(delegations_t *all, delegation_t *d, unsigned ns, unsigned ds, unsigned records)
{
	knot_rdataset_t ns_set = ns_of(ns), ds_set = ds_of(ds, records);
	const int ret = delegations_update(all, d, &ns_set, &ds_set, 3600);

	knot_rdataset_clear(&ns_set, NULL);
	knot_rdataset_clear(&ds_set, NULL);
	return ret;
}

static void name_of(unsigned number, knot_dname_storage_t out)
{
	char text[64];

	/* Some are two labels below the zone. */
	snprintf(text, sizeof(text), number % 7 == 0 ? "c%06u.more.test." : "c%06u.test.", number);
	assert_non_null(knot_dname_from_str(out, text, sizeof(knot_dname_storage_t)));
}

static delegation_t *add(delegations_t *all, unsigned number, unsigned records)
{
	knot_dname_storage_t name;

	name_of(number, name);
	delegation_t *d = delegations_add(all, name, 1000, 900);
	if (d != NULL && update(all, d, number % 100, number, records) == KNOT_ENOMEM) {
		delegations_remove(all, d);
		d = NULL;
	}
	return d;
}

/*! A row that rests; which of its fields are not 0 depends on the bits of \a kind. */
static delegation_row_t row_of(unsigned kind, uint64_t ds)
{
	delegation_row_t row;

	delegation_init(&row, 1000 + kind, kind & 1 ? 900 + kind : 0);
	row.known = kind & 2;
	row.ds = row.known ? kind & 4 ? 77 : ds : 0;
	row.former = kind & 8 ? 88 : 0;
	row.applied = kind & 16 ? UINT64_MAX : 0;
	row.notified = kind & 32 ? UINT32_MAX : 0;
	row.notifies = kind & 64;
	row.clock = (rollover_clock_t){ .wall = kind & 128 ? 2000 : 0,
		                        .ahead = kind & 256 ? -5 : 0,
		                        .boot = kind & 512 ? 6 : 0 };
	row.next_check = 5000 + kind;
	row.manual = kind & 1024 ? 3000 : 0;
	row.manual_judged = row.manual != 0;
	row.all_since = kind & 2048 ? 4000 : 0;
	return row;
}

#define KINDS 4096

static void assert_row(const delegations_t *all, const delegation_t *d, const delegation_row_t *expected)
{
	delegation_idle_t a, b;
	delegation_row_t row;

	delegation_row(all, d, &row);
	assert_true(delegation_pack(&row, &a));
	assert_true(delegation_pack(expected, &b));
	assert_memory_equal(&a, &b, sizeof(a));
}

/* Tests. */

/* All that delegation_pack() keeps is kept, whatever the zone says meanwhile. */
static void rows_come_back(void **state)
{
	(void)state;
	delegations_t all;

	assert_true(delegations_init(&all, NULL, 3, APEX));
	for (unsigned kind = 0; kind < KINDS; kind++) {
		delegation_t *d = add(&all, kind, 1);
		assert_non_null(d);
		const delegation_row_t row = row_of(kind, d->ds);
		assert_true(delegation_take_row(&all, d, &row));
		assert_false(d->is_awake);
		assert_row(&all, d, &row);
		assert_int_equal(d->parent, 3);
	}
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned kind = 0; kind < KINDS; kind++) {
			knot_dname_storage_t name, again;
			name_of(kind, name);
			delegation_t *d = delegations_find(&all, name);
			assert_non_null(d);
			delegation_name(&all, d, again);
			assert_true(knot_dname_is_equal(name, again));
			delegation_row_t before;
			delegation_row(&all, d, &before);
			/* Another DS RRset, none, the same again, more than fit. */
			assert_int_equal(update(&all, d, 5, kind + 1 + round, round % 2 == 0 ? 2 : 17), 1);
			assert_int_equal(update(&all, d, 5, kind + 1 + round, round % 2 == 0 ? 2 : 17), KNOT_EOK);
			assert_int_equal(d->ds_excess, round % 2 != 0);
			assert_row(&all, d, &before);
			awake_t *awake = delegation_wake(&all, d);
			assert_non_null(awake);
			assert_true(knot_dname_is_equal(awake->name, name));
			assert_row(&all, d, &before);
			assert_int_equal(update(&all, d, 6, 1, 0), 1);
			delegation_sleep(&all, d);
			assert_false(d->is_awake);
			assert_row(&all, d, &before);
			assert_int_equal(d->ds, 0);
		}
	}
	assert_int_equal(all.secure, 0);
	delegations_clear(&all);
}

/* Who chooses a name, or nameservers, cannot choose those of the same hash. */
static void a_hash_is_known_here_alone(void **state)
{
	(void)state;
	delegations_t all;

	assert_true(delegations_init(&all, NULL, 0, APEX));
	const ns_set_t *ns = delegation_ns(&all, add(&all, 1, 1));
	assert_int_not_equal(ns->hash, hash_bytes(HASH_START, ns->set.rdata, ns->set.size));
	delegations_clear(&all);
}

/* What does not fit has the number of what does: it is another set all the same. */
static void a_set_with_an_excess_is_another_one(void **state)
{
	(void)state;
	delegations_t all;

	assert_true(delegations_init(&all, NULL, 0, APEX));
	delegation_t *d = add(&all, 1, DELEGATION_DS_MAX);
	const uint64_t ds = d->ds;
	assert_int_equal(update(&all, d, 1, 1, DELEGATION_DS_MAX), KNOT_EOK);
	assert_int_equal(update(&all, d, 1, 1, DELEGATION_DS_MAX + 1), 1);
	assert_int_equal(d->ds, ds);
	assert_true(d->ds_excess);
	assert_int_equal(update(&all, d, 1, 1, DELEGATION_DS_MAX), 1);
	assert_false(d->ds_excess);
	assert_int_equal(all.secure, 1);
	delegations_clear(&all);
}

static void drop_odd(delegation_t *d, void *arg)
{
	delegations_t *all = arg;
	knot_dname_storage_t name;

	delegation_name(all, d, name);
	if (name[7] % 2 != 0) {
		delegations_remove(all, d);
	}
}

static void count_one(delegation_t *d, void *arg)
{
	assert_int_not_equal(d->name, 0);
	++*(size_t *)arg;
}

/* Names, nameservers, clocks and what was done are shared or freed: coming and going needs no more memory. */
static void delegations_that_go_leave_nothing(void **state)
{
	(void)state;
	delegations_t all;
	uint32_t tops[5] = { 0 };
	size_t count = 0;

	assert_true(delegations_init(&all, NULL, 0, APEX));
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < KINDS; i++) {
			delegation_t *d = round == 0 || i % 2 != 0 ? add(&all, i, i % 3) : NULL;
			const delegation_row_t row = row_of(i, d != NULL ? d->ds : 0);
			assert_true(d == NULL || delegation_take_row(&all, d, &row));
		}
		const uint32_t now[] = { all.entries.top, all.names.used, all.ns.top, all.clocks.top, all.pasts.top };
		assert_int_equal(all.entries.count, KINDS);
		assert_true(all.clocks.count >= 1 && all.clocks.count <= 4);
		assert_int_equal(all.ns.count, 100);
		if (round == 0) {
			memcpy(tops, now, sizeof(tops));
		}
		assert_memory_equal(tops, now, sizeof(tops));
		delegations_each(&all, drop_odd, &all);
		count = 0;
		delegations_each(&all, count_one, &count);
		assert_int_equal(count, KINDS / 2);
		assert_int_equal(delegations_count(&all), KINDS / 2);
	}
	delegations_clear(&all);
}

/* What is not below the zone is found nowhere, and not added. */
static void names_elsewhere_are_none(void **state)
{
	(void)state;
	static const char *const names[] = { "test.",           ".",           "c000001.example.", "xtest.",
		                             "c000001.test.x.", "000001.test." };
	delegations_t all;
	knot_dname_storage_t name;

	assert_true(delegations_init(&all, NULL, 0, APEX));
	assert_non_null(add(&all, 1, 0));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_non_null(knot_dname_from_str(name, names[i], sizeof(name)));
		assert_null(delegations_find(&all, name));
		if (i < 5) {
			assert_null(delegations_add(&all, name, 1, 1));
		}
	}
	assert_int_equal(delegations_count(&all), 1);
	delegations_clear(&all);
}

/* One that has a turn is not found any more, and there until the turn is over. */
static void one_that_is_busy_is_freed_later(void **state)
{
	(void)state;
	delegations_t all;
	size_t count = 0;
	knot_dname_storage_t name;

	assert_true(delegations_init(&all, NULL, 0, APEX));
	delegation_t *d = add(&all, 1, 1);
	assert_false(delegation_is_busy(d));
	awake_t *awake = delegation_wake(&all, d);
	assert_false(delegation_is_busy(d));
	awake->turn = (turn_t *)&all;
	assert_true(delegation_is_busy(d));
	delegation_sleep(&all, d);
	assert_ptr_equal(delegation_wake(&all, d), awake);
	assert_int_equal(all.secure, 1);
	delegations_remove(&all, d);
	assert_int_equal(all.secure, 0);
	assert_true(d->gone);
	name_of(1, name);
	assert_null(delegations_find(&all, name));
	delegations_each(&all, count_one, &count);
	assert_int_equal(count, 0);
	/* It comes back meanwhile. */
	delegation_t *again = add(&all, 1, 2);
	assert_ptr_not_equal(again, d);
	assert_ptr_equal(delegations_find(&all, name), again);
	awake->turn = NULL;
	delegation_free(&all, d);
	assert_ptr_equal(delegations_find(&all, name), again);
	delegations_clear(&all);
}

static void drop(delegation_t *d, void *arg)
{
	delegations_remove(arg, d);
}

/*! All calls, of which one finds no memory. */
static void every_call(unsigned failing)
{
	delegations_t all;
	knot_dname_storage_t name;
	unsigned there = 0;

	fails_in = 0;
	assert_true(delegations_init(&all, NULL, 0, APEX));
	for (unsigned i = 0; i < 300; i++) {
		assert_non_null(add(&all, i, 1));
	}
	fails_in = failing;
	for (unsigned i = 0; i < 300; i++) {
		name_of(i, name);
		delegation_t *d = delegations_find(&all, name);
		delegation_row_t before;
		delegation_row(&all, d, &before);
		delegation_row_t row = row_of(i + 2, d->ds);
		const uint64_t ds = d->ds;
		if (!delegation_take_row(&all, d, &row)) {
			row = before;
		}
		const int ret = update(&all, d, i, i + 1, 1);
		assert_int_equal(d->ds != ds, ret == 1);
		(void)delegation_wake(&all, d);
		delegation_sleep(&all, d);
		assert_row(&all, d, &row);
	}
	for (unsigned i = 300; i < 600; i++) {
		there += add(&all, i, 1) != NULL;
	}
	assert_true(there >= 299);
	assert_int_equal(delegations_count(&all), 300 + there);
	assert_int_equal(all.secure, 300 + there);
	fails_in = 0;
	delegations_each(&all, drop, &all);
	assert_int_equal(all.ns.count, 0);
	assert_int_equal(all.clocks.count, 0);
	assert_int_equal(all.secure, 0);
	delegations_clear(&all);
}

static void without_memory_nothing_is_lost(void **state)
{
	(void)state;
	unsigned failing = 0;

	do {
		every_call(failing++);
	} while (failing < 400);
	/* Nor at the beginning. */
	for (unsigned i = 1; i <= 4; i++) {
		delegations_t all;
		fails_in = i;
		assert_int_equal(delegations_init(&all, NULL, 0, APEX), i == 4);
		fails_in = 0;
		delegations_clear(&all);
	}
}

/* The goal: 100 octets for each that rests, with its place in the queue of scans. */
static void each_is_small(void **state)
{
	(void)state;
	const size_t before = in_use;
	delegations_t all;
	queue_t queue = { .due = NULL };

	assert_true(delegations_init(&all, NULL, 0, APEX));
	for (unsigned i = 0; i < MANY; i++) {
		assert_true(queue_reserve(&queue, i + 1));
		delegation_t *d = add(&all, i, 1);
		const delegation_row_t row = row_of(1 + 2 + 128 + 512, d->ds);
		assert_true(delegation_take_row(&all, d, &row));
		queue_put(&queue, &d->due, i);
	}
	const size_t each = (in_use - before) / MANY;
	print_message("%zu octets each\n", each);
	assert_true(each <= 100);
	assert_int_equal(all.pasts.top, 0);
	assert_int_equal(all.clocks.count, 1);
	delegations_clear(&all);
	queue_free(&queue);
	assert_int_equal(in_use, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_back),
		cmocka_unit_test(a_hash_is_known_here_alone),
		cmocka_unit_test(a_set_with_an_excess_is_another_one),
		cmocka_unit_test(delegations_that_go_leave_nothing),
		cmocka_unit_test(names_elsewhere_are_none),
		cmocka_unit_test(one_that_is_busy_is_freed_later),
		cmocka_unit_test(without_memory_nothing_is_lost),
		cmocka_unit_test(each_is_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
