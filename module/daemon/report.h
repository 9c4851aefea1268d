/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What a decision was based on, and what came of a notification, as one line for people.
 */

#pragma once

#include "kskroll/dns.h"
#include "kskroll/rollover.h"

/*! What a decision was based on. */
void report_line(char *out, size_t len, const rollover_decision_t *decision, rollover_state_t before,
                 const rollover_facts_t *facts);
/*! What came of a notification. */
void report_notify_line(char *out, size_t len, const notify_result_t *result);
