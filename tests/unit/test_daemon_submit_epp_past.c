/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EPP to the registry of the parent: what was sent before, or is not wanted any more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon_submit_epp_case.h"
#include "messages.h"

/*! What a former process has asked for may be something else, and may still be made. */
static void what_is_wanted_now_may_not_be_what_was_asked_for(void **state)
{
	case_t *c = *state;
	rollover_row_t *row = &c->zone.kept.row;

	row->submitted = 50;
	snprintf(row->submitted_id, sizeof(row->submitted_id), "kskroll-former");
	account.timeout = 5;
	shown.tag = 2;
	assert_true(submit_case_decide(c, false, 100));
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 0);
	assert_true(row->submitted != 0);
	account.timeout = 1;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(counted[NOTIFY_EPP_SUBMITTED], 1);
	assert_int_equal(row->submitted, 0);
}

/*! Some registries write names in capitals. */
static void a_message_is_about_its_zone_however_it_is_written(void **state)
{
	case_t *c = *state;
	epp_message_t message = { .is_change = true, .domain = "CHILD.Example" };

	messages_take(&c->env, &account, &message);
	assert_int_equal(c->woken, 1);
	pend(c);
	message = message_about(c, false);
	snprintf(message.domain, sizeof(message.domain), "CHILD.Example");
	messages_take(&c->env, &account, &message);
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_string_equal(facts_of(c).not_informed, "epp-refused: thus decided");
}

/*! A clTRID is optional (RFC 5730 2.5), and what was sent by DNS UPDATE has none. */
static void a_message_without_a_name_is_about_nothing(void **state)
{
	case_t *c = *state;
	const epp_message_t message = { .is_action = true, .domain = "child.example" };

	c->zone.kept.row.submitted = 50;
	messages_take(&c->env, &account, &message);
	assert_int_equal(c->zone.kept.row.submitted, 50);
	snprintf(c->zone.kept.row.submitted_id, sizeof(c->zone.kept.row.submitted_id), "kskroll-former");
	account.timeout = 60;
	assert_true(submit_case_decide(c, false, 100));
	messages_take(&c->env, &account, &message);
	assert_int_equal(c->zone.kept.row.submitted, 50);
	assert_true(announce_is_busy(&c->zone));
}

/*! A registry whose `<info>` comes from a copy that is a little behind. */
static void a_pending_update_that_is_not_shown_yet_is_not_refused(void **state)
{
	case_t *c = *state;

	account.timeout = 5;
	pend(c);
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 0);
	assert_true(c->zone.kept.row.submitted != 0);
	info.locks = EPP_LOCK_PENDING;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 0);
}

/*! Nothing is sent for signals that were withdrawn while the registry was asked. */
static void what_is_over_before_it_is_sent_is_not_sent(void **state)
{
	case_t *c = *state;

	start(c);
	registry.under_way = true;
	assert_false(submit_case_decide(c, false, 0));
	is_shown();
	assert_int_equal(registry.sent, 0);
	assert_false(announce_is_busy(&c->zone));
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(lines, 0);
	/* The question waits for its turn. */
	registry.under_way = false;
	start(c);
	assert_false(submit_case_decide(c, false, 0));
	assert_false(announce_is_busy(&c->zone));
	assert_false(registry.waits);
	/* So does the update. */
	submit(c);
	assert_false(submit_case_decide(c, false, 0));
	assert_false(announce_is_busy(&c->zone));
	assert_false(registry.waits);
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->done, 3);
	/* The zone is given to another way. */
	start(c);
	c->settings.config.via = PARENT_VIA_MANUAL;
	is_shown();
	assert_int_equal(registry.sent, 1);
	assert_false(announce_is_busy(&c->zone));
}

