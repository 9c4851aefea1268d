/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DS in a file that the zone file includes, on a real knotd with the common signing set-up: they survive whatever makes
 * knotd read the zone file.
 */

#include <sys/stat.h>

#include "server_case.h"
#include "module/server/ds_file.h"
#include "module/server/own.h"
#include "module/server/parent_include.h"
#include "module/server/parent_read.h"
#include "module/server/parent_records.h"

#define ZONE "parent.test."
#define DS_A "1 13 2 0000000000000000000000000000000000000000000000000000000000000000"
#define DS_B "2 13 2 1111111111111111111111111111111111111111111111111111111111111111"
#define DS_C "3 13 2 2222222222222222222222222222222222222222222222222222222222222222"

static const char conf[] = "server:\n"
			   "    rundir: @DIR@\n"
			   "    listen: 127.0.0.1@53\n"
			   "    background-workers: 2\n"
			   "control:\n"
			   "    timeout: 20\n"
			   "database:\n"
			   "    storage: @DIR@\n"
			   "    journal-db-max-size: 64M\n"
			   "    kasp-db-max-size: 16M\n"
			   "    timer-db-max-size: 2M\n"
			   "template:\n"
			   "  - id: default\n"
			   "    storage: @DIR@\n"
			   "    zonefile-load: difference-no-serial\n"
			   "    zonefile-sync: -1\n"
			   "    journal-content: all\n"
			   "zone:\n"
			   "  - domain: parent.test.\n"
			   "    file: zone\n"
			   "    dnssec-signing: on\n";

typedef struct {
	fixture_t f; // First: stop_knotd() frees it.
	char path[128];
	control_target_t target;
} parent_t;

/*! a has its DS in the included file, b none, c in the zone file. */
static void write_zone(const parent_t *p, bool includes, const char *more)
{
	char text[1024], line[160] = "";

	if (includes) {
		snprintf(line, sizeof(line), "$INCLUDE %s\n", p->path);
	}
	snprintf(text, sizeof(text),
	         "$TTL 3600\n@ SOA ns admin 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n"
	         "a NS ns.other.example.\nb NS ns.other.example.\nc NS ns.other.example.\nc DS " DS_C "\n%s%s",
	         line, more);
	knotd_write(&p->f.knotd, "zone", text);
}

static int start(void **state)
{
	parent_t *p = calloc(1, sizeof(*p));
	char detail[PARENT_DETAIL_MAX];

	assert_non_null(p);
	*state = p;
	strcpy(p->f.knotd.dir, "/tmp/kskroll-server-XXXXXX");
	assert_non_null(mkdtemp(p->f.knotd.dir));
	assert_true(parent_include_path(p->f.knotd.dir, ZONE, p->path, sizeof(p->path)));
	assert_int_equal(parent_include_create(p->path, ZONE, true, detail), KNOT_EOK);
	knotd_write(&p->f.knotd, "parent.test.ds", "a DS " DS_A "\n; end, delegations: 1\n");
	write_zone(p, true, "");
	if (!knotd_start(&p->f.knotd, false, conf)) {
		return -1;
	}
	assert_int_equal(uv_loop_init(&p->f.loop), 0);
	p->f.server = server_at(&p->f.loop, p->f.knotd.socket, TIMEOUT_MS);
	assert_non_null(p->f.server);
	p->target = (control_target_t){ .path = p->f.knotd.socket, .timeout_ms = 60000 };
	const time_t end = time(NULL) + WAIT_S;
	while (check(&p->f, ZONE).dnskeys == 0 && time(NULL) < end) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	assert_true(check(&p->f, ZONE).dnskeys > 0);
	return 0;
}

/*! The zone has these DS, and this TTL; NULL: none. */
static void assert_ds(const parent_t *p, const char *owner, const char *ds, uint32_t ttl)
{
	knot_rdataset_t want = { 0 };
	parent_read_t read;

	if (ds != NULL) {
		assert_int_equal(parent_ds_add(&want, ds), KNOT_EOK);
	}
	parent_read(&p->target, ZONE, owner, &read);
	assert_int_equal(read.status, SERVER_OK);
	assert_true(parent_same(&read.ds, &want));
	assert_int_equal(read.ds_ttl, ttl);
	knot_rdataset_clear(&read.ns, NULL);
	knot_rdataset_clear(&read.ds, NULL);
	knot_rdataset_clear(&want, NULL);
}

