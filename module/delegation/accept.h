/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Which surveys and which servers count.
 */

#pragma once

#include "kskroll/delegation.h"

/*! Whether there is a survey that is no older than DELEGATION_FRESH. */
bool accept_is_fresh(const delegation_facts_t *facts, time_t now);

/*! Whether a server counts as permanently unreachable: by age, however often it was asked (RFC 9975 3). */
bool accept_left_out(const delegation_config_t *config, const delegation_child_t *answer, time_t now);

/*!
 * \brief Whether every server has answered, or is left out.
 *
 * \param[in] first  The child has no DS: none is left out.
 * \param[out] out   Number of servers; on failure the first that has not.
 */
bool accept_all_answer(const delegation_config_t *config, const delegation_facts_t *facts, bool first, time_t now,
                       delegation_verdict_t *out);
