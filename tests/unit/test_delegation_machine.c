/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a difference to a restored TTL, and what keeps a delegation from going on. */

#include "deleg_course.h"

#define B_CONTENT course_content(B)

static void signals_are_followed_step_by_step(void **state)
{
	(void)state;
	deleg_t d;
	const ds_set_t a = deleg_set(A), b = deleg_set(B);

	deleg_init(&d);
	assert_int_equal(delegation_asks(&d.config, &d.row), DELEGATION_ASK_SCAN);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SEEN);
	assert_int_equal(d.row.next_check, d.now);
	assert_int_equal(d.out.asks, DELEGATION_ASK_SURVEY | DELEGATION_ASK_WATCH);
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
	assert_int_equal(d.row.content, B_CONTENT);
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
	assert_true(delegation_goes_on(&d.facts, d.now, &d.out));
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
	assert_int_equal(d.row.next_check, d.now + 1);
	/* The order is a compare and swap, good for a minute from the survey. */
	const delegation_order_t *order = &d.out.order;
	assert_int_equal(order->action, DELEGATION_DO_CHANGE);
	assert_int_equal(order->ns, 77);
	assert_true(ds_set_equal(&order->base, &a));
	assert_int_equal(order->base_ttl, DAY);
	assert_true(ds_set_equal(&order->put, &b));
	assert_int_equal(order->ttl, 600);
	assert_int_equal(order->until, d.facts.surveyed + DELEGATION_FRESH);
	/* The row has all that a crash leaves. */
	assert_true(d.row.ordering);
	assert_true(ds_set_equal(&d.row.put, &b));
	assert_true(d.row.may_undo);
	assert_true(ds_set_equal(&d.row.before, &a));
	assert_int_equal(d.row.ds, ds_set_id(&a));
	assert_int_equal(d.row.applied, 0);

	deleg_obey(&d);
	deleg_spread(&d, &a);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SPREAD);
	assert_int_equal(d.row.ds, ds_set_id(&b));
	assert_int_equal(d.row.former, ds_set_id(&a));
	assert_int_equal(d.row.applied, B_CONTENT);
	assert_int_equal(d.row.applied_inception, T0 - HOUR);
	assert_int_equal(d.row.ttl_normal, DAY);
	assert_int_equal(d.row.ttl_low, 600);
	assert_false(d.row.ordering);
	assert_int_equal(d.row.all_since, 0);
	deleg_later(&d, 1);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
	assert_string_equal(d.row.gate_about, "p1.");
	assert_int_equal(d.row.all_since, 0);
	deleg_spread(&d, &b);
	deleg_later(&d, 60);
	const time_t all = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_equal(d.row.all_since, all);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_VERIFYING);
	assert_int_equal(d.row.gate_until, d.now + HOUR);
	deleg_later(&d, HOUR - 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_equal(d.row.next_check, d.now + 1);
	deleg_later(&d, 1);
	d.facts.scan.differs = false;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_false(d.row.may_undo);

	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_TTL_LOW);
	assert_int_equal(d.row.gate_until, all + 3 * DAY);
	deleg_later(&d, all + 3 * DAY - d.now - 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_int_equal(d.row.next_check, d.now + 1);
	deleg_later(&d, 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
	assert_int_equal(order->action, DELEGATION_DO_RESTORE);
	assert_true(ds_set_equal(&order->base, &b) && ds_set_equal(&order->put, &b));
	assert_int_equal(order->base_ttl, 600);
	assert_int_equal(order->ttl, DAY);
	deleg_obey(&d);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
	assert_int_equal(d.row.ttl_normal, 0);
	assert_int_equal(d.row.next_check, d.now);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_NONE);
	assert_int_equal(d.row.next_check, d.now + DAY);
	/* When the TTL came back is remembered for some hours, also by one that rests. */
	delegation_idle_t idle;
	assert_true(delegation_pack(&d.row, &idle));
	assert_int_equal(idle.all_since, d.now);
	deleg_later(&d, DAY);
	deleg_step(&d);
	assert_true(delegation_pack(&d.row, &idle));
	assert_int_equal(idle.all_since, 0);
}

