/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Removes from the store what is no more: zones that lost the module long ago, servers that no zone has.
 */

#pragma once

#include <stdint.h>

#include "forward.h"

typedef struct {
	uint64_t at; /*!< By the loop's clock, ms; 0: not yet set. */
} forget_t;

/*! Called again and again: does so now and then, and a few at a time, since the loop waits for it. */
void forget_gone(env_t *env);
