/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  What dns_t has: one of each of those that ask. */

#pragma once

#include "above.h"
#include "dsboot.h"
#include "notify.h"
#include "pace.h"
#include "resolve.h"
#include "shared.h"
#include "watch.h"

/*! Surveys, the oldest first. */
typedef struct {
	survey_t *first, *last;
} survey_list_t;

/*! What asks the world; all of it belongs to the loop thread. */
struct dns {
	uv_loop_t *loop;
	resolve_t *resolve;
	shared_t *shared;
	above_t *above;
	ask_t *ask;
	pace_t *pace; /*!< Of the parents' servers. */
	watches_t *watches;
	notifies_t *notifies;
	dsboots_t *dsboots;
	survey_list_t waiting; /*!< Of survey.c, as what follows. */
	survey_list_t running;
	unsigned discovering;
	unsigned turning;
	bool closing;
};
