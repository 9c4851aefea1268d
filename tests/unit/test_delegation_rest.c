/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of DS by others, lost stores, clocks that are set, and the small form of a delegation that rests. */

#include "deleg_course.h"

/*! Another client changes DS. */
static void by_hand(deleg_t *d, delegation_keys_t keys, uint32_t ttl)
{
	deleg_ds(d, keys);
	d->facts.zone.ds_ttl = ttl;
}

static void a_manual_change_wins_in_every_state(void **state)
{
	(void)state;
	void (*const courses[])(deleg_t *d) = { deleg_init, course_ordered, course_spread, course_verify, course_low };

	for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
		deleg_t d;
		courses[i](&d);
		deleg_dnskey(&d, A | B | C);
		deleg_later(&d, 10);
		by_hand(&d, C, DAY);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_SEEN);
		assert_int_equal(d.row.manual, d.now);
		assert_int_equal(d.row.ds, ds_set_id(&d.facts.zone.ds));
		assert_false(d.row.may_undo);
		assert_false(d.row.ordering);
		assert_int_equal(d.row.ttl_normal, 0);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_HELD);
		assert_int_equal(d.row.gate, DELEGATION_GATE_MANUAL);
		assert_int_equal(d.row.refused, course_content(B));
		/* Nor are others that were signed before. */
		deleg_signal(&d, A);
		deleg_signed(&d, T0 - 2 * HOUR);
		d.facts.scan.content = course_content(A);
		course_until(&d, DELEGATION_SURVEY);
		assert_int_equal(d.row.gate, DELEGATION_GATE_REPLAYED);
		deleg_signal(&d, B);
		d.facts.scan.content = course_content(B);
		course_until(&d, DELEGATION_HELD);
		/* Not even when the child signs the same signals again. */
		deleg_later(&d, DAY);
		deleg_signed(&d, d.now - 10);
		d.facts.notified = d.now;
		deleg_views(&d, DELEGATION_VIEW_BOGUS);
		for (int j = 0; j < 6; j++) {
			deleg_step(&d);
			assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
		}
		/* Other signals are followed. */
		deleg_signal(&d, A);
		d.facts.scan.content = course_content(A);
		deleg_views(&d, DELEGATION_VIEW_SECURE);
		course_until(&d, DELEGATION_CHANGE);
	}
}

static void signals_that_are_newer_than_the_manual_change_are_followed(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	by_hand(&d, A | C, DAY);
	deleg_step(&d);
	deleg_later(&d, 100);
	deleg_signed(&d, d.now - 10);
	course_until(&d, DELEGATION_CHANGE);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
	assert_int_equal(d.row.manual, 0);
}

/* The former signals come back before the newer ones have been followed. Nobody has undone them. */
static void overruled_signals_that_come_back_are_still_overruled(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	d.config.hold_down = HOUR;
	by_hand(&d, A | C, DAY);
	deleg_step(&d);
	deleg_later(&d, 100);
	deleg_signed(&d, d.now - 10);
	course_until(&d, DELEGATION_WAIT);
	deleg_signed(&d, d.now - 1000);
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.gate, DELEGATION_GATE_MANUAL);
	deleg_later(&d, DAY);
	d.facts.notified = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SEEN);
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.gate, DELEGATION_GATE_MANUAL);
}

/*! A survey after the change by hand: DS is C, and the child asks for that, or for nothing. */
static void judged(deleg_t *d, delegation_keys_t asks)
{
	deleg_init(d);
	deleg_dnskey(d, A | B | C);
	by_hand(d, C, DAY);
	deleg_step(d);
	assert_int_equal(d->row.state, DELEGATION_SEEN);
	deleg_signal(d, asks);
	d->facts.scan.differs = false;
	deleg_step(d);
	assert_int_equal(d->row.state, DELEGATION_REST);
}

