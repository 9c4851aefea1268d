/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The keys of a zone, as `keymgr ZONE list -j` prints them (Knot DNS 3.4 and 3.5), and their states.
 *
 * Nothing here runs a program or reads a clock.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*! Hexadecimal digits of an ID and the final zero. Knot's have 40 digits. */
#define KEY_ID_SIZE 65
/*! A zone with more keys is not driven. */
#define KEYS_LISTED_MAX 64
/*! Bytes of a list that are read at most; a key takes about 450. */
#define KEY_LIST_TEXT_MAX (64 * 1024)

/*! Timers of a key, in the order in which the last one that is due gives the state (Knot's get_key_state()). */
typedef enum {
	KEY_CREATED = 0, /*!< Gives no state. */
	KEY_PRE_ACTIVE,
	KEY_PUBLISH,
	KEY_READY,
	KEY_ACTIVE,
	KEY_RETIRE_ACTIVE,
	KEY_RETIRE,
	KEY_POST_ACTIVE,
	KEY_REVOKE,
	KEY_REMOVE,
	KEY_TIMERS, /*!< Their number. */
} key_timer_t;

/*! One key. Times are those of the wall clock, seconds; 0: never. */
typedef struct {
	char id[KEY_ID_SIZE];
	uint16_t tag;
	uint8_t algorithm;
	bool ksk; /*!< With zsk: a CSK. */
	bool zsk;
	bool public_only; /*!< Of another signer. */
	time_t timers[KEY_TIMERS];
} listed_key_t;

/*! All keys of a zone. */
typedef struct {
	listed_key_t keys[KEYS_LISTED_MAX];
	size_t count;
} key_list_t;

/*!
 * \brief Reads what keymgr has printed.
 *
 * Members that are not known are skipped. IDs, kinds and timers must be there, or the list is of a version of Knot DNS
 * that this code does not understand.
 *
 * \return KNOT_EOK; KNOT_EMALF; KNOT_ESPACE: more than KEYS_LISTED_MAX keys.
 */
int key_list_parse(key_list_t *list, const char *text, size_t len);

/*! \return The timer that gives the state of the key at a time; KEY_CREATED if none is due. */
key_timer_t key_state(const listed_key_t *key, time_t now);

/*! \return Name of the timer in keymgr's list; for messages also that of a state. */
const char *key_timer_name(key_timer_t timer);

/*!
 * \brief The KSK that takes part in a zone: neither removed nor of another signer.
 *
 * \param[out] several  More than one has this tag and algorithm. May be NULL.
 *
 * \return The key in \a list, the first one if there are several; NULL if there is none.
 */
const listed_key_t *key_list_find(const key_list_t *list, uint16_t tag, uint8_t algorithm, time_t now, bool *several);

/*! The same, by its identifier; NULL also if that is "". */
const listed_key_t *key_list_by_id(const key_list_t *list, const char *id, time_t now);
