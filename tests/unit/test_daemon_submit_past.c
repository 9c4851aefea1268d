/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS UPDATE to the primary of the parent: what was sent before, or is not wanted any more. */

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

static void after_a_lost_answer_only_the_question_is_sent(void **state)
{
	case_t *c = *state;

	submit(c);
	answer(UPDATE_LOST, "no answer");
	assert_int_equal(c->done, 0);
	assert_true(announce_is_busy(&c->zone));
	assert_int_equal(lines, 1);
	assert_string_equal(facts_of(c).not_informed, "update-lost: no answer");
	/* The machine wants another one: it waits, whatever it would say. */
	knot_rdataset_clear(&c->gathered.cds, NULL);
	add(&c->gathered.cds, 3, 2);
	assert_false(decide(c, true, 200));
	ask_again(c, 1);
	assert_int_equal(primary.wanted_tag, 2);
	answer(UPDATE_SAME, "");
	assert_int_equal(c->done, 1);
	assert_true(c->check);
	assert_int_equal(c->zone.kept.row.notified, 0);
	assert_string_equal(facts_of(c).not_informed, "");
}

/*! Whoever can forge that must not make anybody believe that nothing was changed. */
static void a_refusal_of_the_change_that_nobody_has_signed_proves_nothing(void **state)
{
	case_t *c = *state;

	submit(c);
	primary.change_sent = true;
	answer(UPDATE_REFUSED_UNSIGNED, "NOTAUTH");
	assert_int_equal(c->done, 0);
	assert_true(c->zone.kept.row.submitted != 0);
	assert_string_equal(facts_of(c).not_informed, "update-lost: an answer without a signature refuses it: NOTAUTH");
	ask_again(c, 1);
	primary.change_sent = false;
	answer(UPDATE_SAME, ""); /* It was made. */
	assert_int_equal(counted[NOTIFY_UPDATED], 1);
	/* It was not, as the primary has signed: its word counts, and the next one is not sent at once. */
	primary.sent = 0;
	submit(c);
	primary.change_sent = true;
	answer(UPDATE_REFUSED_UNSIGNED, "NOTAUTH");
	ask_again(c, 2);
	answer(UPDATE_REFUSED_UNSIGNED, "NOTAUTH"); /* The question, too: nothing is known. */
	assert_true(announce_is_busy(&c->zone));
	ask_again(c, 3);
	answer(UPDATE_BASE, "");
	assert_string_equal(facts_of(c).not_informed, "update-refused: NOTAUTH");
	assert_int_equal(c->zone.kept.row.notified, 100);
	assert_int_equal(c->zone.kept.row.submitted, 0);
	/* Of a TTL nothing is known in the end, so that it is restored. */
	primary.sent = 0;
	assert_true(want_ttl(c, 7200, false, true));
	answer(UPDATE_REFUSED_UNSIGNED, "NOTAUTH");
	ask_again(c, 4);
	answer(UPDATE_SAME, "");
	assert_int_equal(facts_of(c).ds_ttl.made, 0);
	assert_int_equal(facts_of(c).ds_ttl.refused, 0);
	assert_false(facts_of(c).ds_ttl.again);
}

/*! The zone may have been given to its registry meanwhile. */
static void what_is_open_at_the_primary_is_asked_there_first(void **state)
{
	case_t *c = *state;

	c->settings.parent_epp = (char *)"lab";
	submit(c);
	answer(UPDATE_LOST, "no answer");
	c->settings.config.via = PARENT_VIA_EPP;
	announce_review(&c->zone);
	assert_false(decide(c, true, 200));
	ask_again(c, 1);
	answer(UPDATE_BASE, "");
	assert_int_equal(counted[NOTIFY_UPDATE_LOST], 2); /* That it was lost, and that it was not made. */
	assert_int_equal(c->zone.kept.row.notified, 0);
	assert_true(c->check);
	c->zone.kept.row.submitted = 50;
	primary.sent = 1;
	assert_true(decide(c, true, 200));
	ask_again(c, 2);
	answer(UPDATE_DIFFERS, "");
	assert_int_equal(c->zone.kept.row.notified, 0);
}

/*! The operator has removed it from section key, and chosen a way that sends nothing: nobody can be asked. */
static void without_its_key_a_message_is_not_asked_for(void **state)
{
	case_t *c = *state;

	submit(c);
	answer(UPDATE_LOST, "no answer");
	c->settings.config.via = PARENT_VIA_MANUAL;
	c->settings.parent_key.secret_len = 0;
	primary.fails = KNOT_EINVAL;
	announce_review(&c->zone);
	for (unsigned i = 0; i < 3 && announce_is_busy(&c->zone); i++) {
		uv_run(&c->env.uv, UV_RUN_ONCE);
	}
	assert_false(announce_is_busy(&c->zone));
	assert_true(c->zone.kept.row.submitted != 0);
	assert_false(decide(c, true, 200));
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(counted[NOTIFY_MANUAL], 1);
}

