/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names in commands that people copy into a shell. */

#include <string.h>

#include "kskroll.h"

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/@:"

const char *shell_word(char *out, size_t len, const char *word)
{
	size_t at = 0;

	if (word[0] != '\0' && word[strspn(word, PLAIN)] == '\0') {
		snprintf(out, len, "%s", word);
		return out;
	}
	out[at++] = '\'';
	/* A quote within quotes ends them, stands for itself, and begins them again. */
	for (; *word != '\0' && at + 6 < len; word++) {
		if (*word == '\'') {
			memcpy(out + at, "'\\''", 4);
			at += 4;
		} else {
			out[at++] = *word;
		}
	}
	out[at++] = '\'';
	out[at] = '\0';
	return out;
}
