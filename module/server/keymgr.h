/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Runs Knot's keymgr on the key database of the server: bounded in time and output.
 *
 * Blocks. One thread runs one keymgr at a time: each takes a reader's place in the database (LMDB), of which Knot
 * DNS 3.4 has few.
 */

#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "key_change.h"
#include "key_list.h"

/*! Bytes of a sentence with keymgr's words. */
#define KEYMGR_DETAIL_MAX 160

/*! Which program, on which database. */
typedef struct {
	const char *program; /*!< Path; NULL: keymgr_path(). */
	const char
		*folder; /*!< Of the key database (`database.kasp-db`), absolute. Must exist: keymgr would make it. */
	int timeout_ms;  /*!< For one run: afterwards it is killed. */
	pid_t left;      /*!< One that was killed and has not ended, as while it waits for a disk; 0: none. */
} keymgr_t;

/*! \return Path of keymgr: where Debian has it, or in PATH; NULL if there is none. */
const char *keymgr_path(void);

/*!
 * \brief `keymgr ZONE list -j`.
 *
 * \param[out] text    KEY_LIST_TEXT_MAX bytes: what it prints, for key_list_parse(). Nothing for a zone without keys.
 * \param[out] len     Length of that.
 * \param[out] detail  KEYMGR_DETAIL_MAX bytes: what went wrong, with keymgr's words.
 *
 * \return KNOT_EOK; KNOT_ETIMEOUT: it was killed; KNOT_ESPACE: the same, it printed too much; KNOT_EBUSY: one
 * that was killed is still there, of this process or of another one; KNOT_ENOENT: no program or folder; KNOT_ERROR: it
 * has failed.
 */
int keymgr_list(keymgr_t *keymgr, const char *zone, char *text, size_t *len, char *detail);

/*! `keymgr ZONE set ID TIMER...`. That it succeeds proves nothing: list afterwards. \return As keymgr_list(). */
int keymgr_set(keymgr_t *keymgr, const char *zone, const char *id, key_change_t change, char *detail);
