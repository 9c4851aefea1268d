/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Before the change: what follows from the verdict about the signals.
 */

#pragma once

#include "moves.h"

/*! In `seen`, `survey` and `refused`. */
void judgement_survey(move_t *m);

/*! In `wait`: the signals are judged again, and followed when nothing is in the way. */
void judgement_wait(move_t *m);

/*! In `change`, and the zone still has the set before. */
void judgement_change(move_t *m);
