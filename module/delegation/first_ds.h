/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The first DS of a child: signals that the signaling names confirm (RFC 9615 4.2).
 */

#pragma once

#include "signals.h"

/*!
 * \brief Whether the signaling name of every nameserver outside the child has the same signals as the child.
 *
 * \param[out] out  On failure: which one.
 */
bool first_ds_confirmed(const delegation_facts_t *facts, const signals_t *signals, delegation_verdict_t *out);
