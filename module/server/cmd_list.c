/* SPDX-License-Identifier: GPL-3.0-or-later */

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

int cmd_list_add(cmd_list_t *list, const char *name, const char *section, const char *id, const char *item,
                 const char *data)
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

	control_cmd_t cmd = { .name = name, .section = section };
	if ((cmd.id = keep_string(list, id)) == NULL ||
	    (item != NULL && (cmd.item = keep_string(list, item)) == NULL) ||
	    (data != NULL && (cmd.data = keep_string(list, data)) == NULL)) {
		return KNOT_ENOMEM;
	}
	list->cmds[list->count++] = cmd;

	return KNOT_EOK;
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
