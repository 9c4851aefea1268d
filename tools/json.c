/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll.h"

/*! Nothing has been written yet since the last opening bracket. */
static bool first = true;

static void quote(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		unsigned char c = *s;
		if (c == '"' || c == '\\') {
			printf("\\%c", c);
		} else if (c < 0x20 || c >= 0x7f) {
			printf("\\u%04x", c);
		} else {
			putchar(c);
		}
	}
	putchar('"');
}

static void next(const char *name)
{
	if (!first) {
		putchar(',');
	}
	first = false;
	if (name != NULL) {
		quote(name);
		putchar(':');
	}
}

void json_open(const char *name, char bracket)
{
	next(name);
	putchar(bracket);
	first = true;
}

void json_close(char bracket)
{
	putchar(bracket);
	first = false;
}

void json_string(const char *name, const char *value)
{
	next(name);
	if (value == NULL) {
		fputs("null", stdout);
	} else {
		quote(value);
	}
}

void json_number(const char *name, int64_t value)
{
	next(name);
	printf("%" PRId64, value);
}

void json_bool(const char *name, bool value)
{
	next(name);
	fputs(value ? "true" : "false", stdout);
}

void json_time(const char *name, time_t at)
{
	if (at == 0) {
		json_string(name, NULL);
	} else {
		json_number(name, at);
	}
}

void json_raw(const char *name, const char *text)
{
	char *copy = memory_need(strdup(text));

	next(name);
	/* Between values these are space; in a text they are not allowed. */
	for (char *c = copy; *c != '\0'; c++) {
		*c = (unsigned char)*c < 0x20 ? ' ' : *c;
	}
	store_printable(copy);
	fputs(copy, stdout);
	free(copy);
}

void json_begin(void)
{
	first = true;
	json_open(NULL, '{');
	json_number("schema", JSON_SCHEMA);
}

void json_end(void)
{
	json_close('}');
	putchar('\n');
}
