/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Hands delegations from the control thread to the loop thread, within bounds.
 */

#pragma once

#include "kskroll/parent_zone.h"

/*! What may wait, in octets; one delegation always may. */
#define PARENT_STREAM_MAX (1024 * 1024)

typedef struct parent_stream parent_stream_t;

/*!
 * \param[in] each, arg  For parent_stream_deliver().
 *
 * \return NULL without memory.
 */
parent_stream_t *parent_stream_new(parent_delegation_f each, void *arg);
/*! With what still waits in it. */
void parent_stream_free(parent_stream_t *stream);

/*!
 * \brief Copies a delegation; waits until there is room. A parent_delegation_f for the control thread.
 *
 * \param[in] stream  Once it was stopped, or without memory, this and all that follow are dropped.
 */
void parent_stream_push(const parent_delegation_t *delegation, void *stream);

/*! Who is called when something was pushed; on the control thread, must not deliver. Set before the first push. */
void parent_stream_on_push(parent_stream_t *stream, void (*wake)(void *arg), void *arg);

/*! Calls back what waits; on the loop thread. */
void parent_stream_deliver(parent_stream_t *stream);

/*! Nobody takes from it any more: pushes return at once. */
void parent_stream_stop(parent_stream_t *stream);

/*! \return False: something was dropped. */
bool parent_stream_is_whole(parent_stream_t *stream);
