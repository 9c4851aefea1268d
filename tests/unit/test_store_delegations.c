/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of delegations and parent zones over restarts. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libknot/libknot.h>
#include <sqlite3.h>

#include "kskroll/delegation_store.h"

#define ZONE "example."
#define NAME "child.example."

typedef struct {
	char dir[64];
	char path[128];
	char err[512];
	store_t *store;
	store_delegation_t one, other; // Too large for a stack.
	store_delegation_event_t event;
	store_parent_t parent, again;
} fixture_t;

/*! File with the store that an older version wrote, as SQL. */
static const char *schema_7;

static void open_store(fixture_t *f, bool read_only)
{
	if (f->store != NULL) {
		store_close(f->store);
	}
	f->store = store_open(f->path, read_only, f->err, sizeof(f->err));
	assert_string_equal(f->err, "");
}

static int setup(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	strcpy(f->dir, "/tmp/kskroll-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/store.db", f->dir);
	*state = f;
	srandom(4711);
	return 0;
}

static int setup_open(void **state)
{
	setup(state);
	open_store(*state, false);
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	fixture_t *f = *state;
	store_close(f->store);
	for (size_t i = 0; i < 3; i++) {
		char path[256];
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void sql(fixture_t *f, const char *text)
{
	sqlite3 *db;
	char *err = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &err) != SQLITE_OK) {
		fail_msg("%s: %s", text, err);
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/*! First value of a query as a number. */
static int64_t number(fixture_t *f, const char *query)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	const int64_t value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

/* Random content. */

static uint32_t any(uint32_t below)
{
	return ((uint64_t)random() << 16 ^ random()) % below;
}

static uint64_t any_id(void)
{
	return any(4) == 0 ? 0 : (uint64_t)random() << 48 ^ (uint64_t)random() << 24 ^ random();
}

static time_t any_time(void)
{
	return any(4) == 0 ? 0 : 1700000000 + any(UINT32_MAX);
}

static void any_text(char *out, size_t size)
{
	static const char chars[] = "abcz.@-#/\\\"'{}[]:, \n\xc3\xa9%";
	size_t len = any(3) == 0 ? size - 1 : any(size);
	for (size_t i = 0; i < len; i++) {
		out[i] = chars[any(sizeof(chars) - 1)];
	}
	out[len] = '\0';
}

static void any_set(ds_set_t *set)
{
	memset(set, 0, sizeof(*set));
	set->count = any(4) == 0 ? DELEGATION_DS_MAX : any(DELEGATION_DS_MAX + 1);
	set->excess = any(4) == 0;
	for (unsigned i = 0; i < set->count; i++) {
		ds_record_t *ds = &set->record[i];
		ds->tag = any(65536);
		ds->algorithm = any(256);
		ds->digest_type = any(256);
		ds->digest_len = any(3) == 0 ? DELEGATION_DIGEST_MAX : any(DELEGATION_DIGEST_MAX + 1);
		for (size_t j = 0; j < ds->digest_len; j++) {
			ds->digest[j] = any(256);
		}
	}
}

static void set_names(store_delegation_t *one, const char *zone, const char *name)
{
	memset(one, 0, sizeof(*one));
	snprintf(one->zone, sizeof(one->zone), "%s", zone);
	snprintf(one->name, sizeof(one->name), "%s", name);
}

static void any_delegation(store_delegation_t *one, const char *zone, const char *name)
{
	set_names(one, zone, name);
	delegation_row_t *row = &one->row;
	row->state = any(DELEGATION_STATE__COUNT);
	row->gate = any(DELEGATION_GATE__COUNT);
	any_text(row->gate_about, sizeof(row->gate_about));
	any_text(row->gate_detail, sizeof(row->gate_detail));
	any_set(&row->put);
	any_set(&row->before);
	time_t *const times[] = {
		&row->since,     &row->gate_since,        &row->gate_until, &row->put_inception, &row->accepted_since,
		&row->undone_at, &row->applied_inception, &row->manual,     &row->all_since,     &row->secure_since,
		&one->gone,      &row->secure_last,       &row->notified,   &row->next_check,    &row->clock.wall,
		&one->checked,   &row->before_until,      &row->back_since, &row->back_last,
	};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		*times[i] = any_time();
	}
	uint64_t *const ids[] = {
		&row->ds, &row->former, &row->put_content, &row->content, &row->applied, &row->refused
	};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		*ids[i] = any_id();
	}
	row->ds |= 1ULL << 63;
	uint32_t *const ttls[] = { &row->put_ttl, &row->before_ttl, &row->ttl_normal, &row->ttl_low, &row->dnskey_ttl };
	for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
		*ttls[i] = any(4) == 0 ? UINT32_MAX : any(UINT32_MAX);
	}
	bool *const flags[] = { &row->known,    &row->ordering,      &row->may_undo, &row->undone,
		                &row->reverted, &row->failed_before, &row->notifies, &row->by_notify };
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		*flags[i] = any(2);
	}
	row->undos = any(256);
	row->bad_watches = any(256);
	row->checks = any(256);
	row->clock.ahead = (int64_t)any_id();
	row->clock.boot = (int64_t)any_id();
	any_text(one->answers, sizeof(one->answers));
}

