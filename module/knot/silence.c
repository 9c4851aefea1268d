/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "silence.h"

void silence_end(silence_t *silence, uint64_t now)
{
	*silence = (silence_t){ .at = now };
}

bool silence_lasts(silence_t *silence, uint64_t now, uint64_t bound)
{
	const uint64_t passed = now - silence->at;

	silence->ms += passed < SILENCE_STEP_MS ? passed : SILENCE_STEP_MS;
	silence->at = now;
	return silence->ms >= bound;
}