/* A server may serve them again years later. What Knot DNS has signed since is dated back by 90 minutes. */
static void signals_from_before_a_manual_change_are_never_followed(void **state)
{
	(void)state;
	static const delegation_keys_t asks[] = { 0, C };
	delegation_idle_t idle;

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		deleg_t d;
		judged(&d, asks[i]);
		const time_t before = d.now - DELEGATION_DATED_BACK;
		assert_int_equal(d.row.manual, d.now);
		/* It rests, and is small. */
		deleg_later(&d, 400 * DAY);
		deleg_signed(&d, d.now - HOUR);
		deleg_step(&d);
		assert_true(delegation_pack(&d.row, &idle));
		delegation_unpack(&idle, &d.row);
		deleg_signal(&d, B);
		deleg_signed(&d, before);
		for (unsigned j = 0; j < DELEG_SERVERS; j++) {
			d.child[j].cds.expires = d.child[j].cdnskey.expires = d.now + DAY;
		}
		d.facts.scan.differs = true;
		for (int j = 0; j < 20; j++) {
			deleg_later(&d, 60);
			deleg_step(&d);
			assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
		}
		assert_int_equal(d.row.state, DELEGATION_SURVEY);
		assert_int_equal(d.row.gate, DELEGATION_GATE_REPLAYED);
		assert_string_equal(d.row.gate_detail, "signed at 1799994600, DS was changed by hand at 1800000000");
		deleg_signed(&d, before + 1);
		for (unsigned j = 0; j < DELEG_SERVERS; j++) {
			d.child[j].cds.expires = d.child[j].cdnskey.expires = d.now + DAY;
		}
		course_until(&d, DELEGATION_CHANGE);
	}
}

static void one_server_without_an_answer_leaves_the_manual_change_open(void **state)
{
	(void)state;
	delegation_idle_t idle;
	deleg_t d;

	deleg_init(&d);
	by_hand(&d, B, DAY);
	deleg_step(&d);
	d.child[2].status = ANSWER_ERROR;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
	assert_int_not_equal(d.row.manual, 0);
	assert_false(delegation_pack(&d.row, &idle));
	/* What it says then is what the operator has overruled. */
	d.child[2].status = ANSWER_OK;
	deleg_signal(&d, A);
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.gate, DELEGATION_GATE_MANUAL);
}

/* The agent's low TTL is restored even if another client has changed the set and left the TTL. */
static void a_manual_change_with_the_low_ttl_gets_the_normal_one(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	by_hand(&d, A | B, 600);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SEEN);
	assert_int_equal(d.row.ttl_normal, DAY);
	assert_int_equal(d.row.all_since, 0);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_HELD);
	d.facts.scan.content = course_content(B);
	deleg_step(&d);
	assert_int_equal(d.row.all_since, d.now);
	deleg_later(&d, 3 * DAY);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
	/* It came between the commit and the check. */
	course_ordered(&d);
	by_hand(&d, A | B, 600);
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, DAY);
	/* Nothing was lowered: the TTL is the operator's. */
	deleg_init(&d);
	by_hand(&d, A | B, 600);
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, 0);
	/* The TTL was as low before the order: none has to be restored. */
	course_ordered(&d);
	d.row.put_ttl = d.row.before_ttl;
	by_hand(&d, A | B, d.row.before_ttl);
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, 0);
}

/* The primary has made the change, and another client has taken it back before the transfer: the low TTL is left. */
static void a_change_that_was_taken_back_unseen_leaves_no_low_ttl(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	d.config.apply = DELEGATION_BY_UPDATE;
	course_until(&d, DELEGATION_CHANGE);
	const uint32_t low = d.row.put_ttl;
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SURVEY);
	assert_int_equal(d.row.ttl_normal, 0);
	/* The child asks for nothing any more. */
	deleg_signal(&d, 0);
	d.facts.scan.differs = false;
	deleg_later(&d, HOUR);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
	d.facts.zone.ds_ttl = low;
	deleg_later(&d, HOUR);
	course_until(&d, DELEGATION_LOW);
	assert_int_equal(d.row.ttl_normal, DAY);
	assert_int_equal(d.row.ttl_low, low);
	deleg_later(&d, 60);
	deleg_step(&d);
	assert_int_equal(d.row.all_since, d.now);
}

static void a_ttl_that_another_client_has_set_is_his(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	d.facts.zone.ds_ttl = 7200;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
	assert_int_equal(d.row.ttl_normal, 0);
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
}

/* RFC 10026 7.1. */
/* The agent orders a set that another client puts there just before, with a TTL of its own: the order comes to nothing.
 */
static void a_set_that_another_client_has_put_first_keeps_its_ttl(void **state)
{
	(void)state;
	deleg_t d;

	deleg_first(&d);
	course_until(&d, DELEGATION_CHANGE);
	assert_int_equal(d.out.order.ttl, d.config.ds_ttl);
	deleg_later(&d, 5);
	by_hand(&d, B, HOUR);
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SPREAD);
	assert_int_equal(d.row.ttl_normal, 0);
}

