/* SPDX-License-Identifier: GPL-3.0-or-later */

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

/* What is sent, by the test's own update.c. */
struct update {
	update_done_f done;
	void *arg;
};

primary_t primary;

int update_start(dns_t *dns, const update_request_t *request, update_done_f done, void *arg, update_t **update)
{
	(void)dns;
	if (primary.fails != KNOT_EOK) {
		return primary.fails;
	}
	assert_null(primary.under_way);
	primary.check_only = request->check_only;
	primary.sent += !request->check_only;
	primary.asked += request->check_only;
	primary.ttl = request->ttl;
	primary.ns = request->ns->count;
	primary.ds = request->ds->count;
	primary.wanted = request->wanted->count;
	primary.wanted_tag = request->wanted->count > 0 ? request->wanted->rdata->data[1] : 0;
	assert_true(knot_dname_store(primary.zone, request->zone) > 0);
	assert_true(knot_dname_store(primary.owner, request->owner) > 0);
	primary.under_way = calloc(1, sizeof(*primary.under_way));
	primary.under_way->done = done;
	primary.under_way->arg = arg;
	*update = primary.under_way;
	return KNOT_EOK;
}

void answer(update_status_t status, const char *detail)
{
	struct update *u = primary.under_way;
	update_result_t result = { .status = status, .elapsed_ms = 5, .sent = primary.change_sent };

	assert_non_null(u);
	primary.under_way = NULL;
	snprintf(result.detail, sizeof(result.detail), "%s", detail);
	u->done(&result, u->arg);
	free(u);
}

void update_cancel(update_t *update)
{
	assert_ptr_equal(update, primary.under_way);
	primary.cancelled++;
	answer(UPDATE_CANCELLED, "");
}

void update_withdraw(update_t *update)
{
	assert_ptr_equal(update, primary.under_way);
	primary.withdrawn++;
}

/* EPP is not used here. */
const submit_channel_t submit_epp_channel;

bool submit_heard(submission_t *submission, const epp_message_t *message)
{
	(void)submission, (void)message;
	return false;
}

int begin(void **state)
{
	memset(&primary, 0, sizeof(primary));
	return submit_case_begin(state);
}

void submit(case_t *c)
{
	assert_true(decide(c, true, 100));
	uv_run(&c->env.uv, UV_RUN_NOWAIT);
	assert_non_null(primary.under_way);
}

void ask_again(case_t *c, unsigned asked)
{
	while (primary.under_way == NULL) {
		uv_run(&c->env.uv, UV_RUN_ONCE);
	}
	assert_true(primary.check_only);
	assert_int_equal(primary.sent, 1);
	assert_int_equal(primary.asked, asked);
}
