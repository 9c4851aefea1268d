/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief For tests of what the module does: with a Knot DNS that it only observes there is nothing to test.
 */

#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <libknot/version.h>

/*! \return Whether the module only observes; then the reason was printed, and main() returns 77. */
static inline bool old_knot(void)
{
	const bool old = KNOT_VERSION_HEX < 0x030300;

	if (old) {
		printf("SKIP: with Knot DNS before 3.3 nothing is driven\n");
	}
	return old;
}
