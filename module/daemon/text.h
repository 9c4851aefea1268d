/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A text that is "" for most zones, which costs nothing: NULL.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

static inline const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

/*! Copies \a value. \return False if there is no memory; the text is as before. */
bool text_set(char **text, const char *value);
void text_clear(char **text);
