/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After a change: what resolvers see, when it is undone, and what is never done again. */

#include "deleg_course.h"

static void a_change_that_breaks_the_child_is_undone(void **state)
{
	(void)state;
	static const delegation_state_t states[] = { DELEGATION_SPREAD, DELEGATION_VERIFY };

	for (int i = 0; i < 2; i++) {
		deleg_t d;
		const ds_set_t a = deleg_set(A), b = deleg_set(B);
		course_spread(&d);
		d.parent[1].ds = a;
		if (states[i] == DELEGATION_VERIFY) {
			d.parent[1].ds = b;
			course_until(&d, DELEGATION_VERIFY);
		}
		course_fails(&d, 1);
		assert_int_equal(d.row.state, states[i]);
		assert_int_equal(d.row.gate, DELEGATION_GATE_FAILS);
		assert_string_equal(d.row.gate_about, "resolver 1");
		assert_string_equal(d.row.gate_detail, "no keys have a DS");
		assert_int_equal(d.row.next_check, d.now + 60);
		/* The undo needs the forecast. */
		assert_int_equal(d.out.asks, DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH | DELEGATION_ASK_SURVEY);
		course_fails(&d, 1);
		assert_int_equal(d.row.state, DELEGATION_UNDO);
		assert_int_equal(d.out.order.action, DELEGATION_DO_UNDO);
		assert_true(ds_set_equal(&d.out.order.base, &b));
		assert_true(ds_set_equal(&d.out.order.put, &a));
		assert_int_equal(d.out.order.ttl, 600);
		assert_int_equal(d.out.order.until, d.facts.surveyed + DELEGATION_FRESH);
		assert_int_equal(d.row.refused, 0);

		deleg_obey(&d);
		deleg_spread(&d, &b);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_UNDO);
		assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
		assert_int_equal(d.row.refused, course_content(B));
		assert_int_equal(d.row.ds, ds_set_id(&a));
		deleg_spread(&d, &a);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_HELD);
		assert_int_equal(d.row.gate, DELEGATION_GATE_UNDONE);
		/* The TTL stays low, and is restored like any other. */
		assert_int_equal(d.row.ttl_normal, DAY);
		assert_int_equal(d.row.all_since, d.now);
		d.facts.scan.content = course_content(B);
		deleg_later(&d, 3 * DAY - 1);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_HELD);
		assert_int_equal(d.row.next_check, d.now + 1);
		deleg_later(&d, 1);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_RESTORE);
		deleg_obey(&d);
		deleg_step(&d);
		assert_int_equal(d.row.state, DELEGATION_HELD);
		assert_int_equal(d.row.ttl_normal, 0);
	}
}

/*! The change of B is undone, and all servers of the parent have A again. */
static void undone(deleg_t *d)
{
	course_verify(d);
	course_fails(d, 2);
	deleg_obey(d);
	course_until(d, DELEGATION_HELD);
	deleg_views(d, DELEGATION_VIEW_SECURE);
	d->facts.scan = (delegation_scan_t){ .answered = true, .differs = true, .content = course_content(B) };
}

static void what_was_undone_is_not_followed_until_it_changes(void **state)
{
	(void)state;
	deleg_t d;

	undone(&d);
	/* Scans, notifications and signatures of today change nothing. */
	for (int i = 0; i < 10; i++) {
		deleg_later(&d, DAY);
		deleg_signed(&d, d.now - 60);
		d.facts.notified = i % 2 ? d.now : d.facts.notified;
		for (int j = 0; j < 4; j++) {
			deleg_step(&d);
			assert_int_not_equal(d.out.order.action, DELEGATION_DO_CHANGE);
			assert_int_not_equal(d.out.order.action, DELEGATION_DO_UNDO);
			if (d.out.order.action == DELEGATION_DO_RESTORE) {
				deleg_obey(&d);
			}
		}
		assert_int_equal(d.row.refused, course_content(B));
	}
	/* A scan that nobody has verified makes no difference either. */
	deleg_signal(&d, 0);
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d.child[i].cds.proven = false;
	}
	d.facts.scan = (delegation_scan_t){ .answered = true };
	deleg_later(&d, DAY);
	course_until(&d, DELEGATION_SEEN);
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.refused, course_content(B));
	/* That they were withdrawn is proven. */
	deleg_signal(&d, 0);
	course_until(&d, DELEGATION_SEEN);
	course_until(&d, DELEGATION_REST);
	assert_int_equal(d.row.refused, 0);
	/* Nor are they followed again with the signatures of then. */
	deleg_signal(&d, B);
	deleg_signed(&d, d.row.applied_inception);
	d.facts.scan.differs = true;
	course_until(&d, DELEGATION_SURVEY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_REPLAYED);
	deleg_signed(&d, d.now - 60);
	deleg_later(&d, HOUR);
	course_until(&d, DELEGATION_CHANGE);
}

