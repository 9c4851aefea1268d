/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What many worlds came to.
 */

#pragma once

#include "baselines.h"

#define KEPT_MAX 20

/*! A world that broke an invariant; enough to replay it. */
typedef struct {
	uint64_t seed;
	unsigned zone;
	profile_t profile;
	violation_t violation;
} kept_t;

typedef struct {
	compare_t compare; /*!< Baselines of the parent's side; then there is nothing else. */
	uint64_t worlds, done, waiting, failed;
	uint64_t decisions, surveys;
	uint64_t checksum;              /*!< Over how each world went, in any order. */
	uint64_t others_broke;          /*!< Worlds in which somebody else broke the zone for a resolver. */
	uint64_t broken[DRIVER__COUNT]; /*!< Worlds in which a baseline broke it. */
	uint64_t baseline_worlds;
	kept_t kept[KEPT_MAX]; /*!< The lowest seeds. */
	unsigned kept_count;
	double *ratio, *ratio_waits, *took;
	uint64_t left_published; /*!< Worlds in which a KSK of the module got ready by itself: its process had ended. */
	uint64_t low_ttl_signals; /*!< world_t.low_ttl_signals */
	uint64_t algorithm_alone;
	uint64_t agents;                                     /*!< Worlds whose parent is the agent, */
	uint64_t children[DRIVER__COUNT];                    /*!< Who has driven the children of these, */
	uint64_t agent_changes, agent_undos, agent_restores; /*!< and what these have done. */
	time_t left_longest;                                 /*!< From its publication until then, seconds. */
	size_t ratio_count, ratio_room;
} summary_t;

/*! Which profile a seed has unless one is asked for. */
profile_t profile_of(uint64_t seed, int wanted);

/*! Two runs of the same world that differ anywhere have different sums: of the module, of the agent, of the timeline.
 */
uint64_t summary_checksum(const world_t *w);

void summary_add(summary_t *sum, const world_t *w, unsigned zone);
void summary_merge(summary_t *to, const summary_t *from);
void summary_print(const summary_t *sum, double seconds, const char *profile, bool baselines);
void summary_free(summary_t *sum);

/*! Prints the timeline of a world; \a last lines of it only, 0 = all. \return Whether it fails. */
bool replay(uint64_t seed, unsigned zone, profile_t profile, driver_t driver, parents_t parents, unsigned last);

/*! Runs the mutants that were built beside \a self. \return Number of those not caught. */
int mutants_run(const char *self, const char *seeds);
