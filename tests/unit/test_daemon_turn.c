/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A turn of a zone: which step follows which, and what is left when the zone goes meanwhile. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "env.h"
#include "zone.h"
#include "zone_turn.h"

/* The steps come back when the test says so. */
static check_done_f checking;
static world_done_f asking;
static unsigned asked; /*!< SURVEY_*. */
static act_done_f acting;
static fit_done_f judging;
static bool suffices, judged, store_is_there, saved;
static unsigned closer, freed, alarms, keys;
static rollover_decision_t acted;
static uint64_t next_in;
static unsigned scheduled;

void check_start(zone_t *zone, check_done_f done)
{
	(void)zone;
	checking = done;
}

void check_closer(zone_t *zone, check_done_f done)
{
	(void)zone;
	closer++;
	checking = done;
}

bool check_suffices(const zone_t *zone, const rollover_decision_t *d)
{
	(void)zone, (void)d;
	return suffices;
}

void world_ask(zone_t *zone, unsigned ask, world_done_f done)
{
	(void)zone;
	assert_int_not_equal(ask, 0);
	asked = ask & (SURVEY_CHILD | SURVEY_PARENT);
	asking = done;
}

void world_cancel(zone_t *zone)
{
	world_done_f done = asking;
	asking = NULL;
	if (done != NULL) {
		done(zone, true);
	}
}

uint32_t fit_ttl(const zone_t *zone)
{
	return zone->settings->config.ttl;
}

bool fit_missing(const zone_t *zone, const rollover_decision_t *d)
{
	(void)zone, (void)d;
	return !judged;
}

void fit_ask(zone_t *zone, const rollover_decision_t *d, fit_done_f done)
{
	(void)zone, (void)d;
	judging = done;
}

void fit_forget(zone_t *zone)
{
	(void)zone;
}

bool fit_is_plain(const zone_t *zone)
{
	(void)zone;
	return true;
}

void fit_free(zone_t *zone)
{
	(void)zone;
}

void act_upon(zone_t *zone, const rollover_decision_t *d, act_done_f done)
{
	(void)zone;
	acted = *d;
	acting = done;
}

bool announce_upon(zone_t *zone, const rollover_decision_t *d, announce_done_f done)
{
	(void)zone, (void)d, (void)done;
	return false;
}

static const zone_settings_t *reviewed;

void announce_review(zone_t *zone)
{
	reviewed = zone->settings;
}

void announce_cancel(zone_t *zone)
{
	(void)zone;
}

void announce_facts(const zone_t *zone, rollover_facts_t *facts)
{
	(void)zone, (void)facts;
}

bool announce_is_busy(const zone_t *zone)
{
	(void)zone;
	return false;
}

bool signaling_check(zone_t *zone, signaling_done_f done)
{
	(void)zone, (void)done;
	return false;
}

void signaling_end(zone_t *zone)
{
	(void)zone;
}

bool signaling_is_plain(const zone_t *zone)
{
	(void)zone;
	return true;
}

void signaling_free(zone_t *zone)
{
	(void)zone;
}

bool record_load(zone_t *zone)
{
	zone->record.loaded = store_is_there;
	return store_is_there;
}

void record_loaded(zone_t *zone)
{
	zone->record.loaded = true;
}

bool record_save(zone_t *zone, const rollover_decision_t *d, time_t now, bool soon)
{
	(void)zone, (void)d, (void)now, (void)soon;
	return saved;
}

bool record_is_plain(const zone_t *zone)
{
	return zone->record.loaded;
}

void record_free(zone_t *zone)
{
	(void)zone;
	freed++;
}

void facts_free(gathered_t *gathered)
{
	free(gathered);
}

void schedule_in(schedule_t *schedule, entry_t *entry, uint64_t ms)
{
	(void)schedule, (void)entry;
	scheduled++;
	next_in = ms;
}

void numbers_step(zone_t *zone)
{
	(void)zone;
}

void numbers_alarm(zone_t *zone)
{
	(void)zone;
	alarms++;
}

static uint64_t under_way;

uint64_t numbers_under_way(const numbers_t *numbers)
{
	(void)numbers;
	return under_way;
}

store_t *writer_store(const writer_t *writer)
{
	(void)writer;
	return (store_t *)1;
}