static void removal_by_hand_suspends_until_there_is_a_ds(void **state)
{
	(void)state;
	void (*const courses[])(deleg_t *d) = { deleg_init, course_ordered, course_verify, course_low };

	for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
		deleg_t d;
		courses[i](&d);
		d.config.bootstrap = true;
		d.facts.signaling = d.signaling;
		d.facts.signaling_count = 2;
		d.signaling[0].cds = d.signaling[1].cds = deleg_set(B);
		d.signaling[0].cdnskey = d.signaling[1].cdnskey = B;
		by_hand(&d, 0, 0);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_SUSPENDED);
		assert_int_equal(d.row.ttl_normal, 0);
		assert_int_equal(d.row.gate_until, 0); /* No time ends it. */
		assert_int_equal(d.out.asks, 0);
		for (int j = 0; j < 5; j++) {
			deleg_later(&d, DAY);
			d.facts.notified = d.now;
			deleg_step(&d);
			assert_int_equal(d.row.state, DELEGATION_SUSPENDED);
			assert_int_equal(d.row.gate, DELEGATION_GATE_SUSPENDED);
		}
		by_hand(&d, A, DAY);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_SEEN);
		deleg_later(&d, 1);
		deleg_signal(&d, A | B);
		deleg_signed(&d, d.now);
		course_until(&d, DELEGATION_CHANGE);
	}
}

/*! A reload has brought the set before back, and its TTL. */
static void reload(deleg_t *d)
{
	d->facts.zone.load = DELEGATION_LOAD_REVERTS;
	snprintf(d->facts.zone.load_reason, sizeof(d->facts.zone.load_reason), "zonefile-load: difference-no-serial");
	by_hand(d, A, DAY);
}

static void what_a_reload_reverts_is_done_again(void **state)
{
	(void)state;
	void (*const courses[])(deleg_t *d) = { course_spread, course_verify, course_low };

	for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
		deleg_t d;
		courses[i](&d);
		/* Signatures at one server are older than at another: what was done once is done again all the same. */
		d.child[1].cds.inception--;
		deleg_later(&d, 10);
		reload(&d);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_SEEN);
		assert_int_equal(d.row.gate, DELEGATION_GATE_REVERTED);
		assert_int_equal(delegation_gate_info(d.row.gate)->severity, DELEGATION_ALARM);
		assert_string_equal(d.row.gate_detail, "zonefile-load: difference-no-serial");
		assert_int_equal(d.row.manual, 0);
		course_until(&d, DELEGATION_CHANGE);
		deleg_obey(&d);
		course_until(&d, DELEGATION_SPREAD);
		assert_false(d.row.reverted);
		assert_int_equal(d.row.ttl_normal, DAY);
		/* And again. */
		reload(&d);
		deleg_step(&d);
		assert_int_equal(d.row.gate, DELEGATION_GATE_REVERTED);
		/* If the child does not want it any more, it stays. */
		deleg_signal(&d, A);
		course_until(&d, DELEGATION_REST);
		assert_false(d.row.reverted);
	}
	/* A zone that keeps its changes is never reverted by a reload: this was a client. */
	deleg_t d;
	course_low(&d);
	reload(&d);
	d.facts.zone.load = DELEGATION_LOAD_KEEPS;
	deleg_step(&d);
	assert_int_equal(d.row.manual, d.now);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_HELD);
	/* So it was where the reload cannot have brought this set. */
	course_low(&d);
	reload(&d);
	by_hand(&d, C, DAY);
	deleg_step(&d);
	assert_int_equal(d.row.manual, d.now);
	/* And where a client takes back what a client has done. */
	by_hand(&d, A, DAY);
	deleg_later(&d, HOUR);
	deleg_step(&d);
	by_hand(&d, C, DAY);
	deleg_later(&d, HOUR);
	deleg_step(&d);
	assert_int_not_equal(d.row.gate, DELEGATION_GATE_REVERTED);
	assert_false(d.row.reverted);
	/* Even if he had taken back to what the agent has put there, and does once more what he did before. */
	course_low(&d);
	d.facts.zone.load = DELEGATION_LOAD_REVERTS;
	static const delegation_keys_t sets[] = { B | C, B, B | C };
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		deleg_later(&d, HOUR);
		by_hand(&d, sets[i], DAY);
		deleg_step(&d);
		assert_int_not_equal(d.row.gate, DELEGATION_GATE_REVERTED);
		assert_false(d.row.reverted);
		assert_int_equal(d.row.manual, d.now);
	}
}

