/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every check teaches, whatever the state: TTLs in caches, since when the parents match, what the watch tells.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "expire.h"
#include "guards.h"
#include "learn.h"
#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

typedef struct {
	machine_t m;
	dec_t c;
} stage_t;

/*! The plan and the step of the row as it is now. */
static void find_step(dec_t *c)
{
	c->plan = plans_of(c->before);
	c->step = plans_step(c->plan, c->before, true);
}

/*! A decision about to be made in this state; the new DS is wanted. */
static dec_t *stage(stage_t *s, rollover_state_t state)
{
	machine_at(&s->m, state);
	s->m.out = (rollover_decision_t){ .row = s->m.row };
	s->c = (dec_t){
		.config = &s->m.config,
		.before = &s->m.row,
		.facts = &s->m.facts,
		.now = s->m.now,
		.out = &s->m.out,
		.old = OLD,
		.new_key = NEW,
	};
	find_step(&s->c);
	return &s->c;
}

/*! The DNSKEY TTL that is current after a check. */
static uint32_t dnskey_ttl(stage_t *s)
{
	learn_answers(&s->c);
	assert_int_equal(s->m.out.row.dnskey_ttl.step[0].seen, s->m.now);
	return s->m.out.row.dnskey_ttl.step[0].ttl;
}

static void the_largest_dnskey_ttl_counts_wherever_it_is_served(void **state)
{
	(void)state;
	stage_t s;
	stage(&s, ROLLOVER_INTRODUCE);
	assert_int_equal(dnskey_ttl(&s), 300);
	stage(&s, ROLLOVER_INTRODUCE);
	s.m.child[1].dnskey_ttl = HOUR;
	assert_int_equal(dnskey_ttl(&s), HOUR);
	stage(&s, ROLLOVER_INTRODUCE);
	s.m.facts.own.dnskey_ttl = HOUR;
	assert_int_equal(dnskey_ttl(&s), HOUR);
	/* All of them have a low one. */
	stage(&s, ROLLOVER_INTRODUCE);
	s.m.out.row.dnskey_ttl.step[0].ttl = HOUR;
	assert_int_equal(dnskey_ttl(&s), 300);
	assert_int_equal(s.m.out.row.dnskey_ttl.count, 2);
}

static void a_ttl_is_lowered_only_by_all_nameservers(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		stage_t s;
		stage(&s, ROLLOVER_INTRODUCE);
		s.m.out.row.dnskey_ttl.step[0].ttl = HOUR;
		switch (i) {
		case 0:
			s.m.facts.asked = SURVEY_PARENT;
			break;
		case 1:
			s.m.facts.child_count = 0;
			break;
		case 2:
			s.m.facts.discovery_failed = true;
			break;
		case 3:
			s.m.child[0].status = ANSWER_ERROR;
			break;
		}
		assert_int_equal(dnskey_ttl(&s), HOUR);
		assert_int_equal(s.m.out.row.dnskey_ttl.count, 1);
	}
	/* The answers of nameservers that were not asked now are none. */
	stage_t s;
	stage(&s, ROLLOVER_INTRODUCE);
	s.m.facts.asked = SURVEY_PARENT;
	s.m.child[0].dnskey_ttl = DAY;
	assert_int_equal(dnskey_ttl(&s), 300);
}

static void a_zone_that_is_not_known_teaches_no_ttl(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		stage_t s;
		stage(&s, ROLLOVER_INTRODUCE);
		s.m.out.row.dnskey_ttl.count = 0;
		if (i == 0) {
			s.m.facts.own.known = false;
		} else {
			s.m.facts.own.dnskey = 0;
		}
		learn_answers(&s.c);
		assert_int_equal(s.m.out.row.dnskey_ttl.count, 0);
	}
}

static void the_parent_was_seen_when_a_server_of_it_answered(void **state)
{
	(void)state;
	stage_t s;
	stage(&s, ROLLOVER_INTRODUCE);
	s.c.now += 10;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.parent_seen, T0 + 10);
	stage(&s, ROLLOVER_INTRODUCE);
	s.c.now += 10;
	s.m.parent[0].status = ANSWER_UNREACHABLE;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.parent_seen, T0 + 10);
	stage(&s, ROLLOVER_INTRODUCE);
	s.c.now += 10;
	s.m.parent[0].status = s.m.parent[1].status = ANSWER_BOGUS;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.parent_seen, T0);
	s.m.parent[0].status = s.m.parent[1].status = ANSWER_OK;
	s.m.facts.asked = SURVEY_CHILD;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.parent_seen, T0);
}

