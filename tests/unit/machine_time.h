/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A machine_t in time: where it is, and checks one after the other.
 */

#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "machine.h"

static inline void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->row.gate)->name, rollover_gate_info(gate)->name);
}

static inline void step_at(machine_t *m, time_t now)
{
	m->now = now;
	machine_step(m);
}

/*! Checks every five minutes until \a end. */
static inline void check_until(machine_t *m, time_t end)
{
	while (m->now + 300 < end) {
		step_at(m, m->now + 300);
	}
	step_at(m, end);
}
