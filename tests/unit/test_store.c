/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept over restarts. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libknot/libknot.h>
#include <sqlite3.h>

#include "kskroll/store.h"

typedef struct {
	char dir[64];
	char path[128];
	char err[512];
	store_zone_t zone; // Too large for a stack.
	store_zone_t other;
	store_event_t event;
} fixture_t;

/*! File with the store that an older version wrote, as SQL. */
static const char *schema_1, *schema_3, *schema_4;

static int setup(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	strcpy(f->dir, "/tmp/kskroll-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sub/folder/store.db", f->dir);
	*state = f;
	srandom(4711);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	fixture_t *f = *state;
	nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static store_t *open_ok(fixture_t *f, bool read_only)
{
	store_t *store = store_open(f->path, read_only, f->err, sizeof(f->err));
	if (store == NULL) {
		fail_msg("%s", f->err);
	}
	assert_string_equal(f->err, "");
	return store;
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

/* Random content. */

static uint32_t any(uint32_t below)
{
	return ((uint64_t)random() << 16 ^ random()) % below;
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

static void any_key(key_id_t *key)
{
	for (size_t i = 0; i < sizeof(key->digest); i++) {
		key->digest[i] = any(256);
	}
	key->tag = any(65536);
	key->algorithm = any(256);
}

static void any_window(ttl_window_t *window)
{
	window->count = any(TTL_WINDOW_MAX + 1);
	for (unsigned i = 0; i < window->count; i++) {
		window->step[i].ttl = any(5) == 0 ? UINT32_MAX : any(UINT32_MAX);
		window->step[i].seen = any_time();
	}
}

#define SETTINGS 11

static uint32_t *setting(rollover_config_t *c, size_t i)
{
	uint32_t *const settings[SETTINGS] = {
		&c->ksk_lifetime,
		&c->ttl,
		&c->lead,
		&c->observe,
		&c->settle,
		&c->check_interval,
		&c->ds_check_interval,
		&c->unreachable_after,
		&c->bogus_limit,
		&c->notify_again,
		&c->spread,
	};
	return settings[i];
}

static void any_zone(store_zone_t *zone, const char *name)
{
	memset(zone, 0, sizeof(*zone));
	strcpy(zone->zone, name);
	rollover_row_t *row = &zone->row;
	row->state = any(ROLLOVER_STATE__COUNT);
	row->since = any_time();
	row->gate = any(GATE__COUNT);
	any_text(row->gate_about, sizeof(row->gate_about));
	any_text(row->gate_detail, sizeof(row->gate_detail));
	row->gate_since = any_time();
	row->gate_until = any_time();
	row->old_count = any(ROLLOVER_OLD_MAX + 1);
	for (unsigned i = 0; i < row->old_count; i++) {
		any_key(&row->old[i]);
	}
	row->has_new = any(2);
	if (row->has_new) {
		any_key(&row->new_key);
	}
	row->settled_at = any_time();
	row->all_since = any_time();
	row->all_expired = any_time();
	row->ds_all_since = any_time();
	row->ds_expire = any(5) == 0 ? UINT32_MAX : any(UINT32_MAX);
	any_window(&row->dnskey_ttl);
	any_window(&row->ds_ttl);
	row->keys = any(KEYS__COUNT);
	row->signalled = any_time();
	row->csk = any(2);
	row->zone_ttl = any(UINT32_MAX);
	row->zone_ttl_seen = any_time();
	row->zone_ttl_until = any_time();
	row->data_algorithms = any(UINT32_MAX);
	row->data_keys = any(UINT32_MAX);
	row->data_serial = any(UINT32_MAX);
	row->data_since = any_time();
	row->data_last = any_time();
	row->csk_new = any(2);
	row->signers = any(2);
	row->ds_ttl_before = any(UINT32_MAX);
	row->ds_ttl_low = any(UINT32_MAX);
	row->ds_ttl_back = any(2);
	row->ds_ttl_asked = any_time();
	row->ds_ttl_since = any_time();
	row->ds_ttl_sent = any_time();
	row->ordered = any_time();
	row->notified = any_time();
	row->submitted = any_time();
	any_text(row->submitted_id, sizeof(row->submitted_id));
	row->checks = any(256);
	row->next_check = any_time();
	any_text(zone->base_policy, sizeof(zone->base_policy));
	zone->policy_implicit = any(2);
	any_text(zone->parent_zone, sizeof(zone->parent_zone));
	any_text(zone->answers, sizeof(zone->answers));
	any_text(zone->notification, sizeof(zone->notification));
	zone->checked = any_time();
	zone->configured = any(2);
	for (size_t i = 0; i < SETTINGS; i++) {
		*setting(&zone->config, i) = any(5) == 0 ? UINT32_MAX : any(UINT32_MAX);
	}
	zone->config.zone_ttl = any(UINT32_MAX);
	zone->config.dnskey_refresh = any(UINT32_MAX);
	zone->config.manual = any(2);
	zone->config.ds_ttl = any(UINT32_MAX);
	zone->config.go_insecure = any(2);
	zone->config.via = any(PARENT_VIA__COUNT);
	zone->config.dry_run = any(2);
	zone->config.hold = any(2);
	zone->config.observe_only = any(2);
	any_text(zone->config.observe_reason, sizeof(zone->config.observe_reason));
	any_text(zone->start_window, sizeof(zone->start_window));
	any_text(zone->no_start, sizeof(zone->no_start));
}

static void assert_window(const ttl_window_t *a, const ttl_window_t *b)
{
	assert_int_equal(a->count, b->count);
	for (unsigned i = 0; i < TTL_WINDOW_MAX; i++) {
		assert_int_equal(a->step[i].ttl, b->step[i].ttl);
		assert_int_equal(a->step[i].seen, b->step[i].seen);
	}
}

static void assert_key(const key_id_t *a, const key_id_t *b)
{
	assert_memory_equal(a->digest, b->digest, sizeof(a->digest));
	assert_int_equal(a->tag, b->tag);
	assert_int_equal(a->algorithm, b->algorithm);
}

static void assert_zone(store_zone_t *a, store_zone_t *b)
{
	assert_string_equal(a->zone, b->zone);
	assert_int_equal(a->row.state, b->row.state);
	assert_int_equal(a->row.since, b->row.since);
	assert_int_equal(a->row.gate, b->row.gate);
	assert_string_equal(a->row.gate_about, b->row.gate_about);
	assert_string_equal(a->row.gate_detail, b->row.gate_detail);
	assert_int_equal(a->row.gate_since, b->row.gate_since);
	assert_int_equal(a->row.gate_until, b->row.gate_until);
	assert_int_equal(a->row.old_count, b->row.old_count);
	for (unsigned i = 0; i < ROLLOVER_OLD_MAX; i++) {
		assert_key(&a->row.old[i], &b->row.old[i]);
	}
	assert_int_equal(a->row.has_new, b->row.has_new);
	assert_key(&a->row.new_key, &b->row.new_key);
	assert_int_equal(a->row.settled_at, b->row.settled_at);
	assert_int_equal(a->row.all_since, b->row.all_since);
	assert_int_equal(a->row.all_expired, b->row.all_expired);
	assert_int_equal(a->row.ds_all_since, b->row.ds_all_since);
	assert_int_equal(a->row.ds_expire, b->row.ds_expire);
	assert_window(&a->row.dnskey_ttl, &b->row.dnskey_ttl);
	assert_window(&a->row.ds_ttl, &b->row.ds_ttl);
	assert_int_equal(a->row.keys, b->row.keys);
	assert_int_equal(a->row.signalled, b->row.signalled);
	assert_int_equal(a->row.csk, b->row.csk);
	assert_int_equal(a->row.zone_ttl, b->row.zone_ttl);
	assert_int_equal(a->row.zone_ttl_seen, b->row.zone_ttl_seen);
	assert_int_equal(a->row.zone_ttl_until, b->row.zone_ttl_until);
	assert_int_equal(a->row.data_algorithms, b->row.data_algorithms);
	assert_int_equal(a->row.data_keys, b->row.data_keys);
	assert_int_equal(a->row.data_serial, b->row.data_serial);
	assert_int_equal(a->row.data_since, b->row.data_since);
	assert_int_equal(a->row.data_last, b->row.data_last);
	assert_int_equal(a->row.csk_new, b->row.csk_new);
	assert_int_equal(a->row.signers, b->row.signers);
	assert_int_equal(a->row.ds_ttl_before, b->row.ds_ttl_before);
	assert_int_equal(a->row.ds_ttl_low, b->row.ds_ttl_low);
	assert_int_equal(a->row.ds_ttl_back, b->row.ds_ttl_back);
	assert_int_equal(a->row.ds_ttl_asked, b->row.ds_ttl_asked);
	assert_int_equal(a->row.ds_ttl_since, b->row.ds_ttl_since);
	assert_int_equal(a->row.ds_ttl_sent, b->row.ds_ttl_sent);
	assert_int_equal(a->row.ordered, b->row.ordered);
	assert_int_equal(a->row.notified, b->row.notified);
	assert_int_equal(a->row.submitted, b->row.submitted);
	assert_string_equal(a->row.submitted_id, b->row.submitted_id);
	assert_int_equal(a->row.checks, b->row.checks);
	assert_int_equal(a->row.next_check, b->row.next_check);
	assert_string_equal(a->base_policy, b->base_policy);
	assert_int_equal(a->policy_implicit, b->policy_implicit);
	assert_string_equal(a->parent_zone, b->parent_zone);
	assert_string_equal(a->answers, b->answers);
	assert_string_equal(a->notification, b->notification);
	assert_int_equal(a->checked, b->checked);
	assert_int_equal(a->configured, b->configured);
	for (size_t i = 0; i < SETTINGS; i++) {
		assert_int_equal(*setting(&a->config, i), *setting(&b->config, i));
	}
	assert_int_equal(a->config.zone_ttl, b->config.zone_ttl);
	assert_int_equal(a->config.dnskey_refresh, b->config.dnskey_refresh);
	assert_int_equal(a->config.manual, b->config.manual);
	assert_int_equal(a->config.ds_ttl, b->config.ds_ttl);
	assert_int_equal(a->config.go_insecure, b->config.go_insecure);
	assert_int_equal(a->config.via, b->config.via);
	assert_int_equal(a->config.dry_run, b->config.dry_run);
	assert_int_equal(a->config.hold, b->config.hold);
	assert_int_equal(a->config.observe_only, b->config.observe_only);
	assert_string_equal(a->config.observe_reason, b->config.observe_reason);
	assert_string_equal(a->start_window, b->start_window);
	assert_string_equal(a->no_start, b->no_start);
}

static void set_event(store_event_t *event, const char *zone, time_t time, const char *evidence)
{
	memset(event, 0, sizeof(*event));
	event->time = time;
	strcpy(event->zone, zone);
	event->from = ROLLOVER_IDLE;
	event->to = ROLLOVER_PREPARE;
	event->gate = GATE_TTL_HIGH;
	snprintf(event->evidence, sizeof(event->evidence), "%s", evidence);
}

/* Rows. */

static void every_field_comes_back(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);

	for (unsigned i = 0; i < 50; i++) {
		any_zone(&f->zone, "example.com.");
		assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
		if (i % 10 == 0) {
			store_close(store);
			store = open_ok(f, false);
		}
		memset(&f->other, 0xa5, sizeof(f->other));
		assert_int_equal(store_load(store, "example.com.", &f->other), KNOT_EOK);
		assert_zone(&f->other, &f->zone);
	}
	assert_int_equal(store_load(store, "example.org.", &f->other), KNOT_ENOENT);
	store_close(store);
}

typedef struct {
	unsigned count;
	unsigned stop_at;
	char names[16][256];
	long long times[16];
} seen_t;

static int see_zone(const store_zone_t *zone, void *arg)
{
	seen_t *seen = arg;
	strcpy(seen->names[seen->count++], zone->zone);
	return seen->count == seen->stop_at ? 42 : 0;
}

static int see_event(const store_event_t *event, void *arg)
{
	seen_t *seen = arg;
	strcpy(seen->names[seen->count], event->evidence);
	seen->times[seen->count++] = event->time;
	return seen->count == seen->stop_at ? 42 : 0;
}

static void zones_come_in_order(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	static const char *const names[] = { "b.test.", ".", "a.test.", "c.test." };
	for (size_t i = 0; i < 4; i++) {
		any_zone(&f->zone, names[i]);
		assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	}

	seen_t seen = { 0 };
	assert_int_equal(store_zones(store, see_zone, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 4);
	assert_string_equal(seen.names[0], ".");
	assert_string_equal(seen.names[1], "a.test.");
	assert_string_equal(seen.names[3], "c.test.");

	seen = (seen_t){ .stop_at = 2 };
	assert_int_equal(store_zones(store, see_zone, &seen), 42);
	assert_int_equal(seen.count, 2);
	store_close(store);
}

static int see_name(const char *zone, void *arg)
{
	seen_t *seen = arg;
	snprintf(seen->names[seen->count++], sizeof(seen->names[0]), "%s", zone);
	return seen->count == seen->stop_at ? 42 : 0;
}

static void rollovers_under_way_are_found(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	static const struct {
		const char *zone;
		rollover_state_t state;
		/* clang-format off */
	} rows[] = {
		{ "rest.test.", ROLLOVER_IDLE }, { "first.test.", ROLLOVER_PREPARE }, { "rest2.test.", ROLLOVER_IDLE },
		{ "last.test.", ROLLOVER_EXPIRE_DS },
	};
	/* clang-format on */
	seen_t seen = { 0 };
	assert_int_equal(store_active(store, see_name, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		any_zone(&f->zone, rows[i].zone);
		f->zone.row.state = rows[i].state;
		assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	}
	assert_int_equal(store_active(store, see_name, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 2);
	bool first = strcmp(seen.names[0], "first.test.") == 0;
	assert_string_equal(seen.names[first ? 0 : 1], "first.test.");
	assert_string_equal(seen.names[first ? 1 : 0], "last.test.");

	seen = (seen_t){ .stop_at = 1 };
	assert_int_equal(store_active(store, see_name, &seen), 42);
	assert_int_equal(seen.count, 1);
	store_close(store);
}

static void row_that_makes_no_sense_is_not_loaded(void **state)
{
	fixture_t *f = *state;
	static const char *const bad[] = {
		"state = 99",
		"state = -1",
		"state = 'idle'",
		"gate = 4711",
		"since = -1",
		"since = 1.5",
		"ds_expire = 4294967296",
		"checks = 256",
		"policy_implicit = 2",
		"gate_about = x'00'",
		"gate_detail = printf('%.*c', 160, 'x')",
		"gate_detail = 'a' || char(0) || 'b'",
		"answers = printf('%.*c', 16384, 'x')",
		"old_keys = 'x'",
		"old_keys = '1/13/00'",
		"new_key = '65536/13/' || hex(zeroblob(32))",
		"new_key = '1/256/' || hex(zeroblob(32))",
		"new_key = '1/13/' || hex(zeroblob(33))",
		"new_key = '1/13/' || hex(zeroblob(32)) || ' 1/13/' || hex(zeroblob(32))",
		"old_keys = '1/13/' || hex(zeroblob(32)) || ' '",
		"old_keys = replace(hex(zeroblob(5)), '00', '1/13/' || hex(zeroblob(32)) || ' ')",
		"new_key = '1/13/' || printf('%.*c', 64, 'g')",
		"dnskey_ttl = '300'",
		"dnskey_ttl = '300@'",
		"dnskey_ttl = '300@1,'",
		"dnskey_ttl = '-1@1'",
		"dnskey_ttl = '4294967296@1'",
		"dnskey_ttl = '1@9223372036854775808'",
		"dnskey_ttl = '1@1,1@1,1@1,1@1,1@1'",
		"ds_ttl = ' 1@1'",
		"ds_ttl = x'31403031'",
		"next_check = 99999999999999999999",
		"key_states = 6",
		"key_states = -1",
		"key_states = 'silent'",
		"signalled = -1",
		"signalled = 'now'",
		"checked = -1",
		"configured = 2",
		"ttl = 4294967296",
		"lead = ''",
		"hold = -1",
		"observe_reason = printf('%.*c', 160, 'x')",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		store_t *store = open_ok(f, false);
		any_zone(&f->zone, "bad.test.");
		assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
		any_zone(&f->zone, "good.test.");
		assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
		char text[256];
		snprintf(text, sizeof(text), "UPDATE zone SET %s WHERE zone = 'bad.test.'", bad[i]);
		sql(f, text);

		if (store_load(store, "bad.test.", &f->other) != KNOT_EMALF) {
			fail_msg("loaded with %s", bad[i]);
		}
		assert_non_null(strstr(store_error(store), "bad.test."));
		assert_int_equal(store_load(store, "good.test.", &f->other), KNOT_EOK);

		// It does not hide the others, and can be replaced.
		seen_t seen = { 0 };
		assert_int_equal(store_zones(store, see_zone, &seen), KNOT_EMALF);
		assert_int_equal(seen.count, 1);
		any_zone(&f->zone, "bad.test.");
		assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
		assert_int_equal(store_load(store, "bad.test.", &f->other), KNOT_EOK);
		store_close(store);
	}
}

static void value_out_of_range_is_not_saved(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);

	any_zone(&f->zone, "a.test.");
	f->zone.row.state = ROLLOVER_STATE__COUNT;
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_ERROR);
	any_zone(&f->zone, "a.test.");
	f->zone.row.keys = KEYS__COUNT;
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_ERROR);
	any_zone(&f->zone, "a.test.");
	f->zone.row.old_count = ROLLOVER_OLD_MAX + 1;
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_ERROR);
	assert_non_null(strstr(store_error(store), "out of range"));

	// A bad event does not leave the row behind.
	any_zone(&f->zone, "a.test.");
	set_event(&f->event, "a.test.", 1, "");
	f->event.gate = GATE__COUNT;
	assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_ERROR);
	assert_int_equal(store_load(store, "a.test.", &f->other), KNOT_ENOENT);
	store_close(store);
}

