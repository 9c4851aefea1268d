/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Virtual time: a heap of what happens next. Events of the same second keep their order.
 */

#include "sim_world.h"

static bool before(const event_t *a, const event_t *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void event_add(world_t *w, time_t at, event_kind_t kind, unsigned a, unsigned b)
{
	if (w->heap_count == EVENT_MAX) {
		w->overflow = true;
		return;
	}
	event_t ev = {
		.at = at > w->now ? at : w->now,
		.order = w->order++,
		.kind = kind,
		.a = a,
		.b = b,
		.epoch = kind >= EV_AGENT_WAKE ? w->agent.epoch : w->engine.epoch,
	};
	unsigned i = w->heap_count++;
	while (i > 0 && before(&ev, &w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = ev;
}

bool event_next(world_t *w, event_t *out)
{
	if (w->heap_count == 0) {
		return false;
	}
	*out = w->heap[0];
	event_t last = w->heap[--w->heap_count];
	unsigned i = 0;
	for (;;) {
		unsigned child = 2 * i + 1;
		if (child >= w->heap_count) {
			break;
		}
		if (child + 1 < w->heap_count && before(&w->heap[child + 1], &w->heap[child])) {
			child++;
		}
		if (!before(&w->heap[child], &last)) {
			break;
		}
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return true;
}
