/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EPP to the registry of the parent: what is asked and sent, and what is made of the answers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon_submit_epp_case.h"
#include "messages.h"

static void the_registry_is_asked_and_gets_the_smallest_change(void **state)
{
	case_t *c = *state;

	submit(c);
	assert_int_equal(registry.rem, 1);
	assert_int_equal(registry.add, 1);
	assert_string_equal(registry.domain, "child.example");
	/* The store has its name before. */
	assert_int_equal(rows, 1);
	assert_true(c->zone.kept.row.submitted != 0);
	assert_string_equal(registry.trid, c->zone.kept.row.submitted_id);
	assert_true(strlen(registry.trid) > 20);
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_int_equal(c->done, 1);
	assert_true(c->check);
	assert_int_equal(counted[NOTIFY_EPP_SUBMITTED], 1);
	assert_int_equal(stored, 1);
	assert_int_equal(rows, 2);
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_string_equal(c->zone.kept.row.submitted_id, "");
	assert_true(facts_of(c).acknowledged != 0);
	assert_string_equal(facts_of(c).not_informed, "");
	/* Another one has another name. */
	char former[EPP_TRID_MAX];
	snprintf(former, sizeof(former), "%s", registry.trid);
	submit(c);
	assert_string_not_equal(registry.trid, former);
	answer(EPP_UPDATE, 1000, EPP_DONE);
}

static void what_it_has_is_not_sent(void **state)
{
	case_t *c = *state;

	shown.tag = 2;
	start(c);
	is_shown();
	assert_int_equal(registry.sent, 0);
	assert_int_equal(counted[NOTIFY_EPP_SUBMITTED], 1);
	assert_int_equal(rows, 0);
	assert_non_null(strstr(line, "had the DS already"));
}

static void without_store_nothing_is_sent(void **state)
{
	case_t *c = *state;

	store_fails = true;
	start(c);
	is_shown();
	assert_int_equal(registry.sent, 0);
	assert_non_null(strstr(facts_of(c).not_informed, "epp-unsent: the store"));
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->zone.kept.row.notified, 0);
}

static void why_nothing_is_sent_is_said(void **state)
{
	case_t *c = *state;

	c->settings.parent_epp = NULL;
	assert_false(submit_case_decide(c, true, 100));
	assert_string_equal(facts_of(c).not_informed, "epp-unsent: parent-epp is not set");
	c->settings.parent_epp = (char *)"lab";
	registry.bad = "/etc/knot/x, line 3: item `port` is wrong";
	assert_true(submit_case_decide(c, true, 100));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_string_equal(facts_of(c).not_informed, "epp-unsent: /etc/knot/x, line 3: item `port` is wrong");
	assert_int_equal(c->zone.kept.row.notified, 0);
	registry.bad = NULL;
	start(c);
	back(EPP_LINK_UNSENT, NULL, "its certificate is another one's");
	assert_string_equal(facts_of(c).not_informed, "epp-unsent: its certificate is another one's");
	assert_string_equal(facts_of(c).not_informed_at, "192.0.2.7@700");
	assert_int_equal(c->zone.kept.row.notified, 0); /* The next check tries again, */
	start(c);
	back(EPP_LINK_STOPPED, NULL, "2200");
	assert_int_equal(c->zone.kept.row.notified, 0); /* also whether the file of accounts has changed. */
	submit(c);
	back(EPP_LINK_UNSENT, NULL, "no session");
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(counted[NOTIFY_EPP_UNSENT], 5);
}

static void each_answer_has_its_word(void **state)
{
	case_t *c = *state;
	static const struct {
		unsigned code;
		epp_meaning_t meaning;
		notify_status_t status;
		const char *word;
		bool again;
	} each[] = {
		{ 2201, EPP_REFUSED, NOTIFY_EPP_REFUSED, "epp-refused: its words (2201). Do it.", false },
		{ 2200, EPP_STOP, NOTIFY_EPP_REFUSED, "epp-refused: its words (2200). Do it.", false },
		{ 2304, EPP_LOCKED, NOTIFY_EPP_LOCKED, "epp-locked: its words (2304). Do it.", false },
		{ 2400, EPP_LATER, NOTIFY_EPP_UNSENT, "epp-unsent: its words (2400). Do it.", true },
	};
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		for (unsigned update = 0; update < 2; update++) {
			const unsigned before = counted[each[i].status];
			start(c);
			if (update) {
				is_shown();
			}
			answer(update ? EPP_UPDATE : EPP_INFO, each[i].code, each[i].meaning);
			assert_int_equal(counted[each[i].status], before + 1);
			assert_string_equal(facts_of(c).not_informed, each[i].word);
			assert_int_equal(c->zone.kept.row.notified, each[i].again ? 0 : 100);
			assert_int_equal(c->zone.kept.row.submitted, 0);
			assert_false(c->check);
			assert_int_equal(facts_of(c).acknowledged, 0);
		}
	}
}