/* History. */

static void history_is_in_order_and_limited(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);

	for (int i = 0; i < 10; i++) {
		const char *name = (i % 2 == 0) ? "a.test." : "b.test.";
		char evidence[16];
		snprintf(evidence, sizeof(evidence), "%i", i);
		any_zone(&f->zone, name);
		// The clock steps back once: what was written first comes first.
		set_event(&f->event, name, i == 5 ? 1 : 1000 + i, evidence);
		assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	}

	seen_t seen = { 0 };
	assert_int_equal(store_history(store, NULL, 0, see_event, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(atoi(seen.names[i]), i);
	}
	assert_int_equal(seen.times[5], 1);

	seen = (seen_t){ 0 };
	assert_int_equal(store_history(store, "b.test.", 0, see_event, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 5);
	assert_string_equal(seen.names[0], "1");

	seen = (seen_t){ 0 };
	assert_int_equal(store_history(store, "b.test.", 2, see_event, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.names[0], "7");
	assert_string_equal(seen.names[1], "9");

	seen = (seen_t){ 0 };
	assert_int_equal(store_history(store, NULL, 3, see_event, &seen), KNOT_EOK);
	assert_string_equal(seen.names[0], "7");

	seen = (seen_t){ .stop_at = 1 };
	assert_int_equal(store_history(store, NULL, 0, see_event, &seen), 42);
	seen = (seen_t){ 0 };
	assert_int_equal(store_history(store, "c.test.", 0, see_event, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 0);

	sql(f, "UPDATE history SET to_state = 99 WHERE id = 2");
	assert_int_equal(store_history(store, NULL, 0, see_event, &seen), KNOT_EMALF);
	assert_int_equal(seen.count, 9);
	store_close(store);
}

static void events_are_read_one_after_another(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	int64_t id = 0, last = -1;

	assert_int_equal(store_history_last(store, &last), KNOT_EOK);
	assert_int_equal(last, 0);
	assert_int_equal(store_history_next(store, &id, &f->event), KNOT_ENOENT);
	assert_int_equal(id, 0);
	for (int i = 0; i < 4; i++) {
		const char *name = (i % 2 == 0) ? "a.test." : "b.test.";
		any_zone(&f->zone, name);
		set_event(&f->event, name, 1000 - i, "{}");
		assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(store_history_next(store, &id, &f->event), KNOT_EOK);
		assert_int_equal(id, i + 1);
		assert_string_equal(f->event.zone, (i % 2 == 0) ? "a.test." : "b.test.");
		assert_int_equal(f->event.time, 1000 - i);
		assert_string_equal(f->event.evidence, "{}");
	}
	assert_int_equal(store_history_next(store, &id, &f->event), KNOT_ENOENT);
	assert_int_equal(id, 4);

	// An invalid event can be passed over.
	sql(f, "UPDATE history SET to_state = 99 WHERE id = 2");
	id = 1;
	assert_int_equal(store_history_next(store, &id, &f->event), KNOT_EMALF);
	assert_int_equal(id, 2);
	assert_non_null(strstr(store_error(store), "event 2 of the history is invalid"));
	assert_int_equal(store_history_next(store, &id, &f->event), KNOT_EOK);
	assert_int_equal(id, 3);

	// Those that are removed leave a gap, and the last one counts all the same.
	assert_int_equal(store_forget(store, "b.test."), KNOT_EOK);
	id = 1;
	assert_int_equal(store_history_next(store, &id, &f->event), KNOT_EOK);
	assert_int_equal(id, 3);
	assert_int_equal(store_history_next(store, &id, &f->event), KNOT_ENOENT);
	assert_int_equal(store_history_last(store, &last), KNOT_EOK);
	assert_int_equal(last, 4);
	store_close(store);
}

/*! Zones in order, each in the order of its own events; gates, old changes and evidence are left out. */
static void changes_of_state_are_read_alone(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	static const struct {
		const char *zone;
		time_t time;
		rollover_state_t to;
	} events[] = {
		{ "b.test.", 1000, ROLLOVER_PREPARE },   { "a.test.", 2000, ROLLOVER_PREPARE },
		{ "b.test.", 3000, ROLLOVER_INTRODUCE }, { "a.test.", 1500, ROLLOVER_INTRODUCE },
		{ "b.test.", 4000, ROLLOVER_IDLE },      { "a.test.", 5000, ROLLOVER_SIGNAL },
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		any_zone(&f->zone, events[i].zone);
		set_event(&f->event, events[i].zone, events[i].time, "7");
		f->event.from = ROLLOVER_IDLE;
		f->event.to = events[i].to;
		assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	}

	seen_t seen = { 0 };
	assert_int_equal(store_changes(store, 1500, see_event, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.times[0], 2000);
	assert_int_equal(seen.times[1], 1500);
	assert_int_equal(seen.times[2], 5000);
	assert_int_equal(seen.times[3], 3000);
	assert_string_equal(seen.names[0], "");
	seen = (seen_t){ .stop_at = 1 };
	assert_int_equal(store_changes(store, 0, see_event, &seen), 42);
	seen = (seen_t){ 0 };
	assert_int_equal(store_changes(store, 9000, see_event, &seen), KNOT_EOK);
	assert_int_equal(seen.count, 0);
	sql(f, "UPDATE history SET to_state = 99 WHERE id = 2");
	assert_int_equal(store_changes(store, 0, see_event, &seen), KNOT_EMALF);
	store_close(store);
}

typedef struct {
	unsigned moves;
	unsigned gates;
	int first_gate;
} kinds_t;

static int see_kind(const store_event_t *event, void *arg)
{
	kinds_t *kinds = arg;
	if (event->from != event->to) {
		kinds->moves++;
	} else if (kinds->gates++ == 0) {
		kinds->first_gate = atoi(event->evidence);
	}
	return 0;
}

static void gates_that_come_and_go_push_out_no_change_of_state(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	const int more = 5;

	assert_int_equal(store_begin(store), KNOT_EOK);
	any_zone(&f->zone, "b.test.");
	set_event(&f->event, "b.test.", 1, "");
	assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	any_zone(&f->zone, "a.test.");
	for (int i = 0; i < 3 + STORE_HISTORY + more; i++) {
		char evidence[16];
		snprintf(evidence, sizeof(evidence), "%i", i);
		set_event(&f->event, "a.test.", 1000 + i, evidence);
		if (i >= 3) {
			f->event.to = f->event.from;
		}
		assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	}
	assert_int_equal(store_commit(store), KNOT_EOK);

	kinds_t kinds = { 0 };
	assert_int_equal(store_history(store, "a.test.", 0, see_kind, &kinds), KNOT_EOK);
	assert_int_equal(kinds.moves, 3);
	assert_int_equal(kinds.gates, STORE_HISTORY);
	assert_int_equal(kinds.first_gate, 3 + more);
	kinds = (kinds_t){ 0 };
	assert_int_equal(store_history(store, "b.test.", 0, see_kind, &kinds), KNOT_EOK);
	assert_int_equal(kinds.moves, 1);
	store_close(store);
}

static void largest_evidence_comes_back(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	any_zone(&f->zone, "a.test.");
	set_event(&f->event, "a.test.", 1, "");
	memset(f->event.evidence, 'e', sizeof(f->event.evidence) - 1);
	assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	store_close(store);

	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	sqlite3_prepare_v2(db, "SELECT length(evidence) FROM history", -1, &stmt, NULL);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 16383);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

/* Servers. */

static void unreachable_times_survive(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	rollover_silence_t silence = { .since = 7, .seen = { .wall = 7, .boot = 7 }, .alone = true };

	assert_int_equal(store_unreachable_load(store, "a.test.", "ns1. ::1@53", &silence), KNOT_ENOENT);
	assert_int_equal(silence.since, 0);
	assert_int_equal(silence.seen.wall, 0);
	assert_int_equal(silence.seen.boot, 0);
	assert_false(silence.alone);
	assert_int_equal(store_unreachable_save(store, "a.test.", "ns1. ::1@53",
	                                        &(rollover_silence_t){ .since = 1000, .seen.wall = 5000 }),
	                 KNOT_EOK);
	assert_int_equal(store_unreachable_save(store, "a.test.", "ns2. ::1@53",
	                                        &(rollover_silence_t){ .since = 2000, .seen.wall = 5000 }),
	                 KNOT_EOK);
	assert_int_equal(
		store_unreachable_save(store, "a.test.", "ns1. ::1@53",
	                               &(rollover_silence_t){ .since = 1001,
	                                                      .seen = { .wall = 5001, .ahead = -17, .boot = INT64_MAX },
	                                                      .alone = true }),
		KNOT_EOK);
	store_close(store);

	store = open_ok(f, false);
	assert_int_equal(store_unreachable_load(store, "a.test.", "ns1. ::1@53", &silence), KNOT_EOK);
	assert_int_equal(silence.since, 1001);
	assert_int_equal(silence.seen.wall, 5001);
	assert_int_equal(silence.seen.ahead, -17);
	assert_int_equal(silence.seen.boot, INT64_MAX);
	assert_true(silence.alone);
	assert_int_equal(store_unreachable_load(store, "b.test.", "ns1. ::1@53", &silence), KNOT_ENOENT);
	assert_int_equal(store_unreachable_save(store, "a.test.", "ns1. ::1@53", NULL), KNOT_EOK);
	assert_int_equal(store_unreachable_load(store, "a.test.", "ns1. ::1@53", &silence), KNOT_ENOENT);
	assert_int_equal(store_unreachable_load(store, "a.test.", "ns2. ::1@53", &silence), KNOT_EOK);
	assert_int_equal(store_unreachable_save(store, "a.test.", "ns2. ::1@53", &(rollover_silence_t){ .since = -1 }),
	                 KNOT_ERROR);
	store_close(store);
}

/* Transactions. */

static void transaction_covers_several_calls(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	store_t *reader = open_ok(f, true);

	assert_int_equal(store_begin(store), KNOT_EOK);
	for (int i = 0; i < 100; i++) {
		char name[32];
		snprintf(name, sizeof(name), "z%i.test.", i);
		any_zone(&f->zone, name);
		set_event(&f->event, name, 1, "");
		assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	}
	// One that fails takes nothing of the others with it.
	set_event(&f->event, "z0.test.", 1, "");
	f->event.to = ROLLOVER_STATE__COUNT;
	assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_ERROR);
	assert_int_equal(store_load(reader, "z99.test.", &f->other), KNOT_ENOENT);
	assert_int_equal(store_commit(store), KNOT_EOK);
	assert_int_equal(store_load(reader, "z99.test.", &f->other), KNOT_EOK);
	assert_int_equal(store_commit(store), KNOT_ERROR);

	// What was not committed is gone.
	assert_int_equal(store_begin(store), KNOT_EOK);
	any_zone(&f->zone, "late.test.");
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	store_close(store);
	assert_int_equal(store_load(reader, "late.test.", &f->other), KNOT_ENOENT);
	store_close(reader);
}

/* Files. */

static void file_and_folders_are_created(void **state)
{
	fixture_t *f = *state;
	struct stat st;
	mode_t old = umask(0);

	store_close(open_ok(f, false));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	char folder[128];
	snprintf(folder, sizeof(folder), "%s/sub/folder", f->dir);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	umask(old);
}

static void reader_creates_nothing(void **state)
{
	fixture_t *f = *state;
	assert_null(store_open(f->path, true, f->err, sizeof(f->err)));
	assert_non_null(strstr(f->err, f->path));
	assert_non_null(strstr(f->err, "No such file"));
	assert_int_equal(access(f->path, F_OK), -1);
}

static void reader_does_not_write(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	any_zone(&f->zone, "a.test.");
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	store_close(store);

	store = open_ok(f, true);
	assert_int_equal(store_load(store, "a.test.", &f->other), KNOT_EOK);
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_ERROR);
	assert_non_null(strstr(store_error(store), "reading only"));
	assert_int_equal(store_begin(store), KNOT_ERROR);
	assert_int_equal(store_unreachable_save(store, "a.", "b", &(rollover_silence_t){ .since = 1 }), KNOT_ERROR);
	store_close(store);
}

static void path_that_cannot_be_written_is_explained(void **state)
{
	fixture_t *f = *state;
	static const char *const paths[] = {
		"/proc/kskroll/store.db",
		"/dev/null/store.db",
		"/proc",
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_null(store_open(paths[i], false, f->err, sizeof(f->err)));
		assert_non_null(strstr(f->err, i == 0 ? "/proc/kskroll" : i == 1 ? "/dev/null" : paths[i]));
		assert_non_null(strstr(f->err, "the user of knotd"));
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *path, const char *text)
{
	char found[64] = "";
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fgets(found, sizeof(found), file) != NULL || text[0] == '\0');
	fclose(file);
	assert_string_equal(found, text);
}

static void links_and_what_is_no_file_are_not_written(void **state)
{
	fixture_t *f = *state;
	char victim[128], link[256];
	snprintf(victim, sizeof(victim), "%s/victim", f->dir);
	store_close(open_ok(f, false));

	// The file itself: neither made nor taken, whether the link leads to a store, to another file or nowhere.
	static const char *const texts[] = { NULL, "", "not ours" };
	for (size_t i = 0; i < 3; i++) {
		if (texts[i] != NULL) {
			write_file(victim, texts[i]);
		}
		unlink(f->path);
		assert_return_code(symlink(victim, f->path), 0);
		assert_null(store_open(f->path, false, f->err, sizeof(f->err)));
		assert_non_null(strstr(f->err, "a symbolic link"));
		if (texts[i] != NULL) {
			assert_file(victim, texts[i]);
		} else {
			assert_int_equal(access(victim, F_OK), -1);
		}
	}
	unlink(f->path);
	assert_return_code(mkfifo(f->path, 0600), 0);
	assert_null(store_open(f->path, false, f->err, sizeof(f->err)));
	assert_non_null(strstr(f->err, "no plain file"));
	unlink(f->path);

	// Its companions.
	static const char *const companions[] = { "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < 3; i++) {
		store_close(open_ok(f, false));
		write_file(victim, "not ours");
		snprintf(link, sizeof(link), "%s%s", f->path, companions[i]);
		unlink(link);
		assert_return_code(symlink(victim, link), 0);
		store_t *store = store_open(f->path, false, f->err, sizeof(f->err));
		if (store != NULL) {
			any_zone(&f->zone, "a.");
			(void)store_save(store, &f->zone, NULL);
			store_close(store);
		}
		assert_file(victim, "not ours");
		unlink(link);
	}

	// A folder may be a link: the operator has moved it to another disk.
	snprintf(link, sizeof(link), "%s/moved", f->dir);
	snprintf(victim, sizeof(victim), "%s/sub", f->dir);
	assert_return_code(symlink(victim, link), 0);
	snprintf(f->path, sizeof(f->path), "%s/moved/folder/store.db", f->dir);
	store_t *store = open_ok(f, false);
	any_zone(&f->zone, "a.");
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	store_close(store);
}

static void texts_are_printable_for_the_reader_alone(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	any_zone(&f->zone, "a.");
	strcpy(f->zone.row.gate_detail, "x\x1b[2J\r\n\x7f\xc2\x9b\x9b\xe2\x80\xae\xc3\xa9\xed");
	strcpy(f->zone.answers, "{\n}");
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	assert_int_equal(store_load(store, "a.", &f->other), KNOT_EOK);
	assert_string_equal(f->other.row.gate_detail, f->zone.row.gate_detail);
	store_close(store);
	store = open_ok(f, true);
	assert_int_equal(store_load(store, "a.", &f->other), KNOT_EOK);
	assert_string_equal(f->other.row.gate_detail, "x?[2J"
	                                              "?"
	                                              "?"
	                                              "?"
	                                              "?"
	                                              "?"
	                                              "?"
	                                              "?"
	                                              "?"
	                                              "?"
	                                              "\xc3\xa9?");
	assert_string_equal(f->other.answers, "{\n}");
	store_close(store);
}

static void newer_schema_is_refused(void **state)
{
	fixture_t *f = *state;
	store_close(open_ok(f, false));
	sql(f, "PRAGMA user_version = 99");

	for (int read_only = 0; read_only < 2; read_only++) {
		assert_null(store_open(f->path, read_only, f->err, sizeof(f->err)));
		assert_non_null(strstr(f->err, f->path));
		assert_non_null(strstr(f->err, "99"));
		assert_non_null(strstr(f->err, "install the newer kskroll"));
	}
}

/*! Makes the store that an older version wrote. */
static void make_old(fixture_t *f, const char *schema)
{
	snprintf(f->path, sizeof(f->path), "%s/old.db", f->dir);
	FILE *file = fopen(schema, "r");
	assert_non_null(file);
	static char text[65536];
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	sql(f, text);
}

/*! First value of a query as text. */
static char *value(fixture_t *f, const char *query)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	char *text = strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}

static void older_schema_is_migrated_and_nothing_is_lost(void **state)
{
	static const char *const renamed[] = {
		"SELECT group_concat(all_drained || '/' || ds_drain || '/' || acted || '/' || looks || '/' || wake)"
		" FROM zone",
		"SELECT group_concat(all_expired || '/' || ds_expire || '/' || ordered || '/' || checks || '/' ||"
		" next_check) FROM zone",
	};
	static const char *const queries[] = {
		"SELECT group_concat(quote(zone) || state || '/' || since || '/' || gate || gate_about ||"
		" gate_detail || gate_since || '/' || gate_until || old_keys || new_key || settled_at || '/' ||"
		" all_since || '/' || ds_all_since || '/' || dnskey_ttl || ds_ttl || '/' || base_policy ||"
		" policy_implicit || parent_zone || answers) FROM zone",
		"SELECT group_concat(id || '/' || time || zone || from_state || '/' || to_state || '/' ||"
		" gate || evidence) FROM history",
		"SELECT group_concat(zone || server || unreachable_since) FROM server",
	};
	fixture_t *f = *state;
	char *before[3];
	make_old(f, schema_1);
	for (int i = 0; i < 3; i++) {
		before[i] = value(f, queries[i]);
	}
	char *of_old_names = value(f, renamed[0]);

	store_t *store = open_ok(f, false);
	assert_int_equal(store_load(store, "bravo.example.", &f->zone), KNOT_EOK);
	assert_int_equal(f->zone.row.state, ROLLOVER_AWAIT_DS);
	assert_int_equal(f->zone.row.new_key.tag, 1002);
	assert_false(f->zone.configured);
	assert_int_equal(f->zone.config.ttl, 0);
	assert_int_equal(f->zone.checked, 0);
	for (int i = 0; i < 3; i++) {
		char *after = value(f, queries[i]);
		assert_string_equal(after, before[i]);
		free(after);
		free(before[i]);
	}

	char *of_new_names = value(f, renamed[1]);
	assert_string_equal(of_new_names, of_old_names);
	free(of_new_names);
	free(of_old_names);

	// It is as good as a new one, and a new one has nothing else.
	any_zone(&f->zone, "bravo.example.");
	set_event(&f->event, "bravo.example.", 1, "");
	assert_int_equal(store_save(store, &f->zone, &f->event), KNOT_EOK);
	store_close(store);
	store = open_ok(f, false);
	assert_int_equal(store_load(store, "bravo.example.", &f->other), KNOT_EOK);
	assert_zone(&f->other, &f->zone);
	store_close(store);
	const char *objects = "SELECT count(*) || ' ' || group_concat(name) FROM (SELECT name FROM sqlite_schema"
			      " UNION ALL SELECT name FROM pragma_table_info('zone') ORDER BY name)";
	char *migrated = value(f, objects);
	snprintf(f->path, sizeof(f->path), "%s/new.db", f->dir);
	store_close(open_ok(f, false));
	char *fresh = value(f, objects);
	assert_string_equal(migrated, fresh);
	free(migrated);
	free(fresh);
}

/*! What a row of schema 3 had, under the names of then, whoever reads it. */
static void assert_bravo_of_schema_3(const store_zone_t *z)
{
	assert_int_equal(z->row.state, ROLLOVER_AWAIT_DS);
	assert_int_equal(z->row.all_since, 1789990000);
	assert_int_equal(z->row.all_expired, 1789990300);
	assert_int_equal(z->row.ds_expire, 3600);
	assert_int_equal(z->row.ordered, 1789990100);
	assert_int_equal(z->row.checks, 7);
	assert_int_equal(z->row.next_check, 1790000123);
	assert_int_equal(z->checked, 1789999945);
	assert_true(z->config.go_insecure);
	assert_int_equal(z->config.ttl, 300);
}

static void columns_of_schema_3_have_other_names_now(void **state)
{
	fixture_t *f = *state;
	make_old(f, schema_3);
	store_t *store = open_ok(f, true);
	assert_int_equal(store_load(store, "bravo.example.", &f->zone), KNOT_EOK);
	assert_bravo_of_schema_3(&f->zone);
	store_close(store);

	store = open_ok(f, false);
	assert_int_equal(store_load(store, "bravo.example.", &f->zone), KNOT_EOK);
	assert_bravo_of_schema_3(&f->zone);
	store_close(store);
	char *indexes = value(f, "SELECT group_concat(name) FROM sqlite_schema WHERE name LIKE 'zone\\_%' ESCAPE '\\'");
	assert_string_equal(indexes, "zone_checked,zone_rolling");
	free(indexes);
}

/*! A rollover of version 0.1.0 goes on: what it knew is there, and the states of its keys are not known. */
static void states_of_keys_came_with_schema_5(void **state)
{
	fixture_t *f = *state;
	make_old(f, schema_4);
	for (int read_only = 1; read_only >= 0; read_only--) {
		store_t *store = open_ok(f, read_only);
		memset(&f->zone, 0xa5, sizeof(f->zone));
		assert_int_equal(store_load(store, "bravo.example.", &f->zone), KNOT_EOK);
		assert_int_equal(f->zone.row.state, ROLLOVER_AWAIT_DS);
		assert_int_equal(f->zone.row.keys, KEYS_UNKNOWN);
		assert_int_equal(f->zone.row.signalled, 0);
		assert_false(f->zone.row.csk); /* It drove KSKs only. */
		assert_int_equal(f->zone.row.ordered, 1789990100);
		assert_int_equal(f->zone.row.new_key.tag, 1002);
		assert_string_equal(f->zone.base_policy, "standard");
		store_close(store);
	}
	char *types = value(f, "SELECT group_concat(typeof(key_states) || typeof(signalled)) FROM zone");
	assert_string_equal(types, "integerinteger,integerinteger");
	free(types);
	char *version = value(f, "PRAGMA user_version");
	assert_int_equal(atoi(version), STORE_SCHEMA);
	free(version);

	store_t *store = open_ok(f, false);
	f->zone.row.keys = KEYS_SIGNAL_NEW;
	f->zone.row.signalled = 1790000000;
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	assert_int_equal(store_load(store, "bravo.example.", &f->other), KNOT_EOK);
	assert_zone(&f->other, &f->zone);
	store_close(store);
}

/*! A rollover of single-type keys is no change to KSK and ZSK. */
static void both_ends_were_of_one_kind_in_schema_6(void **state)
{
	fixture_t *f = *state;
	make_old(f, schema_4);
	store_close(open_ok(f, false));
	static const char *const later[] = { "data_algorithms", "data_keys",     "data_serial", "data_since",
		                             "data_last",       "csk_new",       "signers",     "dnskey_refresh",
		                             "manual",          "ds_ttl_before", "ds_ttl_low",  "ds_ttl_back",
		                             "ds_ttl_asked",    "ds_ttl_since",  "ds_ttl_sent", "ds_ttl_around",
		                             "submitted",       "submitted_id",  "spread",      "start_window",
		                             "no_start" };
	sql(f, "UPDATE zone SET csk = zone LIKE 'bravo%'; PRAGMA user_version = 6");
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		char drop[80];
		snprintf(drop, sizeof(drop), "ALTER TABLE zone DROP COLUMN %s", later[i]);
		sql(f, drop);
	}
	sql(f, "DROP TABLE delegation; DROP TABLE delegation_answers; DROP TABLE delegation_history;"
	       "DROP TABLE delegation_server; DROP TABLE parent; DROP TABLE report");
	for (int read_only = 1; read_only >= 0; read_only--) {
		store_t *store = open_ok(f, read_only);
		assert_int_equal(store_load(store, "bravo.example.", &f->zone), KNOT_EOK);
		assert_true(f->zone.row.csk && f->zone.row.csk_new);
		store_close(store);
	}
}

