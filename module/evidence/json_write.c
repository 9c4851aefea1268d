/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <inttypes.h>
#include <stdarg.h>

#include "kskroll/json.h"

json_t json_to_file(FILE *file)
{
	return (json_t){ .file = file, .first = true };
}

json_t json_to_buffer(char *out, size_t len)
{
	out[0] = '\0';
	return (json_t){ .at = out, .left = len, .first = true };
}

__attribute__((format(printf, 2, 3))) static void put(json_t *json, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	if (json->file != NULL) {
		vfprintf(json->file, fmt, args);
	} else if (!json->full) {
		int len = vsnprintf(json->at, json->left, fmt, args);
		json->full = len < 0 || (size_t)len >= json->left;
		json->at += json->full ? 0 : len;
		json->left -= json->full ? 0 : len;
	}
	va_end(args);
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void quote(json_t *json, const char *s)
{
	put(json, "\"");
	while (*s != '\0') {
		/* A text as a whole: a character at a time takes many times as long. */
		size_t plain = 0;
		while (is_plain(s[plain])) {
			plain++;
		}
		put(json, "%.*s", (int)plain, s);
		s += plain;
		if (*s == '"' || *s == '\\') {
			put(json, "\\%c", *s++);
		} else if (*s != '\0') {
			put(json, "\\u%04x", (unsigned char)*s++);
		}
	}
	put(json, "\"");
}

static void next(json_t *json, const char *name)
{
	put(json, "%s", json->first ? "" : ",");
	json->first = false;
	if (name != NULL) {
		quote(json, name);
		put(json, ":");
	}
}

void json_open(json_t *json, const char *name, char bracket)
{
	next(json, name);
	put(json, "%c", bracket);
	json->first = true;
}

void json_close(json_t *json, char bracket)
{
	put(json, "%c", bracket);
	json->first = false;
}

void json_string(json_t *json, const char *name, const char *value)
{
	next(json, name);
	if (value == NULL) {
		put(json, "null");
	} else {
		quote(json, value);
	}
}

void json_number(json_t *json, const char *name, int64_t value)
{
	next(json, name);
	put(json, "%" PRId64, value);
}

void json_bool(json_t *json, const char *name, bool value)
{
	json_raw(json, name, value ? "true" : "false");
}

void json_time(json_t *json, const char *name, time_t at)
{
	if (at == 0) {
		json_string(json, name, NULL);
	} else {
		json_number(json, name, at);
	}
}

void json_raw(json_t *json, const char *name, const char *text)
{
	next(json, name);
	put(json, "%s", text);
}

bool json_fits(json_t *json, const json_t *mark, size_t keep)
{
	if (!json->full && json->left >= keep) {
		return true;
	}
	*json = *mark;
	*json->at = '\0';
	return false;
}