static void assert_same(const store_delegation_t *a, const store_delegation_t *b)
{
	/* Both came from zeroed memory: their gaps are equal, too. */
	assert_memory_equal(a, b, offsetof(store_delegation_t, answers));
	assert_string_equal(a->answers, b->answers);
}

static void save(fixture_t *f, const store_delegation_event_t *event)
{
	if (store_delegation_save(f->store, &f->one, event) != KNOT_EOK) {
		fail_msg("%s", store_error(f->store));
	}
}

static void set_event(fixture_t *f, time_t time, delegation_state_t to, const char *text)
{
	memset(&f->event, 0, sizeof(f->event));
	snprintf(f->event.zone, sizeof(f->event.zone), "%s", f->one.zone);
	snprintf(f->event.name, sizeof(f->event.name), "%s", f->one.name);
	snprintf(f->event.text, sizeof(f->event.text), "%s", text);
	f->event.time = time;
	f->event.from = DELEGATION_REST;
	f->event.to = to;
}

static void every_field_comes_back(void **state)
{
	fixture_t *f = *state;
	for (int i = 0; i < 200; i++) {
		any_delegation(&f->one, ZONE, NAME);
		bool empty = f->one.answers[0] == '\0';
		save(f, NULL);
		if (i % 20 == 0) {
			open_store(f, false);
		}
		memset(&f->other, 0xa5, sizeof(f->other));
		assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
		if (!empty) {
			assert_same(&f->one, &f->other);
		}
	}
	assert_int_equal(store_delegation_load(f->store, ZONE, "none.example.", &f->other), KNOT_ENOENT);
	assert_int_equal(store_delegation_load(f->store, "other.", NAME, &f->other), KNOT_ENOENT);
}

static void any_parent(store_parent_t *p, const char *zone)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->zone, sizeof(p->zone), "%s", zone);
	p->listed = any_time();
	p->serial = any(UINT32_MAX);
	p->delegations = any_id();
	p->secure = any_id();
	p->mode = any(3);
	p->load = any(4);
	any_text(p->load_reason, sizeof(p->load_reason));
	any_text(p->trouble, sizeof(p->trouble));
	delegation_config_t *c = &p->config;
	bool *const flags[] = { &c->report_only, &c->locked, &c->bootstrap, &c->remove, &c->undo };
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		*flags[i] = any(2);
	}
	uint32_t *const numbers[] = {
		&c->ds_max,
		&c->hold_down,
		&c->scan_interval,
		&c->scan_interval_notifying,
		&c->check_interval,
		&c->retry,
		&c->unreachable_after,
		&c->ds_ttl,
		&c->ds_ttl_hold,
		&c->ds_ttl_base,
		&c->verify,
		&c->bogus_limit,
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		*numbers[i] = any(UINT32_MAX);
	}
	p->had_file = any(2);
	any_text(p->locks, sizeof(p->locks));
	c->apply = any(3);
	c->accept = any(3);
	any_text(p->batch, sizeof(p->batch));
}

static void every_field_of_a_parent_zone_comes_back(void **state)
{
	fixture_t *f = *state;
	for (int i = 0; i < 50; i++) {
		any_parent(&f->parent, ZONE);
		assert_int_equal(store_parent_save(f->store, &f->parent), KNOT_EOK);
		memset(&f->again, 0xa5, sizeof(f->again));
		assert_int_equal(store_parent_load(f->store, ZONE, &f->again), KNOT_EOK);
		assert_memory_equal(&f->parent, &f->again, sizeof(f->parent));
	}
	assert_int_equal(store_parent_load(f->store, "other.", &f->again), KNOT_ENOENT);
}

static void answers_stay_until_there_are_others(void **state)
{
	fixture_t *f = *state;
	set_names(&f->one, ZONE, NAME);
	strcpy(f->one.answers, "{\"time\":1}");
	save(f, NULL);
	f->one.answers[0] = '\0';
	f->one.checked = 5;
	save(f, NULL);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_string_equal(f->other.answers, "{\"time\":1}");
	assert_int_equal(f->other.checked, 5);
	set_event(f, 1, DELEGATION_SEEN, "");
	save(f, &f->event);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_string_equal(f->other.answers, "{\"time\":1}");
}

typedef struct {
	char names[4096];
	size_t count;
	size_t stop_after;
} seen_t;

static int see(const store_delegation_t *one, void *arg)
{
	seen_t *seen = arg;
	size_t len = strlen(seen->names);
	snprintf(seen->names + len, sizeof(seen->names) - len, "%s:%s ", one->name, one->answers);
	return ++seen->count == seen->stop_after ? 4711 : 0;
}

