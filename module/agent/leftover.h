/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief DS of names that are no delegations any more, in the file of `delegation-apply: include`.
 *
 * Whoever registers such a name next would get the DS of the one before. A list of the zone shows them.
 */

#pragma once

#include "agent_state.h"
#include "order_batch.h"

/*! A list begins. */
void leftover_clear(parent_t *parent);
/*! It has a name with DS and without NS. */
void leftover_seen(parent_t *parent, const parent_delegation_t *seen);
/*! The list is whole. */
void leftover_listed(parent_t *parent);

/*! Whether DS may be removed now. */
bool leftover_is_due(const parent_t *parent);
/*! The batch that removes them, and its text. \return NULL without memory, or room. */
running_t *leftover_take(parent_t *parent, char *text, size_t len);
/*! It has ended: says what was removed; what was not is kept for another try. */
void leftover_end(running_t *running);
