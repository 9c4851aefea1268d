/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A list of things that contain their own links, in the order in which they were added.
 *
 * Unlike those of <sys/queue.h>, an item knows the list that it is in, so it can be removed by who does not know, and
 * asked. Zeroed memory is an empty list, and an item of none. All takes constant time.
 */

#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct list list_t;

/*! Part of what is in a list. */
typedef struct list_node {
	list_t *list; /*!< NULL: it is in none. */
	struct list_node *prev, *next;
} list_node_t;

struct list {
	list_node_t *first, *last;
	size_t count;
};

/*! The struct of the given type whose member a node is; NULL for NULL. */
#define list_item(node, type, member)                                                                                  \
	((node) != NULL ? (type *)((char *)(node) - offsetof(type, member)) : (type *)NULL)

/*! Adds an item, which is in no list, at the end. */
static inline void list_add(list_t *list, list_node_t *node)
{
	assert(node->list == NULL);

	*node = (list_node_t){ .list = list, .prev = list->last };
	if (list->last != NULL) {
		list->last->next = node;
	} else {
		list->first = node;
	}
	list->last = node;
	list->count++;
}

/*! Takes an item out of the list that it is in, if any. */
static inline void list_remove(list_node_t *node)
{
	list_t *list = node->list;
	if (list == NULL) {
		return;
	}
	if (node->prev != NULL) {
		node->prev->next = node->next;
	} else {
		list->first = node->next;
	}
	if (node->next != NULL) {
		node->next->prev = node->prev;
	} else {
		list->last = node->prev;
	}
	list->count--;
	*node = (list_node_t){ 0 };
}

/*! From the list that it is in, if any, to the end of another one. */
static inline void list_move(list_t *list, list_node_t *node)
{
	list_remove(node);
	list_add(list, node);
}
