/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Extended DNS errors (RFC 8914 5.2, and the IANA registry of 2026-06): their names, and what they mean for a
 * zone.
 */

#pragma once

#include <stdint.h>

/*! Name in the registry; "unknown" for a code that it does not have. */
const char *ede_name(uint16_t code);
/*! One sentence for the operator of the zone that the error is about. */
const char *ede_meaning(uint16_t code);
