/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Keys and algorithms, for the child side and the parent side.
 */

#pragma once

#include <stdint.h>

/*! A set of DNSSEC algorithms: bit i stands for number i. Those above 31 have no meaning in the public DNS. */
typedef uint32_t algset_t;
#define ALGSET_OF(algorithm) ((algorithm) < 32 ? (algset_t)1 << (algorithm) : 0)

/*!
 * \brief Identity of a key: its SHA-256 DS digest over owner and RDATA (RFC 4509).
 *
 * The tag is for people; keys are never matched by tag (RFC 4034 B, RFC 4035 5.2).
 */
typedef struct {
	uint8_t digest[32];
	uint16_t tag;
	uint8_t algorithm;
} key_id_t;
