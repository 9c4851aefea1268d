/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>

#include "pump.h"

/*! Turns under way. Most wait for the network; what that may be asked at a time, module/dns bounds. */
#define TURNS_MAX 256
/*! Of these, turns of those that rest: a flood of them leaves room for the others. */
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

/*! \return False: too many with the same nameservers are under way. One whose DS is being changed does not wait. */
static bool may_begin(delegation_t *d, uint64_t now)
{
	agent_t *agent = d->parent->agent;
	const bool waits = d->state == DELEGATION_REST || d->state == DELEGATION_SEEN ||
	                   d->state == DELEGATION_SURVEY || d->state == DELEGATION_REFUSED ||
	                   d->state == DELEGATION_HELD;

	if (!waits || agent->crowds[d->ns->hashed.hash % AGENT_CROWDS] < CROWD_MAX) {
		return true;
	}
	const uint64_t later = CROWD_MS + (uint64_t)random() % (CROWD_MS + (uint64_t)d->ns->refs * CROWD_EACH_MS);
	queue_put(d->urgent ? &agent->urgent : &agent->scans, &d->due, now + later);
	return false;
}

static void begin(delegation_t *d)
{
	agent_t *agent = d->parent->agent;

	d->crowd = d->ns->hashed.hash % AGENT_CROWDS;
	agent->crowds[d->crowd]++;
	agent->turns++;
	agent->begin(d);
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
		if (may_begin(d, now)) {
			begin(d);
		}
	}
	while (left > 0 && agent->turns < SCANS_MAX && agent->tokens >= 1000 &&
	       (d = take(&agent->scans, now)) != NULL) {
		/* Who is not asked anything costs nothing. */
		left--;
		if (may_begin(d, now)) {
			agent->tokens -= agent->asks(d) != 0 ? 1000 : 0;
			begin(d);
		}
	}
	set_timer(agent);
}

void pump_init(agent_t *agent, void (*begin)(delegation_t *d), unsigned (*asks)(const delegation_t *d))
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
	return queue_reserve(&agent->scans, count) && queue_reserve(&agent->urgent, count);
}

void pump_remove(delegation_t *d)
{
	agent_t *agent = d->parent->agent;
	queue_remove(d->urgent ? &agent->urgent : &agent->scans, &d->due);
}

void pump_in(delegation_t *d, uint64_t ms, bool urgent)
{
	agent_t *agent = d->parent->agent;

	pump_remove(d);
	if (agent->stopping || d->gone) {
		return;
	}
	d->urgent = urgent;
	queue_put(urgent ? &agent->urgent : &agent->scans, &d->due, now_ms(agent) + ms);
	set_timer(agent);
}

void pump_turn_over(agent_t *agent, unsigned crowd)
{
	assert(agent->turns > 0 && agent->crowds[crowd] > 0);
	agent->turns--;
	agent->crowds[crowd]--;
	set_timer(agent);
}
