/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Very many short strings of octets. Each has a number of 32 bits, and costs an octet more than it is long.
 *
 * The place of one that was freed is taken by another one of the same length.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#define OCTETS_MAX 255

/*! Zeroed: empty. */
typedef struct {
	uint8_t **block;
	uint32_t blocks;               /*!< Room for so many pointers. */
	uint32_t used;                 /*!< Octets of all blocks, in their order; 0: there is none. */
	uint32_t free[OCTETS_MAX + 1]; /*!< The first place that is free, by length; 0: none. */
} octets_t;

/*! \param[in] len  OCTETS_MAX at most. \return Its number; 0 without memory. */
uint32_t octets_put(octets_t *octets, const uint8_t *data, size_t len);
/*! It stays there until it is freed. */
const uint8_t *octets_at(const octets_t *octets, uint32_t number, size_t *len);
void octets_free(octets_t *octets, uint32_t number);
/*! Frees all of it. */
void octets_clear(octets_t *octets);
