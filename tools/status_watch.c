/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status --watch: the store is read again and again. On a terminal it is one screen, else a line for each change.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libknot/errcode.h>

#include "kskroll.h"

/*! Between two looks. Where a look takes long, it is a twentieth of the time. */
#define EVERY_MS 2000
#define SHARE    20

#define ENTER_SCREEN "\033[?1049h\033[?25l"
#define LEAVE_SCREEN "\033[?25h\033[?1049l"
#define TO_TOP       "\033[H"
#define CLEAR_LINE   "\033[K"
#define CLEAR_REST   "\033[J"

/*! What comes first on the screen. */
enum {
	RANK_OUTAGE,
	RANK_BLOCKED,
	RANK_ROLLING,
	RANK_REST,
};

typedef struct {
	char *zone;
	rollover_state_t state;
	rollover_gate_t gate;
	time_t since;
	int rank;
} seen_t;

typedef struct {
	seen_t *zones; /*!< In order of name. */
	size_t count, size;
} look_t;

typedef struct {
	options_t o;
	zone_list_t names; /*!< Those that were named; none: all. */
	bool screen;
	unsigned rows; /*!< Lines of the screen. */
	look_t look, before;
	time_t since;         /*!< Of the first look. */
	unsigned begun, done; /*!< Rollovers since then. */
	unsigned parents;
	char error[1024]; /*!< What was said last of rows that cannot be read; "": they can. */
	store_zone_t zone;
} screen_t;

/* A look. */

static void look_free(look_t *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->zones[i].zone);
	}
	free(l->zones);
	memset(l, 0, sizeof(*l));
}

static seen_t *look_add(look_t *l)
{
	if (l->count == l->size) {
		l->size = 2 * l->size + 64;
		l->zones = memory_need(realloc(l->zones, l->size * sizeof(*l->zones)));
	}
	return &l->zones[l->count++];
}

static bool is_named(screen_t *w, const char *zone)
{
	return w->names.count == 0 || zone_list_see(&w->names, zone);
}

static int see(const store_zone_t *z, void *arg)
{
	screen_t *w = arg;
	look_t *l = &w->look;
	const bool blocked = advice_blocked(&w->o, &z->row);

	if (!is_named(w, z->zone)) {
		return 0;
	}
	*look_add(l) = (seen_t){
		.zone = memory_need(strdup(z->zone)),
		.state = z->row.state,
		.gate = z->row.gate,
		.since = z->row.since,
		.rank = rollover_gate_info(z->row.gate)->outage ? RANK_OUTAGE :
		        blocked                                 ? RANK_BLOCKED :
		        z->row.state != ROLLOVER_IDLE           ? RANK_ROLLING :
		                                                  RANK_REST,
	};
	return 0;
}

/*! Words for a pair of looks of a zone; either may be NULL, then it came or went. */
typedef void (*change_f)(screen_t *w, const seen_t *before, const seen_t *now);

static void each_change(screen_t *w, change_f each)
{
	const look_t *a = &w->before, *b = &w->look;

	for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
		int order = i == a->count ? 1 : j == b->count ? -1 : strcmp(a->zones[i].zone, b->zones[j].zone);
		const seen_t *before = order <= 0 ? &a->zones[i++] : NULL;
		const seen_t *now = order >= 0 ? &b->zones[j++] : NULL;
		if (before == NULL || now == NULL || before->state != now->state || before->gate != now->gate ||
		    before->rank != now->rank) {
			each(w, before, now);
		}
	}
}

static void count_change(screen_t *w, const seen_t *before, const seen_t *now)
{
	const bool rolled = before != NULL && before->state != ROLLOVER_IDLE;
	const bool rolls = now != NULL && now->state != ROLLOVER_IDLE;

	w->begun += rolls && !rolled;
	w->done += rolled && now != NULL && !rolls;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const seen_t *)a)->zone, ((const seen_t *)b)->zone);
}

/*! Zones whose rows are invalid now are taken for what they were. */
static void keep_invalid(const look_t *before, look_t *now)
{
	const size_t valid = now->count;

	for (size_t i = 0; i < before->count; i++) {
		if (valid == 0 || bsearch(&before->zones[i], now->zones, valid, sizeof(*now->zones), by_name) == NULL) {
			seen_t *kept = look_add(now);
			*kept = before->zones[i];
			kept->zone = memory_need(strdup(kept->zone));
		}
	}
	qsort(now->zones, now->count, sizeof(*now->zones), by_name);
}