static void delegations_come_in_order_of_zone_and_name(void **state)
{
	fixture_t *f = *state;
	static const char *const names[][2] = {
		{ "org.", "b.org." }, { "example.", "c.example." }, { "org.", "a.org." }, { "example.", "b.example." }
	};
	for (size_t i = 0; i < 4; i++) {
		set_names(&f->one, names[i][0], names[i][1]);
		strcpy(f->one.answers, "{}");
		save(f, NULL);
	}
	seen_t all = { 0 }, zone = { 0 }, first = { .stop_after = 1 };
	assert_int_equal(store_delegations(f->store, NULL, true, see, &all), KNOT_EOK);
	assert_string_equal(all.names, "b.example.:{} c.example.:{} a.org.:{} b.org.:{} ");
	assert_int_equal(store_delegations(f->store, "org.", false, see, &zone), KNOT_EOK);
	assert_string_equal(zone.names, "a.org.: b.org.: ");
	assert_int_equal(store_delegations(f->store, NULL, false, see, &first), 4711);
	assert_int_equal(first.count, 1);
}

/* History. */

static int see_event(const store_delegation_event_t *event, void *arg)
{
	seen_t *seen = arg;
	size_t len = strlen(seen->names);
	snprintf(seen->names + len, sizeof(seen->names) - len, "%lld%c ", (long long)event->time, event->name[0]);
	seen->count++;
	return 0;
}

static void history_is_in_order_and_limited(void **state)
{
	fixture_t *f = *state;
	static const char *const names[][2] = { { ZONE, "a.example." }, { ZONE, "b.example." }, { "org.", "c.org." } };
	for (int i = 0; i < 9; i++) {
		set_names(&f->one, names[i % 3][0], names[i % 3][1]);
		set_event(f, 100 + i, DELEGATION_SEEN, "");
		save(f, &f->event);
	}
	static const struct {
		const char *zone, *name;
		size_t limit;
		const char *expected;
	} cases[] = {
		{ ZONE, "a.example.", 0, "100a 103a 106a " },
		{ ZONE, "a.example.", 2, "103a 106a " },
		{ ZONE, NULL, 3, "104b 106a 107b " },
		{ NULL, NULL, 4, "105c 106a 107b 108c " },
		{ ZONE, "c.org.", 0, "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seen_t seen = { 0 };
		assert_int_equal(store_delegation_history(f->store, cases[i].zone, cases[i].name, cases[i].limit,
		                                          see_event, &seen),
		                 KNOT_EOK);
		assert_string_equal(seen.names, cases[i].expected);
	}
}

static void events_are_read_one_after_another(void **state)
{
	fixture_t *f = *state;
	int64_t id = 0, last = -1;

	assert_int_equal(store_delegation_history_last(f->store, &last), KNOT_EOK);
	assert_int_equal(last, 0);
	assert_int_equal(store_delegation_history_next(f->store, &id, &f->event), KNOT_ENOENT);
	for (int i = 0; i < 3; i++) {
		set_names(&f->one, ZONE, i == 2 ? "c.example." : "a.example.");
		set_event(f, 100 - i, DELEGATION_SEEN, "words");
		save(f, &f->event);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_delegation_history_next(f->store, &id, &f->event), KNOT_EOK);
		assert_int_equal(id, i + 1);
		assert_int_equal(f->event.time, 100 - i);
		assert_string_equal(f->event.text, "words");
	}
	assert_int_equal(store_delegation_history_next(f->store, &id, &f->event), KNOT_ENOENT);
	sql(f, "UPDATE delegation_history SET gate = -1 WHERE id = 2");
	id = 1;
	assert_int_equal(store_delegation_history_next(f->store, &id, &f->event), KNOT_EMALF);
	assert_int_equal(id, 2);
	assert_int_equal(store_delegation_forget(f->store, ZONE, "c.example."), KNOT_EOK);
	assert_int_equal(store_delegation_history_next(f->store, &id, &f->event), KNOT_ENOENT);
	assert_int_equal(store_delegation_history_last(f->store, &last), KNOT_EOK);
	assert_int_equal(last, 3);
}

static void only_the_newest_events_of_a_kind_are_kept(void **state)
{
	fixture_t *f = *state;
	set_names(&f->one, ZONE, "other.example.");
	set_event(f, 1, DELEGATION_SEEN, "");
	save(f, &f->event);
	set_names(&f->one, ZONE, NAME);
	set_event(f, 2, DELEGATION_SEEN, "a change");
	save(f, &f->event);
	assert_int_equal(store_begin(f->store), KNOT_EOK);
	for (int i = 0; i < STORE_DELEGATION_HISTORY + 10; i++) {
		set_event(f, 100 + i, DELEGATION_REST, "a gate");
		save(f, &f->event);
	}
	assert_int_equal(store_commit(f->store), KNOT_EOK);
	assert_int_equal(number(f, "SELECT count(*) FROM delegation_history"), STORE_DELEGATION_HISTORY + 2);
	assert_int_equal(number(f, "SELECT min(time) FROM delegation_history WHERE text = 'a gate'"), 110);
}

