/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>

#include "pump.h"

/*! Turns under way. Most wait for the network; what that may be asked at a time, module/dns bounds. */
#define TURNS_MAX 256
/*! With more of them those wait that rest, or whose change has not begun: a flood of them leaves room for the others.
 */
#define SCANS_MAX 192
/*! Scans that may begin together after a pause. */
#define BURST 4
/*! Turns under way of delegations with the same nameservers: slow ones leave room for others. */
#define CROWD_MAX 32
/*! So long waits one that finds so many, and for each delegation with these nameservers longer. */
#define CROWD_MS      1000
#define CROWD_EACH_MS 100
/*! Turns that begin before the loop sees to other things: those that ask nothing end at once. */
#define TOGETHER 256

static uint64_t now_ms(const agent_t *agent)
{
	return uv_now(agent->env.loop);
}

static void on_timer(uv_timer_t *timer);

static parent_t *parent_of(const agent_t *agent, const delegation_t *d)
{
	return agent->numbered[d->parent];
}

/*! By octets of the hash that depend on all of what it begins with. */
static unsigned crowd_of(const ns_set_t *ns)
{
	return (ns->hash >> 16) % AGENT_CROWDS;
}

/*! Milliseconds until a scan may begin. */
static uint64_t until_token(const agent_t *agent)
{
	return agent->tokens >= 1000 ? 0 : (1000 - agent->tokens + agent->rate - 1) / agent->rate;
}

static void set_timer(agent_t *agent)
{
	const due_t *urgent = queue_next(&agent->urgent), *scan = queue_next(&agent->scans);
	const uint64_t now = now_ms(agent);
	uint64_t next = UINT64_MAX;

	if (agent->stopping) {
		return;
	}
	if (urgent != NULL && agent->turns < TURNS_MAX) {
		next = urgent->at;
	}
	if (scan != NULL && agent->turns < SCANS_MAX) {
		const uint64_t at = now + until_token(agent);
		const uint64_t due = scan->at > at ? scan->at : at;
		next = due < next ? due : next;
	}
	if (next == UINT64_MAX) {
		uv_timer_stop(&agent->timer);
	} else {
		uv_timer_start(&agent->timer, on_timer, next > now ? next - now : 0, 0);
	}
}

static void refill(agent_t *agent)
{
	const uint64_t now = now_ms(agent), most = UINT64_C(1000) * BURST;
	const uint64_t passed = now - agent->counted;

	agent->counted = now;
	agent->tokens = passed > most ? most : agent->tokens + passed * agent->rate;
	agent->tokens = agent->tokens < most ? agent->tokens : most;
}

static delegation_t *take(queue_t *queue, uint64_t now)
{
	const due_t *next = queue_next(queue);

	if (next == NULL || next->at > now) {
		return NULL;
	}
	delegation_t *d = queue_item(next->node, delegation_t, due);
	queue_remove(queue, &d->due);
	return d;
}

/*! \return False: too many, or too many with the same nameservers, are under way. One whose DS is being changed does
 * not wait. */
static bool may_begin(agent_t *agent, delegation_t *d, uint64_t now)
{
	const ns_set_t *ns = delegation_ns(&parent_of(agent, d)->all, d);
	const delegation_state_t state = d->is_awake ? d->of.awake->state : DELEGATION_REST;
	const bool waits = state == DELEGATION_REST || state == DELEGATION_SEEN || state == DELEGATION_SURVEY ||
	                   state == DELEGATION_REFUSED || state == DELEGATION_HELD;
	const bool flood = agent->turns >= SCANS_MAX;
	queue_t *queue = d->urgent ? &agent->urgent : &agent->scans;

	if (!waits || (!flood && agent->crowds[crowd_of(ns)] < CROWD_MAX)) {
		return true;
	}
	/* The more there are the longer they wait, so that those that are looked at in vain cost little. */
	const uint64_t each = flood ? queue->count : (uint64_t)ns->refs * CROWD_EACH_MS;
	queue_put(queue, &d->due, now + CROWD_MS + (uint64_t)random() % (CROWD_MS + each));
	return false;
}

static void begin(agent_t *agent, delegation_t *d)
{
	parent_t *parent = parent_of(agent, d);
	const unsigned crowd = crowd_of(delegation_ns(&parent->all, d));

	agent->crowds[crowd]++;
	agent->turns++;
	agent->begin(parent, d, crowd);
}

static void on_timer(uv_timer_t *timer)
{
	agent_t *agent = timer->data;
	const uint64_t now = now_ms(agent);
	delegation_t *d;

	unsigned left = TOGETHER;

	refill(agent);
	while (left > 0 && agent->turns < TURNS_MAX && (d = take(&agent->urgent, now)) != NULL) {
		left--;
		if (may_begin(agent, d, now)) {
			begin(agent, d);
		}
	}
	while (left > 0 && agent->turns < SCANS_MAX && agent->tokens >= 1000 &&
	       (d = take(&agent->scans, now)) != NULL) {
		/* Who is not asked anything costs nothing. */
		left--;
		if (may_begin(agent, d, now)) {
			agent->tokens -= agent->asks(parent_of(agent, d), d) != 0 ? 1000 : 0;
			begin(agent, d);
		}
	}
	set_timer(agent);
}

void pump_init(agent_t *agent, agent_begin_f begin, agent_asks_f asks)
{
	agent->begin = begin;
	agent->asks = asks;
	uv_timer_init(agent->env.loop, &agent->timer);
	agent->timer.data = agent;
	agent->counted = now_ms(agent);
}

static void on_closed(uv_handle_t *handle)
{
	((agent_t *)handle->data)->open--;
}

void pump_stop(agent_t *agent)
{
	agent->open++;
	uv_close((uv_handle_t *)&agent->timer, on_closed);
}

void pump_free(agent_t *agent)
{
	queue_free(&agent->scans);
	queue_free(&agent->urgent);
}

bool pump_reserve(agent_t *agent, size_t count)
{
	return queue_reserve(&agent->scans, count);
}

void pump_remove(agent_t *agent, delegation_t *d)
{
	queue_remove(d->urgent ? &agent->urgent : &agent->scans, &d->due);
}

void pump_in(agent_t *agent, delegation_t *d, uint64_t ms, bool urgent)
{
	pump_remove(agent, d);
	if (agent->stopping || d->gone) {
		return;
	}
	/* Few are under way at a time. Without memory it has its turn as one that rests. */
	d->urgent = urgent && queue_reserve(&agent->urgent, agent->urgent.count + 1);
	queue_put(d->urgent ? &agent->urgent : &agent->scans, &d->due, now_ms(agent) + ms);
	set_timer(agent);
}

void pump_turn_over(agent_t *agent, unsigned crowd)
{
	assert(agent->turns > 0 && agent->crowds[crowd] > 0);
	agent->turns--;
	agent->crowds[crowd]--;
	set_timer(agent);
}