static void an_old_ds_is_learnt_and_voids_what_was_seen_before(void **state)
{
	(void)state;
	stage_t s;
	stage(&s, ROLLOVER_OBSERVE);
	s.m.parent[1].ds = OLD;
	s.m.parent[1].ds_ttl = 2 * DAY;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_all_since, 0);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, 2 * DAY);

	/* Of a server that did not answer the last TTL that is known counts. */
	stage(&s, ROLLOVER_OBSERVE);
	s.m.parent[0].status = ANSWER_UNREACHABLE;
	s.m.parent[1].ds = OLD;
	s.m.parent[1].ds_ttl = HOUR;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, DAY);
	assert_int_equal(s.m.out.row.ds_ttl.count, 1);
	stage(&s, ROLLOVER_OBSERVE);
	s.m.parent[0].status = ANSWER_UNREACHABLE;
	s.m.parent[1].ds = OLD;
	s.m.parent[1].ds_ttl = 3 * DAY;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, 3 * DAY);
	/* Nothing is known yet. */
	stage(&s, ROLLOVER_OBSERVE);
	s.m.out.row.ds_ttl.count = 0;
	s.m.out.row.ds_ttl.step[0].ttl = 6 * DAY;
	s.m.parent[0].status = ANSWER_UNREACHABLE;
	s.m.parent[1].ds = OLD;
	s.m.parent[1].ds_ttl = HOUR;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, HOUR);
	/* All answer: the TTL was lowered. */
	stage(&s, ROLLOVER_AWAIT_DS);
	machine_ds(&s.m, OLD, HOUR);
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, HOUR);
}

static void the_new_ds_is_learnt_when_the_wait_for_the_old_one_is_fixed(void **state)
{
	(void)state;
	stage_t s;
	stage(&s, ROLLOVER_OBSERVE);
	machine_ds(&s.m, NEW, 2 * DAY);
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, 2 * DAY);
	assert_int_equal(s.m.out.row.ds_all_since, T0);
	stage(&s, ROLLOVER_OBSERVE);
	machine_ds(&s.m, NEW, 2 * DAY);
	s.m.out.row.ds_all_since = 0;
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, DAY);
	/* There is no DS that could be the next one's old. */
	stage(&s, ROLLOVER_EXPIRE_DS);
	s.c.new_key = 0;
	s.m.out.row.ds_all_since = T0;
	machine_ds(&s.m, 0, 900);
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, DAY);
	/* Which key it is of does not matter. */
	stage(&s, ROLLOVER_OBSERVE);
	s.c.new_key = OLD;
	machine_ds(&s.m, OLD, 2 * DAY);
	learn_answers(&s.c);
	assert_int_equal(s.m.out.row.ds_ttl.step[0].ttl, 2 * DAY);
}

static void the_operators_word_ends_waits_at_its_time(void **state)
{
	(void)state;
	static const struct {
		time_t word, now;
		bool taken;
	} CASES[] = {
		{ 0, T0, false }, { T0 + 1, T0, false },        { T0 - 1, T0, false },
		{ T0, T0, true }, { T0 + 100, T0 + 200, true },
	};

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		stage_t s;
		stage(&s, ROLLOVER_OBSERVE);
		rollover_row_t *row = &s.m.out.row;
		s.m.config.caches_expired = CASES[i].word;
		s.c.now = CASES[i].now;
		row->all_since = T0;
		row->all_expired = T0 + 300;
		learn_operators_word(&s.c);
		assert_int_equal(row->all_expired, CASES[i].taken ? CASES[i].word : T0 + 300);
		assert_int_equal(row->ds_all_since, T0);
		assert_int_equal(row->ds_expire, CASES[i].taken ? CASES[i].word - T0 : DAY);
	}
}

static void the_operators_word_lengthens_nothing(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, ROLLOVER_OBSERVE);
	rollover_row_t *row = &s.m.out.row;

	s.m.config.caches_expired = T0 + 2 * DAY;
	c->now = T0 + 3 * DAY;
	row->all_since = T0;
	row->all_expired = T0 + 300;
	learn_operators_word(c);
	assert_int_equal(row->all_expired, T0 + 300);
	assert_int_equal(row->ds_expire, DAY);
	/* What is not yet so on all servers has no wait. */
	row->all_since = row->ds_all_since = 0;
	row->all_expired = T0 + 3 * DAY;
	row->ds_expire = INT32_MAX;
	learn_operators_word(c);
	assert_int_equal(row->all_expired, T0 + 3 * DAY);
	assert_int_equal(row->ds_expire, INT32_MAX);
}