static uint64_t siblings;
static int siblings_read;

int store_siblings(store_t *store, const char *zone, time_t since, uint64_t *count)
{
	(void)store, (void)zone;
	assert_true(since <= time(NULL) - 9 * 86400);
	*count = siblings_read == KNOT_EOK ? siblings : 0;
	return siblings_read;
}

void numbers_resumed(numbers_t *numbers, entry_t *entry)
{
	(void)numbers, (void)entry;
}

void numbers_publish(env_t *env, entry_t *entry)
{
	(void)env, (void)entry;
}

static char logged[2048];
static const char *said = "";

void outbox_log(outbox_t *box, int priority, const char *fmt, ...)
{
	(void)box, (void)priority;
	va_list args;
	va_start(args, fmt);
	vsnprintf(logged, sizeof(logged), fmt, args);
	va_end(args);
}

time_t clocks_now(const clocks_t *clocks, rollover_row_t *row)
{
	(void)clocks, (void)row;
	return time(NULL);
}

const char *resources_store_error(const env_t *env)
{
	(void)env;
	return "no store";
}

bool writer_failed(const writer_t *writer)
{
	(void)writer;
	return false;
}

void report_line(char *out, size_t len, const rollover_decision_t *d, rollover_state_t before,
                 const rollover_facts_t *facts)
{
	(void)d, (void)before, (void)facts;
	snprintf(out, len, "%s", said);
}

static zone_settings_t settings = {
	.rollover = true,
	.config = { .ttl = 300, .lead = 3600, .check_interval = 300, .ds_check_interval = 3600 },
};

const zone_settings_t *instances_settings(const instances_t *instances, const entry_t *entry)
{
	(void)instances, (void)entry;
	return &settings;
}

/* The zone. */

typedef struct {
	env_t env;
	entry_t *entry;
} fixture_t;

static int setup(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->entry = calloc(1, sizeof(*f->entry) + sizeof("a."));
	assert_non_null(f->entry);
	strcpy(f->entry->name, "a.");
	checking = NULL, asking = NULL, acting = NULL, judging = NULL;
	suffices = judged = store_is_there = saved = true;
	closer = freed = alarms = scheduled = 0;
	keys = 1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_t *f = *state;
	if (f->entry != NULL) {
		zone_end(f->entry);
	}
	free(f);
	return 0;
}

static zone_t *turn(fixture_t *f)
{
	zone_turn(f->entry, &f->env);
	return f->entry->zone;
}

/*! The own zone has a key, and is what it should be. */
static void answer_check(zone_t *zone, check_end_t end)
{
	if (end == CHECK_NEW) {
		gathered_t *gathered = calloc(1, sizeof(*gathered));
		assert_non_null(gathered);
		free(zone->gathered);
		zone->gathered = gathered;
		gathered->facts.own.known = true;
		gathered->facts.own.dnskey = (1U << keys) - 1;
		gathered->facts.own.dnskey_ttl = 300;
		for (unsigned i = 0; i < keys; i++) {
			gathered->facts.keys[i].tag = i + 1;
		}
		gathered->facts.key_count = gathered->own_key_count = keys;
	}
	check_done_f done = checking;
	checking = NULL;
	done(zone, end);
}

static void answer_world(zone_t *zone, bool cancelled)
{
	world_done_f done = asking;
	assert_non_null(done);
	asking = NULL;
	if (!cancelled) {
		zone->gathered->facts.asked = asked;
	}
	done(zone, cancelled);
}

static void answer_act(zone_t *zone, bool stored)
{
	act_done_f done = acting;
	assert_non_null(done);
	acting = NULL;
	done(zone, stored);
}

static void a_zone_with_nothing_to_do_is_at_rest_after_its_turn(void **state)
{
	fixture_t *f = *state;
	zone_t *zone = turn(f);
	answer_check(zone, CHECK_NEW);
	answer_world(zone, false);
	answer_act(zone, true);
	assert_null(f->entry->zone);
	assert_non_null(f->entry->kept);
	assert_null(f->env.awake);
	assert_int_equal(freed, 1);
	assert_int_equal(scheduled, 1);
	assert_true(next_in >= 1000);
}

