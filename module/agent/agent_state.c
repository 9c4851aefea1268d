/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdarg.h>
#include <stdio.h>

#include "agent_state.h"

void agent_log(const agent_t *agent, int priority, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	agent->env.log(priority, line, agent->env.arg);
}

time_t agent_now(const agent_t *agent)
{
	rollover_clock_t clock;

	agent->env.clock(&clock, agent->env.arg);
	return clock.wall;
}

time_t agent_now_of(const agent_t *agent, delegation_row_t *row)
{
	rollover_clock_t clock;

	agent->env.clock(&clock, agent->env.arg);
	return delegation_follow_clock(row, &clock);
}
