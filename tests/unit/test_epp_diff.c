/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The smallest change from what a domain has to what is wanted. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kskroll/epp.h"
#include "util/knot.h"

static const uint8_t a[] = { 1, 2, 3 }, b[] = { 1, 2, 4 }, c[] = { 1, 2 };

#define DS(t, d)         { .tag = t, .algorithm = 13, .digest_type = 2, .data = d, .data_len = sizeof(d) }
#define SPELLED(t, d, s) { .tag = t, .algorithm = 13, .digest_type = 2, .data = d, .data_len = sizeof(d), .spelled = s }
#define KEY(f, d)        { .is_key = true, .flags = f, .protocol = 3, .algorithm = 13, .data = d, .data_len = sizeof(d) }
#define COUNT(x)         (sizeof(x) / sizeof((x)[0]))

static epp_diff_t diff;

static int compare(const epp_record_t *has, size_t count, const epp_record_t *wanted, size_t wanted_count,
                   unsigned most)
{
	const epp_info_t info = { .has_secdns = true, .record = has, .count = count };
	return epp_diff(&info, wanted, wanted_count, most, &diff);
}

static void equal_sets_need_nothing(void **state)
{
	(void)state;
	const epp_record_t has[] = { SPELLED(1, a, "010203"), DS(2, b) }, wanted[] = { DS(2, b), DS(1, a), DS(2, b) };
	assert_int_equal(compare(has, COUNT(has), wanted, COUNT(wanted), 6), KNOT_EOK);
	assert_int_equal(diff.rem_count, 0);
	assert_int_equal(diff.add_count, 0);
}

static void each_field_counts(void **state)
{
	(void)state;
	const epp_record_t ds = DS(1, a), key = KEY(257, a);
	epp_record_t other[9] = { ds, ds, ds, ds, ds, key, key, key, key };
	other[0].tag = 2;
	other[1].algorithm = 8;
	other[2].digest_type = 4;
	other[3].data = b;
	other[4].data_len = 2;
	other[5].flags = 256;
	other[6].protocol = 4;
	other[7].algorithm = 8;
	other[8].data = b;
	for (size_t i = 0; i < COUNT(other); i++) {
		assert_int_equal(compare(&other[i], 1, i < 5 ? &ds : &key, 1, 6), KNOT_EOK);
		assert_int_equal(diff.rem_count, 1);
		assert_ptr_equal(diff.rem[0].data, other[i].data);
		assert_int_equal(diff.add_count, 1);
		assert_int_equal(diff.add[0].tag, i < 5 ? 1 : 0);
	}
	/* Those of the other interface do not count. */
	epp_record_t same = ds;
	same.flags = 7;
	same.protocol = 7;
	same.spelled = "x";
	assert_int_equal(compare(&same, 1, &ds, 1, 6), KNOT_EOK);
	assert_int_equal(diff.rem_count + diff.add_count, 0);
}

static void the_change_is_minimal_and_spelled_as_there(void **state)
{
	(void)state;
	const epp_record_t has[] = { SPELLED(1, a, "010203"), SPELLED(2, b, "aAbB"), DS(3, c) };
	const epp_record_t wanted[] = { DS(4, a), DS(1, a), DS(4, a) };
	assert_int_equal(compare(has, COUNT(has), wanted, COUNT(wanted), 3), KNOT_EOK);
	assert_int_equal(diff.rem_count, 2);
	assert_int_equal(diff.rem[0].tag, 2);
	assert_string_equal(diff.rem[0].spelled, "aAbB");
	assert_int_equal(diff.rem[1].tag, 3);
	assert_int_equal(diff.add_count, 1);
	assert_int_equal(diff.add[0].tag, 4);
	assert_null(diff.add[0].spelled);

	assert_int_equal(compare(NULL, 0, wanted, 2, 2), KNOT_EOK);
	assert_int_equal(diff.rem_count, 0);
	assert_int_equal(diff.add_count, 2);
}

/* RFC 5910 2, 4: what is not known is not changed, and interfaces are not mixed. */
static void it_does_not_guess(void **state)
{
	(void)state;
	const epp_record_t ds[] = { DS(1, a) }, key[] = { KEY(257, a) }, mixed[] = { DS(1, a), KEY(257, a) };
	const epp_info_t unknown = { .has_secdns = false, .record = ds, .count = 1 };

	assert_int_equal(epp_diff(&unknown, ds, 1, 6, &diff), KNOT_ENOENT);
	assert_int_equal(compare(ds, 1, NULL, 0, 6), KNOT_EINVAL);
	assert_int_equal(compare(ds, 1, key, 1, 6), KNOT_EINVAL);
	assert_int_equal(compare(key, 1, ds, 1, 6), KNOT_EINVAL);
	assert_int_equal(compare(ds, 1, mixed, 2, 6), KNOT_EINVAL);
	assert_int_equal(compare(mixed, 2, ds, 1, 6), KNOT_EINVAL);
	assert_int_equal(diff.rem_count + diff.add_count, 0);
}

static void a_registry_takes_so_many(void **state)
{
	(void)state;
	epp_record_t many[EPP_RECORDS_MAX + 1];
	const epp_record_t has[] = { DS(999, a) };
	for (size_t i = 0; i < COUNT(many); i++) {
		many[i] = (epp_record_t)DS((uint16_t)i, a);
	}
	assert_int_equal(compare(has, 1, many, 6, 6), KNOT_EOK);
	assert_int_equal(compare(has, 1, many, 7, 6), KNOT_ESPACE);
	assert_int_equal(compare(has, 1, many, EPP_RECORDS_MAX, 99), KNOT_EOK);
	assert_int_equal(diff.add_count, EPP_RECORDS_MAX);
	assert_int_equal(compare(has, 1, many, EPP_RECORDS_MAX + 1, 99), KNOT_ESPACE);
	assert_int_equal(compare(many, EPP_RECORDS_MAX, has, 1, 6), KNOT_EOK);
	assert_int_equal(diff.rem_count, EPP_RECORDS_MAX);
	/* One that is wanted twice is one. */
	const epp_record_t twice[] = { DS(1, a), DS(1, a), DS(2, a) };
	assert_int_equal(compare(has, 1, twice, 3, 2), KNOT_EOK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_sets_need_nothing),
		cmocka_unit_test(each_field_counts),
		cmocka_unit_test(the_change_is_minimal_and_spelled_as_there),
		cmocka_unit_test(it_does_not_guess),
		cmocka_unit_test(a_registry_takes_so_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
