/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS UPDATE to the primary of the parent: what is sent, what is made of the answers, and what waits for what. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <cmocka.h>

#include "daemon_submit_update_case.h"

static void what_the_signals_ask_for_is_sent_against_what_was_seen(void **state)
{
	case_t *c = *state;
	knot_dname_storage_t name;

	submit(c);
	assert_int_equal(primary.sent, 1);
	assert_int_equal(primary.ds, 1);
	assert_int_equal(primary.ns, 1);
	assert_int_equal(primary.wanted, 1);
	assert_int_equal(primary.wanted_tag, 2);
	assert_int_equal(primary.ttl, 7200); /* As it was, the largest. */
	assert_true(knot_dname_is_equal(primary.owner, knot_dname_from_str(name, "child.example.", sizeof(name))));
	assert_true(knot_dname_is_equal(primary.zone, knot_dname_from_str(name, "example.", sizeof(name))));
	assert_int_equal(c->done, 0);
	answer(UPDATE_DONE, "");
	assert_int_equal(c->done, 1);
	assert_true(c->check);
	assert_int_equal(counted[NOTIFY_UPDATED], 1);
	assert_int_equal(stored, 1);
	assert_true(facts_of(c).acknowledged != 0);
	assert_string_equal(facts_of(c).not_informed, "");
}

static void a_ttl_is_set_for_the_set_that_the_parent_has(void **state)
{
	case_t *c = *state;

	c->settings.config.ds_ttl = 300;
	assert_int_equal(facts_of(c).ds_ttl.low, 300);
	knot_rdataset_clear(&c->gathered.cds, NULL);
	assert_true(want_ttl(c, 7200, false, true));
	assert_int_equal(primary.ds, 1);
	assert_int_equal(primary.wanted, 1);
	assert_int_equal(primary.wanted_tag, 1);
	assert_int_equal(primary.ttl, 300);
	/* Decisions that come meanwhile end nothing. */
	assert_false(want_ttl(c, 7200, false, false));
	answer(UPDATE_DONE, "");
	assert_true(c->check);
	assert_int_equal(facts_of(c).ds_ttl.made, 300);
	assert_int_equal(facts_of(c).acknowledged, 0); /* Of signals nothing is known. */
	assert_int_equal(counted[NOTIFY_UPDATED], 1);
	/* It is over with the wish. */
	assert_true(want_ttl(c, 7200, true, true));
	assert_int_equal(primary.ttl, 7200);
	assert_int_equal(facts_of(c).ds_ttl.made, 0);
	answer(UPDATE_DONE, "");
	assert_int_equal(facts_of(c).ds_ttl.made, 7200);
}

static void a_refused_ttl_is_no_word_about_signals(void **state)
{
	case_t *c = *state;

	assert_true(want_ttl(c, 7200, false, true));
	answer(UPDATE_REFUSED, "REFUSED");
	assert_int_equal(facts_of(c).ds_ttl.refused, 300);
	assert_string_equal(facts_of(c).ds_ttl.why, "update-refused: REFUSED");
	assert_string_equal(facts_of(c).ds_ttl.at, "192.0.2.1@53");
	assert_string_equal(facts_of(c).not_informed, "");
	assert_int_equal(lines, 1);
	assert_false(facts_of(c).ds_ttl.unproven);
	assert_true(want_ttl(c, 7200, false, true));
	answer(UPDATE_REFUSED_UNSIGNED, "REFUSED");
	assert_int_equal(facts_of(c).ds_ttl.refused, 300);
	assert_true(facts_of(c).ds_ttl.unproven);
}

