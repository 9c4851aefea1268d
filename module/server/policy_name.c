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

/*! What the name of a derived policy ends with. The base policy has no suffix. */
static const struct {
	const char *suffix;
	policy_role_t role;
} suffixes[] = {
	{ "ttl", POLICY_LOW_TTL },
	{ "delete", POLICY_DELETE },
	/* Of version 0.1.0. */
	{ "quiet", POLICY_FORMER },
	{ "signal", POLICY_FORMER },
	{ "rollback", POLICY_FORMER },
};

#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

static int print_name(char *out, size_t out_len, const char *base, const char *suffix, uint32_t ttl)
{
	if (ttl == TTL_DEFAULT) {
		return snprintf(out, out_len, "%s" INFIX "%s", base, suffix);
	}
	return snprintf(out, out_len, "%s" INFIX "%s-%u", base, suffix, ttl);
}

int server_policy_name(char *out, size_t out_len, const char *base, policy_role_t role, uint32_t ttl)
{
	assert(role < POLICY_FORMER);

	for (size_t i = 0; i < SUFFIXES; i++) {
		if (suffixes[i].role == role) {
			return print_name(out, out_len, base, suffixes[i].suffix, ttl);
		}
	}
	return snprintf(out, out_len, "%s", base);
}

/*! The TTL of "-600"; the default of "". */
static bool parse_ttl(const char *text, uint32_t *ttl)
{
	*ttl = TTL_DEFAULT;
	if (*text == '\0') {
		return true;
	}
	if (*text++ != '-') {
		return false;
	}
	char *end;
	unsigned long long value = strtoull(text, &end, 10);
	*ttl = value;
	return end != text && *end == '\0' && value <= UINT32_MAX;
}

/*! Whether the name is one that print_name() writes: not with "-0600", "-+600" or "-300". */
static bool is_derived(const char *name, const char *stem, const char *suffix, size_t which)
{
	const size_t len = strlen(suffixes[which].suffix);
	char again[2 * POLICY_NAME_MAX];
	uint32_t ttl;

	return strncmp(suffix, suffixes[which].suffix, len) == 0 && parse_ttl(suffix + len, &ttl) &&
	       print_name(again, sizeof(again), stem, suffixes[which].suffix, ttl) < (int)sizeof(again) &&
	       strcmp(again, name) == 0;
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

		for (size_t i = 0; i < SUFFIXES; i++) {
			if (is_derived(name, stem, infix + strlen(INFIX), i)) {
				*role = suffixes[i].role;
				snprintf(base, base_len, "%s", stem);
				return;
			}
		}
	}

	snprintf(base, base_len, "%s", name);
}
