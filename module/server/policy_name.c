/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of derived policies. The module in knotd reads them, and uses nothing else of this folder. */

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/policy_name.h"

#define INFIX       "-kskroll-"
#define TTL_DEFAULT 300

/* clang-format off */
/*! The base policy has none. */
static const char *const suffixes[POLICY__COUNT] = {
	[POLICY_QUIET]    = "quiet",
	[POLICY_SIGNAL]   = "signal",
	[POLICY_ROLLBACK] = "rollback",
	[POLICY_DELETE]   = "delete",
};
/* clang-format on */

int server_policy_name(char *out, size_t out_len, const char *base, policy_role_t role, uint32_t ttl)
{
	assert(role < POLICY__COUNT);

	if (suffixes[role] == NULL) {
		return snprintf(out, out_len, "%s", base);
	}
	if (ttl == TTL_DEFAULT) {
		return snprintf(out, out_len, "%s" INFIX "%s", base, suffixes[role]);
	}
	return snprintf(out, out_len, "%s" INFIX "%s-%u", base, suffixes[role], ttl);
}

/*! The role and TTL of "quiet-600"; POLICY_BASE if it is anything else. */
static policy_role_t parse_suffix(const char *suffix, uint32_t *ttl)
{
	for (policy_role_t role = 0; role < POLICY__COUNT; role++) {
		size_t len = (suffixes[role] != NULL) ? strlen(suffixes[role]) : 0;
		if (len == 0 || strncmp(suffix, suffixes[role], len) != 0) {
			continue;
		}
		suffix += len;
		*ttl = TTL_DEFAULT;
		if (*suffix == '\0') {
			return role;
		}
		if (*suffix++ != '-') {
			return POLICY_BASE;
		}
		char *end;
		unsigned long long value = strtoull(suffix, &end, 10);
		if (end == suffix || *end != '\0' || value > UINT32_MAX) {
			return POLICY_BASE;
		}
		*ttl = value;
		return role;
	}
	return POLICY_BASE;
}

void server_policy_parse(const char *name, char *base, size_t base_len, policy_role_t *role)
{
	*role = POLICY_BASE;

	// The last one: the operator's own name may contain the infix.
	const char *infix = NULL;
	for (const char *p = strstr(name, INFIX); p != NULL; p = strstr(p + 1, INFIX)) {
		infix = p;
	}

	if (infix != NULL && infix != name && (size_t)(infix - name) < POLICY_NAME_MAX) {
		char stem[POLICY_NAME_MAX];
		memcpy(stem, name, infix - name);
		stem[infix - name] = '\0';

		// Only what server_policy_name() writes: not "-0600", "-+600" or "-300".
		uint32_t ttl;
		policy_role_t parsed = parse_suffix(infix + strlen(INFIX), &ttl);
		char again[2 * POLICY_NAME_MAX];
		if (parsed != POLICY_BASE &&
		    server_policy_name(again, sizeof(again), stem, parsed, ttl) < (int)sizeof(again) &&
		    strcmp(again, name) == 0) {
			*role = parsed;
			snprintf(base, base_len, "%s", stem);
			return;
		}
	}

	snprintf(base, base_len, "%s", name);
}
