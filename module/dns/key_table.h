/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The keys of one child that its servers, its DS and its signaling names have in common. No I/O.
 */

#pragma once

#include "kskroll/child_survey.h"

/*!
 * Keys that only DNSKEY has: half of the table, so that they take no room from those that DS, CDS or CDNSKEY name. They
 * are needed to judge a DS RRset from before.
 */
#define KEY_TABLE_UNNAMED_MAX (DELEGATION_KEYS_MAX / 2)

/*! No key. */
#define KEY_TABLE_NONE DELEGATION_KEYS_MAX

/*! Zeroed but for the owner: empty. */
typedef struct {
	const knot_dname_t *child; /*!< Lower case; borrowed. */
	delegation_key_t key[DELEGATION_KEYS_MAX];
	unsigned count;
	unsigned unnamed; /*!< Added by key_table_add_unnamed(). */
	bool excess;      /*!< A key found no room. */
} key_table_t;

/*! All about a key. \return False: it is none, or one of an algorithm that is not supported. */
bool key_table_read(const knot_dname_t *child, const uint8_t *rdata, uint16_t len, delegation_key_t *key);

/*! Adds a key; one that was known by its digest is whole from here on. \return Its index, or KEY_TABLE_NONE. */
unsigned key_table_add(key_table_t *table, const delegation_key_t *key);

/*! The same for a key that nothing names; without room there is no excess. */
unsigned key_table_add_unnamed(key_table_t *table, const delegation_key_t *key);

/*! \return Its index, or KEY_TABLE_NONE. */
unsigned key_table_find(const key_table_t *table, const key_id_t *id);

/*! Adds the keys that the records name by SHA-256. The other digest types need the key itself. */
void key_table_add_named(key_table_t *table, const ds_set_t *ds);

/*! Whether a record of the set may name a key: by its tag and algorithm alone. */
bool key_table_may_name(const ds_set_t *ds, uint16_t tag, uint8_t algorithm);

/*! Whether a record of the set names a key that is whole: by SHA-1, SHA-256 or SHA-384 (RFC 4035 5.2). */
bool key_table_names(const ds_set_t *ds, const delegation_key_t *key);