static void a_new_delegation_is_adopted_as_it_is(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	delegation_init(&d.row, d.now, 5);
	assert_int_equal(d.row.state, DELEGATION_REST);
	assert_int_equal(d.row.next_check, d.now);
	assert_int_equal(d.row.applied_inception, 5);
	d.facts.scan.differs = false;
	deleg_step(&d);
	assert_true(d.row.known);
	assert_int_equal(d.row.state, DELEGATION_REST);
	assert_int_equal(d.row.ds, ds_set_id(&d.facts.zone.ds));
	assert_int_equal(d.row.manual, 0);
	/* The TTL is left alone, whatever it is: it may be the operator's. */
	delegation_init(&d.row, d.now, 0);
	d.facts.zone.ds_ttl = 600;
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, 0);
}

/* A lost store delays: with ds-ttl-base the low TTL is found again. */
static void a_lost_store_does_not_leave_the_ttl_low(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	d.config.ds_ttl_base = DAY;
	delegation_init(&d.row, d.now, 0);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_int_equal(d.row.ttl_normal, DAY);
	deleg_step(&d);
	assert_int_equal(d.row.all_since, d.now);
	deleg_later(&d, 3 * DAY);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
	/* Another TTL is not the agent's. */
	d.facts.zone.ds_ttl = 601;
	delegation_init(&d.row, d.now, 0);
	deleg_step(&d);
	assert_int_equal(d.row.ttl_normal, 0);
}

static void a_delegation_that_rests_is_small(void **state)
{
	(void)state;
	deleg_t d;
	delegation_idle_t idle;
	delegation_row_t row;

	assert_true(sizeof(delegation_idle_t) <= 72);
	deleg_init(&d);
	d.facts.scan.differs = false;
	deleg_step(&d);
	d.row.former = 11;
	d.row.applied = 12;
	d.row.applied_inception = T0 - 5;
	d.row.notified = T0 - 4;
	d.row.notifies = true;
	d.row.manual = T0 - 3;
	d.row.manual_judged = true;
	d.row.all_since = T0 - 2;
	d.row.clock = (rollover_clock_t){ .wall = T0, .ahead = -7, .boot = 9 };
	d.row.gate_since = d.row.since;
	assert_true(delegation_pack(&d.row, &idle));
	delegation_unpack(&idle, &row);
	/* Padding is not compared: field by field, by what a second packing has. */
	delegation_idle_t again;
	assert_true(delegation_pack(&row, &again));
	assert_memory_equal(&idle, &again, sizeof(idle));
	assert_int_equal(row.state, DELEGATION_REST);
	assert_int_equal(row.ds, d.row.ds);
	assert_int_equal(row.former, 11);
	assert_int_equal(row.applied, 12);
	assert_int_equal(row.applied_inception, T0 - 5);
	assert_int_equal(row.notified, T0 - 4);
	assert_int_equal(row.next_check, d.row.next_check);
	assert_int_equal(row.since, d.row.since);
	assert_true(row.notifies && row.known);
	assert_int_equal(row.manual, T0 - 3);
	assert_true(row.manual_judged);
	assert_int_equal(row.all_since, T0 - 2);
	assert_int_equal(row.clock.wall, T0);
	assert_int_equal(row.clock.ahead, -7);
	assert_int_equal(row.clock.boot, 9);
}

static void what_is_under_way_is_kept_whole(void **state)
{
	(void)state;
	deleg_t d;
	delegation_idle_t idle;

	for (int i = 0; i < 18; i++) {
		deleg_init(&d);
		d.facts.scan.differs = false;
		deleg_step(&d);
		assert_true(delegation_pack(&d.row, &idle));
		delegation_row_t *row = &d.row;
		switch (i) {
		case 0:
			row->state = DELEGATION_LOW;
			break;
		case 1:
			row->gate = DELEGATION_GATE_SCAN_FAILED;
			break;
		case 2:
			row->ordering = true;
			break;
		case 3:
			row->content = 1;
			break;
		case 4:
			row->refused = 1;
			break;
		case 5:
			row->undos = 1;
			break;
		case 6:
			row->manual = 1;
			break;
		case 7:
			row->reverted = true;
			break;
		case 8:
			row->ttl_normal = 1;
			break;
		case 9:
			row->may_undo = true;
			break;
		case 10:
			row->applied_inception = -1;
			break;
		case 11:
			row->next_check = (time_t)UINT32_MAX + 1;
			break;
		case 12:
			row->notified = -1;
			break;
		case 13:
			row->since = -1;
			break;
		case 14:
			row->clock.wall = -1;
			break;
		case 15:
			row->manual = -1;
			row->manual_judged = true;
			break;
		case 16:
			row->all_since = -1;
			break;
		default:
			continue;
		}
		assert_false(delegation_pack(&d.row, &idle));
	}
}

