/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The checks that are to come, the next one first: a binary heap.
 *
 * A timer of the loop for each zone would be ten times as large.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward.h"

/*! When a zone is due for a check. */
typedef struct {
	uint64_t at; /*!< By the loop's clock, ms. */
	entry_t *entry;
} due_t;

typedef struct {
	due_t *due; /*!< From 1 to count. */
	size_t count, size;
} queue_t;

/*! Makes room for so many zones. \return False if there is no memory. */
bool queue_reserve(queue_t *queue, size_t count);
/*! Puts a zone into the queue, or moves it there. */
void queue_put(queue_t *queue, entry_t *entry, uint64_t at);
void queue_remove(queue_t *queue, entry_t *entry);
/*! \return The first one; NULL if the queue is empty. */
const due_t *queue_next(const queue_t *queue);
void queue_free(queue_t *queue);
