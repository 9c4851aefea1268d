/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What CDS and CDNSKEY of the servers ask for, and whether they agree (RFC 9975 3).
 */

#pragma once

#include "kskroll/delegation.h"

typedef enum {
	SIGNAL_NONE = 0, /*!< NODATA: nothing is asked for. */
	SIGNAL_SET,      /*!< The whole new DS RRset. */
	SIGNAL_DELETE,
	SIGNAL_MALFORMED,
	SIGNAL_EXCESS,
} signal_kind_t;

/*! One RRset as the DS RRset that it asks for: one record of SHA-256 for each key (RFC 7344 6.2). */
typedef struct {
	signal_kind_t kind;
	ds_set_t set;
} signal_t;

/*! What all servers that answer say alike. */
typedef struct {
	const delegation_child_t *first;
	signal_t cds;
	signal_t cdnskey;
	bool proven;  /*!< Each NODATA is. */
	bool present; /*!< A server has CDS or CDNSKEY. */
} signals_t;

signal_t signals_cds(const ds_set_t *cds, bool present);

signal_t signals_cdnskey(const delegation_facts_t *facts, delegation_keys_t keys, bool deletes, bool malformed,
                         bool excess, bool present);

bool signals_equal(const signal_t *a, const signal_t *b);

/*!
 * \brief Compares all servers that answer.
 *
 * \param[out] out      What they say; its \a first is NULL if no server answers.
 * \param[out] verdict  On failure: who says something else.
 */
bool signals_gather(const delegation_facts_t *facts, signals_t *out, delegation_verdict_t *verdict);

/*! Whether CDS and CDNSKEY ask for the same, or one of them alone is enough (RFC 10026 4.1, RFC 9975 3.1). */
bool signals_agree(const delegation_config_t *config, const delegation_facts_t *facts, const signals_t *signals,
                   delegation_verdict_t *verdict);