/*! It has the parental agent alone. */
static void a_zone_that_is_not_driven_is_not_asked(void **state)
{
	fixture_t *f = *state;
	settings.rollover = false;
	zone_t *zone = turn(f);
	settings.rollover = true;
	assert_null(zone);
	assert_null(checking);
	assert_int_equal(scheduled, 0);
	assert_non_null(turn(f));
	assert_non_null(checking);
}

/*! The zone is due, and known to be well. */
static zone_t *due_turn(fixture_t *f)
{
	zone_t *zone = turn(f);
	rollover_row_t *row = &zone->kept.row;

	row->old[0].tag = 1;
	row->old_count = 1;
	row->parent_seen = time(NULL);
	row->settled_at = row->parent_seen - 1000;
	return zone;
}

/*! knotd cuts long lines. */
static void a_warning_ends_with_the_next_command(void **state)
{
	static const size_t NAMES[] = { 2, 140, 254 };
	char text[640], end[300];

	settings.config.ksk_lifetime = 100;
	starts_t starts = { .wrong = true, .why = "no such time zone" };
	settings.starts = &starts;
	for (size_t i = 0; i < 3; i++) {
		void *fresh;
		assert_int_equal(setup(&fresh), 0);
		fixture_t *f = fresh;
		f->entry = realloc(f->entry, sizeof(*f->entry) + 256);
		for (size_t at = 0; at < NAMES[i]; at += 2) {
			strcpy(f->entry->name + at, "a.");
		}
		assert_non_null(f->entry);
		for (size_t len = 0; len < sizeof(text); len += 71) {
			memset(text, 'x', len);
			text[len] = '\0';
			said = text;
			zone_t *zone = due_turn(f);
			zone->kept.row.gate = GATE_NONE;
			answer_check(zone, CHECK_NEW);
			snprintf(end, sizeof(end), "; run kskroll status %s", NAMES[i] < 149 ? f->entry->name : "ZONE");
			assert_true(strlen(logged) <= 511 - 64);
			assert_string_equal(logged + strlen(logged) - strlen(end), end);
			assert_memory_equal(logged, "zone a.", 7);
			assert_true(strlen(logged) == 511 - 64 || strstr(logged, said) != NULL);
			answer_act(zone, true);
		}
		said = "";
		teardown(&fresh);
	}
	settings.starts = NULL;
	settings.config.ksk_lifetime = 0;
	(void)state;
}

static void what_keeps_a_due_rollover_from_its_start_is_known(void **state)
{
	fixture_t *f = *state;
	settings_t global = { .max_rolling = 2 };
	starts_t starts = { .wrong = true, .why = "no such time zone" };

	settings.config.ksk_lifetime = 100;
	settings.starts = &starts;
	f->env.resources.settings = &global;
	zone_t *zone = due_turn(f);
	answer_check(zone, CHECK_NEW);
	assert_int_equal(zone->kept.row.gate, GATE_START_NEVER);
	assert_string_equal(zone->kept.row.gate_detail, "no such time zone");
	answer_act(zone, true);

	settings.starts = NULL;
	under_way = 2;
	zone = due_turn(f);
	answer_check(zone, CHECK_NEW);
	assert_int_equal(zone->kept.row.gate, GATE_MAX_ROLLING);
	answer_act(zone, true);

	under_way = 1;
	siblings = global.max_rolling_parent = 3;
	zone = due_turn(f);
	answer_check(zone, CHECK_NEW);
	assert_int_equal(zone->kept.row.gate, GATE_MAX_ROLLING);
	assert_string_equal(zone->kept.row.gate_detail, "3 zones of the same parent roll, max-rolling-parent is 3");
	answer_act(zone, true);

	siblings = 2;
	siblings_read = KNOT_ERROR; /* Nobody knows how many. */
	zone = due_turn(f);
	answer_check(zone, CHECK_NEW);
	assert_int_equal(zone->kept.row.gate, GATE_MAX_ROLLING);
	answer_act(zone, true);

	/* Nothing does, but that the nameservers are asked first. */
	siblings_read = KNOT_EOK;
	zone = due_turn(f);
	answer_check(zone, CHECK_NEW);
	assert_int_equal(zone->kept.row.state, ROLLOVER_IDLE);
	assert_int_equal(zone->kept.row.gate, GATE_NONE);
	answer_act(zone, true);
	assert_true(next_in <= 1000);

	zone = due_turn(f);
	answer_check(zone, CHECK_NEW);
	answer_world(zone, false);
	assert_int_equal(zone->kept.row.state, ROLLOVER_PREPARE);
	settings.config.ksk_lifetime = 0;
	f->env.resources.settings = NULL;
	under_way = 0;
}