/* RFC 10026 4.2.2: the TTL of the set before, however long; by observation, not by the start of the change. */
static void the_ttl_waits_for_the_set_before(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	d.row.ttl_normal = 10 * DAY;
	const time_t due = d.row.all_since + 1 + 10 * DAY;
	deleg_later(&d, due - d.now - 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	deleg_later(&d, 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
}

/* By the clock of the survey a server has just fallen silent; then it was set. The simulator found that. */
static void silence_does_not_grow_when_the_clock_is_set_during_a_survey(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	deleg_later(&d, 3 * DAY);
	d.parent[1].status = ANSWER_UNREACHABLE;
	d.parent[1].unreachable_since = d.facts.surveyed = d.now - 40 * DAY;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_UNREACHABLE);
	d.parent[1].unreachable_since -= 3 * DAY;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
}

/* A server of the parent that loses the set has it from the beginning again; one that is silent has it still. */
static void the_ttl_waits_for_every_server_of_the_parent(void **state)
{
	(void)state;
	deleg_t d;
	const ds_set_t a = deleg_set(A);

	course_low(&d);
	const time_t all = d.row.all_since;
	d.parent[1].status = ANSWER_UNREACHABLE;
	d.parent[1].unreachable_since = d.now;
	deleg_later(&d, DAY);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_UNREACHABLE);
	assert_int_equal(d.row.all_since, all);
	/* Whether this host is cut off resolvers tell, also where no other server of the parent can. */
	assert_true(d.out.asks & DELEGATION_ASK_WATCH);
	/* It is not restored without it, until it is left out. */
	deleg_later(&d, 2 * DAY - 10);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	deleg_later(&d, HOUR);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
	assert_false(d.out.asks & DELEGATION_ASK_WATCH);

	course_low(&d);
	deleg_later(&d, DAY);
	d.parent[1].ds = a;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
	assert_int_equal(d.row.all_since, 0);
	d.parent[1].ds = d.facts.zone.ds;
	deleg_later(&d, DAY);
	deleg_step(&d);
	assert_int_equal(d.row.all_since, d.now);
	deleg_later(&d, 3 * DAY - 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);

	course_low(&d);
	d.parent[0].status = ANSWER_BOGUS;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_ERROR);
	assert_int_equal(d.row.all_since, 0);
	d.facts.parent_count = 0;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_UNREACHABLE);
	assert_string_equal(d.row.gate_detail, "no server of the parent answers");
}

/* A second change during the low TTL: the normal one is still that of before the first. */
static void a_second_change_remembers_the_normal_ttl(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	deleg_dnskey(&d, A | B | C);
	deleg_signal(&d, C);
	deleg_signed(&d, d.now - 30);
	d.facts.scan.differs = true;
	course_until(&d, DELEGATION_CHANGE);
	assert_int_equal(d.out.order.base_ttl, 600);
	assert_int_equal(d.out.order.ttl, 600);
	deleg_obey(&d);
	course_until(&d, DELEGATION_VERIFY);
	assert_int_equal(d.row.ttl_normal, DAY);
	assert_int_equal(d.row.all_since, d.now);
	assert_int_equal(d.row.applied_inception, d.now - 30);
}

/* The TTL is not restored just before a change lowers it again, but while a change waits. */
static void a_change_that_waits_does_not_keep_the_ttl_low(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	deleg_later(&d, 3 * DAY);
	deleg_signal(&d, A | B);
	deleg_signed(&d, d.now - 30);
	d.row.state = DELEGATION_SEEN;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
	d.row.state = DELEGATION_WAIT;
	d.row.ordering = false;
	d.config.hold_down = DAY;
	d.row.accepted_since = d.now;
	d.facts.notified = d.now; /* The child is surveyed already. */
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
	/* The hold-down goes on afterwards. */
	d.facts.notified = 0;
	deleg_obey(&d);
	d.facts.scan.differs = true;
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_HOLD_DOWN);
	assert_int_equal(d.row.gate_until, d.now + DAY);
}

/* What another client has set since the TTL was lowered is the normal one. */
static void a_ttl_that_was_set_meanwhile_is_the_normal_one(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	assert_int_equal(d.row.ttl_normal, DAY);
	d.facts.zone.ds_ttl = 7200;
	d.row.state = DELEGATION_SEEN;
	deleg_dnskey(&d, A | B | C);
	deleg_signal(&d, C);
	deleg_signed(&d, d.now - 30);
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_HOLD_DOWN);
	deleg_later(&d, DELEGATION_RETRY_MAX);
	course_until(&d, DELEGATION_CHANGE);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
	assert_int_equal(d.row.ttl_normal, 7200);
}

