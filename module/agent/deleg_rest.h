/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The row of a delegation that rests: in its delegation_t what each has, in other tables what many have alike
 * (the clock), or few at all (what the agent has done of it).
 */

#pragma once

#include "deleg_table.h"

/*! \return False without memory. */
bool rest_init(delegations_t *all);
void rest_free(delegations_t *all);

/*! Keeps a row instead of the former one. \return False if it does not rest, or without memory: nothing has changed. */
bool rest_put(delegations_t *all, delegation_t *d, const delegation_row_t *row);
/*! The row is kept elsewhere, or not at all. */
void rest_clear(delegations_t *all, delegation_t *d);
void rest_get(const delegations_t *all, const delegation_t *d, delegation_row_t *out);

/*! Before the zone has another DS RRset: that of the row stays what it is. \return False without memory. */
bool rest_keep_ds(delegations_t *all, delegation_t *d);
