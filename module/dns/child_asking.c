/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child_asking.h"
#include "fetch.h"
#include "reply_seen.h"

struct child_asking {
	child_known_t *known;
	const servers_t *servers;
	fetch_question_t question;
	fetch_t *fetch;
	delegation_child_t *answer; /*!< Addresses, then names without any. */
	size_t count;
	reply_seen_t seen;
	child_asking_done_f done;
	void *arg;
};

static bool on_reply(const ask_reply_t *reply, size_t index, bool again, void *arg)
{
	child_asking_t *asking = arg;
	delegation_child_t *answer = &asking->answer[index];

	/* If there is no whole answer over TCP, the one over UDP stays. */
	if (again && reply->error != NULL) {
		return false;
	}
	if (reply_seen_has(&asking->seen, reply)) {
		delegation_child_t same = asking->answer[asking->seen.index];
		memcpy(same.server, answer->server, sizeof(same.server));
		*answer = same;
	} else {
		child_read(asking->known, reply, answer);
		if (answer->status == ANSWER_OK) {
			reply_seen_keep(&asking->seen, reply, index);
		}
	}
	return child_read_doubts(answer);
}

static void on_done(void *arg)
{
	child_asking_t *asking = arg;
	asking->done(asking->arg);
}

static void add_servers(child_asking_t *asking)
{
	const servers_t *servers = asking->servers;
	for (unsigned i = 0; i < servers->addr_count; i++) {
		delegation_child_t *answer = &asking->answer[asking->count++];
		servers_label(servers, i, answer->server);
		answer->status = ANSWER_INCOMPLETE;
		snprintf(answer->detail, sizeof(answer->detail), "no answer in time");
		fetch_add(asking->fetch, &servers->addrs[i].addr, &asking->question);
	}
	for (unsigned i = 0; i < servers->name_count; i++) {
		if (!servers->names[i].has_addr && !servers->names[i].unknown) {
			delegation_child_t *answer = &asking->answer[asking->count++];
			servers_name_label(servers, i, answer->server);
			answer->status = ANSWER_UNREACHABLE;
			snprintf(answer->detail, sizeof(answer->detail), "no address");
		}
	}
}

child_asking_t *child_asking_new(ask_t *ask, child_known_t *known, const servers_t *servers, child_asking_done_f done,
                                 void *arg)
{
	static const fetch_calls_t CALLS = { .take = on_reply, .done = on_done };
	assert(ask && known && servers && done);

	child_asking_t *asking = calloc(1, sizeof(*asking));
	if (asking == NULL) {
		return NULL;
	}
	asking->known = known;
	asking->servers = servers;
	asking->question = (fetch_question_t){
		.name = known->child,
		.types = { [CHILD_DNSKEY] = KNOT_RRTYPE_DNSKEY,
		           [CHILD_CDS] = KNOT_RRTYPE_CDS,
		           [CHILD_CDNSKEY] = KNOT_RRTYPE_CDNSKEY },
		.count = CHILD_QUESTIONS,
	};
	asking->done = done;
	asking->arg = arg;
	asking->fetch = fetch_new(ask, servers->addr_count, &CALLS, asking);
	asking->answer = calloc(servers->addr_count + servers->name_count + 1, sizeof(*asking->answer));
	if (asking->fetch == NULL || asking->answer == NULL) {
		child_asking_free(asking);
		return NULL;
	}
	fetch_at_most(asking->fetch, CHILD_FETCH_MAX);
	add_servers(asking);
	return asking;
}

void child_asking_start(child_asking_t *asking)
{
	fetch_start(asking->fetch);
}

delegation_child_t *child_asking_take(child_asking_t *asking, size_t *count)
{
	delegation_child_t *answer = asking->answer;
	size_t kept = 0;

	for (size_t i = 0; i < asking->count; i++) {
		if (answer[i].status == ANSWER_NO_ROUTE) {
			if (fetch_has_way(asking->fetch, 0, asking->servers, i)) {
				continue;
			}
			servers_say_no_route(asking->servers, i, answer[i].detail, sizeof(answer[i].detail));
		}
		answer[kept++] = answer[i];
	}
	*count = kept;
	asking->answer = NULL;
	return answer;
}

const fetch_way_t *child_asking_way(const child_asking_t *asking)
{
	return fetch_way(asking->fetch);
}

void child_asking_free(child_asking_t *asking)
{
	if (asking == NULL) {
		return;
	}
	fetch_free(asking->fetch);
	reply_seen_clear(&asking->seen);
	free(asking->answer);
	free(asking);
}