/* The TTL is not restored just before a change lowers it again. */
static void the_ttl_is_not_restored_just_before_a_change(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	deleg_later(&d, 3 * DAY);
	deleg_t at = d;
	at.facts.scan.differs = true;
	deleg_step(&at);
	assert_int_equal(at.row.state, DELEGATION_SEEN);

	at = d;
	at.facts.notified = at.now;
	deleg_step(&at);
	assert_int_equal(at.row.state, DELEGATION_SEEN);
	/* Who notifies all the time does not keep it low, nor CDS that lead to no change. */
	deleg_later(&d, DELEGATION_RETRY_MAX);
	at = d;
	at.facts.scan.differs = true;
	deleg_step(&at);
	assert_int_equal(at.row.state, DELEGATION_RESTORE);
	d.facts.notified = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);

	course_low(&d);
	deleg_later(&d, 3 * DAY);
	deleg_signal(&d, A | B);
	deleg_signed(&d, d.now - 30);
	d.row.state = DELEGATION_SURVEY;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
}

/*
 * A child that asks for a change goes by the TTL that it has seen: for some hours after the return of the normal one
 * nothing is changed.
 */
static void a_change_waits_until_the_ttl_was_seen(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	deleg_later(&d, 3 * DAY);
	course_until(&d, DELEGATION_RESTORE);
	deleg_later(&d, 1);
	deleg_obey(&d);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
	const time_t back = d.now;
	deleg_later(&d, HOUR);
	deleg_signal(&d, A | B);
	deleg_signed(&d, d.now - 30);
	d.facts.scan.differs = true;
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
	assert_int_equal(d.row.gate, DELEGATION_GATE_HOLD_DOWN);
	assert_int_equal(d.row.gate_until, back + DELEGATION_RETRY_MAX);
	deleg_later(&d, d.row.gate_until - d.now);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
}

/*
 * The same where nobody waits for the return any more: a DNS UPDATE is carried out late, at a primary that was frozen.
 * The simulator found that a change came half a minute later.
 */
static void a_change_waits_for_a_ttl_that_comes_back_late(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	d.config.apply = DELEGATION_BY_UPDATE;
	deleg_later(&d, 3 * DAY);
	course_until(&d, DELEGATION_RESTORE);
	deleg_later(&d, DAY);
	deleg_signal(&d, A | B);
	deleg_signed(&d, d.now - 30);
	d.facts.outcome = DELEGATION_OUTCOME_DONE;
	d.facts.notified = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SEEN);
	d.facts.zone.ds_ttl = DAY;
	const time_t back = d.now;
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
	assert_int_equal(d.row.gate, DELEGATION_GATE_HOLD_DOWN);
	assert_int_equal(d.row.gate_until, back + DELEGATION_RETRY_MAX);
	deleg_later(&d, d.row.gate_until - d.now);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
	assert_int_equal(d.row.before_ttl, DAY);
}

/* Where the TTL is lower already nothing is lowered, and nothing restored. */
static void a_ttl_that_is_low_already_stays(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	d.facts.zone.ds_ttl = 300;
	course_until(&d, DELEGATION_CHANGE);
	assert_int_equal(d.out.order.ttl, 300);
	deleg_obey(&d);
	course_until(&d, DELEGATION_VERIFY);
	assert_int_equal(d.row.ttl_normal, 0);
	d.facts.scan.differs = false;
	for (int i = 0; i < 65; i++) {
		deleg_later(&d, 60);
		deleg_step(&d);
	}
	assert_int_equal(d.row.state, DELEGATION_REST);
}

static void the_first_ds_gets_the_ttl_of_ns(void **state)
{
	(void)state;
	deleg_t d;

	deleg_first(&d);
	course_until(&d, DELEGATION_CHANGE);
	assert_int_equal(d.out.order.base.count, 0);
	assert_int_equal(d.out.order.ttl, 600);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
	assert_int_equal(d.row.ttl_normal, DAY);
	deleg_first(&d);
	d.config.ds_ttl_base = 7200;
	course_until(&d, DELEGATION_CHANGE);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
	assert_int_equal(d.row.ttl_normal, 7200);
}

static void a_child_without_ds_is_not_asked_without_bootstrap(void **state)
{
	(void)state;
	deleg_t d;

	deleg_first(&d);
	d.config.bootstrap = false;
	assert_int_equal(delegation_asks(&d.config, &d.row), 0);
	d.facts.notified = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
	assert_int_equal(d.row.next_check, d.now + DAY);
}

static void ds_is_removed_and_that_suspends_nothing(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	d.config.remove = true;
	deleg_signal_delete(&d);
	course_until(&d, DELEGATION_CHANGE);
	assert_int_equal(d.out.order.put.count, 0);
	assert_false(d.row.may_undo);
	deleg_obey(&d);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SPREAD);
	assert_int_equal(d.row.ds, 0);
	assert_int_equal(d.row.ttl_normal, 0);
	/* The child may be unsigned by now: nobody asks resolvers for it. */
	assert_int_equal(d.out.asks, DELEGATION_ASK_PARENTS);
	deleg_views(&d, DELEGATION_VIEW_BOGUS);
	d.parent[0].ds = deleg_set(A);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
	deleg_spread(&d, &d.facts.zone.ds);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
}