static void other_signals_are_followed_after_an_undo(void **state)
{
	(void)state;
	deleg_t d;

	undone(&d);
	const time_t undone_at = d.row.undone_at;
	deleg_dnskey(&d, A | C);
	deleg_signal(&d, C);
	deleg_signed(&d, d.now);
	d.facts.scan.content = course_content(C);
	course_until(&d, DELEGATION_WAIT);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_AFTER_UNDO);
	assert_int_equal(d.row.gate_until, undone_at + 300);
	assert_int_equal(d.row.refused, 0);
	deleg_later(&d, undone_at + 299 - d.now);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_WAIT);
	deleg_later(&d, 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
	/* Each undo makes the next change wait for longer, at most six hours. */
	static const uint32_t waits[] = { 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600 };
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		deleg_obey(&d);
		course_until(&d, DELEGATION_VERIFY);
		course_fails(&d, 2);
		assert_int_equal(d.row.state, DELEGATION_UNDO);
		deleg_obey(&d);
		course_until(&d, DELEGATION_HELD);
		deleg_views(&d, DELEGATION_VIEW_SECURE);
		const delegation_keys_t next = i % 2 ? C : B;
		deleg_dnskey(&d, A | next);
		deleg_signal(&d, next);
		deleg_signed(&d, d.now);
		d.facts.scan.content = course_content(next);
		course_until(&d, DELEGATION_WAIT);
		deleg_step(&d);
		assert_int_equal(d.row.gate, DELEGATION_GATE_AFTER_UNDO);
		assert_int_equal(d.row.gate_until, d.row.undone_at + waits[i]);
		deleg_later(&d, waits[i]);
		course_until(&d, DELEGATION_CHANGE);
	}
	/* A change that is verified ends that. */
	deleg_obey(&d);
	course_until(&d, DELEGATION_VERIFY);
	d.facts.scan.differs = false;
	for (int i = 0; i < 65; i++) {
		deleg_later(&d, 60);
		deleg_step(&d);
	}
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_int_equal(d.row.undos, 0);
}

/*! What keeps a change from being undone although the child fails. */
typedef struct {
	const char *name;
	void (*change)(deleg_t *d);
	delegation_gate_t gate;
	const char *about;
} bar_t;

static void undo_off(deleg_t *d)
{
	d->config.undo = false;
}

static void report_only(deleg_t *d)
{
	d->config.report_only = true;
}

static void failed_before(deleg_t *d)
{
	d->row.failed_before = true;
}

static void old_key_gone_at_one(deleg_t *d)
{
	d->child[1].dnskey = d->child[1].dnskey_signed_by = B;
}

static void old_key_signs_no_more(deleg_t *d)
{
	d->child[2].dnskey_signed_by = B;
}

static void one_server_silent(deleg_t *d)
{
	d->child[0].status = ANSWER_UNREACHABLE;
	d->child[0].unreachable_since = d->now;
}

static void all_bogus(deleg_t *d)
{
	for (int i = 0; i < DELEG_SERVERS; i++) {
		d->child[i].status = ANSWER_BOGUS;
	}
}

static void no_address(deleg_t *d)
{
	d->facts.discovery_failed = true;
}

static void not_surveyed(deleg_t *d)
{
	d->facts.asked &= ~DELEGATION_ASK_SURVEY;
}

static void other_ns(deleg_t *d)
{
	d->facts.zone.ns = 78;
}

static void frozen(deleg_t *d)
{
	d->facts.zone.frozen = true;
}

