/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Follows the history: each event goes to standard output, or to a program that is run for it. It only reads the store,
 * and holds nothing of it while an event is handled: no rollover waits for a hook.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/errcode.h>

#include "follow.h"

/*! Events after which the file of the store is opened again: it may be another one. */
#define EVENTS_MAX 256
/*! A check of all zones takes at most this share of the time. */
#define SHARE 20

/*! A zone, or a delegation, that the last check of all has found otherwise than it was said. */
typedef struct {
	char *zone, *name;
} change_t;

typedef struct {
	options_t o;
	hook_t hook;
	place_t place;
	int64_t minute;     /*!< Milliseconds: the bound of a program, and the time between checks of all zones. */
	int64_t next_check; /*!< Of all zones. */
	bool handed;        /*!< The last event was wanted. */
	bool kept;          /*!< The file has the place. */
	bool written;       /*!< It could be written once. */
	bool said_place;    /*!< That it cannot be written. */
	bool trouble;       /*!< The store cannot be read, in this turn. */
	bool said_trouble;  /*!< That it could not be. */
	bool said_invalid;  /*!< That it has invalid rows. */
	change_t *changes;
	size_t count, size;
	store_event_t event;
	store_delegation_event_t delegation_event;
	store_zone_t zone;
	store_delegation_t delegation;
} follow_t;

/*! What comes next. */
typedef enum {
	TURN_MORE = 0, /*!< At once. */
	TURN_DONE,     /*!< There is nothing more for now. */
	TURN_AGAIN,    /*!< The same event after a minute. */
	TURN_ENDED,
	TURN_BROKEN, /*!< An error of ours. */
} turn_t;

/* What is said on stderr. */

/*! Says it once. */
static turn_t store_trouble(follow_t *f, const char *words)
{
	if (!f->said_trouble) {
		fprintf(stderr, "kskroll: %s; it is tried again until it succeeds\n", words);
	}
	f->trouble = f->said_trouble = true;
	return TURN_DONE;
}

/*! \return False if the file cannot be written. */
static bool keep(follow_t *f)
{
	f->kept = f->o.state == NULL || place_write(&f->place, f->o.state);
	f->written = f->written || f->kept;
	if (f->kept) {
		f->said_place = false;
	} else if (!f->said_place) {
		fprintf(stderr, "kskroll: %s cannot be written: %s%s\n", f->o.state, strerror(errno),
		        f->written ? "; after a restart, events since then would come again" : "");
		f->said_place = true;
	}
	return f->kept;
}

/* An event. */

/*! Hands a notice over if it is wanted. */
static turn_t hand(follow_t *f, const notice_t *n)
{
	static memory_file_t w;
	const bool ends = !n->notified && place_find(&f->place, n->zone, n->name) != NULL;

	f->handed = !f->o.blocked || n->needs_human || ends;
	if (!f->handed) {
		return TURN_MORE;
	}
	w = (memory_file_t){ 0 };
	memory_file_begin(&w);
	notice_print(&f->o, n, w.file);
	memory_file_end(&w);
	const hook_result_t result = hook_hand(&f->hook, w.text, w.len);
	const int code = errno;
	free(w.text);
	switch (result) {
	case HOOK_HANDLED:
		return TURN_MORE;
	case HOOK_AGAIN:
		return TURN_AGAIN;
	case HOOK_ENDED:
		return TURN_ENDED;
	default:
		fprintf(stderr, "kskroll: output: %s\n", strerror(code));
		return TURN_BROKEN;
	}
}

/*! What follows from a notice that was handed over, or is not wanted. */
static void note(follow_t *f, const notice_t *n)
{
	if (!n->notified) {
		(void)place_note(&f->place, n->zone, n->name, n->needs_human);
	}
	f->kept = false;
}

/*! Reads the next event of a zone. One that is invalid is passed over. \return KNOT_EOK, KNOT_ENOENT, KNOT_ERROR. */
static int next_of_zones(follow_t *f, store_t *store, int64_t *id)
{
	int ret;

	*id = f->place.history;
	while ((ret = store_history_next(store, id, &f->event)) == KNOT_EMALF) {
		fprintf(stderr, "kskroll: %s: it is passed over\n", store_error(store));
		f->place.history = *id;
		f->kept = false;
	}
	return ret;
}

static int next_of_delegations(follow_t *f, store_t *store, int64_t *id)
{
	int ret;

	*id = f->place.delegation_history;
	while ((ret = store_delegation_history_next(store, id, &f->delegation_event)) == KNOT_EMALF) {
		fprintf(stderr, "kskroll: %s: it is passed over\n", store_error(store));
		f->place.delegation_history = *id;
		f->kept = false;
	}
	return ret;
}

