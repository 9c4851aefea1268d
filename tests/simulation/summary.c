/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"

profile_t profile_of(uint64_t seed, int wanted)
{
	return wanted >= 0 ? (profile_t)wanted : (profile_t)(seed % PROFILE__COUNT);
}

static void keep(summary_t *sum, const kept_t *one)
{
	unsigned at = sum->kept_count;
	while (at > 0 && sum->kept[at - 1].seed > one->seed) {
		at--;
	}
	if (at == KEPT_MAX) {
		return;
	}
	unsigned tail = sum->kept_count - at;
	if (sum->kept_count == KEPT_MAX) {
		tail--;
	} else {
		sum->kept_count++;
	}
	memmove(&sum->kept[at + 1], &sum->kept[at], tail * sizeof(*one));
	sum->kept[at] = *one;
}

static void add_ratio(summary_t *sum, double ratio, double waits, double took)
{
	if (sum->ratio_count == sum->ratio_room) {
		size_t room = sum->ratio_room * 2 + 256;
		double *a = realloc(sum->ratio, room * sizeof(*a));
		sum->ratio = a != NULL ? a : sum->ratio;
		double *b = realloc(sum->ratio_waits, room * sizeof(*b));
		sum->ratio_waits = b != NULL ? b : sum->ratio_waits;
		double *c = realloc(sum->took, room * sizeof(*c));
		sum->took = c != NULL ? c : sum->took;
		if (a == NULL || b == NULL || c == NULL) {
			return;
		}
		sum->ratio_room = room;
	}
	sum->ratio[sum->ratio_count] = ratio;
	sum->took[sum->ratio_count] = took;
	sum->ratio_waits[sum->ratio_count++] = waits;
}

uint64_t summary_checksum(const world_t *w)
{
	const uint64_t parts[] = {
		w->seed,
		w->rng.state,
		w->watch_rng.state,
		w->now,
		w->order,
		w->engine.decisions,
		w->engine.surveys,
		w->engine.switches,
		w->excused_pairs,
		w->knot.version_count,
		w->up.version_count,
		w->engine.row.state,
		w->engine.row.gate,
		w->engine.row.since,
		w->engine.row.next_check,
		w->failed,
		w->done,
		w->agent.rng.state,
		w->agent.decisions,
		w->agent.surveys,
		w->agent.changes_made,
		w->agent.undos_made,
		w->agent.restores_made,
		w->agent.row.state,
		w->agent.row.gate,
		w->agent.row.since,
		w->agent.row.next_check,
		w->trace_sum,
	};
	rng_t mix = { .state = w->profile };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		mix.state = rng_next(&mix) ^ parts[i];
	}
	return rng_next(&mix);
}

void summary_add(summary_t *sum, const world_t *w, unsigned zone)
{
	if (w->driver != DRIVER_MODULE && !w->agent.on) {
		sum->broken[w->driver] += w->failed;
		sum->baseline_worlds += w->driver == DRIVER_KNOT_TIMER;
		return;
	}
	sum->worlds++;
	sum->decisions += w->engine.decisions;
	sum->surveys += w->engine.surveys;
	sum->checksum += summary_checksum(w);
	sum->others_broke += w->excused_pairs > 0;
	sum->left_published += w->left_published > 0;
	sum->low_ttl_signals += w->low_ttl_signals;
	sum->algorithm_alone += w->algorithm_alone;
	sum->agents += w->agent.on;
	sum->children[w->driver] += w->agent.on;
	sum->agent_changes += w->agent.changes_made;
	sum->agent_undos += w->agent.undos_made;
	sum->agent_restores += w->agent.restores_made;
	sum->left_longest = w->left_published > sum->left_longest ? w->left_published : sum->left_longest;
	if (w->failed) {
		kept_t one = { .seed = w->seed, .zone = zone, .profile = w->profile, .violation = w->violation };
		sum->failed++;
		keep(sum, &one);
	} else if (w->done) {
		sum->done++;
	} else {
		sum->waiting++;
	}
	if (w->ratio > 0) {
		add_ratio(sum, w->ratio, w->ratio_waits, w->took);
	}
}