static void what_happens_during_a_turn_begins_the_next_one(void **state)
{
	fixture_t *f = *state;
	zone_t *zone = turn(f);
	zone_wake(&f->env, f->entry);
	assert_int_equal(scheduled, 0);
	answer_check(zone, CHECK_NEW);
	answer_world(zone, false);
	answer_act(zone, true);
	assert_int_equal(scheduled, 1);
	assert_int_equal(next_in, 0);
}

static void a_cancelled_survey_is_no_answer(void **state)
{
	fixture_t *f = *state;
	zone_t *zone = turn(f);
	answer_check(zone, CHECK_NEW);
	zone->kept.row.next_check = time(NULL) + 1000;
	answer_world(zone, true);
	assert_null(acting);
	assert_int_equal(scheduled, 1);
	assert_int_equal(next_in, 0);
}

static void without_memory_a_check_comes_again(void **state)
{
	fixture_t *f = *state;
	zone_t *zone = turn(f);
	answer_check(zone, CHECK_FAILED);
	assert_null(asking);
	assert_int_equal(scheduled, 1);
	assert_true(next_in > 8000 && next_in <= 20000);
}

static void before_anything_is_done_the_control_socket_agrees(void **state)
{
	fixture_t *f = *state;
	zone_t *zone = turn(f);
	suffices = false;
	answer_check(zone, CHECK_NEW);
	answer_world(zone, false);
	assert_null(acting);
	assert_int_equal(closer, 1);
	/* It says the same: the survey counts, and is not made again. */
	suffices = true;
	answer_check(zone, CHECK_CONFIRMED);
	assert_null(asking);
	answer_act(zone, true);
	assert_int_equal(scheduled, 1);
}

/*! Knot would make it ready while the zone waits for its turn at the parent. */
static void a_key_that_turns_up_is_silent_before_the_parent_is_asked(void **state)
{
	fixture_t *f = *state;
	keys = 2;
	zone_t *zone = turn(f);
	suffices = false;
	answer_check(zone, CHECK_NEW);
	assert_null(acting);
	assert_null(asking);
	assert_int_equal(closer, 1);
	/* The control socket agrees, and that it does so does not make the survey superfluous. */
	suffices = true;
	answer_check(zone, CHECK_CONFIRMED);
	assert_null(asking);
	assert_true(acted.set_keys && acted.keys == KEYS_SILENT);
	rollover_keys_are(&zone->kept.row, KEYS_SILENT, &zone->gathered->facts, time(NULL));
	answer_act(zone, true);
	assert_null(acting);
	answer_world(zone, false);
	answer_act(zone, true);
	assert_int_equal(scheduled, 1);

	/* It was done: the next turn asks at once. */
	zone = turn(f);
	answer_check(zone, CHECK_NEW);
	assert_null(acting);
	answer_world(zone, false);
	answer_act(zone, true);
}

/*! The zone goes meanwhile, or there is no memory. */
static void an_order_before_the_survey_leaves_nothing_behind(void **state)
{
	fixture_t *f = *state;
	keys = 2;
	zone_t *zone = turn(f);
	suffices = false;
	answer_check(zone, CHECK_NEW);
	answer_check(zone, CHECK_FAILED);
	assert_null(acting);
	assert_true(next_in > 8000 && next_in <= 20000);
	suffices = true;
	zone = turn(f);
	answer_check(zone, CHECK_NEW);
	zone_end(f->entry);
	f->entry = NULL;
	answer_act(zone, true);
	assert_null(asking);
	assert_int_equal(freed, 2); // With what was dropped between the turns.
}