static void nothing_is_undone_that_may_not_help(void **state)
{
	(void)state;
	static const bar_t bars[] = {
		{ "undo off", undo_off, DELEGATION_GATE_FAILS, "resolver 1" },
		{ "report only", report_only, DELEGATION_GATE_FAILS, "resolver 1" },
		{ "it failed before", failed_before, DELEGATION_GATE_FAILS, "resolver 1" },
		{ "no old key at one server", old_key_gone_at_one, DELEGATION_GATE_CANNOT_UNDO, "ns2." },
		{ "the old key does not sign there", old_key_signs_no_more, DELEGATION_GATE_CANNOT_UNDO, "ns3." },
		{ "one server is silent", one_server_silent, DELEGATION_GATE_CANNOT_UNDO, "ns1." },
		{ "all bogus", all_bogus, DELEGATION_GATE_CANNOT_UNDO, "ns1." },
		{ "no address", no_address, DELEGATION_GATE_CANNOT_UNDO, "" },
		{ "not surveyed", not_surveyed, DELEGATION_GATE_SURVEY_DUE, "" },
		{ "NS changed", other_ns, DELEGATION_GATE_SURVEY_DUE, "" },
		{ "frozen", frozen, DELEGATION_GATE_FROZEN, "" },
	};

	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		deleg_t d;
		course_verify(&d);
		bars[i].change(&d);
		course_fails(&d, 5);
		print_message("%s\n", bars[i].name);
		assert_int_equal(d.row.state, DELEGATION_VERIFY);
		assert_int_equal(d.row.gate, bars[i].gate);
		assert_string_equal(d.row.gate_about, bars[i].about);
		assert_int_equal(d.row.gate_until, 0);
		assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
	}
	/* Old facts count as none. */
	deleg_t d;
	course_verify(&d);
	course_fails(&d, 1);
	d.now += DELEGATION_FRESH + 1;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_SURVEY_DUE);
	assert_int_equal(d.row.next_check, d.now + 1);
}

/* Without the new key anywhere the child may have removed the old one, once no cache has the DS of it. */
static void a_child_that_nobody_has_seen_with_both_keys_may_have_moved_on(void **state)
{
	(void)state;
	deleg_t d;

	for (int cached = 1; cached >= 0; cached--) {
		course_verify(&d);
		deleg_dnskey(&d, A);
		deleg_signal(&d, 0);
		d.config.bogus_limit = 1;
		d.config.verify = 10 * DAY;
		d.row.secure_since = d.row.secure_last = d.now;
		assert_int_equal(d.row.before_until, T0 + DAY);
		deleg_later(&d, d.row.before_until - d.now - 60 - cached);
		course_fails(&d, 1);
		assert_int_equal(d.row.state, cached ? DELEGATION_UNDO : DELEGATION_VERIFY);
		assert_int_equal(d.out.order.action, cached ? DELEGATION_DO_UNDO : DELEGATION_DO_NOTHING);
	}
	assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
	assert_non_null(strstr(d.row.gate_detail, "no nameserver has the new key"));
	/* One that has the signals is enough. */
	d.child[0].dnskey = d.child[0].dnskey_signed_by = A | B;
	d.child[0].cds.present = true;
	course_fails(&d, 1);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
}

/*! The change is on its way, and no nameserver has the new key. The clock is known. */
static void sent_without_the_key(deleg_t *d)
{
	course_spread(d);
	d->row.clock = (rollover_clock_t){ .wall = d->now, .boot = 7 };
	deleg_dnskey(d, A);
	deleg_signal(d, 0);
	d->config.bogus_limit = 1;
	d->config.verify = 10 * DAY;
}

static void nobody_looks(deleg_t *d)
{
	deleg_later(d, 2 * DAY);
}

static void the_machine_is_off(deleg_t *d)
{
	course_until(d, DELEGATION_VERIFY);
	deleg_later(d, 2 * DAY);
	(void)delegation_follow_clock(&d->row, &(rollover_clock_t){ .wall = d->now, .boot = 8 });
}

static void the_machine_is_suspended(deleg_t *d)
{
	course_until(d, DELEGATION_VERIFY);
	deleg_later(d, 2 * DAY);
	(void)delegation_follow_clock(&d->row, &(rollover_clock_t){ .wall = d->now, .ahead = 2000 * DAY, .boot = 7 });
}

static void a_server_errs_later(deleg_t *d)
{
	course_until(d, DELEGATION_VERIFY);
	d->row.secure_since = d->row.secure_last = d->now;
	deleg_later(d, 2 * DAY);
	d->parent[1].status = ANSWER_ERROR;
}

