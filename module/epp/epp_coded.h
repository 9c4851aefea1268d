/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Digests and keys as text: hexBinary and base64Binary of XML Schema (RFC 5910 4).
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EPP_SPELLED_MAX 8192 /*!< Of a digest or key as text, more than EPP_KEY_MAX takes with spaces in it. */

/*! \return Octets written; 0: it is not hexadecimal, empty, or longer than \a max. Either case of letters is read. */
size_t epp_hex_decode(const char *text, uint8_t *data, size_t max);
/*! \param[out] text  2 * \a len + 1 octets. In capitals. */
void epp_hex_encode(const uint8_t *data, size_t len, char *text);
/*! The same of base64 (RFC 4648 4). Spaces may be anywhere; what is padded must be zero. */
size_t epp_base64_decode(const char *text, uint8_t *data, size_t max);
/*! \param[out] text  4 * ((\a len + 2) / 3) + 1 octets. */
void epp_base64_encode(const uint8_t *data, size_t len, char *text);