/* Facts that are older than a minute change nothing, wherever they are used. */
static void old_facts_are_surveyed_again(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	course_until(&d, DELEGATION_WAIT);
	d.now += DELEGATION_FRESH;
	assert_false(delegation_goes_on(&d.facts, d.now, &d.out));
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SURVEY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_SURVEY_DUE);
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
	assert_int_equal(d.row.next_check, d.now + 1);
	/* Nothing was wrong. */
	assert_int_equal(d.row.content, B_CONTENT);
	deleg_later(&d, 1);
	course_until(&d, DELEGATION_CHANGE);
}

static void signals_must_stay_for_the_hold_down(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	d.config.hold_down = 3 * DAY;
	course_until(&d, DELEGATION_WAIT);
	const time_t since = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_HOLD_DOWN);
	assert_int_equal(d.row.gate_until, since + 3 * DAY);
	assert_int_equal(d.row.next_check, since + DAY);
	/* A notification does not shorten it (RFC 9859 4.3). */
	deleg_later(&d, DAY);
	d.facts.notified = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
	/* A server that is silent for a while does not begin it again, */
	d.child[0].status = ANSWER_UNREACHABLE;
	d.child[0].unreachable_since = d.now;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SURVEY);
	d.child[0].status = ANSWER_OK;
	deleg_later(&d, DAY);
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.gate_until, since + 3 * DAY);
	deleg_later(&d, DAY - 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
	/* one that says something else does. */
	deleg_signal_at(&d, 1, 0);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SURVEY);
	deleg_signal_at(&d, 1, B);
	deleg_later(&d, 1);
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_HOLD_DOWN);
	assert_int_equal(d.row.gate_until, d.now + 3 * DAY);
	/* So do other signals. */
	deleg_later(&d, 2 * DAY);
	deleg_signal(&d, A | B);
	deleg_step(&d);
	assert_int_equal(d.row.gate_until, d.now + 3 * DAY);
	deleg_later(&d, 3 * DAY);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
	assert_int_equal(d.out.order.put.count, 2);
}

/*! What keeps the zone from being changed. */
typedef struct {
	const char *name;
	void (*change)(deleg_t *d);
	delegation_gate_t gate;
} obstacle_t;

static void report_only(deleg_t *d)
{
	d->config.report_only = true;
}

static void frozen(deleg_t *d)
{
	d->facts.zone.frozen = true;
}

static void transaction(deleg_t *d)
{
	d->facts.zone.transaction = true;
}

static void signing(deleg_t *d)
{
	d->facts.zone.signing = true;
}

static void load_unknown(deleg_t *d)
{
	d->facts.zone.load = DELEGATION_LOAD_UNKNOWN;
}

static void load_reverts(deleg_t *d)
{
	d->facts.zone.load = DELEGATION_LOAD_REVERTS;
	snprintf(d->facts.zone.load_reason, sizeof(d->facts.zone.load_reason), "set journal-content: all");
}

static void secondary(deleg_t *d)
{
	d->facts.zone.load = DELEGATION_LOAD_SECONDARY;
}

static void secondary_include(deleg_t *d)
{
	secondary(d);
	d->config.apply = DELEGATION_BY_INCLUDE;
}

static void load_reverts_include(deleg_t *d)
{
	load_reverts(d);
	d->config.apply = DELEGATION_BY_INCLUDE;
}

static void secondary_update(deleg_t *d)
{
	secondary(d);
	d->config.apply = DELEGATION_BY_UPDATE;
}

static const obstacle_t obstacles[] = {
	{ "report", report_only, DELEGATION_GATE_REPORT_ONLY },
	{ "frozen", frozen, DELEGATION_GATE_FROZEN },
	{ "transaction", transaction, DELEGATION_GATE_TRANSACTION },
	{ "signing", signing, DELEGATION_GATE_SIGNING },
	{ "load unknown", load_unknown, DELEGATION_GATE_LOAD_UNKNOWN },
	{ "load reverts", load_reverts, DELEGATION_GATE_LOAD_REVERTS },
	{ "load reverts, include", load_reverts_include, DELEGATION_GATE_NONE },
	{ "secondary", secondary, DELEGATION_GATE_SECONDARY },
	{ "secondary, include", secondary_include, DELEGATION_GATE_SECONDARY },
	{ "secondary, update", secondary_update, DELEGATION_GATE_NONE },
};