static void a_configuration_that_changes_while_it_is_judged_is_checked_again(void **state)
{
	fixture_t *f = *state;
	static const fit_end_t ends[] = { FIT_VOID, FIT_FAILED };
	for (unsigned i = 0; i < 2; i++) {
		judged = false;
		scheduled = 0;
		zone_t *zone = turn(f);
		answer_check(zone, CHECK_NEW);
		answer_world(zone, false);
		assert_null(acting);
		zone->kept.row.next_check = time(NULL) + 1000;
		judging(zone, ends[i]);
		assert_int_equal(scheduled, 1);
		assert_true(ends[i] == FIT_VOID ? next_in == 0 : next_in > 8000 && next_in <= 20000);
	}
	judged = false;
	zone_t *zone = turn(f);
	answer_check(zone, CHECK_NEW);
	answer_world(zone, false);
	judged = true;
	judging(zone, FIT_JUDGED);
	answer_act(zone, true);
}

/*! No turn of the zone may follow. */
static void settings_that_change_are_heeded_at_once(void **state)
{
	fixture_t *f = *state;
	const zone_settings_t before = settings;

	reviewed = NULL;
	assert_true(zone_instance_changed(&f->env, f->entry, &before)); /* It is at rest. */
	assert_null(reviewed);
	zone_t *zone = zone_get(&f->env, f->entry);
	zone->settings = &before;
	assert_true(zone_instance_changed(&f->env, f->entry, &before));
	assert_ptr_equal(reviewed, &settings);
}

static void without_a_store_nothing_is_asked_or_done(void **state)
{
	fixture_t *f = *state;
	store_is_there = false;
	zone_t *zone = turn(f);
	assert_null(checking);
	assert_int_equal(zone->kept.row.gate, GATE_STORE_FAILED);
	assert_int_equal(alarms, 1);
	assert_int_equal(scheduled, 1);

	/* It comes, and goes before the decision can be written. */
	store_is_there = true;
	saved = false;
	zone = turn(f);
	answer_check(zone, CHECK_NEW);
	answer_world(zone, false);
	assert_null(acting);
	assert_int_equal(scheduled, 2);
	/* It rests, and knows why. */
	assert_null(f->entry->zone);
	zone = zone_get(&f->env, f->entry);
	assert_int_equal(zone->kept.row.gate, GATE_STORE_FAILED);
}

/*! knotd unloads the last instance while a step is under way: nothing follows, and all is freed with its end. */
static void a_zone_that_goes_during_a_step_is_freed_with_its_end(void **state)
{
	fixture_t *f = *state;
	enum {
		CHECK,
		WORLD,
		FIT,
		ACT,
		STEPS
	};
	for (unsigned step = CHECK; step < STEPS; step++) {
		assert_int_equal(setup(state), 0);
		fixture_t *one = *state;
		judged = step != FIT;
		zone_t *zone = turn(one);
		if (step > CHECK) {
			answer_check(zone, CHECK_NEW);
		}
		if (step > WORLD) {
			answer_world(zone, false);
		}
		zone_end(one->entry);
		one->entry = NULL;
		if (step == WORLD) {
			/* The survey was cancelled. */
			assert_int_equal(freed, 1);
		} else {
			assert_int_equal(freed, 0);
			if (step == CHECK) {
				checking(zone, CHECK_FAILED);
			} else if (step == FIT) {
				judging(zone, FIT_VOID);
			} else {
				acting(zone, true);
			}
			assert_int_equal(freed, 1);
		}
		assert_int_equal(scheduled, 0);
		assert_null(one->env.awake);
		assert_int_equal(teardown(state), 0);
	}
	*state = f;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_zone_with_nothing_to_do_is_at_rest_after_its_turn),
		T(a_zone_that_is_not_driven_is_not_asked),
		cmocka_unit_test(a_warning_ends_with_the_next_command),
		T(what_keeps_a_due_rollover_from_its_start_is_known),
		T(what_happens_during_a_turn_begins_the_next_one),
		T(a_cancelled_survey_is_no_answer),
		T(without_memory_a_check_comes_again),
		T(before_anything_is_done_the_control_socket_agrees),
		T(a_key_that_turns_up_is_silent_before_the_parent_is_asked),
		T(an_order_before_the_survey_leaves_nothing_behind),
		T(a_configuration_that_changes_while_it_is_judged_is_checked_again),
		T(settings_that_change_are_heeded_at_once),
		T(without_a_store_nothing_is_asked_or_done),
		T(a_zone_that_goes_during_a_step_is_freed_with_its_end),
	};
	return cmocka_run_group_tests_name("daemon_turn", tests, NULL, NULL);
}
