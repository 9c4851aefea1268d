/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"
#include "module/util/printable.h"

static json_t document;
json_t *const json = &document;

static FILE *output;

void output_to(FILE *file)
{
	output = file;
}

void output_begin(void)
{
	document = json_to_file(output != NULL ? output : stdout);
	json_open(json, NULL, '{');
	json_number(json, "schema", JSON_SCHEMA);
}

void output_end(void)
{
	json_close(json, '}');
	fputc('\n', document.file);
}

void output_stored(const char *name, json_value_t value)
{
	if (value == NULL) {
		json_string(json, name, NULL);
		return;
	}
	char *copy = memory_need(strndup(value, json_length(value)));
	/* Between values these are space; in a text they are not allowed. */
	for (char *c = copy; *c != '\0'; c++) {
		*c = (unsigned char)*c < 0x20 ? ' ' : *c;
	}
	printable_text(copy);
	json_raw(json, name, copy);
	free(copy);
}
