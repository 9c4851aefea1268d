/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "policy.h"

typedef struct {
	const char *policy;
	char *zone;
	size_t size;
} user_t;

static void user_unit(const control_unit_t *unit, void *arg)
{
	user_t *user = arg;

	if (unit->id != NULL && unit->data != NULL && strcmp(unit->data, user->policy) == 0) {
		snprintf(user->zone, user->size, "%s", unit->id);
	}
}

server_status_t policy_user(control_t *control, const char *command, const char *policy, char *zone, size_t size,
                            char *detail)
{
	user_t user = { .policy = policy, .zone = zone, .size = size };
	control_cmd_t cmd = {
		.name = command, .section = "zone", .item = "dnssec-policy", .each = user_unit, .arg = &user
	};

	zone[0] = '\0';
	if (control_run(control, &cmd, 1, detail) != KNOT_EOK) {
		return SERVER_UNREACHABLE;
	}
	// Where no zone has the item, that is an error or nothing.
	return cmd.busy || cmd.doubtful ? control_status(&cmd, detail) : SERVER_OK;
}
