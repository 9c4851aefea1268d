/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Text into a buffer of fixed size.
 */

#pragma once

#include <stddef.h>
#include <string.h>

/*! Copies what fits. The simulator makes decisions by the billion, and snprintf() took a fifth of its time. */
static inline void text_copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	len = len < size ? len : size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

/*! Adds a blank and the number to a text of \a len, less than \a size. What does not fit is cut. \return Its length if
 * all had fit. */
static inline size_t text_add_number(char *to, size_t size, size_t len, unsigned number)
{
	char text[12];
	size_t at = sizeof(text) - 1;

	text[at] = '\0';
	do {
		text[--at] = '0' + number % 10;
		number /= 10;
	} while (number != 0);
	text[--at] = ' ';
	text_copy(to + len, size - len, text + at);
	return len + sizeof(text) - 1 - at;
}
