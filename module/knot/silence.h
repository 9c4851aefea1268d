/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief For how long kskrolld has sent nothing, although its loop sends totals once a second.
 *
 * Only time counts in which the thread that listens runs itself. A machine that was suspended, or a group of processes
 * that was frozen together, is no silence of kskrolld.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! What one step counts at most, ms. The thread steps once a second at least. */
#define SILENCE_STEP_MS 2000

typedef struct {
	uint64_t at; /*!< The last step, ms of a clock that only counts. */
	uint64_t ms; /*!< What counts so far. */
} silence_t;

/*! kskrolld was started, or has sent something. */
void silence_end(silence_t *silence, uint64_t now);
/*! A step of the thread. \return Whether nothing came for that long, ms. */
bool silence_lasts(silence_t *silence, uint64_t now, uint64_t bound);
