/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TTL of DS ahead of a change, at the wish of a child that the module of the same server rolls.
 */

#include "deleg_course.h"

/*! At rest, with DS as it always was; the child wants the TTL lowered. */
static void wants(deleg_t *d)
{
	deleg_init(d);
	d->facts.scan.differs = false;
	deleg_signal(d, 0);
	d->facts.asked = DELEGATION_ASK_SCAN;
	deleg_step(d);
	assert_int_equal(d->row.state, DELEGATION_REST);
	d->facts.ttl = DELEGATION_TTL_LOWERED;
}

/*! Ordered. */
static void ordered(deleg_t *d)
{
	wants(d);
	deleg_later(d, 60);
	course_until(d, DELEGATION_RESTORE);
	assert_int_equal(d->out.order.action, DELEGATION_DO_RESTORE);
}

/*! In the zone. */
static void lowered(deleg_t *d)
{
	ordered(d);
	d->facts.zone.ds_ttl = d->out.order.ttl;
	d->facts.outcome = DELEGATION_OUTCOME_DONE;
	deleg_step(d);
	assert_int_equal(d->row.state, DELEGATION_LOW);
	d->facts.outcome = DELEGATION_OUTCOME_NONE;
	d->facts.asked |= DELEGATION_ASK_PARENTS;
}

static void the_ttl_alone_is_lowered_and_that_of_before_is_known_first(void **state)
{
	(void)state;
	deleg_t d;

	ordered(&d);
	assert_true(ds_set_equal(&d.out.order.put, &d.facts.zone.ds));
	assert_true(ds_set_equal(&d.out.order.base, &d.facts.zone.ds));
	assert_int_equal(d.out.order.base_ttl, DAY);
	assert_int_equal(d.out.order.ttl, d.config.ds_ttl);
	assert_int_equal(d.row.ttl_normal, DAY);
	lowered(&d);
	assert_int_equal(d.row.ttl_normal, DAY);
	assert_int_equal(d.row.ttl_low, d.config.ds_ttl);
	assert_int_equal(d.row.all_since, 0);
	assert_int_equal(d.row.applied, 0); /* No signals were followed. */
}

static void nothing_is_lowered_that_may_not_be_changed(void **state)
{
	(void)state;
	deleg_t d;

	for (int i = 0; i < 6; i++) {
		wants(&d);
		d.config.locked = i == 0;
		d.config.report_only = i == 1;
		d.row.refused = i == 2;
		d.facts.zone.ds_ttl = i == 3 ? d.config.ds_ttl : DAY;
		d.facts.ttl = i == 4 ? DELEGATION_TTL_KEPT : i == 5 ? DELEGATION_TTL_FREE : d.facts.ttl;
		for (int k = 0; k < 3; k++) {
			deleg_later(&d, 300);
			deleg_step(&d);
			assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
		}
		assert_int_equal(d.row.state, DELEGATION_REST);
	}
	wants(&d);
	d.facts.zone.frozen = true;
	course_until(&d, DELEGATION_LOW);
	deleg_step(&d);
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
	assert_int_equal(d.row.gate, DELEGATION_GATE_FROZEN);
	d.facts.ttl = DELEGATION_TTL_FREE; /* The child has gone. */
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
}

static void it_stays_low_as_long_as_the_child_wants_and_no_longer(void **state)
{
	(void)state;
	deleg_t d;

	lowered(&d);
	d.row.notifies = true;
	for (int i = 0; i < 2; i++) {
		d.facts.ttl = i == 0 ? DELEGATION_TTL_LOWERED : DELEGATION_TTL_KEPT;
		deleg_later(&d, 30 * DAY);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_LOW);
		assert_int_equal(d.row.gate, DELEGATION_GATE_TTL_LOW);
		/* The child says when it is over, unless that was not known, or was not its doing. */
		assert_int_equal(d.row.next_check, d.now + DELEGATION_RETRY_MAX);
	}
	d.facts.ttl = DELEGATION_TTL_FREE;
	deleg_step(&d);
	assert_int_equal(d.out.order.action, DELEGATION_DO_RESTORE);
	assert_int_equal(d.out.order.ttl, DAY);
}

static void the_change_follows_and_brings_the_normal_ttl_back_one_day(void **state)
{
	(void)state;
	deleg_t d;

	lowered(&d);
	deleg_signal(&d, B);
	d.facts.scan.differs = true;
	d.facts.asked = DELEGATION_ASK_SCAN | DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH;
	deleg_later(&d, HOUR);
	course_until(&d, DELEGATION_CHANGE);
	assert_int_equal(d.out.order.ttl, d.config.ds_ttl);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
	assert_int_equal(d.row.ttl_normal, DAY);
}

