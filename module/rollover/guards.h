/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What holds in every step. Each guard returns true if it decided.
 */

#pragma once

#include "decision.h"

/*! The server, the operator and the kind of the zone's keys allow that anything is done. */
bool guard_settings(dec_t *c);

/*! The own zone's set of KSKs is one that the step expects. */
bool guard_keys(dec_t *c);

/*!
 * \brief The zone validates.
 *
 * A failing check stops all progress. bogus_limit of them in a row take the signals back, and once
 * the parent may have swapped the DS they ask the old one back (rollback).
 */
bool guard_validation(dec_t *c);

/*! The keys have the states of the step. */
bool guard_states(dec_t *c);
/*! The zone has the policy of the step. */
bool guard_policy(dec_t *c);

/*! Says that the chain is broken, whatever was decided. */
void guard_chain(dec_t *c);