static void settings_that_want_nothing_stop_the_change(void **state)
{
	case_t *c = *state;

	assert_true(decide(c, true, 100));
	c->settings.rollover = false;
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_int_equal(primary.sent, 0);
	assert_false(announce_is_busy(&c->zone));
	assert_int_equal(c->zone.kept.row.submitted, 0);
	c->settings.rollover = true;
	submit(c);
	c->settings.config.hold = true;
	announce_review(&c->zone);
	assert_int_equal(primary.withdrawn, 1);
	assert_true(announce_is_busy(&c->zone));
	answer(UPDATE_UNSENT, "it is not wanted any more");
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->zone.kept.row.notified, 0);
}

/*! Nobody would send it before `notify-again`, or a day later. */
static void a_ttl_that_settings_have_stopped_is_sent_again(void **state)
{
	case_t *c = *state;

	assert_true(want_ttl(c, 7200, false, true));
	assert_false(facts_of(c).ds_ttl.again);
	c->settings.rollover = false;
	announce_review(&c->zone);
	assert_int_equal(primary.withdrawn, 1);
	c->settings.rollover = true;
	answer(UPDATE_UNSENT, "it is not wanted any more");
	assert_true(facts_of(c).ds_ttl.again);
}

/*! A primary that refuses the question has not said what came of the message. */
static void a_refused_question_ends_no_doubt(void **state)
{
	case_t *c = *state;
	static const update_status_t each[] = { UPDATE_REFUSED, UPDATE_REFUSED_UNSIGNED };

	submit(c);
	answer(UPDATE_LOST, "no answer");
	ask_again(c, 1);
	answer(each[0], "REFUSED");
	assert_true(announce_is_busy(&c->zone));
	assert_int_equal(c->done, 0);
	assert_string_equal(facts_of(c).not_informed, "update-lost: no answer");
	ask_again(c, 2);
	answer(each[1], "REFUSED");
	assert_true(announce_is_busy(&c->zone));
	assert_false(decide(c, true, 200));
	assert_int_equal(primary.sent, 1);
}

static void a_message_that_was_not_made_is_not_sent_again_from_here(void **state)
{
	case_t *c = *state;

	submit(c);
	answer(UPDATE_LOST, "no answer");
	ask_again(c, 1);
	answer(UPDATE_BASE, "");
	assert_false(announce_is_busy(&c->zone));
	assert_int_equal(primary.sent, 1);
	assert_int_equal(c->zone.kept.row.notified, 0);
}

/*! Signals of a rollback must not be overtaken by what was sent before. */
static void what_was_sent_before_is_known_before_the_next_is_sent(void **state)
{
	case_t *c = *state;

	submit(c);
	assert_false(decide(c, false, 0)); /* These signals are over, */
	assert_int_equal(primary.cancelled, 0);
	assert_int_equal(primary.withdrawn, 1);
	answer(UPDATE_LOST, "no answer"); /* which nobody needs to read any more. */
	assert_int_equal(lines, 0);
	assert_string_equal(facts_of(c).not_informed, "");
	knot_rdataset_clear(&c->gathered.cds, NULL);
	add(&c->gathered.cds, 3, 2);
	assert_false(decide(c, true, 300)); /* others are out. */
	ask_again(c, 1);
	answer(UPDATE_SAME, "");
	assert_true(c->check);
	assert_int_equal(c->zone.kept.row.notified, 0);
	assert_int_equal(facts_of(c).acknowledged, 0); /* Of the former ones. */
	submit(c);
	assert_int_equal(primary.wanted_tag, 3);
	answer(UPDATE_DONE, "");
}

/*! The row has it before the message is sent, and until its outcome is known. */
static void what_is_sent_is_in_the_store_first(void **state)
{
	case_t *c = *state;
	rollover_row_t *row = &c->zone.kept.row;

	store_fails = true;
	assert_true(decide(c, true, 100));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_int_equal(primary.sent, 0);
	assert_non_null(strstr(facts_of(c).not_informed, "store"));
	assert_int_equal(row->submitted, 0);

	store_fails = false;
	submit(c);
	assert_true(row->submitted != 0);
	assert_string_equal(row->submitted_id, "");
	answer(UPDATE_LOST, "no answer");
	assert_true(row->submitted != 0);
	ask_again(c, 1);
	answer(UPDATE_BASE, "");
	assert_int_equal(row->submitted, 0);
}

