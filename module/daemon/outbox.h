/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What kskrolld says to knotd: frames, collected and sent together.
 */

#pragma once

#include "wire/wire.h"

#define OUTBOX_SIZE (64 * 1024)

typedef struct {
	int fd;
	bool broken; /*!< Nobody is there. */
	size_t len;
	uint8_t data[OUTBOX_SIZE];
} outbox_t;

void outbox_hello(outbox_t *box, const char *version);
/*! A line for knotd's log. Priorities are those of syslog(3). */
void outbox_log(outbox_t *box, int priority, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void outbox_numbers(outbox_t *box, wire_id_t id, const zone_numbers_t *numbers);
void outbox_totals(outbox_t *box, const process_totals_t *totals);

/*! Sends what is there. It waits for knotd to take it: the module's thread there does nothing else. */
void outbox_flush(outbox_t *box);