static void what_was_served_before_the_operators_word_is_forgotten(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, ROLLOVER_OBSERVE);
	rollover_row_t *row = &s.m.out.row;
	static const ttl_window_t SEEN = { .step = { { 300, T0 + 60 }, { HOUR, T0 + 10 }, { DAY, T0 } }, .count = 3 };

	row->dnskey_ttl = row->ds_ttl = SEEN;
	s.m.config.caches_expired = T0 + 5;
	c->now = T0 + 60;
	learn_operators_word(c);
	assert_int_equal(row->dnskey_ttl.count, 2);
	assert_int_equal(row->dnskey_ttl.step[1].ttl, HOUR);
	assert_int_equal(row->ds_ttl.count, 2);
	s.m.config.caches_expired = T0 + 10;
	learn_operators_word(c);
	assert_int_equal(row->dnskey_ttl.count, 1);
	assert_int_equal(row->ds_ttl.count, 1);
	/* What is served now is not over. */
	s.m.config.caches_expired = T0 + 60;
	learn_operators_word(c);
	assert_int_equal(row->dnskey_ttl.count, 1);
	assert_int_equal(row->ds_ttl.step[0].ttl, 300);
}

static void the_wait_for_the_old_ds_begins_when_the_last_server_has_the_new_one(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, ROLLOVER_AWAIT_DS);
	rollover_row_t *row = &s.m.out.row;

	assert_int_equal(learn_ds(c).gate, GATE_DS_STALE);
	assert_int_equal(row->ds_all_since, 0);
	machine_ds(&s.m, NEW, 300);
	c->now = T0 + 50;
	assert_int_equal(learn_ds(c).gate, GATE_NONE);
	assert_int_equal(row->ds_all_since, T0 + 50);
	assert_int_equal(row->ds_expire, DAY + 1); /* The old one may have been served until now. */
	c->now = T0 + 100;
	assert_int_equal(learn_ds(c).gate, GATE_NONE);
	assert_int_equal(row->ds_all_since, T0 + 50);
	/* Silence is no old DS, a wrong answer is. */
	s.m.parent[0].status = ANSWER_UNREACHABLE;
	assert_int_equal(learn_ds(c).gate, GATE_PARENT_UNREACHABLE);
	assert_int_equal(row->ds_all_since, T0 + 50);
	s.m.parent[0].status = ANSWER_ERROR;
	assert_int_equal(learn_ds(c).gate, GATE_PARENT_ERROR);
	assert_int_equal(row->ds_all_since, 0);

	c = stage(&s, ROLLOVER_AWAIT_DS);
	machine_ds(&s.m, NEW, 300);
	row->ds_ttl.count = 0;
	assert_int_equal(learn_ds(c).gate, GATE_NONE);
	assert_int_equal(row->ds_expire, ROLLOVER_UNKNOWN_DS_TTL + 1);
}

/* A parent may have restored the TTL since the last check, and lowered it with the new DS. The simulator found that. */
static void the_ttl_of_a_ds_that_went_long_after_the_last_check_is_not_known(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t state;
		time_t later;
		keyset_t ds;
		uint32_t ttl;
		bool first;
	} rows[] = {
		{ ROLLOVER_AWAIT_DS, 3 * HOUR, NEW, 300, false },
		{ ROLLOVER_AWAIT_DS, 3 * HOUR + 1, NEW, ROLLOVER_UNKNOWN_DS_TTL, false },
		{ ROLLOVER_AWAIT_DS, 9 * HOUR, OLD, 300, false },
		{ ROLLOVER_AWAIT_DS, 9 * HOUR, OLD | NEW, 300, false },
		{ ROLLOVER_AWAIT_DS, 9 * HOUR, NEW, 300, true }, /* There was none. */
		/* The parent was quicker. */
		{ ROLLOVER_SETTLE, 9 * HOUR, NEW, ROLLOVER_UNKNOWN_DS_TTL, false },
		{ ROLLOVER_IDLE, 25 * HOUR, NEW, ROLLOVER_UNKNOWN_DS_TTL, false },
		{ ROLLOVER_IDLE, 25 * HOUR, OLD, 300, false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		stage_t s;
		dec_t *c = stage(&s, rows[i].state);
		rollover_row_t *row = &s.m.out.row;
		row->ds_ttl = (ttl_window_t){ .step = { { 300, T0 } }, .count = 1 };
		if (rows[i].first) {
			s.m.row.old_count = row->old_count = 0;
			find_step(c);
		}
		machine_ds(&s.m, rows[i].ds, 300);
		c->now = T0 + rows[i].later;
		learn_answers(c);
		(void)learn_ds(c);
		assert_int_equal(ttl_window_max(&row->ds_ttl, c->now), rows[i].ttl);
		assert_int_equal(row->ds_expire, row->ds_all_since == 0 ? 0 : rows[i].ttl + 1);
	}
}

