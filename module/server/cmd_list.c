/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "cmd_list.h"

static char *keep_string(cmd_list_t *list, const char *text)
{
	if (list->string_count == list->string_size) {
		size_t size = 2 * list->string_size + 64;
		char **strings = realloc(list->strings, size * sizeof(*strings));
		if (strings == NULL) {
			return NULL;
		}
		list->strings = strings;
		list->string_size = size;
	}
	char *copy = strdup(text);
	if (copy != NULL) {
		list->strings[list->string_count++] = copy;
	}
	return copy;
}

/*! Replaces a string by a copy that the list keeps. */
static bool keep(cmd_list_t *list, const char **text)
{
	return *text == NULL || (*text = keep_string(list, *text)) != NULL;
}

static int add(cmd_list_t *list, control_cmd_t cmd)
{
	if (list->count == list->size) {
		size_t size = 2 * list->size + 16;
		control_cmd_t *cmds = realloc(list->cmds, size * sizeof(*cmds));
		if (cmds == NULL) {
			return KNOT_ENOMEM;
		}
		list->cmds = cmds;
		list->size = size;
	}
	if (!keep(list, &cmd.id) || !keep(list, &cmd.item) || !keep(list, &cmd.data) || !keep(list, &cmd.zone) ||
	    !keep(list, &cmd.owner) || !keep(list, &cmd.ttl) || !keep(list, &cmd.type)) {
		return KNOT_ENOMEM;
	}
	list->cmds[list->count++] = cmd;

	return KNOT_EOK;
}

int cmd_list_add(cmd_list_t *list, const char *name, const char *section, const char *id, const char *item,
                 const char *data)
{
	return add(list, (control_cmd_t){ .name = name, .section = section, .id = id, .item = item, .data = data });
}

int cmd_list_add_record(cmd_list_t *list, const char *name, const char *zone, const char *owner, const char *ttl,
                        const char *type, const char *data, void *arg)
{
	return add(list, (control_cmd_t){ .name = name,
	                                  .zone = zone,
	                                  .owner = owner,
	                                  .ttl = ttl,
	                                  .type = type,
	                                  .data = data,
	                                  .arg = arg });
}

void cmd_list_clear(cmd_list_t *list)
{
	for (size_t i = 0; i < list->string_count; i++) {
		free(list->strings[i]);
	}
	free(list->strings);
	free(list->cmds);
	memset(list, 0, sizeof(*list));
}
