/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After a change: a child that is back at its former keys for as long as caches hold others gets its former DS back. */

#include "deleg_course.h"

/*! Every nameserver has the former key alone, signed now: as after a restore from a backup. */
static void restored(deleg_t *d)
{
	deleg_dnskey(d, A);
	deleg_signal(d, 0);
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].dnskey_ttl = HOUR;
		d->child[i].dnskey_inception = d->now - 60;
	}
}

/*! The DS of before has left all caches, and nobody has looked at the child since the change. The clock is known. */
static void changed_long_ago(deleg_t *d)
{
	course_verify(d);
	d->config.bogus_limit = 1;
	d->config.verify = d->config.ds_ttl_hold = 20 * DAY;
	deleg_later(d, 2 * DAY);
	d->row.clock = (rollover_clock_t){ .wall = d->now, .boot = 7 };
	d->row.secure_since = d->row.secure_last = d->now;
}

static void assert_waits(const deleg_t *d, time_t until)
{
	assert_int_equal(d->row.state, DELEGATION_VERIFY);
	assert_int_equal(d->row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_string_equal(d->row.gate_about, "");
	assert_string_equal(d->row.gate_detail,
	                    "all nameservers are back at a key of the former DS, which returns at the time given if "
	                    "that stays so");
	assert_int_equal(d->row.gate_until, until);
	assert_true(d->row.next_check <= until);
	assert_int_equal(d->out.order.action, DELEGATION_DO_NOTHING);
}

/*! Checks every ten minutes until the time is due, and the undo then. */
static void assert_undone_at(deleg_t *d, time_t until)
{
	deleg_views(d, DELEGATION_VIEW_BOGUS);
	while (d->now + 600 < until) {
		deleg_later(d, 600);
		deleg_step(d);
		assert_waits(d, until);
	}
	deleg_later(d, until - 1 - d->now);
	deleg_step(d);
	assert_waits(d, until);
	assert_int_equal(d->row.next_check, until);
	deleg_later(d, 1);
	deleg_step(d);
	assert_int_equal(d->row.state, DELEGATION_UNDO);
	assert_int_equal(d->out.order.action, DELEGATION_DO_UNDO);
	assert_true(ds_set_equal(&d->out.order.put, &d->row.before));
}

static void a_child_that_is_back_waits_and_is_undone(void **state)
{
	(void)state;
	deleg_t d;

	changed_long_ago(&d);
	restored(&d);
	course_fails(&d, 1);
	const time_t since = d.now;
	assert_int_equal(d.row.back_since, since);
	/* What no survey has met may have had a TTL of a day. */
	assert_waits(&d, since + 1 + DAY);
	assert_undone_at(&d, since + 1 + DAY);
	assert_true(d.out.order.put.count > 0);
	deleg_obey(&d);
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.gate, DELEGATION_GATE_UNDONE);
	assert_int_equal(d.row.back_since, 0);
	assert_int_equal(d.row.back_last, 0);
}

/* A larger TTL of DNSKEY counts, from the survey of the change on, also if it is lower now. */
static void the_largest_ttl_that_was_met_is_waited_for(void **state)
{
	(void)state;
	deleg_t d;

	for (int when = 0; when < 2; when++) {
		deleg_init(&d);
		d.child[1].dnskey_ttl = when == 0 ? 2 * DAY : HOUR;
		course_until(&d, DELEGATION_CHANGE);
		assert_int_equal(d.row.dnskey_ttl, when == 0 ? 2 * DAY : HOUR);
		deleg_obey(&d);
		course_until(&d, DELEGATION_VERIFY);
		d.config.bogus_limit = 1;
		d.config.verify = d.config.ds_ttl_hold = 20 * DAY;
		deleg_later(&d, 2 * DAY);
		restored(&d);
		d.child[2].dnskey_ttl = when == 1 ? 2 * DAY : HOUR;
		course_fails(&d, 1);
		d.child[2].dnskey_ttl = HOUR;
		assert_undone_at(&d, d.now + 1 + 2 * DAY);
	}
	/* That of an RRset to which no DS leads does not, */
	changed_long_ago(&d);
	d.child[1].dnskey = d.child[1].dnskey_signed_by = C;
	d.child[1].dnskey_ttl = 9 * DAY;
	course_fails(&d, 1);
	restored(&d);
	deleg_later(&d, 60);
	deleg_step(&d);
	assert_int_equal(d.row.dnskey_ttl, HOUR);
	assert_waits(&d, d.now + 1 + DAY);
	/* nor that of the change before. */
	deleg_init(&d);
	d.row.dnskey_ttl = 7 * DAY;
	d.row.back_since = d.row.back_last = T0 - 9 * DAY;
	course_until(&d, DELEGATION_CHANGE);
	assert_int_equal(d.row.dnskey_ttl, 0);
	assert_int_equal(d.row.back_since, 0);
	assert_int_equal(d.row.back_last, 0);
}