/*! One change. */
static parent_batch_t change(const parent_t *p, const char *owner, const char *from, const char *to, uint32_t ttl,
                             parent_item_t *item)
{
	knot_rdataset_t ds = { 0 }, wanted = { 0 };
	knot_dname_storage_t name;
	parent_sets_t sets = { 0 };

	assert_true(parent_owner(name, owner));
	assert_int_equal(
		parent_sets_add(&sets, &(control_unit_t){ .type = "NS", .ttl = "1", .data = "ns.other.example." }),
		KNOT_EOK);
	if (from != NULL) {
		assert_int_equal(parent_ds_add(&ds, from), KNOT_EOK);
	}
	if (to != NULL) {
		assert_int_equal(parent_ds_add(&wanted, to), KNOT_EOK);
	}
	*item = (parent_item_t){ .owner = name, .ns = &sets.ns, .ds = &ds, .wanted = &wanted, .ttl = ttl };
	parent_batch_t batch = { .zone = ZONE, .items = item, .count = 1 };
	/* Again while knotd signs the zone. */
	do {
		parent_include(&p->target, p->path, &batch);
		parent_items_clear(item, 1);
	} while (batch.status == PARENT_BATCH_BUSY && batch.busy == PARENT_BUSY_EVENT);
	parent_sets_clear(&sets);
	knot_rdataset_clear(&ds, NULL);
	knot_rdataset_clear(&wanted, NULL);
	return batch;
}

#define assert_change(p, owner, from, to, ttl, want)                                                                   \
	do {                                                                                                           \
		parent_item_t item_;                                                                                   \
		const parent_batch_t batch_ = change((p), (owner), (from), (to), (ttl), &item_);                       \
		if (batch_.status != (want)) {                                                                         \
			fail_msg("status %i, not %i: %s", batch_.status, (want), batch_.detail);                       \
		}                                                                                                      \
	} while (0)

static void reload(const parent_t *p)
{
	control_cmd_t cmd = { .name = "zone-reload", .zone = ZONE, .flags = "B" };
	char detail[CONTROL_DETAIL_MAX];
	control_t *control;

	assert_int_equal(control_open(&control, &p->target, detail), KNOT_EOK);
	assert_int_equal(control_run(control, &cmd, 1, detail), KNOT_EOK);
	assert_false(cmd.failed);
	control_close(control);
}

static void a_change_survives_reloads_and_edited_zone_files(void **state)
{
	parent_t *p = *state;

	assert_ds(p, "a." ZONE, DS_A, 3600);
	assert_change(p, "a." ZONE, DS_A, DS_B, 600, PARENT_BATCH_COMMITTED);
	assert_ds(p, "a." ZONE, DS_B, 600);
	const uint32_t serial = check(&p->f, ZONE).serial;
	assert_change(p, "b." ZONE, NULL, DS_A, 600, PARENT_BATCH_COMMITTED);
	assert_ds(p, "b." ZONE, DS_A, 600);
	/* Secondaries get it. */
	assert_true(check(&p->f, ZONE).serial != serial);
	reload(p);
	assert_ds(p, "a." ZONE, DS_B, 600);
	assert_ds(p, "b." ZONE, DS_A, 600);
	write_zone(p, true, "other A 127.0.0.2\n");
	reload(p);
	assert_ds(p, "a." ZONE, DS_B, 600);
	assert_ds(p, "b." ZONE, DS_A, 600);
	assert_change(p, "b." ZONE, DS_A, NULL, 600, PARENT_BATCH_COMMITTED);
	assert_ds(p, "b." ZONE, NULL, 0);
	assert_change(p, "a." ZONE, DS_B, DS_A, 3600, PARENT_BATCH_COMMITTED);
	assert_ds(p, "a." ZONE, DS_A, 3600);
}

static void a_ds_in_the_zone_file_is_refused(void **state)
{
	const parent_t *p = *state;
	parent_item_t item;

	const parent_batch_t batch = change(p, "c." ZONE, DS_C, DS_B, 600, &item);
	assert_int_equal(batch.status, PARENT_BATCH_NOTHING);
	assert_int_equal(item.status, PARENT_ITEM_REFUSED);
	assert_non_null(strstr(item.detail, p->path));
	assert_ds(p, "c." ZONE, DS_C, 3600);
}

