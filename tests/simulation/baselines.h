/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The parent's side compared: each child below each parent in the same worlds (docs/simulation.rst,
 * "Baselines").
 */

#pragma once

#include "sim_world.h"

/*! Which side is compared with what others do. */
typedef enum {
	BASELINES_NONE = 0,
	BASELINES_CHILD,
	BASELINES_PARENT,
} baselines_t;

/*! The worlds of one child below one parent. */
typedef struct {
	uint64_t worlds;
	uint64_t broke_served, broke_caches; /*!< steps_t; one world counts once, as served if both. */
	uint64_t signalled, followed;        /*!< CDS at each nameserver; and DS at each server of the parent. */
	double *took; /*!< Hours from the first nameserver with CDS to the last server with DS. */
	size_t count, room;
} compare_cell_t;

typedef struct {
	compare_cell_t cell[DRIVER__COUNT][PARENTS__COUNT];
} compare_t;

/*! Runs all worlds of a seed, in \a w. */
void compare_seed(compare_t *sum, world_t *w, uint64_t seed, unsigned zone, profile_t profile);
void compare_merge(compare_t *to, const compare_t *from);
/*! \return 0; 1: the agent has broken a resolver, or a baseline none, which the worlds must be able to show. */
int compare_print(compare_t *sum);
void compare_free(compare_t *sum);