static void a_ttl_of_a_second_is_waited_for(void **state)
{
	(void)state;
	static const ttl_window_t SECOND = { .step = { { 1, T0 } }, .count = 1 };
	stage_t s;
	dec_t *c = stage(&s, ROLLOVER_AWAIT_DS);

	s.m.out.row.dnskey_ttl = s.m.out.row.ds_ttl = SECOND;
	assert_true(expire_dnskey(c));
	assert_int_equal(s.m.out.row.all_since, T0);
	assert_int_equal(s.m.out.row.gate_until, T0 + 2);
	machine_ds(&s.m, NEW, 300);
	assert_int_equal(learn_ds(c).gate, GATE_NONE);
	assert_int_equal(s.m.out.row.ds_expire, 2);
	c->now = T0 + 1;
	assert_true(expire_dnskey(c));
	c->now = T0 + 2;
	assert_false(expire_dnskey(c));
}

static void a_ds_is_removed_when_all_who_answer_have_none(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, ROLLOVER_OBSERVE);

	assert_false(dec_ds_removed(c));
	machine_ds(&s.m, 0, 900);
	assert_true(dec_ds_removed(c));
	s.m.parent[0].status = ANSWER_UNREACHABLE;
	s.m.parent[0].ds = OLD;
	assert_true(dec_ds_removed(c));
	s.m.parent[1].status = ANSWER_BOGUS;
	assert_false(dec_ds_removed(c));
	s.m.parent[0].status = s.m.parent[1].status = ANSWER_OK;
	assert_false(dec_ds_removed(c));
	machine_ds(&s.m, 0, 900);
	s.m.parent[1].ds_foreign = true;
	assert_false(dec_ds_removed(c));
	s.m.parent[1].ds_foreign = false;
	s.m.parent[1].ds_sha1 = NEW;
	assert_false(dec_ds_removed(c));
	s.m.parent[1].ds_sha1 = 0;
	s.m.facts.discovery_failed = true;
	assert_false(dec_ds_removed(c));
	s.m.facts.discovery_failed = false;
	s.m.facts.parent_insecure = true;
	assert_false(dec_ds_removed(c));
	s.m.facts.parent_insecure = false;
	assert_true(dec_ds_removed(c));
	s.m.facts.parent_count = 0;
	assert_false(dec_ds_removed(c));
}

static void before_the_first_ds_there_is_none_to_remove(void **state)
{
	(void)state;
	stage_t s;
	for (rollover_state_t st = ROLLOVER_INTRODUCE; st <= ROLLOVER_RETIRE; st++) {
		dec_t *c = stage(&s, st);
		machine_ds(&s.m, 0, 900);
		s.m.row.old_count = 0;
		s.m.row.settled_at = 0;
		find_step(c);
		assert_false(dec_ds_removed(c));
		s.m.row.settled_at = T0; /* It was seen on all of them. */
		assert_true(dec_ds_removed(c));
		s.m.row.old_count = 1;
		s.m.row.settled_at = 0;
		find_step(c);
		assert_true(dec_ds_removed(c));
	}
}

/*! Sees resolvers fail in \a state with so many bad checks before. \return Bad checks after it. */
static unsigned bad_watches(rollover_state_t state, watch_facts_t watch, unsigned before)
{
	stage_t s;
	dec_t *c = stage(&s, state);

	s.m.out.row.bad_watches = before;
	s.m.facts.watch = watch;
	guard_validation(c);
	return s.m.out.row.bad_watches;
}

static void half_of_the_resolvers_that_answer_must_validate(void **state)
{
	(void)state;
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 1, 1, true, 0, "" }, 1), 2);
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 1, 0, true, 0, "" }, 1), 0);
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 2, 1, true, 0, "" }, 1), 2);
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 3, 1, true, 0, "" }, 1), 0);
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 3, 2, true, 0, "" }, 1), 2);
	/* No evidence: as it was. */
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 0, 0, true, 0, "" }, 1), 1);
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 1, 1, false, 0, "" }, 1), 1);
	assert_int_equal(bad_watches(ROLLOVER_SETTLE, (watch_facts_t){ 1, 1, true, 0, "" }, UINT8_MAX), UINT8_MAX);
	/* Where an insecure zone is no failure. */
	assert_int_equal(bad_watches(ROLLOVER_IDLE, (watch_facts_t){ 1, 1, true, 0, "" }, 1), 0);
	assert_int_equal(bad_watches(ROLLOVER_PREPARE, (watch_facts_t){ 1, 1, true, 0, "" }, 1), 0);
	assert_int_equal(bad_watches(ROLLOVER_REMOVE_DS, (watch_facts_t){ 1, 1, true, 0, "" }, 1), 0);
	assert_int_equal(bad_watches(ROLLOVER_EXPIRE_DS, (watch_facts_t){ 1, 1, true, 0, "" }, 1), 0);
}

