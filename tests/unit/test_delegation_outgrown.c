/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After a change: when the former DS is not brought back any more. */

#include "deleg_course.h"

/* What a nameserver had without the old key is in caches, also when the key is back. */
static void an_old_key_that_was_gone_is_not_trusted_again(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	course_fails(&d, 1);
	const delegation_child_t had = d.child[1];
	d.child[1].dnskey = d.child[1].dnskey_signed_by = B;
	course_fails(&d, 2);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_string_equal(d.row.gate_about, "ns2.");
	d.child[1] = had;
	course_fails(&d, 3);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_string_equal(d.row.gate_about, "");
	assert_string_equal(d.row.gate_detail, "caches may have DNSKEY without a key of the former DS");
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);

	/* Where neither set leads to a key, caches had nothing that was valid. */
	course_verify(&d);
	d.child[1].dnskey_signed_by = 0;
	course_fails(&d, 2);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	d.child[1] = had;
	course_fails(&d, 1);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
}

/* A child that takes its signals back has seen the new DS, and removes the key of the former one next. */
static void nothing_is_undone_once_the_signals_are_withdrawn(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	deleg_signal_at(&d, 1, 0);
	course_fails(&d, 2);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_string_equal(d.row.gate_about, "ns2.");
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
	/* One of the two types is enough. */
	d.child[1].cdnskey.present = true;
	course_fails(&d, 1);
	assert_int_equal(d.row.state, DELEGATION_UNDO);

	/* A nameserver with the zone of before the new key is what an undo is for. */
	course_verify(&d);
	deleg_signal_at(&d, 1, 0);
	d.child[1].dnskey = d.child[1].dnskey_signed_by = A;
	course_fails(&d, 2);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_key_that_was_gone_is_not_trusted_again),
		cmocka_unit_test(nothing_is_undone_once_the_signals_are_withdrawn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
