/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "schedule.h"
#include "zones.h"

/*! Zones that wait for the server's answer at the same time. */
#define ASKING_MAX 128
/*!
 * From one first check to the next after a start. knotd has its zones to load at the same time, and both take processor
 * time.
 */
#define FIRST_CHECK_MS 4

static void on_alarm(uv_timer_t *timer);

static uint64_t now_ms(const schedule_t *schedule)
{
	return uv_now(schedule->alarm.loop);
}

/*! The alarm rings at the next check, or when there is room again. */
static void set_alarm(schedule_t *schedule)
{
	const due_t *next = queue_next(&schedule->queue);

	if (schedule->stopped) {
		return;
	}
	if (next == NULL || schedule->asking >= ASKING_MAX) {
		uv_timer_stop(&schedule->alarm);
		return;
	}
	const uint64_t now = now_ms(schedule);
	uv_timer_start(&schedule->alarm, on_alarm, next->at > now ? next->at - now : 0, 0);
}

static void on_alarm(uv_timer_t *timer)
{
	schedule_t *schedule = timer->data;
	const due_t *next;

	while ((next = queue_next(&schedule->queue)) != NULL && next->at <= now_ms(schedule) &&
	       schedule->asking < ASKING_MAX) {
		entry_t *entry = queue_item(next->node, entry_t, due);
		queue_remove(&schedule->queue, &entry->due);
		schedule->due(entry, schedule->arg);
	}
	set_alarm(schedule);
}

void schedule_init(schedule_t *schedule, uv_loop_t *loop, schedule_due_f due, void *arg)
{
	schedule->due = due;
	schedule->arg = arg;
	uv_timer_init(loop, &schedule->alarm);
	schedule->alarm.data = schedule;
}

bool schedule_reserve(schedule_t *schedule, size_t count)
{
	return queue_reserve(&schedule->queue, count);
}

void schedule_in(schedule_t *schedule, entry_t *entry, uint64_t ms)
{
	queue_put(&schedule->queue, &entry->due, now_ms(schedule) + ms);
	if (queue_next(&schedule->queue)->node == &entry->due) {
		set_alarm(schedule);
	}
}

void schedule_soon(schedule_t *schedule, entry_t *entry)
{
	schedule_in(schedule, entry, 1 + schedule->queue.count / ASKING_MAX * ASKING_MAX * FIRST_CHECK_MS);
}

void schedule_remove(schedule_t *schedule, entry_t *entry)
{
	queue_remove(&schedule->queue, &entry->due);
}

void schedule_asking(schedule_t *schedule)
{
	schedule->asking++;
}

void schedule_answered(schedule_t *schedule)
{
	assert(schedule->asking > 0);
	if (schedule->asking-- == ASKING_MAX) {
		set_alarm(schedule);
	}
}

void schedule_stop(schedule_t *schedule)
{
	schedule->stopped = true;
	uv_close((uv_handle_t *)&schedule->alarm, NULL);
}

void schedule_free(schedule_t *schedule)
{
	queue_free(&schedule->queue);
}
