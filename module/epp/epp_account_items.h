/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The items of an account in the file `epp-accounts`, one after another.
 */

#pragma once

#include <libknot/yparser/yparser.h>

#include "kskroll/epp_account.h"

/*! Where the sentence of an error is put. */
typedef struct {
	char *text;
	size_t size;
} epp_words_t;

__attribute__((format(printf, 2, 3))) void epp_words(epp_words_t *words, const char *format, ...);

/*! What is being read. */
typedef struct {
	const char *path; /*!< Of the file. */
	epp_words_t *why;
	const yp_parser_t *parser; /*!< Has the item. */
	epp_account_t *account;    /*!< NULL: none has begun. */
	size_t line;               /*!< Where the account began. */
	uint64_t given;            /*!< Items that it has, bits by their place in the table. */
	char *password;            /*!< Memory for those to come, twice as much as they need. */
} epp_items_t;

bool epp_items_is_id(const char *id);

/*! An account with its defaults. \return KNOT_EOK, KNOT_ENOMEM. */
int epp_items_begin(epp_items_t *items, epp_account_t *account, const char *id);

/*! Takes the value that the parser has. \return KNOT_EOK, KNOT_EINVAL with \a why, KNOT_ENOMEM. */
int epp_items_take(epp_items_t *items);

/*! The account has all its items: derives those that follow from others, and checks what must be there. */
int epp_items_end(epp_items_t *items);

/*! Writes "FILE, line N: item `name` WHAT"; never a value. \return KNOT_EINVAL. */
int epp_items_wrong(epp_items_t *items, const char *name, const char *what);

/*! Frees what an account has, but its password. */
void epp_items_free(epp_account_t *account);