static void row_and_event_come_together_or_not_at_all(void **state)
{
	fixture_t *f = *state;
	set_names(&f->one, ZONE, NAME);
	save(f, NULL);
	f->one.checked = 9;
	strcpy(f->one.answers, "{}");
	set_event(f, 1, DELEGATION_STATE__COUNT, "");
	assert_int_equal(store_begin(f->store), KNOT_EOK);
	assert_int_equal(store_delegation_save(f->store, &f->one, &f->event), KNOT_ERROR);
	assert_int_equal(store_commit(f->store), KNOT_EOK);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_int_equal(f->other.checked, 0);
	assert_string_equal(f->other.answers, "");
}

static void value_out_of_range_is_not_saved(void **state)
{
	fixture_t *f = *state;
	for (int i = 0; i < 8; i++) {
		set_names(&f->one, ZONE, NAME);
		delegation_row_t *row = &f->one.row;
		switch (i) {
		case 0:
			row->state = DELEGATION_STATE__COUNT;
			break;
		case 1:
			row->gate = DELEGATION_GATE__COUNT;
			break;
		case 2:
			row->since = -1;
			break;
		case 3:
			row->put.count = DELEGATION_DS_MAX + 1;
			break;
		case 4:
			row->before.count = 1;
			row->before.record[0].digest_len = DELEGATION_DIGEST_MAX + 1;
			break;
		case 5:
			row->all_since = INT64_MAX / 2; /* Settings are added to it. */
			break;
		case 6:
			memset(row->gate_detail, 'a', sizeof(row->gate_detail));
			break;
		default:
			memset(f->one.answers, 'a', sizeof(f->one.answers));
			break;
		}
		assert_int_equal(store_delegation_save(f->store, &f->one, NULL), KNOT_ERROR);
		assert_non_null(strstr(store_error(f->store), "out of range"));
		assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_ENOENT);
	}
}

/* Hostile and damaged stores. */

static void row_that_makes_no_sense_is_not_loaded(void **state)
{
	static const char *const wrong[] = {
		"state = 99",
		"state = -1",
		"state = 'rest'",
		"gate = 1000",
		"gate_about = printf('%.1000c', 'x')",
		"gate_detail = x'00ff'",
		"since = -5",
		"known = 2",
		"put = '1/2'",
		"put = '1/2/3/abc'",
		"put = '1/2/3/AB'",
		"put = '65536/2/3/ab'",
		"put = '1/256/3/ab'",
		"put = '1/2/3/ab, 1/2/3/ab'",
		"put = '1/2/3/ab '",
		"put = '+ '",
		"put = '1/2/3/' || printf('%.98c', 'a')",
		"before = substr(replace(hex(zeroblob(17)), '00', ' 1/2/3/ab'), 2)",
		"put_ttl = 4294967296",
		"undos = 256",
		"ds = 'x'",
		"clock_boot = 1.5",
	};
	fixture_t *f = *state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		set_names(&f->one, ZONE, NAME);
		save(f, NULL);
		set_names(&f->one, ZONE, "fine.example.");
		save(f, NULL);
		char text[256];
		snprintf(text, sizeof(text), "UPDATE delegation SET %s WHERE name = '" NAME "'", wrong[i]);
		sql(f, text);
		if (store_delegation_load(f->store, ZONE, NAME, &f->other) != KNOT_EMALF) {
			fail_msg("%s was loaded", wrong[i]);
		}
		assert_non_null(strstr(store_error(f->store), NAME));
		// It hides no other one.
		seen_t seen = { 0 };
		assert_int_equal(store_delegations(f->store, NULL, false, see, &seen), KNOT_EMALF);
		assert_string_equal(seen.names, "fine.example.: ");
	}
}

static void answers_that_are_invalid_hide_no_other_delegation(void **state)
{
	static const char *const wrong[] = { "x'00'", "printf('%.40000c', 'x')", "7" };
	fixture_t *f = *state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		set_names(&f->one, ZONE, "fine.example.");
		save(f, NULL);
		set_names(&f->one, ZONE, NAME);
		strcpy(f->one.answers, "{}");
		save(f, NULL);
		char text[128];
		snprintf(text, sizeof(text), "UPDATE delegation_answers SET answers = %s", wrong[i]);
		sql(f, text);
		if (i == 2) {
			/* By the type of the column it is a text again. */
			assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
			assert_string_equal(f->other.answers, "7");
			continue;
		}
		assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EMALF);
		seen_t whole = { 0 }, rows = { 0 };
		assert_int_equal(store_delegations(f->store, NULL, true, see, &whole), KNOT_EMALF);
		assert_string_equal(whole.names, "fine.example.: ");
		assert_int_equal(store_delegations(f->store, NULL, false, see, &rows), KNOT_EOK);
		assert_int_equal(rows.count, 2);
	}
}

static void largest_set_of_ds_comes_back(void **state)
{
	fixture_t *f = *state;
	set_names(&f->one, ZONE, NAME);
	ds_set_t *put = &f->one.row.put;
	put->count = DELEGATION_DS_MAX;
	put->excess = true;
	for (unsigned i = 0; i < put->count; i++) {
		put->record[i].tag = UINT16_MAX;
		put->record[i].algorithm = put->record[i].digest_type = UINT8_MAX;
		put->record[i].digest_len = DELEGATION_DIGEST_MAX;
		memset(put->record[i].digest, 0xff, DELEGATION_DIGEST_MAX);
	}
	save(f, NULL);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_same(&f->one, &f->other);
}

