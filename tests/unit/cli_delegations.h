/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Parent zones and delegations for tests of the command line.
 */

#pragma once

#include "kskroll/delegation_store.h"

void delegations_for_cli(store_t *store, time_t now);
/*! So many, of which each tenth is in survey. */
void delegations_many(store_t *store, time_t now, unsigned count);