/*! Takes the place of the last look if the zones can be read. \return Exit code. */
static int look(screen_t *w, store_t *store)
{
	const look_t last = w->look;

	memset(&w->look, 0, sizeof(w->look));
	const int ret = store_zones(store, see, w);
	const char *error = ret != KNOT_EOK ? store_error(store) : "";
	if (strcmp(error, w->error) != 0) {
		snprintf(w->error, sizeof(w->error), "%s", error);
		fprintf(stderr, error[0] != '\0' ? "kskroll: %s\n" : "kskroll: the store can be read again\n", error);
	}
	if (ret != KNOT_EOK && ret != KNOT_EMALF) {
		look_free(&w->look);
		w->look = last;
		return EXIT_ERROR;
	}
	look_free(&w->before);
	w->before = last;
	if (ret == KNOT_EMALF) {
		keep_invalid(&w->before, &w->look);
	}
	w->parents = stored_parents(store);
	return EXIT_FINE;
}

/* Lines. */

static void print_clock(const screen_t *w)
{
	char text[TEXT_TIME];
	printf("%s  ", text_time(text, w->o.now));
}

static void print_seen(const screen_t *w, const seen_t *s)
{
	printf("%s", rollover_state_name(s->state));
	if (s->gate != GATE_NONE) {
		fputs(", ", stdout);
		color_print(&w->o, s->rank <= RANK_BLOCKED ? COLOR_RED : COLOR_NONE, rollover_gate_info(s->gate)->name);
	}
}

static void print_change(screen_t *w, const seen_t *before, const seen_t *now)
{
	if (w->o.blocked && (before == NULL || before->rank > RANK_BLOCKED) &&
	    (now == NULL || now->rank > RANK_BLOCKED)) {
		return;
	}
	print_clock(w);
	printf("%s  ", (now != NULL ? now : before)->zone);
	if (before != NULL && now != NULL) {
		print_seen(w, before);
		fputs(" -> ", stdout);
	}
	if (now != NULL) {
		print_seen(w, now);
		puts(now->rank <= RANK_BLOCKED ? "  needs a human" : "");
	} else {
		puts("no longer in the store");
	}
}

static void print_first(screen_t *w)
{
	size_t shown = 0;

	for (size_t i = 0; i < w->look.count; i++) {
		const seen_t *s = &w->look.zones[i];
		if (s->rank < (w->o.blocked ? RANK_ROLLING : RANK_REST)) {
			print_change(w, NULL, s);
			shown++;
		}
	}
	print_clock(w);
	printf("%zu of %zu zones %s; each change follows\n", shown, w->look.count,
	       w->o.blocked ? "need a human" : "roll or need a human");
}

/* The screen. */

static int by_rank(const void *a, const void *b)
{
	const seen_t *x = *(const seen_t *const *)a, *y = *(const seen_t *const *)b;

	if (x->rank != y->rank) {
		return x->rank - y->rank;
	}
	/* What has changed last comes first. */
	if (x->since != y->since) {
		return x->since > y->since ? -1 : 1;
	}
	return strcmp(x->zone, y->zone);
}

static void print_head(const screen_t *w)
{
	size_t states[ROLLOVER_STATE__COUNT] = { 0 };
	size_t rolling = 0, human = 0;
	char text[TEXT_TIME];
	char line[1024];

	for (size_t i = 0; i < w->look.count; i++) {
		const seen_t *s = &w->look.zones[i];
		states[s->state]++;
		rolling += s->state != ROLLOVER_IDLE;
		human += s->rank <= RANK_BLOCKED;
	}
	const store_alive_t alive = store_alive(w->o.db, NULL);
	snprintf(line, sizeof(line), "kskroll %s   %zu zone%s, %zu in a rollover, %zu need%s a human%s",
	         text_time(text, w->o.now), w->look.count, w->look.count == 1 ? "" : "s", rolling, human,
	         human == 1 ? "s" : "", alive == STORE_ALIVE_NO ? "   kskrolld does not run" : "");
	printf("%.*s" CLEAR_LINE "\n", (int)w->o.width, line);

	size_t len = (size_t)snprintf(line, sizeof(line), "since %s: %u begun, %u done", text_time(text, w->since),
	                              w->begun, w->done);
	for (int state = 0; state < ROLLOVER_STATE__COUNT && len < sizeof(line); state++) {
		if (state != ROLLOVER_IDLE && states[state] > 0) {
			len += (size_t)snprintf(line + len, sizeof(line) - len, "   %s %zu", rollover_state_name(state),
			                        states[state]);
		}
	}
	printf("%.*s" CLEAR_LINE "\n" CLEAR_LINE "\n", (int)w->o.width, line);
}

/*! Rows of the screen that zones do not get: two of the head, two blank, the head of the table, the foot. */
#define OTHER_ROWS 6

