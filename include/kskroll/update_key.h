/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A key for TSIG (RFC 8945), as Knot DNS has it in the section `key`.
 *
 * A secret is in memory only, and every copy is overwritten when it is freed. It must not get into a log, a message or
 * the store.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! Zeroed: no key. */
typedef struct {
	const char *name;      /*!< Presentation form, lower case, with the final dot; NULL: no key. */
	uint8_t algorithm;     /*!< dnssec_tsig_algorithm_t. */
	const uint8_t *secret; /*!< Not Base64. */
	uint16_t secret_len;
} update_key_t;

/*!
 * \brief Copies a key.
 *
 * \param[out] copy  Overwritten; no key on error. To be cleared by update_key_clear().
 *
 * \return False without memory.
 */
bool update_key_copy(update_key_t *copy, const update_key_t *from);

/*! Overwrites the secret of a copy, and frees it. */
void update_key_clear(update_key_t *key);

/*! Whether both are the same key, with the same secret. */
bool update_key_same(const update_key_t *a, const update_key_t *b);