void summary_merge(summary_t *to, const summary_t *from)
{
	compare_merge(&to->compare, &from->compare);
	to->worlds += from->worlds;
	to->done += from->done;
	to->waiting += from->waiting;
	to->failed += from->failed;
	to->decisions += from->decisions;
	to->surveys += from->surveys;
	to->checksum += from->checksum;
	to->others_broke += from->others_broke;
	to->left_published += from->left_published;
	to->low_ttl_signals += from->low_ttl_signals;
	to->algorithm_alone += from->algorithm_alone;
	to->agents += from->agents;
	to->agent_changes += from->agent_changes;
	to->agent_undos += from->agent_undos;
	to->agent_restores += from->agent_restores;
	to->left_longest = from->left_longest > to->left_longest ? from->left_longest : to->left_longest;
	to->baseline_worlds += from->baseline_worlds;
	for (int i = 0; i < DRIVER__COUNT; i++) {
		to->broken[i] += from->broken[i];
		to->children[i] += from->children[i];
	}
	for (unsigned i = 0; i < from->kept_count; i++) {
		keep(to, &from->kept[i]);
	}
	for (size_t i = 0; i < from->ratio_count; i++) {
		add_ratio(to, from->ratio[i], from->ratio_waits[i], from->took[i]);
	}
}

void summary_free(summary_t *sum)
{
	compare_free(&sum->compare);
	free(sum->ratio);
	free(sum->ratio_waits);
	free(sum->took);
	sum->ratio = sum->ratio_waits = sum->took = NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void print_ratio(const char *what, double *list, size_t count)
{
	qsort(list, count, sizeof(*list), compare);
	printf("  %-52s median %.2f, nine of ten below %.2f, worst %.2f\n", what, list[count / 2], list[count * 9 / 10],
	       list[count - 1]);
}

void summary_print(const summary_t *sum, double seconds, const char *profile, bool baselines)
{
	/* clang-format off */
	static const char *const NAMES[DRIVER__COUNT] = {
		[DRIVER_KNOT_TIMER] = "Knot by itself (DS check)",
		[DRIVER_KNOT_CONFIRM] = "Knot, confirmed at the first new DS",
		[DRIVER_BIND] = "BIND's rules",
	};
	/* clang-format on */

	printf("%" PRIu64 " worlds (%s) in %.1f s, %.0f a second; %" PRIu64 " decisions, %" PRIu64 " surveys\n",
	       sum->worlds, profile, seconds, seconds > 0 ? sum->worlds / seconds : 0.0, sum->decisions, sum->surveys);
	printf("  all rollovers ended: %" PRIu64 "; waiting at a gate that names the culprit, or the module dead: "
	       "%" PRIu64 "\n",
	       sum->done, sum->waiting);
	printf("  broken for a resolver by somebody else: %" PRIu64 "\n", sum->others_broke);
	printf("  a KSK left published between its making and keymgr: %" PRIu64 ", ready after at most %ld s\n",
	       sum->left_published, (long)sum->left_longest);
	printf("  a KSK of another client signalled because of the low TTL's policy alone: %" PRIu64 "\n",
	       sum->low_ttl_signals);
	printf("  a new algorithm published by Knot's own timer: %" PRIu64 "\n", sum->algorithm_alone);
	printf("  the parent is the agent: %" PRIu64 "; DS changed %" PRIu64 " times, undone %" PRIu64
	       ", TTL restored %" PRIu64 "\n",
	       sum->agents, sum->agent_changes, sum->agent_undos, sum->agent_restores);
	printf("  its children:");
	for (int i = 0; i < DRIVER__COUNT; i++) {
		printf(" %s %" PRIu64 "%s", child_names[i], sum->children[i], i + 1 < DRIVER__COUNT ? "," : "\n");
	}
	printf("  invariants violated: %" PRIu64 "\n", sum->failed);
	printf("  checksum of these worlds: %016" PRIx64 "\n", sum->checksum);
	if (sum->ratio_count > 0) {
		printf("duration of a first rollover in cooperative worlds (%zu):\n", sum->ratio_count);
		print_ratio("over the lower bound of TTLs, lags and parent:", sum->ratio, sum->ratio_count);
		print_ratio("over that with the configured waits:", sum->ratio_waits, sum->ratio_count);
		qsort(sum->took, sum->ratio_count, sizeof(*sum->took), compare);
		printf("  %-52s median %.2f, nine of ten below %.2f\n",
		       "hours:", sum->took[sum->ratio_count / 2] / 3600, sum->took[sum->ratio_count * 9 / 10] / 3600);
	}
	if (baselines && sum->baseline_worlds > 0) {
		printf("broken for a resolver by the driver itself, in the same worlds:\n");
		for (int i = 1; i < DRIVER_HAND; i++) {
			printf("  %-36s %6.2f %% (%" PRIu64 ")\n", NAMES[i],
			       100.0 * sum->broken[i] / sum->baseline_worlds, sum->broken[i]);
		}
		printf("  %-36s %6.2f %% (%" PRIu64 ", any invariant)\n", "the module",
		       100.0 * sum->failed / sum->worlds, sum->failed);
	}
}