static rollover_clock_t shows(time_t wall, int64_t ahead, int64_t boot)
{
	return (rollover_clock_t){ .wall = wall, .ahead = ahead, .boot = boot };
}

/* docs/internals.rst, "When the clock is set". */
static void no_wait_ends_early_because_a_clock_is_set(void **state)
{
	(void)state;
	deleg_t d;
	rollover_clock_t clock = shows(T0, 0, 1);

	course_low(&d);
	d.row.clock = shows(d.now, 0, 1);
	const delegation_row_t before = d.row;
	/* Set forward by a year: nothing of it has passed. */
	clock = shows(d.now + 365 * DAY, 365LL * DAY * 1000, 1);
	delegation_follow_clock(&d.row, &clock);
	assert_int_equal(d.row.all_since, before.all_since + 365 * DAY);
	assert_int_equal(d.row.next_check, before.next_check + 365 * DAY);
	assert_int_equal(d.row.since, before.since + 365 * DAY);
	assert_int_equal(d.row.applied_inception, before.applied_inception);
	d.facts.surveyed = d.now + 365 * DAY;
	d.now += 365 * DAY;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	/* Nor does the time of an undo last longer: forward the machine may have slept, back nothing has passed. */
	assert_int_equal(d.row.before_until, before.before_until);
	d.row = before;
	clock = shows(before.clock.wall - DAY, -1000 * DAY, 1);
	delegation_follow_clock(&d.row, &clock);
	assert_int_equal(d.row.before_until, before.before_until - DAY);
	/* Time that passes is time that passes. */
	d.row = before;
	clock = shows(d.row.clock.wall + 100, 0, 1);
	delegation_follow_clock(&d.row, &clock);
	assert_int_equal(d.row.all_since, before.all_since);
	/* What was the case while nobody watched is not known. */
	d.row = before;
	d.row.secure_since = d.row.secure_last = d.row.accepted_since = 5;
	d.row.back_since = d.row.back_last = 5;
	clock = shows(before.clock.wall + 3 * DAY, 0, 2);
	delegation_follow_clock(&d.row, &clock);
	assert_int_equal(d.row.all_since, before.all_since + 3 * DAY);
	assert_int_equal(d.row.before_until, 0);
	assert_int_equal(d.row.next_check, 0);
	assert_int_equal(d.row.secure_since, 0);
	assert_int_equal(d.row.secure_last, 0);
	assert_int_equal(d.row.back_since, 0);
	assert_int_equal(d.row.back_last, 0);
	assert_int_equal(d.row.accepted_since, 0);
	assert_int_equal(d.row.clock.boot, 2);
	/* The first clock of a row moves nothing. */
	d.row = before;
	d.row.clock = (rollover_clock_t){ 0 };
	delegation_follow_clock(&d.row, &clock);
	assert_int_equal(d.row.all_since, before.all_since);
	assert_int_equal(d.row.next_check, before.next_check);
	assert_int_equal(d.row.clock.wall, clock.wall);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manual_change_wins_in_every_state),
		cmocka_unit_test(signals_that_are_newer_than_the_manual_change_are_followed),
		cmocka_unit_test(overruled_signals_that_come_back_are_still_overruled),
		cmocka_unit_test(signals_from_before_a_manual_change_are_never_followed),
		cmocka_unit_test(one_server_without_an_answer_leaves_the_manual_change_open),
		cmocka_unit_test(a_manual_change_with_the_low_ttl_gets_the_normal_one),
		cmocka_unit_test(a_change_that_was_taken_back_unseen_leaves_no_low_ttl),
		cmocka_unit_test(a_ttl_that_another_client_has_set_is_his),
		cmocka_unit_test(a_set_that_another_client_has_put_first_keeps_its_ttl),
		cmocka_unit_test(removal_by_hand_suspends_until_there_is_a_ds),
		cmocka_unit_test(what_a_reload_reverts_is_done_again),
		cmocka_unit_test(a_new_delegation_is_adopted_as_it_is),
		cmocka_unit_test(a_lost_store_does_not_leave_the_ttl_low),
		cmocka_unit_test(a_delegation_that_rests_is_small),
		cmocka_unit_test(what_is_under_way_is_kept_whole),
		cmocka_unit_test(no_wait_ends_early_because_a_clock_is_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
