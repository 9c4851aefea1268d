/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>

#include "epp_pace.h"

/*! A minute, and a little: clocks differ. */
#define WINDOW_MS 60500
#define FIRST_MS  2000
#define LAST_MS   900000
/*! After a login without an answer, and after the next one. */
#define LOGIN_FIRST_MS  300000
#define LOGIN_SECOND_MS 3600000

bool epp_pace_init(epp_pace_t *pace, unsigned a_minute)
{
	*pace = (epp_pace_t){ .at = calloc(a_minute, sizeof(*pace->at)), .size = a_minute };
	return pace->at != NULL;
}

bool epp_pace_resize(epp_pace_t *pace, unsigned a_minute)
{
	epp_pace_t other;

	if (a_minute == pace->size) {
		return true;
	}
	if (!epp_pace_init(&other, a_minute)) {
		return false;
	}
	/* Those that there is no room for are the oldest. */
	const unsigned oldest = pace->count < pace->size ? 0 : pace->next;
	for (unsigned i = 0; i < pace->count; i++) {
		epp_pace_take(&other, pace->at[(oldest + i) % pace->size]);
	}
	epp_pace_free(pace);
	*pace = other;
	return true;
}

void epp_pace_free(epp_pace_t *pace)
{
	free(pace->at);
	*pace = (epp_pace_t){ 0 };
}

uint64_t epp_pace_wait_behind(const epp_pace_t *pace, unsigned before, uint64_t now)
{
	const unsigned place = before % pace->size;
	const uint64_t rounds = (uint64_t)(before / pace->size) * WINDOW_MS;

	if (pace->count + place < pace->size) {
		return rounds;
	}
	/* A window after the one that is as many places before it as a window has. */
	const unsigned oldest = pace->count < pace->size ? 0 : pace->next;
	const uint64_t free_at = pace->at[(oldest + pace->count + place - pace->size) % pace->size] + WINDOW_MS;
	return rounds + (free_at > now ? free_at - now : 0);
}

unsigned epp_pace_wait(const epp_pace_t *pace, uint64_t now)
{
	return epp_pace_wait_behind(pace, 0, now);
}

void epp_pace_take(epp_pace_t *pace, uint64_t now)
{
	pace->at[pace->next] = now;
	pace->next = (pace->next + 1) % pace->size;
	pace->count += pace->count < pace->size;
}

void epp_pace_done(epp_pace_t *pace, uint64_t now)
{
	if (pace->count > 0) {
		pace->at[(pace->next + pace->size - 1) % pace->size] = now;
	}
}

unsigned epp_back_off(unsigned failures)
{
	if (failures == 0) {
		return 0;
	}
	return failures > 9 ? LAST_MS : (unsigned)FIRST_MS << (failures - 1);
}

unsigned epp_login_back_off(unsigned logins)
{
	return logins == 0 ? 0 : logins == 1 ? LOGIN_FIRST_MS : LOGIN_SECOND_MS;
}
