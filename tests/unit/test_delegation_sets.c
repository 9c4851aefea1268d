/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of DS: when they are equal, their numbers, what a CDS RRset asks for, which records count. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "deleg_case.h"
#include "usable.h"

static void sets_are_equal_whatever_their_order(void **state)
{
	(void)state;
	ds_set_t ab = deleg_set(A | B), ba = { 0 };
	const ds_record_t a = deleg_record(0, 2), b = deleg_record(1, 2);

	ds_set_add(&ba, &b);
	ds_set_add(&ba, &a);
	assert_true(ds_set_equal(&ab, &ba));
	assert_int_equal(ds_set_id(&ab), ds_set_id(&ba));
	assert_true(ds_set_add(&ba, &a));
	assert_int_equal(ba.count, 2);
	/* A superset is not equal, from neither side. */
	const ds_set_t one = deleg_set(A);
	assert_false(ds_set_equal(&ab, &one));
	assert_false(ds_set_equal(&one, &ab));
	assert_int_not_equal(ds_set_id(&ab), ds_set_id(&one));
	/* Nor is a record that occurs twice as good as another one. */
	ds_set_t twice = one;
	twice.record[twice.count++] = a;
	assert_false(ds_set_equal(&ab, &twice));
	assert_true(ds_set_equal(&one, &twice));
	assert_int_equal(ds_set_id(&one), ds_set_id(&twice));
}

static void every_field_of_a_record_counts(void **state)
{
	(void)state;
	const ds_set_t one = deleg_set(A);
	ds_set_t other[6];

	for (int i = 0; i < 6; i++) {
		other[i] = one;
	}
	other[0].record[0].tag++;
	other[1].record[0].algorithm++;
	other[2].record[0].digest_type = 4;
	other[3].record[0].digest_len--;
	other[4].record[0].digest[31]++;
	other[5].record[0].digest[0]++;
	for (int i = 0; i < 6; i++) {
		assert_false(ds_set_equal(&one, &other[i]));
		assert_int_not_equal(ds_set_id(&one), ds_set_id(&other[i]));
	}
}

static void the_empty_set_has_number_0(void **state)
{
	(void)state;
	const ds_set_t empty = { 0 };
	ds_set_t excess = { .excess = true };

	assert_int_equal(ds_set_id(&empty), 0);
	assert_true(ds_set_equal(&empty, &empty));
	assert_int_not_equal(ds_set_id(&excess), 0);
	assert_false(ds_set_equal(&empty, &excess));
	assert_false(ds_set_equal(&excess, &excess));
}

static void a_set_that_is_full_has_an_excess(void **state)
{
	(void)state;
	ds_set_t set = { 0 };
	ds_record_t r = deleg_record(0, 2);

	for (int i = 0; i < DELEGATION_DS_MAX; i++) {
		r.tag = i;
		assert_true(ds_set_add(&set, &r));
	}
	assert_true(ds_set_add(&set, &r));
	assert_false(set.excess);
	r.tag = 5000;
	assert_false(ds_set_add(&set, &r));
	assert_true(set.excess);
	assert_int_equal(set.count, DELEGATION_DS_MAX);
	assert_false(ds_set_equal(&set, &set));
}

/* RFC 8078 4, erratum 5049: CDS 0 0 0 00 and nothing else. */
static void the_delete_signal_is_exact(void **state)
{
	(void)state;
	ds_set_t set = deleg_delete();
	const ds_record_t a = deleg_record(0, 2);

	assert_true(ds_set_deletes(&set));
	for (int i = 0; i < 6; i++) {
		set = deleg_delete();
		ds_record_t *r = &set.record[0];
		uint8_t *const bytes[] = { &r->algorithm, &r->digest_type, &r->digest[0], &r->digest_len };
		if (i < 4) {
			(*bytes[i])++;
		} else if (i == 4) {
			r->tag = 1;
		} else {
			ds_set_add(&set, &a);
		}
		assert_false(ds_set_deletes(&set));
	}
	set = deleg_delete();
	set.record[0].digest_len = 0; /* As RFC 8078 first printed it. */
	assert_false(ds_set_deletes(&set));
	set = (ds_set_t){ 0 };
	assert_false(ds_set_deletes(&set));
}

static void content_is_what_is_asked_for(void **state)
{
	(void)state;
	const ds_set_t none = { 0 }, delete = deleg_delete(), a = deleg_set(A), sha384 = deleg_set_of(A, 4);
	ds_set_t both = deleg_set(A);

	ds_set_add(&both, &sha384.record[0]);
	assert_int_equal(delegation_content(&none), 0);
	assert_int_not_equal(delegation_content(&delete), 0);
	assert_int_not_equal(delegation_content(&delete), delegation_content(&a));
	assert_int_equal(delegation_content(&a), delegation_content(&both));
	assert_int_not_equal(delegation_content(&sha384), 0);
	assert_int_not_equal(delegation_content(&sha384), delegation_content(&a));
	const ds_set_t b = deleg_set(B);
	assert_int_not_equal(delegation_content(&a), delegation_content(&b));
}

