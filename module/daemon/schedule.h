/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Wakes zones whose check is due.
 *
 * A hundred thousand that are attached together are not all checked together: each would need its memory at the same
 * time, and wait for the control socket all the same.
 */

#pragma once

#include <uv.h>

#include "forward.h"
#include "util/queue.h"

/*! Seconds until a zone for which there was no memory is checked again. */
#define NO_MEMORY_AGAIN 10

/*! The zone's check is due, and it is no longer in the queue. */
typedef void (*schedule_due_f)(entry_t *entry, void *arg);

typedef struct {
	queue_t queue;
	uv_timer_t alarm; /*!< The next check of the queue. */
	unsigned asking;  /*!< Zones that wait for the server's answer. */
	bool stopped;
	schedule_due_f due;
	void *arg;
} schedule_t;

void schedule_init(schedule_t *schedule, uv_loop_t *loop, schedule_due_f due, void *arg);

/*! Makes room for so many zones. \return False if there is no memory. */
bool schedule_reserve(schedule_t *schedule, size_t count);

/*! The zone is checked in so many milliseconds; never earlier, later if very many wait. */
void schedule_in(schedule_t *schedule, entry_t *entry, uint64_t ms);
/*! When all zones were loaded at once: after those that are there, in groups, which share connections. */
void schedule_soon(schedule_t *schedule, entry_t *entry);
void schedule_remove(schedule_t *schedule, entry_t *entry);

/*! A zone waits for the server's answer. The others wait in the queue if these are many. */
void schedule_asking(schedule_t *schedule);
/*! It has come. */
void schedule_answered(schedule_t *schedule);

/*! Wakes nobody any more. The alarm closes on the loop. */
void schedule_stop(schedule_t *schedule);
/*! After that. */
void schedule_free(schedule_t *schedule);