/*! A queue can be longer than notify-again: what is on its way is not sent once more after its end. */
static void what_waits_for_its_turn_says_so_and_is_not_sent_twice(void **state)
{
	case_t *c = *state;

	start(c);
	assert_string_equal(facts_of(c).in_queue, "");
	registry.place = (epp_link_place_t){ .before = 120, .wait_ms = 119500 };
	assert_memory_equal(facts_of(c).in_queue, "in the queue of account lab: 120 commands come first, until about 2",
	                    67);
	assert_string_equal(facts_of(c).not_informed, "");
	assert_false(submit_case_decide(c, true, 200));
	is_shown();
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_string_equal(facts_of(c).in_queue, "");
	assert_int_equal(c->zone.kept.row.notified, 200);
	/* Others than those are missed. */
	start(c);
	knot_rdataset_clear(&c->gathered.cds, NULL);
	submit_case_add(&c->gathered.cds, 3, 2);
	assert_false(submit_case_decide(c, true, 200));
	is_shown();
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_int_equal(c->zone.kept.row.notified, 0);
	assert_true(c->check);
}

/*! Nobody has read what came of those of before, although they have asked for the same. */
static void signals_that_come_back_are_sent_again(void **state)
{
	case_t *c = *state;

	pend(c);
	assert_false(submit_case_decide(c, false, 0));
	assert_false(submit_case_decide(c, true, 300));
	const epp_message_t message = message_about(c, true);
	messages_take(&c->env, &account, &message);
	assert_int_equal(c->zone.kept.row.notified, 0);
	assert_true(c->check);
	/* So are those that come while a TTL is under way. */
	assert_true(submit_case_want_ttl(c, 86400, false, true));
	c->zone.kept.row.notified = 400;
	rollover_decision_t d = { .notify = true,
		                  .row = { .notified = 400, .ds_ttl_before = 86400, .ds_ttl_low = 300 } };
	assert_false(submit_case_decision(c, &d));
	back(EPP_LINK_UNSENT, NULL, "no session");
	assert_int_equal(c->zone.kept.row.notified, 0);
}

/*! The same of a message about the TTL. */
static void a_ttl_that_waits_for_its_turn_says_so_and_is_not_set_twice(void **state)
{
	case_t *c = *state;

	info.has_ttl = info.ttl_default = true;
	info.ttl_max = info.ttl_usual = 86400;
	assert_true(submit_case_want_ttl(c, 86400, false, true));
	registry.place = (epp_link_place_t){ .before = 3, .wait_ms = 3000 };
	assert_non_null(strstr(facts_of(c).ds_ttl.queue, "in the queue of account lab: 3 commands come first"));
	assert_string_equal(facts_of(c).ds_ttl.why, "");
	assert_string_equal(facts_of(c).in_queue, "");
	assert_false(submit_case_want_ttl(c, 86400, false, true));
	is_shown();
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_int_equal(facts_of(c).ds_ttl.made, 300);
	assert_false(facts_of(c).ds_ttl.again);
	assert_string_equal(facts_of(c).ds_ttl.queue, "");
}

/*! A session of another zone may be the first one after a restart. */
static void the_outcome_of_a_zone_that_had_no_check_yet_is_kept(void **state)
{
	case_t *c = *state;
	epp_message_t message = { .is_action = true, .domain = "child.example", .trid = "kskroll-former" };

	c->in_store.submitted = 50;
	c->in_store.notified = 100;
	snprintf(c->in_store.submitted_id, sizeof(c->in_store.submitted_id), "kskroll-former");
	snprintf(message.text, sizeof(message.text), "too many records");
	c->asleep = true;
	c->entry.zone = NULL;
	/* It stays in the queue until the row can be read. */
	store_fails = true;
	assert_false(messages_take(&c->env, &account, &message));
	assert_int_equal(c->woken, 1);
	assert_int_equal(stored, 0);
	store_fails = false;
	assert_true(messages_take(&c->env, &account, &message));
	assert_string_equal(facts_of(c).not_informed, "epp-refused: too many records");
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->zone.kept.row.notified, 100);
	assert_int_equal(stored, 1);
	assert_int_equal(c->woken, 2);
	assert_int_equal(c->zone.refs, 0);
	/* Others are taken from the queue: it must not stop at them. */
	c->entry.zone = NULL;
	assert_true(messages_take(&c->env, &account, &message));
	assert_int_equal(c->woken, 2);
	snprintf(message.domain, sizeof(message.domain), "other.example");
	assert_true(messages_take(&c->env, &account, &message));
}

