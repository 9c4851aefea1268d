/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the fuzz targets share.
 *
 * Each target is built twice: with libFuzzer (`./run fuzz`), and with files.c as a program that
 * replays files. A target aborts on what must not be: a property that is broken, or too much work.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

/* work.c: counts at the calls of libdnssec, not where the code under test counts. */

/*! From here on work is counted. \a accept: a signature that begins with 0x55 verifies, no other one. */
void work_begin(bool accept);
/*! Aborts if there was more of it than a reply may cause. */
void work_end(void);
/*! SHA-1 computations since work_begin(). */
unsigned work_hashes(void);
