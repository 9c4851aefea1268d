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

/*! knotd cuts a line of its log after 511 octets, and begins it with the name of the module and of its section. */
#define TEXT_LOG_LINE (511 - 64)

/*! Adds an end to a text, and cuts what is before it: both have \a len octets at most, and \a to one more. */
static inline void text_end(char *to, size_t len, const char *end)
{
	const size_t tail = strlen(end), room = tail < len ? len - tail : 0;
	const size_t head = strlen(to);

	text_copy(to + (head < room ? head : room), len + 1 - (head < room ? head : room), end);
}

/*! Adds a blank and the number to a text of \a len, less than \a size, if they fit. \return The length of all. */
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
