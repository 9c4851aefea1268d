/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon_submit_epp_case.h"

/* The link, by the test's own. */
struct epp_link {
	int none;
};

registry_t registry;

static epp_link_t link_of_account;
epp_account_t account;
static const uint8_t old_digest[] = { 0xab, 0xcd };
epp_record_t shown;
epp_info_t info;

epp_link_t *accounts_link(env_t *env, const char *id, const epp_account_t **of, char *why, size_t why_len)
{
	(void)env;
	assert_string_equal(id, "lab");
	*of = &account;
	if (registry.bad != NULL) {
		snprintf(why, why_len, "%s", registry.bad);
		return NULL;
	}
	return &link_of_account;
}

int epp_link_send(epp_link_t *link, const epp_command_t *command, unsigned within_ms, epp_link_done_f done, void *arg)
{
	assert_ptr_equal(link, &link_of_account);
	assert_int_equal(within_ms, EPP_LINK_ONCE);
	assert_false(registry.waits);
	registry.waits = true;
	registry.verb = command->verb;
	registry.asked += command->verb == EPP_INFO;
	registry.sent += command->verb == EPP_UPDATE;
	registry.rem = command->rem_count;
	registry.add = command->add_count;
	registry.ttl_what = command->ttl_what;
	registry.ttl = command->ttl;
	registry.done = done;
	registry.arg = arg;
	snprintf(registry.domain, sizeof(registry.domain), "%s", command->domain);
	snprintf(registry.trid, sizeof(registry.trid), "%s", command->trid != NULL ? command->trid : "");
	return KNOT_EOK;
}

bool epp_link_cancel(epp_link_t *link, const void *arg)
{
	assert_ptr_equal(link, &link_of_account);
	assert_ptr_equal(arg, registry.arg);
	registry.cancelled++;
	registry.waits = registry.under_way;
	return registry.under_way;
}

bool epp_link_place(const epp_link_t *link, const void *arg, epp_link_place_t *place)
{
	assert_ptr_equal(link, &link_of_account);
	assert_ptr_equal(arg, registry.arg);
	*place = registry.place;
	return registry.waits && !registry.under_way;
}

void epp_link_poll(epp_link_t *link)
{
	assert_ptr_equal(link, &link_of_account);
	registry.polled++;
}

bool epp_link_peer(const epp_link_t *link, epp_link_peer_t *peer)
{
	assert_ptr_equal(link, &link_of_account);
	snprintf(peer->address, sizeof(peer->address), "192.0.2.7@700");
	return true;
}

const char *epp_advice(unsigned code)
{
	(void)code;
	return "Do it.";
}

/* DNS UPDATE is not used here. */
const submit_channel_t submit_update_channel;

void back(epp_link_status_t status, const epp_event_t *event, const char *why)
{
	epp_link_result_t result = { .status = status, .event = event };

	assert_true(registry.waits);
	registry.waits = false;
	snprintf(result.why, sizeof(result.why), "%s", why);
	registry.done(&result, registry.arg);
}

void answer(epp_verb_t verb, unsigned code, epp_meaning_t meaning)
{
	epp_event_t event = { .verb = verb, .code = code, .meaning = meaning, .text = "its words" };

	assert_int_equal(registry.verb, verb);
	event.info = verb == EPP_INFO && code == 1000 ? &info : NULL;
	back(EPP_LINK_ANSWER, &event, "");
}

void is_shown(void)
{
	answer(EPP_INFO, 1000, EPP_DONE);
}

int begin(void **state)
{
	const int ret = submit_case_begin(state);
	case_t *c = *state;

	memset(&registry, 0, sizeof(registry));
	account = (epp_account_t){ .id = "lab", .server = "epp.test", .port = 700, .records = 6, .timeout = 1 };
	shown = (epp_record_t){ .tag = 1, .algorithm = 13, .digest_type = 2, .data = old_digest, .data_len = 2 };
	info = (epp_info_t){ .has_secdns = true, .record = &shown, .count = 1 };
	c->settings.config.via = PARENT_VIA_EPP;
	c->settings.parent_epp = (char *)"lab";
	return ret;
}

int end(void **state)
{
	case_t *c = *state;

	if (announce_is_busy(&c->zone)) {
		announce_cancel(&c->zone);
	}
	return submit_case_end(state);
}

rollover_facts_t facts_of(const case_t *c)
{
	return submit_case_facts(c);
}

void wait_for(case_t *c, epp_verb_t verb)
{
	while (!registry.waits) {
		uv_run(&c->env.uv, UV_RUN_ONCE);
	}
	assert_int_equal(registry.verb, verb);
}

void start(case_t *c)
{
	assert_true(submit_case_decide(c, true, 100));
	wait_for(c, EPP_INFO);
	assert_string_equal(registry.domain, "child.example");
}

void submit(case_t *c)
{
	start(c);
	is_shown();
	assert_true(registry.waits);
	assert_int_equal(registry.verb, EPP_UPDATE);
}

epp_message_t message_about(const case_t *c, bool result)
{
	epp_message_t message = { .is_action = true, .result = result, .domain = "child.example" };

	snprintf(message.trid, sizeof(message.trid), "%s", c->zone.kept.row.submitted_id);
	snprintf(message.text, sizeof(message.text), "thus decided");
	return message;
}

void pend(case_t *c)
{
	submit(c);
	answer(EPP_UPDATE, 1001, EPP_PENDING);
	assert_int_equal(c->done, 0);
	assert_int_equal(counted[NOTIFY_EPP_PENDING], 1);
	assert_true(c->zone.kept.row.submitted != 0);
	assert_string_equal(facts_of(c).not_informed, ""); /* Nothing is wrong. */
	assert_true(announce_is_busy(&c->zone));
}
