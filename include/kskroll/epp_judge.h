/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What to do about the DS of a domain, by what its registry shows: a pure decision.
 *
 * It compares three sets: that of the registry (`<info>`), that on which all servers of the parent agree, and the
 * wanted one. A change of the registry's set goes out only from what the servers have. So a change that another client
 * made in between wins, and the next survey decides about it.
 */

#pragma once

#include "kskroll/epp.h"

/*! What was sent before, and has no outcome yet. */
typedef enum {
	EPP_PAST_NONE = 0,
	EPP_PAST_PENDING, /*!< 1001: the registry decides later. */
	EPP_PAST_UNKNOWN, /*!< The answer was lost. */
} epp_past_t;

/*! All that the decision depends on. */
typedef struct {
	const epp_account_t *account;
	const epp_info_t *info;
	const uint8_t *owner;     /*!< The domain, in wire format, lower case. */
	const epp_record_t *base; /*!< DS that all servers of the parent have, never keys. */
	size_t base_count;
	const epp_record_t *ds; /*!< Wanted DS, */
	size_t ds_count;
	const epp_record_t *keys; /*!< and the same as keys: what counts is what the registry takes. */
	size_t key_count;
	bool removes;       /*!< No DS is wanted: \a ds and \a keys are empty. */
	bool keeps;         /*!< The records stay as the registry has them; only the TTL is wanted. */
	epp_ttl_t ttl_what; /*!< Wanted of the DS TTL. */
	uint32_t ttl;
	epp_past_t past;
	/*! It was sent so long ago that the server does not work on it any more; PENDING: that it would show it. */
	bool over;
} epp_case_t;

typedef enum {
	EPP_JUDGED_SAME,     /*!< The registry has what is wanted. */
	EPP_JUDGED_SEND,     /*!< Send \a diff, and the TTL. */
	EPP_JUDGED_WAIT,     /*!< The outcome of what was sent is not known yet: ask again. */
	EPP_JUDGED_NOT_MADE, /*!< What was sent was not made, and nothing of it is under way. */
	EPP_JUDGED_DIFFERS,  /*!< The registry has another set than the servers: another client's change. */
	EPP_JUDGED_LOCKED,   /*!< A status of the domain forbids updates. */
	EPP_JUDGED_CANNOT,   /*!< An operator has to act. */
} epp_judged_t;

typedef struct {
	epp_judged_t what;
	epp_diff_t diff; /*!< SEND: it points into the info and the wanted records. */
	char why[192];   /*!< One sentence without a final dot; "": SAME, SEND. */
} epp_judgement_t;

void epp_judge(const epp_case_t *c, epp_judgement_t *out);