static void fill(fixture_t *f)
{
	store_t *store = open_ok(f, false);
	for (int i = 0; i < 20; i++) {
		char name[32];
		snprintf(name, sizeof(name), "z%i.test.", i);
		any_zone(&f->zone, name);
		assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	}
	store_close(store);
}

/*! Nothing was under way, as far as anybody knew. */
static void what_is_asked_of_the_parent_came_with_schema_10(void **state)
{
	fixture_t *f = *state;
	fill(f);
	sql(f, "UPDATE zone SET submitted = 0, submitted_id = '', ds_ttl_before = 0, ds_ttl_low = 0, ds_ttl_back = 0,"
	       "ds_ttl_asked = 0, ds_ttl_since = 0, ds_ttl_sent = 0, ds_ttl_around = 0, spread = 0, start_window = '',"
	       "no_start = ''");
	store_t *store = open_ok(f, false);
	assert_int_equal(store_load(store, "z7.test.", &f->other), KNOT_EOK);
	store_close(store);
	sql(f, "ALTER TABLE zone DROP COLUMN submitted; ALTER TABLE zone DROP COLUMN submitted_id;"
	       "ALTER TABLE zone DROP COLUMN ds_ttl_before; ALTER TABLE zone DROP COLUMN ds_ttl_low;"
	       "ALTER TABLE zone DROP COLUMN ds_ttl_back; ALTER TABLE zone DROP COLUMN ds_ttl_asked;"
	       "ALTER TABLE zone DROP COLUMN ds_ttl_since; ALTER TABLE zone DROP COLUMN ds_ttl_sent;"
	       "ALTER TABLE zone DROP COLUMN ds_ttl_around; ALTER TABLE zone DROP COLUMN spread;"
	       "ALTER TABLE zone DROP COLUMN start_window; ALTER TABLE zone DROP COLUMN no_start;"
	       "ALTER TABLE delegation DROP COLUMN back_since; ALTER TABLE delegation DROP COLUMN back_last;"
	       "ALTER TABLE delegation DROP COLUMN dnskey_ttl;"
	       "ALTER TABLE delegation DROP COLUMN before_until;"
	       "ALTER TABLE delegation_server DROP COLUMN seen; PRAGMA user_version = 9");
	for (int read_only = 1; read_only >= 0; read_only--) {
		store = open_ok(f, read_only);
		memset(&f->zone, 0xa5, sizeof(f->zone));
		assert_int_equal(store_load(store, "z7.test.", &f->zone), KNOT_EOK);
		assert_int_equal(f->zone.row.submitted, 0);
		assert_string_equal(f->zone.row.submitted_id, "");
		store_close(store);
	}
	assert_zone(&f->zone, &f->other);
	char *version = value(f, "PRAGMA user_version");
	assert_int_equal(atoi(version), STORE_SCHEMA);
	free(version);
}