static void the_words_of_the_watch_stay_until_the_next_one(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, ROLLOVER_SETTLE);

	s.m.facts.watch = (watch_facts_t){ 1, 1, true, 0, "resolver: SERVFAIL" };
	s.m.out.row.all_since = T0;
	assert_true(guard_validation(c));
	assert_int_equal(s.m.out.row.all_since, 0);
	assert_int_equal(s.m.out.row.gate, GATE_VALIDATION_FAILS);
	assert_string_equal(s.m.out.row.gate_detail, "resolver: SERVFAIL");
	s.m.facts.asked = SURVEY_PARENT;
	s.m.facts.watch = (watch_facts_t){ 1, 0, true, 0, "other" };
	assert_true(guard_validation(c));
	assert_string_equal(s.m.out.row.gate_detail, "resolver: SERVFAIL");
	assert_int_equal(s.m.out.row.bad_watches, 1);
	s.m.out.row.gate = GATE_HOLD;
	assert_true(guard_validation(c));
	assert_string_equal(s.m.out.row.gate_detail, "at the last watch");
}

static void a_removed_ds_ends_the_alarm(void **state)
{
	(void)state;
	stage_t s;
	dec_t *c = stage(&s, ROLLOVER_OBSERVE);

	s.m.out.row.bad_watches = 2;
	machine_ds(&s.m, 0, 900);
	s.m.facts.watch = (watch_facts_t){ 1, 1, true, 0, "" };
	assert_false(guard_validation(c));
	assert_int_equal(s.m.out.row.bad_watches, 0);
}

static void after_a_rollback_the_count_begins_again(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = {
		ROLLOVER_AWAIT_DS,
		ROLLOVER_WITHDRAW,
		ROLLOVER_OBSERVE,
		ROLLOVER_RETIRE,
	};

	for (size_t i = 0; i < LENGTH(STATES); i++) {
		stage_t s;
		dec_t *c = stage(&s, STATES[i]);
		s.m.out.row.bad_watches = 2;
		s.m.out.row.ds_all_since = T0;
		s.m.facts.watch = (watch_facts_t){ 1, 1, true, 0, "" };
		assert_true(guard_validation(c));
		assert_int_equal(s.m.out.row.state, ROLLOVER_ROLLBACK);
		assert_int_equal(s.m.out.row.bad_watches, 0);
		assert_int_equal(s.m.out.row.ds_all_since, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_dnskey_ttl_counts_wherever_it_is_served),
		cmocka_unit_test(a_ttl_is_lowered_only_by_all_nameservers),
		cmocka_unit_test(a_zone_that_is_not_known_teaches_no_ttl),
		cmocka_unit_test(the_parent_was_seen_when_a_server_of_it_answered),
		cmocka_unit_test(an_old_ds_is_learnt_and_voids_what_was_seen_before),
		cmocka_unit_test(the_new_ds_is_learnt_when_the_wait_for_the_old_one_is_fixed),
		cmocka_unit_test(the_operators_word_ends_waits_at_its_time),
		cmocka_unit_test(the_operators_word_lengthens_nothing),
		cmocka_unit_test(what_was_served_before_the_operators_word_is_forgotten),
		cmocka_unit_test(the_wait_for_the_old_ds_begins_when_the_last_server_has_the_new_one),
		cmocka_unit_test(the_ttl_of_a_ds_that_went_long_after_the_last_check_is_not_known),
		cmocka_unit_test(a_ttl_of_a_second_is_waited_for),
		cmocka_unit_test(a_ds_is_removed_when_all_who_answer_have_none),
		cmocka_unit_test(before_the_first_ds_there_is_none_to_remove),
		cmocka_unit_test(half_of_the_resolvers_that_answer_must_validate),
		cmocka_unit_test(the_words_of_the_watch_stay_until_the_next_one),
		cmocka_unit_test(a_removed_ds_ends_the_alarm),
		cmocka_unit_test(after_a_rollback_the_count_begins_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
