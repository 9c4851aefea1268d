/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Wakes zones whose check is due. A hundred thousand that are attached together are not all checked together:
 * each would need its memory at the same time, and wait for the control socket all the same.
 */

#include "loop.h"

static void on_alarm(uv_timer_t *timer);

/*! The alarm rings at the next check, or when there is room again. */
static void set_alarm(loop_t *loop)
{
	const queue_t *queue = &loop->queue;

	if (queue->count == 0 || loop->checking >= CHECKING_MAX || loop->stopping) {
		uv_timer_stop(&loop->alarm);
		return;
	}
	uint64_t now = uv_now(&loop->uv), at = queue->due[1].at;
	uv_timer_start(&loop->alarm, on_alarm, at > now ? at - now : 0, 0);
}

static void on_alarm(uv_timer_t *timer)
{
	loop_t *loop = timer->data;
	queue_t *queue = &loop->queue;

	while (queue->count > 0 && queue->due[1].at <= uv_now(&loop->uv) && loop->checking < CHECKING_MAX) {
		entry_t *entry = queue->due[1].entry;
		zone_t *zone = zone_get(loop, entry);
		if (zone == NULL) {
			queue_put(queue, entry, uv_now(&loop->uv) + NO_MEMORY_AGAIN * 1000);
		} else {
			queue_remove(queue, entry);
			zone_check(zone);
		}
	}
	set_alarm(loop);
}

void wake_more(loop_t *loop)
{
	if (loop->checking == CHECKING_MAX - 1) {
		set_alarm(loop);
	}
}

void wake_in(loop_t *loop, entry_t *entry, uint64_t ms)
{
	queue_put(&loop->queue, entry, uv_now(&loop->uv) + ms);
	if (entry->due == 1) {
		set_alarm(loop);
	}
}

void wake_now(loop_t *loop, entry_t *entry)
{
	if (!loop->running) {
		return;
	}
	if (entry->zone != NULL && entry->zone->busy) {
		entry->zone->again = true;
	} else {
		wake_in(loop, entry, 0);
	}
}
