/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "epp_coded.h"

static const char hex_digits[] = "0123456789ABCDEF";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	                              -1;
}

static int base64_value(char c)
{
	const char *at = c != '\0' ? strchr(base64_digits, c) : NULL;
	return at != NULL ? (int)(at - base64_digits) : -1;
}

size_t epp_hex_decode(const char *text, uint8_t *data, size_t max)
{
	const size_t len = strlen(text);

	if (len / 2 > max) {
		return 0;
	}
	/* The last one of an odd number of digits is followed by the end of the text, which is no digit. */
	for (size_t i = 0; i < len; i += 2) {
		const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
		if (high < 0 || low < 0) {
			return 0;
		}
		data[i / 2] = (uint8_t)(high << 4 | low);
	}
	return len / 2;
}

void epp_hex_encode(const uint8_t *data, size_t len, char *text)
{
	for (size_t i = 0; i < len; i++) {
		*text++ = hex_digits[data[i] >> 4];
		*text++ = hex_digits[data[i] & 0x0f];
	}
	*text = '\0';
}

size_t epp_base64_decode(const char *text, uint8_t *data, size_t max)
{
	uint32_t bits = 0;
	size_t digits = 0, padding = 0, len = 0;

	for (; *text != '\0'; text++) {
		const int value = base64_value(*text);
		if (*text == ' ') {
			continue;
		}
		if (*text == '=' && (digits + padding) % 4 >= 2) {
			padding++;
			continue;
		}
		if (value < 0 || padding > 0) {
			return 0;
		}
		bits = bits << 6 | (uint32_t)value;
		if (++digits % 4 == 1) {
			continue;
		}
		if (len == max) {
			return 0;
		}
		const unsigned left = 6 - 2 * (unsigned)((digits - 1) % 4);
		data[len++] = (uint8_t)(bits >> left);
		bits &= (1U << left) - 1;
	}
	return (digits + padding) % 4 == 0 && bits == 0 ? len : 0;
}

void epp_base64_encode(const uint8_t *data, size_t len, char *text)
{
	for (size_t i = 0; i < len; i += 3) {
		const uint32_t bits = (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) |
		                      (i + 2 < len ? data[i + 2] : 0);
		*text++ = base64_digits[bits >> 18];
		*text++ = base64_digits[bits >> 12 & 63];
		*text++ = i + 1 < len ? base64_digits[bits >> 6 & 63] : '=';
		*text++ = i + 2 < len ? base64_digits[bits & 63] : '=';
	}
	*text = '\0';
}