static void nothing_is_ordered_while_the_zone_cannot_be_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
		deleg_t d;
		deleg_init(&d);
		course_until(&d, DELEGATION_WAIT);
		obstacles[i].change(&d);
		deleg_step(&d);
		print_message("%s\n", obstacles[i].name);
		if (obstacles[i].gate == DELEGATION_GATE_NONE) {
			assert_int_equal(d.row.state, DELEGATION_CHANGE);
			continue;
		}
		assert_int_equal(d.row.state, DELEGATION_WAIT);
		assert_int_equal(d.row.gate, obstacles[i].gate);
		assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
		assert_false(d.row.ordering);
	}
	deleg_t d;
	char change[160];
	deleg_init(&d);
	report_only(&d);
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	/* What would be done can be read. */
	snprintf(change, sizeof(change), "DS %u (13, 2) -> %u (13, 2)", d.facts.zone.ds.record[0].tag,
	         d.child[0].cds_set.record[0].tag);
	assert_string_equal(d.row.gate_detail, change);
	deleg_init(&d);
	load_reverts(&d);
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_string_equal(d.row.gate_detail, "set journal-content: all");
}

static void nor_is_the_ttl_restored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
		deleg_t d;
		course_low(&d);
		deleg_later(&d, 3 * DAY);
		obstacles[i].change(&d);
		deleg_step(&d);
		print_message("%s\n", obstacles[i].name);
		/* A reload that reverts DS reverts the TTL as well: nothing is lost. */
		const bool done = obstacles[i].gate == DELEGATION_GATE_NONE ||
		                  obstacles[i].gate == DELEGATION_GATE_LOAD_REVERTS ||
		                  obstacles[i].gate == DELEGATION_GATE_LOAD_UNKNOWN;
		assert_int_equal(d.row.state, done ? DELEGATION_RESTORE : DELEGATION_LOW);
		assert_int_equal(d.out.order.action, done ? DELEGATION_DO_RESTORE : DELEGATION_DO_NOTHING);
		if (!done) {
			assert_int_equal(d.row.gate, obstacles[i].gate);
		}
	}
}

/*! Orders that come to nothing. */
static void an_order_that_fails_is_surveyed_again(void **state)
{
	(void)state;
	deleg_t d;

	course_ordered(&d);
	d.facts.outcome = DELEGATION_OUTCOME_RUNNING;
	deleg_later(&d, 1000);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMITTING);
	/* It is done, and the zone was read before. */
	course_ordered(&d);
	d.facts.outcome = DELEGATION_OUTCOME_DONE;
	deleg_later(&d, 30);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMITTING);
	deleg_later(&d, 60);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
	/* It has failed. */
	course_ordered(&d);
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	d.facts.zone.transaction = true;
	snprintf(d.facts.outcome_detail, sizeof(d.facts.outcome_detail), "no such record");
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SURVEY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
	assert_string_equal(d.row.gate_detail, "no such record");
	assert_int_equal(d.row.next_check, d.now + 300);
	assert_false(d.row.ordering);
	/* A transaction that a process has left behind may still be committed. */
	course_ordered(&d);
	d.facts.zone.transaction = true;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_TRANSACTION);
	assert_true(d.row.ordering);
	d.facts.zone.transaction = false;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SURVEY);
	/* The next one needs a survey, and the same signatures are good for it. */
	deleg_later(&d, 300);
	course_until(&d, DELEGATION_CHANGE);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
}

/* One that is refused each time is tried ever more rarely, however long each one takes. */
static void an_order_that_fails_again_and_again_is_rarely_tried(void **state)
{
	(void)state;
	static const uint32_t waits[] = { 300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600 };
	deleg_t d;

	course_ordered(&d);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(d.row.next_check, d.now + 1);
		d.facts.outcome = DELEGATION_OUTCOME_RUNNING;
		for (int j = 0; j < 7; j++) {
			deleg_later(&d, d.row.next_check - d.now);
			deleg_step(&d);
			assert_int_equal(d.row.next_check - d.now, j < 6 ? 1 << j : 60);
		}
		d.facts.outcome = DELEGATION_OUTCOME_FAILED;
		deleg_step(&d);
		assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
		assert_int_equal(d.row.next_check - d.now, waits[i]);
		deleg_later(&d, waits[i]);
		course_until(&d, DELEGATION_CHANGE);
	}
	/* Where the zone could not be changed in between it is another matter. */
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	course_until(&d, DELEGATION_WAIT);
	d.facts.zone.frozen = true;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_FROZEN);
	d.facts.zone.frozen = false;
	course_until(&d, DELEGATION_CHANGE);
	deleg_step(&d);
	assert_int_equal(d.row.next_check - d.now, 300);
}

