/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>

#include "epp_limits.h"

epp_limits_t *epp_limits_new(void)
{
	return calloc(1, sizeof(epp_limits_t));
}

void epp_limits_free(epp_limits_t *limits)
{
	if (limits != NULL) {
		epp_pace_free(&limits->pace);
		free(limits);
	}
}

void epp_limits_forgive(epp_limits_t *limits)
{
	limits->failures = limits->logins = 0;
	limits->retry_at = 0;
}

bool epp_limits_fit(epp_limits_t *limits, unsigned a_minute)
{
	return limits->pace.at == NULL ? epp_pace_init(&limits->pace, a_minute) :
	                                 epp_pace_resize(&limits->pace, a_minute);
}

bool epp_limits_failed(epp_limits_t *limits, bool login, uint64_t now)
{
	limits->logins += login;
	limits->failures++;
	const unsigned usual = epp_back_off(limits->failures), after_login = epp_login_back_off(limits->logins);
	limits->retry_at = now + (usual > after_login ? usual : after_login);
	return limits->logins >= EPP_LOGINS_MAX;
}

uint64_t epp_limits_open_at(const epp_limits_t *limits, uint64_t now)
{
	return limits->retry_at > now ? limits->retry_at : now + epp_pace_wait(&limits->pace, now);
}
