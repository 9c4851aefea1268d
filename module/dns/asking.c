/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "fetch.h"

_Static_assert(FAMILY_IPV4 == ROUTE_IPV4 && FAMILY_IPV6 == ROUTE_IPV6, "families have one value");
_Static_assert(SERVERS_LABEL_MAX == SERVER_NAME_MAX, "labels of servers are their names in facts");

struct asking {
	const interpret_zone_t *zone;
	const discovery_t *found;
	survey_result_t *result;
	fetch_question_t child, parent;
	fetch_t *fetch; /*!< Addresses of the zone's servers, then those of the parent's. */
	replies_t replies;
	asking_done_f done;
	void *arg;
};

/* -- answers ---------------------------------------------------------------- */

/*! \return Whether the answer is bogus. */
static bool judge_child(asking_t *asking, const ask_reply_t *reply, size_t index, bool again)
{
	child_answer_t *answer = &asking->result->child[index], clean = { 0 };
	if (again) {
		memcpy(clean.server, answer->server, sizeof(clean.server));
		*answer = clean;
	}
	replies_child(&asking->replies, asking->zone, reply, asking->result->child, index);
	return answer->status == ANSWER_BOGUS;
}

static bool judge_parent(asking_t *asking, const ask_reply_t *reply, size_t index, bool again)
{
	parent_answer_t *answer = &asking->result->parent[index], clean = { 0 };
	if (again) {
		memcpy(clean.server, answer->server, sizeof(clean.server));
		*answer = clean;
	}
	replies_parent(&asking->replies, asking->zone, asking->found, reply, asking->result->parent, index);
	return answer->status == ANSWER_BOGUS;
}

/*! Nobody is called bogus before TCP said so. If there is no answer over TCP either, the one over UDP stays. */
static bool on_reply(const ask_reply_t *reply, size_t index, bool again, void *arg)
{
	asking_t *asking = arg;
	const size_t children = asking->found->child_servers.addr_count;
	if (again && reply->answer[0].wire == NULL) {
		return false;
	}
	return index < children ? judge_child(asking, reply, index, again) :
	                          judge_parent(asking, reply, index - children, again);
}

static void on_done(void *arg)
{
	asking_t *asking = arg;
	survey_result_t *result = asking->result;
	const fetch_way_t *way = fetch_way(asking->fetch);
	result->heard |= way->heard;
	result->no_route |= way->no_route;
	result->routed |= way->far;
	result->queries += way->packets;
	result->ds_agreed = replies_take_ds(&asking->replies, &result->ds);
	asking->done(asking->arg);
}

/* -- whom ------------------------------------------------------------------- */

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

static bool make_room(asking_t *asking, ask_t *ask, bool ask_parent)
{
	static const fetch_calls_t CALLS = { .take = on_reply, .done = on_done };
	const servers_t *children = &asking->found->child_servers, *parents = &asking->found->parent_servers;
	size_t child = children->addr_count + lame_names(children);
	size_t parent = ask_parent ? parents->addr_count + lame_names(parents) : 0;

	survey_result_t *result = asking->result;
	asking->fetch = fetch_new(ask, child + parent, &CALLS, asking);
	result->child = calloc(child + 1, sizeof(*result->child));
	result->parent = calloc(parent + 1, sizeof(*result->parent));
	if (asking->fetch == NULL || result->child == NULL || result->parent == NULL) {
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
		fetch_add(asking->fetch, &servers->addrs[i].addr, &asking->parent);
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
		fetch_add(asking->fetch, &servers->addrs[i].addr, &asking->child);
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

/* -- interface -------------------------------------------------------------- */

asking_t *asking_new(ask_t *ask, const interpret_zone_t *zone, const discovery_t *found, bool parent,
                     survey_result_t *result, asking_done_f done, void *arg)
{
	assert(ask && zone && found && result && done);

	asking_t *asking = calloc(1, sizeof(*asking));
	if (asking == NULL) {
		return NULL;
	}
	asking->zone = zone;
	asking->child = (fetch_question_t){
		.name = zone->zone,
		.types = { KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY },
		.count = 3,
	};
	asking->parent = (fetch_question_t){
		.name = zone->zone,
		.types = { KNOT_RRTYPE_DS },
		.count = 1,
		.paced = true,
	};
	asking->found = found;
	asking->result = result;
	asking->done = done;
	asking->arg = arg;
	if (!make_room(asking, ask, parent)) {
		asking_free(asking);
		return NULL;
	}
	add_all(asking);
	return asking;
}

void asking_start(asking_t *asking)
{
	fetch_start(asking->fetch);
}

void asking_leave_out(asking_t *asking)
{
	survey_result_t *result = asking->result;
	const servers_t *servers = &asking->found->child_servers;
	size_t first = 0, kept = 0;

	/* Behind the addresses there are names without any. */
	for (size_t i = 0; i < result->child_count; i++) {
		child_answer_t *answer = &result->child[i];
		if (answer->status == ANSWER_NO_ROUTE) {
			if (fetch_has_way(asking->fetch, first, servers, i)) {
				continue;
			}
			servers_say_no_route(servers, i, answer->detail, sizeof(answer->detail));
		}
		result->child[kept++] = *answer;
	}
	result->child_count = kept;

	first = servers->addr_count;
	servers = &asking->found->parent_servers;
	kept = 0;
	for (size_t i = 0; i < result->parent_count; i++) {
		parent_answer_t *answer = &result->parent[i];
		if (answer->status == ANSWER_NO_ROUTE) {
			if (fetch_has_way(asking->fetch, first, servers, i)) {
				continue;
			}
			servers_say_no_route(servers, i, answer->detail, sizeof(answer->detail));
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
	fetch_free(asking->fetch);
	replies_clear(&asking->replies);
	free(asking);
}