/* A crash between commit and row: the zone itself shows what has happened. */
static void the_zone_shows_what_has_happened(void **state)
{
	(void)state;
	deleg_t d;

	course_ordered(&d);
	deleg_obey(&d);
	d.facts.outcome = DELEGATION_OUTCOME_NONE;
	deleg_later(&d, 5 * DAY);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SPREAD);
	/* A DNS UPDATE is carried out when nobody waits for it any more (parent.md, 3). */
	deleg_init(&d);
	d.config.apply = DELEGATION_BY_UPDATE;
	course_until(&d, DELEGATION_CHANGE);
	const ds_set_t put = d.out.order.put;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SURVEY);
	assert_true(d.row.ordering);
	d.facts.zone.ds = put;
	d.facts.zone.ds_ttl = 600;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_SPREAD);
	assert_int_equal(d.row.manual, 0);
	assert_int_equal(d.row.ttl_normal, DAY);
}

static void by_update(deleg_t *d)
{
	deleg_init(d);
	d->config.apply = DELEGATION_BY_UPDATE;
	course_until(d, DELEGATION_CHANGE);
}

/*! The set has come, and is the agent's: the former TTL comes back one day, and older signatures count no more. */
static void assert_own(deleg_t *d)
{
	deleg_step(d);
	assert_int_equal(d->row.state, DELEGATION_SPREAD);
	assert_int_equal(d->row.manual, 0);
	assert_int_equal(d->row.applied, B_CONTENT);
	assert_int_equal(d->row.applied_inception, T0 - HOUR);
	assert_int_equal(d->row.ttl_normal, DAY);
	assert_true(d->row.may_undo);
}

/* What the primary has made is waited for until it is transferred, whatever the child asks for by then. */
static void what_the_primary_has_made_is_waited_for(void **state)
{
	(void)state;
	deleg_t d;

	by_update(&d);
	const delegation_order_t order = d.out.order;
	d.facts.outcome = DELEGATION_OUTCOME_DONE;
	deleg_signal(&d, A);
	d.facts.scan.differs = false;
	deleg_later(&d, 59);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMITTING);
	for (int i = 0; i < 20; i++) {
		deleg_later(&d, i == 0 ? 1 : HOUR);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_CHANGE);
		assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
		assert_non_null(strstr(d.row.gate_detail, "the primary has the change"));
		assert_int_equal(d.out.gate_changed, i == 0);
	}
	assert_int_equal(d.row.next_check, d.now + 60);
	d.facts.zone.ds = order.put;
	d.facts.zone.ds_ttl = order.ttl;
	assert_own(&d);
	/*
	 * A TTL alone may not have been changed, whatever the primary says: it is ordered again. But if it was, caches
	 * get it from now on, and no change follows before the child has seen that. The simulator found that.
	 */
	course_low(&d);
	d.config.apply = DELEGATION_BY_UPDATE;
	deleg_later(&d, 3 * DAY);
	course_until(&d, DELEGATION_RESTORE);
	const time_t ordered = d.now;
	d.facts.outcome = DELEGATION_OUTCOME_DONE;
	d.facts.notified = d.now;
	for (const time_t later[] = { 61, DELEGATION_RETRY_MAX - 1, 0 }, *at = later; *at != 0; at++) {
		deleg_later(&d, ordered + *at - d.now);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_RESTORE);
		assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
	}
	deleg_later(&d, 1);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
	assert_int_not_equal(d.row.state, DELEGATION_RESTORE);
}

/*! A DNS UPDATE that has failed, and a child that has taken its signals back. */
static delegation_order_t failed_update(deleg_t *d)
{
	delegation_idle_t idle;

	by_update(d);
	const delegation_order_t order = d->out.order;
	d->facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(d);
	assert_int_equal(d->row.gate, DELEGATION_GATE_COMMIT_FAILED);
	assert_false(d->row.ordering);
	deleg_signal(d, A);
	d->facts.scan.differs = false;
	deleg_later(d, 300);
	course_until(d, DELEGATION_REST);
	assert_false(delegation_pack(&d->row, &idle));
	d->facts.zone.ds = order.put;
	d->facts.zone.ds_ttl = order.ttl;
	return order;
}

static void assert_by_hand(deleg_t *d)
{
	deleg_step(d);
	assert_int_equal(d->row.manual, d->now);
	assert_int_equal(d->row.applied_inception, 0);
}