static void new_key_at_one(deleg_t *d)
{
	d->child[1].dnskey = d->child[1].dnskey_signed_by = A | B;
}

static void no_former_key_at_one(deleg_t *d)
{
	d->child[1].dnskey = d->child[1].dnskey_signed_by = C;
}

static void former_key_signs_no_more(deleg_t *d)
{
	d->child[2].dnskey = A | C;
	d->child[2].dnskey_signed_by = C;
}

static void an_old_copy_at_one(deleg_t *d)
{
	d->child[0].dnskey_inception = d->row.put_inception;
}

static void silent_for_too_long(deleg_t *d)
{
	d->child[0].status = ANSWER_UNREACHABLE;
	d->child[0].unreachable_since = d->now;
	deleg_step(d);
	deleg_later(d, HOUR + 1);
}

static void nobody_looks(deleg_t *d)
{
	deleg_later(d, HOUR + 1);
}

static void the_machine_boots(deleg_t *d)
{
	const rollover_clock_t clock = { .wall = d->now, .boot = 8 };

	d->now = delegation_follow_clock(&d->row, &clock);
}

static void what_ends_it_makes_it_begin_again(void **state)
{
	(void)state;
	static void (*const ends[])(deleg_t *d) = { new_key_at_one,     no_former_key_at_one, former_key_signs_no_more,
		                                    an_old_copy_at_one, silent_for_too_long,  nobody_looks,
		                                    the_machine_boots };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		deleg_t d;
		changed_long_ago(&d);
		restored(&d);
		course_fails(&d, 1);
		const time_t first = d.now;
		for (int j = 0; j < 23 * 6; j++) {
			deleg_later(&d, 600);
			deleg_step(&d);
		}
		assert_waits(&d, first + 1 + DAY);
		d.row.clock.wall = d.now;
		print_message("%zu\n", i);
		ends[i](&d);
		deleg_later(&d, 60);
		deleg_step(&d);
		assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
		assert_true(d.row.back_since == 0 || d.row.back_since == d.now);
		restored(&d);
		d.child[0].status = ANSWER_OK;
		d.child[0].unreachable_since = 0;
		deleg_later(&d, 60);
		deleg_step(&d);
		assert_true(d.row.back_since >= d.now - 60);
		assert_undone_at(&d, d.row.back_since + 1 + DAY);
	}
}

/* It may lose a packet; but the undo needs the answer of each. */
static void a_server_that_is_silent_for_a_moment_ends_nothing(void **state)
{
	(void)state;
	deleg_t d;

	changed_long_ago(&d);
	restored(&d);
	course_fails(&d, 1);
	const time_t since = d.now, until = since + 1 + DAY;
	for (int j = 0; d.now + 300 < until; j++) {
		d.child[0].status = j % 2 ? ANSWER_UNREACHABLE : ANSWER_OK;
		deleg_later(&d, 300);
		deleg_step(&d);
		assert_int_equal(d.row.back_since, since);
	}
	d.child[0].status = ANSWER_UNREACHABLE;
	deleg_later(&d, 600);
	deleg_step(&d);
	assert_true(d.now > until);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_string_equal(d.row.gate_about, "ns1.");
	d.child[0].status = ANSWER_OK;
	deleg_later(&d, 60);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
	/* One that is left out of changes may still serve caches. */
	changed_long_ago(&d);
	restored(&d);
	d.child[0].status = ANSWER_UNREACHABLE;
	d.child[0].unreachable_since = d.now - 4 * DAY;
	course_fails(&d, 3000);
	assert_int_equal(d.row.back_since, 0);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
}

static void a_clock_that_is_set_makes_it_no_shorter(void **state)
{
	(void)state;
	static const time_t by[] = { 365 * DAY, -DAY };

	for (int i = 0; i < 2; i++) {
		deleg_t d;
		changed_long_ago(&d);
		restored(&d);
		course_fails(&d, 1);
		const time_t since = d.now;
		d.row.clock.wall = d.now;
		const rollover_clock_t clock = { .wall = d.now + by[i], .ahead = (int64_t)by[i] * 1000, .boot = 7 };
		d.now = delegation_follow_clock(&d.row, &clock);
		assert_int_equal(d.now, since + by[i]);
		assert_int_equal(d.row.back_since, since + by[i]);
		assert_int_equal(d.row.back_last, since + by[i]);
		assert_undone_at(&d, since + by[i] + 1 + DAY);
	}
}

