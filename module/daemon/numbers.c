/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <time.h>

#include "env.h"
#include "numbers.h"
#include "pack.h"
#include "zone.h"

void numbers_enter(numbers_t *numbers, const entry_t *entry)
{
	process_totals_t *t = &numbers->totals;

	t->zones++;
	t->state[entry->state]++;
	t->gate[entry->gate]++;
}

void numbers_resume(numbers_t *numbers, entry_t *entry)
{
	numbers->resuming += entry->resuming ? 0 : 1;
	entry->resuming = true;
}

void numbers_resumed(numbers_t *numbers, entry_t *entry)
{
	numbers->resuming -= entry->resuming ? 1 : 0;
	entry->resuming = false;
}

void numbers_leave(numbers_t *numbers, const entry_t *entry)
{
	process_totals_t *t = &numbers->totals;

	t->zones--;
	t->state[entry->state]--;
	t->gate[entry->gate]--;
}

void numbers_survey(zone_t *zone, const survey_result_t *result)
{
	zone_counts_t *counts = &zone->kept.counts;
	process_totals_t *totals = &zone->env->numbers.totals;

	counts->surveys++;
	totals->counts.surveys++;
	counts->queries += result->queries;
	totals->counts.queries += result->queries;
	for (size_t i = 0; i < result->child_count; i++) {
		totals->answers[result->child[i].status]++;
	}
	for (size_t i = 0; i < result->parent_count; i++) {
		totals->answers[result->parent[i].status]++;
	}
}

void numbers_watch(numbers_t *numbers, unsigned seen)
{
	numbers->totals.watches[seen]++;
}

void numbers_notify(numbers_t *numbers, notify_status_t status)
{
	numbers->totals.notifies[status]++;
}

void numbers_no_route(numbers_t *numbers, unsigned family, bool none)
{
	numbers->totals.no_route[family] = none;
}

void numbers_step(zone_t *zone)
{
	zone->kept.counts.steps++;
	zone->env->numbers.totals.counts.steps++;
}

void numbers_alarm(zone_t *zone)
{
	zone->kept.counts.alarms++;
	zone->env->numbers.totals.counts.alarms++;
}

uint64_t numbers_rolling(const numbers_t *numbers)
{
	const process_totals_t *t = &numbers->totals;

	return t->zones - t->state[ROLLOVER_IDLE] - t->state[ROLLOVER_PREPARE];
}

uint64_t numbers_under_way(const numbers_t *numbers)
{
	const process_totals_t *t = &numbers->totals;

	return t->zones - t->state[ROLLOVER_IDLE] + numbers->resuming;
}

/*! What the totals say of the zone's state and gate. */
static void count(numbers_t *numbers, entry_t *entry, const rollover_row_t *row)
{
	numbers_leave(numbers, entry);
	entry->state = row->state;
	entry->gate = row->gate;
	numbers_enter(numbers, entry);
}

static void publish(env_t *env, entry_t *entry, const kept_t *kept)
{
	const rollover_row_t *row = &kept->row;
	const time_t now = time(NULL);
	const zone_numbers_t n = {
		.state = row->state,
		.gate = row->gate,
		.state_seconds = now > row->since ? now - row->since : 0,
		.next_check_seconds = row->next_check > now ? row->next_check - now : 0,
		.dnskey_ttl = ttl_window_max(&row->dnskey_ttl, now),
		.ds_ttl = ttl_window_max(&row->ds_ttl, now),
		.counts = kept->counts,
	};
	uint32_t at = entry->instance;
	wire_id_t id;

	count(&env->numbers, entry, row);
	while (instances_next(&env->instances, &at, &id)) {
		outbox_numbers(env->out, id, &n);
	}
}

void numbers_publish(env_t *env, entry_t *entry)
{
	if (entry->zone != NULL) {
		publish(env, entry, &entry->zone->kept);
	} else if (entry->kept != NULL) {
		kept_t kept;
		unpack(entry->kept, &kept, sizeof(kept));
		publish(env, entry, &kept);
	}
}

void numbers_send(env_t *env)
{
	process_totals_t totals = env->numbers.totals;

	totals.delegations.ignored += notify_listen_ignored(env->listen);
	outbox_totals(env->out, &totals);
}
