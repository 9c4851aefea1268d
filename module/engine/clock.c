/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Notices when the wall clock is set while the server runs. Rows hold times of the wall clock, since they outlive
 * the machine; how long something really took, only the monotonic clock knows.
 */

#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "engine.h"

/*! What a clock that is only slewed does not gain or lose between two checks, a second apart. */
#define STEP_MS		2000
/*! Two clocks that were read further apart than this tell nothing about each other. */
#define APART_MS	100

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*! \return False if something came in between. */
static bool ahead(int64_t *ms)
{
	int64_t before = read_ms(CLOCK_MONOTONIC);
	int64_t wall = read_ms(CLOCK_REALTIME);

	*ms = wall - before;
	return read_ms(CLOCK_MONOTONIC) - before <= APART_MS;
}

void clock_start(loop_t *loop)
{
	loop->clock.running_since = time(NULL);
	(void)ahead(&loop->clock_ahead);
}

void clock_check(loop_t *loop)
{
	int64_t now;

	if (!ahead(&now)) {
		return;
	}
	int64_t step = now - loop->clock_ahead;
	loop->clock_ahead = now;
	if (llabs(step) < STEP_MS) {
		return;
	}
	loop->clock.seconds = (step + (step > 0 ? 500 : -500)) / 1000;
	loop->clock.before = time(NULL) - loop->clock.seconds;
	engine_log(loop->engine, LOG_WARNING, "the clock was set %s by %lld s: waits go on as if it had not been",
	           step > 0 ? "forward" : "back", llabs((long long)loop->clock.seconds));
	zones_each(loop, zone_clock_set);
	loop->clock.running_since += loop->clock.seconds;
}