/*! The clock of the loop goes on. */
static void pass(case_t *c, unsigned seconds)
{
	const uint64_t end = uv_now(&c->env.uv) + seconds * 1000 / 50;

	while (uv_now(&c->env.uv) < end) {
		usleep(1000);
		uv_update_time(&c->env.uv);
	}
}

/*! The server may work on the update from then on, and not from the first question on, which waited for its turn. */
static void a_lost_update_counts_from_its_loss(void **state)
{
	case_t *c = *state;

	account.timeout = 10;
	start(c);
	pass(c, 20);
	is_shown();
	back(EPP_LINK_LOST, NULL, "cut");
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 0);
	/* The same of one that is pending. */
	account.timeout = 1;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 1);
	account.timeout = 10;
	start(c);
	pass(c, 20);
	is_shown();
	answer(EPP_UPDATE, 1001, EPP_PENDING);
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 1);
}

/*! The registry may refuse the question for a while, as of a domain that is being transferred. */
static void a_refused_question_says_nothing_about_the_update(void **state)
{
	case_t *c = *state;

	submit(c);
	back(EPP_LINK_LOST, NULL, "cut");
	wait_for(c, EPP_INFO);
	answer(EPP_INFO, 2201, EPP_REFUSED);
	assert_int_equal(c->done, 0);
	assert_true(c->zone.kept.row.submitted != 0);
	/* It is pending: the answer that was lost was 1001. What is not there in the end is refused. */
	info.locks = EPP_LOCK_PENDING;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(counted[NOTIFY_EPP_PENDING], 1);
	info.locks = 0;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_string_equal(facts_of(c).not_informed,
	                    "epp-refused: the registry does not have what the update asks for");
	assert_int_equal(c->zone.kept.row.notified, 100);
}

/*! Nor does a policy that has changed. */
static void a_ttl_that_is_lost_is_asked_for_whatever_is_allowed_then(void **state)
{
	case_t *c = *state;

	account.timeout = 60;
	info.has_ttl = info.ttl_default = true;
	info.ttl_max = info.ttl_usual = 86400;
	assert_true(submit_case_want_ttl(c, 86400, false, true));
	is_shown();
	back(EPP_LINK_LOST, NULL, "cut");
	info.ttl_min = 86400;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 0);
	assert_int_equal(facts_of(c).ds_ttl.refused, 0);
	assert_true(c->zone.kept.row.submitted != 0);
	/* A former process may have sent another one. */
	announce_cancel(&c->zone);
	memset(&c->zone.announce, 0, sizeof(c->zone.announce));
	c->done = 0;
	assert_true(submit_case_want_ttl(c, 86400, false, true));
	is_shown();
	assert_int_equal(c->done, 0);
	assert_true(c->zone.kept.row.submitted != 0);
	info.ttl_min = 0;
	account.timeout = 1;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(facts_of(c).ds_ttl.made, 0);
	assert_true(facts_of(c).ds_ttl.again);
}

/*! Whatever is open is asked more and more rarely, and never given up. */
static void questions_come_at_growing_intervals(void **state)
{
	case_t *c = *state;

	account.timeout = 3600;
	submit(c);
	back(EPP_LINK_LOST, NULL, "cut");
	const submission_t *s = c->zone.announce.submission;
	assert_int_equal(s->retry_ms, 2000);
	for (unsigned i = 0; i < 3; i++) {
		const uint64_t ms[] = { 4000, 900000, 900000 };
		uv_timer_stop((uv_timer_t *)&s->timer);
		uv_timer_start((uv_timer_t *)&s->timer, s->timer.timer_cb, 0, 0);
		wait_for(c, EPP_INFO);
		is_shown();
		assert_int_equal(s->retry_ms, ms[i]);
		((submission_t *)s)->retry_ms = i == 0 ? 500000 : s->retry_ms;
	}
}

