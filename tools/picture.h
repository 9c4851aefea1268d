/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A plan as a picture that can be mailed: everything in one file, no script, nothing to be fetched.
 */

#pragma once

#include <stdio.h>

#include "kskroll.h"

typedef struct {
	const options_t *o;
	const store_zone_t *zone;
	const rollover_config_t *config;
	const forecast_t *plan;
} picture_t;

/*! Writes a whole SVG document, or the element to stand in HTML. */
void svg_write(FILE *out, const picture_t *p, bool document);
/*! Writes an HTML document with the picture and the same as text. */
void html_write(FILE *out, const picture_t *p);

/* What both say. */

#define PICTURE_TEXT 640

/*! "2027-01-15 08:00": to the minute, in UTC. */
const char *picture_time(char out[TEXT_TIME], time_t at);
/*! Colour of a state, and of who has to act. */
const char *picture_state_color(rollover_state_t state);
const char *picture_actor_color(rollover_actor_t actor);
/*! Who that is. */
const char *picture_actor_meaning(rollover_actor_t actor);
/*! The step is part of the line: not the rest before a start that lies ahead. */
bool picture_shows(const forecast_t *plan, unsigned step);
/*! The wait is not over. */
bool picture_waits(const picture_t *p, const forecast_wait_t *wait);
/*! "waiting-dnskey-ttl until ... (2 h): why". */
void picture_wait(char out[PICTURE_TEXT], const picture_t *p, const forecast_step_t *step, const forecast_wait_t *wait);
/*! From when to when and how long. */
void picture_stay(char out[PICTURE_TEXT], const forecast_step_t *step);
/*! Number of sentences about the whole, and each of them. */
#define PICTURE_NOTES 7
/*! \return False if there is nothing to say. */
bool picture_note(char out[PICTURE_TEXT], const picture_t *p, unsigned i);

/* xml.c */

/*! Writes text, escaped for elements and attributes. */
void xml_text(FILE *out, const char *text);
void xml_text_n(FILE *out, const char *text, size_t len);
/*! Where a text breaks: length of its first line of \a max characters at most. \return The rest. */
const char *xml_line(const char *text, size_t max, size_t *len);
unsigned xml_lines(const char *text, size_t max);
