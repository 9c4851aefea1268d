/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kskrolld writes to the store: how often it waits for the disk, and how much stays. */

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "env.h"
#include "kskroll/delegation_store.h"

#define NOW     1800000000
#define DAY     86400
#define HOUR_MS 3600000

/* SQLite calls these. */
static unsigned syncs;
static bool disk_fails;

static int sync_file(long call, int fd)
{
	syncs++;
	if (disk_fails) {
		errno = EIO;
		return -1;
	}
	return syscall(call, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return sync_file(SYS_fsync, fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	return sync_file(SYS_fdatasync, fd);
}

/* What forget.c and writer.c need of the others. */
static const char *attached;
static unsigned logged;

entry_t *zones_find(const zones_t *zones, const char *name)
{
	static entry_t entry;
	(void)zones;
	return attached != NULL && strcmp(attached, name) == 0 ? &entry : NULL;
}

void outbox_log(outbox_t *box, int priority, const char *fmt, ...)
{
	(void)box, (void)priority, (void)fmt;
	logged++;
}

typedef struct {
	char dir[64];
	char path[96];
	env_t *env;
} fixture_t;

static int setup(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	char err[512];
	strcpy(f->dir, "/tmp/kskroll-write-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/kskroll.db", f->dir);
	f->env = calloc(1, sizeof(*f->env));
	f->env->writer.store = store_open(f->path, false, err, sizeof(err));
	assert_non_null(f->env->writer.store);
	assert_int_equal(uv_loop_init(&f->env->uv), 0);
	attached = NULL;
	logged = 0;
	disk_fails = false;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_t *f = *state;
	char path[128];
	store_close(f->env->writer.store);
	uv_loop_close(&f->env->uv);
	snprintf(path, sizeof(path), "%s-wal", f->path);
	unlink(path);
	snprintf(path, sizeof(path), "%s-shm", f->path);
	unlink(path);
	unlink(f->path);
	assert_return_code(rmdir(f->dir), 0);
	free(f->env);
	free(f);
	return 0;
}

static long count(fixture_t *f, const char *what)
{
	char sql[256];
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", what);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	long n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

/*! A survey at which so many servers are silent. \a kind: of their names. */
static void survey(fixture_t *f, const char *zone, const char *kind, unsigned silent, time_t now)
{
	char server[SERVER_NAME_MAX];
	for (unsigned i = 0; i < silent; i++) {
		snprintf(server, sizeof(server), "ns%u.%s.test. 192.0.2.1@53", i, kind);
		writer_unreachable(&f->env->writer, zone, server,
		                   &(rollover_silence_t){ .since = now - 60, .seen.wall = now });
	}
	writer_servers_done(&f->env->writer, zone, now);
}

static void many_silent_servers_cost_one_wait_for_the_disk(void **state)
{
	fixture_t *f = *state;
	survey(f, "a.", "x", 3, NOW);
	assert_true(writer_flush(&f->env->writer));
	syncs = 0;
	survey(f, "a.", "x", 300, NOW + 10);
	assert_int_equal(syncs, 0);
	assert_true(writer_flush(&f->env->writer));
	/* The log of SQLite, and nothing else. */
	assert_true(syncs >= 1 && syncs <= 2);
	assert_int_equal(count(f, "server"), 300);

	/* That one answers again is no transaction of its own either. */
	syncs = 0;
	for (unsigned i = 0; i < 100; i++) {
		char server[SERVER_NAME_MAX];
		snprintf(server, sizeof(server), "ns%u.x.test. 192.0.2.1@53", i);
		writer_unreachable(&f->env->writer, "a.", server, NULL);
	}
	assert_int_equal(syncs, 0);
	assert_true(writer_flush(&f->env->writer));
	assert_true(syncs >= 1 && syncs <= 2);
	assert_int_equal(count(f, "server"), 200);
}

static void ns_sets_that_rotate_do_not_grow_the_store(void **state)
{
	fixture_t *f = *state;
	char kind[32];
	for (unsigned i = 0; i < 40; i++) {
		snprintf(kind, sizeof(kind), "r%u", i);
		survey(f, "hostile.", kind, 128, NOW + i * 60);
		survey(f, "honest.", "x", 2, NOW + i * 60);
		assert_true(writer_flush(&f->env->writer));
	}
	assert_int_equal(count(f, "server WHERE zone = 'hostile.'"), STORE_SERVERS);
	/* Those that were seen last. */
	assert_int_equal(count(f, "server WHERE server LIKE '%.r39.test.%'"), 128);
	assert_int_equal(count(f, "server WHERE zone = 'honest.'"), 2);
}

static void one_survey_fits(void **state)
{
	fixture_t *f = *state;
	rollover_silence_t silence;
	survey(f, "a.", "x", STORE_SERVERS, NOW);
	survey(f, "a.", "x", STORE_SERVERS, NOW + 60);
	assert_true(writer_flush(&f->env->writer));
	assert_int_equal(store_unreachable_load(f->env->writer.store, "a.", "ns0.x.test. 192.0.2.1@53", &silence),
	                 KNOT_EOK);
	assert_int_equal(count(f, "server"), STORE_SERVERS);
}

static void server_that_was_in_no_survey_for_a_month_is_removed(void **state)
{
	fixture_t *f = *state;
	survey(f, "a.", "gone", 5, NOW);
	survey(f, "a.", "x", 1, NOW + STORE_SERVER_KEPT);
	assert_true(writer_flush(&f->env->writer));
	assert_int_equal(count(f, "server"), 6);
	survey(f, "a.", "x", 1, NOW + STORE_SERVER_KEPT + 1);
	assert_true(writer_flush(&f->env->writer));
	assert_int_equal(count(f, "server"), 1);
}

static void without_a_store_nothing_happens(void **state)
{
	fixture_t *f = *state;
	store_t *store = f->env->writer.store;
	f->env->writer.store = NULL;
	survey(f, "a.", "x", 3, NOW);
	forget_gone(f->env);
	f->env->writer.store = store;
	assert_int_equal(f->env->writer.unwritten, 0);
}

static void zone(fixture_t *f, const char *name, time_t checked, unsigned events)
{
	store_zone_t *z = calloc(1, sizeof(*z));
	store_event_t *e = calloc(1, sizeof(*e));
	snprintf(z->zone, sizeof(z->zone), "%s", name);
	rollover_init(&z->row, checked);
	z->checked = checked;
	assert_int_equal(store_save(f->env->writer.store, z, NULL), KNOT_EOK);
	for (unsigned i = 0; i < events; i++) {
		snprintf(e->zone, sizeof(e->zone), "%s", name);
		e->time = checked;
		e->gate = GATE_HOLD;
		strcpy(e->evidence, "{}");
		assert_int_equal(store_save(f->env->writer.store, z, e), KNOT_EOK);
	}
	assert_int_equal(store_unreachable_save(f->env->writer.store, name, "ns.",
	                                        &(rollover_silence_t){ .since = checked, .seen.wall = checked }),
	                 KNOT_EOK);
	free(z);
	free(e);
}

/* The end of a silence that is lost: the next one must not count from the begin of this one. */

#define NS1 "ns1.x.test. 192.0.2.1@53"
#define NS2 "ns2.x.test. 192.0.2.2@53"

/*! Statements that another process runs. */
static void sql(fixture_t *f, const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/*! A half, with the zone or the delegation whose servers it asks. */
typedef struct {
	const char *table;
	void (*silent)(fixture_t *f, const char *server, time_t since);
	time_t (*since)(fixture_t *f, const char *server);
	bool (*save)(fixture_t *f, time_t checked);
	const char *row;
} half_t;

static void zone_silent(fixture_t *f, const char *server, time_t since)
{
	const rollover_silence_t silence = { .since = since, .seen.wall = since + 60 };
	writer_unreachable(&f->env->writer, "a.", server, since != 0 ? &silence : NULL);
}

static time_t zone_since(fixture_t *f, const char *server)
{
	rollover_silence_t silence;
	(void)store_unreachable_load(f->env->writer.store, "a.", server, &silence);
	return silence.since;
}

static bool zone_save(fixture_t *f, time_t checked)
{
	store_zone_t *z = calloc(1, sizeof(*z));
	strcpy(z->zone, "a.");
	rollover_init(&z->row, checked);
	z->checked = checked;
	const bool written = writer_save(&f->env->writer, z, NULL, true);
	free(z);
	return written;
}

static void child_silent(fixture_t *f, const char *server, time_t since)
{
	const delegation_silence_t silence = { .since = since, .seen = since + 60 };
	writer_delegation_silence(&f->env->writer, "test.", "a.test.", server, &silence);
}

static time_t child_since(fixture_t *f, const char *server)
{
	delegation_silence_t silence;
	assert_int_equal(store_delegation_silence_load(f->env->writer.store, "test.", "a.test.", server, &silence),
	                 KNOT_EOK);
	return silence.since;
}

static bool child_save(fixture_t *f, time_t checked)
{
	store_delegation_t *d = calloc(1, sizeof(*d));
	strcpy(d->zone, "test.");
	strcpy(d->name, "a.test.");
	d->checked = checked;
	const bool written = writer_delegation(&f->env->writer, d, NULL, true);
	free(d);
	return written;
}

static const half_t halves[] = {
	{ "server", zone_silent, zone_since, zone_save, "zone WHERE checked >" },
	{ "delegation_server", child_silent, child_since, child_save, "delegation WHERE checked >" },
};

/*! Rows that were checked after the silences of begin_silences(). */
static long newer_rows(fixture_t *f, const half_t *half)
{
	char what[64];
	snprintf(what, sizeof(what), "%s %d", half->row, NOW);
	return count(f, what);
}

static void begin_silences(fixture_t *f, const half_t *half)
{
	half->silent(f, NS1, NOW - DAY);
	half->silent(f, NS2, NOW - DAY);
	assert_true(half->save(f, NOW));
	assert_true(writer_flush(&f->env->writer));
	assert_int_equal(half->since(f, NS1), NOW - DAY);
	assert_int_equal(half->since(f, NS2), NOW - DAY);
}

/*! Nothing of before counts, and what is found from here on does. */
static void assert_all_begin_again(fixture_t *f, const half_t *half)
{
	assert_int_equal(half->since(f, NS1), 0);
	assert_int_equal(half->since(f, NS2), 0);
	half->silent(f, NS2, NOW + 60);
	assert_true(half->save(f, NOW + 60));
	assert_true(writer_flush(&f->env->writer));
	assert_int_equal(newer_rows(f, half), 1);
	assert_int_equal(half->since(f, NS1), 0);
	assert_int_equal(half->since(f, NS2), NOW + 60);
	assert_int_equal(count(f, half->table), 1);
}

static void an_end_of_silence_that_cannot_be_written_ends_all(void **state)
{
	fixture_t *f = *state;
	char text[256];

	for (size_t i = 0; i < 2; i++) {
		const half_t *half = &halves[i];
		begin_silences(f, half);
		snprintf(text, sizeof(text),
		         "CREATE TRIGGER fails BEFORE DELETE ON %s BEGIN SELECT RAISE(ABORT, 'fails'); END",
		         half->table);
		sql(f, text);
		half->silent(f, NS1, 0);
		assert_int_equal(half->since(f, NS1), 0);
		/* A process that ends here leaves nothing that says that NS1 was asked meanwhile. */
		assert_false(half->save(f, NOW + 10));
		(void)writer_flush(&f->env->writer);
		assert_int_equal(newer_rows(f, half), 0);
		assert_int_equal(count(f, half->table), 2);
		half->silent(f, NS1, NOW + 20);
		assert_int_equal(half->since(f, NS1), 0);
		(void)writer_flush(&f->env->writer);
		sql(f, "DROP TRIGGER fails");
		assert_all_begin_again(f, half);
	}
}

static void an_end_of_silence_that_is_not_flushed_ends_all(void **state)
{
	fixture_t *f = *state;

	for (size_t i = 0; i < 2; i++) {
		const half_t *half = &halves[i];
		begin_silences(f, half);
		half->silent(f, NS1, 0);
		assert_true(half->save(f, NOW + 10));
		assert_int_equal(half->since(f, NS1), 0);
		assert_int_equal(half->since(f, NS2), NOW - DAY);
		disk_fails = true;
		assert_false(writer_flush(&f->env->writer));
		disk_fails = false;
		/* The row is as it was, too: a new process continues with the survey before. */
		assert_int_equal(newer_rows(f, half), 0);
		assert_int_equal(count(f, half->table), 2);
		assert_all_begin_again(f, half);
	}
}

/* A full disk ends a transaction at a statement about anything. */
static void an_end_of_silence_that_is_rolled_back_ends_all(void **state)
{
	fixture_t *f = *state;
	time_t before;

	sql(f, "CREATE TRIGGER fails BEFORE INSERT ON report BEGIN SELECT RAISE(ROLLBACK, 'full'); END");
	for (size_t i = 0; i < 2; i++) {
		const half_t *half = &halves[i];
		begin_silences(f, half);
		half->silent(f, NS1, 0);
		assert_false(writer_report(&f->env->writer, "a.", 1, 6, NOW, &before));
		assert_int_equal(half->since(f, NS1), 0);
		assert_int_equal(half->since(f, NS2), 0);
		assert_false(writer_flush(&f->env->writer));
		assert_all_begin_again(f, half);
	}
}

static void zones_without_the_module_are_removed_after_months(void **state)
{
	fixture_t *f = *state;
	time_t now = time(NULL);
	char name[32];
	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "old%u.", i);
		zone(f, name, now - STORE_ZONE_KEPT - DAY, 3);
	}
	zone(f, "recent.", now - STORE_ZONE_KEPT + DAY, 3);
	zone(f, "attached.", now - STORE_ZONE_KEPT - DAY, 3);
	attached = "attached.";

	/* Not at the start: zones may still be loading. */
	forget_gone(f->env);
	assert_int_equal(count(f, "zone"), 22);
	unsigned runs = 0;
	syncs = 0;
	do {
		f->env->forget.at = uv_now(&f->env->uv); /* It is time. */
		forget_gone(f->env);
		assert_true(writer_flush(&f->env->writer));
		runs++;
	} while (f->env->forget.at < uv_now(&f->env->uv) + HOUR_MS && runs < 10);
	/* Some at a time, each time one transaction. */
	assert_int_equal(runs, 3);
	assert_true(syncs <= 2 * runs + 2);
	assert_int_equal(count(f, "zone"), 2);
	assert_int_equal(count(f, "history"), 6);
	assert_int_equal(count(f, "history WHERE zone IN ('recent.', 'attached.')"), 6);
	/* Of zones that stay a server goes as well. */
	assert_int_equal(count(f, "server"), 0);
	assert_int_equal(logged, 20);
}

/*! A parent zone with delegations, of which each has all that is kept. */
static void parent_zone(fixture_t *f, const char *name, time_t checked, unsigned delegations)
{
	store_t *store = f->env->writer.store;
	store_parent_t *p = calloc(1, sizeof(*p));
	store_delegation_t *d = calloc(1, sizeof(*d));
	snprintf(p->zone, sizeof(p->zone), "%s", name);
	p->listed = checked - DAY;
	assert_int_equal(store_parent_save(store, p), KNOT_EOK);
	assert_int_equal(store_begin(store), KNOT_EOK);
	for (unsigned i = 0; i < delegations; i++) {
		snprintf(d->zone, sizeof(d->zone), "%s", name);
		snprintf(d->name, sizeof(d->name), "child%u.%s", i, name);
		strcpy(d->answers, "{}");
		d->checked = checked;
		assert_int_equal(store_delegation_save(store, d, NULL), KNOT_EOK);
	}
	assert_int_equal(store_commit(store), KNOT_EOK);
	free(p);
	free(d);
}

static void parent_zones_without_the_module_are_removed_after_months(void **state)
{
	fixture_t *f = *state;
	time_t now = time(NULL);
	parent_zone(f, "gone.", now - STORE_ZONE_KEPT - DAY, 1100);
	parent_zone(f, "recent.", now - STORE_ZONE_KEPT + 2 * DAY, 3);
	parent_zone(f, "attached.", now - STORE_ZONE_KEPT - DAY, 3);
	attached = "attached.";
	forget_gone(f->env); /* Not at the start. */

	unsigned runs = 0;
	do {
		f->env->forget.at = uv_now(&f->env->uv);
		syncs = 0;
		forget_gone(f->env);
		assert_true(writer_flush(&f->env->writer));
		assert_true(syncs <= 4);
		runs++;
	} while (f->env->forget.at < uv_now(&f->env->uv) + HOUR_MS && runs < 20);
	/* Very many do not hold up the loop: some at a time. */
	assert_true(runs >= 5 && runs <= 10);
	assert_int_equal(count(f, "parent"), 2);
	assert_int_equal(count(f, "delegation"), 6);
	assert_int_equal(count(f, "delegation_answers WHERE zone = 'gone.'"), 0);
	assert_int_equal(logged, 1);
}

static void delegations_that_are_gone_are_removed_after_months(void **state)
{
	fixture_t *f = *state;
	time_t now = time(NULL);
	char text[128];
	parent_zone(f, "attached.", now, 1200);
	attached = "attached.";
	forget_gone(f->env); /* Not at the start. */
	sqlite3 *db;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	snprintf(text, sizeof(text), "UPDATE delegation SET gone = %lld WHERE name LIKE 'child1%%'",
	         (long long)now - STORE_ZONE_KEPT - DAY);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	snprintf(text, sizeof(text), "UPDATE delegation SET gone = %lld WHERE name LIKE 'child2%%'",
	         (long long)now - STORE_ZONE_KEPT + DAY);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	for (int i = 0; i < 3; i++) {
		f->env->forget.at = uv_now(&f->env->uv);
		forget_gone(f->env);
	}
	assert_int_equal(count(f, "delegation WHERE name LIKE 'child1%'"), 0);
	assert_int_equal(count(f, "delegation"), 1200 - 311);
	assert_int_equal(count(f, "delegation_answers"), 1200 - 311);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(many_silent_servers_cost_one_wait_for_the_disk),
		T(ns_sets_that_rotate_do_not_grow_the_store),
		T(one_survey_fits),
		T(server_that_was_in_no_survey_for_a_month_is_removed),
		T(without_a_store_nothing_happens),
		T(an_end_of_silence_that_cannot_be_written_ends_all),
		T(an_end_of_silence_that_is_not_flushed_ends_all),
		T(an_end_of_silence_that_is_rolled_back_ends_all),
		T(zones_without_the_module_are_removed_after_months),
		T(delegations_that_are_gone_are_removed_after_months),
		T(parent_zones_without_the_module_are_removed_after_months),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