static void without_the_line_the_former_file_comes_back(void **state)
{
	const parent_t *p = *state;
	char detail[DS_FILE_DETAIL_MAX];
	parent_item_t item;
	ds_file_t file;

	write_zone(p, false, "");
	reload(p);
	assert_ds(p, "a." ZONE, NULL, 0);
	const parent_batch_t batch = change(p, "b." ZONE, NULL, DS_B, 600, &item);
	assert_int_equal(batch.status, PARENT_BATCH_REFUSED);
	assert_non_null(strstr(batch.detail, "lacks the line $INCLUDE "));
	assert_ds(p, "b." ZONE, NULL, 0);
	assert_int_equal(ds_file_read(&file, p->path, ZONE, detail), KNOT_EOK);
	assert_int_equal(file.count, 1);
	ds_file_clear(&file);
	write_zone(p, true, "");
	reload(p);
	assert_ds(p, "a." ZONE, DS_A, 3600);
	assert_ds(p, "b." ZONE, NULL, 0);
}

static void a_zone_file_that_cannot_be_loaded_changes_nothing(void **state)
{
	const parent_t *p = *state;
	parent_item_t item;

	write_zone(p, true, "broken A x\n");
	const parent_batch_t batch = change(p, "a." ZONE, DS_A, DS_B, 600, &item);
	assert_int_equal(batch.status, PARENT_BATCH_ABORTED);
	assert_non_null(strstr(batch.detail, "zone-reload"));
	assert_ds(p, "a." ZONE, DS_A, 3600);
	write_zone(p, true, "");
	reload(p);
	assert_ds(p, "a." ZONE, DS_A, 3600);
	assert_change(p, "a." ZONE, DS_A, DS_B, 600, PARENT_BATCH_COMMITTED);
	assert_change(p, "a." ZONE, DS_B, DS_A, 3600, PARENT_BATCH_COMMITTED);
}

static void run_as_client(const parent_t *p, const char *name, const char *zone)
{
	control_cmd_t cmd = { .name = name, .zone = zone, .flags = strcmp(name, "zone-freeze") == 0 ? "B" : NULL };
	char detail[CONTROL_DETAIL_MAX];
	control_t *control;

	assert_int_equal(control_open(&control, &p->target, detail), KNOT_EOK);
	assert_int_equal(control_run(control, &cmd, 1, detail), KNOT_EOK);
	if (cmd.failed) {
		fail_msg("%s: %s", name, cmd.error);
	}
	control_close(control);
}

static void other_clients_go_first(void **state)
{
	const parent_t *p = *state;
	static const struct {
		const char *begin, *end, *zone;
		parent_busy_t busy;
	} others[] = {
		{ "zone-begin", "zone-abort", ZONE, PARENT_BUSY_TRANSACTION },
		{ "zone-freeze", "zone-thaw", ZONE, PARENT_BUSY_FROZEN },
		{ "conf-begin", "conf-abort", NULL, PARENT_BUSY_CONF },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		parent_item_t item;
		run_as_client(p, others[i].begin, others[i].zone);
		const parent_batch_t batch = change(p, "a." ZONE, DS_A, DS_B, 600, &item);
		run_as_client(p, others[i].end, others[i].zone);
		assert_int_equal(batch.status, PARENT_BATCH_BUSY);
		assert_int_equal(batch.busy, others[i].busy);
		assert_ds(p, "a." ZONE, DS_A, 3600);
	}
	assert_change(p, "a." ZONE, DS_A, DS_B, 600, PARENT_BATCH_COMMITTED);
	assert_change(p, "a." ZONE, DS_B, DS_A, 3600, PARENT_BATCH_COMMITTED);
}

int main(void)
{
	if (!knotd_can_be_used()) {
		return 77;
	}
	alarm(100);

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_survives_reloads_and_edited_zone_files),
		cmocka_unit_test(a_ds_in_the_zone_file_is_refused),
		cmocka_unit_test(without_the_line_the_former_file_comes_back),
		cmocka_unit_test(a_zone_file_that_cannot_be_loaded_changes_nothing),
		cmocka_unit_test(other_clients_go_first),
	};
	return cmocka_run_group_tests(tests, start, stop_knotd);
}
