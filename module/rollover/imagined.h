/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The world in which the machine is run forward: all that is known of it is a row.
 *
 * One nameserver and one parent server stand for all, and each does what it should after its delay.
 */

#pragma once

#include "kskroll/forecast.h"

/*! Something that has been changing since \a at: the nameservers still have the value before it. */
typedef struct {
	uint32_t before;
	uint32_t value;
	time_t at;
} imagined_change_t;

typedef struct {
	const forecast_assume_t *assume;
	rollover_config_t config;
	time_t now;
	key_id_t keys[ROLLOVER_OLD_MAX + 1];
	unsigned key_count;
	keyset_t old, fresh;
	bool csk, csk_new; /*!< Single-type keys: the old ones, the new one. */
	policy_role_t policy;
	key_states_t signals;
	uint32_t base_ttl;
	imagined_change_t dnskey; /*!< Set of KSKs. */
	imagined_change_t ttl;
	imagined_change_t cds;     /*!< Set named. */
	imagined_change_t data;    /*!< Algorithms that sign the data. */
	imagined_change_t signers; /*!< KSKs that sign the data. */
	uint32_t data_keys;        /*!< See keys_of_data(). */
	uint32_t serial;           /*!< Since which these algorithms sign it. */
	time_t ds_at;              /*!< The parent has the new DS from then on; 0 = not asked yet. */
	bool ds_new;
	imagined_change_t ds_ttl;
	/*! To which the parent can be asked to set it; of a registry that is known when it has been. 0: it cannot. */
	uint32_t low_ds_ttl;
	bool by_agent; /*!< By its agent, which restores it. */
} imagined_t;

/*! What is seen in one check. The answers are those that the facts point to. */
typedef struct {
	rollover_facts_t facts;
	child_answer_t child;
	parent_answer_t parent;
} imagined_view_t;

/*! The world as the row tells it. \a assume is borrowed. */
void imagined_init(imagined_t *w, const rollover_config_t *config, const rollover_row_t *row,
                   const forecast_assume_t *assume, time_t now);

/*! Algorithm of the next key. */
uint8_t imagined_algorithm(const imagined_t *w);

/*! Whether Knot has begun an algorithm rollover that the module has not. */
bool imagined_has_begun(const imagined_t *w);

/*! A rollover is started now: by hand, by Knot, or by a policy with another algorithm. */
void imagined_begin(imagined_t *w);

/*! CDS and data follow the states of the keys, the parent CDS on all nameservers. */
void imagined_turn(imagined_t *w);

/*! What a check sees now. */
void imagined_check(const imagined_t *w, imagined_view_t *v);

/*! Carries out what was decided on these facts. */
void imagined_obey(imagined_t *w, rollover_decision_t *d, const rollover_facts_t *facts);

/*! When something happens next, or the row wants to check. */
time_t imagined_next(const imagined_t *w, const rollover_row_t *row);
