/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stddef.h>

#include "printable.h"

bool printable_code(uint32_t code)
{
	/* C0, DEL and C1, and those that turn the direction of what follows. */
	return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0x061c &&
	       !(code >= 0x200e && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069);
}

/*! Bytes of a UTF-8 character that a terminal prints; 0 for a control character or no UTF-8. */
static size_t printable(const unsigned char *p)
{
	if (p[0] < 0x80) {
		return printable_code(p[0]) ? 1 : 0;
	}
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	uint32_t code = p[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		code = code << 6 | (p[i] & 0x3f);
	}
	return printable_code(code) ? len : 0;
}

void printable_text(char *text)
{
	unsigned char *p = (unsigned char *)text;
	while (*p != '\0') {
		size_t len = printable(p);
		if (len == 0) {
			*p = '?';
			len = 1;
		}
		p += len;
	}
}
