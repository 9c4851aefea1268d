/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Names of the policies that the module derives from an operator's one.
 */

#pragma once

#include <stddef.h>

#include "kskroll/rollover.h"

/*! Longest policy name with its final zero, more than knotd allows. */
#define POLICY_NAME_MAX 256

/*!
 * \brief Name of the derived policy: BASE-kskroll-ttl, -delete.
 *
 * The TTL is part of the name unless it is the default of 300 s: BASE-kskroll-ttl-600.
 *
 * \return The length, as snprintf().
 */
int server_policy_name(char *out, size_t out_len, const char *base, policy_role_t role, uint32_t ttl);

/*!
 * \brief Takes such a name apart.
 *
 * \param[in] name       Policy name.
 * \param[out] base      The operator's policy, \a name itself if it is no derived one.
 * \param[in] base_len   Size of base.
 * \param[out] role      POLICY_BASE if it is no derived one, POLICY_FORMER if it is one of version 0.1.0.
 */
void server_policy_parse(const char *name, char *base, size_t base_len, policy_role_t *role);