/*! Handles the oldest event that was not handled yet. */
static turn_t next_event(follow_t *f, store_t *store)
{
	int64_t id, delegation_id;
	notice_t n;

	const int zones = next_of_zones(f, store, &id);
	const int delegations = zones == KNOT_ERROR ? KNOT_ERROR : next_of_delegations(f, store, &delegation_id);
	if (delegations == KNOT_ERROR) {
		return store_trouble(f, store_error(store));
	}
	if (zones == KNOT_ENOENT && delegations == KNOT_ENOENT) {
		return TURN_DONE;
	}
	const bool of_zone =
		zones == KNOT_EOK && (delegations == KNOT_ENOENT || f->event.time <= f->delegation_event.time);
	const int row = of_zone ? store_load(store, f->event.zone, &f->zone) :
	                          store_delegation_load(store, f->delegation_event.zone, f->delegation_event.name,
	                                                &f->delegation);
	if (row == KNOT_ERROR) {
		return store_trouble(f, store_error(store));
	}
	if (of_zone) {
		notice_event(&n, &f->o, id, &f->event, row == KNOT_EOK ? &f->zone : NULL);
	} else {
		notice_delegation_event(&n, &f->o, delegation_id, &f->delegation_event,
		                        row == KNOT_EOK ? &f->delegation : NULL);
	}
	const turn_t turn = hand(f, &n);
	if (turn == TURN_MORE) {
		note(f, &n);
		*(of_zone ? &f->place.history : &f->place.delegation_history) = of_zone ? id : delegation_id;
	}
	/* The place behind one that is not wanted is kept at the end of the turn. */
	if (turn == TURN_MORE && f->handed) {
		(void)keep(f);
	}
	return turn;
}

/* Time alone: a check of all zones finds who began to need a human, or no longer does, without an event. */

static void remember(follow_t *f, const char *zone, const char *name)
{
	if (f->count == f->size) {
		f->size = 2 * f->size + 64;
		f->changes = memory_need(realloc(f->changes, f->size * sizeof(*f->changes)));
	}
	f->changes[f->count++] = (change_t){ memory_need(strdup(zone)), memory_need(strdup(name)) };
}

static void forget_changes(follow_t *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->changes[i].zone);
		free(f->changes[i].name);
	}
	free(f->changes);
	f->changes = NULL;
	f->count = f->size = 0;
}

static void see(follow_t *f, const char *zone, const char *name, bool needs)
{
	needing_t *was = place_find(&f->place, zone, name);

	if (was != NULL) {
		was->seen = true;
	}
	if ((was != NULL) != needs) {
		remember(f, zone, name);
	}
}

static int see_zone(const store_zone_t *z, void *arg)
{
	follow_t *f = arg;

	see(f, z->zone, "", advice_blocked(&f->o, &z->row));
	return 0;
}

static bool needs_human(const follow_t *f, const store_delegation_t *d)
{
	return !delegation_gone(d) && delegation_blocked(&f->o, &d->row);
}

static int see_delegation(const store_delegation_t *d, void *arg)
{
	follow_t *f = arg;

	see(f, d->zone, d->name, needs_human(f, d));
	return 0;
}

/*! Finds all changes. \return KNOT_EOK, KNOT_ERROR. */
static int find_changes(follow_t *f, store_t *store)
{
	const int64_t begin = ending_clock();

	forget_changes(f);
	for (size_t i = 0; i < f->place.count; i++) {
		f->place.needing[i].seen = false;
	}
	const int zones = store_zones(store, see_zone, f);
	const int delegations =
		zones == KNOT_ERROR ? KNOT_ERROR : store_delegations(store, NULL, false, see_delegation, f);
	if (delegations == KNOT_ERROR) {
		return KNOT_ERROR;
	}
	const bool whole = zones == KNOT_EOK && delegations == KNOT_EOK;
	if (!whole && !f->said_invalid) {
		fprintf(stderr, "kskroll: %s; such rows are passed over\n", store_error(store));
	}
	f->said_invalid = !whole;
	for (size_t i = 0; whole && i < f->place.count; i++) {
		if (!f->place.needing[i].seen) {
			remember(f, f->place.needing[i].zone, f->place.needing[i].name);
		}
	}
	const int64_t pause = SHARE * (ending_clock() - begin);
	f->next_check = ending_clock() + (pause > f->minute ? pause : f->minute);
	return KNOT_EOK;
}

/*! Whether there are events that were not handled: what they tell comes by them. */
static bool is_pending(follow_t *f, store_t *store)
{
	int64_t id = f->place.history, delegation_id = f->place.delegation_history;

	return store_history_next(store, &id, &f->event) != KNOT_ENOENT ||
	       store_delegation_history_next(store, &delegation_id, &f->delegation_event) != KNOT_ENOENT;
}

/*! Fills a notice about what is so now. \return Whether it is news. */
static bool notice_change(follow_t *f, store_t *store, const change_t *c, notice_t *n, int *ret)
{
	const needing_t *was = place_find(&f->place, c->zone, c->name);
	const bool of_zone = c->name[0] == '\0';
	bool needs = false;

	*ret = of_zone ? store_load(store, c->zone, &f->zone) :
	                 store_delegation_load(store, c->zone, c->name, &f->delegation);
	if (*ret == KNOT_EOK) {
		needs = of_zone ? advice_blocked(&f->o, &f->zone.row) : needs_human(f, &f->delegation);
	}
	if ((was != NULL) == needs || (*ret != KNOT_EOK && *ret != KNOT_ENOENT)) {
		return false;
	}
	if (*ret == KNOT_ENOENT) {
		notice_gone(n, &f->o, was);
	} else if (of_zone) {
		notice_waiting(n, &f->o, &f->zone, needs);
	} else {
		notice_delegation_waiting(n, &f->o, &f->delegation, needs);
	}
	return true;
}

