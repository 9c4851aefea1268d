/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Changes of DS that were decided: joined to batches, each one a zone transaction.
 *
 * What a batch has is stored before it begins, so that a transaction that a process leaves behind is known among
 * those of others, and is ended.
 */

#pragma once

#include "agent_state.h"

struct order {
	list_node_t node; /*!< In orders->waiting, unless it runs. */
	delegation_t *d;  /*!< It is awake. */
	parent_t *parent;
	delegation_action_t action;
	knot_rdataset_t ns, ds, wanted;
	uint32_t ds_ttl; /*!< Of ds. */
	uint32_t ttl;
	time_t until;
	uint64_t latest; /*!< The same by the loop's clock, ms: nobody sets that one. */
	bool lasts;      /*!< When it was decided a reload would have kept it. */
	bool former;     /*!< Another one was ordered since, and refused: how this one ends says nothing of that one. */

	/* orders_update.c */
	bool doubt;        /*!< It was sent, and the primary has not said what came of it. */
	bool made;         /*!< It had said that it has made it, and is asked whether it still has it. */
	uint64_t retry_at; /*!< By the loop's clock, ms. */
	unsigned retry_ms;
	const void *back;
};

void orders_init(parent_t *parent);
/*! Ends what a former process has left behind, if there is a store to know it from. Until then nothing is changed. */
void orders_recover(parent_t *parent);
/*! Those that wait are dropped; one that runs comes back. Its timer closes with parent->closing. */
void orders_stop(parent_t *parent);

/*!
 * \brief Adds an order; the row is stored already.
 *
 * \param[in] ns  NS of the delegation, as the decision has seen them.
 * \param[in] ds  The same of DS.
 *
 * \return False without memory, or while the former one runs: nothing was ordered.
 */
bool orders_add(delegation_t *d, const delegation_order_t *order, const knot_rdataset_t *ns, const knot_rdataset_t *ds);

/*! The delegation is gone: its order goes, unless it runs. */
void orders_drop(delegation_t *d);

/*! There is something to be removed (leftover.h). */
void orders_leftover(parent_t *parent);

/*! Whether a transaction of ours is under way. */
bool orders_are_running(const parent_t *parent);
