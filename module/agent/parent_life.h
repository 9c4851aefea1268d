/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The life of a parent zone: its delegations are listed, whether it has changed is checked, its load class read.
 */

#pragma once

#include "agent_state.h"

/*! \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL. */
int parent_begin(agent_t *agent, const char *zone, const agent_settings_t *settings);
/*! Other settings. \return KNOT_EOK, KNOT_ENOMEM. */
int parent_settings(parent_t *parent, const agent_settings_t *settings);
/*! Nothing is done any more; freed when all that is under way has come back. */
void parent_end(parent_t *parent);
