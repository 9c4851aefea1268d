/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Orders as a batch: made of those that wait, and stored before it begins.
 */

#pragma once

#include "kskroll/parent_zone.h"
#include "orders.h"

/*! A batch under way, with what it points to. */
typedef struct {
	parent_t *parent;
	parent_batch_t batch;
	bool by_file;  /*!< Not by a transaction. */
	bool leftover; /*!< Of leftover.c: no orders, and items of its own. */
} running_t;

void order_free(order_t *order);

/*! Adds the records of a set. \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL if the set has an excess. */
int order_set(const ds_set_t *set, knot_rdataset_t *out);

/*! Stores the text of the batch that is about to begin; "": none is under way. \return False if that failed. */
bool batch_save(parent_t *parent, const char *text);

/*!
 * \brief Takes orders that wait, the oldest first.
 *
 * \param[out] text  The batch, to be stored.
 *
 * \return NULL without memory.
 */
running_t *batch_take(parent_t *parent, char *text, size_t len);

/*! Its orders stay. */
void batch_free_running(running_t *running);
