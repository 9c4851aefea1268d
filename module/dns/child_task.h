/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief All surveys of children of one asker; see kskroll/child_survey.h.
 */

#pragma once

#include "above.h"
#include "ask.h"
#include "kskroll/child_survey.h"
#include "pace.h"
#include "resolve.h"
#include "shared.h"
#include "watch.h"

/*! Borrowed; all must outlive the surveys. */
typedef struct {
	shared_t *shared;
	above_t *above;
	ask_t *ask;       /*!< For servers of the parent. */
	ask_t *child_ask; /*!< For servers of children, who cannot hold back the others. */
	pace_t *pace;     /*!< Of the parent's servers. */
	resolve_t *resolve;
	watches_t *watches; /*!< Of children. */
} child_means_t;

typedef struct child_tasks child_tasks_t;

/*! \return NULL without memory. */
child_tasks_t *child_tasks_new(uv_loop_t *loop, const child_means_t *means);

/*! Ends them; they are called back as cancelled. Not from a callback of what they use. */
void child_tasks_free(child_tasks_t *all);
