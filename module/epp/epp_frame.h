/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A unit to send: a head of four octets and a document (RFC 5734 4).
 *
 * Memory that it leaves, as it grows or is cleared, is overwritten: one of them has a password.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*! Zeroed: empty. */
typedef struct {
	uint8_t *data;
	size_t len, room;
	bool failed; /*!< There was no memory: it is cut. */
} epp_frame_t;

/*! An empty document; what the frame has had is cleared. */
void epp_frame_begin(epp_frame_t *frame);
/*! Adds what is XML already. */
void epp_frame_add(epp_frame_t *frame, const char *xml);
/*! Adds text, escaped so that it can be in an element or in an attribute in double quotes. */
void epp_frame_text(epp_frame_t *frame, const char *text);
/*! Adds an element that has text alone. */
void epp_frame_element(epp_frame_t *frame, const char *name, const char *text);
/*! Writes its length into its head. \return KNOT_EOK; KNOT_ENOMEM: it is empty. */
int epp_frame_end(epp_frame_t *frame);
/*! Overwrites and frees it. */
void epp_frame_clear(epp_frame_t *frame);
