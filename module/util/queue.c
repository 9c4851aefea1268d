/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>

#include "queue.h"

bool queue_reserve(queue_t *queue, size_t count)
{
	if (count < queue->size) {
		return true; /* Position 0 is not used. */
	}
	size_t size = count + count / 8 + 16;
	due_t *due = realloc(queue->due, size * sizeof(*due));
	if (due == NULL) {
		return false;
	}
	queue->due = due;
	queue->size = size;
	return true;
}

static void set(queue_t *queue, size_t i, due_t due)
{
	queue->due[i] = due;
	due.node->place = i;
}

static size_t up(queue_t *queue, size_t i, due_t due)
{
	for (; i > 1 && queue->due[i / 2].at > due.at; i /= 2) {
		set(queue, i, queue->due[i / 2]);
	}
	return i;
}

static size_t down(queue_t *queue, size_t i, due_t due)
{
	for (size_t child; (child = 2 * i) <= queue->count; i = child) {
		if (child < queue->count && queue->due[child + 1].at < queue->due[child].at) {
			child++;
		}
		if (queue->due[child].at >= due.at) {
			break;
		}
		set(queue, i, queue->due[child]);
	}
	return i;
}

/*! Puts it at the hole \a i or wherever it belongs. */
static void settle(queue_t *queue, size_t i, due_t due)
{
	size_t at = up(queue, i, due);
	set(queue, at == i ? down(queue, i, due) : at, due);
}

const due_t *queue_next(const queue_t *queue)
{
	return queue->count > 0 ? &queue->due[1] : NULL;
}

void queue_put(queue_t *queue, queue_node_t *node, uint64_t at)
{
	if (node->place == 0) {
		assert(queue->count + 1 < queue->size);
		node->place = ++queue->count;
	}
	settle(queue, node->place, (due_t){ .at = at, .node = node });
}

void queue_remove(queue_t *queue, queue_node_t *node)
{
	const size_t hole = node->place;
	if (hole == 0) {
		return;
	}
	const due_t last = queue->due[queue->count--];
	if (last.node != node) {
		settle(queue, hole, last);
	}
	node->place = 0;
}

void queue_free(queue_t *queue)
{
	free(queue->due);
	*queue = (queue_t){ .due = NULL };
}
