/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief When a rollover that is due may start: windows of the week, and dates on which none does.
 *
 * Pure: what time zones do is data, a table of offsets that the caller fills (util/time_zone.h). Membership goes by the
 * clock on the wall of that zone. An hour that comes twice counts twice, one that is left out is in no window.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*! No moment within START_HORIZON is allowed. */
#define START_NEVER INT64_MAX
/*! How far a moment is searched for: two years. */
#define START_HORIZON (2 * 366 * 86400)
/*! Values of the item start-window, of no-start, and time zones that they name. */
#define START_WINDOWS_MAX 16
#define START_DATES_MAX   32
#define START_ZONES_MAX   4
/*! Room for the name of a time zone, and for a list of values. */
#define START_ZONE_NAME 48
#define START_TEXT      2048
/*! Between the values of a list. */
#define START_SEPARATOR "; "
/*! Offsets kept of a time zone: three years with four changes each, and more. */
#define START_OFFSETS_MAX 40

/*! What is not a time zone of the system but always known. */
#define START_UTC "UTC"

/*! A time zone: its offsets, the first of which counts before its time as well. */
typedef struct {
	char name[START_ZONE_NAME];
	struct {
		int64_t from;
		int32_t seconds; /*!< To be added to UTC. */
	} offset[START_OFFSETS_MAX];
	unsigned count;
} start_zone_t;

/*! On these days of the week, from one minute of the day to another. */
typedef struct {
	uint8_t days; /*!< Bit 0 is Sunday. */
	uint8_t zone;
	uint16_t begin;
	uint16_t end; /*!< Not above \a begin: on the next day. */
} start_window_t;

/*! Whole days, from the first to the last. */
typedef struct {
	int32_t first; /*!< Days since 1970-01-01; of every year: 100 * month + day. */
	int32_t last;
	uint8_t zone;
	bool yearly;
} start_dates_t;

typedef struct {
	start_window_t window[START_WINDOWS_MAX];
	unsigned window_count; /*!< 0: any time of the week. */
	start_dates_t dates[START_DATES_MAX];
	unsigned dates_count;
	start_zone_t zone[START_ZONES_MAX];
	unsigned zone_count;
} start_rules_t;

/*!
 * \brief Reads the values of start-window and no-start, each a list with START_SEPARATOR; NULL is an empty one.
 *
 * Time zones get the offset 0.
 *
 * \param[out] err  One sentence that names item, value and what is right.
 *
 * \return False if they are wrong.
 */
bool start_parse(start_rules_t *rules, const char *windows, const char *dates, char *err, size_t err_len);

/*! One more offset of the time zone \a zone, a start_zone_t: the next change. Those that are too many are left out. */
void start_zone_offset(int64_t from, int32_t seconds, void *zone);

/*! The first moment at or after \a t at which a rollover may start; NULL: there are no rules. Else START_NEVER. */
int64_t start_next(const start_rules_t *rules, int64_t t);

/*!
 * \brief Seconds by which a zone comes due before its KSK has reached its lifetime.
 *
 * By its name alone: the same in all processes, and evenly spread.
 *
 * \param[in] zone    Presentation form, lower case, with final dot.
 * \param[in] spread  The item; 0: none.
 */
uint32_t start_early(const char *zone, uint32_t spread);