/*! What a former process has sent is asked before anything else is sent, whatever is wanted now. */
static void after_a_restart_the_question_comes_first(void **state)
{
	case_t *c = *state;

	c->zone.kept.row.submitted = 50;
	c->gathered.survey = NULL; /* Without a survey nothing can be asked. */
	assert_false(decide(c, false, 100));
	c->gathered.survey = &c->survey;
	assert_true(decide(c, false, 100));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_true(primary.check_only);
	assert_int_equal(primary.sent, 0);
	assert_int_equal(c->zone.kept.row.submitted, 50);
	answer(UPDATE_UNSENT, "nobody is there");
	assert_string_equal(facts_of(c).not_informed, "update-lost: nobody is there");
	assert_false(decide(c, true, 200)); /* It waits. */
	while (primary.under_way == NULL) {
		uv_run(&c->env.uv, UV_RUN_ONCE);
	}
	assert_true(primary.check_only);
	answer(UPDATE_DIFFERS, "other DS");
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->zone.kept.row.notified, 0);
	submit(c);
	assert_false(primary.check_only);
	assert_int_equal(primary.sent, 1);
	answer(UPDATE_DONE, "");
}

static void what_is_over_before_it_is_sent_is_not_sent(void **state)
{
	case_t *c = *state;

	assert_true(decide(c, true, 100));
	assert_false(decide(c, false, 0));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_null(primary.under_way);
	assert_int_equal(primary.sent, 0);
	assert_false(announce_is_busy(&c->zone));
	submit(c);
	assert_false(decide(c, false, 0));
	assert_int_equal(primary.withdrawn, 1);
	answer(UPDATE_UNSENT, "withdrawn");
	assert_int_equal(lines, 0);
	assert_int_equal(c->zone.kept.row.submitted, 0);
}

/*! The machine would ask again after `notify-again`, or in a day, and nothing else asks where no CDS is out. */
static void a_ttl_that_a_former_process_has_sent_is_asked_for_at_once(void **state)
{
	case_t *c = *state;

	knot_rdataset_clear(&c->gathered.cds, NULL);
	assert_false(facts_of(c).ds_ttl.again);
	c->zone.kept.row.submitted = 100;
	assert_true(facts_of(c).ds_ttl.again);
	rollover_decision_t d = { .row = { .submitted = 100, .ds_ttl_before = 7200, .ds_ttl_low = 300 },
		                  .ds_ttl = 300 };
	assert_true(submit_case_decision(c, &d));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_true(primary.check_only);
	assert_false(facts_of(c).ds_ttl.again);
	answer(UPDATE_SAME, "");
	assert_true(facts_of(c).ds_ttl.again);
	assert_int_equal(c->zone.kept.row.submitted, 0);
}

/*! It may wait for its turn for long. */
static void a_ttl_that_was_not_sent_is_not_sent_on_hold(void **state)
{
	case_t *c = *state;

	for (int i = 0; i < 2; i++) {
		c->settings.config.hold = c->settings.config.dry_run = false;
		assert_true(want_ttl(c, 7200, false, true));
		assert_int_equal(primary.withdrawn, i);
		c->settings.config.hold = i == 0;
		c->settings.config.dry_run = i == 1;
		assert_false(want_ttl(c, 7200, false, false));
		assert_int_equal(primary.withdrawn, i + 1);
		answer(UPDATE_UNSENT, "withdrawn");
		assert_int_equal(lines, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_a_lost_answer_only_the_question_is_sent),
		TEST(a_refusal_of_the_change_that_nobody_has_signed_proves_nothing),
		TEST(what_is_open_at_the_primary_is_asked_there_first),
		TEST(without_its_key_a_message_is_not_asked_for),
		TEST(settings_that_want_nothing_stop_the_change),
		TEST(a_ttl_that_settings_have_stopped_is_sent_again),
		TEST(a_refused_question_ends_no_doubt),
		TEST(a_message_that_was_not_made_is_not_sent_again_from_here),
		TEST(what_was_sent_before_is_known_before_the_next_is_sent),
		TEST(what_is_sent_is_in_the_store_first),
		TEST(after_a_restart_the_question_comes_first),
		TEST(what_is_over_before_it_is_sent_is_not_sent),
		TEST(a_ttl_that_a_former_process_has_sent_is_asked_for_at_once),
		TEST(a_ttl_that_was_not_sent_is_not_sent_on_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
