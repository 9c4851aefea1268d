/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One turn of a zone: wake, check, survey, decide, persist, act, sleep.
 */

#pragma once

#include "forward.h"

/*! The zone's check is due. \a arg: env_t. */
void zone_turn(entry_t *entry, void *arg);
