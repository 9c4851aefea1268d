/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the clocks show, for the child side and the parent side.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*! What the clocks of this machine show. */
typedef struct {
	time_t wall;   /*!< The one that can be set. */
	int64_t ahead; /*!< By how many milliseconds it is ahead of one that only counts (CLOCK_MONOTONIC_RAW). */
	int64_t boot;  /*!< A number of the boot since which that one counts; 0 = not known. */
} rollover_clock_t;

bool clock_same_boot(const rollover_clock_t *a, const rollover_clock_t *b);

/*! A boot ago is at least this long ago, in seconds, whatever the wall clock of then was. */
int64_t clock_uptime(const rollover_clock_t *now);

/*! By how many seconds the wall clock went on more than time is known to have passed; negative: less. */
int64_t clock_gained(const rollover_clock_t *then, const rollover_clock_t *now);

/*! Whether both are of one boot, and the wall clock was not set in between by more than a minute. */
bool clock_goes_on(const rollover_clock_t *then, const rollover_clock_t *now);

/*! Moves a time by so many seconds; 0, which is no time, stays. */
void clock_move(time_t *t, int64_t by);

/*!
 * The times of \a clock have been moved by what it gained: it is the clock of now.
 *
 * \return Now, as those times count. A wall clock may be behind by too little to be followed yet, and would make a new
 *         time older than it is.
 */
time_t clock_follow(rollover_clock_t *clock, const rollover_clock_t *now, int64_t by);
