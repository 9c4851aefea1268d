/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <syslog.h>

#include "include_file.h"
#include "kskroll/parent_zone.h"

bool include_path(const parent_t *parent, char *path)
{
	const agent_env_t *env = &parent->agent->env;
	const char *folder = env->folder != NULL ? env->folder(env->arg) : NULL;

	return folder != NULL && parent_include_path(folder, parent->name, path, INCLUDE_PATH_MAX);
}

void include_begin(parent_t *parent)
{
	char path[INCLUDE_PATH_MAX], detail[PARENT_DETAIL_MAX];

	if (parent->settings.config.apply != DELEGATION_BY_INCLUDE || parent->include == INCLUDE_THERE) {
		return;
	}
	if (!include_path(parent, path)) {
		return; /* The folder is known later. */
	}
	const int ret = parent_include_create(path, parent->name, detail);
	if (ret == KNOT_EOK || ret == KNOT_EEXIST) {
		parent->include = INCLUDE_THERE;
		agent_log(parent->agent, ret == KNOT_EOK ? LOG_NOTICE : LOG_INFO,
		          "zone %s, delegations: DS records are kept in a file; the zone file must have the line: "
		          "$INCLUDE %s",
		          parent->name, path);
	} else if (parent->include != INCLUDE_FAILED) {
		parent->include = INCLUDE_FAILED;
		agent_log(parent->agent, LOG_WARNING, "zone %s, delegations: %s", parent->name, detail);
	}
}
