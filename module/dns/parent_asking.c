/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ds_answer.h"
#include "fetch.h"
#include "parent_asking.h"
#include "reply_seen.h"

struct parent_asking {
	const discovery_t *found;
	const knot_dname_t *child;
	time_t now;
	fetch_question_t question;
	fetch_t *fetch;
	delegation_parent_t *answer; /*!< Addresses, then names without any. */
	size_t count;
	reply_seen_t seen;
	parent_asking_done_f done;
	void *arg;
};

static void judge(parent_asking_t *asking, const ask_reply_t *reply, delegation_parent_t *answer)
{
	work_t work = { 0 };
	const ds_question_t question = {
		.child = asking->child,
		.parent = asking->found->parent,
		.trusted = &asking->found->parent_keys,
		.now = asking->now,
		.work = &work,
	};
	fetched_t fetched;
	ds_answer_t said;
	ds_answer_read(&question, reply->answer[0].wire, reply->answer[0].len, &fetched, &said);
	answer->status = said.status;
	snprintf(answer->detail, sizeof(answer->detail), "%s", said.detail);
	if (said.status == ANSWER_OK && fetched.said == FETCHED_RRSET) {
		ds_set_read(&fetched.set.rrset.rrs, &answer->ds);
	}
	fetched_clear(&fetched);
}

static bool on_reply(const ask_reply_t *reply, size_t index, bool again, void *arg)
{
	parent_asking_t *asking = arg;
	delegation_parent_t *answer = &asking->answer[index], clean = { 0 };
	if (again && reply->answer[0].wire == NULL) {
		return false;
	}
	if (reply_seen_has(&asking->seen, reply)) {
		clean = asking->answer[asking->seen.index];
	}
	memcpy(clean.server, answer->server, sizeof(clean.server));
	*answer = clean;
	if (reply_seen_has(&asking->seen, reply)) {
		return false;
	}
	if (reply->answer[0].wire == NULL) {
		answer->status = reply->no_route ? ANSWER_NO_ROUTE :
		                 reply->alive    ? ANSWER_INCOMPLETE :
		                                   ANSWER_UNREACHABLE;
		snprintf(answer->detail, sizeof(answer->detail), "%s", reply->answer[0].error);
		return false;
	}
	judge(asking, reply, answer);
	if (answer->status == ANSWER_OK) {
		reply_seen_keep(&asking->seen, reply, index);
	}
	return answer->status == ANSWER_BOGUS;
}

static void on_done(void *arg)
{
	parent_asking_t *asking = arg;
	asking->done(asking->arg);
}

static void add_servers(parent_asking_t *asking)
{
	const servers_t *servers = &asking->found->parent_servers;
	for (unsigned i = 0; i < servers->addr_count; i++) {
		delegation_parent_t *answer = &asking->answer[asking->count++];
		servers_label(servers, i, answer->server);
		answer->status = ANSWER_INCOMPLETE;
		snprintf(answer->detail, sizeof(answer->detail), "no answer in time");
		fetch_add(asking->fetch, &servers->addrs[i].addr, &asking->question);
	}
	for (unsigned i = 0; i < servers->name_count; i++) {
		if (!servers->names[i].has_addr) {
			delegation_parent_t *answer = &asking->answer[asking->count++];
			servers_name_label(servers, i, answer->server);
			answer->status = ANSWER_UNREACHABLE;
			snprintf(answer->detail, sizeof(answer->detail), "no address");
		}
	}
}

parent_asking_t *parent_asking_new(ask_t *ask, const knot_dname_t *child, const discovery_t *found, time_t now,
                                   parent_asking_done_f done, void *arg)
{
	static const fetch_calls_t CALLS = { .take = on_reply, .done = on_done };
	assert(ask && child && found && done);

	const servers_t *servers = &found->parent_servers;
	parent_asking_t *asking = calloc(1, sizeof(*asking));
	if (asking == NULL) {
		return NULL;
	}
	asking->found = found;
	asking->child = child;
	asking->now = now;
	asking->question = (fetch_question_t){ .name = child, .types = { KNOT_RRTYPE_DS }, .count = 1, .paced = true };
	asking->done = done;
	asking->arg = arg;
	asking->fetch = fetch_new(ask, servers->addr_count, &CALLS, asking);
	asking->answer = calloc(servers->addr_count + servers->name_count + 1, sizeof(*asking->answer));
	if (asking->fetch == NULL || asking->answer == NULL) {
		parent_asking_free(asking);
		return NULL;
	}
	add_servers(asking);
	return asking;
}

void parent_asking_start(parent_asking_t *asking)
{
	fetch_start(asking->fetch);
}

delegation_parent_t *parent_asking_take(parent_asking_t *asking, size_t *count)
{
	const servers_t *servers = &asking->found->parent_servers;
	delegation_parent_t *answer = asking->answer;
	size_t kept = 0;

	for (size_t i = 0; i < asking->count; i++) {
		if (answer[i].status == ANSWER_NO_ROUTE) {
			if (fetch_has_way(asking->fetch, 0, servers, i)) {
				continue;
			}
			servers_say_no_route(servers, i, answer[i].detail, sizeof(answer[i].detail));
		}
		answer[kept++] = answer[i];
	}
	*count = kept;
	asking->answer = NULL;
	return answer;
}

const fetch_way_t *parent_asking_way(const parent_asking_t *asking)
{
	return fetch_way(asking->fetch);
}

void parent_asking_free(parent_asking_t *asking)
{
	if (asking == NULL) {
		return;
	}
	fetch_free(asking->fetch);
	reply_seen_clear(&asking->seen);
	free(asking->answer);
	free(asking);
}
