/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Texts of unknown origin that are shown on a terminal.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! Whether a terminal only prints the character of this Unicode number. */
bool printable_code(uint32_t code);
/*! Replaces what a terminal acts upon, or what is no UTF-8, by '?', in place. */
void printable_text(char *text);