/* A message that is carried out after the primary has said that it was not. */
static void a_failed_update_that_comes_late_is_the_agents(void **state)
{
	(void)state;
	deleg_t d;

	(void)failed_update(&d);
	assert_own(&d);
	/* By hand: another TTL, another set, another way, another time. */
	(void)failed_update(&d);
	d.facts.zone.ds_ttl = DAY;
	assert_by_hand(&d);
	(void)failed_update(&d);
	d.facts.zone.ds = deleg_set(C);
	assert_by_hand(&d);
	/* It came between, and was changed: its low TTL is left. */
	assert_int_equal(d.row.ttl_normal, DAY);
	(void)failed_update(&d);
	d.config.apply = DELEGATION_BY_TRANSACTION;
	assert_by_hand(&d);
	const delegation_order_t order = failed_update(&d);
	deleg_ds(&d, C);
	assert_by_hand(&d);
	d.facts.zone.ds = order.put;
	d.row.state = DELEGATION_REST;
	d.now++;
	assert_by_hand(&d);
}

static void a_restore_that_fails_is_tried_again(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	deleg_later(&d, 3 * DAY);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
	d.facts.outcome = DELEGATION_OUTCOME_RUNNING;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMITTING);
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
	assert_int_equal(d.row.next_check, d.now + 300);
	assert_int_equal(d.row.ttl_normal, DAY);
	d.facts.outcome = DELEGATION_OUTCOME_NONE;
	deleg_later(&d, 300);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
}

/* Where the survey goes on, and where the delegation is left alone. */
static void refusals_lead_where_their_gate_says(void **state)
{
	(void)state;
	deleg_t d;

	/* What may pass by itself: after 5, 10, 20, 40 minutes (RFC 9975 3), at most six hours. */
	deleg_init(&d);
	deleg_signal_at(&d, 1, 0);
	course_until(&d, DELEGATION_SURVEY);
	static const uint32_t waits[] = { 300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600 };
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(d.row.gate, DELEGATION_GATE_SIGNAL_MISSING);
		assert_string_equal(d.row.gate_about, "ns2.");
		assert_int_equal(d.row.next_check - d.now, waits[i]);
		deleg_later(&d, waits[i]);
		if (i == 4) {
			/* Another gate of the kind is no reason to ask more often. */
			d.child[2].cds.signed_by = B;
		}
		deleg_step(&d);
	}
	/* What the child must change: a day. */
	deleg_init(&d);
	deleg_signal_delete(&d);
	course_until(&d, DELEGATION_REFUSED);
	assert_int_equal(d.row.gate, DELEGATION_GATE_REMOVE_OFF);
	assert_int_equal(d.row.next_check, d.now + DAY);
	assert_int_equal(d.out.asks, DELEGATION_ASK_SURVEY);
	deleg_signal(&d, B);
	deleg_later(&d, DAY);
	course_until(&d, DELEGATION_CHANGE);
	/* What was overruled. */
	deleg_init(&d);
	d.row.refused = B_CONTENT;
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.gate, DELEGATION_GATE_MANUAL);
	/* What is not so, after all. */
	deleg_init(&d);
	course_until(&d, DELEGATION_WAIT);
	deleg_signal(&d, A);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_REST);
	assert_int_equal(d.row.content, 0);
	assert_int_equal(d.row.next_check, d.now + DAY);
}

static void a_notification_during_a_change_is_followed_after_it(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	d.facts.notified = d.now;
	for (int i = 0; i < 70 && d.row.state == DELEGATION_VERIFY; i++) {
		deleg_later(&d, 60);
		deleg_step(&d);
	}
	/* Not `low`, where the next scan is days away. */
	assert_int_equal(d.row.state, DELEGATION_SEEN);
	assert_true(d.row.by_notify);
	assert_int_equal(d.row.next_check, d.now);
	/* The TTL is still to be restored. */
	assert_int_not_equal(d.row.ttl_normal, 0);
	course_until(&d, DELEGATION_LOW);
}

