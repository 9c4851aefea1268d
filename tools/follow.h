/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What the files of `kskroll follow` share.
 */

#pragma once

#include "delegation_view.h"

/* follow_place.c: how far it is. It survives a restart in a file. */

/*! A zone, or a delegation, that needs a human, as was said last. */
typedef struct {
	char *zone;
	char *name; /*!< "": the zone itself. */
	bool seen;  /*!< By the check that goes on. */
} needing_t;

typedef struct {
	bool begun;                          /*!< The rest is known. */
	int64_t history, delegation_history; /*!< Ids of the last events that were handled. */
	needing_t *needing;                  /*!< In order of zone and name. */
	size_t count, size;
} place_t;

/*! Reads a file; a missing one leaves a place that has not begun. \return Exit code, with words on stderr. */
int place_read(place_t *p, const char *path);
/*! Replaces the file. \return False, with errno. */
bool place_write(const place_t *p, const char *path);
void place_free(place_t *p);

/*! \return NULL if nothing says that it needs a human. */
needing_t *place_find(const place_t *p, const char *zone, const char *name);
/*! Notes whether it does. \return Whether that is new. */
bool place_note(place_t *p, const char *zone, const char *name, bool needs);

/* follow_notice.c: an event as JSON. */

/*! Texts are those of the tables, or of what the notice was made from. */
typedef struct {
	int64_t id; /*!< In its history; 0: in none. */
	time_t time;
	const char *kind, *zone;
	const char *name; /*!< Of a delegation, or "". */
	const char *from, *to, *gate;
	const char *meaning, *advice, *who;
	bool needs_human;
	bool notified; /*!< It is about a notification of the parent, and nothing else. */
	json_value_t notification;
	const char *text;                     /*!< What happened to a delegation. */
	const store_zone_t *still;            /*!< The zone as it is now, if that is as the event says; else NULL. */
	const store_delegation_t *delegation; /*!< The same. */
} notice_t;

/*! \param[in] now  The zone as it is now, or NULL. */
void notice_event(notice_t *n, const options_t *o, int64_t id, const store_event_t *e, const store_zone_t *now);
void notice_delegation_event(notice_t *n, const options_t *o, int64_t id, const store_delegation_event_t *e,
                             const store_delegation_t *now);
/*! A zone, or a delegation, began to need a human, or ended that, without an event. */
void notice_waiting(notice_t *n, const options_t *o, const store_zone_t *z, bool needs);
void notice_delegation_waiting(notice_t *n, const options_t *o, const store_delegation_t *d, bool needs);
/*! The same of one that the store no longer has. */
void notice_gone(notice_t *n, const options_t *o, const needing_t *was);
/*! One line. */
void notice_print(const options_t *o, const notice_t *n, FILE *out);

/* follow_hook.c: whom events go to. */

typedef enum {
	HOOK_HANDLED = 0, /*!< Also if the program has failed. */
	HOOK_AGAIN,       /*!< The same event after a while. */
	HOOK_ENDED,       /*!< A signal came first. */
	HOOK_BROKEN,      /*!< Standard output takes nothing any more; errno. */
} hook_result_t;

/*! What was said of the program since it succeeded last. */
typedef enum {
	HOOK_SAID_NOTHING = 0,
	HOOK_SAID_FAILS,
	HOOK_SAID_AGAIN,
} hook_said_t;

typedef struct {
	const char *program; /*!< NULL: standard output. */
	int64_t bound;       /*!< Milliseconds that it may take. */
	hook_said_t said;
	size_t failed; /*!< Events that were passed over since it succeeded last. */
} hook_t;

hook_result_t hook_hand(hook_t *h, const char *text, size_t len);
/*! Says what has failed at the end. */
void hook_end(const hook_t *h);
