/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/addr.h"
#include "asking.h"

/*! One address. */
typedef struct {
	asking_t *asking;
	const struct sockaddr_storage *addr; /*!< Of the discovery. */
	ask_job_t *job;                      /*!< Under way. */
	bool parent;
	bool again; /*!< Once more, over TCP. */
	bool no_route;
	size_t index; /*!< In result->child or result->parent. */
} asked_t;

struct asking {
	ask_t *ask;
	const answer_zone_t *zone;
	const discovery_t *found;
	survey_result_t *result;
	asked_t *asked;
	size_t count;
	size_t begun;      /*!< The first ones of them. */
	size_t under_way;  /*!< Those of them that have a job. */
	ask_group_t group; /*!< Their jobs. */
	unsigned routed;   /*!< ROUTE_*: something could be sent to one of the addresses. */
	replies_t replies;
	asking_done_f done;
	void *arg;
};

static void ask_more(asking_t *asking);
static bool begin_job(asked_t *asked);

/* -- answers ---------------------------------------------------------------- */

static void judge(const asked_t *asked, const ask_reply_t *reply)
{
	asking_t *asking = asked->asking;
	survey_result_t *result = asking->result;
	if (asked->parent) {
		replies_parent(&asking->replies, asking->zone, asking->found, reply, result->parent, asked->index);
	} else {
		replies_child(&asking->replies, asking->zone, reply, result->child, asked->index);
	}
}

/*! If there is no answer over TCP either, the one over UDP stays. */
static void judge_again(const asked_t *asked, const ask_reply_t *reply)
{
	survey_result_t *result = asked->asking->result;
	if (reply->answer[0].wire == NULL) {
		return;
	}
	if (asked->parent) {
		parent_answer_t *answer = &result->parent[asked->index], clean = { 0 };
		memcpy(clean.server, answer->server, sizeof(clean.server));
		*answer = clean;
	} else {
		child_answer_t *answer = &result->child[asked->index], clean = { 0 };
		memcpy(clean.server, answer->server, sizeof(clean.server));
		*answer = clean;
	}
	judge(asked, reply);
}

/*!
 * \brief Nobody is called bogus before TCP said so.
 *
 * A packet over UDP may be forged, or changed by a box on the way that does not know what DO asks for.
 */
static bool wants_tcp(const asked_t *asked, const ask_reply_t *reply)
{
	const survey_result_t *result = asked->asking->result;
	const answer_status_t status =
		asked->parent ? result->parent[asked->index].status : result->child[asked->index].status;
	bool udp = false;
	for (unsigned i = 0; i < ASK_QUESTIONS_MAX; i++) {
		udp |= reply->answer[i].wire != NULL && !reply->answer[i].tcp;
	}
	return status == ANSWER_BOGUS && udp && !asked->again;
}

/*! That there is a way to this host itself says nothing about others. */
static void note_route(asking_t *asking, const struct sockaddr_storage *addr, bool no_route)
{
	const unsigned family = servers_family(addr);
	if (no_route) {
		asking->result->no_route |= family;
	} else {
		asking->routed |= family;
		asking->result->routed |= addr_is_loopback(addr) ? 0 : family;
	}
}

static void on_reply(const ask_reply_t *reply, void *arg)
{
	asked_t *asked = arg;
	asking_t *asking = asked->asking;
	asked->job = NULL;
	asking->under_way--;
	asking->result->queries += reply->packets;
	asked->no_route = reply->no_route;
	asking->result->heard |= reply->alive && !reply->here;
	note_route(asking, asked->addr, reply->no_route);
	if (asked->again) {
		judge_again(asked, reply);
	} else {
		judge(asked, reply);
	}
	if (wants_tcp(asked, reply)) {
		asked->again = true;
		(void)begin_job(asked);
	}
	ask_more(asking);
}

/* -- questions -------------------------------------------------------------- */

/*! \return False without memory: nothing is under way, the answer is as it was. */
static bool begin_job(asked_t *asked)
{
	static const uint16_t CHILD[] = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY };
	asking_t *asking = asked->asking;
	ask_t *ask = asking->ask;
	const knot_dname_t *zone = asking->zone->zone;
	asked->job = asked->parent ? ask_parent(ask, asked->addr, zone, KNOT_RRTYPE_DS, on_reply, asked) :
	                             ask_start(ask, asked->addr, zone, CHILD, 3, on_reply, asked);
	if (asked->job == NULL) {
		return false;
	}
	ask_join(asked->job, &asking->group);
	if (asked->again) {
		ask_over_tcp(asked->job);
	}
	asking->under_way++;
	return true;
}

/*! As many as may be; the end, if there are no more. */
static void ask_more(asking_t *asking)
{
	while (asking->under_way < ASKING_MAX && asking->begun < asking->count) {
		asked_t *asked = &asking->asked[asking->begun++];
		if (!begin_job(asked)) {
			const ask_reply_t failed = { .answer = { { .error = "out of memory" } } };
			judge(asked, &failed);
		}
	}
	if (asking->under_way == 0) {
		asking->done(asking->arg);
	}
}

static void add_address(asking_t *asking, const server_addr_t *server, bool parent, size_t index)
{
	asking->asked[asking->count++] = (asked_t){
		.asking = asking,
		.addr = &server->addr,
		.parent = parent,
		.index = index,
	};
}

/*! Names that could not be resolved, or only in part, are answers as well. */
static bool name_is_lame(const server_name_t *name)
{
	return !name->unknown && (!name->has_addr || name->error[0] != '\0');
}

static size_t lame_names(const servers_t *servers)
{
	size_t count = 0;
	for (unsigned i = 0; i < servers->name_count; i++) {
		count += name_is_lame(&servers->names[i]);
	}
	return count;
}

