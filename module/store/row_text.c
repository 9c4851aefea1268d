/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys, TTL windows and DS RRsets of a row, as texts in a column. */

#include <stdio.h>
#include <string.h>

#include "internal.h"

void row_format_keys(char *out, size_t out_len, const key_id_t *keys, unsigned count)
{
	out[0] = '\0';
	size_t len = 0;
	for (unsigned i = 0; i < count; i++) {
		len += snprintf(out + len, out_len - len, "%s%u/%u/", i > 0 ? " " : "", keys[i].tag, keys[i].algorithm);
		for (size_t j = 0; j < sizeof(keys[i].digest); j++) {
			len += snprintf(out + len, out_len - len, "%02x", keys[i].digest[j]);
		}
	}
}

/*! Reads decimal digits, nothing else, up to a maximum. */
static bool parse_number(const char **text, uint64_t max, uint64_t *out)
{
	const char *p = *text;
	uint64_t value = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = *p - '0';
		if (value > (max - digit) / 10) {
			return false;
		}
		value = 10 * value + digit;
	}
	if (p == *text) {
		return false;
	}
	*text = p;
	*out = value;
	return true;
}

static bool parse_char(const char **text, char c)
{
	if (**text != c) {
		return false;
	}
	(*text)++;
	return true;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

static bool parse_key(const char **text, key_id_t *key)
{
	uint64_t tag, algorithm;
	if (!parse_number(text, UINT16_MAX, &tag) || !parse_char(text, '/') ||
	    !parse_number(text, UINT8_MAX, &algorithm) || !parse_char(text, '/')) {
		return false;
	}
	key->tag = tag;
	key->algorithm = algorithm;
	for (size_t i = 0; i < sizeof(key->digest); i++) {
		int high = nibble((*text)[0]);
		int low = (high >= 0) ? nibble((*text)[1]) : -1;
		if (low < 0) {
			return false;
		}
		key->digest[i] = high << 4 | low;
		*text += 2;
	}
	return true;
}

bool row_parse_keys(const char *text, key_id_t *keys, unsigned max, unsigned *count)
{
	*count = 0;
	while (*text != '\0') {
		if (*count == max || (*count > 0 && !parse_char(&text, ' ')) || !parse_key(&text, &keys[*count])) {
			return false;
		}
		(*count)++;
	}
	return true;
}

void row_format_window(char *out, size_t out_len, const ttl_window_t *window)
{
	out[0] = '\0';
	size_t len = 0;
	for (unsigned i = 0; i < window->count; i++) {
		len += snprintf(out + len, out_len - len, "%s%u@%lld", i > 0 ? "," : "", window->step[i].ttl,
		                (long long)window->step[i].seen);
	}
}

bool row_parse_window(const char *text, ttl_window_t *window)
{
	window->count = 0;
	while (*text != '\0') {
		uint64_t ttl, seen;
		if (window->count == TTL_WINDOW_MAX || (window->count > 0 && !parse_char(&text, ',')) ||
		    !parse_number(&text, UINT32_MAX, &ttl) || !parse_char(&text, '@') ||
		    !parse_number(&text, INT64_MAX, &seen)) {
			return false;
		}
		window->step[window->count].ttl = ttl;
		window->step[window->count].seen = seen;
		window->count++;
	}
	return true;
}

bool row_format_ds_set(char out[ROW_DS_SET], const ds_set_t *set)
{
	size_t len = 0;

	out[0] = '\0';
	if (set->count > DELEGATION_DS_MAX) {
		return false;
	}
	for (unsigned i = 0; i < set->count; i++) {
		const ds_record_t *ds = &set->record[i];
		if (ds->digest_len > DELEGATION_DIGEST_MAX) {
			return false;
		}
		len += snprintf(out + len, ROW_DS_SET - len, "%s%u/%u/%u/", i > 0 ? " " : "", ds->tag, ds->algorithm,
		                ds->digest_type);
		for (size_t j = 0; j < ds->digest_len; j++) {
			len += snprintf(out + len, ROW_DS_SET - len, "%02x", ds->digest[j]);
		}
	}
	snprintf(out + len, ROW_DS_SET - len, "%s", set->excess ? "+" : "");
	return true;
}

static bool parse_ds(const char **text, ds_record_t *ds)
{
	uint64_t tag, algorithm, type;
	if (!parse_number(text, UINT16_MAX, &tag) || !parse_char(text, '/') ||
	    !parse_number(text, UINT8_MAX, &algorithm) || !parse_char(text, '/') ||
	    !parse_number(text, UINT8_MAX, &type) || !parse_char(text, '/')) {
		return false;
	}
	ds->tag = tag;
	ds->algorithm = algorithm;
	ds->digest_type = type;
	while (nibble((*text)[0]) >= 0) {
		const int high = nibble((*text)[0]), low = nibble((*text)[1]);
		if (low < 0 || ds->digest_len == DELEGATION_DIGEST_MAX) {
			return false;
		}
		ds->digest[ds->digest_len++] = high << 4 | low;
		*text += 2;
	}
	return true;
}

bool row_parse_ds_set(const char *text, ds_set_t *set)
{
	memset(set, 0, sizeof(*set));
	while (*text != '\0' && *text != '+') {
		if (set->count == DELEGATION_DS_MAX || (set->count > 0 && !parse_char(&text, ' ')) ||
		    !parse_ds(&text, &set->record[set->count])) {
			return false;
		}
		set->count++;
	}
	set->excess = parse_char(&text, '+');
	return *text == '\0';
}
