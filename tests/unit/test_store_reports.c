/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error reports in the store: distinct ones, bounded, removed when old. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libknot/errcode.h>
#include <sqlite3.h>

#include "kskroll/store.h"

#define ZONE  "example."
#define OTHER "other.example."

typedef struct {
	char dir[64], path[96];
	store_t *store;
	store_report_t got[64];
	unsigned count;
} fixture_t;

static int setup(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	char err[512];
	strcpy(f->dir, "/tmp/kskroll-reports-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/store.db", f->dir);
	f->store = store_open(f->path, false, err, sizeof(err));
	assert_non_null(f->store);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_t *f = *state;
	store_close(f->store);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static time_t add(fixture_t *f, const char *zone, uint16_t type, uint16_t ede, time_t now)
{
	time_t before = -1;
	assert_int_equal(store_report_add(f->store, zone, type, ede, now, &before), KNOT_EOK);
	return before;
}

static int take(const store_report_t *report, void *arg)
{
	fixture_t *f = arg;
	assert_true(f->count < 64);
	f->got[f->count++] = *report;
	return 0;
}

static unsigned list(fixture_t *f, const char *zone)
{
	f->count = 0;
	assert_int_equal(store_reports(f->store, zone, take, f), KNOT_EOK);
	return f->count;
}

static void the_same_report_is_counted(void **state)
{
	fixture_t *f = *state;
	assert_int_equal(list(f, ZONE), 0);
	assert_int_equal(add(f, ZONE, 59, 24, 1000), 0);
	assert_int_equal(add(f, ZONE, 59, 24, 1010), 1000);
	assert_int_equal(add(f, ZONE, 59, 6, 1020), 0);
	assert_int_equal(add(f, ZONE, 48, 24, 1030), 0);
	assert_int_equal(add(f, ZONE, 59, 24, 1040), 1010);
	assert_int_equal(add(f, OTHER, 59, 24, 1050), 0);
	assert_int_equal(list(f, ZONE), 3);
	const store_report_t want[] = { { 59, 24, 3, 1000, 1040 },
		                        { 48, 24, 1, 1030, 1030 },
		                        { 59, 6, 1, 1020, 1020 } };
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(f->got[i].type, want[i].type);
		assert_int_equal(f->got[i].ede, want[i].ede);
		assert_int_equal(f->got[i].count, want[i].count);
		assert_int_equal(f->got[i].first, want[i].first);
		assert_int_equal(f->got[i].last, want[i].last);
	}
	assert_int_equal(list(f, OTHER), 1);
}

/*! Whoever makes up reports does not fill the disk, and does not touch other zones. */
static void those_that_came_last_stay(void **state)
{
	fixture_t *f = *state;
	(void)add(f, OTHER, 59, 24, 1);
	for (unsigned i = 0; i < 1000; i++) {
		(void)add(f, ZONE, i, UINT16_MAX - i, 1000 + i);
	}
	assert_int_equal(list(f, ZONE), STORE_REPORTS);
	for (unsigned i = 0; i < STORE_REPORTS; i++) {
		assert_int_equal(f->got[i].type, 999 - i);
		assert_int_equal(f->got[i].ede, UINT16_MAX - 999 + i);
	}
	assert_int_equal(list(f, OTHER), 1);
}

static void old_ones_are_removed(void **state)
{
	fixture_t *f = *state;
	(void)add(f, ZONE, 59, 24, 1000);
	(void)add(f, ZONE, 59, 24, 3000);
	(void)add(f, ZONE, 59, 6, 1999);
	(void)add(f, OTHER, 59, 6, 2000);
	assert_int_equal(store_reports_prune(f->store, 2000), KNOT_EOK);
	assert_int_equal(list(f, ZONE), 1);
	assert_int_equal(f->got[0].ede, 24);
	assert_int_equal(list(f, OTHER), 1);
}

static void they_go_with_their_zone(void **state)
{
	fixture_t *f = *state;
	(void)add(f, ZONE, 59, 24, 1000);
	(void)add(f, OTHER, 59, 24, 1000);
	assert_int_equal(store_forget(f->store, ZONE), KNOT_EOK);
	assert_int_equal(list(f, ZONE), 0);
	assert_int_equal(list(f, OTHER), 1);
}

static void they_survive_a_restart_and_a_reader_adds_none(void **state)
{
	fixture_t *f = *state;
	char err[512];
	time_t before;
	(void)add(f, ZONE, 59, 24, 1000);
	store_close(f->store);
	f->store = store_open(f->path, true, err, sizeof(err));
	assert_non_null(f->store);
	assert_int_equal(list(f, ZONE), 1);
	assert_int_equal(store_report_add(f->store, ZONE, 59, 24, 1001, &before), KNOT_ERROR);
}

static void an_invalid_row_is_an_error(void **state)
{
	fixture_t *f = *state;
	sqlite3 *db = NULL;
	(void)add(f, ZONE, 59, 24, 1000);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE report SET ede = 65536", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	f->count = 0;
	assert_int_equal(store_reports(f->store, ZONE, take, f), KNOT_EMALF);
	assert_int_equal(f->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_report_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(those_that_came_last_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(old_ones_are_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(they_go_with_their_zone, setup, teardown),
		cmocka_unit_test_setup_teardown(they_survive_a_restart_and_a_reader_adds_none, setup, teardown),
		cmocka_unit_test_setup_teardown(an_invalid_row_is_an_error, setup, teardown),
	};
	return cmocka_run_group_tests_name("store_reports", tests, NULL, NULL);
}