static void a_notification_leads_to_a_survey_and_to_nothing_else(void **state)
{
	(void)state;
	static const delegation_state_t states[] = { DELEGATION_REST, DELEGATION_LOW, DELEGATION_HELD };

	for (int i = 0; i < 3; i++) {
		deleg_t d;
		course_low(&d);
		d.row.state = states[i];
		d.row.refused = states[i] == DELEGATION_HELD ? 99 : 0;
		d.facts.scan.content = 99;
		deleg_step(&d);
		assert_int_equal(d.row.state, states[i]);
		d.facts.notified = d.now;
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_SEEN);
		assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
		assert_true(d.row.by_notify);
		/* Once. */
		d.row.state = states[i];
		deleg_step(&d);
		assert_int_equal(d.row.state, states[i]);
	}
	/* Only a child whose changes are found so is scanned once a week. */
	deleg_t d;
	deleg_init(&d);
	d.facts.scan.differs = false;
	d.facts.notified = d.now;
	deleg_signal(&d, 0);
	course_until(&d, DELEGATION_SEEN);
	course_until(&d, DELEGATION_REST);
	assert_int_equal(d.row.next_check, d.now + DAY);
	deleg_signal(&d, B);
	d.facts.notified = ++d.now;
	course_until(&d, DELEGATION_CHANGE);
	assert_true(d.row.notifies);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
	d.row.state = DELEGATION_REST;
	d.row.ttl_normal = 0;
	deleg_step(&d);
	assert_int_equal(d.row.next_check, d.now + 7 * DAY);
	/* And daily again, if a change came without one. */
	d.facts.scan.differs = true;
	deleg_signal(&d, A | B);
	deleg_signed(&d, d.now);
	course_until(&d, DELEGATION_CHANGE);
	assert_false(d.row.notifies);
}

static void a_scan_that_fails_is_repeated(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	d.facts.scan = (delegation_scan_t){ 0 };
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_SCAN_FAILED);
	assert_int_equal(d.row.next_check, d.now + 300);
	d.facts.scan.answered = true;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_NONE);
}

static void a_zone_that_cannot_be_read_changes_nothing(void **state)
{
	(void)state;
	for (int s = 0; s < DELEGATION_STATE__COUNT; s++) {
		for (int i = 0; i < 2; i++) {
			deleg_t d;
			deleg_init(&d);
			d.row.state = s;
			d.row.ordering = true;
			d.facts.zone.known = i == 0;
			d.facts.zone.delegated = i == 1;
			d.facts.zone.ds = (ds_set_t){ 0 };
			deleg_step(&d);
			assert_int_equal(d.row.state, s);
			assert_int_equal(d.row.gate,
			                 i == 1 ? DELEGATION_GATE_ZONE_UNREADABLE : DELEGATION_GATE_NOT_DELEGATED);
			assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
			assert_true(d.row.ordering);
			assert_false(d.out.transition);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_are_followed_step_by_step),
		cmocka_unit_test(the_ttl_waits_for_the_set_before),
		cmocka_unit_test(silence_does_not_grow_when_the_clock_is_set_during_a_survey),
		cmocka_unit_test(the_ttl_waits_for_every_server_of_the_parent),
		cmocka_unit_test(a_second_change_remembers_the_normal_ttl),
		cmocka_unit_test(a_change_that_waits_does_not_keep_the_ttl_low),
		cmocka_unit_test(a_ttl_that_was_set_meanwhile_is_the_normal_one),
		cmocka_unit_test(the_ttl_is_not_restored_just_before_a_change),
		cmocka_unit_test(a_change_waits_until_the_ttl_was_seen),
		cmocka_unit_test(a_change_waits_for_a_ttl_that_comes_back_late),
		cmocka_unit_test(a_ttl_that_is_low_already_stays),
		cmocka_unit_test(the_first_ds_gets_the_ttl_of_ns),
		cmocka_unit_test(a_child_without_ds_is_not_asked_without_bootstrap),
		cmocka_unit_test(ds_is_removed_and_that_suspends_nothing),
		cmocka_unit_test(old_facts_are_surveyed_again),
		cmocka_unit_test(signals_must_stay_for_the_hold_down),
		cmocka_unit_test(nothing_is_ordered_while_the_zone_cannot_be_changed),
		cmocka_unit_test(nor_is_the_ttl_restored),
		cmocka_unit_test(an_order_that_fails_is_surveyed_again),
		cmocka_unit_test(an_order_that_fails_again_and_again_is_rarely_tried),
		cmocka_unit_test(the_zone_shows_what_has_happened),
		cmocka_unit_test(what_the_primary_has_made_is_waited_for),
		cmocka_unit_test(a_failed_update_that_comes_late_is_the_agents),
		cmocka_unit_test(a_restore_that_fails_is_tried_again),
		cmocka_unit_test(refusals_lead_where_their_gate_says),
		cmocka_unit_test(a_notification_leads_to_a_survey_and_to_nothing_else),
		cmocka_unit_test(a_notification_during_a_change_is_followed_after_it),
		cmocka_unit_test(a_scan_that_fails_is_repeated),
		cmocka_unit_test(a_zone_that_cannot_be_read_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
