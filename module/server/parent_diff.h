/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the open transaction of a zone has, beside what a batch was to change.
 */

#pragma once

#include "control.h"
#include "kskroll/parent_zone.h"

/*! Records that the transaction adds or removes. */
typedef struct {
	const parent_batch_t *batch;
	size_t ours;       /*!< Those that the batch could have added or removed. */
	size_t foreign;    /*!< The others. */
	char example[100]; /*!< The first one of the others. */
} parent_diff_t;

/*! The command `zone-diff`, which fills the diff. \a diff has the batch, and zeros. */
control_cmd_t parent_diff_command(parent_diff_t *diff);
