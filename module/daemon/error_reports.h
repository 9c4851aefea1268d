/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Error reports about zones (RFC 9567) that knotd has received: to store, log and statistics.
 *
 * Anybody can send one, with any content. They are hints for people, and nothing is decided by them.
 */

#pragma once

#include "forward.h"
#include "wire/wire.h"

/*! Bounds the lines of the log. Zeroed: nothing was written yet. */
typedef struct {
	time_t minute;
	unsigned lines; /*!< In that minute. */
} error_reports_t;

/*! One was received. It counts if a zone with its name is attached, and has its agent domain as `report-agent`. */
void error_reports_take(env_t *env, const wire_reported_t *reported);