/*! Rollovers could start at any time. */
static void when_rollovers_start_came_with_schema_11(void **state)
{
	fixture_t *f = *state;
	fill(f);
	sql(f, "UPDATE zone SET spread = 0, start_window = '', no_start = ''");
	store_t *store = open_ok(f, false);
	assert_int_equal(store_load(store, "z7.test.", &f->other), KNOT_EOK);
	store_close(store);
	sql(f, "ALTER TABLE zone DROP COLUMN spread; ALTER TABLE zone DROP COLUMN start_window;"
	       "ALTER TABLE zone DROP COLUMN no_start; ALTER TABLE delegation DROP COLUMN before_until;"
	       "ALTER TABLE delegation DROP COLUMN back_since; ALTER TABLE delegation DROP COLUMN back_last;"
	       "ALTER TABLE delegation DROP COLUMN dnskey_ttl;"
	       "ALTER TABLE delegation_server DROP COLUMN seen;"
	       "PRAGMA user_version = 10");
	for (int read_only = 1; read_only >= 0; read_only--) {
		store = open_ok(f, read_only);
		memset(&f->zone, 0xa5, sizeof(f->zone));
		assert_int_equal(store_load(store, "z7.test.", &f->zone), KNOT_EOK);
		assert_int_equal(f->zone.config.spread, 0);
		assert_string_equal(f->zone.start_window, "");
		store_close(store);
	}
	assert_zone(&f->zone, &f->other);
}

