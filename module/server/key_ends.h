/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The two ends of a change of algorithm: which keys are at each, and what they do by their states.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "key_list.h"
#include "key_plan.h"

/*! What becomes of all keys of one algorithm. */
typedef enum {
	SHOWN,  /*!< They are published and in use. */
	HIDDEN, /*!< They sign the data, and are not published. */
	GONE,
	AS_THEY_ARE,
} place_t;

/*! Keys of one algorithm. */
typedef struct {
	uint8_t algorithm;
	bool fresh;
	place_t place;
	bool ready;                                /*!< Its KSKs are signalled. */
	bool aside;                                /*!< Its only KSK is aside: meanwhile Knot begins no rollover. */
	const listed_key_t *ksks[KEYS_LISTED_MAX]; /*!< Or single-type keys, with those that are hidden. */
	size_t ksk_count;
	const listed_key_t *zsks[KEYS_LISTED_MAX];
	size_t zsk_count;
	const listed_key_t *named[ROLLOVER_OLD_MAX]; /*!< Of the KSKs; NULL: not in the list. */
	unsigned named_count;
} end_t;

typedef struct {
	const key_list_t *list;
	const server_keys_t *wish;
	time_t now;
	key_plan_t *plan;
	bool single; /*!< Single-type keys, at both ends. */
	end_t old_end;
	end_t new_end;
} change_t;

/*! Published, in use or about to be. */
bool ends_in_use(const listed_key_t *key, time_t now);
/*! Whether a key signs the data without being published: `revoke` has no other meaning for a ZSK. */
bool ends_hidden(const listed_key_t *key, time_t now);
/*! Whether a ZSK signs the data. One that Knot has published after it was *pre-active* does so still. */
bool ends_signing(const listed_key_t *key, time_t now);
/*! Whether a ZSK signs DNSKEY, for a KSK that comes or goes. */
bool ends_stands_in(const listed_key_t *key, time_t now);

bool ends_ksk_in_use(const change_t *change, const end_t *end);
/*! A ZSK that signs the data, best one that stands in for a KSK; NULL: none. */
const listed_key_t *ends_first_signing(const change_t *change, const end_t *end);
bool ends_named(const end_t *end, const listed_key_t *key);

/*! \return Whether the order is about the keys of two algorithms. */
bool ends_differ(const key_list_t *list, const server_keys_t *wish, time_t now);

/*! Finds all keys. \a may_miss: the old KSKs may be gone. \return False, with a sentence: not all that must be there.
 */
bool ends_find(change_t *change, bool may_miss);