/*! The prerequisites hold whichever TTL it has. */
static void a_lost_ttl_is_not_known_to_be_made(void **state)
{
	case_t *c = *state;

	assert_true(want_ttl(c, 7200, false, true));
	answer(UPDATE_LOST, "no answer");
	/* Another one waits. */
	assert_false(want_ttl(c, 7200, true, true));
	assert_true(facts_of(c).ds_ttl.again);
	ask_again(c, 1);
	answer(UPDATE_SAME, "");
	assert_true(c->check);
	assert_int_equal(facts_of(c).ds_ttl.made, 0);
	assert_true(want_ttl(c, 7200, true, true));
	assert_false(facts_of(c).ds_ttl.again);
	answer(UPDATE_LOST, "no answer");
	primary.sent = 1;
	ask_again(c, 2);
	answer(UPDATE_SAME, "");
	assert_false(c->check);
	assert_int_equal(facts_of(c).ds_ttl.made, 0);
	assert_true(facts_of(c).ds_ttl.again);
}

static void the_new_ds_comes_with_the_ttl_that_was_asked_for(void **state)
{
	case_t *c = *state;
	rollover_decision_t d = { .notify = true,
		                  .row = { .notified = 100, .ds_ttl_before = 7200, .ds_ttl_low = 1800 } };

	assert_true(submit_case_decision(c, &d));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_int_equal(primary.ttl, 1800); /* One server has it. */
	answer(UPDATE_DONE, "");
}

static void a_ttl_that_others_have_set_stays_if_a_server_is_silent(void **state)
{
	case_t *c = *state;
	rollover_decision_t d = { .notify = true,
		                  .row = { .notified = 100, .ds_ttl_before = 7200, .ds_ttl_low = 900 } };

	c->parent[1].status = ANSWER_UNREACHABLE;
	assert_true(submit_case_decision(c, &d));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_int_equal(primary.ttl, 1800);
	answer(UPDATE_DONE, "");
}

static void a_delete_signal_removes_all_and_a_first_ds_gets_a_ttl(void **state)
{
	case_t *c = *state;

	knot_rdataset_clear(&c->gathered.cds, NULL);
	add(&c->gathered.cds, 0, 0);
	submit(c);
	assert_int_equal(primary.wanted, 0);
	answer(UPDATE_DONE, "");

	knot_rdataset_clear(&c->gathered.cds, NULL);
	add(&c->gathered.cds, 2, 2);
	knot_rdataset_clear(&c->survey.ds, NULL);
	submit(c);
	assert_int_equal(primary.ds, 0);
	assert_int_equal(primary.wanted, 1);
	assert_int_equal(primary.ttl, 3600);
	answer(UPDATE_DONE, "");
}

static void without_something_that_is_needed_nothing_is_sent(void **state)
{
	case_t *c = *state;
	static const char *const what[] = {
		"parent zone is not known",  "no server of the parent has said", "no CDS", "section key",
		"parent-primary is not set",
	};

	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		c->survey.parent_zone[0] = i == 0 ? '\0' : 'e';
		c->survey.delegated_to.count = i != 1;
		c->gathered.cds.count = i != 2;
		c->settings.parent_key.secret_len = i != 3;
		c->settings.parent_primary.count = i != 4;
		assert_false(decide(c, true, 100));
		uv_run(&c->env.uv, UV_RUN_NOWAIT);
		assert_int_equal(primary.sent, 0);
		assert_non_null(strstr(facts_of(c).not_informed, what[i]));
		assert_int_equal(c->zone.kept.row.notified, 0); /* The next check tries again. */
	}
	c->settings.parent_primary.count = 1;
	assert_int_equal(counted[NOTIFY_UPDATE_UNSENT], 5);
	assert_int_equal(c->done, 0);
}

/*! It spreads, whoever has made it: the gate names the server that does not have it. */
static void while_a_change_spreads_nothing_is_sent_and_nothing_is_wrong(void **state)
{
	case_t *c = *state;

	c->survey.ds_agreed = false;
	assert_false(decide(c, true, 100));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_int_equal(primary.sent, 0);
	assert_int_equal(lines, 0);
	assert_string_equal(facts_of(c).not_informed, "");
	assert_int_equal(c->zone.kept.row.notified, 0);
}

