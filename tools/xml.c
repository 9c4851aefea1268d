/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "picture.h"

void xml_text(FILE *out, const char *text)
{
	xml_text_n(out, text, strlen(text));
}

void xml_text_n(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];
		switch (c) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			/* XML has no other control characters, not even escaped. */
			fputc(c < 0x20 || c >= 0x7f ? '?' : c, out);
		}
	}
}

const char *xml_line(const char *text, size_t max, size_t *len)
{
	size_t all = strlen(text);
	if (all <= max) {
		*len = all;
		return text + all;
	}
	size_t at = max;
	while (at > 0 && text[at] != ' ') {
		at--;
	}
	*len = at > 0 ? at : max;
	return text + *len + (at > 0 ? 1 : 0);
}

unsigned xml_lines(const char *text, size_t max)
{
	unsigned count = 0;
	size_t len;
	do {
		text = xml_line(text, max, &len);
		count++;
	} while (*text != '\0');
	return count;
}