/* -- interface -------------------------------------------------------------- */

static bool make_room(asking_t *asking, bool ask_parent)
{
	const servers_t *children = &asking->found->child_servers, *parents = &asking->found->parent_servers;
	size_t child = children->addr_count + lame_names(children);
	size_t parent = ask_parent ? parents->addr_count + lame_names(parents) : 0;

	survey_result_t *result = asking->result;
	asking->asked = calloc(child + parent + 1, sizeof(*asking->asked));
	result->child = calloc(child + 1, sizeof(*result->child));
	result->parent = calloc(parent + 1, sizeof(*result->parent));
	if (asking->asked == NULL || result->child == NULL || result->parent == NULL) {
		return false;
	}
	result->child_count = child;
	result->parent_count = parent;
	return true;
}

static void add_parents(asking_t *asking)
{
	parent_answer_t *answer = asking->result->parent;
	const servers_t *servers = &asking->found->parent_servers;
	for (unsigned i = 0; i < servers->addr_count; i++) {
		servers_label(servers, i, answer[i].server);
		add_address(asking, &servers->addrs[i], true, i);
	}
	answer += servers->addr_count;
	for (unsigned i = 0; i < servers->name_count; i++) {
		if (name_is_lame(&servers->names[i])) {
			servers_name_label(servers, i, answer->server);
			answer->status = ANSWER_UNREACHABLE;
			answer->unreachable_since = asking->zone->now;
			snprintf(answer->detail, sizeof(answer->detail), "no address");
			answer++;
		}
	}
}

static void add_all(asking_t *asking)
{
	survey_result_t *result = asking->result;
	const servers_t *servers = &asking->found->child_servers;
	size_t index = 0;
	for (unsigned i = 0; i < servers->addr_count; i++, index++) {
		servers_label(servers, i, result->child[index].server);
		add_address(asking, &servers->addrs[i], false, index);
	}
	for (unsigned i = 0; i < servers->name_count; i++) {
		const server_name_t *name = &servers->names[i];
		if (name_is_lame(name)) {
			servers_name_label(servers, i, result->child[index].server);
			replies_unreachable(&result->child[index], asking->zone->now,
			                    name->error[0] != '\0' ? name->error : "no address");
			index++;
		}
	}

	if (result->parent_count > 0) {
		add_parents(asking);
	}
}

asking_t *asking_new(ask_t *ask, const answer_zone_t *zone, const discovery_t *found, bool parent,
                     survey_result_t *result, asking_done_f done, void *arg)
{
	assert(ask && zone && found && result && done);

	asking_t *asking = calloc(1, sizeof(*asking));
	if (asking == NULL) {
		return NULL;
	}
	asking->ask = ask;
	asking->zone = zone;
	asking->found = found;
	asking->result = result;
	asking->done = done;
	asking->arg = arg;
	if (!make_room(asking, parent)) {
		asking_free(asking);
		return NULL;
	}
	add_all(asking);
	return asking;
}

void asking_start(asking_t *asking)
{
	ask_more(asking);
}

/*! Whether the server with this address has another one that something could be sent to. */
static bool has_way(const asked_t *asked, const servers_t *servers, unsigned at, unsigned routed)
{
	const unsigned name = servers->addrs[at].name;
	if (name == SERVERS_UNNAMED) {
		return false;
	}
	unsigned listed = 0;
	for (unsigned i = 0; i < servers->addr_count; i++) {
		if (servers->addrs[i].name == name) {
			if (!asked[i].no_route) {
				return true;
			}
			listed |= servers_family(asked[i].addr);
		}
	}
	/*
	 * An address that several names have is listed for one of them only: it is of a family that is not listed here.
	 */
	return (servers->names[name].families & ~listed & routed) != 0;
}

static void say_no_route(char *detail, size_t size, const servers_t *servers, unsigned at)
{
	const bool named = servers->addrs[at].name != SERVERS_UNNAMED;
	snprintf(detail, size, "this host has no route to %s%s",
	         servers_family(&servers->addrs[at].addr) == ROUTE_IPV6 ? "this IPv6 address" : "this IPv4 address",
	         named ? ", and the server has no other that can be reached" : ", which is configured");
}

void asking_leave_out(asking_t *asking)
{
	survey_result_t *result = asking->result;
	const unsigned routed = asking->routed;
	const servers_t *servers = &asking->found->child_servers;
	const asked_t *asked = asking->asked;
	size_t kept = 0;

	/* Behind the addresses there are names without any. */
	for (size_t i = 0; i < result->child_count; i++) {
		child_answer_t *answer = &result->child[i];
		if (answer->status == ANSWER_NO_ROUTE) {
			if (has_way(asked, servers, i, routed)) {
				continue;
			}
			say_no_route(answer->detail, sizeof(answer->detail), servers, i);
		}
		result->child[kept++] = *answer;
	}
	result->child_count = kept;

	asked += servers->addr_count;
	servers = &asking->found->parent_servers;
	kept = 0;
	for (size_t i = 0; i < result->parent_count; i++) {
		parent_answer_t *answer = &result->parent[i];
		if (answer->status == ANSWER_NO_ROUTE) {
			if (has_way(asked, servers, i, routed)) {
				continue;
			}
			say_no_route(answer->detail, sizeof(answer->detail), servers, i);
		}
		result->parent[kept++] = *answer;
	}
	result->parent_count = kept;
}

void asking_free(asking_t *asking)
{
	if (asking == NULL) {
		return;
	}
	for (size_t i = 0; i < asking->begun; i++) {
		ask_cancel(asking->asked[i].job);
	}
	replies_clear(&asking->replies);
	free(asking->asked);
	free(asking);
}
