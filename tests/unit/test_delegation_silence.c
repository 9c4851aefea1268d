/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Since when a server has not answered. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "deleg_case.h"

/*! A server that is asked, with the clocks of its survey. */
typedef struct {
	delegation_survey_t asked;
	time_t wall, since;
	delegation_silence_t kept;
	uint64_t ms;
} silent_t;

static void ask(silent_t *s, time_t later, bool heard)
{
	s->wall += later;
	s->ms += later * UINT64_C(1000);
	delegation_surveyed(&s->asked, false, heard, s->wall, s->ms);
	s->kept = delegation_silent(&s->asked, &s->kept);
	s->since = s->kept.since;
}

/*! Silent in one survey. */
static silent_t begin(bool heard)
{
	silent_t s = { .wall = T0, .ms = 5 };

	ask(&s, 0, heard);
	assert_int_equal(s.since, T0);
	return s;
}

static void silence_lasts_from_survey_to_survey(void **state)
{
	(void)state;
	silent_t s = begin(true);

	ask(&s, HOUR, true);
	ask(&s, DELEGATION_SURVEY_GAP, true);
	assert_int_equal(s.since, T0);
}

/* A server that was silent a month ago, and is now, was not silent for a month. */
static void silence_that_nobody_watched_does_not_count(void **state)
{
	(void)state;
	silent_t s = begin(true);

	ask(&s, DELEGATION_SURVEY_GAP + 1, true);
	assert_int_equal(s.since, s.wall);
}

/* What was counted stays. What comes next counts from the first survey on in which the network answers. */
static void time_without_any_answer_does_not_count(void **state)
{
	(void)state;
	silent_t s = begin(true);

	ask(&s, HOUR, true);
	ask(&s, HOUR, false);
	assert_int_equal(s.wall - s.since, HOUR);
	ask(&s, 2 * HOUR, false);
	assert_int_equal(s.wall - s.since, HOUR);
	ask(&s, 3 * HOUR, true);
	assert_int_equal(s.wall - s.since, HOUR);
	ask(&s, HOUR, true);
	assert_int_equal(s.wall - s.since, 2 * HOUR);

	s = begin(false);
	ask(&s, HOUR, true);
	assert_int_equal(s.since, s.wall);
}

/*! A survey without the server. */
static void ask_others(silent_t *s, time_t later, bool heard)
{
	s->wall += later;
	s->ms += later * UINT64_C(1000);
	delegation_surveyed(&s->asked, false, heard, s->wall, s->ms);
}

/* One that is left out may have answered, and while nobody answered this host may have been cut off. */
static void time_without_the_server_does_not_count_where_nobody_answers(void **state)
{
	(void)state;
	enum {
		ALL,
		OTHERS,
		FIRST,
		FORMER
	};

	for (int alone = ALL; alone <= FORMER; alone++) {
		silent_t s = begin(alone == OTHERS);
		if (alone == FORMER) { /* It is what another process left behind. */
			s.asked = (delegation_survey_t){ 0 };
			s.kept.since -= DAY;
			s.since = s.kept.since;
		}
		for (int i = 0; i < 4; i++) {
			ask_others(&s, alone == ALL ? 6 * HOUR : HOUR, alone == FIRST);
		}
		ask(&s, HOUR, true);
		assert_int_equal(s.since, s.wall);
	}
	/* Others have shown that it was not. */
	silent_t s = begin(true);
	ask_others(&s, HOUR, true);
	ask(&s, HOUR, true);
	assert_int_equal(s.since, T0);
}

static void silence_follows_the_clock(void **state)
{
	(void)state;
	static const time_t by[] = { 40 * DAY, -40 * DAY, 20 };

	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		silent_t s = begin(true);
		ask(&s, HOUR, true);
		s.wall += by[i];
		ask(&s, HOUR, true);
		/* A survey that waited for its turn looks like a clock that was set by some seconds. */
		assert_int_equal(s.wall - s.since, by[i] == 20 ? 2 * HOUR + 20 : 2 * HOUR);
	}
}

/* Nor can one be longer than time itself. */
static void silence_never_begins_later_than_now(void **state)
{
	(void)state;
	const delegation_survey_t asked = { .surveyed = T0 };

	const time_t wrong[] = { T0 + 5, -5 };
	for (int i = 0; i < 2; i++) {
		const delegation_silence_t before = { .since = wrong[i], .seen = T0 };
		assert_int_equal(delegation_silent(&asked, &before).since, T0);
	}
}

/* What a former process has stored counts only if it goes on, and if this host is not cut off. */
static void what_was_stored_counts_if_it_goes_on(void **state)
{
	(void)state;

	for (unsigned i = 0; i < 4; i++) {
		const bool resumed = i & 1, heard = i & 2;
		delegation_survey_t asked = { 0 };
		delegation_surveyed(&asked, resumed, heard, T0, 5);
		delegation_silence_t before = { .since = T0 - DAY, .seen = T0 - HOUR };
		assert_int_equal(delegation_silent(&asked, &before).since, resumed && heard ? T0 - DAY : T0);
		/* By the server, not by the row: it may not have been asked for long, or without any answer. */
		before.seen = T0 - DELEGATION_SURVEY_GAP - 1;
		assert_int_equal(delegation_silent(&asked, &before).since, T0);
		before.seen = 0;
		assert_int_equal(delegation_silent(&asked, &before).since, T0);
	}
}

/* A row of a state that asks servers, and has not been entered just now. */
static void a_state_that_was_entered_has_asked_nobody(void **state)
{
	(void)state;
	static const struct {
		delegation_state_t state;
		bool asks;
	} rows[] = {
		{ DELEGATION_SURVEY, true },   { DELEGATION_SPREAD, true }, { DELEGATION_LOW, true },
		{ DELEGATION_RESTORE, false }, { DELEGATION_HELD, false },  { DELEGATION_REST, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		delegation_row_t row = { .state = rows[i].state, .since = T0, .clock.wall = T0 };
		assert_false(delegation_has_asked(&row));
		row.clock.wall = T0 + 1;
		assert_int_equal(delegation_has_asked(&row), rows[i].asks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_lasts_from_survey_to_survey),
		cmocka_unit_test(silence_that_nobody_watched_does_not_count),
		cmocka_unit_test(time_without_any_answer_does_not_count),
		cmocka_unit_test(time_without_the_server_does_not_count_where_nobody_answers),
		cmocka_unit_test(silence_follows_the_clock),
		cmocka_unit_test(silence_never_begins_later_than_now),
		cmocka_unit_test(what_was_stored_counts_if_it_goes_on),
		cmocka_unit_test(a_state_that_was_entered_has_asked_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