static void what_forbids_an_update_is_said(void **state)
{
	case_t *c = *state;

	info.locks = EPP_LOCK_SERVER;
	start(c);
	is_shown();
	assert_non_null(strstr(facts_of(c).not_informed, "epp-locked: serverUpdateProhibited"));
	info.locks = 0;
	shown.tag = 9;
	start(c);
	is_shown();
	assert_non_null(strstr(facts_of(c).not_informed, "epp-differs: "));
	assert_int_equal(c->zone.kept.row.notified, 0); /* The next survey decides. */
	info.count = 0;
	knot_rdataset_clear(&c->survey.ds, NULL);
	account.interface = EPP_INTERFACE_KEY; /* The zone has no CDNSKEY. */
	start(c);
	is_shown();
	assert_non_null(strstr(facts_of(c).not_informed, "epp-refused: the registry takes keys"));
	assert_int_equal(registry.sent, 0);
}

static void a_delete_signal_removes_what_the_registry_has(void **state)
{
	case_t *c = *state;

	knot_rdataset_clear(&c->gathered.cds, NULL);
	submit_case_add(&c->gathered.cds, 0, 0);
	submit(c);
	assert_int_equal(registry.rem, 1);
	assert_int_equal(registry.add, 0);
	answer(EPP_UPDATE, 1000, EPP_DONE);
}

/*! A registry of keys gets what CDNSKEY asks for. */
static void keys_are_those_of_cdnskey(void **state)
{
	case_t *c = *state;
	const uint8_t data[] = { 1, 1, 3, 13, 5, 6, 7 };
	knot_rdata_t *rdata = malloc(knot_rdata_size(sizeof(data)));

	knot_rdata_init(rdata, sizeof(data), data);
	assert_int_equal(knot_rdataset_add(&c->gathered.cdnskey, rdata, NULL), KNOT_EOK);
	free(rdata);
	account.interface = EPP_INTERFACE_KEY;
	info.has_secdns = false;
	info.count = 0;
	knot_rdataset_clear(&c->survey.ds, NULL);
	submit(c);
	assert_int_equal(registry.add, 1);
	answer(EPP_UPDATE, 1000, EPP_DONE);
	shown = (epp_record_t){
		.is_key = true, .flags = 257, .protocol = 3, .algorithm = 13, .data = data + 4, .data_len = 3
	};
	info.has_secdns = true;
	info.count = 1;
	start(c);
	is_shown();
	assert_int_equal(registry.sent, 1);
	knot_rdataset_clear(&c->gathered.cdnskey, NULL);
}

static void a_pending_update_ends_with_its_message(void **state)
{
	case_t *c = *state;

	pend(c);
	assert_false(submit_case_decide(c, true, 200)); /* Nothing else meanwhile. */
	epp_message_t message = message_about(c, true);
	message.trid[10]++;
	messages_take(&c->env, &account, &message); /* Of another one. */
	assert_true(announce_is_busy(&c->zone));
	message.trid[10]--;
	messages_take(&c->env, &account, &message);
	assert_int_equal(counted[NOTIFY_EPP_SUBMITTED], 1);
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_false(announce_is_busy(&c->zone));
	assert_int_equal(registry.sent, 1);
}

static void a_pending_update_that_is_refused_is_no_longer_sent_from_here(void **state)
{
	case_t *c = *state;

	pend(c);
	wait_for(c, EPP_INFO); /* Asked now and then, too. */
	const epp_message_t message = message_about(c, false);
	messages_take(&c->env, &account, &message);
	assert_int_equal(registry.cancelled, 1);
	assert_string_equal(facts_of(c).not_informed, "epp-refused: thus decided");
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->zone.kept.row.notified, 100);
	assert_int_equal(registry.sent, 1);
}

/*! Another program may have read the queue. */
static void a_pending_update_ends_when_the_registry_shows_it(void **state)
{
	case_t *c = *state;

	pend(c);
	assert_int_equal(registry.polled, 0);
	info.locks = EPP_LOCK_PENDING;
	wait_for(c, EPP_INFO);
	assert_int_equal(registry.polled, 1); /* Its message comes first. */
	is_shown();
	assert_int_equal(c->done, 0);
	info.locks = 0;
	shown.tag = 2;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(counted[NOTIFY_EPP_SUBMITTED], 1);
	assert_int_equal(c->done, 1);
	shown.tag = 1;
	c->done = 0;
	counted[NOTIFY_EPP_PENDING] = 0;
	pend(c);
	wait_for(c, EPP_INFO);
	back(EPP_LINK_LOST, NULL, "cut"); /* Of the question. */
	assert_int_equal(c->done, 0);
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(counted[NOTIFY_EPP_REFUSED], 1);
	assert_int_equal(registry.sent, 2);
	assert_int_equal(c->zone.kept.row.notified, 100); /* Not at once, after what was refused. */
}

