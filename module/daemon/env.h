/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What zones work with. Each part is the business of the file of its name alone.
 *
 * All of it belongs to the thread of the loop.
 */

#pragma once

#include <uv.h>

#include "accounts.h"
#include "clocks.h"
#include "error_reports.h"
#include "forget.h"
#include "instances.h"
#include "kskroll/notify_listen.h"
#include "numbers.h"
#include "outbox.h"
#include "parental.h"
#include "record.h"
#include "resources.h"
#include "schedule.h"
#include "world.h"
#include "writer.h"
#include "zones.h"

struct env {
	uv_loop_t uv;
	outbox_t *out;
	const notify_listen_t *listen; /*!< NULL: NOTIFY is not taken here. */
	clocks_t clocks;
	resources_t resources;
	writer_t writer;
	record_buffer_t record;
	schedule_t schedule;
	instances_t instances;
	zones_t zones;
	zone_t *awake; /*!< Those that are awake (zone.c). */
	numbers_t numbers;
	routes_t routes;
	forget_t forget;
	parental_t parental;
	accounts_t accounts;
	error_reports_t error_reports;
};