static void save_child(fixture_t *f, store_t *store, const char *name, const char *parent, rollover_state_t state,
                       time_t checked)
{
	any_zone(&f->zone, name);
	snprintf(f->zone.parent_zone, sizeof(f->zone.parent_zone), "%s", parent);
	f->zone.row.state = state;
	f->zone.checked = checked;
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
}

static void zones_that_roll_are_counted_by_their_parent(void **state)
{
	fixture_t *f = *state;
	store_t *store = open_ok(f, false);
	uint64_t count = 7;

	save_child(f, store, "a.one.", "one.", ROLLOVER_IDLE, 1000);
	assert_int_equal(store_siblings(store, "a.one.", 1000, &count), KNOT_EOK);
	assert_int_equal(count, 0);
	save_child(f, store, "b.one.", "one.", ROLLOVER_PREPARE, 1000);
	save_child(f, store, "c.one.", "one.", ROLLOVER_SETTLE, 2000);
	save_child(f, store, "d.one.", "one.", ROLLOVER_SETTLE, 999);
	save_child(f, store, "e.two.", "two.", ROLLOVER_SETTLE, 2000);
	save_child(f, store, "unknown.", "", ROLLOVER_SETTLE, 2000);
	save_child(f, store, "unknown.too.", "", ROLLOVER_IDLE, 2000);
	assert_int_equal(store_siblings(store, "a.one.", 1000, &count), KNOT_EOK);
	assert_int_equal(count, 2);
	/* Nobody knows which parent it has, or the zone. */
	assert_int_equal(store_siblings(store, "unknown.too.", 1000, &count), KNOT_EOK);
	assert_int_equal(count, 0);
	assert_int_equal(store_siblings(store, "none.", 1000, &count), KNOT_EOK);
	assert_int_equal(count, 0);
	store_close(store);
	char *index = value(f, "SELECT sql FROM sqlite_schema WHERE name = 'zone_rolling'");
	assert_non_null(strstr(index, "WHERE state <> 0"));
	free(index);
}

