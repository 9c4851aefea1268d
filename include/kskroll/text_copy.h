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