static int count_parent(const store_parent_t *parent, void *arg)
{
	(void)parent;
	++*(int *)arg;
	return 0;
}

static void parent_zone_that_makes_no_sense_is_not_loaded(void **state)
{
	static const char *const wrong[] = { "mode = 3",   "load = 4",         "apply = 3",
		                             "accept = 3", "delegations = ''", "batch = printf('%.70000c', 'x')" };
	fixture_t *f = *state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&f->parent, 0, sizeof(f->parent));
		strcpy(f->parent.zone, ZONE);
		assert_int_equal(store_parent_save(f->store, &f->parent), KNOT_EOK);
		char text[128];
		snprintf(text, sizeof(text), "UPDATE parent SET %s", wrong[i]);
		sql(f, text);
		int count = 0;
		assert_int_equal(store_parent_load(f->store, ZONE, &f->again), KNOT_EMALF);
		assert_int_equal(store_parents(f->store, count_parent, &count), KNOT_EMALF);
		assert_int_equal(count, 0);
	}
}

static void texts_are_printable_for_the_reader_alone(void **state)
{
	fixture_t *f = *state;
	set_names(&f->one, ZONE, NAME);
	strcpy(f->one.row.gate_detail, "\x1b[31mred\n");
	set_event(f, 1, DELEGATION_SEEN, "\x1b[31mred");
	save(f, &f->event);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_string_equal(f->other.row.gate_detail, "\x1b[31mred\n");
	open_store(f, true);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_null(strpbrk(f->other.row.gate_detail, "\x1b\n"));
	assert_int_equal(store_delegation_save(f->store, &f->one, NULL), KNOT_ERROR);
	assert_int_equal(store_delegation_forget(f->store, ZONE, NAME), KNOT_ERROR);
	assert_int_equal(store_delegation_silence_save(f->store, ZONE, NAME, "ns",
	                                               &(delegation_silence_t){ .since = 1, .seen = 2 }),
	                 KNOT_ERROR);
	assert_int_equal(store_parent_save(f->store, &f->parent), KNOT_ERROR);
	assert_int_equal(store_parent_forget(f->store, ZONE, 5), KNOT_ERROR);
}

/* Silent servers. */

static time_t silence(fixture_t *f, const char *server)
{
	delegation_silence_t silence = { .since = 4711, .seen = 4711 };
	assert_int_equal(store_delegation_silence_load(f->store, ZONE, NAME, server, &silence), KNOT_EOK);
	assert_int_equal(silence.seen, silence.since != 0 ? silence.since + 60 : 0);
	assert_int_equal(silence.alone, silence.since % 2);
	return silence.since;
}

static int save_silence(fixture_t *f, const char *server, time_t since)
{
	const delegation_silence_t silence = { .since = since, .seen = since + 60, .alone = since % 2 };
	return store_delegation_silence_save(f->store, ZONE, NAME, server, &silence);
}

static void silence_survives_and_is_bounded(void **state)
{
	fixture_t *f = *state;
	assert_int_equal(silence(f, "ns1"), 0);
	assert_int_equal(save_silence(f, "ns1", 1000), KNOT_EOK);
	open_store(f, false);
	assert_int_equal(silence(f, "ns1"), 1000);
	assert_int_equal(save_silence(f, "ns1", 0), KNOT_EOK);
	assert_int_equal(silence(f, "ns1"), 0);
	assert_int_equal(save_silence(f, "ns1", -1), KNOT_ERROR);

	assert_int_equal(store_begin(f->store), KNOT_EOK);
	for (int i = 0; i < STORE_DELEGATION_SERVERS + 20; i++) {
		char server[16];
		snprintf(server, sizeof(server), "ns%d", i);
		assert_int_equal(save_silence(f, server, 1000 + i), KNOT_EOK);
	}
	assert_int_equal(store_commit(f->store), KNOT_EOK);
	assert_int_equal(number(f, "SELECT count(*) FROM delegation_server"), STORE_DELEGATION_SERVERS);
	assert_int_equal(silence(f, "ns19"), 0);
	assert_int_equal(silence(f, "ns20"), 1020);
	assert_int_equal(silence(f, "ns21"), 1021);
	sql(f, "UPDATE delegation_server SET unreachable_since = 'long'");
	assert_int_equal(silence(f, "ns20"), 0);
}

/* Removing. */

static void fill(fixture_t *f, const char *zone, const char *name)
{
	set_names(&f->one, zone, name);
	f->one.checked = 1000;
	strcpy(f->one.answers, "{}");
	set_event(f, 1, DELEGATION_SEEN, "");
	save(f, &f->event);
	assert_int_equal(store_delegation_silence_save(f->store, zone, name, "ns",
	                                               &(delegation_silence_t){ .since = 1, .seen = 2 }),
	                 KNOT_EOK);
}

#define ALL_ROWS                                                                                                       \
	"SELECT (SELECT count(*) FROM delegation) + (SELECT count(*) FROM delegation_answers) +"                       \
	" (SELECT count(*) FROM delegation_history) + (SELECT count(*) FROM delegation_server)"