static void a_server_has_it_again_later(deleg_t *d)
{
	a_server_errs_later(d);
	d->parent[1].status = ANSWER_OK;
	d->parent[1].ds = deleg_set(A);
}

/* How long ago a check has seen the new DS everywhere says too little: caches may be without the former one. */
static void a_former_ds_is_in_caches_only_as_long_as_it_was_seen(void **state)
{
	(void)state;
	static void (*const passes[])(deleg_t *d) = { nobody_looks, the_machine_is_off, the_machine_is_suspended,
		                                      a_server_errs_later, a_server_has_it_again_later };

	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		deleg_t d;
		sent_without_the_key(&d);
		passes[i](&d);
		course_fails(&d, 3);
		assert_int_not_equal(d.row.state, DELEGATION_UNDO);
		assert_int_equal(d.row.gate, DELEGATION_GATE_CANNOT_UNDO);
		assert_non_null(strstr(d.row.gate_detail, "no nameserver has the new key"));
	}
}

/* As long as the zone has it, or a server of the parent, caches take it again. */
static void a_former_ds_that_stays_is_in_caches(void **state)
{
	(void)state;
	deleg_t d;

	course_ordered(&d);
	const delegation_order_t order = d.out.order;
	d.facts.outcome = DELEGATION_OUTCOME_RUNNING;
	deleg_later(&d, 2 * DAY);
	/* A primary may have made the change long ago, and all its secondaries but this one may have it. */
	d.config.apply = DELEGATION_BY_UPDATE;
	deleg_step(&d);
	assert_int_equal(d.row.before_until, T0 + DAY);
	d.config.apply = DELEGATION_BY_INCLUDE;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_CHANGE);
	assert_int_equal(d.row.before_until, d.now + DAY);
	d.out.order = order;
	deleg_obey(&d);
	d.parent[1].ds = deleg_set(A);
	for (int i = 0; i < 5; i++) {
		deleg_later(&d, DAY - 60);
		course_until(&d, DELEGATION_SPREAD);
		deleg_step(&d);
		assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
		assert_int_equal(d.row.before_until, d.facts.surveyed + DAY);
	}
	deleg_dnskey(&d, A);
	deleg_signal(&d, 0);
	course_fails(&d, 2);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
}

/* What would bar a change does not bar its undo. */
static void an_undo_needs_less_than_a_change(void **state)
{
	(void)state;
	deleg_t d;

	/* A server that has been silent for long is left out. */
	course_verify(&d);
	one_server_silent(&d);
	d.child[0].unreachable_since = d.now - 4 * DAY;
	course_fails(&d, 2);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
	/* A reload would bring the set before back in any case. */
	course_verify(&d);
	d.facts.zone.load = DELEGATION_LOAD_REVERTS;
	course_fails(&d, 2);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
	/* The TTL stays what it is, whatever the setting is by now. */
	course_verify(&d);
	d.config.ds_ttl = 900;
	course_fails(&d, 2);
	assert_int_equal(d.out.order.ttl, 600);
}

static void a_child_that_failed_before_is_not_undone(void **state)
{
	(void)state;
	deleg_t d;

	deleg_init(&d);
	deleg_views(&d, DELEGATION_VIEW_BOGUS);
	course_until(&d, DELEGATION_CHANGE);
	deleg_obey(&d);
	course_until(&d, DELEGATION_SPREAD);
	course_fails(&d, 5);
	assert_int_equal(d.row.gate, DELEGATION_GATE_FAILS);
	/* One that has recovered since is as good as any other for the next change. */
	course_ordered(&d);
	assert_false(d.row.failed_before);
}

/* The low TTL is restored even if the child never validates. */
static void a_child_that_never_validates_gets_its_ttl_back(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	undo_off(&d);
	course_fails(&d, 3);
	deleg_later(&d, d.row.all_since + 3 * DAY - d.now - 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	deleg_later(&d, 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	/* Not at the next scan, which may be a week away. */
	assert_int_equal(d.row.next_check, d.now);
	/* What is in the way has its own pace. */
	d.facts.zone.frozen = true;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_FROZEN);
	assert_int_equal(d.row.next_check, d.now + 300);
	/* A survey that ends in between does not make it wait for a scan, nor for nothing. */
	d.row.state = DELEGATION_SEEN;
	deleg_signal(&d, B);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_int_equal(d.row.next_check, d.now + 300);
	d.facts.zone.frozen = false;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_RESTORE);
	/* One that fails has its pace, too. */
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
	assert_int_equal(d.row.next_check, d.now + 300);
}