static void after_a_lost_answer_the_registry_is_asked_until_it_cannot_work_on_it(void **state)
{
	case_t *c = *state;

	submit(c);
	back(EPP_LINK_LOST, NULL, "the connection is broken");
	assert_string_equal(facts_of(c).not_informed, "epp-lost: the connection is broken");
	assert_false(submit_case_decide(c, true, 200));
	account.timeout = 5;
	wait_for(c, EPP_INFO);
	is_shown(); /* Two seconds later it may work on it. */
	assert_int_equal(c->done, 0);
	assert_true(c->zone.kept.row.submitted != 0);
	account.timeout = 1;
	wait_for(c, EPP_INFO);
	answer(EPP_INFO, 2400, EPP_LATER);
	assert_int_equal(c->done, 0);
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(c->done, 1);
	assert_int_equal(registry.sent, 1);
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->zone.kept.row.notified, 0); /* The next check decides. */
}

static void a_lost_answer_may_have_been_yes(void **state)
{
	case_t *c = *state;

	submit(c);
	back(EPP_LINK_CANCELLED, NULL, "it is cancelled"); /* The accounts were read again. */
	shown.tag = 2;
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(counted[NOTIFY_EPP_SUBMITTED], 1);
	assert_string_equal(facts_of(c).not_informed, "");
}

static void after_a_restart_the_question_comes_first(void **state)
{
	case_t *c = *state;
	rollover_row_t *row = &c->zone.kept.row;

	row->submitted = 50;
	snprintf(row->submitted_id, sizeof(row->submitted_id), "kskroll-former");
	account.timeout = 60;
	assert_true(submit_case_decide(c, false, 100));
	wait_for(c, EPP_INFO);
	is_shown();
	assert_int_equal(registry.sent, 0);
	assert_non_null(strstr(facts_of(c).not_informed, "epp-lost: the registry may still work"));
	const epp_message_t message = message_about(c, true);
	messages_take(&c->env, &account, &message);
	assert_int_equal(row->submitted, 0);
	assert_int_equal(row->notified, 0); /* Nobody knows what it asked for. */
}

static void a_message_of_the_registry_wakes_its_zone(void **state)
{
	case_t *c = *state;
	epp_message_t message = {
		.is_change = true, .domain = "child.example", .who = "another", .operation = "update"
	};

	messages_take(&c->env, &account, &message);
	assert_int_equal(c->woken, 1);
	assert_non_null(strstr(line, "child.example was changed at the registry (update) by another"));
	snprintf(message.domain, sizeof(message.domain), "other.example");
	messages_take(&c->env, &account, &message);
	assert_int_equal(c->woken, 1);
	message = (epp_message_t){ .text = "low balance" };
	messages_take(&c->env, &account, &message);
	assert_non_null(strstr(line, "low balance"));
	/* Of a former process, before the zone could ask. */
	snprintf(c->zone.kept.row.submitted_id, sizeof(c->zone.kept.row.submitted_id), "kskroll-former");
	c->zone.kept.row.submitted = 50;
	message = message_about(c, false);
	messages_take(&c->env, &account, &message);
	assert_int_equal(c->zone.kept.row.submitted, 0);
	assert_int_equal(c->woken, 2);
	assert_string_equal(facts_of(c).not_informed, "epp-refused: thus decided");
	assert_int_equal(counted[NOTIFY_EPP_REFUSED], 1);
}

/*! Signals of a rollback must not be overtaken by what was sent before. */
static void what_was_sent_before_is_known_before_the_next_is_sent(void **state)
{
	case_t *c = *state;

	pend(c);
	assert_false(submit_case_decide(c, false, 0)); /* These signals are over, */
	knot_rdataset_clear(&c->gathered.cds, NULL);
	submit_case_add(&c->gathered.cds, 3, 2);
	assert_false(submit_case_decide(c, true, 300)); /* others are out. */
	assert_int_equal(registry.sent, 1);
	const epp_message_t message = message_about(c, true);
	messages_take(&c->env, &account, &message);
	assert_true(c->check);
	assert_int_equal(c->zone.kept.row.notified, 0);
	assert_int_equal(facts_of(c).acknowledged, 0);
}