/*! The zone may be another one by then. */
static void what_has_waited_for_too_long_is_not_sent(void **state)
{
	case_t *c = *state;

	start(c);
	c->zone.announce.submission->began -= 3600 * 1000 + 1;
	is_shown();
	assert_int_equal(registry.sent, 0);
	assert_non_null(strstr(facts_of(c).not_informed, "epp-unsent: other commands came first for too long"));
	assert_int_equal(c->zone.kept.row.notified, 0);
	assert_int_equal(c->zone.kept.row.submitted, 0);
}

/*! Nobody decides for a zone whose rollover is off, so the decision of before must not be carried out. */
static void settings_that_want_nothing_stop_the_update(void **state)
{
	case_t *c = *state;
	bool *const stops[] = { &c->settings.config.hold, &c->settings.config.dry_run,
		                &c->settings.config.observe_only };

	for (unsigned i = 0; i < 4; i++) {
		for (unsigned update = 0; update < 2; update++) {
			start(c);
			if (update) {
				is_shown(); /* The update waits for its turn. */
			}
			const unsigned sent = registry.sent;
			registry.under_way = !update;
			if (i == 3) {
				c->settings.rollover = false;
			} else {
				*stops[i] = true;
			}
			if (update) {
				announce_review(&c->zone);
				assert_false(registry.waits);
			} else {
				is_shown();
			}
			registry.under_way = false;
			assert_int_equal(registry.sent, sent);
			assert_false(announce_is_busy(&c->zone));
			assert_int_equal(c->zone.kept.row.submitted, 0);
			assert_int_equal(c->zone.kept.row.notified, 0);
			c->settings.rollover = true;
			c->settings.config.hold = c->settings.config.dry_run = c->settings.config.observe_only = false;
		}
	}
	/* What is under way has to be known. */
	submit(c);
	registry.under_way = true;
	c->settings.rollover = false;
	announce_review(&c->zone);
	assert_true(announce_is_busy(&c->zone));
	registry.under_way = false;
	back(EPP_LINK_LOST, NULL, "cut");
	announce_review(&c->zone);
	assert_true(announce_is_busy(&c->zone));
	assert_true(c->zone.kept.row.submitted != 0);
}

/*! Whatever `parent-via` is now. */
static void what_is_open_at_the_registry_is_asked_there_first(void **state)
{
	case_t *c = *state;
	rollover_row_t *row = &c->zone.kept.row;
	static const parent_via_t ways[] = { PARENT_VIA_UPDATE, PARENT_VIA_MANUAL, PARENT_VIA_AUTO };

	for (size_t i = 0; i < 3; i++) {
		/* While it is open, and after a restart. */
		for (unsigned restart = 0; restart < 2; restart++) {
			c->settings.config.via = PARENT_VIA_EPP;
			info.locks = 0;
			registry = (registry_t){ 0 };
			if (restart) {
				row->submitted = 50;
				snprintf(row->submitted_id, sizeof(row->submitted_id), "kskroll-former");
			} else {
				pend(c);
			}
			c->settings.config.via = ways[i];
			announce_review(&c->zone);
			info.locks = EPP_LOCK_PENDING;
			(void)submit_case_decide(c, true, 300);
			wait_for(c, EPP_INFO);
			is_shown();
			assert_int_equal(registry.sent, !restart);
			assert_true(announce_is_busy(&c->zone));
			assert_int_equal(counted[NOTIFY_MANUAL], 0);
			const epp_message_t message = message_about(c, false);
			messages_take(&c->env, &account, &message);
			assert_false(announce_is_busy(&c->zone));
			assert_true(c->check);
			assert_int_equal(row->notified, 0); /* The new way has its turn. */
			assert_int_equal(row->submitted, 0);
			counted[NOTIFY_EPP_PENDING] = c->done = 0;
		}
	}
	/* What cannot be asked any more: nothing goes another way, unless the operator says that none is automatic. */
	row->submitted = 50;
	snprintf(row->submitted_id, sizeof(row->submitted_id), "kskroll-former");
	c->settings.parent_epp = NULL;
	c->settings.config.via = PARENT_VIA_UPDATE;
	assert_false(submit_case_decide(c, true, 100));
	assert_non_null(strstr(facts_of(c).not_informed, "set parent-epp until"));
	assert_true(row->submitted != 0);
	c->settings.config.via = PARENT_VIA_MANUAL;
	rows = 0;
	assert_false(submit_case_decide(c, true, 100));
	assert_int_equal(counted[NOTIFY_MANUAL], 1);
	assert_int_equal(row->submitted, 0);
	assert_int_equal(rows, 1);
}

