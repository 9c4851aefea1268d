/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Whether a reply is the same as another one, byte by byte but for the ID.
 *
 * Most servers of a zone have the same to say, and signatures are what a survey spends most of its time on.
 */

#pragma once

#include "ask.h"

/*! A reply that was fine. Zeroed: none. */
typedef struct {
	struct {
		uint8_t *wire;
		size_t len;
	} answer[ASK_QUESTIONS_MAX];
	unsigned answered; /*!< 0: there is none. */
	size_t index;      /*!< Whose it is. */
} reply_seen_t;

bool reply_seen_has(const reply_seen_t *seen, const ask_reply_t *reply);

/*! Keeps a whole reply, unless memory is short: then the next one is judged by itself. */
void reply_seen_keep(reply_seen_t *seen, const ask_reply_t *reply, size_t index);

void reply_seen_clear(reply_seen_t *seen);
