/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What one remote validating resolver makes of a zone.
 *
 * Works on the loop thread only. Callbacks never run inside validator_start() or
 * validator_free().
 */

#pragma once

#include "ask.h"

/*! What a resolver says about the delegation of a zone. */
typedef enum {
	VERDICT_NONE,    /*!< No evidence: down, refuses, does not validate. */
	VERDICT_GOOD,    /*!< The zone validates. */
	VERDICT_FAILING, /*!< The zone does not, its parent does. */
	VERDICT_PARENT,  /*!< Neither does. */
} verdict_t;

typedef struct validator validator_t;

/*!
 * \brief Called once unless the validator is freed before; must not free it.
 *
 * \param verdict  Verdict.
 * \param reason   On which question, and why; "" for VERDICT_GOOD.
 * \param arg      Argument.
 */
typedef void (*validator_done_f)(verdict_t verdict, const char *reason, void *arg);

/*!
 * \brief Starts to ask.
 *
 * \param ask     Asker.
 * \param addr    Resolver.
 * \param zone    Zone, not the root; lower case; borrowed.
 * \param absent  A name in it that does not exist; lower case; borrowed. NULL: not asked.
 * \param done    Callback.
 * \param arg     For done.
 *
 * \return NULL without memory.
 */
validator_t *validator_start(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *zone,
                             const knot_dname_t *absent, validator_done_f done, void *arg);

/*! One that was just started asks for DNSKEY alone, and for the parent if that fails. */
void validator_dnskey_only(validator_t *validator);

/*! Ends it, running or not. */
void validator_free(validator_t *validator);
