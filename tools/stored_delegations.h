/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Finding a delegation in the store by its name alone.
 */

#pragma once

#include "delegation_view.h"

/*! \param[in] name  Canonical. \return As store_delegation_load(). */
int stored_find(store_t *store, const char *name, store_delegation_t *out);
/*! The same for a name as given, with words on stderr. \return Exit code. */
int stored_delegation(store_t *store, const char *arg, store_delegation_t *out);