static void older_schema_is_read_as_it_is(void **state)
{
	fixture_t *f = *state;
	make_old(f, schema_1);
	store_t *store = open_ok(f, true);
	assert_int_equal(store_load(store, "bravo.example.", &f->zone), KNOT_EOK);
	assert_int_equal(f->zone.row.state, ROLLOVER_AWAIT_DS);
	assert_false(f->zone.configured);
	assert_string_equal(f->zone.config.observe_reason, "");
	store_close(store);
	char *version = value(f, "PRAGMA user_version");
	assert_string_equal(version, "1");
	free(version);
}

static void foreign_database_is_refused(void **state)
{
	fixture_t *f = *state;
	snprintf(f->path, sizeof(f->path), "%s/other.db", f->dir);
	sql(f, "CREATE TABLE zone (a); PRAGMA user_version = 1");
	assert_null(store_open(f->path, false, f->err, sizeof(f->err)));
	assert_non_null(strstr(f->err, "another application"));
}

static void assert_refused_and_kept(fixture_t *f)
{
	struct stat before, after;
	assert_int_equal(stat(f->path, &before), 0);
	for (int read_only = 0; read_only < 2; read_only++) {
		assert_null(store_open(f->path, read_only, f->err, sizeof(f->err)));
		assert_non_null(strstr(f->err, f->path));
		assert_non_null(strstr(f->err, "damaged"));
	}
	assert_int_equal(stat(f->path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void damaged_file_is_refused_and_kept(void **state)
{
	fixture_t *f = *state;
	struct stat st;

	fill(f);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(truncate(f->path, st.st_size / 2), 0);
	assert_refused_and_kept(f);

	FILE *file = fopen(f->path, "w");
	for (int i = 0; i < 5000; i++) {
		fputc(any(256), file);
	}
	fclose(file);
	assert_refused_and_kept(f);
}

static void damaged_page_is_an_error_not_a_row(void **state)
{
	fixture_t *f = *state;
	fill(f);

	// All pages but the first are overwritten.
	int fd = open(f->path, O_RDWR);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	char junk[4096];
	memset(junk, 0xee, sizeof(junk));
	for (off_t at = 4096; at < st.st_size; at += 4096) {
		assert_int_equal(pwrite(fd, junk, sizeof(junk), at), 4096);
	}
	close(fd);

	store_t *store = store_open(f->path, false, f->err, sizeof(f->err));
	if (store != NULL) {
		assert_int_equal(store_load(store, "z1.test.", &f->other), KNOT_ERROR);
		assert_non_null(strstr(store_error(store), "damaged"));
		store_close(store);
	}
}

static void empty_file_becomes_a_store(void **state)
{
	fixture_t *f = *state;
	snprintf(f->path, sizeof(f->path), "%s/empty.db", f->dir);
	close(open(f->path, O_CREAT | O_WRONLY, 0640));
	assert_null(store_open(f->path, true, f->err, sizeof(f->err)));
	assert_non_null(strstr(f->err, "is empty"));
	store_close(open_ok(f, false));
	store_close(open_ok(f, true));
}

/* Processes. */

static void reader_and_writer_are_two_processes(void **state)
{
	fixture_t *f = *state;
	store_close(open_ok(f, false));

	pid_t writer = fork();
	if (writer == 0) {
		store_t *store = store_open(f->path, false, f->err, sizeof(f->err));
		bool ok = (store != NULL);
		for (int i = 1; i <= 300 && ok; i++) {
			any_zone(&f->zone, "a.test.");
			f->zone.row.since = i;
			f->zone.row.next_check = i;
			snprintf(f->zone.answers, sizeof(f->zone.answers), "%i", i);
			set_event(&f->event, "a.test.", i, "");
			ok = store_save(store, &f->zone, &f->event) == KNOT_EOK;
		}
		store_close(store);
		_exit(ok ? 0 : 1);
	}

	store_t *reader = open_ok(f, true);
	time_t last = 0;
	while (last < 300) {
		int status;
		int ret = store_load(reader, "a.test.", &f->other);
		assert_true(ret == KNOT_EOK || ret == KNOT_ENOENT);
		if (ret == KNOT_EOK) {
			assert_true(f->other.row.since >= last);
			assert_int_equal(f->other.row.next_check, f->other.row.since);
			assert_int_equal(atoi(f->other.answers), f->other.row.since);
			last = f->other.row.since;
		}
		if (writer > 0 && waitpid(writer, &status, WNOHANG) == writer) {
			assert_int_equal(status, 0);
			writer = 0;
			assert_int_equal(store_load(reader, "a.test.", &f->other), KNOT_EOK);
			last = f->other.row.since;
			assert_int_equal(last, 300);
		}
	}
	if (writer > 0) {
		waitpid(writer, NULL, 0);
	}
	store_close(reader);
}

static void killed_writer_leaves_whole_steps(void **state)
{
	fixture_t *f = *state;
	store_close(open_ok(f, false));

	int pipefd[2];
	assert_int_equal(pipe(pipefd), 0);
	pid_t writer = fork();
	if (writer == 0) {
		store_t *store = store_open(f->path, false, f->err, sizeof(f->err));
		for (int i = 1;; i++) {
			any_zone(&f->zone, "a.test.");
			f->zone.row.since = i;
			set_event(&f->event, "a.test.", i, "");
			if (store_save(store, &f->zone, &f->event) != KNOT_EOK ||
			    write(pipefd[1], &i, sizeof(i)) != sizeof(i)) {
				_exit(1);
			}
		}
	}
	int reported = 0, i;
	while (reported < 20 && read(pipefd[0], &i, sizeof(i)) == sizeof(i)) {
		reported = i;
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	close(pipefd[1]);
	while (read(pipefd[0], &i, sizeof(i)) == sizeof(i)) {
		reported = i;
	}
	close(pipefd[0]);

	// What was reported is there; row and event belong together.
	store_t *store = open_ok(f, false);
	assert_int_equal(store_load(store, "a.test.", &f->other), KNOT_EOK);
	assert_true(f->other.row.since >= reported);
	seen_t seen = { 0 };
	assert_int_equal(store_history(store, "a.test.", 1, see_event, &seen), KNOT_EOK);
	assert_int_equal(seen.times[0], f->other.row.since);
	store_close(store);
}

/*! Does something in a child that may read the files, but may not write their folder. */
static void in_read_only_folder(fixture_t *f, bool (*what)(fixture_t *f))
{
	static const char *const folders[] = { "", "/sub", "/sub/folder" };
	static const char *const files[] = { "", "-wal", "-shm" };
	char path[160];
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", f->dir, folders[i]);
		assert_int_equal(chmod(path, 0555), 0);
	}
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, files[i]);
		(void)chmod(path, 0444);
	}

	pid_t child = fork();
	if (child == 0) {
		if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) {
			_exit(2);
		}
		_exit(what(f) ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", f->dir, folders[i]);
		assert_int_equal(chmod(path, 0755), 0);
	}
}

static bool reads(fixture_t *f)
{
	store_t *store = store_open(f->path, true, f->err, sizeof(f->err));
	bool ok = store != NULL && store_load(store, "z1.test.", &f->other) == KNOT_EOK;
	store_close(store);
	return ok;
}

static bool does_not_read(fixture_t *f)
{
	store_t *store = store_open(f->path, true, f->err, sizeof(f->err));
	bool ok = store == NULL && strstr(f->err, "may write the folder") != NULL;
	store_close(store);
	return ok;
}

static void read_only_folder_can_be_read(void **state)
{
	fixture_t *f = *state;
	fill(f);
	in_read_only_folder(f, reads);

	// A running server: its shared memory is there.
	store_t *store = open_ok(f, false);
	any_zone(&f->zone, "z1.test.");
	assert_int_equal(store_save(store, &f->zone, NULL), KNOT_EOK);
	in_read_only_folder(f, reads);
	store_close(store);
}

static void left_over_log_is_not_ignored(void **state)
{
	fixture_t *f = *state;
	fill(f);

	// A server was killed: changes are in its log only.
	pid_t child = fork();
	if (child == 0) {
		store_t *store = store_open(f->path, false, f->err, sizeof(f->err));
		any_zone(&f->zone, "z1.test.");
		_exit(store_save(store, &f->zone, NULL) == KNOT_EOK ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	char shm[160];
	snprintf(shm, sizeof(shm), "%s-shm", f->path);
	assert_int_equal(unlink(shm), 0);

	in_read_only_folder(f, does_not_read);
}

static void two_servers_may_start_at_once(void **state)
{
	fixture_t *f = *state;
	pid_t children[8];
	for (int i = 0; i < 8; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			store_t *store = store_open(f->path, false, f->err, sizeof(f->err));
			if (store == NULL) {
				fprintf(stderr, "%s\n", f->err);
			}
			_exit(store == NULL);
		}
	}
	for (int i = 0; i < 8; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
}

int main(int argc, char **argv)
{
	alarm(300);
	assert(argc == 4);
	schema_1 = argv[1];
	schema_3 = argv[2];
	schema_4 = argv[3];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_field_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(zones_come_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(rollovers_under_way_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(row_that_makes_no_sense_is_not_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(value_out_of_range_is_not_saved, setup, teardown),
		cmocka_unit_test_setup_teardown(history_is_in_order_and_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(events_are_read_one_after_another, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_of_state_are_read_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(gates_that_come_and_go_push_out_no_change_of_state, setup, teardown),
		cmocka_unit_test_setup_teardown(largest_evidence_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(unreachable_times_survive, setup, teardown),
		cmocka_unit_test_setup_teardown(transaction_covers_several_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(file_and_folders_are_created, setup, teardown),
		cmocka_unit_test_setup_teardown(reader_creates_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(reader_does_not_write, setup, teardown),
		cmocka_unit_test_setup_teardown(path_that_cannot_be_written_is_explained, setup, teardown),
		cmocka_unit_test_setup_teardown(links_and_what_is_no_file_are_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(texts_are_printable_for_the_reader_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(newer_schema_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(older_schema_is_migrated_and_nothing_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(columns_of_schema_3_have_other_names_now, setup, teardown),
		cmocka_unit_test_setup_teardown(states_of_keys_came_with_schema_5, setup, teardown),
		cmocka_unit_test_setup_teardown(both_ends_were_of_one_kind_in_schema_6, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_asked_of_the_parent_came_with_schema_10, setup, teardown),
		cmocka_unit_test_setup_teardown(when_rollovers_start_came_with_schema_11, setup, teardown),
		cmocka_unit_test_setup_teardown(zones_that_roll_are_counted_by_their_parent, setup, teardown),
		cmocka_unit_test_setup_teardown(older_schema_is_read_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign_database_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_file_is_refused_and_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_page_is_an_error_not_a_row, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_file_becomes_a_store, setup, teardown),
		cmocka_unit_test_setup_teardown(reader_and_writer_are_two_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_writer_leaves_whole_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(read_only_folder_can_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(left_over_log_is_not_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(two_servers_may_start_at_once, setup, teardown),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
