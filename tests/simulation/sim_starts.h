/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief start-window, no-start, spread and max-rolling of a world.
 */

#pragma once

#include "kskroll/start.h"

/*! What holds up the starts of a zone whose lifetime is over. */
typedef struct {
	bool on;
	start_rules_t rules;
	unsigned window;   /*!< Which of the windows. */
	int64_t frozen[2]; /*!< First and last day without starts, as the clock on the wall has it. */
	time_t changed;    /*!< The clocks on the walls were set by then, */
	int32_t offset;    /*!< to that offset. */
	uint32_t early;
	time_t full_until; /*!< As many zones roll as may. */
	bool of_parent;    /*!< Of that parent. */
	uint32_t longest;  /*!< A rollover that is due starts after that time. */
} starts_t;