/*! The registry offers TTLs from \a min on, and one of its own. */
static void offers_ttl(uint32_t min)
{
	info.has_ttl = info.ttl_default = true;
	info.ttl_min = min;
	info.ttl_max = 86400;
	info.ttl_usual = 86400;
}

static void the_ttl_is_lowered_and_the_registry_s_own_comes_back(void **state)
{
	case_t *c = *state;

	offers_ttl(60);
	c->settings.config.ds_ttl = 300;
	assert_int_equal(facts_of(c).ds_ttl.low, 300);
	knot_rdataset_clear(&c->gathered.cds, NULL);
	assert_true(submit_case_want_ttl(c, 86400, false, true));
	is_shown();
	assert_int_equal(registry.verb, EPP_UPDATE);
	assert_int_equal(registry.rem + registry.add, 0);
	assert_int_equal(registry.ttl_what, EPP_TTL_SET);
	assert_int_equal(registry.ttl, 300);
	assert_true(c->zone.kept.row.submitted != 0);
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_int_equal(facts_of(c).ds_ttl.made, 300);
	assert_int_equal(facts_of(c).acknowledged, 0);
	info.ttl_default = false;
	info.ttl = 300;
	assert_true(submit_case_want_ttl(c, 86400, true, true));
	is_shown();
	assert_int_equal(registry.ttl_what, EPP_TTL_DEFAULT);
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_int_equal(facts_of(c).ds_ttl.made, 86400);
}

static void a_minimum_of_the_registry_is_said_and_taken(void **state)
{
	case_t *c = *state;

	offers_ttl(3600);
	assert_true(submit_case_want_ttl(c, 86400, false, true));
	is_shown();
	assert_int_equal(registry.ttl, 3600);
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_int_equal(facts_of(c).ds_ttl.made, 3600);
	assert_non_null(strstr(line, "300 s are wanted, and the registry allows 3600 s"));
	/* One that is not below the TTL of before is of no use. */
	info.ttl_min = 86400;
	c->zone.announce.ds_ttl.wanted = 0;
	assert_true(submit_case_want_ttl(c, 86400, false, true));
	is_shown();
	assert_int_equal(registry.sent, 1);
	assert_int_equal(facts_of(c).ds_ttl.refused, 300);
	assert_non_null(strstr(facts_of(c).ds_ttl.why, "no TTL of DS below 86400 s"));
}

static void a_registry_without_ttls_is_no_hindrance(void **state)
{
	case_t *c = *state;

	assert_true(submit_case_want_ttl(c, 86400, false, true));
	is_shown();
	assert_int_equal(registry.sent, 0);
	assert_int_equal(facts_of(c).ds_ttl.refused, 300);
	assert_string_equal(facts_of(c).not_informed, "");
}

static void a_zone_that_goes_leaves_nothing_behind(void **state)
{
	case_t *c = *state;

	start(c);
	announce_cancel(&c->zone);
	assert_int_equal(registry.cancelled, 1);
	assert_false(registry.waits);
	assert_int_equal(c->done, 1);
	submit(c);
	registry.under_way = true; /* It comes back. */
	announce_cancel(&c->zone);
	assert_int_equal(c->done, 2);
	answer(EPP_UPDATE, 1000, EPP_DONE);
	assert_int_equal(c->done, 2);
	assert_true(c->zone.kept.row.submitted != 0); /* Whoever has the zone next asks. */
	assert_int_equal(lines, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_registry_is_asked_and_gets_the_smallest_change),
		TEST(what_it_has_is_not_sent),
		TEST(without_store_nothing_is_sent),
		TEST(why_nothing_is_sent_is_said),
		TEST(each_answer_has_its_word),
		TEST(what_forbids_an_update_is_said),
		TEST(a_delete_signal_removes_what_the_registry_has),
		TEST(keys_are_those_of_cdnskey),
		TEST(a_pending_update_ends_with_its_message),
		TEST(a_pending_update_that_is_refused_is_no_longer_sent_from_here),
		TEST(a_pending_update_ends_when_the_registry_shows_it),
		TEST(after_a_lost_answer_the_registry_is_asked_until_it_cannot_work_on_it),
		TEST(a_lost_answer_may_have_been_yes),
		TEST(after_a_restart_the_question_comes_first),
		TEST(a_message_of_the_registry_wakes_its_zone),
		TEST(what_was_sent_before_is_known_before_the_next_is_sent),
		TEST(the_ttl_is_lowered_and_the_registry_s_own_comes_back),
		TEST(a_minimum_of_the_registry_is_said_and_taken),
		TEST(a_registry_without_ttls_is_no_hindrance),
		TEST(a_zone_that_goes_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