static void a_forgotten_delegation_leaves_nothing(void **state)
{
	fixture_t *f = *state;
	fill(f, ZONE, NAME);
	fill(f, ZONE, "other.example.");
	fill(f, "org.", NAME);
	assert_int_equal(number(f, ALL_ROWS), 12);
	assert_int_equal(store_delegation_forget(f->store, ZONE, NAME), KNOT_EOK);
	assert_int_equal(number(f, ALL_ROWS), 8);
	assert_int_equal(store_delegation_forget(f->store, ZONE, NAME), KNOT_EOK);
	assert_int_equal(store_delegation_load(f->store, "org.", NAME, &f->other), KNOT_EOK);
}

static void delegations_that_are_gone_are_forgotten_in_time(void **state)
{
	fixture_t *f = *state;
	for (int i = 0; i < 25; i++) {
		char name[32];
		snprintf(name, sizeof(name), "c%d.example.", i);
		fill(f, ZONE, name);
		f->one.gone = i < 5 ? 0 : 1000 + i;
		f->one.answers[0] = '\0';
		save(f, NULL);
	}
	int ret, calls = 0;
	while ((ret = store_delegations_forget_gone(f->store, 1020, 10)) == KNOT_EEXIST) {
		calls++;
	}
	assert_int_equal(ret, KNOT_EOK);
	assert_int_equal(calls, 1);
	assert_int_equal(number(f, "SELECT count(*) FROM delegation"), 10);
	assert_int_equal(number(f, "SELECT count(*) FROM delegation WHERE gone > 0 AND gone < 1020"), 0);
	assert_int_equal(number(f, ALL_ROWS), 40);
	open_store(f, true);
	assert_int_equal(store_delegations_forget_gone(f->store, 1020, 10), KNOT_ERROR);
}

static int take_name(const char *zone, void *arg)
{
	strcat(arg, zone);
	return 0;
}

static void a_parent_zone_is_old_when_nothing_is_written_about_it(void **state)
{
	fixture_t *f = *state;
	static const struct {
		const char *zone;
		time_t listed, checked;
	} zones[] = { { "a.", 10, 10 }, { "b.", 10, 2000 }, { "c.", 2000, 10 }, { "d.", 0, 0 } };
	for (size_t i = 0; i < 4; i++) {
		memset(&f->parent, 0, sizeof(f->parent));
		strcpy(f->parent.zone, zones[i].zone);
		f->parent.listed = zones[i].listed;
		assert_int_equal(store_parent_save(f->store, &f->parent), KNOT_EOK);
		if (zones[i].checked != 0) {
			set_names(&f->one, zones[i].zone, "child.");
			f->one.checked = zones[i].checked;
			save(f, NULL);
		}
	}
	char names[64] = "";
	assert_int_equal(store_old_parents(f->store, 1500, take_name, names), KNOT_EOK);
	assert_string_equal(names, "a.d.");
}

static void a_parent_zone_is_forgotten_in_pieces(void **state)
{
	fixture_t *f = *state;
	for (int i = 0; i < 25; i++) {
		char name[32];
		snprintf(name, sizeof(name), "c%d.example.", i);
		fill(f, ZONE, name);
	}
	fill(f, "org.", "c.org.");
	memset(&f->parent, 0, sizeof(f->parent));
	strcpy(f->parent.zone, ZONE);
	assert_int_equal(store_parent_save(f->store, &f->parent), KNOT_EOK);
	int ret, calls = 0;
	while ((ret = store_parent_forget(f->store, ZONE, 10)) == KNOT_EEXIST) {
		assert_int_equal(store_parent_load(f->store, ZONE, &f->again), KNOT_EOK);
		assert_true(++calls < 100);
	}
	assert_int_equal(ret, KNOT_EOK);
	assert_true(calls >= 8);
	assert_int_equal(number(f, ALL_ROWS), 4);
	assert_int_equal(store_parent_load(f->store, ZONE, &f->again), KNOT_ENOENT);
}

/* Schemas. */

static void make_old(fixture_t *f)
{
	FILE *file = fopen(schema_7, "r");
	assert_non_null(file);
	static char text[131072];
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	sql(f, text);
}

static int count_report(const store_report_t *report, void *arg)
{
	(void)report;
	++*(int *)arg;
	return 0;
}

static void a_store_without_delegations_is_read(void **state)
{
	fixture_t *f = *state;
	make_old(f);
	open_store(f, true);
	seen_t seen = { 0 };
	int count = 0;
	char none[8] = "";
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_ENOENT);
	assert_int_equal(store_delegations(f->store, NULL, true, see, &seen), KNOT_EOK);
	assert_int_equal(store_delegation_history(f->store, NULL, NULL, 0, see_event, &seen), KNOT_EOK);
	assert_int_equal(store_parent_load(f->store, ZONE, &f->again), KNOT_ENOENT);
	assert_int_equal(store_parents(f->store, count_parent, &count), KNOT_EOK);
	assert_int_equal(store_old_parents(f->store, 1000, take_name, none), KNOT_EOK);
	assert_int_equal(store_reports(f->store, ZONE, count_report, &count), KNOT_EOK);
	assert_int_equal(silence(f, "ns"), 0);
	assert_int_equal(seen.count + count, 0);
	assert_int_equal(number(f, "PRAGMA user_version"), 7);
}

