/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief All light scans of one asker; see kskroll/child_survey.h.
 */

#pragma once

#include "ask.h"
#include "kskroll/child_survey.h"
#include "shared.h"

/*!
 * Questions per second at one address of children's servers, of all scans together. As many of all surveys: one hoster
 * may have all children of a parent.
 */
#define SCAN_RATE 10

/*! Servers that one scan asks, one after the other, until one answers. */
#define SCAN_TRIES 3

typedef struct scans scans_t;

/*! \a shared and \a ask must outlive them. \return NULL without memory. */
scans_t *scans_new(uv_loop_t *loop, shared_t *shared, ask_t *ask);

/*! Ends them; they are called back as cancelled. Not from a callback of \a shared or \a ask. */
void scans_free(scans_t *scans);