static void nobody_is_no_evidence(void **state)
{
	(void)state;
	static const delegation_view_status_t none[] = { DELEGATION_VIEW_NONE, DELEGATION_VIEW_INSECURE };

	for (int i = 0; i < 2; i++) {
		deleg_t d;
		course_spread(&d);
		deleg_views(&d, none[i]);
		/* Earlier evidence is none of the new set. */
		d.row.secure_since = d.row.secure_last = 0;
		course_until(&d, DELEGATION_VERIFY);
		for (int j = 0; j < 100; j++) {
			deleg_later(&d, 60);
			deleg_step(&d);
			assert_int_equal(d.row.state, DELEGATION_VERIFY);
			assert_int_equal(d.row.gate, DELEGATION_GATE_NO_EVIDENCE);
		}
		/* One failure in between is neither forgotten nor counted on. */
		d.view[1].status = DELEGATION_VIEW_BOGUS;
		deleg_step(&d);
		d.view[1].status = none[i];
		for (int j = 0; j < 5; j++) {
			deleg_later(&d, 60);
			deleg_step(&d);
			assert_int_equal(d.row.gate, DELEGATION_GATE_FAILS);
			assert_int_equal(d.row.bad_watches, 1);
		}
		d.view[0].status = DELEGATION_VIEW_SECURE;
		deleg_step(&d);
		assert_int_equal(d.row.bad_watches, 0);
		assert_int_equal(d.row.gate, DELEGATION_GATE_VERIFYING);
		assert_int_equal(d.row.gate_until, d.now + HOUR);
	}
}

/* One resolver that fails is enough, whatever the others see. */
static void one_view_that_fails_counts(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	d.view[1].status = DELEGATION_VIEW_BOGUS;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_FAILS);
	assert_string_equal(d.row.gate_about, "resolver 2");
}

/* Only time in which resolvers were watched counts. */
static void a_gap_begins_the_observation_again(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	d.config.verify = 3 * HOUR;
	deleg_step(&d);
	deleg_later(&d, HOUR);
	deleg_step(&d);
	deleg_later(&d, HOUR);
	deleg_step(&d);
	const time_t since = d.row.secure_since;
	deleg_later(&d, HOUR + 1);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_not_equal(d.row.secure_since, since);
	assert_int_equal(d.row.gate_until, d.now + 3 * HOUR);
	/* So does a failure, however short. */
	deleg_later(&d, 60);
	d.view[0].status = DELEGATION_VIEW_BOGUS;
	deleg_step(&d);
	d.view[0].status = DELEGATION_VIEW_SECURE;
	deleg_later(&d, 60);
	deleg_step(&d);
	assert_int_equal(d.row.gate_until, d.now + 3 * HOUR);
	/* And a server of the parent that loses the set. */
	d.parent[0].ds = deleg_set(A);
	deleg_later(&d, HOUR);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_PARENT_STALE);
	d.parent[0].ds = d.facts.zone.ds;
	deleg_later(&d, HOUR);
	deleg_step(&d);
	assert_int_equal(d.row.gate_until, d.now + 3 * HOUR);
}

/* A `check-interval` of hours makes watches rare: an observation that is longer still has an end. */
static void rare_watches_are_no_gap(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	d.config.check_interval = 2 * HOUR;
	d.config.verify = 6 * HOUR;
	deleg_step(&d);
	const time_t from = d.now;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(d.row.gate, DELEGATION_GATE_VERIFYING);
		assert_int_equal(d.row.gate_until, from + 6 * HOUR);
		deleg_later(&d, 2 * HOUR);
		deleg_step(&d);
	}
	assert_int_equal(d.row.state, DELEGATION_LOW);
	/* Two are missing. */
	course_verify(&d);
	d.config.check_interval = 2 * HOUR;
	d.config.verify = 6 * HOUR;
	deleg_step(&d);
	deleg_later(&d, 4 * HOUR + 1);
	deleg_step(&d);
	assert_int_equal(d.row.gate_until, d.now + 6 * HOUR);
}

