/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>

#include "tasks.h"

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static task_t *first(const tasks_t *tasks, task_place_t place)
{
	return list_item(tasks->place[place].first, task_t, node);
}

static void on_timer(uv_timer_t *timer)
{
	task_t *task = timer->data;
	task->step(task);
}

/*! As many as there are slots for. */
static void begin_waiting(tasks_t *tasks)
{
	while (!tasks->closing && tasks->place[TASK_ACTIVE].count < tasks->slots &&
	       (tasks->paused_max == 0 || tasks->place[TASK_PAUSED].count < tasks->paused_max) &&
	       tasks->place[TASK_WAITING].first != NULL) {
		task_t *task = first(tasks, TASK_WAITING);
		list_move(&tasks->place[TASK_ACTIVE], &task->node);
		task_after(task, 0, tasks->kind->begin);
	}
}

static void on_closed(uv_handle_t *handle)
{
	task_t *task = handle->data;
	task->kind->free(task);
}

static void end(task_t *task, bool cancelled)
{
	tasks_t *tasks = task->all;
	assert(task->node.list != NULL);

	task->kind->stop(task);
	list_remove(&task->node);
	uv_close((uv_handle_t *)&task->timer, on_closed);
	begin_waiting(tasks);
	task->kind->done(task, cancelled);
}

static void on_finish(task_t *task)
{
	end(task, false);
}

void tasks_init(tasks_t *tasks, uv_loop_t *loop, const task_kind_t *kind, unsigned slots, unsigned paused_max)
{
	assert(tasks && loop && kind && slots > 0);

	tasks->loop = loop;
	tasks->kind = kind;
	tasks->slots = slots;
	tasks->paused_max = paused_max;
}

void tasks_close(tasks_t *tasks)
{
	tasks->closing = true;
	for (task_place_t place = TASK_WAITING; place < TASK__PLACES; place++) {
		while (tasks->place[place].first != NULL) {
			task_cancel(first(tasks, place));
		}
	}
}

void task_start(tasks_t *tasks, task_t *task)
{
	assert(tasks && task && !tasks->closing);

	task->all = tasks;
	task->kind = tasks->kind;
	task->started = now_ms();
	uv_timer_init(tasks->loop, &task->timer);
	task->timer.data = task;
	list_add(&tasks->place[TASK_WAITING], &task->node);
	begin_waiting(tasks);
}

void task_after(task_t *task, unsigned ms, task_step_f step)
{
	assert(step);

	task->step = step;
	uv_timer_start(&task->timer, on_timer, ms, 0);
}

void task_stop_timer(task_t *task)
{
	uv_timer_stop(&task->timer);
}

void task_move(task_t *task, task_place_t place)
{
	assert(task_has_begun(task) && place != TASK_WAITING);

	list_move(&task->all->place[place], &task->node);
	begin_waiting(task->all);
}

bool task_has_begun(const task_t *task)
{
	return task->node.list != &task->all->place[TASK_WAITING];
}

void task_finish(task_t *task)
{
	task_after(task, 0, on_finish);
}

void task_cancel(task_t *task)
{
	if (task != NULL) {
		end(task, true);
	}
}

unsigned task_elapsed_ms(const task_t *task)
{
	return now_ms() - task->started;
}