/*! The parent of this server may do it, which restores it by itself. */
static void a_parent_that_reads_signals_gets_no_message_about_a_ttl(void **state)
{
	static const parent_via_t VIAS[] = { PARENT_VIA_CDS, PARENT_VIA_AUTO, PARENT_VIA_MANUAL };
	case_t *c = *state;

	for (unsigned i = 0; i < 3; i++) {
		c->settings.config.via = VIAS[i];
		assert_int_equal(facts_of(c).ds_ttl.low, VIAS[i] == PARENT_VIA_MANUAL ? 0 : 600);
		assert_int_equal(facts_of(c).ds_ttl.returns, VIAS[i] != PARENT_VIA_MANUAL);
	}
	c->settings.config.via = PARENT_VIA_CDS;
	agent_restores = false;
	assert_true(facts_of(c).ds_ttl.by_agent);
	assert_false(facts_of(c).ds_ttl.returns); /* Who has lowered it is not known. */
	agent_restores = true;
	agent_low = 0;
	assert_false(facts_of(c).ds_ttl.by_agent); /* Another server has the parent zone. */
	assert_false(facts_of(c).ds_ttl.returns);
	agent_low = 600;
	agent_asked = 0;
	c->settings.config.via = PARENT_VIA_CDS;
	assert_false(submit_case_want_ttl(c, 7200, false, true));
	assert_int_equal(agent_asked, 1);
	assert_false(announce_is_busy(&c->zone));
	assert_false(submit_case_want_ttl(c, 7200, false, false));
	assert_int_equal(agent_asked, 1);
	assert_false(submit_case_want_ttl(c, 0, false, false)); /* It is over. */
	assert_int_equal(agent_asked, 2);
	assert_false(submit_case_want_ttl(c, 7200, false, true));
	announce_cancel(&c->zone); /* The zone goes. */
	assert_int_equal(agent_asked, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_parent_that_reads_signals_gets_no_message_about_a_ttl),
		TEST(what_is_wanted_now_may_not_be_what_was_asked_for),
		TEST(a_message_is_about_its_zone_however_it_is_written),
		TEST(a_message_without_a_name_is_about_nothing),
		TEST(a_pending_update_that_is_not_shown_yet_is_not_refused),
		TEST(what_is_over_before_it_is_sent_is_not_sent),
		TEST(the_outcome_of_a_zone_that_had_no_check_yet_is_kept),
		TEST(a_lost_update_counts_from_its_loss),
		TEST(a_refused_question_says_nothing_about_the_update),
		TEST(a_ttl_that_is_lost_is_asked_for_whatever_is_allowed_then),
		TEST(questions_come_at_growing_intervals),
		TEST(what_has_waited_for_too_long_is_not_sent),
		TEST(settings_that_want_nothing_stop_the_update),
		TEST(what_is_open_at_the_registry_is_asked_there_first),
		TEST(what_waits_for_its_turn_says_so_and_is_not_sent_twice),
		TEST(signals_that_come_back_are_sent_again),
		TEST(a_ttl_that_waits_for_its_turn_says_so_and_is_not_set_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
