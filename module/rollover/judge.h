/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the answers of all servers say about one condition.
 */

#pragma once

#include "kskroll/rollover.h"
#include "kskroll/text_copy.h"

/*! Result of asking one condition of every server: GATE_NONE, or the first that is in the way. */
typedef struct {
	rollover_gate_t gate;
	const char *about; /*!< Borrowed from the facts. */
	char detail[160];
	bool red; /*!< A wrong answer, as opposed to none: what held before no longer holds. */
} judge_verdict_t;

/*! What the nameservers of the zone must serve. */
typedef struct {
	const rollover_config_t *config;
	time_t now;
	keyset_t need;            /*!< KSKs that must be there and sign the DNSKEY RRset. */
	keyset_t gone;            /*!< KSKs that must not be there any more. */
	keyset_t data;            /*!< KSKs that must sign the data. Judged where there are no CDS. */
	keyset_t data_gone;       /*!< KSKs that must not do so any more: a ZSK must. */
	algset_t algorithms;      /*!< Those that must sign the data; 0: not judged. Judged where there are no CDS. */
	algset_t algorithms_gone; /*!< Those that must not do so any more. */
	algset_t own_algorithms;  /*!< Those that sign the data of this server's zone, */
	uint32_t own_keys;        /*!< by these keys (own_facts_t), */
	uint32_t serial;          /*!< since this version. */
	uint32_t ttl_limit;       /*!< Largest DNSKEY TTL allowed; 0 = any. */
	bool signals;             /*!< CDS and CDNSKEY of exactly \a wanted must be there. */
	bool remove;              /*!< CDS and CDNSKEY must be the delete signal. */
	bool no_signals;          /*!< CDS and CDNSKEY must be gone. */
	bool exact;               /*!< Nor must the DNSKEY RRset have other ZSKs: caches may have that one as well. */
	bool untold;              /*!< Where CDS is out, the data tell nothing, and nothing is expected of them. */
	bool keys_only;           /*!< What is wrong with CDS and CDNSKEY alone does not count. */
	keyset_t wanted;
	keyset_t trusted; /*!< KSKs that the current DS names; one must sign the signals (RFC 7344 4.1). */
} judge_expect_t;

/*!
 * Whether a set of DS or CDS has what other signers need: a key of one of them, and a key for each nameserver that none
 * of our keys signs. True where there are none.
 */
bool judge_covers(const rollover_facts_t *facts, keyset_t named);

/*! Whether a server of the parent has a DS that matches no key. Signals of ours would ask for its removal. */
judge_verdict_t judge_strange(const rollover_facts_t *facts);

/*! Whether a serial is older than another one (RFC 1982 3.2). */
bool judge_is_before(uint32_t serial, uint32_t other);

/*! Whether a server does not count any more: it has not answered for `unreachable-after`. */
bool judge_out_of_service(const rollover_config_t *config, answer_status_t status, time_t unreachable_since,
                          time_t now);

/*! Judges every address of every nameserver. */
judge_verdict_t judge_child(const rollover_facts_t *facts, const judge_expect_t *expect);

/*! Whether every address of every parent server has exactly the DS of \a wanted. */
judge_verdict_t judge_parent(const rollover_facts_t *facts, const rollover_config_t *config, keyset_t wanted,
                             time_t now);

/*! Whether every parent server has a DS of one of \a keys: the chain as it is holds. */
judge_verdict_t judge_chain(const rollover_facts_t *facts, const rollover_config_t *config, keyset_t keys, time_t now);

/*! Whether a server of the parent has a DS set, and none of it matches a KSK that the own zone publishes. */
judge_verdict_t judge_broken(const rollover_facts_t *facts);

/*! Keys that a parent's server names, by whatever digest: where a DS may still be, or has come. */
keyset_t judge_named(const parent_answer_t *a);

/*! Whether any server of the parent has a DS of one of \a keys. */
bool judge_has_ds(const rollover_facts_t *facts, keyset_t keys);

/*! Whether any server of the parent has a DS, of whichever key. */
bool judge_has_any_ds(const rollover_facts_t *facts);

/*!
 * Largest DNSKEY TTL in answers that a known key has signed; \a complete is false if a server that
 * still counts has given no such answer.
 */
uint32_t judge_dnskey_ttl(const rollover_facts_t *facts, const rollover_config_t *config, time_t now, bool *complete);

/*! Largest TTL of parents' answers that differ from \a wanted; false if there is none. */
bool judge_old_ds_ttl(const rollover_facts_t *facts, keyset_t wanted, uint32_t *ttl);
