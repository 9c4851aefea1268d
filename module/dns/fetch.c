/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>

#include "fetch.h"
#include "kskroll/addr.h"

/*! One address. */
typedef struct {
	fetch_t *fetch;
	const struct sockaddr_storage *addr;
	const fetch_question_t *question;
	ask_job_t *job; /*!< Under way. */
	bool again;     /*!< Once more, over TCP. */
	bool no_route;
} asked_t;

struct fetch {
	ask_t *ask;
	const fetch_calls_t *calls;
	void *arg;
	fetch_way_t way;
	unsigned most;     /*!< At the same time. */
	size_t begun;      /*!< The first ones. */
	size_t under_way;  /*!< Those of them that have a job. */
	ask_group_t group; /*!< Their jobs. */
	size_t max, count;
	asked_t asked[];
};

static void ask_more(fetch_t *fetch);
static bool begin_job(asked_t *asked);

/*! That there is a way to this host itself says nothing about others. */
static void note_route(fetch_way_t *way, const struct sockaddr_storage *addr, bool no_route)
{
	const unsigned family = servers_family(addr);
	if (no_route) {
		way->no_route |= family;
	} else {
		way->routed |= family;
		way->far |= addr_is_loopback(addr) ? 0 : family;
	}
}

static bool over_udp(const ask_reply_t *reply)
{
	for (unsigned i = 0; i < ASK_QUESTIONS_MAX; i++) {
		if (reply->answer[i].wire != NULL && !reply->answer[i].tcp) {
			return true;
		}
	}
	return false;
}

/*!
 * \brief Takes a reply.
 *
 * A packet over UDP may be forged, or changed by a box on the way that does not know what DO asks for.
 */
static void on_reply(const ask_reply_t *reply, void *arg)
{
	asked_t *asked = arg;
	fetch_t *fetch = asked->fetch;
	asked->job = NULL;
	fetch->under_way--;
	asked->no_route = reply->no_route;
	fetch->way.packets += reply->packets;
	fetch->way.heard |= reply->alive && !reply->here;
	note_route(&fetch->way, asked->addr, reply->no_route);

	const bool doubted = fetch->calls->take(reply, asked - fetch->asked, asked->again, fetch->arg);
	if (doubted && over_udp(reply) && !asked->again) {
		asked->again = true;
		(void)begin_job(asked);
	}
	ask_more(fetch);
}

/*! \return False without memory: nothing is under way. */
static bool begin_job(asked_t *asked)
{
	fetch_t *fetch = asked->fetch;
	const fetch_question_t *q = asked->question;
	asked->job = q->paced ? ask_parent(fetch->ask, asked->addr, q->name, q->types[0], on_reply, asked) :
	                        ask_start(fetch->ask, asked->addr, q->name, q->types, q->count, on_reply, asked);
	if (asked->job == NULL) {
		return false;
	}
	ask_join(asked->job, &fetch->group);
	if (asked->again) {
		ask_over_tcp(asked->job);
	}
	fetch->under_way++;
	return true;
}

/*! As many as may be; the end, if there are no more. */
static void ask_more(fetch_t *fetch)
{
	while (fetch->under_way < fetch->most && fetch->begun < fetch->count) {
		const size_t index = fetch->begun++;
		if (!begin_job(&fetch->asked[index])) {
			const ask_reply_t failed = { .answer = { { .error = "out of memory" } } };
			(void)fetch->calls->take(&failed, index, false, fetch->arg);
		}
	}
	if (fetch->under_way == 0) {
		fetch->calls->done(fetch->arg);
	}
}

fetch_t *fetch_new(ask_t *ask, size_t max, const fetch_calls_t *calls, void *arg)
{
	assert(ask && calls && calls->take && calls->done);

	fetch_t *fetch = calloc(1, sizeof(*fetch) + max * sizeof(fetch->asked[0]));
	if (fetch != NULL) {
		fetch->ask = ask;
		fetch->calls = calls;
		fetch->arg = arg;
		fetch->max = max;
		fetch->most = FETCH_MAX;
	}
	return fetch;
}

void fetch_add(fetch_t *fetch, const struct sockaddr_storage *addr, const fetch_question_t *question)
{
	assert(fetch && addr && question && fetch->count < fetch->max);
	assert(!question->paced || question->count == 1);

	fetch->asked[fetch->count++] = (asked_t){ .fetch = fetch, .addr = addr, .question = question };
}

void fetch_at_most(fetch_t *fetch, unsigned most)
{
	assert(fetch && most > 0);

	fetch->most = most < FETCH_MAX ? most : FETCH_MAX;
}

void fetch_start(fetch_t *fetch)
{
	ask_more(fetch);
}

const fetch_way_t *fetch_way(const fetch_t *fetch)
{
	return &fetch->way;
}

bool fetch_no_route(const fetch_t *fetch, size_t index)
{
	assert(index < fetch->count);

	return fetch->asked[index].no_route;
}

bool fetch_has_way(const fetch_t *fetch, size_t first, const servers_t *servers, unsigned at)
{
	const unsigned name = servers->addrs[at].name;
	if (name == SERVERS_UNNAMED) {
		return false;
	}
	unsigned listed = 0;
	for (unsigned i = 0; i < servers->addr_count; i++) {
		if (servers->addrs[i].name == name) {
			if (!fetch_no_route(fetch, first + i)) {
				return true;
			}
			listed |= servers_family(&servers->addrs[i].addr);
		}
	}
	/*
	 * An address that several names have is listed for one of them only: it is of a family that is not listed here.
	 */
	return (servers->names[name].families & ~listed & fetch->way.routed) != 0;
}

void fetch_free(fetch_t *fetch)
{
	if (fetch == NULL) {
		return;
	}
	for (size_t i = 0; i < fetch->begun; i++) {
		ask_cancel(fetch->asked[i].job);
	}
	free(fetch);
}
