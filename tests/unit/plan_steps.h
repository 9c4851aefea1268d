/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Steps and waits of a plan, for tests. Behind cmocka.h.
 */

#pragma once

#include "kskroll/forecast.h"

static inline const forecast_step_t *step_of(const forecast_t *plan, rollover_state_t state)
{
	for (unsigned i = 0; i < plan->count; i++) {
		if (plan->step[i].state == state) {
			return &plan->step[i];
		}
	}
	fail_msg("no step %s", rollover_state_name(state));
	return NULL;
}

static inline const forecast_wait_t *wait_of(const forecast_step_t *step, rollover_gate_t gate)
{
	for (unsigned i = 0; i < step->wait_count; i++) {
		if (step->wait[i].gate == gate) {
			return &step->wait[i];
		}
	}
	fail_msg("no wait %s in %s", rollover_gate_info(gate)->name, rollover_state_name(step->state));
	return NULL;
}
