/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Decisions about delegations in words: for the log, and for the history.
 */

#pragma once

#include "kskroll/delegation.h"

/*! What a decision means: what is ordered, or what is in the way, else the state. Who says it names state and gate. */
void words_of(const delegation_decision_t *decision, const delegation_facts_t *facts, time_t now, char *out,
              size_t len);
