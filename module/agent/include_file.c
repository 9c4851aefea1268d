/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <syslog.h>

#include "include_file.h"
#include "parent_state.h"
#include "kskroll/parent_zone.h"
#include "kskroll/text_copy.h"

bool include_path(const parent_t *parent, char *path)
{
	const agent_env_t *env = &parent->agent->env;
	const char *folder = env->folder != NULL ? env->folder(env->arg) : NULL;

	return folder != NULL && parent_include_path(folder, parent->name, path, INCLUDE_PATH_MAX);
}

/*! Whether the zone has had a file before. \return False: that cannot be read. */
static bool had_file(const parent_t *parent, store_parent_t *row)
{
	const agent_env_t *env = &parent->agent->env;
	store_t *store = env->store(env->arg);
	const int ret = store != NULL ? store_parent_load(store, parent->name, row) : KNOT_ERROR;

	if (ret == KNOT_EMALF) {
		row->had_file = true; /* Nobody can tell. */
	}
	if (ret == KNOT_ENOENT) {
		*row = (store_parent_t){ .mode = parent->settings.mode, .config = parent->settings.config };
		text_copy(row->zone, sizeof(row->zone), parent->name);
	}
	return ret != KNOT_ERROR;
}

/*! The first time since this process has begun. */
static void there(parent_t *parent, store_parent_t *row, const char *path, bool made)
{
	const agent_env_t *env = &parent->agent->env;

	if (!row->had_file) {
		row->had_file = true;
		if (!env->save_parent(row, env->arg)) {
			return; /* The next time. */
		}
	}
	parent->include = INCLUDE_THERE;
	agent_log(parent->agent, made ? LOG_NOTICE : LOG_INFO,
	          "zone %s, delegations: DS records are kept in a file; the zone file must have the line: "
	          "$INCLUDE %s",
	          parent->name, path);
}

void include_begin(parent_t *parent)
{
	char path[INCLUDE_PATH_MAX], detail[PARENT_DETAIL_MAX];
	const bool known = parent->include == INCLUDE_THERE || parent->include == INCLUDE_MISSING;

	if (parent->settings.config.apply != DELEGATION_BY_INCLUDE) {
		parent->include = INCLUDE_UNKNOWN;
		parent_file_trouble(parent, "");
		return;
	}
	store_parent_t *row = !known ? calloc(1, sizeof(*row)) : NULL;
	/* Folder and store are known later. */
	if (!include_path(parent, path) || (!known && (row == NULL || !had_file(parent, row)))) {
		free(row);
		return;
	}
	const int ret = parent_include_create(path, parent->name, !known && !row->had_file, detail);
	if (ret == KNOT_EOK || ret == KNOT_EEXIST) {
		if (!known) {
			there(parent, row, path, ret == KNOT_EOK);
		} else if (parent->include == INCLUDE_MISSING) {
			parent->include = INCLUDE_THERE;
			parent_file_trouble(parent, "");
		}
	} else if (ret == KNOT_ENOENT) {
		parent->include = INCLUDE_MISSING;
		parent_file_trouble(parent, detail);
	} else if (parent->include != INCLUDE_FAILED) {
		parent->include = INCLUDE_FAILED;
		agent_log(parent->agent, LOG_WARNING, "zone %s, delegations: %s", parent->name, detail);
	}
	free(row);
}
