/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdlib.h>
#include <string.h>

#include "text.h"

bool text_set(char **text, const char *value)
{
	if (strcmp(text_of(*text), value) == 0) {
		return true;
	}
	char *copy = value[0] != '\0' ? strdup(value) : NULL;
	if (value[0] != '\0' && copy == NULL) {
		return false;
	}
	free(*text);
	*text = copy;
	return true;
}

void text_clear(char **text)
{
	free(*text);
	*text = NULL;
}
