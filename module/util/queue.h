/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What comes when, the next one first: a binary heap of things that contain their own place in it.
 *
 * A timer of the loop for each thing would be ten times as large.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! Part of what is in a queue. Zeroed: it is in none. */
typedef struct {
	uint32_t place; /*!< From 1; 0: it is in none. */
} queue_node_t;

typedef struct {
	uint64_t at; /*!< When it is due, by the clock of whoever uses the queue. */
	queue_node_t *node;
} due_t;

/*! Zeroed: empty. */
typedef struct {
	due_t *due; /*!< From 1 to count. */
	size_t count, size;
} queue_t;

/*! The struct of the given type whose member a node is. */
#define queue_item(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

/*! Makes room for so many things. \return False if there is no memory. */
bool queue_reserve(queue_t *queue, size_t count);
/*! Puts a thing into the queue, or moves it there. There is room. */
void queue_put(queue_t *queue, queue_node_t *node, uint64_t at);
void queue_remove(queue_t *queue, queue_node_t *node);
/*! \return The first one; NULL if the queue is empty. */
const due_t *queue_next(const queue_t *queue);
void queue_free(queue_t *queue);
