/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Keeps a struct without its zeros: most of what a sleeping zone has are zeros.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/*!
 * \brief Packs.
 *
 * \return Its own memory, for unpack() and free(); NULL if there is none.
 */
void *pack(const void *data, size_t size);

/*! Unpacks what pack() made of \a size bytes. Padding comes back as well. */
void unpack(const void *packed, void *data, size_t size);
