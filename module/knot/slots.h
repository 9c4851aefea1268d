/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A table of pointers whose places are numbered and used again: one word for each.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

/*! No place. */
#define SLOT_NONE UINT32_MAX

/*! Zeroed at first. */
typedef struct {
	uintptr_t *at;
	uint32_t count; /*!< Places, used or free. */
	uint32_t used;
	uint32_t size;
	uint32_t free; /*!< The first free place and one, 0: none. */
} slots_t;

/*!
 * \brief Takes a free place.
 *
 * \param[in] pointer  Not NULL, even.
 *
 * \return SLOT_NONE if there is no memory.
 */
uint32_t slots_put(slots_t *slots, void *pointer);

/*! \return NULL if the place is free, or there is none of that number. */
void *slots_get(const slots_t *slots, uint32_t slot);

/*! The place is free. The last one frees the table. */
void slots_drop(slots_t *slots, uint32_t slot);
