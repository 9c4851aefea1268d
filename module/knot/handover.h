/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What hooks in knotd's threads hand over to the relay's thread: a ring without locks and without allocation.
 *
 * Several threads put something in, and the relay's thread alone takes it out.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <libknot/libknot.h>

/*! What waits in one ring at most. */
#define HANDOVER_MAX 512

/*!
 * A place in the ring. `turn` says whose it is: the number of what may be written to it, or one more if that was
 * written and can be read.
 */
typedef struct {
	_Atomic uint64_t turn;
	struct sockaddr_storage source;
	knot_dname_storage_t name;
	knot_dname_storage_t agent; /*!< Of error reports; the root: none. */
	uint16_t type;              /*!< Of a report, as the next one. */
	uint16_t ede;
} handed_t;

/*! Zeroed: to be set up by handover_open(). */
typedef struct {
	handed_t place[HANDOVER_MAX];
	_Atomic bool open; /*!< The relay's thread may run before the ring is set up. */
	_Atomic uint64_t next_in;
	uint64_t next_out; /*!< Of the relay's thread. */
	_Atomic uint64_t ignored;
} handover_t;

/*!
 * Sets a ring up; any number of times, and never undone: a thread of knotd may be in a hook after the instance was
 * unloaded. \return KNOT_EOK, KNOT_E*.
 */
int handover_open(handover_t *ring);

/* For hooks. */

/*! \return A place that nobody else writes to, or NULL if the ring is full. */
handed_t *handover_claim(handover_t *ring, uint64_t *number);
/*! It is written. Wakes the relay's thread. */
void handover_put(handed_t *place, uint64_t number);
/*! One was not taken. */
void handover_ignore(handover_t *ring);
/*! Milliseconds of a clock that only counts. */
uint64_t handover_now(void);
/*! Any number that stays the same while the process lives. */
uint32_t handover_seed(void);

/* For the relay's thread alone. */

/*! Can be read from if something waits; -1: no ring was ever set up. */
int handover_fd(void);
/*! Before it is fetched: what comes next wakes the thread again. */
void handover_awake(void);
/*! \return What has waited longest; NULL: nothing waits. */
const handed_t *handover_next(handover_t *ring);
/*! It was used. */
void handover_done(handover_t *ring);
uint64_t handover_ignored(const handover_t *ring);