static void a_refusal_is_quoted_and_said_once(void **state)
{
	case_t *c = *state;

	submit(c);
	answer(UPDATE_REFUSED, "NOTAUTH (BADSIG)");
	assert_false(c->check);
	assert_int_equal(c->zone.kept.row.notified, 100); /* After notify-again. */
	assert_string_equal(facts_of(c).not_informed, "update-refused: NOTAUTH (BADSIG)");
	assert_string_equal(facts_of(c).not_informed_at, "192.0.2.1@53");
	assert_int_equal(facts_of(c).acknowledged, 0);
	assert_int_equal(lines, 1);
	submit(c);
	answer(UPDATE_REFUSED_UNSIGNED, "NOTAUTH (BADSIG)");
	assert_int_equal(lines, 1);
	assert_int_equal(stored, 1);
	assert_int_equal(counted[NOTIFY_UPDATE_REFUSED], 2);
	submit(c);
	answer(UPDATE_REFUSED, "REFUSED");
	assert_int_equal(lines, 2);
	/* It is over with the signals. */
	assert_false(decide(c, false, 0));
	assert_string_equal(facts_of(c).not_informed, "");
}

static void what_was_not_changed_is_decided_again(void **state)
{
	case_t *c = *state;
	static const update_status_t each[] = { UPDATE_DIFFERS, UPDATE_UNSENT };

	for (size_t i = 0; i < 2; i++) {
		submit(c);
		answer(each[i], "because");
		assert_int_equal(c->zone.kept.row.notified, 0);
		assert_false(c->check); /* At the time of the next check. */
		assert_non_null(strstr(facts_of(c).not_informed, "because"));
		assert_false(announce_is_busy(&c->zone));
	}
}

static void a_zone_that_goes_leaves_nothing_behind(void **state)
{
	case_t *c = *state;

	submit(c);
	announce_cancel(&c->zone);
	assert_int_equal(primary.cancelled, 1);
	assert_int_equal(c->done, 1);
	assert_int_equal(lines, 0);

	assert_true(decide(c, true, 100)); /* Before it is sent. */
	announce_cancel(&c->zone);
	assert_int_equal(c->done, 2);
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_int_equal(primary.sent, 1);

	submit(c); /* In doubt. */
	answer(UPDATE_LOST, "no answer");
	announce_cancel(&c->zone);
	assert_int_equal(c->done, 3);
}

static void by_hand_the_records_are_said_and_nothing_is_sent(void **state)
{
	case_t *c = *state;

	c->settings.config.via = PARENT_VIA_MANUAL;
	assert_false(decide(c, true, 100));
	assert_non_null(strstr(line, "DS 2 13 2 ABCD"));
	assert_int_equal(counted[NOTIFY_MANUAL], 1);
	assert_int_equal(c->zone.kept.row.notified, 100);
	knot_rdataset_clear(&c->gathered.cds, NULL);
	add(&c->gathered.cds, 0, 0);
	assert_false(decide(c, true, 100));
	assert_non_null(strstr(line, "no DS"));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_int_equal(primary.sent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_signals_ask_for_is_sent_against_what_was_seen),
		TEST(a_ttl_is_set_for_the_set_that_the_parent_has),
		TEST(a_refused_ttl_is_no_word_about_signals),
		TEST(a_lost_ttl_is_not_known_to_be_made),
		TEST(the_new_ds_comes_with_the_ttl_that_was_asked_for),
		TEST(a_ttl_that_others_have_set_stays_if_a_server_is_silent),
		TEST(a_delete_signal_removes_all_and_a_first_ds_gets_a_ttl),
		TEST(without_something_that_is_needed_nothing_is_sent),
		TEST(while_a_change_spreads_nothing_is_sent_and_nothing_is_wrong),
		TEST(a_refusal_is_quoted_and_said_once),
		TEST(what_was_not_changed_is_decided_again),
		TEST(a_zone_that_goes_leaves_nothing_behind),
		TEST(by_hand_the_records_are_said_and_nothing_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