static void print_screen(screen_t *w, store_t *store)
{
	const seen_t **order = memory_need(calloc(w->look.count + 1, sizeof(*order)));
	size_t count = 0, shown = 0;
	const int least = w->o.blocked ? RANK_BLOCKED : w->names.count > 0 ? RANK_REST : RANK_ROLLING;

	for (size_t i = 0; i < w->look.count; i++) {
		if (w->look.zones[i].rank <= least) {
			order[count++] = &w->look.zones[i];
		}
	}
	qsort(order, count, sizeof(*order), by_rank);

	fputs(TO_TOP CLEAR_REST, stdout);
	print_head(w);
	table_t *table = status_table();
	const size_t room = w->rows > OTHER_ROWS + 1 ? w->rows - OTHER_ROWS : 1;
	for (size_t i = 0; i < count && shown < room; i++) {
		forecast_t plan = { 0 };
		if (store_load(store, order[i]->zone, &w->zone) != KNOT_EOK) {
			continue; /* It went meanwhile. */
		}
		if (w->zone.row.state != ROLLOVER_IDLE) {
			zone_plan(&w->o, &w->zone, &plan);
		}
		status_row(&w->o, table, &w->zone, &plan);
		shown++;
	}
	if (shown > 0) {
		table_print(&w->o, table, 0);
	} else {
		puts(w->look.count == 0 ? "No zones yet." :
		     w->o.blocked       ? "Nothing needs a human." :
		                          "No zone is in a rollover.");
	}
	char foot[128];
	const size_t more = count - shown;
	int len = snprintf(foot, sizeof(foot), "Ctrl-C ends.");
	if (more > 0) {
		len += snprintf(foot + len, sizeof(foot) - (size_t)len, " %zu more: kskroll status", more);
	}
	if (w->parents > 0) {
		snprintf(foot + len, sizeof(foot) - (size_t)len, " Parent zones: %u (kskroll delegations)", w->parents);
	}
	printf("\n%.*s", (int)w->o.width, foot);
	table_free(table);
	free(order);
}

/* The loop. */

static void measure(screen_t *w)
{
	struct winsize size = { 0 };

	w->rows = 24;
	w->o.width = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		w->rows = size.ws_row;
		w->o.width = size.ws_col;
	}
}

/*! One look, and what is printed of it. \return Exit code. */
static int turn(screen_t *w, bool first)
{
	store_t *store = stored_open(&w->o);
	int ret = store == NULL ? EXIT_ERROR : EXIT_FINE;

	w->o.now = options_now();
	if (ret == EXIT_FINE) {
		ret = look(w, store);
	}
	if (ret == EXIT_FINE && first) {
		w->since = w->o.now;
	} else if (ret == EXIT_FINE) {
		each_change(w, count_change);
	}
	if (ret == EXIT_FINE && w->screen) {
		measure(w);
		print_screen(w, store);
	} else if (ret == EXIT_FINE && first) {
		print_first(w);
	} else if (ret == EXIT_FINE) {
		each_change(w, print_change);
	}
	store_close(store);
	return ret;
}

/*! A name that the store does not have is an error, and not nothing to be seen for ever. */
static int take_names(screen_t *w)
{
	int ret = zone_list_take(&w->o, &w->names) ? EXIT_FINE : EXIT_USAGE;
	store_t *store = ret == EXIT_FINE && w->names.count > 0 ? stored_open(&w->o) : NULL;

	if (ret == EXIT_FINE && w->names.count > 0 && store == NULL) {
		return EXIT_ERROR;
	}
	for (size_t i = 0; i < w->names.count && ret == EXIT_FINE; i++) {
		ret = stored_load(store, w->names.name[i], &w->zone);
	}
	store_close(store);
	return ret;
}

static int run(screen_t *w)
{
	int ret = EXIT_FINE;

	ending_catch();
	if (w->screen) {
		fputs(ENTER_SCREEN, stdout);
	}
	for (bool first = true; ret == EXIT_FINE && !ending_came(); first = false) {
		const int64_t begin = ending_clock();
		ret = turn(w, first);
		if (!first) {
			ret = EXIT_FINE; /* It has said why; the next look may be better. */
		}
		if (fflush(stdout) != 0) {
			break; /* main() says it. */
		}
		const int64_t took = SHARE * (ending_clock() - begin);
		if (ret == EXIT_FINE) {
			ending_wait(took > EVERY_MS ? took : EVERY_MS);
		}
	}
	if (w->screen) {
		fputs(LEAVE_SCREEN, stdout);
	}
	return ret;
}

int status_watch(const options_t *o)
{
	screen_t *w = memory_need(calloc(1, sizeof(*w)));
	const char *term = getenv("TERM");

	w->o = *o;
	w->screen = isatty(STDOUT_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
	int ret = take_names(w);
	if (ret == EXIT_FINE) {
		ret = run(w);
	}
	look_free(&w->look);
	look_free(&w->before);
	zone_list_free(&w->names);
	free(w);
	return ret;
}