/* A secondary that has lost its copy, or a snapshot: the next transfer brings the new key alone, perhaps. */
static void an_old_copy_is_no_child_that_is_back(void **state)
{
	(void)state;
	deleg_t d;

	changed_long_ago(&d);
	restored(&d);
	d.child[1].dnskey_inception = d.row.put_inception;
	course_fails(&d, 3000);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_string_equal(d.row.gate_about, "ns2.");
	assert_non_null(strstr(d.row.gate_detail, "it may be an old copy of the zone"));
	assert_int_equal(d.row.gate_until, 0);
	assert_int_equal(d.row.back_since, 0);
}

/* Caches may have what a survey has met once: that is remembered. */
static void a_child_that_had_outgrown_the_former_ds_is_not_undone(void **state)
{
	(void)state;
	deleg_t d;

	changed_long_ago(&d);
	deleg_dnskey(&d, B);
	course_fails(&d, 1);
	restored(&d);
	course_fails(&d, 3000);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_int_equal(d.row.gate_until, 0);
	assert_string_equal(d.row.gate_detail, "caches may have DNSKEY without a key of the former DS");
}

/* With the present set it is bogus to all. With the former one it is to those that want each algorithm of a set. */
static void one_algorithm_of_the_former_ds_is_better_than_none(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	deleg_ds(&d, A | OTHER);
	d.row.ds = ds_set_id(&d.facts.zone.ds);
	deleg_dnskey(&d, A | B | OTHER);
	course_until(&d, DELEGATION_CHANGE);
	deleg_obey(&d);
	course_until(&d, DELEGATION_VERIFY);
	d.config.bogus_limit = 1;
	d.config.verify = d.config.ds_ttl_hold = 20 * DAY;
	restored(&d);
	course_fails(&d, 1);
	/* Here caches have the former DS. */
	assert_true(d.now < d.row.before_until);
	assert_undone_at(&d, d.now + 1 + DAY);
}

/* Without a DS that validators use the child is insecure, and not bogus. */
static void a_present_ds_that_nobody_uses_is_no_reason(void **state)
{
	(void)state;
	deleg_t d;

	changed_long_ago(&d);
	restored(&d);
	d.facts.zone.ds = deleg_set(STRANGE);
	d.row.ds = ds_set_id(&d.facts.zone.ds);
	deleg_spread(&d, &d.facts.zone.ds);
	course_fails(&d, 10);
	assert_int_equal(d.row.back_since, 0);
}

/* A low TTL waits for an undo that is near, and not for one that comes to nothing. */
static void the_low_ttl_waits_for_the_undo(void **state)
{
	(void)state;
	deleg_t d;

	for (int late = 0; late < 2; late++) {
		changed_long_ago(&d);
		d.config.ds_ttl_hold = 3 * DAY;
		const time_t due = d.row.all_since + 3 * DAY;
		deleg_later(&d, due - 60 - d.now);
		restored(&d);
		course_fails(&d, 1);
		assert_int_equal(d.now, due);
		assert_waits(&d, due + 1 + DAY);
		if (!late) {
			assert_undone_at(&d, due + 1 + DAY);
			continue;
		}
		d.facts.zone.frozen = true;
		while (d.now < due + DAY + DELEGATION_RETRY_MAX) {
			assert_int_equal(d.row.state, DELEGATION_VERIFY);
			deleg_later(&d, 600);
			deleg_step(&d);
		}
		deleg_later(&d, 2);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_LOW);
		assert_int_equal(d.row.back_since, 0);
		assert_int_equal(d.row.back_last, 0);
	}
	/* What begins later has no such right. */
	changed_long_ago(&d);
	d.config.ds_ttl_hold = 3 * DAY;
	deleg_later(&d, d.row.all_since + 3 * DAY - d.now);
	restored(&d);
	course_fails(&d, 1);
	assert_int_equal(d.row.state, DELEGATION_LOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_that_is_back_waits_and_is_undone),
		cmocka_unit_test(the_largest_ttl_that_was_met_is_waited_for),
		cmocka_unit_test(what_ends_it_makes_it_begin_again),
		cmocka_unit_test(a_server_that_is_silent_for_a_moment_ends_nothing),
		cmocka_unit_test(a_clock_that_is_set_makes_it_no_shorter),
		cmocka_unit_test(an_old_copy_is_no_child_that_is_back),
		cmocka_unit_test(a_child_that_had_outgrown_the_former_ds_is_not_undone),
		cmocka_unit_test(one_algorithm_of_the_former_ds_is_better_than_none),
		cmocka_unit_test(a_present_ds_that_nobody_uses_is_no_reason),
		cmocka_unit_test(the_low_ttl_waits_for_the_undo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