/*! A store of schema 8 is what it was, without the columns that came later. */
static void schema_9_has_two_more_columns(void **state)
{
	fixture_t *f = *state;
	open_store(f, false);
	any_delegation(&f->one, ZONE, NAME);
	strcpy(f->one.answers, "{}");
	f->one.row.manual_judged = true;
	save(f, NULL);
	store_close(f->store);
	f->store = NULL;
	sql(f,
	    "ALTER TABLE delegation DROP COLUMN manual_judged; ALTER TABLE parent DROP COLUMN locks;"
	    "ALTER TABLE zone DROP COLUMN submitted; ALTER TABLE zone DROP COLUMN submitted_id; PRAGMA user_version = 8");
	sql(f, "ALTER TABLE zone DROP COLUMN ds_ttl_before; ALTER TABLE zone DROP COLUMN ds_ttl_low;"
	       "ALTER TABLE zone DROP COLUMN ds_ttl_back; ALTER TABLE zone DROP COLUMN ds_ttl_asked;"
	       "ALTER TABLE zone DROP COLUMN ds_ttl_since; ALTER TABLE zone DROP COLUMN ds_ttl_sent;"
	       "ALTER TABLE zone DROP COLUMN ds_ttl_around; ALTER TABLE zone DROP COLUMN spread;"
	       "ALTER TABLE zone DROP COLUMN start_window; ALTER TABLE zone DROP COLUMN no_start;"
	       "ALTER TABLE delegation DROP COLUMN back_since; ALTER TABLE delegation DROP COLUMN back_last;"
	       "ALTER TABLE delegation DROP COLUMN dnskey_ttl;"
	       "ALTER TABLE delegation DROP COLUMN before_until; ALTER TABLE delegation_server DROP COLUMN seen");
	f->one.row.manual_judged = false;
	f->one.row.before_until = 0;
	f->one.row.back_since = f->one.row.back_last = f->one.row.dnskey_ttl = 0;

	for (int read_only = 1; read_only >= 0; read_only--) {
		open_store(f, read_only);
		assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
		assert_true(f->other.row.manual == f->one.row.manual);
		assert_false(f->other.row.manual_judged);
		assert_int_equal(store_parent_load(f->store, ZONE, &f->again), KNOT_ENOENT);
		assert_int_equal(number(f, "PRAGMA user_version"), read_only ? 8 : STORE_SCHEMA);
	}
	assert_same(&f->one, &f->other);
	f->one.row.manual_judged = true;
	save(f, NULL);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_true(f->other.row.manual_judged);
}

/*! Until when caches have the former DS nobody knew, nor when a silent server was asked. */
static void schema_12_has_two_more_columns(void **state)
{
	fixture_t *f = *state;
	open_store(f, false);
	any_delegation(&f->one, ZONE, NAME);
	strcpy(f->one.answers, "{}");
	f->one.row.before_until = 1800000000;
	save(f, NULL);
	assert_int_equal(save_silence(f, "ns1", 1000), KNOT_EOK);
	store_close(f->store);
	f->store = NULL;
	sql(f, "ALTER TABLE delegation DROP COLUMN back_since; ALTER TABLE delegation DROP COLUMN back_last;"
	       "ALTER TABLE delegation DROP COLUMN dnskey_ttl;"
	       "ALTER TABLE delegation DROP COLUMN before_until; ALTER TABLE delegation_server DROP COLUMN seen;"
	       "PRAGMA user_version = 11");
	f->one.row.before_until = 0;
	for (int read_only = 1; read_only >= 0; read_only--) {
		open_store(f, read_only);
		assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
		assert_int_equal(number(f, "PRAGMA user_version"), read_only ? 11 : STORE_SCHEMA);
		assert_int_equal(f->other.row.before_until, 0);
		delegation_silence_t silence;
		assert_int_equal(store_delegation_silence_load(f->store, ZONE, NAME, "ns1", &silence), KNOT_EOK);
		assert_int_equal(silence.since, read_only ? 0 : 1000);
		assert_int_equal(silence.seen, 0);
	}
	f->one.row.before_until = 1800000000;
	save(f, NULL);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_int_equal(f->other.row.before_until, 1800000000);
}

