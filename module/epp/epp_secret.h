/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Memory for secrets: not swapped, as far as the limits allow it, not dumped, and overwritten when it is freed.
 */

#pragma once

#include <stddef.h>

/*! Zeroed: none. */
typedef struct {
	void *data;
	size_t size; /*!< Whole pages. */
} epp_secret_t;

/*! \return KNOT_EOK: zeroed memory; KNOT_ENOMEM. */
int epp_secret_new(epp_secret_t *secret, size_t size);

/*! Overwrites and frees it, if there is any. */
void epp_secret_free(epp_secret_t *secret);