static void a_scan_sees_what_differs(void **state)
{
	(void)state;
	const ds_set_t none = { 0 }, delete = deleg_delete(), a = deleg_set(A), b = deleg_set(B), ab = deleg_set(A | B),
		       sha384 = deleg_set_of(A, 4), excess = { .excess = true };
	ds_set_t both = a;

	ds_set_add(&both, &sha384.record[0]);
	assert_false(delegation_differs(&a, &none));
	assert_false(delegation_differs(&a, &a));
	assert_true(delegation_differs(&a, &b));
	assert_true(delegation_differs(&a, &ab));
	assert_true(delegation_differs(&ab, &a));
	assert_true(delegation_differs(&a, &excess));
	/* Other digest types ask for nothing, but CDS that is DS is DS. */
	assert_false(delegation_differs(&a, &both));
	assert_false(delegation_differs(&both, &both));
	assert_true(delegation_differs(&both, &a));
	assert_false(delegation_differs(&sha384, &sha384));
	assert_true(delegation_differs(&a, &delete));
	assert_false(delegation_differs(&none, &delete));
	assert_true(delegation_differs(&none, &a));
}

/* RFC 9904 and RFC 9905, as of 2026. */
static void algorithms_and_digest_types_count_as_registered(void **state)
{
	(void)state;
	const ds_set_t none = { 0 };
	const struct {
		uint8_t algorithm;
		bool is_new, is_read;
	} algorithms[] = { { 0, false, false },  { 1, false, false },  { 3, false, false },  { 5, false, true },
		           { 7, false, true },   { 8, true, true },    { 10, true, true },   { 12, false, false },
		           { 13, true, true },   { 14, true, true },   { 15, true, true },   { 16, true, true },
		           { 17, false, false }, { 23, false, false }, { 253, false, false } };

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		ds_set_t set = deleg_set(A);
		set.record[0].algorithm = algorithms[i].algorithm;
		assert_int_equal(usable_for_new(algorithms[i].algorithm, &none), algorithms[i].is_new);
		assert_int_equal(usable_is_read(&set, &set.record[0]), algorithms[i].is_read);
	}
	for (int type = 0; type < 8; type++) {
		ds_set_t set = deleg_set_of(A, type);
		assert_int_equal(usable_is_eligible(&set.record[0]), type == 2);
		assert_int_equal(usable_is_read(&set, &set.record[0]), type == 1 || type == 2 || type == 4);
		assert_int_equal(usable_is_malformed(&set.record[0]), type == 0);
		set.record[0].digest_len--;
		assert_int_equal(usable_is_malformed(&set.record[0]), type == 0 || type == 1 || type == 2 || type == 4);
		assert_false(usable_is_eligible(&set.record[0]));
	}
}

static void what_signs_with_sha1_is_continued_only(void **state)
{
	(void)state;
	const ds_set_t has = deleg_set(RSASHA1), other = deleg_set(A | STRANGE);

	assert_true(usable_for_new(5, &has));
	assert_false(usable_for_new(5, &other));
	assert_false(usable_for_new(7, &has));
	assert_false(usable_for_new(17, &other));
}

/* RFC 4509 3. */
static void sha1_counts_where_nothing_better_is(void **state)
{
	(void)state;
	ds_set_t set = deleg_set_of(A, 1);
	const ds_record_t better = deleg_record(1, 4);
	ds_record_t strange = deleg_record(1, 3);

	assert_true(usable_is_read(&set, &set.record[0]));
	ds_set_add(&set, &strange);
	assert_true(usable_is_read(&set, &set.record[0]));
	ds_set_add(&set, &better);
	assert_false(usable_is_read(&set, &set.record[0]));
	assert_true(usable_is_read(&set, &set.record[2]));
}

static void a_record_names_a_key_by_its_digest(void **state)
{
	(void)state;
	for (uint8_t type = 1; type <= 4; type++) {
		ds_record_t r = deleg_record(0, type);
		delegation_key_t key = deleg_key(0);
		assert_int_equal(usable_names(&r, &key), type != 3);
		r.digest[r.digest_len - 1]++;
		assert_false(usable_names(&r, &key)); /* The tag alone names nothing (RFC 4034 B). */
		r = deleg_record(0, type);
		r.tag++;
		assert_false(usable_names(&r, &key));
		r = deleg_record(0, type);
		r.algorithm++;
		assert_false(usable_names(&r, &key));
		r = deleg_record(0, type);
		r.digest_len--;
		assert_false(usable_names(&r, &key));
		/* Of a key that only a CDS names, no other digest is known. */
		r = deleg_record(0, type);
		key.whole = false;
		assert_int_equal(usable_names(&r, &key), type == 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_are_equal_whatever_their_order),
		cmocka_unit_test(every_field_of_a_record_counts),
		cmocka_unit_test(the_empty_set_has_number_0),
		cmocka_unit_test(a_set_that_is_full_has_an_excess),
		cmocka_unit_test(the_delete_signal_is_exact),
		cmocka_unit_test(content_is_what_is_asked_for),
		cmocka_unit_test(a_scan_sees_what_differs),
		cmocka_unit_test(algorithms_and_digest_types_count_as_registered),
		cmocka_unit_test(what_signs_with_sha1_is_continued_only),
		cmocka_unit_test(sha1_counts_where_nothing_better_is),
		cmocka_unit_test(a_record_names_a_key_by_its_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