/*! Since when a child was back at its former keys nobody knew, nor the TTL of its DNSKEY. */
static void schema_13_has_three_more_columns(void **state)
{
	fixture_t *f = *state;
	open_store(f, false);
	any_delegation(&f->one, ZONE, NAME);
	strcpy(f->one.answers, "{}");
	f->one.row.back_since = 1800000000;
	f->one.row.back_last = 1800000060;
	f->one.row.dnskey_ttl = 3600;
	save(f, NULL);
	store_close(f->store);
	f->store = NULL;
	sql(f, "ALTER TABLE delegation DROP COLUMN back_since; ALTER TABLE delegation DROP COLUMN back_last;"
	       "ALTER TABLE delegation DROP COLUMN dnskey_ttl; PRAGMA user_version = 12");
	f->one.row.back_since = f->one.row.back_last = f->one.row.dnskey_ttl = 0;
	for (int read_only = 1; read_only >= 0; read_only--) {
		open_store(f, read_only);
		assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
		assert_int_equal(number(f, "PRAGMA user_version"), read_only ? 12 : STORE_SCHEMA);
		assert_int_equal(f->other.row.back_since, 0);
		assert_int_equal(f->other.row.back_last, 0);
		assert_int_equal(f->other.row.dnskey_ttl, 0);
	}
	f->one.row.back_since = 1800000000;
	f->one.row.back_last = 1800000060;
	f->one.row.dnskey_ttl = 3600;
	save(f, NULL);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_int_equal(f->other.row.back_since, 1800000000);
	assert_int_equal(f->other.row.back_last, 1800000060);
	assert_int_equal(f->other.row.dnskey_ttl, 3600);
}

static void delegations_came_with_schema_8(void **state)
{
	fixture_t *f = *state;
	make_old(f);
	open_store(f, false);
	assert_int_equal(number(f, "PRAGMA user_version"), STORE_SCHEMA);
	assert_int_equal(number(f, "SELECT count(*) FROM zone"), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM history"), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM server"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM delegation"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 0);
	time_t before = 1;
	assert_int_equal(store_report_add(f->store, ZONE, 59, 24, 1000, &before), KNOT_EOK);
	assert_int_equal(before, 0);
	any_delegation(&f->one, ZONE, NAME);
	strcpy(f->one.answers, "{}");
	save(f, NULL);
	assert_int_equal(store_delegation_load(f->store, ZONE, NAME, &f->other), KNOT_EOK);
	assert_same(&f->one, &f->other);

	// A new one has nothing else.
	const char *objects = "SELECT count(*) FROM sqlite_schema";
	const int64_t migrated = number(f, objects);
	store_close(f->store);
	f->store = NULL;
	char path[128];
	strcpy(path, f->path);
	snprintf(f->path, sizeof(f->path), "%s/new.db", f->dir);
	open_store(f, false);
	assert_int_equal(number(f, objects), migrated);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(unlink(f->path), 0);
	strcpy(f->path, path);
}

/*! There can be very many delegations, almost all at rest. */
static void a_delegation_at_rest_is_small(void **state)
{
	fixture_t *f = *state;
	enum {
		COUNT = 2000
	};
	assert_int_equal(store_begin(f->store), KNOT_EOK);
	for (int i = 0; i < COUNT; i++) {
		char name[64];
		snprintf(name, sizeof(name), "some-domain-%d.example.", i);
		set_names(&f->one, ZONE, name);
		delegation_init(&f->one.row, 1800000000, 0);
		f->one.row.known = true;
		f->one.row.ds = any_id();
		f->one.row.next_check = 1800000000 + i;
		f->one.checked = 1800000000;
		save(f, NULL);
	}
	assert_int_equal(store_commit(f->store), KNOT_EOK);
	open_store(f, false);
	const int64_t size = number(f, "SELECT sum(pgsize) FROM dbstat WHERE name = 'delegation'");
	print_message("%lld octets for a delegation at rest\n", (long long)size / COUNT);
	assert_true(size / COUNT < 200);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		return 2;
	}
	schema_7 = argv[1];
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_field_comes_back),
		TEST(every_field_of_a_parent_zone_comes_back),
		TEST(answers_stay_until_there_are_others),
		TEST(delegations_come_in_order_of_zone_and_name),
		TEST(history_is_in_order_and_limited),
		TEST(events_are_read_one_after_another),
		TEST(only_the_newest_events_of_a_kind_are_kept),
		TEST(row_and_event_come_together_or_not_at_all),
		TEST(value_out_of_range_is_not_saved),
		TEST(row_that_makes_no_sense_is_not_loaded),
		TEST(answers_that_are_invalid_hide_no_other_delegation),
		TEST(largest_set_of_ds_comes_back),
		TEST(parent_zone_that_makes_no_sense_is_not_loaded),
		TEST(texts_are_printable_for_the_reader_alone),
		TEST(silence_survives_and_is_bounded),
		TEST(a_forgotten_delegation_leaves_nothing),
		TEST(delegations_that_are_gone_are_forgotten_in_time),
		TEST(a_parent_zone_is_old_when_nothing_is_written_about_it),
		TEST(a_parent_zone_is_forgotten_in_pieces),
		TEST(a_delegation_at_rest_is_small),
		cmocka_unit_test_setup_teardown(a_store_without_delegations_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(delegations_came_with_schema_8, setup, teardown),
		cmocka_unit_test_setup_teardown(schema_9_has_two_more_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(schema_12_has_two_more_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(schema_13_has_three_more_columns, setup, teardown),
	};
	return cmocka_run_group_tests_name("store_delegations", tests, NULL, NULL);
}
