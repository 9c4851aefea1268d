/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A text is checked as a whole, once. Whoever walks through it afterwards meets no error, and no end in the middle.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/json.h"
#include "util/printable.h"

/*! Arrays and objects in each other. */
#define DEPTH_MAX 32

static const char *past_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/*
 * Checking. Each returns what is behind the value, NULL if there is none. \a begun is where the last value, name or
 * separator was to begin: there, or in what begins there, is the fault.
 */

static const char *check_value(const char *p, unsigned depth, const char **begun);

static const char *check_string(const char *p)
{
	if (*p++ != '"') {
		return NULL;
	}
	while (*p != '"') {
		if (*p == '\0' || (*p == '\\' && (p[1] == '\0' || strchr("\"\\/bfnrtu", p[1]) == NULL))) {
			return NULL;
		}
		if (*p == '\\' && p[1] == 'u' && strspn(p + 2, "0123456789abcdefABCDEF") < 4) {
			return NULL;
		}
		p += *p == '\\' ? 2 : 1;
	}
	return p + 1;
}

static const char *check_digits(const char *p)
{
	size_t digits = strspn(p, "0123456789");
	return digits > 0 ? p + digits : NULL;
}

static const char *check_number(const char *p)
{
	p += *p == '-';
	p = *p == '0' ? p + 1 : check_digits(p);
	if (p != NULL && *p == '.') {
		p = check_digits(p + 1);
	}
	if (p != NULL && (*p == 'e' || *p == 'E')) {
		p++;
		p = check_digits(p + (*p == '+' || *p == '-'));
	}
	return p;
}

static const char *check_member(const char *p, unsigned depth, const char **begun)
{
	*begun = p;
	if ((p = check_string(p)) == NULL || *(*begun = p = past_space(p)) != ':') {
		return NULL;
	}
	return check_value(past_space(p + 1), depth, begun);
}

static const char *check_list(const char *p, unsigned depth, const char **begun)
{
	const bool object = *p == '{';
	const char close = object ? '}' : ']';

	if (depth == DEPTH_MAX) {
		return NULL;
	}
	p = past_space(p + 1);
	if (*p == close) {
		return p + 1;
	}
	for (;; p = past_space(p + 1)) {
		p = object ? check_member(p, depth + 1, begun) : check_value(p, depth + 1, begun);
		if (p == NULL || (*(*begun = p = past_space(p)) != ',' && *p != close)) {
			return NULL;
		}
		if (*p == close) {
			return p + 1;
		}
	}
}

static const char *check_value(const char *p, unsigned depth, const char **begun)
{
	static const char *const words[] = { "true", "false", "null" };

	*begun = p;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncmp(p, words[i], strlen(words[i])) == 0) {
			return p + strlen(words[i]);
		}
	}
	switch (*p) {
	case '{':
	case '[':
		return check_list(p, depth, begun);
	case '"':
		return check_string(p);
	default:
		return check_number(p);
	}
}

json_value_t json_read_or(const char *text, const char **fault)
{
	const char *value = past_space(text), *end = check_value(value, 0, fault);
	if (end != NULL && *(*fault = past_space(end)) != '\0') {
		end = NULL;
	}
	return end != NULL ? value : NULL;
}

json_value_t json_read(const char *text)
{
	const char *fault;
	return json_read_or(text, &fault);
}

/* Walking. */

static const char *past_string(const char *p)
{
	for (p++; *p != '"'; p++) {
		p += *p == '\\';
	}
	return p + 1;
}

static const char *past_value(const char *p)
{
	unsigned depth = 0;
	do {
		if (*p == '"') {
			p = past_string(p);
			continue;
		}
		if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			depth--;
			p++;
		} else if (depth > 0) {
			p++;
		} else {
			p += strcspn(p, ",]} \t\r\n");
		}
	} while (depth > 0);
	return p;
}

size_t json_length(json_value_t value)
{
	return past_value(value) - value;
}

/*! The value behind a comma; NULL at the closing bracket. */
static const char *next(const char *p)
{
	p = past_space(p);
	return *p == ',' ? past_space(p + 1) : NULL;
}

/*! The first value in a list; NULL if it is empty or not that list. */
static const char *enter(json_value_t list, char bracket)
{
	if (list == NULL || *list != bracket) {
		return NULL;
	}
	const char *p = past_space(list + 1);
	return *p == ']' || *p == '}' ? NULL : p;
}

json_value_t json_member(json_value_t object, const char *name)
{
	const size_t len = strlen(name);

	for (const char *p = enter(object, '{'); p != NULL; p = next(past_value(p))) {
		const char *key = p + 1;
		/* Behind the colon. */
		p = past_space(past_space(past_string(p)) + 1);
		if (strncmp(key, name, len) == 0 && key[len] == '"') {
			return p;
		}
	}
	return NULL;
}

json_value_t json_element(json_value_t array, json_value_t before)
{
	return before == NULL ? enter(array, '[') : next(past_value(before));
}

/* Values. */

/*! The character that an escape stands for, as UTF-8 without a final zero, \a len 1 at first. \return What is behind
 * it. */
static const char *unescape(const char *p, char out[4], size_t *len)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *found = strchr(from, p[1]);

	if (p[1] != 'u') {
		out[0] = found != NULL ? to[found - from] : p[1];
		return p + 2;
	}
	char digits[5] = { p[2], p[3], p[4], p[5] };
	unsigned code = strtoul(digits, NULL, 16);
	if (!printable_code(code) || (code >= 0xd800 && code < 0xe000)) {
		/* A control character, or half of one that needs two escapes. */
		out[0] = '?';
	} else if (code < 0x80) {
		out[0] = code;
	} else if (code < 0x800) {
		*len = 2;
		out[0] = 0xc0 | code >> 6;
		out[1] = 0x80 | (code & 0x3f);
	} else {
		*len = 3;
		out[0] = 0xe0 | code >> 12;
		out[1] = 0x80 | (code >> 6 & 0x3f);
		out[2] = 0x80 | (code & 0x3f);
	}
	return p + 6;
}

bool json_text(json_value_t value, char *out, size_t len)
{
	const bool string = value != NULL && *value == '"';
	size_t used = 0, add;

	out[0] = '\0';
	if (value == NULL || (!string && *value != '-' && (*value < '0' || *value > '9'))) {
		return false;
	}
	const char *p = value + string, *end = past_value(value) - string;
	while (p < end) {
		char piece[4] = { *p };
		add = 1;
		p = *p == '\\' ? unescape(p, piece, &add) : p + 1;
		if (used + add >= len) {
			break;
		}
		memcpy(out + used, piece, add);
		used += add;
	}
	out[used] = '\0';
	printable_text(out);
	return true;
}

int64_t json_integer(json_value_t value)
{
	char text[24], *end;

	if (value == NULL || *value == '"' || json_length(value) >= sizeof(text) ||
	    !json_text(value, text, sizeof(text))) {
		return 0;
	}
	errno = 0;
	long long number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? number : 0;
}

bool json_true(json_value_t value)
{
	return value != NULL && *value == 't';
}
