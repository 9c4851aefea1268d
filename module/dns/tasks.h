/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What surveys, notifications, watches and checks of signaling names have in common.
 *
 * A task waits until there is a slot for it, the oldest first. Then it begins, takes steps, each called from the loop,
 * and ends. It ends once:
 *
 * - by task_finish(): stop() and done() are called from the loop, soon.
 * - by task_cancel() or tasks_close(): stop() and done() are called before these return, wherever the task is, and even
 *   if it has not begun. A task cannot cancel itself. Its done() may cancel others, and close all; its other callbacks
 * may not close all.
 *
 * After that nothing of the task is called but free(), from the loop, when its timer is closed; until then its memory
 * stays. No function of a task is called inside task_start(). All belongs to the loop thread.
 */

#pragma once

#include <uv.h>

#include "util/list.h"

/*! The resolver has its own limits; this one is for a resolver that does not come back. */
#define TASK_LOOKUPS_MAX_MS 90000

typedef struct task task_t;
typedef struct tasks tasks_t;

/*! From the loop; the timer is free for the next one. */
typedef void (*task_step_f)(task_t *task);

typedef struct {
	task_step_f begin;
	void (*stop)(task_t *task); /*!< Ends what is under way. Also called if it has not begun. */
	/*! Hands over the result; the last thing that is done with the task but free(). May start tasks. */
	void (*done)(task_t *task, bool cancelled);
	void (*free)(task_t *task);
} task_kind_t;

/*! Where a task is. */
typedef enum {
	TASK_WAITING, /*!< For a slot. */
	TASK_ACTIVE,  /*!< Has a slot. */
	TASK_PAUSED,  /*!< Has given its slot away, and will take it again. */
	TASK_RUNNING, /*!< Needs no slot. */
	TASK__PLACES,
} task_place_t;

/*! All tasks of one kind. */
struct tasks {
	uv_loop_t *loop;
	const task_kind_t *kind;
	unsigned slots;
	unsigned paused_max; /*!< With so many paused none begins; 0: none pauses. */
	bool closing;
	list_t place[TASK__PLACES];
};

/*! The first member of what it is part of. */
struct task {
	tasks_t *all;
	const task_kind_t *kind; /*!< Outlives \a all. */
	list_node_t node;
	uv_timer_t timer;
	task_step_f step;
	uint64_t started; /*!< Milliseconds, of uv_hrtime(). */
};

/*! Sets up a zeroed struct. */
void tasks_init(tasks_t *tasks, uv_loop_t *loop, const task_kind_t *kind, unsigned slots, unsigned paused_max);

/*! Cancels all, those that wait first; none can be started any more. Not inside itself. */
void tasks_close(tasks_t *tasks);

/*! Lets it begin as soon as there is a slot. Not after tasks_close(). */
void task_start(tasks_t *tasks, task_t *task);

/*! Calls the function after so many milliseconds from the loop, unless another one is given before. */
void task_after(task_t *task, unsigned ms, task_step_f step);

/*! Nothing is called until the next task_after(). */
void task_stop_timer(task_t *task);

/*! Moves a task that has begun. A slot that it leaves is for the next one; it takes one even if there are none left. */
void task_move(task_t *task, task_place_t place);

/*! Whether it has begun. */
bool task_has_begun(const task_t *task);

void task_finish(task_t *task);

void task_cancel(task_t *task);

/*! Milliseconds since task_start(). */
unsigned task_elapsed_ms(const task_t *task);