/*! \return TURN_DONE if all is as it was said. */
static turn_t check_all(follow_t *f, store_t *store)
{
	turn_t turn = TURN_MORE;
	int ret = find_changes(f, store);

	for (size_t i = 0; ret != KNOT_ERROR && turn == TURN_MORE && i < f->count; i++) {
		notice_t n;
		const bool news = notice_change(f, store, &f->changes[i], &n, &ret);
		/* Rows are written together with their events. So what was read is as the handled events say, or later
		 * ones are there now. */
		if (is_pending(f, store)) {
			f->next_check = 0;
			return TURN_MORE;
		}
		turn = news ? hand(f, &n) : TURN_MORE;
		if (news && turn == TURN_MORE) {
			note(f, &n);
			(void)keep(f);
		}
	}
	if (ret == KNOT_ERROR) {
		return store_trouble(f, store_error(store));
	}
	if (turn != TURN_MORE) {
		f->next_check = 0;
		return turn;
	}
	return TURN_DONE;
}

/* The place in the history. */

/*! Begins with what comes from now on. */
static int begin(follow_t *f, store_t *store)
{
	int ret = find_changes(f, store);

	for (size_t i = 0; ret == KNOT_EOK && i < f->count; i++) {
		(void)place_note(&f->place, f->changes[i].zone, f->changes[i].name, true);
	}
	f->place.begun = ret == KNOT_EOK;
	return ret;
}

static turn_t find_place(follow_t *f, store_t *store)
{
	int64_t history, delegation_history;

	if (store_history_last(store, &history) != KNOT_EOK ||
	    store_delegation_history_last(store, &delegation_history) != KNOT_EOK) {
		return store_trouble(f, store_error(store));
	}
	if (!f->place.begun) {
		f->place.history = history;
		f->place.delegation_history = delegation_history;
		if (begin(f, store) != KNOT_EOK) {
			return store_trouble(f, store_error(store));
		}
	} else if (history < f->place.history || delegation_history < f->place.delegation_history) {
		fprintf(stderr, "kskroll: %s is another store than before: its events come from the oldest on\n",
		        f->o.db);
		f->place.history = f->place.delegation_history = 0;
		f->kept = false;
	}
	return f->written || keep(f) ? TURN_MORE : TURN_BROKEN;
}

/* The loop. */

static turn_t turn_of(follow_t *f)
{
	char err[1024];

	f->o.now = options_now();
	f->trouble = false;
	store_t *store = store_open(f->o.db, true, err, sizeof(err));
	if (store == NULL) {
		return store_trouble(f, err);
	}
	turn_t turn = find_place(f, store);
	for (unsigned i = 0; turn == TURN_MORE && i < EVENTS_MAX; i++) {
		turn = next_event(f, store);
	}
	if (turn == TURN_DONE && !f->trouble && ending_clock() >= f->next_check) {
		turn = check_all(f, store);
	}
	store_close(store);
	if (f->said_trouble && !f->trouble) {
		fprintf(stderr, "kskroll: %s can be read again\n", f->o.db);
		f->said_trouble = false;
	}
	return turn;
}

/*! A minute, or as many milliseconds as tests say. */
static int64_t minute(void)
{
	const char *ms = getenv("KSKROLL_MINUTE");

	return ms != NULL ? strtoll(ms, NULL, 10) : 60000;
}

static void rest(int64_t ms)
{
	const int64_t end = ending_clock() + ms;

	for (int64_t left = ms; left > 0 && !ending_came(); left = end - ending_clock()) {
		ending_wait(left);
	}
}

static int run(follow_t *f)
{
	turn_t turn = TURN_MORE;

	ending_catch();
	(void)signal(SIGPIPE, SIG_IGN);
	while (!ending_came() && turn != TURN_BROKEN) {
		turn = turn_of(f);
		if (f->place.begun && !f->kept && turn != TURN_BROKEN) {
			(void)keep(f);
		}
		/* A thirtieth of a minute is what status --watch waits for, too. */
		rest(turn == TURN_DONE ? f->minute / 30 : turn == TURN_AGAIN ? f->minute : 0);
	}
	hook_end(&f->hook);
	return turn == TURN_BROKEN ? EXIT_ERROR : EXIT_FINE;
}

int cmd_follow(const options_t *o)
{
	follow_t *f = memory_need(calloc(1, sizeof(*f)));

	f->o = *o;
	f->minute = minute();
	f->hook = (hook_t){ .program = o->exec, .bound = f->minute };
	/* A program may ask kskroll for more. */
	if (setenv("KSKROLL_DB", o->db, 1) != 0) {
		memory_none();
	}
	int ret = o->state != NULL ? place_read(&f->place, o->state) : EXIT_FINE;
	if (ret == EXIT_FINE) {
		ret = run(f);
	}
	forget_changes(f);
	place_free(&f->place);
	free(f);
	return ret;
}
