/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A copy of what the resolver is set up with, for those who make more of them.
 */

#pragma once

#include "kskroll/dns_config.h"

/*! Copies all but rates. \return False without memory; clear the copy all the same. */
bool dns_config_copy(dns_config_t *copy, const dns_config_t *config);

void dns_config_clear(dns_config_t *copy);
