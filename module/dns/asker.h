/* SPDX-License-Identifier: GPL-3.0-or-later */
/*! \file  What dns_t has: one of each of those that ask. */

#pragma once

#include "above.h"
#include "child_task.h"
#include "dsboot.h"
#include "notify.h"
#include "pace.h"
#include "resolve.h"
#include "scan.h"
#include "shared.h"
#include "tasks.h"
#include "updates.h"
#include "watch.h"

/*! What asks the world; all of it belongs to the loop thread. */
struct dns {
	resolve_t *resolve;
	shared_t *shared;
	above_t *above;
	ask_t *ask;
	pace_t *pace; /*!< Of the parents' servers. */
	watches_t *watches;
	notifies_t *notifies;
	dsboots_t *dsboots;
	updates_t *updates;
	tasks_t surveys;
	/* The parental agent. Servers of children cannot hold back those of own zones and of the parent. */
	ask_t *child_ask;
	watches_t *child_watches;
	scans_t *scans;
	child_tasks_t *children;
};

/*! Of survey.c. */
void surveys_init(tasks_t *surveys, uv_loop_t *loop);
