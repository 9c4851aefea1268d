/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Reads the clocks.
 *
 * Rows hold times of the wall clock, since they outlive the machine; how long something really took, only a clock tells
 * that nobody can set: CLOCK_MONOTONIC_RAW, which is not slewed either.
 */

#pragma once

#include "kskroll/rollover.h"

typedef struct {
	int64_t boot;  /*!< rollover_clock_t.boot */
	int64_t ahead; /*!< rollover_clock_t.ahead at the last clocks_step(). */
} clocks_t;

void clocks_start(clocks_t *clocks);
void clocks_read(const clocks_t *clocks, rollover_clock_t *out);
/*! \return By how many milliseconds the wall clock was set forward since the last call; 0: it was not. */
int64_t clocks_step(clocks_t *clocks);
/*! Now, by the wall clock; the times of the row are of the same clock from here on. */
time_t clocks_now(const clocks_t *clocks, rollover_row_t *row);