/*! A TTL that comes back keeps the child from a change for hours. One that was never lowered does not. */
static void a_failure_delays_no_change(void **state)
{
	(void)state;
	deleg_t d;

	ordered(&d);
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
	assert_int_equal(d.row.ttl_normal, 0);
	assert_int_equal(d.row.all_since, 0);
	d.facts.outcome = DELEGATION_OUTCOME_NONE;
	/* It is tried again, not at once. */
	const time_t failed = d.now;
	while (d.now < failed + 12 * (time_t)d.config.retry) {
		assert_int_equal(d.row.state, DELEGATION_REST);
		assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
		assert_true(d.row.next_check > d.now);
		d.now = d.row.next_check;
		deleg_step(&d);
	}
	course_until(&d, DELEGATION_RESTORE);
	assert_int_equal(d.row.ttl_normal, DAY);
}

static void an_update_that_is_made_late_is_restored_as_well(void **state)
{
	(void)state;
	deleg_t d;

	wants(&d);
	d.config.apply = DELEGATION_BY_UPDATE;
	course_until(&d, DELEGATION_RESTORE);
	const uint32_t low = d.out.order.ttl;
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	d.facts.ttl = DELEGATION_TTL_FREE;
	d.facts.outcome = DELEGATION_OUTCOME_NONE;
	deleg_later(&d, HOUR);
	d.facts.zone.ds_ttl = low;
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, DAY);
	assert_int_equal(d.row.state, DELEGATION_LOW);
}

/*! The answer to the reload of the file was lost, and the zone is read before knotd has done it. */
static void a_reload_that_is_made_late_is_restored_as_well(void **state)
{
	(void)state;
	deleg_t d;

	wants(&d);
	d.config.apply = DELEGATION_BY_INCLUDE;
	course_until(&d, DELEGATION_RESTORE);
	const uint32_t low = d.out.order.ttl;
	snprintf(d.facts.outcome_detail, sizeof(d.facts.outcome_detail), "the answer was lost");
	d.facts.ttl = DELEGATION_TTL_FREE;
	deleg_later(&d, 60);
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, 0);
	deleg_later(&d, HOUR);
	d.facts.zone.ds_ttl = low;
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, DAY);
	assert_int_equal(d.row.state, DELEGATION_LOW);
}

static void what_another_client_sets_wins(void **state)
{
	(void)state;
	deleg_t d;

	lowered(&d);
	d.facts.zone.ds_ttl = HOUR;
	deleg_later(&d, 300);
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, 0);
}

/*! A DNS UPDATE does not compare TTLs: it may replace what another client has just set. The simulator found that. */
static void what_another_client_sets_while_an_order_is_under_way_comes_back(void **state)
{
	(void)state;
	static const struct {
		uint32_t ttl, normal;
	} rows[] = { { HOUR, HOUR }, { 2 * DAY, 2 * DAY }, { 300, 0 } };
	deleg_t d;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		lowered(&d);
		d.config.apply = DELEGATION_BY_UPDATE;
		deleg_signal(&d, B);
		d.facts.scan.differs = true;
		d.facts.asked =
			DELEGATION_ASK_SCAN | DELEGATION_ASK_SURVEY | DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH;
		deleg_later(&d, HOUR);
		course_until(&d, DELEGATION_CHANGE);
		const delegation_order_t order = d.out.order;
		d.facts.outcome = DELEGATION_OUTCOME_RUNNING;
		d.facts.zone.ds_ttl = rows[i].ttl;
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_CHANGE);
		d.out.order = order;
		deleg_obey(&d);
		course_until(&d, DELEGATION_SPREAD);
		assert_int_equal(d.row.ttl_normal, rows[i].normal);
	}
}

/*! The same before the TTL is low. */
static void what_another_client_sets_while_the_ttl_is_lowered_comes_back(void **state)
{
	(void)state;
	static const struct {
		uint32_t ttl, normal;
	} rows[] = { { HOUR, HOUR }, { 300, 0 } };
	deleg_t d;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ordered(&d);
		const uint32_t low = d.out.order.ttl;
		d.config.apply = DELEGATION_BY_UPDATE;
		d.facts.outcome = DELEGATION_OUTCOME_RUNNING;
		d.facts.zone.ds_ttl = rows[i].ttl;
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_RESTORE);
		d.facts.zone.ds_ttl = low;
		d.facts.outcome = DELEGATION_OUTCOME_DONE;
		deleg_step(&d);
		assert_int_equal(d.row.ttl_normal, rows[i].normal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ttl_alone_is_lowered_and_that_of_before_is_known_first),
		cmocka_unit_test(nothing_is_lowered_that_may_not_be_changed),
		cmocka_unit_test(it_stays_low_as_long_as_the_child_wants_and_no_longer),
		cmocka_unit_test(the_change_follows_and_brings_the_normal_ttl_back_one_day),
		cmocka_unit_test(a_failure_delays_no_change),
		cmocka_unit_test(an_update_that_is_made_late_is_restored_as_well),
		cmocka_unit_test(a_reload_that_is_made_late_is_restored_as_well),
		cmocka_unit_test(what_another_client_sets_wins),
		cmocka_unit_test(what_another_client_sets_while_an_order_is_under_way_comes_back),
		cmocka_unit_test(what_another_client_sets_while_the_ttl_is_lowered_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