static void an_undo_that_fails_is_decided_again(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	course_fails(&d, 2);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
	d.facts.outcome = DELEGATION_OUTCOME_RUNNING;
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMITTING);
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	assert_int_equal(d.row.gate, DELEGATION_GATE_COMMIT_FAILED);
	assert_int_equal(d.row.refused, 0);
	/* It still fails: once more. */
	d.facts.outcome = DELEGATION_OUTCOME_NONE;
	course_fails(&d, 1);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	/* It has recovered: there is nothing to undo, and nothing is refused. */
	d.facts.outcome = DELEGATION_OUTCOME_NONE;
	deleg_views(&d, DELEGATION_VIEW_SECURE);
	deleg_later(&d, 60);
	deleg_step(&d);
	assert_int_equal(d.row.gate, DELEGATION_GATE_VERIFYING);
	assert_int_equal(d.row.bad_watches, 0);
}

/* By DNS UPDATE: it has failed, and comes all the same. */
static void an_undo_that_comes_late_is_one(void **state)
{
	(void)state;
	deleg_t d;

	course_verify(&d);
	d.config.apply = DELEGATION_BY_UPDATE;
	course_fails(&d, 2);
	d.facts.outcome = DELEGATION_OUTCOME_FAILED;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_VERIFY);
	d.facts.zone.ds = deleg_set(A);
	d.facts.zone.ds_ttl = 600;
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
	assert_true(d.row.undone);
	assert_int_equal(d.row.refused, course_content(B));
	assert_int_equal(d.row.manual, 0);
	assert_int_equal(d.row.ttl_normal, DAY);
	deleg_spread(&d, &d.facts.zone.ds);
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.gate, DELEGATION_GATE_UNDONE);
}

static void the_first_ds_is_undone_to_none(void **state)
{
	(void)state;
	deleg_t d;

	deleg_first(&d);
	course_until(&d, DELEGATION_CHANGE);
	deleg_obey(&d);
	course_until(&d, DELEGATION_VERIFY);
	course_fails(&d, 2);
	assert_int_equal(d.row.state, DELEGATION_UNDO);
	assert_int_equal(d.out.order.put.count, 0);
	deleg_obey(&d);
	course_until(&d, DELEGATION_HELD);
	assert_int_equal(d.row.ttl_normal, 0);
	assert_int_equal(d.row.refused, course_content(B));
	d.facts.scan.content = course_content(B);
	deleg_later(&d, DAY);
	deleg_step(&d);
	assert_int_equal(d.row.state, DELEGATION_HELD);
}

/* After the observation validation is no longer the agent's business. */
static void in_low_nothing_is_undone(void **state)
{
	(void)state;
	deleg_t d;

	course_low(&d);
	course_fails(&d, 5);
	assert_int_equal(d.row.state, DELEGATION_LOW);
	assert_int_equal(d.out.order.action, DELEGATION_DO_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_that_breaks_the_child_is_undone),
		cmocka_unit_test(what_was_undone_is_not_followed_until_it_changes),
		cmocka_unit_test(other_signals_are_followed_after_an_undo),
		cmocka_unit_test(nothing_is_undone_that_may_not_help),
		cmocka_unit_test(a_child_that_nobody_has_seen_with_both_keys_may_have_moved_on),
		cmocka_unit_test(a_former_ds_is_in_caches_only_as_long_as_it_was_seen),
		cmocka_unit_test(a_former_ds_that_stays_is_in_caches),
		cmocka_unit_test(an_undo_needs_less_than_a_change),
		cmocka_unit_test(a_child_that_failed_before_is_not_undone),
		cmocka_unit_test(a_child_that_never_validates_gets_its_ttl_back),
		cmocka_unit_test(nobody_is_no_evidence),
		cmocka_unit_test(one_view_that_fails_counts),
		cmocka_unit_test(a_gap_begins_the_observation_again),
		cmocka_unit_test(rare_watches_are_no_gap),
		cmocka_unit_test(an_undo_that_fails_is_decided_again),
		cmocka_unit_test(an_undo_that_comes_late_is_one),
		cmocka_unit_test(the_first_ds_is_undone_to_none),
		cmocka_unit_test(in_low_nothing_is_undone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
